//! Compares an entry with the lists, while its bytes pass by.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Algorithm, Context, digest};

use super::known::{Digest, Known, Row};
use super::strip::{is_elf, stripped};
use super::{Nature, Traces, What, npm, startup_file};
use crate::artifact::Piece;
use crate::formats::paths::{file_name, folder_of};
use crate::model::{ArtifactRole, Location};

/// Data of more bytes is compared by its size. Digests cost as much as a third of a whole scan, and a quarter of the
/// bytes of Python packages is such data: tables, translations, pictures.
const BULK: usize = 16 << 10;

/// An entry that is being read. Its pieces must come in order.
pub struct Reading<'a> {
    known: &'a Known,
    rows: &'a [Row],
    /// One for each kind of digest; nearly always one.
    digests: Vec<(&'static Algorithm, Context)>,
    seen: u64,
    elf: bool,
    nature: Nature,
}

impl<'a> Reading<'a> {
    /// Begins an entry of the archive that `known` speaks of.
    pub fn new(known: &'a Known, name: &str) -> Reading<'a> {
        let rows = if known.is_empty() { &[] } else { known.rows(name) };
        Reading { known, rows, digests: Vec::new(), seen: 0, elf: false, nature: Nature::Data }
    }

    /// Takes the next piece. `role` is that of the artifact, for the files that lie at its first level.
    pub fn piece(&mut self, here: &Location, role: ArtifactRole, piece: Piece<'_>, traces: &mut Traces) {
        let name = here.innermost();
        if piece.first {
            self.elf = is_elf(piece.bytes);
            startup_file::look(self.known, here, role, piece, traces);
            npm::look(here, piece.bytes, traces);
            if !self.known.is_empty() && self.rows.is_empty() {
                self.unlisted(here, piece.bytes, traces);
            }
            self.nature = nature(name, piece.bytes);
        }
        if self.rows.is_empty() || is_installers(name) {
            return;
        }
        if piece.is_whole() {
            self.seen = piece.bytes.len() as u64;
            let bulk = self.nature == Nature::Data && piece.bytes.len() > BULK;
            let same = bulk && self.rows.iter().any(|row| row.size == Some(self.seen));
            if !same && !self.listed(piece.bytes) {
                self.differs(here, Some(piece.bytes), traces);
            }
            return;
        }
        self.feed(piece);
        if piece.last {
            let digests: Vec<_> =
                self.digests.drain(..).map(|(kind, context)| (kind, encode(context.finish().as_ref()))).collect();
            let same = |kind: &Algorithm, text: &str| digests.iter().any(|(k, digest)| *k == kind && digest == text);
            if !self.rows.iter().any(|row| row.is(same)) {
                self.differs(here, None, traces);
            }
        }
    }

    /// Whether a row agrees with these bytes. Two rows of one kind cost one digest.
    fn listed(&self, bytes: &[u8]) -> bool {
        let mut digests: Vec<(&Algorithm, String)> = Vec::new();
        self.rows.iter().any(|row| {
            row.is(|kind, text| {
                if let Some((_, digest)) = digests.iter().find(|(known, _)| *known == kind) {
                    return digest == text;
                }
                let digest = encode(digest(kind, bytes).as_ref());
                let same = digest == text;
                digests.push((kind, digest));
                same
            })
        })
    }

    /// Takes what is new in a window.
    fn feed(&mut self, piece: Piece<'_>) {
        if piece.first {
            for row in self.rows {
                if let Digest::Of(kind, _) = row.digest
                    && !self.digests.iter().any(|(other, _)| *other == kind)
                {
                    self.digests.push((kind, Context::new(kind)));
                }
            }
        }
        let known = usize::try_from(self.seen.saturating_sub(piece.offset)).unwrap_or(usize::MAX);
        let fresh = piece.bytes.get(known..).unwrap_or_default();
        self.digests.iter_mut().for_each(|(_, context)| context.update(fresh));
        self.seen += fresh.len() as u64;
    }

    /// No row agrees. `bytes` is the whole file, unless it is too large to be held.
    fn differs(&self, here: &Location, bytes: Option<&[u8]>, traces: &mut Traces) {
        let list = |row: &Row| self.known.list(row.list).clone();
        if let Some(row) = self.rows.iter().find(|row| matches!(row.digest, Digest::Unknown)) {
            return traces.add(here, What::Uncompared { list: list(row) });
        }
        let file = bytes.and_then(stripped);
        let stripped = |row: &&Row| match (row.size, bytes) {
            (Some(size), Some(_)) => file.as_ref().is_some_and(|file| file.was(size)),
            // Its sections are at an end that is gone by now.
            (Some(size), None) => self.elf && self.seen < size,
            (None, _) => false,
        };
        if let Some(row) = self.rows.iter().find(stripped) {
            return traces.add(here, What::Stripped { list: list(row) });
        }
        if bytes.is_some_and(|bytes| self.usual(here.innermost(), bytes)) {
            return;
        }
        if let Some(row) = self.rows.first() {
            traces.add(here, What::Changed { list: list(row), nature: self.nature });
        }
    }

    /// Whether only the ends of lines differ, or the file is a script that installers write.
    fn usual(&self, name: &str, bytes: &[u8]) -> bool {
        if self.nature == Nature::Script && is_launcher(bytes) {
            return true;
        }
        let unix = without_returns(bytes);
        let windows = || {
            let mut out = Vec::with_capacity(unix.len() + unix.len() / 16);
            for line in unix.split_inclusive(|byte| *byte == b'\n') {
                match line.strip_suffix(b"\n") {
                    Some(line) => out.extend([line, b"\r\n"].concat()),
                    None => out.extend(line),
                }
            }
            out
        };
        // What holds a zero byte is no text: there each byte has a meaning.
        let text = memchr::memchr(0, bytes).is_none() && !name.ends_with(".pyc");
        text && (self.listed(&unix) || self.listed(&windows()))
    }

    /// A file of an archive with lists, none of which names it.
    fn unlisted(&self, here: &Location, bytes: &[u8], traces: &mut Traces) {
        let name = here.innermost();
        if let Some((source, package)) = source_of(name).zip(self.known.package_around(name)) {
            // Python loads bytecode from `__pycache__` only where its source lies.
            if self.known.rows(&source).is_empty() {
                traces.add(here, What::Orphan { package, source });
            }
            return;
        }
        // `compileall -b` puts bytecode where the source is, which then may be left out.
        let compiled = name.strip_suffix('c').is_some_and(|source| !self.known.rows(source).is_empty());
        if compiled || !is_importable(name, bytes) {
            return;
        }
        if let Some(package) = self.known.package_around(name) {
            traces.add(here, What::Planted { package });
        }
    }
}

impl Row {
    /// Whether the row has no digest, or one for which `same` says yes.
    fn is(&self, mut same: impl FnMut(&'static Algorithm, &str) -> bool) -> bool {
        match &self.digest {
            Digest::None => true,
            Digest::Of(kind, text) => same(kind, text),
            Digest::Unknown => false,
        }
    }
}

fn encode(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest)
}

/// What installers write about their own work, each in its way.
fn is_installers(name: &str) -> bool {
    folder_of(name).ends_with(".dist-info")
        && matches!(file_name(name), "RECORD" | "INSTALLER" | "REQUESTED" | "direct_url.json" | "uv_cache.json")
}

/// Files that are no modules and run code when they are read: startup files and weights, pickled objects.
const RUNS: [&str; 4] = [".pickle", ".pkl", ".pth", ".sh"];

fn nature(name: &str, bytes: &[u8]) -> Nature {
    let folder = folder_of(name);
    if folder.ends_with(".dist-info") && matches!(file_name(name), "METADATA" | "WHEEL" | "entry_points.txt") {
        Nature::Metadata
    } else if matches!(file_name(folder), "bin" | "Scripts" | "scripts") && bytes.starts_with(b"#!") {
        Nature::Script
    } else if is_importable(name, bytes) || RUNS.iter().any(|end| name.ends_with(end)) || bytes.starts_with(b"#!") {
        Nature::Code
    } else {
        Nature::Data
    }
}

/// Whether a program can import or load the file.
fn is_importable(name: &str, bytes: &[u8]) -> bool {
    const ENDS: [&str; 7] = [".py", ".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib"];
    ENDS.iter().any(|end| name.ends_with(end)) || npm::is_native(bytes)
}

/// The source of `a/__pycache__/b.cpython-312.opt-1.pyc`: `a/b.py` (PEP 3147).
fn source_of(name: &str) -> Option<String> {
    let folder =
        folder_of(name).strip_suffix("__pycache__").filter(|folder| folder.is_empty() || folder.ends_with('/'))?;
    let module = file_name(name).strip_suffix(".pyc")?.split('.').next()?;
    Some(format!("{folder}{module}.py"))
}

fn without_returns(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"\r\n").is_none() {
        return Cow::Borrowed(bytes);
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let mut out = Vec::with_capacity(bytes.len());
    for line in lines {
        match line.strip_suffix(b"\r\n") {
            Some(line) => out.extend([line, b"\n"].concat()),
            None => out.extend(line),
        }
    }
    Cow::Owned(out)
}

/// Whether a script is what installers write for an entry point, whose first line names their interpreter: an import
/// and a call, with or without a look at the script's own name.
fn is_launcher(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let named = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let mut imports = 0;
    let usual = |line: &str| match line.trim() {
        "" | "import re" | "import sys" | "'''exec' ''' " | "' '''" => true,
        "if __name__ == '__main__':" | "if __name__ == \"__main__\":" => true,
        line if line.starts_with('#') => true,
        line if line.starts_with("sys.argv[0] = re.sub(r'(-script") && line.ends_with("', '', sys.argv[0])") => {
            !line.contains(';')
        }
        "if sys.argv[0].endswith(\"-script.pyw\"):" | "sys.argv[0] = sys.argv[0][:-11]" => true,
        "elif sys.argv[0].endswith(\".exe\"):" | "sys.argv[0] = sys.argv[0][:-4]" => true,
        "sys.argv[0] = sys.argv[0].removesuffix('.exe')" => true,
        line => match line.strip_prefix("from ").and_then(|line| line.split_once(" import ")) {
            Some((module, name)) => {
                imports += 1;
                named(module) && named(name)
            }
            None => line.strip_prefix("sys.exit(").and_then(|rest| rest.strip_suffix("())")).is_some_and(named),
        },
    };
    text.lines().all(usual) && imports == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of one file under a list that names `a/__init__.py` and `a/b.py` with the digest of `recorded`.
    fn told(path: &str, recorded: &[u8], found: &[u8]) -> Vec<What> {
        told_in(path, path, recorded, &[found])
    }

    fn told_in(listed: &str, path: &str, recorded: &[u8], windows: &[&[u8]]) -> Vec<What> {
        let list = Location::artifact(0).child("a-1.dist-info/RECORD");
        let digest = encode(digest(&ring::digest::SHA256, recorded).as_ref());
        let text = format!("{listed},sha256={digest},{}\na/__init__.py,,\n", recorded.len());
        let mut traces = Traces::default();
        traces.read_list(&list, text.as_bytes());
        let known = traces.known();
        let here = Location::artifact(0).child(path);
        let mut reading = Reading::new(&known, path);
        let mut offset = 0;
        for (i, bytes) in windows.iter().enumerate() {
            let piece = Piece { first: i == 0, last: i + 1 == windows.len(), offset, ..Piece::whole(bytes) };
            reading.piece(&here, ArtifactRole::Code, piece, &mut traces);
            offset += bytes.len().saturating_sub(2) as u64;
        }
        traces.seen.into_iter().map(|trace| trace.what).collect()
    }

    fn natures(told: &[What]) -> Vec<Nature> {
        told.iter()
            .filter_map(|what| if let What::Changed { nature, .. } = what { Some(*nature) } else { None })
            .collect()
    }

    #[test]
    fn one_changed_byte_is_told_and_none_is_not() {
        for (path, nature) in [
            ("a/b.py", Nature::Code),
            ("a/b.cpython-312-x86_64-linux-gnu.so", Nature::Code),
            ("a-1.dist-info/METADATA", Nature::Metadata),
            ("a/data.json", Nature::Data),
        ] {
            assert_eq!(told(path, b"x = 1\n", b"x = 1\n"), [], "{path}");
            assert_eq!(natures(&told(path, b"x = 1\n", b"x = 2\n")), [nature], "{path}");
        }
        assert_eq!(told("a-1.dist-info/INSTALLER", b"pip", b"uv"), []);
    }

    #[test]
    fn bulky_data_is_compared_by_its_size() {
        let (before, mut after) = (vec![b'x'; BULK + 1], vec![b'x'; BULK + 1]);
        after[0] = b'y';
        assert_eq!(told("a/table.json", &before, &after), []);
        assert_eq!(natures(&told("a/table.py", &before, &after)), [Nature::Code]);
        assert_eq!(natures(&told("a/table.pkl", &before, &after)), [Nature::Code]);
        assert_eq!(natures(&told("a/table.json", &before, &after[1..])), [Nature::Data]);
    }

    #[test]
    fn a_file_in_windows_is_compared_as_well() {
        assert_eq!(told_in("a/b.py", "a/b.py", b"0123456789", &[b"012345", b"456789"]), []);
        let changed = told_in("a/b.py", "a/b.py", b"0123456789", &[b"012345", b"4567x9"]);
        assert_eq!(natures(&changed), [Nature::Code]);
    }

    #[test]
    fn other_ends_of_lines_are_usual() {
        for (recorded, found) in [("a\nb\n", "a\r\nb\r\n"), ("a\r\nb\r\nc", "a\nb\nc"), ("a\r\nb\n", "a\nb\n")] {
            let told = told("a/b.py", recorded.as_bytes(), found.as_bytes());
            let mixed = recorded == "a\r\nb\n";
            assert_eq!(told.is_empty(), !mixed, "{recorded:?}: a mixture cannot be told back");
        }
        assert_eq!(natures(&told("a/b.py", b"a\nb\n", b"a\r\nc\r\n")), [Nature::Code]);
        assert_eq!(told("a/b.dat", b"\0a\n", b"\0a\r\n").len(), 1, "no text");
    }

    #[test]
    fn a_launcher_may_have_another_first_line() {
        let body = "# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom a.cli import main\nif __name__ == '__main__':\n    \
                    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(main())\n";
        let script = |first: &str, more: &str| format!("#!{first}\n{body}{more}").into_bytes();
        assert_eq!(told("bin/a", &script("/home/x/python", ""), &script("/usr/bin/python3", "")), []);
        let changed = told("bin/a", &script("/home/x/python", ""), &script("/usr/bin/python3", "import os\n"));
        assert_eq!(natures(&changed), [Nature::Script]);
        assert_eq!(natures(&told("a/b.py", b"x", &script("/usr/bin/python3", ""))), [Nature::Code]);
    }

    #[test]
    fn a_stripped_library_is_no_change() {
        let after = super::super::strip::tests::elf(&[(".shstrtab", 3), (".text", 1)]);
        let before = super::super::strip::tests::elf(&[(".shstrtab", 3), (".text", 1), (".symtab", 2)]);
        assert!(matches!(told("a/b.so", &before, &after)[..], [What::Stripped { .. }]));
        let mut changed = before.clone();
        changed[60] ^= 1;
        assert_eq!(natures(&told("a/b.so", &before, &changed)), [Nature::Code]);
    }

    #[test]
    fn code_that_no_list_names_is_told() {
        let unlisted = |path: &str, bytes: &[u8]| told_in("a/b.py", path, b"", &[bytes]);
        let package = || "a/__init__.py".to_owned();
        for path in ["a/evil.py", "a/deep/er/evil.so", "a/evil.pyc"] {
            assert_eq!(unlisted(path, b"x"), [What::Planted { package: package() }], "{path}");
        }
        assert_eq!(unlisted("a/noext", b"\x7FELF"), [What::Planted { package: package() }]);
        for path in ["mine.py", "other/mine.py", "a/cache.json", "a/b.pyc", "a/__pycache__/b.cpython-312.pyc"] {
            assert_eq!(unlisted(path, b"x"), [], "{path}");
        }
        assert!(matches!(&unlisted("a/__pycache__/gone.cpython-312.opt-1.pyc", b"x")[..],
            [What::Orphan { source, .. }] if source == "a/gone.py"));
    }
}
