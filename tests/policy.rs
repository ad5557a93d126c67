//! The only filter: which findings violate, which gaps block, what the process ends with.

use tidewaiter::matching::{AgeLimit, MaxAge};
use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::support::verdict::*;

/// Judges one scan with these findings.
fn judged(findings: Vec<Finding>, fail_on: &str) -> Verdict {
    let scan = Scan { findings, ..clean_scan() };
    let settings = Settings { fail_on: parse_fail_on(fail_on).unwrap(), ..settings() };
    judge(vec![scan], database(DatabaseOrigin::Cache), settings, None)
}

fn violates(finding: Finding, fail_on: &str) -> bool {
    let verdict = judged(vec![finding], fail_on);
    let violates = verdict.targets[0].findings[0].violates;
    assert_eq!(verdict.exit, if violates { Exit::Violated } else { Exit::Clean });
    violates
}

fn graded(grade: Grade, gaps: Vec<Gap>, settings: Settings) -> Verdict {
    let mut scan = clean_scan();
    scan.coverage.grade = grade;
    scan.coverage.gaps = gaps;
    judge(vec![scan], database(DatabaseOrigin::Cache), settings, None)
}

#[test]
fn severities_violate_from_the_threshold_on() {
    let flaw = |severity| Finding { severity, ..finding(FindingKind::Vulnerability, "GHSA-1") };
    for (fail_on, severities) in [
        ("low", [true, true, true, true, false]),
        ("high", [true, true, false, false, false]),
        ("critical,unknown", [true, false, false, false, true]),
        ("unknown", [false, false, false, false, true]),
        ("never", [false; 5]),
    ] {
        assert_eq!(Severity::WORST_FIRST.map(|severity| violates(flaw(severity), fail_on)), severities, "{fail_on}");
    }
}

#[test]
fn malware_violates_whatever_its_severity() {
    for severity in Severity::WORST_FIRST {
        let malware = Finding { severity, ..finding(FindingKind::Malicious, "MAL-1") };
        assert!(violates(malware.clone(), "critical"));
        assert!(!violates(malware.clone(), "never"));
        assert!(!violates(Finding { gates: false, ..malware }, "low"), "a lock entry that is not installed");
    }
}

#[test]
fn a_guess_of_a_secret_stops_no_build() {
    let sample = |confidence| secret("Token", place(&["a.js"]), Origin::Dependency, confidence);
    assert!(violates(sample(Confidence::High), "high"));
    assert!(violates(sample(Confidence::Medium), "high"));
    assert!(!violates(sample(Confidence::Low), "low"));
    let flaw = Finding { confidence: Confidence::Low, ..finding(FindingKind::Vulnerability, "GO-1") };
    assert!(violates(flaw, "high"), "confidence holds back secrets only");
}

#[test]
fn what_does_not_gate_does_not_violate() {
    assert!(!violates(Finding { gates: false, ..finding(FindingKind::Vulnerability, "GHSA-1") }, "low"));
}

#[test]
fn allow_comments_count_in_first_party_code_only() {
    for (origin, waived) in [(Origin::Own, true), (Origin::Environment, true), (Origin::Dependency, false)] {
        let allowed = Finding { allowed_inline: true, ..secret("Token", place(&["a.js"]), origin, Confidence::High) };
        let verdict = judged(vec![allowed], "high");
        let judged = &verdict.targets[0].findings[0];
        assert_eq!(judged.waived.as_ref().map(|waived| waived.by.as_str()), waived.then_some("inline"));
        assert_eq!(judged.violates, !waived);
    }
}

#[test]
fn nothing_is_dropped_and_the_worst_comes_first() {
    let verdict = full();
    let target = &verdict.targets[0];
    assert_eq!(target.findings.len(), full_scan().findings.len());
    assert_eq!(target.gaps.len(), GAP_KINDS.len());
    let violating: Vec<bool> = target.findings.iter().map(|judged| judged.violates).collect();
    assert!(violating.is_sorted_by(|a, b| a >= b), "{violating:?}");
    let severities = target.findings.iter().take_while(|judged| judged.violates).map(|j| j.finding.severity);
    assert!(severities.is_sorted_by(|a, b| a >= b));
}

#[test]
fn blocking_gaps_and_low_grades_are_incomplete() {
    let block = || vec![Gap::blocking(GapKind::Truncated, place(&["a.zip"]), "artifact", "short")];
    let note = || vec![Gap::note(GapKind::Opaque, place(&["a.so"]), "audit", "native")];
    let require = |word| Settings { require_coverage: parse_require_coverage(word).unwrap(), ..settings() };
    for (grade, gaps, required, exit) in [
        (Grade::Complete, note(), "complete", Exit::Clean),
        (Grade::Partial, note(), "partial", Exit::Clean),
        (Grade::Partial, note(), "complete", Exit::Incomplete),
        (Grade::Blind, note(), "partial", Exit::Incomplete),
        (Grade::Blind, note(), "none", Exit::Clean),
        (Grade::Partial, block(), "partial", Exit::Incomplete),
        (Grade::Partial, block(), "none", Exit::Incomplete),
    ] {
        let verdict = graded(grade, gaps, require(required));
        assert_eq!(verdict.exit, exit, "{grade:?} {required}");
        assert_eq!(verdict.targets[0].incomplete, exit == Exit::Incomplete);
        assert!(!verdict.reasons.is_empty());
    }
    let nothing = judge(Vec::new(), database(DatabaseOrigin::Cache), settings(), None);
    assert_eq!(nothing.exit, Exit::Incomplete, "a run over nothing is no clean run");
}

#[test]
fn a_violation_wins_and_says_what_is_missing() {
    let mut scan = full_scan();
    scan.coverage.grade = Grade::Blind;
    let verdict = judge(vec![scan], database(DatabaseOrigin::Seed), settings(), None);
    assert_eq!((verdict.exit, verdict.exit.code()), (Exit::Violated, 1));
    let [malicious, severe, gaps, coverage] = &verdict.reasons[..] else { panic!("{:?}", verdict.reasons) };
    assert_eq!(malicious, "1 malicious package");
    assert_eq!(severe, "8 findings at or above high");
    assert!(gaps.starts_with("also incomplete: 12 blocking gaps (advisories 1, "), "{gaps}");
    assert_eq!(coverage, "also incomplete: coverage below the required partial: checkout is blind");
}

#[test]
fn a_policy_accepts_gaps_of_a_kind_and_place() {
    let policy = Policy::parse(
        "tidewaiter.toml",
        "accept-gaps = [\n  { kind = \"encrypted\", path = \"lib/*.zip/**\", reason = \"vendor's data\" },\n]\n",
    )
    .unwrap();
    let settings = || Settings { accept_gaps: policy.accept_gaps.clone(), ..settings() };
    let gap = |kind, path: &[&str]| vec![Gap::blocking(kind, place(path), "artifact", "locked")];

    let verdict = graded(Grade::Partial, gap(GapKind::Encrypted, &["lib/a.zip", "x/y.bin"]), settings());
    assert_eq!(verdict.exit, Exit::Clean);
    let accepted = verdict.targets[0].gaps[0].accepted.as_ref().expect("accepted");
    assert_eq!((accepted.by.as_str(), accepted.reason.as_str()), ("tidewaiter.toml:2", "vendor's data"));

    for (kind, path) in [
        (GapKind::Truncated, &["lib/a.zip", "x"][..]),
        (GapKind::Encrypted, &["lib/deep/a.zip", "x"]),
        (GapKind::Encrypted, &["other.zip", "x"]),
        (GapKind::Encrypted, &[]),
    ] {
        assert_eq!(graded(Grade::Partial, gap(kind, path), settings()).exit, Exit::Incomplete, "{kind:?} {path:?}");
    }
    let blind = graded(Grade::Blind, gap(GapKind::Encrypted, &["lib/a.zip", "x"]), settings());
    assert_eq!(blind.exit, Exit::Incomplete, "an acceptance lifts the block, not the grade");
}

#[test]
fn risk_adds_up_and_orders() {
    for verdict in [full(), clean(), judged(vec![finding(FindingKind::Vulnerability, "GHSA-1")], "high")] {
        let risk = &verdict.targets[0].risk;
        let sum: u32 = risk.terms.iter().map(|term| u32::from(term.points)).sum();
        assert_eq!(u32::from(risk.score), sum.min(100));
        assert!(risk.terms.iter().all(|term| term.points > 0 && !term.because.is_empty()));
    }
    assert_eq!(clean().targets[0].risk.score, 0);
    let score = |kind| judged(vec![finding(kind, "X-1")], "high").targets[0].risk.score;
    assert!(score(FindingKind::Malicious) > score(FindingKind::Secret));
    let waived = Finding { allowed_inline: true, ..finding(FindingKind::Secret, "x") };
    assert_eq!(judged(vec![waived], "high").targets[0].risk.score, 0);
}

#[test]
fn a_policy_file_is_read() {
    let text = "fail-on = \"medium,unknown\"\nrequire-coverage = \"none\"\nown = [\"@acme/*\"]\nmax-db-age = 7\n";
    let policy = Policy::parse("tidewaiter.toml", text).unwrap();
    let severities = vec![Severity::Critical, Severity::High, Severity::Medium, Severity::Unknown];
    assert_eq!(policy.fail_on, Some(severities));
    assert_eq!(policy.require_coverage, Some(Grade::Blind));
    assert_eq!(policy.own, ["@acme/*"]);
    assert_eq!(policy.max_db_age, Some(MaxAge::days(7)));

    let empty = Policy::parse("tidewaiter.toml", "").unwrap();
    assert!(empty.fail_on.is_none() && empty.require_coverage.is_none() && empty.max_db_age.is_none());
    let missing = Policy::read(std::path::Path::new("no/such/tidewaiter.toml"));
    assert!(matches!(missing, Err(ConfigError::Unreadable { .. })));
}

#[test]
fn a_policy_file_with_a_mistake_is_pointed_at() {
    let mistakes = [
        "own = []\nfail-on = \"hgh\"\n",
        "\n\nfail_on = \"high\"",
        "require-coverage = \"blind\"",
        "own = [\"ok\", \"\"]",
        "own = [\"ok\", \"ä[\"] # no such set",
        "accept-gaps = [{ kind = \"opaqe\", reason = \"x\" }]",
        "accept-gaps = [{ kind = \"opaque\", reason = \" \" }]",
        "accept-gaps = [{ kind = \"opaque\" }]",
        "[[accept-gaps]]\nkind = \"opaque\"\nreason = \"x\"\nuntil = \"2027\"",
        "max-db-age = -1",
        "[max-db-age]\ndefault = 7\nnmp = 3\n",
        "[max-db-age]\nnpm = { warn = 1, fial = 3 }\n",
        "fail-no = \"high\"",
        "[[waiver]]\nid = \"CVE-1\"",
        "[[waivers]]\nid = \"CVE-1\"\nreasn = \"r\"",
        "fail-on = \"HIGH\"",
        "\n[thresholds]\nepps = 0.5\n",
        "[thresholds]\nepss = 5\n",
        "[risk]\nsecret = 5\n",
        "own = [\n  \"\u{1b}[2J\"\n",
        "own = [\"a\"",
        "fail-on = \"é",
        "fail-on = \"low\"\nfail-on = \"high\"",
    ];
    let complaints = mistakes.map(|text| Policy::parse("tidewaiter.toml", text).expect_err(text).to_string());
    assert!(complaints.iter().all(|text| !text.contains('\u{1b}')));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("policy_mistakes", complaints.join("\n\n"));
    });
}

#[test]
fn the_age_of_advisories_is_limited_for_all_or_by_source() {
    let read = |text: &str| Policy::parse("tidewaiter.toml", text);
    let text = "[max-db-age]\ndefault = 7\nnpm = { warn = 1, fail = 3 }\n\"crates.io\" = { warn = 30 }\n";
    let max_age = read(text).unwrap().max_db_age.unwrap();
    assert_eq!(max_age.default, AgeLimit { warn: None, fail: Some(7) });
    assert_eq!(max_age.ecosystems[&Ecosystem::Npm], AgeLimit { warn: Some(1), fail: Some(3) });
    assert_eq!(max_age.ecosystems[&Ecosystem::CratesIo], AgeLimit { warn: Some(30), fail: None });
    for wrong in ["moonbase = 3", "npm = \"3\"", "npm = { warn = 1, fails = 3 }"] {
        let error = read(&format!("[max-db-age]\n{wrong}\n")).unwrap_err().to_string();
        assert!(error.starts_with("tidewaiter.toml:") && error.contains(" | "), "{error}");
    }
}
