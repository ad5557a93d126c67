//! Makes one list of packages of all that the extractors found in one artifact.
//!
//! 1. Claims say which files installed packages own.
//! 2. Lock files and manifests that an installed package ships speak of its author's machine and are dropped.
//! 3. First-party manifests say what is direct, and what is missing.
//! 4. What has one ecosystem, name and version is one package: a lock file's entry that is installed is the installed
//!    package, a second copy is a second location.
//!
//! It sees one artifact: that a layer holds what the function's manifest misses is for the caller to find.

use std::collections::{BTreeMap, HashMap};

use super::owners::{Owner, Owners};
use super::{Claim, Found, Owns, Sink, folder_of, wants};
use crate::model::{Ecosystem, Evidence, Gap, Location, Package};

/// What an artifact holds.
#[derive(Debug, Default)]
pub struct Joined {
    /// Sorted by ecosystem, name and version; one element for each.
    pub packages: Vec<Package>,
    /// The sink's gaps, and those of manifests that ask for what is not there. In no order.
    pub gaps: Vec<Gap>,
    /// Who owns which files.
    pub owners: Owners,
}

/// Joins what was found in one artifact, the archives inside it included.
pub fn join(mut sink: Sink) -> Joined {
    sink.settle();
    let Sink { mut found, claims, mut manifests, mut gaps, lock_gaps, hints: _ } = sink;
    // The sink's order depends on the threads, that of the result must not: the strongest evidence comes first, and
    // gives a package its spelling.
    found.sort_by_cached_key(|item| {
        let package = &item.package;
        let place = package.locations.first().cloned();
        (package.evidence, place, item.unit.clone(), package.name.clone(), package.version.clone())
    });
    manifests.sort_by_cached_key(|manifest| manifest.location.clone());

    let owners = owners(&found, claims);
    let owned = |location: &Location| owners.owner_of(location).is_some();
    found.retain(|item| item.package.evidence.is_physical() || !item.package.locations.iter().any(owned));
    manifests.retain(|manifest| !owned(&manifest.location));
    gaps.extend(lock_gaps.into_iter().filter(|gap| !owned(&gap.location)));

    let installed = Installed::new(&found);
    let beside: Vec<bool> = found.iter().map(|item| installed.beside(&item.package)).collect();
    let answers = wants::answer(&manifests, &found, &installed);
    drop(installed);
    for ((item, beside), direct) in found.iter_mut().zip(beside).zip(answers.direct) {
        item.package.beside_installed = beside;
        item.package.direct = item.package.direct.or(direct);
    }
    gaps.extend(answers.gaps);
    let packages = merge_all(found.into_iter().map(|item| item.package).chain(answers.missing));
    Joined { packages, gaps, owners }
}

/// Joins claims with the packages that make them, by archive and unit.
fn owners(found: &[Found], mut claims: Vec<Claim>) -> Owners {
    let mut owners = Owners::default();
    let mut units: HashMap<(Place<'_>, &str), usize> = HashMap::new();
    for item in found.iter().filter(|item| item.package.evidence.is_physical()) {
        let package = &item.package;
        units.entry((Place::of(package), &item.unit)).or_insert_with(|| {
            let (name, version) = (package.name.clone(), package.version.clone());
            owners.add(Owner { ecosystem: package.ecosystem, name, version, unit: item.unit.clone() })
        });
    }
    claims.sort_by(|a, b| (&a.location, &a.unit).cmp(&(&b.location, &b.unit)));
    for claim in claims {
        let Some(&owner) = units.get(&(Place::at(&claim.location), claim.unit.as_str())) else { continue };
        match claim.owns {
            Owns::Folder(folder) => owners.claim_folder(&claim.location, folder, owner),
            Owns::Files(files) => owners.claim_files(&claim.location, files, owner),
        }
    }
    owners
}

/// The archive that something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place<'a> {
    artifact: usize,
    container: &'a [String],
}

impl<'a> Place<'a> {
    /// The archive that holds an entry.
    pub fn at(location: &'a Location) -> Place<'a> {
        Place { artifact: location.artifact, container: location.container() }
    }

    /// The archive that holds a package, which comes from its extractor with one location.
    pub fn of(package: &'a Package) -> Place<'a> {
        package.locations.first().map_or(Place { artifact: 0, container: &[] }, Place::at)
    }
}

/// Where packages are installed.
pub(super) struct Installed<'a>(Vec<(Place<'a>, Ecosystem, &'a str)>);

impl<'a> Installed<'a> {
    fn new(found: &'a [Found]) -> Installed<'a> {
        let mut units: Vec<_> = found
            .iter()
            .filter(|item| item.package.evidence == Evidence::Installed)
            .map(|item| (Place::of(&item.package), item.package.ecosystem, item.unit.as_str()))
            .collect();
        units.sort_unstable();
        Installed(units)
    }

    /// Whether a lock file or manifest has packages of its ecosystem at or beneath its own folder.
    pub fn has_beneath(&self, location: &Location, ecosystem: Ecosystem) -> bool {
        let place = Place::at(location);
        let folder = folder_of(location.innermost());
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.0.partition_point(|unit| *unit < (place, ecosystem, prefix.as_str()));
        self.0.get(from).is_some_and(|unit| (unit.0, unit.1) == (place, ecosystem) && unit.2.starts_with(&prefix))
    }

    fn beside(&self, package: &Package) -> bool {
        !package.evidence.is_physical()
            && package.locations.iter().any(|location| self.has_beneath(location, package.ecosystem))
    }
}

type Key = (Ecosystem, String, Option<String>);

fn merge_all(packages: impl Iterator<Item = Package>) -> Vec<Package> {
    let mut merged: BTreeMap<Key, Package> = BTreeMap::new();
    for package in packages {
        let (ecosystem, name) = package.key();
        let version = package.version.as_deref().map(|version| version_key(ecosystem, version));
        match merged.entry((ecosystem, name, version)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(package);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => merge(entry.get_mut(), package),
        }
    }
    // A lock file that knows only the repository of a package means the copy that is installed, if there is just one.
    let unversioned: Vec<Key> = merged
        .iter()
        .filter(|((_, _, version), package)| version.is_none() && !package.evidence.is_physical())
        .map(|(key, _)| key.clone())
        .collect();
    for key in unversioned {
        let same_name = merged.range(key.clone()..).take_while(|(other, _)| (other.0, &other.1) == (key.0, &key.1));
        let mut copies = same_name.filter(|(_, package)| package.evidence.is_physical()).map(|(key, _)| key.clone());
        if let (Some(copy), None) = (copies.next(), copies.next())
            && let Some(package) = merged.remove(&key)
            && let Some(installed) = merged.get_mut(&copy)
        {
            merge(installed, package);
        }
    }
    let mut packages: Vec<Package> = merged.into_values().collect();
    for package in &mut packages {
        package.locations.sort_unstable();
        package.locations.dedup();
        package.requires.sort_unstable();
        package.requires.dedup();
    }
    packages
}

fn merge(into: &mut Package, mut other: Package) {
    into.evidence = into.evidence.min(other.evidence);
    into.locations.append(&mut other.locations);
    into.requires.append(&mut other.requires);
    into.direct = match (into.direct, other.direct) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    into.dev = match (into.dev, other.dev) {
        (Some(a), Some(b)) => Some(a && b),
        (a, b) => a.or(b),
    };
    into.beside_installed &= other.beside_installed;
}

/// What two spellings of one version have in common, as far as lock files and installed packages spell it differently:
/// `v1.0.0` for npm, leading zeros and trailing `.0` for PyPI. Not an order: that is for `version`.
pub(super) fn version_key(ecosystem: Ecosystem, version: &str) -> String {
    let version = version.trim();
    match ecosystem {
        Ecosystem::Npm => version.trim_start_matches(['=', 'v']).to_owned(),
        Ecosystem::PyPI => {
            let version = version.to_ascii_lowercase();
            let version = version.trim_start_matches('v');
            let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
            let (release, rest) = version.split_at(end);
            let mut parts: Vec<&str> = release.split('.').map(|part| part.trim_start_matches('0')).collect();
            while parts.len() > 1 && parts.last() == Some(&"") && rest.is_empty() {
                parts.pop();
            }
            parts.join(".") + rest
        }
        _ => version.to_owned(),
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
