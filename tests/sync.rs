//! Syncs from a real server on the loopback, one that behaves and one that does not.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tidewaiter::advisory::{
    AdvisoryError, CacheLock, Credentials, Database, DirMirror, EcosystemSync, Http, HttpMirror, Patience, Store,
    SyncReport, parse_address, read_current, sync,
};
use tidewaiter::model::Ecosystem;

use crate::support::Cli;
use crate::support::http::{Fault, Server};
use crate::support::osv::{Bucket, record, zip};

const OLD: &str = "2024-01-01T00:00:00Z";
const NEW: &str = "2024-06-01T00:00:00Z";

/// Short enough for tests, long enough for a busy machine.
fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(10),
        idle: Duration::from_secs(10),
        window: Duration::from_millis(500),
        least: 16 << 10,
        attempts: 4,
        pause: Duration::from_millis(10),
        longest: Duration::from_secs(5),
    }
}

/// A served bucket and a cache.
pub struct Site {
    pub bucket: TempDir,
    pub cache: TempDir,
    pub server: Server,
}

impl Site {
    pub fn new(bucket: &Bucket) -> Site {
        let folder = tempfile::tempdir().unwrap();
        bucket.write(folder.path());
        let server = Server::start(folder.path());
        Site { bucket: folder, cache: tempfile::tempdir().unwrap(), server }
    }

    pub fn sync(&self) -> Result<SyncReport, AdvisoryError> {
        let root = parse_address(&self.server.url(""))?;
        let http = Http::new(Credentials::default(), None, None, patience(), Box::new(|_, _| {}))?;
        let mirror = HttpMirror::new(http, root, &self.cache.path().join("downloads"));
        sync(&mut Store::open(CacheLock::acquire(self.cache.path(), || true)?)?, &mirror, &[], &mut |_| {})
    }

    /// The snapshot that a cache without a past makes of the bucket's present state.
    pub fn fresh(&self) -> String {
        let cache = tempfile::tempdir().unwrap();
        let mut store = Store::open(CacheLock::acquire(cache.path(), || true).unwrap()).unwrap();
        sync(&mut store, &DirMirror::new(self.bucket.path()), &[], &mut |_| {}).unwrap().current.snapshot
    }

    fn paths(&self) -> Vec<String> {
        self.server.asked().into_iter().map(|asked| asked.path).collect()
    }
}

/// Large enough that a request weighs little, and that a download can break in its middle.
pub fn bucket(records: usize) -> Bucket {
    let mut bucket = Bucket::default();
    for number in 0..records {
        let id = format!("TEST-{number}");
        let name = format!("package-{}", number / 2);
        let mut one = record(&id, OLD, "npm", &name, "1.0.0");
        // Text that does not compress away.
        let noise: Vec<String> =
            (1..9u64).map(|n| format!("{:x}", (number as u64 + 7) * n * 0x9e37_79b9_7f4a)).collect();
        one["details"] = noise.join(" ").into();
        bucket.put("npm", &one);
    }
    bucket.put("PyPI", &record("PY-1", OLD, "PyPI", "Some_Name", "2.0"));
    bucket
}

fn counts(report: &EcosystemSync) -> [usize; 6] {
    [report.listed, report.read, report.added, report.changed, report.removed, report.faults]
}

fn npm(report: &SyncReport) -> [usize; 6] {
    counts(report.ecosystems.iter().find(|one| one.ecosystem == Ecosystem::Npm).unwrap())
}

#[test]
fn a_later_sync_fetches_what_changed_and_nothing_else() {
    let mut bucket = bucket(2000);
    let site = Site::new(&bucket);
    let first = site.sync().unwrap();
    assert_eq!(npm(&first), [2000, 2000, 2000, 0, 0, 0]);
    assert_eq!(first.current.snapshot, site.fresh());
    assert_eq!(
        fs::read_dir(site.cache.path().join("downloads")).unwrap().count(),
        0,
        "archives that were read are gone"
    );
    let all = site.server.sent();

    let again = site.sync().unwrap();
    let little = site.server.sent();
    assert!(little * 100 < all, "{little} of {all} bytes");
    assert_eq!(npm(&again), [2000, 0, 0, 0, 0, 0]);
    assert_eq!((again.rebuilt, &again.current.snapshot), (false, &first.current.snapshot));
    assert!(again.current.synced["npm"] >= first.current.synced["npm"]);
    assert_eq!(read_current(site.cache.path()).unwrap().unwrap(), again.current);

    for number in 0..60 {
        let number = if number < 50 { number * 7 } else { 2000 + number };
        let id = format!("TEST-{number}");
        bucket.put("npm", &record(&id, NEW, "npm", "changed", "7.0.0"));
        bucket.write_single(site.bucket.path(), "npm", &id);
    }
    (1..=5).for_each(|number| bucket.remove("npm", &format!("TEST-{number}")));
    bucket.write(site.bucket.path());
    site.server.asked();
    let third = site.sync().unwrap();
    assert_eq!(npm(&third), [2005, 60, 10, 50, 5, 0]);
    let paths = site.paths();
    assert_eq!(paths.iter().filter(|path| path.ends_with(".json")).count(), 60);
    assert!(!paths.iter().any(|path| path.ends_with(".zip")), "{paths:?}");
    assert!(third.rebuilt);
    assert_eq!(third.current.snapshot, site.fresh());
    let database = Database::open_cache(site.cache.path()).unwrap().unwrap();
    assert_eq!(database.lookup(Ecosystem::Npm, "changed").unwrap().len(), 60);
    assert!(database.by_id("TEST-3").unwrap().is_none());
}

#[test]
fn a_mirror_without_lists_is_compared_archive_by_archive() {
    let site = Site::new(&bucket(50));
    for file in ["ecosystems.txt", "npm/modified_id.csv", "PyPI/modified_id.csv"] {
        fs::remove_file(site.bucket.path().join(file)).unwrap();
    }
    assert_eq!(npm(&site.sync().unwrap()), [50, 50, 50, 0, 0, 0]);
    let again = site.sync().unwrap();
    assert_eq!((npm(&again), again.rebuilt), ([50, 0, 0, 0, 0, 0], false));
}

#[test]
fn what_passes_is_overcome() {
    let status = |status, headers: &str| Fault::Status(status, headers.to_owned());
    let cases = [
        ("/npm/modified_id.csv", status(500, ""), 3),
        ("/npm/all.zip", status(503, ""), 3),
        ("/npm/all.zip", status(429, "Retry-After: 1\r\n"), 1),
        ("/npm/modified_id.csv", Fault::Reset(1000), 3),
        ("/npm/all.zip", Fault::Reset(20_000), 1),
        ("/PyPI/all.zip", Fault::Reset(0), 2),
    ];
    let bucket = bucket(600);
    for (path, fault, times) in cases {
        let site = Site::new(&bucket);
        site.server.fault(path, fault.clone(), times);
        let begun = Instant::now();
        let report = site.sync().unwrap_or_else(|error| panic!("{path}, {fault:?}: {error}"));
        assert_eq!(report.current.snapshot, site.fresh(), "{path}, {fault:?}");
        let asked: Vec<_> = site.server.asked().into_iter().filter(|asked| asked.path == path).collect();
        assert_eq!(asked.len(), times + 1, "{path}, {fault:?}");
        match fault {
            Fault::Status(429, _) => assert!(begun.elapsed() >= Duration::from_secs(1)),
            Fault::Reset(20_000) => assert_eq!(asked[1].headers["range"], "bytes=20000-"),
            _ => {}
        }
    }
}

/// Each of these ends a sync, says where, and leaves what was there.
#[test]
fn what_stays_broken_changes_nothing() {
    let mut state = bucket(600);
    let site = Site::new(&state);
    let before = site.sync().unwrap().current;
    for number in 0..400 {
        state.put("npm", &record(&format!("TEST-{number}"), NEW, "npm", "changed", "7.0.0"));
    }
    state.write(site.bucket.path());
    let list = fs::read(site.bucket.path().join("npm/modified_id.csv")).unwrap();
    let line_ends = list.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let half_the_lines = line_ends.take(300).last().unwrap();
    let status = |status, headers: &str| Fault::Status(status, headers.to_owned());
    let cases = [
        // The archive first: a list in doubt has it fetched, and then it is kept.
        ("/npm/all.zip", status(429, ""), "429"),
        ("/npm/all.zip", status(429, "Retry-After: 3600\r\n"), "3600 seconds"),
        ("/npm/all.zip", status(403, ""), "credentials"),
        ("/npm/all.zip", Fault::Reset(0), "broke off"),
        ("/npm/all.zip", Fault::Length(20_000), "/npm/all.zip"),
        ("/npm/all.zip", Fault::Length(1 << 40), "larger than"),
        ("/npm/all.zip", Fault::Redirect("/npm/all.zip".to_owned()), "redirect"),
        ("/npm/modified_id.csv", status(500, ""), "500"),
        ("/npm/modified_id.csv", Fault::Reset(5000), "broke off"),
        ("/npm/modified_id.csv", Fault::Length(5003), "cut short"),
        ("/npm/modified_id.csv", Fault::Length(half_the_lines), "cut short"),
        ("/npm/modified_id.csv", Fault::Length(1 << 20), "broke off"),
        ("/npm/modified_id.csv", Fault::NoLength, "how long"),
        ("/npm/modified_id.csv", Fault::Drip(Duration::from_millis(20)), "bytes in"),
    ];
    for (path, fault, word) in cases {
        site.server.fault(path, fault.clone(), usize::MAX);
        let error = site.sync().expect_err(word).to_string();
        assert!(error.contains(word) && error.contains("npm"), "{path}, {fault:?}: {error}");
        assert_eq!(read_current(site.cache.path()).unwrap().unwrap(), before, "{path}, {fault:?}");
        site.server.mend();
    }
    let bomb = vec![b' '; 15 << 20];
    let good = fs::read(site.bucket.path().join("npm/all.zip")).unwrap();
    let bombs = zip((0..8).map(|number| (format!("TEST-{number}.json"), &bomb[..])));
    for bad in [bombs, b"<html>".to_vec(), good[..good.len() / 2].to_vec()] {
        fs::write(site.bucket.path().join("npm/all.zip"), bad).unwrap();
        let error = site.sync().expect_err("no archive").to_string();
        assert!(error.contains("npm"), "{error}");
        assert_eq!(read_current(site.cache.path()).unwrap().unwrap(), before);
    }
    Database::open_cache(site.cache.path()).unwrap().unwrap().verify().unwrap();

    // Broken JSON in one record costs that record alone.
    state.put_raw("npm", "TEST-1", NEW, b"{\"id\": \"TEST-1\", \"modi");
    state.write(site.bucket.path());
    let report = site.sync().unwrap();
    assert_eq!(npm(&report)[5], 1);
    assert_eq!(
        Database::open_cache(site.cache.path()).unwrap().unwrap().lookup(Ecosystem::Npm, "changed").unwrap().len(),
        399
    );
}

#[test]
fn equal_tags_of_different_bytes_are_seen_through() {
    let mut state = bucket(600);
    let site = Site::new(&state);
    let lie = || {
        site.server.fault("/npm/all.zip", Fault::Tag("same".to_owned()), usize::MAX);
        site.server.fault("/npm/modified_id.csv", Fault::Tag("same".to_owned()), usize::MAX);
    };
    lie();
    site.sync().unwrap();
    // The list changes under its tag; only its date tells.
    (0..400).for_each(|n| state.put("npm", &record(&format!("TEST-{n}"), NEW, "npm", "changed", "7.0.0")));
    state.write(site.bucket.path());
    let list = File::options().append(true).open(site.bucket.path().join("npm/modified_id.csv")).unwrap();
    list.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    assert_eq!(npm(&site.sync().unwrap()), [600, 400, 0, 400, 0, 0]);

    // The half of an archive that an earlier run left is of another archive under the same tag.
    let folder = site.cache.path().join("downloads");
    let archive = site.bucket.path().join("npm/all.zip");
    fs::create_dir_all(&folder).unwrap();
    let old = fs::read(&archive).unwrap();
    fs::write(folder.join("npm.zip"), &old[..old.len() / 2]).unwrap();
    let url = site.server.url("npm/all.zip");
    let note =
        format!(r#"{{"url": "{url}", "validator": {{"etag": "\"same\"", "last_modified": null}}, "complete": false}}"#);
    fs::write(folder.join("npm.zip.json"), note).unwrap();
    (0..500)
        .for_each(|n| state.put("npm", &record(&format!("TEST-{n}"), "2024-07-01T00:00:00Z", "npm", "again", "8.0")));
    state.write(site.bucket.path());
    list.set_modified(SystemTime::now() + Duration::from_secs(120)).unwrap();
    site.server.asked();
    assert_eq!(npm(&site.sync().unwrap())[3], 500);
    let asked: Vec<_> = site.server.asked().into_iter().filter(|asked| asked.path == "/npm/all.zip").collect();
    assert_eq!(asked.iter().map(|asked| asked.headers.contains_key("range")).collect::<Vec<_>>(), [true, false]);
    assert_eq!(
        Database::open_cache(site.cache.path()).unwrap().unwrap().lookup(Ecosystem::Npm, "again").unwrap().len(),
        500
    );
}

fn run(cache: &Path, from: &str, variables: &[(&str, &str)]) -> (bool, String) {
    run_with(cache, from, &[], variables)
}

/// Runs `db sync` with these further arguments and variables: whether it succeeds, and what it says.
pub fn run_with(cache: &Path, from: &str, more: &[&OsStr], variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).envs(variables.iter().copied());
    let output = command.args(["db", "sync", "--from", from, "--cache"]).arg(cache).args(more).output().unwrap();
    (output.status.success(), [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat())
}

#[test]
fn credentials_reach_their_host_and_nobody_else() {
    let state = bucket(20);
    let site = Site::new(&state);
    let other = Site::new(&state);
    for path in ["npm/all.zip", "PyPI/all.zip"] {
        site.server.fault(&format!("/{path}"), Fault::Redirect(other.server.url(path)), usize::MAX);
    }
    let home = tempfile::tempdir().unwrap();
    let netrc = home.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login ann password hunter2\nmachine x login y password z\n").unwrap();
    let netrc = netrc.to_str().unwrap();
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("TIDEWAITER_MIRROR_TOKEN", "hunter2")], "Bearer hunter2"),
        (&[("TIDEWAITER_MIRROR_USER", "ann"), ("TIDEWAITER_MIRROR_PASSWORD", "hunter2")], "Basic YW5uOmh1bnRlcjI="),
        (&[("NETRC", netrc)], "Basic YW5uOmh1bnRlcjI="),
    ];
    for (variables, expected) in cases {
        let cache = tempfile::tempdir().unwrap();
        let (ok, text) = run(cache.path(), &site.server.url(""), variables);
        assert!(ok && !text.contains("hunter2"), "{text}");
        assert!(site.server.asked().iter().all(|asked| asked.headers["authorization"] == expected));
        let there = other.server.asked();
        assert_eq!(there.len(), 2);
        assert!(there.iter().all(|asked| !asked.headers.contains_key("authorization")), "{there:?}");
    }
    let cache = tempfile::tempdir().unwrap();
    let (ok, text) = run(cache.path(), "http://ann:hunter2@127.0.0.1/", &[]);
    assert!(!ok && text.contains("TIDEWAITER_MIRROR_TOKEN") && !text.contains("hunter2"), "{text}");
    let (ok, text) = run(cache.path(), &site.server.url(""), &[("TIDEWAITER_MIRROR_USER", "ann")]);
    assert!(!ok && text.contains("go together"), "{text}");
}

#[test]
fn a_proxy_is_used_unless_it_is_excepted() {
    let site = Site::new(&bucket(20));
    let proxy = Site::new(&bucket(20));
    let address = proxy.server.url("");
    let cache = tempfile::tempdir().unwrap();
    let from = site.server.url("");
    let (_, text) = run(cache.path(), &from, &[("http_proxy", &address)]);
    assert!(site.server.asked().is_empty() && !proxy.server.asked().is_empty(), "{text}");
    let (ok, text) = run(cache.path(), &from, &[("http_proxy", &address), ("NO_PROXY", "127.0.0.1")]);
    assert!(ok && proxy.server.asked().is_empty(), "{text}");
}
