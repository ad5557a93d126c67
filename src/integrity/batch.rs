//! Files that wait to be compared, so that their digests are computed side by side.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Traces;
use super::digests::{Digest, Long, is_parallel, sha256_of_each};
use super::known::Known;
use super::listed::Listed;
use super::reading::Reading;
use crate::model::Location;

/// Bytes of the largest file that is kept for later.
const LARGEST: usize = 8 << 20;
/// Bytes that are kept, but for the file that is one too many.
const FULL: usize = 16 << 20;

/// Bytes that most archives do not exceed.
const FEW: usize = 1 << 20;

/// The files of one archive that wait. They are copied, since the buffer that an entry was decoded into is needed for
/// the next one: at most 24 MiB, beside what other threads compare already.
pub struct Batch<'a> {
    pub(super) known: &'a Known,
    /// The archive itself, where its digest is computed beside those of its files.
    long: Option<&'a Mutex<Long>>,
    full: usize,
    /// Held for as long as it takes to copy one.
    waiting: Mutex<Lot<'a>>,
    /// The room of a lot that was compared, for the next one.
    spare: Mutex<Vec<u8>>,
}

/// Files to compare.
#[derive(Default)]
pub struct Lot<'a> {
    files: Vec<File<'a>>,
    /// Of all files, one after the other.
    bytes: Vec<u8>,
    /// What their names take in memory.
    names: usize,
}

/// A file that waits.
struct File<'a> {
    place: Location,
    listed: Listed<'a>,
    bytes: Range<usize>,
}

/// Some files of a lot.
pub struct Hand<'l, 'a> {
    lot: &'l Lot<'a>,
    files: Vec<&'l File<'a>>,
    long: Option<&'a Mutex<Long>>,
}

/// A file that is not what is said of it.
pub struct Differing<'l, 'a> {
    file: &'l File<'a>,
    bytes: &'l [u8],
}

impl<'a> Batch<'a> {
    /// A batch of the archive that has these lists. The archive itself may be `long`.
    pub fn new(known: &'a Known, long: Option<&'a Mutex<Long>>) -> Batch<'a> {
        Batch { known, long, full: FULL, waiting: Mutex::default(), spare: Mutex::default() }
    }

    /// Begins an entry.
    pub fn reading(&self, name: &str) -> Reading<'_, 'a> {
        Reading::new(self, name)
    }

    /// Whether the processor has something of comparing a file beside others: a single digest of a kind answers for it.
    pub(super) fn takes(&self, listed: &Listed<'_>) -> bool {
        is_parallel() && listed.wants_sha256_alone()
    }

    /// Whether a file had better wait.
    pub(super) fn keeps(bytes: &[u8]) -> bool {
        bytes.len() <= LARGEST
    }

    /// Has a file wait. Returns all that wait once they are enough.
    pub(super) fn put(&self, place: &Location, listed: Listed<'a>, bytes: &[u8]) -> Option<Lot<'a>> {
        let mut waiting = lock(&self.waiting);
        waiting.add(place, listed, bytes);
        if waiting.bytes.len() + waiting.names < self.full {
            return None;
        }
        let bytes = std::mem::take(&mut *lock(&self.spare));
        Some(std::mem::replace(&mut *waiting, Lot { bytes, ..Lot::default() }))
    }

    /// The SHA-256 of a file that is too large to wait.
    pub(super) fn sha256(&self, bytes: &[u8]) -> Digest {
        sha256_beside(&[bytes], self.long)[0]
    }

    /// Deals a lot out to so many, about the same bytes to each.
    pub fn deal<'l>(&self, lot: &'l Lot<'a>, hands: usize) -> Vec<Hand<'l, 'a>> {
        let mut dealt = Vec::new();
        dealt.resize_with(hands.min(lot.files.len()), || Hand { lot, files: Vec::new(), long: self.long });
        // Large files were read first, so dealing them out is fair.
        for (at, file) in lot.files.iter().enumerate() {
            let at = at % dealt.len();
            dealt[at].files.push(file);
        }
        dealt
    }

    /// Takes back a lot that was compared: its room serves the next one.
    pub fn take_back(&self, mut lot: Lot<'a>) {
        lot.bytes.clear();
        *lock(&self.spare) = lot.bytes;
    }

    /// What waits at the end.
    pub fn rest(&self) -> Lot<'a> {
        std::mem::take(&mut *lock(&self.waiting))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Beside the long message, unless another thread is at it.
fn sha256_beside(messages: &[&[u8]], long: Option<&Mutex<Long>>) -> Vec<Digest> {
    let mut long = long.and_then(|long| long.try_lock().ok());
    sha256_of_each(messages, long.as_deref_mut())
}

impl<'a> Lot<'a> {
    fn add(&mut self, place: &Location, listed: Listed<'a>, bytes: &[u8]) {
        let start = self.bytes.len();
        if self.bytes.capacity() - start < bytes.len() {
            // Room that nobody has written to takes no memory; to double it would move all that waits.
            let room = if start < FEW { bytes.len().max(FEW) } else { FULL + LARGEST };
            self.bytes.reserve_exact(room);
        }
        self.bytes.extend_from_slice(bytes);
        // An empty file in an archive with a long name is not for nothing.
        let names: usize = place.path.iter().map(|name| size_of::<String>() + name.len()).sum();
        self.names += names + size_of::<File<'_>>();
        self.files.push(File { place: place.clone(), listed, bytes: start..self.bytes.len() });
    }
}

impl<'l, 'a> Hand<'l, 'a> {
    /// The files that are not what is said of them, as far as their digests tell.
    pub fn compare(self) -> Vec<Differing<'l, 'a>> {
        let messages: Vec<&[u8]> = self.files.iter().map(|file| &self.lot.bytes[file.bytes.clone()]).collect();
        let digests = sha256_beside(&messages, self.long);
        let compared = self.files.into_iter().zip(messages).zip(digests);
        let differing = compared.filter(|((file, _), digest)| !file.listed.agrees_with(digest));
        differing.map(|((file, bytes), _)| Differing { file, bytes }).collect()
    }
}

impl Differing<'_, '_> {
    /// Where it lies.
    pub fn place(&self) -> &Location {
        &self.file.place
    }

    /// Tells how it differs.
    pub fn tell(&self, traces: &mut Traces) {
        self.file.listed.differs(&self.file.place, self.bytes.len() as u64, Some(self.bytes), traces);
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
            let long = Mutex::new(Long::new(&b"the archive itself"[..], 18));
            for long in [None, Some(&long).filter(|_| is_parallel())] {
                let batch = Batch { full, ..Batch::new(&known, long) };
                let mut lots = Vec::new();
                for number in 0..20 {
                    let name = format!("a/{number}.py");
                    let text = if number % 7 == 3 { "changed\n".to_owned() } else { recorded(number) };
                    let here = Location::artifact(0).child(&name);
                    let mut reading = batch.reading(&name);
                    lots.extend(reading.piece(&here, ArtifactRole::Code, Piece::whole(text.as_bytes()), &mut traces));
                }
                lots.push(batch.rest());
                let mut changed: Vec<String> = Vec::new();
                for lot in lots {
                    let differing = batch.deal(&lot, 3).into_iter().flat_map(Hand::compare);
                    changed.extend(differing.map(|file| {
                        file.tell(&mut traces);
                        file.place().innermost().to_owned()
                    }));
                    batch.take_back(lot);
                }
                changed.sort();
                let expected = ["a/10.py", "a/17.py", "a/3.py"];
                // Where nothing waits, what differs is told at once.
                assert!(changed == expected || !is_parallel() && changed.is_empty(), "{changed:?}");
                assert_eq!(std::mem::take(&mut traces.seen).len(), 3, "{full}");
            }
        }
    }
}
