//! A bundle of the size of all of OSV: what it costs to refuse or to import it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use minisign::KeyPair;
use tidewaiter::advisory::{Bundle, BundleError, CacheLock, Database, DirMirror, Signer, Store, Trust, sync};

use crate::bundle::random;
use crate::support::osv::{Bucket, record};
use crate::support::peak::peak_memory;
use crate::support::{Cli, write};

/// Bytes that the bundle has at least.
const LARGE: usize = 30 << 20;
/// Times that one byte of it is changed. All of them go the same way: the signature covers every byte, so more of them
/// would show no more; `bundle::every_changed_byte_is_refused` takes thousands of a small one.
const CHANGES: usize = 20;

/// Affected versions that do not compress away.
fn noise(record: usize) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = record as u64 + 1;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 58) as usize])
    };
    (0..10).map(|_| (0..1500).map(|_| letter()).collect()).collect()
}

/// A signed bundle of that size, and the key that signed it.
fn large() -> (Vec<u8>, String) {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bucket = Bucket::default();
    for number in 0..3000 {
        let id = format!("TEST-{number}");
        let mut one = record(&id, "2024-01-01T00:00:00Z", "npm", &format!("package-{number}"), "1.0.0");
        one["affected"][0]["versions"] = noise(number).into();
        bucket.put("npm", &one);
    }
    bucket.write(folder.path());
    let mut store = Store::open(CacheLock::acquire(cache.path(), || false).unwrap()).unwrap();
    sync(&mut store, &DirMirror::new(folder.path()), &[], &mut |_| {}).unwrap();
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let secret = pair.sk.to_box(None).unwrap().to_string();
    let signer = Signer::new::<BundleError>(&secret, || panic!("no password is needed")).unwrap();
    let database = Database::open_cache(cache.path()).unwrap().unwrap();
    (Bundle::write(&database, Some(&signer)).unwrap(), pair.pk.to_base64())
}

/// Imports with the real program: exit code, what it says, its peak memory in bytes.
fn import(file: &Path, key: &str, cache: &Path) -> (Option<i32>, String, u64) {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).args(["db", "import"]).arg(file).args(["--trust", key, "--cache"]).arg(cache);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let peak = peak_memory(&mut child);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), peak)
}

#[test]
fn a_large_bundle_is_refused_or_imported_in_bounded_time_and_memory() {
    let (good, key) = large();
    assert!(good.len() >= LARGE, "only {} bytes", good.len());
    let trust = Trust::new(std::slice::from_ref(&key), false).unwrap();
    let numbers: Vec<usize> = random(2 * CHANGES).collect();
    for pair in numbers.chunks(2) {
        let (at, change) = (pair[0] % good.len(), (pair[1] % 255) as u8 + 1);
        let mut changed = good.clone();
        changed[at] ^= change;
        assert!(Bundle::parse(changed, &trust).is_err(), "byte {at} xor {change}");
    }

    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut changed = good.clone();
    changed[good.len() - 1] ^= 1;
    // The bundle is held once; the program itself and the reading of a file into memory need a little more.
    let limit = (2 * good.len() + (32 << 20)) as u64;
    for (bytes, code) in [(&changed, 2), (&good, 0)] {
        let file = write(folder.path(), "db.twb", bytes);
        let begun = Instant::now();
        let (exit, said, peak) = import(&file, &key, cache.path());
        assert_eq!(exit, Some(code), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        assert!(peak < limit, "{peak} bytes at the peak, of a bundle of {}", bytes.len());
        assert_eq!(
            fs::read_dir(cache.path()).unwrap().count() > 1,
            code == 0,
            "a refused bundle leaves at most a lock"
        );
    }
    let database = Database::open_cache(cache.path()).unwrap().unwrap();
    database.verify().unwrap();
    assert!(database.by_id("TEST-2999").unwrap().is_some());
}
