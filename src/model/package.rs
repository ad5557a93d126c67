//! A package that is inside a target.

use serde::{Deserialize, Serialize};

use super::{Ecosystem, Location, purl};

/// The identity of a package within one target: a purl, with `#shadowed` behind it for a copy that nobody can load.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageId(pub String);

/// How we know that a package is there. The order is that of falling strength; where two kinds of evidence speak of
/// one package the stronger one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Its files are there in the place where the runtime loads them from.
    Installed,
    /// A copy inside another package (`_vendor`, `bundled`), or a package file inside an archive.
    Embedded,
    /// Merged into a bundle, named and versioned there.
    Bundled,
    /// Read from a compiled program.
    Binary,
    /// Supplied by the runtime.
    Runtime,
    /// Named with an exact version by a lock file, its files are not there.
    Locked,
    /// Named by a manifest.
    Declared,
    /// Its name is proven, its version is not.
    Presence,
}

impl Evidence {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Evidence::Installed => "installed",
            Evidence::Embedded => "embedded",
            Evidence::Bundled => "bundled",
            Evidence::Binary => "binary",
            Evidence::Runtime => "runtime",
            Evidence::Locked => "locked",
            Evidence::Declared => "declared",
            Evidence::Presence => "presence",
        }
    }

    /// Whether the package's own bytes were seen, rather than a file that talks about it. Those of one whose version is
    /// unknown were seen as well.
    pub fn is_physical(self) -> bool {
        !matches!(self, Evidence::Locked | Evidence::Declared)
    }
}

/// One package. Two copies with the same ecosystem, name, version and standing are one package with two locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The ecosystem whose names and versions these are.
    pub ecosystem: Ecosystem,
    /// The name as the package itself writes it; compare by [`Package::key`].
    pub name: String,
    /// The version as written, or `None`: such a package is listed, not matched.
    pub version: Option<String>,
    /// How we know.
    pub evidence: Evidence,
    /// Every place where it was seen, sorted: the manifests of installed copies, then the lines of files that name it.
    pub locations: Vec<Location>,
    /// Whether the function itself asks for it; `None` where no manifest says.
    pub direct: Option<bool>,
    /// Whether only development needs it; `None` where the data do not say.
    pub dev: Option<bool>,
    /// The names of what it requires, as it names them; joined to ids when the scan is sealed.
    pub requires: Vec<String>,
    /// What it declares for some of these, each name with its range as written; a name may have several. Sorted once
    /// the scan is sealed.
    pub ranges: Vec<(String, String)>,
    /// Embedded copies only: the packages that ship them, sorted. They are what can be upgraded.
    pub embedded_in: Vec<PackageId>,
    /// No importer can reach this copy, since another one is found first.
    pub shadowed: bool,
    /// Named by a lock file or a manifest that lies beside an installed tree which does not have it: listed and
    /// matched, but never a reason to stop a build.
    pub beside_installed: bool,
    /// Compiled into an installed package of another ecosystem, as the bytes or that package's own bill tell: Rust crates
    /// in a Python wheel. Its author mends it.
    pub compiled_in: bool,
}

impl Package {
    /// A package with no more than a name, a version and a place.
    pub fn new(
        ecosystem: Ecosystem,
        name: impl Into<String>,
        version: Option<String>,
        evidence: Evidence,
        location: Location,
    ) -> Package {
        Package {
            ecosystem,
            name: name.into(),
            version,
            evidence,
            locations: vec![location],
            direct: None,
            dev: None,
            requires: Vec::new(),
            ranges: Vec::new(),
            embedded_in: Vec::new(),
            shadowed: false,
            beside_installed: false,
            compiled_in: false,
        }
    }

    /// Ecosystem and normalized name: what advisories are looked up by.
    pub fn key(&self) -> (Ecosystem, String) {
        (self.ecosystem, self.ecosystem.normalize(&self.name).into_owned())
    }

    /// The package url, without a version where none is known.
    pub fn purl(&self) -> String {
        purl(self.ecosystem, &self.name, self.version.as_deref())
    }

    /// The identity within a target.
    pub fn id(&self) -> PackageId {
        let mut id = self.purl();
        if self.shadowed {
            id.push_str("#shadowed");
        }
        PackageId(id)
    }
}
