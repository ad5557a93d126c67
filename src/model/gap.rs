//! What could not be seen. A gap is output, never a log line.

use serde::{Deserialize, Serialize};

use super::Location;

/// How much a gap matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Bytes that could hold a package or a secret were not read: no verdict without them.
    Blocking,
    /// Read, but not understood.
    Note,
}

impl Level {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Level::Blocking => "blocking",
            Level::Note => "note",
        }
    }
}

/// Why something could not be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// The operating system or the archive's structure did not let us read the bytes.
    Unreadable,
    /// The bytes end before they should.
    Truncated,
    /// The bytes are encrypted.
    Encrypted,
    /// A compression method or archive format that is not supported.
    Unsupported,
    /// A limit of the budget was reached.
    OverLimit,
    /// The bytes differ from the checksum beside them.
    Checksum,
    /// A file that should be understood does not follow its own format.
    Malformed,
    /// Two entries carry one name, or a later layer hides an earlier one's file.
    Duplicate,
    /// The archive says two things about one entry.
    Mismatch,
    /// A name that could do harm elsewhere: `..`, absolute, control characters. A label, since we write nothing.
    UnsafeName,
    /// A link, recorded and not followed.
    Link,
    /// Compiled or generated code whose parts cannot be named.
    Opaque,
    /// A package without a version: listed, not matched.
    Unversioned,
    /// A version that its ecosystem's order cannot read: not matched.
    BadVersion,
    /// The advisory database lacks the ecosystem of a found package, is only the seed, or is too old.
    Advisories,
    /// Something that belongs to the function could not be had: a layer, its variables.
    Unavailable,
    /// Nothing is known of the function's runtime, or what is known is old.
    Runtime,
    /// A part of the program failed on this input. A bug of ours, contained.
    Internal,
}

impl GapKind {
    /// Every kind.
    pub const ALL: [GapKind; 18] = [
        GapKind::Unreadable,
        GapKind::Truncated,
        GapKind::Encrypted,
        GapKind::Unsupported,
        GapKind::OverLimit,
        GapKind::Checksum,
        GapKind::Malformed,
        GapKind::Duplicate,
        GapKind::Mismatch,
        GapKind::UnsafeName,
        GapKind::Link,
        GapKind::Opaque,
        GapKind::Unversioned,
        GapKind::BadVersion,
        GapKind::Advisories,
        GapKind::Unavailable,
        GapKind::Runtime,
        GapKind::Internal,
    ];

    /// What it means, for somebody who does not know the program.
    pub fn meaning(self) -> &'static str {
        match self {
            GapKind::Unreadable => "The file system or the archive did not give the bytes.",
            GapKind::Truncated => "The bytes end too early.",
            GapKind::Encrypted => "The bytes are encrypted.",
            GapKind::Unsupported => "A compression or an archive format that is not read.",
            GapKind::OverLimit => "A limit against exhaustion was reached.",
            GapKind::Checksum => "The bytes differ from the checksum beside them.",
            GapKind::Malformed => "A file does not follow its own format.",
            GapKind::Duplicate => "One name stands for two files.",
            GapKind::Mismatch => "The archive contradicts itself.",
            GapKind::UnsafeName => "A name that would do harm if it were unpacked.",
            GapKind::Link => "A link, which is not followed.",
            GapKind::Opaque => "Compiled or generated code whose parts have no name.",
            GapKind::Unversioned => "A package without a version: not compared with advisories.",
            GapKind::BadVersion => "A version that cannot be ordered: not compared with advisories.",
            GapKind::Advisories => "The database lacks advisories, or they are old.",
            GapKind::Unavailable => "A part of the function was not there: a layer, its variables.",
            GapKind::Runtime => "Too little is known of the function's runtime.",
            GapKind::Internal => "A mistake of the program, contained.",
        }
    }

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            GapKind::Unreadable => "unreadable",
            GapKind::Truncated => "truncated",
            GapKind::Encrypted => "encrypted",
            GapKind::Unsupported => "unsupported",
            GapKind::OverLimit => "over-limit",
            GapKind::Checksum => "checksum",
            GapKind::Malformed => "malformed",
            GapKind::Duplicate => "duplicate",
            GapKind::Mismatch => "mismatch",
            GapKind::UnsafeName => "unsafe-name",
            GapKind::Link => "link",
            GapKind::Opaque => "opaque",
            GapKind::Unversioned => "unversioned",
            GapKind::BadVersion => "bad-version",
            GapKind::Advisories => "advisories",
            GapKind::Unavailable => "unavailable",
            GapKind::Runtime => "runtime",
            GapKind::Internal => "internal",
        }
    }
}

/// Something that could not be seen or not be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// Whether a verdict can stand without it.
    pub level: Level,
    /// Why.
    pub kind: GapKind,
    /// Where.
    pub location: Location,
    /// Which part of the program says so: a folder or an extractor's id.
    pub by: String,
    /// One sentence for people: what happened, and what would help.
    pub detail: String,
}

impl Gap {
    /// A gap that no verdict can stand on.
    pub fn blocking(kind: GapKind, location: Location, by: &str, detail: impl Into<String>) -> Gap {
        Gap { level: Level::Blocking, kind, location, by: by.to_owned(), detail: detail.into() }
    }

    /// A gap worth knowing.
    pub fn note(kind: GapKind, location: Location, by: &str, detail: impl Into<String>) -> Gap {
        Gap { level: Level::Note, kind, location, by: by.to_owned(), detail: detail.into() }
    }
}
