//! The store: every record as it came, in a `sled` database that one process at a time may open.
//!
//! Records lie in pages of several, filed by a hash of their id: sled keeps about two bytes for each byte of a small
//! value, and records compress better together. A page is compressed as a whole and rewritten as a whole, so a record
//! and its place in the ecosystems can never disagree.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cache::CacheLock;
use super::error::AdvisoryError;
use super::frame::{self, Packer, Unpacker};
use super::mirror::Validator;
use super::schema::{open_database, other_schema};
use crate::model::Ecosystem;

/// Raised whenever the meaning of the stored bytes changes.
const SCHEMA: u32 = 1;
/// Pages of the whole store. With 10,000 records a page holds 5, with 300,000 it holds 150.
const PAGES: u32 = 2048;
/// Beyond 9 zstd takes twice the time for 3 % of the size.
const LEVEL: i32 = 9;
/// Pages written in one batch. Larger ones leave sled with up to a third more on disk.
const BATCH: usize = 100;
const DICTIONARY: &str = "dictionary";
const PUBLISHED: &str = "published";

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The record's id.
    pub id: String,
    /// RFC 3339, as the record writes it.
    pub modified: String,
    /// In whose folders of the mirror it lies.
    pub ecosystems: BTreeSet<Ecosystem>,
    /// The record's bytes.
    pub raw: Vec<u8>,
}

/// How far an ecosystem was synced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// RFC 3339: when its records were last compared with the mirror.
    pub synced_at: String,
    /// RFC 3339: the newest date in the mirror's list of changes.
    pub newest: Option<String>,
    /// Ids that the mirror has and the store could not take, and whether they were there at all.
    pub faults: BTreeMap<String, Fault>,
    /// Which mirror that was ([`super::Mirror::place`]).
    #[serde(default)]
    pub mirror: String,
    /// Of that mirror's list of changes.
    #[serde(default)]
    pub listing: Option<Validator>,
    /// Of that mirror's archive, if it was read.
    #[serde(default)]
    pub archive: Option<Validator>,
}

/// Why a record of the mirror is not in the store as the mirror has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Its bytes are no record, or another one's.
    Broken,
    /// It is listed, and not there.
    Missing,
}

/// The open store.
pub struct Store {
    pages: sled::Tree,
    cursors: sled::Tree,
    /// See `store_feeds`.
    pub(super) feeds: sled::Tree,
    meta: sled::Tree,
    dictionary: Vec<u8>,
    unpacker: Unpacker,
    db: sled::Db,
    // Last, so that sled has closed its files when the lock ends.
    lock: CacheLock,
}

impl Store {
    /// Opens the store of a cache, or makes an empty one.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`]; [`AdvisoryError::Format`] for a store of another schema.
    pub fn open(lock: CacheLock) -> Result<Store, AdvisoryError> {
        let db = open_database(&sled::Config::new().path(lock.dir().join("advisories")))?;
        let meta = db.open_tree("meta")?;
        if let Some(found) = other_schema(&meta, SCHEMA)? {
            return Err(AdvisoryError::Format { what: "the advisory store", found, expected: SCHEMA });
        }
        let dictionary = meta.get(DICTIONARY)?.map(|bytes| bytes.to_vec()).unwrap_or_default();
        Ok(Store {
            pages: db.open_tree("pages")?,
            cursors: db.open_tree("cursors")?,
            feeds: db.open_tree("feeds")?,
            meta,
            unpacker: Unpacker::new(&dictionary),
            dictionary,
            db,
            lock,
        })
    }

    /// The right to change the cache, which the store holds.
    pub fn lock(&self) -> &CacheLock {
        &self.lock
    }

    /// Whether records like these would be stored smaller with a dictionary of their own.
    pub fn wants_samples(&self) -> bool {
        self.dictionary.is_empty()
    }

    /// Trains the dictionary for everything written from now on; pages written before stay readable.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn train(&mut self, samples: &[Vec<u8>]) -> Result<(), AdvisoryError> {
        let dictionary = frame::train(samples);
        if !dictionary.is_empty() {
            self.meta.insert(DICTIONARY, dictionary.as_slice())?;
            self.meta.flush()?;
            self.unpacker = Unpacker::new(&dictionary);
            self.dictionary = dictionary;
        }
        Ok(())
    }

    /// The page that a record is filed in. Who changes many records does so page by page.
    pub fn page_of(id: &str) -> u32 {
        crc32fast::hash(id.as_bytes()) % PAGES
    }

    /// The records of a page, by id.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`], [`AdvisoryError::Store`].
    pub fn page(&self, page: u32) -> Result<BTreeMap<String, Stored>, AdvisoryError> {
        self.pages.get(page.to_be_bytes())?.map_or_else(|| Ok(BTreeMap::new()), |frame| self.unpack(&frame))
    }

    fn unpack(&self, frame: &[u8]) -> Result<BTreeMap<String, Stored>, AdvisoryError> {
        let damaged = |detail: String| AdvisoryError::Damaged(format!("{}: {detail}", self.lock.dir().display()));
        let bytes = self.unpacker.unpack(frame).map_err(damaged)?;
        let records: Vec<Stored> = postcard::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
        Ok(records.into_iter().map(|record| (record.id.clone(), record)).collect())
    }

    /// Every record, page by page.
    ///
    /// # Errors
    /// As [`Store::page`], per page.
    pub fn pages(&self) -> impl Iterator<Item = Result<BTreeMap<String, Stored>, AdvisoryError>> + '_ {
        self.pages.iter().values().map(|frame| self.unpack(&frame?))
    }

    /// The mark that [`Store::set_published`] left, if nothing was changed since.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn published(&self) -> Result<Option<String>, AdvisoryError> {
        Ok(self.meta.get(PUBLISHED)?.map(|mark| String::from_utf8_lossy(&mark).into_owned()))
    }

    /// Marks the records as they are as the ones that a snapshot was made of.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn set_published(&self, mark: &str) -> Result<(), AdvisoryError> {
        self.meta.insert(PUBLISHED, mark)?;
        self.meta.flush()?;
        Ok(())
    }

    /// Takes the mark away, on disk before the first change is, so that a crash between them costs a needless snapshot
    /// and never a missing one.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn unpublish(&self) -> Result<(), AdvisoryError> {
        if self.meta.remove(PUBLISHED)?.is_some() {
            self.meta.flush()?;
        }
        Ok(())
    }

    /// Starts a run of changes.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn writer(&self) -> Result<Writer<'_>, AdvisoryError> {
        let packer = Packer::new(&self.dictionary, LEVEL).map_err(|error| AdvisoryError::Store(error.to_string()))?;
        Ok(Writer { store: self, packer, batch: sled::Batch::default(), waiting: 0 })
    }

    /// The cursors of every ecosystem that was ever synced.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`], [`AdvisoryError::Store`].
    pub fn cursors(&self) -> Result<BTreeMap<Ecosystem, Cursor>, AdvisoryError> {
        let mut cursors = BTreeMap::new();
        for entry in &self.cursors {
            let (name, text) = entry?;
            let ecosystem = std::str::from_utf8(&name).ok().and_then(Ecosystem::from_osv);
            let cursor = serde_json::from_slice(&text).ok();
            let (Some(ecosystem), Some(cursor)) = (ecosystem, cursor) else {
                return Err(AdvisoryError::Damaged("unreadable cursor in the advisory store".to_owned()));
            };
            cursors.insert(ecosystem, cursor);
        }
        Ok(cursors)
    }

    /// Records how far an ecosystem was synced, after everything written before is on disk.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn set_cursor(&self, ecosystem: Ecosystem, cursor: &Cursor) -> Result<(), AdvisoryError> {
        let text = serde_json::to_vec(cursor).map_err(|error| AdvisoryError::Store(error.to_string()))?;
        self.db.flush()?;
        self.cursors.insert(ecosystem.name(), text)?;
        self.db.flush()?;
        Ok(())
    }
}

/// Writes pages in batches.
pub struct Writer<'a> {
    store: &'a Store,
    packer: Packer,
    batch: sled::Batch,
    waiting: usize,
}

impl Writer<'_> {
    /// Replaces a page.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn set(&mut self, page: u32, records: &BTreeMap<String, Stored>) -> Result<(), AdvisoryError> {
        let failed = |detail: String| AdvisoryError::Store(detail);
        if records.is_empty() {
            self.batch.remove(&page.to_be_bytes());
        } else {
            let records: Vec<&Stored> = records.values().collect();
            let bytes = postcard::to_stdvec(&records).map_err(|error| failed(error.to_string()))?;
            let frame = self.packer.pack(&bytes).map_err(|error| failed(error.to_string()))?;
            self.batch.insert(&page.to_be_bytes(), frame);
        }
        self.waiting += 1;
        if self.waiting == BATCH { self.flush() } else { Ok(()) }
    }

    /// Hands everything to sled.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn flush(&mut self) -> Result<(), AdvisoryError> {
        self.waiting = 0;
        Ok(self.store.pages.apply_batch(std::mem::take(&mut self.batch))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(id: &str) -> Stored {
        let raw = format!("{{\"id\":\"{id}\"}}").into_bytes();
        Stored {
            id: id.to_owned(),
            modified: "2024-01-01T00:00:00Z".to_owned(),
            ecosystems: [Ecosystem::Npm].into(),
            raw,
        }
    }

    fn open(dir: &std::path::Path) -> Store {
        Store::open(CacheLock::acquire(dir, || false).unwrap()).unwrap()
    }

    #[test]
    fn records_survive_a_dictionary_that_comes_later_and_a_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let early = stored("A-1");
        let mut writer = store.writer().unwrap();
        writer.set(Store::page_of("A-1"), &[("A-1".to_owned(), early.clone())].into()).unwrap();
        writer.flush().unwrap();
        let samples: Vec<Vec<u8>> = (0..3000).map(|i| stored(&format!("B-{i}")).raw.repeat(3)).collect();
        store.train(&samples).unwrap();
        assert!(!store.wants_samples());
        assert_eq!(store.page(Store::page_of("A-1")).unwrap()["A-1"], early);
        let cursor = Cursor { newest: Some("2024-01-01T00:00:00Z".to_owned()), ..Cursor::default() };
        store.set_cursor(Ecosystem::Npm, &cursor).unwrap();
        drop(store);
        let store = open(dir.path());
        assert_eq!(store.pages().map(|page| page.unwrap().len()).sum::<usize>(), 1);
        assert_eq!(store.cursors().unwrap(), [(Ecosystem::Npm, cursor)].into());
        let mut writer = store.writer().unwrap();
        writer.set(Store::page_of("A-1"), &BTreeMap::new()).unwrap();
        writer.flush().unwrap();
        assert_eq!(store.pages().count(), 0);
    }

    #[test]
    fn a_store_of_another_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        store.meta.insert("schema", &7u32.to_le_bytes()).unwrap();
        drop(store);
        // The threads of a closed store may hold its file a little longer.
        let refused = (0..200).any(|_| {
            let again = Store::open(CacheLock::acquire(dir.path(), || false).unwrap());
            let refused = matches!(again, Err(AdvisoryError::Format { found: 7, .. }));
            if !refused {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            refused
        });
        assert!(refused);
    }
}
