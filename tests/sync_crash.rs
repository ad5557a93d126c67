//! Syncs that are killed, and scans that do not wait for them: with the real program.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Cli;
use crate::support::osv::{Bucket, record};
use crate::sync::{Site, bucket};

fn sync(cache: &Path, from: &str) -> Command {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).args(["db", "sync", "--quiet", "--from", from, "--cache"]).arg(cache);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Syncs that are killed.
const ROUNDS: usize = 50;

/// Chance that can be had again: a failed test shows the seed, and `TIDEWAITER_TEST_SEED` sets it.
struct Chance(u64);

impl Chance {
    #[expect(clippy::disallowed_macros, reason = "the harness shows it with a failure")]
    fn new() -> Chance {
        let set = std::env::var("TIDEWAITER_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = set.unwrap_or_else(|| RandomState::new().hash_one("seed"));
        eprintln!("TIDEWAITER_TEST_SEED={seed}");
        Chance(seed)
    }

    /// Some moment of a time.
    fn moment(&mut self, within: Duration) -> Duration {
        // Knuth's constants of a linear congruence (MMIX); its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        within.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// A lock file that names `package-1`, which every state of the bucket has two records of.
fn target() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"package-1": "0.9.0"}},
        "node_modules/package-1": {"version": "0.9.0"}}}"#;
    fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    folder
}

/// The snapshot that a scan used, and the versions that it says fix the package.
fn scan(target: &Path, cache: &Path) -> (String, BTreeSet<String>) {
    let (run, json) = Cli::scan(target, &["--cache", cache.to_str().unwrap(), "--fail-on", "never"]);
    assert!([0, 3].contains(&run.code), "exit {}: {}", run.code, run.stderr);
    let findings = json["targets"][0]["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{json:#}");
    let fixed = findings.iter().flat_map(|one| one["fixed"].as_array().unwrap()).filter_map(Value::as_str);
    (json["advisories"]["snapshot"].as_str().unwrap().to_owned(), fixed.map(str::to_owned).collect())
}

/// Every record fixed in the version of this round.
fn renew(bucket: &mut Bucket, round: usize) {
    for number in 0..400 {
        let date = format!("2024-03-01T00:{:02}:{:02}Z", round / 60, round % 60);
        let name = format!("package-{}", number / 2);
        bucket.put("npm", &record(&format!("TEST-{number}"), &date, "npm", &name, &format!("{round}.0.0")));
    }
}

#[test]
fn a_sync_may_be_killed_at_any_moment() {
    let mut state = bucket(400);
    let site = Site::new(&state);
    let (cache, target) = (site.cache.path(), target());
    assert!(sync(cache, &site.server.url("")).status().unwrap().success());
    let begun = Instant::now();
    assert!(sync(cache, &site.server.url("")).status().unwrap().success());
    let (idle, mut chance) = (begun.elapsed(), Chance::new());
    let mut killed = 0;
    for round in 1..=ROUNDS {
        renew(&mut state, round);
        state.write(site.bucket.path());
        let mut child = sync(cache, &site.server.url("")).spawn().unwrap();
        // A sync that has work to do takes a few times as long as one that has none.
        std::thread::sleep(chance.moment(idle * 4));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let (_, fixed) = scan(target.path(), cache);
        assert_eq!(fixed.len(), 1, "both records of one state: {fixed:?}");
    }
    assert!(killed > ROUNDS / 5, "only {killed} syncs were under way");
    let last = sync(cache, &site.server.url("")).output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    let (snapshot, fixed) = scan(target.path(), cache);
    assert_eq!((snapshot, fixed), (site.fresh(), [format!("{ROUNDS}.0.0")].into()));
}

#[test]
fn scans_run_while_syncs_do() {
    let mut state = bucket(400);
    let site = Site::new(&state);
    let (cache, target) = (site.cache.path(), target());
    assert!(sync(cache, &site.server.url("")).status().unwrap().success());
    let done = AtomicBool::new(false);
    let seen: BTreeSet<(String, BTreeSet<String>)> = std::thread::scope(|scope| {
        let scans = || {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::SeqCst) {
                seen.insert(scan(target.path(), cache));
            }
            seen
        };
        let readers: Vec<_> = (0..8).map(|_| scope.spawn(scans)).collect();
        for round in 1..=8 {
            renew(&mut state, round);
            state.write(site.bucket.path());
            assert!(sync(cache, &site.server.url("")).status().unwrap().success());
        }
        done.store(true, Ordering::SeqCst);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    assert!(seen.len() > 1, "scans saw several states");
    assert!(seen.iter().all(|(_, fixed)| fixed.len() == 1), "each of one state: {seen:?}");
    let snapshots: BTreeSet<&String> = seen.iter().map(|(snapshot, _)| snapshot).collect();
    assert_eq!(snapshots.len(), seen.len(), "one snapshot, one answer");
}
