//! What each stage of an audit costs by itself.
//!
//! ```text
//! cargo bench --bench stages                              # all of them: some minutes, most of it rule by rule
//! cargo bench --bench stages -- inflate keywords          # those with one of these words in their name
//! TIDEWAITER_BENCH_ARCHIVE=function.zip cargo bench ...   # on an archive of yours instead of a made-up one
//! ```
//!
//! How much a whole scan costs, and that it costs no more than it did, the tests `cost` and `growth` say.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use tidewaiter::advisory::{CacheLock, Database, DirMirror, Store, sync};
use tidewaiter::artifact::{Budget, EntryKind, Limits, Opened, Piece, open_bytes};
use tidewaiter::audit::{self, Demand, Input, Options, Progress, Request};
use tidewaiter::extract::{self, Entry, Extractor, LockedVersions, Sink};
use tidewaiter::matching::{MaxAge, match_packages};
use tidewaiter::model::{Ecosystem, Evidence, FunctionConfig, Location, Package, Scan};
use tidewaiter::policy::{Settings, Verdict, judge};
use tidewaiter::report::{self, Style};
use tidewaiter::secret::{Engine, rules_with_examples};

mod package_files;

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/osv.rs"]
mod osv;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/synthetic.rs"]
mod synthetic;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/zip.rs"]
mod zip;
use zip::Zip;

/// Bytes of text that the rules are shown, rule by rule.
const EXAMPLES: usize = 64 << 10;

fn main() {
    divan::main();
}

/// The archive that is measured.
static ARCHIVE: LazyLock<Vec<u8>> = LazyLock::new(|| match std::env::var_os("TIDEWAITER_BENCH_ARCHIVE") {
    Some(path) => fs::read(path).unwrap(),
    None => synthetic::node_archive(31, 40).build(),
});

/// What is in it, entry by entry.
static TEXTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut texts = Vec::new();
    inflate(Limits::default(), |bytes| texts.push(bytes.to_vec()));
    texts
});

/// The lines in which no rule's keyword stands, one file an entry: over them the engine does the pass and nothing else.
static QUIET: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let keywords = keywords();
    let quiet = |text: &Vec<u8>| -> Vec<u8> {
        text.split_inclusive(|byte| *byte == b'\n').filter(|line| !keywords.is_match(line)).flatten().copied().collect()
    };
    TEXTS.iter().map(quiet).collect()
});

/// Reads every entry once, through the one tap.
fn inflate(limits: Limits, mut visit: impl FnMut(&[u8])) -> usize {
    let budget = Budget::new(limits);
    let Opened::Indexed(archive) = open_bytes(&ARCHIVE, "archive.zip", &budget) else { panic!("it is no zip") };
    let (mut scratch, mut bytes) = (Vec::new(), 0);
    for index in (0..archive.len()).filter(|index| archive.meta(*index).kind == EntryKind::File) {
        let mut see = |piece: Piece<'_>| {
            bytes += piece.bytes.len();
            visit(piece.bytes);
        };
        archive.read(index, &budget, &mut scratch, &mut see).unwrap();
    }
    bytes
}

/// The engine's keywords, as an automaton that reads each byte once and never goes back.
fn keywords() -> AhoCorasick {
    let keywords = Engine::builtin().rules().iter().flat_map(|rule| &rule.keywords);
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).ascii_case_insensitive(true).build(keywords).unwrap()
}

fn total(texts: &[Vec<u8>]) -> BytesCount {
    BytesCount::new(texts.iter().map(Vec::len).sum::<usize>())
}

fn search(texts: &[Vec<u8>]) -> usize {
    let (place, mut found) = (Location::artifact(0), Vec::new());
    for text in texts {
        Engine::builtin().scan(&place, Piece::whole(text), &mut found);
    }
    found.len()
}

#[divan::bench]
fn inflate_whole_by_libdeflate(bencher: Bencher) {
    bencher.counter(total(&TEXTS)).bench(|| inflate(Limits::default(), |bytes| _ = black_box(bytes)));
}

/// An entry that is too large to be whole is read in windows, by the decoder that can stop anywhere.
#[divan::bench]
fn inflate_windows_by_zlib_rs(bencher: Bencher) {
    let limits = || Limits { entry_bytes: 1, window_overlap: 1, ..Limits::default() };
    bencher.counter(total(&TEXTS)).bench(|| inflate(limits(), |bytes| _ = black_box(bytes)));
}

#[divan::bench]
fn keywords_by_the_engine(bencher: Bencher) {
    bencher.counter(total(&QUIET)).bench(|| search(&QUIET));
}

#[divan::bench]
fn keywords_by_aho_corasick(bencher: Bencher) {
    let keywords = keywords();
    bencher.counter(total(&QUIET)).bench(|| QUIET.iter().map(|text| keywords.find_iter(text).count()).sum::<usize>());
}

#[divan::bench]
fn all_rules(bencher: Bencher) {
    bencher.counter(total(&TEXTS)).bench(|| search(&TEXTS));
}

fn rules() -> impl Iterator<Item = &'static str> {
    Engine::builtin().rules().iter().map(|rule| rule.id.as_str())
}

/// A rule alone, on its own examples over and over.
#[divan::bench(args = rules(), max_time = 0.05)]
fn rule(bencher: Bencher, id: &str) {
    let rule = rules_with_examples().into_iter().find(|rule| rule.id == id).unwrap();
    let lines = rule.examples.iter().flat_map(|example| [example.as_bytes(), b"\n"].concat());
    let text: Vec<u8> = lines.collect::<Vec<u8>>().into_iter().cycle().take(EXAMPLES).collect();
    let engine = Engine::new(vec![rule]);
    bencher.counter(BytesCount::of_slice(&text)).bench(|| {
        let mut found = Vec::new();
        engine.scan(&Location::artifact(0), Piece::whole(&text), &mut found);
        found
    });
}

fn extractors() -> impl Iterator<Item = &'static str> {
    extract::ALL.iter().map(|extractor| extractor.id())
}

#[divan::bench(args = extractors(), max_time = 0.5)]
fn extractor(bencher: Bencher, id: &str) {
    let extractor: &dyn Extractor = *extract::ALL.iter().find(|extractor| extractor.id() == id).unwrap();
    let (path, bytes) = package_files::of(id);
    assert!(extractor.wants(path, &bytes[..bytes.len().min(512)]), "{id} does not want {path}");
    let location = Location::artifact(0).child("archive").child(path);
    let read = || {
        let mut sink = Sink::default();
        extractor.extract(&Entry { location: &location, bytes: &bytes }, &mut sink);
        sink
    };
    // An extractor that finds its file broken or empty is done too soon. The format of `bun.lockb` is told, not read, and
    // a made-up program holds no packages.
    let (sink, told) = (read(), ["bun-lockb", "program"].contains(&id));
    let broken = sink.gaps.iter().chain(&sink.lock_gaps).next();
    assert!(told || (sink.facts() > 0 && broken.is_none()), "{id} reads nothing of {path}: {broken:?}");
    bencher.counter(BytesCount::of_slice(&bytes)).bench(read);
}

/// A thousand packages, of which one in ten has four advisories.
#[divan::bench]
fn matching(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let mut bucket = osv::Bucket::default();
    for number in 0..4000 {
        let name = if number < 400 { format!("p{}", number / 4 * 10) } else { format!("elsewhere-{number}") };
        bucket.put("npm", &osv::record(&format!("TEST-{number}"), "2024-01-01T00:00:00Z", "npm", &name, "2.0.0"));
    }
    let (mirror, cache) = (folder.path().join("mirror"), folder.path().join("cache"));
    fs::create_dir(&mirror).unwrap();
    bucket.write(&mirror);
    let mut store = Store::open(CacheLock::acquire(&cache, || false).unwrap()).unwrap();
    sync(&mut store, &DirMirror::new(&mirror), &[], &mut |_| ()).unwrap();
    drop(store);
    let database = Database::open_cache(&cache).unwrap().unwrap();
    let package = |number: usize| {
        let (name, version) = (format!("p{number}"), Some("1.0.0".to_owned()));
        Package::new(Ecosystem::Npm, &name, version, Evidence::Installed, Location::artifact(0).child(&name))
    };
    let packages: Vec<Package> = (0..1000).map(package).collect();
    let matched = || match_packages(&packages, |ecosystem, name| database.lookup(ecosystem, name));
    assert_eq!(matched().findings.len(), 400);
    bencher.counter(ItemsCount::new(packages.len())).bench(matched);
}

fn demand() -> Demand {
    Demand { allow_seed: true, max_age: MaxAge::default(), now: chrono::DateTime::UNIX_EPOCH }
}

fn audited(code: Input, layers: Vec<PathBuf>, database: &Database) -> Scan {
    let progress = Progress::default();
    let options = Options {
        allow: &|_| None,
        limits: Limits::default(),
        engine: Engine::builtin(),
        own: globset::GlobSet::empty(),
        verifier: None,
        progress: &progress,
    };
    let (config, locked) = (FunctionConfig::default(), LockedVersions::default());
    let scan = audit::audit(Request { code, layers, environment: None, config, locked }, &options).unwrap();
    audit::hold_against(vec![scan], database, &demand()).remove(0)
}

fn verdict(scan: Scan, database: &Database) -> Verdict {
    judge(vec![scan], database.info().clone(), Settings::default(), None)
}

/// The README's example, its layer included, from the files to the verdict.
#[divan::bench]
fn audit_of_the_example(bencher: Bencher) {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/example"));
    let database = Database::seed().unwrap();
    bencher.bench(|| {
        let code = Input::Path(fixtures.join("function.zip"));
        verdict(audited(code, vec![fixtures.join("layer.zip")], &database), &database)
    });
}

fn formats() -> impl Iterator<Item = &'static str> {
    report::ALL.iter().map(|reporter| reporter.id())
}

/// A report of the archive.
#[divan::bench(args = formats())]
fn report_as(bencher: Bencher, id: &str) {
    let database = Database::seed().unwrap();
    let code = Input::Bytes { name: "archive.zip".to_owned(), bytes: ARCHIVE.clone() };
    let verdict = verdict(audited(code, Vec::new(), &database), &database);
    let style = Style { color: false, width: 120, unicode: true };
    let reporter = report::by_id(id).unwrap();
    bencher.bench(|| {
        let mut out = Vec::new();
        reporter.write(&verdict, &style, &mut out).unwrap();
        out
    });
}
