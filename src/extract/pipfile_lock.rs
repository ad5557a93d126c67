//! `Pipfile.lock`: JSON with one object per category, `default` and `develop` first of all
//! (<https://pipenv.pypa.io/en/latest/pipfile.html>).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Entry, Extractor, Sink, file_name};
use crate::formats::pep508;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

const ID: &str = "pipfile-lock";

/// The longest file that is read, in bytes. A tree of values takes up to a hundred times its text.
const MOST_BYTES: usize = 8 << 20;

/// The extractor.
pub struct PipfileLock;

impl Extractor for PipfileLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "Pipfile.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        if entry.bytes.len() > MOST_BYTES {
            let detail = "is too long to be read as a lock file";
            sink.lock_gaps.push(Gap::blocking(GapKind::OverLimit, entry.location.clone(), ID, detail));
            return;
        }
        let bytes = entry.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(entry.bytes);
        match serde_json::from_slice::<BTreeMap<String, Value>>(bytes) {
            Ok(categories) => {
                for (category, packages) in categories.iter().filter(|(name, _)| *name != "_meta") {
                    read_category(category, packages, entry, sink);
                }
            }
            Err(error) => {
                let detail = format!("is not a JSON object as far as line {}", error.line());
                sink.lock_gaps.push(Gap::blocking(GapKind::Malformed, entry.location.clone(), ID, detail));
            }
        }
    }
}

fn read_category(category: &str, packages: &Value, entry: &Entry<'_>, sink: &mut Sink) {
    let dev = match category {
        "default" => Some(false),
        "develop" => Some(true),
        _ => None,
    };
    let mut odd = 0;
    for (name, package) in packages.as_object().into_iter().flatten() {
        // `"*"` and a bare version are what the text form of a Pipfile allows.
        let specifier = package.as_str().or_else(|| package["version"].as_str());
        if name.is_empty() || !(package.is_object() || specifier.is_some()) {
            odd += 1;
            continue;
        }
        let local = |key: &str| package[key].as_str().is_some_and(|path| !path.contains("://"));
        if local("path") || local("file") {
            continue; // first-party code
        }
        let version = specifier.and_then(pep508::exact).map(str::to_owned);
        let found = Package::new(Ecosystem::PyPI, name, version, Evidence::Locked, entry.location.clone());
        sink.locked(Package { dev, ..found }, None);
    }
    if odd > 0 || !packages.is_object() {
        let detail = format!("{} of a category could not be read", if odd > 0 { "entries" } else { "the packages" });
        sink.lock_gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), ID, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::model::Level;

    #[test]
    fn categories_say_what_is_for_development() {
        let text = br#"{
  "_meta": {"hash": {"sha256": "0"}, "sources": [{"url": "https://pypi.example.com/simple"}]},
  "default": {
    "requests": {"version": "==2.19.1", "hashes": ["sha256:0"], "index": "pypi"},
    "from-git": {"git": "https://git.example.com/x.git", "ref": "0", "editable": true},
    "remote": {"file": "https://pypi.example.com/remote-1.0.tar.gz"},
    "own": {"path": ".", "editable": true}, "own2": {"path": "./own2"},
    "odd": 7
  },
  "develop": {"pytest": {"version": "==7.0.0"}},
  "docs": {"sphinx": {"version": "==4.0"}, "loose": {"version": "*"}},
  "broken": 3
}"#;
        let sink = sink_of(&PipfileLock, "Pipfile.lock", text);
        let found: Vec<_> = sink.found.iter().map(|f| (f.package.name.as_str(), f.package.dev)).collect();
        assert_eq!(
            names(&sink),
            [
                "from-git - locked",
                "remote - locked",
                "requests 2.19.1 locked",
                "pytest 7.0.0 locked",
                "loose - locked",
                "sphinx 4.0 locked",
            ]
        );
        assert_eq!(found[2].1, Some(false));
        assert_eq!((found[3].1, found[5].1), (Some(true), None));
        assert_eq!(sink.lock_gaps.iter().map(|gap| gap.level).collect::<Vec<_>>(), [Level::Note, Level::Note]);
    }

    #[test]
    fn what_is_no_lock_file_blocks() {
        for text in [&b"{\"default\": {"[..], b"[]", b"", b"\xFF", "[".repeat(1 << 20).as_bytes()] {
            let sink = sink_of(&PipfileLock, "Pipfile.lock", text);
            assert_eq!((sink.lock_gaps.len(), sink.lock_gaps[0].level), (1, Level::Blocking));
        }
        let sink = sink_of(&PipfileLock, "Pipfile.lock", &vec![b' '; MOST_BYTES + 1]);
        assert_eq!(sink.lock_gaps[0].kind, GapKind::OverLimit);
    }
}
