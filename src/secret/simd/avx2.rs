//! 32 bytes at once.
#![allow(unsafe_code, reason = "instructions that not every processor has; the compiler does not find them by itself")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::digits::{LOWER, UPPER, scan};
use crate::secret::keywords::sieve::{DEPTH, LOT, Tables};

/// By eight bits: the numbers of those that are set.
const STEPS: [[u8; 8]; 256] = steps();

const fn steps() -> [[u8; 8]; 256] {
    let mut steps = [[0; 8]; 256];
    let mut bits = 0;
    while bits < 256 {
        let (mut count, mut bit) = (0, 0);
        while bit < 8 {
            if bits >> bit & 1 == 1 {
                steps[bits][count] = bit;
                count += 1;
            }
            bit += 1;
        }
        bits += 1;
    }
    steps
}

/// Bytes of a block.
const BLOCK: usize = 32;

/// Whether the processor has what this file asks for.
pub fn is_able() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")
}

#[target_feature(enable = "avx2")]
fn load(block: &[u8; BLOCK]) -> __m256i {
    // SAFETY: the block has 32 bytes, and this load needs no alignment.
    unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }
}

/// The same sixteen bytes in both halves.
#[target_feature(enable = "avx2")]
fn twice(bytes: [u8; 16]) -> __m256i {
    let bytes = u128::from_le_bytes(bytes);
    _mm256_broadcastsi128_si256(_mm_set_epi64x((bytes >> 64) as i64, bytes as i64))
}

/// See [`Width::each_passing`](super::Width::each_passing).
pub fn each_passing(tables: &Tables, open: u32, text: &[u8], visit: impl FnMut(&[u32])) -> usize {
    assert!(is_able(), "the caller asks");
    if text.len() < BLOCK {
        return 0;
    }
    // SAFETY: the processor has it.
    unsafe { sieve(tables, open, text, visit) }
}

#[target_feature(enable = "avx2,popcnt")]
fn sieve(tables: &Tables, open: u32, text: &[u8], mut visit: impl FnMut(&[u32])) -> usize {
    let quarters = |table: &[u32; 64]| {
        let table = table.map(|sets| sets as u8);
        let quarter = |at: usize| twice(table[at..at + 16].try_into().expect("a quarter"));
        [quarter(0), quarter(16), quarter(32), quarter(48)]
    };
    let [first, second, third, fourth] = tables;
    let tables = [quarters(first), quarters(second), quarters(third), quarters(fourth)];
    let folded = _mm256_set1_epi8(0x20);
    // Every byte that is not of this quarter gets its highest bit, which the shuffle answers with nothing.
    let firsts = [_mm256_set1_epi8(0x20), _mm256_set1_epi8(0x30), _mm256_set1_epi8(0x60), _mm256_set1_epi8(0x70)];
    let beyond = _mm256_set1_epi8(0x70);
    let zero = _mm256_setzero_si256();
    let open = _mm256_set1_epi8(open as i8);
    let mut before = [zero; DEPTH - 1];
    let (mut lot, mut count) = ([0u32; LOT], 0);
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        let bytes = _mm256_or_si256(load(block), folded);
        let index = |quarter: usize| _mm256_adds_epu8(_mm256_xor_si256(bytes, firsts[quarter]), beyond);
        let index = [index(0), index(1), index(2), index(3)];
        let sets = |table: &[__m256i; 4]| {
            let look = |quarter: usize| _mm256_shuffle_epi8(table[quarter], index[quarter]);
            _mm256_or_si256(_mm256_or_si256(look(0), look(1)), _mm256_or_si256(look(2), look(3)))
        };
        let [first, second, third, fourth] = [sets(&tables[0]), sets(&tables[1]), sets(&tables[2]), sets(&tables[3])];
        let beyond_ascii = _mm256_cmpgt_epi8(zero, bytes);
        let fourth = _mm256_or_si256(fourth, _mm256_and_si256(beyond_ascii, open));
        // What the bytes before a byte are in, beside what it is in itself.
        let back = |now, before| _mm256_permute2x128_si256::<0x21>(before, now);
        let begin = _mm256_alignr_epi8::<13>(first, back(first, before[0]));
        let next = _mm256_alignr_epi8::<14>(second, back(second, before[1]));
        let third_back = _mm256_alignr_epi8::<15>(third, back(third, before[2]));
        before = [first, second, third];
        let passing = _mm256_and_si256(_mm256_and_si256(begin, next), _mm256_and_si256(third_back, fourth));
        let passing = !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(passing, zero)) as u32);
        // Eight places at a time, without asking which: what is too much is written over.
        let begin = (number * BLOCK) as u32;
        for quarter in 0..4 {
            let bits = passing >> (8 * quarter) & 0xFF;
            let begin = begin.wrapping_add(8 * quarter).wrapping_sub(DEPTH as u32 - 1);
            for (to, step) in lot[count..count + 8].iter_mut().zip(STEPS[bits as usize]) {
                *to = begin.wrapping_add(u32::from(step));
            }
            count += bits.count_ones() as usize;
        }
        // The next block may have as many as it has bytes.
        if count > LOT - BLOCK {
            visit(&lot[..count]);
            count = 0;
        }
    }
    visit(&lot[..count]);
    text.len() - rest.len() - (DEPTH - 1)
}

/// See [`Width::run`](super::Width::run).
pub fn run(text: &[u8], from: usize) -> Result<Range<usize>, usize> {
    assert!(is_able(), "the caller asks");
    // SAFETY: the processor has it.
    unsafe { run_of_digits(text, from) }
}

#[target_feature(enable = "avx2")]
fn run_of_digits(text: &[u8], from: usize) -> Result<Range<usize>, usize> {
    let (upper, lower) = (twice(UPPER), twice(LOWER));
    let half = _mm256_set1_epi8(0x0F);
    let digits = |block: &[u8; BLOCK]| {
        let bytes = load(block);
        let upper = _mm256_shuffle_epi8(upper, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
        let others =
            _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(lower, bytes), upper), _mm256_setzero_si256());
        u64::from(!(_mm256_movemask_epi8(others) as u32))
    };
    scan(text, from, |blocks| {
        let (blocks, _) = blocks.as_chunks::<BLOCK>();
        digits(&blocks[0]) | digits(&blocks[1]) << BLOCK
    })
}
