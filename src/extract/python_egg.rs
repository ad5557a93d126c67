//! Python packages installed the old way: `*.egg-info` folders and files, and eggs.
//!
//! <https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html>. An egg is a folder or a zip `x.egg` with the code
//! and an `EGG-INFO` folder; all of it belongs to the package. `SOURCES.txt` is not read: it lists the source tree, so
//! it would claim the function's own `setup.py` and `README.md`.

use super::python_dist::{claim_files, claim_tops, nameless, read_metadata};
use super::{Claim, Entry, Extractor, Owns, Sink, file_name, folder_of};
use crate::formats::file_list::FileList;
use crate::model::escape_path_bytes;

const ID: &str = "python-egg";

/// The extractor.
pub struct PythonEgg;

/// What a file is to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// `x.egg-info`, a file.
    Flat,
    /// `x.egg-info/PKG-INFO`.
    Metadata,
    /// `EGG-INFO/PKG-INFO`.
    Egg,
    /// `x.egg-info/installed-files.txt`, relative to its own folder.
    Installed,
    /// `x.egg-info/top_level.txt`.
    Tops,
}

fn role(path: &str) -> Option<Role> {
    let folder = folder_of(path);
    let in_info = folder.ends_with(".egg-info");
    match file_name(path) {
        "PKG-INFO" if in_info => Some(Role::Metadata),
        "PKG-INFO" if file_name(folder) == "EGG-INFO" => Some(Role::Egg),
        "installed-files.txt" if in_info => Some(Role::Installed),
        "top_level.txt" if in_info => Some(Role::Tops),
        name if name.ends_with(".egg-info") => Some(Role::Flat),
        _ => None,
    }
}

impl Extractor for PythonEgg {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        role(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let unit = folder_of(path);
        match role(path) {
            Some(Role::Flat) => package(entry, path, file_name(path).trim_end_matches(".egg-info"), sink),
            Some(Role::Metadata) => package(entry, unit, file_name(unit).trim_end_matches(".egg-info"), sink),
            Some(Role::Egg) => {
                let egg = folder_of(unit);
                let outer = entry.location.container().last().map_or("", String::as_str);
                let name = file_name(if egg.is_empty() { outer } else { egg });
                package(entry, unit, name.strip_suffix(".egg").unwrap_or_default(), sink);
                let owns = Owns::Folder(egg.to_owned());
                sink.claims.push(Claim { location: entry.location.clone(), unit: unit.to_owned(), owns });
            }
            Some(Role::Installed) => {
                let mut files = FileList::default();
                for line in escape_path_bytes(entry.bytes).lines().map(str::trim).filter(|line| !line.is_empty()) {
                    files.push(unit, line);
                }
                claim_files(files, entry.location, unit, ID, sink);
            }
            Some(Role::Tops) => claim_tops(entry, unit, ID, sink),
            None => {}
        }
    }
}

fn package(entry: &Entry<'_>, unit: &str, stem: &str, sink: &mut Sink) {
    match read_metadata(entry, stem) {
        // The interpreter describes itself in the same way.
        Some(package) if package.name == "Python" => {}
        Some(package) => sink.installed(package, unit),
        None => sink.gaps.push(nameless(entry.location, ID)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::python_dist::tests::{claimed, names, sink_of};
    use super::*;

    const INFO: &[u8] = b"Metadata-Version: 1.1\nName: Zope.Thing\nVersion: 1.0-r2\nDescription: x\n        Name: y\n";

    #[test]
    fn every_shape_of_an_egg() {
        for (path, unit, claims) in [
            ("lib/zope.thing-1.0_r2-py3.9.egg-info/PKG-INFO", "lib/zope.thing-1.0_r2-py3.9.egg-info", &[][..]),
            ("lib/zope.thing-1.0_r2-py3.9.egg-info", "lib/zope.thing-1.0_r2-py3.9.egg-info", &[]),
            ("lib/z-1.0-py3.9.egg/EGG-INFO/PKG-INFO", "lib/z-1.0-py3.9.egg/EGG-INFO", &["lib/z-1.0-py3.9.egg/"]),
            ("lib/z-1.0-py3.9.egg!EGG-INFO/PKG-INFO", "EGG-INFO", &["/"]),
        ] {
            let sink = sink_of(&PythonEgg, path, INFO);
            assert_eq!(names(&sink), ["Zope.Thing 1.0-r2 installed"], "{path}");
            assert_eq!(sink.found[0].unit, unit);
            assert_eq!(claimed(&sink), claims);
        }
    }

    #[test]
    fn the_name_of_the_egg_stands_in() {
        for (path, expected) in [
            ("my_pkg-1.0-py3.9-linux_x86_64.egg-info", "my_pkg 1.0 installed"),
            ("my_pkg-1.0-py3.9.egg-info/PKG-INFO", "my_pkg 1.0 installed"),
            ("my_pkg-1.0-py3.9.egg/EGG-INFO/PKG-INFO", "my_pkg 1.0 installed"),
            ("my_pkg-1.0-py3.9.egg!EGG-INFO/PKG-INFO", "my_pkg 1.0 installed"),
            ("my_pkg.egg-info/PKG-INFO", "my_pkg - installed"),
        ] {
            assert_eq!(names(&sink_of(&PythonEgg, path, b"")), [expected], "{path}");
        }
        assert_eq!(sink_of(&PythonEgg, "EGG-INFO/PKG-INFO", b"").gaps.len(), 1);
    }

    #[test]
    fn the_interpreter_is_no_package() {
        let sink = sink_of(&PythonEgg, "lib/Python-2.7.egg-info", b"Name: Python\nVersion: 2.7");
        assert!(sink.found.is_empty() && sink.gaps.is_empty());
    }

    #[test]
    fn lists_of_files() {
        let list = b"../six.py\n../__pycache__/six.pyc\nPKG-INFO\n../../../bin/x\n";
        let sink = sink_of(&PythonEgg, "a/b/six-1.0.egg-info/installed-files.txt", list);
        assert_eq!(claimed(&sink), ["a/b/__pycache__/six.pyc", "a/b/six-1.0.egg-info/PKG-INFO", "a/b/six.py", "bin/x"]);
        let sink = sink_of(&PythonEgg, "six-1.0.egg-info/top_level.txt", b"six\n");
        assert_eq!(claimed(&sink), ["six.py/", "six/"]);
        assert!(!PythonEgg.wants("six-1.0.egg-info/SOURCES.txt", b""));
    }
}
