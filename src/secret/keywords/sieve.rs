//! Holds back most places of a text, many at a time, before a group is looked up.
//!
//! All groups are dealt out to sets, one for each bit of what a look gives. A set knows for each of the four places which
//! bytes stand there, not which of them stand together. AVX2 looks up 32 bytes in a table of 16 for a byte each: with
//! eight sets, a table of all folded ASCII takes four looks, and a quarter of a text passes. AVX-512 looks up 32 bytes in
//! a table of 64 for two bytes each: with 32 sets that is four looks for 64 bytes, and an eighth of a text passes.

use crate::secret::simd::Width;

/// The most sets, one a bit.
const MOST_SETS: usize = 32;
/// The bit of each set.
const BITS: [u32; MOST_SETS] = {
    let mut bits = [1; MOST_SETS];
    let mut set = 1;
    while set < MOST_SETS {
        bits[set] = bits[set - 1] << 1;
        set += 1;
    }
    bits
};
/// One set in so many takes short groups.
const SHORT_SHARE: usize = 4;
/// Bytes that are looked at.
pub const DEPTH: usize = 4;
/// Folded ASCII: `0x20..0x40` and `0x60..0x80`.
const CLASSES: usize = 64;

/// The most places that are handed on at once.
pub const LOT: usize = 512;

/// By place, by class: the sets that hold such a byte there.
pub type Tables = [[u32; CLASSES]; DEPTH];

/// The sets.
pub struct Sieve {
    width: Width,
    tables: Tables,
    /// By place and set: the share of bytes that it lets pass.
    shares: [[f32; MOST_SETS]; DEPTH],
    /// By set: the share of places that it lets pass.
    passing: [f32; MOST_SETS],
    /// The sets that a byte beyond ASCII passes in the last place: behind a short group, any may stand.
    open: u32,
    /// Whether a group was put that is not ASCII: then nothing is held back.
    unfit: bool,
}

impl Sieve {
    /// A sieve that lets nothing pass.
    pub fn new(width: Width) -> Sieve {
        let (shares, passing) = ([[0.0; MOST_SETS]; DEPTH], [0.0; MOST_SETS]);
        Sieve { width, tables: [[0; CLASSES]; DEPTH], shares, passing, open: 0, unfit: false }
    }

    /// The set that takes folded bytes best, and the share of places that it will let pass in addition.
    pub fn room(&self, bytes: &[u8]) -> (usize, f32) {
        // A set with a short group does not ask for the last byte any more: few such sets are enough. In one alone nearly
        // every byte would stand in each place.
        let sets = if bytes.len() < DEPTH { self.width.sets() / SHORT_SHARE } else { self.width.sets() };
        // All sets at once, which the compiler does by four.
        let mut added = [1.0; MOST_SETS];
        for ((shares, table), byte) in self.shares.iter().zip(&self.tables).zip(bytes) {
            let held = class(*byte).map_or(0, |class| table[class]);
            let more = commonness(*byte);
            for ((added, share), bit) in added.iter_mut().zip(shares).zip(BITS) {
                *added *= share + if held & bit == 0 { more } else { 0.0 };
            }
        }
        for (added, passing) in added.iter_mut().zip(self.passing) {
            *added -= passing;
        }
        let mut best = 0;
        for set in 1..sets {
            if added[set] < added[best] {
                best = set;
            }
        }
        (best, added[best])
    }

    /// Puts folded bytes into a set; behind a few, any may stand.
    pub fn put(&mut self, set: usize, bytes: &[u8]) {
        for place in bytes.len()..DEPTH {
            self.tables[place].iter_mut().for_each(|held| *held |= 1 << set);
            self.shares[place][set] = 1.0;
            self.open |= 1 << set;
        }
        for (place, byte) in bytes.iter().enumerate() {
            let Some(class) = class(*byte) else {
                self.unfit = true;
                continue;
            };
            let held = &mut self.tables[place][class];
            if *held & 1 << set == 0 {
                *held |= 1 << set;
                self.shares[place][set] += commonness(*byte);
            }
        }
        self.passing[set] = self.shares.iter().map(|shares| shares[set]).product();
    }

    /// Calls `visit` with the places whose four bytes pass, in order, at most [`LOT`] at a time, and returns from which
    /// place on the text was not looked at: the rest is short, or the processor cannot.
    pub fn each(&self, text: &[u8], visit: impl FnMut(&[u32])) -> usize {
        if self.unfit { 0 } else { self.width.each_passing(&self.tables, self.open, text, visit) }
    }
}

/// The number of a folded ASCII byte.
fn class(byte: u8) -> Option<usize> {
    byte.is_ascii().then_some(usize::from(byte & 0x1F | (byte & 0x40) >> 1))
}

/// The share of a folded byte in code.
fn commonness(byte: u8) -> f32 {
    class(byte).map_or(1.0, |class| f32::from(OF_A_HUNDRED_THOUSAND[class].max(1)) / 100_000.0)
}

/// By class, how many of a hundred thousand bytes; counted over 60 MB of published packages.
const OF_A_HUNDRED_THOUSAND: [u16; CLASSES] = [
    18403, 64, 1088, 91, 30, 16, 80, 380, 862, 944, 2562, 63, 2259, 443, 1389, 645, // blank to `/`
    316, 270, 189, 117, 103, 97, 92, 65, 80, 71, 739, 834, 82, 710, 148, 92, // `0` to `?`
    307, 7149, 1112, 3468, 2060, 7563, 1337, 1220, 1308, 4109, 228, 545, 2336, 1758, 4191, 4104, // `` ` `` to `o`
    2084, 361, 4436, 4205, 5474, 1942, 611, 545, 437, 923, 142, 611, 488, 609, 12, 765, // `p` to `_`
];
