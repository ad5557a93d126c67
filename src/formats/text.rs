//! From the bytes of a text file to text.

use std::borrow::Cow;

/// Decodes a text file: UTF-8 or UTF-16 by its byte order mark, else UTF-8, else Latin-1. The result has no mark.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    decode_unicode(bytes).unwrap_or_else(|| Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()))
}

/// The same for texts that are no Latin-1: `None` for what is neither UTF-8 nor marked as UTF-16.
///
/// `pip freeze > requirements.txt` in Windows PowerShell writes UTF-16 with a mark.
pub fn decode_unicode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Some(String::from_utf8_lossy(rest));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Some(Cow::Owned(utf16(rest, u16::from_le_bytes)));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Some(Cow::Owned(utf16(rest, u16::from_be_bytes)));
    }
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let mut text: String = utf16_chars(bytes, unit).collect();
    if !bytes.len().is_multiple_of(2) {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

/// The characters of UTF-16, without a last odd byte. A lone surrogate becomes the replacement character, which is one
/// unit as well, so that offsets can be counted on.
pub fn utf16_chars(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> impl Iterator<Item = char> {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(move |&pair| unit(pair))).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_decide() {
        assert_eq!(decode(b"\xEF\xBB\xBFa"), "a");
        assert_eq!(decode(b"\xFF\xFEa\0\xE9\0"), "aé");
        assert_eq!(decode(b"\xFE\xFF\0a\0"), "a\u{FFFD}");
        assert_eq!(decode("é".as_bytes()), "é");
        assert_eq!(decode(b"caf\xE9"), "café");
        assert_eq!(decode_unicode(b"caf\xE9"), None);
    }
}
