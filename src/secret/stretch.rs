//! What must stand in a text before a pattern is worth compiling: an unbroken stretch of bytes that the pattern names.
//!
//! A keyword such as a vendor's name turns up in ordinary code, and most patterns ask for twenty or more letters and
//! digits in a row, which ordinary code seldom has. To compile a pattern takes as long as searching half a megabyte.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Stretches under these bytes stand everywhere.
const SHORTEST: usize = 10;
/// Sets of more bytes than these say nothing: `[^\n]`.
const NARROW: usize = 100;

/// Bytes of which every match holds a number in a row.
#[derive(Clone, Debug)]
pub struct Stretch {
    len: usize,
    bytes: Bytes,
}

/// A set of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bytes([bool; 256]);

impl Stretch {
    /// The longest one that every match of a pattern holds, if it tells anything.
    pub fn of(pattern: &str) -> Option<Stretch> {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()?;
        needed(&hir).filter(|stretch| stretch.len >= SHORTEST)
    }

    /// Whether a text has one. Most bytes are never looked at: only the last one of each possible stretch, and those
    /// before it as long as they belong.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut end = self.len;
        while end <= text.len() {
            match text[end - self.len..end].iter().rposition(|byte| !self.bytes.0[usize::from(*byte)]) {
                None => return true,
                Some(other) => end += other + 1,
            }
        }
        false
    }
}

impl Bytes {
    const NONE: Bytes = Bytes([false; 256]);

    fn join(&mut self, other: &Bytes) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine |= other);
    }

    fn is_narrow(&self) -> bool {
        self.0.iter().filter(|held| **held).count() <= NARROW
    }
}

/// Every byte that a match may hold.
fn bytes_of(hir: &Hir) -> Bytes {
    let mut bytes = Bytes::NONE;
    let mut range = |start: u8, end: u8| bytes.0[usize::from(start)..=usize::from(end)].fill(true);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|byte| range(*byte, *byte)),
        HirKind::Class(Class::Bytes(class)) => class.iter().for_each(|part| range(part.start(), part.end())),
        HirKind::Class(Class::Unicode(class)) => class.iter().for_each(|part| {
            // What is no ASCII is written with bytes that are none.
            let ascii = |c: char| u8::try_from(c).ok().filter(u8::is_ascii);
            match (ascii(part.start()), ascii(part.end())) {
                (Some(start), Some(end)) => range(start, end),
                (Some(start), None) => range(start, 0xFF),
                _ => range(0x80, 0xFF),
            }
        }),
        HirKind::Repetition(repetition) => return bytes_of(&repetition.sub),
        HirKind::Capture(capture) => return bytes_of(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| bytes.join(&bytes_of(part)));
        }
    }
    bytes
}

/// The longest stretch that every match holds.
fn needed(hir: &Hir) -> Option<Stretch> {
    let whole = Stretch { len: hir.properties().minimum_len()?, bytes: bytes_of(hir) };
    if whole.bytes.is_narrow() {
        return (whole.len > 0).then_some(whole);
    }
    match hir.kind() {
        HirKind::Capture(capture) => needed(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needed(&repetition.sub),
        // Whichever branch matches.
        HirKind::Alternation(branches) => {
            let mut branches = branches.iter().map(needed);
            let first = branches.next()??;
            let all = branches.try_fold(first, |mut all, branch| {
                let branch = branch?;
                all.len = all.len.min(branch.len);
                all.bytes.join(&branch.bytes);
                Some(all)
            })?;
            all.bytes.is_narrow().then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut longest: Option<Stretch> = None;
            let mut keep = |found: Option<Stretch>| {
                if let Some(found) = found.filter(|found| longest.as_ref().is_none_or(|best| best.len < found.len)) {
                    longest = Some(found);
                }
            };
            // Parts side by side are one stretch, as long as few bytes can stand in it.
            let mut run = Stretch { len: 0, bytes: Bytes::NONE };
            for part in parts {
                let bytes = bytes_of(part);
                let mut joined = run.bytes.clone();
                joined.join(&bytes);
                if joined.is_narrow() {
                    run = Stretch { len: run.len + part.properties().minimum_len()?, bytes: joined };
                    continue;
                }
                keep(Some(std::mem::replace(&mut run, Stretch { len: 0, bytes: Bytes::NONE })));
                keep(needed(part));
                if bytes.is_narrow() {
                    run = Stretch { len: part.properties().minimum_len()?, bytes };
                }
            }
            keep(Some(run));
            longest.filter(|stretch| stretch.len > 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    use super::*;

    fn of(pattern: &str) -> Option<(usize, String)> {
        let stretch = Stretch::of(pattern)?;
        let bytes = (0..=255u8).filter(|byte| stretch.bytes.0[usize::from(*byte)]).map(char::from).collect();
        Some((stretch.len, bytes))
    }

    #[test]
    fn the_longest_stretch_of_a_pattern() {
        assert_eq!(of(r"\b(?P<secret>tok_[a-d]{16})\b"), Some((20, "_abcdkot".to_owned())));
        assert_eq!(of(r"(?:^|[^a-z])(?P<secret>[a-c]{12,40}={0,2})(?:[^a-z]|$)"), Some((12, "=abc".to_owned())));
        assert_eq!(of(r"[a-c]{12}|[d-f]{14}"), Some((12, "abcdef".to_owned())));
        assert_eq!(of(r"key[^\n]{0,20}[0-9]{12}"), Some((12, "0123456789".to_owned())));
        assert_eq!(of(r"[a-c]{9}"), None);
        assert_eq!(of(r"(?:[a-c]{12})?"), None);
        assert_eq!(of(r"[a-c]{12}|[^\n]{14}"), None);
        assert_eq!(of(r"[^\n]{40}"), None);
    }

    #[test]
    fn it_is_found_wherever_it_stands() {
        let stretch = Stretch::of("[ab]{12}").unwrap();
        for before in 0..30 {
            for len in 10..15 {
                let text = format!("{}{}.", "x".repeat(before), "ab".repeat(10)[..len].to_owned());
                assert_eq!(stretch.is_in(text.as_bytes()), len >= 12, "{text}");
            }
        }
        assert!(!stretch.is_in(b""));
    }

    proptest! {
        /// The law: no match without the stretch.
        #[test]
        fn every_match_holds_it(
            pattern in r"([ab]{1,2}|\[a-c\]\{10,14\}|\[\^b\]\{2,3\}|c\+|d\{0,3\}|\(e\{11\}\|\[ef\]\{12\}\)|\(\?i:A\{10\}\)|\([a-e]\{10,\}\|\)|\^|\|){1,4}",
            text in "[a-f]{0,60}",
        ) {
            let regex = RegexBuilder::new(&pattern).unicode(false).build().unwrap();
            if let (Some(stretch), Some(found)) = (Stretch::of(&pattern), regex.find(text.as_bytes())) {
                prop_assert!(stretch.is_in(found.as_bytes()), "{} {}", pattern, text);
            }
        }
    }
}
