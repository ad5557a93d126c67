//! The layout of a snapshot: one immutable file, mapped up to its blocks, which are read one by one.
//!
//! ```text
//! header      magic "TWSNAP", format u16, length of the file u64, then for each section: length u64, crc32 u32;
//!             crc32 u32 of the header before it
//! manifest    JSON: ecosystems and feeds with counts, what was skipped
//! dictionary  zstd, shared by all blocks; may be empty
//! names       index (see `index`): ecosystem, '/', normalized name  ->  the package's block
//! ids         index: record id  ->  every block that holds the record; alias  ->  the first block of each record with it
//! cves        directory of the table of CVEs (see `cve_table`)
//! blocks      frames (see `frame`), each the records of one package
//! pages       of the table of CVEs
//! ```
//!
//! Numbers are little-endian. Opening reads the header and the manifest; an index is checked when it is first used, a
//! block or page when it is read. So every byte that an answer rests on was checked, and none besides. Checksums find damage,
//! not intent: a snapshot of a stranger (see `bundle`) can answer wrongly, but it cannot make the reader panic or hang.
//!
//! A block holds a `Vec<Advisory>` as `postcard` writes it, sorted by id, each reduced to the elements of its package.
//! Withdrawn records are in it: a lookup leaves them out, an explanation does not.

use serde::{Deserialize, Serialize};

use super::error::AdvisoryError;
use super::skipped::Skipped;
use crate::model::{Ecosystem, SourceInfo};

/// The first bytes of a snapshot.
const MAGIC: &[u8; 6] = b"TWSNAP";
/// Raised with every change of the layout or of [`crate::model::Advisory`], which blocks hold.
pub(super) const FORMAT: u16 = 3;
/// Length of the header.
pub(super) const HEADER: usize = 6 + 2 + 8 + SECTIONS * 12 + 4;
const SECTIONS: usize = 7;

/// The sections in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Section {
    Manifest,
    Dictionary,
    Names,
    Ids,
    Cves,
    Blocks,
    Pages,
}

/// What a snapshot says of itself. Nothing in it depends on when or where it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) records: u64,
    pub(super) ecosystems: Vec<SourceInfo>,
    pub(super) feeds: Vec<SourceInfo>,
    pub(super) skipped: Vec<Skipped>,
}

/// Length and checksum of each section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    sections: [(u64, u32); SECTIONS],
}

impl Header {
    pub(super) fn new(sections: [&[u8]; SECTIONS]) -> Header {
        Header { sections: sections.map(|bytes| (bytes.len() as u64, crc32fast::hash(bytes))) }
    }

    /// Of the whole file.
    pub(super) fn length(&self) -> Option<u64> {
        self.sections.iter().try_fold(HEADER as u64, |sum, (length, _)| sum.checked_add(*length))
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&self.length().unwrap_or(u64::MAX).to_le_bytes());
        for (length, checksum) in self.sections {
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&checksum.to_le_bytes());
        }
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// Reads the header of a file from its first bytes. After it every section lies within the file's `length`.
    pub(super) fn read(file: &[u8], length: u64) -> Result<Header, AdvisoryError> {
        let damaged = |what: &str| AdvisoryError::Damaged(format!("snapshot: {what}"));
        if !file.starts_with(MAGIC) {
            return Err(damaged("not a snapshot"));
        }
        // The format before the checksum: the header of another format may well have another length.
        let format = file.get(6..8).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes);
        match format {
            None => return Err(damaged("cut short")),
            Some(FORMAT) => {}
            Some(found) => {
                let (found, expected) = (u32::from(found), u32::from(FORMAT));
                return Err(AdvisoryError::Format { what: "the snapshot", found, expected });
            }
        }
        let Some((header, checksum)) = file.get(..HEADER).map(|header| header.split_at(HEADER - 4)) else {
            return Err(damaged("cut short"));
        };
        if crc32fast::hash(header).to_le_bytes() != checksum {
            return Err(damaged("wrong checksum of the header"));
        }
        let mut read = Header::default();
        for (section, bytes) in read.sections.iter_mut().zip(header[16..].chunks_exact(12)) {
            let (length, checksum) = bytes.split_at(8);
            let length = length.try_into().map_or(0, u64::from_le_bytes);
            *section = (length, checksum.try_into().map_or(0, u32::from_le_bytes));
        }
        if read.length() != Some(length) {
            return Err(damaged("cut short, or longer than it says"));
        }
        Ok(read)
    }

    /// Where a section lies in the file that the header was read from.
    pub(super) fn range(&self, section: Section) -> std::ops::Range<usize> {
        let before: u64 = self.sections[..section as usize].iter().map(|(length, _)| length).sum();
        let start = HEADER + before as usize;
        start..start + self.sections[section as usize].0 as usize
    }

    pub(super) fn checksum(&self, section: Section) -> u32 {
        self.sections[section as usize].1
    }
}

/// Where a block lies in its section, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlockRef {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The key of a package in `names`.
pub(super) fn name_key(ecosystem: Ecosystem, normalized: &str) -> String {
    format!("{}/{normalized}", ecosystem.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_any_other_is_refused() {
        let sections: [&[u8]; 7] = [b"{}", b"", b"names", b"ids", b"cves", b"blocks", b"pages"];
        let header = Header::new(sections);
        let mut file = header.write();
        sections.iter().for_each(|section| file.extend_from_slice(section));
        assert_eq!(Header::read(&file, file.len() as u64).unwrap(), header);
        assert_eq!(&file[header.range(Section::Ids)], b"ids");
        for byte in 0..HEADER {
            let mut changed = file.clone();
            changed[byte] ^= 0x40;
            assert!(Header::read(&changed, changed.len() as u64).is_err(), "byte {byte}");
        }
        for length in 0..file.len() {
            assert!(Header::read(&file[..length], length as u64).is_err(), "cut at {length}");
        }
    }
}
