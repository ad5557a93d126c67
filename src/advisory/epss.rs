//! Reads FIRST's daily file of scores (<https://www.first.org/epss/data_stats>), compressed or not.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2026-11-21T12:55:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.0142,0.7991
//! ```

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use flate2::read::MultiGzDecoder;

use super::cve::Cve;
use super::cve_table::Score;
use super::mirror::read_bounded;
use super::skipped::{FeedFault, SkipReason, Skips};
use crate::model::Feed;

/// The file has some 10 MB for 300,000 CVEs.
const MAX_TEXT: u64 = 64 << 20;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const COLUMNS: [&str; 3] = ["cve", "epss", "percentile"];

/// The scores, and their date (RFC 3339) where the file bears one that can be read. An error says why it is no such
/// file; a row that cannot be read is counted.
pub(super) fn parse(raw: &[u8], skips: &mut Skips) -> Result<(BTreeMap<Cve, Score>, Option<String>), String> {
    let text = text(raw)?;
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).peekable();
    let mut date = None;
    while let Some(comment) = lines.next_if(|line| line.starts_with('#')) {
        let dated = comment[1..].split(',').find_map(|pair| pair.trim().strip_prefix("score_date:"));
        if let Some(text) = dated {
            date = read_date(text);
            if date.is_none() {
                skips.add(SkipReason::Feed(Feed::Epss, FeedFault::Date), "score_date");
            }
        }
    }
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let places = COLUMNS.map(|name| header.iter().position(|column| *column == name));
    let [Some(cve_at), Some(score_at), Some(percentile_at)] = places else {
        return Err(format!("no EPSS scores: the first line is not '{}'", COLUMNS.join(",")));
    };
    let mut scores = BTreeMap::new();
    let (mut good, mut broken) = (0u64, 0u64);
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let number = |at: usize| cells.get(at)?.parse::<f64>().ok();
        let cve = cells.get(cve_at).and_then(|id| Cve::parse(id));
        let score = number(score_at).zip(number(percentile_at)).and_then(|(score, part)| Score::new(score, part));
        let fault = match (cve, score) {
            _ if cells.len() != header.len() => FeedFault::Shape,
            (None, _) => FeedFault::Id,
            (_, None) => FeedFault::Score,
            (Some(cve), Some(score)) => match scores.entry(cve) {
                Entry::Vacant(place) => {
                    place.insert(score);
                    good += 1;
                    continue;
                }
                // The higher one, in whatever order they come.
                Entry::Occupied(mut place) => {
                    place.insert(score.max(*place.get()));
                    FeedFault::Twice
                }
            },
        };
        broken += 1;
        skips.add_quoted(SkipReason::Feed(Feed::Epss, fault), cells.first().unwrap_or(&""));
    }
    match good {
        0 => Err("no EPSS scores: no row can be read".to_owned()),
        good if broken > good => Err(format!("no EPSS scores: {broken} rows cannot be read, {good} can")),
        _ => Ok((scores, date)),
    }
}

fn text(raw: &[u8]) -> Result<String, String> {
    let bytes = match raw.starts_with(&GZIP) {
        true => read_bounded(MultiGzDecoder::new(raw), MAX_TEXT).map_err(|error| format!("broken gzip: {error}"))?,
        false => read_bounded(raw, MAX_TEXT).map_err(|error| error.to_string())?,
    };
    let bytes = bytes.ok_or_else(|| format!("it holds more than {MAX_TEXT} bytes"))?;
    String::from_utf8(bytes).map_err(|_| "no EPSS scores: it is not text".to_owned())
}

/// Files have borne dates as RFC 3339 writes them, with an offset without a colon, and of days alone.
fn read_date(text: &str) -> Option<String> {
    let moment = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"));
    let day = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN).and_utc());
    let moment: DateTime<Utc> = moment.ok().map(|moment| moment.to_utc()).or_else(day)?;
    Some(moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Scores = Result<Vec<(String, Score)>, String>;

    /// The scores, their date and what was skipped.
    fn read(text: &str) -> (Scores, Option<String>, Vec<String>) {
        let mut skips = Skips::default();
        let parsed = parse(text.as_bytes(), &mut skips);
        let faults =
            skips.list().iter().map(|one| format!("{} {} {:?}", one.count, one.reason, one.examples)).collect();
        match parsed {
            Ok((scores, date)) => {
                (Ok(scores.iter().map(|(cve, score)| (cve.to_string(), *score)).collect()), date, faults)
            }
            Err(error) => (Err(error), None, faults),
        }
    }

    #[test]
    fn broken_rows_are_counted_and_cost_nothing_else() {
        let text = "#model_version:v2025.03.14,score_date:2022-01-01T00:00:00+0000\ncve,epss,percentile\n\
                    CVE-2021-44228,0.94358,0.99956\r\nCVE-2020-0001,1e999,0.5\nCVE-2020-0002,-0,0.5\n\
                    CVE-2020-0003,NaN,0.5\nGHSA-x,0.5,0.5\nCVE-2020-0004,0.5\nCVE-2021-44228,0.1,0.1\nCVE-2020-0005,0,1\n\
                    CVE-2020-0006,0.1,0.2\nCVE-2020-0007,0.1,0.2\n";
        let (scores, date, faults) = read(text);
        let score = |a, b| Score::new(a, b).unwrap();
        let expected = [
            ("CVE-2020-0002", score(0.0, 0.5)),
            ("CVE-2020-0005", score(0.0, 1.0)),
            ("CVE-2020-0006", score(0.1, 0.2)),
            ("CVE-2020-0007", score(0.1, 0.2)),
            ("CVE-2021-44228", score(0.94358, 0.99956)),
        ];
        assert_eq!(scores.unwrap(), expected.map(|(id, score)| (id.to_owned(), score)));
        assert_eq!(date.as_deref(), Some("2022-01-01T00:00:00Z"));
        assert_eq!(
            faults,
            [
                "1 EPSS: row of another shape [\"CVE-2020-0004\"]",
                "1 EPSS: not the id of a CVE [\"GHSA-x\"]",
                "2 EPSS: score or percentile not between 0 and 1 [\"CVE-2020-0001\", \"CVE-2020-0003\"]",
                "1 EPSS: named twice [\"CVE-2021-44228\"]",
            ]
        );
    }

    #[test]
    fn another_file_is_refused_as_such() {
        for (text, word) in [
            ("", "first line"),
            ("<html>\n<body>", "first line"),
            ("cve,score,percentile\nCVE-2020-0001,0.1,0.1\n", "first line"),
            ("cve,epss,percentile\n", "no row"),
            ("cve,epss,percentile\nx,y,z\n", "no row"),
            ("cve,epss,percentile\nCVE-2020-0001,0.1,0.1\na,b,c\nd,e,f\n", "2 rows"),
        ] {
            let error = read(text).0.unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(parse(b"\x1f\x8b\x08\x00", &mut Skips::default()).unwrap_err().contains("gzip"));
        assert!(parse(b"\xff\xfe", &mut Skips::default()).unwrap_err().contains("text"));
    }

    #[test]
    fn columns_are_found_by_name_and_dates_may_be_missing() {
        let text = "percentile,date,cve,epss\n0.5,2022-01-01,CVE-2020-0001,0.25\n";
        assert_eq!(read(text).0.unwrap(), [("CVE-2020-0001".to_owned(), Score::new(0.25, 0.5).unwrap())]);
        assert_eq!(read(text).1, None);
        let dated = |date| read(&format!("#score_date:{date}\ncve,epss,percentile\nCVE-2020-0001,0,0\n"));
        assert_eq!(dated("2026-11-21").1.as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!(dated("soon").2, ["1 EPSS: date that cannot be read [\"score_date\"]"]);
    }
}
