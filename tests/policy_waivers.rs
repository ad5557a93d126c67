//! Waivers, thresholds and baselines: what they excuse, and what is said of them.

use chrono::NaiveDate;
use proptest::prelude::*;
use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::support::verdict::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::parse("tidewaiter.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

/// The settings of a policy on a day.
fn of(text: &str, today: &str) -> Settings {
    let policy = policy(text);
    Settings {
        fail_on: policy.fail_on.unwrap_or(settings().fail_on),
        accept_gaps: policy.accept_gaps,
        allow_secrets: policy.allow_secrets,
        thresholds: policy.thresholds,
        waivers: policy.waivers,
        today: day(today),
        ..settings()
    }
}

fn judged(findings: Vec<Finding>, settings: Settings) -> Verdict {
    judge(vec![Scan { findings, ..clean_scan() }], database(DatabaseOrigin::Cache), settings, None)
}

fn lodash(version: &str) -> Finding {
    let package = package(Ecosystem::Npm, "lodash", version, &["node_modules/lodash/package.json"]);
    let mut flaw = about(&package, FindingKind::Vulnerability, "GHSA-p6mc-m468-83gw", Severity::High, &["4.17.19"]);
    flaw.aliases = vec!["CVE-2020-8203".to_owned()];
    flaw.fingerprint = "0123456789abcdef".repeat(2);
    flaw
}

fn waived(finding: Finding, waiver: &str) -> bool {
    let text = format!("[[waivers]]\n{waiver}\nreason = \"r\"\nowner = \"o\"\n");
    let verdict = judged(vec![finding], of(&text, "2026-11-22"));
    let judged = &verdict.targets[0].findings[0];
    assert_eq!(judged.waived.is_none(), judged.violates);
    assert_eq!(verdict.waivers_unused.len(), usize::from(judged.waived.is_none()), "{waiver}");
    judged.waived.is_some()
}

#[test]
fn every_condition_holds_or_does_not() {
    for (waiver, holds) in [
        ("id = \"GHSA-p6mc-m468-83gw\"", true),
        ("id = \"ghsa-p6mc-m468-83GW\"", true),
        ("id = \"CVE-2020-8203\"", true),
        ("id = \"CVE-2020-820\"", false),
        ("package = \"pkg:npm/lodash\"", true),
        ("package = \"pkg:npm/lodash@4.17.15\"", true),
        ("package = \"pkg:npm/lodash@4.17.16\"", false),
        ("package = \"pkg:pypi/lodash\"", false),
        ("package = \"pkg:npm/lodash\"\nversions = \"<4.17.19\"", true),
        ("package = \"pkg:npm/lodash\"\nversions = \">=4.17.16, <4.17.19\"", false),
        ("path = \"node_modules/lodash/*\"", true),
        ("path = \"node_modules/**\"", true),
        ("path = \"node_modules/*\"", false),
        ("fingerprint = \"0123456789ABCDEF0123456789abcdef\"", true),
        ("fingerprint = \"1123456789abcdef0123456789abcdef\"", false),
        ("function = \"fn*\"", true),
        ("function = \"pay*\"", false),
        ("id = \"CVE-2020-8203\"\nfunction = \"pay*\"", false),
        ("id = \"CVE-2020-8203\"\npackage = \"pkg:npm/lodash\"\npath = \"**\"\nfunction = \"*\"", true),
    ] {
        assert_eq!(waived(lodash("4.17.15"), waiver), holds, "{waiver}");
    }
    assert!(!waived(lodash("not.a.version"), "package = \"pkg:npm/lodash\"\nversions = \"<9.0.0\""));
}

#[test]
fn one_place_that_nobody_answers_for_is_enough_to_count() {
    let mut leaked = secret("Sample token", place(&["src/a.js"]), Origin::Own, Confidence::High);
    leaked.locations.push(place(&["test/b.js"]));
    let text = |path: &str| format!("[[waivers]]\npath = \"{path}\"\nreason = \"r\"\nowner = \"o\"\n");
    let verdict = judged(vec![leaked.clone()], of(&text("test/**"), "2026-11-22"));
    assert!(verdict.targets[0].findings[0].violates);
    assert_eq!(verdict.waivers_unused.len(), 1, "it covers one place, which is not enough");
    assert!(verdict.waivers_unused[0].text.ends_with("it covers some places of a finding, and nothing the others"));

    let both = format!("{}{}", text("test/**"), text("src/*.js"));
    let verdict = judged(vec![leaked], of(&both, "2026-11-22"));
    let waived = verdict.targets[0].findings[0].waived.as_ref().expect("together they cover it");
    assert_eq!(waived.by, "tidewaiter.toml:6", "the first place's waiver speaks for it");
    assert!(verdict.waivers_unused.is_empty());
}

#[test]
fn what_covers_a_few_of_the_places_is_told_as_unused() {
    let mut flaw = lodash("4.17.15");
    flaw.locations.push(Location::artifact(0).child("layers/node_modules/lodash/package.json"));
    assert!(!waived(flaw.clone(), "path = \"node_modules/**\""));
    assert!(waived(flaw, "path = \"**/package.json\""));
}

#[test]
fn a_waiver_ends_on_its_day() {
    let text =
        "[[waivers]]\nid = \"CVE-2020-8203\"\nreason = \"not reachable\"\nowner = \"team-pay\"\nexpires = 2027-01-31\n";
    let on = |today| judged(vec![lodash("4.17.15")], of(text, today));

    let before = on("2027-01-30");
    assert_eq!((before.exit, before.waivers_expired.len(), before.waivers_unused.len()), (Exit::Clean, 0, 0));
    let waived = before.targets[0].findings[0].waived.clone().unwrap();
    assert_eq!((waived.by.as_str(), waived.reason.as_str()), ("tidewaiter.toml:2", "not reachable"));
    assert_eq!((waived.owner.as_deref(), waived.expires), (Some("team-pay"), Some(day("2027-01-31"))));

    let after = on("2027-01-31");
    assert_eq!((after.exit, after.waivers_unused.len()), (Exit::Violated, 0));
    let [note] = &after.waivers_expired[..] else { panic!("{:?}", after.waivers_expired) };
    assert_eq!((note.file.as_str(), note.line), ("tidewaiter.toml", 2));
    assert_eq!(note.text, "CVE-2020-8203 (owner: team-pay): expired on 2027-01-31");
}

#[test]
fn what_is_unused_is_told_with_its_line() {
    let text = "[[waivers]]\nid = \"CVE-1\"\nreason = \"r\"\nowner = \"o\"\n\n[[accept-gaps]]\nkind = \"encrypted\"\n\
                reason = \"r\"\n\n[[allow-secrets]]\nrule = \"stripe-*\"\nreason = \"r\"\n";
    let verdict = judged(vec![lodash("4.17.15")], of(text, "2026-11-22"));
    let notes: Vec<(usize, &str)> = verdict.waivers_unused.iter().map(|note| (note.line, note.text.as_str())).collect();
    assert_eq!(
        notes,
        [
            (2, "CVE-1: no finding matches"),
            (7, "accepted gaps of kind encrypted: nothing matches"),
            (12, "allowed secrets, stripe-*: nothing matches"),
        ]
    );
}

#[test]
fn acceptances_and_allowances_expire_as_well() {
    let text = "[[accept-gaps]]\nkind = \"encrypted\"\nreason = \"r\"\nexpires = 2026-12-01\n\n\
                [[allow-secrets]]\nrule = \"*\"\nreason = \"r\"\nowner = \"sec\"\nexpires = \"2026-12-01\"\n";
    let found = SecretMatch {
        rule: "stripe-secret-key".to_owned(),
        generic: false,
        title: "Stripe".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        redacted: "sk_...(32)".to_owned(),
        location: place(&["a.js"]),
        value: SecretValue::new(b"made up"),
        remediation: "Revoke it.".to_owned(),
        allowed_inline: false,
        allowed_by: None,
    };
    for (today, exit, expired) in [("2026-11-30", Exit::Clean, 0), ("2026-12-01", Exit::Incomplete, 2)] {
        let settings = of(text, today);
        assert_eq!(settings.allows(&found, None).is_some(), expired == 0);
        let mut scan = clean_scan();
        scan.coverage.grade = Grade::Partial;
        scan.coverage.gaps = vec![Gap::blocking(GapKind::Encrypted, place(&["a.zip"]), "artifact", "locked")];
        let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings, None);
        assert_eq!((verdict.exit, verdict.waivers_expired.len()), (exit, expired), "{today}");
        assert!(verdict.waivers_unused.is_empty(), "{:?}", verdict.waivers_unused);
    }
}

#[test]
fn each_kind_has_a_threshold_of_its_own() {
    let violates = |finding: &Finding, text: &str| {
        let verdict = judged(vec![finding.clone()], of(text, "2026-11-22"));
        assert_eq!(verdict.exit == Exit::Violated, verdict.targets[0].findings[0].violates);
        verdict.targets[0].findings[0].violates
    };
    let mut flaw = lodash("4.17.15");
    flaw.severity = Severity::Medium;
    assert!(!violates(&flaw, ""));
    assert!(violates(&flaw, "[thresholds]\nvulnerability = \"medium\""));
    assert!(violates(&flaw, "fail-on = \"low\"\n[thresholds]\nsecret = \"never\""));
    assert!(!violates(&flaw, "fail-on = \"low\"\n[thresholds]\nvulnerability = \"never\""));
    assert!(!violates(&flaw, "fail-on = \"low\"\n[checks]\n\"GHSA-p6mc-*\" = \"high\""));
    assert!(violates(&flaw, "[checks]\n\"GHSA-p6mc-*\" = \"medium\""));

    flaw.cvss = Some(Cvss { vector: "x".to_owned(), score: 6.5 });
    flaw.exploitation.epss = Some(Epss { score: 0.3, percentile: 0.9 });
    assert!(violates(&flaw, "[thresholds]\ncvss = 6.5") && !violates(&flaw, "[thresholds]\ncvss = 6.6"));
    assert!(violates(&flaw, "[thresholds]\nepss = 0.3") && !violates(&flaw, "[thresholds]\nepss = 0.31"));
    assert!(violates(&flaw, "fail-on = \"never\"\n[thresholds]\nepss = 0.3"), "one reason alone");
    assert!(!violates(&flaw, "[thresholds]\nkev = true"));
    flaw.exploitation.kev = Some(Kev { added: None, due: None, ransomware: false });
    assert!(violates(&flaw, "[thresholds]\nkev = true") && !violates(&flaw, "[thresholds]\nkev = false"));

    let malware = finding(FindingKind::Malicious, "MAL-1");
    assert!(violates(&malware, "") && !violates(&malware, "[thresholds]\nmalicious = false"));
    assert!(violates(&malware, "fail-on = \"never\"\n[thresholds]\nmalicious = true"));
    let guess = secret("Token", place(&["a.js"]), Origin::Own, Confidence::Low);
    assert!(!violates(&guess, "") && violates(&guess, "[thresholds]\nsecret-confidence = \"low\""));
    let sure = secret("Token", place(&["a.js"]), Origin::Own, Confidence::Medium);
    assert!(violates(&sure, "") && !violates(&sure, "[thresholds]\nsecret-confidence = \"high\""));
    let posture = finding(FindingKind::Posture, "public-url");
    assert!(violates(&posture, "") && !violates(&posture, "[checks]\npublic-url = \"never\""));
    let text = "[thresholds]\nposture = \"never\"";
    assert!(!violates(&posture, text) && violates(&finding(FindingKind::Code, "shell-from-event"), text));
}

/// A baseline of what a verdict holds.
fn baseline(verdict: &Verdict) -> (String, Baseline) {
    let mut bytes = Vec::new();
    Baseline::write(verdict, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let read = Baseline::parse("baseline.json", &text).unwrap();
    (text, read)
}

#[test]
fn what_the_baseline_names_does_not_fail_a_run() {
    let fingerprint = |finding: Finding, digit: &str| Finding { fingerprint: digit.repeat(32), ..finding };
    let (old, new) = (fingerprint(lodash("4.17.15"), "a"), fingerprint(finding(FindingKind::Secret, "x"), "b"));
    let (text, known) = baseline(&judged(vec![old.clone()], settings()));
    assert_eq!(text, baseline(&judged(vec![old.clone()], settings())).0, "the same input gives the same bytes");
    let with = |findings, fail_on_existing| {
        judged(findings, Settings { baseline: Some(known.clone()), fail_on_existing, ..settings() })
    };

    let clean = with(vec![old.clone()], false);
    assert_eq!(clean.exit, Exit::Clean);
    assert_eq!(clean.reasons, ["no finding at or above high that is new (1 known before)"]);
    assert_eq!(clean.targets[0].findings[0].state, State::Existing);

    let verdict = with(vec![old.clone(), new], false);
    assert_eq!(
        (verdict.exit, &verdict.reasons[..]),
        (Exit::Violated, &["1 new finding at or above high".to_owned()][..])
    );
    let states: Vec<State> = verdict.targets[0].findings.iter().map(|judged| judged.state).collect();
    assert_eq!(states, [State::New, State::Existing]);

    assert_eq!(with(vec![old.clone()], true).exit, Exit::Violated, "unless the policy says so");

    let mut moved = old;
    moved.locations[0].span = Some(Span { offset: 900, length: 3, line: 40, column: 2 });
    assert_eq!(with(vec![moved], false).exit, Exit::Clean);
}

#[test]
fn a_waived_finding_is_not_in_the_baseline() {
    let text = "[[waivers]]\nid = \"CVE-2020-8203\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-01\n";
    let (_, known) = baseline(&judged(vec![lodash("4.17.15")], of(text, "2026-11-30")));
    let later = Settings { baseline: Some(known), ..of(text, "2026-12-01") };
    assert_eq!(judged(vec![lodash("4.17.15")], later).exit, Exit::Violated, "once the waiver ends it counts again");
}

#[test]
fn a_baseline_holds_for_its_targets() {
    let scan = |name: &str, findings| Scan { id: name.to_owned(), name: name.to_owned(), findings, ..clean_scan() };
    let judged = |scans, baseline: Option<Baseline>| {
        judge(scans, database(DatabaseOrigin::Cache), Settings { baseline, ..settings() }, None)
    };
    let one = || scan("one", vec![lodash("4.17.15")]);
    let (_, known) = baseline(&judged(vec![one()], None));
    assert_eq!(judged(vec![scan("one-8f3c.zip", vec![lodash("4.17.15")])], Some(known.clone())).exit, Exit::Clean);
    let both = judged(vec![one(), scan("two", vec![lodash("4.17.15")])], Some(known));
    assert_eq!(both.exit, Exit::Violated, "the other function has it newly");
    let states = both.targets.iter().map(|target| target.findings[0].state);
    assert_eq!(states.collect::<Vec<_>>(), [State::Existing, State::New]);
}

#[test]
fn what_is_no_baseline_is_refused_with_its_line() {
    for (text, line) in [
        ("", 1),
        ("{}", 1),
        ("{\n \"baseline_version\": 2,\n \"findings\": []\n}", 1),
        ("{\n \"baseline_version\": 1,\n \"findings\": [\n {\"target\": 7}]\n}", 4),
        ("AWS_SECRET_ACCESS_KEY=hunter2", 1),
    ] {
        let error = Baseline::parse("b.json", text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("b.json:{line}:")), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

fn any_waiver() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec![
        "id = \"CVE-2020-8203\"",
        "id = \"MAL-2024-0001\"",
        "path = \"**\"",
        "function = \"*\"",
    ]);
    let more =
        prop::sample::select(vec!["", "path = \"node_modules/**\"", "package = \"pkg:npm/lodash\"\nversions = \"<5\""]);
    let end = prop::sample::select(vec!["", "expires = 2026-01-01", "expires = 2030-01-01"]);
    (id, more, end).prop_filter_map("a key stands once", |(id, more, end)| {
        (!(id.starts_with("path") && more.starts_with("path")))
            .then(|| format!("[[waivers]]\n{id}\n{more}\n{end}\nreason = \"r\"\nowner = \"o\"\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever a policy says, every finding and every gap is in the verdict, once, and unchanged.
    #[test]
    fn judging_never_drops_a_finding(
        waivers in proptest::collection::vec(any_waiver(), 0..5),
        fail_on in prop::sample::select(vec!["low", "high", "never", "unknown"]),
        with_baseline: bool,
        shuffle in proptest::collection::vec(0_usize..100, 0..8),
    ) {
        let mut scan = full_scan();
        for at in shuffle {
            let at = at % scan.findings.len();
            let again = scan.findings[at].clone();
            scan.findings.push(again);
        }
        let mut settings = of(&format!("fail-on = \"{fail_on}\"\n{}", waivers.concat()), "2026-11-22");
        if with_baseline {
            settings.baseline = Some(baseline(&full()).1);
        }
        let verdict = judge(vec![scan.clone()], database(DatabaseOrigin::Cache), settings, None);
        let sorted = |mut all: Vec<String>| { all.sort(); all };
        let before = sorted(scan.findings.iter().map(|finding| format!("{finding:?}")).collect());
        let after = sorted(verdict.targets[0].findings.iter().map(|judged| format!("{:?}", judged.finding)).collect());
        prop_assert_eq!(before, after);
        let gaps: Vec<Gap> = verdict.targets[0].gaps.iter().map(|judged| judged.gap.clone()).collect();
        prop_assert_eq!(scan.coverage.gaps, gaps);
        for judged in &verdict.targets[0].findings {
            prop_assert!(!judged.violates || judged.waived.is_none());
        }
        let told = verdict.waivers_unused.len() + verdict.waivers_expired.len();
        prop_assert!(told <= waivers.len());
    }
}
