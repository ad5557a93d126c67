//! What can go wrong with a state. Fatal for a sweep: what is new cannot be told without it.

use std::io;
use std::path::{Path, PathBuf};

use sled::transaction::TransactionError;

use crate::advisory::AdvisoryError;

/// An error of the state folder.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("{path}: {detail}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// Another sweep is at work on it.
    #[error("another sweep is using the state {}", .0.display())]
    Locked(PathBuf),
    /// The folder holds something else.
    #[error("{} is not empty, and holds no state of sweeps; name a folder of its own", .0.display())]
    Foreign(PathBuf),
    /// It is not as it was written.
    #[error("the state is damaged: {0}; restore it from a backup, or begin a new one in another folder")]
    Damaged(String),
    /// Another version of the program wrote it.
    #[error("the state has format {found}, this program reads format {expected}; begin a new one in another folder")]
    Format {
        /// As written.
        found: u32,
        /// As understood.
        expected: u32,
    },
    /// The store's engine failed.
    #[error("the state's store: {0}")]
    Store(String),
}

impl StateError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> StateError + use<> {
        let path = path.to_owned();
        move |error| StateError::Io { path, detail: error.to_string() }
    }

    /// `what` is not as it was written.
    pub(in crate::sweep) fn damaged(what: &str, detail: impl std::fmt::Display) -> StateError {
        StateError::Damaged(format!("{what}: {detail}"))
    }
}

impl From<sled::Error> for StateError {
    fn from(error: sled::Error) -> StateError {
        match error {
            // What sled takes for a file of another version was written by this one.
            sled::Error::Corruption { .. } | sled::Error::Unsupported(_) => {
                StateError::Damaged("its store cannot be read".to_owned())
            }
            // Its words are those of a debugger.
            sled::Error::Io(error) => StateError::Store(error.kind().to_string()),
            other => StateError::Store(other.to_string()),
        }
    }
}

impl From<AdvisoryError> for StateError {
    /// The lock is that of the cache, which is a folder as well.
    fn from(error: AdvisoryError) -> StateError {
        match error {
            AdvisoryError::Locked(path) => StateError::Locked(path),
            AdvisoryError::Io { path, detail } => StateError::Io { path, detail },
            other => StateError::Store(other.to_string()),
        }
    }
}

impl From<TransactionError<()>> for StateError {
    fn from(error: TransactionError<()>) -> StateError {
        match error {
            TransactionError::Storage(error) => error.into(),
            TransactionError::Abort(()) => StateError::Store("a change was given up".to_owned()),
        }
    }
}
