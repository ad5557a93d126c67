//! SPDX documents in JSON, 2.2 and 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>). Version 3 has another model.
//!
//! What a document says is declared: it adds to what was found and never removes or changes it.

use std::collections::HashSet;

use super::sbom_writer::{self, Component};
use super::{Entry, Extractor, Sink};
use crate::formats::lenient::{List, Text, json, record};
use crate::formats::text::decode;

const ID: &str = "spdx";

/// The extractor.
pub struct Spdx;

record! {
    struct Document<'de> {
        "spdxVersion" => version: Text<'de>,
        "documentDescribes" => describes: List<Text<'de>>,
        "packages" => packages: List<Described<'de>>,
        "relationships" => relationships: List<Relationship<'de>>,
    }
}

record! {
    struct Described<'de> {
        "SPDXID" => id: Text<'de>,
        "versionInfo" => version: Text<'de>,
        "externalRefs" => references: List<Reference<'de>>,
    }
}

record! {
    struct Reference<'de> {
        "referenceType" => kind: Text<'de>,
        "referenceLocator" => locator: Text<'de>,
    }
}

record! {
    struct Relationship<'de> {
        "relationshipType" => kind: Text<'de>,
        "relatedSpdxElement" => to: Text<'de>,
    }
}

impl Extractor for Spdx {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, head: &[u8]) -> bool {
        path.ends_with(".spdx.json")
            || sbom_writer::named_so(path)
            || sbom_writer::begins_with(head, b"\"spdxVersion\"")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut document = Document::default();
        let read = json(&text, &mut document);
        let is_sbom = document.version.as_deref().is_some_and(|version| version.starts_with("SPDX-2."));
        match read {
            // One note is enough for a file that two formats could claim by its name.
            Err(error) if is_sbom || !sbom_writer::named_so(entry.location.innermost()) => {
                sbom_writer::malformed(entry, ID, is_sbom, &error, sink);
            }
            _ => {}
        }
        if is_sbom {
            sbom_writer::write(entry, ID, components(&document), document.packages.cut, sink);
        }
    }
}

/// The packages, without the one that the document is about: a list of its parts follows.
fn components<'a>(document: &'a Document<'_>) -> Vec<Component<'a>> {
    let related = document.relationships.items.iter().filter(|one| one.kind.as_deref() == Some("DESCRIBES"));
    let roots: HashSet<&str> =
        document.describes.items.iter().chain(related.map(|one| &one.to)).filter_map(|id| id.as_deref()).collect();
    let is_root = |package: &Described<'_>| {
        document.packages.items.len() > 1
            && roots.len() == 1
            && package.id.as_deref().is_some_and(|id| roots.contains(id))
    };
    let describe = |package: &'a Described<'_>| {
        let mut references = package.references.items.iter();
        let purl = references.find(|reference| reference.kind.as_deref() == Some("purl"));
        Component {
            purl: purl.and_then(|purl| purl.locator.as_deref()),
            version: package.version.as_deref().filter(|version| *version != "NOASSERTION"),
            ..Component::default()
        }
    };
    document.packages.items.iter().filter(|package| !is_root(package)).map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::sink_of;
    use crate::model::Level;

    const DOCUMENT: &str = r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[
        {"SPDXID":"SPDXRef-app","name":"app","versionInfo":"1.0.0"},
        {"SPDXID":"SPDXRef-a","name":"x","versionInfo":"9","externalRefs":[
            {"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:x:x:9"},
            {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:pypi/Re_Quests@2.0"}]},
        {"SPDXID":"SPDXRef-b","versionInfo":"NOASSERTION","externalRefs":[
            {"referenceType":"purl","referenceLocator":"pkg:gem/rack"}]},
        {"SPDXID":"SPDXRef-c","name":"nameless"}],
        "relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-app"}]}"#;

    #[test]
    fn packages_with_a_package_url_are_declared() {
        let sink = sink_of(&Spdx, "any.json", DOCUMENT.as_bytes());
        let purls: Vec<_> = sink.sboms[0].packages.iter().map(|package| package.purl()).collect();
        assert_eq!(purls, ["pkg:pypi/re-quests@2.0", "pkg:gem/rack"]);
        assert!(sink.lock_gaps[0].detail.starts_with("1 of 3 components"), "{}", sink.lock_gaps[0].detail);
    }

    #[test]
    fn a_document_about_its_only_package_names_it() {
        let text = r#"{"spdxVersion":"SPDX-2.2","documentDescribes":["p"],"packages":[{"SPDXID":"p","externalRefs":[
            {"referenceType":"purl","referenceLocator":"pkg:npm/a@1.0.0"}]}]}"#;
        assert_eq!(sink_of(&Spdx, "a.spdx.json", text.as_bytes()).sboms[0].packages.len(), 1);
    }

    #[test]
    fn what_is_broken_blocks_and_what_is_no_document_is_left_alone() {
        let sink = sink_of(&Spdx, "any.json", &DOCUMENT.as_bytes()[..DOCUMENT.len() / 2]);
        assert!(sink.lock_gaps.iter().any(|gap| gap.level == Level::Blocking));
        let other = sink_of(&Spdx, "sbom.json", b"{\"bomFormat\":\"CycloneDX\",\"components\":[]}");
        assert_eq!((other.sboms.len(), other.lock_gaps.len()), (0, 0));
    }
}
