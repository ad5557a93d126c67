//! Floor 2: one file per package format.
//!
//! An [`Extractor`] sees the bytes of an entry that it wants and puts what it reads into a [`Sink`]: packages, who owns
//! which files, what a manifest asks for, and gaps. It returns no `Result`: what it read before it failed counts, and
//! what it could not read is a gap. After all entries of an artifact, `join` makes one list of packages of it.
//!
//! To add a format: write `extract/x.rs`, then its two lines below (`mod x;` and the entry of [`ALL`]). What formats of
//! one ecosystem share lies in a folder: `java`, `python`, `bundle` (JavaScript), `program` (compiled ones). What lock
//! files share, and what SBOMs share, are the writers beside them.

mod bun_lock;
mod bundle;
mod cargo_lock;
mod composer_installed;
mod composer_json;
mod composer_lock;
mod composer_runtime;
mod cyclonedx;
mod dotnet_deps;
mod gemfile_lock;
mod java;
mod java_class;
mod java_jar;
mod join;
mod js_bundle;
mod js_map;
mod js_metafile;
mod js_notice;
mod lock_writer;
mod locked;
mod maven_pom;
mod npm_lock;
mod npm_modules;
mod npm_spec;
mod nuget_lock;
mod pdm_lock;
mod pipfile_lock;
mod pnpm_lock;
mod poetry_lock;
mod program;
mod pylock;
mod pyproject;
mod python;
mod python_dist;
mod python_egg;
mod python_modules;
mod python_requirements;
mod ruby_gem;
mod sbom_writer;
mod spdx;
mod uv_lock;
mod yarn_lock;

pub use crate::formats::paths::{file_name, folder_of, join_path};
pub use bundle::{Member, Subject, Testimony, is_bundle};
pub use java::facts::JavaFacts;
pub use join::{Joined, Owner, Owners, join, merge};
pub use locked::{LockError, LockedVersions};

use crate::model::{Ecosystem, Evidence, Gap, Location, Package};

/// Every extractor. A test counts the files of this folder against it.
pub const ALL: &[&dyn Extractor] = &[
    &bun_lock::BunLock,
    &bun_lock::BunLockb,
    &cargo_lock::CargoLock,
    &composer_installed::ComposerInstalled,
    &composer_json::ComposerJson,
    &composer_lock::ComposerLock,
    &composer_runtime::ComposerRuntime,
    &cyclonedx::Cyclonedx,
    &dotnet_deps::DotnetDeps,
    &java_class::JavaClass,
    &java_jar::JavaJar,
    &maven_pom::MavenPom,
    &gemfile_lock::GemfileLock,
    &js_bundle::JsBundle,
    &js_map::JsMap,
    &js_metafile::JsMetafile,
    &js_notice::JsNotice,
    &npm_lock::NpmLock,
    &npm_modules::NpmModules,
    &nuget_lock::NugetLock,
    &pdm_lock::PdmLock,
    &pipfile_lock::PipfileLock,
    &pnpm_lock::PnpmLock,
    &poetry_lock::PoetryLock,
    &program::Programs,
    &pylock::Pylock,
    &pyproject::Pyproject,
    &python_dist::PythonDist,
    &python_egg::PythonEgg,
    &python_modules::PythonModules,
    &python_requirements::PythonRequirements,
    &ruby_gem::RubyGem,
    &spdx::Spdx,
    &uv_lock::UvLock,
    &yarn_lock::YarnLock,
];

/// How much of an entry an extractor must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// All of it. An entry over the whole-entry limit is a blocking gap.
    Whole,
    /// Its first piece is enough, however large the entry is.
    Head,
}

/// An entry whose bytes were read.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its place; [`Location::innermost`] is its name in its own archive.
    pub location: &'a Location,
    /// Its bytes: all of them for [`Needs::Whole`], the first piece for [`Needs::Head`].
    pub bytes: &'a [u8],
}

/// A reader of one package format.
pub trait Extractor: Sync {
    /// Its name: the file's name in this folder, with dashes. Shown as `by` in gaps.
    fn id(&self) -> &'static str;

    /// Cheap test, called for every entry: `path` is the entry's name in its own archive (`a/b/package.json`), `head`
    /// its first bytes (up to 512, maybe none).
    fn wants(&self, path: &str, head: &[u8]) -> bool;

    /// How much of the entry it must see.
    fn needs(&self) -> Needs {
        Needs::Whole
    }

    /// Whether a name alone makes a file its own, so that a link of that name to another one leaves a package unread.
    fn goes_by_name(&self) -> bool {
        true
    }

    /// Reads the entry. Must not panic, whatever the bytes; must not allocate more than a small multiple of them.
    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink);
}

/// What extractors found. One per thread, joined by [`Sink::append`]; the order of its lists carries no meaning.
#[derive(Debug, Default)]
pub struct Sink {
    /// Packages.
    pub found: Vec<Found>,
    /// Who owns which files.
    pub claims: Vec<Claim>,
    /// What first-party manifests ask for.
    pub manifests: Vec<Manifest>,
    /// What lesser files say of a package: its folder's name, that it was asked for. [`Sink::settle`] uses them up.
    pub hints: Vec<Found>,
    /// What was read of jars. [`Sink::settle`] uses it up.
    pub java: JavaFacts,
    /// The file name of the artifact, where it is an archive: a jar that is the artifact itself is named by nothing else.
    pub artifact: Option<String>,
    /// SBOMs.
    pub sboms: Vec<Sbom>,
    /// Python modules that are known by name. [`Sink::settle`] uses them up.
    pub modules: Vec<Module>,
    /// What files say of bundled scripts.
    pub bundles: Vec<Testimony>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What could not be read of lock files and manifests, and what is not known of programs. They count only where no
    /// installed package owns the file: packages ship broken ones as test data, and a package's own program is that
    /// package.
    pub lock_gaps: Vec<Gap>,
    /// Compiled files that a manifest calls the project's own.
    pub own: Vec<Location>,
}

/// A package as one extractor saw it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The package with one location.
    pub package: Package,
    /// What it was read from, within its archive. For an installed package the folder that stands for it
    /// (`node_modules/lodash`, `lib/requests-2.19.1.dist-info`); for a lock file's entry the path of the lock file.
    /// Together with the location's container it joins [`Claim`]s to their package.
    pub unit: String,
    /// Lock files only: where the entry would be installed, relative to the lock file's folder
    /// (`node_modules/a/node_modules/b`), if the format says so.
    pub install_path: Option<String>,
}

impl Found {
    /// Whether it is no more than a .NET assembly, named after its file.
    fn is_assembly(&self) -> bool {
        self.package.ecosystem == Ecosystem::NuGet && self.package.evidence == Evidence::Presence
    }
}

/// A software bill of materials (SBOM).
#[derive(Clone, Debug)]
pub struct Sbom {
    /// The file.
    pub location: Location,
    /// What it names, with the evidence [`Evidence::Declared`].
    pub packages: Vec<Package>,
}

/// A Python module with the name of a well-known distribution: a package where no distribution claims it.
#[derive(Clone, Debug)]
pub struct Module {
    /// The package that it would be, with one location: the file that says its version.
    pub package: Package,
    /// Its folder, or its only file; see [`Found::unit`].
    pub unit: String,
    /// The folder that it is imported from.
    pub root: String,
    /// Whether that folder is one that installers fill.
    pub is_site: bool,
    /// How good the file is for a version; less is better.
    pub rank: usize,
}

/// Files that belong to a package.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The place of the manifest that says so; its container is the archive the paths are in.
    pub location: Location,
    /// The [`Found::unit`] of the owner.
    pub unit: String,
    /// What it owns.
    pub owns: Owns,
}

/// The files that a package owns, as paths in its archive (`/`-separated, no leading `/`).
#[derive(Clone, Debug)]
pub enum Owns {
    /// A path and everything below it, unless a deeper claim says otherwise; `""` is the whole archive.
    Folder(String),
    /// Exactly these files.
    Files(Vec<String>),
}

/// What a first-party manifest asks for: says which packages are direct, and which are declared but not there.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The manifest.
    pub location: Location,
    /// Whose names these are.
    pub ecosystem: Ecosystem,
    /// The folder that it speaks for, `""` for the root.
    pub folder: String,
    /// What the project calls itself, where another one could ask for it (npm's workspaces).
    pub name: Option<String>,
    /// What it asks for.
    pub wants: Vec<Want>,
}

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// The name, as written.
    pub name: String,
    /// The exact version, if the manifest pins one.
    pub version: Option<String>,
    /// Only for development.
    pub dev: bool,
    /// Missing is fine (npm's optional and peer dependencies, Python's extras and markers).
    pub optional: bool,
}

impl Sink {
    /// Takes everything out of another sink.
    pub fn append(&mut self, mut other: Sink) {
        self.found.append(&mut other.found);
        self.claims.append(&mut other.claims);
        self.manifests.append(&mut other.manifests);
        self.hints.append(&mut other.hints);
        self.java.append(other.java);
        self.artifact = self.artifact.take().or(other.artifact);
        self.modules.append(&mut other.modules);
        self.sboms.append(&mut other.sboms);
        self.bundles.append(&mut other.bundles);
        self.gaps.append(&mut other.gaps);
        self.lock_gaps.append(&mut other.lock_gaps);
        self.own.append(&mut other.own);
    }

    /// How many things it holds that each take memory of their own, see [`crate::artifact::Limits::facts`].
    pub fn facts(&self) -> usize {
        let listed = self.claims.iter().map(|claim| match &claim.owns {
            Owns::Folder(_) => 1,
            Owns::Files(files) => files.len(),
        });
        let wanted = self.manifests.iter().map(|manifest| 1 + manifest.wants.len());
        let declared = self.sboms.iter().map(|sbom| 1 + sbom.packages.len());
        let bundled = self.bundles.iter().map(|testimony| 1 + testimony.members.len());
        let single = self.found.len() + self.hints.len() + self.modules.len() + self.own.len();
        let gaps = self.gaps.len() + self.lock_gaps.len();
        single + gaps + listed.chain(wanted).chain(declared).chain(bundled).sum::<usize>() + self.java.facts()
    }

    /// Whether it explains what was read: a name without a version does not.
    pub fn explains(&self) -> bool {
        let named = self.found.iter().any(|found| found.package.evidence != Evidence::Presence);
        let said = !self.gaps.is_empty() || !self.lock_gaps.is_empty();
        named || said || !self.claims.is_empty() || !self.manifests.is_empty() || !self.hints.is_empty()
    }

    /// Adds a package of which only the name is proven.
    pub fn present(&mut self, package: Package) {
        debug_assert_eq!(package.evidence, Evidence::Presence);
        let unit = package.locations.first().map_or_else(String::new, |place| place.innermost().to_owned());
        self.found.push(Found { package, unit, install_path: None });
    }

    /// Adds what is known of an installed package apart from the file that names it.
    pub fn hint(&mut self, package: Package, unit: impl Into<String>) {
        debug_assert!(package.evidence.is_physical());
        self.hints.push(Found { package, unit: unit.into(), install_path: None });
    }

    /// Adds a package whose evidence is its own installed files.
    pub fn installed(&mut self, package: Package, unit: impl Into<String>) {
        debug_assert!(package.evidence.is_physical());
        self.found.push(Found { package, unit: unit.into(), install_path: None });
    }

    /// Adds an entry of a lock file. `unit` is the lock file's own path.
    pub fn locked(&mut self, package: Package, install_path: Option<String>) {
        debug_assert_eq!(package.evidence, Evidence::Locked);
        let unit = package.locations.first().map_or_else(String::new, |place| place.innermost().to_owned());
        self.found.push(Found { package, unit, install_path });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of this folder that read no format: what several extractors of one ecosystem need is in a folder below.
    const OTHERS: [&str; 5] = ["lock_writer", "locked", "mod", "npm_spec", "sbom_writer"];

    #[test]
    fn every_file_is_an_extractor_of_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/extract");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the sources are there")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| !OTHERS.contains(&name.as_str()))
            .map(|name| name.replace('_', "-"))
            .collect();
        files.sort();
        let mut ids: Vec<&str> = ALL.iter().map(|extractor| extractor.id()).filter(|id| *id != "bun-lockb").collect();
        ids.sort_unstable();
        assert_eq!(files, ids);
    }
}
