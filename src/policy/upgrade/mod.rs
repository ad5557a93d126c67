//! The upgrade plan: few upgrades that close what violates the policy.
//!
//! Per package the least release that closes most of it; where another major version closes more, both are told, and
//! the choice is left to whoever knows the code. It cannot know whether the code still works with a release, nor
//! releases that no advisory names.

mod open;
mod route;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Ecosystem, Package, PackageId, Remedy, Scan};
use crate::version::{admits, branch};

use super::Judged;
pub use open::StaysOpen;
use route::Routes;

/// One package to upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The package, as it is now.
    pub package: PackageId,
    /// The dependency of the function's own that brings it, or the package itself; `None` where no manifest tells what
    /// the function asks for.
    pub direct: Option<PackageId>,
    /// From `direct`, or from a package that no other one requires, to the package itself. Of more than
    /// [`LONGEST_PATH`] only the first and the last.
    pub path: Vec<PackageId>,
    /// The present version.
    pub from: String,
    /// The least release that closes so much.
    pub to: String,
    /// Fingerprints of what it closes, worst first, what the policy lets pass included.
    pub closes: Vec<String>,
    /// Whether the range that its requirer declares admits `to`; `None` where that is not known.
    pub admitted: Option<bool>,
}

/// Packages in a path. Real ones stay under twenty; a tree that was built to be deep must not make the plan its square.
pub const LONGEST_PATH: usize = 32;

impl Upgrade {
    /// Whether `to` may break what works: another major version, or another minor one before 1.0 in ecosystems whose
    /// ranges stop there.
    pub fn is_major(&self, ecosystem: Ecosystem) -> bool {
        !is_compatible(ecosystem, &self.from, &self.to)
    }
}

/// The plan of one target, the most closed first. `requires` are the ids of what each package requires, in the scan's
/// order; with `all`, findings count that violate nothing.
pub(super) fn plan(scan: &Scan, requires: &[Vec<PackageId>], findings: &[Judged], all: bool) -> Vec<Upgrade> {
    let open = |judged: &&Judged| judged.waived.is_none() && judged.finding.gates;
    let mut pressing: BTreeSet<&str> = BTreeSet::new();
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    for (rank, judged) in findings.iter().filter(open).enumerate() {
        ranks.insert(&judged.finding.fingerprint, rank);
        if judged.violates || all {
            pressing.insert(&judged.finding.fingerprint);
        }
    }
    let mut ladders: BTreeMap<&PackageId, Vec<&Remedy>> = BTreeMap::new();
    for remedy in &scan.remedies {
        ladders.entry(&remedy.package).or_default().push(remedy);
    }
    let count = |remedy: &Remedy| remedy.closes.iter().filter(|print| pressing.contains(print.as_str())).count();
    ladders.retain(|_, ladder| ladder.iter().any(|remedy| count(remedy) > 0));
    if ladders.is_empty() {
        return Vec::new();
    }

    let routes = Routes::new(&scan.packages, requires);
    let mut plan: Vec<(usize, Vec<Upgrade>)> = Vec::new();
    for (at, package) in scan.packages.iter().enumerate() {
        let id = package.id();
        let (Some(ladder), Some(from)) = (ladders.get(&id), &package.version) else { continue };
        let chosen = choose(package, from, ladder, count);
        let upgrade = |remedy: &&Remedy| {
            let mut closes: Vec<(usize, &String)> =
                remedy.closes.iter().filter_map(|print| Some((*ranks.get(print.as_str())?, print))).collect();
            closes.sort_unstable();
            Upgrade {
                package: id.clone(),
                direct: routes.direct(at),
                path: routes.path(at),
                from: from.clone(),
                to: remedy.version.clone(),
                closes: closes.into_iter().map(|(_, print)| print.clone()).collect(),
                admitted: routes.above(at).and_then(|above| admitted(above, package, &remedy.version)),
            }
        };
        let most = chosen.iter().map(|remedy| count(remedy)).max().unwrap_or(0);
        plan.push((most, chosen.iter().map(upgrade).collect()));
    }
    // Stable: packages that close as much stay in the order of their ids.
    plan.sort_by_key(|(most, upgrades)| Reverse((*most, upgrades.iter().map(|one| one.closes.len()).max())));
    plan.into_iter().flat_map(|(_, upgrades)| upgrades).collect()
}

/// Whether what requires a package admits a release of it. `None` where it declares nothing, or several things that
/// disagree: which of them counts depends on the machine.
fn admitted(above: &Package, package: &Package, release: &str) -> Option<bool> {
    let of_package =
        |name: &str| above.ecosystem == package.ecosystem && above.ecosystem.normalize(name) == package.key().1;
    let ranges = above.ranges.iter().filter(|(name, _)| of_package(name));
    let mut answers: Vec<Option<bool>> = ranges.map(|(_, range)| admits(above.ecosystem, range, release)).collect();
    answers.dedup();
    match answers.as_slice() {
        [answer] => *answer,
        _ => None,
    }
}

/// The least release of the same major version that closes most, and the least of all where that closes more.
fn choose<'a>(
    package: &Package,
    from: &str,
    ladder: &[&'a Remedy],
    count: impl Fn(&Remedy) -> usize,
) -> Vec<&'a Remedy> {
    // The last of equals is the least, since the ladder ascends.
    let best = |compatible: bool| {
        let fits = |remedy: &&&Remedy| !compatible || is_compatible(package.ecosystem, from, &remedy.version);
        let steps = ladder.iter().rev().filter(fits).copied();
        steps.max_by_key(|remedy| count(remedy)).filter(|remedy| count(remedy) > 0)
    };
    let (near, far) = (best(true), best(false));
    let far = far.filter(|far| near.is_none_or(|near| count(far) > count(near)));
    near.into_iter().chain(far).collect()
}

/// Whether a version is of the same major one. Before 1.0 the ranges of npm, Cargo and Composer take the minor number
/// for it (<https://github.com/npm/node-semver#caret-ranges-123-025-004>).
fn is_compatible(ecosystem: Ecosystem, from: &str, to: &str) -> bool {
    let ((from_major, from_minor), (to_major, to_minor)) = (branch(from), branch(to));
    let strict = matches!(ecosystem, Ecosystem::Npm | Ecosystem::CratesIo | Ecosystem::Packagist);
    from_major == to_major && (!strict || !from_major.is_empty() || from_minor == to_minor)
}
