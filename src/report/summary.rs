//! The figures that every format shows, counted once so that no two formats disagree.

use super::words::{count, plural};
use crate::model::{DatabaseOrigin, Level, Severity};
use crate::policy::{Judged, State, Verdict};

/// Counts over all targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings that nobody waived, by severity in the order of [`Severity::WORST_FIRST`].
    pub worst_first: [usize; 5],
    /// Those that are new and those that were there before; `None` without a baseline.
    pub new_existing: Option<(usize, usize)>,
    /// Findings that somebody waived.
    pub waived: usize,
    /// Findings that are not waived and can stop no build.
    pub beside: usize,
    /// Blocking gaps, accepted ones left out.
    pub blocking: usize,
    /// Blocking gaps that the policy accepts.
    pub accepted: usize,
    /// Gaps that are notes.
    pub notes: usize,
}

impl Summary {
    /// Counts a verdict.
    pub fn of(verdict: &Verdict) -> Summary {
        let mut summary = Summary { new_existing: compares(verdict).then_some((0, 0)), ..Summary::default() };
        for target in &verdict.targets {
            for judged in &target.findings {
                summary.add(judged);
            }
            for judged in &target.gaps {
                match judged.gap.level {
                    Level::Note => summary.notes += 1,
                    Level::Blocking if judged.accepted.is_some() => summary.accepted += 1,
                    Level::Blocking => summary.blocking += 1,
                }
            }
        }
        summary
    }

    fn add(&mut self, judged: &Judged) {
        if judged.waived.is_some() {
            self.waived += 1;
            return;
        }
        if let Some((new, existing)) = &mut self.new_existing {
            *(if judged.state == State::New { new } else { existing }) += 1;
        }
        if !judged.finding.gates {
            self.beside += 1;
        }
        for (severity, count) in Severity::WORST_FIRST.iter().zip(&mut self.worst_first) {
            *count += usize::from(*severity == judged.finding.severity);
        }
    }

    /// `3 new, 14 existing`, where a baseline was given.
    pub fn states(&self) -> Option<String> {
        let (new, existing) = self.new_existing?;
        Some(format!("{} new, {} existing", count(new as u64), count(existing as u64)))
    }

    /// Findings that nobody waived, worst first.
    pub fn severities(&self) -> impl Iterator<Item = (Severity, usize)> + '_ {
        Severity::WORST_FIRST.into_iter().zip(self.worst_first)
    }
}

/// Whether findings were compared with older ones. A saved result says so only by findings that were there before.
pub fn compares(verdict: &Verdict) -> bool {
    let mut findings = verdict.targets.iter().flat_map(|target| &target.findings);
    verdict.settings.baseline.is_some() || findings.any(|judged| judged.state == State::Existing)
}

/// One line: where the advisories come from, how old they are, and what to do where that is not enough.
pub fn advisories(verdict: &Verdict) -> String {
    let database = &verdict.database;
    let run = verdict.run.as_ref();
    let origin = match database.origin {
        DatabaseOrigin::Seed => "the built-in seed",
        DatabaseOrigin::Cache => "the local cache",
        DatabaseOrigin::Bundle => "a signed bundle",
        DatabaseOrigin::Api => "the OSV service",
    };
    let day = database.built_at.split('T').next().unwrap_or_default();
    let mut text = format!("{origin}, {} of {day}", plural(database.records, "advisory", "advisories"));
    if let Some(days) = run.and_then(|run| run.advisories_age_days) {
        text.push_str(&format!(" ({} old)", plural(days, "day", "days")));
    }
    if database.origin == DatabaseOrigin::Seed {
        text.push_str("; get the full database with 'tidewaiter db sync'");
    } else if run.is_some_and(|run| run.stale) {
        text.push_str("; older than allowed, renew it with 'tidewaiter db sync'");
    }
    text
}
