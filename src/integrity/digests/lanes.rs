//! Eight chains side by side: which message runs in which.

use super::Digest;
use super::long::Long;
#[cfg(target_arch = "x86_64")]
pub use super::x86::{compress, is_able, is_quick};

/// Chains side by side.
pub const LANES: usize = 8;
/// Bytes of a block.
pub const BLOCK: usize = 64;
/// The words that a message is worked into: by word, by lane.
pub type State = [[u32; LANES]; 8];

/// The first 32 bits of the fractions of the square roots of the first eight primes.
pub const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Whether eight chains are faster than one.
#[cfg(not(target_arch = "x86_64"))]
pub fn is_able() -> bool {
    false
}

/// Whether eight chains take little longer than one.
#[cfg(not(target_arch = "x86_64"))]
pub fn is_quick() -> bool {
    false
}

/// So many blocks of each lane.
#[cfg(not(target_arch = "x86_64"))]
pub fn compress(_: &mut State, _: [&[[u8; BLOCK]]; LANES], _: usize) {
    unreachable!("the caller asks")
}

/// How many of the longest messages had better be done one at a time, by their lengths, the longest first: beside few
/// others, or much shorter ones, a message would run on with most lanes idle, and eight lanes take about two blocks' time
/// for one.
pub fn alone(lengths: &[usize]) -> usize {
    let mut rest: usize = lengths.iter().sum();
    let all = rest;
    let costs = lengths.iter().map(|longest| {
        let cost = all - rest + 2 * longest.max(&(rest / LANES));
        rest -= longest;
        cost
    });
    costs.chain([all]).enumerate().min_by_key(|(_, cost)| *cost).map_or(0, |(alone, _)| alone)
}

/// What ends a message of `len` bytes whose whole blocks leave `rest`: a one, zeros, and the number of bits (FIPS 180-4,
/// 5.1.1). Two blocks, and how many of them are none.
pub fn end(rest: &[u8], len: u64) -> ([[u8; BLOCK]; 2], usize) {
    let mut end = [[0; BLOCK]; 2];
    let spare = usize::from(rest.len() < BLOCK - 8);
    end[spare][..rest.len()].copy_from_slice(rest);
    end[spare][rest.len()] = 0x80;
    end[1][BLOCK - 8..].copy_from_slice(&(8 * len).to_be_bytes());
    (end, spare)
}

/// A message on its way: whole blocks, then one or two that end it.
struct Lane<'a> {
    message: usize,
    blocks: &'a [[u8; BLOCK]],
    end: [[u8; BLOCK]; 2],
    /// Blocks of `end` that are none.
    spare: usize,
    /// Blocks of both that are done.
    done: usize,
}

impl<'a> Lane<'a> {
    fn new(message: usize, bytes: &'a [u8]) -> Lane<'a> {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let (end, spare) = end(rest, bytes.len() as u64);
        Lane { message, blocks, end, spare, done: 0 }
    }

    /// Blocks that lie in a row and come next, none at the end of the message.
    fn next(&self) -> &[[u8; BLOCK]] {
        match self.blocks.get(self.done..) {
            Some(blocks) if !blocks.is_empty() => blocks,
            _ => &self.end[self.spare + self.done - self.blocks.len()..],
        }
    }
}

/// The digests of the messages that `order` names. Beside them a long message goes on in the last lane, as far as it
/// comes until they are done.
pub fn chains(messages: &[&[u8]], order: &[usize], digests: &mut [Digest], mut long: Option<&mut Long>) {
    let free = if long.is_some() { LANES - 1 } else { LANES };
    let mut waiting = order.iter().map(|&index| Lane::new(index, messages[index]));
    let mut lanes: [Option<Lane<'_>>; LANES] = std::array::from_fn(|at| if at < free { waiting.next() } else { None });
    let mut state = START.map(|word| [word; LANES]);
    if let Some(long) = &long {
        long.enter(&mut state);
    }
    while lanes.iter().any(Option::is_some) {
        let mut next = lanes.each_ref().map(|lane| lane.as_ref().map(Lane::next));
        if let Some(long) = &mut long {
            next[LANES - 1] = Some(long.next()).filter(|blocks| !blocks.is_empty());
        }
        // A lane without a message does what another does.
        let Some(&some) = next.iter().flatten().next() else { break };
        let next = next.map(|blocks| blocks.unwrap_or(some));
        let count = next.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
        compress(&mut state, next, count);
        if let Some(long) = &mut long {
            long.took(count, &state);
        }
        for (at, lane) in lanes.iter_mut().enumerate() {
            let Some(running) = lane else { continue };
            running.done += count;
            if !running.next().is_empty() {
                continue;
            }
            digests[running.message] = digest(&state, at);
            for (words, start) in state.iter_mut().zip(START) {
                words[at] = start;
            }
            *lane = if at < free { waiting.next() } else { None };
        }
    }
}

/// The digest that a lane's words are.
pub fn digest(state: &State, lane: usize) -> Digest {
    let mut digest = [0; 32];
    for (to, words) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *to = words[lane].to_be_bytes();
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlasts_the_others_is_done_alone() {
        assert_eq!(alone(&[]), 0);
        assert_eq!(alone(&[7]), 1);
        assert_eq!(alone(&[7, 6, 6, 5]), 0);
        assert_eq!(alone(&[1000, 10, 10, 10, 10]), 1);
        assert_eq!(alone(&[10; 100]), 0);
    }
}
