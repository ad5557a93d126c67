//! Which group of a keyword stands for it in the pass: one that texts hold seldom, and that the sieve holds back well
//! together with its neighbours.

use std::collections::HashMap;

use super::filter::fold;
use super::sieve::Sieve;
use super::{GROUP, LEAST};

/// The folded groups of four that stand in code most often, the commonest first, `S` for a blank and `U` for an
/// underscore; counted over 60 MB of published packages.
const COMMON: &str = include_str!("common_groups.txt");

/// What asking for a keyword costs, counted in places that only passed the sieve.
const DEAR: f32 = 15.0;

/// The folded bytes that stand for a keyword, three or four, and where in it they begin.
#[derive(Clone, Copy)]
pub struct Chosen {
    pub bytes: [u8; GROUP],
    /// Three for a keyword of three bytes, nothing for a shorter one.
    pub len: usize,
    pub offset: usize,
}

/// Chooses for all keywords, in their order, and fills the sieve. Nothing stands for one under three bytes.
pub fn choose(keywords: &[Vec<u8>], sieve: &mut Sieve) -> Vec<Chosen> {
    let common = common();
    let mut order: Vec<usize> = (0..keywords.len()).filter(|&index| keywords[index].len() >= LEAST).collect();
    // Who has no choice goes first.
    order.sort_by_key(|&index| keywords[index].len().min(2 * GROUP));
    let mut taken: HashMap<u32, usize> = HashMap::new();
    let mut chosen = vec![Chosen { bytes: [0; GROUP], len: 0, offset: 0 }; keywords.len()];
    for index in order {
        let keyword = &keywords[index];
        let len = keyword.len().min(GROUP);
        let groups = keyword.windows(len).enumerate().map(|(offset, window)| {
            let mut bytes = [b' '; GROUP];
            bytes[..len].copy_from_slice(window);
            let group = fold(bytes);
            let (place, room) = sieve.room(&group.to_le_bytes()[..len]);
            let often = common.binary_search_by_key(&group, |(group, _)| *group).map_or(0.0, |at| common[at].1);
            // What many keywords share has all of them compared at each place.
            let shared = taken.get(&group).copied().unwrap_or(0) as f32;
            let cost = room + often * DEAR * (1.0 + shared) + shared * 1e-7;
            (cost, place, Chosen { bytes: group.to_le_bytes(), len, offset })
        });
        let Some((_, place, best)) = groups.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        sieve.put(place, &best.bytes[..best.len]);
        *taken.entry(u32::from_le_bytes(best.bytes)).or_default() += 1;
        chosen[index] = best;
    }
    chosen
}

/// Folded groups in order, and how often each stands at a place of code. The share of the one of rank n is about
/// 0.14 / (80 + n).
fn common() -> Vec<(u32, f32)> {
    let groups = COMMON.split_ascii_whitespace().filter_map(|group| <[u8; GROUP]>::try_from(group.as_bytes()).ok());
    let plain = |group: [u8; GROUP]| {
        fold(group.map(|byte| match byte {
            b'S' => b' ',
            b'U' => b'_',
            other => other,
        }))
    };
    let mut common: Vec<_> =
        groups.enumerate().map(|(rank, group)| (plain(group), 0.14 / (80.0 + rank as f32))).collect();
    common.sort_unstable_by_key(|(group, _)| *group);
    common
}
