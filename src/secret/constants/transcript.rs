//! What a file holds, written as lines of source text, with the way back to the bytes as stored.
//!
//! `password = "..."` in a compiled program is a name in one table and a value in another. Written as the line that it
//! was compiled from, the same rules and the same judge read it as in source text.

use std::collections::HashSet;
use std::ops::Range;

use crate::secret::shape::looks_random;

/// Shorter values cannot be secrets: no rule reads them.
const SHORTEST: usize = 6;
/// Longer values are written without their name, and longer names not at all: the readers look no further either.
const LONGEST_NAMED: usize = 512;
const LONGEST_NAME: usize = 100;

/// Stretches that the way back is kept for, at 16 bytes each.
const MAX_PARTS: usize = 1 << 22;

/// Where a stretch of the transcript came from.
#[derive(Clone, Copy, Debug)]
struct Part {
    at: u32,
    len: u32,
    stored: u32,
    stored_len: u32,
}

/// A text made of parts of a file.
#[derive(Debug, Default)]
pub struct Transcript {
    text: Vec<u8>,
    /// Ascending by `at`. Where both lengths are equal, offsets inside match byte by byte.
    parts: Vec<Part>,
    /// Where the values begin that were written.
    seen: HashSet<usize>,
    /// The length from which on nothing more is written: a hostile file can use each of its values many times.
    limit: usize,
    left_out: usize,
}

impl Transcript {
    /// An empty one for a file of `len` bytes.
    pub fn new(len: usize) -> Transcript {
        Transcript { limit: len.saturating_mul(2).saturating_add(64 << 10), ..Transcript::default() }
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Values that were not written, since the limit was reached.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Appends text that is not in the file.
    pub fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Appends text that stands for `stored` of the file.
    pub fn push_stored(&mut self, text: &[u8], stored: Range<usize>) {
        let small = |n: usize| u32::try_from(n).ok();
        let part = (small(self.text.len()), small(text.len()), small(stored.start), small(stored.len()));
        match part {
            (Some(at), Some(len), Some(stored), Some(stored_len)) if self.parts.len() < MAX_PARTS => {
                self.parts.push(Part { at, len, stored, stored_len });
            }
            _ => self.left_out += 1,
        }
        self.text.extend_from_slice(text);
    }

    /// Writes a value as a line of its own, unless it was written before.
    pub fn value(&mut self, bytes: &[u8], pieces: &[Range<usize>]) {
        if pieces.first().is_some_and(|piece| !self.seen.contains(&piece.start)) {
            self.pair(b"", bytes, pieces);
        }
    }

    /// Writes `name = "value"`. The value is the `pieces` of `bytes`, one behind the other.
    pub fn pair(&mut self, name: &[u8], bytes: &[u8], pieces: &[Range<usize>]) {
        let len: usize = pieces.iter().map(ExactSizeIterator::len).sum();
        if len < SHORTEST {
            return;
        }
        if self.text.len().saturating_add(len) > self.limit {
            self.left_out += 1;
            return;
        }
        let setting = pieces.len() == 1 && is_setting(&bytes[pieces[0].clone()]);
        // A name that would end the line is none.
        let plain = name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        if !name.is_empty() && plain && !setting && name.len() <= LONGEST_NAME && len <= LONGEST_NAMED {
            self.text.extend_from_slice(name);
            self.text.extend_from_slice(b" = ");
        }
        let holds = |quote: &u8| pieces.iter().any(|piece| memchr::memchr(*quote, &bytes[piece.clone()]).is_some());
        let quote = [b'"', b'\'', b'`'].into_iter().find(|quote| !holds(quote)).unwrap_or(b'"');
        self.text.push(quote);
        for piece in pieces {
            self.push_stored(&bytes[piece.clone()], piece.clone());
        }
        self.text.extend_from_slice(&[quote, b'\n']);
        self.seen.extend(pieces.first().map(|piece| piece.start));
    }

    /// Where a stretch of the text is stored; `None` if none of it is. What lies in several places of the file is told
    /// by its first.
    pub fn stored(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.part_at(range.start)?;
        let start = first.offset(range.start);
        let last = self.part_at(range.end.checked_sub(1)?).map_or(start, |part| part.offset_behind(range.end));
        // Escapes stretch a value, but not without bounds: what is further apart lies in several places.
        let whole = last > start && last - start <= 6 * range.len() + 64;
        let end = if whole { last } else { first.offset_behind(range.end) };
        (end > start).then_some(start..end)
    }

    fn part_at(&self, at: usize) -> Option<&Part> {
        let index = self.parts.partition_point(|part| part.at as usize <= at).checked_sub(1)?;
        self.parts.get(index).filter(|part| at < part.at as usize + part.len as usize)
    }
}

/// `acme2.trustStorePassword`: the dotted name of a setting, which compiled code keeps in constants called like it.
fn is_setting(value: &[u8]) -> bool {
    let word = |part: &[u8]| {
        part.first().is_some_and(u8::is_ascii_alphabetic)
            && part.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let last = value.rsplit(|b| *b == b'.').next().unwrap_or_default();
    value.len() > last.len()
        && value.split(|b| *b == b'.').all(word)
        && !last.iter().any(u8::is_ascii_digit)
        && !looks_random(last)
}

impl Part {
    fn offset(&self, at: usize) -> usize {
        let inside = at - self.at as usize;
        self.stored as usize + if self.len == self.stored_len { inside } else { 0 }
    }

    /// The stored end of what ends at `end` or with this part.
    fn offset_behind(&self, end: usize) -> usize {
        let inside = (end - self.at as usize).min(self.len as usize);
        self.stored as usize + if self.len == self.stored_len { inside } else { self.stored_len as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_lines_and_found_again() {
        let file = b"..Summer..it's \"x\"..name";
        let mut transcript = Transcript::new(file.len());
        transcript.pair(b"name", file, std::slice::from_ref(&(2..8)));
        transcript.value(file, std::slice::from_ref(&(10..18)));
        transcript.value(file, std::slice::from_ref(&(2..8)));
        transcript.value(file, std::slice::from_ref(&(0..3)));
        assert_eq!(transcript.text(), b"name = \"Summer\"\n`it's \"x\"`\n");
        assert_eq!(transcript.stored(&(8..14)), Some(2..8));
        assert_eq!(transcript.stored(&(9..12)), Some(3..6));
        assert_eq!(transcript.stored(&(0..4)), None);
        assert_eq!(transcript.stored(&(17..25)), Some(10..18));
    }

    #[test]
    fn a_value_in_several_places_is_told_by_its_first() {
        let mut file = vec![b'.'; 4000];
        file[3000..3004].copy_from_slice(b"Summ");
        file[16..20].copy_from_slice(b"er24");
        let mut transcript = Transcript::new(file.len());
        transcript.pair(b"k", &file, &[3000..3004, 16..20]);
        assert_eq!(transcript.stored(&(5..13)), Some(3000..3004));
        assert_eq!(transcript.stored(&(9..13)), Some(16..20));
    }

    #[test]
    fn names_of_settings_are_told_from_values() {
        assert!(is_setting(b"acme2.trustStorePassword"));
        for value in ["Summer2024!", "acme2.Winter24", "trustStorePassword", "a1.xkqzjvwpfhgtbn", "db.acme.io/x2"] {
            assert!(!is_setting(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn values_are_not_written_without_end() {
        let file = [b'v'; 100];
        let mut transcript = Transcript::new(file.len());
        for _ in 0..10_000 {
            transcript.pair(b"a_long_enough_name", &file, std::slice::from_ref(&(0..100)));
        }
        assert!(transcript.text().len() < 70_000);
        assert!(transcript.left_out() > 9_000);
    }
}
