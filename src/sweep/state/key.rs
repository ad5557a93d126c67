//! The state's own key: digests of secrets and variables that are made with it say nothing to whoever lacks it.

use std::fs;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};

use super::StateError;
use super::file::replace;

/// Bytes of the key.
const LENGTH: usize = 32;

/// Reads the key of a state folder; makes one where none is and the state is `new`.
///
/// # Errors
/// [`StateError::Io`]; [`StateError::Damaged`] for a file of another length, and for none where one must be.
pub(super) fn read_or_make(dir: &Path, new: bool) -> Result<[u8; LENGTH], StateError> {
    let path = dir.join("key");
    // A link could lead to another's secret, a pipe or a device has no end.
    if fs::symlink_metadata(&path).is_ok_and(|about| !about.is_file()) {
        return Err(StateError::damaged("key", "it is no file"));
    }
    match fs::read(&path) {
        Ok(bytes) => <[u8; LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| StateError::damaged("key", format!("it has {} bytes instead of {LENGTH}", bytes.len()))),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StateError::io(&path)(error)),
        Err(_) if new => make(&path),
        Err(_) => Err(StateError::damaged("key", "the file is gone")),
    }
}

fn make(path: &Path) -> Result<[u8; LENGTH], StateError> {
    let mut key = [0; LENGTH];
    let random = SystemRandom::new().fill(&mut key);
    random.map_err(|_| StateError::Store("the system gave no random bytes for a key".to_owned()))?;
    replace(path, &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read_or_make(dir.path(), false), Err(StateError::Damaged(_))));
        let key = read_or_make(dir.path(), true).unwrap();
        assert_eq!(read_or_make(dir.path(), false).unwrap(), key);
        assert_ne!(key, [0; LENGTH]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(dir.path().join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(dir.path().join("key"), b"short").unwrap();
        assert!(matches!(read_or_make(dir.path(), true), Err(StateError::Damaged(_))));
        fs::remove_file(dir.path().join("key")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/dev/zero", dir.path().join("key")).unwrap();
            assert!(matches!(read_or_make(dir.path(), true), Err(StateError::Damaged(_))), "and no end of zeros");
        }
    }
}
