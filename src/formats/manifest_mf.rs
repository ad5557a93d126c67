//! `META-INF/MANIFEST.MF` of a jar: its main section.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest>. Lines end after 72 bytes wherever
//! that falls, even inside a character, and go on behind one space; unlike in mail the parts are joined without one.
//! Lines end in LF, CR or both. The main section ends at the first blank line: what follows speaks of single entries.

use std::borrow::Cow;

/// The most lines of a main section: real ones stay under a thousand.
const MOST_LINES: usize = 20_000;

/// Names and values of the main section, in order. Compare names without case. Bytes that are not UTF-8 become
/// replacement characters.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, String)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut lines = lines(bytes).take(MOST_LINES).take_while(|line| !line.is_empty()).peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let mut value = Vec::new();
            let split = memchr::memchr(b':', line).map(|colon| (&line[..colon], &line[colon + 1..]));
            value.extend_from_slice(split.map_or(&[][..], |(_, first)| first));
            while let Some(more) = lines.next_if(|line| line.first() == Some(&b' ')) {
                value.extend_from_slice(&more[1..]);
            }
            if let Some((name, _)) = split {
                let value = String::from_utf8_lossy(value.trim_ascii()).into_owned();
                return Some((String::from_utf8_lossy(name.trim_ascii()), value));
            }
        }
    })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = match after {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => after,
        };
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(String, String)> {
        attributes(text).map(|(name, value)| (name.into_owned(), value)).collect()
    }

    #[test]
    fn lines_are_joined_where_they_were_cut() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                "Manifest-Version: 1.0\nBundle-SymbolicName: org.apa\n che.commons\n no colon\n\nName: a/\nX: y\n";
            let text = text.replace('\n', end);
            let expected = [("Manifest-Version", "1.0"), ("Bundle-SymbolicName", "org.apache.commonsno colon")];
            assert_eq!(read(text.as_bytes()), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }

    #[test]
    fn a_character_may_be_cut_in_two() {
        assert_eq!(read(b"Vendor: caf\xC3\n \xA9\n"), [("Vendor".to_owned(), "caf\u{e9}".to_owned())]);
    }

    #[test]
    fn what_is_no_attribute_is_passed_over() {
        assert_eq!(read(b" stray\njunk\n more\nA:b"), [("A".to_owned(), "b".to_owned())]);
        assert_eq!(read(b"\nA: b"), []);
        assert_eq!(read(b""), []);
    }
}
