//! Secrets taken out of what is read for other things. A manifest's version may be an address with a password in it, a
//! file may be called after a token; extractors quote the one, and every place the other.

use std::borrow::Cow;

use crate::artifact::Piece;
use crate::model::{Confidence, Location, SecretMatch};
use crate::secret::Engine;

/// What stands in the place of each byte: a sign of no format, a part of no version.
const BLANK: u8 = b'_';

/// The bytes without what was found in them; line feeds stay, since places are counted by them.
pub(super) fn masked<'b>(bytes: &'b [u8], found: &[SecretMatch]) -> Cow<'b, [u8]> {
    let mut masked = Cow::Borrowed(bytes);
    for span in found.iter().filter_map(|one| one.location.span) {
        let clipped = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
        let range = clipped(span.offset)..clipped(span.offset.saturating_add(span.length));
        if !range.is_empty() {
            masked.to_mut()[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = BLANK);
        }
    }
    masked
}

/// An entry's name without vendors' tokens, and these. Nothing else is looked for in a name: it says too little.
pub(super) fn name<'n>(engine: &Engine, name: &'n str) -> (Cow<'n, str>, Vec<SecretMatch>) {
    // Nearly every one; to search a text takes some time before its first byte.
    if engine.is_plain(name.as_bytes()) {
        return (Cow::Borrowed(name), Vec::new());
    }
    let mut found = Vec::new();
    engine.scan(&Location::artifact(0), Piece::whole(name.as_bytes()), &mut found);
    found.retain(|one| !one.generic && one.confidence == Confidence::High);
    let shown = match masked(name.as_bytes(), &found) {
        Cow::Borrowed(_) => Cow::Borrowed(name),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    (shown, found)
}
