//! Gaps with the relative places that this folder's traits promise: an entry's name, or nothing for the archive.

use std::io;

use crate::model::{Gap, GapKind, Location};

use super::budget::Stop;

const BY: &str = "artifact";

fn place(name: Option<&str>) -> Location {
    let archive = Location::artifact(0);
    name.map_or_else(|| archive.clone(), |name| archive.child(name))
}

/// A gap that no verdict can stand on, at an entry or at the archive.
pub(crate) fn blocking(kind: GapKind, name: Option<&str>, detail: impl Into<String>) -> Gap {
    Gap::blocking(kind, place(name), BY, detail)
}

/// A gap worth knowing, at an entry or at the archive.
pub(crate) fn note(kind: GapKind, name: Option<&str>, detail: impl Into<String>) -> Gap {
    Gap::note(kind, place(name), BY, detail)
}

/// The gap that a decoder left behind after `read` bytes.
pub(crate) fn stopped(stop: &Stop, name: Option<&str>, read: u64) -> Gap {
    let kind = match stop {
        Stop::Limit(_) => GapKind::OverLimit,
        Stop::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof => GapKind::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => GapKind::Malformed,
            _ => GapKind::Unreadable,
        },
    };
    blocking(kind, name, format!("{stop}; {read} bytes were read before"))
}
