//! Whether a group of four bytes may belong to a keyword, and what follows it too.

use super::sieve::LOT;
use super::{GROUP, LEAST};

/// Slots of each table, a byte each: twice as many let a fifth less pass, which does not pay for their place in the cache.
const SLOTS: usize = 1 << 13;

/// The bit of a keyword of three bytes, which the second table has in every slot.
const SHORT: u8 = 1 << 7;

/// Buckets of the entries, of each of which it is known here what they have in common, and of those of three bytes.
pub const BUCKETS: usize = 1 << 12;
/// See [`BUCKETS`].
pub const SHORT_BUCKETS: usize = 1 << 8;

/// Two tables of eight Bloom filters side by side, the first by a group's first three bytes, the second by all four: a
/// group sets the same bit in its slot of either, one of three bytes in the first alone. Whole bytes, since picking one bit
/// by number takes longer than reading a second table.
///
/// What passes them is held against what the groups of its slot and the bytes behind them have in common.
pub struct Filter {
    first: Box<[u8; SLOTS]>,
    second: Box<[u8; SLOTS]>,
    beginnings: Box<[Common; BUCKETS]>,
    shorts: Box<[Common; SHORT_BUCKETS]>,
}

/// How a keyword goes on from its group: eight folded bytes, under a mask that ends where the keyword does.
#[derive(Clone, Copy)]
pub struct Beginning {
    pub bytes: u64,
    pub mask: u64,
}

/// What the beginnings of a slot have in common: these bits, under a mask.
#[derive(Clone, Copy)]
struct Common {
    bytes: u64,
    mask: u64,
}

impl Common {
    /// Of no beginning: a bit outside of the mask, which no text has under it.
    const NONE: Common = Common { bytes: u64::MAX, mask: 0 };

    fn add(&mut self, one: Beginning) {
        let Beginning { bytes, mask } = one;
        let mask = if self.fits_nothing() { mask } else { mask & self.mask & !(bytes ^ self.bytes) };
        *self = Common { bytes: bytes & mask, mask };
    }

    fn fits_nothing(&self) -> bool {
        self.bytes & !self.mask != 0
    }

    #[inline(always)]
    fn fits(&self, bytes: u64) -> bool {
        bytes & self.mask == self.bytes
    }
}

impl Filter {
    /// A filter that lets the groups of these keywords pass, folded, and all whose first three bytes are those of the
    /// short ones.
    pub fn new(beginnings: &[Beginning], shorts: &[Beginning]) -> Filter {
        let mut filter = Filter {
            first: Box::new([0; SLOTS]),
            second: Box::new([SHORT; SLOTS]),
            beginnings: Box::new([Common::NONE; BUCKETS]),
            shorts: Box::new([Common::NONE; SHORT_BUCKETS]),
        };
        for (at, beginning) in beginnings.iter().enumerate() {
            let group = beginning.bytes as u32;
            let bit = 1 << (at % SHORT.ilog2() as usize);
            filter.first[slot(short(group))] |= bit;
            filter.second[slot(group)] |= bit;
            filter.beginnings[bucket(group, BUCKETS)].add(*beginning);
        }
        for beginning in shorts {
            let group = short(beginning.bytes as u32);
            filter.first[slot(group)] |= SHORT;
            filter.shorts[bucket(group, SHORT_BUCKETS)].add(*beginning);
        }
        filter
    }

    /// Whether a folded group may be one of the filter's.
    #[inline(always)]
    fn has(&self, group: u32) -> bool {
        self.first[slot(short(group))] & self.second[slot(group)] != 0
    }

    /// Whether a keyword's group may stand at a place, and the keyword go on as the text does.
    #[inline(always)]
    fn may_begin(&self, text: &[u8], place: usize) -> bool {
        let Some(bytes) = text.get(place..).and_then(<[u8]>::first_chunk) else { return true };
        let bytes = u64::from_le_bytes(*bytes) | 0x2020_2020_2020_2020;
        let group = bytes as u32;
        self.beginnings[bucket(group, BUCKETS)].fits(bytes)
            | self.shorts[bucket(short(group), SHORT_BUCKETS)].fits(bytes)
    }

    /// Writes those of the places into `passing` that may be a keyword's, and returns how many they are. All places have a
    /// whole group.
    pub fn pick(&self, text: &[u8], places: &[u32], passing: &mut [u32; LOT]) -> usize {
        // Each by a name of its own, or the loop fetches them again and again.
        let (first, second) = (&*self.first, &*self.second);
        let mut count = 0;
        for &place in places {
            let Some(&group) = text.get(place as usize..).and_then(<[u8]>::first_chunk) else { break };
            let group = fold(group);
            // Whether a place passes is anybody's guess, also the processor's: every one is written down and most are
            // written over. Never more than there are; the remainder spares a check.
            passing[count % LOT] = place;
            count += usize::from(first[slot(short(group))] & second[slot(group)] != 0);
        }
        let mut kept = 0;
        for at in 0..count {
            let place = passing[at % LOT];
            passing[kept % LOT] = place;
            kept += usize::from(self.may_begin(text, place as usize));
        }
        kept
    }

    /// Calls `visit` with the place and the folded group of all groups from `from` on that may be the filter's.
    pub fn each(&self, text: &[u8], from: usize, mut visit: impl FnMut(usize, u32)) {
        let mut at = from;
        // Eight bytes hold the next four groups and a byte to spare.
        for bytes in text.get(from..).unwrap_or_default().windows(2 * GROUP).step_by(GROUP) {
            let bytes: [u8; 8] = bytes.try_into().expect("windows of eight");
            let word = u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020;
            let (first, second, third, fourth) =
                (word as u32, (word >> 8) as u32, (word >> 16) as u32, (word >> 24) as u32);
            // All four are looked up before any is asked for, so that the loads do not wait for one another; an array's
            // `map` would be a call each.
            let pass = [self.has(first), self.has(second), self.has(third), self.has(fourth)];
            if pass[0] | pass[1] | pass[2] | pass[3] {
                for (shift, group) in [first, second, third, fourth].into_iter().enumerate() {
                    if pass[shift] {
                        visit(at + shift, group);
                    }
                }
            }
            at += GROUP;
        }
        for place in at..text.len() {
            let group = group_at(text, place);
            if self.has(group) {
                visit(place, group);
            }
        }
    }
}

/// The folded group at a place; beyond the end of the text are blanks.
#[inline(always)]
pub fn group_at(text: &[u8], place: usize) -> u32 {
    if let Some(group) = text.get(place..place + GROUP) {
        return fold(group.try_into().expect("a group"));
    }
    let mut group = [b' '; GROUP];
    for (to, from) in group.iter_mut().zip(&text[place..]) {
        *to = *from;
    }
    fold(group)
}

/// A group with its letters in lower case (and some marks made others, on both sides alike).
#[inline(always)]
pub fn fold(group: [u8; GROUP]) -> u32 {
    u32::from_le_bytes(group) | 0x2020_2020
}

/// The first three bytes of a group, where the fourth does not matter.
#[inline(always)]
pub fn short(folded: u32) -> u32 {
    const { assert!(LEAST == 3) };
    folded << u8::BITS
}

/// Its upper bits depend on all bytes of the group.
#[inline(always)]
fn hash(folded: u32) -> u32 {
    folded.wrapping_mul(0x9E37_79B1)
}

/// `buckets` is a power of two.
#[inline(always)]
pub fn bucket(group: u32, buckets: usize) -> usize {
    (hash(group) >> (u32::BITS - buckets.ilog2())) as usize
}

#[inline(always)]
fn slot(group: u32) -> usize {
    (hash(group) >> (u32::BITS - SLOTS.ilog2())) as usize
}
