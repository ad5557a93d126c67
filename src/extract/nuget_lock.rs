//! NuGet's `packages.lock.json`: for each framework that a project is built for, what its restore resolved
//! (<https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies>).

use super::lock_writer::{LockWriter, Locked, names};
use super::{Entry, Extractor, Sink, file_name};
use crate::formats::lenient::{Entries, Keys, Text, json, record};
use crate::formats::text::decode;
use crate::model::Ecosystem;

/// The extractor.
pub struct NugetLock;

record! {
    struct LockFile<'de> {
        "version" => version: Text<'de>,
        "dependencies" => frameworks: Entries<'de, Entries<'de, Resolved<'de>>>,
    }
}

record! {
    struct Resolved<'de> {
        "type" => kind: Text<'de>,
        "resolved" => version: Text<'de>,
        "dependencies" => dependencies: Keys<'de>,
    }
}

impl Extractor for NugetLock {
    fn id(&self) -> &'static str {
        "nuget-lock"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        let name = file_name(path);
        // A folder with several projects has one for each, named after it.
        name == "packages.lock.json" || (name.starts_with("packages.") && name.ends_with(".lock.json"))
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut lock = LockFile::default();
        let read = json(&text, &mut lock);
        let mut writer = LockWriter::new(entry, self.id(), &text, sink).of(Ecosystem::NuGet);
        if let Err(error) = read {
            writer.malformed(&error);
        } else if lock.version.is_none() && lock.frameworks.is_empty() {
            writer.malformed(&"it is no lock file of NuGet");
        }
        for (name, resolved) in lock.frameworks.iter().flat_map(|(_, resolved)| resolved) {
            let kind = resolved.kind.as_deref();
            if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("project")) {
                continue;
            }
            writer.add(Locked {
                key: Some(name),
                name,
                version: resolved.version.as_deref(),
                direct: kind.map(|kind| kind.eq_ignore_ascii_case("direct")),
                requires: names(&[&resolved.dependencies]),
                ..Locked::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::model::Level;

    #[test]
    fn what_was_resolved_is_locked_and_projects_are_not() {
        let text = br#"{"version": 1, "dependencies": {
          "net8.0": {
            "Newtonsoft.Json": {"type": "Direct", "requested": "[12.0.1, )", "resolved": "12.0.1", "contentHash": "x"},
            "Inner": {"type": "Transitive", "resolved": "2.0.0", "dependencies": {"Deep": "1.0.0"}},
            "Deep": {"type": "CentralTransitive", "resolved": "1.0.0"},
            "shared": {"type": "Project", "dependencies": {"Inner": "2.0.0"}}},
          "net8.0/linux-x64": {"Odd": {"type": "Transitive"}}}}"#;
        let sink = sink_of(&NugetLock, "app/packages.lock.json", text);
        assert_eq!(
            names(&sink),
            ["Newtonsoft.Json 12.0.1 locked", "Inner 2.0.0 locked", "Deep 1.0.0 locked", "Odd - locked"]
        );
        let direct: Vec<_> = sink.found.iter().map(|found| found.package.direct).collect();
        assert_eq!(direct, [Some(true), Some(false), Some(false), Some(false)]);
        assert!(sink.found.iter().all(|found| found.package.ecosystem == Ecosystem::NuGet));
        assert_eq!(sink.found[1].package.requires, ["Deep"]);
        assert_eq!(sink.found[0].package.locations[0].span.unwrap().line, 3);
    }

    #[test]
    fn what_is_no_lock_file_blocks() {
        for text in ["", "{}", "{\"version\":1,\"dependencies\":{\"net8.0\":{\"A\":{\"resolved\":\"1\"},"] {
            let sink = sink_of(&NugetLock, "packages.App.lock.json", text.as_bytes());
            assert_eq!(sink.lock_gaps.iter().filter(|gap| gap.level == Level::Blocking).count(), 1, "{text}");
        }
    }
}
