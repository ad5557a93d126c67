//! One signed file for the way over an air gap: what is refused, and that what is taken is what was sent.

mod transfer;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use minisign::KeyPair;
use tempfile::TempDir;
use tidewaiter::advisory::{
    Bundle, BundleError, CacheLock, Database, DirMirror, Signer, Store, Trust, read_current, sync,
};
use tidewaiter::model::{DatabaseOrigin, Ecosystem, SourceInfo};

use crate::support::osv::{Bucket, record};
use crate::support::{Cli, need, write};

const OLD: &str = "2024-01-01T00:00:00Z";
const NEW: &str = "2024-06-01T00:00:00Z";
const LODASH: &[u8] =
    br#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/package-1": {"version": "0.9.0"}}}"#;

/// A key pair of our own making; tests with the real tool make theirs with it.
struct Keys {
    public: String,
    secret: String,
}

fn keys(password: Option<&str>) -> Keys {
    let pair = match password {
        None => KeyPair::generate_unencrypted_keypair().unwrap(),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())).unwrap(),
    };
    Keys { public: pair.pk.to_base64(), secret: pair.sk.to_box(None).unwrap().to_string() }
}

fn signer(keys: &Keys) -> Signer {
    Signer::new::<BundleError>(&keys.secret, || panic!("no password is needed")).unwrap()
}

fn trust(keys: &[&Keys]) -> Trust {
    Trust::new(&keys.iter().map(|keys| keys.public.clone()).collect::<Vec<_>>(), false).unwrap()
}

/// A cache that was synced from made-up records.
fn cache(date: &str) -> TempDir {
    let (folder, bucket_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bucket = Bucket::default();
    for number in 0..300 {
        let name = format!("package-{}", number / 2);
        let mut one = record(&format!("TEST-{number}"), date, "npm", &name, "1.0.0");
        one["aliases"] = serde_json::json!([format!("CVE-2024-{}", 1000 + number)]);
        bucket.put("npm", &one);
    }
    bucket.put("PyPI", &record("PY-1", date, "PyPI", "Some_Name", "2.0"));
    bucket.write(bucket_folder.path());
    let mut store = Store::open(CacheLock::acquire(folder.path(), || false).unwrap()).unwrap();
    sync(&mut store, &DirMirror::new(bucket_folder.path()), &[], &mut |_| {}).unwrap();
    folder
}

fn database(cache: &Path) -> Database {
    Database::open_cache(cache).unwrap().unwrap()
}

fn bundle(keys: &Keys) -> Vec<u8> {
    Bundle::write(&database(cache(OLD).path()), Some(&signer(keys))).unwrap()
}

/// Numbers without a pattern; the same ones every time.
pub fn random(count: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize >> 1
    })
}

#[test]
fn every_changed_byte_is_refused() {
    let keys = keys(None);
    let (good, trust) = (bundle(&keys), trust(&[&keys]));
    assert!(Bundle::parse(good.clone(), &trust).is_ok());
    // The head is where freedom could hide: each of its bytes, in several ways, then a thousand anywhere.
    let head = good.iter().take(2000).enumerate().flat_map(|(at, _)| [1u8, 0x20, 0x80].map(|change| (at, change)));
    let anywhere = random(2000).collect::<Vec<_>>();
    let anywhere = anywhere.chunks(2).map(|pair| (pair[0] % good.len(), (pair[1] % 255) as u8 + 1));
    for (at, change) in head.chain(anywhere) {
        let mut changed = good.clone();
        changed[at] ^= change;
        assert!(Bundle::parse(changed, &trust).is_err(), "byte {at} xor {change}");
    }
}

#[test]
fn a_cut_or_longer_bundle_is_refused_as_such() {
    let keys = keys(None);
    let (good, trust) = (bundle(&keys), trust(&[&keys]));
    for cut in random(300).map(|number| number % good.len()).chain([0, 1, good.len() - 1]) {
        assert!(Bundle::parse(good[..cut].to_vec(), &trust).is_err(), "cut at {cut}");
    }
    let error = Bundle::parse(good[..good.len() - 1].to_vec(), &trust).err().unwrap();
    assert!(error.to_string().contains("truncated"), "{error}");
    for more in [&b"\n"[..], b"\0", b"more"] {
        let error = Bundle::parse([&good[..], more].concat(), &trust).err().unwrap();
        assert!(error.to_string().contains("longer"), "{error}");
        assert!(Bundle::parse([more, &good[..]].concat(), &trust).is_err());
    }
    // Other spellings of the same signature.
    let text = String::from_utf8_lossy(&good[..400]).into_owned();
    let lines: Vec<&str> = text.splitn(5, '\n').collect();
    let rest = &good[lines[..4].iter().map(|line| line.len() + 1).sum::<usize>()..];
    for at in 0..4 {
        for end in [" ", "\r", "="] {
            let changed: String =
                (0..4).map(|line| format!("{}{}\n", lines[line], if line == at { end } else { "" })).collect();
            assert!(Bundle::parse([changed.as_bytes(), rest].concat(), &trust).is_err(), "line {at} with {end:?}");
        }
    }
}

#[test]
fn the_key_decides() {
    let (first, second, stranger) = (keys(None), keys(None), keys(None));
    let by_second = bundle(&second);
    let both = Bundle::parse(by_second.clone(), &trust(&[&first, &second])).unwrap();
    assert_eq!(both.signer(), Some(signer(&second).key_id().as_str()));
    for trusted in [trust(&[&first, &stranger]), Trust::new(&[], true).unwrap()] {
        let error = Bundle::parse(by_second.clone(), &trusted).err().unwrap();
        assert!(matches!(&error, BundleError::UnknownKey(id) if *id == signer(&second).key_id()), "{error}");
    }
    // A stranger's key that bears a trusted key's id.
    let mut forged = minisign::PublicKey::from_base64(&stranger.public).unwrap().to_bytes();
    forged[2..10].copy_from_slice(&minisign::PublicKey::from_base64(&second.public).unwrap().to_bytes()[2..10]);
    let forged = minisign::PublicKey::from_bytes(&forged).unwrap().to_base64();
    let error = Bundle::parse(by_second, &Trust::new(&[forged], false).unwrap()).err().unwrap();
    assert!(matches!(error, BundleError::Tampered(_)), "{error}");
    assert!(Trust::new(&["not a key".to_owned()], false).is_err());
}

#[test]
fn an_unsigned_bundle_is_taken_only_when_told() {
    let unsigned = Bundle::write(&database(cache(OLD).path()), None).unwrap();
    let none = Trust::new(&[], true).unwrap();
    assert_eq!(Bundle::parse(unsigned.clone(), &none).unwrap().signer(), None);
    let error = Bundle::parse(unsigned.clone(), &trust(&[&keys(None)])).err().unwrap();
    assert!(matches!(error, BundleError::Unsigned), "{error}");
    for number in random(500) {
        let mut changed = unsigned.clone();
        let at = number % changed.len();
        changed[at] ^= 1;
        assert!(Bundle::parse(changed, &none).is_err(), "byte {at}");
    }
}

/// A stranger's snapshot whose checksums and signature are right, but whose content is not: an error, or an answer.
#[test]
fn a_crafted_snapshot_never_panics() {
    let cache = cache(OLD);
    let current = read_current(cache.path()).unwrap().unwrap();
    let snapshot = fs::read(cache.path().join(format!("snapshots/{}.twsnap", current.snapshot))).unwrap();
    let unsigned = Bundle::write(&database(cache.path()), None).unwrap();
    let head = String::from_utf8(unsigned[..unsigned.len() - snapshot.len()].to_vec()).unwrap();
    let lines: Vec<&str> = head.lines().collect();
    let mut manifest: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
    let trust = Trust::new(&[], true).unwrap();
    let mut opened = 0;
    for number in random(1500) {
        let mut crafted = snapshot.clone();
        let at = 104 + number % (crafted.len() - 104);
        crafted[at] ^= (number >> 32) as u8 | 1;
        mend_checksums(&mut crafted);
        manifest["snapshot"] = sha256(&crafted).into();
        let line = manifest.to_string();
        let head = format!("{}\nmanifest sha256:{}\n{line}\n", lines[0], sha256(line.as_bytes()));
        let Ok(bundle) = Bundle::parse([head.as_bytes(), &crafted].concat(), &trust) else { continue };
        opened += 1;
        let database = Database::of_bundle(bundle);
        let _ = database.packages(Ecosystem::Npm, |_| true);
        for number in 0..40 {
            let _ = database.lookup(Ecosystem::Npm, &format!("package-{number}"));
            let _ = database.find(&format!("TEST-{number}"));
            let _ = database.find(&format!("CVE-2024-{}", 1000 + number));
        }
    }
    assert!(opened > 500, "{opened}");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The layout of `src/advisory/snapshot.rs`: seven sections with length and checksum, then the header's own checksum.
fn mend_checksums(file: &mut [u8]) {
    let mut start = 104;
    for section in 0..7 {
        let at = 16 + section * 12;
        let length = u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
        let checksum = crc32fast::hash(&file[start..start + length]);
        file[at + 8..at + 12].copy_from_slice(&checksum.to_le_bytes());
        start += length;
    }
    let checksum = crc32fast::hash(&file[..100]);
    file[100..104].copy_from_slice(&checksum.to_le_bytes());
}

#[test]
fn a_newer_format_is_named() {
    let keys = keys(None);
    let newer = String::from_utf8_lossy(&bundle(&keys)).replacen("format 2", "format 3", 1).into_bytes();
    let error = Bundle::parse(newer, &trust(&[&keys])).err().unwrap();
    assert!(matches!(error, BundleError::Format { found: 3, expected: 2, .. }), "{error}");
    for other in [&b""[..], b"\n", b"PK\x03\x04", b"untrusted comment: signature from minisign secret key\nRUQ\n"] {
        let error = Bundle::parse(other.to_vec(), &trust(&[&keys])).err().unwrap();
        assert!(matches!(error, BundleError::NotABundle), "{error}");
    }
}

#[test]
fn an_older_bundle_is_refused_unless_told() {
    let keys = keys(None);
    let (old, mut new) = (cache(OLD), cache(NEW));
    // Both were made within this second.
    let aged = |cache: &Path, from: &str, to: &str| {
        let path = cache.join("current.json");
        let text = fs::read_to_string(&path).unwrap();
        let year = &text[text.find("20").unwrap()..][..4];
        fs::write(&path, text.replace(&format!("\"{year}-"), &format!("\"{to}-")).replace(from, to)).unwrap();
    };
    aged(old.path(), "no such text", "2001");
    let bundle = Bundle::write(&database(old.path()), Some(&signer(&keys))).unwrap();
    let bundle = Bundle::parse(bundle, &trust(&[&keys])).unwrap();
    let lock = CacheLock::acquire(new.path(), || false).unwrap();
    let before = read_current(new.path()).unwrap().unwrap();
    let error = bundle.install(&lock, false).unwrap_err();
    assert!(matches!(error, BundleError::Older(_)), "{error}");
    assert_eq!(read_current(new.path()).unwrap().unwrap(), before);
    let installed = bundle.install(&lock, true).unwrap();
    assert_eq!(read_current(new.path()).unwrap().unwrap(), installed);
    assert_eq!(installed.synced.len(), 2);
    bundle.install(&lock, false).expect("the same again is not older");
    drop(lock);
    new = tempfile::tempdir().unwrap();
    bundle.install(&CacheLock::acquire(new.path(), || false).unwrap(), false).expect("nothing was installed");
}
