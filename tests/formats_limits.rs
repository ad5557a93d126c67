//! What each format makes of many findings, several targets, folders and decisions.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::Value;
use tidewaiter::model::*;
use tidewaiter::policy::{Upgrade, Verdict, judge};

use crate::formats::{csv_rows, json, sample};
use crate::reporters::{PLAIN, rendered};
use crate::support::verdict::*;
use crate::support::{Cli, write};

/// A verdict with so many findings, every tenth of them critical, each with a title of its own.
fn many(count: usize, title: impl Fn(usize) -> String) -> Verdict {
    let mut scan = clean_scan();
    let lodash = scan.packages[0].clone();
    scan.findings = (0..count)
        .map(|i| {
            let severity = if i % 10 == 0 { Severity::Critical } else { Severity::Low };
            let id = format!("GHSA-{i:05}");
            let fingerprint = fingerprint(&[&id]);
            Finding { title: title(i), fingerprint, ..about(&lodash, FindingKind::Vulnerability, &id, severity, &[]) }
        })
        .collect();
    judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list at {pointer}"))
}

#[test]
fn sarif_keeps_to_the_number_of_results() {
    let report = json("sarif", &many(30_000, |i| format!("Flaw {i}")));
    let results = list(&report, "/runs/0/results");
    assert_eq!(results.len(), 25_000);
    assert!(results[..3_000].iter().all(|result| result["level"] == "error"), "the worst come first");
    assert!(results[3_000..].iter().all(|result| result["level"] == "note"));
    let notice = &list(&report, "/runs/0/invocations/0/toolExecutionNotifications")[0];
    assert!(notice["message"]["text"].as_str().unwrap().starts_with("5,000 results"), "{notice}");
    let rules = list(&report, "/runs/0/tool/driver/rules");
    assert_eq!(rules.len(), 25_000);
    assert!(rules.iter().all(|rule| list(rule, "/properties/tags").len() <= 10));
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn sarif_keeps_to_the_size() {
    // Hexadecimal digits of a hash take four bits each: 20,000 results of 1,600 random digits are over 16 MB.
    let noise = |i: usize| (0..50).map(|part| fingerprint(&[&format!("{i} {part}")])).collect::<String>();
    let text = rendered("sarif", &many(12_000, noise), PLAIN);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let size = gzip.finish().unwrap().len();
    assert!((5_000_000..10_000_000).contains(&size), "{size}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let (kept, left) =
        (list(&report, "/runs/0/results"), list(&report, "/runs/0/invocations/0/toolExecutionNotifications"));
    let told = left[0]["message"]["text"].as_str().unwrap().split(' ').next().unwrap().replace(',', "");
    assert_eq!(kept.len() + told.parse::<usize>().unwrap(), 12_000);
}

#[test]
fn sarif_of_a_fleet_keeps_to_the_size_of_what_was_not_seen() {
    let scan = |i: usize| {
        let mut scan = clean_scan();
        (scan.id, scan.name) = (format!("function-{i:04}"), format!("function-{i:04}"));
        let place = |n: usize| place(&[&format!("lib/{}", fingerprint(&[&format!("{i} {n}")]))]);
        let note =
            |n: usize| Gap::note(GapKind::Opaque, place(n), "program", "A native library without a list of parts");
        scan.coverage.gaps = (0..60).map(note).collect();
        if i == 399 {
            scan.coverage.gaps.push(Gap::blocking(GapKind::Encrypted, place(60), "artifact", "It has a password"));
        }
        scan
    };
    let verdict = judge((0..400).map(scan).collect(), database(DatabaseOrigin::Cache), settings(), None);
    let text = rendered("sarif", &verdict, PLAIN);
    let report: Value = serde_json::from_str(&text).unwrap();
    let notices = list(&report, "/runs/0/invocations/0/toolExecutionNotifications");
    assert_eq!(notices.len(), 10_001);
    let left_out = notices[0]["message"]["text"].as_str().unwrap();
    assert!(left_out.starts_with("14,001 lines about what could not be seen"), "{left_out}");
    assert!(text.contains("It has a password"), "what blocks is kept, of the last function, too");
}

#[test]
fn sarif_says_where() {
    let mut scan = clean_scan();
    let token = |at: Location| secret("Token", at, Origin::Own, Confidence::High);
    scan.artifacts.push(Artifact {
        role: ArtifactRole::Layer,
        path: "./layers/a b/".to_owned(),
        sha256: None,
        bytes: 1,
        entries: 2,
    });
    scan.findings = vec![
        Finding { id: "a".to_owned(), ..token(place(&["src/config.js"])) },
        Finding { id: "b".to_owned(), ..token(Location { artifact: 1, ..place(&["opt/50%25.js"]) }) },
        Finding { id: "c".to_owned(), ..token(Location { artifact: 1, ..place(&["in.zip", "x.js"]) }) },
    ];
    let report = json("sarif", &judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None));
    let at =
        |i: usize, pointer: &str| list(&report, "/runs/0/results")[i].pointer(pointer).cloned().unwrap_or_default();
    let physical = |i: usize| {
        let place = at(i, "/locations/0/physicalLocation");
        (place["artifactLocation"]["uri"].as_str().unwrap().to_owned(), place["region"]["startLine"].as_u64().unwrap())
    };
    assert_eq!(physical(0), ("build/fn.zip".to_owned(), 1), "the archive is the file; the line is inside");
    assert_eq!(at(0, "/locations/0/logicalLocations/0/fullyQualifiedName"), "fn.zip!src/config.js:12:8");
    assert_eq!(physical(1), ("layers/a%20b/opt/50%25.js".to_owned(), 12), "a file of a folder is a file");
    assert_eq!(physical(2), ("layers/a%20b/in.zip".to_owned(), 1));
}

#[test]
fn the_folder_itself_is_a_reference_that_is_not_empty() {
    for folder in [".", "./"] {
        let report = json("sarif", &of_folder(folder));
        let run = &report["runs"][0];
        let uris = [
            &run["artifacts"][0]["location"]["uri"],
            &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            &run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        ];
        assert_eq!(uris, [".", ".", "src/a.js"], "{folder}");
    }
}

/// A folder with a finding about itself and one about a file.
pub fn of_folder(path: &str) -> Verdict {
    let mut scan = clean_scan();
    scan.kind = TargetKind::Folder;
    scan.artifacts[0] = Artifact { path: path.to_owned(), sha256: None, ..scan.artifacts[0].clone() };
    let whole = Finding { locations: vec![Location::artifact(0)], ..finding(FindingKind::Runtime, "a-runtime") };
    scan.findings = vec![whole, secret("Token", place(&["src/a.js"]), Origin::Own, Confidence::Low)];
    judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
}

#[test]
fn sarif_says_what_was_decided() {
    let report = json("sarif", &sample());
    let results = list(&report, "/runs/0/results");
    let suppressed: Vec<_> = results.iter().filter(|result| !result["suppressions"].is_null()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "inSource");
    let rules = list(&report, "/runs/0/tool/driver/rules");
    let severity = |id: &str| &rules.iter().find(|rule| rule["id"] == id).unwrap()["properties"]["security-severity"];
    assert_eq!((severity("MAL-2024-0001"), severity("GHSA-p6mc-m468-83gw")), (&"10.0".into(), &"7.4".into()));
    assert!(severity("PYSEC-2099-1").is_null(), "nothing is known");
    let ids: BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "a rule is there once");
    let notices = list(&report, "/runs/0/invocations/0/toolExecutionNotifications");
    assert_eq!(notices.iter().filter(|notice| notice["level"] == "error").count(), 12);
}

#[test]
fn markdown_fits_a_comment_and_counts_the_rest() {
    let mut verdict = many(20_000, |i| format!("A flaw with a title of some length, as they have it: number {i}"));
    let lodash = verdict.targets[0].scan.packages[0].id();
    verdict.targets[0].upgrades = vec![Upgrade {
        package: lodash.clone(),
        direct: Some(lodash.clone()),
        path: vec![lodash],
        from: "4.17.21".to_owned(),
        to: "5.0.0".to_owned(),
        closes: verdict.targets[0].findings[..1_990].iter().map(|one| one.finding.fingerprint.clone()).collect(),
        admitted: None,
    }];
    let text = rendered("markdown", &verdict, PLAIN);
    assert!((60_000..=65_536).contains(&text.len()), "{}", text.len());
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is missing: {}", &text[..2_000]));
    let order =
        ["FAIL", "at or above high", "### Upgrade", "10 stay open", "### Violates the policy", "<details>"].map(at);
    assert!(order.is_sorted(), "{order:?}");
    let seen = text[..at("<details>")].matches("| critical vulnerability |").count();
    assert_eq!(seen, 50, "the others wait behind a click");
    let rows = text.matches("| critical vulnerability |").count();
    let told = text.lines().last().unwrap();
    let without = format!("without {} violating findings, 18,000 further findings;", thousands(2_000 - rows));
    assert!(told.contains(&without), "{without}: {told}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    let novel = rendered("markdown", &many(3, |_| "x".repeat(2 << 20)), PLAIN);
    assert!(novel.len() < 10_000, "one title cannot hide the others");
}

fn thousands(n: usize) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", n / 1_000, n % 1_000) }
}

#[test]
fn markdown_of_many_functions_is_short() {
    let scan = |i: usize| Scan { id: format!("fn-{i}"), name: format!("fn-{i}"), ..full_scan() };
    let verdict = judge((0..300).map(scan).collect(), database(DatabaseOrigin::Cache), settings(), None);
    let text = rendered("markdown", &verdict, PLAIN);
    assert!(text.len() <= 65_536 && text.contains("and 280 more targets"), "{}", text.len());
    let in_sight = &text[..text.find("<details>").unwrap()];
    assert!(in_sight.lines().count() < 150, "{in_sight}");
}

#[test]
fn gaps_of_one_kind_are_counted_not_repeated() {
    let mut scan = clean_scan();
    let gap = |i: usize| Gap::blocking(GapKind::Encrypted, place(&[&format!("e{i:06}")]), "artifact", "encrypted");
    scan.coverage.gaps = (0..50_000).map(gap).collect();
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None);
    for (format, more) in [
        ("sarif", "and 49,900 more gaps"),
        ("cyclonedx", "and 49,900 more gaps"),
        ("spdx", "and 49,900 more gaps"),
        ("gitlab-secrets", "and 49,980 more gaps"),
        ("markdown", "and 49,980 more gaps"),
    ] {
        let text = rendered(format, &verdict, PLAIN);
        assert!(text.contains(more) && text.len() < 200_000, "{format}: {}", text.len());
    }
    assert_eq!(csv_rows(&rendered("csv", &verdict, PLAIN)).len(), 50_001);
}

/// Two functions with the same package and the same flaw.
pub fn two_targets() -> Verdict {
    let named = |name: &str| Scan { id: name.to_owned(), name: name.to_owned(), ..full_scan() };
    judge(vec![named("one"), named("two")], database(DatabaseOrigin::Cache), settings(), None)
}

#[test]
fn references_are_unique_over_targets() {
    let bom = json("cyclonedx", &two_targets());
    let components: Vec<&Value> =
        list(&bom, "/components").iter().flat_map(|one| std::iter::once(one).chain(list(one, "/components"))).collect();
    assert_eq!(components.len(), 12);
    let references: BTreeSet<&str> = components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
    assert_eq!(references.len(), 12);
    for vulnerability in list(&bom, "/vulnerabilities") {
        assert!(references.contains(vulnerability["affects"][0]["ref"].as_str().unwrap()));
    }
    let ids = |value: &Value, pointer: &str, key: &str| -> (usize, BTreeSet<String>) {
        let all = list(value, pointer);
        (all.len(), all.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect())
    };
    let (count, ids_of) = ids(&json("spdx", &two_targets()), "/packages", "SPDXID");
    assert_eq!((count, ids_of.len()), (12, 12));
}

#[test]
fn junit_is_as_red_as_the_exit_code() {
    let text = rendered("junit", &sample(), PLAIN);
    let count = |mark: &str| text.matches(mark).count();
    let target = &sample().targets[0];
    assert_eq!(count("<failure "), target.findings.iter().filter(|judged| judged.violates).count());
    assert_eq!((count("<error "), count("<skipped ")), (12, 1));
    let clean = rendered("junit", &clean(), PLAIN);
    assert!(clean.contains("tests=\"1\" failures=\"0\" errors=\"0\"") && clean.contains("coverage is complete"));
}

#[test]
fn openvex_says_what_is_known_and_no_more() {
    let mut scan = full_scan();
    scan.findings[1].allowed_by =
        Some(AllowedBy { by: "tidewaiter.toml:3".to_owned(), reason: "zipObjectDeep is never called".to_owned() });
    let document = json("openvex", &judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None));
    for key in ["@context", "@id", "author", "timestamp", "version", "statements"] {
        assert!(!document[key].is_null(), "{key} is required");
    }
    let statements = list(&document, "/statements");
    assert_eq!(statements.len(), 7);
    for statement in statements {
        assert!(statement["vulnerability"]["name"].is_string());
        assert!(statement["products"][0]["@id"].as_str().unwrap().starts_with("arn:aws:lambda:"));
        let has = |key: &str| statement[key].as_str().is_some_and(|text| !text.is_empty());
        match statement["status"].as_str().unwrap() {
            "not_affected" => assert!(has("justification") || has("impact_statement")),
            "affected" => assert!(has("action_statement")),
            status => assert_eq!(status, "under_investigation"),
        }
    }
    let waived: Vec<_> = statements.iter().filter(|statement| statement["status"] == "not_affected").collect();
    assert_eq!(waived.len(), 1);
    assert_eq!(waived[0]["impact_statement"], "zipObjectDeep is never called");
    assert_eq!(waived[0]["products"][0]["subcomponents"][0]["@id"], "pkg:npm/lodash@4.17.15");
    assert_eq!(waived[0]["vulnerability"]["aliases"][0], "CVE-2020-8203");
}

/// What the schemas 15.2.1 demand.
#[test]
fn gitlab_reports_have_what_is_required() {
    for (format, kind) in [("gitlab-dependencies", "dependency_scanning"), ("gitlab-secrets", "secret_detection")] {
        let report = json(format, &sample());
        assert_eq!((&report["version"], &report["scan"]["type"]), (&"15.2.1".into(), &kind.into()));
        let scan = &report["scan"];
        for program in ["analyzer", "scanner"] {
            for pointer in ["/id", "/name", "/version", "/vendor/name"] {
                assert!(scan[program].pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
            }
        }
        for key in ["start_time", "end_time"] {
            let time = scan[key].as_str().unwrap();
            assert!(time.len() == 19 && &time[10..11] == "T", "{time}");
        }
        assert_eq!(scan["status"], "success");
        assert!(list(scan, "/messages").iter().all(|message| {
            ["info", "warn", "fatal"].contains(&message["level"].as_str().unwrap()) && message["value"] != ""
        }));
        let findings = list(&report, "/vulnerabilities");
        assert_eq!(findings.len(), if kind == "secret_detection" { 4 } else { 7 });
        let ids: BTreeSet<_> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), findings.len());
        let malware = findings.iter().find(|finding| finding["identifiers"][0]["name"] == "MAL-2024-0001");
        assert!(malware.is_none_or(|malware| malware["severity"] == "Critical"), "{malware:?}");
        for finding in findings {
            let severities = ["Info", "Unknown", "Low", "Medium", "High", "Critical"];
            assert!(severities.contains(&finding["severity"].as_str().unwrap()));
            for identifier in list(finding, "/identifiers") {
                assert!(["type", "name", "value"].iter().all(|key| identifier[*key].is_string()));
            }
            let place = &finding["location"];
            match kind {
                "secret_detection" => assert!(place["commit"]["sha"].is_string()),
                _ => assert!(
                    place["file"].is_string()
                        && place["dependency"]["package"]["name"].is_string()
                        && place["dependency"]["version"].is_string()
                ),
            }
        }
    }
    let flagged = json("gitlab-secrets", &sample());
    let flagged = list(&flagged, "/vulnerabilities").iter().filter(|finding| !finding["flags"].is_null());
    assert_eq!(flagged.count(), 1, "what is waived is marked");
}

#[test]
fn a_cyclonedx_report_is_scanned_with_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let bom = folder.path().join("what-we-run.json");
    let mut arguments = Cli::example();
    let also: std::ffi::OsString = format!("cyclonedx={}", bom.display()).into();
    arguments.extend(["--format".into(), "json".into(), "--output".into(), also, "--allow-seed".into()]);
    let first = Cli::run(arguments).json();
    let (_, second) = Cli::scan(&bom, &[]);
    let advisories = |report: &Value| -> BTreeSet<(String, String)> {
        let findings = list(report, "/targets/0/findings").iter();
        let kinds = ["vulnerability", "malicious", "informational"];
        let advisories = findings.filter(|finding| kinds.contains(&finding["kind"].as_str().unwrap()));
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        advisories.map(|finding| (text(finding, "id"), text(finding, "purl"))).collect()
    };
    assert!(advisories(&first).len() > 20);
    assert_eq!(advisories(&first), advisories(&second));
    let inventory = |report: &Value| -> BTreeSet<String> {
        list(report, "/targets/0/packages").iter().map(|one| one["purl"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(inventory(&first), inventory(&second));
}

/// Runs the example and gives its JSON and the ids that are waived there.
fn waived(more: &[&str]) -> BTreeSet<String> {
    let mut arguments = Cli::example();
    arguments.extend(["--format", "json", "--allow-seed"].iter().chain(more).map(Into::into));
    let report = Cli::run(arguments).json();
    let waived = list(&report, "/targets/0/findings").iter().filter(|finding| !finding["waived"].is_null());
    waived.map(|finding| format!("{} {}", finding["id"], finding["purl"])).collect()
}

#[test]
fn what_is_waived_comes_back_from_openvex_and_cyclonedx() {
    let folder = tempfile::tempdir().unwrap();
    let policy =
        "[[waivers]]\npackage = \"pkg:npm/lodash@4.17.15\"\nreason = \"no input reaches it\"\nowner = \"Ada\"\n";
    let policy = write(folder.path(), "tidewaiter.toml", policy.as_bytes());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (vex, bom) = (file("openvex.json"), file("vex.cdx.json"));
    let outputs = [format!("openvex={vex}"), format!("cyclonedx={bom}")];
    let first = waived(&["--policy", policy.to_str().unwrap(), "--output", &outputs[0], "--output", &outputs[1]]);
    assert!(first.len() > 3, "{first:?}");
    assert!(waived(&[]).is_empty());
    assert_eq!(waived(&["--vex", &vex]), first);
    assert_eq!(waived(&["--vex", &bom]), first);
}

#[test]
fn every_format_can_be_written_to_a_file_beside_another() {
    let folder = tempfile::tempdir().unwrap();
    let target = write(
        folder.path(),
        "package-lock.json",
        br#"{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.15"}}}"#,
    );
    let mut arguments: Vec<std::ffi::OsString> = vec!["scan".into(), target.into(), "--allow-seed".into()];
    for reporter in tidewaiter::report::ALL {
        let path = folder.path().join(format!("report.{}", reporter.id()));
        arguments.extend(["--output".into(), format!("{}={}", reporter.id(), path.display()).into()]);
    }
    let run = Cli::run(arguments);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for reporter in tidewaiter::report::ALL {
        let text = std::fs::read_to_string(folder.path().join(format!("report.{}", reporter.id()))).unwrap();
        assert_eq!(text.contains("GHSA-"), reporter.id() != "gitlab-secrets", "{}", reporter.id());
    }
}
