//! Measures the advisory database at the size of all of OSV: takes the records of a copy of the bucket, makes many more
//! of their shape, syncs everything, and prints what it costs to hold and to ask.
//!
//! ```text
//! cargo run --release --example scale -- BUCKET [EXTRA] [WORK]
//! ```
//!
//! `BUCKET` is a folder with `<ecosystem>/all.zip`, `EXTRA` how many records to make up (300000), `WORK` a folder for
//! some gigabytes (a temporary one). The made-up records have names of their own, and the words of their texts are
//! shuffled, so that they compress no better than real ones.
//!
//! What a package costs depends on how much is known of it, so three lists are matched (see [`lists`]). Times are those
//! that the thread spent on a processor: other programs of a busy machine do not count.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tidewaiter::advisory::{CacheLock, Database, DirMirror, RecordZip, Store, SyncStep, sync};
use tidewaiter::matching::{Matched, match_packages};
use tidewaiter::model::{Ecosystem, Evidence, Location, Package};

/// Packages that are looked up at once.
const PACKAGES: usize = 1000;
/// Runs of which the median counts, and how long they may take together.
const RUNS: usize = 51;
const PATIENCE: Duration = Duration::from_secs(10);
/// Openings of one run: a single one is shorter than the clock's step.
const OPENINGS: u32 = 100;

/// The clock of the library's own tests.
#[path = "../src/formats/clock.rs"]
mod clock;
use clock::spent;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["peak", packages] => peak(None, Path::new(packages)),
        ["peak", packages, cache] => peak(Some(Path::new(cache)), Path::new(packages)),
        [bucket] => measure(Path::new(bucket), 300_000, &std::env::temp_dir()),
        [bucket, extra] => measure(Path::new(bucket), extra.parse()?, &std::env::temp_dir()),
        [bucket, extra, work] => measure(Path::new(bucket), extra.parse()?, Path::new(work)),
        _ => Err("usage: scale BUCKET [EXTRA] [WORK]".into()),
    }
}

fn measure(bucket: &Path, extra: usize, work: &Path) -> Done {
    let work = work.join(format!("tidewaiter-scale-{}", std::process::id()));
    let done = measure_in(&work, bucket, extra);
    fs::remove_dir_all(&work)?;
    done
}

fn measure_in(work: &Path, bucket: &Path, extra: usize) -> Done {
    let (mirror, cache) = (work.join("mirror"), work.join("cache"));
    fs::create_dir_all(&mirror)?;
    let start = Instant::now();
    let (json_bytes, asked) = write_mirror(bucket, &mirror, extra, |step| tell(start, step))?;

    let begun = Instant::now();
    let mut store = Store::open(CacheLock::acquire(&cache, || false)?)?;
    let mut last = String::new();
    let mut progress = |step| {
        let step = step_text(step);
        if step != last {
            tell(start, &step);
            last = step;
        }
    };
    let report = sync(&mut store, &DirMirror::new(&mirror), &[], &mut progress)?;
    drop(store);
    let synced = begun.elapsed();

    tell(start, "opening");
    let openings = || (0..OPENINGS).try_for_each(|_| Database::open_cache(&cache).map(drop));
    let open = median(openings)? / OPENINGS;
    let database = Database::open_cache(&cache)?.ok_or("no snapshot")?;

    let stored = size_of(&cache.join("advisories"))?;
    let ratio = |bytes: u64| format!("{:.3}", bytes as f64 / json_bytes as f64);
    let records: u64 = database.info().ecosystems.iter().map(|ecosystem| ecosystem.records).sum();
    let mut rows = vec![
        ("live records, counted once an ecosystem", records.to_string()),
        ("their JSON", format!("{:.1} MB", json_bytes as f64 / 1e6)),
        ("first sync", format!("{:.1} s", synced.as_secs_f64())),
        ("snapshot", format!("{:.1} MB", report.snapshot_bytes as f64 / 1e6)),
        ("snapshot / JSON", ratio(report.snapshot_bytes)),
        ("(store + snapshot) / JSON", ratio(stored + report.snapshot_bytes)),
        ("opening", milliseconds(open)),
    ];
    for (what, packages) in lists(&asked) {
        tell(start, what);
        let list = work.join("packages.json");
        fs::write(&list, serde_json::to_vec(&packages)?)?;
        let packages = read_packages(&list)?;
        let cold = Database::open_cache(&cache)?.ok_or("no snapshot")?;
        let (first, findings) = matched(&cold, &packages)?;
        let warm = median(|| matched(&cold, &packages).map(drop))?;
        let (without, with) = (peak_of(&[&list])?, peak_of(&[&list, &cache])?);
        let growth = (with as f64 - without as f64) / 1e3;
        let (first, warm) = (milliseconds(first), milliseconds(warm));
        rows.push((what, format!("{warm}, first time {first}, {findings} findings, {growth:+.1} MB at the peak")));
    }
    let mut out = io::stdout().lock();
    rows.iter().try_for_each(|(what, value)| writeln!(out, "{what:<40} {value}"))?;
    Ok(())
}

/// Says what is being done, so that minutes of silence are not taken for a hang. Standard output has the figures alone.
fn tell(start: Instant, step: &str) {
    // Who has closed standard error does not want to know.
    let _ = writeln!(io::stderr(), "{:6.1} s  {step}", start.elapsed().as_secs_f64());
}

fn step_text(step: SyncStep) -> String {
    match step {
        SyncStep::Asking => "syncing: asking".to_owned(),
        SyncStep::Reading { ecosystem, total, .. } => format!("syncing: {total} records of {ecosystem}"),
        SyncStep::Publishing => "syncing: publishing".to_owned(),
    }
}

/// A package: ecosystem, name, version.
type Row = (String, String, String);

/// Writes the records of `bucket` and `extra` more. Gives the bytes of their JSON, and the package of each record.
fn write_mirror(bucket: &Path, mirror: &Path, extra: usize, progress: impl Fn(&str)) -> Done<(u64, Vec<Row>)> {
    progress("reading the bucket");
    let mut originals: Vec<(Ecosystem, String, Value)> = Vec::new();
    for ecosystem in Ecosystem::ALL {
        let path = bucket.join(ecosystem.name()).join("all.zip");
        if path.is_file() {
            let zip = RecordZip::open(&path)?;
            for id in zip.ids().map(str::to_owned).collect::<Vec<_>>() {
                let raw = zip.read(&id)?.ok_or("an entry vanished")?;
                originals.push((ecosystem, id, serde_json::from_slice(&raw)?));
            }
        }
    }
    let (mut json_bytes, mut names) = (0, Vec::new());
    let count = originals.len();
    for ecosystem in Ecosystem::ALL {
        let mine: Vec<usize> = (0..count + extra).filter(|n| originals[n % count].0 == ecosystem).collect();
        if mine.is_empty() {
            continue;
        }
        progress(&format!("writing {} records of {ecosystem}", mine.len()));
        let folder = mirror.join(ecosystem.name());
        fs::create_dir_all(&folder)?;
        let mut archive = rawzip::ZipArchiveWriter::new(BufWriter::new(File::create(folder.join("all.zip"))?));
        let mut listing = BufWriter::new(File::create(folder.join("modified_id.csv"))?);
        for n in mine {
            let (_, id, original) = &originals[n % count];
            let made_up = (n >= count).then(|| variant(original, n));
            let record = made_up.as_ref().unwrap_or(original);
            let id = made_up.as_ref().map_or(id.as_str(), |record| record["id"].as_str().unwrap_or_default());
            let raw = serde_json::to_vec(record)?;
            json_bytes += raw.len() as u64;
            writeln!(listing, "{},{id}", record["modified"].as_str().unwrap_or_default())?;
            let name = format!("{id}.json");
            let file = archive.new_file(&name).compression_method(rawzip::CompressionMethod::DEFLATE);
            let (mut entry, config) = file.start()?;
            let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast()));
            writer.write_all(&raw)?;
            let (encoder, descriptor) = writer.finish()?;
            encoder.finish()?;
            entry.finish(descriptor)?;
            names.extend(asked(record));
        }
        archive.finish()?.flush()?;
        listing.flush()?;
    }
    Ok((json_bytes, names))
}

/// Lists of [`PACKAGES`] packages each.
fn lists(asked: &[Row]) -> [(&'static str, Vec<Row>); 3] {
    let names: BTreeMap<(&str, &str), &str> =
        asked.iter().map(|(e, name, v)| ((e.as_str(), name.as_str()), &**v)).collect();
    let names: Vec<Row> =
        names.into_iter().map(|((ecosystem, name), v)| (ecosystem.to_owned(), name.to_owned(), v.to_owned())).collect();
    let known = spread(&names);
    let unknown = |(at, (ecosystem, name, version)): (usize, &Row)| {
        let suffix = if at % 10 == 0 { "" } else { "-without-records" };
        (ecosystem.clone(), format!("{name}{suffix}"), version.clone())
    };
    [
        ("1,000 names, one in ten with records", known.iter().enumerate().map(unknown).collect()),
        ("1,000 names, all with records", known),
        // Names with many records come often, each time in another version.
        ("the packages of 1,000 records", spread(asked)),
    ]
}

/// Evenly spread over all of them.
fn spread(rows: &[Row]) -> Vec<Row> {
    let chosen = PACKAGES.min(rows.len());
    (0..chosen).map(|at| rows[at * rows.len() / chosen].clone()).collect()
}

/// The package of a record, in a version that it names.
fn asked(record: &Value) -> Option<Row> {
    let element = record["affected"].get(0)?;
    let events = element["ranges"].as_array()?.iter().filter(|range| range["type"] != "GIT");
    let bound = events.flat_map(|range| range["events"].as_array()).flatten().find_map(|event| {
        ["introduced", "fixed", "last_affected"]
            .iter()
            .find_map(|key| event[key].as_str().filter(|bound| *bound != "0"))
    });
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&element["package"]["ecosystem"])?, text(&element["package"]["name"])?, bound?.to_owned()))
}

/// A record like this one, about packages of its own.
fn variant(original: &Value, n: usize) -> Value {
    let mut random = Random(n as u64 * 0x9E37_79B9_7F4A_7C15 + 1);
    let mut record = original.clone();
    record["id"] = json!(format!("MADE-UP-{n}"));
    record["aliases"] = json!([format!("CVE-{}-{}", 2000 + random.below(27), 1000 + random.below(90_000))]);
    for key in ["summary", "details"] {
        if let Some(text) = record[key].as_str() {
            let mut words: Vec<&str> = text.split(' ').collect();
            for at in (1..words.len()).rev() {
                words.swap(at, random.below(at + 1));
            }
            record[key] = json!(words.join(" "));
        }
    }
    let suffix = format!("-{:x}", random.next() >> 40);
    for element in record["affected"].as_array_mut().into_iter().flatten() {
        if let Some(name) = element["package"]["name"].as_str() {
            element["package"]["name"] = json!(format!("{name}{suffix}"));
        }
    }
    record
}

/// <https://en.wikipedia.org/wiki/Xorshift>
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

fn read_packages(list: &Path) -> Done<Vec<Package>> {
    let rows: Vec<Row> = serde_json::from_slice(&fs::read(list)?)?;
    let package = |(ecosystem, name, version): Row| {
        let place = Location::artifact(0).child("manifest");
        Some(Package::new(Ecosystem::from_osv(&ecosystem)?, name, Some(version), Evidence::Installed, place))
    };
    Ok(rows.into_iter().filter_map(package).collect())
}

fn matched(database: &Database, packages: &[Package]) -> Done<(Duration, usize)> {
    let start = spent();
    let Matched { findings, gaps, .. } = match_packages(packages, |ecosystem, name| database.lookup(ecosystem, name));
    let took = spent().saturating_sub(start);
    if let Some(gap) = gaps.iter().find(|gap| gap.detail.contains("could not be read")) {
        return Err(gap.detail.clone().into());
    }
    Ok((took, findings.len()))
}

fn median<E: Into<Box<dyn Error>>>(mut run: impl FnMut() -> Result<(), E>) -> Done<Duration> {
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < RUNS && (times.is_empty() || begun.elapsed() < PATIENCE) {
        let start = spent();
        run().map_err(Into::into)?;
        times.push(spent().saturating_sub(start));
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// Reads the packages, matches them if there is a cache, and prints the largest size that the process had, in KB.
fn peak(cache: Option<&Path>, packages: &Path) -> Done {
    let packages = read_packages(packages)?;
    if let Some(cache) = cache {
        matched(&Database::open_cache(cache)?.ok_or("no snapshot")?, &packages)?;
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(writeln!(io::stdout(), "{}", line.trim().trim_end_matches(" kB"))?)
}

/// [`peak`] in a process of its own.
fn peak_of(arguments: &[&PathBuf]) -> Done<u64> {
    let output = Command::new(std::env::current_exe()?).arg("peak").args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Bytes of all files below a folder.
fn size_of(folder: &Path) -> Done<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.path().is_dir() { size_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
