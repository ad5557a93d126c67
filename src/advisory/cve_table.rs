//! What the feeds say of each CVE, as a table of rows of one size that is read in place.
//!
//! ```text
//! directory   for each page: the first CVE in it (as in a row), crc32 u32 of the page
//! pages       128 rows each, the last one fewer, ascending by CVE
//! row         year u16 | number u32 | score u32 | percentile u32 | added u16 | due u16 | catalog u8
//! ```
//!
//! Numbers are little-endian. Score and percentile count billionths, all ones where there is none; dates count days
//! since 1970-01-01, 0 where there is none. Bit 0 of `catalog` says that the CVE is in the catalog, bit 1 that
//! ransomware uses it.
//!
//! A look-up searches the directory, then reads and checks one page. Blocks of the snapshot are compressed, which here
//! would save half of some megabytes and cost each look-up a decoder. As in `index`, whatever the bytes are, an answer or
//! [`Broken`] comes back.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::cve::Cve;
use super::index::Broken;
use crate::model::{Epss, Exploitation, Kev};

/// Bytes of a row.
const ROW: usize = 19;
/// Bytes of a page's place in the directory: a CVE and a checksum.
const ENTRY: usize = 10;
/// Rows of a page: 2.4 kB, about one of the system's.
const PAGE: usize = 128;
/// Score and percentile count these.
const UNITS: f64 = 1e9;
const NONE: u32 = u32::MAX;
const LISTED: u8 = 1;
const RANSOMWARE: u8 = 2;

/// What the feeds say of one CVE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) score: Option<Score>,
    pub(super) entry: Option<Entry>,
}

/// Its score and percentile in billionths: exact for the nine digits that are published at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    score: u32,
    percentile: u32,
}

impl Score {
    /// `None` for what is not between 0 and 1.
    pub(super) fn new(score: f64, percentile: f64) -> Option<Score> {
        let units = |value: f64| (0.0..=1.0).contains(&value).then(|| (value * UNITS).round() as u32);
        Some(Score { score: units(score)?, percentile: units(percentile)? })
    }
}

/// Its entry in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) added: Option<Day>,
    pub(super) due: Option<Day>,
    pub(super) ransomware: bool,
}

/// A day from 1970-01-02 to 2149-06-06.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(u16);

impl Day {
    /// Reads `yyyy-mm-dd`.
    pub(super) fn parse(text: &str) -> Option<Day> {
        let days = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.num_days_from_ce() - epoch();
        u16::try_from(days).ok().and_then(Day::new)
    }

    fn new(days: u16) -> Option<Day> {
        (days != 0).then_some(Day(days))
    }

    fn text(self) -> Option<String> {
        NaiveDate::from_num_days_from_ce_opt(epoch() + i32::from(self.0)).map(|date| date.to_string())
    }
}

fn epoch() -> i32 {
    chrono::DateTime::UNIX_EPOCH.date_naive().num_days_from_ce()
}

impl Row {
    /// In the program's own words.
    pub(super) fn exploitation(self) -> Exploitation {
        let part = |units: u32| f64::from(units) / UNITS;
        let score = |Score { score, percentile }| Epss { score: part(score), percentile: part(percentile) };
        let entry = |Entry { added, due, ransomware }: Entry| Kev {
            added: added.and_then(Day::text),
            due: due.and_then(Day::text),
            ransomware,
        };
        Exploitation { epss: self.score.map(score), kev: self.entry.map(entry) }
    }

    fn write(self, cve: Cve, out: &mut Vec<u8>) {
        let Score { score, percentile } = self.score.unwrap_or(Score { score: NONE, percentile: NONE });
        let days = |pick: fn(Entry) -> Option<Day>| self.entry.and_then(pick).map_or(0, |day| day.0);
        let catalog = self.entry.map_or(0, |entry| LISTED | if entry.ransomware { RANSOMWARE } else { 0 });
        write_cve(cve, out);
        out.extend_from_slice(&score.to_le_bytes());
        out.extend_from_slice(&percentile.to_le_bytes());
        out.extend_from_slice(&days(|entry| entry.added).to_le_bytes());
        out.extend_from_slice(&days(|entry| entry.due).to_le_bytes());
        out.push(catalog);
    }

    fn read(row: &[u8]) -> Option<Row> {
        let (score, percentile) = (u32_at(row, 6)?, u32_at(row, 10)?);
        let day = |at| Some(Day::new(u16_at(row, at)?));
        let catalog = *row.get(18)?;
        let (added, due) = (day(14)?, day(16)?);
        Some(Row {
            score: (score != NONE).then_some(Score { score, percentile }),
            entry: (catalog & LISTED != 0).then_some(Entry { added, due, ransomware: catalog & RANSOMWARE != 0 }),
        })
    }
}

fn write_cve(cve: Cve, out: &mut Vec<u8>) {
    out.extend_from_slice(&cve.year.to_le_bytes());
    out.extend_from_slice(&cve.number.to_le_bytes());
}

fn read_cve(bytes: &[u8]) -> Option<Cve> {
    Some(Cve { year: u16_at(bytes, 0)?, number: u32_at(bytes, 2)? })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Directory and pages of a table.
pub(super) fn write(rows: &BTreeMap<Cve, Row>) -> (Vec<u8>, Vec<u8>) {
    let mut pages = Vec::with_capacity(rows.len() * ROW);
    rows.iter().for_each(|(cve, row)| row.write(*cve, &mut pages));
    let mut directory = Vec::new();
    for page in pages.chunks(PAGE * ROW) {
        directory.extend_from_slice(&page[..6]);
        directory.extend_from_slice(&crc32fast::hash(page).to_le_bytes());
    }
    (directory, pages)
}

/// The row of a CVE, if there is one. `read` gives bytes of the pages, of which there are `length`.
pub(super) fn find<E: From<Broken>>(
    directory: &[u8],
    length: usize,
    cve: Cve,
    read: impl FnOnce(std::ops::Range<usize>) -> Result<Vec<u8>, E>,
) -> Result<Option<Row>, E> {
    // As `write` makes them, so that every page lies within the section.
    if directory.len() != length.div_ceil(PAGE * ROW) * ENTRY || !length.is_multiple_of(ROW) {
        return Err(Broken.into());
    }
    let Some(page) = last_at_most(directory, ENTRY, cve) else { return Ok(None) };
    let start = page * PAGE * ROW;
    let bytes = read(start..length.min(start + PAGE * ROW))?;
    if u32_at(directory, page * ENTRY + 6) != Some(crc32fast::hash(&bytes)) {
        return Err(Broken.into());
    }
    let row = last_at_most(&bytes, ROW, cve).and_then(|row| bytes.get(row * ROW..));
    match row.filter(|row| read_cve(row) == Some(cve)) {
        None => Ok(None),
        Some(row) => Row::read(row).map(Some).ok_or_else(|| Broken.into()),
    }
}

/// Among elements of one size that begin with a CVE, ascending: the last that is not behind `cve`.
fn last_at_most(elements: &[u8], size: usize, cve: Cve) -> Option<usize> {
    let (mut from, mut to) = (0, elements.len() / size);
    while from < to {
        let middle = from + (to - from) / 2;
        if read_cve(&elements[middle * size..])? <= cve { from = middle + 1 } else { to = middle }
    }
    from.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cve(n: u32) -> Cve {
        Cve { year: 1999 + (n % 30) as u16, number: n * 7919 % 100_003 }
    }

    fn row(n: u32) -> Row {
        Row {
            score: (!n.is_multiple_of(3)).then(|| Score::new(f64::from(n % 1000) / 1000.0, 1.0).unwrap()),
            entry: n.is_multiple_of(5).then_some(Entry {
                added: Day::parse("2021-12-10"),
                due: Day::new(n as u16),
                ransomware: n.is_multiple_of(2),
            }),
        }
    }

    fn look_up((directory, pages): &(Vec<u8>, Vec<u8>), cve: Cve) -> Result<Option<Row>, Broken> {
        find(directory, pages.len(), cve, |range| pages.get(range).map(<[u8]>::to_vec).ok_or(Broken))
    }

    #[test]
    fn every_row_is_found_and_no_other() {
        for count in [0, 1, 127, 128, 129, 1000] {
            let rows: BTreeMap<Cve, Row> = (0..count).map(|n| (cve(n), row(n))).collect();
            let table = write(&rows);
            assert_eq!(table.1.len(), rows.len() * ROW);
            for (cve, row) in &rows {
                assert_eq!(look_up(&table, *cve), Ok(Some(*row)));
                let next = Cve { number: cve.number + 1, ..*cve };
                assert_eq!(look_up(&table, next), Ok(rows.get(&next).copied()));
            }
            for absent in [Cve { year: 0, number: 0 }, Cve { year: 9999, number: 0 }] {
                assert_eq!(look_up(&table, absent), Ok(None));
            }
        }
    }

    #[test]
    fn published_digits_come_back() {
        for digits in [0.0, 0.000_43, 0.94358, 0.001_870_001, 1.0] {
            let row = Row { score: Score::new(digits, 0.5), entry: None };
            assert_eq!(row.exploitation().epss, Some(Epss { score: digits, percentile: 0.5 }));
        }
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Score::new(bad, 0.5).or(Score::new(0.5, bad)), None);
        }
        for date in ["2021-12-10", "1970-01-02", "2149-06-06"] {
            assert_eq!(Day::parse(date).and_then(Day::text).as_deref(), Some(date));
        }
        for bad in ["", "1970-01-01", "2149-06-07", "1900-01-01", "2021-13-01", "2021-12-10T00:00:00Z"] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(
            directory in proptest::collection::vec(any::<u8>(), 0..40),
            pages in proptest::collection::vec(any::<u8>(), 0..6000),
            wanted in any::<u32>(),
        ) {
            let _ = look_up(&(directory, pages), cve(wanted % 1000));
        }

        #[test]
        fn a_changed_page_is_seen(at in 0usize..100_000, change in 1u8..) {
            let mut table = write(&(0..400).map(|n| (cve(n), row(n))).collect());
            let at = at % table.1.len();
            table.1[at] ^= change;
            prop_assert!((0..400).any(|n| look_up(&table, cve(n)) == Err(Broken)));
        }
    }
}
