//! What outlives a sweep: `--state DIR`.
//!
//! ```text
//! <state>/lock       held by the sweep that uses it
//! <state>/key        32 random bytes, mode 0600 (see `key`)
//! <state>/last       the number of the last sweep (see `last`)
//! <state>/store/     sled; values as `docs/state.md` lists them
//! ```
//!
//! It holds no secret's value: contents have seals in their place, and a function's variables are one digest.

mod cell;
mod error;
mod file;
mod history;
mod kept;
mod key;
mod last;

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use ring::hmac;
use sled::Transactional;

use crate::advisory::{CacheLock, open_database, other_schema};
use crate::audit::{Contents, SealedContents};
use crate::model::{Scan, Sealer, hex};
use cell::Cells;
pub use error::StateError;
pub use history::{Dated, History, Known, Summary};
pub use kept::{FunctionHead, Kept, Stamp};

/// Raised whenever the meaning of the stored bytes changes.
const SCHEMA: u32 = 1;
/// Bytes that sled keeps of what it has read. Its default is a gigabyte.
const CACHE: u64 = 16 << 20;
/// Days for which contents stay that no function refers to: long enough for a deployment that is rolled back.
const DAYS_UNUSED: i64 = 30;

/// An open state.
pub struct State {
    contents: sled::Tree,
    /// By the keys of the contents, the day on which a function referred to them last.
    used: sled::Tree,
    functions: sled::Tree,
    verdicts: sled::Tree,
    sweeps: sled::Tree,
    meta: sled::Tree,
    cells: Cells,
    key: [u8; 32],
    sealer: Sealer,
    db: sled::Db,
    // Last, so that sled has closed its files when the lock ends.
    lock: CacheLock,
}

impl State {
    /// Opens a state, or begins one in a folder that is empty or not there. Where another sweep uses it, `waiting`
    /// decides after the first attempt: `true` waits until that has ended, `false` gives up.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn open(dir: &Path, waiting: impl FnOnce() -> bool) -> Result<State, StateError> {
        let store = dir.join("store");
        if !store.exists() && holds_something_else(dir)? {
            return Err(StateError::Foreign(dir.to_owned()));
        }
        let lock = CacheLock::acquire(dir, waiting)?;
        let told = last::read(dir)?;
        let new = !store.exists();
        if new && told.is_some() {
            return Err(StateError::damaged("store", "the folder is gone"));
        }
        let key = key::read_or_make(dir, new)?;
        let db = open_store(&store)?;
        let meta = db.open_tree("meta")?;
        if let Some(found) = other_schema(&meta, SCHEMA)? {
            return Err(StateError::Format { found, expected: SCHEMA });
        }
        // Digests of another key compare with nothing: every function would look changed.
        let proof = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), b"tidewaiter state");
        match meta.get("key")? {
            None => drop(meta.insert("key", hex(proof.as_ref()).as_bytes())?),
            Some(found) if *found == *hex(proof.as_ref()).as_bytes() => {}
            Some(_) => return Err(StateError::damaged("key", "it is not the one that the state was made with")),
        }
        let sweeps = db.open_tree("sweeps")?;
        // Not `last`: what goes backwards through a tree brings a megabyte of 0xFF into the program, as the last of keys.
        if let Some(told) = told
            && sweeps.range(told.to_be_bytes()..).next().transpose()?.is_none()
        {
            return Err(StateError::damaged("store", "it lacks the last sweep"));
        }
        Ok(State {
            contents: db.open_tree("contents")?,
            used: db.open_tree("used")?,
            functions: db.open_tree("functions")?,
            verdicts: db.open_tree("verdicts")?,
            sweeps,
            meta,
            cells: Cells::new()?,
            sealer: Sealer::new(&key),
            key,
            db,
            lock,
        })
    }

    /// The key of this state's digests.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Makes what stands for secrets' values in this state.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Everything written so far is on disk once this returns.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn flush(&self) -> Result<(), StateError> {
        self.db.flush()?;
        Ok(())
    }

    /// What reading an archive gave.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn contents(&self, key: &str, stamp: &Stamp) -> Result<Kept<Contents>, StateError> {
        let Some(cell) = self.contents.get(key)? else { return Ok(Kept::Missing) };
        let read_by: Stamp = self.cells.head_of(&cell, key)?;
        if read_by != *stamp {
            return Ok(Kept::Outdated(read_by));
        }
        let sealed: SealedContents = self.cells.body_of(&cell, key)?;
        Ok(Kept::Fresh(sealed.open()))
    }

    /// Keeps what reading an archive gave, sealed with the state's key, and returns it as it will come back.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn set_contents(&self, key: &str, stamp: &Stamp, contents: Contents) -> Result<Contents, StateError> {
        let sealed = contents.seal(&self.sealer);
        self.contents.insert(key, self.cells.both(stamp, &sealed)?)?;
        Ok(sealed.open())
    }

    /// What is known of a function, without its scan.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn head(&self, id: &str) -> Result<Option<FunctionHead>, StateError> {
        self.functions.get(id)?.map(|cell| self.cells.head_of(&cell, id)).transpose()
    }

    /// What is known of a function with its sealed scan; no scan where another version of the program made it.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn function(&self, id: &str) -> Result<Option<(FunctionHead, Option<Scan>)>, StateError> {
        let Some(cell) = self.functions.get(id)? else { return Ok(None) };
        let head: FunctionHead = self.cells.head_of(&cell, id)?;
        let ours = head.stamp.program == env!("CARGO_PKG_VERSION");
        let scan = ours.then(|| self.cells.body_of(&cell, id)).transpose()?;
        Ok(Some((head, scan)))
    }

    /// Keeps a function's sealed scan.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn set_function(&self, id: &str, head: &FunctionHead, scan: &Scan) -> Result<(), StateError> {
        self.functions.insert(id, self.cells.both(head, scan)?)?;
        Ok(())
    }

    /// Changes what is known of a function that has a scan.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn set_head(&self, id: &str, head: &FunctionHead) -> Result<(), StateError> {
        let Some(cell) = self.functions.get(id)? else { return Ok(()) };
        self.functions.insert(id, self.cells.with_head(&cell, head, id)?)?;
        Ok(())
    }

    /// Notes that functions refer to these contents, and removes what none has referred to for 30 days.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn tidy<'a>(&self, used: impl Iterator<Item = &'a str>, now: DateTime<Utc>) -> Result<(), StateError> {
        let today = now.timestamp().div_euclid(24 * 3600);
        for key in used {
            if self.used.get(key)?.is_none_or(|day| *day != today.to_be_bytes()) {
                self.used.insert(key, &today.to_be_bytes())?;
            }
        }
        for key in self.contents.iter().keys() {
            let key = key?;
            match self.used.get(&key)?.map(|day| <[u8; 8]>::try_from(day.as_ref())) {
                // Read by a sweep that did not come to its end.
                None => drop(self.used.insert(&key, &today.to_be_bytes())?),
                Some(Err(_)) => return Err(StateError::damaged("used", "not a day")),
                Some(Ok(day)) if today - i64::from_be_bytes(day) <= DAYS_UNUSED => {}
                Some(Ok(_)) => self.remove_contents(&key)?,
            }
        }
        Ok(())
    }

    fn remove_contents(&self, key: &[u8]) -> Result<(), StateError> {
        (&self.contents, &self.used).transaction(|(contents, used)| {
            contents.remove(key)?;
            used.remove(key)?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether a folder holds anything that no sweep puts there.
fn holds_something_else(dir: &Path) -> Result<bool, StateError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StateError::io(dir)(error)),
    };
    let ours = ["lock", "key", "key.new", "last", "last.new"];
    Ok(entries.flatten().any(|entry| !ours.iter().any(|name| entry.file_name() == *name)))
}

/// sled panics on some of what it cannot read.
fn open_store(path: &Path) -> Result<sled::Db, StateError> {
    let config = sled::Config::new().path(path).cache_capacity(CACHE);
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| open_database(&config)));
    Ok(opened.map_err(|_| StateError::damaged("store", "it cannot be opened"))??)
}
