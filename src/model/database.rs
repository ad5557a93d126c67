//! What is known of the advisory database that a verdict rests on.

use serde::{Deserialize, Serialize};

use super::Feed;

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
    pub ecosystems: Vec<SourceInfo>,
    /// The feeds ([`super::Feed`]) that it holds, sorted by name.
    pub feeds: Vec<SourceInfo>,
}

/// An ecosystem or a feed of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// OSV's name of the ecosystem, or the feed's.
    pub name: String,
    /// Live records that name a package of the ecosystem; CVEs of the feed.
    pub records: u64,
    /// RFC 3339: the newest `modified` among the records; the date that the feed bears.
    pub newest: Option<String>,
    /// RFC 3339: when its records were last compared with their source. No part of a snapshot, so that equal records
    /// make equal snapshots.
    #[serde(skip)]
    pub synced: Option<String>,
    /// What they were compared with: an address, a folder or a file. No part of a snapshot either.
    #[serde(skip)]
    pub from: Option<String>,
}

impl DatabaseInfo {
    /// RFC 3339: the moment up to which a source's records are known. Not the date of the newest record: in a quiet
    /// ecosystem that one is old however fresh the database is.
    pub fn known_up_to<'a>(&'a self, source: &'a SourceInfo) -> &'a str {
        source.synced.as_deref().unwrap_or(&self.built_at)
    }

    /// What is known of a feed; `None` if the database does not hold it.
    pub fn feed(&self, feed: Feed) -> Option<&SourceInfo> {
        self.feeds.iter().find(|one| one.name == feed.name())
    }
}
