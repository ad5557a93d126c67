//! The risk score: every term from a fact, weights from the policy, and what lowers it most.

use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::support::verdict::*;

fn risk_of(findings: Vec<Finding>) -> Risk {
    let scan = Scan { findings, ..clean_scan() };
    judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None).targets.remove(0).risk
}

/// `name points`, for each term.
fn terms(risk: &Risk) -> Vec<String> {
    risk.terms.iter().map(|term| format!("{} {}", term.name, term.points)).collect()
}

fn vulnerability(id: &str) -> Finding {
    finding(FindingKind::Vulnerability, id)
}

#[test]
fn every_kind_of_fact_gives_its_term() {
    let scored = |score| Some(Cvss { vector: String::new(), score });
    let known = Exploitation {
        epss: Some(Epss { score: 0.42, percentile: 0.9 }),
        kev: Some(Kev { added: None, due: None, ransomware: false }),
    };
    let own = |confidence| secret("Token", place(&["a.js"]), Origin::Own, confidence);
    let theirs = secret("Token", place(&["a.js"]), Origin::Dependency, Confidence::High);
    let answered = |answer| {
        let verification = Verification { answer, asked: "vendor.example.com".to_owned(), detail: String::new() };
        Finding { verification: Some(verification), ..own(Confidence::Low) }
    };
    let runtime = |severity| Finding { severity, ..finding(FindingKind::Runtime, "runtime-end-of-life") };
    for (finding, expected) in [
        (finding(FindingKind::Malicious, "MAL-1"), vec!["malicious 80"]),
        (Finding { cvss: scored(9.8), ..vulnerability("X-1") }, vec!["vulnerability 49"]),
        (vulnerability("X-1"), vec!["vulnerability 40"]),
        (Finding { severity: Severity::Unknown, ..vulnerability("X-1") }, vec!["vulnerability 20"]),
        (
            Finding { cvss: scored(5.0), exploitation: known, ..vulnerability("X-1") },
            vec!["vulnerability 25", "known-exploited 20", "likely-exploited 4"],
        ),
        (own(Confidence::High), vec!["secrets 40"]),
        (own(Confidence::Medium), vec!["secrets 20"]),
        (theirs, vec!["secrets 20"]),
        (answered(Answer::Live), vec!["secrets 40"]),
        (answered(Answer::Dead), vec![]),
        (answered(Answer::Unknown), vec!["secrets 5"]),
        (finding(FindingKind::Integrity, "record-mismatch"), vec!["tampering 24"]),
        (runtime(Severity::High), vec!["runtime 15"]),
        (runtime(Severity::Low), vec!["runtime 3"]),
        (finding(FindingKind::Informational, "RUSTSEC-1"), vec![]),
        (Finding { gates: false, ..finding(FindingKind::Malicious, "MAL-1") }, vec![]),
    ] {
        let risk = risk_of(vec![finding.clone()]);
        assert_eq!(terms(&risk), expected, "{finding:?}");
        assert!(risk.terms.iter().all(|term| !term.because.is_empty()));
    }
    let many = (0..5).map(|i| vulnerability(&format!("X-{i}"))).collect();
    assert_eq!(terms(&risk_of(many)), ["vulnerability 40", "more-vulnerabilities 4"]);
}

#[test]
fn coverage_counts_as_far_as_nobody_answers_for_it() {
    let mut scan = clean_scan();
    scan.coverage.gaps = vec![Gap::blocking(GapKind::Encrypted, place(&["a"]), "artifact", "encrypted")];
    let judged = |scan: &Scan| judge(vec![scan.clone()], database(DatabaseOrigin::Cache), settings(), None);
    assert_eq!(terms(&judged(&scan).targets[0].risk), ["coverage 10"]);
    scan.coverage.grade = Grade::Blind;
    let risk = judged(&scan).targets.remove(0).risk;
    assert_eq!(terms(&risk), ["coverage 30"]);
    assert_eq!(risk.lowers.unwrap().what, "close the gaps that block");
    scan.coverage.gaps.clear();
    let risk = judged(&scan).targets.remove(0).risk;
    assert_eq!(
        (terms(&risk), risk.lowers),
        (vec!["coverage 30".to_owned()], None),
        "an empty archive has none to close"
    );
}

#[test]
fn what_lowers_it_most_is_told_with_what_remains() {
    let full = full().targets.remove(0).risk;
    let lowers = full.lowers.unwrap();
    assert_eq!((lowers.what.as_str(), lowers.points), ("remove the malicious packages", 80));
    assert_eq!(full.score, 100);
    assert_eq!(risk_of(Vec::new()).lowers, None);
    let unfixable = risk_of(vec![vulnerability("X-1")]);
    assert_eq!(unfixable.lowers, None, "nothing is known that helps");
    let both = risk_of(vec![vulnerability("X-1"), finding(FindingKind::Runtime, "runtime-end-of-life")]);
    let lowers = both.lowers.unwrap();
    assert_eq!((lowers.what.as_str(), lowers.score), ("move to a runtime that is still mended", 40));
}

#[test]
fn targets_are_ranked() {
    let named = |name: &str, findings| Scan { id: name.to_owned(), name: name.to_owned(), findings, ..clean_scan() };
    let scans = vec![
        named("quiet", Vec::new()),
        named("bad", vec![finding(FindingKind::Malicious, "MAL-1")]),
        named("also quiet", Vec::new()),
    ];
    let verdict = judge(scans, database(DatabaseOrigin::Cache), settings(), None);
    let names: Vec<&str> = verdict.targets.iter().map(|target| target.scan.name.as_str()).collect();
    assert_eq!(names, ["bad", "quiet", "also quiet"]);
}

#[test]
fn the_policy_sets_weights() {
    let policy = Policy::parse("tidewaiter.toml", "[risk]\nsecrets = 100\nmalicious = 0\n").unwrap();
    let settings = Settings { risk: policy.risk, ..settings() };
    let findings = vec![
        finding(FindingKind::Malicious, "MAL-1"),
        secret("Token", place(&["a.js"]), Origin::Own, Confidence::High),
    ];
    let scan = Scan { findings, ..clean_scan() };
    let risk = judge(vec![scan], database(DatabaseOrigin::Cache), settings, None).targets.remove(0).risk;
    assert_eq!(terms(&risk), ["secrets 100"]);
    for (text, words) in [
        ("[risk]\nsecret = 1\n", "there is no term 'secret' of the risk score; use one of malicious, vulnerability"),
        ("[risk]\nsecrets = 101\n", "tidewaiter.toml:2:11: a weight is a number of points from 0 to 100"),
        ("[risk]\nsecrets = -1\n", "from 0 to 100"),
    ] {
        let error = Policy::parse("tidewaiter.toml", text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn every_term_has_its_own_name_and_a_meaning() {
    let names: std::collections::BTreeSet<&str> = TERMS.iter().map(|term| term.name).collect();
    assert_eq!(names.len(), TERMS.len());
    assert!(TERMS.iter().all(|term| term.weight > 0 && term.weight <= 100 && !term.meaning.is_empty()));
    let readme = include_str!("../README.md");
    for term in TERMS {
        assert!(readme.contains(&format!("| `{}` | {} | {} |", term.name, term.weight, term.meaning)), "{}", term.name);
    }
}
