//! What stands around a match: an example in documentation and a case of a test are worth less than code that runs.
//!
//! A value that proves something keeps a low confidence even there, since a real secret in a test is a leak too. A guess
//! made from a name alone is worth nothing where the text plainly shows how something is used.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::model::Confidence;

/// Bytes looked at before and after a match.
const BEFORE: usize = 1200;
const AFTER: usize = 600;
/// Bytes before a match in which prose announces it.
const ANNOUNCED: usize = 500;

/// Whether the text around a match shows rather than does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Nothing speaks of it.
    No,
    /// A word near by speaks of examples.
    Perhaps,
    /// A test, or a sentence that announces an example.
    Plainly,
    /// A document that shows how something is used: a fenced block, a session at a prompt, a described example.
    Documented,
}

/// What a mark says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A word of documentation.
    Word,
    /// Prose that announces an example: counts close before the match.
    Announcing,
    /// The machinery of tests.
    Machinery,
    /// The machinery of documents.
    Document,
}

/// Marks, in any case.
const MARKS: [(&str, Mark); 41] = [
    ("example", Mark::Word),
    ("sample", Mark::Word),
    ("::\n\n", Mark::Word),
    ("test vector", Mark::Machinery),
    ("e.g.", Mark::Announcing),
    ("for example", Mark::Announcing),
    ("for instance", Mark::Announcing),
    ("such as", Mark::Announcing),
    ("like this", Mark::Announcing),
    ("the following", Mark::Announcing),
    ("examples:", Mark::Announcing),
    ("example::", Mark::Announcing),
    ("usage:", Mark::Announcing),
    ("@example", Mark::Announcing),
    ("code-block::", Mark::Document),
    (".. code::", Mark::Document),
    ("<code>", Mark::Announcing),
    ("<pre", Mark::Announcing),
    ("\"description\": \"the following", Mark::Document),
    ("the following example", Mark::Document),
    (">>> ", Mark::Document),
    ("```", Mark::Announcing),
    ("def test", Mark::Machinery),
    ("self.assert", Mark::Machinery),
    ("assert_", Mark::Machinery),
    ("assert.", Mark::Machinery),
    ("assertequal", Mark::Machinery),
    ("unittest", Mark::Machinery),
    ("pytest", Mark::Machinery),
    ("describe(", Mark::Machinery),
    ("it('", Mark::Machinery),
    ("it(\"", Mark::Machinery),
    ("test('", Mark::Machinery),
    ("test(\"", Mark::Machinery),
    ("expect(", Mark::Machinery),
    ("#[test]", Mark::Machinery),
    ("@test\n", Mark::Machinery),
    ("func test", Mark::Machinery),
    ("t.run(", Mark::Machinery),
    ("[testmethod]", Mark::Machinery),
    ("[fact]", Mark::Machinery),
];

/// How much the text around `range` shows. The host names that are set aside for examples say nothing: they stand in
/// real configuration too.
pub fn shown(text: &[u8], range: &Range<usize>) -> Shown {
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(MARKS.map(|(word, _)| word))
            .expect("a few dozen short words make an automaton")
    });
    let start = range.start.saturating_sub(BEFORE);
    let weigh = |part: &[u8], announces_from: usize| {
        let marks = FINDER.find_overlapping_iter(part).filter(|hit| {
            let next = |at: usize| part.get(at).copied().unwrap_or(b' ');
            let host = next(hit.end()) == b'.' && next(hit.end() + 1).is_ascii_alphabetic();
            // `await('...` and `latest('...` are no tests.
            let begins = part[hit.start()].is_ascii_alphabetic();
            let joined = begins && hit.start() > 0 && part[hit.start() - 1].is_ascii_alphanumeric();
            !host && !joined
        });
        let level = marks.map(|hit| match MARKS[hit.pattern().as_usize()].1 {
            Mark::Document => Shown::Documented,
            Mark::Machinery => Shown::Plainly,
            Mark::Announcing if hit.start() >= announces_from => Shown::Plainly,
            Mark::Announcing | Mark::Word => Shown::Perhaps,
        });
        level.max().unwrap_or(Shown::No)
    };
    let before = &text[start..range.start];
    let level = weigh(before, before.len().saturating_sub(ANNOUNCED));
    level.max(weigh(&text[range.end..text.len().min(range.end + AFTER)], usize::MAX))
}

/// What a match of a rule of no vendor is worth in such surroundings; `None` for nothing. A guess by a name is worth
/// nothing where a document shows how to write it.
pub fn weigh(shown: Shown, confidence: Confidence) -> Option<Confidence> {
    match shown {
        Shown::No => Some(confidence),
        Shown::Documented if confidence < Confidence::High => None,
        Shown::Documented | Shown::Plainly if confidence == Confidence::Low => None,
        _ => Some(Confidence::Low),
    }
}

/// The fenced blocks of a text (<https://spec.commonmark.org/0.31.2/#fenced-code-blocks>), asked for in ascending order.
#[derive(Debug, Default)]
pub struct Fences {
    at: usize,
    open: bool,
}

impl Fences {
    /// Whether `offset` lies in a fenced block. Source code holds hardly a fence, so that a text without any answers no.
    pub fn hold(&mut self, text: &[u8], offset: usize) -> bool {
        let end = offset.max(self.at);
        self.open ^= memchr::memmem::find_iter(&text[self.at..end], b"\n```").count() % 2 == 1;
        self.at = end;
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Shown {
        let start = text.find('X').expect("the marked place");
        shown(text.as_bytes(), &(start..start + 1))
    }

    #[test]
    fn documentation_and_tests_are_seen() {
        assert_eq!(at("For example:\n  key = X"), Shown::Plainly);
        assert_eq!(at("key = X\n\ndef test_key():"), Shown::Plainly);
        assert_eq!(at("    >>> login(password='X')"), Shown::Documented);
        assert_eq!(at("it('logs in', () => { login('X') })"), Shown::Plainly);
        assert_eq!(at("# an example\nkey = X"), Shown::Perhaps);
        assert_eq!(at("url = 'https://api.example.com', key = X"), Shown::No);
        assert_eq!(at("emit('key', 'X'); await('y');"), Shown::No);
        assert_eq!(at("const client = new Client({ key: 'X' });"), Shown::No);
    }

    #[test]
    fn prose_announces_what_stands_near() {
        let far = format!("for example{}X", " ".repeat(ANNOUNCED));
        assert_eq!(at(&far), Shown::Perhaps);
    }

    #[test]
    fn fences_open_and_close() {
        let text = b"# t\n```js\nX\n```\nY\n```\nZ";
        let mut fences = Fences::default();
        let inside: Vec<bool> = [10, 16, 22].map(|at| fences.hold(text, at)).to_vec();
        assert_eq!(inside, [true, false, true]);
    }
}
