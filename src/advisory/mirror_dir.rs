//! A mirror in a local folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::AdvisoryError;
use super::mirror::{
    Fetched, Listing, MAX_LISTING, MAX_RECORD, Mirror, Validator, is_plain, parse_ecosystems, parse_listing,
    read_bounded,
};
use super::mirror_zip::RecordZip;

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

/// Its answers bear no validator: reading a local list is as cheap as asking whether it changed.
impl Mirror for DirMirror {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn ecosystems(&self) -> Result<Vec<String>, AdvisoryError> {
        let path = self.root.join("ecosystems.txt");
        if let Some(text) = self.read(&path, MAX_RECORD)? {
            return parse_ecosystems(&path.display().to_string(), text);
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

    fn listing(&self, ecosystem: &str, _: Option<&Validator>) -> Result<Fetched<Listing>, AdvisoryError> {
        let path = self.root.join(ecosystem).join("modified_id.csv");
        let Some(text) = self.read(&path, MAX_LISTING)? else { return Ok(Fetched::Missing) };
        Ok(Fetched::New(parse_listing(&path.display().to_string(), &text)?, None))
    }

    fn records(&self, ecosystem: &str, ids: &[String]) -> Result<BTreeMap<String, Vec<u8>>, AdvisoryError> {
        let folder = self.root.join(ecosystem);
        let mut records = BTreeMap::new();
        for id in ids.iter().filter(|id| is_plain(id)) {
            if let Some(raw) = self.read(&folder.join(format!("{id}.json")), MAX_RECORD)? {
                records.insert(id.clone(), raw);
            }
        }
        Ok(records)
    }

    fn archive(&self, ecosystem: &str, _: Option<&Validator>) -> Result<Fetched<RecordZip>, AdvisoryError> {
        Ok(Fetched::New(RecordZip::open(&self.root.join(ecosystem).join("all.zip"))?, None))
    }

    /// There is no copy of it.
    fn forget(&self, _: &str) {}
}
