//! Entries for systems that keep findings between runs and are told of each what became of it: Security Hub, a lake of
//! OCSF events. What was found opens an entry, what a sweep no longer finds closes one, and each target has one that says
//! what of it could not be seen, so that silence is not taken for health.

use std::collections::HashMap;

use super::deployed::Deployed;
use super::facts::{few_gaps, gap_line, uuid};
use crate::model::{Change, FindingKind, Severity, TargetKind, fingerprint};
use crate::policy::{Judged, JudgedGap, Target, Verdict};

/// One entry.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    /// A finding that is there.
    Found(&'a Judged),
    /// One that is there no longer.
    Fixed(&'a Change),
    /// What of the target was not seen.
    Coverage,
}

/// An entry with where it belongs.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub entry: Entry<'a>,
    /// `None` where a fixed finding's function is not among the targets.
    pub target: Option<&'a Target>,
    /// The target's id.
    pub id: &'a str,
    pub deployed: Deployed<'a>,
}

/// All entries of a verdict, by target, closed ones last.
pub fn lines(verdict: &Verdict) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for target in &verdict.targets {
        // A place has no configuration; what its id begins with tells account and region.
        let is_place = target.scan.kind == TargetKind::Place;
        let deployed = if is_place { Deployed::named(&target.scan.id) } else { Deployed::of(&target.scan.config) };
        let line = |entry| Line { entry, target: Some(target), id: &target.scan.id, deployed };
        lines.push(line(Entry::Coverage));
        lines.extend(target.findings.iter().map(|judged| line(Entry::Found(judged))));
    }
    let targets: HashMap<&str, &Target> = verdict.targets.iter().map(|one| (one.scan.id.as_str(), one)).collect();
    for change in verdict.sweep.iter().flat_map(|sweep| &sweep.fixed) {
        let (id, target) = (change.target.as_str(), targets.get(change.target.as_str()).copied());
        let deployed = target.map_or_else(|| Deployed::named(id), |target| Deployed::of(&target.scan.config));
        lines.push(Line { entry: Entry::Fixed(change), target, id, deployed });
    }
    lines
}

impl<'a> Line<'a> {
    /// Stable over runs, and another one for the same flaw in another function.
    pub fn uid(&self) -> String {
        let what = match self.entry {
            Entry::Found(judged) => &judged.finding.fingerprint,
            Entry::Fixed(change) => &change.fingerprint,
            Entry::Coverage => "coverage",
        };
        uuid(&fingerprint(&["entry", self.id, what]))
    }

    /// Whether it speaks of a function at AWS, and not of a place there.
    pub fn is_lambda(&self) -> bool {
        let is_place = self.target.is_some_and(|target| target.scan.kind == TargetKind::Place);
        self.deployed.provider == Some("aws") && !is_place
    }

    /// For people.
    pub fn name(&self) -> &'a str {
        self.target.map_or(self.id, |target| &target.scan.name)
    }

    /// What a finding speaks of; `None` of coverage.
    pub fn kind(&self) -> Option<FindingKind> {
        match self.entry {
            Entry::Found(judged) => Some(judged.finding.kind),
            Entry::Fixed(change) => Some(change.kind),
            Entry::Coverage => None,
        }
    }

    /// The advisory's, the rule's or the check's id.
    pub fn rule(&self) -> &'a str {
        match self.entry {
            Entry::Found(judged) => &judged.finding.id,
            Entry::Fixed(change) => &change.id,
            Entry::Coverage => "coverage",
        }
    }

    /// How bad it is; malware's records seldom have a severity and need none.
    pub fn severity(&self) -> Severity {
        match (self.entry, self.kind()) {
            (_, Some(FindingKind::Malicious)) => Severity::Critical,
            (Entry::Found(judged), _) => judged.finding.severity,
            (Entry::Fixed(change), _) => change.severity,
            (Entry::Coverage, _) if self.blocking() > 0 => Severity::Medium,
            (Entry::Coverage, _) => Severity::Low,
        }
    }

    /// Gaps of the target that block.
    pub fn blocking(&self) -> usize {
        self.target.map_or(0, |target| target.gaps.iter().filter(|judged| judged.blocks()).count())
    }

    /// Lines about the target's gaps, at most so many of one kind and level, and then what is left out.
    pub fn unseen(&self, most: usize) -> Vec<String> {
        let Some(target) = self.target else { return Vec::new() };
        let (shown, rest) = few_gaps(&target.gaps, most);
        let line = |judged: &JudgedGap| gap_line(&judged.gap, &target.scan.artifacts);
        shown.into_iter().map(line).chain(rest).collect()
    }
}
