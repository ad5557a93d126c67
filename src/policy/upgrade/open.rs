//! What the plan leaves: findings that stay open once all of its upgrades are made, and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Ecosystem, Finding, FindingKind, PackageId};

use super::super::{Judged, Target};

/// What the plans of some targets close and leave, of what violates; where nothing does, of all that may count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaysOpen {
    /// Findings that the plans are for.
    pub pressing: usize,
    /// Those of them that an upgrade closes.
    pub closed: usize,
    /// Those of the closed ones that only another major version closes.
    pub by_major: usize,
    /// How many stay open, by the reason in words.
    pub why: BTreeMap<&'static str, usize>,
    violates: bool,
}

impl StaysOpen {
    /// Of all targets together.
    pub fn of(targets: &[Target]) -> StaysOpen {
        let violates = targets.iter().flat_map(|target| &target.findings).any(|judged| judged.violates);
        let mut open = StaysOpen { violates, ..StaysOpen::default() };
        targets.iter().for_each(|target| open.add(target));
        open
    }

    fn add(&mut self, target: &Target) {
        let ecosystems: BTreeMap<PackageId, Ecosystem> =
            target.scan.packages.iter().map(|package| (package.id(), package.ecosystem)).collect();
        let (mut near, mut far): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
        for upgrade in &target.upgrades {
            let is_major = ecosystems.get(&upgrade.package).is_some_and(|ecosystem| upgrade.is_major(*ecosystem));
            let closed = if is_major { &mut far } else { &mut near };
            closed.extend(upgrade.closes.iter().map(String::as_str));
        }
        let violates = self.violates;
        let counts = |one: &&Judged| if violates { one.violates } else { one.waived.is_none() && one.finding.gates };
        for judged in target.findings.iter().filter(counts) {
            let print = judged.finding.fingerprint.as_str();
            self.pressing += 1;
            if near.contains(print) {
                self.closed += 1;
            } else if far.contains(print) {
                self.closed += 1;
                self.by_major += 1;
            } else {
                *self.why.entry(why(&judged.finding)).or_default() += 1;
            }
        }
    }

    /// For people: `The plan closes 9 of 12 findings that violate, 2 of them only by another major version; 3 stay open:
    /// no fix known 2, secrets 1.`.
    pub fn sentence(&self) -> String {
        let what = if self.violates { " that violate" } else { "" };
        let mut text = match (self.closed, self.pressing) {
            (closed, all) if closed < all => format!("The plan closes {closed} of {all} findings{what}"),
            (_, 1) => "The plan closes the one finding".to_owned(),
            (_, all) => format!("The plan closes all {all} findings{what}"),
        };
        if self.by_major > 0 {
            text.push_str(&format!(", {} of them only by another major version", self.by_major));
        }
        let left: usize = self.why.values().sum();
        if left > 0 {
            let each: Vec<String> = self.why.iter().map(|(why, count)| format!("{why} {count}")).collect();
            let stay = if left == 1 { "stays" } else { "stay" };
            text.push_str(&format!("; {left} {stay} open: {}", each.join(", ")));
        }
        text + "."
    }
}

/// Why no upgrade of the plan closes a finding.
fn why(finding: &Finding) -> &'static str {
    match finding.kind {
        FindingKind::Malicious => "malware to remove",
        FindingKind::Secret => "secrets",
        FindingKind::Integrity => "changed files",
        FindingKind::Runtime => "the runtime",
        FindingKind::Posture => "configuration",
        FindingKind::Code => "own code",
        FindingKind::Vulnerability | FindingKind::Informational if finding.fixed.is_empty() => "no fix known",
        FindingKind::Vulnerability | FindingKind::Informational => "no finished release that brings no other flaw",
    }
}
