//! Header blocks in the style of RFC 822: Python's `METADATA` and `PKG-INFO`.
//!
//! The block ends at the first blank line; what follows is text that may well contain a line such as `Name: other`.
//! A line that is no header is passed over instead of ending the block as Python's own reader does: a license text
//! that was pasted without indentation must not hide the name behind it.

use std::borrow::Cow;

/// One header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name as written; compare without case.
    pub name: Cow<'a, str>,
    /// The value without outer white space; folded lines are joined by one space.
    pub value: Cow<'a, str>,
}

impl Header<'_> {
    /// Whether this is the header of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The headers of a block, in order. Bytes that are not UTF-8 become replacement characters.
pub fn headers(bytes: &[u8]) -> impl Iterator<Item = Header<'_>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut lines = bytes
        .split(|&b| b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty())
        .peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let Some((name, first)) = split_header(line) else { continue };
            let mut value = String::from_utf8_lossy(first.trim_ascii());
            while let Some(more) = lines.next_if(|line| is_folded(line)) {
                let value = value.to_mut();
                value.push(' ');
                value.push_str(&String::from_utf8_lossy(more.trim_ascii()));
            }
            return Some(Header { name: String::from_utf8_lossy(name), value });
        }
    })
}

fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, rest) = line.split_at(colon);
    let plain = !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic());
    plain.then_some((name, &rest[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(String, String)> {
        headers(text).map(|h| (h.name.into_owned(), h.value.into_owned())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_block_ends_at_the_blank_line() {
        assert_eq!(read(b"Name: a\r\nVersion: 1\r\n\r\nName: b\r\n"), pairs(&[("Name", "a"), ("Version", "1")]));
        assert_eq!(read(b"\nName: b"), []);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn folded_lines_are_one_value() {
        assert_eq!(
            read(b"License: one\n  two\n\tthree: 3\nName: a"),
            pairs(&[("License", "one two three: 3"), ("Name", "a")])
        );
        assert_eq!(read(b"  stray: fold\nName: a"), pairs(&[("Name", "a")]));
    }

    #[test]
    fn what_is_no_header_is_passed_over() {
        assert_eq!(
            read(b"\xEF\xBB\xBFName: a\nno colon here\nwith space: x\n: empty\nVersion: \xFF"),
            pairs(&[("Name", "a"), ("Version", "\u{FFFD}")])
        );
    }
}
