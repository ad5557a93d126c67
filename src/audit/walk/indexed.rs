//! Archives whose entries can be read in any order: by all threads, large ones first, and what is stored twice once.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::super::whole::{Pace, Whole};
use super::{Part, Searched, Walker};
use crate::artifact::{EntryKind, Indexed, Piece};
use crate::integrity::{self, Batch, Known, Long};
use crate::model::{Gap, GapKind, Location, SecretMatch};

/// Bytes of a buffer that is kept for the next entry.
const KEPT: usize = 8 << 20;

/// An entry's place in the order of reading: large ones first, so that no thread begins the largest one when the others
/// are done, and what may be equal side by side.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    size: Reverse<u64>,
    likeness: Option<u32>,
    index: usize,
}

impl Next {
    /// Whether two entries may be equal.
    fn is_like(&self, other: &Next) -> bool {
        self.likeness.is_some() && (self.size, self.likeness) == (other.size, other.likeness)
    }
}

/// What one thread takes at once.
enum Item<'o> {
    /// Entries that may be equal; mostly one.
    Alike(&'o [Next]),
    /// Entries that share their names, in the order of reading: what comes first must not depend on the threads.
    InTurn(&'o [Next]),
}

impl Item<'_> {
    fn entries(&self) -> &[Next] {
        match self {
            Item::Alike(entries) | Item::InTurn(entries) => entries,
        }
    }
}

/// An archive, where it is and how deep.
struct Level<'a> {
    place: &'a Location,
    archive: &'a dyn Indexed,
    depth: u32,
    /// Names that several entries share.
    twice: HashSet<&'a str>,
}

impl Walker<'_> {
    /// Walks such an archive.
    pub(super) fn indexed(&self, place: &Location, archive: &dyn Indexed, depth: u32) -> Part {
        let mut order: Vec<Next> = (0..archive.len()).map(|index| self.next(archive, index)).collect();
        order.sort_unstable();
        // Lists of files before the files, so that each is compared while its bytes are there.
        let (lists, files): (Vec<Next>, Vec<Next>) =
            order.into_iter().partition(|next| integrity::is_list(&archive.meta(next.index).name));
        let level = Level { place, archive, depth, twice: archive.gaps().iter().filter_map(name_of_two).collect() };
        let mut part = self.entries(&level, lists, &Known::default(), None);
        let known = part.traces.known();
        let long = self.whole.filter(|_| depth == 0 && !known.is_empty()).and_then(Whole::hand_over);
        part.append(self.entries(&level, files, &known, long));
        part.gaps.extend(archive.gaps().iter().map(|gap| self.rebase(place, gap.clone())));
        part
    }

    fn next(&self, archive: &dyn Indexed, index: usize) -> Next {
        let size = archive.meta(index).size_hint;
        // What is read in windows, or searched differently from place to place, is searched wherever it lies.
        let shares = size <= self.budget.limits().entry_bytes && !self.asks_for_places;
        Next { size: Reverse(size), likeness: archive.likeness(index).filter(|_| shares), index }
    }

    /// Reads entries of an archive in parallel: each thread takes what comes next, until nothing is left.
    ///
    /// Beside the digests of the entries, that of a `long` message goes on.
    fn entries(&self, level: &Level<'_>, order: Vec<Next>, known: &Known, long: Option<&Mutex<Long>>) -> Part {
        let (mut in_turn, order): (Vec<Next>, Vec<Next>) =
            order.into_iter().partition(|next| level.twice.contains(level.archive.meta(next.index).name.as_str()));
        in_turn.sort_unstable_by_key(|next| (next.size, next.index));
        let items: Vec<Item<'_>> = (!in_turn.is_empty())
            .then_some(Item::InTurn(&in_turn))
            .into_iter()
            .chain(order.chunk_by(Next::is_like).map(Item::Alike))
            .collect();
        let batch = Batch::new(known, long);
        let pace = Pace::new(items.iter().flat_map(Item::entries).map(|next| next.size.0));
        let taken = AtomicUsize::new(0);
        // What only looked like a copy.
        let others = Mutex::new(Vec::new());
        let work = |_| {
            let (mut part, mut scratch) = (Part::default(), Vec::new());
            while let Some(item) = items.get(taken.fetch_add(1, Ordering::Relaxed)) {
                let entries = item.entries();
                // What the largest needed is not kept for the many small ones.
                let size = entries.iter().map(|next| next.size.0).max().unwrap_or(0);
                if scratch.capacity() > KEPT && (scratch.capacity() / 2) as u64 > size {
                    scratch = Vec::new();
                }
                match item {
                    Item::Alike(group) => self.group(level, group, &batch, &others, &mut scratch, &mut part),
                    Item::InTurn(entries) => entries.iter().for_each(|next| {
                        self.entry(level, next.index, &batch, &mut scratch, &mut part);
                    }),
                }
                if let Some(long) = long {
                    pace.keep(long, entries.iter().map(|next| next.size.0));
                }
            }
            // Whoever adds to it comes by here afterwards.
            while let Some(index) = lock(&others).pop() {
                self.entry(level, index, &batch, &mut scratch, &mut part);
            }
            part
        };
        let threads = rayon::current_num_threads();
        // One for each thread: a thread that comes late finds what is left, or nothing.
        let workers = (0..threads.min(items.len())).into_par_iter().with_max_len(1);
        let part = workers.map(work).reduce(Part::default, Part::join);
        let lot = batch.rest();
        let rest = batch.deal(&lot, threads).into_par_iter().map(|hand| {
            let mut part = Part::default();
            self.compare_hand(level.place, hand, &mut part);
            part
        });
        part.join(rest.reduce(Part::default, Part::join))
    }

    /// Reads entries that may be equal; those that are as the first one are not decoded and searched again.
    fn group(
        &self,
        level: &Level<'_>,
        group: &[Next],
        batch: &Batch<'_>,
        others: &Mutex<Vec<usize>>,
        scratch: &mut Vec<u8>,
        part: &mut Part,
    ) {
        let Some((first, rest)) = group.split_first() else { return };
        let searched = self.entry(level, first.index, batch, scratch, part);
        for next in rest {
            match &searched {
                Some(Searched { len, found }) if level.archive.is_copy(next.index, first.index, self.budget) => {
                    self.copy(level, next.index, batch, &scratch[..*len], found.clone(), part);
                }
                // It needs the room in which the first one lies, and any thread may read it.
                _ => lock(others).push(next.index),
            }
        }
    }

    /// Reads one entry of an archive.
    fn entry(
        &self,
        level: &Level<'_>,
        index: usize,
        batch: &Batch<'_>,
        scratch: &mut Vec<u8>,
        part: &mut Part,
    ) -> Option<Searched> {
        let Level { place, archive, depth, .. } = *level;
        let meta = archive.meta(index);
        if meta.kind != EntryKind::File {
            self.link(place, meta, part);
            return None;
        }
        let here = self.begin(place, meta, depth, part);
        let mut reading = batch.reading(&meta.name);
        let mut searched = None;
        let end = archive.read(index, self.budget, scratch, &mut |piece| {
            self.compare(&here, piece, batch, &mut reading, part);
            let depth = archive.nests().then_some(depth);
            searched = self.piece(&here, piece, depth, part);
        });
        let searched = searched.filter(|_| end.is_ok());
        self.finish(part, place, end.map_err(|gap| *gap));
        searched
    }

    /// Reads an entry with the bytes of another one, in which `found` was found.
    fn copy(
        &self,
        level: &Level<'_>,
        index: usize,
        batch: &Batch<'_>,
        bytes: &[u8],
        found: Range<usize>,
        part: &mut Part,
    ) {
        let Level { place, archive, depth, .. } = *level;
        let meta = archive.meta(index);
        let here = self.begin(place, meta, depth, part);
        let piece = Piece::whole(bytes);
        self.compare(&here, piece, batch, &mut batch.reading(&meta.name), part);
        let before = part.secrets.len();
        for at in found {
            let one = part.secrets[at].clone();
            part.secrets.push(SecretMatch { location: Location { span: one.location.span, ..here.clone() }, ..one });
        }
        self.show(&here, piece, before, archive.nests().then_some(depth), part);
        self.finish(part, place, Ok(()));
    }
}

/// The name that two entries share, where a gap says so.
fn name_of_two(gap: &Gap) -> Option<&str> {
    (gap.kind == GapKind::Duplicate).then(|| gap.location.innermost())
}

/// Another thread that failed leaves a list as good as any.
fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
