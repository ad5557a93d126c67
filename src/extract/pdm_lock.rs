//! `pdm.lock`: `[[package]]` tables (<https://pdm-project.org/latest/usage/lockfile/>). An entry comes once more for
//! every set of extras that is asked for. Its groups do not tell development from optional features, so only
//! membership of the default group says something.

use super::{Entry, Extractor, Sink, file_name};
use crate::formats::pep508::Requirement;
use crate::formats::toml_doc::{TomlDoc, flag, string, strings};
use crate::model::{Ecosystem, Evidence, Package};

const ID: &str = "pdm-lock";

/// The extractor.
pub struct PdmLock;

impl Extractor for PdmLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "pdm.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let doc = TomlDoc::parse(entry.bytes);
        sink.lock_gaps.extend(doc.gap(entry.location, ID));
        for (place, package, name) in doc.named("package", entry.location, ID, &mut sink.lock_gaps) {
            if flag(package, "editable") == Some(true) && string(package, "path").is_some() {
                continue; // first-party code
            }
            let version = string(package, "version").map(str::to_owned);
            let needed = strings(package, "dependencies").filter_map(Requirement::parse);
            let requires = needed
                .filter(|needed| !needed.only_for_extra() && needed.name != name)
                .map(|needed| needed.name.to_owned())
                .collect();
            let dev = strings(package, "groups").any(|group| group == "default").then_some(false);
            let found = Package::new(Ecosystem::PyPI, name, version, Evidence::Locked, place);
            sink.locked(Package { dev, requires, ..found }, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};

    #[test]
    fn entries_with_extras_are_the_same_package() {
        let text = br#"
[metadata]
groups = ["default", "test"]
lock_version = "4.5.0"

[[package]]
name = "requests"
version = "2.19.1"
groups = ["default"]
dependencies = ["idna>=2.5,<2.8", "win-inet-pton; sys_platform == \"win32\""]

[[package]]
name = "requests"
version = "2.19.1"
extras = ["socks"]
groups = ["test"]
dependencies = ["PySocks!=1.5.7,>=1.5.6", "requests==2.19.1"]

[[package]]
name = "own"
version = "0.1.0"
path = "./own"
editable = true
"#;
        let sink = sink_of(&PdmLock, "pdm.lock", text);
        assert_eq!(names(&sink), ["requests 2.19.1 locked", "requests 2.19.1 locked"]);
        assert_eq!(sink.found[0].package.requires, ["idna", "win-inet-pton"]);
        assert_eq!(sink.found[1].package.requires, ["PySocks"]);
        assert_eq!((sink.found[0].package.dev, sink.found[1].package.dev), (Some(false), None));
    }
}
