//! SHA-256 (FIPS 180-4) of many messages, eight at a time where the processor can.
//!
//! One message is a chain in which each block waits for the one before it, and a processor without instructions for
//! SHA-256 spends most of that time waiting. Eight chains side by side, a word of each in a register, take a quarter of
//! the time with AVX2, a sixth where it has AVX-512 too (rotating is one instruction then, and so is any function of three
//! words). `ring`, which does one at a time, does what is left over, and everything on processors with instructions for
//! it: there it is as fast. No crate does several at once; the constants are those of the standard.

mod lanes;
mod long;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use lanes::is_able as is_parallel;
pub use long::Long;

use ring::digest::{SHA256, digest};

/// The digest of a message.
pub type Digest = [u8; 32];

/// The digests of messages, in their order. A long message goes on beside them: one that runs alone takes nearly as much
/// time as eight, so that its blocks cost nothing as long as others run.
pub fn sha256_of_each(messages: &[&[u8]], long: Option<&mut Long>) -> Vec<Digest> {
    let mut digests = vec![[0; 32]; messages.len()];
    // The longest first, so that no chain is left alone at the end.
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(messages[index].len()));
    if is_parallel() {
        let lengths: Vec<usize> = order.iter().map(|&index| messages[index].len()).collect();
        let longest = lengths.first().map_or(0, |len| *len as u64);
        let long = long.filter(|long| long.left() > longest / 2);
        let alone = if long.is_some() { 0 } else { lanes::alone(&lengths) };
        let together = order.split_off(alone);
        lanes::chains(messages, &together, &mut digests, long);
    }
    for index in order {
        digests[index].copy_from_slice(digest(&SHA256, messages[index]).as_ref());
    }
    digests
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;

    use super::*;

    fn check(messages: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let expected: Vec<Digest> =
            slices.iter().map(|message| digest(&SHA256, message).as_ref().try_into().unwrap()).collect();
        assert_eq!(sha256_of_each(&slices, None), expected);
        if is_parallel() {
            beside_a_long_one(&slices, &expected);
        }
    }

    /// The same again, beside a message that is longer than each of them, until that is done too.
    fn beside_a_long_one(messages: &[&[u8]], expected: &[Digest]) {
        let longest = messages.iter().map(|message| message.len()).max().unwrap_or(0);
        let bytes: Vec<u8> = (0..2 * longest + messages.len()).map(|at| (at * 13) as u8).collect();
        let mut long = Long::new(io::Cursor::new(bytes.clone()), bytes.len() as u64);
        for _ in 0..3 {
            assert_eq!(sha256_of_each(messages, Some(&mut long)), expected);
        }
        assert_eq!(long.finish().unwrap(), digest(&SHA256, &bytes).as_ref());
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
