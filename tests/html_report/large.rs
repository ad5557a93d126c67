//! 1,000 functions with 20,000 findings.

use std::time::{Duration, Instant};

use super::*;

/// Generous: a machine with two busy cores takes a fraction of it.
const FIRST_LOOK: Duration = Duration::from_secs(20);
/// Milliseconds that one filter may keep the page busy.
const ONE_FILTER: f64 = 2_000.0;
/// Bytes of the page for each finding, all told.
const EACH: u64 = 1_000;

fn many() -> Verdict {
    let mut packages: Vec<Package> =
        (0..40).map(|i| package(Ecosystem::Npm, &format!("package-{i}"), "1.0.0", &["node_modules", "p"])).collect();
    packages.sort_by_key(Package::id);
    let severities = Severity::WORST_FIRST;
    let scans = (0..1_000_usize).map(|n| {
        let mut scan = clean_scan();
        scan.name = format!("function-{n:04}");
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
    let start = Instant::now();
    browser.open(&file, "");
    assert_eq!(browser.text(STATUS), "20,000 findings, 1 to 50 shown");
    let look = start.elapsed();
    assert!(look < FIRST_LOOK, "{look:?}");
    let painted = browser.eval("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0");

    // Only one page of rows is in the document.
    assert_eq!(browser.eval("document.querySelectorAll('#finding-list .row').length"), 50);
    let took = |browser: &mut Browser, act: &str| {
        let clocked = "(() => { const start = performance.now(); ACT; document.body.offsetHeight; return performance.now() - start; })()";
        let took = browser.eval(&clocked.replace("ACT", act)).as_f64().unwrap();
        assert!(took < ONE_FILTER, "{act}: {took} ms");
        took
    };
    let ticked = took(&mut browser, "document.querySelector('#finding-list input[value=critical]').click()");
    let shown = browser.text(STATUS);
    assert!(shown.contains("of 20,000 match, 1 to 50 shown"), "{shown}");
    let cleared = took(&mut browser, "lists.findings.clear()");
    let searched = took(&mut browser, "{ lists.findings.search.value = 'function-0123'; lists.findings.apply(); }");
    assert_eq!(browser.text(STATUS), "20 findings of 20,000 match");
    took(&mut browser, "lists.findings.clear()");
    let turned = took(
        &mut browser,
        "[...document.querySelectorAll('#finding-list button')].find(b => b.textContent === 'Next page').click()",
    );
    assert_eq!(browser.text(STATUS), "20,000 findings, 51 to 100 shown");
    // Functions beyond the first screens wait behind one line, and an anchor opens it.
    assert_eq!(browser.eval("document.querySelectorAll('.functions > li').length"), 1_000);
    browser.eval("location.hash = '#function-900'");
    assert_eq!(browser.eval("document.querySelector('details.rest').open"), true);
    println!(
        "{size} bytes; loaded in {look:?}, painted after {painted} ms; tick {ticked:.0} ms, clear {cleared:.0} ms, \
         search {searched:.0} ms, page {turned:.0} ms"
    );
    // Paper takes more rows than a screen, but not all.
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.eval("document.querySelectorAll('#finding-list .row').length"), 2_000);
    browser.eval("dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.text(STATUS), "20,000 findings, 51 to 100 shown");
    assert_eq!(browser.complaints(), [""; 0]);
}
