//! From offsets to lines and columns, and to the comments that allow a secret.

use memchr::{memchr, memrchr};

use super::text::Decoded;
use crate::artifact::Piece;
use crate::model::Span;
use std::ops::Range;

/// Comments that mark a secret on the same line as intended: ours, and those of scanners in common use
/// (<https://github.com/gitleaks/gitleaks#gitleaksallow>,
/// <https://github.com/trufflesecurity/trufflehog#how-do-i-ignore-a-secret>,
/// <https://github.com/Yelp/detect-secrets#inline-allowlisting>).
pub const ALLOW_COMMENTS: [&str; 5] =
    ["tidewaiter:allow", "gitleaks:allow", "trufflehog:ignore", "betterleaks:allow", "pragma: allowlist secret"];

/// Walks forward over a text, so that many findings on one long line cost one pass and not one each.
pub struct Places<'a> {
    piece: Piece<'a>,
    decoded: &'a Decoded<'a>,
    /// Offsets of allow-comments, ascending.
    comments: &'a [usize],
    at: usize,
    lines: u64,
    /// Where the current line begins; `None` if before this piece.
    line_start: Option<usize>,
    line_end: usize,
}

impl<'a> Places<'a> {
    /// `comments` are the ascending offsets of allow-comments in the decoded text.
    pub fn new(piece: Piece<'a>, decoded: &'a Decoded<'a>, comments: &'a [usize]) -> Places<'a> {
        Places { piece, decoded, comments, at: 0, lines: 0, line_start: None, line_end: 0 }
    }

    /// The place of `range` (in decoded text) among the bytes as stored, and whether an allow-comment stands on its
    /// line. Ranges must come in ascending order of their starts.
    pub fn locate(&mut self, range: Range<usize>) -> (Span, bool) {
        let text = &*self.decoded.bytes;
        let passed = &text[self.at..range.start];
        if let Some(feed) = memrchr(b'\n', passed) {
            self.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
            self.line_start = Some(self.at + feed + 1);
        }
        if self.line_end < range.start || self.at == 0 {
            self.line_end = memchr(b'\n', &text[range.start..]).map_or(text.len(), |feed| range.start + feed);
        }
        self.at = range.start;
        let first = self.comments.partition_point(|&at| at < self.line_start.unwrap_or(0));
        let allowed = self.comments.get(first).is_some_and(|&at| at < self.line_end);

        let start = self.decoded.stored(range.start);
        let end = self.decoded.stored(range.end);
        let column = match self.line_start {
            Some(line) => (start - self.decoded.stored(line)) as u64,
            None => self.piece.column_before + start as u64,
        };
        let span = Span {
            offset: self.piece.offset + start as u64,
            length: (end - start) as u64,
            line: self.piece.lines_before + self.lines + 1,
            column: column + 1,
        };
        (span, allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Kind;
    use super::*;

    #[test]
    fn lines_columns_and_comments() {
        let text = b"one two\nthree # gitleaks:allow\nfour five";
        let decoded = Decoded::new(text, Kind::Text);
        let piece = Piece { offset: 1000, lines_before: 7, column_before: 20, ..Piece::whole(text) };
        let comments = [16];
        let mut places = Places::new(piece, &decoded, &comments);
        let span = |offset, length, line, column| Span { offset, length, line, column };
        assert_eq!(places.locate(4..7), (span(1004, 3, 8, 25), false));
        assert_eq!(places.locate(8..13), (span(1008, 5, 9, 1), true));
        assert_eq!(places.locate(31..35), (span(1031, 4, 10, 1), false));
        assert_eq!(places.locate(36..40), (span(1036, 4, 10, 6), false));
    }

    #[test]
    fn utf16_columns_count_stored_bytes() {
        let stored: Vec<u8> = "\u{FEFF}é\r\né key".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoded = Decoded::new(&stored, Kind::Utf16Le);
        let at = memchr::memmem::find(&decoded.bytes, b"key").unwrap();
        let (span, _) = Places::new(Piece::whole(&stored), &decoded, &[]).locate(at..at + 3);
        assert_eq!(span, Span { offset: 12, length: 6, line: 2, column: 5 });
        assert_eq!(&stored[12..18], b"k\0e\0y\0");
    }
}
