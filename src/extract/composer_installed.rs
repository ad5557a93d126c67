//! What Composer installed: `vendor/composer/installed.json`.
//!
//! Version 1 is a list of packages, version 2 (Composer 2) a map that also tells where each one lies and which of them only
//! development needs (<https://getcomposer.org/doc/07-runtime.md>, `Composer\Repository\FilesystemRepository`). What a
//! package replaces or provides is no package.
//!
//! It cannot know whether the files are still there. A branch (`dev-main`) has no version: the list of its commits would
//! tell, the alias that its author gave it would only claim.

use std::collections::HashSet;

use serde::de::{MapAccess, SeqAccess};

use super::lock_writer::room;
use super::{Claim, Entry, Extractor, Owns, Sink, file_name, folder_of, join_path};
use crate::formats::file_list::resolve;
use crate::formats::lenient::{Keys, Lenient, List, Text, json, record};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

const ID: &str = "composer-installed";

/// The extractor.
pub struct ComposerInstalled;

record! {
    /// A package as Composer's files describe it.
    pub(super) struct Described<'de> {
        "name" => pub name: Text<'de>,
        "version" => pub version: Text<'de>,
        "type" => kind: Text<'de>,
        "install-path" => install_path: Text<'de>,
        "require" => require: Keys<'de>,
    }
}

impl Described<'_> {
    /// See [`release`].
    pub fn release(&self) -> Option<&str> {
        release(self.version.as_deref()?)
    }

    /// The names of the packages that it requires.
    pub fn requires(&self) -> Vec<String> {
        self.require.0.iter().filter(|name| is_package(name)).map(|name| name.to_ascii_lowercase()).collect()
    }
}

/// A version without the `v` of its tag; `None` for a branch.
pub(super) fn release(version: &str) -> Option<&str> {
    let version = version.trim();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    (!version.is_empty() && !version.starts_with("dev-")).then_some(version)
}

/// Whether a path lies in a folder.
pub(super) fn is_around(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a requirement is a package: PHP itself, its extensions and libraries have names of one part.
pub(super) fn is_package(name: &str) -> bool {
    name.split_once('/').is_some_and(|(vendor, name)| !vendor.is_empty() && !name.is_empty() && !name.contains('/'))
}

#[derive(Debug, Default)]
struct Installed<'de> {
    packages: List<Described<'de>>,
    dev: List<Text<'de>>,
    says_dev: bool,
}

impl<'de> Lenient<'de> for Installed<'de> {
    fn seq<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.packages.seq(seq)
    }

    fn map<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let mut second = Second::default();
        let read = second.map(map);
        let says_dev = read.is_ok();
        *self = Installed { packages: second.packages, dev: second.dev, says_dev };
        read
    }
}

record! {
    struct Second<'de> {
        "packages" => packages: List<Described<'de>>,
        "dev-package-names" => dev: List<Text<'de>>,
    }
}

impl Extractor for ComposerInstalled {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "installed.json" && file_name(folder_of(path)) == "composer"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let composer = folder_of(entry.location.innermost());
        let vendor = folder_of(composer);
        let text = decode(entry.bytes);
        let mut installed = Installed::default();
        if let Err(error) = json(&text, &mut installed) {
            let detail = format!("the list of installed packages cannot be read to its end: {error}");
            sink.gaps.push(Gap::blocking(GapKind::Malformed, entry.location.clone(), ID, detail));
        }
        let dev: HashSet<&str> = installed.dev.items.iter().filter_map(|name| name.as_deref()).collect();
        let room = room(entry.location);
        if installed.packages.cut || installed.packages.items.len() > room {
            let detail = "the list of installed packages is longer than is read; the rest is unknown";
            sink.gaps.push(Gap::blocking(GapKind::OverLimit, entry.location.clone(), ID, detail));
        }
        for described in installed.packages.items.iter().take(room) {
            let Some(name) = described.name.as_deref().filter(|name| is_package(name)) else {
                let detail = "an element of the list of installed packages names none";
                sink.gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), ID, detail));
                continue;
            };
            let version = described.release().map(str::to_owned);
            if version.is_none() {
                let branch = described.version.as_deref().unwrap_or("nothing");
                let detail = format!("{name} is installed from {branch}, which is no version");
                sink.gaps.push(Gap::note(GapKind::Unversioned, entry.location.clone(), ID, detail));
            }
            let folder = match described.install_path.as_deref() {
                Some(path) => resolve(composer, path),
                None => Some(join_path(vendor, name)),
            };
            let unit = folder.clone().unwrap_or_else(|| join_path(vendor, name));
            let lower = name.to_ascii_lowercase();
            let mut package =
                Package::new(Ecosystem::Packagist, lower, version, Evidence::Installed, entry.location.clone());
            package.dev = installed.says_dev.then(|| dev.contains(name));
            package.requires = described.requires();
            sink.installed(package, unit.clone());
            // A metapackage has no files; a folder around the list would own the project.
            let around = |folder: &String| is_around(folder, composer);
            if let Some(folder) =
                folder.filter(|folder| described.kind.as_deref() != Some("metapackage") && !around(folder))
            {
                sink.claims.push(Claim { location: entry.location.clone(), unit, owns: Owns::Folder(folder) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{claimed, names, sink_of};
    use crate::model::Level;

    const SECOND: &[u8] = br#"{"packages":[
        {"name":"Acme/Alpha","version":"v1.2.3","type":"library","install-path":"../Acme/Alpha",
         "require":{"php":">=8","ext-json":"*","acme/Beta":"^2"},"replace":{"acme/old":"self.version"}},
        {"name":"acme/beta","version":"dev-main","install-path":"../acme/beta","extra":{"branch-alias":{"dev-main":"2.x-dev"}}},
        {"name":"acme/meta","version":"3.0.0","type":"metapackage","install-path":null},
        {"name":"acme/around","version":"2.1.x-dev","install-path":"../../"},
        {"name":["odd"]}],
        "dev":true,"dev-package-names":["acme/beta"]}"#;

    #[test]
    fn the_list_of_composer_2() {
        let sink = sink_of(&ComposerInstalled, "app/vendor/composer/installed.json", SECOND);
        assert_eq!(
            names(&sink),
            [
                "acme/alpha 1.2.3 installed",
                "acme/beta - installed",
                "acme/meta 3.0.0 installed",
                "acme/around 2.1.x-dev installed"
            ]
        );
        assert_eq!(claimed(&sink), ["app/vendor/Acme/Alpha/", "app/vendor/acme/beta/"]);
        assert_eq!(sink.found[0].package.requires, ["acme/beta"]);
        let dev: Vec<_> = sink.found.iter().map(|found| found.package.dev).collect();
        assert_eq!(dev, [Some(false), Some(true), Some(false), Some(false)]);
        let gaps: Vec<_> = sink.gaps.iter().map(|gap| (gap.level, gap.kind)).collect();
        assert_eq!(gaps, [(Level::Note, GapKind::Unversioned), (Level::Note, GapKind::Malformed)]);
    }

    #[test]
    fn the_list_of_composer_1() {
        let text = br#"[{"name":"a/b","version":"V2.0.0","version_normalized":"2.0.0.0"}]"#;
        let sink = sink_of(&ComposerInstalled, "lib/composer/installed.json", text);
        assert_eq!(names(&sink), ["a/b 2.0.0 installed"]);
        assert_eq!(claimed(&sink), ["lib/a/b/"]);
        assert_eq!(sink.found[0].package.dev, None);
    }

    #[test]
    fn a_long_path_bounds_the_packages() {
        let path = format!("{}/composer/installed.json", "v".repeat(60_000));
        let list = format!("[{}]", vec![r#"{"name":"a/b"}"#; 10_000].join(","));
        let sink = sink_of(&ComposerInstalled, &path, list.as_bytes());
        assert!(sink.found.len() < 5_000, "{}", sink.found.len());
        assert!(sink.gaps.iter().any(|gap| gap.kind == GapKind::OverLimit && gap.level == Level::Blocking));
    }

    #[test]
    fn a_cut_list_blocks_and_keeps_its_first_part() {
        let cut = br#"{"packages":[{"name":"a/b","version":"1.0"},{"name":"c/d","ver"#;
        let sink = sink_of(&ComposerInstalled, "vendor/composer/installed.json", cut);
        assert_eq!(names(&sink), ["a/b 1.0 installed"]);
        assert_eq!(sink.gaps[0].level, Level::Blocking);
        assert_eq!(sink.found[0].package.dev, None, "the list of those for development was not reached");
    }
}
