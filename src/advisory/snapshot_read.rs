//! Reads a snapshot in place. See `snapshot` for the layout and for what is checked when.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use super::cve::Cve;
use super::cve_table::{self, Row};
use super::error::AdvisoryError;
use super::frame::Unpacker;
use super::index::{Broken, Index};
use super::mapped::Bytes;
use super::snapshot::{BlockRef, HEADER, Header, Manifest, Section, name_key};
use crate::model::{Advisory, Ecosystem};

/// Whether a section was checked, and what came of it.
type Checked = OnceLock<Result<(), AdvisoryError>>;

/// An open snapshot.
pub(super) struct Snapshot {
    file: Bytes,
    header: Header,
    manifest: Manifest,
    names: Checked,
    ids: Checked,
    cves: Checked,
    unpacker: OnceLock<Result<Unpacker, AdvisoryError>>,
}

fn damaged(what: impl std::fmt::Display) -> AdvisoryError {
    AdvisoryError::Damaged(format!("snapshot: {what}"))
}

impl From<Broken> for AdvisoryError {
    fn from(broken: Broken) -> AdvisoryError {
        damaged(broken)
    }
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
        let (names, ids, cves) = Default::default();
        Ok(Snapshot { file, header, manifest, names, ids, cves, unpacker: OnceLock::new() })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.header.range(Section::Pages).end as u64
    }

    /// All of it, where it is held in memory; of a file only the head.
    pub(super) fn in_memory(&self) -> &[u8] {
        self.file.head()
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
        let names = self.index(&self.names, Section::Names)?;
        let blocks = names.get(name_key(ecosystem, normalized).as_bytes()).map_err(damaged)?;
        blocks.first().map_or_else(|| Ok(Vec::new()), |&block| self.block(block))
    }

    /// The normalized names of an ecosystem's packages that `wanted` picks, in order.
    pub(super) fn packages(
        &self,
        ecosystem: Ecosystem,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, AdvisoryError> {
        let prefix = name_key(ecosystem, "");
        let mut found = Vec::new();
        let visit = |key: &[u8], _| {
            let name = std::str::from_utf8(key).ok().and_then(|key| key.strip_prefix(&prefix));
            found.extend(name.filter(|name| wanted(name)).map(str::to_owned));
        };
        self.index(&self.names, Section::Names)?.each(visit).map_err(damaged)?;
        Ok(found)
    }

    /// A record with all its elements, brought together from the blocks of its packages in the order of their keys.
    pub(super) fn record(&self, id: &str) -> Result<Option<Advisory>, AdvisoryError> {
        Ok(self.found(id)?.remove(id))
    }

    /// The records of this id or alias, the one of the id first, then by id.
    pub(super) fn records(&self, id: &str) -> Result<Vec<Advisory>, AdvisoryError> {
        let mut here = self.found(id)?;
        let mut found: Vec<Advisory> = here.remove(id).into_iter().collect();
        for other in here.into_keys() {
            found.extend(self.record(&other)?);
        }
        Ok(found)
    }

    /// What the blocks of an id or alias hold of it: the record of this id as a whole, of others only a part.
    fn found(&self, id: &str) -> Result<BTreeMap<String, Advisory>, AdvisoryError> {
        let blocks = self.index(&self.ids, Section::Ids)?.get(id.as_bytes()).map_err(damaged)?;
        let mut found: BTreeMap<String, Advisory> = BTreeMap::new();
        // A block that an index names twice would double what is affected.
        for block in blocks.into_iter().collect::<BTreeSet<BlockRef>>() {
            let mut here = self.block(block)?;
            here.retain(|advisory| advisory.id == id || advisory.aliases.iter().any(|alias| alias == id));
            if here.is_empty() {
                return Err(damaged(format_args!("{id} is not where the index says")));
            }
            for mut advisory in here {
                match found.get_mut(&advisory.id) {
                    None => drop(found.insert(advisory.id.clone(), advisory)),
                    Some(found) => found.affected.append(&mut advisory.affected),
                }
            }
        }
        Ok(found)
    }

    /// What the feeds say of a CVE, if anything.
    pub(super) fn cve(&self, cve: Cve) -> Result<Option<Row>, AdvisoryError> {
        let directory = self.section(&self.cves, Section::Cves)?;
        let pages = self.header.range(Section::Pages);
        cve_table::find(directory, pages.len(), cve, |range| {
            self.file.read((pages.start + range.start) as u64, range.len()).map_err(damaged)
        })
    }

    fn index(&self, cell: &Checked, section: Section) -> Result<Index<'_>, AdvisoryError> {
        Index::open(self.section(cell, section)?).map_err(damaged)
    }

    /// A section of the head, which is checked when it is first used.
    fn section(&self, cell: &Checked, section: Section) -> Result<&[u8], AdvisoryError> {
        let check = || checked(&self.file, &self.header, section).map(|_| ());
        cell.get_or_init(check).as_ref().map_err(AdvisoryError::clone)?;
        Ok(&self.file.head()[self.header.range(section)])
    }

    fn block(&self, block: BlockRef) -> Result<Vec<Advisory>, AdvisoryError> {
        let BlockRef { offset, length } = block;
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
