//! Floor 1: the OSV cache.
//!
//! ```text
//! mirror  ->  sync  ->  store  ->  snapshot  ->  Database  ->  matching
//! a copy of   only      raw        one file,     what a scan
//! OSV's       what      records    immutable     asks
//! bucket      changed                    |  ^
//!                                        v  |
//!                                       bundle: one signed file, for the way over an air gap
//! ```
//!
//! Beside the records the store may hold feeds: EPSS scores and the KEV catalog, which say of a CVE how likely it is to
//! be exploited and whether it is. They come as a file each, and are published in the same snapshot.
//!
//! Records are kept as they came, so that a newer program understands more of them without a new download; what a
//! scan reads is a snapshot of them, which is complete, opens without reading and is never changed. What this folder
//! cannot know: whether a record is right, and what no record speaks of.

mod api;
mod bundle;
mod cache;
mod credentials;
mod cve;
mod cve_table;
mod database;
mod download;
mod epss;
mod error;
mod feed_sync;
mod feeds;
mod frame;
mod http;
mod index;
mod kev;
mod mapped;
mod mirror;
mod mirror_dir;
mod mirror_http;
mod mirror_zip;
mod netrc;
mod parallel;
mod patience;
mod place;
mod plan;
mod record;
mod schema;
mod seed;
mod signature;
mod skipped;
mod snapshot;
mod snapshot_read;
mod snapshot_write;
mod store;
mod store_feeds;
mod sync;

pub use api::{OsvApi, PUBLIC_API, Question};
pub use bundle::{Bundle, BundleError, BundleManifest, BundleSource};
pub use cache::{CacheLock, Current, default_cache_dir, read_current};
pub use credentials::Credentials;
pub use database::{Database, Silence};
pub use error::AdvisoryError;
pub use feed_sync::{FeedSource, FeedSync, sync_feed};
pub use feeds::{PUBLIC_EPSS, PUBLIC_KEV};
pub use frame::{Packer, Unpacker};
pub use http::{Http, Watch, causes, chain, client, tls};
pub use mirror::{Fetched, Listing, Mirror, Validator};
pub use mirror_dir::DirMirror;
pub use mirror_http::{HttpMirror, PUBLIC_BUCKET, parse_address};
pub use mirror_zip::RecordZip;
pub use patience::{Patience, retry_after};
pub use place::Place;
pub use record::{BrokenRecord, Identity, decode, identify};
pub use schema::{open_database, other_schema};
pub use signature::{Signer, Trust};
pub use skipped::{FeedFault, SkipReason, Skipped, Skips};
pub use store::{Cursor, Fault, Store, Stored, Writer};
pub use store_feeds::FeedCursor;
pub use sync::{EcosystemSync, SyncReport, SyncStep, sync};
