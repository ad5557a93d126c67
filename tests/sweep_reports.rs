//! What reports say of a sweep.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidewaiter::model::*;
use tidewaiter::policy::{Verdict, judge};
use tidewaiter::report::{ALL, NoticeFormat, notice, read};

use crate::reporters::{HOSTILE, PLAIN, rendered, snapshot};
use crate::support::swept::*;
use crate::support::verdict::*;

fn report(verdict: &Verdict) -> Value {
    serde_json::from_str(&rendered("json", verdict, PLAIN)).unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn json_holds_what_the_sweep_says() {
    let report = report(&swept());
    let sweep = &report["sweep"];
    let wanted = "changes downloaded downloaded_bytes failed functions rescanned reused since source trend";
    assert_eq!(keys(sweep), wanted.split(' ').collect());
    assert_eq!(sweep["changes"]["functions"]["gone"], json!([arn("old-report")]));
    let (new, fixed) = (&sweep["changes"]["findings"]["new"], &sweep["changes"]["findings"]["fixed"]);
    assert_eq!((new.as_array().map(Vec::len), fixed.as_array().map(Vec::len)), (Some(10), Some(2)));
    assert_eq!(keys(&new[0]), "fingerprint id kind purl severity target title".split(' ').collect());
    assert_eq!(sweep["trend"].as_array().map(Vec::len), Some(30));
    let wanted = "at blocking findings fixed functions highest_risk new";
    assert_eq!(keys(&sweep["trend"][0]), wanted.split(' ').collect());
    assert_eq!(report["sweep"]["rescanned"], Value::Null);

    let target = |name: &str| report["targets"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let cloud = &target("checkout")["cloud"];
    let wanted =
        "account arn calls_known_since details event_sources invoked modified provider qualifier region role used_by";
    assert_eq!(keys(cloud), wanted.split(' ').collect());
    assert_eq!((&cloud["qualifier"], &cloud["used_by"][0]), (&json!("7"), &json!("alias live")));
    assert_eq!(keys(&cloud["role"]), "arn attached boundary boundary_policy inline trust".split(' ').collect());
    assert_eq!(keys(&cloud["details"]), "asked policy reserved_concurrency tags urls".split(' ').collect());
    assert_eq!(cloud["details"]["urls"][0]["auth"], "NONE");
    let idle = &target("billing")["cloud"];
    assert_eq!((&idle["invoked"], &idle["calls_known_since"]), (&Value::Null, &json!("2026-08-03T00:00:00Z")));
    // What nobody asked a cloud about is unknown.
    let scanned = self::report(&full());
    assert_eq!(scanned["targets"][0]["cloud"]["used_by"], Value::Null);
    assert_eq!(scanned["targets"][0]["cloud"]["account"], "123456789012");
    assert!(scanned.get("sweep").is_none(), "only sweeps have it");
}

#[test]
fn ndjson_has_a_line_for_each_change() {
    let text = rendered("ndjson", &swept(), PLAIN);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |word: &str| lines.iter().filter(|line| line["type"] == word).collect::<Vec<_>>();
    assert_eq!((of("new").len(), of("fixed").len(), of("target").len()), (10, 2, 3));
    assert_eq!(of("fixed")[1]["target"], arn("billing"));
    assert_eq!(of("report")[0]["sweep"]["changes"]["findings"], json!({"new": [], "fixed": []}));
}

#[test]
fn a_saved_sweep_gives_the_same_report_in_every_format() {
    let mut first = swept();
    first.sweep.as_mut().unwrap().since = None;
    for verdict in [swept(), first, hostile_sweep()] {
        let lines = read(rendered("ndjson", &verdict, PLAIN).as_bytes()).unwrap();
        assert_eq!(lines.sweep, verdict.sweep);
        let again = read(rendered("json", &verdict, PLAIN).as_bytes()).unwrap();
        assert_eq!(again.sweep, verdict.sweep);
        for reporter in ALL {
            let id = reporter.id();
            assert_eq!(rendered(id, &again, PLAIN), rendered(id, &verdict, PLAIN), "{id}");
        }
        for format in [NoticeFormat::Json, NoticeFormat::Slack] {
            assert_eq!(notice(&again, format), notice(&verdict, format));
        }
    }
}

/// Hostile text wherever a cloud or an artifact can put some.
fn hostile_sweep() -> Verdict {
    let mut verdict = swept();
    let spoil = |text: &mut String| *text = format!("{HOSTILE}<!channel>`*{text}");
    let sweep = verdict.sweep.as_mut().unwrap();
    for change in sweep.new.iter_mut().chain(&mut sweep.fixed) {
        [&mut change.id, &mut change.title].into_iter().chain(&mut change.purl).for_each(spoil);
    }
    sweep.changes.gone.iter_mut().chain([&mut sweep.source]).for_each(spoil);
    for target in &mut verdict.targets {
        let config = &mut target.scan.config;
        let cloud = config.cloud.as_mut().unwrap();
        cloud.used_by.iter_mut().chain(&mut cloud.event_sources).chain(&mut cloud.invoked).for_each(spoil);
        cloud.calls_known_since.iter_mut().for_each(spoil);
        cloud.region.iter_mut().chain(&mut cloud.qualifier).chain(&mut cloud.modified).for_each(spoil);
        let details = cloud.details.as_mut().unwrap();
        details.tags.values_mut().chain(&mut details.policy).for_each(spoil);
        details.urls.iter_mut().for_each(|url| spoil(&mut url.url));
        spoil(&mut target.scan.name);
    }
    verdict
}

#[test]
fn hostile_text_stays_text() {
    let verdict = hostile_sweep();
    for reporter in ALL {
        let text = rendered(reporter.id(), &verdict, PLAIN);
        let line_ends = if reporter.id() == "csv" { "\r\n" } else { "\n" };
        assert!(!text.chars().any(|c| c.is_control() && !line_ends.contains(c)), "{}", reporter.id());
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{e0041}']), "{}", reporter.id());
    }
    let html = rendered("html", &verdict, PLAIN);
    assert!(!html.contains("<!channel>") && html.contains("&lt;!channel&gt;"));
    let slack = String::from_utf8(notice(&verdict, NoticeFormat::Slack).unwrap()).unwrap();
    assert!(!slack.contains("<!channel>") && slack.contains("&lt;!channel&gt;"));
    // A span of code ends where it should: each line has an even number of back ticks.
    let slack: Value = serde_json::from_str(&slack).unwrap();
    for block in slack["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "section") {
        let text = block["text"]["text"].as_str().unwrap();
        let title = text.rsplit_once(": ").map_or(text, |(codes, _)| codes);
        assert!(title.contains("&lt;!channel&gt;'*"), "{title}");
    }
}

#[test]
fn people_see_what_is_new_first() {
    snapshot("sweep_table", &tail(&rendered("table", &swept(), PLAIN), "Targets by risk"));
    let text = rendered("markdown", &swept(), PLAIN);
    let news = &text[text.find("### Since").unwrap()..];
    snapshot("sweep_markdown", &news[..news.find("### checkout").unwrap_or(news.len())]);
}

#[test]
fn places_are_no_functions() {
    let scans = vec![deployed("billing"), deployed("checkout"), unlisted()];
    let mut verdict = judge(scans, database(DatabaseOrigin::Cache), settings(), Some(run()));
    verdict.sweep = Some(Sweep { source: "aws".to_owned(), functions: 2, ..Sweep::default() });
    let html = rendered("html", &verdict, PLAIN);
    assert!(html.contains("<title>2 functions and 1 place"), "{}", &html[..html.len().min(2_000)]);
    assert!(html.contains("2 of 3 seen as a whole"));
    let table = rendered("table", &verdict, PLAIN);
    assert!(table.contains("eu-north-1:123456789012  could not be listed"), "{table}");
    assert!(!table.contains("0 of 0 entries"), "{table}");
}

fn tail(text: &str, from: &str) -> String {
    text[text.find(from).unwrap()..].to_owned()
}

#[test]
fn no_earlier_sweep_is_not_the_first_one() {
    let mut verdict = swept();
    verdict.sweep.as_mut().unwrap().since = None;
    assert!(verdict.sweep.as_ref().unwrap().trend.len() > 1);
    let text = rendered("table", &verdict, PLAIN);
    assert!(text.contains("Everything: no earlier sweep") && !text.contains("The first sweep"), "{text}");
}

#[test]
fn a_thousand_healthy_functions_are_one_line() {
    let scans = (0..1_000).map(|n| deployed(&format!("function-{n}"))).chain([full_scan()]).collect();
    let mut verdict = judge(scans, database(DatabaseOrigin::Cache), settings(), Some(run()));
    verdict.sweep = Some(Sweep { source: "files backup".to_owned(), functions: 1_001, ..Sweep::default() });
    let text = rendered("table", &verdict, PLAIN);
    assert!(text.contains("1,000 functions violate nothing"), "{text}");
    assert!(text.lines().count() < 250, "{}", text.lines().count());
    assert!(text.contains("The first sweep"));
}

#[test]
fn a_notice_names_the_worst_of_what_is_new_and_nothing_else() {
    let verdict = swept();
    let body: Value = serde_json::from_slice(&notice(&verdict, NoticeFormat::Json).unwrap()).unwrap();
    assert_eq!((&body["schema_version"], &body["type"]), (&json!(1), &json!("tidewaiter.sweep")));
    assert_eq!(body["findings"]["new"]["total"], 10);
    assert_eq!(body["functions"], json!({"total": 3, "new": 1, "changed": 1, "gone": 1, "failed": 1, "incomplete": 2}));
    let new = body["new"].as_array().unwrap();
    assert_eq!(new[0]["kind"], "malicious", "malware first");
    let violates: Vec<bool> = new.iter().map(|one| one["violates"].as_bool().unwrap()).collect();
    assert!(violates.is_sorted_by(|a, b| a >= b), "{violates:?}");
    assert!(new.iter().any(|one| one["kev"] == true));
    assert!(!body.to_string().contains("CVE-2021-23337"), "what was there before is no news");
    assert!(notice(&full(), NoticeFormat::Json).is_none(), "a scan has no news");

    let slack: Value = serde_json::from_slice(&notice(&verdict, NoticeFormat::Slack).unwrap()).unwrap();
    assert_eq!(slack["text"], "Tidewaiter: 10 new findings in 1 function, 2 fixed");
    assert_eq!(slack["blocks"][0]["type"], "header");
}

#[test]
fn a_notice_stays_short_whatever_is_new() {
    let mut verdict = swept();
    let sweep = verdict.sweep.as_mut().unwrap();
    let one = Change { title: "<&>".repeat(5_000), id: "`".repeat(5_000), ..sweep.new[0].clone() };
    sweep.new = vec![one; 5_000];
    let json: Value = serde_json::from_slice(&notice(&verdict, NoticeFormat::Json).unwrap()).unwrap();
    assert_eq!((json["new"].as_array().map(Vec::len), &json["new_left_out"]), (Some(50), &json!(4_950)));
    let bytes = notice(&verdict, NoticeFormat::Slack).unwrap();
    assert!(bytes.len() < 40_000, "{}", bytes.len());
    let slack: Value = serde_json::from_slice(&bytes).unwrap();
    let blocks = slack["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks.iter().filter(|block| block["type"] == "section") {
        assert!(block["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
    }
}
