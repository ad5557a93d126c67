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
//! Records are kept as they came, so that a newer program understands more of them without a new download; what a
//! scan reads is a snapshot of them, which is complete, opens without reading and is never changed. What this folder
//! cannot know: whether a record is right, and what no record speaks of.

mod api;
mod bundle;
mod cache;
mod credentials;
mod database;
mod download;
mod error;
mod frame;
mod http;
mod index;
mod mapped;
mod mirror;
mod mirror_dir;
mod mirror_http;
mod mirror_zip;
mod netrc;
mod parallel;
mod patience;
mod plan;
mod record;
mod seed;
mod signature;
mod skipped;
mod snapshot;
mod snapshot_read;
mod snapshot_write;
mod store;
mod sync;

pub use api::{OsvApi, PUBLIC_API, Question};
pub use bundle::{Bundle, BundleError, BundleManifest, BundleSource};
pub use cache::{CacheLock, Current, default_cache_dir, read_current};
pub use credentials::Credentials;
pub use database::{Database, Silence};
pub use error::AdvisoryError;
pub use http::{Http, Watch};
pub use mirror::{Fetched, Listing, Mirror, Validator};
pub use mirror_dir::DirMirror;
pub use mirror_http::{HttpMirror, PUBLIC_BUCKET, parse_address};
pub use mirror_zip::RecordZip;
pub use patience::Patience;
pub use record::{BrokenRecord, Identity, decode, identify};
pub use signature::{Signer, Trust};
pub use skipped::{SkipReason, Skipped, Skips};
pub use store::{Cursor, Fault, Store, Stored, Writer};
pub use sync::{EcosystemSync, SyncReport, SyncStep, sync};
