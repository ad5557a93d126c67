//! One block of each of eight chains at a time, a word of each in a register.
#![allow(unsafe_code, reason = "instructions that not every processor has; the compiler does not find them by itself")]

use std::arch::x86_64::*;

use super::lanes::{BLOCK, LANES, State};

/// The first 32 bits of the fractions of the cube roots of the first 64 primes.
#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Whether eight chains are faster than one.
pub fn is_able() -> bool {
    is_x86_feature_detected!("avx2") && !is_x86_feature_detected!("sha")
}

/// Whether there is AVX-512, and what the compiler takes along with it.
fn has_avx512() -> bool {
    is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
}

/// Whether eight chains take little longer than one: half as long again with AVX-512, more than twice as long without.
pub fn is_quick() -> bool {
    is_able() && has_avx512()
}

/// So many blocks of each lane, on a processor that [is able](is_able).
// One copy of it: in two, the rounds would be calls that hand all words over in memory.
#[inline(never)]
pub fn compress(state: &mut State, lanes: [&[[u8; BLOCK]]; LANES], count: usize) {
    assert!(is_able(), "the caller asks");
    if has_avx512() {
        // SAFETY: the processor has them, and AVX2, for which the assertion has asked.
        unsafe { avx512::compress(state, lanes, count) }
    } else {
        // SAFETY: the assertion has asked for AVX2.
        unsafe { avx2::compress(state, lanes, count) }
    }
}

#[target_feature(enable = "avx2")]
fn load(words: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes, and this load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

/// Half a block of each of eight lanes as eight vectors of one word each.
#[target_feature(enable = "avx2")]
fn transposed(rows: [__m256i; LANES]) -> [__m256i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pair = |x, y| (_mm256_unpacklo_epi32(x, y), _mm256_unpackhi_epi32(x, y));
    let ((ab, ab2), (cd, cd2), (ef, ef2), (gh, gh2)) = (pair(a, b), pair(c, d), pair(e, f), pair(g, h));
    let four = |x, y| (_mm256_unpacklo_epi64(x, y), _mm256_unpackhi_epi64(x, y));
    let ((w0, w1), (w2, w3)) = (four(ab, cd), four(ab2, cd2));
    let ((v0, v1), (v2, v3)) = (four(ef, gh), four(ef2, gh2));
    let low = |x, y| _mm256_permute2x128_si256::<0x20>(x, y);
    let high = |x, y| _mm256_permute2x128_si256::<0x31>(x, y);
    [low(w0, v0), low(w1, v1), low(w2, v2), low(w3, v3), high(w0, v0), high(w1, v1), high(w2, v2), high(w3, v3)]
}

/// The 32-bit words turned to the right.
#[target_feature(enable = "avx2")]
fn turned<const BY: i32, const REST: i32>(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_srli_epi32::<BY>(x), _mm256_slli_epi32::<REST>(x))
}

#[target_feature(enable = "avx2")]
fn three(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(x, y), z)
}

/// The same code for two kinds of processors. With AVX-512 the compiler makes one instruction of those that turn words,
/// and of those that join three.
macro_rules! compress {
    ($name:ident, $features:literal) => {
        mod $name {
            use super::*;

            // All in one: the words stay in registers from block to block.
            #[allow(unused_assignments, reason = "each round writes a word for a later one, the last of them for none")]
            #[target_feature(enable = $features)]
            pub fn compress(state: &mut State, lanes: [&[[u8; BLOCK]]; LANES], count: usize) {
                let swap = _mm256_setr_epi8(
                    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, //
                    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
                );
                let lanes = lanes.map(|blocks| &blocks[..count]);
                // SAFETY: eight words each, and these loads and stores need no alignment.
                let mut words = state.each_ref().map(|lanes| unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) });
                for at in 0..count {
                    let half = |from: usize| {
                        // Not `map`: a closure would be called, since arrays know nothing of AVX2.
                        let mut rows = [swap; LANES];
                        for (row, blocks) in rows.iter_mut().zip(lanes) {
                            let half = blocks[at][from..from + 32].try_into().expect("half a block");
                            *row = _mm256_shuffle_epi8(load(half), swap);
                        }
                        transposed(rows)
                    };
                    let mut w = [swap; 16];
                    w[..8].copy_from_slice(&half(0));
                    w[8..].copy_from_slice(&half(32));
                    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = words;
                    let add = |x, y| _mm256_add_epi32(x, y);
                    // Spelled out: the words of a loop's turn would lie in memory, and change their places in each.
                    macro_rules! round {
                        ($at:literal $k:ident $more:literal $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                            let big1 = three(turned::<6, 26>($e), turned::<11, 21>($e), turned::<25, 7>($e));
                            let choice = _mm256_xor_si256(_mm256_and_si256($e, $f), _mm256_andnot_si256($e, $g));
                            let fed = add(w[$at], _mm256_set1_epi32($k[$at] as i32));
                            let first = add(add($h, big1), add(choice, fed));
                            let big0 = three(turned::<2, 30>($a), turned::<13, 19>($a), turned::<22, 10>($a));
                            let majority =
                                _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256($a, $b), $c), _mm256_and_si256($a, $b));
                            $d = add($d, first);
                            $h = add(first, add(big0, majority));
                            if $more {
                                // The word of sixteen rounds later.
                                let (older, newer) = (w[($at + 1) % 16], w[($at + 14) % 16]);
                                let small0 =
                                    three(turned::<7, 25>(older), turned::<18, 14>(older), _mm256_srli_epi32::<3>(older));
                                let small1 =
                                    three(turned::<17, 15>(newer), turned::<19, 13>(newer), _mm256_srli_epi32::<10>(newer));
                                w[$at] = add(add(w[$at], small0), add(w[($at + 9) % 16], small1));
                            }
                        };
                    }
                    macro_rules! sixteen {
                        ($k:ident $more:literal) => {
                            round!(0 $k $more a b c d e f g h);
                            round!(1 $k $more h a b c d e f g);
                            round!(2 $k $more g h a b c d e f);
                            round!(3 $k $more f g h a b c d e);
                            round!(4 $k $more e f g h a b c d);
                            round!(5 $k $more d e f g h a b c);
                            round!(6 $k $more c d e f g h a b);
                            round!(7 $k $more b c d e f g h a);
                            round!(8 $k $more a b c d e f g h);
                            round!(9 $k $more h a b c d e f g);
                            round!(10 $k $more g h a b c d e f);
                            round!(11 $k $more f g h a b c d e);
                            round!(12 $k $more e f g h a b c d);
                            round!(13 $k $more d e f g h a b c);
                            round!(14 $k $more c d e f g h a b);
                            round!(15 $k $more b c d e f g h a);
                        };
                    }
                    let (groups, _) = ROUNDS.as_chunks::<16>();
                    let [others @ .., last] = groups else { unreachable!("sixty-four rounds") };
                    for k in others {
                        sixteen!(k true);
                    }
                    sixteen!(last false);
                    for (words, done) in words.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                        *words = add(*words, done);
                    }
                }
                for (lanes, words) in state.iter_mut().zip(words) {
                    // SAFETY: as above.
                    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), words) };
                }
            }
        }
    };
}

compress!(avx2, "avx2");
compress!(avx512, "avx2,avx512f,avx512vl");
