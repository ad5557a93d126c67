//! Makes one package of all that speaks of one: within an artifact, and then over all artifacts of a target.
//!
//! What has one ecosystem, name and version is one package: a lock file's entry that is installed is the installed
//! package, a second copy is a second place. Copies that no importer can reach stay apart.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::model::{Ecosystem, Evidence, Package};

/// Ecosystem, normalized name, version by [`version_key`], and whether no importer can reach it.
type Key = (Ecosystem, String, Option<String>, bool);

/// Merges equal packages: the strongest evidence gives the spelling, places and requirements are united.
///
/// The result is sorted by ecosystem, name and version, and does not depend on the order of the input.
pub fn merge(packages: impl IntoIterator<Item = Package>) -> Vec<Package> {
    let mut merged: BTreeMap<Key, Package> = BTreeMap::new();
    for package in packages {
        let (ecosystem, name) = package.key();
        let version = package.version.as_deref().map(|version| version_key(ecosystem, version));
        match merged.entry((ecosystem, name, version, package.shadowed)) {
            Entry::Vacant(entry) => {
                entry.insert(package);
            }
            Entry::Occupied(mut entry) => unite(entry.get_mut(), package),
        }
    }
    let unversioned: Vec<Key> = merged
        .iter()
        .filter(|(key, package)| key.2.is_none() && matches!(package.evidence, Evidence::Locked | Evidence::Declared))
        .map(|(key, _)| key.clone())
        .collect();
    for key in unversioned {
        explain(&mut merged, &key);
    }
    let mut packages: Vec<Package> = merged.into_values().collect();
    for package in &mut packages {
        // What names a package has a line, the package itself has none: what is there comes before what tells of it.
        package.locations.sort_unstable_by(|a, b| (a.span.is_some(), a).cmp(&(b.span.is_some(), b)));
        package.locations.dedup();
        package.embedded_in.sort_unstable();
        package.embedded_in.dedup();
        package.requires.sort_unstable();
        package.requires.dedup();
        package.ranges.sort_unstable();
        package.ranges.dedup();
    }
    packages
}

/// A lock file that knows only the repository of a package, or a manifest that knows only its name, means the copy that
/// is there, if there is just one. A name in a manifest is answered by several copies, too, only not by which.
fn explain(merged: &mut BTreeMap<Key, Package>, key: &Key) {
    let others = || {
        let same_name = merged.range(key.clone()..).take_while(|(other, _)| (other.0, &other.1) == (key.0, &key.1));
        same_name.filter(|(other, _)| *other != key)
    };
    let declared = merged.get(key).is_some_and(|package| package.evidence == Evidence::Declared);
    let mut copies = others().filter(|(other, package)| !other.3 && package.evidence.is_physical());
    let copy = copies.next().filter(|_| copies.next().is_none()).map(|(other, _)| other.clone());
    if copy.is_none() && !(declared && others().next().is_some()) {
        return;
    }
    let package = merged.remove(key);
    if let (Some(package), Some(copy)) = (package, copy.and_then(|copy| merged.get_mut(&copy))) {
        unite(copy, package);
    }
}

fn unite(into: &mut Package, mut other: Package) {
    if rank(&other) < rank(into) {
        std::mem::swap(into, &mut other);
    }
    // A manifest that asks for what is there is no place of it.
    if other.evidence != Evidence::Declared || into.evidence == Evidence::Declared {
        into.locations.append(&mut other.locations);
    }
    into.requires.append(&mut other.requires);
    into.ranges.append(&mut other.ranges);
    into.embedded_in.append(&mut other.embedded_in);
    into.direct = into.direct.max(other.direct);
    // Needed by production in one place is needed by production.
    into.dev = match (into.dev, other.dev) {
        (Some(a), Some(b)) => Some(a && b),
        (a, b) => a.or(b),
    };
    into.beside_installed &= other.beside_installed;
    into.compiled_in &= other.compiled_in;
}

/// What gives a package its spelling comes first; between equals the smaller one, so that their order does not matter.
fn rank(package: &Package) -> impl Ord + '_ {
    (package.evidence, package.locations.first(), &package.name, &package.version)
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
mod tests {
    use super::*;
    use crate::model::{Location, Span};

    fn package(evidence: Evidence, artifact: usize, version: Option<&str>) -> Package {
        let place = Location::artifact(artifact).child("x");
        Package::new(Ecosystem::Npm, "lodash", version.map(str::to_owned), evidence, place)
    }

    /// Version, evidence, direct and the number of places, the same for both orders of the input.
    fn merged(mut packages: Vec<Package>) -> Vec<(Option<String>, Evidence, Option<bool>, usize)> {
        let forward = merge(packages.clone());
        packages.reverse();
        assert_eq!(forward, merge(packages));
        forward.into_iter().map(|p| (p.version, p.evidence, p.direct, p.locations.len())).collect()
    }

    #[test]
    fn a_locked_package_that_is_installed_elsewhere_is_one_installed_package() {
        let mut locked = package(Evidence::Locked, 0, Some("v4.17.15"));
        locked.beside_installed = true;
        let both = vec![locked, package(Evidence::Installed, 1, Some("4.17.15"))];
        assert!(!merge(both.clone())[0].beside_installed);
        assert_eq!(merged(both), [(Some("4.17.15".to_owned()), Evidence::Installed, None, 2)]);
    }

    #[test]
    fn the_package_itself_comes_before_what_names_it() {
        let mut locked = package(Evidence::Locked, 0, Some("4.17.15"));
        locked.locations[0].span = Some(Span { offset: 0, length: 1, line: 7, column: 1 });
        let copies = [1, 2].map(|artifact| package(Evidence::Installed, artifact, Some("4.17.15")));
        let merged = merge([locked].into_iter().chain(copies));
        let artifacts: Vec<usize> = merged[0].locations.iter().map(|place| place.artifact).collect();
        assert_eq!(artifacts, [1, 2, 0]);
    }

    #[test]
    fn a_manifest_means_what_is_there() {
        let mut declared = package(Evidence::Declared, 0, None);
        declared.direct = Some(true);
        let [old, new] = ["4.17.15", "4.17.21"].map(|version| package(Evidence::Installed, 1, Some(version)));
        let version = |version: &str| Some(version.to_owned());
        assert_eq!(
            merged(vec![declared.clone(), old.clone()]),
            [(version("4.17.15"), Evidence::Installed, Some(true), 1)]
        );
        assert_eq!(
            merged(vec![declared.clone(), old.clone(), new.clone()]),
            [(version("4.17.15"), Evidence::Installed, None, 1), (version("4.17.21"), Evidence::Installed, None, 1)]
        );
        let hidden = Package { shadowed: true, ..old };
        assert_eq!(merged(vec![declared.clone(), hidden, new])[1].2, Some(true), "the copy that can be loaded");
        assert_eq!(merged(vec![declared]), [(None, Evidence::Declared, Some(true), 1)]);
    }

    #[test]
    fn versions_are_compared_without_their_spelling() {
        const NPM: Ecosystem = Ecosystem::Npm;
        const PYPI: Ecosystem = Ecosystem::PyPI;
        for (ecosystem, a, b) in [
            (NPM, "v1.0.0", "1.0.0"),
            (PYPI, "2021.05.30", "2021.5.30"),
            (PYPI, "1.0", "1.0.0"),
            (PYPI, "1.0RC1", "1.0rc1"),
        ] {
            assert_eq!(version_key(ecosystem, a), version_key(ecosystem, b));
        }
        for (ecosystem, a, b) in
            [(NPM, "1.0.0", "1.0"), (PYPI, "1.10", "1.1"), (PYPI, "10", "1"), (PYPI, "1.0rc1", "1.0")]
        {
            assert_ne!(version_key(ecosystem, a), version_key(ecosystem, b));
        }
    }
}
