//! Feeds in the store: how far each was synced, and its bytes as they came.
//!
//! The bytes lie in a file beside sled's: sled puts a value of this size into a file of its own as well, and has not
//! removed one after six syncs that replaced it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::cache::{prune, replace};
use super::error::AdvisoryError;
use super::feed_sync::MAX_FEED;
use super::mirror::{Validator, read_bounded};
use super::store::Store;
use crate::model::{Feed, sha256};

/// How far a feed was synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedCursor {
    /// RFC 3339: when it was last compared with its source.
    pub synced_at: String,
    /// That source, as [`super::Place`] writes it.
    pub from: String,
    /// Of that source.
    pub validator: Option<Validator>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
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
        let path = self.feed_path(&cursor.sha256);
        let bytes =
            File::open(&path).and_then(|file| read_bounded(file, MAX_FEED)).map_err(AdvisoryError::io(&path))?;
        let raw =
            bytes.filter(|raw| sha256(raw) == cursor.sha256).ok_or_else(|| damaged(feed, &"its bytes are others"))?;
        Ok(Some((cursor, raw)))
    }

    /// Records that a feed was synced, and what its bytes are now.
    ///
    /// # Errors
    /// [`AdvisoryError::Store`], [`AdvisoryError::Io`].
    pub fn set_feed(&self, feed: Feed, cursor: &FeedCursor, raw: &[u8]) -> Result<(), AdvisoryError> {
        let is_there = matches!(self.feed(feed), Ok(Some((before, _))) if before.sha256 == cursor.sha256);
        if !is_there {
            let path = self.feed_path(&cursor.sha256);
            let folder = self.lock().dir().join("feeds");
            fs::create_dir_all(&folder).map_err(AdvisoryError::io(&folder))?;
            replace(&path, raw)?;
            self.unpublish()?;
        }
        let text = serde_json::to_vec(cursor).map_err(|error| AdvisoryError::Store(error.to_string()))?;
        self.feeds.insert(feed.name(), text)?;
        self.feeds.flush()?;
        self.prune_feeds()
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
        self.feeds.remove(feed.name())?;
        self.feeds.flush()?;
        self.prune_feeds()?;
        Ok(true)
    }

    /// After the cursors are on disk: what none of them names is of no use.
    fn prune_feeds(&self) -> Result<(), AdvisoryError> {
        let kept: Vec<String> = self.feeds()?.into_values().map(|cursor| file_name(&cursor.sha256)).collect();
        prune(&self.lock().dir().join("feeds"), &kept);
        Ok(())
    }

    fn feed_path(&self, sha256: &str) -> PathBuf {
        self.lock().dir().join("feeds").join(file_name(sha256))
    }
}

fn file_name(sha256: &str) -> String {
    format!("{sha256}.feed")
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
        let cursor = |at: &str, raw: &[u8]| FeedCursor {
            synced_at: at.to_owned(),
            from: "a".to_owned(),
            validator: None,
            sha256: sha256(raw),
        };
        let files = || fs::read_dir(dir.path().join("feeds")).unwrap().count();
        let store = open();
        assert_eq!(store.feed(Feed::Kev).unwrap(), None);
        store.set_feed(Feed::Kev, &cursor("0", b"old"), b"old").unwrap();
        store.set_published("mark").unwrap();
        store.set_feed(Feed::Kev, &cursor("1", b"new"), b"new").unwrap();
        assert_eq!((store.published().unwrap(), files()), (None, 1));
        store.set_published("mark").unwrap();
        store.set_feed(Feed::Kev, &cursor("2", b"new"), b"new").unwrap();
        assert_eq!(store.published().unwrap().as_deref(), Some("mark"), "a new time is no new snapshot");
        drop(store);
        let store = open();
        assert_eq!(store.feed(Feed::Kev).unwrap(), Some((cursor("2", b"new"), b"new".to_vec())));
        assert_eq!(store.feeds().unwrap().into_keys().collect::<Vec<_>>(), [Feed::Kev]);
        fs::write(store.feed_path(&sha256(b"new")), b"bad").unwrap();
        assert!(matches!(store.feed(Feed::Kev), Err(AdvisoryError::Damaged(_))));
        store.set_feed(Feed::Kev, &cursor("3", b"new"), b"new").unwrap();
        assert_eq!(store.feed(Feed::Kev).unwrap(), Some((cursor("3", b"new"), b"new".to_vec())));
        assert!(store.remove_feed(Feed::Kev).unwrap() && !store.remove_feed(Feed::Kev).unwrap());
        assert_eq!((store.feed(Feed::Kev).unwrap(), store.published().unwrap(), files()), (None, None, 0));
    }
}
