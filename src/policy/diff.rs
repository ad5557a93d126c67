//! Two verdicts compared: what came and what went.
//!
//! Findings are the same by fingerprint. One whose package only changed its version has another fingerprint and is
//! still the same flaw, so within a target what is left over is paired by kind, id and package once more. Targets are
//! the same by id; two results of one target each are always compared, since what is built often bears its version in
//! its name.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Ecosystem, FindingKind, Gap, GapKind, Level, parse_purl};

use super::{Exit, Judged, JudgedGap, Target, Verdict};

/// What came and went.
#[derive(Clone, Debug)]
pub struct Diff<'a> {
    /// Those of the new result in its order, then those that are gone.
    pub targets: Vec<TargetDiff<'a>>,
    /// As for a scan, of what is new: [`Exit::Violated`] where a new finding violates, [`Exit::Incomplete`] where a new
    /// gap blocks or coverage fell below what is required.
    pub exit: Exit,
}

/// What came and went in one target.
#[derive(Clone, Debug)]
pub struct TargetDiff<'a> {
    /// As it was; `None` for a new target.
    pub old: Option<&'a Target>,
    /// As it is; `None` for one that is gone.
    pub new: Option<&'a Target>,
    /// Findings that came, worst first.
    pub came: Vec<&'a Judged>,
    /// Findings that went, worst first.
    pub went: Vec<&'a Judged>,
    /// Findings that stayed.
    pub stayed: usize,
    /// Packages with other versions than before, by ecosystem and name.
    pub packages: Vec<PackageDiff>,
    /// Gaps that came.
    pub gaps_came: Vec<&'a JudgedGap>,
    /// Gaps that went.
    pub gaps_went: Vec<&'a JudgedGap>,
    /// Coverage fell below what is required.
    pub fell_short: bool,
}

/// A package whose versions changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageDiff {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its normalized name.
    pub name: String,
    /// Versions before, sorted as text; an unknown one is left out. Empty with `is_added`.
    pub old: Vec<String>,
    /// Versions now.
    pub new: Vec<String>,
    /// It was not there before.
    pub is_added: bool,
    /// It is not there any more.
    pub is_removed: bool,
}

impl<'a> TargetDiff<'a> {
    /// The target as it is, or as it was.
    pub fn target(&self) -> &'a Target {
        self.new.or(self.old).expect("one of both made this")
    }

    /// Nothing came, went or changed.
    pub fn is_same(&self) -> bool {
        let score = |target: Option<&Target>| target.map(|target| (target.risk.score, target.scan.coverage.grade));
        self.came.is_empty()
            && self.went.is_empty()
            && self.packages.is_empty()
            && self.gaps_came.is_empty()
            && self.gaps_went.is_empty()
            && score(self.old) == score(self.new)
    }
}

/// Compares two results.
pub fn diff<'a>(old: &'a Verdict, new: &'a Verdict) -> Diff<'a> {
    let mut targets = Vec::new();
    if let ([before], [after]) = (old.targets.as_slice(), new.targets.as_slice()) {
        targets.push(compare(Some(before), Some(after), new));
    } else {
        let mut before: BTreeMap<&str, &Target> = BTreeMap::new();
        for target in &old.targets {
            before.insert(&target.scan.id, target);
        }
        for target in &new.targets {
            targets.push(compare(before.remove(target.scan.id.as_str()), Some(target), new));
        }
        let gone = old.targets.iter().filter(|target| before.contains_key(target.scan.id.as_str()));
        targets.extend(gone.map(|target| compare(Some(target), None, new)));
    }
    let violated = targets.iter().flat_map(|target| &target.came).any(|judged| judged.violates);
    let blocked = targets.iter().any(|t| t.fell_short || t.gaps_came.iter().any(|judged| judged.blocks()));
    let exit = match (violated, blocked) {
        (true, _) => Exit::Violated,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Clean,
    };
    Diff { targets, exit }
}

fn compare<'a>(old: Option<&'a Target>, new: Option<&'a Target>, verdict: &Verdict) -> TargetDiff<'a> {
    let findings = |target: Option<&'a Target>| target.map_or(&[][..], |target| target.findings.as_slice());
    let (went, came, mut stayed) = pair(findings(old), findings(new), |judged| Some(&judged.finding.fingerprint));
    let (went, came, moved) = pair(went, came, |judged| flaw(judged));
    stayed += moved;
    let gaps = |target: Option<&'a Target>| target.map_or(&[][..], |target| target.gaps.as_slice());
    let (gaps_went, gaps_came, _) = pair(gaps(old), gaps(new), |judged| Some(gap_key(&judged.gap)));
    let short = |target: &Target| target.scan.coverage.grade < verdict.settings.require_coverage;
    let fell_short = new.is_some_and(short) && !old.is_some_and(short);
    TargetDiff { old, new, came, went, stayed, packages: packages(old, new), gaps_came, gaps_went, fell_short }
}

/// Takes away what is on both sides: what is left of the old, what is left of the new, how many are on both. What has
/// no key is on neither.
fn pair<'a, T: 'a, K: Ord>(
    old: impl IntoIterator<Item = &'a T>,
    new: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&'a T) -> Option<K>,
) -> (Vec<&'a T>, Vec<&'a T>, usize) {
    let old: Vec<&T> = old.into_iter().collect();
    let mut waiting: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    // The last goes in first, so that the first comes out first.
    for (at, item) in old.iter().enumerate().rev() {
        if let Some(key) = key(item) {
            waiting.entry(key).or_default().push(at);
        }
    }
    let mut paired = BTreeSet::new();
    let came = new.into_iter().filter(|item| {
        let before = key(item).and_then(|key| waiting.get_mut(&key)?.pop());
        before.is_none_or(|at| !paired.insert(at))
    });
    let came: Vec<&T> = came.collect();
    let went = old.iter().enumerate().filter(|(at, _)| !paired.contains(at)).map(|(_, item)| *item).collect();
    (went, came, paired.len())
}

/// A flaw of a package, whatever the version.
fn flaw(judged: &Judged) -> Option<(FindingKind, &str, Ecosystem, String)> {
    let (ecosystem, name, _) = parse_purl(judged.finding.purl.as_deref()?)?;
    let of_package =
        matches!(judged.finding.kind, FindingKind::Vulnerability | FindingKind::Malicious | FindingKind::Informational);
    of_package.then_some((judged.finding.kind, judged.finding.id.as_str(), ecosystem, name))
}

/// Not the detail, which may tell of days.
fn gap_key(gap: &Gap) -> (Level, GapKind, usize, &[String], &str) {
    (gap.level, gap.kind, gap.location.artifact, &gap.location.path, &gap.by)
}

fn packages(old: Option<&Target>, new: Option<&Target>) -> Vec<PackageDiff> {
    type Versions<'a> = BTreeSet<Option<&'a str>>;
    let mut all: BTreeMap<(Ecosystem, String), [Versions<'_>; 2]> = BTreeMap::new();
    for (side, target) in [old, new].into_iter().enumerate() {
        for package in target.iter().flat_map(|target| &target.scan.packages) {
            all.entry(package.key()).or_default()[side].insert(package.version.as_deref());
        }
    }
    let texts = |versions: &Versions<'_>| versions.iter().flatten().map(|version| (*version).to_owned()).collect();
    all.into_iter()
        .filter(|(_, [old, new])| old != new)
        .map(|((ecosystem, name), [old, new])| PackageDiff {
            ecosystem,
            name,
            is_added: old.is_empty(),
            is_removed: new.is_empty(),
            old: texts(&old),
            new: texts(&new),
        })
        .collect()
}
