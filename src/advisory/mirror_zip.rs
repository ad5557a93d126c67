//! `all.zip`: an ecosystem's records in one archive, read by position, so that any order is as good as the file's.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};

use super::error::AdvisoryError;
use super::mirror::{MAX_RECORD, read_bounded};

/// The largest ecosystem has some 200,000 records.
const MAX_ENTRIES: usize = 4_000_000;
/// Records of JSON shrink to a tenth. More than this to one, over the bytes that are free of it, is no set of records.
const MAX_RATIO: u64 = 100;
const FREE_OF_RATIO: u64 = 64 << 20;

/// An open `all.zip`.
pub struct RecordZip {
    /// Where it came from, for whoever has to mend it there.
    place: String,
    size: u64,
    archive: ZipArchive<FileReader>,
    entries: BTreeMap<String, (ZipArchiveEntryWayfinder, CompressionMethod)>,
    inflated: Cell<u64>,
}

impl RecordZip {
    /// Opens the archive and reads its directory.
    ///
    /// # Errors
    /// [`AdvisoryError::Io`]; [`AdvisoryError::Mirror`] for what is no zip, or one of too many entries.
    pub fn open(path: &Path) -> Result<RecordZip, AdvisoryError> {
        RecordZip::open_from(path, &path.display().to_string())
    }

    /// Opens a copy of the archive that lies at `place`, which errors name.
    pub(super) fn open_from(path: &Path, place: &str) -> Result<RecordZip, AdvisoryError> {
        let failed = |detail: &dyn std::fmt::Display| AdvisoryError::mirror(place, detail);
        let file = File::open(path).map_err(AdvisoryError::io(path))?;
        let size = file.metadata().map_err(AdvisoryError::io(path))?.len();
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(|error| failed(&error))?;
        let mut entries = BTreeMap::new();
        let mut walk = archive.entries(&mut buffer);
        let mut count = 0u64;
        while let Some(entry) = walk.next_entry().map_err(|error| failed(&error))? {
            count += 1;
            let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            // Of two entries with one name the later counts, as with every tool that unpacks in order.
            if let Some(id) = name.strip_suffix(".json") {
                entries.insert(id.to_owned(), (entry.wayfinder(), entry.compression_method()));
            }
            if entries.len() > MAX_ENTRIES {
                return Err(failed(&"more entries than any ecosystem has records"));
            }
        }
        if count != archive.entries_hint() {
            return Err(failed(&"the directory does not have as many entries as it says"));
        }
        Ok(RecordZip { place: place.to_owned(), size, archive, entries, inflated: Cell::new(0) })
    }

    /// The ids by the entries' names, sorted.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a record of this id.
    pub fn has(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    /// Reads the record that lies under this id; `None` if there is none.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`] if the archive is damaged, or inflates to more than any set of records does.
    pub fn read(&self, id: &str) -> Result<Option<Vec<u8>>, AdvisoryError> {
        let Some(&(wayfinder, method)) = self.entries.get(id) else { return Ok(None) };
        let failed =
            |detail: &dyn std::fmt::Display| AdvisoryError::mirror(&self.place, format_args!("{id}: {detail}"));
        let entry = self.archive.get_entry(wayfinder).map_err(|error| failed(&error))?;
        let bytes = match method {
            CompressionMethod::STORE => read_bounded(entry.verifying_reader(entry.reader()), MAX_RECORD),
            CompressionMethod::DEFLATE => {
                read_bounded(entry.verifying_reader(DeflateDecoder::new(entry.reader())), MAX_RECORD)
            }
            other => return Err(failed(&format_args!("compression method {other:?}"))),
        };
        let bytes = bytes.map_err(|error| failed(&error))?;
        let bytes = bytes.ok_or_else(|| failed(&format_args!("inflates to more than {MAX_RECORD} bytes")))?;
        let inflated = self.inflated.get().saturating_add(bytes.len() as u64);
        self.inflated.set(inflated);
        if inflated > FREE_OF_RATIO.saturating_add(self.size.saturating_mul(MAX_RATIO)) {
            return Err(failed(&format_args!("the archive inflates to more than {MAX_RATIO} times its size")));
        }
        Ok(Some(bytes))
    }

    /// Reads every record and compares the checksums.
    ///
    /// # Errors
    /// As [`RecordZip::read`].
    pub fn check(&self) -> Result<(), AdvisoryError> {
        self.ids().try_for_each(|id| self.read(id).map(drop))?;
        self.inflated.set(0);
        Ok(())
    }
}
