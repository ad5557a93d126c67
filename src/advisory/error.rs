//! What can go wrong with the advisories. Fatal for a run: a verdict on a damaged database would be none.

use std::io;
use std::path::{Path, PathBuf};

/// An error of this floor.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// The operating system refused.
    #[error("{path}: {detail}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file of the cache, or a snapshot, is not as it was written.
    #[error("the advisories are damaged: {0}; sync or import them again")]
    Damaged(String),
    /// The cache or snapshot was written by another version of the program.
    #[error(
        "{what} has format {found}, this program reads format {expected}: {}",
        if found < expected { "sync or import the advisories again" }
        else { "use a newer version of tidewaiter, or a new cache folder" }
    )]
    Format {
        /// The store or the snapshot.
        what: &'static str,
        /// As written.
        found: u32,
        /// As understood.
        expected: u32,
    },
    /// Another process changes the cache.
    #[error("another process is changing the cache {}", .0.display())]
    Locked(PathBuf),
    /// The mirror does not give what its layout promises.
    #[error("{place}: {detail}")]
    Mirror {
        /// A file or an address.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// What should say who we are cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// No secure connection can be made.
    #[error("TLS: {0}")]
    Tls(String),
    /// The store's engine failed.
    #[error("advisory store: {0}")]
    Store(String),
    /// There is no folder where a cache could be by default.
    #[error("no cache folder: set --cache, TIDEWAITER_CACHE, XDG_CACHE_HOME or HOME")]
    NoCacheDir,
}

impl AdvisoryError {
    /// For `map_err` on file operations.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> AdvisoryError + use<> {
        let path = path.to_owned();
        move |error| AdvisoryError::Io { path, detail: error.to_string() }
    }

    pub(super) fn mirror(place: impl ToString, detail: impl ToString) -> AdvisoryError {
        AdvisoryError::Mirror { place: place.to_string(), detail: detail.to_string() }
    }
}

impl From<sled::Error> for AdvisoryError {
    fn from(error: sled::Error) -> AdvisoryError {
        AdvisoryError::Store(error.to_string())
    }
}
