//! Holds back most places of a text, 32 at a time, before a group is looked up.
//!
//! All groups are dealt out to eight sets, one for each bit of a byte. A set knows for each of the four places which bytes
//! stand there, not which of them stand together. The processor looks up 32 bytes at once in a table of 16, so that a
//! table of all folded ASCII takes four looks. What it lets pass is a quarter of a text.

use crate::secret::avx2;

/// Sets, one a bit.
const SETS: usize = 8;
/// Those that short groups are put into.
const SHORT_SETS: usize = 2;
/// Bytes that are looked at.
pub const DEPTH: usize = 4;
/// Folded ASCII: `0x20..0x40` and `0x60..0x80`.
const CLASSES: usize = 64;

/// The most places that are handed on at once.
pub const LOT: usize = 512;

/// By place, by class: the sets that hold such a byte there.
pub type Tables = [[u8; CLASSES]; DEPTH];

/// The eight sets.
pub struct Sieve {
    tables: Tables,
    /// By set and place: the share of bytes that it lets pass.
    shares: [[f32; DEPTH]; SETS],
    /// The sets that a byte beyond ASCII passes in the last place: behind a short group, any may stand.
    open: u8,
    /// Whether a group was put that is not ASCII: then nothing is held back.
    unfit: bool,
}

impl Sieve {
    /// A sieve that lets nothing pass.
    pub fn new() -> Sieve {
        Sieve { tables: [[0; CLASSES]; DEPTH], shares: [[0.0; DEPTH]; SETS], open: 0, unfit: false }
    }

    /// The set that takes folded bytes best, and the share of places that it will let pass in addition.
    pub fn room(&self, bytes: &[u8]) -> (usize, f32) {
        let added = |set: usize| {
            let (mut before, mut after) = (1.0, 1.0);
            for place in 0..DEPTH {
                let share = self.shares[set][place];
                let Some(byte) = bytes.get(place) else {
                    before *= share;
                    continue;
                };
                let held = class(*byte).is_some_and(|class| self.tables[place][class] & 1 << set != 0);
                before *= share;
                after *= if held { share } else { share + commonness(*byte) };
            }
            after - before
        };
        // A set with a short group does not ask for the last byte any more: few such sets are enough. In one alone nearly
        // every byte would stand in each place.
        let sets = if bytes.len() < DEPTH { 0..SHORT_SETS } else { 0..SETS };
        let sets = sets.map(|set| (set, added(set)));
        sets.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are sets")
    }

    /// Puts folded bytes into a set; behind a few, any may stand.
    pub fn put(&mut self, set: usize, bytes: &[u8]) {
        for place in bytes.len()..DEPTH {
            self.tables[place].iter_mut().for_each(|held| *held |= 1 << set);
            self.shares[set][place] = 1.0;
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
                self.shares[set][place] += commonness(*byte);
            }
        }
    }

    /// Calls `visit` with the places whose four bytes pass, in order, at most [`LOT`] at a time, and returns from which
    /// place on the text was not looked at: the rest is short, or the processor cannot.
    pub fn each(&self, text: &[u8], visit: impl FnMut(&[u32])) -> usize {
        if self.unfit { 0 } else { avx2::each_passing(&self.tables, self.open, text, visit) }
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
