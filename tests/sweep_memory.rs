//! How much memory a sweep of large functions takes, through the real program: archives wait at a gate until those
//! before them are read, however many are fetched at once.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::support::peak::peak_memory;
use crate::support::synthetic::Synthetic;
use crate::support::zip::deflate;
use crate::support::{Cli, Zip, instructions};

/// What the program may take, in bytes.
const LIMIT: u64 = 400_000_000;
/// Bytes of the largest functions.
const LARGE: u64 = 60_000_000;

/// Sweeps a folder with the real program: its peak memory in bytes, and its report.
fn swept(program: &str, root: &Path, more: &[&str]) -> (u64, Value) {
    let report = root.join("report.json");
    let mut command = Command::new(program);
    Cli::scrub(&mut command)
        .args(["sweep", "files"])
        .arg(root.join("functions"))
        .arg("--state")
        .arg(root.join("state"));
    command.args(["--allow-seed", "--format", "json", "--quiet", "--fail-on", "never"]).args(more);
    let file = fs::File::create(&report).unwrap();
    let mut child = command.stdout(file).stderr(Stdio::null()).spawn().expect("the program starts");
    let peak = peak_memory(&mut child);
    let json = serde_json::from_slice(&fs::read(&report).unwrap()).expect("a report");
    (peak, json)
}

/// A function of [`LARGE`] bytes that takes next to none on the disk: between its entry and its directory lies a hole,
/// which nobody reads and which is in memory all the same once the archive is.
fn sparse(folder: &Path, number: usize) {
    /// Bytes of the end record, and where in it the directory's place stands.
    const END: (usize, usize) = (22, 16);
    let zip = Zip::new().file("index.js", format!("exports.handler = () => {number};\n")).build();
    let place = zip.len() - END.0 + END.1;
    let directory = u32::from_le_bytes(zip[place..place + 4].try_into().unwrap()) as usize;
    let (entry, mut rest) = (&zip[..directory], zip[directory..].to_vec());
    let moved = u32::try_from(LARGE).unwrap() - u32::try_from(rest.len()).unwrap();
    rest[place - directory..place - directory + 4].copy_from_slice(&moved.to_le_bytes());
    let mut file = File::create_new(folder.join(format!("f{number}.zip"))).unwrap();
    file.write_all(entry).unwrap();
    file.seek(SeekFrom::Start(moved.into())).unwrap();
    file.write_all(&rest).unwrap();
}

#[test]
fn large_functions_are_not_in_memory_together() {
    const FUNCTIONS: usize = 12;
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("functions")).unwrap();
    (0..FUNCTIONS).for_each(|number| sparse(&root.path().join("functions"), number));
    let (peak, json) = swept(Cli::program(), root.path(), &["--parallel", "12"]);
    assert_eq!(json["sweep"]["downloaded"], FUNCTIONS);
    assert_eq!(json["sweep"]["downloaded_bytes"], FUNCTIONS as u64 * LARGE);
    assert!(peak < LIMIT, "{peak} bytes at the peak, of {} in the archives", FUNCTIONS as u64 * LARGE);
}

/// The figures of `docs/benchmarks.md`: 300 functions of up to 60 MB, 60 of them of the full size.
#[test]
#[ignore = "writes ten gigabytes and takes minutes: for docs/benchmarks.md"]
fn table() {
    let program = instructions::named();
    let root = tempfile::tempdir().unwrap();
    let functions = root.path().join("functions");
    fs::create_dir(&functions).unwrap();
    let made = Made::new();
    (0..300).for_each(|number| fs::write(functions.join(format!("f{number:03}.zip")), made.function(number)).unwrap());
    for more in
        [&["--threads", "2"][..], &["--threads", "2", "--parallel", "16"], &["--threads", "8", "--parallel", "16"]]
    {
        let begun = Instant::now();
        let (peak, json) = swept(&program, root.path(), more);
        row(&more.join(" "), begun.elapsed().as_secs_f64(), peak, &json["sweep"]);
        fs::remove_dir_all(root.path().join("state")).unwrap();
    }
}

#[expect(clippy::disallowed_macros, reason = "the table is what it is run for")]
fn row(options: &str, seconds: f64, peak: u64, sweep: &Value) {
    let megabytes = sweep["downloaded_bytes"].as_u64().unwrap() / 1_000_000;
    println!("| {options} | {megabytes} MB | {seconds:.0} s | {} MB |", peak / 1_000_000);
}

/// A deflated file.
struct Packed {
    bytes: Vec<u8>,
    length: u64,
    crc: u32,
}

/// What functions are made of.
struct Made {
    /// Programs and pictures: what does not deflate.
    dense: Vec<u8>,
    /// Source files of 64 KB to 8 MB.
    sources: Vec<Packed>,
}

impl Made {
    fn new() -> Made {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut word = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        let source = |number: u64| {
            let text = Synthetic::new(number).script(64 << 10 << (number % 8));
            Packed { bytes: deflate(&text), length: text.len() as u64, crc: crc32fast::hash(&text) }
        };
        Made { dense: (0..LARGE / 8).flat_map(|_| word()).collect(), sources: (0..32).map(source).collect() }
    }

    /// Every fifth is as large as any, the others of all sizes; in half of them one entry is most of it, the others
    /// are a third of text, which unpacks to several times as much.
    fn function(&self, number: usize) -> Vec<u8> {
        let size =
            if number.is_multiple_of(5) { LARGE as usize } else { LARGE as usize / 300 * (number + 1) } - (64 << 10);
        let mut zip = Zip::new().file("index.js", format!("exports.handler = () => {number};\n"));
        let (mut left, mut at) = (size, number);
        while number % 2 == 1 && left > size / 3 * 2 {
            let Packed { bytes, length, crc } = &self.sources[at % self.sources.len()];
            zip = zip.packed(format!("lib/{at}.js"), bytes.clone(), 8, *length, *crc);
            (left, at) = (left.saturating_sub(bytes.len()), at + 1);
        }
        let pieces = if number % 2 == 1 { 8 } else { 1 };
        for piece in 0..pieces {
            let from = number * 1000 + piece * left / pieces;
            zip = zip.stored(
                format!("data/{piece}.bin"),
                &self.dense[from.min(self.dense.len() - left / pieces)..][..left / pieces],
            );
        }
        zip.build()
    }
}
