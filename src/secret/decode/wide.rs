//! UTF-16 inside of something else: strings of a Windows program, a part of a file that begins in ASCII.
//!
//! It knows ASCII only: in a text of other letters, the words that are ASCII.

use super::layer::{Layer, Unit};

/// The fewest characters of a stretch.
const LEAST: usize = 20;
/// Bytes between two probes: a stretch holds four bytes from each.
const STEP: usize = 2 * LEAST - 4;

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Calls `visit` with every stretch, decoded.
pub fn each(text: &[u8], mut visit: impl FnMut(Layer)) {
    // Nearly no text has any.
    let Some(first) = memchr::memchr(0, text) else { return };
    let (mut from, mut probe) = (0, first.saturating_sub(1).max(LEAST));
    while let Some([first, second, third, fourth]) = text.get(probe..probe + 4) {
        // Of any four bytes every second is NUL.
        let start = match (*first, *second, *third, *fourth) {
            (a, 0, b, 0) if is_text(a) && is_text(b) => probe,
            (0, a, 0, b) if is_text(a) && is_text(b) => probe + 1,
            _ => {
                probe += STEP;
                continue;
            }
        };
        // Read as low byte first; the other order looks the same, but for the NUL before it.
        let unit = |at: usize| text.get(at + 1) == Some(&0) && is_text(text[at]);
        let mut begin = start;
        while begin >= from + 2 && unit(begin - 2) {
            begin -= 2;
        }
        let mut end = start;
        while end < text.len() && unit(end) {
            end += 2;
        }
        if end - begin >= 2 * LEAST {
            let mut layer = Layer::default();
            let bytes: Vec<u8> = text[begin..end].iter().step_by(2).copied().collect();
            layer.push(&bytes, begin, Unit::Ratio(1, 2));
            visit(layer);
        }
        from = end;
        probe = end + LEAST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &[u8]) -> Vec<(String, usize)> {
        let mut out = Vec::new();
        each(text, |layer| {
            let place = layer.place(&(0..layer.text.len())).unwrap();
            out.push((String::from_utf8(layer.text).unwrap(), place.start));
        });
        out
    }

    #[test]
    fn stretches_of_either_order_are_found_wherever_they_lie() {
        let text = "a string of a program";
        for shift in 0..100 {
            for (high_first, unit) in [u16::to_le_bytes, u16::to_be_bytes].into_iter().enumerate() {
                let wide: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
                let bytes = [&vec![0xEE; shift][..], &wide, b"\xff\xff", &wide, &[0xff; 50]].concat();
                let found = found(&bytes);
                let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
                let (first, second) = (shift + high_first, shift + wide.len() + 2 + high_first);
                // High byte first, the last character has no NUL behind it.
                let expected = if high_first == 1 { &text[..text.len() - 1] } else { text };
                assert_eq!(texts, [expected, expected], "{shift}");
                assert_eq!(found.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [first, second]);
            }
        }
    }

    #[test]
    fn zeros_and_ascii_are_no_utf16() {
        assert!(found(&[0; 1000]).is_empty());
        assert!(found(&[1, 0].repeat(500)).is_empty());
        assert!(found(&b"a plain text".repeat(50)).is_empty());
        assert!(found(b"\0a\0").is_empty());
    }
}
