//! Floor 1: from bytes to entries.
//!
//! An archive is opened by its magic bytes, never by its name. Two shapes exist, since a zip is random access and a
//! `tar.gz` is not: [`Indexed`] archives are read entry by entry in any order and from any thread, a [`Stream`] gives
//! its entries one after the other. Both hand out [`Piece`]s: one for an entry that fits the budget's whole-entry limit,
//! overlapping windows for a larger one.
//!
//! Nothing is ever written to disk, links are never followed, and every byte passes `Budget::fill`.

mod budget;
mod bytes;
mod deflate;
mod dotnet_bundle;
mod folder;
mod gaps;
mod inflate;
mod magic;
mod names;
mod open;
mod single;
mod tape;
mod tar_header;
mod tarball;
mod unpack;
mod window;
mod zip;
mod zip_directory;
mod zip_local;
mod zip_salvage;

pub use budget::{Budget, Decoder, End, Filled, Limits, OverLimit, Stop};
pub use dotnet_bundle::is_dotnet_bundle;
pub use magic::{HEAD, Magic};
pub use open::{OpenError, Opened, OpenedPath, digest, open_bytes, open_input, open_path, read_about, read_input};
pub use unpack::{Packing, unpack};

use crate::model::Gap;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file with bytes.
    File,
    /// A folder: nothing to read.
    Folder,
    /// A link, recorded and not followed. Its target is in [`Meta::link`].
    Link,
    /// A device, a socket: nothing to read.
    Other,
}

/// What the archive says about an entry before its bytes are read. Hostile: sizes are hints, never trusted.
#[derive(Clone, Debug)]
pub struct Meta {
    /// The whole name, `/`-separated, escaped by [`crate::model::escape_path_bytes`]. Never empty. A leading `./` is
    /// cut like every part that leads nowhere; a backslash is a separator in a zip and a letter elsewhere.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Size after decoding, as declared.
    pub size_hint: u64,
    /// Unix permission bits where the archive has them.
    pub mode: Option<u32>,
    /// Where a link points, escaped like a name.
    pub link: Option<String>,
}

/// Bytes of one entry.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Offset of `bytes[0]` in the entry.
    pub offset: u64,
    /// Line feeds before `bytes[0]` in the entry.
    pub lines_before: u64,
    /// Bytes between the last line feed before `bytes[0]` and `bytes[0]`.
    pub column_before: u64,
    /// The entry begins here.
    pub first: bool,
    /// The entry ends here. `first && last` means that these bytes are the whole entry.
    pub last: bool,
}

impl<'a> Piece<'a> {
    /// A whole entry.
    pub fn whole(bytes: &'a [u8]) -> Piece<'a> {
        Piece { bytes, offset: 0, lines_before: 0, column_before: 0, first: true, last: true }
    }

    /// Whether these bytes are the whole entry.
    pub fn is_whole(&self) -> bool {
        self.first && self.last
    }

    /// A copy that owns its bytes.
    pub fn to_owned(&self) -> OwnedPiece {
        OwnedPiece {
            bytes: self.bytes.to_vec(),
            offset: self.offset,
            lines_before: self.lines_before,
            column_before: self.column_before,
            first: self.first,
            last: self.last,
        }
    }
}

/// An archive whose entries can be read in any order, from any thread.
pub trait Indexed: Send + Sync {
    /// Number of entries, folders and links included.
    fn len(&self) -> usize;

    /// Whether there is no entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the directory says of an entry.
    fn meta(&self, index: usize) -> &Meta;

    /// Whether an entry may itself be an archive. A single file is its own only entry and was looked at already; to
    /// open it again would find the same file in itself.
    fn nests(&self) -> bool {
        true
    }

    /// What is wrong with the archive as a whole, and with entries beside their bytes (duplicate names, a local header
    /// unlike the directory, unsafe names). Locations are relative: their `path` holds the entry's name alone, or
    /// nothing for the archive; `artifact` is 0. The caller puts its own place in front.
    fn gaps(&self) -> &[Gap];

    /// What two entries of one size must share to be [copies](Indexed::is_copy) of one another; nothing where the archive
    /// does not tell.
    fn likeness(&self, _index: usize) -> Option<u32> {
        None
    }

    /// Whether an entry is stored as the very same bytes as another one, and so holds the same. It is cheaper to ask than
    /// to read the entry; where that cannot be told, or the budget has no room for it, it is none.
    fn is_copy(&self, _index: usize, _of: usize, _budget: &Budget) -> bool {
        false
    }

    /// Decodes an entry and hands its bytes to `visit`, in order.
    ///
    /// `scratch` is reused between calls so that a scan allocates once per thread. What was visited as a whole lies at
    /// its front afterwards.
    ///
    /// # Errors
    /// The gap that ends the entry (unreadable, truncated, encrypted, unsupported, over a limit, a wrong checksum),
    /// with a relative location. Pieces that were visited before it stay visited: what was read is searched. None of
    /// them need be marked as the last.
    fn read(
        &self,
        index: usize,
        budget: &Budget,
        scratch: &mut Vec<u8>,
        visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>>;
}

/// One step of a streamed archive.
#[derive(Debug)]
pub enum Step {
    /// An entry with bytes that fit the whole-entry limit.
    Whole(Meta, Vec<u8>),
    /// A folder, a link or a device.
    Bare(Meta),
    /// A window of an entry over the whole-entry limit. The first and last ones are marked.
    Window(Meta, OwnedPiece),
    /// The current entry ends here, unread from here on; the stream goes on if it can.
    Lost {
        /// The entry's.
        meta: Meta,
        /// Windows of it came before.
        begun: bool,
        /// Why.
        gap: Gap,
    },
    /// Something about the archive as a whole, or beside an entry's bytes. Does not count as an entry.
    Note(Gap),
}

/// A [`Piece`] that owns its bytes.
#[derive(Debug)]
pub struct OwnedPiece {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// See [`Piece::offset`].
    pub offset: u64,
    /// See [`Piece::lines_before`].
    pub lines_before: u64,
    /// See [`Piece::column_before`].
    pub column_before: u64,
    /// See [`Piece::first`].
    pub first: bool,
    /// See [`Piece::last`].
    pub last: bool,
}

impl OwnedPiece {
    /// Borrows it.
    pub fn borrow(&self) -> Piece<'_> {
        Piece {
            bytes: &self.bytes,
            offset: self.offset,
            lines_before: self.lines_before,
            column_before: self.column_before,
            first: self.first,
            last: self.last,
        }
    }
}

/// An archive that can only be read from front to back. Ends with `None`; never endless, since the budget ends it.
pub trait Stream: Send {
    /// The next step, `None` at the end.
    fn next(&mut self, budget: &Budget) -> Option<Step>;
}
