//! The versions that lock files name, for packages whose versions nothing else tells.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use thiserror::Error;

use super::{ALL, Entry, Found, Sink, file_name};
use crate::model::{Ecosystem, Evidence, Level, Location};

/// npm packages as lock files name them.
#[derive(Clone, Debug, Default)]
pub struct LockedVersions {
    by_name: HashMap<String, BTreeSet<String>>,
    /// Name and version of what is installed to a folder, as [`Found::install_path`]; `None` where two say two things.
    by_folder: BTreeMap<String, Option<(String, String)>>,
}

/// Why a file gives no versions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockError {
    /// Its name is none of a lock file.
    #[error("its name is not one of package-lock.json, npm-shrinkwrap.json, yarn.lock, pnpm-lock.yaml, bun.lock")]
    Name,
    /// It cannot be read to its end.
    #[error("{0}")]
    Malformed(String),
    /// It locks no npm package.
    #[error("it locks no npm package")]
    Empty,
}

impl LockedVersions {
    /// Reads a lock file. `path` tells its kind.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn read(path: &str, bytes: &[u8]) -> Result<LockedVersions, LockError> {
        let name = file_name(path);
        let location = Location::artifact(0).child(name);
        let mut wanted = ALL.iter().filter(|extractor| extractor.wants(name, bytes)).peekable();
        wanted.peek().ok_or(LockError::Name)?;
        let mut sink = Sink::default();
        wanted.for_each(|extractor| extractor.extract(&Entry { location: &location, bytes }, &mut sink));
        if let Some(gap) = sink.lock_gaps.into_iter().find(|gap| gap.level == Level::Blocking) {
            return Err(LockError::Malformed(gap.detail));
        }
        let mut locked = LockedVersions::default();
        sink.found.iter().for_each(|found| locked.add(found));
        if locked.is_empty() { Err(LockError::Empty) } else { Ok(locked) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Adds an entry of a lock file; anything else is ignored.
    pub(super) fn add(&mut self, found: &Found) {
        let package = &found.package;
        let Some(version) = &package.version else { return };
        if package.evidence != Evidence::Locked || package.ecosystem != Ecosystem::Npm {
            return;
        }
        self.by_name.entry(package.name.clone()).or_default().insert(version.clone());
        if let Some(folder) = &found.install_path {
            let entry = (package.name.clone(), version.clone());
            let known = self.by_folder.entry(folder.clone()).or_insert_with(|| Some(entry.clone()));
            if known.as_ref() != Some(&entry) {
                *known = None;
            }
        }
    }

    /// The one version of a name; `None` where there are several.
    pub(super) fn of_name(&self, name: &str) -> Option<&str> {
        let versions = self.by_name.get(name)?;
        versions.first().filter(|_| versions.len() == 1).map(String::as_str)
    }

    /// Whether the lock files say where their packages go.
    pub(super) fn has_folders(&self) -> bool {
        !self.by_folder.is_empty()
    }

    /// Name and version of what is installed to a folder.
    pub(super) fn of_folder(&self, folder: &str) -> Option<(&str, &str)> {
        let (name, version) = self.by_folder.get(folder)?.as_ref()?;
        Some((name, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_decides_between_two_versions() {
        let text = br#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},
            "node_modules/b/node_modules/a":{"version":"2.0.0"},"node_modules/old":{"name":"new","version":"3.0.0"}}}"#;
        let locked = LockedVersions::read("x/package-lock.json", text).expect("a lock file");
        assert_eq!(locked.of_name("a"), None);
        assert_eq!(locked.of_name("new"), Some("3.0.0"));
        assert_eq!(locked.of_folder("node_modules/b/node_modules/a"), Some(("a", "2.0.0")));
        assert_eq!(locked.of_folder("node_modules/old"), Some(("new", "3.0.0")));
    }

    #[test]
    fn what_gives_no_versions_says_why() {
        let error = |path: &str, text: &str| LockedVersions::read(path, text.as_bytes()).expect_err("no lock file");
        assert_eq!(error("lock.txt", "{}"), LockError::Name);
        assert_eq!(error("package.json", "{}"), LockError::Empty);
        assert_eq!(error("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\n"), LockError::Empty);
        assert!(matches!(error("package-lock.json", "{\"packages\":"), LockError::Malformed(_)));
    }
}
