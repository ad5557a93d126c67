//! CycloneDX in JSON, 1.2 to 1.7 (<https://cyclonedx.org/docs/1.7/json/>).
//!
//! What an SBOM says is declared: it adds to what was found and never removes or changes it. Its statements about
//! vulnerabilities are not read.

use std::collections::{HashMap, HashSet};

use super::sbom_writer::{self, Component};
use super::{Entry, Extractor, Sink};
use crate::formats::lenient::{List, Text, json, record};
use crate::formats::text::decode;
use crate::model::parse_purl;

const ID: &str = "cyclonedx";

/// Bytes of the names in one SBOM's edges: short ids may stand for long names many times.
const MOST_REQUIRED_BYTES: usize = 16 << 20;

/// The extractor.
pub struct Cyclonedx;

record! {
    struct Bom<'de> {
        "bomFormat" => format: Text<'de>,
        "metadata" => metadata: Metadata<'de>,
        "components" => components: List<Part<'de>>,
        "dependencies" => dependencies: List<Edges<'de>>,
    }
}

record! {
    struct Metadata<'de> {
        "component" => component: Part<'de>,
    }
}

record! {
    struct Part<'de> {
        "bom-ref" => id: Text<'de>,
        "type" => kind: Text<'de>,
        "version" => version: Text<'de>,
        "purl" => purl: Text<'de>,
        "scope" => scope: Text<'de>,
        "components" => components: List<Part<'de>>,
    }
}

record! {
    struct Edges<'de> {
        "ref" => from: Text<'de>,
        "dependsOn" => to: List<Text<'de>>,
    }
}

impl Extractor for Cyclonedx {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, head: &[u8]) -> bool {
        path.ends_with(".cdx.json")
            || path.ends_with(".cyclonedx.json")
            || sbom_writer::named_so(path)
            || sbom_writer::begins_with(head, b"\"bomFormat\"")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut bom = Bom::default();
        let read = json(&text, &mut bom);
        let is_sbom = bom.format.as_deref() == Some("CycloneDX");
        if let Err(error) = read {
            sbom_writer::malformed(entry, ID, is_sbom, &error, sink);
        }
        if is_sbom {
            sbom_writer::write(entry, ID, components(&bom), bom.components.cut, sink);
        }
    }
}

/// The components, nested ones included; not what the SBOM is about, nor its files.
fn components<'a>(bom: &'a Bom<'_>) -> Vec<Component<'a>> {
    let root = bom.metadata.component.id.as_deref();
    let mut parts = Vec::new();
    let mut next: Vec<&Part<'_>> = bom.components.items.iter().rev().collect();
    while let Some(part) = next.pop() {
        next.extend(part.components.items.iter().rev());
        let is_file = part.kind.as_deref() == Some("file") && part.purl.is_none();
        if !is_file && (root.is_none() || part.id.as_deref() != root) {
            parts.push(part);
        }
    }
    let names: HashMap<&str, String> =
        parts.iter().filter_map(|part| Some((part.id.as_deref()?, parse_purl(part.purl.as_deref()?)?.1))).collect();
    let mut edges: HashMap<&str, Vec<&str>> = HashMap::new();
    for edge in &bom.dependencies.items {
        let to = edge.to.items.iter().filter_map(|id| id.as_deref());
        edges.entry(edge.from.as_deref().unwrap_or_default()).or_default().extend(to);
    }
    let direct: Option<HashSet<&str>> = root.and_then(|root| edges.get(root)).map(|ids| ids.iter().copied().collect());
    let mut room = MOST_REQUIRED_BYTES;
    let mut described = Vec::with_capacity(parts.len());
    for part in parts {
        let id = part.id.as_deref().unwrap_or_default();
        // Taken out, since many components may have one id.
        let required = edges.remove(id).unwrap_or_default();
        let requires = required.into_iter().filter_map(|id| names.get(id)).filter(|name| {
            let left = room.checked_sub(name.len() + size_of::<String>());
            room = left.unwrap_or(room);
            left.is_some()
        });
        described.push(Component {
            purl: part.purl.as_deref(),
            version: part.version.as_deref(),
            requires: requires.cloned().collect(),
            direct: direct.as_ref().map(|direct| direct.contains(id)),
            dev: (part.scope.as_deref() == Some("excluded")).then_some(true),
        });
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::sink_of;
    use crate::model::{GapKind, Level, Package};

    const BOM: &str = r#"{"$schema":"x","bomFormat":"CycloneDX","specVersion":"1.5",
        "metadata":{"component":{"bom-ref":"app","name":"app","purl":"pkg:npm/app@1.0.0"}},
        "components":[
          {"bom-ref":"app","purl":"pkg:npm/app@1.0.0"},
          {"bom-ref":"a","type":"library","name":"x","version":"9","purl":"pkg:npm/%40scope/a@1.0.0",
           "components":[{"bom-ref":"n","purl":"pkg:maven/org.example/nested","version":"2.0"}]},
          {"bom-ref":"b","purl":"pkg:npm/b@2.0.0","scope":"excluded"},
          {"type":"file","name":"index.js"},{"type":"library","name":"nameless"},{"purl":"pkg:deb/debian/zlib1g@1"},"odd"],
        "dependencies":[{"ref":"app","dependsOn":["a"]},{"ref":"a","dependsOn":["b","gone"]}],
        "vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected"}}]}"#;

    fn rows(sink: &Sink) -> Vec<String> {
        let packages = sink.sboms.iter().flat_map(|sbom| &sbom.packages);
        let word = |flag: Option<bool>, word: &str| if flag == Some(true) { format!(" {word}") } else { String::new() };
        let row = |p: &Package| {
            format!("{}{}{} {}", p.purl(), word(p.direct, "direct"), word(p.dev, "dev"), p.requires.join(","))
        };
        packages.map(row).collect()
    }

    #[test]
    fn components_at_every_depth_are_declared() {
        let sink = sink_of(&Cyclonedx, "any.json", BOM.as_bytes());
        assert_eq!(
            rows(&sink),
            ["pkg:npm/%40scope/a@1.0.0 direct b", "pkg:maven/org.example/nested@2.0 ", "pkg:npm/b@2.0.0 dev "]
        );
        assert_eq!((sink.lock_gaps.len(), sink.lock_gaps[0].kind), (1, GapKind::Opaque));
        assert!(sink.lock_gaps[0].detail.contains("deb: 1, no package url: 2"), "{}", sink.lock_gaps[0].detail);
    }

    #[test]
    fn a_cut_sbom_blocks_and_keeps_its_first_part() {
        let sink = sink_of(&Cyclonedx, "app.cdx.json", &BOM.as_bytes()[..BOM.find("\"b\"").unwrap()]);
        assert_eq!(rows(&sink).len(), 2);
        assert!(sink.lock_gaps.iter().any(|gap| gap.level == Level::Blocking));
    }

    #[test]
    fn other_files_of_that_name_are_left_alone() {
        for text in ["{\"materials\":[\"steel\"]}", "[]"] {
            let sink = sink_of(&Cyclonedx, "bom.json", text.as_bytes());
            assert_eq!((sink.sboms.len(), sink.lock_gaps.len()), (0, 0));
        }
        assert_eq!(sink_of(&Cyclonedx, "bom.json", b"<html>").lock_gaps[0].level, Level::Note);
        assert!(!Cyclonedx.wants("data.json", b"{}") && !Cyclonedx.wants("a/sboms/x.json", b"{}"));
        for path in ["META-INF/sbom/application.json", "a/sbom.linux.json", "numpy-2.0.dist-info/sboms/x.json"] {
            assert!(Cyclonedx.wants(path, b""), "{path}");
        }
    }

    #[test]
    fn edges_do_not_multiply() {
        let name = "n".repeat(1 << 20);
        let edges = "\"b\",".repeat(100_000);
        let same = r#"{"bom-ref":"a","purl":"pkg:npm/a@1"},"#.repeat(50_000);
        let text = format!(
            r#"{{"bomFormat":"CycloneDX","components":[{same}{{"bom-ref":"b","purl":"pkg:npm/{name}"}}],
            "dependencies":[{{"ref":"a","dependsOn":[{}]}}]}}"#,
            edges.trim_end_matches(',')
        );
        let start = crate::formats::clock::spent();
        let sink = sink_of(&Cyclonedx, "bom.json", text.as_bytes());
        let required: usize = sink.sboms[0].packages.iter().flat_map(|p| &p.requires).map(String::len).sum();
        assert!((1 << 20..=MOST_REQUIRED_BYTES).contains(&required), "{required}");
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }

    #[test]
    fn depth_and_empty_sboms() {
        let deep = format!("{{\"bomFormat\":\"CycloneDX\",\"components\":{}", "[{\"components\":".repeat(100_000));
        assert!(sink_of(&Cyclonedx, "bom.json", deep.as_bytes()).lock_gaps.iter().any(|g| g.level == Level::Blocking));
        let empty = sink_of(&Cyclonedx, "bom.json", b"{\"bomFormat\":\"CycloneDX\"}");
        assert_eq!((empty.sboms.len(), empty.lock_gaps[0].kind), (1, GapKind::Opaque));
    }
}
