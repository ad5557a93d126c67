//! Feeds in the store: each as it came, with how far it was synced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::AdvisoryError;
use super::frame::{Packer, Unpacker};
use super::mirror::Validator;
use super::store::{LEVEL, Store};
use crate::model::Feed;

/// How far a feed was synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedCursor {
    /// RFC 3339: when it was last compared with its source.
    pub synced_at: String,
    /// That source, as [`super::Place`] writes it.
    pub from: String,
    /// Of that source.
    pub validator: Option<Validator>,
}

impl Store {
    /// How far each feed was synced that the store holds.
    ///
    /// # Errors
    /// [`AdvisoryError::Damaged`], [`AdvisoryError::Store`].
    pub fn feeds(&self) -> Result<BTreeMap<Feed, FeedCursor>, AdvisoryError> {
        let mut cursors = BTreeMap::new();
        for feed in Feed::ALL {
            if let Some(text) = self.feeds.get(feed.name())? {
                cursors.insert(feed, serde_json::from_slice(&text).map_err(|error| damaged(feed, &error))?);
            }
        }
        Ok(cursors)
    }

    /// A feed's cursor and bytes; `None` if the store does not hold it.
    ///
    /// # Errors
    /// As [`Store::feeds`].
    pub fn feed(&self, feed: Feed) -> Result<Option<(FeedCursor, Vec<u8>)>, AdvisoryError> {
        let Some(cursor) = self.feeds()?.remove(&feed) else { return Ok(None) };
        let frame = self.feeds.get(bytes_key(feed))?.ok_or_else(|| damaged(feed, &"it has no bytes"))?;
        let raw = Unpacker::new(&[]).unpack(&frame).map_err(|error| damaged(feed, &error))?;
        Ok(Some((cursor, raw)))
    }

    /// Records that a feed was synced, with its bytes where they changed.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn set_feed(&self, feed: Feed, cursor: &FeedCursor, raw: Option<&Vec<u8>>) -> Result<(), AdvisoryError> {
        let failed = |error: &dyn std::fmt::Display| AdvisoryError::Store(error.to_string());
        let mut batch = sled::Batch::default();
        batch.insert(feed.name(), serde_json::to_vec(cursor).map_err(|error| failed(&error))?);
        if let Some(raw) = raw {
            self.unpublish()?;
            let packed = Packer::new(&[], LEVEL).and_then(|mut packer| packer.pack(raw));
            batch.insert(bytes_key(feed).as_bytes(), packed.map_err(|error| failed(&error))?);
        }
        self.feeds.apply_batch(batch)?;
        self.feeds.flush()?;
        Ok(())
    }

    /// Forgets a feed; whether the store held it.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`].
    pub fn remove_feed(&self, feed: Feed) -> Result<bool, AdvisoryError> {
        if !self.feeds.contains_key(feed.name())? {
            return Ok(false);
        }
        self.unpublish()?;
        let mut batch = sled::Batch::default();
        batch.remove(feed.name());
        batch.remove(bytes_key(feed).as_bytes());
        self.feeds.apply_batch(batch)?;
        self.feeds.flush()?;
        Ok(true)
    }
}

fn bytes_key(feed: Feed) -> String {
    format!("{} bytes", feed.name())
}

fn damaged(feed: Feed, detail: &dyn std::fmt::Display) -> AdvisoryError {
    AdvisoryError::Damaged(format!("{} in the advisory store: {detail}", feed.name()))
}

#[cfg(test)]
mod tests {
    use super::super::cache::CacheLock;
    use super::*;

    #[test]
    fn a_feed_survives_reopening_and_is_forgotten_whole() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Store::open(CacheLock::acquire(dir.path(), || false).unwrap()).unwrap();
        let cursor = |at: &str| FeedCursor { synced_at: at.to_owned(), from: "a".to_owned(), validator: None };
        let store = open();
        assert_eq!(store.feed(Feed::Kev).unwrap(), None);
        store.set_published("mark").unwrap();
        store.set_feed(Feed::Kev, &cursor("1"), Some(&b"bytes".to_vec())).unwrap();
        assert_eq!(store.published().unwrap(), None);
        store.set_published("mark").unwrap();
        store.set_feed(Feed::Kev, &cursor("2"), None).unwrap();
        assert_eq!(store.published().unwrap().as_deref(), Some("mark"), "a new time is no new snapshot");
        drop(store);
        let store = open();
        assert_eq!(store.feed(Feed::Kev).unwrap(), Some((cursor("2"), b"bytes".to_vec())));
        assert_eq!(store.feeds().unwrap().into_keys().collect::<Vec<_>>(), [Feed::Kev]);
        assert!(store.remove_feed(Feed::Kev).unwrap() && !store.remove_feed(Feed::Kev).unwrap());
        assert_eq!((store.feed(Feed::Kev).unwrap(), store.published().unwrap()), (None, None));
    }
}
