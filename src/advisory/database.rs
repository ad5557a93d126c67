//! The advisories that a scan is matched against.

use std::collections::BTreeMap;
use std::path::Path;

use ring::digest::{Context, SHA256};

use super::bundle::Bundle;
use super::cache::{Current, digest, read_current, snapshot_path};
use super::cve::Cve;
use super::cve_table::Row;
use super::error::AdvisoryError;
use super::seed;
use super::skipped::Skipped;
use super::snapshot_read::Snapshot;
use crate::model::{Advisory, DatabaseInfo, DatabaseOrigin, Ecosystem, Exploitation, SourceInfo, hex};

/// How often a reader follows `current.json` to a snapshot that is gone when it comes there. Two syncs have to pass
/// between two reads of a few bytes for it to happen once.
const ATTEMPTS: usize = 4;

/// Why nothing is known of a package, although its ecosystem is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It is first-party, so that nobody was asked.
    Own,
    /// The answer is missing or not whole, with what went wrong.
    Failed(String),
}

/// An open database. It never changes, and any number of threads may ask it.
pub struct Database {
    info: DatabaseInfo,
    snapshot: Snapshot,
    silences: BTreeMap<(Ecosystem, String), Silence>,
}

impl Database {
    /// The built-in seed.
    ///
    /// # Errors
    /// None that the tests of this crate would not show.
    pub fn seed() -> Result<Database, AdvisoryError> {
        let bytes = seed::snapshot()?;
        let id = digest(&bytes);
        let snapshot = Snapshot::from_bytes(bytes)?;
        Ok(Database::new(DatabaseOrigin::Seed, id, seed::built_at(), &BTreeMap::new(), snapshot))
    }

    /// The snapshot that counts in a cache folder; `None` if none was published there yet.
    ///
    /// # Errors
    /// [`AdvisoryError::Io`], [`AdvisoryError::Damaged`], [`AdvisoryError::Format`].
    pub fn open_cache(dir: &Path) -> Result<Option<Database>, AdvisoryError> {
        let mut attempt = 1;
        loop {
            let Some(current) = read_current(dir)? else { return Ok(None) };
            let path = snapshot_path(dir, &current.snapshot);
            match Snapshot::open(&path) {
                Ok(snapshot) => {
                    let Current { snapshot: id, built_at, synced, from } = current;
                    let mut database = Database::new(DatabaseOrigin::Cache, id, built_at, &synced, snapshot);
                    for source in database.info.ecosystems.iter_mut().chain(&mut database.info.feeds) {
                        source.from = from.get(&source.name).cloned();
                    }
                    return Ok(Some(database));
                }
                Err(_) if attempt < ATTEMPTS && !path.exists() => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// What a service answered at `now`, RFC 3339.
    pub(super) fn answered(
        bytes: Vec<u8>,
        now: &str,
        silences: BTreeMap<(Ecosystem, String), Silence>,
    ) -> Result<Database, AdvisoryError> {
        let id = digest(&bytes);
        let snapshot = Snapshot::from_bytes(bytes)?;
        let database = Database::new(DatabaseOrigin::Api, id, now.to_owned(), &BTreeMap::new(), snapshot);
        Ok(Database { silences, ..database })
    }

    /// A verified bundle. It is held in memory: a user's file may change while it is read, a mapping must not.
    pub fn of_bundle(bundle: Bundle) -> Database {
        let synced = bundle.synced();
        let Bundle { manifest, snapshot, .. } = bundle;
        Database::new(DatabaseOrigin::Bundle, manifest.snapshot, manifest.built_at, &synced, snapshot)
    }

    fn new(
        origin: DatabaseOrigin,
        id: String,
        built_at: String,
        synced: &BTreeMap<String, String>,
        snapshot: Snapshot,
    ) -> Database {
        let manifest = snapshot.manifest();
        let records = manifest.records;
        let [ecosystems, feeds] = [&manifest.ecosystems, &manifest.feeds].map(|sources| {
            let dated =
                |source: &SourceInfo| SourceInfo { synced: synced.get(&source.name).cloned(), ..source.clone() };
            sources.iter().map(dated).collect()
        });
        Database {
            info: DatabaseInfo { origin, snapshot: id, built_at, records, ecosystems, feeds },
            snapshot,
            silences: BTreeMap::new(),
        }
    }

    /// Where it came from, how old it is, and what it covers.
    pub fn info(&self) -> &DatabaseInfo {
        &self.info
    }

    /// What of its records could not be understood, sorted by reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.snapshot.manifest().skipped
    }

    /// Bytes of the snapshot.
    pub fn size(&self) -> u64 {
        self.snapshot.length()
    }

    /// The live advisories of a package, sorted by id, each with the package's own elements alone. The name is one of
    /// [`Ecosystem::normalize`].
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn lookup(&self, ecosystem: Ecosystem, normalized: &str) -> Result<Vec<Advisory>, AdvisoryError> {
        let mut advisories = self.snapshot.package(ecosystem, normalized)?;
        advisories.retain(|advisory| advisory.withdrawn.is_none());
        Ok(advisories)
    }

    /// Whether there is a package of which less than everything is known; only a service's answers have any.
    pub fn has_silences(&self) -> bool {
        !self.silences.is_empty()
    }

    /// Why less than everything is known of a package, which has its key; `None` for all others.
    pub fn silence(&self, key: &(Ecosystem, String)) -> Option<&Silence> {
        self.silences.get(key)
    }

    /// A record by its own id, withdrawn or not, with its elements of all ecosystems that are covered.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn by_id(&self, id: &str) -> Result<Option<Advisory>, AdvisoryError> {
        self.snapshot.record(id)
    }

    /// The records of an id or an alias (a CVE, say), withdrawn or not: the one whose own id it is first, then by id.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn find(&self, id: &str) -> Result<Vec<Advisory>, AdvisoryError> {
        self.snapshot.records(id)
    }

    /// What the feeds say of a CVE; `None` for a CVE that they do not name, and for every other id.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn exploitation(&self, id: &str) -> Result<Option<Exploitation>, AdvisoryError> {
        let Some(cve) = Cve::parse(id).filter(|_| !self.info.feeds.is_empty()) else { return Ok(None) };
        Ok(self.snapshot.cve(cve)?.map(Row::exploitation))
    }

    /// The normalized names of an ecosystem's packages that `wanted` picks, in order. Reads the whole index.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn packages(&self, ecosystem: Ecosystem, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, AdvisoryError> {
        self.snapshot.packages(ecosystem, wanted)
    }

    /// The whole snapshot, digest compared with its id.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub(super) fn bytes(&self) -> Result<Vec<u8>, AdvisoryError> {
        let mut bytes = Vec::new();
        self.snapshot.read_all(|piece| bytes.extend_from_slice(piece))?;
        if digest(&bytes) == self.info.snapshot { Ok(bytes) } else { Err(other_digest()) }
    }

    /// Reads the whole snapshot and compares its digest with its id.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`].
    pub fn verify(&self) -> Result<(), AdvisoryError> {
        let mut hash = Context::new(&SHA256);
        self.snapshot.read_all(|piece| hash.update(piece))?;
        if hex(hash.finish().as_ref()) == self.info.snapshot { Ok(()) } else { Err(other_digest()) }
    }
}

fn other_digest() -> AdvisoryError {
    AdvisoryError::Damaged("the snapshot's digest is not its id".to_owned())
}
