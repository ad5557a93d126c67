//! Finds all keywords of all rules in one pass over the bytes.
//!
//! Every keyword is represented by one group of four of its bytes, the rarest. The pass looks up each group of four
//! bytes of the text in a filter that the processor's caches hold; only where it passes is a keyword compared. An
//! Aho-Corasick automaton answers the same question, but over the hundreds of keywords here its table is larger than
//! the second cache, and each byte has to wait for the state that the byte before it gave. Its other way, Teddy, is for
//! a few dozen keywords.

use std::collections::HashMap;
use std::ops::Range;

/// Bytes of a group.
const GROUP: usize = 4;
/// Slots of each half of the filter, a byte each.
const SLOTS: usize = 1 << 15;
/// Keywords that may share a group before another one is looked for.
const SHARED: usize = 4;
/// Buckets of the entries.
const BUCKETS: usize = 1 << 12;

/// A set of keywords, found in any case of ASCII letters.
pub struct Keywords {
    /// In lower case.
    keywords: Vec<Vec<u8>>,
    /// Two tables of eight Bloom filters side by side: a group sets the same bit in its slot of either. Whole bytes, since
    /// picking one bit by number takes longer than reading a second table.
    filter: [Box<[u8; SLOTS]>; 2],
    /// Where the entries of a bucket begin; one more at the end.
    starts: Vec<u32>,
    /// In the order of their buckets.
    entries: Vec<Entry>,
}

/// A keyword and its rarest group.
#[derive(Clone, Copy)]
struct Entry {
    /// The group, folded.
    group: u32,
    keyword: u32,
    /// Where in the keyword the group begins.
    offset: u32,
}

impl Keywords {
    /// A set of keywords; their places in the list are their numbers. Keywords under three bytes are never found.
    pub fn new<'a>(keywords: impl IntoIterator<Item = &'a str>) -> Keywords {
        let keywords: Vec<Vec<u8>> = keywords.into_iter().map(|keyword| keyword.to_ascii_lowercase().into()).collect();
        let common = common_groups();
        let mut taken: HashMap<u32, usize> = HashMap::new();
        let mut entries: Vec<Entry> = Vec::new();
        for (number, keyword) in keywords.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { break };
            if let [a, b, c] = keyword[..] {
                // Any byte that folds like a printable one may follow.
                let follows = (0x20..=0x3f).chain(0x60..=0x7f);
                entries.extend(follows.map(|d| Entry { group: fold([a, b, c, d]), keyword: number, offset: 0 }));
            } else if let Some((offset, group)) = rarest(keyword, &common, &taken) {
                *taken.entry(fold(group)).or_default() += 1;
                entries.push(Entry { group: fold(group), keyword: number, offset });
            }
        }
        // Their keywords' order stays within a bucket.
        entries.sort_by_cached_key(|entry| bucket(hash(entry.group)));
        let mut filter = [Box::new([0u8; SLOTS]), Box::new([0u8; SLOTS])];
        let mut starts = vec![0u32; BUCKETS + 1];
        for (at, entry) in entries.iter().enumerate() {
            let hash = hash(entry.group);
            let bit = 1 << (at % 8);
            filter[0][slots(hash)[0]] |= bit;
            filter[1][slots(hash)[1]] |= bit;
            starts[bucket(hash) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Keywords { keywords, filter, starts, entries }
    }

    /// Calls `visit` with the number and the place of every keyword in the text, overlapping ones too, nearly in the
    /// order of their places: a keyword comes when the pass meets its rarest group.
    pub fn find(&self, text: &[u8], mut visit: impl FnMut(usize, Range<usize>)) {
        let mut at = 0;
        // Eight bytes hold the next four groups and a byte to spare.
        for bytes in text.windows(2 * GROUP).step_by(GROUP) {
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
                        self.compare(text, at + shift, group, &mut visit);
                    }
                }
            }
            at += GROUP;
        }
        for place in at..text.len() {
            let mut group = [b' '; GROUP];
            for (to, from) in group.iter_mut().zip(&text[place..]) {
                *to = *from;
            }
            let group = fold(group);
            if self.has(group) {
                self.compare(text, place, group, &mut visit);
            }
        }
    }

    #[inline(always)]
    fn has(&self, group: u32) -> bool {
        let [first, second] = slots(hash(group));
        self.filter[0][first] & self.filter[1][second] != 0
    }

    /// The keywords whose rarest group is this one, which stands at `place`.
    #[inline(never)]
    fn compare(&self, text: &[u8], place: usize, group: u32, visit: &mut impl FnMut(usize, Range<usize>)) {
        let bucket = bucket(hash(group));
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        for entry in entries.iter().filter(|entry| entry.group == group) {
            let keyword = &self.keywords[entry.keyword as usize];
            let Some(start) = place.checked_sub(entry.offset as usize) else { continue };
            let end = start + keyword.len();
            if text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(keyword)) {
                visit(entry.keyword as usize, start..end);
            }
        }
    }
}

/// A group with its letters in lower case (and some marks made others, on both sides alike).
fn fold(group: [u8; GROUP]) -> u32 {
    u32::from_le_bytes(group) | 0x2020_2020
}

/// Its upper half depends on all bytes of the group.
#[inline(always)]
fn hash(folded: u32) -> u64 {
    u64::from(folded).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The slots of the filter's halves, by different bits.
#[inline(always)]
fn slots(hash: u64) -> [usize; 2] {
    [(hash >> 49) as usize % SLOTS, (hash >> 34) as usize % SLOTS]
}

fn bucket(hash: u64) -> usize {
    (hash >> 52) as usize % BUCKETS
}

/// The groups of letters that stand in code most often, the commonest first; counted over 100 MB of published packages.
const COMMON: &str = include_str!("common_groups.txt");

/// By group, how common it is: 1 for the last of [`COMMON`].
fn common_groups() -> HashMap<&'static [u8], usize> {
    COMMON.split_ascii_whitespace().rev().enumerate().map(|(at, group)| (group.as_bytes(), at + 1)).collect()
}

/// The group that code and prose hold least often, and its offset; `None` for fewer than four bytes.
fn rarest(keyword: &[u8], common: &HashMap<&[u8], usize>, taken: &HashMap<u32, usize>) -> Option<(u32, [u8; GROUP])> {
    let weight = |group: &[u8]| {
        let bytes: u32 = group.iter().map(|byte| u32::from(commonness(*byte))).sum();
        // What many keywords begin with would have all of them compared at each place.
        let shared = group.try_into().ok().and_then(|group| taken.get(&fold(group))).map_or(0, |taken| taken / SHARED);
        (common.get(group).copied().unwrap_or(0), shared, bytes)
    };
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
