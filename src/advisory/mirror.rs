//! Where records come from: the public OSV bucket (<https://google.github.io/osv.dev/data/>), or any copy of its
//! layout.
//!
//! ```text
//! ecosystems.txt                  one ecosystem a line
//! <ecosystem>/all.zip             one <ID>.json a record
//! <ecosystem>/modified_id.csv     <modified>,<ID> a line, newest first
//! <ecosystem>/<ID>.json           records one by one
//! ```

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::error::AdvisoryError;
use super::mirror_zip::RecordZip;

/// A record of OSV's is some kilobytes, a few reach a megabyte.
pub(super) const MAX_RECORD: u64 = 16 << 20;

/// A list of changes has some 40 bytes a record.
pub(super) const MAX_LISTING: u64 = 256 << 20;

/// Dates (RFC 3339) of an ecosystem's records, by id.
pub type Listing = BTreeMap<String, String>;

/// What a server said of the state of a thing
/// (<https://www.rfc-editor.org/rfc/rfc9110#name-validator-fields>); given back, it asks for newer states only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// `ETag`, with its quotes.
    pub etag: Option<String>,
    /// `Last-Modified`, as it was written.
    pub last_modified: Option<String>,
}

impl Validator {
    /// The entity tag, if equal tags mean equal bytes.
    pub(super) fn strong(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| etag.starts_with('"'))
    }
}

/// What came of asking for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched<T> {
    /// The mirror does not have it.
    Missing,
    /// It is what the validator was given for.
    Unchanged,
    /// Here it is, with a validator if the mirror has such.
    New(T, Option<Validator>),
}

/// A copy of the bucket's layout. Several threads may ask it.
pub trait Mirror: Sync {
    /// Which mirror it is: what is known of one says nothing about another.
    fn place(&self) -> String;

    /// The ecosystems that it has, as it names them.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`], [`AdvisoryError::Io`], here and below.
    fn ecosystems(&self) -> Result<Vec<String>, AdvisoryError>;

    /// The ecosystem's list of changes. Where there is none, the archive alone says what there is.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn listing(&self, ecosystem: &str, since: Option<&Validator>) -> Result<Fetched<Listing>, AdvisoryError>;

    /// Those of the records that the mirror has one by one.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn records(&self, ecosystem: &str, ids: &[String]) -> Result<BTreeMap<String, Vec<u8>>, AdvisoryError>;

    /// All records of an ecosystem.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn archive(&self, ecosystem: &str, since: Option<&Validator>) -> Result<Fetched<RecordZip>, AdvisoryError>;

    /// Tells that the archive was read, or is broken: a copy of it is of no more use.
    fn forget(&self, ecosystem: &str);
}

/// Reads `ecosystems.txt`.
pub(super) fn parse_ecosystems(place: &str, text: Vec<u8>) -> Result<Vec<String>, AdvisoryError> {
    let text = String::from_utf8(text).map_err(|error| AdvisoryError::mirror(place, error))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Whether an id can be a file's name and a part of an address. The list that it stands in is the mirror's.
pub(super) fn is_plain(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !id.starts_with('.') && id.bytes().all(plain)
}

/// Reads `modified_id.csv`. A line of another shape, or one that does not end, means a file of another kind or half a
/// file, so it is an error: a record that the list lacks counts as removed.
pub(super) fn parse_listing(place: &str, text: &[u8]) -> Result<Listing, AdvisoryError> {
    let text = std::str::from_utf8(text).map_err(|error| AdvisoryError::mirror(place, error))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(AdvisoryError::mirror(place, "the last line has no end, so the list was cut short"));
    }
    let mut listing = Listing::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let fields = line.split_once(',').map(|(modified, id)| (modified.trim(), id.trim()));
        let Some((modified, id)) = fields.filter(|(modified, id)| is_date(modified) && !id.is_empty()) else {
            return Err(AdvisoryError::mirror(place, format_args!("line {} is not `<modified>,<ID>`", number + 1)));
        };
        listing.insert(id.to_owned(), modified.to_owned());
    }
    Ok(listing)
}

fn is_date(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// Reads to the end, or gives `None` if that lies beyond `limit` bytes.
pub(super) fn read_bounded(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bounded = reader.take(limit + 1);
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        match bounded.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_all_or_nothing() {
        let good = b"2024-01-02T00:00:00Z,B-2\r\n2024-01-01T00:00:00.5Z,A-1\n";
        assert_eq!(parse_listing("x", good).unwrap()["B-2"], "2024-01-02T00:00:00Z");
        for bad in [
            "2024-01-02T00:00:00Z,B-2\n2024-01-0",
            "2024-01-02T00:00:00Z,B-",
            "<html>\n",
            "2024-01-02T00:00:00Z,\n",
            "yesterday,B-2\n",
        ] {
            assert!(parse_listing("x", bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn reading_stops_behind_the_limit() {
        assert_eq!(read_bounded(&b"12345"[..], 5).unwrap().unwrap(), b"12345");
        assert_eq!(read_bounded(&b"123456"[..], 5).unwrap(), None);
        assert_eq!(read_bounded(io::repeat(7), 1 << 20).unwrap(), None);
    }
}
