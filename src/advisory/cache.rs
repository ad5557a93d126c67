//! The cache folder: what lies where, who may change it, and how a snapshot is published.
//!
//! ```text
//! <cache>/lock                       held by the process that changes the cache
//! <cache>/advisories/                sled: raw records (see `store`)
//! <cache>/snapshots/<id>.twsnap      immutable; <id> is the SHA-256 of the file
//! <cache>/feeds/<sha256>.feed         feeds as they came (see `store_feeds`)
//! <cache>/downloads/                 archives that are on their way (see `download`)
//! <cache>/current.json               which snapshot counts, and when it was synced
//! ```
//!
//! Readers take no lock. `current.json` is replaced by rename after its snapshot is on disk, and the snapshot before
//! it stays, so a reader that was overtaken between the two files still finds what it was told.
//!
//! The time of a sync stands in `current.json` and not in the snapshot, so that equal records make equal snapshots.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::AdvisoryError;
use crate::model::sha256;

/// How large `current.json` may be; it has a line per ecosystem.
const MAX_CURRENT: u64 = 1 << 20;

/// The content of `current.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The snapshot's id.
    pub snapshot: String,
    /// RFC 3339: when the snapshot was published.
    pub built_at: String,
    /// RFC 3339 by ecosystem or feed: when its records were last compared with their source.
    pub synced: BTreeMap<String, String>,
    /// What each was compared with: an address, a folder or a file. Nothing where that is not known: what a bundle brings
    /// was compared elsewhere.
    #[serde(default)]
    pub from: BTreeMap<String, String>,
}

/// Where the cache lies unless the user says: `$XDG_CACHE_HOME/tidewaiter`, else `~/.cache/tidewaiter`
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>: a relative path there is ignored).
///
/// # Errors
/// [`AdvisoryError::NoCacheDir`] where neither variable is set.
pub fn default_cache_dir() -> Result<PathBuf, AdvisoryError> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    Ok(base.ok_or(AdvisoryError::NoCacheDir)?.join("tidewaiter"))
}

/// The right to change a cache; one process at a time has it. Ends with the value, or with its process.
#[derive(Debug)]
pub struct CacheLock {
    dir: PathBuf,
    _file: File,
}

impl CacheLock {
    /// Takes the lock and makes the folder if need be. Where another process holds it, `waiting` decides after the
    /// first attempt: `true` waits until it is free, `false` gives up.
    ///
    /// # Errors
    /// [`AdvisoryError::Locked`] after giving up; [`AdvisoryError::Io`].
    pub fn acquire(dir: &Path, waiting: impl FnOnce() -> bool) -> Result<CacheLock, AdvisoryError> {
        fs::create_dir_all(dir).map_err(AdvisoryError::io(dir))?;
        let path = dir.join("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(AdvisoryError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if waiting() => file.lock().map_err(AdvisoryError::io(&path))?,
            Err(TryLockError::WouldBlock) => return Err(AdvisoryError::Locked(dir.to_owned())),
            Err(TryLockError::Error(error)) => return Err(AdvisoryError::io(&path)(error)),
        }
        Ok(CacheLock { dir: dir.to_owned(), _file: file })
    }

    /// The cache folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes `bytes` the snapshot that counts from now on. Whoever reads the one before is not disturbed.
    ///
    /// # Errors
    /// [`AdvisoryError::Io`]; the snapshot that counted before then still does.
    pub fn publish(
        &self,
        bytes: &[u8],
        built_at: &str,
        synced: BTreeMap<String, String>,
        from: BTreeMap<String, String>,
    ) -> Result<Current, AdvisoryError> {
        let current = Current { snapshot: digest(bytes), built_at: built_at.to_owned(), synced, from };
        let folder = self.dir.join("snapshots");
        fs::create_dir_all(&folder).map_err(AdvisoryError::io(&folder))?;
        replace(&snapshot_path(&self.dir, &current.snapshot), bytes)?;
        // What cannot be read is no reason to keep it.
        let before = read_current(&self.dir).ok().flatten();
        self.point(&current)?;
        let kept = [Some(&current.snapshot), before.as_ref().map(|before| &before.snapshot)];
        prune(&folder, &kept.into_iter().flatten().map(|id| format!("{id}.twsnap")).collect::<Vec<_>>());
        Ok(current)
    }

    /// Makes the snapshot of `current`, which is there, the one that counts.
    ///
    /// # Errors
    /// [`AdvisoryError::Io`].
    pub fn point(&self, current: &Current) -> Result<(), AdvisoryError> {
        let mut text = serde_json::to_vec_pretty(current).map_err(|error| AdvisoryError::Store(error.to_string()))?;
        text.push(b'\n');
        replace(&self.dir.join("current.json"), &text)
    }
}

/// The id of a snapshot: the SHA-256 of its bytes, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    sha256(bytes)
}

/// Which snapshot counts; `None` if there is none yet.
///
/// # Errors
/// [`AdvisoryError::Io`], [`AdvisoryError::Damaged`].
pub fn read_current(dir: &Path) -> Result<Option<Current>, AdvisoryError> {
    let path = dir.join("current.json");
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(AdvisoryError::io(&path)(error)),
    };
    let damaged = |detail: &str| AdvisoryError::Damaged(format!("{}: {detail}", path.display()));
    if size > MAX_CURRENT {
        return Err(damaged("too large"));
    }
    let text = fs::read(&path).map_err(AdvisoryError::io(&path))?;
    let current: Current = serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
    // The id becomes a file name.
    if current.snapshot.len() != 64 || !current.snapshot.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(damaged("not a snapshot's id"));
    }
    Ok(Some(current))
}

/// Where the snapshot of this id lies.
pub fn snapshot_path(dir: &Path, id: &str) -> PathBuf {
    dir.join("snapshots").join(format!("{id}.twsnap"))
}

/// Writes a file beside its place and renames it there, so that no reader ever sees half of it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), AdvisoryError> {
    let beside = path.with_extension("new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The rename itself is durable once the folder is.
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(AdvisoryError::io(path))
}

/// Removes what no reader can still be told to open. A file that cannot be removed does no harm.
pub(super) fn prune(folder: &Path, kept: &[String]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !kept.iter().any(|name| entry.file_name() == name.as_str()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_waits_or_gives_up() {
        let dir = tempfile::tempdir().unwrap();
        let first = CacheLock::acquire(dir.path(), || false).unwrap();
        assert!(matches!(CacheLock::acquire(dir.path(), || false), Err(AdvisoryError::Locked(_))));
        let told = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                CacheLock::acquire(dir.path(), || {
                    told.store(true, std::sync::atomic::Ordering::SeqCst);
                    true
                })
            });
            while !told.load(std::sync::atomic::Ordering::SeqCst) {
                std::thread::yield_now();
            }
            drop(first);
            assert!(second.join().unwrap().is_ok());
        });
    }

    #[test]
    fn the_last_two_snapshots_stay() {
        let dir = tempfile::tempdir().unwrap();
        let lock = CacheLock::acquire(dir.path(), || false).unwrap();
        assert_eq!(read_current(dir.path()).unwrap(), None);
        for content in [b"one", b"two", b"six"] {
            let current = lock.publish(content, "2024-01-01T00:00:00Z", BTreeMap::new(), BTreeMap::new()).unwrap();
            assert_eq!(read_current(dir.path()).unwrap().unwrap(), current);
            assert_eq!(fs::read(snapshot_path(dir.path(), &current.snapshot)).unwrap(), content);
        }
        assert!(!snapshot_path(dir.path(), &digest(b"one")).exists());
        assert!(snapshot_path(dir.path(), &digest(b"two")).exists());
    }

    #[test]
    fn an_id_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"{"snapshot": "../../etc/passwd", "built_at": "", "synced": {}}"#;
        fs::write(dir.path().join("current.json"), text).unwrap();
        assert!(matches!(read_current(dir.path()), Err(AdvisoryError::Damaged(_))));
    }
}
