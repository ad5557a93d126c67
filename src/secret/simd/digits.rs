//! Runs of base64 digits of either alphabet, 64 bytes at once.

use std::ops::Range;

use crate::secret::decode::runs::{LEAST_RUN, is_digit};

/// By the upper half of a byte, and by the lower: a bit for each of `+-/`, `0-9`, `A-O` and `a-o`, `P-Z` and `_`, `p-z`. A
/// byte is a digit where its halves have one in common.
pub const UPPER: [u8; 16] = [0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
/// See [`UPPER`].
pub const LOWER: [u8; 16] = lower();

const fn lower() -> [u8; 16] {
    let mut lower = [0; 16];
    let mut at = 0;
    while at < 16 {
        lower[at] = (at == 11 || at == 13 || at == 15) as u8
            | ((at < 10) as u8) << 1
            | ((at > 0) as u8) << 2
            | ((at < 11 || at == 15) as u8) << 3
            | ((at < 11) as u8) << 4;
        at += 1;
    }
    lower
}

/// Bytes of a block.
const BLOCK: usize = 64;

/// See [`Width::run`](super::Width::run); `digits` has a bit for each digit of a block. Always a part of the caller: it
/// may use instructions that only the caller has asked for.
#[inline(always)]
pub fn scan(text: &[u8], from: usize, digits: impl Fn(&[u8; BLOCK]) -> u64) -> Result<Range<usize>, usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (blocks, _) = text.get(from..).unwrap_or_default().as_chunks::<BLOCK>();
    // The block before, and which of its eight bytes at a multiple of eight are all digits, a high bit each.
    let (mut before, mut before_full) = (0, 0);
    for (number, block) in blocks.iter().enumerate() {
        let this = digits(block);
        // Nearly never are two words in a row, at multiples of eight, all digits, as in each 24 digits they are. Either the
        // second of them is in this block, or the 24 end within its first word, and the two are the last of the block
        // before. A word too many that counts as full does no harm.
        const { assert!(LEAST_RUN >= 24 && LEAST_RUN <= 32) };
        let full = (!this).wrapping_sub(ONES) & this & HIGH;
        let pairs = full & (full << 8 | before_full >> 56);
        if pairs != 0 || before >> 48 == 0xFFFF {
            let mut runs = u128::from(before) | u128::from(this) << BLOCK;
            // Of two, of four, of eight, of sixteen, of twenty-four.
            for step in [1, 2, 4, 8, LEAST_RUN - 16] {
                runs &= runs >> step;
            }
            if runs != 0 {
                let start = from + number * BLOCK + runs.trailing_zeros() as usize - BLOCK;
                let mut end = start + LEAST_RUN;
                while let Some(block) = text.get(end..).and_then(<[u8]>::first_chunk) {
                    let more = digits(block).trailing_ones() as usize;
                    end += more;
                    if more < BLOCK {
                        return Ok(start..end);
                    }
                }
                end += text[end..].iter().take_while(|byte| is_digit(**byte)).count();
                return Ok(start..end);
            }
        }
        (before, before_full) = (this, full);
    }
    Err(from + blocks.len().saturating_sub(1) * BLOCK)
}
