//! The filter itself: which finding violates, which gap blocks, and the exit code that follows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::formats::words::{count, plural};
use crate::model::{DatabaseInfo, Finding, Gap, Level, Origin, Package, PackageId, Scan};

use super::baseline;
use super::condition::Subject;
use super::fail_on::threshold;
use super::ids;
use super::requires::requires;
use super::risk::{Facts, Risk, lowers, risk};
use super::thresholds::Cause;
use super::upgrade::plan;
use super::waiver::Waivers;
use super::{Exit, Judged, JudgedGap, Run, Settings, State, Target, Verdict, Waived, WaiverNote};

/// How many targets a sentence names before it counts the rest.
const NAMED: usize = 3;

/// Judges sealed scans. Drops nothing: every finding and gap of `scans` is in the verdict.
pub fn judge(scans: Vec<Scan>, database: DatabaseInfo, settings: Settings, run: Option<Run>) -> Verdict {
    let mut waivers = Waivers::new(&settings.waivers, settings.today);
    let alone = scans.len() == 1;
    // What of judging takes longest, and depends on nothing else.
    let required: Vec<Vec<Vec<PackageId>>> = scans.par_iter().map(|scan| requires(&scan.packages)).collect();
    let mut targets: Vec<Target> = scans
        .into_iter()
        .zip(required)
        .map(|(scan, requires)| judge_target(scan, requires, &settings, &mut waivers, alone))
        .collect();
    targets.sort_by_key(|target| Reverse(target.risk.score));
    let (mut waivers_unused, mut waivers_expired) = (waivers.unused(), waivers.expired());
    drop(waivers);
    note_exceptions(&targets, &settings, &mut waivers_unused, &mut waivers_expired);
    note_checks(&targets, &settings, &mut waivers_unused);
    let violations = violations(&targets, &settings);
    let missing = missing(&targets, &settings);
    let (exit, reasons) = match (violations.is_empty(), missing.is_empty()) {
        (false, _) => {
            let missing = missing.into_iter().map(|reason| format!("also incomplete: {reason}"));
            (Exit::Violated, violations.into_iter().chain(missing).collect())
        }
        (true, false) => (Exit::Incomplete, missing),
        (true, true) => (Exit::Clean, vec![clean(&targets, &settings)]),
    };
    Verdict { database, targets, settings, exit, reasons, waivers_unused, waivers_expired, run, sweep: None }
}

/// Judges one target. `requires` is what [`requires()`] says of its packages; `alone`, that the run has no other target.
fn judge_target(
    mut scan: Scan,
    requires: Vec<Vec<PackageId>>,
    settings: &Settings,
    waivers: &mut Waivers<'_>,
    alone: bool,
) -> Target {
    let findings = std::mem::take(&mut scan.findings);
    let known = settings.baseline.as_ref().map(|baseline| baseline.of(&scan.id, alone));
    // Most functions of a fleet have no finding that would ask.
    let asked = if findings.is_empty() { &[][..] } else { &scan.packages };
    let packages: BTreeMap<PackageId, &Package> = asked.iter().map(|one| (one.id(), one)).collect();
    let mut findings: Vec<Judged> = findings
        .into_iter()
        .map(|finding| {
            let package = finding.package.as_ref().and_then(|id| packages.get(id)).copied();
            let waived = waived(&finding, settings)
                .into_iter()
                .chain(waivers.waive(&Subject { scan: &scan, finding: &finding, package }))
                .next();
            let existing = known.as_ref().is_some_and(|known| baseline::holds(known, &finding));
            judge_finding(finding, waived, if existing { State::Existing } else { State::New }, settings)
        })
        .collect();
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    let gaps: Vec<JudgedGap> = std::mem::take(&mut scan.coverage.gaps)
        .into_iter()
        .map(|gap| JudgedGap { accepted: accept(&gap, settings), gap })
        .collect();
    let incomplete = scan.coverage.grade < settings.require_coverage || gaps.iter().any(JudgedGap::blocks);
    // Where nothing is meant to violate, the plan is for all.
    let all = settings.fail_on.is_empty() && !findings.iter().any(|judged| judged.violates);
    let upgrades = plan(&scan, &requires, &findings, all);
    let facts = Facts::new(&findings, &gaps, scan.coverage.grade);
    let now = risk(&facts, &settings.risk);
    let risk = Risk { lowers: lowers(&facts, &now, &upgrades, &settings.risk), ..now };
    Target { scan, findings, gaps, requires, upgrades, incomplete, risk }
}

/// Whether somebody answered for a finding before it came here.
fn waived(finding: &Finding, settings: &Settings) -> Option<Waived> {
    let plain = |by: &str, reason: &str| Waived { by: by.into(), reason: reason.into(), owner: None, expires: None };
    // A dependency's author must not be able to vouch for what the dependency leaks: an allow-comment there is only
    // text. Whose code it is was settled by the audit (and by the policy's `own`).
    if finding.allowed_inline && finding.origin != Origin::Dependency {
        return Some(plain("inline", "an allow-comment stands beside it"));
    }
    // An allow-list is the user's own: whose the finding is does not matter.
    let allowed = finding.allowed_by.as_ref()?;
    let ours = settings.allow_secrets.iter().find(|one| one.basis.by() == allowed.by);
    Some(ours.map_or_else(|| plain(&allowed.by, &allowed.reason), |one| one.basis.waived()))
}

/// Judges one finding.
fn judge_finding(finding: Finding, waived: Option<Waived>, state: State, settings: &Settings) -> Judged {
    let excused = waived.is_some() || (state == State::Existing && !settings.fail_on_existing);
    let violates = finding.gates && !excused && cause(&finding, settings).is_some();
    Judged { finding, state, waived, violates }
}

fn cause(finding: &Finding, settings: &Settings) -> Option<Cause> {
    settings.thresholds.cause(finding, &settings.fail_on)
}

/// Acceptances of gaps and allowances of secrets that covered nothing or have expired.
fn note_exceptions(
    targets: &[Target],
    settings: &Settings,
    unused: &mut Vec<WaiverNote>,
    expired: &mut Vec<WaiverNote>,
) {
    let accepted: BTreeSet<&str> =
        targets.iter().flat_map(|t| &t.gaps).filter_map(|gap| Some(gap.accepted.as_ref()?.by.as_str())).collect();
    let gaps = settings.accept_gaps.iter().map(|one| {
        let what = format!("accepted gaps of kind {}", one.kind.word());
        (&one.basis, what, accepted.contains(one.basis.by().as_str()), String::new())
    });
    // Secrets of contents that were read long ago were allowed then.
    let allowed: BTreeSet<&str> = targets
        .iter()
        .flat_map(|target| &target.findings)
        .filter_map(|judged| Some(judged.finding.allowed_by.as_ref()?.by.as_str()))
        .collect();
    let secrets = settings.allow_secrets.iter().map(|one| {
        let is_used = one.is_used() || allowed.contains(one.basis.by().as_str());
        let hint = one.rule_id().map(ids::did_you_mean).unwrap_or_default();
        (&one.basis, format!("allowed secrets, {}", one.text), is_used, hint)
    });
    for (basis, what, used, hint) in gaps.chain(secrets) {
        if basis.is_expired(settings.today) {
            expired.push(basis.expired_note(&what));
        } else if !used {
            unused.push(basis.note(format!("{what}: nothing matches{hint}")));
        }
    }
}

/// Thresholds of checks that no finding has the id of, unless a check or a rule could give one: a slip in an id would
/// go unseen.
fn note_checks(targets: &[Target], settings: &Settings, unused: &mut Vec<WaiverNote>) {
    let findings = || targets.iter().flat_map(|target| &target.findings);
    for check in &settings.thresholds.checks {
        if ids::matches(check) || findings().any(|judged| check.covers(&judged.finding.id)) {
            continue;
        }
        let text = format!(
            "the threshold of '{}': no finding, no check and no built-in secret rule has this id{}",
            check.id.escape_default(),
            ids::did_you_mean(&check.id)
        );
        unused.push(WaiverNote { file: settings.file.clone().unwrap_or_default(), line: check.line, text });
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
    let mut valid = settings.accept_gaps.iter().filter(|accepted| !accepted.basis.is_expired(settings.today));
    Some(valid.find(|accepted| accepted.covers(gap))?.basis.waived())
}

/// Why the policy is violated; empty if it is not.
fn violations(targets: &[Target], settings: &Settings) -> Vec<String> {
    let violating = targets.iter().flat_map(|t| &t.findings).filter(|judged| judged.violates);
    let (mut malicious, mut severe, mut own) = (0, 0, 0);
    for judged in violating {
        match cause(&judged.finding, settings) {
            Some(Cause::Malicious) => malicious += 1,
            Some(Cause::Severity) => severe += 1,
            Some(Cause::Own) | None => own += 1,
        }
    }
    let new = if settings.baseline.is_some() && !settings.fail_on_existing { "new " } else { "" };
    let mut reasons = Vec::new();
    if malicious > 0 {
        reasons.push(counted(malicious, &format!("{new}malicious package")));
    }
    if let Some(threshold) = threshold(&settings.fail_on).filter(|_| severe > 0) {
        reasons.push(format!("{} {threshold}", counted(severe, &format!("{new}finding"))));
    }
    if own > 0 {
        reasons.push(format!("{} over a threshold of its own", counted(own, &format!("{new}finding"))));
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
        let each: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind} {}", count(*n as u64))).collect();
        reasons.push(format!("{} ({})", counted(kinds.values().sum(), "blocking gap"), each.join(", ")));
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
fn clean(targets: &[Target], settings: &Settings) -> String {
    let excused =
        || targets.iter().flat_map(|t| &t.findings).filter(|j| j.state == State::Existing && j.waived.is_none());
    let existing = match excused().filter(|j| j.finding.gates && cause(&j.finding, settings).is_some()).count() {
        0 => String::new(),
        count => format!(" that is new ({count} known before)"),
    };
    let others = if settings.thresholds.is_default() { "" } else { ", and none over a threshold of its own" };
    match threshold(&settings.fail_on) {
        Some(threshold) => format!("no finding {threshold}{existing}{others}"),
        None if others.is_empty() => "no finding counts (fail-on is never)".to_owned(),
        None => format!("no finding{existing} is over a threshold of its own"),
    }
}

/// `1 finding`, `2 findings`.
fn counted(n: usize, noun: &str) -> String {
    plural(n as u64, noun, &format!("{noun}s"))
}
