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

/// The packages of one name that have a version.
pub struct Named<'a> {
    /// Ecosystem and normalized name.
    key: (Ecosystem, Cow<'a, str>),
    packages: Vec<(Place, &'a Package)>,
}

/// What is said of one package.
pub struct Said {
    pub(super) place: Place,
    pub(super) what: Matched,
}

/// The packages of all targets, by name; names in order.
pub fn by_name<'a>(targets: impl IntoIterator<Item = &'a [Package]>) -> Vec<Named<'a>> {
    let mut names: HashMap<(Ecosystem, Cow<'a, str>), Vec<(Place, &'a Package)>> = HashMap::new();
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
