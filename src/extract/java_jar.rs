//! Jars, wars and ears: what their `META-INF` says of them.
//!
//! `pom.properties` and `pom.xml` (written by Maven) name packages, `MANIFEST.MF`
//! (<https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html>) holds hints. A jar that was merged of several
//! carries the poms of all of them: which one is its own, and who owns its classes, is decided when all of it was read
//! (`java::settle`).

use super::java::facts::{Manifest, PomFile, Says};
use super::java::pom::{read_pom, read_properties};
use super::{Entry, Extractor, Sink, file_name, folder_of};
use crate::formats::manifest_mf::attributes;

/// The longest value of a manifest that can be a name.
const LONGEST: usize = 256;

/// The extractor.
pub struct JavaJar;

/// Where Maven puts a jar's poms.
pub(super) const POMS: &str = "META-INF/maven/";

impl Extractor for JavaJar {
    fn id(&self) -> &'static str {
        "java-jar"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        path == "META-INF/MANIFEST.MF" || (matches!(file_name(path), "pom.properties" | "pom.xml") && is_packed(path))
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let says = match file_name(path) {
            "pom.properties" => Says::Properties(read_properties(entry.bytes)),
            // What cannot be read of a pom is named by its folder; that its version is unknown is told then.
            "pom.xml" => Says::Pom(read_pom(entry.bytes).0),
            _ => {
                sink.java.jar(entry.location).manifests.insert(read_manifest(entry.bytes));
                return;
            }
        };
        let folder = folder_of(path).to_owned();
        sink.java.jar(entry.location).poms.push(PomFile { folder, location: entry.location.clone(), says });
    }
}

/// Whether Maven packed a file into a jar.
pub(super) fn is_packed(path: &str) -> bool {
    path.match_indices(POMS).any(|(at, _)| at == 0 || path.as_bytes()[at - 1] == b'/')
}

fn read_manifest(bytes: &[u8]) -> Manifest {
    let mut manifest = Manifest::default();
    for (name, value) in attributes(bytes) {
        manifest.weaves |= name.eq_ignore_ascii_case("Weave-Classes");
        let field = match name.to_ascii_lowercase().as_str() {
            "implementation-title" => &mut manifest.title,
            "implementation-version" => &mut manifest.version,
            "implementation-vendor-id" => &mut manifest.vendor_id,
            "bundle-symbolicname" => &mut manifest.bundle,
            "bundle-version" => &mut manifest.bundle_version,
            "automatic-module-name" => &mut manifest.module,
            "start-class" => &mut manifest.start_class,
            "spring-boot-version" => &mut manifest.spring_boot,
            _ => continue,
        };
        // Directives follow a bundle's name: `org.a;singleton:=true`.
        let value = value.split(';').next().unwrap_or_default().trim();
        if !value.is_empty() && value.len() <= LONGEST && !value.contains("${") {
            *field = Some(value.to_owned());
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poms_and_the_manifest_are_wanted() {
        for path in ["META-INF/MANIFEST.MF", "META-INF/maven/g/a/pom.xml", "x/META-INF/maven/g/a/pom.properties"] {
            assert!(JavaJar.wants(path, b""), "{path}");
        }
        for path in ["pom.xml", "xMETA-INF/maven/pom.xml", "META-INF/maven/g/a/plugin.xml", "a/META-INF/MANIFEST.MF"] {
            assert!(!JavaJar.wants(path, b""), "{path}");
        }
    }

    #[test]
    fn a_manifests_hints() {
        let manifest = read_manifest(
            b"Manifest-Version: 1.0\r\nIMPLEMENTATION-TITLE: commons-io\r\nBundle-SymbolicName: org.a.b; singleton:=true\r\n\
              Implementation-Version: ${v}\r\nWeave-Classes: x\r\n\r\nName: x\r\nBundle-Version: 9\r\n",
        );
        let expected = Manifest {
            title: Some("commons-io".to_owned()),
            bundle: Some("org.a.b".to_owned()),
            weaves: true,
            ..Manifest::default()
        };
        assert_eq!(manifest, expected);
    }
}
