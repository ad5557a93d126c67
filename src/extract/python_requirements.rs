//! `requirements.txt` and its kin (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>).
//!
//! Other files that a line includes (`-r`, `-c`) are read where they lie, if their names say what they are. Variables
//! (`${X}`) are not replaced. An unpinned line says that a package is wanted, not which version a build would install.

use super::{Entry, Extractor, Manifest, Sink, Want, file_name, folder_of};
use crate::formats::pep508::{Requirement, wheel_name};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Gap, GapKind};

const ID: &str = "python-requirements";

/// The most lines that are taken from one file.
const MOST_LINES: usize = 100_000;

/// The extractor.
pub struct PythonRequirements;

impl Extractor for PythonRequirements {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path).strip_suffix(".txt").is_some_and(|stem| {
            stem.starts_with("requirements")
                || stem.ends_with("-requirements")
                || stem.ends_with("_requirements")
                || file_name(folder_of(path)) == "requirements"
        })
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let dev = is_dev(path);
        let text = decode(entry.bytes);
        let (mut wants, mut odd, mut count) = (Vec::new(), 0, 0);
        for line in logical_lines(&text) {
            count += 1;
            if count > MOST_LINES {
                let detail = "has more lines than a requirements file is read for";
                sink.lock_gaps.push(Gap::blocking(GapKind::OverLimit, entry.location.clone(), ID, detail));
                break;
            }
            match read_line(&line) {
                Line::Want { name, version, optional } => wants.push(Want { name, version, dev, optional }),
                Line::Option => {}
                Line::Odd => odd += 1,
            }
        }
        if odd > 0 {
            let detail = format!("{odd} of its lines are no requirements that a name could be read from");
            sink.lock_gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), ID, detail));
        }
        sink.manifests.push(Manifest {
            location: entry.location.clone(),
            ecosystem: Ecosystem::PyPI,
            folder: folder(path).to_owned(),
            wants,
        });
    }
}

/// The folder that a file speaks for: `requirements/` holds the files of the folder around it.
fn folder(path: &str) -> &str {
    let folder = folder_of(path);
    if file_name(folder) == "requirements" { folder_of(folder) } else { folder }
}

/// Whether a file's name says that it is for development.
fn is_dev(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| matches!(word, "dev" | "develop" | "development" | "test" | "tests" | "testing" | "lint" | "docs"))
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Want { name: String, version: Option<String>, optional: bool },
    Option,
    Odd,
}

/// Lines without comments, joined where one ends in `\`. As in pip a comment line ends a joined line.
fn logical_lines(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        loop {
            let mut joined = String::new();
            let mut line = lines.next()?;
            while let Some(part) = line.strip_suffix('\\').filter(|_| !is_comment(line)) {
                joined.push_str(part);
                line = lines.next().unwrap_or_default();
            }
            // A comment ends a joined line, so white space stands between them.
            if is_comment(line) {
                joined.push(' ');
            }
            joined.push_str(line);
            let end = comment_start(&joined).unwrap_or(joined.len());
            let plain = joined[..end].trim();
            if !plain.is_empty() {
                return Some(plain.to_owned());
            }
        }
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// A `#` begins a comment at the start of a line or behind white space; elsewhere it is part of a url.
fn comment_start(line: &str) -> Option<usize> {
    let before = |at: usize| line[..at].chars().next_back();
    line.match_indices('#').map(|(at, _)| at).find(|&at| before(at).is_none_or(char::is_whitespace))
}

fn read_line(line: &str) -> Line {
    if let Some(target) = option(line, &["-e", "--editable"]) {
        return egg_fragment(target).map_or(Line::Option, |name| want(name, None, false));
    }
    if line.starts_with('-') {
        return Line::Option;
    }
    // Options of one requirement (`--hash`, `--config-settings`) stand behind it.
    let line = line.split(" --").next().unwrap_or(line).trim();
    if let Some(found) = Requirement::parse(line) {
        return want(found.name, found.pin(), found.marker.is_some());
    }
    let place = line.split(char::is_whitespace).next().unwrap_or(line);
    if let Some((name, version)) = wheel_name(place) {
        return want(name, Some(version), false);
    }
    if let Some(name) = egg_fragment(place) {
        return want(name, None, false);
    }
    // A path is first-party code; the archive behind a bare url has a name that only its bytes tell.
    if place.starts_with(['.', '/']) || place.starts_with("file:") { Line::Option } else { Line::Odd }
}

fn want(name: &str, version: Option<&str>, optional: bool) -> Line {
    Line::Want { name: name.to_owned(), version: version.map(str::to_owned), optional }
}

/// The value of an option, behind a space or `=`.
fn option<'a>(line: &'a str, names: &[&str]) -> Option<&'a str> {
    let value = names.iter().find_map(|name| line.strip_prefix(name))?;
    value.strip_prefix([' ', '\t', '=']).map(str::trim)
}

/// The name in a url's `#egg=name`.
fn egg_fragment(url: &str) -> Option<&str> {
    let (_, fragment) = url.split_once('#')?;
    let name = fragment.split('&').find_map(|part| part.strip_prefix("egg="))?;
    Requirement::parse(name).map(|found| found.name)
}

#[cfg(test)]
mod tests {
    use super::super::python_dist::tests::sink_of;
    use super::*;

    fn wants(path: &str, bytes: &[u8]) -> Vec<(String, Option<String>, bool)> {
        let sink = sink_of(&PythonRequirements, path, bytes);
        let wants = sink.manifests.into_iter().flat_map(|manifest| manifest.wants);
        wants.map(|want| (want.name, want.version, want.optional)).collect()
    }

    fn expected(list: &[(&str, &str, bool)]) -> Vec<(String, Option<String>, bool)> {
        let version = |version: &str| (!version.is_empty()).then(|| version.to_owned());
        list.iter().map(|(name, pin, optional)| ((*name).to_owned(), version(pin), *optional)).collect()
    }

    #[test]
    fn every_kind_of_line() {
        let text = br#"# a comment
-r other.txt
--index-url=https://pypi.example.com/simple
requests[socks] == 2.19.1 \
    --hash=sha256:00 \
    --hash=sha256:11   # pinned
Django>=2.2,<3
six==1.*
idna===2.7 ; python_version < "3"
    urllib3==1.24.1  # via requests
-e .
--editable=git+https://git.example.com/a.git#egg=edited&subdirectory=x
git+https://git.example.com/b.git@v1#egg=from-git
https://pypi.example.com/wheels/My_Wheel-1.5-py3-none-any.whl
named @ https://pypi.example.com/named-2.0.zip
./local/folder
joined==\
1.0
cut==2.0 \
# this comment ends the line
last==3.0"#;
        assert_eq!(
            wants("requirements.txt", text),
            expected(&[
                ("requests", "2.19.1", false),
                ("Django", "", false),
                ("six", "", false),
                ("idna", "2.7", true),
                ("urllib3", "1.24.1", false),
                ("edited", "", false),
                ("from-git", "", false),
                ("My_Wheel", "1.5", false),
                ("named", "", false),
                ("joined", "1.0", false),
                ("cut", "2.0", false),
                ("last", "3.0", false),
            ])
        );
    }

    #[test]
    fn what_powershell_writes() {
        let text: Vec<u8> = "\u{FEFF}requests==2.19.1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(wants("requirements.txt", &text), expected(&[("requests", "2.19.1", false)]));
        assert_eq!(wants("requirements.txt", b"\xEF\xBB\xBFsix==1.0"), expected(&[("six", "1.0", false)]));
    }

    #[test]
    fn names_of_files() {
        let wanted = |path| PythonRequirements.wants(path, b"");
        for path in ["requirements.txt", "a/requirements-dev.txt", "requirements/base.txt", "dev-requirements.txt"] {
            assert!(wanted(path), "{path}");
        }
        for path in ["constraints.txt", "README.txt", "requirements.in", "myrequirements.txt", "requirements/a/b.txt"] {
            assert!(!wanted(path), "{path}");
        }
        for (path, dev, folder) in [
            ("app/requirements.txt", false, "app"),
            ("requirements_test.txt", true, ""),
            ("app/requirements/dev.txt", true, "app"),
            ("requirements-latest.txt", false, ""),
        ] {
            let sink = sink_of(&PythonRequirements, path, b"a==1");
            assert_eq!((sink.manifests[0].wants[0].dev, sink.manifests[0].folder.as_str()), (dev, folder), "{path}");
        }
    }

    #[test]
    fn odd_lines_are_counted_and_not_quoted() {
        let sink =
            sink_of(&PythonRequirements, "requirements.txt", b"<html>\nhttps://u:hunter2@pypi.example.com/a.zip\nsix");
        assert_eq!(sink.manifests[0].wants.len(), 1);
        assert_eq!(sink.lock_gaps.len(), 1);
        assert!(sink.lock_gaps[0].detail.starts_with("2 of its lines"));
    }

    #[test]
    fn a_flood_of_lines_is_cut_and_said() {
        let sink = sink_of(&PythonRequirements, "requirements.txt", &b"a\n".repeat(MOST_LINES + 1));
        assert_eq!(sink.manifests[0].wants.len(), MOST_LINES);
        assert_eq!(sink.lock_gaps[0].kind, GapKind::OverLimit);
    }
}
