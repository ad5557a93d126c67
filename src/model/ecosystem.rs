//! The package ecosystems that this program knows.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An ecosystem, named as the OSV schema names it
/// (<https://ossf.github.io/osv-schema/#defined-ecosystems>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ecosystem {
    /// Rust crates.
    #[serde(rename = "crates.io")]
    CratesIo,
    /// Go modules, with `stdlib` and `toolchain` as names of their own.
    Go,
    /// Java artifacts, named `group:artifact`.
    Maven,
    /// Node packages.
    #[serde(rename = "npm")]
    Npm,
    /// .NET packages.
    NuGet,
    /// PHP packages of Composer, named `vendor/package`.
    Packagist,
    /// Python distributions.
    PyPI,
    /// Ruby gems.
    RubyGems,
}

impl Ecosystem {
    /// Every ecosystem, in the order of their names.
    pub const ALL: [Ecosystem; 8] = [
        Ecosystem::CratesIo,
        Ecosystem::Go,
        Ecosystem::Maven,
        Ecosystem::Npm,
        Ecosystem::NuGet,
        Ecosystem::Packagist,
        Ecosystem::PyPI,
        Ecosystem::RubyGems,
    ];

    /// The name that OSV uses, also the name of its folder in the OSV bucket.
    pub fn name(self) -> &'static str {
        match self {
            Ecosystem::CratesIo => "crates.io",
            Ecosystem::Go => "Go",
            Ecosystem::Maven => "Maven",
            Ecosystem::Npm => "npm",
            Ecosystem::NuGet => "NuGet",
            Ecosystem::Packagist => "Packagist",
            Ecosystem::PyPI => "PyPI",
            Ecosystem::RubyGems => "RubyGems",
        }
    }

    /// Reads OSV's name. A suffix after a colon (`Maven:https://...`) names a registry or a release and is cut.
    /// `None` for an ecosystem that this program does not know.
    pub fn from_osv(name: &str) -> Option<Ecosystem> {
        let base = name.split(':').next().unwrap_or(name);
        Ecosystem::ALL.into_iter().find(|e| e.name() == base)
    }

    /// The name under which two spellings of one package are equal: PEP 503 for PyPI, lower case for NuGet and
    /// Packagist, unchanged for the others.
    pub fn normalize(self, name: &str) -> Cow<'_, str> {
        match self {
            Ecosystem::PyPI => pep503(name),
            Ecosystem::NuGet | Ecosystem::Packagist if name.bytes().any(|b| b.is_ascii_uppercase()) => {
                Cow::Owned(name.to_ascii_lowercase())
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// The package-url type (<https://github.com/package-url/purl-spec>).
    pub fn purl_type(self) -> &'static str {
        match self {
            Ecosystem::CratesIo => "cargo",
            Ecosystem::Go => "golang",
            Ecosystem::Maven => "maven",
            Ecosystem::Npm => "npm",
            Ecosystem::NuGet => "nuget",
            Ecosystem::Packagist => "composer",
            Ecosystem::PyPI => "pypi",
            Ecosystem::RubyGems => "gem",
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// <https://peps.python.org/pep-0503/#normalized-names>: lower case, runs of `-`, `_` and `.` become one `-`.
fn pep503(name: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut previous_dash = true;
    let normal = name.bytes().all(|b| {
        let ok = plain(b) || (b == b'-' && !previous_dash);
        previous_dash = b == b'-';
        ok
    });
    if normal {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_names_are_normalized() {
        for (name, normal) in [
            ("PyYAML", "pyyaml"),
            ("zope.interface", "zope-interface"),
            ("ruamel__yaml.-clib", "ruamel-yaml-clib"),
            ("plain-name", "plain-name"),
        ] {
            assert_eq!(Ecosystem::PyPI.normalize(name), normal);
        }
        assert_eq!(Ecosystem::Npm.normalize("JSONStream"), "JSONStream");
        assert_eq!(Ecosystem::NuGet.normalize("Newtonsoft.Json"), "newtonsoft.json");
    }

    #[test]
    fn osv_names_lose_their_suffix() {
        assert_eq!(Ecosystem::from_osv("Maven:https://repo.example/"), Some(Ecosystem::Maven));
        assert_eq!(Ecosystem::from_osv("Debian:12"), None);
    }
}
