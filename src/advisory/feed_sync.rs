//! Brings a feed into the store. It is published with the next snapshot, which a sync makes.
//!
//! A feed is one file. It is fetched whole, read once to see that it is what it should be, and kept as it came; what
//! cannot be had, or is something else, leaves what was there.

use std::fs::File;
use std::path::PathBuf;

use reqwest::Url;

use super::error::AdvisoryError;
use super::feeds::Feeds;
use super::http::Http;
use super::mirror::{Fetched, Validator, read_bounded};
use super::place::Place;
use super::skipped::Skips;
use super::store::Store;
use super::store_feeds::FeedCursor;
use super::sync::now;
use crate::model::{Feed, sha256};

/// Either file has some 2 MB.
pub(super) const MAX_FEED: u64 = 16 << 20;

/// Where a feed is fetched from.
pub enum FeedSource {
    /// A file.
    File(PathBuf),
    /// An address, and who asks it.
    Http(Url, Box<Http>),
}

/// What a sync did to one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSync {
    /// Which.
    pub feed: Feed,
    /// CVEs that it names.
    pub records: u64,
    /// RFC 3339: the date that it bears.
    pub newest: Option<String>,
    /// It has other bytes than before.
    pub changed: bool,
}

impl FeedSource {
    fn place(&self) -> Place {
        match self {
            FeedSource::File(path) => Place::Local(path.clone()),
            FeedSource::Http(url, _) => Place::Remote(url.clone()),
        }
    }

    fn fetch(&self, since: Option<&Validator>) -> Result<Fetched<Vec<u8>>, AdvisoryError> {
        match self {
            FeedSource::Http(url, http) => http.get(url, MAX_FEED, since),
            FeedSource::File(path) => {
                let file = File::open(path).map_err(AdvisoryError::io(path))?;
                let bytes = read_bounded(file, MAX_FEED).map_err(AdvisoryError::io(path))?;
                let too_large = || AdvisoryError::mirror(path.display(), format_args!("larger than {MAX_FEED} bytes"));
                Ok(Fetched::New(bytes.ok_or_else(too_large)?, None))
            }
        }
    }
}

/// Fetches a feed if it changed.
///
/// # Errors
/// [`AdvisoryError::Mirror`], [`AdvisoryError::Io`], [`AdvisoryError::Store`]; what the store had of it stays.
pub fn sync_feed(store: &Store, feed: Feed, source: &FeedSource) -> Result<FeedSync, AdvisoryError> {
    let place = source.place().to_string();
    // One that is damaged is fetched anew.
    let known = store.feed(feed).ok().flatten();
    // What is known of another place says nothing about this one.
    let before = known.as_ref().filter(|(cursor, _)| cursor.from == place);
    let failed = |detail: &str| AdvisoryError::mirror(&place, detail);
    let (raw, validator) = match source.fetch(before.and_then(|(cursor, _)| cursor.validator.as_ref()))? {
        Fetched::New(raw, validator) => (raw, validator),
        Fetched::Unchanged => {
            let (cursor, raw) = before.cloned().ok_or_else(|| failed("'not modified', unasked"))?;
            (raw, cursor.validator)
        }
        Fetched::Missing => return Err(failed("there is no such file")),
    };
    let mut feeds = Feeds::default();
    feeds.add(feed, &raw, &mut Skips::default()).map_err(|detail| failed(&detail))?;
    let changed = known.is_none_or(|(_, before)| before != raw);
    let cursor = FeedCursor { synced_at: now(), from: place, validator, sha256: sha256(&raw) };
    store.set_feed(feed, &cursor, &raw)?;
    let (records, newest) = feeds.infos.pop().map_or((0, None), |info| (info.records, info.newest));
    Ok(FeedSync { feed, records, newest, changed })
}
