//! The page of a sweep.

use serde_json::json;

use super::large::many;
use super::looks::CONTRASTS;
use super::*;
use crate::support::swept::{change, swept, trend};
use tidewaiter::policy::State;

#[test]
fn a_sweep_begins_with_what_is_new() {
    let Some(mut browser) = Browser::start() else { return };
    let mut verdict = swept();
    verdict.targets[0].findings.last_mut().expect("it has findings").state = State::Existing;
    let (_folder, file) = written(&verdict);
    browser.open(&file, "");
    let sections = browser.eval("[...document.querySelectorAll('main > section')].map(section => section.id)");
    assert_eq!(sections, json!(["news", "overview", "functions", "findings", "gaps", "about"]));
    let cards = "[...document.querySelectorAll('#news article')].map(card => card.querySelector('h3').textContent)";
    assert_eq!(browser.eval(cards), json!(["New findings", "Fixed", "Functions"]));
    let first = browser.text("document.querySelector('#news .worst li').textContent");
    assert!(first.starts_with("malware") && first.contains("MAL-2024-0001") && first.contains("checkout"), "{first}");
    // A name leads to its function, which says what happened to it.
    let at = browser.text("document.querySelector('#news .worst a').getAttribute('href')");
    let function = format!("document.querySelector('{at} summary .where').textContent");
    let text = browser.text(&function);
    assert!(text.contains("new since the last sweep") && text.contains("last called 2026-10-31"), "{text}");
    let all = browser.text("document.querySelector('.functions').textContent");
    assert!(
        all.contains("function not called since 2026-08-03") && all.contains("changed since the last sweep"),
        "{all}"
    );
    assert!(all.contains("anybody may call it") && all.contains("alias live, event source"), "{all}");
    // What could not be seen is named.
    browser.eval("document.querySelectorAll('#news details').forEach(one => one.open = true)");
    let card = browser.text("document.querySelectorAll('#news article')[2].innerText");
    assert!(card.contains("photos") && card.contains("function:old-report"), "{card}");
    // The way to the list shows what is new there.
    browser.eval("document.querySelector('#news [data-facet=state]').click()");
    assert_eq!(browser.eval("document.querySelector('#finding-list input[name=state][value=new]').checked"), true);
    assert_eq!(browser.complaints(), [""; 0]);
    assert_eq!(browser.requests().len(), 1, "{:?}", browser.requests());
}

#[test]
fn the_trend_is_a_picture_and_a_table() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&swept());
    browser.open(&file, "");
    let pictures = browser.eval("document.querySelectorAll('#news svg.columns').length");
    assert_eq!(pictures, 3);
    let titles =
        "[...document.querySelectorAll('#news svg.columns')[0].querySelectorAll('title')].map(t => t.textContent)";
    let titles = browser.eval(titles);
    assert_eq!(titles.as_array().map(Vec::len), Some(30));
    assert_eq!(titles[29], "2026-10-02 03:00: 4 critical, 6 high, 7 medium, 2 low, 1 unknown; 1 new, 2 fixed");
    // The columns stand within their picture, and the tallest reaches its top.
    let tops = "[...document.querySelectorAll('#news svg.columns')[0].querySelectorAll('rect:not(.over)')]
        .map(rect => Number(rect.getAttribute('y')))";
    let tops: Vec<f64> = serde_json::from_value(browser.eval(tops)).unwrap();
    assert!(tops.iter().all(|top| *top >= 0.0) && tops.iter().any(|top| *top < 10.0), "{tops:?}");
    let rows = browser.eval("document.querySelectorAll('#news tbody tr').length");
    assert_eq!(rows, 30);
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        browser.eval("document.querySelectorAll('#news details').forEach(one => one.open = true)");
        assert_eq!(browser.eval(CONTRASTS), json!([]), "text that is hard to read, {scheme}");
    }
    for width in [320, 768, 1920] {
        browser.resize(width, 800);
        browser.open(&file, "");
        browser.eval("document.querySelectorAll('details').forEach(one => one.open = true)");
        let over = browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(over, 0, "at {width} pixels nothing sticks out");
    }
}

#[test]
fn the_first_sweep_says_that_it_is_the_first() {
    let mut verdict = swept();
    let sweep = verdict.sweep.as_mut().unwrap();
    sweep.since = None;
    sweep.trend = trend(1);
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&verdict);
    browser.open(&file, "");
    assert_eq!(browser.text("document.querySelector('#news h2').textContent"), "The first sweep");
    assert_eq!(browser.eval("document.querySelectorAll('#news article, #news .trend').length"), 1, "no news, no trend");
    assert!(!browser.text("document.querySelector('.functions').textContent").contains("since the last sweep"));
}

#[test]
fn a_thousand_functions_with_thousands_of_news_stay_short() {
    let mut verdict = many();
    let fresh = verdict
        .targets
        .iter()
        .flat_map(|target| target.findings.iter().take(5).map(|judged| change(&target.scan, &judged.finding)));
    let new: Vec<Change> = fresh.collect();
    let ids: Vec<String> = verdict.targets.iter().map(|target| target.scan.id.clone()).collect();
    verdict.sweep = Some(Sweep {
        source: "aws, 12 accounts".to_owned(),
        functions: 1_000,
        since: Some("2026-10-31T03:00:00Z".to_owned()),
        changes: FunctionChanges { changed: ids, ..FunctionChanges::default() },
        new,
        trend: trend(400),
        ..Sweep::default()
    });
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&verdict);
    browser.open(&file, "");
    assert_eq!(browser.text("document.querySelector('#news .big').textContent"), "5,000");
    assert_eq!(browser.eval("document.querySelectorAll('#news .worst li').length"), 100);
    assert_eq!(browser.eval("document.querySelectorAll('#news .names li').length"), 201);
    assert_eq!(browser.eval("document.querySelectorAll('#news svg.columns')[0].querySelectorAll('.over').length"), 60);
    let height = browser.eval("document.getElementById('news').offsetHeight");
    assert!(height.as_u64().unwrap() < 1_500, "{height}");
    assert_eq!(browser.complaints(), [""; 0]);
}
