//! A zip's local header: what a tool sees that walks an archive from the front (APPNOTE 4.3.7).

use std::io;

use rawzip::CompressionMethod;
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};

use super::bytes::Peek;

const FIXED: usize = 30;

/// A local header.
#[derive(Debug)]
pub(crate) struct LocalHeader {
    pub(crate) flags: u16,
    pub(crate) method: CompressionMethod,
    pub(crate) crc: u32,
    pub(crate) packed: u64,
    pub(crate) size: u64,
    pub(crate) name: Vec<u8>,
    /// See [`unicode_name`].
    pub(crate) unicode: Option<Vec<u8>>,
    /// Where the data begin.
    pub(crate) data: u64,
}

impl LocalHeader {
    /// Reads the header at `offset`, `None` if there is none or if it is cut off.
    pub(crate) fn read(peek: &mut Peek<'_, '_>, offset: u64) -> io::Result<Option<LocalHeader>> {
        let fixed = peek.at(offset, FIXED)?;
        let Some((name_len, extra_len)) = lengths(fixed) else { return Ok(None) };
        let all = peek.at(offset, FIXED + name_len + extra_len)?;
        let (Some(name), Some(extra)) = (all.get(FIXED..FIXED + name_len), all.get(FIXED + name_len..)) else {
            return Ok(None);
        };
        if extra.len() < extra_len {
            return Ok(None);
        }
        let short = |at: usize| u16::from_le_bytes([all[at], all[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([all[at], all[at + 1], all[at + 2], all[at + 3]]);
        let (packed, size) = wide_sizes(long(18), long(22), extra);
        Ok(Some(LocalHeader {
            flags: short(6),
            method: CompressionMethod::new(short(8)),
            crc: long(14),
            packed,
            size,
            name: name.to_vec(),
            unicode: unicode_name(ExtraFields::new(extra)),
            data: offset + (FIXED + name_len + extra_len) as u64,
        }))
    }

    /// Whether the sizes follow the data.
    pub(crate) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Whether this can be a header and not four bytes of something else: a name without NUL, a method that exists.
    pub(crate) fn is_plausible(&self) -> bool {
        !self.name.is_empty() && !self.name.contains(&0) && self.method.name().is_some()
    }
}

fn lengths(fixed: &[u8]) -> Option<(usize, usize)> {
    if fixed.len() < FIXED || !fixed.starts_with(b"PK\x03\x04") {
        return None;
    }
    let short = |at: usize| usize::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
    Some((short(26), short(28)))
}

/// The name in Unicode that some tools take instead of the header's (APPNOTE 4.6.9, Info-ZIP's field). Not every one of
/// them holds its checksum against the header's name, so it is not asked for here.
pub(crate) fn unicode_name(mut extra: ExtraFields<'_>) -> Option<Vec<u8>> {
    let (_, field) = extra.find(|(id, _)| *id == ExtraFieldId::INFO_ZIP_UNICODE_PATH)?;
    field.get(5..).filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
}

/// Sizes that do not fit 32 bits stand in an extra field, the decoded one first (APPNOTE 4.5.3).
fn wide_sizes(packed: u32, size: u32, extra: &[u8]) -> (u64, u64) {
    let (mut wide_packed, mut wide_size) = (u64::from(packed), u64::from(size));
    if packed != u32::MAX && size != u32::MAX {
        return (wide_packed, wide_size);
    }
    if let Some((_, field)) = ExtraFields::new(extra).find(|(id, _)| *id == ExtraFieldId::ZIP64) {
        let mut words = field.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        if size == u32::MAX {
            wide_size = words.next().unwrap_or(wide_size);
        }
        if packed == u32::MAX {
            wide_packed = words.next().unwrap_or(wide_packed);
        }
    }
    (wide_packed, wide_size)
}
