//! Compares an entry with the lists, while its bytes pass by.

use ring::digest::{Algorithm, Context};

use super::batch::{Batch, Lot};
use super::known::Digest;
use super::listed::{Listed, encode};
use super::strip::is_elf;
use super::{Nature, Traces, What, npm, startup_file};
use crate::artifact::Piece;
use crate::formats::paths::{file_name, folder_of};
use crate::model::{ArtifactRole, Location};

/// Data of more bytes is compared by its size. Digests cost as much as a third of a whole scan, and a quarter of the
/// bytes of Python packages is such data: tables, translations, pictures.
const BULK: usize = 16 << 10;

/// An entry that is being read. Its pieces must come in order.
pub struct Reading<'b, 'a> {
    batch: &'b Batch<'a>,
    listed: Listed<'a>,
    /// One for each kind of digest; nearly always one.
    digests: Vec<(&'static Algorithm, Context)>,
    seen: u64,
}

impl<'b, 'a> Reading<'b, 'a> {
    /// Begins an entry of the archive that `batch` speaks of.
    pub fn new(batch: &'b Batch<'a>, name: &str) -> Reading<'b, 'a> {
        let known = batch.known;
        let rows = if known.is_empty() { &[] } else { known.rows(name) };
        let listed = Listed { known, rows, elf: false, nature: Nature::Data };
        Reading { batch, listed, digests: Vec::new(), seen: 0 }
    }

    /// Takes the next piece. `role` is that of the artifact, for the files that lie at its first level. What it returns
    /// is to be compared now.
    pub fn piece(
        &mut self,
        here: &Location,
        role: ArtifactRole,
        piece: Piece<'_>,
        traces: &mut Traces,
    ) -> Option<Lot<'a>> {
        let name = here.innermost();
        let known = self.listed.known;
        if piece.first {
            self.listed.elf = is_elf(piece.bytes);
            startup_file::look(known, here, role, piece, traces);
            npm::look(here, piece.bytes, traces);
            if !known.is_empty() && self.listed.rows.is_empty() {
                self.unlisted(here, piece.bytes, traces);
            }
            self.listed.nature = nature(name, piece.bytes);
        }
        if self.listed.rows.is_empty() || is_installers(name) {
            return None;
        }
        if piece.is_whole() {
            let len = piece.bytes.len() as u64;
            let bulk = self.listed.nature == Nature::Data && piece.bytes.len() > BULK;
            if bulk && self.listed.rows.iter().any(|row| row.size == Some(len)) {
                return None;
            }
            let takes = self.batch.takes(&self.listed);
            if takes && Batch::keeps(piece.bytes) {
                return self.batch.put(here, self.listed, piece.bytes);
            }
            let agrees = if takes {
                self.listed.agrees_with(&self.batch.sha256(piece.bytes))
            } else {
                self.listed.agrees(piece.bytes)
            };
            if !agrees {
                self.listed.differs(here, len, Some(piece.bytes), traces);
            }
            return None;
        }
        self.feed(piece);
        if piece.last {
            let digests: Vec<_> =
                self.digests.drain(..).map(|(kind, context)| (kind, encode(context.finish().as_ref()))).collect();
            let same = |kind: &Algorithm, text: &str| digests.iter().any(|(k, digest)| *k == kind && digest == text);
            if !self.listed.rows.iter().any(|row| row.is(same)) {
                self.listed.differs(here, self.seen, None, traces);
            }
        }
        None
    }

    /// Takes what is new in a window.
    fn feed(&mut self, piece: Piece<'_>) {
        if piece.first {
            for row in self.listed.rows {
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

    /// A file of an archive with lists, none of which names it.
    fn unlisted(&self, here: &Location, bytes: &[u8], traces: &mut Traces) {
        let name = here.innermost();
        if let Some((source, package)) = source_of(name).zip(self.listed.known.package_around(name)) {
            // Python loads bytecode from `__pycache__` only where its source lies.
            if self.listed.known.rows(&source).is_empty() {
                traces.add(here, What::Orphan { package, source });
            }
            return;
        }
        // `compileall -b` puts bytecode where the source is, which then may be left out.
        let compiled = name.strip_suffix('c').is_some_and(|source| !self.listed.known.rows(source).is_empty());
        if compiled || !is_importable(name, bytes) {
            return;
        }
        if let Some(package) = self.listed.known.package_around(name) {
            traces.add(here, What::Planted { package });
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Hand;

    /// What is told of one file under a list that names `a/__init__.py` and `a/b.py` with the digest of `recorded`.
    fn told(path: &str, recorded: &[u8], found: &[u8]) -> Vec<What> {
        told_in(path, path, recorded, &[found])
    }

    fn told_in(listed: &str, path: &str, recorded: &[u8], windows: &[&[u8]]) -> Vec<What> {
        let list = Location::artifact(0).child("a-1.dist-info/RECORD");
        let digest = encode(ring::digest::digest(&ring::digest::SHA256, recorded).as_ref());
        let text = format!("{listed},sha256={digest},{}\na/__init__.py,,\n", recorded.len());
        let mut traces = Traces::default();
        traces.read_list(&list, text.as_bytes());
        let known = traces.known();
        let here = Location::artifact(0).child(path);
        let batch = Batch::new(&known, None);
        let mut reading = Reading::new(&batch, path);
        let mut offset = 0;
        for (i, bytes) in windows.iter().enumerate() {
            let piece = Piece { first: i == 0, last: i + 1 == windows.len(), offset, ..Piece::whole(bytes) };
            let lot = reading.piece(&here, ArtifactRole::Code, piece, &mut traces);
            assert!(lot.is_none(), "a batch is larger than one file");
            offset += bytes.len().saturating_sub(2) as u64;
        }
        for file in batch.deal(&batch.rest(), 1).into_iter().flat_map(Hand::compare) {
            file.tell(&mut traces);
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
