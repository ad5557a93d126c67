//! What kind of bytes these are, and UTF-16 turned into UTF-8 with a way back.
//!
//! Latin-1 and UTF-8 need no decoding: patterns work on bytes and name ASCII only. UTF-16 is recognised by its mark or
//! by where its NUL bytes stand; a text of scripts beyond Latin without a mark is not recognised.

use std::borrow::Cow;

use crate::formats::text::utf16_chars;

/// Bytes looked at to tell text from binary data.
const SAMPLE: usize = 4096;
/// A stored offset is kept for every this many bytes of decoded text.
const CHECKPOINT: usize = 512;

/// The kind of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any superset of ASCII.
    Text,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Not text: only rules with a pattern of their own are run.
    Binary,
    /// Compiled: what stands in it as text lies back to back. Never decided here.
    Program,
}

/// Decides from the first [`SAMPLE`] bytes.
pub fn kind(bytes: &[u8]) -> Kind {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    match sample {
        // FF FE 00 00 is UTF-32, which no deployed file uses; its NULs make it binary.
        [0xFF, 0xFE, rest @ ..] if !rest.starts_with(&[0, 0]) => return Kind::Utf16Le,
        [0xFE, 0xFF, ..] => return Kind::Utf16Be,
        _ => {}
    }
    let Counts { even, odd, control } = count(sample);
    let units = sample.len() / 2;
    // Nine of ten units ASCII, hardly a NUL on the other side: tables of small integers have NULs on both.
    if units >= 8 && odd * 10 >= units * 9 && even * 50 <= units {
        return Kind::Utf16Le;
    }
    if units >= 8 && even * 10 >= units * 9 && odd * 50 <= units {
        return Kind::Utf16Be;
    }
    if even + odd >= 2 && (even + odd) * 500 >= sample.len() || control * 20 > sample.len() {
        return Kind::Binary;
    }
    Kind::Text
}

/// What a sample holds: NULs at even and at odd places, and control characters that no text has, NULs among them.
struct Counts {
    even: usize,
    odd: usize,
    control: usize,
}

fn count(sample: &[u8]) -> Counts {
    // As many counters as a register has bytes, so that the compiler counts them all at once; a sample of 4,096 bytes
    // cannot make one overflow.
    const LANES: usize = 32;
    const _: () = assert!(SAMPLE / LANES < u8::MAX as usize);
    let is_control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B);
    let (mut nuls, mut controls) = ([0u8; LANES], [0u8; LANES]);
    let (blocks, rest) = sample.as_chunks::<LANES>();
    let mut padded = [b' '; LANES];
    padded[..rest.len()].copy_from_slice(rest);
    for block in blocks.iter().chain([&padded]) {
        for (lane, byte) in block.iter().enumerate() {
            nuls[lane] += u8::from(*byte == 0);
            controls[lane] += u8::from(is_control(*byte));
        }
    }
    let sum = |counts: &[u8], step: usize| counts.iter().step_by(step).map(|count| usize::from(*count)).sum();
    Counts { even: sum(&nuls, 2), odd: sum(&nuls[1..], 2), control: sum(&controls, 1) }
}

/// Bytes as the rules see them, and the way back to the bytes as stored.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text to search.
    pub bytes: Cow<'a, [u8]>,
    /// (decoded offset, stored offset), ascending; empty where nothing was decoded.
    checkpoints: Vec<(usize, usize)>,
}

impl<'a> Decoded<'a> {
    /// Decodes if `kind` asks for it.
    pub fn new(bytes: &'a [u8], kind: Kind) -> Decoded<'a> {
        match kind {
            Kind::Text | Kind::Binary | Kind::Program => {
                Decoded { bytes: Cow::Borrowed(bytes), checkpoints: Vec::new() }
            }
            Kind::Utf16Le => decode(bytes, u16::from_le_bytes),
            Kind::Utf16Be => decode(bytes, u16::from_be_bytes),
        }
    }

    /// The offset among the stored bytes at which the character at `decoded` begins. At the end of the text: its end.
    pub fn stored(&self, decoded: usize) -> usize {
        let index = self.checkpoints.partition_point(|&(at, _)| at <= decoded);
        let Some(&(mut at, mut stored)) = index.checked_sub(1).and_then(|i| self.checkpoints.get(i)) else {
            return decoded;
        };
        while at < decoded {
            let (utf8, utf16) = widths(self.bytes[at]);
            at += utf8;
            stored += utf16;
        }
        stored
    }
}

/// Bytes that a character takes in UTF-8 and in UTF-16, by its first UTF-8 byte.
fn widths(first: u8) -> (usize, usize) {
    match first {
        0..0x80 => (1, 2),
        0x80..0xE0 => (2, 2),
        0xE0..0xF0 => (3, 2),
        0xF0.. => (4, 4),
    }
}

fn decode(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded<'static> {
    let mut text = String::with_capacity(bytes.len() / 2 + 16);
    let mut checkpoints = vec![(0, 0)];
    let (mut stored, mut next) = (0, CHECKPOINT);
    for c in utf16_chars(bytes, unit) {
        if text.len() >= next {
            checkpoints.push((text.len(), stored));
            next = text.len() + CHECKPOINT;
        }
        text.push(c);
        stored += 2 * c.len_utf16();
    }
    Decoded { bytes: Cow::Owned(text.into_bytes()), checkpoints }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(kind(b""), Kind::Text);
        assert_eq!(kind("naïve = 'x'\n".as_bytes()), Kind::Text);
        assert_eq!(kind(b"na\xEFve = 'x'\n"), Kind::Text);
        assert_eq!(kind(&utf16("\u{FEFF}name", u16::to_le_bytes)), Kind::Utf16Le);
        assert_eq!(kind(&utf16("\u{FEFF}name", u16::to_be_bytes)), Kind::Utf16Be);
        assert_eq!(kind(&utf16("a long enough name", u16::to_le_bytes)), Kind::Utf16Le);
        assert_eq!(kind(&utf16("a long enough name", u16::to_be_bytes)), Kind::Utf16Be);
        assert_eq!(kind(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0"), Kind::Binary);
        assert_eq!(kind(&[1, 0, 0, 0].repeat(40)), Kind::Binary);
    }

    #[test]
    fn every_offset_finds_its_way_back() {
        let text = "\u{FEFF}aé€😀z".repeat(400);
        let stored = utf16(&text, u16::to_le_bytes);
        let decoded = Decoded::new(&stored, Kind::Utf16Le);
        assert_eq!(&*decoded.bytes, text.as_bytes());
        let mut expected = 0;
        for (at, c) in text.char_indices() {
            assert_eq!(decoded.stored(at), expected);
            expected += 2 * c.len_utf16();
        }
        assert_eq!(decoded.stored(text.len()), stored.len());
    }

    #[test]
    fn broken_surrogates_and_odd_ends_keep_offsets() {
        let mut stored = vec![0xFF, 0xFE, 0x00, 0xD8];
        stored.extend(utf16("key", u16::to_le_bytes));
        stored.push(b'!');
        let decoded = Decoded::new(&stored, Kind::Utf16Le);
        let at = memchr::memmem::find(&decoded.bytes, b"key").unwrap();
        assert_eq!(decoded.stored(at), 4);
    }
}
