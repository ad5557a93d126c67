//! `*.map`: source maps beside bundled JavaScript.
//!
//! The paths of the sources name packages; versions come from the path (pnpm, Yarn), from a manifest that was bundled
//! along, or from the notice at the beginning of a source. It cannot know whether the map is of the same build as the
//! script beside it.

use super::bundle::{Member, Members, Module, Subject, Testimony, look_for_facts, manifest_of};
use super::{Entry, Extractor, Sink};
use crate::formats::node_modules::in_modules;
use crate::formats::source_map::{Sources, sources};
use crate::formats::text::decode;

/// Reads source maps.
pub struct JsMap;

impl Extractor for JsMap {
    fn id(&self) -> &'static str {
        "js-map"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        [".js.map", ".mjs.map", ".cjs.map"].iter().any(|end| path.ends_with(end)) && !in_modules(path)
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let Some(sources) = sources(&decode(entry.bytes)) else { return };
        let path = entry.location.innermost();
        sink.bundles.push(Testimony {
            location: entry.location.clone(),
            subject: Subject::Beside(path.strip_suffix(".map").unwrap_or(path).to_owned()),
            whole: !sources.cut && !sources.list.is_empty(),
            members: members(&sources).0,
        });
    }
}

/// The packages whose modules a map lists.
pub(super) fn members(sources: &Sources) -> Members {
    let mut members = Members::default();
    for source in &sources.list {
        let Some(module) = Module::of(&source.path) else { continue };
        let mut member = Member::of(&module);
        if member.version.is_none() {
            member.version = if module.is_manifest() {
                manifest_of(&source.text).filter(|found| found.name == module.name).map(|found| found.version)
            } else {
                // A notice names the package whose file it stands in, or one that was copied into it.
                let mut facts = Members::default();
                look_for_facts(source.text.as_bytes(), &mut facts);
                facts.0.into_iter().find(|fact| fact.name == module.name).and_then(|fact| fact.version)
            };
        }
        members.add(member);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    #[test]
    fn a_map_names_packages_and_sometimes_versions() {
        let map = r#"{"version":3,"sources":["../src/index.js","../node_modules/a/i.js","../node_modules/a/package.json",
            "../node_modules/.pnpm/b@2.0.0/node_modules/b/i.js","../node_modules/js-yaml/dist/js-yaml.mjs"],
            "sourcesContent":["","","{\"name\":\"a\",\"version\":\"1.0.0\"}",null,
            "/*! js-yaml 4.1.0 https://github.com/nodeca/js-yaml @license MIT */"],"mappings":""}"#;
        let location = Location::artifact(0).child("dist/index.js.map");
        let mut sink = Sink::default();
        assert!(JsMap.wants("dist/index.js.map", b"") && !JsMap.wants("node_modules/a/index.js.map", b""));
        JsMap.extract(&Entry { location: &location, bytes: map.as_bytes() }, &mut sink);
        let [found] = &sink.bundles[..] else { panic!("{:?}", sink.bundles) };
        assert!(found.whole && found.subject == Subject::Beside("dist/index.js".to_owned()));
        let members: Vec<_> = found.members.iter().map(|m| (m.name.as_str(), m.version.as_deref())).collect();
        assert_eq!(members, [("a", None), ("a", Some("1.0.0")), ("b", Some("2.0.0")), ("js-yaml", Some("4.1.0"))]);
    }

    #[test]
    fn another_kind_of_map_says_nothing() {
        let location = Location::artifact(0).child("world.js.map");
        let mut sink = Sink::default();
        JsMap.extract(&Entry { location: &location, bytes: b"{\"tiles\":[]}" }, &mut sink);
        assert!(sink.bundles.is_empty());
    }
}
