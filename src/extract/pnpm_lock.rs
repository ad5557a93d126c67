//! `pnpm-lock.yaml` of formats 5, 6 and 9 (<https://github.com/pnpm/spec/tree/master/lockfile>).
//!
//! Keys carry name and version, in three spellings: `/a/1.0.0_peer@2.0.0`, `/a@1.0.0(peer@2.0.0)`, `a@1.0.0`. Since
//! pnpm 11 the file may hold several documents, of which the first is not the project's own.

use std::collections::{HashMap, HashSet};

use super::lock_writer::{LockWriter, Locked, names};
use super::npm_spec::is_version;
use super::{Entry, Extractor, Sink, file_name};
use crate::formats::lenient::{Entries, Keys, Lenient, Text, record};
use crate::formats::text::decode;
use crate::formats::yaml;

/// Reads `pnpm-lock.yaml`.
pub struct PnpmLock;

record! {
    struct LockFile<'de> {
        "lockfileVersion" => version: Text<'de>,
        "importers" => importers: Entries<'de, Importer<'de>>,
        "dependencies" => dependencies: Entries<'de, Reference<'de>>,
        "devDependencies" => dev: Entries<'de, Reference<'de>>,
        "optionalDependencies" => optional: Entries<'de, Reference<'de>>,
        "packages" => packages: Entries<'de, LockEntry<'de>>,
        "snapshots" => snapshots: Entries<'de, LockEntry<'de>>,
    }
}

record! {
    struct Importer<'de> {
        "dependencies" => dependencies: Entries<'de, Reference<'de>>,
        "devDependencies" => dev: Entries<'de, Reference<'de>>,
        "optionalDependencies" => optional: Entries<'de, Reference<'de>>,
    }
}

/// What an importer's dependency resolved to: a text, since format 6 in a map.
#[derive(Debug, Default)]
struct Reference<'de> {
    version: Text<'de>,
}

impl<'de> Lenient<'de> for Reference<'de> {
    fn text(&mut self, text: std::borrow::Cow<'de, str>) {
        self.version = Some(text);
    }

    fn map<A: serde::de::MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let mut inner = ReferenceMap::default();
        inner.map(map)?;
        self.version = inner.version;
        Ok(())
    }
}

record! {
    struct ReferenceMap<'de> {
        "version" => version: Text<'de>,
    }
}

record! {
    struct LockEntry<'de> {
        "name" => name: Text<'de>,
        "version" => version: Text<'de>,
        "dev" => dev: Option<bool>,
        "resolution" => resolution: Resolution<'de>,
        "dependencies" => dependencies: Entries<'de, Text<'de>>,
        "optionalDependencies" => optional: Entries<'de, Text<'de>>,
    }
}

record! {
    struct Resolution<'de> {
        "directory" => directory: Text<'de>,
    }
}

impl Extractor for PnpmLock {
    fn id(&self) -> &'static str {
        "pnpm-lock"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "pnpm-lock.yaml"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut writer = LockWriter::new(entry, self.id(), &text, sink);
        match yaml::documents::<LockFile<'_>>(&text) {
            Ok(files) if files.iter().any(|file| file.version.is_some()) => {
                files.iter().for_each(|file| write(file, &mut writer));
            }
            Ok(_) => writer.malformed(&"it has no lockfileVersion"),
            Err(error) => writer.malformed(&error),
        }
    }
}

fn write(file: &LockFile<'_>, writer: &mut LockWriter<'_>) {
    let importers: Vec<_> = file
        .importers
        .iter()
        .map(|(_, importer)| [&importer.dependencies, &importer.optional, &importer.dev])
        .chain([[&file.dependencies, &file.optional, &file.dev]])
        .collect();
    let has_importer = importers.iter().any(|groups| groups.iter().any(|group| !group.is_empty()));
    let pairs = |groups: &[&Entries<'_, Reference<'_>>]| -> Vec<String> {
        let references = groups.iter().flat_map(|group| group.iter());
        references.filter_map(|(name, to)| Some(key(name, to.version.as_deref()?))).collect()
    };
    let wanted: Vec<String> = importers.iter().flat_map(|[plain, optional, _]| pairs(&[plain, optional])).collect();
    let wanted_dev: Vec<String> = importers.iter().flat_map(|[_, _, dev]| pairs(&[dev])).collect();
    let direct: HashSet<(&str, &str)> = wanted.iter().chain(&wanted_dev).filter_map(|key| parse(key)).collect();
    let needed = needed(&file.snapshots, wanted.clone());
    let requires: HashMap<&str, &LockEntry<'_>> =
        file.snapshots.iter().map(|(key, entry)| (bare(key), entry)).collect();

    for (entry_key, entry) in &file.packages {
        if entry.resolution.directory.is_some() || entry_key.contains("@link:") {
            continue;
        }
        let parsed = parse(entry_key);
        let Some(name) = entry.name.as_deref().or(parsed.map(|(name, _)| name)) else {
            writer.odd(entry_key);
            continue;
        };
        let version = entry.version.as_deref().or(parsed.map(|(_, version)| version).filter(|v| is_version(v)));
        let snapshot = requires.get(bare(entry_key)).copied().unwrap_or(entry);
        let dependencies = [&snapshot.dependencies, &snapshot.optional];
        let keys =
            Keys(dependencies.into_iter().flatten().map(|(name, to)| target(name, to.as_deref()).into()).collect());
        writer.add(Locked {
            key: Some(entry_key),
            name,
            version,
            direct: parsed.filter(|_| has_importer).map(|parsed| direct.contains(&parsed)),
            // Format 9 says it no longer; there it is what no production dependency leads to.
            dev: entry.dev.or_else(|| needed.as_ref().map(|needed| !needed.contains(bare(entry_key)))),
            requires: names(&[&keys]),
            install_path: None,
        });
    }
}

/// Every entry that the wanted ones lead to, without their peers; `None` where there are no snapshots to follow.
fn needed(snapshots: &Entries<'_, LockEntry<'_>>, wanted: Vec<String>) -> Option<HashSet<String>> {
    if snapshots.is_empty() {
        return None;
    }
    let by_key: HashMap<&str, &LockEntry<'_>> = snapshots.iter().map(|(key, entry)| (&**key, entry)).collect();
    let mut seen: HashSet<String> = HashSet::new();
    let mut next = wanted;
    while let Some(key_now) = next.pop() {
        if seen.contains(&key_now) {
            continue;
        }
        if let Some(entry) = by_key.get(key_now.as_str()) {
            let references = entry.dependencies.iter().chain(&entry.optional);
            next.extend(references.filter_map(|(name, to)| Some(key(name, to.as_deref()?))));
        }
        seen.insert(key_now);
    }
    Some(seen.iter().map(|key| bare(key).to_owned()).collect())
}

/// The key of `packages` or `snapshots` that a reference means: `1.0.0(peer@2)` of `a` is `a@1.0.0(peer@2)`, while an
/// alias and a place elsewhere are keys already.
fn key(name: &str, reference: &str) -> String {
    if reference.starts_with('/') || is_alias(reference) { reference.to_owned() } else { format!("{name}@{reference}") }
}

/// Whether a reference names another package: `real@1.0.0`, `@scope/real@1.0.0`.
fn is_alias(reference: &str) -> bool {
    let head = bare(reference);
    parse(head).is_some_and(|(_, version)| is_version(version)) && !is_version(head.split('_').next().unwrap_or(head))
}

/// The name that a reference means.
fn target(name: &str, reference: Option<&str>) -> String {
    let aliased = reference.filter(|reference| reference.starts_with('/') || is_alias(reference)).and_then(parse);
    aliased.map_or(name, |(name, _)| name).to_owned()
}

/// A key without its peers.
fn bare(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// Name and version of a key. The version of what comes from elsewhere is its place.
fn parse(key: &str) -> Option<(&str, &str)> {
    let key = bare(key);
    let rest = key.strip_prefix('/').unwrap_or(key);
    let scope = usize::from(rest.starts_with('@'));
    let slash = rest.match_indices('/').nth(scope).map(|(at, _)| at);
    let at = rest.get(scope..)?.find('@').map(|at| at + scope);
    let (name, version) = match (slash, at) {
        // Format 5: `/a/1.0.0_peer@2.0.0`; without the leading `/` a registry's host comes first.
        (Some(slash), at) if at.is_none_or(|at| slash < at) => {
            if !key.starts_with('/') && scope == 0 {
                return parse(rest.get(slash..)?).filter(|(_, version)| is_version(version));
            }
            split_at(rest, slash)?
        }
        (_, at) => split_at(rest, at?)?,
    };
    let plain = version.split('_').next().filter(|version| is_version(version));
    Some((name, plain.unwrap_or(version)))
}

fn split_at(text: &str, at: usize) -> Option<(&str, &str)> {
    let (name, rest) = (&text[..at], &text[at + 1..]);
    (!name.is_empty() && !rest.is_empty()).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Location};

    fn extract(text: &str) -> Sink {
        let location = Location::artifact(0).child("pnpm-lock.yaml");
        let mut sink = Sink::default();
        PnpmLock.extract(&Entry { location: &location, bytes: text.as_bytes() }, &mut sink);
        sink
    }

    type Row<'a> = (&'a str, Option<&'a str>, Option<bool>, Option<bool>);

    fn rows(sink: &Sink) -> Vec<Row<'_>> {
        let packages = sink.found.iter().map(|found| &found.package);
        packages.map(|p| (p.name.as_str(), p.version.as_deref(), p.direct, p.dev)).collect()
    }

    #[test]
    fn keys_of_every_format() {
        for (key, name, version) in [
            ("/a/1.0.0", "a", "1.0.0"),
            ("/@s/a/1.0.0", "@s/a", "1.0.0"),
            ("/a/1.0.0_peer@2.0.0", "a", "1.0.0"),
            ("/a/1.0.0_@babel+core@7.0.0", "a", "1.0.0"),
            ("/@s/a/1.0.0_@babel+core@7.0.0+b@1.0.0", "@s/a", "1.0.0"),
            ("npm.example.com/a/1.0.0", "a", "1.0.0"),
            ("npm.example.com/@s/a/1.0.0_b@1.0.0", "@s/a", "1.0.0"),
            ("/a@1.0.0", "a", "1.0.0"),
            ("/@s/a@1.0.0(b@2.0.0)(c@3.0.0(d@1.0.0))", "@s/a", "1.0.0"),
            ("a@1.0.0", "a", "1.0.0"),
            ("@s/a@1.0.0-rc.1", "@s/a", "1.0.0-rc.1"),
            ("string_decoder@1.0.0", "string_decoder", "1.0.0"),
            ("/string_decoder/1.0.0", "string_decoder", "1.0.0"),
            ("/string_decoder@1.0.0", "string_decoder", "1.0.0"),
            ("a@https://npm.example.com/a.tgz", "a", "https://npm.example.com/a.tgz"),
        ] {
            assert_eq!(parse(key), Some((name, version)), "{key}");
        }
        for key in ["", "/", "a", "@", "@s/a", "é", "git.example.com/u/r/0123abc"] {
            assert_eq!(parse(key), None, "{key}");
        }
    }

    #[test]
    fn format_5() {
        let sink = extract(
            "lockfileVersion: 5.4\nspecifiers: {a: ^1, b: ^1}\ndependencies:\n  a: 1.0.0_peer@2.0.0\n  al: /real/3.0.0\n  l: link:../l\n\
             devDependencies:\n  b: 1.1.0\npackages:\n  /a/1.0.0_peer@2.0.0:\n    resolution: {integrity: sha512-00}\n    \
             dependencies:\n      c: 1.2.0\n      z: /real/3.0.0\n    dev: false\n  /b/1.1.0:\n    dev: true\n  /c/1.2.0: {}\n  /real/3.0.0: {dev: false}\n  \
             git.example.com/u/r/0123abc:\n    name: g\n    version: 0.2.0\n    dev: false\n  file:../d:\n    resolution: {directory: ../d, type: directory}\n    name: d\n    version: 1.0.0\n",
        );
        assert_eq!(
            rows(&sink),
            [
                ("a", Some("1.0.0"), Some(true), Some(false)),
                ("b", Some("1.1.0"), Some(true), Some(true)),
                ("c", Some("1.2.0"), Some(false), None),
                ("real", Some("3.0.0"), Some(true), Some(false)),
                ("g", Some("0.2.0"), None, Some(false)),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["c", "real"]);
        assert_eq!(sink.found[0].package.locations[0].span.expect("a span").line, 10);
    }

    #[test]
    fn formats_6_and_9_and_several_documents() {
        let sink = extract(
            "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1\n    version: 1.0.0(p@2.0.0)\npackages:\n  \
             /a@1.0.0(p@2.0.0):\n    dev: false\n  /p@2.0.0:\n    dev: true\n",
        );
        assert_eq!(
            rows(&sink),
            [("a", Some("1.0.0"), Some(true), Some(false)), ("p", Some("2.0.0"), Some(false), Some(true))]
        );
        let sink = extract(
            "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      pnpm: {specifier: 11.0.0, version: 11.0.0}\npackages:\n  pnpm@11.0.0: {}\n\
             ---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      '@s/a': {specifier: ^1, version: 1.0.0(p@2.0.0)}\n      al: {specifier: 'npm:real@^1', version: real@1.5.0}\n      \
             w: {specifier: 'workspace:*', version: 'link:packages/w'}\n    devDependencies:\n      d: {specifier: ^1, version: 1.0.0}\npackages:\n  \
             '@s/a@1.0.0':\n    resolution: {integrity: sha512-00}\n  p@2.0.0: {}\n  d@1.0.0: {}\n  e@1.0.0: {}\n  real@1.5.0: {}\n  t@https://npm.example.com/t.tgz:\n    version: 4.0.0\n\
             snapshots:\n  '@s/a@1.0.0(p@2.0.0)':\n    dependencies:\n      p: 2.0.0\n  p@2.0.0: {}\n  d@1.0.0:\n    dependencies: {e: 1.0.0}\n  e@1.0.0: {}\n  real@1.5.0:\n    dependencies:\n      t: https://npm.example.com/t.tgz\n",
        );
        assert_eq!(
            rows(&sink),
            [
                ("pnpm", Some("11.0.0"), None, None),
                ("@s/a", Some("1.0.0"), Some(true), Some(false)),
                ("p", Some("2.0.0"), Some(false), Some(false)),
                ("d", Some("1.0.0"), Some(true), Some(true)),
                ("e", Some("1.0.0"), Some(false), Some(true)),
                ("real", Some("1.5.0"), Some(true), Some(false)),
                ("t", Some("4.0.0"), Some(false), Some(false)),
            ]
        );
        assert_eq!(sink.found[1].package.requires, ["p"]);
    }

    #[test]
    fn what_is_no_lock_file_is_a_blocking_gap() {
        for text in ["", "a: [", "packages: {}", "- a", "lockfileVersion: 9\npackages:\n\t- a"] {
            let sink = extract(text);
            assert_eq!(sink.lock_gaps.first().map(|gap| gap.level), Some(Level::Blocking), "{text:?}");
        }
        let sink = extract("lockfileVersion: '9.0'\npackages:\n  odd: {}\n  a@1.0.0: [x]\n");
        assert_eq!((sink.found.len(), sink.lock_gaps.len(), sink.lock_gaps[0].level), (1, 1, Level::Note));
    }
}
