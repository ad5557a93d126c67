//! Finds all keywords of all rules in one pass over the bytes.
//!
//! Every keyword is represented by one group of four of its bytes, the rarest. The pass looks up each group of four
//! bytes of the text in a bitmap of 8 KB, which the processor's first cache holds; only where a bit is set is a keyword
//! compared. An Aho-Corasick automaton answers the same question, but over the hundreds of keywords here its table is
//! larger than the second cache, and each byte has to wait for the state that the byte before it gave: measured over
//! 100 MB of real packages, four times slower (`docs/benchmarks.md`). Its other way, Teddy, is for a few dozen keywords.

use std::ops::Range;

/// Bytes of a group.
const GROUP: usize = 4;
/// Words of the bitmap.
const WORDS: usize = 1 << (BITS - 6);
/// The bitmap has two to the power of this many bits.
const BITS: u32 = 16;

/// A set of keywords, found in any case of ASCII letters.
pub struct Keywords {
    /// In lower case.
    keywords: Vec<Vec<u8>>,
    /// A bit for each value that a group of some keyword hashes to.
    filter: Box<[u64; WORDS]>,
    /// By word of the filter: how many bits are set before it.
    ranks: Box<[u16; WORDS]>,
    /// By rank of a bit: where its entries begin; one more at the end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A keyword that a bit stands for, and where in it the group begins.
#[derive(Clone, Copy)]
struct Entry {
    keyword: u32,
    offset: u32,
}

impl Keywords {
    /// A set of keywords; their places in the list are their numbers. Keywords under three bytes are never found.
    pub fn new<'a>(keywords: impl IntoIterator<Item = &'a str>) -> Keywords {
        let keywords: Vec<Vec<u8>> = keywords.into_iter().map(|keyword| keyword.to_ascii_lowercase().into()).collect();
        let mut places: Vec<(usize, Entry)> = Vec::new();
        for (number, keyword) in keywords.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { break };
            if let [a, b, c] = keyword[..] {
                // Any byte that folds like a printable one may follow.
                let follows = (0x20..=0x3f).chain(0x60..=0x7f);
                places.extend(follows.map(|d| (hash([a, b, c, d]), Entry { keyword: number, offset: 0 })));
            } else if let Some((offset, group)) = rarest(keyword) {
                places.push((hash(group), Entry { keyword: number, offset }));
            }
        }
        places.sort_by_key(|(hash, entry)| (*hash, entry.keyword));
        let mut filter = Box::new([0u64; WORDS]);
        let mut starts = Vec::new();
        let mut last = None;
        for (at, (hash, _)) in places.iter().enumerate() {
            if last.replace(*hash) != Some(*hash) {
                filter[hash >> 6] |= 1 << (hash & 63);
                starts.push(at as u32);
            }
        }
        starts.push(places.len() as u32);
        let mut ranks = Box::new([0u16; WORDS]);
        let mut set = 0u32;
        for (rank, word) in ranks.iter_mut().zip(filter.iter()) {
            *rank = u16::try_from(set).unwrap_or(u16::MAX);
            set += word.count_ones();
        }
        Keywords { keywords, filter, ranks, starts, entries: places.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// Calls `visit` with the number and the place of every keyword in the text, overlapping ones too, nearly in the
    /// order of their places: a keyword comes when the pass meets its rarest group.
    pub fn find(&self, text: &[u8], mut visit: impl FnMut(usize, Range<usize>)) {
        let mut at = 0;
        // Eight bytes hold the next four groups and a byte to spare.
        for bytes in text.windows(2 * GROUP).step_by(GROUP) {
            let bytes: [u8; 8] = bytes.try_into().expect("windows of eight");
            let word = u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020;
            let bit = |shift: u32| {
                let hash = fold((word >> shift) as u32);
                self.filter[hash >> 6] >> (hash & 63)
            };
            if (bit(0) | bit(8) | bit(16) | bit(24)) & 1 != 0 {
                for place in at..at + GROUP {
                    self.compare(text, place, &mut visit);
                }
            }
            at += GROUP;
        }
        for place in at..text.len() {
            self.compare(text, place, &mut visit);
        }
    }

    /// The keywords whose rarest group begins at `place`.
    fn compare(&self, text: &[u8], place: usize, visit: &mut impl FnMut(usize, Range<usize>)) {
        let mut group = [b' '; GROUP];
        for (to, from) in group.iter_mut().zip(&text[place..]) {
            *to = *from;
        }
        let hash = hash(group);
        let (word, bit) = (self.filter[hash >> 6], hash & 63);
        if word >> bit & 1 == 0 {
            return;
        }
        let rank = usize::from(self.ranks[hash >> 6]) + (word & ((1 << bit) - 1)).count_ones() as usize;
        let entries = &self.entries[self.starts[rank] as usize..self.starts[rank + 1] as usize];
        for entry in entries {
            let keyword = &self.keywords[entry.keyword as usize];
            let Some(start) = place.checked_sub(entry.offset as usize) else { continue };
            let end = start + keyword.len();
            if text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(keyword)) {
                visit(entry.keyword as usize, start..end);
            }
        }
    }
}

fn hash(group: [u8; GROUP]) -> usize {
    fold(u32::from_le_bytes(group) | 0x2020_2020)
}

/// The hash of a group whose letters are folded to lower case already (and some marks to others, on both sides alike).
fn fold(group: u32) -> usize {
    (group.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

/// The group that code and prose hold least often, and its offset; `None` for fewer than four bytes.
fn rarest(keyword: &[u8]) -> Option<(u32, [u8; GROUP])> {
    let weight = |group: &[u8]| group.iter().map(|byte| u32::from(commonness(*byte))).sum::<u32>();
    let (offset, group) = keyword.windows(GROUP).enumerate().min_by_key(|(_, group)| weight(group))?;
    Some((u32::try_from(offset).ok()?, group.try_into().ok()?))
}

/// How often a byte stands in code, as a logarithm: two more is about twice as often. Counted over 100 MB of published
/// packages.
fn commonness(byte: u8) -> u8 {
    match byte {
        b' ' => 14,
        b'e' | b't' => 12,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 11,
        b'c' | b'd' | b'l' => 10,
        b'f' | b'm' | b'p' | b'u' | b'h' => 9,
        b'b' | b'g' | b'y' | b'.' | b'"' | b'0'..=b'9' => 8,
        b'_' | b'-' | b'v' | b'w' | b'=' | b':' | b'(' => 7,
        b'k' | b'x' | b'/' | b'\'' => 6,
        b'j' | b'q' | b'z' => 3,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(keywords: &[&str], text: &[u8]) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        Keywords::new(keywords.iter().copied()).find(text, |number, range| {
            assert!(text[range.clone()].eq_ignore_ascii_case(keywords[number].as_bytes()));
            out.push((range.start, number));
        });
        out.sort_unstable();
        out
    }

    /// The plain way.
    fn expected(keywords: &[&str], text: &[u8]) -> Vec<(usize, usize)> {
        let is_at = |at: usize, keyword: &str| {
            text.get(at..at + keyword.len()).is_some_and(|part| part.eq_ignore_ascii_case(keyword.as_bytes()))
        };
        (0..text.len())
            .flat_map(|at| (0..keywords.len()).map(move |number| (at, number)))
            .filter(|(at, number)| is_at(*at, keywords[*number]))
            .collect()
    }

    #[test]
    fn keywords_are_found_at_every_place_of_every_length_of_text() {
        let keywords = ["tok", "token", "GHP_", "://", "secretaccesskey"];
        for keyword in keywords {
            for before in 0..10 {
                for after in 0..10 {
                    let text = format!("{}{keyword}{}", ".".repeat(before), " ".repeat(after));
                    assert_eq!(found(&keywords, text.as_bytes()), expected(&keywords, text.as_bytes()), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn case_does_not_matter_and_marks_do() {
        assert_eq!(found(&["api_key"], b"API_KEY api_key Api_Key apI\x7fkey"), [(0, 0), (8, 0), (16, 0)]);
    }

    proptest! {
        #[test]
        fn it_answers_like_the_plain_way(text in "[abcAB_:/\u{0}ü]{0,60}", keywords in prop::collection::vec("[abAB_:/]{3,7}", 1..20)) {
            let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
            let mut expected = expected(&keywords, text.as_bytes());
            // What follows a keyword of three bytes is printable, or nothing.
            let odd = |at: usize, number: usize| {
                keywords[number].len() == 3 && text.as_bytes().get(at + 3).is_some_and(|byte| !(0x20..0x80).contains(byte))
            };
            expected.retain(|(at, number)| !odd(*at, *number));
            let mut found = found(&keywords, text.as_bytes());
            found.retain(|(at, number)| !odd(*at, *number));
            prop_assert_eq!(found, expected);
        }
    }
}
