//! 1,000 functions with 20,000 findings.

use super::*;

/// Seconds of processor time until the first page of rows stands: generous, one was measured.
const FIRST_LOOK: f64 = 8.0;
/// The same for one filter, search or turned page.
const ONE_FILTER: f64 = 2.0;
/// Bytes of the page for each finding, all told.
const EACH: u64 = 1_000;

pub fn many() -> Verdict {
    let mut packages: Vec<Package> =
        (0..40).map(|i| package(Ecosystem::Npm, &format!("package-{i}"), "1.0.0", &["node_modules", "p"])).collect();
    packages.sort_by_key(Package::id);
    let severities = Severity::WORST_FIRST;
    let scans = (0..1_000_usize).map(|n| {
        let mut scan = clean_scan();
        scan.name = format!("function-{n:04}");
        scan.id.clone_from(&scan.name);
        scan.packages = packages.clone();
        scan.findings = (0..20_usize)
            .map(|i| {
                let package = &packages[(n + i) % packages.len()];
                let severity = severities[(n * i) % severities.len()];
                let id = format!("GHSA-{:04}-{i:04}", (n + i) % packages.len());
                let fingerprint = format!("{n:016x}{i:016x}");
                Finding { fingerprint, ..about(package, FindingKind::Vulnerability, &id, severity, &["2.0.0"]) }
            })
            .collect();
        scan.coverage.add(vec![Gap::note(GapKind::Opaque, place(&["lib/native.so"]), "program", "A native library.")]);
        scan
    });
    judge(scans.collect(), database(DatabaseOrigin::Cache), settings(), Some(run()))
}

#[test]
fn twenty_thousand_findings_stay_usable() {
    let verdict = many();
    let (_folder, file) = written(&verdict);
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 20_000 * EACH, "{size} bytes");
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&file, "");
    assert_eq!(browser.text(STATUS), "20,000 findings, 1 to 50 shown");
    let look = browser.busy();
    assert!(look < FIRST_LOOK, "{look} s");

    // Only one page of rows is in the document.
    assert_eq!(browser.eval("document.querySelectorAll('#finding-list .row').length"), 50);
    let took = |browser: &mut Browser, act: &str| {
        let start = browser.busy();
        browser.eval(&format!("{{ {act}; document.body.offsetHeight; }}"));
        let took = browser.busy() - start;
        assert!(took < ONE_FILTER, "{act}: {took} s");
    };
    took(&mut browser, "document.querySelector('#finding-list input[value=critical]').click()");
    let shown = browser.text(STATUS);
    assert!(shown.contains("of 20,000 match, 1 to 50 shown"), "{shown}");
    took(&mut browser, "lists.findings.clear()");
    took(&mut browser, "{ lists.findings.search.value = 'function-0123'; lists.findings.apply(); }");
    assert_eq!(browser.text(STATUS), "20 findings of 20,000 match");
    took(&mut browser, "lists.findings.clear()");
    took(
        &mut browser,
        "[...document.querySelectorAll('#finding-list button')].find(b => b.textContent === 'Next page').click()",
    );
    assert_eq!(browser.text(STATUS), "20,000 findings, 51 to 100 shown");
    // Functions beyond the first screens wait behind one line, and an anchor opens it.
    assert_eq!(browser.eval("document.querySelectorAll('.functions > li').length"), 1_000);
    browser.eval("location.hash = '#function-900'");
    assert_eq!(browser.eval("document.querySelector('details.rest').open"), true);
    // Paper takes more rows than a screen, but not all.
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.eval("document.querySelectorAll('#finding-list .row').length"), 2_000);
    browser.eval("dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.text(STATUS), "20,000 findings, 51 to 100 shown");
    assert_eq!(browser.complaints(), [""; 0]);
}
