//! What was read and searched for secrets, but whose parts cannot be named: compiled programs, bundles; and documents
//! whose text is compressed inside. Java's class files are judged by the extractor that names their packages.
//!
//! Such bytes hold third-party code that no advisory can be matched with, so that "no findings" means less there.
//! One note per archive and kind, not one per file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::artifact::Piece;
use crate::extract::is_bundle;
use crate::formats::pdf;
use crate::model::{Gap, GapKind, Location};

/// A kind of bytes that hides packages or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Kind {
    NativeCode,
    DotNet,
    JsBundle,
    Pdf,
}

impl Kind {
    fn detail(self, count: usize, first: &str) -> String {
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let what = match self {
            Kind::NativeCode => {
                "native code: libraries linked into such code are not listed; a software bill of materials would tell"
            }
            Kind::DotNet => {
                ".NET assemblies: the packages they come from are not listed; the *.deps.json of `dotnet publish` tells"
            }
            Kind::JsBundle => {
                "bundled JavaScript: not all of its packages could be named; emit a source map or a metafile, or deploy node_modules"
            }
            Kind::Pdf => "PDF: text in it is compressed or encrypted and was not searched for secrets",
        };
        format!("{files} ({first}) of {what}")
    }
}

/// Files of each kind, by archive.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Opaque {
    files: BTreeMap<(Location, Kind), Vec<String>>,
    text: bool,
}

impl Opaque {
    /// Looks at the first piece of an entry that no extractor could explain.
    pub fn look(&mut self, here: &Location, piece: Piece<'_>) {
        let Some(kind) = kind_of(here.innermost(), piece.bytes) else {
            self.text |= is_source(here.innermost()) && !piece.bytes.is_empty();
            return;
        };
        let archive = here.outer();
        self.files.entry((archive, kind)).or_default().push(here.innermost().to_owned());
    }

    /// Takes everything out of another one.
    pub fn append(&mut self, other: Opaque) {
        for (key, mut files) in other.files {
            self.files.entry(key).or_default().append(&mut files);
        }
        self.text |= other.text;
    }

    /// Says that the files are those of the artifact with this index.
    pub fn place(&mut self, index: usize) {
        let files = std::mem::take(&mut self.files);
        self.files = files
            .into_iter()
            .map(|((place, kind), names)| ((Location { artifact: index, ..place }, kind), names))
            .collect();
    }

    /// Whether there is no such file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether source text was seen: first-party code counts as attributed.
    pub fn has_text(&self) -> bool {
        self.text
    }

    /// The notes, without the files that belong to an installed package.
    pub fn gaps(self, owned: impl Fn(&Location) -> bool) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for ((archive, kind), mut files) in self.files {
            // Whose a document is does not tell what it says.
            files.retain(|file| kind == Kind::Pdf || !owned(&archive.child(file)));
            files.sort();
            let (reason, by) = match kind {
                Kind::Pdf => (GapKind::Unsupported, "secret"),
                Kind::NativeCode | Kind::DotNet | Kind::JsBundle => (GapKind::Opaque, "coverage"),
            };
            if let Some(first) = files.first() {
                gaps.push(Gap::note(reason, archive, by, kind.detail(files.len(), first)));
            }
        }
        gaps
    }
}

fn kind_of(name: &str, bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x7F, b'E', b'L', b'F', ..] => Some(Kind::NativeCode),
        // Mach-O, 64 and 32 bit.
        [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] => Some(Kind::NativeCode),
        // Java and universal Mach-O share a magic number; a class file's version is 45 or more, a count of
        // architectures is small.
        [0xCA, 0xFE, 0xBA, 0xBE, _, _, _, count, ..] if *count < 45 => Some(Kind::NativeCode),
        [b'M', b'Z', ..] if bytes.len() > 64 => {
            Some(if name.ends_with(".dll") { Kind::DotNet } else { Kind::NativeCode })
        }
        _ if pdf::hides_text(bytes) => Some(Kind::Pdf),
        _ if is_bundle(name, bytes) => Some(Kind::JsBundle),
        _ => None,
    }
}

/// Source or configuration that a person wrote.
fn is_source(name: &str) -> bool {
    const ENDS: [&str; 18] = [
        ".js", ".mjs", ".cjs", ".ts", ".py", ".rb", ".php", ".java", ".go", ".rs", ".cs", ".sh", ".json", ".yaml",
        ".yml", ".toml", ".txt", ".md",
    ];
    ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_note_per_archive_and_kind_without_owned_files() {
        let mut opaque = Opaque::default();
        for name in ["b.so", "a.so", "owned/c.so"] {
            opaque.look(&Location::artifact(0).child(name), Piece::whole(b"\x7FELF\x02\x01\x01\0"));
        }
        let pdf = b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>> stream\nx";
        opaque.look(&Location::artifact(0).child("owned/a.pdf"), Piece::whole(pdf));
        opaque.look(&Location::artifact(0).child("a.dll"), Piece::whole(&[b"MZ".as_slice(), &[0; 64]].concat()));
        let gaps = opaque.gaps(|place| place.innermost().starts_with("owned/"));
        let details: Vec<&str> = gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(details.len(), 3);
        assert!(details[0].starts_with("2 files (a.so) of native code"), "{details:?}");
        assert!(details[1].starts_with("1 file (a.dll) of .NET assemblies"), "{details:?}");
        assert!(details[2].starts_with("1 file (owned/a.pdf) of PDF"), "{details:?}");
    }
}
