//! `composer.lock` (<https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control>).

use super::composer_installed::{Described, is_package};
use super::lock_writer::{LockWriter, Locked};
use super::{Entry, Extractor, Sink, file_name};
use crate::formats::lenient::{List, Present, json, record};
use crate::formats::text::decode;
use crate::model::Ecosystem;

const ID: &str = "composer-lock";

/// The extractor.
pub struct ComposerLock;

record! {
    struct LockFile<'de> {
        "_readme" => listed: Present,
        "packages" => packages: List<Described<'de>>,
        "packages-dev" => dev: List<Described<'de>>,
    }
}

impl Extractor for ComposerLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "composer.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut lock = LockFile::default();
        let read = json(&text, &mut lock);
        let mut writer = LockWriter::new(entry, ID, &text, sink).of(Ecosystem::Packagist);
        if let Err(error) = read {
            writer.malformed(&error);
        } else if !lock.listed.0 && lock.packages.items.is_empty() && lock.dev.items.is_empty() {
            writer.malformed(&"it is no lock file of Composer");
        }
        if lock.packages.cut || lock.dev.cut {
            writer.malformed(&"it has more entries than are read");
        }
        for (packages, dev) in [(&lock.packages, false), (&lock.dev, true)] {
            for described in &packages.items {
                let name = described.name.as_deref().unwrap_or_default();
                if !is_package(name) {
                    writer.odd(name);
                    continue;
                }
                writer.add(Locked {
                    key: Some(name),
                    name: &name.to_ascii_lowercase(),
                    version: described.release(),
                    dev: Some(dev),
                    requires: described.requires(),
                    ..Locked::default()
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::model::{GapKind, Level};

    #[test]
    fn packages_of_production_and_of_development() {
        let text = b"{\"_readme\": [],\n\"packages\": [{\"name\": \"Acme/Alpha\", \"version\": \"v1.2.3\",\n\
            \"require\": {\"php\": \"*\", \"acme/beta\": \"*\"}}],\n\
            \"packages-dev\": [{\"name\": \"acme/beta\", \"version\": \"dev-main\"}, {\"name\": \"odd\"}]}";
        let sink = sink_of(&ComposerLock, "composer.lock", text);
        assert_eq!(names(&sink), ["acme/alpha 1.2.3 locked", "acme/beta - locked"]);
        let [alpha, beta] = [0, 1].map(|index| &sink.found[index].package);
        assert_eq!((alpha.dev, beta.dev), (Some(false), Some(true)));
        assert_eq!(alpha.requires, ["acme/beta"]);
        assert_eq!(alpha.locations[0].span.map(|span| span.line), Some(2));
        let gaps: Vec<_> = sink.lock_gaps.iter().map(|gap| (gap.level, gap.kind)).collect();
        assert_eq!(gaps, [(Level::Note, GapKind::Unversioned), (Level::Note, GapKind::Malformed)]);
    }

    #[test]
    fn what_is_no_lock_file_blocks() {
        for text in ["", "{}", "[]", "{\"packages\":[{\"name\":\"a/b\",\"version\":\"1.0\""] {
            let sink = sink_of(&ComposerLock, "composer.lock", text.as_bytes());
            assert_eq!(sink.lock_gaps[0].level, Level::Blocking, "{text}");
        }
        let empty =
            sink_of(&ComposerLock, "composer.lock", b"{\"_readme\":[\"x\"],\"packages\":[],\"packages-dev\":[]}");
        assert!(empty.lock_gaps.is_empty());
    }
}
