//! Archives, each fetched and read once: a layer that many functions share is asked for by many threads at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gate::Gate;
use super::state::{Kept, Stamp, State, StateError};
use super::{MAX_ARCHIVE, Reading, SweepProgress};
use crate::artifact::Limits;
use crate::audit::{Contents, Input};
use crate::model::ArtifactRole;
use crate::source::{Archive, Deployed, Source};

/// Bytes of all archives that are being fetched or read. With what reading them takes the program stays below 400 MB.
const IN_FLIGHT: u64 = 120 << 20;

/// How an archive fared in this sweep.
#[derive(Clone)]
enum Fate {
    /// It is in the state; whether it was fetched for that.
    Stored { fetched: bool },
    /// It could not be had, and why.
    Missing(String),
}

/// What reading an archive gave, and whether it was fetched in this sweep.
pub(super) struct Shelved {
    pub contents: Contents,
    pub fetched: bool,
}

pub(super) struct Shelf<'a> {
    source: &'a dyn Source,
    state: &'a State,
    reading: &'a Reading<'a>,
    stamp: &'a Stamp,
    progress: &'a SweepProgress,
    gate: Gate,
    fates: Mutex<BTreeMap<String, Arc<Mutex<Option<Fate>>>>>,
    outdated: Mutex<BTreeSet<String>>,
    fetched: AtomicU64,
    fetched_bytes: AtomicU64,
}

/// What one sweep fetched.
pub(super) struct Fetched {
    pub archives: u64,
    pub bytes: u64,
    /// Why stored contents were read again, each reason once.
    pub outdated: BTreeSet<String>,
}

/// A lock guards a plain value, so that one which a panic left is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key of an archive's contents in the state.
pub(super) fn key(role: ArtifactRole, archive: &Archive) -> String {
    format!("{} {}", role.word(), archive.identity)
}

impl<'a> Shelf<'a> {
    pub fn new(
        source: &'a dyn Source,
        state: &'a State,
        reading: &'a Reading<'a>,
        stamp: &'a Stamp,
        progress: &'a SweepProgress,
    ) -> Shelf<'a> {
        Shelf {
            source,
            state,
            reading,
            stamp,
            progress,
            gate: Gate::new(IN_FLIGHT),
            fates: Mutex::default(),
            outdated: Mutex::default(),
            fetched: AtomicU64::new(0),
            fetched_bytes: AtomicU64::new(0),
        }
    }

    /// What an archive holds: from the state, else fetched and read. The inner error says why it could not be had.
    pub fn take(
        &self,
        function: &Deployed,
        role: ArtifactRole,
        archive: &Archive,
    ) -> Result<Result<Shelved, String>, StateError> {
        let key = key(role, archive);
        let fate = lock(&self.fates).entry(key.clone()).or_default().clone();
        // Held while it is fetched: whoever else wants it waits here.
        let mut fate = lock(&fate);
        match fate.clone() {
            Some(Fate::Missing(reason)) => return Ok(Err(reason)),
            Some(Fate::Stored { fetched }) => {
                drop(fate);
                return match self.state.contents(&key, self.stamp)? {
                    Kept::Fresh(contents) => Ok(Ok(Shelved { contents, fetched })),
                    Kept::Missing | Kept::Outdated(_) => Err(StateError::damaged(&key, "gone since it was written")),
                };
            }
            None => {}
        }
        match self.state.contents(&key, self.stamp)? {
            Kept::Fresh(contents) => {
                *fate = Some(Fate::Stored { fetched: false });
                return Ok(Ok(Shelved { contents, fetched: false }));
            }
            Kept::Outdated(stamp) => lock(&self.outdated).extend(stamp.outdated(self.stamp)),
            Kept::Missing => {}
        }
        match self.read(function, role, archive) {
            Ok(contents) => {
                let contents = self.state.set_contents(&key, self.stamp, contents)?;
                *fate = Some(Fate::Stored { fetched: true });
                Ok(Ok(Shelved { contents, fetched: true }))
            }
            Err(reason) => {
                *fate = Some(Fate::Missing(reason.clone()));
                Ok(Err(reason))
            }
        }
    }

    /// Fetches an archive on this thread and reads it in the pool.
    fn read(&self, function: &Deployed, role: ArtifactRole, archive: &Archive) -> Result<Contents, String> {
        let _pass = self.gate.enter(archive.bytes);
        let most = self.reading.limits.target_bytes.min(MAX_ARCHIVE);
        let limits = Limits { target_bytes: most, ..self.reading.limits.clone() };
        let fetch = || self.source.fetch(function, archive, &limits);
        let fetched = catch_unwind(AssertUnwindSafe(fetch)).map_err(|_| FAILED.to_owned())?;
        let bytes = fetched.map_err(|error| error.to_string())?;
        self.fetched.fetch_add(1, Ordering::Relaxed);
        self.fetched_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.progress.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let input = Input::Bytes { name: archive.name.clone(), bytes };
        let read = || self.reading.pool.install(|| Contents::read(role, &input, &self.reading.audit()));
        let contents = catch_unwind(AssertUnwindSafe(read)).map_err(|_| FAILED.to_owned())?;
        contents.map_err(|error| error.to_string())
    }

    /// What was fetched.
    pub fn end(self) -> Fetched {
        Fetched {
            archives: self.fetched.into_inner(),
            bytes: self.fetched_bytes.into_inner(),
            outdated: self.outdated.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

pub(super) const FAILED: &str = "the program failed on it, which is an error of ours; please report it";
