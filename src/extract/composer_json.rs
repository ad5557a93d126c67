//! `composer.json`: what a first-party PHP project asks for (<https://getcomposer.org/doc/04-schema.md>).
//!
//! A constraint is a pin only where it is one whole version; which version another one gives is for a lock file to tell.

use super::composer_installed::is_package;
use super::{Entry, Extractor, Manifest, Sink, Want, file_name, folder_of};
use crate::formats::lenient::{Entries, Text, json, record};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Gap, GapKind};

const ID: &str = "composer-json";

/// The extractor.
pub struct ComposerJson;

record! {
    struct Project<'de> {
        "name" => name: Text<'de>,
        "require" => require: Entries<'de, Text<'de>>,
        "require-dev" => dev: Entries<'de, Text<'de>>,
    }
}

impl Extractor for ComposerJson {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        // Below `vendor` the file is an installed package's, whether or not the list of them is there.
        file_name(path) == "composer.json" && !path.split('/').any(|part| part == "vendor")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut project = Project::default();
        if let Err(error) = json(&text, &mut project) {
            let detail = format!("the manifest cannot be read to its end: {error}");
            sink.lock_gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), ID, detail));
        }
        let wants = [(&project.require, false), (&project.dev, true)]
            .into_iter()
            .flat_map(|(entries, dev)| entries.iter().map(move |(name, constraint)| (name, constraint, dev)))
            .filter(|(name, ..)| is_package(name))
            .map(|(name, constraint, dev)| {
                let version = constraint.as_deref().and_then(exact).map(str::to_owned);
                Want { name: name.to_ascii_lowercase(), version, dev, optional: false }
            })
            .collect();
        sink.manifests.push(Manifest {
            location: entry.location.clone(),
            ecosystem: Ecosystem::Packagist,
            folder: folder_of(entry.location.innermost()).to_owned(),
            name: project.name.as_deref().map(str::to_owned),
            wants,
        });
    }
}

/// The version of a constraint that is one whole version, without the `v` of a tag.
fn exact(constraint: &str) -> Option<&str> {
    let version = constraint.trim().trim_start_matches('=').trim_start();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    let whole = version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(plain)
        && !version.split('.').any(|part| part.starts_with('x'));
    whole.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::sink_of;

    #[test]
    fn what_a_project_asks_for() {
        let text =
            br#"{"name":"me/app","require":{"php":">=8.1","ext-json":"*","Acme/Alpha":"v1.2.3","b/c":"^1 || 2.0"},
            "require-dev":{"d/e":"=2.0-beta1","f/g":"1.0.x-dev"}}"#;
        let sink = sink_of(&ComposerJson, "app/composer.json", text);
        let manifest = &sink.manifests[0];
        assert_eq!((manifest.folder.as_str(), manifest.name.as_deref()), ("app", Some("me/app")));
        let wants: Vec<_> = manifest.wants.iter().map(|w| (w.name.as_str(), w.version.as_deref(), w.dev)).collect();
        assert_eq!(
            wants,
            [
                ("acme/alpha", Some("1.2.3"), false),
                ("b/c", None, false),
                ("d/e", Some("2.0-beta1"), true),
                ("f/g", None, true)
            ]
        );
    }

    #[test]
    fn a_broken_one_is_a_note_and_those_of_packages_are_not_read() {
        let sink = sink_of(&ComposerJson, "composer.json", br#"{"require":{"a/b":"1.0.0","#);
        assert_eq!((sink.manifests[0].wants.len(), sink.lock_gaps.len()), (1, 1));
        assert!(!ComposerJson.wants("vendor/a/b/composer.json", b""));
    }
}
