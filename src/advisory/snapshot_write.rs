//! Makes a snapshot's bytes. The same advisories make the same bytes, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};

use super::cve_table;
use super::error::AdvisoryError;
use super::feeds::Feeds;
use super::frame::{self, Packer};
use super::index::IndexWriter;
use super::skipped::Skips;
use super::snapshot::{BlockRef, Header, Manifest, name_key};
use crate::model::{Advisory, Affected, Ecosystem, SourceInfo};

/// Blocks that the dictionary is trained on, spread evenly.
const SAMPLES: usize = 8192;

/// What a snapshot is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is kept, sent, and read many times: packed well, with a dictionary.
    Kept,
    /// It lives as long as the process: training a dictionary would take several times as long as all else.
    Passing,
}

impl Use {
    /// zstd's. Beyond 9 it takes twice the time for 2 % of the size.
    fn level(self) -> i32 {
        match self {
            Use::Kept => 9,
            Use::Passing => 1,
        }
    }
}

/// Builds the snapshot of `advisories`. Packages of ecosystems outside `covered` are left out: a few of them, from
/// records that also speak of a covered one, would look like knowledge of the whole ecosystem.
///
/// # Errors
/// [`AdvisoryError::Store`] where a block outgrows the format.
pub(super) fn build(
    mut advisories: Vec<Advisory>,
    covered: &BTreeSet<Ecosystem>,
    feeds: Feeds,
    skips: &Skips,
    purpose: Use,
) -> Result<Vec<u8>, AdvisoryError> {
    advisories.sort_by(|a, b| a.id.cmp(&b.id));
    advisories.dedup_by(|a, b| a.id == b.id);
    let (records, ecosystems) = count(&advisories, covered);
    let manifest = Manifest { records, ecosystems, feeds: feeds.infos, skipped: skips.list() };
    let packages = packages(advisories, covered);
    let failed = |error: &dyn std::fmt::Display| AdvisoryError::Store(format!("snapshot: {error}"));

    let encode = |records: &Vec<Advisory>| postcard::to_stdvec(records).map_err(|error| failed(&error));
    let encoded: Vec<Vec<u8>> = packages.values().map(encode).collect::<Result<_, AdvisoryError>>()?;
    let step = encoded.len().div_ceil(SAMPLES).max(1);
    let samples = encoded.iter().step_by(step).map(Vec::as_slice).filter(|_| purpose == Use::Kept);
    let dictionary = frame::train(&samples.collect::<Vec<_>>());

    let mut packer = Packer::new(&dictionary, purpose.level()).map_err(|error| failed(&error))?;
    let full = || failed(&"the index outgrows its format");
    let mut names = IndexWriter::default();
    let mut homes: BTreeMap<&str, BTreeSet<BlockRef>> = BTreeMap::new();
    let mut placed = BTreeSet::new();
    let mut blocks = Vec::new();
    for ((key, records), bytes) in packages.iter().zip(encoded) {
        let frame = packer.pack(&bytes).map_err(|error| failed(&error))?;
        let block = BlockRef { offset: blocks.len() as u64, length: frame.len() as u64 };
        blocks.extend_from_slice(&frame);
        names.insert(key.as_bytes(), &[block]).ok_or_else(full)?;
        for record in records {
            homes.entry(&record.id).or_default().insert(block);
            // One block of a record tells its id, and the id leads to the others.
            if placed.insert(&record.id) {
                for alias in &record.aliases {
                    homes.entry(alias).or_default().insert(block);
                }
            }
        }
    }
    let mut ids = IndexWriter::default();
    for (id, homes) in homes {
        ids.insert(id.as_bytes(), &homes.into_iter().collect::<Vec<_>>()).ok_or_else(full)?;
    }
    let manifest = serde_json::to_vec(&manifest).map_err(|error| failed(&error))?;
    let names = names.finish().ok_or_else(full)?;
    let ids = ids.finish().ok_or_else(full)?;
    let (cves, pages) = cve_table::write(&feeds.rows);
    let sections = [&manifest[..], &dictionary, &names, &ids, &cves, &blocks, &pages];
    let mut file = Header::new(sections).write();
    file.reserve_exact(sections.iter().map(|section| section.len()).sum());
    sections.iter().for_each(|section| file.extend_from_slice(section));
    Ok(file)
}

/// Each package's records, with its own elements alone.
fn packages(advisories: Vec<Advisory>, covered: &BTreeSet<Ecosystem>) -> BTreeMap<String, Vec<Advisory>> {
    let mut packages: BTreeMap<String, Vec<Advisory>> = BTreeMap::new();
    for mut advisory in advisories {
        let mut elements: BTreeMap<String, Vec<Affected>> = BTreeMap::new();
        for affected in std::mem::take(&mut advisory.affected) {
            if covered.contains(&affected.ecosystem) {
                let key = name_key(affected.ecosystem, &affected.ecosystem.normalize(&affected.name));
                elements.entry(key).or_default().push(affected);
            }
        }
        for (key, affected) in elements {
            packages.entry(key).or_default().push(Advisory { affected, ..advisory.clone() });
        }
    }
    packages
}

/// The live records, and those of each ecosystem.
fn count(advisories: &[Advisory], covered: &BTreeSet<Ecosystem>) -> (u64, Vec<SourceInfo>) {
    let mut all = 0;
    let mut counts: BTreeMap<Ecosystem, (u64, Option<&str>)> = covered.iter().map(|&e| (e, (0, None))).collect();
    for advisory in advisories.iter().filter(|advisory| advisory.withdrawn.is_none()) {
        let ecosystems: BTreeSet<Ecosystem> = advisory.affected.iter().map(|affected| affected.ecosystem).collect();
        all += u64::from(!ecosystems.is_disjoint(covered));
        for ecosystem in ecosystems {
            if let Some((records, newest)) = counts.get_mut(&ecosystem) {
                *records += 1;
                *newest = later(*newest, &advisory.modified);
            }
        }
    }
    let info = |(ecosystem, (records, newest)): (Ecosystem, (u64, Option<&str>))| SourceInfo {
        name: ecosystem.name().to_owned(),
        records,
        newest: newest.map(str::to_owned),
        synced: None,
        from: None,
    };
    let mut infos: Vec<SourceInfo> = counts.into_iter().map(info).collect();
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    (all, infos)
}

/// The later of two dates; one that cannot be read never is.
pub(super) fn later<'a>(newest: Option<&'a str>, date: &'a str) -> Option<&'a str> {
    let read = |date: &str| DateTime::<FixedOffset>::parse_from_rfc3339(date).ok();
    match (newest, read(date)) {
        (_, None) => newest,
        (None, Some(_)) => Some(date),
        (Some(before), now) => Some(if now > read(before) { date } else { before }),
    }
}
