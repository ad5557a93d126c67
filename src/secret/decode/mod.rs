//! Encoded text: what a text holds once it is decoded.
//!
//! A text is decoded in rounds, since what was encoded may have been encoded before. In each round the encoded
//! stretches are decoded into texts of their own ([`Layer`]), each with a way back to the bytes as they are stored and
//! with just as much around it as a rule needs; the rules see nothing else, so that what a round costs depends on what
//! is encoded and not on the size of the file. Where stretches begin is told by the keyword pass ([`keywords`]), but for
//! base64 and UTF-16, which have no mark: for those every few bytes are probed.
//!
//! It cannot know what was encrypted, and it does not follow a program that computes a secret from numbers.

mod digits;
mod escapes;
mod joints;
mod layer;
mod manifest;
pub mod runs;
mod wide;

pub use layer::Layer;

use std::sync::LazyLock;

use memchr::memmem;

use super::text::Kind;
use super::windows::Regions;

/// Rounds: a token in base64 in JSON in base64 is found, one more wrapping is not.
pub const ROUNDS: usize = 3;
/// Decoded bytes for each byte of a text, over all rounds, beside [`FREE`].
const FACTOR: usize = 4;
/// Decoded bytes that a text of any size may give.
const FREE: usize = 1 << 20;
/// Joints, lists and manifests remembered of one text.
const MOST: usize = 1 << 16;

/// What a keyword of the decoder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A character written as something else.
    Escape,
    /// The quote that ends a piece of a string.
    Joint,
    /// A list of pieces that are joined.
    List,
    /// A Kubernetes Secret.
    Manifest,
}

/// The keywords of the decoder. Their digits are those of printable characters.
pub fn keywords() -> Vec<(String, Mark)> {
    const ESCAPES: [&str; 21] = [
        "\\\r\n",
        "\\u00",
        ":\\/\\/",
        "\\\":\\\"",
        "\\\": \\\"",
        "%3a%2f%2f",
        "%22%3a",
        "%2f",
        "%2b",
        "%5f",
        "&quot;",
        "&#34;",
        "&#x22;",
        "&#39;",
        "&#x27;",
        "&#x3a;",
        "&#58;",
        "&#x40;",
        "&#64;",
        "&#61;",
        "&#x3d;",
    ];
    const JOINTS: [&str; 21] = [
        "\"+\"", "'+'", "\" + \"", "' + '", "\" + '", "' + \"", "` + `", "\" +\n", "' +\n", "\" +\r", "' +\r",
        "\" . \"", "' . '", "\"\n  ", "'\n  ", "\"\n\t", "'\n\t", "\"\r\n ", "'\r\n ", "\" \\\n", "' \\\n",
    ];
    const LISTS: [&str; 4] = ["].join(\"\")", "].join('')", "\"\".join(", "''.join("];
    const MANIFESTS: [&str; 4] = ["kind: secret", "kind: \"secret\"", "\"kind\":\"secret\"", "\"kind\": \"secret\""];
    let hex = || (0x20..0x80).map(|byte| format!("{byte:02x}"));
    let letters = (b'0'..=b'z').filter(u8::is_ascii_alphanumeric);
    let escapes = ESCAPES.iter().map(|keyword| (*keyword).to_owned());
    let escapes = escapes
        .chain(hex().map(|digits| format!("\\x{digits}")))
        .chain((2..8).map(|digit| format!("\\u{{{digit}")))
        // Only who encodes every character encodes a letter.
        .chain(letters.clone().map(|letter| format!("%{letter:02x}%")))
        .chain(letters.flat_map(|letter| [format!("&#{letter};"), format!("&#x{letter:x};")]));
    let all = [(&JOINTS[..], Mark::Joint), (&LISTS, Mark::List), (&MANIFESTS, Mark::Manifest)];
    let others = all.into_iter().flat_map(|(words, mark)| words.iter().map(move |word| ((*word).to_owned(), mark)));
    escapes.map(|keyword| (keyword, Mark::Escape)).chain(others).collect()
}

/// What the keyword pass saw of the decoder's keywords.
#[derive(Debug, Default)]
pub struct Marks {
    escapes: Regions,
    others: Vec<(usize, usize, Mark)>,
    left_out: usize,
}

impl Marks {
    /// Takes a keyword hit, if it is worth anything.
    pub fn add(&mut self, mark: Mark, hit: std::ops::Range<usize>, text: &[u8]) {
        let kept = match mark {
            Mark::Escape => {
                // `:\/\/` does not begin with the escape.
                let at = hit.start + usize::from(text[hit.start] == b':');
                if escapes::is_escape(text, at) {
                    self.escapes.add(at..at + 1, escapes::AROUND, text.len());
                }
                return;
            }
            Mark::Joint => joints::is_joint(text, hit.start),
            Mark::List | Mark::Manifest => true,
        };
        if kept && self.others.len() < MOST {
            self.others.push((hit.start, hit.end, mark));
        } else if kept {
            self.left_out += 1;
        }
    }
}

/// The account of one text: what may still be decoded of it.
#[derive(Debug)]
pub struct Work {
    left: usize,
    rounds: usize,
    /// Stretches that were left as they are, since the account was empty.
    pub left_out: usize,
}

impl Work {
    /// The account of a text of so many bytes.
    pub fn new(len: usize) -> Work {
        Work { left: len.saturating_mul(FACTOR).saturating_add(FREE), rounds: ROUNDS, left_out: 0 }
    }

    /// Pays for a decoded text.
    fn pay(&mut self, len: usize) -> bool {
        match self.left.checked_sub(len) {
            Some(left) => self.left = left,
            None => self.left_out += 1,
        }
        self.left_out == 0
    }
}

/// Decodes one round of a text and calls `visit` with each decoded text.
pub fn each(text: &[u8], kind: Kind, marks: Marks, work: &mut Work, visit: &mut dyn FnMut(&Layer, &mut Work)) {
    if work.rounds == 0 {
        return;
    }
    work.rounds -= 1;
    work.left_out += marks.left_out;
    let mut show = |layer: Layer, work: &mut Work| {
        if work.pay(layer.text.len()) {
            visit(&layer, work);
        }
    };
    runs::each(text, |run| {
        let (outcome, end) = digits::decode(text, run, work.left);
        match outcome {
            digits::Outcome::Decoded(layer) => show(layer, work),
            digits::Outcome::Other => {}
            digits::Outcome::TooLong => work.left_out += 1,
        }
        end
    });
    if matches!(kind, Kind::Text | Kind::Binary | Kind::Program) {
        wide::each(text, |layer| show(layer, work));
    }
    if kind != Kind::Binary {
        marked(text, marks, work, &mut show);
    }
    work.rounds += 1;
}

/// Whether a text that has none of the decoder's keywords holds nothing encoded.
pub fn is_plain(text: &[u8]) -> bool {
    let mut is_plain = memchr::memchr2(0, b'\\', text).is_none();
    runs::each(text, |run| {
        if !is_plain {
            return text.len();
        }
        let (outcome, end) = digits::decode(text, run, FREE);
        is_plain = matches!(outcome, digits::Outcome::Other);
        end
    });
    is_plain
}

fn marked(text: &[u8], mut marks: Marks, work: &mut Work, show: &mut dyn FnMut(Layer, &mut Work)) {
    // Too short for the keyword pass.
    let mut continued = Regions::default();
    static CONTINUED: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new(b"\\\n"));
    for at in CONTINUED.find_iter(text).filter(|at| escapes::is_escape(text, *at)) {
        continued.add(at..at + 1, escapes::AROUND, text.len());
    }
    for stretch in marks.escapes.iter().chain(continued.iter()) {
        show(escapes::decode(text, stretch), work);
    }
    marks.others.sort_unstable_by_key(|(start, end, _)| (*start, *end));
    // Where the last string, list and manifest ended: nothing is read twice.
    let (mut string, mut list, mut document) = (0, 0, 0);
    for (start, end, mark) in marks.others {
        match mark {
            Mark::Joint if start >= string => {
                if let Some((layer, end)) = joints::joined(text, start, string) {
                    string = end;
                    layer.into_iter().for_each(|layer| show(layer, work));
                }
            }
            Mark::List if start >= list => {
                if let Some((layer, end)) = joints::listed(text, start..end, list) {
                    list = end;
                    show(layer, work);
                }
            }
            Mark::Manifest if start >= document => {
                document = manifest::each(text, start, document, |layer| show(layer, work));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
