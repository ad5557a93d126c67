//! Every format on one verdict that holds every kind of finding and gap.

use serde_json::Value;
use tidewaiter::model::*;
use tidewaiter::policy::{Verdict, judge};
use tidewaiter::report::{ALL, Style, by_id};
use unicode_width::UnicodeWidthStr;

use crate::support::verdict::*;

pub const PLAIN: Style = Style { color: false, width: 80, unicode: true };

pub fn rendered(format: &str, verdict: &Verdict, style: Style) -> String {
    let mut out = Vec::new();
    by_id(format).expect("a format").write(verdict, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(verdict: &Verdict) -> Value {
    serde_json::from_str(&rendered("json", verdict, PLAIN)).unwrap()
}

pub fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn table_at_80_columns() {
    snapshot("table_80", &rendered("table", &full(), PLAIN));
}

#[test]
fn table_at_120_columns_in_ascii() {
    let text = rendered("table", &full(), Style { width: 120, unicode: false, ..PLAIN });
    assert!(text.is_ascii());
    snapshot("table_120_ascii", &text);
}

#[test]
fn table_without_findings() {
    snapshot("table_clean", &rendered("table", &clean(), PLAIN));
}

#[test]
fn json_without_findings() {
    let text = rendered("json", &clean(), PLAIN);
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    snapshot("json_clean", &text.replacen(version, "\"version\": \"[version]\"", 1));
}

#[test]
fn colour_only_repeats_what_the_words_say() {
    for verdict in [full(), clean(), hostile()] {
        let plain = rendered("table", &verdict, PLAIN);
        let mut text = rendered("table", &verdict, Style { color: true, ..PLAIN });
        assert!(text.contains("\x1b["));
        while let Some(start) = text.find("\x1b[") {
            let end = start + text[start..].find('m').expect("only colours");
            assert!(text[start + 2..end].bytes().all(|b| b.is_ascii_digit() || b == b';'));
            text.replace_range(start..=end, "");
        }
        assert_eq!(text, plain);
    }
}

#[test]
fn ids_of_formats_are_unique_and_found() {
    for (i, reporter) in ALL.iter().enumerate() {
        assert!(ALL[..i].iter().all(|other| other.id() != reporter.id()));
        assert!(by_id(reporter.id()).is_some());
    }
    assert!(by_id("yaml").is_none());
}

/// The keys of every object of the contract, `run` apart.
const CONTRACT: &[(&str, &str)] = &[
    ("", "schema_version tool advisories targets policy summary"),
    ("/tool", "name version"),
    ("/advisories", "origin snapshot built_at ecosystems sources"),
    ("/advisories/ecosystems/*", "name records newest synced"),
    ("/advisories/sources/*", "name records newest synced"),
    ("/targets/*", "id name kind cloud runtime handler artifacts coverage packages findings hooks upgrades risk"),
    ("/targets/*/artifacts/*", "role path sha256 bytes entries"),
    ("/targets/*/coverage", "grade entries_seen entries_read bytes_read gaps"),
    ("/targets/*/coverage/gaps/*", "location kind level by detail"),
    ("/targets/*/coverage/gaps/*/location", "artifact path display line column offset length"),
    (
        "/targets/*/packages/*",
        "id purl ecosystem name version evidence locations direct dev requires embedded_in \
         shadowed beside_installed compiled_in",
    ),
    ("/targets/*/packages/*/locations/*", "artifact path display line column offset length"),
    (
        "/targets/*/findings/*",
        "kind id aliases severity state title package purl fixed locations rule confidence redacted fingerprint origin \
         cvss epss epss_percentile kev kev_entry imported verified remediation waived",
    ),
    ("/targets/*/findings/*/locations/*", "artifact path display line column offset length"),
    ("/targets/*/hooks/*", "location what expected"),
    ("/targets/*/upgrades/*", "package direct path from to closes admitted"),
    ("/targets/*/risk", "score terms lowers"),
    ("/targets/*/risk/terms/*", "name points because"),
    ("/policy", "file fail_on require_coverage waivers_unused waivers_expired"),
    ("/summary", "findings gaps exit"),
    ("/summary/findings", "critical high medium low unknown"),
    ("/summary/gaps", "blocking note"),
];

/// Every value at a path in which `*` stands for each element of a list.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('/').skip(1).fold(vec![value], |values, step| match step {
        "*" => values.into_iter().flat_map(|value| value.as_array().expect("a list")).collect(),
        key => values.into_iter().map(|value| &value[key]).collect(),
    })
}

#[test]
fn json_holds_every_key_of_the_contract() {
    for verdict in [full(), clean()] {
        let report = json(&verdict);
        for (path, keys) in CONTRACT {
            let objects = at(&report, path);
            for object in objects {
                let object = object.as_object().unwrap_or_else(|| panic!("{path} is an object"));
                for key in keys.split_whitespace() {
                    assert!(object.contains_key(key), "{path} lacks {key}");
                }
            }
        }
    }
    let full = json(&full());
    for (path, _) in CONTRACT {
        assert!(!at(&full, path).is_empty(), "the sample has no {path}");
    }
}

#[test]
fn json_says_what_the_verdict_says() {
    let report = json(&full());
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["advisories"]["origin"], "seed");
    let target = &report["targets"][0];
    assert_eq!(target["kind"], "function");
    let cloud = &target["cloud"];
    assert_eq!(
        [&cloud["provider"], &cloud["account"], &cloud["region"], &cloud["qualifier"]],
        ["aws", "123456789012", "eu-central-1", "7"]
    );
    let package = |name: &str| at(target, "/packages/*").into_iter().find(|p| p["name"] == name).unwrap().clone();
    assert_eq!(package("evil-utils")["requires"], serde_json::json!(["pkg:npm/lodash@4.17.15"]));
    assert_eq!(package("inhouse")["version"], Value::Null);
    assert_eq!(package("inhouse")["direct"], Value::Null);
    assert_eq!(package("minimist")["evidence"], "locked");
    let findings = at(target, "/findings/*");
    let finding = |id: &str| findings.iter().find(|f| f["id"] == id).unwrap();
    assert_eq!(finding("GHSA-p6mc-m468-83gw")["cvss"]["score"], 7.4);
    assert_eq!(finding("GHSA-vh95-rmgr-6w4m")["violates"], false);
    assert_eq!(finding("MAL-2024-0001")["violates"], true);
    let waived: Vec<&&Value> = findings.iter().filter(|f| !f["waived"].is_null()).collect();
    assert!(waived.len() == 1 && waived[0]["waived"]["by"] == "inline");
    let nested = &finding("GHSA-8q59-q68h-6hv4")["locations"][0];
    assert_eq!(nested["display"], "fn.zip!lib/tools.whl!PyYAML-5.3.dist-info/METADATA");
    assert_eq!(nested["path"].as_array().map(Vec::len), Some(2));
    assert_eq!(finding("sample-token")["locations"][0]["line"], 12);
    let counts = serde_json::json!({"critical": 5, "high": 5, "medium": 1, "low": 0, "unknown": 3});
    assert_eq!(report["summary"]["findings"], counts);
    assert_eq!(report["summary"]["gaps"]["blocking"], 12);
    assert_eq!(report["summary"]["gaps"]["note"], 6);
    assert_eq!(report["summary"]["exit"], 1);
    assert_eq!(report["run"]["advisories_age_days"], 30);
    assert!(json(&clean()).get("run").is_none(), "a reproducible report has no run");
}

/// Escape sequences, direction marks, line breaks, commands of CI systems, zero-width characters.
pub const HOSTILE: &str = "::error::a\x1b[2J\x1b]0;t\x07\u{9b}31m\u{202e}gpj\u{2066}\n::set-env::x\r\n##vso[task]\u{200b}\u{85}\u{2028}\u{e0041}";

/// The full sample with hostile text wherever an artifact, a configuration or an advisory can put some.
pub fn hostile() -> Verdict {
    let mut scan = full_scan();
    let spoil = |text: &mut String| *text = format!("{HOSTILE}{text} {HOSTILE}");
    spoil(&mut scan.name);
    scan.config.runtime.iter_mut().chain(scan.config.handler.iter_mut()).for_each(spoil);
    scan.artifacts.iter_mut().for_each(|artifact| spoil(&mut artifact.path));
    for package in &mut scan.packages {
        spoil(&mut package.name);
        package.version.iter_mut().chain(&mut package.requires).for_each(spoil);
        package.locations.iter_mut().flat_map(|location| &mut location.path).for_each(spoil);
    }
    for (i, finding) in scan.findings.iter_mut().enumerate() {
        finding.locations.iter_mut().flat_map(|location| &mut location.path).for_each(spoil);
        [&mut finding.id, &mut finding.title, &mut finding.remediation].into_iter().for_each(spoil);
        finding.fixed.iter_mut().chain(&mut finding.aliases).chain(&mut finding.redacted).for_each(spoil);
        finding.purl.iter_mut().for_each(spoil);
        // Half of them keep the link to their package, which is shown instead of the purl.
        finding.package.iter_mut().filter(|_| i % 2 == 0).for_each(|id| spoil(&mut id.0));
    }
    for hook in &mut scan.hooks {
        hook.location.path.iter_mut().for_each(spoil);
        spoil(&mut hook.what);
    }
    for gap in &mut scan.coverage.gaps {
        gap.location.path.iter_mut().for_each(spoil);
        spoil(&mut gap.detail);
        spoil(&mut gap.by);
    }
    scan.coverage.grade = Grade::Blind;
    let mut verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), Some(run()));
    spoil(&mut verdict.database.built_at);
    verdict
}

#[test]
fn hostile_names_reach_no_terminal() {
    let verdict = hostile();
    for (width, unicode) in [(80, true), (120, false), (0, true)] {
        let text = rendered("table", &verdict, Style { color: false, width, unicode });
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let bidi = ['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}'];
        assert!(!text.contains(bidi) && !text.contains("##"));
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(line.width() <= width.max(Style::MIN_WIDTH), "{line}");
        }
        assert!(text.contains("\\u{1b}[2J") && text.contains("\\u{202e}"));
    }
    // A program gets the exact name from JSON, and somebody who looks at it is safe too.
    let text = rendered("json", &verdict, PLAIN);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{e0041}']) && !text.contains("##"));
    assert!(text.contains("\\udb40\\udc41"), "two units for a character beyond the basic plane");
    let target = &json(&verdict)["targets"][0];
    assert!(target["packages"][0]["name"].as_str().unwrap().starts_with(HOSTILE));
}

#[test]
fn ten_thousand_findings_stay_readable() {
    let mut scan = clean_scan();
    let lodash = scan.packages[0].clone();
    let flaws = |severity, letter: char| {
        let lodash = lodash.clone();
        (0..5_000).map(move |i| about(&lodash, FindingKind::Vulnerability, &format!("{letter}-{i:04}"), severity, &[]))
    };
    scan.findings = flaws(Severity::Low, 'L').chain(flaws(Severity::High, 'H')).collect();
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None);
    let text = rendered("table", &verdict, PLAIN);
    assert_eq!(text.matches("Title of H-").count(), 5_000, "what violates is never cut");
    assert_eq!(text.matches("Title of L-").count(), 50);
    assert!(text.contains("and 4,950 more that violate nothing"));
    assert!(text.contains("FAIL: 5,000 findings at or above high"));
    let lines: Vec<&str> = text.lines().collect();
    let (head, tail) = (lines[..12].join("\n"), lines[lines.len() - 12..].join("\n"));
    snapshot("table_ten_thousand", &format!("{head}\n[...]\n{tail}"));
    let report = json(&verdict);
    assert_eq!(report["targets"][0]["findings"].as_array().map(Vec::len), Some(10_000));
}

#[test]
fn many_gaps_of_one_kind_are_counted() {
    let mut scan = clean_scan();
    let gap = |i: usize| Gap::blocking(GapKind::Encrypted, place(&[&format!("e{i:06}")]), "artifact", "encrypted");
    scan.coverage.gaps = (0..100_000).map(gap).collect();
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None);
    let text = rendered("table", &verdict, PLAIN);
    assert!(text.lines().count() < 60);
    assert!(text.contains("and 99,990 more"));
    assert!(text.contains("INCOMPLETE: 100,000 blocking gaps (encrypted 100,000)"));
    assert!(text.contains("no findings in what was seen"));
}
