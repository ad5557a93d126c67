//! What lowers a score most: the one thing to do after which the terms add up to the least.

use std::collections::BTreeSet;

use crate::model::{Finding, FindingKind, Grade};
use crate::policy::Upgrade;

use super::{Facts, Risk, RiskWeights, risk, sum};

/// One thing to do, and what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowers {
    /// What to do.
    pub what: String,
    /// Points that it takes from the sum of the terms, which may be more than 100.
    pub points: u32,
    /// The score that remains.
    pub score: u8,
}

impl Lowers {
    /// For people: `27 points less: then 43 of 100`.
    pub fn effect(&self) -> String {
        match self.score {
            // What is taken off a sum that stays over 100 is not seen in the score.
            100 => format!("{} points less of a sum that stays over 100", self.points),
            score => format!("{} points less: then {score} of 100", self.points),
        }
    }
}

/// Whether something that is done closes a finding.
type Closes<'a> = &'a dyn Fn(&Finding) -> bool;

/// Tries every thing to do, as people do them: all of a kind at once.
pub(crate) fn lowers(facts: &Facts<'_>, now: &Risk, upgrades: &[Upgrade], weights: &RiskWeights) -> Option<Lowers> {
    let closed: BTreeSet<&str> = upgrades.iter().flat_map(|one| &one.closes).map(String::as_str).collect();
    let of = |kind| move |finding: &Finding| finding.kind == kind;
    let upgraded = |finding: &Finding| closed.contains(finding.fingerprint.as_str());
    let actions: [(&str, Closes<'_>); 5] = [
        ("remove the malicious packages", &of(FindingKind::Malicious)),
        ("make the upgrades of the plan", &upgraded),
        ("revoke the secrets and take them out", &of(FindingKind::Secret)),
        ("install anew what differs from its package", &of(FindingKind::Integrity)),
        ("move to a runtime that is still mended", &of(FindingKind::Runtime)),
    ];
    let seen = Facts { findings: facts.findings.clone(), blocking: 0, grade: Grade::Complete };
    let mended = actions.iter().map(|(what, closes)| {
        let left = facts.findings.iter().copied().filter(|finding| !closes(finding)).collect();
        (*what, Facts { findings: left, blocking: facts.blocking, grade: facts.grade })
    });
    // Where nothing was seen and no gap says why, as in an empty archive, there is none to close.
    let seen = (facts.blocking > 0).then_some(("close the gaps that block", seen));
    let outcomes = mended.chain(seen).map(|(what, facts)| {
        let then = risk(&facts, weights);
        let points = sum(&now.terms).saturating_sub(sum(&then.terms));
        Lowers { what: what.to_owned(), points, score: then.score }
    });
    // The first of equals: the order above is that of urgency.
    outcomes.filter(|one| one.points > 0).reduce(|best, next| if next.points > best.points { next } else { best })
}
