//! What the lists of one archive say of its files.

use std::collections::{HashMap, HashSet};

use ring::digest::{Algorithm, SHA256, SHA384, SHA512};

use super::{Trace, Traces, What};
use crate::formats::file_list::{moved_script, resolve, rows};
use crate::formats::paths::{file_name, folder_of};
use crate::model::{Location, escape_path_bytes};

/// The most rows that are taken from the lists of one archive: twice as many as a target may have entries, since two
/// packages may claim one file.
const MOST_ROWS: usize = 400_000;
/// The most bytes that the paths of those rows may take.
const MOST_BYTES: usize = 64 << 20;

/// The most different things that lists may say of one file: each is looked at when it differs.
const MOST_CLAIMS: usize = 64;

/// Whether an entry is a list: a wheel's `RECORD`, or the `installed-files.txt` of what older tools installed.
pub fn is_list(name: &str) -> bool {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    match file {
        // Behind `~` are the remains of an interrupted uninstall, whose modules were renamed.
        "RECORD" => folder.ends_with(".dist-info") && !file_name(folder).starts_with('~'),
        "installed-files.txt" => folder.ends_with(".egg-info"),
        _ => false,
    }
}

/// A list as it was read.
#[derive(Clone, Debug)]
pub(super) struct List {
    place: Location,
    rows: Vec<(String, Row)>,
}

impl List {
    /// The number of its rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is to be told of a list whose files cannot be compared any more.
    pub fn leave(self) -> Trace {
        Trace { place: self.place, what: What::Unordered }
    }
}

/// What one list says of one file.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The digest, where there is one of a kind that is compared.
    pub digest: Digest,
    /// Bytes.
    pub size: Option<u64>,
    /// Which list says so.
    pub list: usize,
}

/// A file's digest as a list writes it: urlsafe base64 without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// None is recorded: the list itself, bytecode.
    None,
    /// Of this kind.
    Of(&'static Algorithm, Box<str>),
    /// Of a kind that is not compared.
    Unknown,
}

impl Traces {
    /// Reads a list, whole.
    pub fn read_list(&mut self, place: &Location, bytes: &[u8]) {
        let path = place.innermost();
        let folder = folder_of(path);
        let in_wheel = folder.ends_with(".dist-info");
        // A wheel's list is relative to the folder that holds its own, an egg's to its own.
        let base = if in_wheel { folder_of(folder) } else { folder };
        let text = escape_path_bytes(bytes);
        let (mut list, mut size) = (Vec::new(), 0_usize);
        let mut add = |relative: &str, row: Row| {
            size = size.saturating_add(base.len() + relative.len());
            let room = list.len() < MOST_ROWS && size <= MOST_BYTES;
            list.extend(resolve(base, relative).filter(|_| room).map(|path| (path, row)));
            room
        };
        for (relative, rest) in rows(&text) {
            let row = if in_wheel { Row::read(rest) } else { Row { digest: Digest::None, size: None, list: 0 } };
            if let Some(script) = moved_script(&relative) {
                add(&script, row.clone());
            }
            if !add(&relative, row) {
                break;
            }
        }
        self.lists.push(List { place: place.clone(), rows: list });
    }
}

impl Row {
    /// `sha256=...,123`
    fn read(rest: &str) -> Row {
        let (digest, size) = rest.split_once(',').unwrap_or((rest, ""));
        let digest = match digest.trim_matches('"').split_once('=') {
            None => Digest::None,
            Some(("sha256", value)) => Digest::Of(&SHA256, value.trim_end_matches('=').into()),
            Some(("sha384", value)) => Digest::Of(&SHA384, value.trim_end_matches('=').into()),
            Some(("sha512", value)) => Digest::Of(&SHA512, value.trim_end_matches('=').into()),
            Some(_) => Digest::Unknown,
        };
        Row { digest, size: size.trim_matches('"').parse().ok(), list: 0 }
    }
}

/// What all lists of one archive say.
#[derive(Debug, Default)]
pub struct Known {
    files: HashMap<String, Vec<Row>>,
    /// Folders whose `__init__.py` is listed: packages that are in one hand.
    packages: HashSet<String>,
    /// Folders that hold a list's own: `site-packages` by whatever name.
    sites: HashSet<String>,
    lists: Vec<Location>,
}

impl Known {
    /// Joins the lists of one archive.
    pub(super) fn new(mut lists: Vec<List>) -> Known {
        // Their order depends on the threads, and where two lists disagree the first one is named.
        lists.sort_by(|a, b| a.place.cmp(&b.place));
        let mut known = Known::default();
        let (mut count, mut bytes) = (0, 0_usize);
        for (index, list) in lists.into_iter().enumerate() {
            let folder = folder_of(list.place.innermost());
            known.sites.insert(folder_of(folder).to_owned());
            for (path, row) in list.rows {
                count += 1;
                bytes = bytes.saturating_add(path.len());
                if count > MOST_ROWS || bytes > MOST_BYTES {
                    break;
                }
                if let Some(folder) = path.strip_suffix("/__init__.py") {
                    known.packages.insert(folder.to_owned());
                }
                let rows = known.files.entry(path).or_default();
                let same = |other: &Row| other.digest == row.digest && other.size == row.size;
                if rows.len() < MOST_CLAIMS && !rows.iter().any(same) {
                    rows.push(Row { list: index, ..row });
                }
            }
            known.lists.push(list.place);
        }
        known
    }

    /// Whether the archive has no list.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// What is said of a file; nothing if no list names it.
    pub(super) fn rows(&self, name: &str) -> &[Row] {
        self.files.get(name).map_or(&[], Vec::as_slice)
    }

    /// The place of a list.
    pub(super) fn list(&self, index: usize) -> &Location {
        &self.lists[index]
    }

    /// Whether a list's own folder lies in this one.
    pub(super) fn is_site(&self, folder: &str) -> bool {
        self.sites.contains(folder)
    }

    /// The outermost listed package that a file lies in, as the path of its `__init__.py`.
    ///
    /// Folders of many hands are none: some packages install their tests as a package `tests` beside themselves, where
    /// a function's own tests lie as well.
    pub(super) fn package_around(&self, name: &str) -> Option<String> {
        /// Deeper ones are not looked for: each costs a hash over the path.
        const DEEPEST: usize = 12;
        const SHARED: [&str; 9] = ["bin", "doc", "docs", "example", "examples", "scripts", "src", "test", "tests"];
        let mut folders = name.match_indices('/').take(DEEPEST).map(|(at, _)| &name[..at]);
        let folder = folders.find(|folder| self.packages.contains(*folder))?;
        (!SHARED.contains(&file_name(folder))).then(|| format!("{folder}/__init__.py"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(lists: &[(&str, &str)]) -> Known {
        let mut traces = Traces::default();
        for (path, text) in lists {
            assert!(is_list(path), "{path}");
            traces.read_list(&Location::artifact(0).child(path), text.as_bytes());
        }
        traces.known()
    }

    #[test]
    fn lists_name_files_by_their_path_in_the_archive() {
        let known = known(&[
            (
                "lib/a-1.dist-info/RECORD",
                "a/__init__.py,sha256=x,3\na/b.py,md5=y,\n../../bin/t,sha512=z=,9\na/c.py,,\n",
            ),
            ("lib/b-1.egg-info/installed-files.txt", "../b/__init__.py\n../b-nspkg.pth\n"),
        ]);
        let digest = |name: &str| known.rows(name).first().map(|row| row.digest.clone());
        assert!(
            matches!(digest("lib/a/__init__.py"), Some(Digest::Of(kind, text)) if *kind == SHA256 && &*text == "x")
        );
        assert!(matches!(digest("lib/bin/t"), Some(Digest::Of(kind, text)) if *kind == SHA512 && &*text == "z"));
        assert!(matches!(digest("lib/a/b.py"), Some(Digest::Unknown)));
        assert!(matches!(digest("lib/a/c.py"), Some(Digest::None)));
        assert!(matches!(digest("lib/b-nspkg.pth"), Some(Digest::None)));
        assert!(digest("a/b.py").is_none());
        assert!(known.is_site("lib") && !known.is_site(""));
        assert_eq!(known.package_around("lib/a/deep/x.py").as_deref(), Some("lib/a/__init__.py"));
        assert_eq!(known.package_around("lib/other/x.py"), None);
    }

    #[test]
    fn a_folder_of_many_hands_is_nobodys() {
        let known = known(&[("a-1.dist-info/RECORD", "tests/__init__.py,,\na/tests/__init__.py,,\na/__init__.py,,\n")]);
        assert_eq!(known.package_around("tests/test_mine.py"), None);
        assert_eq!(known.package_around("a/tests/x.py").as_deref(), Some("a/__init__.py"));
    }

    #[test]
    fn what_an_uninstall_left_behind_vouches_for_nothing() {
        assert!(!is_list("~equests-2.0.dist-info/RECORD"));
        assert!(!is_list("x/RECORD") && !is_list("RECORD") && is_list("a/x-1.dist-info/RECORD"));
    }
}
