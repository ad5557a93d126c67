//! Files that wait to be compared, so that their digests are computed side by side.

use std::sync::{Mutex, PoisonError};

use super::known::Known;
use super::listed::Listed;
use super::{Traces, reading::Reading};
use crate::formats::digests::sha256_of_each;
use crate::model::Location;

/// Bytes of the largest file that is kept for later.
const LARGEST: usize = 8 << 20;
/// Bytes that are kept, but for the file that is one too many.
const FULL: usize = 24 << 20;

/// The files of one archive that wait. They are copied, since the buffer that an entry was decoded into is needed for
/// the next one; at most 32 MiB of them.
pub struct Batch<'a> {
    pub(super) known: &'a Known,
    /// Held for as long as it takes to add one.
    waiting: Mutex<Lot<'a>>,
}

/// Files to compare.
#[derive(Default)]
pub struct Lot<'a> {
    files: Vec<File<'a>>,
    bytes: usize,
}

struct File<'a> {
    place: Location,
    listed: Listed<'a>,
    bytes: Vec<u8>,
}

impl<'a> Batch<'a> {
    /// A batch of the archive that has these lists.
    pub fn new(known: &'a Known) -> Batch<'a> {
        Batch { known, waiting: Mutex::default() }
    }

    /// Begins an entry.
    pub fn reading(&self, name: &str) -> Reading<'_, 'a> {
        Reading::new(self, name)
    }

    /// Whether a file may wait: a single digest of a kind answers for it, and it is not too large.
    pub(super) fn takes(&self, listed: &Listed<'_>, bytes: &[u8]) -> bool {
        bytes.len() <= LARGEST && listed.wants_sha256_alone()
    }

    /// Has a file wait. Returns all that wait once they are enough.
    pub(super) fn put(&self, place: &Location, listed: Listed<'a>, bytes: &[u8]) -> Option<Lot<'a>> {
        let file = File { place: place.clone(), listed, bytes: bytes.to_vec() };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes += file.bytes.len();
        waiting.files.push(file);
        (waiting.bytes >= FULL).then(|| std::mem::take(&mut *waiting))
    }

    /// What waits at the end.
    pub fn rest(self) -> Option<Lot<'a>> {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!waiting.files.is_empty()).then_some(waiting)
    }
}

impl Lot<'_> {
    /// Compares the files with what is said of them.
    pub fn compare(self, traces: &mut Traces) {
        let messages: Vec<&[u8]> = self.files.iter().map(|file| file.bytes.as_slice()).collect();
        for (file, digest) in self.files.iter().zip(sha256_of_each(&messages)) {
            if !file.listed.agrees_with(&digest) {
                file.listed.differs(&file.place, file.bytes.len() as u64, Some(&file.bytes), traces);
            }
        }
    }
}
