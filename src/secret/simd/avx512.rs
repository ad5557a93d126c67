//! 64 bytes at once.
#![allow(unsafe_code, reason = "instructions that not every processor has; the compiler does not find them by itself")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::digits::{LOWER, UPPER, scan};
use crate::secret::keywords::sieve::{DEPTH, LOT, Tables};

/// Bytes of a block.
const BLOCK: usize = 64;
/// Bytes of a block and of the groups that begin in it, in whole words.
const REACH: usize = BLOCK + DEPTH;
/// Places that one instruction writes down.
const LANES: usize = 16;

/// Whether the processor has what this file asks for, and what the compiler takes along with it.
pub fn is_able() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
}

#[target_feature(enable = "avx512f")]
fn load(block: &[u8; BLOCK]) -> __m512i {
    // SAFETY: the block has 64 bytes, and this load needs no alignment.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

/// Sixteen sets of the table's classes.
#[target_feature(enable = "avx512f")]
fn half(table: &[u32; 64], shift: u32) -> [__m512i; 2] {
    let words = table.map(|sets| ((sets >> shift) as u16).to_le_bytes());
    let (blocks, _) = words.as_flattened().as_chunks::<BLOCK>();
    [load(&blocks[0]), load(&blocks[1])]
}

/// See [`Width::each_passing`](super::Width::each_passing).
pub fn each_passing(tables: &Tables, open: u32, text: &[u8], visit: impl FnMut(&[u32])) -> usize {
    assert!(is_able(), "the caller asks");
    if text.len() < REACH {
        return 0;
    }
    // SAFETY: the processor has it.
    unsafe { sieve(tables, open, text, visit) }
}

/// A table of 64 classes is one look of a word each, and a word has sixteen sets: so the bytes are looked up two by two,
/// those at even places and those at odd ones.
#[target_feature(enable = "avx512f,avx512bw,bmi2,popcnt")]
fn sieve(tables: &Tables, open: u32, text: &[u8], mut visit: impl FnMut(&[u32])) -> usize {
    let halves = |shift: u32| {
        let [first, second, third, fourth] = tables;
        [half(first, shift), half(second, shift), half(third, shift), half(fourth, shift)]
    };
    let halves = [halves(0), halves(16)];
    let opens = [_mm512_set1_epi16(open as i16), _mm512_set1_epi16((open >> 16) as i16)];
    let low = _mm512_set1_epi8(0x1F);
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let (mut lot, mut count) = ([0u32; LOT], 0);
    let mut at = 0;
    while let Some(bytes) = text.get(at..at + REACH) {
        let words = |from: usize| load(bytes[from..from + BLOCK].try_into().expect("a block"));
        let (this, next, last) = (words(0), words(2), words(4));
        // The class of a byte: its lower five bits and the seventh. What is above them, a look ignores.
        let class = |words| _mm512_ternarylogic_epi32::<0xCA>(low, words, _mm512_srli_epi16::<1>(words));
        let odd = |classes| _mm512_srli_epi16::<8>(classes);
        // The classes of the bytes at 2n, 2n + 1, and so on to 2n + 4.
        let (zero, two, four) = (class(this), class(next), class(last));
        let (one, three) = (odd(zero), odd(two));
        let is_ascii = (_mm512_movepi8_mask(this) | _mm512_movepi8_mask(last)) == 0;
        let (mut even_passing, mut odd_passing) = (0, 0);
        for (tables, open) in halves.iter().zip(opens) {
            let look = |table: usize, classes| _mm512_permutex2var_epi16(tables[table][0], classes, tables[table][1]);
            let (mut even_last, mut odd_last) = (look(3, three), look(3, four));
            if !is_ascii {
                let beyond = _mm512_movepi16_mask(next);
                even_last = _mm512_mask_mov_epi16(even_last, beyond, open);
                let beyond = _mm512_movepi16_mask(_mm512_slli_epi16::<8>(last));
                odd_last = _mm512_mask_mov_epi16(odd_last, beyond, open);
            }
            let all = |x, y, z| _mm512_ternarylogic_epi32::<0x80>(x, y, z);
            even_passing |= _mm512_test_epi16_mask(all(look(0, zero), look(1, one), look(2, two)), even_last);
            odd_passing |= _mm512_test_epi16_mask(all(look(0, one), look(1, two), look(2, three)), odd_last);
        }
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let mut passing = _pdep_u64(u64::from(even_passing), EVEN) | _pdep_u64(u64::from(odd_passing), !EVEN);
        if !is_ascii {
            // Nothing beyond ASCII stands in the first three places.
            let (this, next) = (_mm512_movepi8_mask(this), _mm512_movepi8_mask(next));
            passing &= !(this | this >> 1 | next | next << 1);
        }
        let mut here = _mm512_add_epi32(lanes, _mm512_set1_epi32(at as i32));
        at += BLOCK;
        if passing == 0 {
            continue;
        }
        // Sixteen places at a time, without asking which: what is too much is written over.
        for _ in 0..BLOCK / LANES {
            let kept = _mm512_maskz_compress_epi32(passing as u16, here);
            let to: &mut [u32; LANES] = lot[count..].first_chunk_mut().expect("room for all of a block");
            // SAFETY: sixteen numbers, and this store needs no alignment.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), kept) };
            count += (passing as u16).count_ones() as usize;
            passing >>= LANES;
            here = _mm512_add_epi32(here, _mm512_set1_epi32(LANES as i32));
        }
        // The next block may have as many as it has bytes.
        if count > LOT - BLOCK {
            visit(&lot[..count]);
            count = 0;
        }
    }
    visit(&lot[..count]);
    at
}

/// See [`Width::run`](super::Width::run).
pub fn run(text: &[u8], from: usize) -> Result<Range<usize>, usize> {
    assert!(is_able(), "the caller asks");
    // SAFETY: the processor has it.
    unsafe { run_of_digits(text, from) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn run_of_digits(text: &[u8], from: usize) -> Result<Range<usize>, usize> {
    let everywhere = |bytes: [u8; 16]| {
        let bytes = u128::from_le_bytes(bytes);
        _mm512_broadcast_i32x4(_mm_set_epi64x((bytes >> 64) as i64, bytes as i64))
    };
    let (upper, lower) = (everywhere(UPPER), everywhere(LOWER));
    let half = _mm512_set1_epi8(0x0F);
    scan(text, from, |block| {
        let bytes = load(block);
        let upper = _mm512_shuffle_epi8(upper, _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), half));
        _mm512_test_epi8_mask(_mm512_shuffle_epi8(lower, bytes), upper)
    })
}
