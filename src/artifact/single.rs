//! A file that is no archive, as an archive of one entry.

use crate::model::Gap;

use super::budget::Budget;
use super::bytes::Bytes;
use super::window::visit_all;
use super::{EntryKind, Indexed, Meta, Piece, gaps};

/// One file, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Single<'a> {
    bytes: Bytes<'a>,
    meta: Meta,
    gaps: Vec<Gap>,
}

impl<'a> Single<'a> {
    /// `name` is the file's name, escaped.
    pub(crate) fn new(bytes: Bytes<'a>, name: String, mode: Option<u32>, gaps: Vec<Gap>) -> Single<'a> {
        let meta = Meta { name, kind: EntryKind::File, size_hint: bytes.len(), mode, link: None };
        Single { bytes, meta, gaps }
    }
}

impl Indexed for Single<'_> {
    fn len(&self) -> usize {
        1
    }

    fn meta(&self, _index: usize) -> &Meta {
        &self.meta
    }

    fn nests(&self) -> bool {
        false
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn read(
        &self,
        _index: usize,
        budget: &Budget,
        scratch: &mut Vec<u8>,
        visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>> {
        visit_all(&mut self.bytes.reader(0, self.bytes.len()), budget, scratch, visit)
            .map_err(|(stop, read)| Box::new(gaps::stopped(&stop, Some(&self.meta.name), read)))?;
        Ok(())
    }
}

/// An archive inside an archive that could not be opened: no entry, only what is wrong. Its raw bytes are an entry of
/// the archive around it and were searched there.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Vec<Gap>);

impl Indexed for Refused {
    fn len(&self) -> usize {
        0
    }

    fn meta(&self, index: usize) -> &Meta {
        unreachable!("an archive without entries was asked for entry {index}")
    }

    fn gaps(&self) -> &[Gap] {
        &self.0
    }

    fn read(
        &self,
        _index: usize,
        _budget: &Budget,
        _scratch: &mut Vec<u8>,
        _visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>> {
        Ok(())
    }
}
