//! `package.json`: installed Node packages, and what first-party manifests ask for.
//!
//! A folder is a package only as the direct child of a `node_modules` (below a scope, if it has one): packages carry
//! other `package.json` files, as hints for sub-paths and as test data, that no `require` by name ever reaches. A tree of
//! packages in a folder of test data is test data, too; it cannot know of a program that loads its own, nor whether a
//! package was changed after its installation.

use std::collections::HashSet;

use super::npm_spec::{Origin, Spec};
use super::{Claim, Entry, Extractor, Manifest, Owns, Sink, Want, file_name, folder_of};
use crate::formats::lenient::{Entries, Keys, Present, Text, json, record};
use crate::formats::node_modules::{in_modules, package_name};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

/// Reads `package.json`.
pub struct NpmModules;

record! {
    struct PackageJson<'de> {
        "name" => name: Text<'de>,
        "version" => version: Text<'de>,
        "dependencies" => dependencies: Entries<'de, Text<'de>>,
        "devDependencies" => dev: Entries<'de, Text<'de>>,
        "optionalDependencies" => optional: Entries<'de, Text<'de>>,
        "peerDependencies" => peer: Entries<'de, Text<'de>>,
        "engines" => engines: Keys<'de>,
        "contributes" => contributes: Present,
        "unity" => unity: Present,
    }
}

impl Extractor for NpmModules {
    fn id(&self) -> &'static str {
        "npm-modules"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "package.json" && (package_name(folder_of(path)).is_some() || !in_modules(path))
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let folder = folder_of(entry.location.innermost());
        let text = decode(entry.bytes);
        let mut file = PackageJson::default();
        let read = json(&text, &mut file);
        match package_name(folder) {
            Some(folder_name) => self.installed(entry, folder, folder_name, file, read, sink),
            None => self.manifest(entry, folder, file, read, sink),
        }
    }
}

impl NpmModules {
    fn installed(
        &self,
        entry: &Entry<'_>,
        folder: &str,
        folder_name: &str,
        file: PackageJson<'_>,
        read: Result<(), serde_json::Error>,
        sink: &mut Sink,
    ) {
        let location = || entry.location.clone();
        let said = |text: &Text<'_>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (name, version) = (said(&file.name), said(&file.version));
        if let Err(error) = read {
            let detail = format!("the package.json of {folder} cannot be read: {error}");
            let gap = match (&name, &version) {
                (Some(_), Some(_)) => Gap::note(GapKind::Malformed, location(), self.id(), detail),
                _ => Gap::blocking(GapKind::Malformed, location(), self.id(), detail),
            };
            sink.gaps.push(gap);
            if name.is_none() {
                return;
            }
        } else if version.is_none() {
            let detail = format!("the package.json of {folder} has no version");
            sink.gaps.push(Gap::note(GapKind::Unversioned, location(), self.id(), detail));
        }
        // The folder's name is what `require` knows it by, an alias; advisories know it by its own name.
        let name = name.unwrap_or_else(|| folder_name.to_owned());
        let mut package = Package::new(Ecosystem::Npm, name, version, Evidence::Installed, location());
        package.requires = [&file.dependencies, &file.optional]
            .into_iter()
            .flatten()
            .map(|(name, value)| Spec::new(name, value.as_deref().unwrap_or_default()).name.to_owned())
            .collect();
        let declared = file.dependencies.iter().chain(&file.optional);
        let plain = declared.filter_map(|(name, value)| {
            let range = value.as_deref()?;
            let spec = Spec::new(name, range);
            let own = spec.origin == Origin::Registry && spec.name == &**name;
            own.then(|| (spec.name.to_owned(), range.to_owned()))
        });
        package.ranges = plain.collect();
        sink.installed(package, folder);
        sink.claims.push(Claim {
            location: location(),
            unit: folder.to_owned(),
            owns: Owns::Folder(folder.to_owned()),
        });
    }

    fn manifest(
        &self,
        entry: &Entry<'_>,
        folder: &str,
        file: PackageJson<'_>,
        read: Result<(), serde_json::Error>,
        sink: &mut Sink,
    ) {
        if let Err(error) = read {
            let detail = format!("the manifest cannot be read to its end: {error}");
            sink.lock_gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), self.id(), detail));
        }
        // Editor extensions and Unity packages share the file's name and name things that npm does not install.
        if file.contributes.0 || file.unity.0 || file.engines.0.iter().any(|engine| engine == "vscode") {
            return;
        }
        let overruled: HashSet<&str> = file.optional.iter().map(|(name, _)| &**name).collect();
        let wants = [(&file.dependencies, false, false), (&file.dev, true, false)]
            .into_iter()
            .chain([(&file.optional, false, true), (&file.peer, false, true)])
            .flat_map(|(entries, dev, optional)| entries.iter().map(move |(name, value)| (name, value, dev, optional)))
            // npm lets an optional dependency overrule a plain one of the same name.
            .filter(|(name, _, dev, optional)| *dev || *optional || !overruled.contains(&***name))
            .filter_map(|(name, value, dev, optional)| {
                let spec = Spec::new(name, value.as_deref()?);
                let local = spec.origin == Origin::Local;
                Some(Want {
                    name: spec.name.to_owned(),
                    version: spec.version.map(str::to_owned),
                    dev,
                    optional: optional || local,
                })
            })
            .collect();
        sink.manifests.push(Manifest {
            location: entry.location.clone(),
            ecosystem: Ecosystem::Npm,
            folder: folder.to_owned(),
            name: file.name.as_deref().map(str::to_owned),
            wants,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Location};

    fn extract(path: &str, bytes: &[u8]) -> Sink {
        let location = Location::artifact(0).child(path);
        let mut sink = Sink::default();
        assert!(NpmModules.wants(path, bytes), "{path}");
        NpmModules.extract(&Entry { location: &location, bytes }, &mut sink);
        sink
    }

    #[test]
    fn only_package_roots_and_manifests_are_wanted() {
        for path in [
            "package.json",
            "services/a/package.json",
            "node_modules/a/package.json",
            "x/node_modules/a/node_modules/@s/b/package.json",
            "node_modules/.pnpm/@s+b@1.0.0/node_modules/@s/b/package.json",
            "node_modules/test/node_modules/a/package.json",
            "node_modules/@s/tests/dist/node_modules/a/package.json",
            "test/node_modules/a/package.json",
        ] {
            assert!(NpmModules.wants(path, b""), "{path}");
        }
        for path in [
            "node_modules/a/lib/package.json",
            "node_modules/@s/package.json",
            "node_modules/@s/b/esm/package.json",
            "node_modules/a/test/fixtures/b/package.json",
            "node_modules/a/test/x/node_modules/b/package.json",
            "node_modules/a/test/x/node_modules/b/node_modules/c/package.json",
            "test/fixtures/node_modules/a/package.json",
            "node_modules/.vite/package.json",
            "node_modules/package.json",
            "node_modules/a/package.json5",
            "xnode_modules/a/package.json.bak",
        ] {
            assert!(!NpmModules.wants(path, b""), "{path}");
        }
    }

    #[test]
    fn a_package_keeps_its_own_name_and_its_place() {
        let sink = extract(
            "node_modules/old/package.json",
            b"\xEF\xBB\xBF{\"name\":\"real\",\"version\":\"1.0.0\",\"author\":[{}],\"people\":\"Andr\xE9\",\
              \"dependencies\":{\"a\":\"^1\",\"b\":\"npm:c@1\"},\"optionalDependencies\":{\"d\":7}} trailing",
        );
        let [found] = &sink.found[..] else { panic!("{:?}", sink.found) };
        assert_eq!((found.package.name.as_str(), found.unit.as_str()), ("real", "node_modules/old"));
        assert_eq!(found.package.version.as_deref(), Some("1.0.0"));
        assert_eq!(found.package.requires, ["a", "c", "d"]);
        assert_eq!(
            found.package.ranges,
            [("a", "^1"), ("d", "7")].map(|(name, range)| (name.to_owned(), range.to_owned())),
            "an alias means another package"
        );
        assert!(matches!(&sink.claims[0].owns, Owns::Folder(folder) if folder == "node_modules/old"));
        assert!(sink.gaps.is_empty());
    }

    #[test]
    fn bad_files_are_gaps_and_keep_what_was_read() {
        let sink = extract("node_modules/a/package.json", b"{\"name\":\"a\",\"version\":\"1.0.0\",}");
        assert_eq!(sink.found.len(), 1);
        assert_eq!(sink.gaps[0].level, Level::Note);
        let sink = extract("node_modules/a/package.json", b"\x00\x01");
        assert!(sink.found.is_empty());
        assert_eq!((sink.gaps[0].level, sink.gaps[0].kind), (Level::Blocking, GapKind::Malformed));
        assert!(sink.gaps[0].detail.contains("node_modules/a"));
        let sink = extract("node_modules/@s/a/package.json", b"{\"version\":{\"major\":1}}");
        assert_eq!((sink.found[0].package.name.as_str(), &sink.found[0].package.version), ("@s/a", &None));
        assert_eq!((sink.gaps[0].level, sink.gaps[0].kind), (Level::Note, GapKind::Unversioned));
    }

    #[test]
    fn a_manifest_says_what_it_wants() {
        let sink = extract(
            "svc/package.json",
            br#"{"name":"svc","version":"1.0.0","dependencies":{"a":"1.0.0","b":"^2","l":"file:../l","o":"1"},
                "devDependencies":{"c":"npm:real@3.0.0"},"optionalDependencies":{"o":"1"},"peerDependencies":{"p":"*"}}"#,
        );
        assert!(sink.found.is_empty() && sink.claims.is_empty());
        let [manifest] = &sink.manifests[..] else { panic!() };
        assert_eq!(manifest.folder, "svc");
        let wants: Vec<_> =
            manifest.wants.iter().map(|w| (w.name.as_str(), w.version.as_deref(), w.dev, w.optional)).collect();
        assert_eq!(
            wants,
            [
                ("a", Some("1.0.0"), false, false),
                ("b", None, false, false),
                ("l", None, false, true),
                ("real", Some("3.0.0"), true, false),
                ("o", None, false, true),
                ("p", None, false, true),
            ]
        );
    }

    #[test]
    fn editor_and_unity_manifests_are_none() {
        for text in [r#"{"engines":{"vscode":"^1"}}"#, r#"{"contributes":{}}"#, r#"{"unity":"2021.3"}"#] {
            assert!(extract("ext/package.json", text.as_bytes()).manifests.is_empty(), "{text}");
        }
    }
}
