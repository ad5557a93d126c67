//! `yarn.lock`: the classic format, a grammar of its own (<https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>), and
//! that of Yarn 2 and later, which is YAML (<https://yarnpkg.com/advanced/lexicon#lockfile>).
//!
//! Neither says where an entry is installed, nor whether only development needs it. The classic one does not know what
//! the project itself asks for.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lock_writer::{LockWriter, Locked, names};
use super::npm_spec::{Spec, is_version, split};
use super::{Entry, Extractor, Sink, file_name};
use crate::formats::lenient::{Entries, Keys, Text, record};
use crate::formats::text::decode;
use crate::formats::yaml;

/// Reads `yarn.lock`.
pub struct YarnLock;

impl Extractor for YarnLock {
    fn id(&self) -> &'static str {
        "yarn-lock"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "yarn.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut writer = LockWriter::new(entry, self.id(), &text, sink);
        if text.lines().any(|line| line.starts_with("__metadata:")) {
            berry(&text, &mut writer);
        } else {
            classic(&text, &mut writer);
        }
    }
}

/// An entry of the classic format that is being read.
#[derive(Default)]
struct Block<'a> {
    key: &'a str,
    version: Option<&'a str>,
    requires: Vec<String>,
    in_dependencies: bool,
}

/// Entries begin at the left margin and end with a colon; fields are indented by two, the lines of a field by four.
fn classic(text: &str, writer: &mut LockWriter<'_>) {
    let mut block: Option<Block<'_>> = None;
    let mut broken = None;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let content = content.trim_end();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match (indent, &mut block) {
            (0, _) => {
                finish(block.take(), writer);
                match content.strip_suffix(':') {
                    Some(key) => block = Some(Block { key, ..Block::default() }),
                    None => broken = broken.or(Some("a line at the left margin begins no entry")),
                }
            }
            (1..=3, Some(block)) => {
                block.in_dependencies = matches!(content, "dependencies:" | "optionalDependencies:");
                if let Some((field, value)) = content.split_once(' ')
                    && field.trim_end_matches(':') == "version"
                {
                    block.version = Some(value.trim().trim_matches('"'));
                }
            }
            (_, Some(block)) if block.in_dependencies => block.requires.push(unquoted_head(content).to_owned()),
            (_, Some(_)) => {}
            (_, None) => broken = broken.or(Some("a field stands outside of all entries")),
        }
    }
    finish(block, writer);
    if let Some(broken) = broken {
        writer.malformed(&broken);
    }
}

fn finish(block: Option<Block<'_>>, writer: &mut LockWriter<'_>) {
    let Some(block) = block else { return };
    let key = block.key;
    let first = unquoted_head(key);
    let Some((name, range)) = split(first).or_else(|| Some((first.strip_suffix('@')?, ""))) else {
        return writer.odd(key);
    };
    writer.add(Locked {
        key: Some(key),
        name: Spec::new(name, range).name,
        version: block.version.filter(|version| !version.is_empty()),
        requires: block.requires,
        ..Locked::default()
    });
}

/// The first word: up to the closing quote if it is quoted, else up to a blank or a comma.
fn unquoted_head(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => text.split([' ', ',']).next().unwrap_or(text),
    }
}

record! {
    struct BerryEntry<'de> {
        "version" => version: Text<'de>,
        "resolution" => resolution: Text<'de>,
        "linkType" => link_type: Text<'de>,
        "dependencies" => dependencies: Entries<'de, Text<'de>>,
        "optionalDependencies" => keys: Keys<'de>,
    }
}

/// How an entry of the later format came to be.
enum Resolved<'a> {
    /// The project or a part of it.
    Project,
    /// A package; its version if the resolution says it.
    Package(Cow<'a, str>, Option<Cow<'a, str>>),
    /// Not understood.
    Odd,
}

fn berry(text: &str, writer: &mut LockWriter<'_>) {
    let documents: Vec<Entries<'_, BerryEntry<'_>>> = match yaml::documents(text) {
        Ok(documents) => documents,
        Err(error) => return writer.malformed(&error),
    };
    for entries in &documents {
        let by_descriptor: HashMap<&str, usize> = entries
            .iter()
            .enumerate()
            .flat_map(|(index, (key, _))| key.split(", ").map(move |descriptor| (descriptor, index)))
            .collect();
        let mut direct = vec![false; entries.len()];
        let mut has_project = false;
        for (key, entry) in entries {
            if matches!(resolved(key, entry), Resolved::Project) {
                has_project = true;
                for (name, range) in &entry.dependencies {
                    let range = range.as_deref().unwrap_or_default();
                    // Before version 8 of the format the protocol of a plain range goes without saying.
                    let found = [format!("{name}@{range}"), format!("{name}@npm:{range}")]
                        .iter()
                        .find_map(|descriptor| by_descriptor.get(descriptor.as_str()).copied());
                    if let Some(index) = found {
                        direct[index] = true;
                    }
                }
            }
        }
        for ((key, entry), direct) in entries.iter().zip(direct) {
            match resolved(key, entry) {
                _ if key == "__metadata" => {}
                Resolved::Project => {}
                Resolved::Odd => writer.odd(key),
                Resolved::Package(name, version) => {
                    let dependencies = Keys(entry.dependencies.iter().map(|(name, _)| name.clone()).collect());
                    writer.add(Locked {
                        key: Some(key),
                        name: &name,
                        version: version.as_deref().or(entry.version.as_deref()),
                        direct: has_project.then_some(direct),
                        requires: names(&[&dependencies, &entry.keys]),
                        ..Locked::default()
                    });
                }
            }
        }
    }
}

fn resolved<'a>(key: &'a str, entry: &'a BerryEntry<'_>) -> Resolved<'a> {
    let resolution = entry.resolution.as_deref().unwrap_or(key);
    let Some((name, reference)) = split(resolution) else { return Resolved::Odd };
    let (protocol, rest) = reference.split_once(':').unwrap_or(("", reference));
    match protocol {
        "workspace" | "link" | "portal" => Resolved::Project,
        "patch" => {
            // `patch:inner@npm%3A1.0.0#...`: the inner package is what is installed, changed.
            let inner = rest.split('#').next().unwrap_or(rest).replace("%3A", ":").replace("%40", "@");
            match split(&inner) {
                Some((inner, range)) => {
                    let version = Some(range.trim_start_matches("npm:")).filter(|range| is_version(range));
                    Resolved::Package(Cow::Owned(inner.to_owned()), version.map(|v| Cow::Owned(v.to_owned())))
                }
                None => Resolved::Package(Cow::Borrowed(name), None),
            }
        }
        "npm" => {
            let version = rest.split("::").next().filter(|version| is_version(version));
            Resolved::Package(Cow::Borrowed(name), version.map(Cow::Borrowed))
        }
        _ if entry.link_type.as_deref() == Some("soft") => Resolved::Project,
        _ => Resolved::Package(Cow::Borrowed(name), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GapKind, Level, Location};

    fn extract(text: &str) -> Sink {
        let location = Location::artifact(0).child("yarn.lock");
        let mut sink = Sink::default();
        YarnLock.extract(&Entry { location: &location, bytes: text.as_bytes() }, &mut sink);
        sink
    }

    fn rows(sink: &Sink) -> Vec<(&str, Option<&str>, Option<bool>, u64)> {
        sink.found
            .iter()
            .map(|f| {
                let p = &f.package;
                (p.name.as_str(), p.version.as_deref(), p.direct, p.locations[0].span.map_or(0, |span| span.line))
            })
            .collect()
    }

    #[test]
    fn classic_entries() {
        let sink = extract(
            "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.2.0\":\n  version \"1.2.3\"\n  resolved \
             \"https://npm.example.com/@s/a.tgz#00\"\n  dependencies:\n    b \"^1\"\n    \"@s/c\" \"*\"\n  \
             optionalDependencies:\n    d \"1 || 2\"\r\n\nb@^1, b@*:\r\n  version \"1.0.0\"\r\n\nal@npm:real@^2:\n  version \
             \"2.1.0\"\n\n\"g@git+https://git.example.com/g.git\":\n  version \"0.1.0\"\n\n\"n@\":\n  version \"3.0.0\"\n\nbare:\n  version \"1\"\n",
        );
        assert_eq!(
            rows(&sink),
            [
                ("@s/a", Some("1.2.3"), None, 4),
                ("b", Some("1.0.0"), None, 13),
                ("real", Some("2.1.0"), None, 16),
                ("g", Some("0.1.0"), None, 19),
                ("n", Some("3.0.0"), None, 22),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["b", "@s/c", "d"]);
        assert_eq!((sink.lock_gaps.len(), sink.lock_gaps[0].level), (1, Level::Note));
    }

    #[test]
    fn a_file_that_is_none_is_a_blocking_gap() {
        for text in ["<<<<<<< HEAD\na@1:\n  version \"1.0.0\"\n", "{\"a\": 1}", "  version \"1\"\n"] {
            let sink = extract(text);
            assert!(sink.lock_gaps.iter().any(|gap| gap.level == Level::Blocking), "{text}");
        }
        assert_eq!(extract("<<<<<<< HEAD\na@1:\n  version \"1.0.0\"\n").found.len(), 1);
        assert!(extract("# yarn lockfile v1\n").lock_gaps.is_empty());
        let sink = extract("__metadata:\n  version: 6\n\"a@npm:1\": [\n");
        assert_eq!(sink.lock_gaps[0].kind, GapKind::Malformed);
    }

    #[test]
    fn berry_entries() {
        let sink = extract(
            r#"# This file is generated
__metadata:
  version: 8
  cacheKey: 10c0

"@s/a@npm:^1.0.0, @s/a@npm:^1.2.0":
  version: 1.2.3
  resolution: "@s/a@npm:1.2.3"
  dependencies:
    b: "npm:^1"
  checksum: 10c0/00
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    "@s/a": "npm:^1.2.0"
    al: "npm:real@^2"
  languageName: unknown
  linkType: soft

"al@npm:real@^2":
  version: 2.1.0
  resolution: "real@npm:2.1.0"
  linkType: hard

"f@patch:f@npm%3A^2.3.2#~builtin<compat/f>":
  version: 2.3.3
  resolution: "f@patch:f@npm%3A2.3.3#~builtin<compat/f>::version=2.3.3&hash=df0bf1"
  linkType: hard

"t@npm:^1":
  version: 1.0.0
  resolution: "t@npm:1.0.0::__archiveUrl=https%3A%2F%2Fnpm.example.com%2Ft.tgz"

"g@https://git.example.com/g.git":
  version: 0.1.0
  resolution: "g@https://git.example.com/g.git#commit=00"

"l@link:../l::locator=app%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "l@link:../l::locator=app%40workspace%3A."
  linkType: soft
"#,
        );
        let all = rows(&sink);
        assert_eq!(
            all,
            [
                ("@s/a", Some("1.2.3"), Some(true), 6),
                ("real", Some("2.1.0"), Some(true), 24),
                ("f", Some("2.3.3"), Some(false), 29),
                ("t", Some("1.0.0"), Some(false), 34),
                ("g", Some("0.1.0"), Some(false), 38),
            ]
        );
        assert_eq!(sink.found[0].package.requires, ["b"]);
        assert!(sink.lock_gaps.is_empty(), "{:?}", sink.lock_gaps);
    }
}
