//! Files that wait to be compared, so that their digests are computed side by side.

use std::sync::{Mutex, PoisonError};

use super::Traces;
use super::digests::{is_parallel, sha256_of_each};
use super::known::Known;
use super::listed::Listed;
use super::reading::Reading;
use crate::model::Location;

/// Bytes of the largest file that is kept for later.
const LARGEST: usize = 8 << 20;
/// Bytes that are kept, but for the file that is one too many.
const FULL: usize = 24 << 20;

/// The files of one archive that wait. They are copied, since the buffer that an entry was decoded into is needed for
/// the next one: at most 32 MiB, beside what other threads compare already.
pub struct Batch<'a> {
    pub(super) known: &'a Known,
    full: usize,
    /// Held for as long as it takes to add one.
    waiting: Mutex<Lot<'a>>,
}

/// Files to compare.
#[derive(Default)]
pub struct Lot<'a> {
    files: Vec<File<'a>>,
    /// What they take in memory.
    bytes: usize,
}

/// A file that waits, or that has turned out to differ.
pub struct File<'a> {
    place: Location,
    listed: Listed<'a>,
    bytes: Vec<u8>,
}

impl<'a> Batch<'a> {
    /// A batch of the archive that has these lists.
    pub fn new(known: &'a Known) -> Batch<'a> {
        Batch { known, full: FULL, waiting: Mutex::default() }
    }

    /// Begins an entry.
    pub fn reading(&self, name: &str) -> Reading<'_, 'a> {
        Reading::new(self, name)
    }

    /// Whether a file had better wait: a single digest of a kind answers for it, it is not too large, and the processor
    /// has something of it.
    pub(super) fn takes(&self, listed: &Listed<'_>, bytes: &[u8]) -> bool {
        bytes.len() <= LARGEST && is_parallel() && listed.wants_sha256_alone()
    }

    /// Has a file wait. Returns all that wait once they are enough.
    pub(super) fn put(&self, place: &Location, listed: Listed<'a>, bytes: &[u8]) -> Option<Lot<'a>> {
        let file = File { place: place.clone(), listed, bytes: bytes.to_vec() };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.add(file);
        (waiting.bytes >= self.full).then(|| std::mem::take(&mut *waiting))
    }

    /// What waits at the end, in at most so many lots of about the same size.
    pub fn rest(self, lots: usize) -> Vec<Lot<'a>> {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::new();
        parts.resize_with(lots.min(waiting.files.len()), Lot::default);
        // Large files were read first, so dealing them out is fair.
        for (at, file) in waiting.files.into_iter().enumerate() {
            let at = at % parts.len();
            parts[at].add(file);
        }
        parts
    }
}

impl<'a> Lot<'a> {
    fn add(&mut self, file: File<'a>) {
        // An empty file in an archive with a long name is not for nothing.
        let names: usize = file.place.path.iter().map(|name| size_of::<String>() + name.len()).sum();
        self.bytes += file.bytes.len() + names + size_of::<File<'_>>();
        self.files.push(file);
    }

    /// The files that are not what is said of them, as far as their digests tell.
    pub fn compare(self) -> Vec<File<'a>> {
        let messages: Vec<&[u8]> = self.files.iter().map(|file| file.bytes.as_slice()).collect();
        let digests = sha256_of_each(&messages);
        let compared = self.files.into_iter().zip(digests);
        compared.filter_map(|(file, digest)| (!file.listed.agrees_with(&digest)).then_some(file)).collect()
    }
}

impl File<'_> {
    /// Where it lies.
    pub fn place(&self) -> &Location {
        &self.place
    }

    /// Tells how it differs.
    pub fn tell(&self, traces: &mut Traces) {
        self.listed.differs(&self.place, self.bytes.len() as u64, Some(&self.bytes), traces);
    }
}

#[cfg(test)]
mod tests {
    use ring::digest::{SHA256, digest};

    use super::*;
    use crate::artifact::Piece;
    use crate::integrity::listed::encode;
    use crate::model::ArtifactRole;

    #[test]
    fn each_file_of_a_lot_is_compared_with_its_own_row() {
        let recorded = |number: usize| format!("number = {number}\n").repeat(number + 1);
        let rows = (0..20).map(|number| {
            let text = recorded(number);
            format!("a/{number}.py,sha256={},{}\n", encode(digest(&SHA256, text.as_bytes()).as_ref()), text.len())
        });
        let mut traces = Traces::default();
        traces.read_list(&Location::artifact(0).child("a-1.dist-info/RECORD"), rows.collect::<String>().as_bytes());
        let known = traces.known();
        for full in [1, 500, FULL] {
            let batch = Batch { full, ..Batch::new(&known) };
            let mut lots = Vec::new();
            for number in 0..20 {
                let name = format!("a/{number}.py");
                let text = if number % 7 == 3 { "changed\n".to_owned() } else { recorded(number) };
                let here = Location::artifact(0).child(&name);
                let mut reading = batch.reading(&name);
                lots.extend(reading.piece(&here, ArtifactRole::Code, Piece::whole(text.as_bytes()), &mut traces));
            }
            lots.extend(batch.rest(3));
            let mut changed: Vec<String> = lots
                .into_iter()
                .flat_map(Lot::compare)
                .inspect(|file| file.tell(&mut traces))
                .map(|file| file.place().innermost().to_owned())
                .collect();
            changed.sort();
            // Where nothing waits, what differs is told at once.
            assert!(changed == ["a/10.py", "a/17.py", "a/3.py"] || !is_parallel() && changed.is_empty(), "{changed:?}");
            assert_eq!(std::mem::take(&mut traces.seen).len(), 3, "{full}");
        }
    }
}
