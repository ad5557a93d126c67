//! Answers first-party manifests: what they ask for is direct, and what nothing installed or locked gives is missing.
//!
//! Which installed copy a name means follows Node for npm: the nearest `node_modules` upwards. Where links were not
//! packed (pnpm) and in other ecosystems the name alone decides, and two copies of one name stay undecided for npm.

use std::collections::{HashMap, HashSet};

use super::merge::version_key;
use super::{Archive, Installed, PathMap};
use crate::extract::{Found, Manifest, Want, folder_of, join_path};
use crate::model::{Ecosystem, Evidence, Package};

/// Trees of packages that one manifest resolves names in, from its own folder upwards. Workspaces need two.
const MOST_TREES: usize = 8;
/// Names are not resolved in a tree whose path is longer: each of them builds the path anew.
const LONGEST_TREE: usize = 512;

/// What manifests say.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// For each found package whether it is direct.
    pub direct: Vec<Option<bool>>,
    /// Packages that are declared and not in this artifact.
    pub missing: Vec<Package>,
}

/// All that was found under one name.
#[derive(Default)]
struct Named<'a> {
    versions: HashSet<String>,
    unversioned: bool,
    physical: bool,
    by_place: HashMap<Archive<'a>, Vec<usize>>,
    by_version: HashMap<(Archive<'a>, String), Vec<usize>>,
}

struct Index<'a> {
    found: &'a [Found],
    names: HashMap<(Ecosystem, String), Named<'a>>,
    /// npm packages by their folder.
    folders: HashMap<(Archive<'a>, &'a str), usize>,
    /// Folders that have an npm tree of their own.
    trees: HashMap<Archive<'a>, PathMap<&'a str>>,
}

/// Answers all manifests.
pub(super) fn answer(manifests: &[Manifest], found: &[Found], installed: &Installed<'_>) -> Answers {
    let index = Index::new(found);
    let mut answers = Answers { direct: vec![None; found.len()], ..Answers::default() };
    let mut undecided: HashSet<usize> = HashSet::new();
    // A workspace is linked from `node_modules`, and links are not followed: its manifest is where it is.
    let projects: HashSet<(Archive<'_>, Ecosystem, &str)> = manifests
        .iter()
        .filter_map(|manifest| Some((Archive::at(&manifest.location), manifest.ecosystem, manifest.name.as_deref()?)))
        .collect();
    let mut by_name: HashSet<(Archive<'_>, Ecosystem, &str)> = HashSet::new();
    // Trees (npm) and archives (others) that a manifest speaks for.
    let mut covered: HashSet<(Archive<'_>, Ecosystem, &str)> = HashSet::new();

    for manifest in manifests {
        let place = Archive::at(&manifest.location);
        let npm = manifest.ecosystem == Ecosystem::Npm;
        let trees: Vec<&str> = index.trees_around(place, &manifest.folder);
        covered.insert((place, manifest.ecosystem, if npm { &manifest.folder } else { "" }));
        if npm {
            covered.extend(trees.iter().map(|tree| (place, Ecosystem::Npm, *tree)));
        }
        for want in &manifest.wants {
            let resolved = trees.iter().filter(|_| npm).find_map(|tree| {
                let folder = join_path(tree, &format!("node_modules/{}", want.name));
                index.folders.get(&(place, folder.as_str())).copied()
            });
            // The pinned version comes first: behind an alias the folder of that name is another package's.
            let pinned = index.pinned(place, manifest.ecosystem, want);
            let agrees = resolved.is_some_and(|at| pinned.is_empty() || pinned.contains(&at));
            if let Some(at) = resolved.filter(|_| agrees) {
                answers.direct[at] = Some(true);
            } else if !pinned.is_empty() {
                pinned.iter().for_each(|at| answers.direct[*at] = Some(true));
            } else if by_name.insert((place, manifest.ecosystem, &want.name)) {
                for (at, sure) in index.by_name(place, manifest.ecosystem, &want.name) {
                    if sure {
                        answers.direct[at] = Some(true);
                    } else {
                        undecided.insert(at);
                    }
                }
            }
            // A pinned version is matched in any case: a project must not hide a package by taking its name.
            if want.version.is_some() || !projects.contains(&(place, manifest.ecosystem, &want.name)) {
                answers.declare(manifest, want, &index, installed);
            }
        }
    }

    for (at, item) in found.iter().enumerate() {
        let place = Archive::of(&item.package);
        let tree = match item.package.ecosystem {
            Ecosystem::Npm if item.package.evidence == Evidence::Locked => folder_of(&item.unit),
            Ecosystem::Npm => tree_of(&item.unit).unwrap_or(""),
            _ => "",
        };
        if answers.direct[at].is_none()
            && !undecided.contains(&at)
            && covered.contains(&(place, item.package.ecosystem, tree))
        {
            answers.direct[at] = Some(false);
        }
    }
    answers
}

impl Answers {
    /// Adds what a want names, if nothing that was found is it.
    fn declare(&mut self, manifest: &Manifest, want: &Want, index: &Index<'_>, installed: &Installed<'_>) {
        if want.dev || want.optional {
            return;
        }
        let ecosystem = manifest.ecosystem;
        let named = index.names.get(&(ecosystem, ecosystem.normalize(&want.name).into_owned()));
        let satisfied = named.is_some_and(|named| match &want.version {
            Some(version) => named.unversioned || named.versions.contains(&version_key(ecosystem, version)),
            None => true,
        });
        if satisfied {
            return;
        }
        let location = manifest.location.clone();
        let beside = named.is_some_and(|named| named.physical) || installed.has_beneath(&location, ecosystem);
        let mut package = Package::new(ecosystem, &want.name, want.version.clone(), Evidence::Declared, location);
        package.direct = Some(true);
        package.dev = Some(false);
        package.beside_installed = beside;
        self.missing.push(package);
    }
}

impl<'a> Index<'a> {
    fn new(found: &'a [Found]) -> Index<'a> {
        let mut index = Index { found, names: HashMap::new(), folders: HashMap::new(), trees: HashMap::new() };
        for (at, item) in found.iter().enumerate() {
            let package = &item.package;
            let place = Archive::of(package);
            let named = index.names.entry(package.key()).or_default();
            named.physical |= package.evidence.is_physical();
            named.by_place.entry(place).or_default().push(at);
            match &package.version {
                Some(version) => {
                    let version = version_key(package.ecosystem, version);
                    named.by_version.entry((place, version.clone())).or_default().push(at);
                    named.versions.insert(version);
                }
                // Classes without a version do not stand for the one that is asked for.
                None => named.unversioned |= package.evidence != Evidence::Presence,
            }
            if package.ecosystem == Ecosystem::Npm && package.evidence == Evidence::Installed {
                index.folders.entry((place, &item.unit)).or_insert(at);
                if let Some(tree) = tree_of(&item.unit) {
                    index.trees.entry(place).or_default().insert(tree.to_owned(), tree);
                }
            }
        }
        index
    }

    /// The folders at or above one that have a tree of packages, nearest first.
    fn trees_around(&self, place: Archive<'_>, folder: &str) -> Vec<&'a str> {
        let trees = self.trees.get(&place).into_iter().flat_map(|trees| trees.around(folder)).copied();
        trees.filter(|tree| tree.len() <= LONGEST_TREE).take(MOST_TREES).collect()
    }

    /// What has the name and the pinned version of a want in the same archive.
    fn pinned(&self, place: Archive<'a>, ecosystem: Ecosystem, want: &Want) -> &[usize] {
        let named = self.names.get(&(ecosystem, ecosystem.normalize(&want.name).into_owned()));
        let version = want.version.as_deref().map(|version| version_key(ecosystem, version));
        let found = named.zip(version).and_then(|(named, version)| named.by_version.get(&(place, version)));
        found.map_or(&[], Vec::as_slice)
    }

    /// What has a name in the same archive, else anywhere, and whether it is surely what is meant.
    fn by_name(&self, place: Archive<'_>, ecosystem: Ecosystem, name: &str) -> Vec<(usize, bool)> {
        let Some(named) = self.names.get(&(ecosystem, ecosystem.normalize(name).into_owned())) else {
            return Vec::new();
        };
        let here = named.by_place.get(&place).cloned();
        let all = here.unwrap_or_else(|| named.by_place.values().flatten().copied().collect());
        if ecosystem != Ecosystem::Npm {
            return all.into_iter().map(|at| (at, true)).collect();
        }
        // A lock file that says where its entries go is resolved by that, nested copies are not meant.
        let top = |at: &usize| {
            let path = self.found[*at].install_path.as_deref();
            path.is_none_or(|path| path.strip_prefix("node_modules/").is_some_and(|rest| rest == name))
        };
        let all: Vec<usize> = all.into_iter().filter(top).collect();
        let versions: HashSet<_> = all.iter().map(|at| &self.found[*at].package.version).collect();
        let sure = versions.len() == 1;
        all.into_iter().map(|at| (at, sure)).collect()
    }
}

/// The folder whose `node_modules` a package's folder is in, however deep.
fn tree_of(unit: &str) -> Option<&str> {
    if unit.starts_with("node_modules/") {
        return Some("");
    }
    unit.find("/node_modules/").map(|at| &unit[..at])
}
