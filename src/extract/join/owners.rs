//! Who owns a file: the installed package whose manifest lists it, or whose folder holds it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{Ecosystem, Location};

/// An installed package as the owner of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name as it writes it.
    pub name: String,
    /// Its version, if it has one.
    pub version: Option<String>,
    /// The folder that stands for it, see [`crate::extract::Found::unit`].
    pub unit: String,
}

/// The owners of all files of one artifact, its nested archives included. Which artifact a place names does not count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Owners {
    owners: Vec<Owner>,
    /// By the path of the archive.
    containers: HashMap<Vec<String>, Container>,
}

/// What is claimed in one archive.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Container {
    files: HashMap<String, usize>,
    folders: PathMap<usize>,
}

impl Owners {
    /// Adds an owner, without a claim.
    pub(super) fn add(&mut self, owner: Owner) -> usize {
        self.owners.push(owner);
        self.owners.len() - 1
    }

    /// Gives a folder of the archive that holds `location` to an owner, unless it has one.
    pub(super) fn claim_folder(&mut self, location: &Location, folder: String, owner: usize) {
        self.container(location).folders.insert(folder, owner);
    }

    /// Gives files of the archive that holds `location` to an owner, unless they have one.
    pub(super) fn claim_files(&mut self, location: &Location, files: Vec<String>, owner: usize) {
        let container = self.container(location);
        for file in files {
            container.files.entry(file).or_insert(owner);
        }
    }

    fn container(&mut self, location: &Location) -> &mut Container {
        self.containers.entry(location.container().to_vec()).or_default()
    }

    /// The installed package that owns an entry: the one that lists it, else the one with the deepest folder around it,
    /// else the owner of the archive that the entry is in. Takes time in the length of the path alone.
    pub fn owner_of(&self, location: &Location) -> Option<&Owner> {
        self.indices(location).next().and_then(|index| self.owners.get(index))
    }

    /// All that own an entry: its owner, then those around it, from the inside out.
    pub fn owners_of(&self, location: &Location) -> Vec<&Owner> {
        self.indices(location).filter_map(|index| self.owners.get(index)).collect()
    }

    fn indices<'a>(&'a self, location: &'a Location) -> impl Iterator<Item = usize> + 'a {
        let archives = (0..location.path.len()).rev().filter_map(move |depth| {
            Some((self.containers.get(&location.path[..depth])?, location.path[depth].as_str()))
        });
        archives
            .flat_map(|(container, name)| container.files.get(name).into_iter().chain(container.folders.around(name)))
            .copied()
    }
}

/// A map from folders to values that finds all folders around a path in one pass over it.
///
/// Looking every ancestor up in a `HashMap<String, _>` hashes a path as often as it has parts: a hostile name of
/// 64 KiB would cost a gigabyte of hashing. Here the hash is carried on from part to part.
#[derive(Clone, Debug)]
pub(in crate::extract) struct PathMap<T> {
    state: RandomState,
    by_hash: HashMap<u64, (String, T)>,
}

impl<T> Default for PathMap<T> {
    fn default() -> Self {
        PathMap { state: RandomState::new(), by_hash: HashMap::new() }
    }
}

impl<T> PathMap<T> {
    /// Sets the value of a folder (`""` is the root) unless it has one.
    pub fn insert(&mut self, folder: String, value: T) {
        let hash = self.hashes(&folder).last().map_or(0, |(hash, _)| hash);
        // Two folders of one hash (a chance of one to 2^64 for each pair): the first one stays.
        self.by_hash.entry(hash).or_insert((folder, value));
    }

    /// The values of the folders that a path is in or is itself, deepest first.
    pub fn around<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a T> + 'a {
        let hits: Vec<_> =
            self.hashes(path).filter_map(|(hash, length)| Some((self.by_hash.get(&hash)?, length))).collect();
        hits.into_iter().rev().filter(|((folder, _), length)| *folder == path[..*length]).map(|((_, value), _)| value)
    }

    /// The hash and the length of the root, then of every further part of a path.
    fn hashes<'a>(&self, path: &'a str) -> impl Iterator<Item = (u64, usize)> + use<'a, T> {
        let mut hasher = self.state.build_hasher();
        let mut end = 0;
        let parts = path.split('/').filter(|_| !path.is_empty()).enumerate().map(move |(index, part)| {
            hasher.write(part.as_bytes());
            hasher.write_u8(b'/');
            end += part.len() + usize::from(index > 0);
            (hasher.clone().finish(), end)
        });
        std::iter::once((0, 0)).chain(parts)
    }
}

/// As folders with their values: hashes of one process mean nothing to another.
impl<T: Serialize> Serialize for PathMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_hash.values())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PathMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let folders = Vec::<(String, T)>::deserialize(deserializer)?;
        let mut map = PathMap::default();
        folders.into_iter().for_each(|(folder, value)| map.insert(folder, value));
        Ok(map)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn owner(name: &str) -> Owner {
        Owner { ecosystem: Ecosystem::Npm, name: name.to_owned(), version: None, unit: name.to_owned() }
    }

    fn place(path: &[&str]) -> Location {
        path.iter().fold(Location::artifact(0), |place, part| place.child(part))
    }

    #[test]
    fn lists_come_before_folders_and_deep_folders_before_others() {
        let mut owners = Owners::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| owners.add(owner(name)));
        owners.claim_folder(&place(&["x"]), "node_modules/a".to_owned(), a);
        owners.claim_folder(&place(&["x"]), "node_modules/a/node_modules/b".to_owned(), b);
        owners.claim_files(&place(&["x"]), vec!["node_modules/a/c.py".to_owned(), "bin/c".to_owned()], c);
        let name = |path: &[&str]| owners.owner_of(&place(path)).map(|owner| owner.name.as_str());
        assert_eq!(name(&["node_modules/a/index.js"]), Some("a"));
        assert_eq!(name(&["node_modules/a"]), Some("a"));
        assert_eq!(name(&["node_modules/ab/index.js"]), None);
        assert_eq!(name(&["node_modules/a/node_modules/b/i.js"]), Some("b"));
        assert_eq!(name(&["node_modules/a/node_modules/.package-lock.json"]), Some("a"));
        assert_eq!(name(&["node_modules/a/c.py"]), Some("c"));
        assert_eq!(name(&["bin/c"]), Some("c"));
        assert_eq!(name(&["index.js"]), None);
        assert_eq!(name(&["node_modules/a/data.zip", "index.js"]), Some("a"));
        assert_eq!(name(&["other.zip", "node_modules/a/index.js"]), None);
        assert_eq!(owners.owner_of(&Location::artifact(0)), None);
    }

    #[test]
    fn a_root_claim_owns_all_of_its_archive() {
        let mut owners = Owners::default();
        let a = owners.add(owner("a"));
        owners.claim_folder(&place(&["a.whl", "x"]), String::new(), a);
        assert!(owners.owner_of(&place(&["a.whl", "b/c.py"])).is_some());
        assert!(owners.owner_of(&place(&["a.whl"])).is_none());
    }

    #[test]
    fn long_paths_take_linear_time() {
        let mut owners = Owners::default();
        let a = owners.add(owner("a"));
        owners.claim_folder(&place(&["x"]), "a".to_owned(), a);
        let long = format!("a/{}x", "b/".repeat(32_000));
        let start = crate::formats::clock::spent();
        for _ in 0..100 {
            assert!(owners.owner_of(&place(&[&long])).is_some());
        }
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }
}
