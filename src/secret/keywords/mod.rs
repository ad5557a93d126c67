//! Finds all keywords of all rules in one pass over the bytes.
//!
//! Every keyword is represented by one group of four of its bytes (one of three by all groups that begin with it). A
//! sieve holds back most places of the text, 32 or 64 at a time; at the others the group of four bytes is looked up in a
//! filter that the processor's caches hold; only where it passes is a keyword compared. An Aho-Corasick automaton answers
//! the same question, but over the thousands of keywords here its table is larger than the second cache, and each byte has
//! to wait for the state that the byte before it gave. Its other way, Teddy, is for a few dozen keywords.

mod choose;
mod filter;
pub(super) mod sieve;

use std::ops::Range;

use choose::{Chosen, choose};
use filter::{BUCKETS, Beginning, Filter, SHORT_BUCKETS, bucket, fold, group_at, short};
use sieve::{LOT, Sieve};

use super::simd::Width;

/// Bytes of a group.
const GROUP: usize = 4;
/// Bytes of the shortest keyword that is found.
const LEAST: usize = 3;

/// A set of keywords, found in any case of ASCII letters.
pub struct Keywords {
    /// In lower case.
    keywords: Vec<Vec<u8>>,
    sieve: Sieve,
    filter: Filter,
    groups: Entries,
    /// By their first three bytes.
    shorts: Entries,
}

/// What is known of keywords by their groups.
struct Entries {
    /// Where the entries of a bucket begin; one more at the end.
    starts: Vec<u32>,
    /// In the order of their buckets.
    entries: Vec<Entry>,
}

/// A keyword and its group.
#[derive(Clone, Copy)]
struct Entry {
    /// The group, folded.
    group: u32,
    keyword: u32,
    /// Where in the keyword the group begins.
    offset: u32,
    /// The keyword's next four bytes, folded, under a mask that ends where the keyword does.
    more: u32,
    mask: u32,
}

impl Keywords {
    /// A set of keywords; their places in the list are their numbers. Keywords under three bytes are never found.
    pub fn new<'a>(keywords: impl IntoIterator<Item = &'a str>) -> Keywords {
        Keywords::of_width(keywords, Width::widest())
    }

    /// The same, found at a width that the processor has.
    fn of_width<'a>(keywords: impl IntoIterator<Item = &'a str>, width: Width) -> Keywords {
        let keywords: Vec<Vec<u8>> = keywords.into_iter().map(|keyword| keyword.to_ascii_lowercase().into()).collect();
        let mut sieve = Sieve::new(width);
        let (mut groups, mut shorts) = (Vec::new(), Vec::new());
        for (number, chosen) in (0u32..).zip(choose(&keywords, &mut sieve)) {
            let Chosen { bytes, len, offset } = chosen;
            let keyword = &keywords[number as usize];
            let (mut more, mut mask) = ([0; GROUP], [0; GROUP]);
            for (at, byte) in keyword.iter().skip(offset + GROUP).take(GROUP).enumerate() {
                (more[at], mask[at]) = (*byte, 0xFF);
            }
            let mask = u32::from_le_bytes(mask);
            let more = fold(more) & mask;
            let entry = Entry { group: fold(bytes), keyword: number, offset: offset as u32, more, mask };
            match len {
                GROUP => groups.push(entry),
                // Whatever follows.
                LEAST => shorts.push(Entry { group: short(entry.group), ..entry }),
                _ => {}
            }
        }
        let beginnings: Vec<_> = groups.iter().map(Entry::beginning).collect();
        let short_beginnings: Vec<_> = shorts.iter().map(Entry::short_beginning).collect();
        let filter = Filter::new(&beginnings, &short_beginnings);
        let (groups, shorts) = (Entries::new(groups, BUCKETS), Entries::new(shorts, SHORT_BUCKETS));
        Keywords { keywords, sieve, filter, groups, shorts }
    }

    /// Calls `visit` with the number and the place of every keyword in the text, overlapping ones too, nearly in the
    /// order of their places: a keyword comes when the pass meets its group.
    pub fn find(&self, text: &[u8], mut visit: impl FnMut(usize, Range<usize>)) {
        let mut passing = [0; LOT];
        let rest = self.sieve.each(text, |lot| {
            let count = self.filter.pick(text, lot, &mut passing);
            for &place in &passing[..count] {
                let place = place as usize;
                self.compare(text, place, group_at(text, place), &mut visit);
            }
        });
        self.filter.each(text, rest, |place, group| self.compare(text, place, group, &mut visit));
    }

    /// The keywords whose group is this one, which stands at `place`.
    #[inline(never)]
    fn compare(&self, text: &[u8], place: usize, group: u32, visit: &mut impl FnMut(usize, Range<usize>)) {
        let more = text.get(place + GROUP..).and_then(|rest| rest.first_chunk()).map(|more| fold(*more));
        let others = self.shorts.of(short(group));
        for entry in self.groups.of(group).chain(others) {
            // Nearly always it ends here, before the keyword itself is fetched from afar.
            if more.is_some_and(|more| more & entry.mask != entry.more) {
                continue;
            }
            let keyword = &self.keywords[entry.keyword as usize];
            let Some(start) = place.checked_sub(entry.offset as usize) else { continue };
            let end = start + keyword.len();
            if text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(keyword)) {
                visit(entry.keyword as usize, start..end);
            }
        }
    }
}

impl Entry {
    fn beginning(&self) -> Beginning {
        let join = |group: u32, more: u32| u64::from(group) | u64::from(more) << u32::BITS;
        Beginning { bytes: join(self.group, self.more), mask: join(u32::MAX, self.mask) }
    }

    /// The same of one whose group has three bytes, which are the whole keyword.
    fn short_beginning(&self) -> Beginning {
        Beginning { bytes: u64::from(self.group >> u8::BITS), mask: u64::from(u32::MAX >> u8::BITS) }
    }
}

impl Entries {
    fn new(entries: Vec<Entry>, buckets: usize) -> Entries {
        let mut starts = vec![0u32; buckets + 1];
        let bucket = |entry: &Entry| bucket(entry.group, buckets);
        for entry in &entries {
            starts[bucket(entry) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut entries = entries;
        // Each bucket's in the order of their keywords.
        entries.sort_by_key(bucket);
        Entries { starts, entries }
    }

    /// The entries of a group.
    fn of(&self, group: u32) -> impl Iterator<Item = &Entry> {
        let bucket = bucket(group, self.starts.len() - 1);
        let bounds = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.entries[bounds].iter().filter(move |entry| entry.group == group)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// At every width of this processor, which must agree.
    fn found(keywords: &[&str], text: &[u8]) -> Vec<(usize, usize)> {
        let at = |width| {
            let mut out = Vec::new();
            Keywords::of_width(keywords.iter().copied(), width).find(text, |number, range| {
                assert!(text[range.clone()].eq_ignore_ascii_case(keywords[number].as_bytes()));
                out.push((range.start, number));
            });
            out.sort_unstable();
            out
        };
        let plain = at(Width::Plain);
        for width in [Width::Avx2, Width::Avx512].into_iter().filter(|width| width.is_here()) {
            assert_eq!(at(width), plain, "{width:?}");
        }
        plain
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
        fn it_answers_like_the_plain_way(text in "[abcAB_:/\u{0}ü]{0,3000}", keywords in prop::collection::vec("[abAB_:/]{3,7}|[abü]{4,7}", 1..20)) {
            let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
            let expected = expected(&keywords, text.as_bytes());
            let found = found(&keywords, text.as_bytes());
            prop_assert_eq!(found, expected);
        }
    }
}
