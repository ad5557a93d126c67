//! The built-in seed: a few hundred well-known advisories, so that a first run without a cache shows what this
//! program does. It is no database: every report says that it is in use. It holds no feed: a score of some past day, or a
//! catalog without its newest entries, would be believed.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::error::AdvisoryError;
use super::feeds::Feeds;
use super::record;
use super::skipped::{SkipReason, Skips};
use super::snapshot_write::{self, Use};
use crate::model::Ecosystem;

/// Every file below `advisory-cache/seed/`, one a line; packed by `build.rs`.
const RECORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/seed.jsonl.deflate"));
/// The day on which the records were last compared with their sources, `yyyy-mm-dd`.
const DATE: &str = include_str!("../../advisory-cache/seed/DATE");

/// RFC 3339.
pub(super) fn built_at() -> String {
    format!("{}T00:00:00Z", DATE.trim())
}

/// The seed as a snapshot, so that it is read like any other.
pub(super) fn snapshot() -> Result<Vec<u8>, AdvisoryError> {
    let mut skips = Skips::default();
    let mut advisories = Vec::new();
    let mut records = String::new();
    #[expect(clippy::disallowed_methods, reason = "of our own making, so its size is known")]
    DeflateDecoder::new(RECORDS).read_to_string(&mut records).expect("build.rs packed text");
    for line in records.lines() {
        match record::decode(line.as_bytes(), &mut skips) {
            Ok(advisory) => advisories.push(advisory),
            Err(_) => skips.add(SkipReason::Record, line.get(..40).unwrap_or(line)),
        }
    }
    snapshot_write::build(advisories, &Ecosystem::ALL.into(), Feeds::default(), &skips, Use::Passing)
}
