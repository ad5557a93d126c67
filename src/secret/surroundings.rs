//! What stands around a match: an example in documentation and a case of a test are worth less than code that runs.
//!
//! This lowers the confidence, it never drops: a real secret in a test is a leak too.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Bytes looked at before and after a match.
const BEFORE: usize = 1200;
const AFTER: usize = 600;

/// Marks of documentation and tests, in any case: prose, prompts and fences, and the words of test frameworks.
const MARKS: [&str; 24] = [
    "example",
    "e.g.",
    "for instance",
    "the following",
    "sample",
    ">>> ",
    "```",
    "::\n\n",
    "def test",
    "self.assert",
    "assert_",
    "assert.",
    "assertequal",
    "unittest",
    "pytest",
    "describe(",
    "it('",
    "it(\"",
    "test('",
    "test(\"",
    "expect(",
    "#[test]",
    "@test",
    "test vector",
];

/// Whether the text around `range` shows rather than does. The host names that are set aside for examples say nothing:
/// they stand in real configuration too.
pub fn demonstrate(text: &[u8], range: &Range<usize>) -> bool {
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(MARKS)
            .expect("two dozen short words make an automaton")
    });
    let shows = |part: &[u8]| {
        FINDER.find_iter(part).any(|hit| {
            let host =
                part.get(hit.end()) == Some(&b'.') && part.get(hit.end() + 1).is_some_and(u8::is_ascii_alphabetic);
            !host
        })
    };
    shows(&text[range.start.saturating_sub(BEFORE)..range.start])
        || shows(&text[range.end..text.len().min(range.end + AFTER)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_and_tests_are_seen() {
        let at = |text: &str| {
            let start = text.find('X').expect("the marked place");
            demonstrate(text.as_bytes(), &(start..start + 1))
        };
        assert!(at("For example:\n  key = X"));
        assert!(at("key = X\n\ndef test_key():"));
        assert!(!at("url = 'https://api.example.com', key = X"));
        assert!(!at("const client = new Client({ key: 'X' });"));
    }
}
