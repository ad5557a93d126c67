//! Class files. Their bytes are not read: the path says the package, and well-known packages say the library.
//!
//! A shaded library whose pom was left out, or whose classes were moved (`com/example/shaded/org/yaml/snakeyaml`), is
//! recognised that way: its name, not its version. What this cannot know: libraries that were renamed class by class
//! (ProGuard), and those that are not well known.

use super::java::known::known;
use super::{Entry, Extractor, Needs, Sink, folder_of};

/// The extractor.
pub struct JavaClass;

impl Extractor for JavaClass {
    fn id(&self) -> &'static str {
        "java-class"
    }

    /// By the magic number and not by the name: agents hide their classes from class loaders as `.classdata`. Universal
    /// Mach-O has the same number, then a small count where a class has its major version, 45 or more
    /// (<https://docs.oracle.com/javase/specs/jvms/se21/html/jvms-4.html>).
    fn wants(&self, _path: &str, head: &[u8]) -> bool {
        matches!(head, [0xCA, 0xFE, 0xBA, 0xBE, _, _, 0, 45..=255, ..])
    }

    fn needs(&self) -> Needs {
        Needs::Head
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let (before, name) = class_name(path);
        let classes = &mut sink.java.jar(entry.location).classes;
        match known().find(name) {
            Some(hit) => {
                let folder = folder_of(&path[..before + hit.end]).to_owned();
                classes.know((hit.prefix, hit.start > 0), folder);
            }
            None => {
                classes.roots.extend(root_of(name).map(str::to_owned));
            }
        }
    }
}

/// Cuts the folders in front of a class's name that are no part of it; returns their length as well.
fn class_name(path: &str) -> (usize, &str) {
    let mut name = path;
    for folder in ["BOOT-INF/classes/", "WEB-INF/classes/"] {
        name = name.strip_prefix(folder).unwrap_or(name);
    }
    // A jar for several releases has newer versions of some classes here.
    if let Some((release, rest)) = name.strip_prefix("META-INF/versions/").and_then(|rest| rest.split_once('/'))
        && release.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = rest;
    }
    (path.len() - name.len(), name)
}

/// The first folders of a class's name, up to three. `None` where they do not say whose it is: the unnamed package, and
/// the interfaces of specifications, which many jars carry.
fn root_of(name: &str) -> Option<&str> {
    let folder = folder_of(name);
    let first = folder.split('/').next().unwrap_or(folder);
    if matches!(first, "" | "java" | "javax" | "jakarta") {
        return None;
    }
    let end = folder.match_indices('/').nth(2).map_or(folder.len(), |(at, _)| at);
    Some(&folder[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    const CLASS: &[u8] = b"\xCA\xFE\xBA\xBE\0\0\0\x34\0\x10";

    fn facts(paths: &[&str]) -> (Vec<(bool, String)>, Vec<String>) {
        let mut sink = Sink::default();
        for path in paths {
            let location = Location::artifact(0).child("a.jar").child(path);
            assert!(JavaClass.wants(path, CLASS));
            let mut one = Sink::default();
            JavaClass.extract(&Entry { location: &location, bytes: CLASS }, &mut one);
            sink.append(one);
        }
        let jar = sink.java.jars.into_values().next().unwrap_or_default();
        let known = jar.classes.known.into_iter().map(|((_, moved), folder)| (moved, folder)).collect();
        (known, jar.classes.roots.into_iter().collect())
    }

    #[test]
    fn classes_are_known_by_their_first_folders() {
        let (known, roots) = facts(&[
            "com/example/a/b/A.class",
            "com/example/a/C.class",
            "META-INF/versions/11/com/example/a/C.class",
            "BOOT-INF/classes/com/example/App.class",
            "WEB-INF/classes/App.class",
            "javax/annotation/Nonnull.class",
            "META-INF/versions/9/module-info.class",
            "okay/X.class",
        ]);
        assert_eq!(known, []);
        assert_eq!(roots, ["com/example", "com/example/a", "okay"]);
    }

    #[test]
    fn well_known_packages_are_recognised_where_they_were_moved_to() {
        let (known, roots) = facts(&[
            "org/yaml/snakeyaml/nodes/Tag.class",
            "META-INF/versions/9/org/yaml/snakeyaml/internal/Logger.class",
            "com/example/shaded/org/yaml/snakeyaml/Yaml.class",
            "com/example/not_org/yaml/snakeyaml/Yaml.class",
            "ognl/Ognl.class",
            "com/example/ognl/Ognl.class",
        ]);
        let expected = [
            // The smallest folder, whichever came first.
            (false, "META-INF/versions/9/org/yaml/snakeyaml"),
            (true, "com/example/shaded/org/yaml/snakeyaml"),
            (false, "ognl"),
        ];
        let mut expected = expected.map(|(moved, folder)| (moved, folder.to_owned()));
        let mut known = known;
        known.sort();
        expected.sort();
        assert_eq!(known, expected);
        assert_eq!(roots.len(), 2);
    }

    #[test]
    fn a_universal_binary_is_no_class() {
        assert!(!JavaClass.wants("lib.dylib", b"\xCA\xFE\xBA\xBE\0\0\0\x02\x01\0\0\x07"));
        assert!(!JavaClass.wants("A.class", b""));
    }
}
