//! What all `sled` databases here have in common: how they are opened, and what their bytes mean, written into them.

use std::thread;
use std::time::{Duration, Instant};

/// How long a lock is waited for that nobody should have.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens a database whose folder this process has locked.
///
/// The lock that sled itself takes may live a moment longer than whoever had it: a process that another thread is about
/// to start has all that was open until its own program begins.
///
/// # Errors
/// The database cannot be opened.
pub fn open_database(config: &sled::Config) -> Result<sled::Db, sled::Error> {
    let begun = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if is_locked(&error) && begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
}

/// sled tells it by its words alone.
fn is_locked(error: &std::io::Error) -> bool {
    error.to_string().starts_with("could not acquire lock")
}

/// Writes the schema into a new database's tree of its own facts, or tells the other schema that the database has.
///
/// # Errors
/// The database cannot be read or written.
pub fn other_schema(meta: &sled::Tree, expected: u32) -> Result<Option<u32>, sled::Error> {
    let Some(found) = meta.get("schema")? else {
        meta.insert("schema", &expected.to_le_bytes())?;
        return Ok(None);
    };
    let found = found.as_ref().try_into().map_or(0, u32::from_le_bytes);
    Ok((found != expected).then_some(found))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_lock_that_outlives_its_owner_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let config = sled::Config::new().path(folder.path());
        drop(open_database(&config).unwrap());
        let late = File::open(folder.path().join("db")).unwrap();
        late.lock().unwrap();
        assert!(matches!(config.open(), Err(sled::Error::Io(error)) if is_locked(&error)));
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                drop(late);
            });
            open_database(&config).unwrap();
        });
    }
}
