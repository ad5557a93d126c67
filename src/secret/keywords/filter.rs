//! Whether a group of four bytes may belong to a keyword.

use super::sieve::LOT;
use super::{GROUP, LEAST};

/// Slots of each table, a byte each: half as many let half as much more pass, which costs more than their place in the
/// cache.
const SLOTS: usize = 1 << 14;

/// The bit of a keyword of three bytes, which the second table has in every slot.
const SHORT: u8 = 1 << 7;

/// Two tables of eight Bloom filters side by side, the first by a group's first three bytes, the second by all four: a
/// group sets the same bit in its slot of either, one of three bytes in the first alone. Whole bytes, since picking one bit
/// by number takes longer than reading a second table.
pub struct Filter([Box<[u8; SLOTS]>; 2]);

impl Filter {
    /// A filter that lets these folded groups pass, and all whose first three bytes are [`short`] ones of these.
    pub fn new(groups: impl IntoIterator<Item = u32>, shorts: impl IntoIterator<Item = u32>) -> Filter {
        let (mut first, mut second) = (Box::new([0u8; SLOTS]), Box::new([SHORT; SLOTS]));
        for (at, group) in groups.into_iter().enumerate() {
            let bit = 1 << (at % SHORT.ilog2() as usize);
            first[slot(short(group))] |= bit;
            second[slot(group)] |= bit;
        }
        for group in shorts {
            first[slot(group)] |= SHORT;
        }
        Filter([first, second])
    }

    /// Whether a folded group may be one of the filter's.
    #[inline(always)]
    fn has(&self, group: u32) -> bool {
        self.0[0][slot(short(group))] & self.0[1][slot(group)] != 0
    }

    /// Writes those of the places into `passing` whose groups may be the filter's, and returns how many they are. All
    /// places have a whole group.
    pub fn pick(&self, text: &[u8], places: &[u32], passing: &mut [u32; LOT]) -> usize {
        // Each by a name of its own, or the loop fetches them again and again.
        let [first, second] = &self.0;
        let (first, second) = (&**first, &**second);
        let mut count = 0;
        for &place in places {
            let Some(&group) = text.get(place as usize..).and_then(<[u8]>::first_chunk) else { break };
            let group = fold(group);
            // Whether a place passes is anybody's guess, also the processor's: every one is written down and most are
            // written over. Never more than there are; the remainder spares a check.
            passing[count % LOT] = place;
            count += usize::from(first[slot(short(group))] & second[slot(group)] != 0);
        }
        count
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
pub fn hash(folded: u32) -> u32 {
    folded.wrapping_mul(0x9E37_79B1)
}

#[inline(always)]
fn slot(group: u32) -> usize {
    (hash(group) >> (u32::BITS - SLOTS.ilog2())) as usize
}
