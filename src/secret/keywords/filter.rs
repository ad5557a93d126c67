//! Whether a group of four bytes may belong to a keyword.

use super::GROUP;

/// Slots of each table, a byte each. Half as many are no faster, and let more pass.
const SLOTS: usize = 1 << 15;

/// Two tables of eight Bloom filters side by side: a group sets the same bit in its slot of either. Whole bytes, since
/// picking one bit by number takes longer than reading a second table.
pub struct Filter([Box<[u8; SLOTS]>; 2]);

impl Filter {
    /// A filter that lets these folded groups pass.
    pub fn new(groups: impl IntoIterator<Item = u32>) -> Filter {
        let mut tables = [Box::new([0u8; SLOTS]), Box::new([0u8; SLOTS])];
        for (at, group) in groups.into_iter().enumerate() {
            for (table, slot) in tables.iter_mut().zip(slots(hash(group))) {
                table[slot] |= 1 << (at % 8);
            }
        }
        Filter(tables)
    }

    /// Whether a folded group may be one of the filter's.
    #[inline(always)]
    pub fn has(&self, group: u32) -> bool {
        let [first, second] = slots(hash(group));
        self.0[0][first] & self.0[1][second] != 0
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

/// Its upper half depends on all bytes of the group.
#[inline(always)]
pub fn hash(folded: u32) -> u64 {
    u64::from(folded).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The slots of the two tables, by different bits.
#[inline(always)]
fn slots(hash: u64) -> [usize; 2] {
    let slot = |hash: u64| (hash >> (u64::BITS - SLOTS.ilog2())) as usize;
    [slot(hash), slot(hash << SLOTS.ilog2())]
}
