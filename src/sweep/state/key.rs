//! The state's own key: digests of secrets and variables that are made with it say nothing to whoever lacks it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};

use super::StateError;

/// Bytes of the key.
const LENGTH: usize = 32;

/// Reads the key of a state folder; makes one where none is.
///
/// # Errors
/// [`StateError::Io`]; [`StateError::Damaged`] for a file of another length.
pub(super) fn read_or_make(dir: &Path) -> Result<[u8; LENGTH], StateError> {
    let path = dir.join("key");
    // A link could lead to another's secret, a pipe or a device has no end.
    if fs::symlink_metadata(&path).is_ok_and(|about| !about.is_file()) {
        return Err(StateError::damaged("key", "it is no file"));
    }
    match fs::read(&path) {
        Ok(bytes) => <[u8; LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| StateError::damaged("key", format!("it has {} bytes instead of {LENGTH}", bytes.len()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(StateError::io(&path)(error)),
    }
}

fn make(path: &Path) -> Result<[u8; LENGTH], StateError> {
    let mut key = [0; LENGTH];
    let random = SystemRandom::new().fill(&mut key);
    random.map_err(|_| StateError::Store("the system gave no random bytes for a key".to_owned()))?;
    let beside = path.with_extension("new");
    let write = || {
        // What a run that was killed left behind.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&beside)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(StateError::io(path))?;
    Ok(key)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let key = read_or_make(dir.path()).unwrap();
        assert_eq!(read_or_make(dir.path()).unwrap(), key);
        assert_ne!(key, [0; LENGTH]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(dir.path().join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(dir.path().join("key"), b"short").unwrap();
        assert!(matches!(read_or_make(dir.path()), Err(StateError::Damaged(_))));
        fs::remove_file(dir.path().join("key")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/dev/zero", dir.path().join("key")).unwrap();
            assert!(matches!(read_or_make(dir.path()), Err(StateError::Damaged(_))), "and no end of zeros");
        }
    }
}
