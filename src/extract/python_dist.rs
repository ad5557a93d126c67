//! Installed Python packages: `name-version.dist-info` folders.
//!
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>. `METADATA` names the package,
//! `RECORD` lists its files, `REQUESTED` says that somebody asked for it. `direct_url.json` and `INSTALLER` say nothing
//! that is needed here.
//!
//! What this cannot know: whether the files that `RECORD` lists are still there, and which of two folders of one
//! package (a second `pip install --target` leaves the first one's behind) describes the code beside them. Both count.

use std::collections::BTreeSet;

use super::python::VENDORED;
use super::{Claim, Entry, Extractor, Owns, Sink, file_name, folder_of};
use crate::formats::file_list::{FileList, first_fields, moved_script};
use crate::formats::headers::headers;
use crate::formats::pep508::Requirement;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Location, Package, escape_path_bytes};

const ID: &str = "python-dist";

/// The most names that are taken from one `top_level.txt`.
const MOST_TOPS: usize = 1_000;

/// The extractor.
pub struct PythonDist;

impl Extractor for PythonDist {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        matches!(file_name(path), "METADATA" | "RECORD" | "WHEEL" | "REQUESTED" | "top_level.txt")
            && folder_of(path).ends_with(".dist-info")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let unit = folder_of(path);
        let stem = file_name(unit).trim_end_matches(".dist-info");
        if stem.starts_with('~') {
            if file_name(path) == "METADATA" {
                let detail = "left behind by an interrupted uninstall: its modules were renamed and cannot be imported";
                sink.gaps.push(Gap::note(GapKind::Opaque, entry.location.clone(), ID, detail));
            }
            return;
        }
        match file_name(path) {
            "METADATA" => match read_metadata(entry, stem) {
                Some(package) => sink.installed(package, unit),
                None => sink.gaps.push(nameless(entry.location, ID)),
            },
            "RECORD" => {
                claim_record(entry, unit, sink);
                hint(entry.location, unit, stem, None, sink);
            }
            "WHEEL" => hint(entry.location, unit, stem, None, sink),
            "REQUESTED" => hint(entry.location, unit, stem, Some(true), sink),
            _ => claim_tops(entry, unit, ID, sink),
        }
    }
}

/// Reads core metadata (<https://packaging.python.org/en/latest/specifications/core-metadata/>). What it lacks is taken
/// from `stem`, the `name-version` of the folder's name. `None` if neither has a name.
pub(super) fn read_metadata(entry: &Entry<'_>, stem: &str) -> Option<Package> {
    let (mut name, mut version, mut requires, mut ranges) = (None, None, BTreeSet::new(), Vec::new());
    for header in headers(entry.bytes).filter(|header| !header.value.is_empty()) {
        if header.is("Name") {
            name.get_or_insert(header.value);
        } else if header.is("Version") {
            version.get_or_insert(header.value);
        } else if header.is("Requires-Dist") {
            let needed = Requirement::parse(&header.value).filter(|needed| !needed.only_for_extra());
            if let Some(Requirement { name, versions, url, .. }) = needed {
                requires.insert(name.to_owned());
                ranges.extend(url.is_none().then(|| (name.to_owned(), versions.to_owned())));
            }
        }
    }
    let (stem_name, stem_version) = split_stem(stem);
    let name = name.map_or_else(|| stem_name.to_owned(), |name| name.into_owned());
    let version = version.map(|version| version.into_owned()).or_else(|| stem_version.map(str::to_owned));
    if name.is_empty() {
        return None;
    }
    let package = Package::new(Ecosystem::PyPI, name, version, standing(entry.location), entry.location.clone());
    Some(Package { requires: requires.into_iter().collect(), ranges, ..package })
}

/// Name and version of `name-version` or `name-version-py3.9-platform`, either of which writes its own dashes as
/// underscores; older tools did not always, so a version is what begins with a digit.
fn split_stem(stem: &str) -> (&str, Option<&str>) {
    let dashes = stem.match_indices('-').map(|(at, _)| at);
    let before_digit = |&at: &usize| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    match dashes.into_iter().find(before_digit) {
        Some(at) => (&stem[..at], stem[at + 1..].split('-').next()),
        None => (stem, None),
    }
}

/// Whether a package at this place can be imported as it is. A wheel inside an archive cannot, and a copy in a
/// `_vendor` folder only by the package around it. Other copies inside packages are found by [`Sink::settle`].
pub(super) fn standing(location: &Location) -> Evidence {
    let in_wheel = location.container().iter().any(|name| name.ends_with(".whl"));
    if in_wheel || location.path.iter().any(|path| path.split('/').any(|part| VENDORED.contains(&part))) {
        Evidence::Embedded
    } else {
        Evidence::Installed
    }
}

/// The gap of a package that nothing names.
pub(super) fn nameless(location: &Location, by: &str) -> Gap {
    let detail = "a Python package whose name stands neither in its metadata nor in its folder's name";
    Gap::blocking(GapKind::Malformed, location.clone(), by, detail)
}

/// A claim on the files of a list, with a gap if it is too long to take in.
pub(super) fn claim_files(files: FileList, location: &Location, unit: &str, by: &str, sink: &mut Sink) {
    if files.is_full() {
        let detail = "lists too many files: the rest counts as belonging to nobody";
        sink.gaps.push(Gap::note(GapKind::OverLimit, location.clone(), by, detail));
    }
    let owns = Owns::Files(files.into_paths());
    sink.claims.push(Claim { location: location.clone(), unit: unit.to_owned(), owns });
}

/// Claims the folder and the file of every name in a `top_level.txt`.
pub(super) fn claim_tops(entry: &Entry<'_>, unit: &str, by: &str, sink: &mut Sink) {
    let site = folder_of(unit);
    let text = escape_path_bytes(entry.bytes);
    // A hostile list could claim everything with `.` or `..`.
    let mut names = text.lines().map(str::trim).filter(|name| !name.is_empty() && !name.contains(['/', '\\', '.']));
    for name in names.by_ref().take(MOST_TOPS) {
        for path in [super::join_path(site, name), super::join_path(site, &format!("{name}.py"))] {
            let owns = Owns::Folder(path);
            sink.claims.push(Claim { location: entry.location.clone(), unit: unit.to_owned(), owns });
        }
    }
    if names.next().is_some() {
        let detail = "names too many modules: the rest counts as belonging to nobody";
        sink.gaps.push(Gap::note(GapKind::OverLimit, entry.location.clone(), by, detail));
    }
}

fn claim_record(entry: &Entry<'_>, unit: &str, sink: &mut Sink) {
    let site = folder_of(unit);
    let mut files = FileList::default();
    for path in first_fields(&escape_path_bytes(entry.bytes)) {
        if let Some(script) = moved_script(&path) {
            files.push(site, &script);
        }
        files.push(site, &path);
    }
    claim_files(files, entry.location, unit, ID, sink);
}

fn hint(location: &Location, unit: &str, stem: &str, direct: Option<bool>, sink: &mut Sink) {
    let (name, version) = split_stem(stem);
    if name.is_empty() {
        return;
    }
    let version = version.map(str::to_owned);
    let package = Package::new(Ecosystem::PyPI, name, version, standing(location), location.clone());
    sink.hint(Package { direct, ..package }, unit);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::Level;

    /// What an extractor makes of one file; `!` in the path stands between an archive and its entry.
    pub fn sink_of(extractor: &dyn Extractor, path: &str, bytes: &[u8]) -> Sink {
        let location = path.split('!').fold(Location::artifact(0), |outer, part| outer.child(part));
        assert!(extractor.wants(location.innermost(), &bytes[..bytes.len().min(512)]), "{path} is not wanted");
        let mut sink = Sink::default();
        extractor.extract(&Entry { location: &location, bytes }, &mut sink);
        sink
    }

    /// `name version evidence` of everything found.
    pub fn names(sink: &Sink) -> Vec<String> {
        let shown = |package: &Package| {
            format!("{} {} {}", package.name, package.version.as_deref().unwrap_or("-"), package.evidence.word())
        };
        sink.found.iter().map(|found| shown(&found.package)).collect()
    }

    /// What the claims say, sorted: files as they are, folders with `/` behind.
    pub fn claimed(sink: &Sink) -> Vec<String> {
        let mut paths: Vec<_> = sink
            .claims
            .iter()
            .flat_map(|claim| match &claim.owns {
                Owns::Files(files) => files.clone(),
                Owns::Folder(folder) => vec![format!("{folder}/")],
            })
            .collect();
        paths.sort();
        paths
    }

    const METADATA: &[u8] = b"Metadata-Version: 2.1\r\n\
Name: Requests\r\n\
Version: 2.28.0\r\n\
License: Apache 2.0\r\n        with a second line\r\n        Name: folded\r\n\
Requires-Dist: charset-normalizer (<3,>=2)\r\n\
Requires-Dist: idna<4,>=2.5\r\n\
Requires-Dist: PySocks!=1.5.7,>=1.5.6; extra == 'socks'\r\n\
Requires-Dist: win-inet-pton; sys_platform == \"win32\" and extra == 'socks'\r\n\
Name: second\r\n\
\r\n\
Name: described\r\nVersion: 9\r\n";

    #[test]
    fn metadata_names_the_package() {
        let sink = sink_of(&PythonDist, "lib/requests-2.28.0.dist-info/METADATA", METADATA);
        assert_eq!(names(&sink), ["Requests 2.28.0 installed"]);
        assert_eq!(sink.found[0].unit, "lib/requests-2.28.0.dist-info");
        assert_eq!(sink.found[0].package.requires, ["charset-normalizer", "idna"]);
        let ranges = [("charset-normalizer", "<3,>=2"), ("idna", "<4,>=2.5")];
        assert_eq!(sink.found[0].package.ranges, ranges.map(|(name, range)| (name.to_owned(), range.to_owned())));
        assert_eq!(sink.gaps, []);
    }

    #[test]
    fn what_metadata_lacks_stands_in_the_folders_name() {
        for (path, text, expected) in [
            ("a-1.0.dist-info/METADATA", &b""[..], "a 1.0 installed"),
            ("a-1.0.dist-info/METADATA", b"Name: B", "B 1.0 installed"),
            ("a-1.0.dist-info/METADATA", b"\xFF\xFE junk\nVersion: 2\nName: B", "B 2 installed"),
            ("my_pkg-1.0+cu118.dist-info/METADATA", b"Name:\n\n", "my_pkg 1.0+cu118 installed"),
            ("my-pkg-1.0.dist-info/METADATA", b"", "my-pkg 1.0 installed"),
            ("pkg.dist-info/METADATA", b"", "pkg - installed"),
        ] {
            assert_eq!(names(&sink_of(&PythonDist, path, text)), [expected], "{path}");
        }
        let sink = sink_of(&PythonDist, ".dist-info/METADATA", b"Version: 1");
        assert_eq!((sink.found.len(), sink.gaps[0].level), (0, Level::Blocking));
    }

    #[test]
    fn the_place_decides_whether_it_can_be_imported() {
        for (path, evidence) in [
            ("vendor/a-1.dist-info/METADATA", Evidence::Installed),
            ("python/lib/python3.9/site-packages/a-1.dist-info/METADATA", Evidence::Installed),
            (".requirements.zip!a-1.dist-info/METADATA", Evidence::Installed),
            ("setuptools/_vendor/a-1.dist-info/METADATA", Evidence::Embedded),
            ("vendor/a-1-py3-none-any.whl!a-1.dist-info/METADATA", Evidence::Embedded),
            ("pip/_vendor/x.zip!a-1.dist-info/METADATA", Evidence::Embedded),
        ] {
            let sink = sink_of(&PythonDist, path, b"Name: a\nVersion: 1");
            assert_eq!(sink.found[0].package.evidence, evidence, "{path}");
        }
    }

    #[test]
    fn the_record_claims_its_files() {
        let record = b"a/__init__.py,sha256=x,10\r\n\"a/b,c.py\",,\r\n../../bin/tool,sha256=y,3\r\n\
            /etc/passwd,,\r\n../../../../up.py,,\r\na/50%.py,,\r\na/\xFF.py,,\r\na-1.dist-info/RECORD,,\r\n";
        let sink = sink_of(&PythonDist, "x/y/a-1.dist-info/RECORD", record);
        assert_eq!(
            claimed(&sink),
            [
                "bin/tool",
                "x/y/a-1.dist-info/RECORD",
                "x/y/a/%FF.py",
                "x/y/a/50%25.py",
                "x/y/a/__init__.py",
                "x/y/a/b,c.py",
                "x/y/bin/tool",
            ]
        );
        assert_eq!(sink.claims[0].unit, "x/y/a-1.dist-info");
        assert_eq!(claimed(&sink_of(&PythonDist, "a-1.dist-info/RECORD", b"../../bin/f,,\n")), ["bin/f"]);
    }

    #[test]
    fn top_level_names_are_claimed_one_by_one() {
        let sink = sink_of(&PythonDist, "lib/a-1.dist-info/top_level.txt", b"a\n_a\n\n.\n..\n/etc\n../b\n");
        assert_eq!(claimed(&sink), ["lib/_a.py/", "lib/_a/", "lib/a.py/", "lib/a/"]);
        let many = b"a\n".repeat(MOST_TOPS + 1);
        assert_eq!(sink_of(&PythonDist, "a-1.dist-info/top_level.txt", &many).gaps.len(), 1);
    }

    #[test]
    fn a_folder_without_metadata_is_still_a_package() {
        let mut sink = sink_of(&PythonDist, "a-1.dist-info/RECORD", b"a.py,,\n");
        sink.append(sink_of(&PythonDist, "b-2.dist-info/METADATA", b"Name: B\nVersion: 2"));
        sink.append(sink_of(&PythonDist, "b-2.dist-info/WHEEL", b"Wheel-Version: 1.0"));
        sink.append(sink_of(&PythonDist, "b-2.dist-info/REQUESTED", b""));
        sink.settle();
        assert_eq!(names(&sink), ["B 2 installed", "a 1 installed"]);
        assert_eq!(sink.found[0].package.direct, Some(true));
    }

    #[test]
    fn what_pip_left_behind_is_a_note() {
        let sink = sink_of(&PythonDist, "~equests-2.0.dist-info/METADATA", b"Name: requests\nVersion: 2.0");
        assert_eq!((sink.found.len(), sink.gaps[0].level), (0, Level::Note));
        assert!(sink_of(&PythonDist, "~equests-2.0.dist-info/RECORD", b"").hints.is_empty());
    }

    #[test]
    fn other_files_are_not_wanted() {
        for path in ["METADATA", "a/METADATA", "a-1.dist-info/licenses/METADATA", "a-1.dist-info/metadata.json"] {
            assert!(!PythonDist.wants(path, b""), "{path}");
        }
    }
}
