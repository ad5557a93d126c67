//! Single characters written as something else: `\x41` and `\u0041` (JSON, JavaScript, Python, Java), `\/` and `\"` (JSON,
//! also inside a string), `%41` in URLs, `&quot;` and `&#65;` in markup, and a line that goes on behind `\`.
//!
//! Escapes of what no secret is made of (control characters, letters beyond ASCII) stay as they are: a rule names ASCII
//! only, and `\n` in a string is what rules expect there.

use std::ops::Range;

use super::layer::{Layer, Unit};

/// Bytes on either side of an escape that are looked at with it.
pub const AROUND: usize = 320;
/// Bytes before a match of which one that was escaped makes the match a new one.
const REACH: usize = 64;

/// Named characters of markup that stand in secrets, URLs and JSON.
const ENTITIES: [(&[u8], u8); 5] =
    [(b"amp;", b'&'), (b"quot;", b'"'), (b"apos;", b'\''), (b"lt;", b'<'), (b"gt;", b'>')];

/// The escape that begins at `at`: its character, if it is not only a line that goes on, and its length.
fn escape(text: &[u8], at: usize) -> Option<(Option<u8>, usize)> {
    let rest = &text[at..text.len().min(at + 12)];
    let (byte, len) = match rest {
        [b'\\', b'x', digits @ ..] => (number(digits, 16, 2)?, 4),
        [b'\\', b'u', b'{', digits @ ..] => braced(digits).map(|(value, len)| (value, len + 3))?,
        [b'\\', b'u', digits @ ..] => (number(digits, 16, 4)?, 6),
        [b'\\', byte @ (b'/' | b'"'), ..] => (u32::from(*byte), 2),
        [b'\\', b'\n', ..] => return Some((None, 2 + blanks(text, at + 2))),
        [b'\\', b'\r', b'\n', ..] => return Some((None, 3 + blanks(text, at + 3))),
        [b'%', digits @ ..] => (number(digits, 16, 2)?, 3),
        [b'&', b'#', b'x' | b'X', digits @ ..] => closed(digits, 16).map(|(value, len)| (value, len + 3))?,
        [b'&', b'#', digits @ ..] => closed(digits, 10).map(|(value, len)| (value, len + 2))?,
        [b'&', name @ ..] => {
            let (name, byte) = ENTITIES.iter().find(|(known, _)| name.starts_with(known))?;
            (u32::from(*byte), 1 + name.len())
        }
        _ => return None,
    };
    let byte = u8::try_from(byte).ok().filter(u8::is_ascii_graphic)?;
    Some((Some(byte), len))
}

fn blanks(text: &[u8], at: usize) -> usize {
    text[at..].iter().take(80).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Exactly so many digits.
fn number(digits: &[u8], base: u32, count: usize) -> Option<u32> {
    let digits = digits.get(..count)?;
    digits.iter().try_fold(0, |value, digit| Some(value * base + char::from(*digit).to_digit(base)?))
}

/// One to six digits and a `}`: the value and the length with it.
fn braced(digits: &[u8]) -> Option<(u32, usize)> {
    let end = digits.iter().take(7).position(|b| *b == b'}').filter(|end| *end > 0)?;
    number(digits, 16, end).map(|value| (value, end + 1))
}

/// One to four digits and a `;`.
fn closed(digits: &[u8], base: u32) -> Option<(u32, usize)> {
    let end = digits.iter().take(5).position(|b| *b == b';').filter(|end| *end > 0)?;
    number(digits, base, end).map(|value| (value, end + 1))
}

/// Whether an escape worth decoding begins at `at`.
pub fn is_escape(text: &[u8], at: usize) -> bool {
    match escape(text, at) {
        // A command's next argument begins behind a blank.
        Some((None, len)) => {
            at > 0 && text[at - 1].is_ascii_graphic() && text.get(at + len).is_some_and(u8::is_ascii_graphic)
        }
        found => found.is_some(),
    }
}

/// Decodes all escapes of a stretch.
pub fn decode(text: &[u8], stretch: Range<usize>) -> Layer {
    let mut layer = Layer::reaching(REACH);
    let (mut copied, mut at) = (stretch.start, stretch.start);
    while let Some(next) = memchr::memchr3(b'\\', b'%', b'&', &text[at..stretch.end]) {
        at += next;
        let Some((byte, len)) = escape(text, at) else {
            // The second of two backslashes begins nothing.
            at = stretch.end.min(at + 1 + usize::from(text[at..].starts_with(b"\\\\")));
            continue;
        };
        layer.copy(text, copied..at);
        if let Some(byte) = byte {
            layer.push(&[byte], at, Unit::Ratio(1, len));
        }
        at = stretch.end.min(at + len);
        copied = at;
    }
    layer.copy(text, copied..stretch.end.max(copied));
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        String::from_utf8(decode(text.as_bytes(), 0..text.len()).text).unwrap()
    }

    #[test]
    fn each_way_to_write_a_character() {
        for escaped in ["\\x41", "\\u0041", "\\u{41}", "\\u{000041}", "%41", "&#65;", "&#x41;", "&#X41;"] {
            assert_eq!(decoded(&format!("<{escaped}b>")), "<Ab>", "{escaped}");
            assert!(is_escape(escaped.as_bytes(), 0));
        }
        assert_eq!(decoded("https:\\/\\/a\\/"), "https://a/");
        assert_eq!(decoded("{\\\"a\\\":1}"), "{\"a\":1}");
        assert_eq!(decoded("&quot;a&quot;&amp;&lt;&gt;&apos;"), "\"a\"&<>'");
        assert_eq!(decoded("abc\\\ndef\\\r\n   ghi"), "abcdefghi");
    }

    #[test]
    fn what_stays_as_it_is() {
        for text in
            ["\\n", "\\u00e9", "\\x0a", "\\x4", "\\\\x41", "%4", "100%", "%zz", "&nbsp;", "&#;", "\\u{}", "a & b", "\\"]
        {
            assert_eq!(decoded(text), text);
        }
        assert!(!is_escape(b"run \\\n  --flag", 4), "the next argument is another word");
    }

    #[test]
    fn places_are_those_of_the_escapes() {
        let text = "key = \"ab\\x63\\u0064e\"";
        let layer = decode(text.as_bytes(), 0..text.len());
        assert_eq!(layer.text, b"key = \"abcde\"");
        assert_eq!(layer.place(&(7..12)), Some(7..20));
        assert_eq!(layer.place(&(9..10)), Some(9..13));
        assert_eq!(layer.place(&(10..11)), Some(13..19));
    }

    #[test]
    fn any_cut_is_survived() {
        let text = b"\\x41\\u{41}&#65;%41\\\r\n &quot;\\\\";
        for from in 0..text.len() {
            for to in from..=text.len() {
                decode(&text[from..to], 0..to - from);
                decode(text, from..to);
                (0..to - from).for_each(|at| _ = is_escape(&text[from..to], at));
            }
        }
    }
}
