//! SHA-256 (FIPS 180-4) of many messages, eight at a time where the processor can.
//!
//! One message is a chain in which each block waits for the one before it, and a processor without instructions for
//! SHA-256 spends most of that time waiting. Eight chains side by side, a word of each in a register, take a third of the
//! time. `ring`, which does one at a time, does what is left over, and everything on processors with instructions for
//! it: there it is as fast. No crate does several at once; the constants are those of the standard.
#![allow(unsafe_code, reason = "instructions that not every processor has; the compiler does not find them by itself")]

use ring::digest::{SHA256, digest};

/// The digest of a message.
pub type Digest = [u8; 32];

/// Whether several messages take less time than one after the other.
pub fn is_parallel() -> bool {
    #[cfg(target_arch = "x86_64")]
    return eight::is_able();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The digests of messages, in their order.
pub fn sha256_of_each(messages: &[&[u8]]) -> Vec<Digest> {
    let mut digests = vec![[0; 32]; messages.len()];
    // The longest first, so that no chain is left alone at the end.
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(messages[index].len()));
    #[cfg(target_arch = "x86_64")]
    if eight::is_able() {
        let mut sum: usize = messages.iter().map(|message| message.len()).sum();
        // What is much longer than the others would run on with most lanes idle.
        let alone = order.iter().take_while(|&&index| {
            let long = messages[index].len() * eight::LANES > 5 * (sum / 2);
            sum -= if long { messages[index].len() } else { 0 };
            long
        });
        let alone = alone.count();
        let together = order.split_off(alone);
        eight::chains(messages, &together, &mut digests);
    }
    for index in order {
        digests[index].copy_from_slice(digest(&SHA256, messages[index]).as_ref());
    }
    digests
}

#[cfg(target_arch = "x86_64")]
mod eight {
    use std::arch::x86_64::*;

    use super::Digest;

    /// Chains side by side.
    pub const LANES: usize = 8;
    /// Bytes of a block.
    const BLOCK: usize = 64;

    /// The first 32 bits of the fractions of the square roots of the first eight primes.
    const START: [u32; 8] =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

    /// The first 32 bits of the fractions of the cube roots of the first 64 primes.
    const ROUNDS: [u32; 64] = [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ];

    /// Whether eight chains are faster than one.
    pub fn is_able() -> bool {
        is_x86_feature_detected!("avx2") && !is_x86_feature_detected!("sha")
    }

    /// A message on its way: whole blocks, then one or two that end it.
    struct Lane<'a> {
        message: usize,
        blocks: &'a [[u8; BLOCK]],
        end: [[u8; BLOCK]; 2],
        /// Blocks of both that are done.
        done: usize,
        /// Blocks of both.
        all: usize,
    }

    impl<'a> Lane<'a> {
        fn new(message: usize, bytes: &'a [u8]) -> Lane<'a> {
            let (blocks, rest) = bytes.as_chunks::<BLOCK>();
            let mut end = [[0; BLOCK]; 2];
            end[0][..rest.len()].copy_from_slice(rest);
            end[0][rest.len()] = 0x80;
            let ends = if rest.len() < BLOCK - 8 { 1 } else { 2 };
            end[ends - 1][BLOCK - 8..].copy_from_slice(&(8 * bytes.len() as u64).to_be_bytes());
            Lane { message, blocks, end, done: 0, all: blocks.len() + ends }
        }

        fn block(&self) -> &[u8; BLOCK] {
            self.blocks.get(self.done).unwrap_or_else(|| &self.end[self.done - self.blocks.len()])
        }
    }

    /// The digests of the messages that `order` names.
    pub fn chains(messages: &[&[u8]], order: &[usize], digests: &mut [Digest]) {
        assert!(is_able(), "the caller asks");
        // SAFETY: the processor has AVX2.
        unsafe { run(messages, order, digests) }
    }

    #[target_feature(enable = "avx2")]
    fn run(messages: &[&[u8]], order: &[usize], digests: &mut [Digest]) {
        let mut waiting = order.iter().map(|&index| Lane::new(index, messages[index]));
        let mut lanes: [Option<Lane<'_>>; LANES] = std::array::from_fn(|_| waiting.next());
        // By word, by lane.
        let mut state = [[0u32; LANES]; 8];
        for (words, start) in state.iter_mut().zip(START) {
            words.fill(start);
        }
        const IDLE: [u8; BLOCK] = [0; BLOCK];
        while lanes.iter().any(Option::is_some) {
            let blocks = lanes.each_ref().map(|lane| lane.as_ref().map_or(&IDLE, Lane::block));
            compress(&mut state, blocks);
            for (at, lane) in lanes.iter_mut().enumerate() {
                let Some(running) = lane else { continue };
                running.done += 1;
                if running.done < running.all {
                    continue;
                }
                for (words, (to, start)) in
                    state.iter_mut().zip(digests[running.message].chunks_exact_mut(4).zip(START))
                {
                    to.copy_from_slice(&words[at].to_be_bytes());
                    words[at] = start;
                }
                *lane = waiting.next();
            }
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

    #[target_feature(enable = "avx2")]
    fn turned<const BY: i32, const REST: i32>(x: __m256i) -> __m256i {
        _mm256_or_si256(_mm256_srli_epi32::<BY>(x), _mm256_slli_epi32::<REST>(x))
    }

    #[target_feature(enable = "avx2")]
    fn three(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
        _mm256_xor_si256(_mm256_xor_si256(x, y), z)
    }

    /// One block of each lane.
    #[target_feature(enable = "avx2")]
    fn compress(state: &mut [[u32; LANES]; 8], blocks: [&[u8; BLOCK]; LANES]) {
        let swap = _mm256_setr_epi8(
            3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
        );
        let half = |at: usize| {
            // Not `map`: a closure would be called, since arrays know nothing of AVX2.
            let mut rows = [swap; LANES];
            for (row, block) in rows.iter_mut().zip(blocks) {
                *row = _mm256_shuffle_epi8(load(block[at..at + 32].try_into().expect("half a block")), swap);
            }
            transposed(rows)
        };
        let mut w = [_mm256_setzero_si256(); 16];
        w[..8].copy_from_slice(&half(0));
        w[8..].copy_from_slice(&half(32));
        let mut before = [swap; 8];
        for (word, lanes) in before.iter_mut().zip(state.iter()) {
            // SAFETY: eight words, and this load needs no alignment.
            *word = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = before;
        let add = |x, y| _mm256_add_epi32(x, y);
        for (round, constant) in ROUNDS.iter().enumerate() {
            let at = round % 16;
            if round >= 16 {
                let (older, newer) = (w[(at + 1) % 16], w[(at + 14) % 16]);
                let small0 = three(turned::<7, 25>(older), turned::<18, 14>(older), _mm256_srli_epi32::<3>(older));
                let small1 = three(turned::<17, 15>(newer), turned::<19, 13>(newer), _mm256_srli_epi32::<10>(newer));
                w[at] = add(add(w[at], small0), add(w[(at + 9) % 16], small1));
            }
            let big1 = three(turned::<6, 26>(e), turned::<11, 21>(e), turned::<25, 7>(e));
            let choice = _mm256_xor_si256(_mm256_and_si256(e, f), _mm256_andnot_si256(e, g));
            let fed = add(w[at], _mm256_set1_epi32(*constant as i32));
            let first = add(add(h, big1), add(choice, fed));
            let big0 = three(turned::<2, 30>(a), turned::<13, 19>(a), turned::<22, 10>(a));
            let majority = _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256(a, b), c), _mm256_and_si256(a, b));
            (h, g, f, e) = (g, f, e, add(d, first));
            (d, c, b, a) = (c, b, a, add(first, add(big0, majority)));
        }
        for (lanes, (before, now)) in state.iter_mut().zip(before.into_iter().zip([a, b, c, d, e, f, g, h])) {
            // SAFETY: eight words, and this store needs no alignment.
            unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), add(before, now)) };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(messages: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let expected: Vec<Digest> =
            slices.iter().map(|message| digest(&SHA256, message).as_ref().try_into().unwrap()).collect();
        assert_eq!(sha256_of_each(&slices), expected);
    }

    #[test]
    fn every_length_around_the_ends_of_blocks() {
        let messages: Vec<Vec<u8>> = (0..300).map(|len| (0..len).map(|at| (at * 7 + len) as u8).collect()).collect();
        check(&messages);
        for few in 0..20 {
            check(&messages[100..100 + few]);
        }
    }

    #[test]
    fn one_long_message_among_short_ones() {
        let mut messages = vec![vec![b'a'; 10]; 30];
        messages.push(vec![b'b'; 1 << 20]);
        check(&messages);
        check(&messages[30..]);
    }

    proptest! {
        #[test]
        fn it_agrees_with_one_at_a_time(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..40)) {
            check(&messages);
        }
    }
}
