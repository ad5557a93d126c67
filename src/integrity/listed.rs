//! A file and what the lists say of it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Algorithm, SHA256, digest};

use super::known::{Digest, Known, Row};
use super::strip::stripped;
use super::{Nature, Traces, What};
use crate::model::Location;

/// A file that lists may name.
#[derive(Clone, Copy)]
pub(super) struct Listed<'a> {
    pub known: &'a Known,
    /// What the lists say.
    pub rows: &'a [Row],
    pub elf: bool,
    pub nature: Nature,
}

impl Listed<'_> {
    /// Whether a row agrees with these bytes. Two rows of one kind cost one digest.
    pub fn agrees(&self, bytes: &[u8]) -> bool {
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

    /// Whether a row agrees with this SHA-256.
    pub fn agrees_with(&self, sha256: &[u8]) -> bool {
        let text = encode(sha256);
        self.rows.iter().any(|row| row.is(|kind, listed| *kind == SHA256 && *listed == text))
    }

    /// Whether a SHA-256 answers everything that the rows ask.
    pub fn wants_sha256_alone(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.digest, Digest::Of(kind, _) if *kind == SHA256))
    }

    /// No row agrees with a file of `len` bytes. `bytes` is the whole file, unless it is too large to be held.
    pub fn differs(&self, here: &Location, len: u64, bytes: Option<&[u8]>, traces: &mut Traces) {
        let list = |row: &Row| self.known.list(row.list).clone();
        if let Some(row) = self.rows.iter().find(|row| matches!(row.digest, Digest::Unknown)) {
            return traces.add(here, What::Uncompared { list: list(row) });
        }
        let file = bytes.and_then(stripped);
        let stripped = |row: &&Row| match (row.size, bytes) {
            (Some(size), Some(_)) => file.as_ref().is_some_and(|file| file.was(size)),
            // Its sections are at an end that is gone by now.
            (Some(size), None) => self.elf && len < size,
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
        // What holds a zero byte is no text: there each byte has a meaning.
        if name.ends_with(".pyc") || memchr::memchr(0, bytes).is_some() {
            return false;
        }
        let unix = without_returns(bytes);
        matches!(unix, Cow::Owned(_)) && self.agrees(&unix) || self.agrees(&with_returns(&unix))
    }
}

impl Row {
    /// Whether the row has no digest, or one for which `same` says yes.
    pub(super) fn is(&self, mut same: impl FnMut(&'static Algorithm, &str) -> bool) -> bool {
        match &self.digest {
            Digest::None => true,
            Digest::Of(kind, text) => same(kind, text),
            Digest::Unknown => false,
        }
    }
}

pub(super) fn encode(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest)
}

fn without_returns(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"\r\n").is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let ended = line.strip_suffix(b"\r\n");
        out.extend_from_slice(ended.unwrap_or(line));
        out.extend(ended.map(|_| b'\n'));
    }
    Cow::Owned(out)
}

fn with_returns(unix: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unix.len() + unix.len() / 16);
    for line in unix.split_inclusive(|byte| *byte == b'\n') {
        let ended = line.strip_suffix(b"\n");
        out.extend_from_slice(ended.unwrap_or(line));
        out.extend_from_slice(ended.map_or(b"", |_| b"\r\n"));
    }
    out
}

/// Whether a script is what installers write for an entry point, whose first line names their interpreter: an import
/// and a call, with or without a look at the script's own name.
fn is_launcher(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let named = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let mut imports = 0;
    let usual = |line: &str| match line.trim() {
        "" | "import re" | "import sys" | "' '''" => true,
        // Behind `#!/bin/sh`, where the interpreter's path is too long for the first line.
        line if line.starts_with("'''exec' ") && line.ends_with(" \"$0\" \"$@\"") => true,
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
