//! Whether a PDF hides text (ISO 32000-1, 7.3.8 and 7.4: streams and their filters).
//!
//! Its pages are not read: fonts map their codes to letters in ways of their own, so that even what is inflated is not
//! yet text.

use memchr::memmem;

/// Bytes before a stream in which its dictionary is looked for.
const DICTIONARY: usize = 1024;

/// Whether a file is a PDF with streams that are compressed, or all of it encrypted, where text could be: not pictures,
/// fonts and tables of objects.
pub fn hides_text(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"%PDF-") {
        return false;
    }
    let holds = |text: &[u8], word: &str| memmem::find(text, word.as_bytes()).is_some();
    memmem::find_iter(bytes, b"stream").any(|at| {
        let before = &bytes[at.saturating_sub(DICTIONARY)..at];
        let begins = matches!(bytes.get(at + 6), Some(b'\r' | b'\n')) && !before.ends_with(b"end");
        let dictionary = memmem::rfind(before, b"obj").map_or(before, |object| &before[object..]);
        begins
            && ["/FlateDecode", "/Fl ", "/Fl/", "/Fl]", "/LZWDecode"].iter().any(|filter| holds(dictionary, filter))
            && !["/Image", "/XRef", "/Length1", "/Type1C", "/CIDFontType0C", "/OpenType"]
                .iter()
                .any(|other| holds(dictionary, other))
    }) || holds(&bytes[bytes.len().saturating_sub(DICTIONARY)..], "/Encrypt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_text_is_told_from_pictures_and_plain_text() {
        let pdf = |dictionary: &str| {
            let text =
                format!("%PDF-1.7\n4 0 obj\n<<{dictionary}>>\nstream\nx\nendstream\nendobj\ntrailer <</Size 5>>\n");
            hides_text(text.as_bytes())
        };
        assert!(pdf("/Length 1 /Filter /FlateDecode"));
        assert!(pdf("/Filter [/LZWDecode]"));
        assert!(!pdf("/Length 1"));
        assert!(!pdf("/Subtype /Image /Filter /FlateDecode"));
        assert!(!pdf("/Type /XRef /Filter /FlateDecode"));
        assert!(!pdf("/Length1 9 /Filter /FlateDecode"));
        assert!(hides_text(b"%PDF-1.4\n...\ntrailer <</Encrypt 9 0 R>>\n%%EOF"));
        assert!(!hides_text(b"<</Filter /FlateDecode>> stream\n"));
        assert!(!hides_text(b"%PDF-"));
    }
}
