//! What is known of the advisory database that a verdict rests on.

use serde::{Deserialize, Serialize};

/// Where the advisories came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseOrigin {
    /// The small set that is built into the program.
    Seed,
    /// The snapshot of a local cache.
    Cache,
    /// A signed file.
    Bundle,
    /// A service that was asked.
    Api,
}

impl DatabaseOrigin {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            DatabaseOrigin::Seed => "seed",
            DatabaseOrigin::Cache => "cache",
            DatabaseOrigin::Bundle => "bundle",
            DatabaseOrigin::Api => "api",
        }
    }
}

/// The database's identity and age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseInfo {
    /// Where it came from.
    pub origin: DatabaseOrigin,
    /// Digest of its content, in hexadecimal: equal content, equal id.
    pub snapshot: String,
    /// RFC 3339: when it was put together.
    pub built_at: String,
    /// Live records. Fewer than the sum over the ecosystems, since a record may name packages of several.
    pub records: u64,
    /// Sorted by name; an ecosystem that is missing here is not covered.
    pub ecosystems: Vec<EcosystemInfo>,
}

/// One ecosystem of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcosystemInfo {
    /// OSV's name.
    pub name: String,
    /// Live records that name a package of it.
    pub records: u64,
    /// RFC 3339: the newest `modified` among them.
    pub newest: Option<String>,
    /// RFC 3339: when its records were last compared with their source. No part of a snapshot, so that equal records
    /// make equal snapshots.
    #[serde(skip)]
    pub synced: Option<String>,
}

impl DatabaseInfo {
    /// RFC 3339: the moment up to which an ecosystem's records are known. Not the date of the newest record: in a quiet
    /// ecosystem that one is old however fresh the database is.
    pub fn known_up_to<'a>(&'a self, ecosystem: &'a EcosystemInfo) -> &'a str {
        ecosystem.synced.as_deref().unwrap_or(&self.built_at)
    }
}
