//! `pylock.toml` and `pylock.<name>.toml`: the lock file of all Python tools
//! (<https://packaging.python.org/en/latest/specifications/pylock-toml/>).

use super::{Entry, Extractor, Sink, file_name};
use crate::formats::toml_doc::{TomlDoc, array, string, table};
use crate::model::{Ecosystem, Evidence, Package};

const ID: &str = "pylock";

/// The extractor.
pub struct Pylock;

impl Extractor for Pylock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        let middle = file_name(path).strip_prefix("pylock.").and_then(|rest| rest.strip_suffix("toml"));
        middle.is_some_and(|name| name.is_empty() || name.strip_suffix('.').is_some_and(|name| !name.contains('.')))
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let doc = TomlDoc::parse(entry.bytes);
        sink.lock_gaps.extend(doc.gap(entry.location, ID));
        for (place, package, name) in doc.named("packages", entry.location, ID, &mut sink.lock_gaps) {
            if table(package, "directory").is_some() {
                continue; // first-party code
            }
            let version = string(package, "version").map(str::to_owned);
            let needed = array(package, "dependencies").filter_map(|value| value.get_ref().as_table());
            let requires = needed.filter_map(|needed| string(needed, "name")).map(str::to_owned).collect();
            let found = Package::new(Ecosystem::PyPI, name, version, Evidence::Locked, place);
            sink.locked(Package { requires, ..found }, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};

    #[test]
    fn names_of_the_file() {
        let wanted = |path| Pylock.wants(path, b"");
        assert!(wanted("pylock.toml") && wanted("a/pylock.dev.toml"));
        assert!(!wanted("pylock.a.b.toml") && !wanted("pylock..toml.bak") && !wanted("mypylock.toml"));
    }

    #[test]
    fn packages_with_and_without_versions() {
        let text = br#"
lock-version = "1.0"
created-by = "x"

[[packages]]
name = "requests"
version = "2.19.1"
dependencies = [{ name = "idna" }, { name = "urllib3", version = "1.23" }]
wheels = [{ name = "requests-2.19.1-py2.py3-none-any.whl", url = "https://pypi.example.com/x" }]

[[packages]]
name = "from-git"
vcs = { type = "git", url = "https://git.example.com/x.git", commit-id = "0" }

[[packages]]
name = "own"
directory = { path = ".", editable = true }
"#;
        let sink = sink_of(&Pylock, "pylock.toml", text);
        assert_eq!(names(&sink), ["requests 2.19.1 locked", "from-git - locked"]);
        assert_eq!(sink.found[0].package.requires, ["idna", "urllib3"]);
    }
}
