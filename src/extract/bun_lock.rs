//! `bun.lock`, JSON with trailing commas (<https://bun.com/docs/pm/lockfile>), and its binary predecessor `bun.lockb`,
//! which is named but not read.

use std::collections::{HashMap, HashSet};

use serde::de::{IgnoredAny, SeqAccess};

use super::lock_writer::{LockWriter, Locked, names};
use super::npm_spec::{Origin, Spec, split};
use super::{Entry, Extractor, Needs, Sink, file_name, folder_of, join_path};
use crate::formats::jsonc;
use crate::formats::lenient::{Entries, Fill, Keys, Lenient, Text, json, record};
use crate::formats::text::decode;
use crate::model::{Gap, GapKind};

/// Reads `bun.lock`.
pub struct BunLock;

/// Reports `bun.lockb`.
pub struct BunLockb;

record! {
    struct LockFile<'de> {
        "lockfileVersion" => version: Text<'de>,
        "workspaces" => workspaces: Entries<'de, Dependencies<'de>>,
        "packages" => packages: Entries<'de, Tuple<'de>>,
    }
}

record! {
    struct Dependencies<'de> {
        "name" => name: Text<'de>,
        "dependencies" => plain: Keys<'de>,
        "devDependencies" => dev: Keys<'de>,
        "optionalDependencies" => optional: Keys<'de>,
    }
}

/// `["a@1.0.0", "registry", {"dependencies": {..}}, "sha512-.."]`; what comes between the first and the map differs by
/// where the package comes from.
#[derive(Debug, Default)]
struct Tuple<'de> {
    resolution: Text<'de>,
    dependencies: Dependencies<'de>,
}

impl<'de> Lenient<'de> for Tuple<'de> {
    fn seq<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        if seq.next_element_seed(Fill(&mut self.resolution))?.is_none() {
            return Ok(());
        }
        for _ in 0..2 {
            if seq.next_element_seed(Fill(&mut self.dependencies))?.is_none() {
                return Ok(());
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

impl Extractor for BunLock {
    fn id(&self) -> &'static str {
        "bun-lock"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "bun.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = jsonc::to_json(&decode(entry.bytes));
        let mut lock = LockFile::default();
        let read = json(&text, &mut lock);
        let mut writer = LockWriter::new(entry, self.id(), &text, sink);
        if let Err(error) = read {
            writer.malformed(&error);
        } else if lock.version.is_none() {
            writer.malformed(&"it has no lockfileVersion");
        }
        write(&lock, &mut writer);
    }
}

fn write(lock: &LockFile<'_>, writer: &mut LockWriter<'_>) {
    let by_key: HashMap<&str, &Tuple<'_>> = lock.packages.iter().map(|(key, tuple)| (&**key, tuple)).collect();
    let mut direct: HashSet<String> = HashSet::new();
    let mut production: Vec<String> = Vec::new();
    for (_, workspace) in &lock.workspaces {
        // A workspace's own copies have its name in front; the project's and the shared ones stand alone.
        let at = workspace.name.as_deref().unwrap_or_default();
        let find = |keys: &Keys<'_>| keys.0.iter().filter_map(|name| resolve(at, name, &by_key)).collect::<Vec<_>>();
        direct.extend(find(&workspace.dev));
        for keys in [&workspace.plain, &workspace.optional] {
            production.extend(find(keys));
        }
    }
    direct.extend(production.iter().cloned());
    let needed = needed(production, &by_key);
    for (key, tuple) in &lock.packages {
        let Some((name, reference)) = tuple.resolution.as_deref().and_then(split) else {
            writer.odd(key);
            continue;
        };
        let spec = Spec::new(name, reference);
        if spec.origin == Origin::Local {
            continue;
        }
        let known = !lock.workspaces.is_empty();
        writer.add(Locked {
            key: Some(key),
            name: spec.name,
            version: spec.version,
            direct: known.then(|| direct.contains(&**key)),
            dev: known.then(|| !needed.contains(&**key)),
            requires: names(&[&tuple.dependencies.plain, &tuple.dependencies.optional]),
            install_path: None,
        });
    }
}

/// The key that `name` means for the package at `key`: its own nested copy, or the nearest one outwards.
fn resolve(key: &str, name: &str, by_key: &HashMap<&str, &Tuple<'_>>) -> Option<String> {
    // Longer keys and deeper nesting are not followed: a hostile file would make that quadratic.
    let mut at = if key.len() <= 512 { key } else { "" };
    for _ in 0..32 {
        let candidate = join_path(at, name);
        if by_key.contains_key(candidate.as_str()) {
            return Some(candidate);
        }
        if at.is_empty() {
            return None;
        }
        at = folder_of(at);
    }
    None
}

/// Every key that production dependencies lead to.
fn needed(mut next: Vec<String>, by_key: &HashMap<&str, &Tuple<'_>>) -> HashSet<String> {
    let mut seen = HashSet::new();
    while let Some(key) = next.pop() {
        if seen.contains(&key) {
            continue;
        }
        if let Some(tuple) = by_key.get(key.as_str()) {
            let names = [&tuple.dependencies.plain, &tuple.dependencies.optional];
            next.extend(names.into_iter().flat_map(|keys| &keys.0).filter_map(|name| resolve(&key, name, by_key)));
        }
        seen.insert(key);
    }
    seen
}

impl Extractor for BunLockb {
    fn id(&self) -> &'static str {
        "bun-lockb"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "bun.lockb"
    }

    fn needs(&self) -> Needs {
        Needs::Head
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        sink.lock_gaps.push(Gap::blocking(
            GapKind::Unsupported,
            entry.location.clone(),
            self.id(),
            "the binary lock file of Bun is not read; `bun install --save-text-lockfile` writes one that is",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Location};

    fn extract(text: &str) -> Sink {
        let location = Location::artifact(0).child("bun.lock");
        let mut sink = Sink::default();
        BunLock.extract(&Entry { location: &location, bytes: text.as_bytes() }, &mut sink);
        sink
    }

    #[test]
    fn entries_workspaces_and_nested_copies() {
        let sink = extract(
            r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "app", "dependencies": { "a": "^1", "al": "npm:real@^1", }, "devDependencies": { "d": "1", }, },
    "packages/w": { "name": "w", "dependencies": { "b": "^2", }, },
  },
  "packages": {
    // one entry a line
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^1" }, "optionalDependencies": { "@s/o": "*" } }, "sha512-00"],
    "b": ["b@1.5.0", "", {}, "sha512-00"],
    "w/b": ["b@2.0.0", "https://npm.example.com/b.tgz", {}, "sha512-00"],
    "al": ["real@1.2.0", "", {}, "sha512-00"],
    "d": ["d@1.0.0", "", { "dependencies": { "e": "1" } }, "sha512-00"],
    "e": ["e@1.0.0", "", {}, "sha512-00"],
    "@s/o": ["@s/o@1.0.0", "", {}, "sha512-00"],
    "g": ["g@git+https://git.example.com/g.git#0123abc", {}, "0123abc"],
    "w": ["w@workspace:packages/w"],
    "odd": [1, 2],
  },
}
"#,
        );
        let rows: Vec<_> = sink
            .found
            .iter()
            .map(|f| (f.package.name.as_str(), f.package.version.as_deref(), f.package.direct, f.package.dev))
            .collect();
        assert_eq!(
            rows,
            [
                ("a", Some("1.0.0"), Some(true), Some(false)),
                ("b", Some("1.5.0"), Some(false), Some(false)),
                ("b", Some("2.0.0"), Some(true), Some(false)),
                ("real", Some("1.2.0"), Some(true), Some(false)),
                ("d", Some("1.0.0"), Some(true), Some(true)),
                ("e", Some("1.0.0"), Some(false), Some(true)),
                ("@s/o", Some("1.0.0"), Some(false), Some(false)),
                ("g", None, Some(false), Some(true)),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["b", "@s/o"]);
        assert_eq!(sink.found[0].package.locations[0].span.expect("a span").line, 9);
        assert!(sink.lock_gaps.iter().all(|gap| gap.level == Level::Note));
        assert_eq!(sink.lock_gaps.len(), 2);
    }

    #[test]
    fn unreadable_ones_are_blocking_gaps() {
        let sink = extract(r#"{"lockfileVersion":1,"packages":{"a":["a@1.0.0"],"b":"#);
        assert_eq!((sink.found.len(), sink.lock_gaps[0].level), (1, Level::Blocking));
        let location = Location::artifact(0).child("bun.lockb");
        let mut sink = Sink::default();
        BunLockb.extract(&Entry { location: &location, bytes: b"#!/usr/bin/env bun\n" }, &mut sink);
        assert_eq!((sink.lock_gaps[0].level, sink.lock_gaps[0].kind), (Level::Blocking, GapKind::Unsupported));
    }
}
