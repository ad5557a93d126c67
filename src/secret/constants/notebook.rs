//! Jupyter notebooks (<https://nbformat.readthedocs.io/en/latest/format_description.html>): code and output as the person
//! at the keyboard saw them.
//!
//! A notebook stores each line as a string of JSON. Its escapes are undone here, each line again becomes one, and all
//! else of the notebook is left out; what has no line of its own is found in the JSON itself.

use std::ops::Range;

use super::transcript::Transcript;

/// Bytes in which the first key of a notebook must stand.
const HEAD: usize = 64;
/// A word of this many bytes is no line.
const PICTURE: usize = 1024;

/// Whether a file begins like a notebook: `nbformat` writes sorted keys, other writers begin with one of these too.
pub fn is_notebook(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let Some(rest) = head.trim_ascii_start().strip_prefix(b"{") else { return false };
    let rest = rest.trim_ascii_start();
    let named = |key: &[u8]| rest.starts_with(key);
    named(b"\"cells\"") || named(b"\"nbformat") || named(b"\"metadata\"") && mentions_format(bytes)
}

/// Many files begin with `metadata`; a notebook says its format at the end.
fn mentions_format(bytes: &[u8]) -> bool {
    memchr::memmem::rfind(&bytes[bytes.len().saturating_sub(256)..], b"\"nbformat\"").is_some()
}

/// Writes down every string of a notebook that is no key and no picture.
pub fn read(bytes: &[u8], out: &mut Transcript) {
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'"', &bytes[at..]).map(|open| at + open) {
        let Some(end) = string_end(bytes, open + 1) else { return };
        let is_key = bytes[end + 1..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':');
        if !is_key && !is_picture(&bytes[open + 1..end]) {
            line(bytes, open + 1..end, out);
        }
        at = end + 1;
    }
}

/// Pictures and other attachments are stored as one long word.
fn is_picture(text: &[u8]) -> bool {
    text.len() >= PICTURE && text[..PICTURE].iter().all(|b| b.is_ascii_alphanumeric() || b"+/\\=".contains(b))
}

/// The quote that closes a string.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Writes the string between two quotes without its escapes. It ends a line, whether it says so or not.
fn line(bytes: &[u8], string: Range<usize>, out: &mut Transcript) {
    let mut at = string.start + magic(&bytes[string.clone()]);
    while at < string.end {
        let plain = memchr::memchr(b'\\', &bytes[at..string.end]).map_or(string.end, |escape| at + escape);
        if plain > at {
            out.push_stored(&bytes[at..plain], at..plain);
        }
        at = plain;
        if plain < string.end {
            let (c, len) = unescape(&bytes[plain..string.end]);
            at = (plain + len).min(string.end);
            let mut utf8 = [0; 4];
            let text = c.encode_utf8(&mut utf8).as_bytes();
            // White space has no need of a place, and is most of what is escaped.
            if c.is_ascii_whitespace() { out.push(text) } else { out.push_stored(text, plain..at) }
        }
    }
    if !out.text().ends_with(b"\n") {
        out.push(b"\n");
    }
}

/// The length of what hands a line to the shell or sets a variable (`!export A=b`, `%env A=b`): behind it stands the
/// line of a script.
fn magic(line: &[u8]) -> usize {
    let starts: [&[u8]; 3] = [b"!", b"%env ", b"%set_env "];
    starts.iter().find(|start| line.starts_with(start)).map_or(0, |start| start.len())
}

/// The character that an escape stands for, and the escape's length (RFC 8259, section 7).
fn unescape(escape: &[u8]) -> (char, usize) {
    let plain = |c| (c, 2);
    match escape.get(1) {
        Some(b'n') => plain('\n'),
        Some(b't') => plain('\t'),
        Some(b'r') => plain('\r'),
        Some(b'b') => plain('\u{8}'),
        Some(b'f') => plain('\u{C}'),
        Some(b'u') => {
            let digits = escape.get(2..6).and_then(|digits| std::str::from_utf8(digits).ok());
            let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            // Halves of a pair are no characters; no secret is written with them.
            (code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
        }
        Some(&other) if other.is_ascii() => plain(char::from(other)),
        _ => plain(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(text: &str) -> Transcript {
        let mut out = Transcript::new(text.len());
        read(text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn notebooks_are_known_by_their_first_key() {
        assert!(is_notebook(b"{\n \"cells\": ["));
        assert!(is_notebook(b"{\"nbformat\":4"));
        assert!(is_notebook(b"{\"metadata\": {}, \"nbformat\": 4}"));
        assert!(!is_notebook(b"{\"metadata\": {}}"));
        assert!(!is_notebook(b"[\"cells\"]"));
        assert!(!is_notebook(b""));
    }

    #[test]
    fn lines_are_written_without_escapes_and_found_again() {
        let text = r#"{"cells": [{"source": ["x = \"a\\b\"\n", "y\u0041z"]}]}"#;
        let out = transcript(text);
        assert_eq!(out.text(), b"x = \"a\\b\"\nyAz\n");
        let stored = |part: &[u8]| {
            let at = memchr::memmem::find(out.text(), part).unwrap();
            out.stored(&(at..at + part.len())).map(|range| &text[range])
        };
        assert_eq!(stored(b"a\\b"), Some(r"a\\b"));
        assert_eq!(stored(b"yAz"), Some(r"y\u0041z"));
        assert_eq!(stored(b"A"), Some(r"\u0041"));
    }

    #[test]
    fn any_cut_is_survived() {
        let text = r#"{"cells": ["a\"b\\", "\u00e9\n\ud83d"]}"#;
        for end in 0..=text.len() {
            transcript(&text[..end]);
        }
    }
}
