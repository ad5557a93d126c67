//! npm's lock files: `package-lock.json` and `npm-shrinkwrap.json` of versions 1 to 3, and the hidden one that npm
//! leaves in `node_modules` (<https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>).
//!
//! Version 1 nests its entries and does not say what the project itself asks for; versions 2 and 3 list them by the
//! folder they are installed to.

use std::collections::HashSet;

use super::lock_writer::{LockWriter, Locked, names};
use super::npm_spec::{Origin, Spec, exact};
use super::{Entry, Extractor, Sink, file_name, folder_of, join_path};
use crate::formats::lenient::{Entries, Keys, Text, json, record};
use crate::formats::text::decode;

/// Reads `package-lock.json` and its like.
pub struct NpmLock;

/// An install path longer than this is left out: nested entries repeat their parents' names.
const LONGEST_INSTALL_PATH: usize = 512;

record! {
    struct LockFile<'de> {
        "lockfileVersion" => version: Text<'de>,
        "packages" => packages: Entries<'de, PathEntry<'de>>,
        "dependencies" => dependencies: Entries<'de, NestedEntry<'de>>,
    }
}

record! {
    /// An entry of `packages`, versions 2 and 3.
    struct PathEntry<'de> {
        "name" => name: Text<'de>,
        "version" => version: Text<'de>,
        "link" => link: bool,
        "dev" => dev: bool,
        "dependencies" => dependencies: Keys<'de>,
        "devDependencies" => dev_dependencies: Keys<'de>,
        "optionalDependencies" => optional_dependencies: Keys<'de>,
    }
}

record! {
    /// An entry of `dependencies`, version 1.
    struct NestedEntry<'de> {
        "version" => version: Text<'de>,
        "dev" => dev: bool,
        "requires" => requires: Keys<'de>,
        "dependencies" => dependencies: Entries<'de, NestedEntry<'de>>,
    }
}

impl Extractor for NpmLock {
    fn id(&self) -> &'static str {
        "npm-lock"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        match file_name(path) {
            "package-lock.json" | "npm-shrinkwrap.json" => true,
            ".package-lock.json" => file_name(folder_of(path)) == "node_modules",
            _ => false,
        }
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut lock = LockFile::default();
        let read = json(&text, &mut lock);
        let mut writer = LockWriter::new(entry, self.id(), &text, sink);
        if let Err(error) = read {
            writer.malformed(&error);
        } else if lock.version.is_none() && lock.packages.is_empty() && lock.dependencies.is_empty() {
            writer.malformed(&"it is no lock file of npm");
        }
        if lock.packages.is_empty() {
            nested(&lock.dependencies, "", &mut writer);
        } else {
            by_path(&lock.packages, &mut writer);
        }
    }
}

fn by_path(packages: &Entries<'_, PathEntry<'_>>, writer: &mut LockWriter<'_>) {
    let paths: HashSet<&str> = packages.iter().map(|(path, _)| &**path).collect();
    let mut direct = HashSet::new();
    let mut has_root = false;
    for (path, entry) in packages.iter().filter(|(path, _)| name_of(path).is_none()) {
        has_root = true;
        let wanted = [&entry.dependencies, &entry.dev_dependencies, &entry.optional_dependencies];
        direct.extend(wanted.into_iter().flat_map(|keys| &keys.0).filter_map(|name| resolve(path, name, &paths)));
    }
    for (path, entry) in packages {
        let Some(folder_name) = name_of(path) else { continue };
        if entry.link {
            continue;
        }
        // `devOptional` means that production needs it too, for an optional part: not for development only.
        writer.add(Locked {
            key: Some(path),
            name: entry.name.as_deref().unwrap_or(folder_name),
            version: entry.version.as_deref(),
            direct: has_root.then(|| direct.contains(&**path)),
            dev: Some(entry.dev),
            requires: names(&[&entry.dependencies, &entry.optional_dependencies]),
            install_path: Some(path.to_string()).filter(|path| path.len() <= LONGEST_INSTALL_PATH),
        });
    }
}

/// The name that an install path ends with; `None` for the project and its workspaces.
fn name_of(path: &str) -> Option<&str> {
    let name = path.rsplit_once("node_modules/").map(|(_, name)| name)?;
    (!name.is_empty()).then_some(name)
}

/// Finds what a folder of the project means by a name, as Node does: from its own `node_modules` upwards. Workspaces
/// lie a few folders deep; without the bounds a long path with many names would take hours.
fn resolve(folder: &str, name: &str, paths: &HashSet<&str>) -> Option<String> {
    let mut folder = Some(folder).filter(|folder| folder.len() <= LONGEST_INSTALL_PATH)?;
    for _ in 0..8 {
        let path = join_path(folder, &format!("node_modules/{name}"));
        if paths.contains(path.as_str()) {
            return Some(path);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder_of(folder);
    }
    None
}

/// Recurses as deep as the document nests, which the JSON reader bounds.
fn nested(entries: &Entries<'_, NestedEntry<'_>>, parent: &str, writer: &mut LockWriter<'_>) {
    for (key, entry) in entries {
        let path = join_path(parent, &format!("node_modules/{key}"));
        let path = if path.len() > LONGEST_INSTALL_PATH { String::new() } else { path };
        let said = entry.version.as_deref().unwrap_or_default();
        let spec = Spec::new(key, said);
        if spec.origin != Origin::Local {
            // A repository's version is the tag behind `#`, if that is one.
            let version = spec.version.or_else(|| said.split_once('#').and_then(|(_, tag)| exact(tag)));
            // Versions that npm's own order refuses were once published; they are shown as written.
            let odd =
                Some(said).filter(|said| spec.origin == Origin::Registry && !said.contains(':') && !said.is_empty());
            writer.add(Locked {
                key: Some(key),
                name: spec.name,
                version: version.or(odd),
                direct: None,
                dev: Some(entry.dev),
                requires: names(&[&entry.requires]),
                install_path: Some(path.clone()).filter(|path| !path.is_empty()),
            });
        }
        nested(&entry.dependencies, &path, writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GapKind, Level, Location};

    fn extract(text: &str) -> Sink {
        let location = Location::artifact(0).child("package-lock.json");
        let mut sink = Sink::default();
        NpmLock.extract(&Entry { location: &location, bytes: text.as_bytes() }, &mut sink);
        sink
    }

    type Row<'a> = (&'a str, Option<&'a str>, Option<bool>, Option<bool>, Option<&'a str>);

    fn rows(sink: &Sink) -> Vec<Row<'_>> {
        sink.found
            .iter()
            .map(|f| {
                let p = &f.package;
                (p.name.as_str(), p.version.as_deref(), p.direct, p.dev, f.install_path.as_deref())
            })
            .collect()
    }

    #[test]
    fn files_are_known_by_name() {
        for path in ["package-lock.json", "a/npm-shrinkwrap.json", "node_modules/.package-lock.json"] {
            assert!(NpmLock.wants(path, b""));
        }
        assert!(!NpmLock.wants("a/.package-lock.json", b""));
    }

    #[test]
    fn version_3_lists_paths() {
        let sink = extract(
            r#"{"lockfileVersion":3,"packages":{
              "":{"name":"app","dependencies":{"a":"^1","al":"npm:real@1"},"devDependencies":{"d":"1"}},
              "packages/w":{"version":"1.0.0","dependencies":{"b":"^2"}},
              "node_modules/w":{"resolved":"packages/w","link":true},
              "node_modules/a":{"version":"1.0.1","dependencies":{"b":"^1"},"optionalDependencies":{"o":"*"}},
              "node_modules/b":{"version":"1.5.0"},
              "packages/w/node_modules/b":{"version":"2.0.0","devOptional":true},
              "node_modules/al":{"name":"real","version":"1.2.0"},
              "node_modules/d":{"version":"3.0.0","dev":true},
              "node_modules/a/node_modules/@s/x":{"version":5,"inBundle":true},
              "node_modules/odd":"?"}}"#,
        );
        assert_eq!(
            rows(&sink),
            [
                ("a", Some("1.0.1"), Some(true), Some(false), Some("node_modules/a")),
                ("b", Some("1.5.0"), Some(false), Some(false), Some("node_modules/b")),
                ("b", Some("2.0.0"), Some(true), Some(false), Some("packages/w/node_modules/b")),
                ("real", Some("1.2.0"), Some(true), Some(false), Some("node_modules/al")),
                ("d", Some("3.0.0"), Some(true), Some(true), Some("node_modules/d")),
                ("@s/x", Some("5"), Some(false), Some(false), Some("node_modules/a/node_modules/@s/x")),
                ("odd", None, Some(false), Some(false), Some("node_modules/odd")),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["b", "o"]);
        assert_eq!(sink.found[0].package.locations[0].span.expect("a span").line, 5);
        assert_eq!((sink.lock_gaps.len(), sink.lock_gaps[0].kind), (1, GapKind::Unversioned));
    }

    #[test]
    fn the_hidden_lock_does_not_know_what_is_direct() {
        let sink = extract(r#"{"packages":{"node_modules/a":{"version":"1.0.0"}}}"#);
        assert_eq!(rows(&sink), [("a", Some("1.0.0"), None, Some(false), Some("node_modules/a"))]);
    }

    #[test]
    fn version_1_nests() {
        let sink = extract(
            r#"{"lockfileVersion":1,"requires":true,"dependencies":{
              "a":{"version":"1.0.0","requires":{"b":"^1"},"dependencies":{"b":{"version":"1.1.0","dev":true}}},
              "al":{"version":"npm:@s/real@2.0.0"},
              "g":{"version":"git+ssh://git@git.example.com/g.git#0123abc"},
              "t":{"version":"github:u/t#v3.1.4"},
              "l":{"version":"file:../l"},
              "h":{"version":"https://npm.example.com/h/-/h-1.0.0.tgz"}}}"#,
        );
        assert_eq!(
            rows(&sink),
            [
                ("a", Some("1.0.0"), None, Some(false), Some("node_modules/a")),
                ("b", Some("1.1.0"), None, Some(true), Some("node_modules/a/node_modules/b")),
                ("@s/real", Some("2.0.0"), None, Some(false), Some("node_modules/al")),
                ("g", None, None, Some(false), Some("node_modules/g")),
                ("t", Some("3.1.4"), None, Some(false), Some("node_modules/t")),
                ("h", None, None, Some(false), Some("node_modules/h")),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["b"]);
    }

    #[test]
    fn a_cut_file_is_a_blocking_gap_and_keeps_its_first_part() {
        let sink = extract(r#"{"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"ver"#);
        assert_eq!(rows(&sink)[0].0, "a");
        assert_eq!((sink.lock_gaps[0].level, sink.lock_gaps[0].kind), (Level::Blocking, GapKind::Malformed));
        for text in ["", "[]", "<<<<<<< HEAD"] {
            let sink = extract(text);
            assert_eq!((sink.found.len(), sink.lock_gaps.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn deep_nesting_ends_as_a_gap() {
        let deep = r#"{"dependencies":{"a":"#.repeat(100_000);
        let sink = extract(&deep);
        assert!(sink.lock_gaps.iter().any(|gap| gap.level == Level::Blocking));
    }

    #[test]
    fn a_long_path_with_many_names_takes_linear_time() {
        let names: String = (0..100_000).map(|i| format!("\"n{i}\":\"1\",")).collect();
        let path = "w/".repeat(100_000);
        let text = format!(
            r#"{{"packages":{{"{path}":{{"dependencies":{{{}}}}},"node_modules/a":{{"version":"1.0.0"}}}}}}"#,
            names.trim_end_matches(',')
        );
        let start = crate::formats::clock::spent();
        assert_eq!(rows(&extract(&text)).len(), 1);
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }
}
