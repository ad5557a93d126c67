//! A project's own `pom.xml`: what it asks for. Those that Maven packs into jars are read by `java_jar`.

use super::java::pom::read_pom;
use super::java_jar::is_packed;
use super::{Entry, Extractor, Manifest, Sink, file_name, folder_of};
use crate::model::{Ecosystem, Gap, GapKind};

/// The extractor.
pub struct MavenPom;

impl Extractor for MavenPom {
    fn id(&self) -> &'static str {
        "maven-pom"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "pom.xml" && !is_packed(path)
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let (pom, end) = read_pom(entry.bytes);
        if end.is_err() {
            let detail = "is not valid XML: what it asks for behind the fault is lost";
            sink.lock_gaps.push(Gap::blocking(GapKind::Malformed, entry.location.clone(), self.id(), detail));
        }
        let name = pom.coordinates.group.zip(pom.coordinates.artifact).map(|(group, name)| format!("{group}:{name}"));
        sink.manifests.push(Manifest {
            location: entry.location.clone(),
            ecosystem: Ecosystem::Maven,
            folder: folder_of(entry.location.innermost()).to_owned(),
            name,
            wants: pom.wants,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::python_dist::tests::sink_of;
    use super::*;

    #[test]
    fn a_projects_pom_is_a_manifest() {
        let text =
            b"<project><groupId>g</groupId><artifactId>a</artifactId><dependencies><dependency><groupId>h</groupId>\
            <artifactId>b</artifactId><version>1</version></dependency></dependencies></project>";
        let sink = sink_of(&MavenPom, "app/pom.xml", text);
        let [manifest] = &sink.manifests[..] else { panic!("{:?}", sink.manifests) };
        assert_eq!((manifest.folder.as_str(), manifest.name.as_deref()), ("app", Some("g:a")));
        assert_eq!(manifest.wants[0].name, "h:b");
        assert_eq!(sink_of(&MavenPom, "pom.xml", b"<project>").lock_gaps.len(), 1);
        assert!(!MavenPom.wants("META-INF/maven/g/a/pom.xml", b""));
    }
}
