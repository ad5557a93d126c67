//! Makes one list of packages of all that the extractors found in one artifact.
//!
//! 1. Claims say which files installed packages own.
//! 2. Lock files and manifests that an installed package ships speak of its author's machine and are dropped.
//! 3. Bundled scripts hold packages, whose versions the lock files know.
//! 4. First-party manifests say what is direct, and what is missing.
//! 5. SBOMs add what they name.
//! 6. Equal packages are merged (`merge`).
//!
//! It sees one artifact: whether a layer holds what the function's manifest asks for is known once those of all
//! artifacts are merged.

mod merge;
mod owners;
mod settle;
mod wants;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Claim, Found, LockedVersions, Owns, Sbom, Sink, bundle, folder_of, sbom_writer};
use crate::model::{Ecosystem, Evidence, Gap, Location, Package};

pub use merge::merge;
pub(super) use owners::PathMap;
pub use owners::{Owner, Owners};

/// What an artifact holds.
#[derive(Debug, Default)]
pub struct Joined {
    /// Sorted by ecosystem, name and version; one element for each.
    pub packages: Vec<Package>,
    /// The sink's gaps, in no order.
    pub gaps: Vec<Gap>,
    /// Who owns which files.
    pub owners: Owners,
    /// Compiled files that a manifest calls the project's own, and bundles of which every package has a name.
    pub own: HashSet<Location>,
}

/// Joins what was found in one artifact, the archives inside it included. `locked` tells versions of what is in bundles.
pub fn join(mut sink: Sink, locked: &LockedVersions) -> Joined {
    sink.settle();
    let Sink { mut found, claims, mut manifests, mut gaps, lock_gaps, sboms, own, mut bundles, .. } = sink;
    let mut own: HashSet<Location> = own.into_iter().collect();
    // The sink's order depends on the threads, that of the result must not: the strongest evidence comes first, and
    // gives a package its spelling.
    found.sort_by_cached_key(|item| {
        let package = &item.package;
        let place = package.locations.first().cloned();
        (package.evidence, place, item.unit.clone(), package.name.clone(), package.version.clone())
    });
    manifests.sort_by_cached_key(|manifest| manifest.location.clone());

    let owners = owners(&found, claims);
    let owned = |location: &Location| own.contains(location) || owners.owner_of(location).is_some();
    // An assembly that a package lists is that package, whatever it is called.
    let stands_alone = |item: &Found| item.package.evidence.is_physical() && !item.is_assembly();
    found.retain(|item| stands_alone(item) || !item.package.locations.iter().any(owned));
    manifests.retain(|manifest| !owned(&manifest.location));
    gaps.extend(lock_gaps.into_iter().filter(|gap| !owned(&gap.location)));
    bundles.retain(|testimony| !owned(&testimony.location));
    let mut bundles = {
        let own: BTreeSet<&str> = manifests.iter().filter_map(|manifest| manifest.name.as_deref()).collect();
        let archive = |location: &Location| (location.artifact, location.container().to_vec());
        let mut inside: HashMap<(usize, Vec<String>), LockedVersions> = HashMap::new();
        for item in found.iter().filter(|item| item.package.evidence == Evidence::Locked && !bundles.is_empty()) {
            if let Some(location) = item.package.locations.first() {
                inside.entry(archive(location)).or_default().add(item);
            }
        }
        let locks = |script: &Location| {
            let inside = inside.get(&archive(script));
            Some(locked).into_iter().chain(inside).filter(|lock| !lock.is_empty()).collect()
        };
        bundle::join(bundles, &own, locks)
    };
    found.append(&mut bundles.found);
    gaps.append(&mut bundles.gaps);
    own.extend(bundles.named);

    let installed = Installed::new(&found);
    let beside: Vec<bool> = found.iter().map(|item| installed.beside(&item.package)).collect();
    let answers = wants::answer(&manifests, &found, &installed);
    let declared: Vec<Package> = sboms.into_iter().flat_map(|sbom| declared(sbom, &owners, &installed)).collect();
    drop(installed);
    for ((item, beside), direct) in found.iter_mut().zip(beside).zip(answers.direct) {
        let is_foreign = |place| owners.owner_of(place).is_some_and(|owner| owner.ecosystem != item.package.ecosystem);
        item.package.compiled_in =
            item.package.evidence == Evidence::Binary && item.package.locations.iter().all(is_foreign);
        item.package.beside_installed = beside;
        item.package.direct = item.package.direct.or(direct);
    }
    let packages = merge(found.into_iter().map(|item| item.package).chain(answers.missing).chain(declared));
    Joined { packages, gaps, owners, own }
}

/// What an SBOM names. It stops a build where nothing better is known: where no package of its ecosystem is installed, and
/// for what a wheel's own SBOM says was compiled into it, such as Rust crates. A package's SBOM often lists what its
/// author's build needed.
fn declared(sbom: Sbom, owners: &Owners, installed: &Installed<'_>) -> Vec<Package> {
    let owner = owners.owner_of(&sbom.location);
    let of_wheel = sbom_writer::of_wheel(sbom.location.innermost());
    let mut packages = sbom.packages;
    for package in &mut packages {
        package.beside_installed = match owner {
            Some(owner) => !of_wheel || owner.ecosystem == package.ecosystem,
            None => installed.has_any(sbom.location.artifact, package.ecosystem),
        };
        package.compiled_in = of_wheel && owner.is_some_and(|owner| owner.ecosystem != package.ecosystem);
    }
    packages
}

/// Joins claims with the packages that make them, by archive and unit.
fn owners(found: &[Found], mut claims: Vec<Claim>) -> Owners {
    let mut owners = Owners::default();
    let mut units: HashMap<(Archive<'_>, &str), usize> = HashMap::new();
    for item in found.iter().filter(|item| item.package.evidence.is_physical()) {
        let package = &item.package;
        units.entry((Archive::of(package), &item.unit)).or_insert_with(|| {
            let (name, version) = (package.name.clone(), package.version.clone());
            owners.add(Owner { ecosystem: package.ecosystem, name, version, unit: item.unit.clone() })
        });
    }
    claims.sort_by(|a, b| (&a.location, &a.unit).cmp(&(&b.location, &b.unit)));
    for claim in claims {
        let Some(&owner) = units.get(&(Archive::at(&claim.location), claim.unit.as_str())) else { continue };
        match claim.owns {
            Owns::Folder(folder) => owners.claim_folder(&claim.location, folder, owner),
            Owns::Files(files) => owners.claim_files(&claim.location, files, owner),
        }
    }
    owners
}

/// A path in one of the archives of a target.
pub(super) type Place<'a> = (Archive<'a>, &'a str);

/// A path in the archive that holds an entry.
pub(super) fn place<'a>(entry: &'a Location, path: &'a str) -> Place<'a> {
    (Archive::at(entry), path)
}

/// The archive that something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Archive<'a> {
    artifact: usize,
    container: &'a [String],
}

impl<'a> Archive<'a> {
    /// The archive that holds an entry.
    pub fn at(location: &'a Location) -> Archive<'a> {
        Archive { artifact: location.artifact, container: location.container() }
    }

    /// The archive that holds a package, which comes from its extractor with one location.
    pub fn of(package: &'a Package) -> Archive<'a> {
        package.locations.first().map_or(Archive { artifact: 0, container: &[] }, Archive::at)
    }
}

/// Where packages are installed.
pub(super) struct Installed<'a> {
    /// Sorted.
    units: Vec<(Archive<'a>, Ecosystem, &'a str)>,
    /// Artifacts, and the ecosystems that they have packages of.
    ecosystems: HashSet<(usize, Ecosystem)>,
}

impl<'a> Installed<'a> {
    fn new(found: &'a [Found]) -> Installed<'a> {
        let mut units: Vec<_> = found
            .iter()
            .filter(|item| item.package.evidence == Evidence::Installed)
            .map(|item| (Archive::of(&item.package), item.package.ecosystem, item.unit.as_str()))
            .collect();
        units.sort_unstable();
        let ecosystems = units.iter().map(|(place, ecosystem, _)| (place.artifact, *ecosystem)).collect();
        Installed { units, ecosystems }
    }

    /// Whether a lock file or manifest has packages of its ecosystem at or beneath its own folder.
    pub fn has_beneath(&self, location: &Location, ecosystem: Ecosystem) -> bool {
        let place = Archive::at(location);
        let folder = folder_of(location.innermost());
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.units.partition_point(|unit| *unit < (place, ecosystem, prefix.as_str()));
        self.units.get(from).is_some_and(|unit| (unit.0, unit.1) == (place, ecosystem) && unit.2.starts_with(&prefix))
    }

    /// Whether an artifact has packages of an ecosystem.
    fn has_any(&self, artifact: usize, ecosystem: Ecosystem) -> bool {
        self.ecosystems.contains(&(artifact, ecosystem))
    }

    fn beside(&self, package: &Package) -> bool {
        matches!(package.evidence, Evidence::Locked | Evidence::Declared)
            && package.locations.iter().any(|location| self.has_beneath(location, package.ecosystem))
    }
}

#[cfg(test)]
mod tests;
