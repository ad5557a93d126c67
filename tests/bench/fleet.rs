//! What a new snapshot costs a large fleet: 10,000 functions of 100 packages, 50,000 versions of packages between them.
//!
//! ```text
//! cargo bench --bench fleet                                    # 10,000 functions: about five minutes, a gigabyte on disk
//! cargo bench --bench fleet -- 1000                            # so many
//! TIDEWAITER_BENCH_BUCKET=folder cargo bench --bench fleet     # with a copy of the OSV bucket instead of made-up records
//! ```
//!
//! The program itself sweeps archives that were made for it, twice; then one advisory comes, and it tells from its state
//! what is new. That it names exactly the functions concerned is checked. What of it takes how long, this process
//! measures on the same state.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::Deserialize;
use tidewaiter::advisory::{CacheLock, Database, DirMirror, Store, sync};
use tidewaiter::audit::{Demand, hold_against};
use tidewaiter::matching::MaxAge;
use tidewaiter::model::{Ecosystem, Scan};
use tidewaiter::policy::Settings;
use tidewaiter::report::{self, Style};
use tidewaiter::sweep::{self, Judging, State, Surveyed};

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/osv.rs"]
mod osv;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/peak.rs"]
mod peak;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../support/zip.rs"]
mod zip;
use zip::Zip;

const FUNCTIONS: usize = 10_000;
/// Packages of a function.
const PACKAGES: usize = 100;
/// Names in the fleet, one in ten of which has advisories.
const NAMES: usize = 10_000;
const KNOWN: usize = NAMES / 10;
/// Of each name. Older ones are flawed more often than newer ones.
const VERSIONS: [&str; 5] = ["0.3.1", "1.2.0", "2.4.6", "4.17.20", "9.0.1"];
/// Made-up records, where no bucket is given.
const RECORDS: usize = 40_000;
/// The package that the new advisory is about, which no advisory names before, and how many of [`VERSIONS`] it affects.
const NEW: (usize, usize) = (7_001, 2);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // `cargo test --benches` compiles this, and means no more.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    let functions = arguments.first().map_or(FUNCTIONS, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let fleet = Fleet::made(folder.path(), functions);
    fleet.run("first sweep", &["--threads", "2"]);
    fleet.run("second sweep, nothing changed", &[]);
    fleet.announce();
    let news = fleet.run("from the state, one more advisory", &["--offline"]);
    assert_eq!(news, fleet.concerned(), "exactly the functions that have the package");
    fleet.run("the same on one thread", &["--offline", "--threads", "1"]);
    fleet.stages();
    fleet.run("third sweep, one more advisory", &[]);
}

struct Fleet {
    functions: PathBuf,
    mirror: PathBuf,
    cache: PathBuf,
    state: PathBuf,
    count: usize,
    /// By number.
    names: Vec<String>,
}

impl Fleet {
    fn made(folder: &Path, count: usize) -> Fleet {
        let [functions, mirror, cache, state] = ["functions", "mirror", "cache", "state"].map(|name| folder.join(name));
        let mut fleet = Fleet { functions, mirror, cache, state, count, names: Vec::new() };
        match std::env::var_os("TIDEWAITER_BENCH_BUCKET") {
            Some(bucket) => copy(Path::new(&bucket), &fleet.mirror),
            None => {
                fs::create_dir(&fleet.mirror).unwrap();
                made_up_bucket().write(&fleet.mirror);
            }
        }
        told("first sync of the advisories", || fleet.sync());
        let database = fleet.database();
        let known = database.packages(Ecosystem::Npm, |_| true).unwrap();
        let known = known.iter().step_by((known.len() / KNOWN).max(1)).take(KNOWN).cloned();
        fleet.names = known.chain((0..NAMES).map(|number| format!("unheard-of-{number}"))).take(NAMES).collect();
        fs::create_dir(&fleet.functions).unwrap();
        told("making the archives", || (0..count).for_each(|number| fleet.deploy(number)));
        fleet
    }

    /// The packages of a function: name and version by number, no name twice, all versions of all names between them.
    fn packages(&self, function: usize) -> impl Iterator<Item = (usize, usize)> {
        let first = function * PACKAGES + function / (NAMES * VERSIONS.len() / PACKAGES) * 37;
        (first..first + PACKAGES).map(|at| at * 7_919 % (NAMES * VERSIONS.len())).map(|at| (at % NAMES, at / NAMES))
    }

    /// Writes a function as npm would install it, each package of which requires the one before.
    fn deploy(&self, function: usize) {
        let mut zip = Zip::new().stored("index.js", format!("exports.handler = async () => {function};\n"));
        let mut requires = String::new();
        for (name, version) in self.packages(function) {
            let (name, version) = (&self.names[name], VERSIONS[version]);
            let manifest =
                format!("{{\"name\": \"{name}\", \"version\": \"{version}\", \"dependencies\": {{{requires}}}}}");
            zip = zip.stored(format!("node_modules/{name}/package.json"), manifest);
            requires = format!("\"{name}\": \"^{version}\"");
        }
        fs::write(self.functions.join(format!("f{function:05}.zip")), zip.build()).unwrap();
    }

    /// Functions that the new advisory concerns.
    fn concerned(&self) -> BTreeSet<String> {
        let is_new = |(name, version)| name == NEW.0 && version < NEW.1;
        let concerned = (0..self.count).filter(|function| self.packages(*function).any(is_new));
        concerned.map(|function| format!("f{function:05}.zip")).collect()
    }

    /// One advisory more, and nothing else.
    fn announce(&self) {
        let date = "2026-11-01T00:00:00Z";
        let record = osv::record("NEW-1", date, "npm", &self.names[NEW.0], VERSIONS[NEW.1]);
        let folder = self.mirror.join("npm");
        let listing = fs::read_to_string(folder.join("modified_id.csv")).unwrap();
        fs::write(folder.join("modified_id.csv"), format!("{date},NEW-1\n{listing}")).unwrap();
        fs::write(folder.join("NEW-1.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        told("sync of one more advisory", || self.sync());
    }

    fn sync(&self) {
        let mut store = Store::open(CacheLock::acquire(&self.cache, || false).unwrap()).unwrap();
        sync(&mut store, &DirMirror::new(&self.mirror), &[], &mut |_| {}).unwrap();
    }

    fn database(&self) -> Database {
        Database::open_cache(&self.cache).unwrap().expect("a snapshot")
    }

    /// Runs the program and returns the functions of which it has news.
    fn run(&self, what: &str, more: &[&str]) -> BTreeSet<String> {
        let report = self.state.with_extension("json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
        command.args(["sweep", "files"]).arg(&self.functions).arg("--state").arg(&self.state);
        command.arg("--cache").arg(&self.cache).args(["--format", "json", "--quiet", "--reproducible"]).args(more);
        command.stdout(fs::File::create(&report).unwrap()).stdin(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let peak = peak::peak_memory(&mut child);
        let took = begun.elapsed();
        assert_ne!(child.wait().unwrap().code(), Some(2));
        let bytes = fs::read(&report).unwrap();
        row(what, took, &format!("{} MB at the peak, a report of {} MB", peak >> 20, bytes.len() >> 20));
        let report: Report = serde_json::from_slice(&bytes).unwrap();
        report.sweep.changes.findings.new.into_iter().map(|change| change.target).collect()
    }

    /// What a sweep of the state consists of, one after the other, as the program does it.
    fn stages(&self) {
        let pool = rayon::ThreadPoolBuilder::new().build().unwrap();
        let now = chrono::Utc::now();
        let demand = Demand { allow_seed: false, max_age: MaxAge::default(), now };
        let database = told("opening the advisories", || self.database());
        let state = told("opening the state", || State::open(&self.state, || false).unwrap());
        let survey = told("recalling the functions", || sweep::recall(&state).unwrap());
        let load = |function: &Surveyed| state.function(&function.id).unwrap().unwrap().1.unwrap();
        let (scans, loading) = timed(|| pool.install(|| survey.functions.par_iter().map(load).collect::<Vec<Scan>>()));
        row(
            "loading their inventories",
            loading,
            &format!("{} packages", scans.iter().map(|scan| scan.packages.len()).sum::<usize>()),
        );
        let hold = || pool.install(|| hold_against(scans, &database, &demand));
        let (held, matching): (Vec<Scan>, _) = timed(hold);
        let findings: usize = held.iter().map(|scan| scan.findings.len()).sum();
        row("matching them", matching, &format!("{findings} findings"));
        row("re-matching, which is the last two together", loading + matching, "");
        drop(held);
        let judging =
            Judging { database: &database, demand: &demand, settings: Settings::default(), since: None, pool: &pool };
        let judge = || sweep::judge(&state, &survey, judging, |_| None).unwrap().0;
        let verdict = told("re-matching, judging and comparing", judge);
        let style = Style { color: false, width: 100, unicode: true };
        for format in ["json", "table"] {
            let write = || report::by_id(format).unwrap().write(&verdict, &style, &mut io::sink()).unwrap();
            told(&format!("writing the {format}"), write);
        }
    }
}

/// What is read of a report.
#[derive(Deserialize)]
struct Report {
    sweep: Sweep,
}

#[derive(Deserialize)]
struct Sweep {
    changes: Changes,
}

#[derive(Deserialize)]
struct Changes {
    findings: Findings,
}

#[derive(Deserialize)]
struct Findings {
    new: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    target: String,
}

/// Four records for each name of the fleet that has any, the others about names of their own.
fn made_up_bucket() -> osv::Bucket {
    let mut bucket = osv::Bucket::default();
    for number in 0..RECORDS {
        let name = number / 4;
        let name = if name < KNOWN { format!("made-up-{name}") } else { format!("elsewhere-{number}") };
        let fixed = format!("{}.{}.0", [1, 1, 2, 3][number % 4], number % 9);
        bucket.put("npm", &osv::record(&format!("MADE-UP-{number}"), "2026-01-01T00:00:00Z", "npm", &name, &fixed));
    }
    bucket
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)
        } else {
            fs::write(to, fs::read(entry.path()).unwrap()).unwrap()
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}

fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (done, took) = timed(work);
    row(what, took, "");
    done
}

fn row(what: &str, took: Duration, more: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{what:<45} {:8.3} s  {more}", took.as_secs_f64()).unwrap();
}
