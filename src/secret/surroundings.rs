//! What stands around a match: an example in documentation and a case of a test are worth less than code that runs.
//!
//! A value that proves something keeps a low confidence even there, since a real secret in a test is a leak too. A guess
//! made from a name alone is worth nothing where the text plainly shows how something is used.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::{memmem, memrchr};

use crate::model::Confidence;

/// Bytes looked at before and after a match.
const BEFORE: usize = 1200;
const AFTER: usize = 600;
/// Bytes before a match in which prose announces it.
const ANNOUNCED: usize = 500;
/// Bytes before a match in which a document that it stands in may open.
const DOCUMENT: usize = 32 << 10;

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
const MARKS: [(&str, Mark); 42] = [
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
    ("sample value", Mark::Announcing),
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
    if is_documented(text, range.start) {
        return Shown::Documented;
    }
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

/// Whether a match is cut out of a longer text in base64: there any short prefix turns up by chance. Such a text holds
/// marks that end a word and no token, and goes on behind them.
pub fn is_cut_out(text: &[u8], whole: &Range<usize>) -> bool {
    /// Bytes of the longer text on one side: more than any path of plain letters goes on without a `.` or `-`.
    const LONGER: usize = 100;
    let goes_on = |run: &mut dyn Iterator<Item = &u8>| {
        let mut run = run.take(LONGER).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).peekable();
        run.next_if(|b| matches!(b, b'+' | b'/')).is_some() && {
            let run: Vec<u8> = run.copied().collect();
            run.len() + 1 == LONGER && run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_uppercase)
        }
    };
    goes_on(&mut text[..whole.start].iter().rev()) || goes_on(&mut text[whole.end..].iter())
}

/// Whether `at` lies in text that a language keeps for documentation, or in the address of a badge.
pub fn is_documented(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(DOCUMENT)..at];
    is_in_docstring(before) || is_in_badge(before)
}

/// Whether a text ends inside of a docstring of Python (<https://peps.python.org/pep-0257/>), or of a string that is
/// called one: what opens it stands alone on its line behind a line that ends with a colon, or behind `EXAMPLES =`.
fn is_in_docstring(before: &[u8]) -> bool {
    let last = [b"\"\"\"".as_slice(), b"'''"].iter().filter_map(|quotes| memmem::rfind(before, quotes)).max();
    let Some(quotes) = last else { return false };
    let line = memrchr(b'\n', &before[..quotes]).map_or(0, |at| at + 1);
    let opening = before[line..quotes].trim_ascii();
    let opening = opening.strip_suffix(b"r").or_else(|| opening.strip_suffix(b"R")).unwrap_or(opening).trim_ascii();
    match opening.strip_suffix(b"=") {
        Some(name) => {
            let name = name.to_ascii_lowercase();
            [b"example".as_slice(), b"documentation", b"__doc__"].iter().any(|word| memmem::find(&name, word).is_some())
        }
        None => opening.is_empty() && before[..line].trim_ascii_end().ends_with(b":"),
    }
}

/// Whether a text ends in the query of a badge's address: its token shows a picture to everyone who reads the page.
fn is_in_badge(before: &[u8]) -> bool {
    let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'()<>".contains(b);
    let address = before.iter().rposition(ends).map_or(0, |at| at + 1);
    memmem::find(&before[address..], b".svg?").is_some()
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
    fn docstrings_are_documents() {
        assert_eq!(at("def login(url):\n    \"\"\"Logs in.\n\n    url = https://u:X@h\n"), Shown::Documented);
        assert_eq!(at("class Url:\n    \"\"\"\n    Url('X')\n"), Shown::Documented);
        assert_eq!(at("class Url:\n    r\"\"\"\n    Url('X')\n"), Shown::Documented);
        assert_eq!(at("examples = r\"\"\"\n- pass: X\n"), Shown::Documented);
        assert_eq!(at("QUERY = \"\"\"\n- pass: X\n"), Shown::No, "any other text");
        assert_eq!(at("def a():\n    \"\"\"\n    Does.\n    \"\"\"\n    key = 'X'"), Shown::No, "behind its end");
    }

    #[test]
    fn a_badge_is_for_everyone() {
        assert_eq!(at("<img src=\"https://b.example.com/a.svg?token=X\">"), Shown::Documented);
        assert_eq!(at("<img src=\"a.svg\"> token=X"), Shown::No);
    }

    #[test]
    fn a_token_is_no_part_of_a_longer_text() {
        let longer = "q7Zk/2LxV+9bTn4RmWc3Ys".repeat(6);
        let cut_out = |text: &str| {
            let start = text.find("TOKEN").expect("the marked place");
            is_cut_out(text.as_bytes(), &(start..start + 5))
        };
        assert!(cut_out(&format!("{longer}/TOKEN/x")));
        assert!(cut_out(&format!("TOKEN+{longer}")));
        assert!(!cut_out(&format!("TOKEN\", \"+{longer}")));
        assert!(!cut_out("https://hooks.example.com/services/T024BE7LD/B024BE7LH/TOKEN"));
        assert!(!cut_out(&format!("/srv{}/TOKEN", "/some/folder".repeat(20))));
    }

    #[test]
    fn fences_open_and_close() {
        let text = b"# t\n```js\nX\n```\nY\n```\nZ";
        let mut fences = Fences::default();
        let inside: Vec<bool> = [10, 16, 22].map(|at| fences.hold(text, at)).to_vec();
        assert_eq!(inside, [true, false, true]);
    }
}
