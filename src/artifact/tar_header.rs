//! The headers of a tar that describe the next entry: long names, PAX records, sparse maps.
//!
//! The `tar` crate's own iterator borrows its archive and skips by reading what no budget has counted, so the blocks
//! are read here, and the crate only interprets them.

use tar::{EntryType, Header, PaxExtension, PaxExtensions};

use crate::model::escape_path_bytes;

use super::{EntryKind, Meta, names};

/// Size of a block.
pub(crate) const BLOCK: u64 = 512;

/// What extension headers said about the entry to come.
#[derive(Debug, Default)]
pub(crate) struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Extension {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.size.is_none() && !self.sparse
    }

    /// Takes in the body of an extension header.
    ///
    /// # Errors
    /// That the records cannot be read; those before stand.
    pub(crate) fn take(&mut self, kind: EntryType, body: &[u8]) -> Result<(), &'static str> {
        if kind.is_gnu_longname() {
            self.path = Some(until_nul(body).to_vec());
        } else if kind.is_gnu_longlink() {
            self.link = Some(until_nul(body).to_vec());
        } else if kind.is_pax_local_extensions() {
            for record in PaxExtensions::new(body) {
                let record = record.map_err(|_| "a PAX record is malformed")?;
                let value = record.value_bytes();
                match record.key_bytes() {
                    b"path" if self.path.is_none() || !self.sparse => self.path = Some(value.to_vec()),
                    b"linkpath" => self.link = Some(value.to_vec()),
                    b"size" => {
                        let text = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                        self.size = Some(text.ok_or("the size in a PAX record is no number")?);
                    }
                    b"GNU.sparse.name" => (self.path, self.sparse) = (Some(value.to_vec()), true),
                    key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                    _ => {}
                }
            }
        } else if kind.is_pax_global_extensions() {
            // Tools disagree on whether these hold for every entry to come; honest archives have comments here.
            let renames = |record: PaxExtension<'_>| {
                let key = record.key_bytes();
                matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse.")
            };
            if PaxExtensions::new(body).any(|record| record.map_or(true, renames)) {
                return Err("a global PAX header changes the names or sizes of entries; they were read without it");
            }
        }
        Ok(())
    }
}

/// A header that begins an entry.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) meta: Meta,
    pub(crate) raw_name: Vec<u8>,
    /// Bytes of data in the archive, without padding.
    pub(crate) size: u64,
    /// The data leave out runs of zeros.
    pub(crate) sparse: bool,
    /// The header and its extension disagree on the size: tools will read different archives.
    pub(crate) sizes_differ: Option<(u64, u64)>,
}

impl Member {
    /// Interprets a header whose checksum is right.
    ///
    /// # Errors
    /// That the size is no number: where the next header is cannot be known.
    pub(crate) fn new(header: &Header, extension: Extension) -> Result<Member, &'static str> {
        let raw_name = extension.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let declared = header.entry_size().map_err(|_| "the size in a header is no number")?;
        let kind = match header.entry_type() {
            EntryType::Directory => EntryKind::Folder,
            EntryType::Symlink | EntryType::Link => EntryKind::Link,
            EntryType::Char | EntryType::Block | EntryType::Fifo => EntryKind::Other,
            // POSIX: an unknown type is read as a file. The oldest tars mark a folder by its name alone.
            EntryType::Regular if declared == 0 && raw_name.ends_with(b"/") => EntryKind::Folder,
            _ => EntryKind::File,
        };
        let size = extension.size.unwrap_or(declared);
        let link = (kind == EntryKind::Link).then(|| {
            let target = extension.link.or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
            escape_path_bytes(&target.unwrap_or_default())
        });
        Ok(Member {
            meta: Meta {
                name: names::clean(&raw_name),
                kind,
                size_hint: size,
                mode: header.mode().ok().map(|mode| mode & 0o7777),
                link,
            },
            raw_name,
            size: if matches!(kind, EntryKind::File) { size } else { 0 },
            sparse: extension.sparse || header.entry_type().is_gnu_sparse(),
            sizes_differ: (size != declared && declared != 0).then_some((declared, size)),
        })
    }
}

fn until_nul(body: &[u8]) -> &[u8] {
    memchr::memchr(0, body).map_or(body, |end| &body[..end])
}

/// The number of bytes that fill the last block of `size` bytes.
pub(crate) fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}
