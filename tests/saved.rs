//! Saved results: rendered again without loss, and compared.

use std::path::PathBuf;

use serde_json::{Value, json};
use tidewaiter::model::*;
use tidewaiter::policy::*;
use tidewaiter::report::{ALL, Style, by_id, read};

use crate::reporters::hostile;
use crate::support::verdict::*;
use crate::support::{Cli, write};

const PLAIN: Style = Style { color: false, width: 100, unicode: true };

fn rendered(format: &str, verdict: &Verdict) -> String {
    let mut out = Vec::new();
    by_id(format).unwrap().write(verdict, &PLAIN, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn saved(verdict: &Verdict) -> Value {
    serde_json::from_str(&rendered("json", verdict)).unwrap()
}

/// What a file that holds this is refused with.
fn refusal(text: &str) -> String {
    read(text.as_bytes()).expect_err("not a result").to_string()
}

fn judged(findings: Vec<Finding>) -> Verdict {
    judge(vec![Scan { findings, ..clean_scan() }], database(DatabaseOrigin::Cache), settings(), None)
}

#[test]
fn a_saved_result_gives_the_same_report_in_every_format() {
    let mut accepted = settings();
    accepted.accept_gaps = Policy::parse(
        "tidewaiter.toml",
        "require-coverage = \"none\"\n[[accept-gaps]]\nkind = \"encrypted\"\nreason = \"reviewed\"\n",
    )
    .unwrap()
    .accept_gaps;
    accepted.require_coverage = Grade::Blind;
    let never = Settings { fail_on: Vec::new(), file: Some("tidewaiter.toml".to_owned()), ..settings() };
    let mut asked = full_scan();
    for (finding, answer) in asked.findings.iter_mut().zip([Answer::Live, Answer::Dead, Answer::Unknown]) {
        let (asked, detail) = ("vendor.example.com".to_owned(), "status 200".to_owned());
        finding.verification = Some(Verification { answer, asked, detail });
    }
    let judge = |scans, settings| judge(scans, database(DatabaseOrigin::Bundle), settings, Some(run()));
    for verdict in [
        full(),
        clean(),
        hostile(),
        judge(vec![clean_scan(), full_scan()], accepted),
        judge(vec![asked], never),
        judge(Vec::new(), settings()),
    ] {
        for (format, reporter) in
            ["json", "ndjson"].into_iter().flat_map(|format| ALL.iter().map(move |one| (format, one)))
        {
            let again = read(rendered(format, &verdict).as_bytes()).unwrap();
            assert_eq!(
                rendered(reporter.id(), &again),
                rendered(reporter.id(), &verdict),
                "{format} {}",
                reporter.id()
            );
        }
    }
}

#[test]
fn keys_of_later_programs_are_ignored_and_those_that_earlier_ones_lack_are_not_needed() {
    let mut report = saved(&full());
    report["later"] = json!({"a": [1]});
    let target = &mut report["targets"][0];
    target["later"] = json!(1);
    for (path, keys) in [
        ("", &["upgrades"][..]),
        ("/packages/0", &["beside_installed", "compiled_in", "embedded_in"]),
        ("/findings/0", &["epss_percentile", "kev_entry", "verification"]),
        ("/risk", &["lowers"]),
    ] {
        let object = target.pointer_mut(path).and_then(Value::as_object_mut).unwrap();
        keys.iter().for_each(|key| assert!(object.remove(*key).is_some(), "{path}/{key}"));
    }
    let policy = report["policy"].as_object_mut().unwrap();
    assert!(policy.remove("fail_on").is_some() && policy.remove("require_coverage").is_some());
    let verdict = read(report.to_string().as_bytes()).unwrap();
    assert_eq!(verdict.targets[0].findings.len(), full().targets[0].findings.len());
    assert_eq!(verdict.settings.require_coverage, Grade::Partial);
}

#[test]
fn lines_of_later_programs_are_passed_over_and_those_that_lack_their_target_are_not() {
    let text = rendered("ndjson", &full());
    let (first, rest) = text.split_once('\n').unwrap();
    let later = format!("{first}\r\n\n{rest}{{\"type\":\"later\",\"target\":\"fn\"}}\n");
    let id = &full().targets[0].scan.id;
    let verdict = read(later.replace("\"target\":\"fn\"", &format!("\"target\":{}", json!(id))).as_bytes()).unwrap();
    assert_eq!(rendered("json", &verdict), rendered("json", &full()));

    let finding = text.lines().find(|line| line.starts_with("{\"type\":\"finding\"")).unwrap();
    assert_eq!(
        refusal(&format!("{first}\n{finding}\n")),
        "line 2 belongs to a target that no line before it describes"
    );
    assert!(refusal(&format!("{first}\n{{\"type\":")).starts_with("line 2 is damaged"));
    assert!(refusal(finding).starts_with("this is no result"), "a part of a report is none");
}

#[test]
fn a_result_is_read_from_standard_input() {
    let text = rendered("ndjson", &full());
    let shown = Cli::run_with_input(["report", "-", "--format", "json"], text.as_bytes());
    assert_eq!((shown.code, shown.json()), (0, saved(&full())), "{}", shown.stderr);
    let folder = tempfile::tempdir().unwrap();
    let old = write(folder.path(), "old.json", rendered("json", &clean()).as_bytes());
    let compared = Cli::run_with_input(["diff".as_ref(), old.as_os_str(), "-".as_ref()], text.as_bytes());
    assert_eq!(compared.code, 1, "{}", compared.stderr);
    let twice = Cli::run_with_input(["diff", "-", "-"], text.as_bytes());
    assert!(twice.code == 2 && twice.stderr.contains("name a file for the other"), "{}", twice.stderr);
}

#[test]
fn what_is_no_result_is_refused_with_a_reason() {
    for foreign in ["", "nonsense", "[]", "{}", "null", r#"{"SchemaVersion": 2}"#, r#"{"schema_version": "1"}"#] {
        let said = refusal(foreign);
        assert!(said.contains("no result of 'tidewaiter scan") || foreign.is_empty(), "{foreign}: {said}");
    }
    let other = r#"{"schema_version": 1, "tool": {"name": "other"}}"#;
    assert!(refusal(other).contains("no result"));
    let mut newer = saved(&clean());
    newer["schema_version"] = json!(2);
    assert!(refusal(&newer.to_string()).contains("schema version 2"));

    let text = rendered("json", &full());
    assert!(refusal(&text[..text.len() / 2]).contains("damaged"));
    let mut odd = saved(&full());
    odd["targets"][0]["findings"][0]["severity"] = json!("dreadful");
    assert!(refusal(&odd.to_string()).contains("unknown variant `dreadful`"));
    assert!(!refusal(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).is_empty(), "no stack overflow");
}

/// Any prefix, and any one key taken away, is read or refused; nothing panics.
#[test]
fn a_damaged_result_never_panics() {
    let text = rendered("json", &full());
    for end in (0..text.len()).step_by(97) {
        assert!(text.is_char_boundary(end) && read(&text.as_bytes()[..end]).is_err());
    }
    let mut wild = saved(&full());
    let finding = &mut wild["targets"][0]["findings"][0];
    finding["locations"][0]["artifact"] = json!(u32::MAX);
    finding["package"] = json!("\u{1b}[2J no package");
    wild["targets"][0]["packages"][0]["requires"] = json!(["pkg:npm/nobody@1"]);
    wild["targets"][0]["risk"]["score"] = json!(255);
    wild["summary"]["exit"] = json!(77);
    let verdict = read(wild.to_string().as_bytes()).unwrap();
    assert_eq!(verdict.exit, Exit::Failed);
    for reporter in ALL {
        assert!(!rendered(reporter.id(), &verdict).contains('\u{1b}'), "{}", reporter.id());
    }
}

#[test]
fn nothing_came_between_a_result_and_itself() {
    let verdict = full();
    let diff = diff(&verdict, &verdict);
    assert_eq!(diff.exit, Exit::Clean);
    assert!(diff.targets.iter().all(TargetDiff::is_same));
    assert_eq!(diff.targets[0].stayed, verdict.targets[0].findings.len());
}

#[test]
fn a_flaw_that_outlives_an_upgrade_is_not_new() {
    let at = |version: &str| {
        let lodash = package(Ecosystem::Npm, "lodash", version, &["node_modules/lodash/package.json"]);
        let flaw = |id: &str| {
            let mut flaw = about(&lodash, FindingKind::Vulnerability, id, Severity::High, &[]);
            flaw.fingerprint = fingerprint(&[id, version]);
            flaw
        };
        let mut scan = clean_scan();
        scan.findings = vec![flaw("X-1"), flaw(if version == "1.0.0" { "X-2" } else { "X-3" })];
        scan.packages = vec![lodash];
        judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
    };
    let (old, new) = (at("1.0.0"), at("1.1.0"));
    let diff = diff(&old, &new);
    let target = &diff.targets[0];
    let ids = |all: &[&Judged]| all.iter().map(|judged| judged.finding.id.clone()).collect::<Vec<_>>();
    assert_eq!((ids(&target.came), ids(&target.went), target.stayed), (vec!["X-3".into()], vec!["X-2".into()], 1));
    assert_eq!(diff.exit, Exit::Violated);
    let [changed] = target.packages.as_slice() else { panic!("{:?}", target.packages) };
    assert_eq!(
        (changed.old.as_slice(), changed.new.as_slice()),
        (&["1.0.0".to_owned()][..], &["1.1.0".to_owned()][..])
    );
    assert!(!changed.is_added && !changed.is_removed);
}

#[test]
fn equal_findings_are_counted_one_by_one() {
    let twice = |times| judged(vec![finding(FindingKind::Vulnerability, "X-1"); times]);
    let (one, three) = (twice(1), twice(3));
    assert_eq!(diff(&one, &three).targets[0].came.len(), 2);
    assert_eq!(diff(&three, &one).targets[0].went.len(), 2);
    assert_eq!(diff(&three, &one).exit, Exit::Clean);
}

#[test]
fn what_is_new_decides_the_exit_code() {
    let low = |id| Finding { severity: Severity::Low, ..finding(FindingKind::Vulnerability, id) };
    let exit = |old: Vec<Finding>, new: Vec<Finding>| diff(&judged(old), &judged(new)).exit;
    let bad = || finding(FindingKind::Vulnerability, "X-1");
    assert_eq!(exit(vec![bad()], vec![bad()]), Exit::Clean, "what was there before is no news");
    assert_eq!(exit(vec![], vec![bad()]), Exit::Violated);
    assert_eq!(exit(vec![bad()], vec![]), Exit::Clean);
    assert_eq!(exit(vec![], vec![low("X-2")]), Exit::Clean);

    let seen = |grade, gaps: Vec<Gap>| {
        let mut scan = clean_scan();
        (scan.coverage.grade, scan.coverage.gaps) = (grade, gaps);
        judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None)
    };
    let gap = |detail: &str| Gap::blocking(GapKind::Encrypted, place(&["a.zip"]), "artifact", detail);
    let (clear, blocked) = (seen(Grade::Complete, vec![]), seen(Grade::Partial, vec![gap("3 days old")]));
    assert_eq!(diff(&clear, &blocked).exit, Exit::Incomplete);
    assert_eq!(diff(&blocked, &clear).exit, Exit::Clean);
    assert_eq!(diff(&blocked, &seen(Grade::Partial, vec![gap("4 days old")])).exit, Exit::Clean, "the same gap");
    assert_eq!(diff(&clear, &seen(Grade::Blind, vec![])).exit, Exit::Incomplete, "below what is required");
}

#[test]
fn targets_are_compared_by_id_where_there_are_several() {
    let named = |name: &str, findings| Scan { id: name.to_owned(), name: name.to_owned(), findings, ..clean_scan() };
    let judge = |scans| judge(scans, database(DatabaseOrigin::Cache), settings(), None);
    let bad = || vec![finding(FindingKind::Vulnerability, "X-1")];
    let old = judge(vec![named("a", bad()), named("gone", bad())]);
    let new = judge(vec![named("a", bad()), named("fresh", bad())]);
    let compared = diff(&old, &new);
    let told: Vec<_> =
        compared.targets.iter().map(|t| (t.target().scan.name.as_str(), t.came.len(), t.went.len())).collect();
    assert_eq!(told, [("a", 0, 0), ("fresh", 1, 0), ("gone", 0, 1)]);
    let alone = |name: &str| judge(vec![named(name, bad())]);
    assert!(diff(&alone("fn-1.zip"), &alone("fn-2.zip")).targets[0].is_same(), "a name with the version in it");
}

/// Two results as files: the full sample, and the same with one finding and one package less.
fn files(folder: &std::path::Path) -> (PathBuf, PathBuf) {
    let mut before = full_scan();
    before.findings.retain(|finding| finding.id != "MAL-2024-0001");
    before.packages.retain(|package| package.name != "evil-utils");
    let before = judge(vec![before], database(DatabaseOrigin::Seed), settings(), Some(run()));
    let old = write(folder, "old.json", rendered("json", &before).as_bytes());
    (old, write(folder, "new.json", rendered("json", &full()).as_bytes()))
}

#[test]
fn the_program_renders_and_compares_saved_results() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = files(folder.path());
    let arguments = |words: &[&str], files: &[&PathBuf]| {
        let words = words.iter().map(std::ffi::OsString::from);
        words.chain(files.iter().map(|file| file.as_os_str().to_owned())).collect::<Vec<_>>()
    };
    let again = Cli::run(arguments(&["report", "--format", "json"], &[&new]));
    assert_eq!((again.code, again.stdout), (0, rendered("json", &full())), "rendering judges nothing");
    let copy = folder.path().join("copy.txt");
    let also = format!("--output=table={}", copy.display());
    assert_eq!(Cli::run(arguments(&["report", &also], &[&new])).code, 0);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), rendered("table", &full()));

    let run = Cli::run(arguments(&["diff"], &[&old, &new]));
    assert_eq!(run.code, 1, "{}", run.stderr);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("diff_table", run.stdout);
    });
    let run = Cli::run(arguments(&["diff", "--format", "json"], &[&old, &new]));
    let report = run.json();
    assert_eq!(report["summary"], json!({"new": 1, "violating": 1, "gone": 0, "same": 14, "exit": 1}));
    let target = &report["targets"][0];
    assert_eq!(target["findings"]["new"][0]["id"], "MAL-2024-0001");
    let added = json!([{"change": "added", "ecosystem": "npm", "name": "evil-utils", "old": [], "new": ["1.0.3"]}]);
    assert_eq!(target["packages"], added);
    assert!(target["risk"]["old"].as_u64() <= target["risk"]["new"].as_u64());
    assert_eq!(Cli::run(arguments(&["diff"], &[&new, &old])).code, 0);
    assert_eq!(Cli::run(arguments(&["diff"], &[&new, &new])).code, 0);
}

#[test]
fn the_program_says_why_it_cannot_use_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut odd = saved(&clean());
    odd["targets"][0]["kind"] = json!("\u{1b}[2J\n::error::");
    for (name, bytes, words) in [
        ("not.json", b"PK\x03\x04".to_vec(), "this is no result of 'tidewaiter scan' in the format json or ndjson"),
        ("odd.json", odd.to_string().into_bytes(), "damaged, or written by a later version"),
    ] {
        let path = write(folder.path(), name, &bytes);
        let run = Cli::run(["report".as_ref(), path.as_os_str()]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(name) && run.stderr.contains(words), "{}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}') && run.stderr.lines().count() == 1, "{}", run.stderr);
    }
    let run = Cli::run(["diff", "missing.json", "missing.json"]);
    assert!(run.code == 2 && run.stderr.contains("cannot read missing.json"), "{}", run.stderr);
}
