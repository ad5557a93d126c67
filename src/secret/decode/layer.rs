//! A decoded text, and the way back from it to the text that it was decoded from.

use std::ops::Range;

/// How decoded bytes stand for stored ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many decoded bytes for so many stored ones: `1, 1` for a copy, `3, 4` for base64, `1, 6` for `\u0041`.
    Ratio(usize, usize),
    /// Any decoded byte stands for all of these many stored ones: compression has no places of its own.
    Whole(usize),
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    decoded: usize,
    stored: usize,
    unit: Unit,
}

/// The segments of a decoded text, ascending in it. They need not ascend in the stored text.
#[derive(Debug, Default)]
struct Map(Vec<Segment>);

impl Map {
    fn segment(&self, decoded: usize) -> Option<&Segment> {
        let index = self.0.partition_point(|segment| segment.decoded <= decoded);
        index.checked_sub(1).and_then(|index| self.0.get(index))
    }

    fn place(&self, decoded: &Range<usize>) -> Option<Range<usize>> {
        let first = self.segment(decoded.start)?;
        let last = self.segment(decoded.end.checked_sub(1)?)?;
        let start = match first.unit {
            Unit::Ratio(out, from) => first.stored + (decoded.start - first.decoded) * from / out,
            Unit::Whole(_) => first.stored,
        };
        let end = match last.unit {
            Unit::Ratio(out, from) => last.stored + ((decoded.end - last.decoded) * from).div_ceil(out),
            Unit::Whole(len) => last.stored + len,
        };
        (start < end).then_some(start..end)
    }
}

/// A decoded text with as much of its surroundings as the rules need to see.
#[derive(Debug, Default)]
pub struct Layer {
    /// The text to search.
    pub text: Vec<u8>,
    map: Map,
    /// Where the text was put together from pieces before it was decoded: from the pieces to the stored text.
    pieces: Option<Map>,
    /// Bytes before a match of which one that was decoded makes the match a new one: where the quotes around a name
    /// are escaped, the value needs no decoding.
    reach: usize,
    /// The text is `name=value`, the name of this many bytes: the whole value is what the name says.
    pub name_len: Option<usize>,
}

impl Layer {
    /// A text in which what was decoded matters to a match up to `reach` bytes behind it.
    pub fn reaching(reach: usize) -> Layer {
        Layer { reach, ..Layer::default() }
    }

    /// A text that will be `name=value`.
    pub fn named(name_len: usize) -> Layer {
        Layer { name_len: Some(name_len), ..Layer::default() }
    }

    /// Appends `bytes`, which stand for what begins at `stored`.
    pub fn push(&mut self, bytes: &[u8], stored: usize, unit: Unit) {
        if bytes.is_empty() {
            return;
        }
        let at = self.text.len();
        let goes_on = self.map.0.last().is_some_and(|last| match (last.unit, unit) {
            (Unit::Ratio(out, from), Unit::Ratio(..)) => {
                let len = at - last.decoded;
                last.unit == unit && len.is_multiple_of(out) && last.stored + len / out * from == stored
            }
            _ => false,
        });
        if !goes_on {
            self.map.0.push(Segment { decoded: at, stored, unit });
        }
        self.text.extend_from_slice(bytes);
    }

    /// Appends a part of the stored text as it is.
    pub fn copy(&mut self, text: &[u8], range: Range<usize>) {
        let start = range.start;
        self.push(&text[range], start, Unit::Ratio(1, 1));
    }

    /// Says that offsets count within `pieces`, which were put together before.
    pub fn within(mut self, pieces: Layer) -> Layer {
        self.pieces = Some(pieces.map);
        self
    }

    /// Where a match in the decoded text stands in the stored one; `None` if nothing there was decoded, so that the
    /// stored text shows it as well.
    pub fn place(&self, found: &Range<usize>) -> Option<Range<usize>> {
        let stored = self.stored(found)?;
        let seen = found.start.saturating_sub(self.reach)..(found.end + self.reach.min(8)).min(self.text.len());
        let is_copy = self.stored(&seen).is_some_and(|around| around.len() == seen.len());
        (!is_copy).then_some(stored)
    }

    fn stored(&self, decoded: &Range<usize>) -> Option<Range<usize>> {
        let within = self.map.place(decoded)?;
        match &self.pieces {
            Some(pieces) => pieces.place(&within),
            None => Some(within),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_leads_back() {
        let stored = b"key=\\x41\\x42QUJD!";
        let mut layer = Layer::default();
        layer.copy(stored, 0..4);
        layer.push(b"A", 4, Unit::Ratio(1, 4));
        layer.push(b"B", 8, Unit::Ratio(1, 4));
        layer.push(b"ABC", 12, Unit::Ratio(3, 4));
        layer.copy(stored, 16..17);
        assert_eq!(layer.text, b"key=ABABC!");
        assert_eq!(layer.place(&(0..4)), None);
        assert_eq!(layer.place(&(9..10)), None);
        assert_eq!(layer.place(&(4..6)), Some(4..12));
        assert_eq!(layer.place(&(5..6)), Some(8..12));
        assert_eq!(layer.place(&(6..9)), Some(12..16));
        assert_eq!(layer.place(&(7..8)), Some(13..15), "the second of three bytes lies in the second and third digit");
        assert_eq!(layer.place(&(3..10)), Some(3..17));
        assert_eq!(layer.map.0.len(), 4, "escapes of one width are one segment");
    }

    #[test]
    fn what_was_compressed_stands_for_all_of_it() {
        let mut layer = Layer::default();
        layer.push(b"a long text", 7, Unit::Whole(3));
        assert_eq!(layer.place(&(2..6)), Some(7..10));
    }

    #[test]
    fn pieces_are_put_together_first() {
        let stored = b"QU\nJD";
        let mut pieces = Layer::default();
        pieces.copy(stored, 0..2);
        pieces.copy(stored, 3..5);
        let mut layer = Layer::default();
        layer.push(b"ABC", 0, Unit::Ratio(3, 4));
        let layer = layer.within(pieces);
        assert_eq!(layer.place(&(0..3)), Some(0..5));
        assert_eq!(layer.place(&(2..3)), Some(3..5));
    }

    #[test]
    fn a_decoded_name_makes_its_value_new() {
        let stored = b"&quot;a&quot;:&quot;value&quot;";
        let mut layer = Layer::reaching(8);
        let mut at = 0;
        for part in [6, 1, 6, 1, 6, 5, 6] {
            match part {
                6 => layer.push(b"\"", at, Unit::Ratio(1, 6)),
                _ => layer.copy(stored, at..at + part),
            }
            at += part;
        }
        assert_eq!(layer.text, b"\"a\":\"value\"");
        assert_eq!(layer.place(&(5..10)), Some(20..25));
    }
}
