//! What is new, what is fixed, and what a sweep writes down.
//!
//! A finding is the same by function and fingerprint. It counts as fixed only where it could be seen that it is gone: not
//! where a gap blocks that did not before, such as code or a layer that could not be had. There it stays in the history
//! as it was, so that it is not new when the view is free again. A layer that could never be had hides nothing that was
//! ever found.

use std::collections::{BTreeMap, BTreeSet};

use super::Survey;
use super::state::{Dated, History, Known, Summary};
use crate::model::{Change, FunctionChanges, Gap, Level, Severity, TrendPoint, fingerprint};
use crate::policy::{Judged, JudgedGap, Target, Verdict};

/// What came of comparing.
pub(super) struct Compared {
    pub functions: FunctionChanges,
    pub new: Vec<Change>,
    pub fixed: Vec<Change>,
    /// What the history has otherwise.
    pub changed: History,
}

/// A sweep that came to its end, with the functions as it left them.
#[derive(Default)]
pub(super) struct Before {
    pub summary: Summary,
    pub functions: History,
}

impl Before {
    fn of(&self, id: &str) -> Option<&Dated> {
        self.functions.get(id).filter(|dated| dated.gone.is_none())
    }
}

/// Compares a verdict with an earlier sweep (`base`), and with what the history says last (`latest`). `listed` are the
/// ids that the last sweep of the same scope listed, and those that it could not look for.
pub(super) fn compare(
    survey: &Survey,
    verdict: &Verdict,
    base: Option<&Before>,
    latest: Option<&Before>,
    listed: &[String],
) -> Compared {
    let surveyed: BTreeMap<&str, &super::Surveyed> =
        survey.functions.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut all =
        Compared { functions: FunctionChanges::default(), new: Vec::new(), fixed: Vec::new(), changed: History::new() };
    for target in &verdict.targets {
        let id = target.scan.id.as_str();
        // A place that could not be listed is no function.
        let Some(function) = surveyed.get(id) else { continue };
        let before = base.and_then(|base| base.of(id));
        match before {
            None => all.functions.new.push(id.to_owned()),
            Some(before) if before.print != function.print => all.functions.changed.push(id.to_owned()),
            Some(_) => {}
        }
        let open: BTreeSet<&str> = before.map(unwaived).unwrap_or_default();
        let came = target.findings.iter().filter(|one| one.waived.is_none());
        let came = came.filter(|one| !open.contains(one.finding.fingerprint.as_str()));
        all.new.extend(came.map(|one| known(one).change(id)));
        let now: BTreeSet<&str> = target.findings.iter().map(|one| one.finding.fingerprint.as_str()).collect();
        if let Some(before) = before.filter(|before| !is_hidden(target, before)) {
            let went = before.findings.iter().filter(|one| !one.waived && !now.contains(one.fingerprint.as_str()));
            all.fixed.extend(went.map(|one| one.change(id)));
        }
        let last = latest.and_then(|latest| latest.of(id));
        let mut dated = Dated {
            print: function.print.clone(),
            gone: None,
            blocking: blocking(target),
            findings: target.findings.iter().map(known).collect(),
        };
        if let Some(last) = last.filter(|last| is_hidden(target, last)) {
            dated.blocking.clone_from(&last.blocking);
            let unseen = last.findings.iter().filter(|one| !now.contains(one.fingerprint.as_str()));
            dated.findings.extend(unseen.cloned());
        }
        dated.findings.sort();
        if last != Some(&dated) {
            all.changed.insert(id.to_owned(), dated);
        }
    }
    let is_there = |before: Option<&Before>, id: &str| before.is_some_and(|before| before.of(id).is_some());
    let hidden = |id: &str| survey.unseen.iter().any(|place| place.hides(id));
    let went = listed.iter().filter(|id| !surveyed.contains_key(id.as_str()) && !hidden(id));
    let went = went.filter(|id| is_there(latest, id)).cloned();
    all.changed.extend(went.map(|id| (id, Dated { gone: Some(survey.scope.clone()), ..Dated::default() })));
    // With those that a sweep since then missed.
    let known = latest.into_iter().flat_map(|latest| &latest.functions).chain(&all.changed);
    let gone =
        known.filter(|(id, dated)| dated.gone.as_ref() == Some(&survey.scope) && !surveyed.contains_key(id.as_str()));
    all.functions.gone = gone.map(|(id, _)| id).filter(|id| is_there(base, id)).cloned().collect();
    let FunctionChanges { new, changed, gone } = &mut all.functions;
    [new, changed, gone].into_iter().for_each(|ids| ids.sort());
    all
}

/// The fingerprints that nobody answers for.
pub(super) fn unwaived(dated: &Dated) -> BTreeSet<&str> {
    dated.findings.iter().filter(|one| !one.waived).map(|one| one.fingerprint.as_str()).collect()
}

fn known(judged: &Judged) -> Known {
    let finding = &judged.finding;
    Known {
        fingerprint: finding.fingerprint.clone(),
        kind: finding.kind,
        id: finding.id.clone(),
        severity: finding.severity,
        title: finding.title.clone(),
        purl: finding.purl.clone(),
        waived: judged.waived.is_some(),
    }
}

/// Whether a gap blocks that did not when the function was last seen as a whole.
fn is_hidden(target: &Target, before: &Dated) -> bool {
    // Both are sorted: each gap takes one of its kind from those that were known.
    let mut known = before.blocking.iter();
    !blocking(target).iter().all(|gap| known.any(|one| one == gap))
}

/// Sorted. Equal ones stay: a second gap of a kind hides more than one does.
fn blocking(target: &Target) -> Vec<String> {
    let blocking = target.gaps.iter().filter(|judged| judged.gap.level == Level::Blocking);
    let mut all: Vec<String> = blocking.map(|judged| gap_key(target, &judged.gap)).collect();
    all.sort();
    all
}

/// Not the detail, which may tell of days. The archive by its name, which is that of another once layers are exchanged.
fn gap_key(target: &Target, gap: &Gap) -> String {
    let archive = target.scan.artifacts.get(gap.location.artifact).map_or("", |artifact| &artifact.path);
    let mut parts = vec![gap.kind.word(), gap.by.as_str(), archive];
    parts.extend(gap.location.path.iter().map(String::as_str));
    fingerprint(&parts)
}

/// A sweep in numbers.
pub(super) fn point(survey: &Survey, verdict: &Verdict, compared: &Compared) -> TrendPoint {
    let open = || verdict.targets.iter().flat_map(|target| &target.findings).filter(|one| one.waived.is_none());
    let of = |severity| open().filter(|one| one.finding.severity == severity).count() as u64;
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Unknown];
    let gaps = verdict.targets.iter().flat_map(|target| &target.gaps);
    TrendPoint {
        at: survey.at.clone(),
        functions: survey.functions.len() as u64,
        findings: severities.map(of),
        blocking: gaps.filter(|judged| JudgedGap::blocks(judged)).count() as u64,
        highest_risk: verdict.targets.iter().map(|target| target.risk.score).max().unwrap_or(0),
        new: compared.new.len() as u64,
        fixed: compared.fixed.len() as u64,
    }
}
