//! Base64 and hexadecimal digits that stand for text, and text that was compressed before it was encoded.
//!
//! Most long runs of digits in packages are images, fonts, digests and names: the first bytes decide, and what is
//! neither text nor compressed is dropped before the rest is decoded.

use std::ops::Range;

use super::joints::next_piece;
use super::layer::{Layer, Unit};
use super::runs::{LEAST_RUN, VALUES, is_digit};
use crate::artifact::{Packing, Stop, unpack};
use crate::secret::text::{Decoded, Kind};

/// The most that a compressed text may decode to, in bytes.
const UNPACKED: usize = 1 << 20;
/// Bytes of the surroundings that go before a decoded word, for the name that it is assigned to.
const BEFORE: usize = 160;
/// The fewest bytes of a text.
const SHORTEST: usize = LEAST_RUN / 4 * 3 - 2;
/// Digits that decide.
const HEAD: usize = 16;

/// What the first digits decode to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Text,
    Wide,
    Packed(Packing),
}

/// What a run of digits was.
#[derive(Debug)]
pub enum Outcome {
    /// Text.
    Decoded(Layer),
    /// Neither text nor compressed text.
    Other,
    /// Compressed text that is longer than it may be.
    TooLong,
}

/// Decodes the run of digits at `run`, with the lines or pieces that follow it, to at most `most` bytes if it is
/// compressed. Returns what it was, and where to go on.
pub fn decode(text: &[u8], run: Range<usize>, most: usize) -> (Outcome, usize) {
    if let Some(layer) = hexadecimal(text, &run) {
        return (Outcome::Decoded(layer), run.end);
    }
    for start in starts(text, &run) {
        if let Some(content) = content(&text[start..run.end]) {
            let pieces = gather(text, start..run.end);
            let end = pieces.last().map_or(run.end, |piece| piece.end);
            return (base64(text, &pieces, content, most), end);
        }
    }
    (Outcome::Other, run.end)
}

/// Where the first group of four digits may begin: at the run's start, behind the letter of an escape (`\n`), and at
/// any digit where the run began before the text.
fn starts(text: &[u8], run: &Range<usize>) -> Range<usize> {
    let escaped = run.start > 0 && text[run.start - 1] == b'\\';
    let first = run.start + usize::from(escaped);
    first..first + if run.start == 0 { 4 } else { 1 }
}

fn content(digits: &[u8]) -> Option<Content> {
    let mut head = [0; HEAD / 4 * 3];
    let mut len = 0;
    for group in digits.get(..HEAD)?.chunks_exact(4) {
        let bytes = three(group);
        match (len, bytes) {
            (0, [0x1F, 0x8B, 8]) => return Some(Content::Packed(Packing::Gzip)),
            // The levels of compression that zlib writes, for the one window size that is in use.
            (0, [0x78, 0x01 | 0x5E | 0x9C | 0xDA, _]) => return Some(Content::Packed(Packing::Zlib)),
            (0, [first, 0, second]) if is_text(first) && is_text(second) => {}
            (0, bytes) if !bytes.iter().all(|b| is_text(*b)) => return None,
            _ => {}
        }
        head[len..len + 3].copy_from_slice(&bytes);
        len += 3;
    }
    if head.iter().all(|b| is_text(*b)) {
        return Some(Content::Text);
    }
    let wide = head.chunks_exact(2).all(|unit| is_text(unit[0]) && unit[1] == 0);
    wide.then_some(Content::Wide)
}

fn three(group: &[u8]) -> [u8; 3] {
    let bits = group.iter().fold(0, |bits, digit| bits << 6 | u32::from(VALUES[usize::from(*digit)] & 63));
    let [_, first, second, third] = bits.to_be_bytes();
    [first, second, third]
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// The run and the ones that go on with it, on the next line or in the next piece of a string.
fn gather(text: &[u8], run: Range<usize>) -> Vec<Range<usize>> {
    let mut count = run.len();
    let mut pieces = vec![run];
    while let Some(last) = pieces.last()
        && let Some(start) = continued(text, last.end, count)
    {
        let end = start + text[start..].iter().take_while(|b| is_digit(**b)).count();
        // A name is no line of digits.
        if end == start || matches!(text.get(end), Some(b':' | b'.' | b'(' | b' ' | b'<')) {
            break;
        }
        count += end - start;
        pieces.push(start..end);
    }
    pieces
}

/// Where the digits go on that end at `end`, after `count` of them: behind a line end (also a written-out one), behind
/// the quotes of two pieces of a string.
fn continued(text: &[u8], end: usize, count: usize) -> Option<usize> {
    let blanks = |at: usize| at + text[at..].iter().take(80).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let byte = |at: usize| text.get(at).copied();
    if matches!(byte(end)?, b'"' | b'\'' | b'`') {
        return next_piece(text, end);
    }
    // Lines are broken between groups.
    if !count.is_multiple_of(4) {
        return None;
    }
    let mut at = end;
    let mut broken = false;
    // `\r\n`, both as bytes and as escapes, and `\n" + "`.
    for _ in 0..2 {
        match (byte(at), byte(at + 1)) {
            (Some(b'\r' | b'\n'), _) => at += 1,
            (Some(b'\\'), Some(b'n' | b'r')) => at += 2,
            (Some(b'\\'), Some(b'\n')) => at += 2,
            _ => break,
        }
        broken = true;
    }
    match byte(at) {
        _ if !broken => None,
        Some(b'"' | b'\'' | b'`') => next_piece(text, at),
        _ => Some(blanks(at)),
    }
}

fn base64(text: &[u8], pieces: &[Range<usize>], content: Content, most: usize) -> Outcome {
    let mut digits = Layer::default();
    for piece in pieces {
        digits.copy(text, piece.clone());
    }
    let bytes = decoded(&digits.text, content == Content::Text);
    match content {
        Content::Text => match text_len(&bytes) {
            len if len < SHORTEST => Outcome::Other,
            len => Outcome::Decoded(in_place(text, pieces, &bytes[..len])),
        },
        Content::Wide => {
            let mut layer = Layer::default();
            // A character of ASCII takes two bytes in UTF-16, and these two digits and two thirds.
            layer.push(&Decoded::new(&bytes, Kind::Utf16Le).bytes, 0, Unit::Ratio(3, 8));
            Outcome::Decoded(layer.within(digits))
        }
        Content::Packed(packing) => match unpack(&bytes, packing, most.min(UNPACKED)) {
            Ok(unpacked) => {
                let (start, end) = (pieces[0].start, pieces[pieces.len() - 1].end);
                let mut layer = Layer::default();
                layer.push(&unpacked, start, Unit::Whole(end - start));
                Outcome::Decoded(layer)
            }
            Err(Stop::Limit(_)) => Outcome::TooLong,
            Err(Stop::Io(_)) => Outcome::Other,
        },
    }
}

/// The bytes of the digits; of a text up to the first group that is none.
fn decoded(digits: &[u8], is_text: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    for group in digits.chunks(4) {
        let mut whole = [b'A'; 4];
        whole[..group.len()].copy_from_slice(group);
        // Two digits hold one byte, three hold two.
        let group = &three(&whole)[..group.len() * 3 / 4];
        bytes.extend_from_slice(group);
        if is_text && group.iter().any(|b| is_control(*b)) {
            break;
        }
    }
    bytes
}

/// A decoded text in the place of its digits. A word is what the name before it says, so its surroundings go with it;
/// anything longer speaks for itself.
fn in_place(text: &[u8], pieces: &[Range<usize>], bytes: &[u8]) -> Layer {
    let (start, end) = (pieces[0].start, pieces[pieces.len() - 1].end);
    let (lead, tail) = if is_word(bytes) {
        let quote = text[end..].iter().take(3).position(|b| b"\"'`\n".contains(b));
        (start.saturating_sub(BEFORE)..start, quote.map_or(end..end, |at| end + at..end + at + 1))
    } else {
        (start..start, end..end)
    };
    let mut around = Layer::default();
    around.copy(text, lead.clone());
    for piece in pieces {
        around.copy(text, piece.clone());
    }
    let behind = around.text.len();
    around.copy(text, tail.clone());
    let mut layer = Layer::default();
    layer.copy(&around.text, 0..lead.len());
    layer.push(bytes, lead.len(), Unit::Ratio(3, 4));
    layer.copy(&around.text, behind..behind + tail.len());
    layer.within(around)
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1B) || byte == 0x7F
}

/// How much of it is text: up to the first control character or byte that is not UTF-8.
fn text_len(bytes: &[u8]) -> usize {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    bytes[..valid].iter().position(|b| is_control(*b)).unwrap_or(valid)
}

fn is_word(bytes: &[u8]) -> bool {
    bytes.len() <= 512 && bytes.iter().all(|b| b.is_ascii_graphic() && !b"\"'`".contains(b))
}

/// Text in hexadecimal digits, `0x` before them or not.
fn hexadecimal(text: &[u8], run: &Range<usize>) -> Option<Layer> {
    let marked = text[run.clone()].starts_with(b"0x");
    let digits = &text[run.start + 2 * usize::from(marked)..run.end];
    let value = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    let mut bytes = Vec::new();
    for pair in digits.chunks_exact(2) {
        let byte = value(pair[0])? << 4 | value(pair[1])?;
        if !is_text(byte) {
            return None;
        }
        bytes.push(byte);
    }
    let start = run.end - digits.len();
    let mut layer = Layer::default();
    if is_word(&bytes) {
        layer.copy(text, run.start.saturating_sub(BEFORE)..run.start);
    }
    layer.push(&bytes, start, Unit::Ratio(1, 2));
    layer.copy(text, run.end..text.len().min(run.end + 1));
    (bytes.len() >= LEAST_RUN * 2 / 3).then_some(layer)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::super::runs;
    use super::*;

    fn first(text: &[u8]) -> Option<Layer> {
        let mut found = None;
        runs::each(text, |run| match decode(text, run, 1 << 16) {
            (Outcome::Decoded(layer), end) => {
                found.get_or_insert(layer);
                end
            }
            (_, end) => end,
        });
        found
    }

    /// The decoded text and what stands where `part` of it is.
    fn found(text: &str, part: &str) -> Option<String> {
        let layer = first(text.as_bytes())?;
        let at = memchr::memmem::find(&layer.text, part.as_bytes())?;
        let place = layer.place(&(at..at + part.len()))?;
        Some(text[place].to_owned())
    }

    const PLAIN: &str = "a plain text?>~ of some length";

    #[test]
    fn each_alphabet_with_and_without_padding() {
        for len in 20..PLAIN.len() {
            let plain = &PLAIN[..len];
            for digits in [
                STANDARD.encode(plain),
                STANDARD_NO_PAD.encode(plain),
                URL_SAFE.encode(plain),
                URL_SAFE_NO_PAD.encode(plain),
            ] {
                let text = format!("x = \"{digits}\"");
                assert_eq!(found(&text, plain).as_deref(), Some(digits.trim_end_matches('=')), "{text}");
            }
        }
    }

    #[test]
    fn a_part_is_placed_to_the_digit() {
        let text = format!("x: {}", STANDARD.encode(PLAIN));
        for at in 0..PLAIN.len() - 3 {
            let place = found(&text, &PLAIN[at..at + 3]).unwrap();
            let (start, end) = (at * 4 / 3, ((at + 3) * 4).div_ceil(3));
            assert_eq!(place, text[3 + start..3 + end]);
        }
    }

    #[test]
    fn lines_and_pieces_are_one() {
        let long = PLAIN.repeat(6);
        let digits = STANDARD.encode(&long);
        let lines: Vec<&str> = (0..digits.len()).step_by(76).map(|at| &digits[at..digits.len().min(at + 76)]).collect();
        for joint in
            ["\n", "\r\n", "\n    ", "\\n", "\\r\\n", "\" +\n  \"", "\"\n  \"", "' .\n '", "\\n\" + \"", "\\\n"]
        {
            let text = format!("x: \"{}\"\nnext: 1\n", lines.join(joint));
            let layer = first(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&layer.text), long, "{joint:?}");
            let place = layer.place(&(0..long.len())).unwrap();
            assert_eq!(&text[place], lines.join(joint).trim_end_matches('='), "{joint:?}");
        }
    }

    #[test]
    fn values_on_neighbouring_lines_stay_apart() {
        let value = STANDARD_NO_PAD.encode(&PLAIN[..25]);
        let text = format!("{value}\n{value}\n");
        assert_eq!(first(text.as_bytes()).unwrap().text, format!("{}\n", &PLAIN[..25]).into_bytes()[..25]);
        let value = STANDARD.encode(&PLAIN[..24]);
        let text = format!("a:\n  {value}\n  another_name: 1\n");
        assert_eq!(first(text.as_bytes()).unwrap().text, &PLAIN.as_bytes()[..24]);
    }

    #[test]
    fn a_word_keeps_the_name_before_it() {
        let text = format!("password: \"{}\", x", STANDARD.encode("a-word-without-blanks"));
        assert_eq!(first(text.as_bytes()).unwrap().text, b"password: \"a-word-without-blanks\"");
    }

    #[test]
    fn hexadecimal_text_is_told_from_digests() {
        let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
        let text = format!("x = 0x{};", hex(PLAIN));
        assert_eq!(found(&text, "plain"), Some(hex("plain")));
        assert!(first(b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08").is_none());
    }

    #[test]
    fn what_is_compressed_is_unpacked_within_bounds() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(PLAIN.as_bytes()).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(PLAIN.as_bytes()).unwrap();
        for packed in [gzip.finish().unwrap(), zlib.finish().unwrap()] {
            let digits = STANDARD_NO_PAD.encode(packed);
            assert_eq!(found(&format!("x='{digits}'"), "length"), Some(digits));
        }
        let mut bomb = GzEncoder::new(Vec::new(), Compression::default());
        bomb.write_all(&[b'a'; 100_000]).unwrap();
        let digits = STANDARD_NO_PAD.encode(bomb.finish().unwrap());
        assert!(matches!(decode(digits.as_bytes(), 0..digits.len(), 1 << 16).0, Outcome::TooLong));
    }

    #[test]
    fn utf16_inside() {
        let wide: Vec<u8> = PLAIN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = format!("powershell -enc {}", STANDARD.encode(wide));
        assert_eq!(first(text.as_bytes()).unwrap().text, PLAIN.as_bytes());
        assert_eq!(found(&text, "plain").unwrap().len(), 14, "ten bytes from the second digit of a group");
    }

    #[test]
    fn what_is_no_text_is_left_alone() {
        let bytes: Vec<u8> = (0..200u32).map(|i| (i * 89 % 251) as u8).collect();
        for text in [
            STANDARD.encode(&bytes),
            format!("data:image/png;base64,{}", STANDARD.encode([b"\x89PNG\r\n\x1a\n", &bytes[..]].concat())),
            "mappings\":\"AAAAA,SAASA,KACPC,QAAQC,IAAIC,MACZC,UAAUC,SACVC,KAAKC,SACP".to_owned(),
            "getElementsByTagNameAndClassNameOfTheDocument/path_to/some-file".to_owned(),
            "_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start".to_owned(),
        ] {
            assert!(first(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn any_cut_is_survived() {
        let text = format!("x=\"{}\\n\" + \"{}", STANDARD.encode(PLAIN), STANDARD.encode(PLAIN));
        for from in 0..text.len() {
            first(&text.as_bytes()[from..]);
            first(&text.as_bytes()[..from]);
        }
    }
}
