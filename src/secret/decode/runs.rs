//! Finds long runs of base64 digits: 64 bytes at once where the processor can, else a step at a time (whatever its
//! place, a run of twice a step's length fills one whole step, and most steps of a text hold something else).

use std::ops::Range;

use crate::secret::simd::Width;

/// The fewest digits of a run: 18 bytes, less than any vendor's token.
pub const LEAST_RUN: usize = 24;

/// Bytes between two probes.
const STEP: usize = LEAST_RUN / 2;

/// By byte: its six bits, or [`NONE`]. Both alphabets at once (<https://www.rfc-editor.org/rfc/rfc4648>): no text mixes
/// them, and one that did would decode all the same.
pub const VALUES: [u8; 256] = values();
/// Not a digit.
pub const NONE: u8 = 64;

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 64 {
        values[digits[at] as usize] = at as u8;
        at += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
}

/// Whether a byte is a digit of either alphabet.
pub fn is_digit(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// Whether one of the first eight bytes is a blank, a quote, a parenthesis, another byte below `+`, or no ASCII: nearly
/// every step of a text has one, and eight bytes are asked as one number (a borrow shows in a byte's highest bit).
fn holds_mark(step: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let Some(bytes) = step.first_chunk() else { return false };
    let word = u64::from_ne_bytes(*bytes);
    (word.wrapping_sub(ONES * b'+' as u64) & !word | word) & HIGH != 0
}

/// Calls `visit` with every run of at least [`LEAST_RUN`] digits, in order; it says where to go on. Returns the number of
/// bytes looked at: the measure of the work done.
pub fn each(text: &[u8], visit: impl FnMut(Range<usize>) -> usize) -> usize {
    each_at(Width::widest(), text, visit)
}

/// The same at a width that the processor has.
fn each_at(width: Width, text: &[u8], mut visit: impl FnMut(Range<usize>) -> usize) -> usize {
    let (mut from, mut looked) = (0, 0);
    loop {
        let run = match width.run(text, from) {
            Ok(run) => run,
            Err(rest) => return looked + rest - from + each_by_steps(text, rest, visit),
        };
        let end = run.end;
        looked += end - from;
        from = visit(run).max(end);
    }
}

/// The same from a place on, which no run of [`LEAST_RUN`] digits crosses, a step at a time.
fn each_by_steps(text: &[u8], mut from: usize, mut visit: impl FnMut(Range<usize>) -> usize) -> usize {
    let (mut probe, mut looked) = (from, 0);
    while let Some(step) = text.get(probe..probe + STEP) {
        looked += STEP;
        if holds_mark(step) {
            probe += STEP;
            continue;
        }
        // All bytes at once: a branch for each would be mispredicted at every other one.
        let all = step.iter().fold(0, |all, byte| all | VALUES[usize::from(*byte)]);
        if all & NONE != 0 {
            probe += STEP;
            continue;
        }
        let start = text[from..probe].iter().rposition(|b| !is_digit(*b)).map_or(from, |at| from + at + 1);
        let end = probe + text[probe..].iter().take_while(|b| is_digit(**b)).count();
        looked += end - start;
        from = end;
        if end - start >= LEAST_RUN {
            from = visit(start..end).max(end);
        }
        probe = from.max(probe + 1);
    }
    looked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At every width of this processor, which must agree.
    fn runs(text: &[u8]) -> Vec<Range<usize>> {
        let at = |width| {
            let mut out = Vec::new();
            each_at(width, text, |run| {
                let end = run.end;
                out.push(run);
                end
            });
            out
        };
        let plain = at(Width::Plain);
        for width in [Width::Avx2, Width::Avx512].into_iter().filter(|width| width.is_here()) {
            assert_eq!(at(width), plain, "{width:?}");
        }
        plain
    }

    #[test]
    fn every_width_knows_the_same_digits() {
        for byte in 0..=u8::MAX {
            let text = [&[b'.'; 40][..], &[byte; LEAST_RUN], &[b'.'; 40]].concat();
            assert_eq!(runs(&text).len(), usize::from(is_digit(byte)), "{byte}");
        }
    }

    #[test]
    fn every_run_of_enough_digits_is_found_wherever_it_lies() {
        for shift in 0..3 * LEAST_RUN {
            for len in LEAST_RUN - 2..LEAST_RUN + 3 {
                let text = [&b"ab ".repeat(shift)[..shift], b"=", &b"Ab1_"[..].repeat(10)[..len], b".x."].concat();
                let expected: Vec<Range<usize>> =
                    (len >= LEAST_RUN).then_some(shift + 1..shift + 1 + len).into_iter().collect();
                assert_eq!(runs(&text), expected, "{shift} {len}");
            }
        }
    }

    #[test]
    fn runs_at_both_ends_and_next_to_one_another() {
        let run = [b'A'; LEAST_RUN];
        let text = [&run[..], b"=", &run, b"\n", &run].concat();
        assert_eq!(runs(&text), [0..24, 25..49, 50..74]);
        assert!(runs(b"").is_empty());
    }

    #[test]
    fn hostile_text_is_looked_at_twice_at_most() {
        for len in [1, STEP - 1, STEP, STEP + 1, LEAST_RUN - 1, LEAST_RUN, 1000] {
            let text = ("a".repeat(len) + " ").repeat(1000);
            let looked = each(text.as_bytes(), |run| run.end);
            assert!(looked <= 2 * text.len() + LEAST_RUN, "{len}: {looked} of {}", text.len());
        }
    }
}
