//! Zips that lie about themselves.

use std::io::Write;

use proptest::prelude::*;
use tidewaiter::artifact::{Budget, EntryKind, Limits, Opened, open_bytes, open_path};
use tidewaiter::model::{GapKind, Level};

use super::Seen;
use crate::support::zip::{Zip, deflate};

fn sample() -> Zip {
    Zip::new()
        .folder("lib/")
        .file("lib/a.txt", b"first file, first file, first file")
        .stored("lib/b.bin", b"stored bytes")
        .file("c.js", "const x = 1;\n".repeat(40))
        .descriptor()
        .link("bin/c", "../c.js")
        .file("wide.txt", b"sizes in the extra field")
        .zip64()
}

#[test]
fn an_honest_archive_has_no_gap() {
    let seen = Seen::input(&sample().build());
    assert_eq!(seen.gaps, []);
    assert_eq!(seen.names(), ["lib/a.txt", "lib/b.bin", "c.js", "wide.txt"]);
    assert_eq!(seen.whole("c.js"), "const x = 1;\n".repeat(40).as_bytes());
    assert_eq!(seen.links, [("bin/c".to_owned(), "../c.js".to_owned())]);
    assert_eq!(seen.bare, [("lib".to_owned(), EntryKind::Folder)]);
}

#[test]
fn a_wide_end_record_is_followed() {
    let seen = Seen::input(&sample().wide_end().build());
    assert_eq!((seen.files.len(), seen.gaps.len()), (4, 0), "{:?}", seen.gaps);
    let seen = Seen::input(&sample().wide_end().prepend("#!/bin/sh\nexec java -jar $0\n").build());
    assert_eq!(seen.whole("wide.txt"), b"sizes in the extra field");
    assert!(seen.is_blocked(), "offsets that a prefix made wrong are not trusted");
}

#[test]
fn a_file_on_disk_reads_like_memory() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&sample().prepend("#!/usr/bin/env python3\n").build()).unwrap();
    let budget = Budget::default();
    let opened = open_path(file.path(), &budget).unwrap();
    let seen = Seen::of(opened.opened, &budget);
    assert_eq!(seen.gaps, []);
    assert_eq!(seen.whole("wide.txt"), b"sizes in the extra field");
    assert_eq!(seen.whole("[unlisted bytes at 0]"), b"#!/usr/bin/env python3\n");
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_truncated() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&sample().build()).unwrap();
    let budget = Budget::default();
    let opened = open_path(file.path(), &budget).unwrap().opened;
    file.as_file().set_len(100).unwrap();
    let seen = Seen::of(opened, &budget);
    assert_eq!(seen.whole("lib/a.txt"), b"first file, first file, first file");
    assert!(seen.gaps.iter().all(|gap| gap.kind == GapKind::Truncated && gap.level == Level::Blocking));
    assert_eq!(seen.gaps.len(), 3);
}

#[test]
fn every_copy_of_a_name_is_read() {
    let seen = Seen::input(&Zip::new().file("a.js", b"one").file("a.js", b"two").file("a.js", b"three").build());
    let bytes: Vec<&[u8]> = seen.files.iter().map(|(_, bytes, _)| bytes.as_slice()).collect();
    assert_eq!(bytes, [&b"one"[..], b"two", b"three"]);
    assert_eq!(seen.gaps.iter().filter(|gap| gap.kind == GapKind::Duplicate).count(), 2);
    assert!(!seen.is_blocked());
}

#[test]
fn encrypted_entries_and_unknown_methods_block_and_the_rest_is_read() {
    let zip = Zip::new().stored("secret", b"????").encrypted().stored("old", b"????").method(12).file("fine", b"fine");
    let seen = Seen::input(&zip.build());
    assert_eq!(seen.whole("fine"), b"fine");
    assert_eq!(seen.gap(GapKind::Encrypted).level, Level::Blocking);
    assert_eq!(seen.gap(GapKind::Encrypted).location.path, ["secret"]);
    assert!(seen.gap(GapKind::Unsupported).detail.contains("BZIP2"));
}

#[test]
fn a_wrong_checksum_blocks_but_the_bytes_were_seen() {
    let seen = Seen::input(&Zip::new().file("a", b"the bytes").wrong_crc().build());
    assert_eq!(seen.files, [("a".to_owned(), b"the bytes".to_vec(), false)]);
    assert_eq!(seen.gap(GapKind::Checksum).level, Level::Blocking);
}

#[test]
fn a_wrong_size_neither_cuts_nor_allocates() {
    for claim in [1, 4_000_000_000] {
        let seen = Seen::input(&Zip::new().file("a", b"the bytes").lie_about_size(claim).build());
        assert_eq!(seen.files[0].1, b"the bytes");
        assert_eq!(seen.gap(GapKind::Mismatch).level, Level::Blocking);
    }
}

#[test]
fn headers_that_differ_are_said_with_both_names() {
    let seen = Seen::input(&Zip::new().file("README.md", b"{}").local_name("package.json").build());
    let gap = seen.gap(GapKind::Mismatch);
    assert!(gap.detail.contains("`README.md`") && gap.detail.contains("`package.json`"));
    assert_eq!(gap.level, Level::Note);
    assert_eq!(seen.whole("README.md"), b"{}");
    // Shown, the one looks like the other as it stands.
    for (listed, local) in [(&b"a%b"[..], &b"a%25b"[..]), (b"\xff.js", b"%FF.js")] {
        let seen = Seen::input(&Zip::new().file(listed, b"{}").local_name(local).build());
        let names: Vec<&str> = seen.files.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(seen.gap(GapKind::Mismatch).detail.contains(names[0]), "{names:?}");
    }
    let seen = Seen::input(&Zip::new().file("a", b"{}").local_method(0).build());
    assert!(seen.gap(GapKind::Mismatch).detail.contains("method"));
}

/// Which of its names an entry gets depends on the tool that unpacks it.
#[test]
fn an_entry_is_read_under_each_of_its_names() {
    let manifest = "node_modules/a/package.json";
    for zip in [
        Zip::new().file("x.bin", b"{}").local_name(manifest),
        Zip::new().file("x.bin", b"{}").unicode_name(manifest),
        Zip::new().file(format!("{manifest}\0.bin"), b"{}"),
        Zip::new().file("node_modules\\a\\package.json", b"{}"),
        Zip::new().file("node_modules/./a//package.json", b"{}"),
    ] {
        assert_eq!(Seen::input(&zip.build()).whole(manifest), b"{}");
    }
}

#[test]
fn headers_that_lead_to_other_bytes_block() {
    assert!(Seen::input(&Zip::new().stored("a", b"{}").local_method(8).build()).is_blocked());
    assert!(!Seen::input(&Zip::new().stored("a", b"{}").local_name("b").build()).is_blocked());
}

#[test]
fn a_name_that_promises_a_zip_is_searched_for_one_from_its_end() {
    let zip = Zip::new().file("a.js", b"1").prepend("no header here").comment("a comment of some length").build();
    let budget = Budget::default();
    for name in ["lib/x.jar", "x.zip"] {
        assert_eq!(Seen::of(open_bytes(&[&zip[..], b"more"].concat(), name, &budget), &budget).whole("a.js"), b"1");
    }
    assert!(matches!(open_bytes(&zip, "a.txt", &budget), Opened::NotAnArchive));
}

#[test]
fn bytes_after_the_end_of_compressed_data_are_said() {
    let mut packed = deflate(b"visible");
    packed.extend(b"hidden behind the end of the stream");
    let seen = Seen::input(&Zip::new().packed("a", packed, 8, 7, crc32fast::hash(b"visible")).build());
    assert_eq!(seen.files[0].1, b"visible");
    assert!(seen.is_blocked());
}

#[test]
fn entries_that_the_directory_hides_are_read() {
    let zip = Zip::new().file("seen.js", b"1").file("hidden.js", b"evil()").hidden().file("last.js", b"2");
    let seen = Seen::input(&zip.build());
    assert_eq!(seen.whole("hidden.js"), b"evil()");
    assert!(seen.gap(GapKind::Mismatch).detail.contains("not in its directory"));
    let streamed = Zip::new().file("seen.js", b"1").file("h", b"evil()").descriptor().hidden().build();
    assert_eq!(Seen::input(&streamed).whole("h"), b"evil()");
}

#[test]
fn an_empty_directory_over_entries_blocks() {
    let seen = Seen::input(&Zip::new().file("hidden.js", b"evil()").hidden().build());
    assert_eq!(seen.whole("hidden.js"), b"evil()");
    assert_eq!(seen.gap(GapKind::Malformed).level, Level::Blocking);
}

#[test]
fn bytes_that_belong_to_no_entry_are_searched() {
    let seen = Seen::input(&Zip::new().file("a", b"1").before_directory("key = hunter2 hunter2").build());
    let (name, bytes, whole) = &seen.files[1];
    assert!(name.starts_with("[unlisted bytes at ") && *whole);
    assert_eq!(bytes, b"key = hunter2 hunter2");
    assert_eq!(seen.gap(GapKind::Mismatch).level, Level::Note);
    let seen = Seen::input(&Zip::new().file("a", b"1").before_directory([0; 4000]).build());
    assert_eq!((seen.files.len(), seen.gaps.len()), (1, 0), "zeros are padding");
    let seen = Seen::input(&Zip::new().file("a", b"1").comment("a comment of some length").build());
    assert_eq!((seen.files[1].1.as_slice(), seen.gaps.len()), (&b"a comment of some length"[..], 0));
}

#[test]
fn a_comment_that_holds_an_end_record_does_not_win() {
    let mut fake = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    fake.extend([0x99, 0, 0, 0, 0x10, 0, 0, 0, 0, 0]);
    let seen = Seen::input(&Zip::new().file("a", b"1").comment(fake).build());
    assert_eq!(seen.whole("a"), b"1");
}

#[test]
fn names_that_could_do_harm_are_labels() {
    for name in ["../../etc/cron.d/x", "/etc/passwd", "C:\\x", "a\\b", "evil\n::error::x", "\u{202e}gpj.js"] {
        let seen = Seen::input(&Zip::new().file(name, b"data").build());
        assert_eq!(seen.files[0].1, b"data", "{name:?}");
        assert_eq!(seen.gap(GapKind::UnsafeName).level, Level::Note);
        assert!(!seen.is_blocked());
    }
}

#[test]
fn a_folder_or_link_with_data_is_a_file() {
    let seen = Seen::input(&Zip::new().stored("d/", b"hidden in a folder").mode(0o040_755).build());
    assert_eq!(seen.whole("d"), b"hidden in a folder");
    for data in ["x".repeat(5000), "{\"name\": \"hidden\"}".into(), "two\nlines".into()] {
        assert_eq!(Seen::input(&Zip::new().link("l", &data).build()).whole("l"), data.as_bytes());
    }
}

#[test]
fn entries_that_share_bytes_are_said_once_and_read_each() {
    let seen = Seen::input(&Zip::new().file("a", b"kernel").sharing("b", 0).sharing("c", 0).build());
    assert_eq!(seen.files.len(), 3);
    assert!(seen.gaps.iter().any(|gap| gap.detail.contains("2 entries lie over the bytes of others")));
}

#[test]
fn a_count_that_is_wrong_is_said() {
    let seen = Seen::input(&Zip::new().file("a", b"1").file("b", b"2").count(1).build());
    assert_eq!(seen.files.len(), 2);
    assert!(seen.gap(GapKind::Mismatch).detail.contains("counts 1 entries"));
}

#[test]
fn entries_over_the_limit_are_counted() {
    let zip = (0..10).fold(Zip::new(), |zip, index| zip.stored(format!("f{index}"), b"x"));
    let seen = Seen::input_within(&zip.build(), Limits { entries: 4, ..Limits::default() });
    assert_eq!(seen.files.len(), 4);
    let gap = seen.gap(GapKind::OverLimit);
    assert!(gap.detail.contains("--max-entries") && gap.detail.contains(" 6 entries"), "{}", gap.detail);
}

#[test]
fn what_is_no_zip_despite_its_name_is_read_as_a_file() {
    let seen = Seen::input(b"just text");
    assert_eq!(seen.whole("input.zip"), b"just text");
    assert_eq!(seen.gap(GapKind::Malformed).level, Level::Blocking);
    let seen = Seen::input(b"PK\x03\x04 and nothing behind it");
    assert_eq!(seen.files[0].1, b"PK\x03\x04 and nothing behind it");
    assert!(seen.is_blocked());
}

#[test]
fn a_broken_archive_inside_another_is_one_gap_and_no_entry() {
    let seen = Seen::nested(b"PK\x03\x04 and nothing behind it");
    assert_eq!(seen.files.len(), 0);
    assert_eq!(seen.gap(GapKind::Malformed).level, Level::Blocking);
    let seen = Seen::nested(b"\xfd7zXZ\0\0\0\0");
    assert_eq!(seen.gap(GapKind::Unsupported).level, Level::Blocking);
    assert!(matches!(open_bytes(b"text", "a.txt", &Budget::default()), Opened::NotAnArchive));
}

#[test]
fn a_zip_behind_a_program_is_found_and_ordinary_bytes_are_not_taken_for_one() {
    let seen = Seen::nested(&Zip::new().file("__main__.py", b"run()").prepend("#!/usr/bin/python3\n").build());
    assert_eq!(seen.whole("__main__.py"), b"run()");
    let mut text = b"the end record begins with PK\x05\x06".to_vec();
    text.extend([0; 18]);
    assert!(matches!(open_bytes(&text, "a.txt", &Budget::default()), Opened::NotAnArchive));
}

#[test]
fn a_lost_directory_does_not_lose_the_entries() {
    let seen = Seen::input(&sample().no_directory().build());
    assert_eq!(seen.whole("lib/a.txt"), b"first file, first file, first file");
    assert_eq!(seen.whole("c.js"), "const x = 1;\n".repeat(40).as_bytes());
    assert_eq!(seen.whole("wide.txt"), b"sizes in the extra field");
    assert_eq!(seen.gap(GapKind::Truncated).level, Level::Blocking);
}

#[test]
fn an_inner_archive_at_the_cut_does_not_hide_the_outer_one() {
    let inner = Zip::new().file("inner.txt", b"inner").build();
    let outer = Zip::new().file("outer.txt", b"outer").stored("inner.zip", &inner).no_directory().build();
    let seen = Seen::input(&outer);
    assert_eq!(seen.whole("outer.txt"), b"outer");
    assert!(seen.is_blocked());
}

/// The law of conservation: cut anywhere, every entry whose data are there is read, and the loss is said.
#[test]
fn cut_at_any_byte_every_intact_entry_is_read() {
    let full = sample().build();
    let files = [("lib/a.txt", 34), ("lib/b.bin", 12), ("c.js", 520), ("wide.txt", 24)];
    // Where each file's data end, found from the uncut archive.
    let ends: Vec<usize> = files
        .iter()
        .map(|(name, _)| {
            (0..=full.len()).find(|cut| Seen::input(&full[..*cut]).files.iter().any(|f| f.0 == *name && f.2)).unwrap()
        })
        .collect();
    assert!(ends.is_sorted() && *ends.last().unwrap() < full.len());
    for cut in 0..full.len() {
        let seen = Seen::input(&sample().truncate(cut).build());
        assert!(seen.is_blocked(), "cut at {cut}: {:?}", seen.gaps);
        for ((name, size), end) in files.iter().zip(&ends).filter(|(_, end)| **end <= cut) {
            assert_eq!(seen.whole(name).len(), *size, "cut at {cut}, {name} ends at {end}");
        }
    }
}

/// One flipped byte never hides an entry silently: either all is as before, or something is said.
#[test]
fn a_flipped_byte_is_never_silent_about_a_lost_entry() {
    let full = sample().build();
    let honest = Seen::input(&full);
    for at in 0..full.len() {
        let mut bytes = full.clone();
        bytes[at] ^= 0x21;
        let seen = Seen::input(&bytes);
        // A file whose mode became that of a link is known by its target.
        let has = |data: &[u8]| {
            seen.files.iter().any(|file| file.1 == data && file.2)
                || seen.links.iter().any(|link| link.1.as_bytes() == data)
        };
        let lost = honest.files.iter().any(|file| !has(&file.1));
        assert!(!lost || !seen.gaps.is_empty(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for head in [&b""[..], b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"] {
            Seen::input(&[head, &bytes].concat());
        }
    }

    #[test]
    fn damaged_archives_never_panic(at in 0usize..900, bytes in proptest::collection::vec(any::<u8>(), 1..24)) {
        let mut zip = sample().build();
        let at = at.min(zip.len() - 1);
        let end = (at + bytes.len()).min(zip.len());
        zip[at..end].copy_from_slice(&bytes[..end - at]);
        Seen::input(&zip);
    }
}
