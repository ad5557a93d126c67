//! Where a pattern may look: regions around keyword hits, searched in windows of bounded length.
//!
//! `find_iter` over a whole text can take quadratic time (each failed attempt may read to the end). Here an attempt
//! never reads further than two `max_len`, so that the time grows with the text and with nothing else.

use std::ops::Range;

use regex::bytes::{CaptureLocations, Regex};

use super::rule::Group;

/// Bytes left visible after a window's end, so that `\b` there sees the byte that follows.
const LOOKAHEAD: usize = 4;

/// Stretches of text in which one rule's match may lie, in ascending order and apart from one another.
#[derive(Debug, Default)]
pub struct Regions(Vec<Range<usize>>);

impl Regions {
    /// Adds the surroundings of a keyword hit. Hits come in the order of their places, give or take a keyword's length.
    pub fn add(&mut self, hit: Range<usize>, max_len: usize, text_len: usize) {
        let region = hit.end.saturating_sub(max_len)..hit.start.saturating_add(max_len).min(text_len);
        match self.0.last_mut() {
            Some(last) if region.start <= last.end => {
                *last = last.start.min(region.start)..last.end.max(region.end);
            }
            _ => self.0.push(region),
        }
    }

    /// All of the text.
    pub fn whole(text_len: usize) -> Regions {
        Regions(std::iter::once(0..text_len).collect())
    }

    /// The regions.
    pub fn iter(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.iter().cloned()
    }
}

/// Runs `regex` over `region` in windows of `2 * max_len` that advance by at least `max_len`; a match belongs to the
/// window in whose first half it begins. Calls `visit` with the whole match and the secret in it.
/// Returns the number of bytes that windows covered: the measure of the work done.
pub fn search(
    regex: &Regex,
    group: Group,
    text: &[u8],
    region: Range<usize>,
    max_len: usize,
    mut visit: impl FnMut(Range<usize>, Range<usize>),
) -> usize {
    let secret_group = match group {
        Group::Named => regex.capture_names().position(|name| name == Some("secret")).map(|at| at..at + 1),
        Group::Number(at) => Some(at..at + 1),
        Group::FirstSet => Some(1..regex.captures_len()),
    };
    let mut locations = None;
    let attempt = |visible: &[u8], at| regex.find_at(visible, at).map(|found| found.range());
    attempts(attempt, text, region, max_len, |whole, visible| {
        let secret = secret_group.clone().and_then(|groups| {
            let locations = locations.get_or_insert_with(|| regex.capture_locations());
            within(regex, locations, visible, whole.start, groups)
        });
        visit(whole.clone(), secret.unwrap_or(whole));
    })
}

/// The windows themselves, whatever searches them: `attempt` finds the first match at or behind an offset.
pub(super) fn attempts(
    mut attempt: impl FnMut(&[u8], usize) -> Option<Range<usize>>,
    text: &[u8],
    region: Range<usize>,
    max_len: usize,
    mut visit: impl FnMut(Range<usize>, &[u8]),
) -> usize {
    let mut start = region.start;
    let mut covered = 0;
    while start < region.end {
        let end = start.saturating_add(2 * max_len).min(region.end);
        let last = end == region.end;
        let half = if last { end } else { start + max_len };
        let visible = &text[..end.saturating_add(LOOKAHEAD).min(text.len())];
        covered += end - start;
        let mut at = start;
        while at < half {
            let Some(found) = attempt(visible, at).filter(|found| found.start < half) else { break };
            at = found.end.max(found.start + 1);
            if found.end <= end {
                visit(found, visible);
            }
        }
        if last {
            break;
        }
        start = half.max(at);
    }
    covered
}

fn within(
    regex: &Regex,
    locations: &mut CaptureLocations,
    text: &[u8],
    at: usize,
    groups: Range<usize>,
) -> Option<Range<usize>> {
    regex.captures_read_at(locations, text, at)?;
    groups.filter_map(|group| locations.get(group)).find(|(start, end)| start < end).map(|(start, end)| start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str) -> Regex {
        regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap()
    }

    fn found(pattern: &str, text: &[u8], max_len: usize) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        search(&regex(pattern), Group::Named, text, 0..text.len(), max_len, |_, secret| out.push(secret));
        out
    }

    #[test]
    fn regions_of_near_hits_become_one() {
        let mut regions = Regions::default();
        regions.add(10..14, 20, 1000);
        regions.add(30..34, 20, 1000);
        regions.add(500..504, 20, 1000);
        regions.add(990..994, 20, 1000);
        assert_eq!(regions.iter().collect::<Vec<_>>(), [0..50, 484..520, 974..1000]);
    }

    #[test]
    fn a_match_across_two_windows_is_found_once() {
        for shift in 0..64 {
            let mut text = vec![b' '; 200];
            text[shift..shift + 8].copy_from_slice(b"key=abcd");
            let secrets = found(r"key=(?<secret>[a-z]{4})\b", &text, 10);
            assert_eq!(secrets, std::iter::once(shift + 4..shift + 8).collect::<Vec<_>>(), "{shift}");
        }
    }

    #[test]
    fn boundaries_see_the_bytes_around_the_window() {
        let text = b"xkey1 key2y key3";
        let mut out = Vec::new();
        for region in [1..5, 6..10, 12..16] {
            search(&regex(r"\bkey\d\b"), Group::Named, text, region, 4, |whole, _| out.push(whole));
        }
        assert_eq!(out, std::iter::once(12..16).collect::<Vec<_>>());
    }

    #[test]
    fn the_work_grows_with_the_text_alone() {
        // Each attempt reads to the end of what it may see: over the whole text this would be quadratic.
        let regex = regex("ab[^!]*!");
        let work = |n: usize| {
            let text = b"ab".repeat(n);
            search(&regex, Group::Named, &text, 0..text.len(), 100, |_, _| panic!("nothing to find"))
        };
        assert!(work(20_000) <= 2 * work(10_000) + 200);
        assert!(work(10_000) <= 2 * 20_000);
    }
}
