//! Every format on one verdict that holds every kind of finding and gap: what it says, and what it cannot say.

use std::collections::BTreeSet;

use serde_json::Value;
use tidewaiter::model::*;
use tidewaiter::policy::{Baseline, Settings, Verdict, WaiverNote, judge};
use tidewaiter::report::{ALL, Part, Reporter, by_id};

use crate::reporters::{PLAIN, hostile, rendered, snapshot};
use crate::support::verdict::*;

/// Formats that are one JSON document.
pub const DOCUMENTS: [&str; 8] =
    ["json", "sarif", "cyclonedx", "cyclonedx-1.7", "spdx", "openvex", "gitlab-dependencies", "gitlab-secrets"];

pub fn json(format: &str, verdict: &Verdict) -> Value {
    serde_json::from_str(&rendered(format, verdict, PLAIN)).unwrap_or_else(|error| panic!("{format}: {error}"))
}

/// The full sample with a fingerprint of its own for every finding, as matching makes them.
pub fn sample() -> Verdict {
    let mut scan = full_scan();
    for (i, finding) in scan.findings.iter_mut().enumerate() {
        finding.fingerprint = fingerprint(&[&finding.id, &i.to_string()]);
    }
    judge(vec![scan], database(DatabaseOrigin::Cache), settings(), Some(run()))
}

fn lacks(reporter: &dyn Reporter, part: Part) -> bool {
    !reporter.carries(part)
}

#[test]
fn the_sample_holds_every_kind() {
    let kinds = |source: &str, of: &str| {
        let arms =
            source.lines().filter_map(|line| line.trim_start().strip_prefix(&format!("{of}::"))?.split_once(" =>"));
        arms.map(|(kind, _)| kind.to_owned()).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(kinds(include_str!("../src/model/gap.rs"), "GapKind"), GAP_KINDS.len());
    assert_eq!(BTreeSet::from(GAP_KINDS).len(), GAP_KINDS.len(), "none is there twice");
    assert_eq!(kinds(include_str!("../src/model/finding.rs"), "FindingKind"), FINDING_KINDS.len());
    let target = &sample().targets[0];
    assert!(FINDING_KINDS.iter().all(|kind| target.findings.iter().any(|judged| judged.finding.kind == *kind)));
    assert!(GAP_KINDS.iter().all(|kind| target.gaps.iter().any(|judged| judged.gap.kind == *kind)));
}

#[test]
fn every_format_names_what_it_can_carry_and_nothing_else() {
    let mut verdict = sample();
    let note = |text: &str| WaiverNote { file: "tidewaiter.toml".to_owned(), line: 3, text: text.to_owned() };
    verdict.waivers_unused.push(note("idle-for-years: nothing matches"));
    verdict.waivers_expired.push(note("out-of-date: expired on 2026-01-01"));
    for reporter in ALL.iter().copied() {
        let id = reporter.id();
        // A table breaks lines where they end.
        let text = rendered(id, &verdict, PLAIN).split_whitespace().collect::<Vec<_>>().join(" ");
        for judged in &verdict.targets[0].findings {
            let finding = &judged.finding;
            let carried = !lacks(reporter, Part::Findings(finding.kind));
            assert_eq!(text.contains(&finding.id), carried, "{id}: {}", finding.id);
            assert_eq!(text.contains(&finding.title), carried, "{id}: {}", finding.title);
        }
        for kind in GAP_KINDS {
            let named = text.contains(&format!("to it ({}), and", kind.word()));
            assert_eq!(named, !lacks(reporter, Part::Gaps), "{id}: {}", kind.word());
        }
        assert_eq!(text.contains("inhouse"), !lacks(reporter, Part::Packages), "{id}: a package without findings");
        for waiver in ["idle-for-years", "out-of-date"] {
            assert_eq!(text.contains(waiver), !lacks(reporter, Part::IdleWaivers), "{id}: {waiver}");
        }
    }
}

#[test]
fn a_format_that_leaves_findings_out_counts_them() {
    for format in ["cyclonedx", "spdx", "gitlab-dependencies"] {
        let text = rendered(format, &sample(), PLAIN);
        assert!(text.contains("secret 4, integrity 1, runtime 1, posture 1, code 1"), "{format}: {text}");
    }
    let text = rendered("gitlab-secrets", &sample(), PLAIN);
    assert!(text.contains("malicious 1, vulnerability 5, integrity 1, runtime 1, posture 1, code 1, informational 1"));
    assert!(!rendered("cyclonedx", &clean(), PLAIN).contains("left-out"));
}

#[test]
fn the_readme_says_what_each_format_cannot_carry() {
    let readme = include_str!("../README.md");
    for reporter in ALL {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", reporter.id())));
        let row = row.unwrap_or_else(|| panic!("the README has no row for {}", reporter.id()));
        let told = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let parts = FINDING_KINDS.map(Part::Findings).into_iter();
        let parts = parts.chain([Part::Gaps, Part::Packages, Part::IdleWaivers]);
        let lacks: Vec<&str> = parts.filter(|part| !reporter.carries(*part)).map(Part::word).collect();
        assert_eq!(told, if lacks.is_empty() { "nothing".to_owned() } else { lacks.join(", ") }, "{}", reporter.id());
    }
}

/// What means something in one of the formats.
const MARKUP: &str = "</td>]]><script>alert(1)</script>[x](javascript:alert)![i](http://h)|`=cmd()\",;'&amp;{0}\\";

fn hostile_markup() -> Verdict {
    let mut scan = full_scan();
    let spoil = |text: &mut String| *text = format!("={MARKUP}{text}");
    [&mut scan.name, &mut scan.id].into_iter().for_each(spoil);
    scan.artifacts.iter_mut().for_each(|artifact| spoil(&mut artifact.path));
    scan.packages.iter_mut().for_each(|package| spoil(&mut package.name));
    for finding in &mut scan.findings {
        [&mut finding.id, &mut finding.title, &mut finding.remediation].into_iter().for_each(spoil);
        finding.locations.iter_mut().flat_map(|location| &mut location.path).for_each(spoil);
        finding.aliases.iter_mut().chain(&mut finding.fixed).chain(&mut finding.redacted).for_each(spoil);
    }
    for gap in &mut scan.coverage.gaps {
        gap.location.path.iter_mut().chain([&mut gap.detail]).for_each(spoil);
    }
    judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
}

#[test]
fn hostile_text_stays_text_in_every_format() {
    let verdicts = [hostile(), hostile_markup()];
    for verdict in &verdicts {
        for reporter in ALL {
            let text = rendered(reporter.id(), verdict, PLAIN);
            let line_ends = if reporter.id() == "csv" { "\r\n" } else { "\n" };
            assert!(!text.chars().any(|c| c.is_control() && !line_ends.contains(c)), "{}", reporter.id());
            assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{e0041}']), "{}", reporter.id());
        }
        DOCUMENTS.iter().for_each(|format| drop(json(format, verdict)));
        for line in rendered("ndjson", verdict, PLAIN).lines() {
            assert!(serde_json::from_str::<Value>(line).unwrap()["type"].is_string());
        }
        let rows = csv_rows(&rendered("csv", verdict, PLAIN));
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
        assert!(!rows.iter().flatten().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{rows:?}");
        xml_is_well_formed(&rendered("junit", verdict, PLAIN));
    }
    let text = rendered("markdown", &verdicts[1], PLAIN);
    for line in text.lines().filter(|line| line.starts_with('|')) {
        // What is left without spans of code and escaped characters has no HTML, link or further cell.
        let plain = without_code(line);
        assert!(!plain.contains(['<', '[', ']']), "{plain}");
        let cells = plain.matches('|').count();
        assert!([4, 5, 6, 10].contains(&cells), "{cells}: {plain}");
    }
    for line in text.lines().filter(|line| !line.starts_with('|')) {
        match line.strip_prefix("<details><summary>").and_then(|line| line.strip_suffix("</summary>")) {
            Some(html) => assert!(!html.contains(['<', '>', '"']), "{html}"),
            None => assert!(line == "</details>" || !without_code(line).contains(['<', '[']), "{line}"),
        }
    }
}

/// A line of Markdown without spans of code and escaped characters (CommonMark, sections 6.1 and 2.4).
fn without_code(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let run = |at: usize| chars[at..].iter().take_while(|c| **c == '`').count();
    let (mut out, mut at) = (String::new(), 0);
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '`' => {
                let fence = run(at);
                let mut end = at + fence;
                while end < chars.len() && run(end) != fence {
                    end += run(end).max(1);
                }
                assert!(end < chars.len(), "a span that nothing closes: {line}");
                at = end + fence;
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    out
}

/// RFC 4180.
pub fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted, "the last line ends");
    rows
}

fn xml_is_well_formed(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}")) {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) => assert!(tag.attributes().all(|attribute| attribute.is_ok())),
            _ => {}
        }
    }
}

#[test]
fn equal_verdicts_make_equal_bytes_and_others_other_ids() {
    for reporter in ALL {
        assert_eq!(rendered(reporter.id(), &sample(), PLAIN), rendered(reporter.id(), &sample(), PLAIN));
    }
    let waived = {
        let mut scan = clean_scan();
        scan.packages[0].version = Some("4.17.20".to_owned());
        judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
    };
    for (format, key) in [("cyclonedx", "serialNumber"), ("spdx", "documentNamespace"), ("openvex", "@id")] {
        let id = |verdict: &Verdict| json(format, verdict)[key].as_str().unwrap().to_owned();
        assert_eq!(id(&clean()), id(&clean()));
        assert!(id(&clean()).starts_with("urn:uuid:"));
        assert_ne!(id(&clean()), id(&waived), "{format}");
    }
}

#[test]
fn small_reports_as_they_look() {
    let version = env!("CARGO_PKG_VERSION");
    for format in ["sarif", "cyclonedx", "spdx", "openvex", "gitlab-dependencies", "junit", "ndjson"] {
        let text = rendered(format, &clean(), PLAIN).replace(version, "[version]");
        snapshot(&format!("{}_clean", format.replace('-', "_")), &text);
    }
    for format in ["markdown", "csv"] {
        snapshot(&format!("{format}_full"), &rendered(format, &sample(), PLAIN));
    }
}

#[test]
fn unknown_formats_are_told_with_the_known_ones() {
    assert!(by_id("yaml").is_none());
    assert!(ALL.iter().all(|reporter| by_id(reporter.id()).is_some()));
}

#[test]
fn names_of_components_have_their_two_parts() {
    let mut scan = clean_scan();
    let package = |ecosystem, name: &str| package(ecosystem, name, "1.0", &["x"]);
    scan.packages = vec![
        package(Ecosystem::Maven, "com.example:tool"),
        package(Ecosystem::Npm, "@acme/tool"),
        package(Ecosystem::Npm, "tool"),
        package(Ecosystem::Packagist, "acme/tool"),
        package(Ecosystem::Go, "example.com/acme/tool"),
    ];
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None);
    for (format, version) in [("cyclonedx", "1.6"), ("cyclonedx-1.7", "1.7")] {
        let bom = json(format, &verdict);
        assert_eq!(bom["specVersion"], version);
        let components = bom["components"].as_array().unwrap();
        let names: Vec<_> =
            components.iter().map(|one| (one["group"].as_str(), one["name"].as_str().unwrap())).collect();
        let tool = |group| (Some(group), "tool");
        assert_eq!(
            names,
            [tool("com.example"), tool("@acme"), (None, "tool"), tool("acme"), (None, "example.com/acme/tool")]
        );
    }
}

#[test]
fn what_a_baseline_names_is_marked_and_counted() {
    let without = sample();
    let known = &without.targets[0].findings[1].finding;
    let text = serde_json::json!({
        "baseline_version": 1,
        "findings": [{ "target": without.targets[0].scan.id, "fingerprint": known.fingerprint }],
    });
    let baseline = Some(Baseline::parse("baseline.json", &text.to_string()).unwrap());
    let mut scan = full_scan();
    for (i, finding) in scan.findings.iter_mut().enumerate() {
        finding.fingerprint = fingerprint(&[&finding.id, &i.to_string()]);
    }
    let with = judge(vec![scan], database(DatabaseOrigin::Cache), Settings { baseline, ..settings() }, None);
    let counts =
        format!("{} new, 1 existing", with.targets[0].findings.iter().filter(|j| j.waived.is_none()).count() - 1);
    for format in ["table", "markdown"] {
        let text = rendered(format, &with, PLAIN);
        assert!(text.contains(&counts), "{format}: {text}");
        assert!(text.lines().any(|line| line.contains(&known.title) && line.contains("existing")), "{format}: {text}");
        assert_eq!(text.matches("existing").count(), 2, "{format}: {text}");
        assert!(!rendered(format, &without, PLAIN).contains("existing"), "{format}");
    }
    let saved = tidewaiter::report::read(rendered("json", &with, PLAIN).as_bytes()).unwrap();
    assert!(rendered("table", &saved, PLAIN).contains(&counts), "a saved result says it, too");
}
