//! What a sync has to do with one ecosystem, with everything from the mirror that it needs for it. Making a plan is the
//! part of a sync that can fail because of others; it changes nothing.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::error::AdvisoryError;
use super::mirror::{Fetched, Listing, Mirror, Validator};
use super::mirror_zip::RecordZip;
use super::snapshot_write::later;
use super::store::Cursor;
use crate::model::Ecosystem;

/// Up to so many changes are read one by one; beyond, the archive is cheaper.
const FEW: usize = 300;
/// More removals at once than this, and than a twentieth of all, are believed only if the archive agrees.
const MANY_REMOVED: usize = 50;

/// An ecosystem's list, as far as it had to be fetched.
pub(super) enum Heard {
    /// What it was at the last sync.
    Unchanged,
    /// A list, with its validator.
    Listed(Listing, Option<Validator>),
    /// There is no list, but this archive, with its validator.
    Archived(RecordZip, Option<Validator>),
}

/// Asks for an ecosystem's list. `before` tells of the last sync with the same mirror.
pub(super) fn hear(mirror: &dyn Mirror, name: &str, before: Option<&Cursor>) -> Result<Heard, AdvisoryError> {
    // A record that was broken or missing may be mended without a new date in the list.
    let before = before.filter(|before| before.faults.is_empty());
    match mirror.listing(name, before.and_then(|before| before.listing.as_ref()))? {
        Fetched::Unchanged => Ok(Heard::Unchanged),
        Fetched::New(listing, validator) => Ok(Heard::Listed(listing, validator)),
        Fetched::Missing => match mirror.archive(name, before.and_then(|before| before.archive.as_ref()))? {
            Fetched::Unchanged => Ok(Heard::Unchanged),
            Fetched::New(archive, validator) => Ok(Heard::Archived(archive, validator)),
            Fetched::Missing => Err(AdvisoryError::mirror(name, "the mirror has neither modified_id.csv nor all.zip")),
        },
    }
}

/// What to do with the records of one ecosystem.
pub(super) struct Plan {
    pub(super) ecosystem: Ecosystem,
    /// Records that the mirror has.
    pub(super) listed: usize,
    /// Ids of records to read.
    pub(super) wanted: Vec<String>,
    /// Ids of records to remove.
    pub(super) removed: Vec<String>,
    /// The cursor for when all is done, as far as it is known before.
    pub(super) cursor: Cursor,
    /// Records that were read one by one.
    single: BTreeMap<String, Vec<u8>>,
    /// For the others, if there are others.
    archive: Option<RecordZip>,
}

impl Plan {
    /// Nothing to do but to say that it was looked.
    pub(super) fn unchanged(ecosystem: Ecosystem, known: usize, cursor: Cursor) -> Plan {
        let (wanted, removed, single) = (Vec::new(), Vec::new(), BTreeMap::new());
        Plan { ecosystem, listed: known, wanted, removed, cursor, single, archive: None }
    }

    /// Compares what was heard with what is `known`, and reads what changed.
    pub(super) fn make(
        mirror: &dyn Mirror,
        ecosystem: Ecosystem,
        heard: Heard,
        known: &Listing,
        before: Option<&Cursor>,
    ) -> Result<Plan, AdvisoryError> {
        let name = ecosystem.name();
        let mut cursor = Cursor { mirror: mirror.place(), ..Cursor::default() };
        let (listing, archive) = match heard {
            Heard::Unchanged => {
                return Ok(Plan::unchanged(ecosystem, known.len(), before.cloned().unwrap_or(cursor)));
            }
            Heard::Listed(listing, validator) => {
                cursor.listing = validator;
                cursor.archive = before.and_then(|before| before.archive.clone());
                (listing, None)
            }
            Heard::Archived(archive, validator) => {
                cursor.archive = validator;
                (archive.ids().map(|id| (id.to_owned(), String::new())).collect(), Some(archive))
            }
        };
        if listing.is_empty() && !known.is_empty() {
            return Err(AdvisoryError::mirror(name, "the mirror lists no record at all, the cache has some"));
        }
        cursor.newest = listing.values().fold(None, |newest, date| later(newest, date)).map(str::to_owned);
        let unchanged = |id: &str, modified: &str| known.get(id).is_some_and(|before| same_moment(before, modified));
        let wanted = listing.iter().filter(|(id, modified)| !unchanged(id, modified)).map(|(id, _)| id.clone());
        let mut plan = Plan {
            ecosystem,
            listed: listing.len(),
            wanted: wanted.collect(),
            removed: known.keys().filter(|id| !listing.contains_key(*id)).cloned().collect(),
            cursor,
            single: BTreeMap::new(),
            archive,
        };
        plan.read_ahead(mirror, before)?;
        plan.doubt_removals(mirror, known.len())?;
        Ok(plan)
    }

    fn read_ahead(&mut self, mirror: &dyn Mirror, before: Option<&Cursor>) -> Result<(), AdvisoryError> {
        let name = self.ecosystem.name();
        if self.archive.is_some() || self.wanted.is_empty() {
            return Ok(());
        }
        if self.wanted.len() <= FEW {
            self.single = mirror.records(name, &self.wanted)?;
        }
        let absent: Vec<&String> = self.wanted.iter().filter(|id| !self.single.contains_key(*id)).collect();
        if absent.is_empty() {
            return Ok(());
        }
        // What was not in the archive the last time either is no reason to fetch the same archive again.
        let old = before.filter(|before| absent.iter().all(|id| before.faults.contains_key(*id)));
        match mirror.archive(name, old.and_then(|old| old.archive.as_ref()))? {
            Fetched::New(archive, validator) => (self.archive, self.cursor.archive) = (Some(archive), validator),
            Fetched::Unchanged => {}
            Fetched::Missing => return Err(AdvisoryError::mirror(name, "the mirror has no all.zip")),
        }
        Ok(())
    }

    /// A list that was cut at the end of a line looks like a whole one.
    fn doubt_removals(&mut self, mirror: &dyn Mirror, known: usize) -> Result<(), AdvisoryError> {
        if self.removed.len() <= MANY_REMOVED.max(known / 20) {
            return Ok(());
        }
        let name = self.ecosystem.name();
        if self.archive.is_none()
            && let Fetched::New(archive, validator) = mirror.archive(name, None)?
        {
            (self.archive, self.cursor.archive) = (Some(archive), validator);
        }
        let there = self.archive.as_ref().map_or(0, |zip| self.removed.iter().filter(|id| zip.has(id)).count());
        if there > 0 {
            let detail = format!("modified_id.csv lacks {there} records that all.zip has, so it was cut short");
            return Err(AdvisoryError::mirror(name, detail));
        }
        Ok(())
    }

    /// Evenly spread records of the archive, up to `count`.
    pub(super) fn samples(&self, count: usize) -> Result<Vec<Vec<u8>>, AdvisoryError> {
        let Some(archive) = &self.archive else { return Ok(self.single.values().cloned().collect()) };
        let step = archive.ids().len().div_ceil(count).max(1);
        archive.ids().step_by(step).filter_map(|id| archive.read(id).transpose()).collect()
    }

    /// The bytes of a wanted record; `None` if the mirror lists it and does not have it.
    pub(super) fn read(&mut self, id: &str) -> Result<Option<Vec<u8>>, AdvisoryError> {
        match (self.single.remove(id), &self.archive) {
            (Some(raw), _) => Ok(Some(raw)),
            (None, Some(archive)) => archive.read(id),
            (None, None) => Ok(None),
        }
    }
}

/// Whether two dates name one moment, however they are written.
fn same_moment(a: &str, b: &str) -> bool {
    a == b || matches!((DateTime::parse_from_rfc3339(a), DateTime::parse_from_rfc3339(b)), (Ok(a), Ok(b)) if a == b)
}
