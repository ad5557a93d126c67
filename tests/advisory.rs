//! From a folder in the bucket's layout to answers about packages.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tidewaiter::advisory::{
    AdvisoryError, CacheLock, Database, DirMirror, EcosystemSync, Store, SyncReport, read_current, sync,
};
use tidewaiter::model::{AdvisoryKind, DatabaseOrigin, Ecosystem};

use crate::support::osv::{Bucket, record, zip};

const OLD: &str = "2024-01-01T00:00:00Z";
const NEW: &str = "2024-06-01T00:00:00Z";

/// A bucket's folder and a cache.
struct Site {
    bucket: TempDir,
    cache: TempDir,
}

impl Site {
    fn new(bucket: &Bucket) -> Site {
        let site = Site { bucket: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        bucket.write(site.bucket.path());
        site
    }

    fn sync(&self, ecosystems: &[Ecosystem]) -> Result<SyncReport, AdvisoryError> {
        sync_into(self.cache.path(), self.bucket.path(), ecosystems)
    }

    fn database(&self) -> Database {
        Database::open_cache(self.cache.path()).unwrap().unwrap()
    }

    fn fixed(&self, ecosystem: Ecosystem, name: &str) -> Vec<String> {
        self.database().lookup(ecosystem, name).unwrap().into_iter().map(|advisory| advisory.summary).collect()
    }
}

fn sync_into(cache: &Path, bucket: &Path, ecosystems: &[Ecosystem]) -> Result<SyncReport, AdvisoryError> {
    let mut store = Store::open(CacheLock::acquire(cache, || true)?)?;
    sync(&mut store, &DirMirror::new(bucket), ecosystems, &mut |_| {})
}

fn counts(report: &EcosystemSync) -> [usize; 6] {
    [report.listed, report.read, report.added, report.changed, report.removed, report.faults]
}

fn bucket() -> Bucket {
    let mut bucket = Bucket::default();
    for number in 0..40 {
        bucket.put("npm", &record(&format!("TEST-{number}"), OLD, "npm", &format!("package-{}", number / 2), "1.0.0"));
    }
    bucket.put("PyPI", &record("PY-1", OLD, "PyPI", "Some_Name", "2.0"));
    bucket.put("Moonbase", &record("MOON-1", OLD, "Moonbase", "x", "2.0"));
    bucket
}

#[test]
fn a_second_sync_reads_only_what_changed() {
    let mut bucket = bucket();
    let site = Site::new(&bucket);
    assert!(Database::open_cache(site.cache.path()).unwrap().is_none());
    let first = site.sync(&[]).unwrap();
    assert_eq!(first.ecosystems.iter().map(counts).collect::<Vec<_>>(), [[40, 40, 40, 0, 0, 0], [1, 1, 1, 0, 0, 0]]);

    let again = site.sync(&[]).unwrap();
    assert!(again.ecosystems.iter().all(|e| counts(e)[1..] == [0; 5]), "{again:?}");
    assert_eq!(again.current.snapshot, first.current.snapshot);

    bucket.put("npm", &record("TEST-3", NEW, "npm", "package-1", "1.5.0"));
    bucket.put("npm", &record("TEST-99", NEW, "npm", "package-new", "3.0.0"));
    bucket.remove("npm", "TEST-8");
    bucket.write(site.bucket.path());
    let third = site.sync(&[]).unwrap();
    let npm = third.ecosystems.iter().find(|e| e.ecosystem == Ecosystem::Npm).unwrap();
    assert_eq!(counts(npm), [40, 2, 1, 1, 1, 0]);
    assert_ne!(third.current.snapshot, first.current.snapshot);
    assert_eq!(
        site.fixed(Ecosystem::Npm, "package-1"),
        ["A flaw in package-1, fixed in 1.0.0", "A flaw in package-1, fixed in 1.5.0"]
    );
    assert_eq!(site.fixed(Ecosystem::Npm, "package-new").len(), 1);
    assert_eq!(site.fixed(Ecosystem::Npm, "package-4").len(), 1);
    assert!(site.database().by_id("TEST-8").unwrap().is_none());

    // A cache that starts from the last state holds the same bytes as one that came there step by step.
    let fresh = tempfile::tempdir().unwrap();
    let report = sync_into(fresh.path(), site.bucket.path(), &[]).unwrap();
    assert_eq!(report.current.snapshot, third.current.snapshot);
}

#[test]
fn records_that_are_not_in_the_archive_are_taken_one_by_one() {
    let mut bucket = bucket();
    let site = Site::new(&bucket);
    site.sync(&[]).unwrap();
    let changed = record("TEST-3", NEW, "npm", "package-1", "1.5.0");
    bucket.put("npm", &changed);
    bucket.write(site.bucket.path());
    fs::write(site.bucket.path().join("npm/TEST-3.json"), changed.to_string()).unwrap();
    fs::remove_file(site.bucket.path().join("npm/all.zip")).unwrap();
    let npm = site.sync(&[Ecosystem::Npm]).unwrap().ecosystems[0];
    assert_eq!(counts(&npm), [40, 1, 0, 1, 0, 0]);
}

#[test]
fn a_database_covers_what_was_synced_and_nothing_else() {
    let mut bucket = bucket();
    let mut both = record("BOTH-1", OLD, "npm", "shared", "1.0.0");
    both["affected"].as_array_mut().unwrap().push(json!({
        "package": {"ecosystem": "PyPI", "name": "shared"}, "versions": ["0.9"]}));
    bucket.put("npm", &both);
    bucket.put("PyPI", &both);
    let site = Site::new(&bucket);
    site.sync(&[Ecosystem::Npm]).unwrap();
    let names = |database: &Database| database.info().ecosystems.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&site.database()), ["npm"]);
    assert_eq!(site.fixed(Ecosystem::PyPI, "shared").len(), 0);

    site.sync(&[Ecosystem::PyPI]).unwrap();
    let database = site.database();
    assert_eq!(names(&database), ["PyPI", "npm"]);
    assert_eq!(database.info().ecosystems.iter().map(|e| e.records).collect::<Vec<_>>(), [2, 41]);
    assert_eq!(database.info().origin, DatabaseOrigin::Cache);
    assert_eq!(database.lookup(Ecosystem::PyPI, "some-name").unwrap().len(), 1);
    assert_eq!(database.by_id("BOTH-1").unwrap().unwrap().affected.len(), 2);
    database.verify().unwrap();

    // It leaves one folder and stays in the other.
    bucket.remove("npm", "BOTH-1");
    bucket.write(site.bucket.path());
    site.sync(&[]).unwrap();
    assert_eq!(site.fixed(Ecosystem::PyPI, "shared").len(), 1);
    assert!(matches!(site.sync(&[Ecosystem::Maven]), Err(AdvisoryError::Mirror { .. })));
}

#[test]
fn what_is_broken_is_counted_and_costs_no_other_record() {
    let mut bucket = bucket();
    let site = Site::new(&bucket);
    site.sync(&[]).unwrap();
    bucket.put_raw("npm", "TEST-1", NEW, b"{\"id\": \"TEST-1\", \"modi");
    bucket.put_raw("npm", "TEST-2", NEW, record("TEST-77", NEW, "npm", "x", "1").to_string().as_bytes());
    let mut odd = record("TEST-50", NEW, "npm", "odd", "1.0.0");
    odd["affected"].as_array_mut().unwrap().insert(0, json!({"package": {"ecosystem": "Moonbase", "name": "odd"}}));
    odd["affected"][1]["ranges"].as_array_mut().unwrap().insert(0, json!({"type": "GIT", "events": []}));
    odd["affected"][1]["ranges"].as_array_mut().unwrap().insert(0, json!({"type": "LUNAR", "events": []}));
    bucket.put("npm", &odd);
    let mut withdrawn = record("TEST-51", NEW, "npm", "odd", "9.0.0");
    withdrawn["withdrawn"] = json!(NEW);
    bucket.put("npm", &withdrawn);
    bucket.write(site.bucket.path());
    let csv = site.bucket.path().join("npm/modified_id.csv");
    fs::write(&csv, format!("{NEW},TEST-404\n{}", fs::read_to_string(&csv).unwrap())).unwrap();

    let report = site.sync(&[]).unwrap();
    let npm = report.ecosystems.iter().find(|e| e.ecosystem == Ecosystem::Npm).unwrap();
    assert_eq!(counts(npm), [43, 4, 2, 0, 0, 3]);
    let database = site.database();
    let skipped: Vec<(String, u64, Vec<String>)> =
        database.skipped().iter().map(|s| (s.reason.to_string(), s.count, s.examples.clone())).collect();
    let expected = |reason: &str, ids: &[&str]| {
        (reason.to_owned(), ids.len() as u64, ids.iter().map(|id| id.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(
        skipped,
        [
            expected("ecosystem 'Moonbase' is not matched", &["TEST-50"]),
            expected("unknown range type 'LUNAR'", &["TEST-50"]),
            expected("broken record", &["TEST-1", "TEST-2"]),
            expected("listed, but missing", &["TEST-404"]),
        ]
    );
    // What was known of the broken ones before is kept; the odd one's other elements match; the withdrawn one does not.
    assert_eq!(site.fixed(Ecosystem::Npm, "package-0").len(), 2);
    assert_eq!(site.fixed(Ecosystem::Npm, "odd"), ["A flaw in odd, fixed in 1.0.0"]);
    assert_eq!(database.by_id("TEST-51").unwrap().unwrap().withdrawn.as_deref(), Some(NEW));

    // Once mended they are read.
    bucket.put("npm", &record("TEST-1", NEW, "npm", "package-0", "4.0.0"));
    bucket.write(site.bucket.path());
    site.sync(&[]).unwrap();
    assert!(site.fixed(Ecosystem::Npm, "package-0").contains(&"A flaw in package-0, fixed in 4.0.0".to_owned()));
}

/// Each of these in place of a file of the mirror ends the sync, says which file it was, and changes nothing.
#[test]
fn a_mirror_that_lies_leaves_the_old_snapshot() {
    let bucket = bucket();
    let site = Site::new(&bucket);
    let before = site.sync(&[]).unwrap().current;
    let bomb = vec![b' '; 64 << 20];
    let bombs: Vec<(String, &[u8])> = (0..8).map(|n| (format!("BOMB-{n}.json"), &bomb[..15 << 20])).collect();
    let many = zip((0..3).map(|n| (format!("TEST-{n}.json"), &b"{}"[..])));
    let listed = |ids: &str| ids.split(' ').map(|id| format!("{NEW},{id}\n")).collect::<String>();
    let all_bombs = listed("BOMB-0 BOMB-1 BOMB-2 BOMB-3 BOMB-4 BOMB-5 BOMB-6 BOMB-7");
    let cases: [(&str, Vec<u8>, String); 7] = [
        ("one bomb", zip([("BOMB-0.json".to_owned(), &bomb[..])].into_iter()), listed("BOMB-0")),
        ("many bombs", zip(bombs.into_iter()), all_bombs),
        ("no zip", b"<html>Service Unavailable</html>".to_vec(), listed("NEW-1")),
        ("half a zip", many[..many.len() / 2].to_vec(), listed("TEST-0")),
        ("nothing", Vec::new(), listed("TEST-0")),
        ("an empty list", many.clone(), String::new()),
        ("half a list", many, format!("{NEW},TEST-0\n2024-06-0")),
    ];
    for (name, archive, list) in cases {
        fs::write(site.bucket.path().join("npm/all.zip"), archive).unwrap();
        fs::write(site.bucket.path().join("npm/modified_id.csv"), list).unwrap();
        let error = site.sync(&[]).expect_err(name);
        assert!(error.to_string().contains("npm"), "{name}: {error}");
        assert_eq!(read_current(site.cache.path()).unwrap().unwrap(), before, "{name}");
        assert_eq!(site.fixed(Ecosystem::Npm, "package-3").len(), 2, "{name}");
    }
    bucket.write(site.bucket.path());
    assert_eq!(site.sync(&[]).unwrap().current.snapshot, before.snapshot);
}

#[test]
fn a_folder_that_is_no_bucket_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let error = sync_into(cache.path(), empty.path(), &[]).unwrap_err();
    assert!(error.to_string().contains("not a copy of the OSV bucket"), "{error}");
    let error = sync_into(cache.path(), &empty.path().join("absent"), &[]).unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}

#[test]
fn scans_open_one_whole_snapshot_while_syncs_publish() {
    let mut bucket = bucket();
    let site = Site::new(&bucket);
    site.sync(&[]).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    while !stop.load(Ordering::SeqCst) {
                        let database = site.database();
                        // Every sync writes one number into all records: a mixed answer would be a torn snapshot.
                        let mut all = database.lookup(Ecosystem::Npm, "package-1").unwrap();
                        all.extend(database.lookup(Ecosystem::Npm, "package-9").unwrap());
                        let mut numbers: Vec<&str> =
                            all.iter().map(|a| a.summary.rsplit(' ').next().unwrap()).collect();
                        numbers.dedup();
                        assert_eq!((all.len(), numbers.len()), (4, 1));
                        seen += 1;
                    }
                    seen
                })
            })
            .collect();
        for round in 1..=6 {
            for number in 0..40 {
                let name = format!("package-{}", number / 2);
                let date = format!("2024-03-0{round}T00:00:00Z");
                bucket.put("npm", &record(&format!("TEST-{number}"), &date, "npm", &name, &format!("{round}.0.0")));
            }
            bucket.write(site.bucket.path());
            site.sync(&[]).unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        let seen: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(seen > 0);
    });
}

#[test]
fn an_older_snapshot_stays_readable_while_it_is_open() {
    let mut bucket = bucket();
    let site = Site::new(&bucket);
    site.sync(&[]).unwrap();
    let old = site.database();
    for date in ["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-05-01T00:00:00Z"] {
        bucket.put("npm", &record("TEST-3", date, "npm", "package-1", date));
        bucket.write(site.bucket.path());
        site.sync(&[]).unwrap();
    }
    old.verify().unwrap();
    assert_eq!(old.lookup(Ecosystem::Npm, "package-1").unwrap()[1].summary, "A flaw in package-1, fixed in 1.0.0");
    assert_eq!(fs::read_dir(site.cache.path().join("snapshots")).unwrap().count(), 2);
}

#[test]
fn a_damaged_cache_is_said_not_guessed() {
    let site = Site::new(&bucket());
    let current = site.sync(&[]).unwrap().current;
    let path = site.cache.path().join(format!("snapshots/{}.twsnap", current.snapshot));
    let good = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(Database::open_cache(site.cache.path()), Err(AdvisoryError::Io { .. })));
    let mut newer = good.clone();
    newer[6] = 3;
    for (bytes, format) in [(good[..good.len() - 1].to_vec(), false), (Vec::new(), false), (newer, true)] {
        fs::write(&path, bytes).unwrap();
        match Database::open_cache(site.cache.path()).map(|_| ()) {
            Err(AdvisoryError::Damaged(_) | AdvisoryError::Io { .. }) => assert!(!format),
            Err(AdvisoryError::Format { found: 3, .. }) => assert!(format),
            other => panic!("{other:?}"),
        }
    }
    fs::write(site.cache.path().join("current.json"), "{").unwrap();
    assert!(matches!(Database::open_cache(site.cache.path()), Err(AdvisoryError::Damaged(_))));
    // A sync mends it.
    site.sync(&[]).unwrap();
    assert_eq!(site.fixed(Ecosystem::Npm, "package-1").len(), 2);
}

#[test]
fn the_seed_serves_without_a_cache() {
    let seed = Database::seed().unwrap();
    assert_eq!(seed.info().origin, DatabaseOrigin::Seed);
    assert_eq!(seed.info().ecosystems.len(), Ecosystem::ALL.len());
    assert_eq!(seed.info().snapshot, Database::seed().unwrap().info().snapshot);
    assert!(seed.info().built_at.ends_with("T00:00:00Z"));
    assert_eq!(seed.skipped(), [], "every record of the seed is understood");
    let lodash = seed.lookup(Ecosystem::Npm, "lodash").unwrap();
    let one = lodash.iter().find(|advisory| advisory.id == "GHSA-p6mc-m468-83gw").unwrap();
    assert_eq!(
        (one.kind.clone(), one.aliases.clone()),
        (AdvisoryKind::Vulnerability, vec!["CVE-2020-8203".to_owned()])
    );
}
