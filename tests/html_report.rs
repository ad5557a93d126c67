//! The HTML report in a real browser.

mod fleet;
mod hostile;
mod large;
mod looks;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidewaiter::model::*;
use tidewaiter::policy::{Settings, Verdict, judge};
use tidewaiter::report::{Style, by_id};

use crate::support::browser::Browser;
use crate::support::verdict::*;

/// A report as a file, and the folder that goes with it.
fn written(verdict: &Verdict) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let mut out = Vec::new();
    let style = Style { color: false, width: 80, unicode: true };
    by_id("html").expect("a format").write(verdict, &style, &mut out).unwrap();
    std::fs::write(&file, out).unwrap();
    (folder, file)
}

/// The full sample, a clean function beside it, and a second one with a flaw of the first.
fn fleet() -> Verdict {
    let mut other = clean_scan();
    other.name = "billing".to_owned();
    let lodash = other.packages[0].clone();
    other.findings = vec![Finding {
        fingerprint: "ff".repeat(16),
        ..about(&lodash, FindingKind::Vulnerability, "GHSA-29mw-wpgm-hmr9", Severity::Low, &["4.17.22"])
    }];
    judge(vec![full_scan(), clean_scan(), other], database(DatabaseOrigin::Cache), settings(), Some(run()))
}

/// What the list says of itself.
const STATUS: &str = "document.querySelector('#finding-list [role=status]').textContent";
/// The titles of the rows that are shown.
const TITLES: &str = "[...document.querySelectorAll('#finding-list .row .title')].map(t => t.textContent)";

/// Ticks or clears a box of the filters.
fn tick(browser: &mut Browser, list: &str, name: &str, value: &str) {
    browser.eval(&format!("document.querySelector('#{list} input[name={name}][value={value}]').click()"));
}

/// Types into the search, as a user does, and waits until the list has followed.
fn search(browser: &mut Browser, text: &str) {
    browser
        .eval("{ const box = document.querySelector('#finding-list input[type=search]'); box.focus(); box.select(); }");
    browser.write(text);
    browser.eval("new Promise(done => setTimeout(done, 400))");
}

#[test]
fn filters_and_search_show_what_they_say() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.open(&file, "");
    assert_eq!(browser.text(STATUS), "16 findings");
    let titles = browser.eval(TITLES);
    assert_eq!(titles[0], "Title of MAL-2024-0001", "malware comes first");

    tick(&mut browser, "finding-list", "kind", "secret");
    assert_eq!(browser.text(STATUS), "4 findings of 16 match");
    // A box tells what its tick would bring, given the other filters.
    let figure =
        "document.querySelector('#finding-list input[name=standing][value=waived]').closest('label').textContent";
    assert_eq!(browser.text(figure), "Waived1");
    tick(&mut browser, "finding-list", "standing", "waived");
    assert_eq!(browser.text(STATUS), "1 finding of 16 match");
    assert!(browser.text("document.querySelector('#finding-list .row').textContent").contains("waived"));
    let clear = "[...document.querySelectorAll('#finding-list button')].find(b => b.textContent === 'Clear filters')";
    browser.eval(&format!("{clear}.click()"));
    assert_eq!(browser.text(STATUS), "16 findings");
    assert_eq!(browser.eval(&format!("{clear}.hidden")), true);

    tick(&mut browser, "finding-list", "severity", "critical");
    tick(&mut browser, "finding-list", "severity", "medium");
    assert_eq!(browser.text(STATUS), "7 findings of 16 match", "boxes of one filter add up");
    tick(&mut browser, "finding-list", "severity", "critical");
    tick(&mut browser, "finding-list", "severity", "medium");

    search(&mut browser, "LODASH pollution");
    assert_eq!(browser.eval(TITLES).as_array().map(Vec::len), Some(1));
    search(&mut browser, "CVE-2020-8203");
    assert_eq!(browser.text(STATUS), "1 finding of 16 match");
    search(&mut browser, "src/config.js");
    assert_eq!(browser.text(STATUS), "1 finding of 16 match");
    search(&mut browser, "there is no such thing");
    assert_eq!(browser.text(STATUS), "No findings match. Clear the filters to see all 16.");
    browser.eval(&format!("{clear}.click()"));

    let choose = "{ const all = document.querySelector('#finding-list select[name=function]'); \
                  all.value = [...all.options].find(o => o.text === 'billing').value; \
                  all.dispatchEvent(new Event('change')); }";
    browser.eval(choose);
    assert_eq!(browser.text(STATUS), "1 finding of 16 match");
    // A picture leads to what it counts.
    browser.eval("document.querySelector('#overview [data-facet=severity][data-value=medium]').click()");
    assert_eq!(browser.eval(TITLES), serde_json::json!(["Title of GHSA-29mw-wpgm-hmr9"]));

    tick(&mut browser, "gap-list", "level", "note");
    let gaps = "document.querySelector('#gap-list [role=status]').textContent";
    assert_eq!(browser.text(gaps), "6 gaps of 18 match");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn every_finding_has_an_anchor_of_its_own() {
    let Some(mut browser) = Browser::start() else { return };
    let mut scan = clean_scan();
    let lodash = scan.packages[0].clone();
    scan.findings = (0..200_u32)
        .map(|i| Finding {
            fingerprint: format!("{i:032x}"),
            ..about(&lodash, FindingKind::Vulnerability, &format!("GHSA-{i:04}"), Severity::High, &[])
        })
        .collect();
    let twin = Scan { name: "twin".to_owned(), ..scan.clone() };
    let (_folder, file) = written(&judge(vec![scan, twin], database(DatabaseOrigin::Cache), settings(), None));
    let opened = "new Promise(done => setTimeout(() => { const row = document.querySelector('#finding-list details[open]'); \
                  done(row.id + ' ' + row.querySelector('.detail').textContent); }, 100))";
    // The fingerprint of the 151st finding, which is on another page than the first, and that of its twin.
    let anchor = format!("finding-{:032x}", 150);
    browser.open(&file, &format!("#{anchor}"));
    let text = browser.text(opened);
    assert!(text.starts_with(&format!("{anchor} ")) && text.contains("GHSA-0150"), "{text}");
    assert_eq!(browser.text("document.activeElement.closest('details').id"), anchor);
    // Also from within the page, and where a filter hides it.
    search(&mut browser, "GHSA-0003");
    browser.eval(&format!("location.hash = '#{anchor}-1'"));
    let text = browser.text(opened);
    assert!(text.starts_with(&format!("{anchor}-1 ")) && text.contains("twin"), "{text}");
    let link = "document.querySelector('#finding-list details[open] .tools a').hash";
    assert_eq!(browser.text(link), format!("#{anchor}-1"));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn without_findings_it_says_what_was_covered() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&clean());
    browser.open(&file, "");
    let text = browser.text("document.body.innerText");
    for said in ["OK", "No findings", "1,204 entries (18.2 MB) searched for secrets", "1 package compared"] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
    assert_eq!(browser.text("document.querySelector('.ring text').textContent"), "100 %");
    assert!(browser.eval("document.querySelectorAll('input').length == 0").as_bool().unwrap(), "nothing to filter");
    assert_eq!(browser.complaints(), [""; 0]);

    // What was not seen is said as loudly.
    let mut scan = clean_scan();
    scan.coverage.add(vec![Gap::blocking(GapKind::Encrypted, place(&["a.zip"]), "artifact", "It has a password.")]);
    let (_folder, file) = written(&judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None));
    browser.open(&file, "");
    let text = browser.text("document.body.innerText");
    for said in ["INCOMPLETE", "No findings in what was seen", "It has a password.", "fn.zip!a.zip", "1 gap"] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn without_scripts_the_functions_are_readable() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.call("Emulation.setScriptExecutionDisabled", serde_json::json!({ "value": true }));
    browser.open(&file, "");
    browser.eval("document.querySelectorAll('details').forEach(one => one.open = true)");
    let said = [
        "checkout",
        "billing",
        "MAL-2024-0001",
        "needs JavaScript",
        "encrypted",
        "x.pth runs code",
        "12 blocking gaps",
    ];
    // What was just opened is laid out with one of the next frames.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let text = browser.text("document.body.innerText");
        match said.iter().find(|said| !text.contains(**said)) {
            None => break,
            Some(said) => assert!(Instant::now() < deadline, "{said} is not in {text}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(browser.eval("document.getElementById('theme').hidden").as_bool().unwrap());
}
