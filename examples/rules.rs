//! What more rules cost: the engine with the first 60, 125, 250 and all rules over the files of a folder.
//!
//! ```text
//! cargo run --release --example rules -- FOLDER
//! ```
#![allow(clippy::disallowed_macros, clippy::unwrap_used, reason = "an example prints and may fail")]

use std::path::Path;
use std::time::{Duration, Instant};

use tidewaiter::artifact::Piece;
use tidewaiter::model::Location;
use tidewaiter::secret::Engine;

/// Bytes that are searched at most.
const MOST: usize = 20 << 20;
/// How often each engine runs; the quickest counts, since whatever else runs only adds.
const RUNS: usize = 7;

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let mut files = Vec::new();
    gather(Path::new(&folder), &mut files, &mut 0);
    let bytes: usize = files.iter().map(Vec::len).sum();
    println!("{} files, {bytes} bytes", files.len());

    let begun = Instant::now();
    let rules = Engine::builtin().rules();
    println!("all {} rules read and made an automaton of in {:.1} ms", rules.len(), ms(begun.elapsed()));

    println!("{:>5}  {:>8}  {:>8}  {:>8}", "rules", "keywords", "ms", "matches");
    for count in [60, 125, 250, rules.len()].into_iter().filter(|count| *count <= rules.len()) {
        // Every k-th, so that each set is a cross-section of all families.
        let chosen = (0..count).map(|index| rules[index * rules.len() / count].clone()).collect();
        let engine = Engine::new(chosen);
        let keywords: usize = engine.rules().iter().map(|rule| rule.keywords.len()).sum();
        let mut matches = 0;
        let best = (0..RUNS).map(|_| {
            let mut found = Vec::new();
            let begun = Instant::now();
            for text in &files {
                engine.scan(&Location::artifact(0), Piece::whole(text), &mut found);
            }
            matches = found.len();
            begun.elapsed()
        });
        println!("{count:>5}  {keywords:>8}  {:>8.1}  {matches:>8}", ms(best.min().unwrap()));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The text files below a folder, in the order of their names.
fn gather(folder: &Path, files: &mut Vec<Vec<u8>>, total: &mut usize) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(&path, files, total);
        } else if let Ok(bytes) = std::fs::read(&path)
            && !bytes.contains(&0)
            && *total + bytes.len() <= MOST
        {
            *total += bytes.len();
            files.push(bytes);
        }
    }
}
