//! Reads a snapshot in place. See `snapshot` for the layout and for what is checked when.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use fst::{IntoStreamer, Map, Streamer};

use super::error::AdvisoryError;
use super::frame::Unpacker;
use super::mapped::Bytes;
use super::snapshot::{BlockRef, HEADER, Header, Manifest, Section, id_key, name_key};
use crate::model::{Advisory, Ecosystem};

/// A section in place, as `fst` wants to own it.
struct Part {
    file: Arc<Bytes>,
    range: std::ops::Range<usize>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.file.head()[self.range.clone()]
    }
}

type Index = Result<Map<Part>, AdvisoryError>;

/// An open snapshot.
pub(super) struct Snapshot {
    file: Arc<Bytes>,
    header: Header,
    manifest: Manifest,
    names: OnceLock<Index>,
    ids: OnceLock<Index>,
    unpacker: OnceLock<Result<Unpacker, AdvisoryError>>,
}

fn damaged(what: impl std::fmt::Display) -> AdvisoryError {
    AdvisoryError::Damaged(format!("snapshot: {what}"))
}

impl Snapshot {
    pub(super) fn open(path: &Path) -> Result<Snapshot, AdvisoryError> {
        let file = File::open(path).map_err(AdvisoryError::io(path))?;
        let length = file.metadata().map_err(AdvisoryError::io(path))?.len();
        let mut start = [0; HEADER];
        let start = &mut start[..usize::try_from(length).map_or(HEADER, |length| length.min(HEADER))];
        (&file).read_exact(start).map_err(AdvisoryError::io(path))?;
        let header = Header::read(start, length)?;
        let head = header.range(Section::Blocks).start;
        Snapshot::new(header, Bytes::map(file, head).map_err(AdvisoryError::io(path))?)
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Result<Snapshot, AdvisoryError> {
        Snapshot::new(Header::read(&bytes, bytes.len() as u64)?, Bytes::Memory(bytes))
    }

    fn new(header: Header, file: Bytes) -> Result<Snapshot, AdvisoryError> {
        let manifest = checked(&file, &header, Section::Manifest)?;
        let manifest = serde_json::from_slice(manifest).map_err(damaged)?;
        Ok(Snapshot {
            file: Arc::new(file),
            header,
            manifest,
            names: OnceLock::new(),
            ids: OnceLock::new(),
            unpacker: OnceLock::new(),
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.header.range(Section::Blocks).end as u64
    }

    /// Hands the whole file to `visit`, piece by piece.
    pub(super) fn read_all(&self, mut visit: impl FnMut(&[u8])) -> Result<(), AdvisoryError> {
        const PIECE: u64 = 1 << 20;
        for offset in (0..self.length()).step_by(PIECE as usize) {
            let length = PIECE.min(self.length() - offset) as usize;
            visit(&self.file.read(offset, length).map_err(damaged)?);
        }
        Ok(())
    }

    /// Every record of a package, withdrawn ones too.
    pub(super) fn package(&self, ecosystem: Ecosystem, normalized: &str) -> Result<Vec<Advisory>, AdvisoryError> {
        let block = self.index(&self.names, Section::Names)?.get(name_key(ecosystem, normalized));
        block.map_or_else(|| Ok(Vec::new()), |block| self.block(block))
    }

    /// A record with all its elements, brought together from the blocks of its packages in the order of their keys.
    pub(super) fn record(&self, id: &str) -> Result<Option<Advisory>, AdvisoryError> {
        let ids = self.index(&self.ids, Section::Ids)?;
        let mut homes = ids.range().ge(id_key(id, 0)).le(id_key(id, u16::MAX)).into_stream();
        let mut found: Option<Advisory> = None;
        while let Some((_, block)) = homes.next() {
            let here = self.block(block)?.into_iter().find(|advisory| advisory.id == id);
            let here = here.ok_or_else(|| damaged(format_args!("{id} is not where the index says")))?;
            match &mut found {
                None => found = Some(here),
                Some(found) => found.affected.extend(here.affected),
            }
        }
        Ok(found)
    }

    fn index<'a>(&'a self, cell: &'a OnceLock<Index>, section: Section) -> Result<&'a Map<Part>, AdvisoryError> {
        let open = || {
            checked(&self.file, &self.header, section)?;
            Map::new(Part { file: self.file.clone(), range: self.header.range(section) }).map_err(damaged)
        };
        cell.get_or_init(open).as_ref().map_err(AdvisoryError::clone)
    }

    fn block(&self, value: u64) -> Result<Vec<Advisory>, AdvisoryError> {
        let BlockRef { offset, length } = BlockRef::unpack(value);
        let blocks = self.header.range(Section::Blocks);
        if offset.checked_add(length).is_none_or(|end| end > blocks.len() as u64) {
            return Err(damaged("the index points outside the file"));
        }
        let frame = self.file.read(blocks.start as u64 + offset, length as usize).map_err(damaged)?;
        let unpacker = self.unpacker.get_or_init(|| {
            let dictionary = checked(&self.file, &self.header, Section::Dictionary)?;
            Ok(Unpacker::new(dictionary))
        });
        let bytes = unpacker.as_ref().map_err(AdvisoryError::clone)?.unpack(&frame).map_err(damaged)?;
        postcard::from_bytes(&bytes).map_err(damaged)
    }
}

fn checked<'a>(file: &'a Bytes, header: &Header, section: Section) -> Result<&'a [u8], AdvisoryError> {
    let bytes = &file.head()[header.range(section)];
    if crc32fast::hash(bytes) == header.checksum(section) {
        Ok(bytes)
    } else {
        Err(damaged(format_args!("wrong checksum of the {section:?} section")))
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
