//! The number of the last sweep, in a file of its own.
//!
//! sled takes the end of its log that it cannot read for a write that was cut off, and goes on without it; of a store whose
//! files are gone it makes a new one. Neither must look like a state without sweeps: every finding would be new.

use std::fs;
use std::path::Path;

use super::StateError;
use super::file::replace;

const NAME: &str = "last";

/// The last sweep that came to its end, as it was written down; `None` before the first.
///
/// # Errors
/// [`StateError::Io`]; [`StateError::Damaged`] for what is no number.
pub(super) fn read(dir: &Path) -> Result<Option<u64>, StateError> {
    let path = dir.join(NAME);
    let text = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io(&path)(error)),
    };
    let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok());
    number.map(Some).ok_or_else(|| StateError::damaged(NAME, "not the number of a sweep"))
}

/// Writes down that a sweep came to its end.
///
/// # Errors
/// [`StateError::Io`].
pub(super) fn write(dir: &Path, number: u64) -> Result<(), StateError> {
    replace(&dir.join(NAME), format!("{number}\n").as_bytes())
}
