//! Small archives that decode to much.

use std::time::{Duration, Instant};

use tidewaiter::artifact::{Budget, Limits, Opened, open_bytes};
use tidewaiter::model::GapKind;

use super::Seen;
use crate::support::tar::{Tar, gzip};
use crate::support::zip::Zip;

/// Deflate for a little more than `eights` times 8 * 258 zeros, made without compressing that many.
///
/// One fixed-Huffman block: a zero, then matches of length 258 at distance 1. Length code 285 is the eight bits
/// 11000101 and distance code 0 five zero bits (RFC 1951, 3.2.6), so that eight matches are thirteen whole bytes, which
/// can be repeated for ever.
fn zeros(eights: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(&[1, 1, 0]); // last block, fixed codes (01, low bit first)
    bits.push(&[0, 0, 1, 1, 0, 0, 0, 0]); // the literal 0
    while bits.filled != 0 {
        bits.matching();
    }
    let start = bits.bytes.len();
    for _ in 0..8 {
        bits.matching();
    }
    assert_eq!(bits.filled, 0);
    let period = bits.bytes[start..].to_vec();
    bits.bytes.extend(period.repeat(eights));
    bits.push(&[0; 7]); // end of block
    bits.bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    filled: u8,
}

impl Bits {
    fn push(&mut self, bits: &[u8]) {
        for bit in bits {
            if self.filled == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= bit << self.filled;
            self.filled = (self.filled + 1) % 8;
        }
    }

    fn matching(&mut self) {
        self.push(&[1, 1, 0, 0, 0, 1, 0, 1]);
        self.push(&[0; 5]);
    }
}

#[test]
fn the_bomb_is_what_it_says() {
    let budget = Budget::default();
    let zip = Zip::new().packed("z", zeros(1000), 8, 0, 0).build();
    let seen = Seen::of(open_bytes(&zip, "z", &budget), &budget);
    assert!(seen.files[0].1.len() >= 1000 * 8 * 258);
    assert!(seen.files[0].1.iter().all(|byte| *byte == 0));
}

#[test]
fn a_bomb_ends_early_and_is_said() {
    // About 1.6 GB of zeros in 10 MB of fixed-Huffman matches: 158 to 1, within the ratio of ordinary text.
    let zip = Zip::new().packed("bomb", zeros(800_000), 8, 0, 0).file("after", b"fine").build();
    assert!(zip.len() < 11_000_000);
    let started = Instant::now();
    let limits = Limits { ratio: 100, ..Limits::default() };
    let budget = Budget::new(limits);
    let Opened::Indexed(archive) = open_bytes(&zip, "z", &budget) else { panic!("a zip is indexed") };
    let mut scratch = Vec::new();
    let gap = archive.read(0, &budget, &mut scratch, &mut |_| {}).unwrap_err();
    assert_eq!(gap.kind, GapKind::OverLimit);
    assert!(gap.detail.contains("--max-ratio"), "{}", gap.detail);
    assert!(budget.bytes() < 20 << 20, "{} bytes came out", budget.bytes());
    assert!(scratch.len() < 40 << 20, "{} bytes were held", scratch.len());
    assert!(archive.read(1, &budget, &mut scratch, &mut |_| {}).is_ok(), "the next entry is read");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_bomb_below_the_ratio_ends_at_the_total() {
    let zip = Zip::new().packed("bomb", zeros(400_000), 8, 0, 0).build();
    let limits = Limits { target_bytes: 100 << 20, entry_bytes: 4 << 20, window_bytes: 1 << 20, ..Limits::default() };
    let budget = Budget::new(limits);
    let Opened::Indexed(archive) = open_bytes(&zip, "z", &budget) else { panic!("a zip is indexed") };
    let (mut scratch, mut seen) = (Vec::new(), 0);
    let gap = archive.read(0, &budget, &mut scratch, &mut |piece| seen = piece.offset + piece.bytes.len() as u64);
    assert!(gap.unwrap_err().detail.contains("--max-target-bytes"));
    assert!((100 << 20..102 << 20).contains(&seen));
    assert!(scratch.len() <= 8 << 20, "a large entry is held in windows");
}

#[test]
fn many_entries_over_one_kernel_end_at_the_total() {
    let kernel = Zip::new().packed("k0", zeros(4_000), 8, 0, 0);
    let zip = (1..200).fold(kernel, |zip, index| zip.sharing(format!("k{index}"), 0)).build();
    assert!(zip.len() < 100_000);
    let seen = Seen::input_within(&zip, Limits { target_bytes: 64 << 20, ..Limits::default() });
    assert!(seen.gaps.iter().any(|gap| gap.detail.contains("199 entries lie over")));
    assert!(seen.gaps.iter().any(|gap| gap.detail.contains("--max-target-bytes")));
}

#[test]
fn data_that_decode_to_nothing_are_paid_for() {
    // Empty stored blocks, five bytes each, without end.
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(400_000);
    let first = Zip::new().packed("n0", nothing, 8, 0, 0);
    let zip = (1..500).fold(first, |zip, index| zip.sharing(format!("n{index}"), 0)).build();
    let seen = Seen::input_within(&zip, Limits { target_bytes: 20 << 20, ..Limits::default() });
    assert!(seen.gaps.iter().any(|gap| gap.detail.contains("--max-target-bytes")));
}

#[test]
fn headers_in_close_order_are_walked_in_linear_time() {
    let header = Zip::new().stored("a", b"").descriptor().no_directory().build()[..31].to_vec();
    let bytes = header.repeat(60_000);
    let started = Instant::now();
    let budget = Budget::default();
    let Opened::Indexed(archive) = open_bytes(&bytes, "z", &budget) else { panic!("a zip is indexed") };
    assert_eq!(archive.len(), 60_000);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_gzip_bomb_ends_at_the_ratio() {
    let bomb = gzip(&vec![0; 40 << 20]);
    let seen = Seen::input_within(&bomb, Limits { ratio: 500, ..Limits::default() });
    assert!(!seen.files[0].2);
    assert!(seen.gap(GapKind::OverLimit).detail.contains("--max-ratio"));
}

#[test]
fn a_skipped_member_is_paid_for() {
    // A long name of 30 MB is passed over, and counted.
    let name = "n".repeat(30 << 20);
    let tar = Tar::new().entry(tar::EntryType::GNULongName, "x", None, name.as_bytes()).file("a", b"1").gzip();
    let seen = Seen::input_within(&tar, Limits { target_bytes: 8 << 20, ..Limits::default() });
    assert!(seen.gap(GapKind::OverLimit).detail.contains("--max-target-bytes"));
    let seen = Seen::input_within(&tar, Limits { ratio: u64::MAX, ..Limits::default() });
    assert_eq!(seen.whole("a"), b"1");
    assert!(seen.is_blocked());
}

#[test]
fn time_ends_everything() {
    let zip = Zip::new().file("a", b"1").build();
    let budget = Budget::new(Limits { time: Duration::ZERO, ..Limits::default() });
    std::thread::sleep(Duration::from_millis(2));
    let seen = Seen::of(open_bytes(&zip, "z", &budget), &budget);
    assert!(seen.gap(GapKind::OverLimit).detail.contains("--max-seconds"));
}

/// Depth is counted by whoever opens; here, as the audit does.
#[test]
fn archives_within_archives_end_at_the_depth() {
    let mut bytes = Zip::new().file("core.txt", b"core").build();
    for _ in 0..10 {
        bytes = Zip::new().stored("inner.zip", &bytes).build();
    }
    let budget = Budget::default();
    let mut depth = 0;
    let stop = loop {
        if let Err(limit) = budget.check_depth(depth) {
            break limit;
        }
        let seen = Seen::of(open_bytes(&bytes, "inner.zip", &budget), &budget);
        bytes = seen.whole("inner.zip").to_vec();
        depth += 1;
    };
    assert_eq!(depth, 9);
    assert!(stop.to_string().contains("--max-depth"));
}
