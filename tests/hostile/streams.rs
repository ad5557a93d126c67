//! Tars and compressed files.

use tar::EntryType;
use tidewaiter::artifact::{Budget, Limits, open_input};
use tidewaiter::model::{GapKind, Level};

use super::Seen;
use crate::support::tar::{Tar, gzip};

fn sample() -> Tar {
    Tar::new()
        .folder("lib/")
        .file("./lib/a.txt", b"first")
        .file("lib/empty", b"")
        .file("lib/big.js", "x = 1;\n".repeat(300))
        .link("l", "lib/a.txt")
        .hard_link("h", "lib/a.txt")
        .gnu_long(&"deep/".repeat(60), b"long")
        .pax(&[("path", "pax/n\u{e4}me.txt"), ("mtime", "1.5")])
        .file("short", b"pax")
}

#[test]
fn a_tar_reads_the_same_in_every_coat() {
    let plain = Seen::input(&sample().build());
    assert_eq!(plain.gaps, []);
    assert_eq!(plain.whole("lib/a.txt"), b"first");
    assert_eq!(plain.whole("lib/empty"), b"");
    assert_eq!(plain.whole("pax/n\u{e4}me.txt"), b"pax");
    assert_eq!(plain.whole("deep/".repeat(60).trim_end_matches('/')), b"long");
    assert_eq!(plain.links, [("l".into(), "lib/a.txt".into()), ("h".into(), "lib/a.txt".into())]);
    let bytes = sample().build();
    let (one, two) = bytes.split_at(700);
    for coat in [sample().gzip(), sample().zstd(), [gzip(one), gzip(two)].concat()] {
        let seen = Seen::input(&coat);
        assert_eq!((&seen.files, &seen.links, &seen.gaps), (&plain.files, &plain.links, &plain.gaps));
    }
}

#[test]
fn large_entries_come_in_windows() {
    let limits = Limits { entry_bytes: 500, window_bytes: 300, window_overlap: 40, ..Limits::default() };
    let seen = Seen::input_within(&sample().gzip(), limits);
    assert_eq!(seen.gaps, []);
    assert_eq!(seen.whole("lib/big.js"), "x = 1;\n".repeat(300).as_bytes());
    assert_eq!(seen.whole("pax/n\u{e4}me.txt"), b"pax", "the stream goes on behind a large entry");
}

#[test]
fn a_compressed_file_is_one_entry_without_its_suffix() {
    let budget = Budget::default();
    let bytes = gzip(b"{\"a\": 1}");
    let seen = Seen::of(open_input(&bytes, "dir/data.json.gz", &budget), &budget);
    assert_eq!(seen.whole("data.json"), b"{\"a\": 1}");
    let bytes = zstd::bulk::compress(b"text", 1).unwrap();
    let seen = Seen::of(open_input(&bytes, "x.zst", &budget), &budget);
    assert_eq!(seen.whole("x"), b"text");
    let seen = Seen::of(open_input(&gzip(b""), "empty.gz", &budget), &budget);
    assert_eq!(seen.whole("empty"), b"");
}

#[test]
fn a_compressed_file_that_is_cut_short_gives_what_it_has() {
    let text: String = (0..3000).map(|i| format!("{}\n", i * 7919 % 1000)).collect();
    let bytes = gzip(text.as_bytes());
    let budget = Budget::default();
    let seen = Seen::of(open_input(&bytes[..bytes.len() / 2], "x.gz", &budget), &budget);
    let (_, part, whole) = &seen.files[0];
    assert!(!whole && !part.is_empty() && text.as_bytes().starts_with(part));
    assert_eq!(seen.gap(GapKind::Truncated).level, Level::Blocking);
}

#[test]
fn names_copies_and_types() {
    let tar = Tar::new()
        .file("../up", b"1")
        .file("/abs", b"2")
        .file("twice", b"3")
        .file("twice", b"4")
        .entry(EntryType::Fifo, "pipe", None, b"")
        .entry(EntryType::new(b'Z'), "odd", None, b"5");
    let seen = Seen::input(&tar.build());
    assert_eq!(seen.files.len(), 5);
    assert_eq!(seen.whole("odd"), b"5", "an unknown type is a file");
    assert_eq!(seen.gaps.iter().filter(|gap| gap.kind == GapKind::UnsafeName).count(), 2);
    assert_eq!(seen.gap(GapKind::Duplicate).location.path, ["twice"]);
    assert!(!seen.is_blocked());
}

#[test]
fn a_damaged_header_loses_its_own_entry_alone() {
    let mut bytes = Tar::new().file("a", b"1").file("b", b"2").file("c", b"3").build();
    bytes[1024] ^= 1;
    let seen = Seen::input(&bytes);
    assert_eq!(seen.names(), ["a", "c"]);
    assert_eq!(seen.gap(GapKind::Malformed).level, Level::Blocking);
}

#[test]
fn entries_behind_the_end_marker_are_read() {
    let tar = Tar::new().file("a", b"1").raw(&[0; 1024]).file("hidden", b"2");
    let seen = Seen::input(&tar.build());
    assert_eq!(seen.whole("hidden"), b"2");
    assert_eq!(seen.gap(GapKind::Mismatch).level, Level::Note);
}

#[test]
fn a_missing_end_marker_blocks_where_nothing_else_vouches_for_the_end() {
    let seen = Seen::input(&Tar::new().file("a", b"1").open().build());
    assert_eq!(seen.gap(GapKind::Truncated).level, Level::Blocking);
    let seen = Seen::input(&Tar::new().file("a", b"1").open().gzip());
    assert_eq!(seen.gap(GapKind::Truncated).level, Level::Note);
}

#[test]
fn two_sizes_for_one_entry_are_said() {
    let tar = Tar::new().pax(&[("size", "3")]).file("a", b"12345").file("b", b"2");
    let seen = Seen::input(&tar.build());
    assert_eq!(seen.whole("a"), b"123");
    assert_eq!(seen.whole("b"), b"2");
    assert!(seen.gap(GapKind::Mismatch).detail.contains("PAX"));
}

#[test]
fn a_size_that_is_absurd_ends_the_archive_without_memory() {
    let tar = Tar::new().file("a", b"1").pax(&[("size", "18446744073709551615")]).file("b", b"2");
    let seen = Seen::input(&tar.build());
    assert_eq!(seen.whole("a"), b"1");
    assert!(!seen.files[1].2 && seen.is_blocked());
}

#[test]
fn entries_over_the_limit_block() {
    let tar = (0..5).fold(Tar::new(), |tar, index| tar.file(&format!("f{index}"), b"x"));
    let seen = Seen::input_within(&tar.build(), Limits { entries: 3, ..Limits::default() });
    assert_eq!(seen.files.len(), 3);
    assert!(seen.gap(GapKind::OverLimit).detail.contains("--max-entries"));
}

#[test]
fn cut_at_any_byte_every_intact_entry_is_read() {
    for full in [sample().build(), sample().gzip(), sample().zstd()] {
        let honest = Seen::input(&full);
        let compressed = full.len() < 2000;
        for cut in 1..full.len() {
            let seen = Seen::input(&full[..cut]);
            // A plain tar may lose a part of its end marker and of the zeros behind.
            let end = if compressed { full.len() } else { full.len() - 1023 };
            assert!(seen.is_blocked() || cut >= end, "cut at {cut} of {}: {:?}", full.len(), seen.gaps);
            for (index, (name, bytes, whole)) in seen.files.iter().enumerate().filter(|(_, file)| file.2) {
                assert!(*whole);
                if name != "input.zip" {
                    assert_eq!((name, bytes), (&honest.files[index].0, &honest.files[index].1), "cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn a_tar_that_begins_with_an_empty_name_is_a_tar() {
    let seen = Seen::input(&Tar::new().entry(EntryType::XGlobalHeader, "", None, b"").file("a.js", b"1").build());
    assert_eq!(seen.whole("a.js"), b"1");
}

#[test]
fn a_global_header_that_renames_entries_blocks() {
    let named = Tar::new().entry(EntryType::XGlobalHeader, "pax", None, b"15 path=ab/c.js").file("x", b"1").build();
    assert!(Seen::input(&named).is_blocked());
    let record = b"16 comment=abcd\n";
    let comment = Tar::new().entry(EntryType::XGlobalHeader, "pax", None, record).file("x", b"1").build();
    assert_eq!(Seen::input(&comment).gaps, []);
}

#[test]
fn bytes_behind_the_end_of_a_tar_block() {
    let padded = Tar::new().file("x", b"1").build();
    assert_eq!(Seen::input(&[&padded[..], &[0; 4096]].concat()).gaps, []);
    assert!(Seen::input(&[&padded[..], &b"key = hunter2!! ".repeat(32)].concat()).is_blocked());
}
