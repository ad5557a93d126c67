//! Packages of many targets by their name: one look-up answers for all that have it.
//!
//! The names can be held against the database one by one and in any order, on as many threads as there are: what is said
//! of a package bears its place, and [`gather`] puts it there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use super::affects::Record;
use super::{Matched, match_version, unanswered};
use crate::model::{Advisory, Ecosystem, Package};
use crate::version;

/// Where a package stands: the number of its target, and its own there.
pub(super) type Place = (usize, usize);

/// Ecosystem and normalized name.
type Key<'a> = (Ecosystem, Cow<'a, str>);
/// A package and where it stands.
pub(super) type Placed<'a> = (Place, &'a Package);

/// The packages of one name that have a version.
pub struct Named<'a> {
    key: Key<'a>,
    packages: Vec<Placed<'a>>,
}

/// What is said of one package.
pub struct Said {
    pub(super) place: Place,
    pub(super) what: Matched,
}

/// The packages of all targets, by name; names in order.
pub fn by_name<'a>(targets: impl IntoIterator<Item = &'a [Package]>) -> Vec<Named<'a>> {
    let mut names: HashMap<Key<'a>, Vec<Placed<'a>>> = HashMap::new();
    for (target, packages) in targets.into_iter().enumerate() {
        for (at, package) in packages.iter().enumerate().filter(|(_, package)| package.version.is_some()) {
            let key = (package.ecosystem, package.ecosystem.normalize(&package.name));
            names.entry(key).or_default().push(((target, at), package));
        }
    }
    let mut names: Vec<Named> = names.into_iter().map(|(key, packages)| Named { key, packages }).collect();
    names.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    names
}

impl Named<'_> {
    /// Holds the packages against the records that `lookup` gives for their ecosystem and normalized name: one look-up,
    /// and each version is compared once.
    pub fn held_against<E: Display>(
        self,
        lookup: impl FnOnce(Ecosystem, &str) -> Result<Vec<Advisory>, E>,
    ) -> Vec<Said> {
        let Named { key: (ecosystem, name), mut packages } = self;
        let advisories = match lookup(ecosystem, &name) {
            Ok(advisories) => advisories,
            Err(error) => {
                let said = |(place, package)| Said {
                    place,
                    what: Matched { gaps: vec![unanswered(package, &error)], ..Matched::default() },
                };
                return packages.into_iter().map(said).collect();
            }
        };
        let live = advisories.iter().filter(|advisory| advisory.withdrawn.is_none());
        let key = (ecosystem, name.into_owned());
        let records: Vec<Record> = live.map(|one| Record::read(one, &key, version::order(ecosystem))).collect();
        let mut said = Vec::new();
        if !records.is_empty() {
            packages.sort_by_key(|&(place, package)| (package.version.as_deref(), place));
            for alike in packages.chunk_by(|(_, a), (_, b)| a.version == b.version) {
                match_version(alike, &records, &mut said);
            }
        }
        said
    }
}

/// What is said of each of so many targets, in the order of its packages.
pub fn gather(targets: usize, mut said: Vec<Said>) -> Vec<Matched> {
    said.sort_unstable_by_key(|said| said.place);
    let mut all: Vec<Matched> = (0..targets).map(|_| Matched::default()).collect();
    for Said { place: (target, _), mut what } in said {
        all[target].findings.append(&mut what.findings);
        all[target].gaps.append(&mut what.gaps);
        all[target].remedies.append(&mut what.remedies);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use super::super::invented::{fixed_in, package};
    use super::super::match_packages;
    use super::*;

    /// Flawed below 2, and badly so below 1.5.
    fn records(_: Ecosystem, name: &str) -> Result<Vec<Advisory>, Infallible> {
        let one = |id: &str, fixed| {
            let mut record = fixed_in(&format!("X-{name}-{id}"), &[("0", fixed)]);
            record.affected.iter_mut().for_each(|affected| affected.name = name.to_owned());
            record
        };
        Ok(if name == "sound" { Vec::new() } else { vec![one("1", "2.0.0"), one("2", "1.5.0")] })
    }

    /// Targets that share names and versions, in another order each.
    fn fleet() -> Vec<Vec<Package>> {
        let versions = ["1.0.0", "1.7.0", "2.0.0", "not-a-version"];
        let of = |target: usize| {
            let named = |(at, name): (usize, &&str)| package(name, versions[(target + at) % versions.len()]);
            let mut packages: Vec<Package> = ["common", "other", "sound"].iter().enumerate().map(named).collect();
            packages.push(package(&format!("own-{}", target / 2), "1.0.0"));
            packages.rotate_left(target % 3);
            packages
        };
        (0..12).map(of).collect()
    }

    fn together(
        fleet: &[Vec<Package>],
        lookup: impl Fn(Ecosystem, &str) -> Result<Vec<Advisory>, Infallible>,
    ) -> Vec<Matched> {
        let names = by_name(fleet.iter().map(Vec::as_slice));
        // Backwards, as threads may well do.
        let said = names.into_iter().rev().flat_map(|named| named.held_against(&lookup)).collect();
        gather(fleet.len(), said)
    }

    #[test]
    fn each_target_is_told_what_it_would_be_alone() {
        let fleet = fleet();
        let alone: Vec<Matched> = fleet.iter().map(|packages| match_packages(packages, records)).collect();
        assert!(alone.iter().all(|matched| !matched.findings.is_empty()));
        assert!(alone.iter().any(|matched| !matched.gaps.is_empty() && !matched.remedies.is_empty()));
        assert_eq!(together(&fleet, records), alone);
    }

    #[test]
    fn a_name_is_looked_up_once_however_many_targets_have_it() {
        let asked = RefCell::new(Vec::new());
        together(&fleet(), |ecosystem, name| {
            asked.borrow_mut().push(name.to_owned());
            records(ecosystem, name)
        });
        let own = (0..6).rev().map(|number| format!("own-{number}"));
        let expected: Vec<String> =
            ["sound".to_owned()].into_iter().chain(own).chain(["other", "common"].map(str::to_owned)).collect();
        assert_eq!(*asked.borrow(), expected);
    }
}
