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

use super::error::AdvisoryError;
use super::mirror_zip::RecordZip;

/// A record of OSV's is some kilobytes, a few reach a megabyte.
pub(super) const MAX_RECORD: u64 = 16 << 20;

/// Dates (RFC 3339) of an ecosystem's records, by id.
pub type Listing = BTreeMap<String, String>;

/// A copy of the bucket's layout.
pub trait Mirror {
    /// The ecosystems that it has, as it names them.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`], [`AdvisoryError::Io`], here and below.
    fn ecosystems(&self) -> Result<Vec<String>, AdvisoryError>;

    /// The ecosystem's list of changes; `None` if the mirror has none, and the archive alone says what there is.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn listing(&self, ecosystem: &str) -> Result<Option<Listing>, AdvisoryError>;

    /// One record by itself; `None` if the mirror does not have it so.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn record(&self, ecosystem: &str, id: &str) -> Result<Option<Vec<u8>>, AdvisoryError>;

    /// All records of an ecosystem.
    ///
    /// # Errors
    /// As [`Mirror::ecosystems`].
    fn archive(&self, ecosystem: &str) -> Result<RecordZip, AdvisoryError>;
}

/// Reads `modified_id.csv`. A line of another shape means a file of another kind or half a file, so it is an error:
/// a record that the list lacks counts as removed.
pub(super) fn parse_listing(place: &str, text: &[u8]) -> Result<Listing, AdvisoryError> {
    let text = std::str::from_utf8(text).map_err(|error| AdvisoryError::mirror(place, error))?;
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
        for bad in ["2024-01-02T00:00:00Z,B-2\n2024-01-0", "<html>", "2024-01-02T00:00:00Z,\n", "yesterday,B-2\n"] {
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
