//! A mirror in a local folder.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::AdvisoryError;
use super::mirror::{Listing, MAX_RECORD, Mirror, parse_listing, read_bounded};
use super::mirror_zip::RecordZip;

/// A list of changes has some 40 bytes a record.
const MAX_LISTING: u64 = 256 << 20;

/// A folder in the layout of the OSV bucket.
#[derive(Clone, Debug)]
pub struct DirMirror {
    root: PathBuf,
}

impl DirMirror {
    /// Nothing is read yet.
    pub fn new(root: &Path) -> DirMirror {
        DirMirror { root: root.to_owned() }
    }

    /// `None` if there is no such file.
    fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, AdvisoryError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(AdvisoryError::io(path)(error)),
        };
        let bytes = read_bounded(file, limit).map_err(AdvisoryError::io(path))?;
        bytes.map(Some).ok_or_else(|| too_large(path, limit))
    }
}

fn too_large(path: &Path, limit: u64) -> AdvisoryError {
    AdvisoryError::mirror(path.display(), format_args!("larger than {limit} bytes"))
}

impl Mirror for DirMirror {
    fn ecosystems(&self) -> Result<Vec<String>, AdvisoryError> {
        let path = self.root.join("ecosystems.txt");
        if let Some(text) = self.read(&path, MAX_RECORD)? {
            let text = String::from_utf8(text).map_err(|error| AdvisoryError::mirror(path.display(), error))?;
            return Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect());
        }
        // A copy of a few ecosystems need not have the list of all.
        let folders = fs::read_dir(&self.root).map_err(AdvisoryError::io(&self.root))?.flatten();
        let names = folders.filter(|folder| folder.path().join("all.zip").is_file()).map(|folder| folder.file_name());
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        if names.is_empty() {
            let detail = "neither ecosystems.txt nor <ecosystem>/all.zip: not a copy of the OSV bucket";
            return Err(AdvisoryError::mirror(self.root.display(), detail));
        }
        Ok(names)
    }

    fn listing(&self, ecosystem: &str) -> Result<Option<Listing>, AdvisoryError> {
        let path = self.root.join(ecosystem).join("modified_id.csv");
        let text = self.read(&path, MAX_LISTING)?;
        text.map(|text| parse_listing(&path.display().to_string(), &text)).transpose()
    }

    fn record(&self, ecosystem: &str, id: &str) -> Result<Option<Vec<u8>>, AdvisoryError> {
        // An id becomes a file name here, and the list that it stands in is the mirror's.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if id.starts_with('.') || !id.bytes().all(plain) {
            return Ok(None);
        }
        self.read(&self.root.join(ecosystem).join(format!("{id}.json")), MAX_RECORD)
    }

    fn archive(&self, ecosystem: &str) -> Result<RecordZip, AdvisoryError> {
        RecordZip::open(&self.root.join(ecosystem).join("all.zip"))
    }
}
