//! Where something was seen: the whole chain from the artifact down to the byte.

use serde::{Deserialize, Serialize};

/// A place inside a target.
///
/// `path` has one element per nesting (`lib/app.jar`, then `META-INF/MANIFEST.MF`), each already escaped by
/// [`escape_path_bytes`]. For an environment variable it is `[NAME]` in the artifact of role `environment`.
/// The order (artifact, path, span) is the order of every list of locations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// Index into the target's list of artifacts.
    pub artifact: usize,
    /// One element per nesting, outermost first. Empty means the artifact itself.
    pub path: Vec<String>,
    /// The exact place in the innermost entry, where it is known.
    pub span: Option<Span>,
}

/// A place in the bytes of one entry, as stored, before any decoding of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Byte offset from 0.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Line from 1.
    pub line: u64,
    /// Column from 1, in bytes.
    pub column: u64,
}

impl Location {
    /// The artifact itself.
    pub fn artifact(artifact: usize) -> Location {
        Location { artifact, path: Vec::new(), span: None }
    }

    /// A place in the same artifact one nesting further in.
    pub fn child(&self, name: &str) -> Location {
        let mut path = self.path.clone();
        path.push(name.to_owned());
        Location { artifact: self.artifact, path, span: None }
    }

    /// The archive that holds this entry.
    pub fn outer(&self) -> Location {
        Location { artifact: self.artifact, path: self.container().to_vec(), span: None }
    }

    /// Another entry of the same archive.
    pub fn beside(&self, name: &str) -> Location {
        self.outer().child(name)
    }

    /// The same entry with an exact place.
    pub fn at(&self, span: Span) -> Location {
        Location { span: Some(span), ..self.clone() }
    }

    /// The innermost element of the path, empty for the artifact itself.
    pub fn innermost(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The path of the archive that holds this entry: all elements but the innermost.
    pub fn container(&self) -> &[String] {
        self.path.split_last().map_or(&[], |(_, rest)| rest)
    }

    /// `name!outer!inner`, for people. `name` is the artifact's file name.
    pub fn display(&self, name: &str) -> String {
        let mut out = name.to_owned();
        for part in &self.path {
            out.push('!');
            out.push_str(part);
        }
        out
    }
}

/// Turns an entry's raw name into text without losing a byte: bytes that are not UTF-8, and `%`, become `%XX`.
pub fn escape_path_bytes(raw: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(raw)
        && !text.contains('%')
    {
        return text.to_owned();
    }
    let mut out = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' {
                out.push_str("%25");
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_every_byte() {
        assert_eq!(escape_path_bytes(b"a/\xFFb%.txt"), "a/%FFb%25.txt");
        assert_eq!(escape_path_bytes("naïve".as_bytes()), "naïve");
    }

    #[test]
    fn display_shows_the_nesting() {
        let place = Location::artifact(0).child("lib/app.jar").child("META-INF/MANIFEST.MF");
        assert_eq!(place.display("fn.zip"), "fn.zip!lib/app.jar!META-INF/MANIFEST.MF");
        assert_eq!(place.container(), ["lib/app.jar"]);
    }
}
