//! The digest of the artifact itself.
//!
//! It is one chain over all of the file, which no second thread can help with. Where the files of an archive are to be
//! digested too, side by side, the chain goes on beside them, which is nearly for nothing; else one thread takes it on
//! from beginning to end, and another one all that is in the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use memchr::memmem;

use crate::artifact::{self, OpenError};
use crate::integrity::Long;
use crate::model::hex;

/// Bytes at the end of a file in which the names of lists are looked for: a zip's directory of some ten thousand entries.
const TAIL: u64 = 1 << 20;
/// Bytes of a file whose digest is worth the trouble.
const LEAST: u64 = 4 << 20;
/// Bytes that the chain goes on while nothing else does, between two looks whether that is still so.
const STEP: u64 = 256 << 10;

/// A file and its digest.
pub(super) struct Whole<'a> {
    path: &'a Path,
    is_file: bool,
    /// The chain, where it goes on beside others.
    long: Option<Mutex<Long>>,
    /// Whether there are others now.
    handed_over: AtomicBool,
}

impl<'a> Whole<'a> {
    /// Of a pipe nobody could tell when it ends.
    pub fn new(path: &'a Path) -> Whole<'a> {
        Whole::of_at_least(path, LEAST)
    }

    /// The same, where files of fewer bytes have no chain.
    fn of_at_least(path: &'a Path, least: u64) -> Whole<'a> {
        let len = path.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        let long = len.filter(|len| *len >= least && Long::pays()).and_then(|len| chain(path, len).ok().flatten());
        Whole { path, is_file: len.is_some(), long: long.map(Mutex::new), handed_over: AtomicBool::new(false) }
    }

    /// Computes the digest on this thread, unless it goes on beside others.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn begin(&self) -> Result<Option<String>, OpenError> {
        let Some(long) = &self.long else {
            return self.is_file.then(|| artifact::digest(self.path)).transpose();
        };
        while !self.handed_over.load(Ordering::Relaxed) {
            let Ok(mut long) = long.lock() else { break };
            if long.left() == 0 {
                break;
            }
            let until = long.done() + STEP;
            long.go_on(until);
        }
        Ok(None)
    }

    /// The chain, to go on beside others from now on; nothing where it does not.
    pub fn hand_over(&self) -> Option<&Mutex<Long>> {
        self.handed_over.store(true, Ordering::Relaxed);
        self.long.as_ref()
    }

    /// The digest in hexadecimal, of which [`begin`](Whole::begin) gave what it could.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn finish(self, begun: Option<String>) -> Result<String, OpenError> {
        if let Some(digest) = begun {
            return Ok(digest);
        }
        // A thread that failed on the way may have left it in any state.
        if let Some(Ok(long)) = self.long.map(Mutex::into_inner) {
            let failed = |source| OpenError::Path { path: self.path.to_owned(), source };
            return long.finish().map(|digest| hex(&digest)).map_err(failed);
        }
        // Or it became a file in between.
        artifact::digest(self.path)
    }
}

/// The chain over a file, if that looks like an archive whose files will be digested. Where it only looks like one, the
/// digest takes half as long again.
fn chain(path: &Path, len: u64) -> io::Result<Option<Long>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut tail = vec![0; usize::try_from(len.min(TAIL)).unwrap_or(0)];
    file.read_exact(&mut tail)?;
    if memmem::find(&tail, b".dist-info/RECORD").is_none() {
        return Ok(None);
    }
    file.rewind()?;
    Ok(Some(Long::new(file, len)))
}

/// Keeps a chain that goes on beside others from falling behind: what is left of it when the entries are read, one thread
/// does while the others wait.
pub(super) struct Pace {
    /// Bytes of all entries.
    all: u64,
    /// Bytes of those that are read.
    read: AtomicU64,
}

impl Pace {
    /// The most bytes that the chain goes on at once.
    const STEP: u64 = 1 << 20;

    /// For entries of so many bytes each.
    pub fn new(sizes: impl Iterator<Item = u64>) -> Pace {
        Pace { all: sizes.fold(0, u64::saturating_add), read: AtomicU64::new(0) }
    }

    /// Entries of so many bytes each are read. The first half of them has time: the large ones come first, whose digests
    /// the chain can go on beside.
    pub fn keep(&self, long: &Mutex<Long>, sizes: impl Iterator<Item = u64>) {
        // Sizes that an archive makes up may sum up to anything: then the chain is late or early, and ends all the same.
        let bytes = sizes.fold(0, u64::saturating_add);
        let read = self.read.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let late = read.saturating_mul(2).saturating_sub(self.all) as f64 / self.all.max(1) as f64;
        // Where another thread has it, it goes on.
        let Ok(mut long) = long.try_lock() else { return };
        let due = (long.expected() as f64 * late) as u64;
        let until = due.min(long.done().saturating_add(Pace::STEP));
        long.go_on(until);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::sha256;

    /// A file of about so many bytes with the name of a list at its end, or without, and its digest.
    fn file(len: usize, has_list: bool) -> (tempfile::TempDir, std::path::PathBuf, String) {
        let mut bytes: Vec<u8> = (0..len).map(|at| ((at * at) >> 7) as u8).collect();
        bytes.extend_from_slice(if has_list { b"a-1.0.dist-info/RECORD" } else { b"" });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, &bytes).unwrap();
        (folder, path, sha256(&bytes))
    }

    #[test]
    fn the_digest_is_the_same_whoever_computes_it() {
        for len in [0, 1, 55, 56, 64, 100_000, 3 << 20] {
            let (_folder, path, expected) = file(len, false);
            let whole = Whole::of_at_least(&path, 0);
            assert!(whole.hand_over().is_none(), "there is nothing beside it");
            let begun = whole.begin().unwrap();
            assert_eq!(begun.as_ref(), Some(&expected));
            assert_eq!(whole.finish(begun).unwrap(), expected);

            let (_folder, path, expected) = file(len, true);
            for handed_over in [true, false] {
                let whole = Whole::of_at_least(&path, 0);
                if handed_over && let Some(long) = whole.hand_over() {
                    long.lock().unwrap().go_on(len as u64 / 3);
                }
                let begun = whole.begin().unwrap();
                assert_eq!(begun.is_none(), Long::pays());
                assert_eq!(whole.finish(begun).unwrap(), expected, "{len}");
            }
        }
    }

    #[test]
    fn the_chain_ends_with_the_entries() {
        let (_folder, path, expected) = file(3 << 20, true);
        let whole = Whole::of_at_least(&path, 0);
        // Not every processor has something of it.
        let Some(long) = whole.hand_over() else { return };
        let pace = Pace::new([1000].into_iter());
        for _ in 0..5 {
            pace.keep(long, [100].into_iter());
        }
        assert_eq!(long.lock().unwrap().done(), 0, "it has time");
        for _ in 0..5 {
            pace.keep(long, [100].into_iter());
        }
        assert_eq!(long.lock().unwrap().left(), 0);
        assert_eq!(whole.finish(None).unwrap(), expected);
    }

    #[test]
    fn a_folder_has_none_and_a_missing_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let whole = Whole::new(folder.path());
        assert_eq!(whole.begin().unwrap(), None);
        assert!(whole.hand_over().is_none());
        let missing = folder.path().join("a.zip");
        assert!(Whole::new(&missing).finish(None).is_err());
    }
}
