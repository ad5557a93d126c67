//! The filter itself: which finding violates, which gap blocks, and the exit code that follows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{Confidence, DatabaseInfo, Finding, FindingKind, Gap, Level, Origin, Scan};

use super::fail_on::threshold;
use super::requires::requires;
use super::risk::{Facts, Risk, lowers, risk};
use super::upgrade::plan;
use super::{Exit, Judged, JudgedGap, Run, Settings, State, Target, Verdict, Waived};

/// How many targets a sentence names before it counts the rest.
const NAMED: usize = 3;

/// Judges sealed scans. Drops nothing: every finding and gap of `scans` is in the verdict.
pub fn judge(scans: Vec<Scan>, database: DatabaseInfo, settings: Settings, run: Option<Run>) -> Verdict {
    let mut targets: Vec<Target> = scans.into_iter().map(|scan| judge_target(scan, &settings)).collect();
    targets.sort_by_key(|target| Reverse(target.risk.score));
    let violations = violations(&targets, &settings);
    let missing = missing(&targets, &settings);
    let (exit, reasons) = match (violations.is_empty(), missing.is_empty()) {
        (false, _) => {
            let missing = missing.into_iter().map(|reason| format!("also incomplete: {reason}"));
            (Exit::Violated, violations.into_iter().chain(missing).collect())
        }
        (true, false) => (Exit::Incomplete, missing),
        (true, true) => (Exit::Clean, vec![clean(&settings)]),
    };
    Verdict { database, targets, settings, exit, reasons, run }
}

/// Judges one target.
fn judge_target(mut scan: Scan, settings: &Settings) -> Target {
    let mut findings: Vec<Judged> =
        std::mem::take(&mut scan.findings).into_iter().map(|finding| judge_finding(finding, settings)).collect();
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    let gaps: Vec<JudgedGap> = std::mem::take(&mut scan.coverage.gaps)
        .into_iter()
        .map(|gap| JudgedGap { accepted: accept(&gap, settings), gap })
        .collect();
    let incomplete = scan.coverage.grade < settings.require_coverage || gaps.iter().any(JudgedGap::blocks);
    let requires = requires(&scan.packages);
    let upgrades = plan(&scan, &requires, &findings, settings.fail_on.is_empty());
    let facts = Facts::new(&findings, &gaps, scan.coverage.grade);
    let now = risk(&facts, &settings.risk);
    let risk = Risk { lowers: lowers(&facts, &now, &upgrades, &settings.risk), ..now };
    Target { scan, findings, gaps, requires, upgrades, incomplete, risk }
}

/// Judges one finding.
fn judge_finding(finding: Finding, settings: &Settings) -> Judged {
    // A dependency's author must not be able to vouch for what the dependency leaks: an allow-comment there is only
    // text. Whose code it is was settled by the audit (and by the policy's `own`).
    let inline = (finding.allowed_inline && finding.origin != Origin::Dependency)
        .then(|| Waived { by: "inline".to_owned(), reason: "an allow-comment stands beside it".to_owned() });
    // An allow-list is the user's own: whose the finding is does not matter.
    let waived = inline.or_else(|| {
        let allowed = finding.allowed_by.as_ref()?;
        Some(Waived { by: allowed.by.clone(), reason: allowed.reason.clone() })
    });
    let violates = finding.gates && waived.is_none() && counts(&finding, settings);
    Judged { finding, state: State::New, waived, violates }
}

/// Whether a finding is bad enough and sure enough.
fn counts(finding: &Finding, settings: &Settings) -> bool {
    let severe = settings.fail_on.contains(&finding.severity);
    match finding.kind {
        // Malware is no matter of degree: its records seldom carry a severity.
        FindingKind::Malicious => !settings.fail_on.is_empty(),
        // A low confidence says "worth a look": a build that stops on guesses is soon switched off as a whole.
        FindingKind::Secret => severe && finding.confidence >= Confidence::Medium,
        _ => severe,
    }
}

/// The order of a target's findings.
fn order(judged: &Judged) -> impl Ord + '_ {
    let finding = &judged.finding;
    let unexploited = finding.exploitation.kev.is_none();
    let severity = Reverse(finding.severity);
    (!judged.violates, severity, unexploited, finding.kind, &finding.id, &finding.locations, &finding.fingerprint)
}

/// The first acceptance that covers a blocking gap. It lifts the block, not the grade: a grade says what was seen.
fn accept(gap: &Gap, settings: &Settings) -> Option<Waived> {
    if gap.level != Level::Blocking {
        return None;
    }
    let accepted = settings.accept_gaps.iter().find(|accepted| accepted.covers(gap))?;
    Some(Waived { by: accepted.by.clone(), reason: accepted.reason.clone() })
}

/// Why the policy is violated; empty if it is not.
fn violations(targets: &[Target], settings: &Settings) -> Vec<String> {
    let violating = || targets.iter().flat_map(|t| &t.findings).filter(|judged| judged.violates);
    let malicious = violating().filter(|judged| judged.finding.kind == FindingKind::Malicious).count();
    let severe = violating().count() - malicious;
    let mut reasons = Vec::new();
    if malicious > 0 {
        reasons.push(plural(malicious, "malicious package"));
    }
    if let Some(threshold) = threshold(&settings.fail_on).filter(|_| severe > 0) {
        reasons.push(format!("{} {threshold}", plural(severe, "finding")));
    }
    reasons
}

/// What keeps the verdict from being complete; empty if nothing does.
fn missing(targets: &[Target], settings: &Settings) -> Vec<String> {
    if targets.is_empty() {
        return vec!["no target was audited".to_owned()];
    }
    let mut reasons = Vec::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in targets.iter().flat_map(|target| &target.gaps).filter(|judged| judged.blocks()) {
        *kinds.entry(judged.gap.kind.word()).or_default() += 1;
    }
    if !kinds.is_empty() {
        let each: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        reasons.push(format!("{} ({})", plural(kinds.values().sum(), "blocking gap"), each.join(", ")));
    }
    let below: Vec<&Target> =
        targets.iter().filter(|target| target.scan.coverage.grade < settings.require_coverage).collect();
    if !below.is_empty() {
        let named = below.iter().take(NAMED).map(|t| format!("{} is {}", t.scan.name, t.scan.coverage.grade.word()));
        let mut named: Vec<String> = named.collect();
        if below.len() > NAMED {
            named.push(format!("and {} more", below.len() - NAMED));
        }
        let required = settings.require_coverage.word();
        reasons.push(format!("coverage below the required {required}: {}", named.join(", ")));
    }
    reasons
}

/// Why a run is clean.
fn clean(settings: &Settings) -> String {
    match threshold(&settings.fail_on) {
        Some(threshold) => format!("no finding {threshold}"),
        None => "no finding counts (fail-on is never)".to_owned(),
    }
}

/// `1 finding`, `2 findings`.
fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
