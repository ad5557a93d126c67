//! `poetry.lock`: `[[package]]` tables. The file has no published specification; old ones say `category`, those of
//! Poetry 2 say `groups` (<https://python-poetry.org/docs/managing-dependencies/#dependency-groups>).

use super::{Entry, Extractor, Sink, file_name};
use crate::formats::toml_doc::{Table, TomlDoc, Value, array, flag, string, strings, table};
use crate::model::{Ecosystem, Evidence, Package};

const ID: &str = "poetry-lock";

/// The extractor.
pub struct PoetryLock;

impl Extractor for PoetryLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "poetry.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let doc = TomlDoc::parse(entry.bytes);
        sink.lock_gaps.extend(doc.gap(entry.location, ID));
        for (place, package, name) in doc.named("package", entry.location, ID, &mut sink.lock_gaps) {
            let source = table(package, "source").and_then(|source| string(source, "type"));
            if source == Some("directory") {
                continue; // first-party code in a folder of its own
            }
            let version = string(package, "version").map(str::to_owned);
            let found = Package::new(Ecosystem::PyPI, name, version, Evidence::Locked, place);
            sink.locked(Package { dev: dev(package), requires: requires(package), ..found }, None);
        }
    }
}

fn dev(package: &Table<'_>) -> Option<bool> {
    if let Some(category) = string(package, "category") {
        return Some(category != "main");
    }
    let mut groups = strings(package, "groups").peekable();
    groups.peek()?;
    Some(!groups.any(|group| group == "main"))
}

fn requires(package: &Table<'_>) -> Vec<String> {
    let Some(dependencies) = table(package, "dependencies") else { return Vec::new() };
    let needed = dependencies.iter().filter(|(name, value)| {
        // Several tables under one name are alternatives for different markers.
        let alternatives = array(dependencies, name.get_ref()).count();
        if alternatives > 0 { array(dependencies, name.get_ref()).any(is_needed) } else { is_needed(value) }
    });
    needed.map(|(name, _)| name.get_ref().to_string()).collect()
}

fn is_needed(value: &Value<'_>) -> bool {
    !value.get_ref().as_table().and_then(|table| flag(table, "optional")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::model::{GapKind, Level};

    const OLD: &[u8] = br#"
[[package]]
name = "requests"
version = "2.19.1"
category = "main"
optional = false

[package.dependencies]
idna = ">=2.5"
PySocks = {version = ">=1.5", optional = true, markers = "extra == \"socks\""}
urllib3 = [
    {version = ">=1.21", markers = "python_version < \"3.10\""},
    {version = ">=1.25", markers = "python_version >= \"3.10\""},
]

[[package]]
name = "pytest"
version = "7.0.0"
category = "dev"

[metadata]
lock-version = "1.1"
"#;

    #[test]
    fn old_files_say_category() {
        let sink = sink_of(&PoetryLock, "poetry.lock", OLD);
        assert_eq!(names(&sink), ["requests 2.19.1 locked", "pytest 7.0.0 locked"]);
        let requests = &sink.found[0].package;
        assert_eq!(requests.requires, ["idna", "urllib3"]);
        assert_eq!(requests.locations[0].span.unwrap().line, 3);
        assert_eq!((requests.dev, sink.found[1].package.dev), (Some(false), Some(true)));
        assert_eq!(sink.found[0].unit, "poetry.lock");
        assert_eq!(sink.lock_gaps, []);
    }

    #[test]
    fn new_files_say_groups() {
        let text = br#"
[[package]]
name = "a"
version = "1"
groups = ["main", "dev"]
[[package]]
name = "b"
version = "2"
groups = ["dev"]
[[package]]
name = "c"
version = "3"
[[package]]
name = "own"
version = "0.1.0"
[package.source]
type = "directory"
url = "../own"
[[package]]
name = "forked"
version = "4"
[package.source]
type = "git"
url = "https://git.example.com/forked.git"
"#;
        let sink = sink_of(&PoetryLock, "poetry.lock", text);
        let dev: Vec<_> = sink.found.iter().map(|found| found.package.dev).collect();
        assert_eq!(names(&sink), ["a 1 locked", "b 2 locked", "c 3 locked", "forked 4 locked"]);
        assert_eq!(dev, [Some(false), Some(true), None, None]);
    }

    #[test]
    fn one_odd_entry_does_not_take_the_rest() {
        let text = b"[[package]]\nversion = \"1\"\n[[package]]\nname = 3\n[[package]]\nname = \"a\"\nversion = 4\n\
            dependencies = \"x\"\n[[package]]\nname = \"b\"\nversion = \"2\"";
        let sink = sink_of(&PoetryLock, "app/poetry.lock", text);
        assert_eq!(names(&sink), ["a - locked", "b 2 locked"]);
        let gaps: Vec<_> = sink.lock_gaps.iter().map(|gap| (gap.level, gap.location.span.unwrap().line)).collect();
        assert_eq!(gaps, [(Level::Note, 1), (Level::Note, 4)]);
    }

    #[test]
    fn a_broken_file_blocks() {
        let sink = sink_of(&PoetryLock, "poetry.lock", b"[[package]]\nname = \"a\"\nversion = \"1\"\n<<<<<<< HEAD\n");
        assert_eq!(names(&sink), ["a 1 locked"]);
        assert_eq!((sink.lock_gaps[0].level, sink.lock_gaps[0].kind), (Level::Blocking, GapKind::Malformed));
    }
}
