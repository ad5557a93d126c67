//! Facts about CVEs from all feeds, joined for a snapshot.
//!
//! Feeds add no finding: they say of a flaw that is found how likely it is to be exploited (EPSS), and that it is (KEV).
//! A database without them is complete.

use std::collections::BTreeMap;

use super::cve::Cve;
use super::cve_table::Row;
use super::skipped::Skips;
use super::{epss, kev};
use crate::model::{Feed, SourceInfo};

/// The public file of EPSS scores, made anew every day (<https://www.first.org/epss/data_stats>).
pub const PUBLIC_EPSS: &str = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz";
/// The public catalog of known exploited vulnerabilities
/// (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>).
pub const PUBLIC_KEV: &str = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";

/// What the feeds hold.
#[derive(Default)]
pub(super) struct Feeds {
    /// Sorted by name.
    pub(super) infos: Vec<SourceInfo>,
    pub(super) rows: BTreeMap<Cve, Row>,
}

impl Feeds {
    /// Adds a feed, of which `raw` are the bytes. Feeds come in the order of their names.
    ///
    /// # Errors
    /// What is wrong with the bytes; nothing was added then.
    pub(super) fn add(&mut self, feed: Feed, raw: &[u8], skips: &mut Skips) -> Result<(), String> {
        let (records, newest) = match feed {
            Feed::Epss => {
                let (scores, date) = epss::parse(raw, skips)?;
                let records = scores.len();
                scores.into_iter().for_each(|(cve, score)| self.rows.entry(cve).or_default().score = Some(score));
                (records, date)
            }
            Feed::Kev => {
                let (entries, date) = kev::parse(raw, skips)?;
                let records = entries.len();
                entries.into_iter().for_each(|(cve, entry)| self.rows.entry(cve).or_default().entry = Some(entry));
                (records, date)
            }
        };
        let name = feed.name().to_owned();
        self.infos.push(SourceInfo { name, records: records as u64, newest, synced: None, from: None });
        Ok(())
    }
}
