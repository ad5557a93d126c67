//! Folders and single files.

use std::fs;
use std::io;
use std::path::Path;

use tidewaiter::artifact::{Budget, EntryKind, Limits, OpenError, Opened, digest, open_path, read_input};
use tidewaiter::model::{GapKind, Level};

use super::Seen;

fn read(path: &Path, limits: Limits) -> Seen {
    let budget = Budget::new(limits);
    Seen::of(open_path(path, &budget).unwrap().opened, &budget)
}

#[test]
fn a_folder_is_walked_in_order() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("b/c")).unwrap();
    for name in ["b/c/deep.txt", "b/z.txt", "a.txt", "b.txt"] {
        fs::write(root.path().join(name), name).unwrap();
    }
    let budget = Budget::default();
    let opened = open_path(root.path(), &budget).unwrap();
    assert!(opened.is_folder);
    assert_eq!(opened.bytes, 29);
    let seen = Seen::of(opened.opened, &budget);
    assert_eq!(seen.gaps, []);
    assert_eq!(seen.names(), ["a.txt", "b.txt", "b/c/deep.txt", "b/z.txt"]);
    assert_eq!(seen.whole("b/c/deep.txt"), b"b/c/deep.txt");
    assert_eq!(seen.bare, [("b".into(), EntryKind::Folder), ("b/c".into(), EntryKind::Folder)]);
}

#[cfg(unix)]
#[test]
fn links_are_recorded_and_not_followed() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("d")).unwrap();
    symlink("..", root.path().join("d/round")).unwrap();
    symlink("/etc/passwd", root.path().join("out")).unwrap();
    symlink("missing", root.path().join("dangling")).unwrap();
    let seen = read(root.path(), Limits::default());
    assert_eq!(seen.files, []);
    assert_eq!(seen.links.len(), 3);
    let gap = seen.gap(GapKind::Link);
    assert_eq!((gap.level, gap.location.path.as_slice()), (Level::Note, &["out".to_owned()][..]));
}

#[cfg(unix)]
#[test]
fn a_socket_is_named_and_not_read() {
    let root = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("s")).unwrap();
    assert_eq!(read(root.path(), Limits::default()).bare, [("s".into(), EntryKind::Other)]);
}

#[test]
fn a_file_that_changes_or_goes_is_a_gap() {
    let root = tempfile::tempdir().unwrap();
    for name in ["gone", "stays"] {
        fs::write(root.path().join(name), "text").unwrap();
    }
    let budget = Budget::default();
    let opened = open_path(root.path(), &budget).unwrap().opened;
    fs::remove_file(root.path().join("gone")).unwrap();
    let seen = Seen::of(opened, &budget);
    assert_eq!(seen.whole("stays"), b"text");
    assert_eq!(seen.gap(GapKind::Unreadable).level, Level::Blocking);
}

#[test]
fn a_folder_over_the_limit_blocks() {
    let root = tempfile::tempdir().unwrap();
    for index in 0..10 {
        fs::write(root.path().join(format!("f{index}")), "x").unwrap();
    }
    let seen = read(root.path(), Limits { entries: 4, ..Limits::default() });
    assert_eq!(seen.names(), ["f0", "f1", "f2", "f3"], "the limit falls in order");
    assert!(seen.gap(GapKind::OverLimit).detail.contains("--max-entries"));
}

#[test]
fn a_single_file_is_an_archive_of_one() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("package-lock.json");
    fs::write(&path, "{}").unwrap();
    let budget = Budget::default();
    let opened = open_path(&path, &budget).unwrap();
    assert_eq!((opened.bytes, opened.is_folder), (2, false));
    let Opened::Indexed(archive) = opened.opened else { panic!("a file is indexed") };
    assert!(!archive.nests(), "it would be found in itself");
    assert_eq!(read(&path, Limits::default()).whole("package-lock.json"), b"{}");
    fs::write(&path, "").unwrap();
    let seen = read(&path, Limits::default());
    assert_eq!((seen.whole("package-lock.json"), seen.gaps.len()), (&b""[..], 0));
}

#[test]
fn a_large_file_is_read_in_windows() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("big.txt");
    let text = "0123456789\n".repeat(5000);
    fs::write(&path, &text).unwrap();
    let limits = Limits { entry_bytes: 1000, window_bytes: 700, window_overlap: 64, ..Limits::default() };
    assert_eq!(read(&path, limits.clone()).whole("big.txt"), text.as_bytes());
    assert_eq!(read(root.path(), limits).whole("big.txt"), text.as_bytes());
}

#[test]
fn what_is_missing_is_an_error_that_names_it() {
    let error = open_path(Path::new("no/such/file.zip"), &Budget::default()).err().unwrap();
    assert!(matches!(error, OpenError::Path { .. }));
    assert!(error.to_string().contains("no/such/file.zip"));
}

#[test]
fn digests_are_those_of_sha256() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a");
    fs::write(&path, "abc").unwrap();
    // The example of FIPS 180-4.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest(&path).unwrap(), expected);
}

#[test]
fn standard_input_is_bounded() {
    let limits = Limits { target_bytes: 1000, ..Limits::default() };
    assert_eq!(read_input(&mut io::repeat(1).take_bytes(1000), &limits).unwrap().len(), 1000);
    let error = read_input(&mut io::repeat(1), &limits).unwrap_err();
    assert!(error.to_string().contains("--max-target-bytes"));
}

/// `Read::take` without the import that would shadow nothing else.
trait TakeBytes: io::Read + Sized {
    fn take_bytes(self, count: u64) -> io::Take<Self> {
        io::Read::take(self, count)
    }
}

impl<R: io::Read> TakeBytes for R {}
