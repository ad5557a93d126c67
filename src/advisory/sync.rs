//! Brings the store to a mirror's state, then publishes a snapshot of the whole store.
//!
//! Only records whose date differs from the list of changes are read. The store may be left half way by a crash: each
//! record in it is whole, the next sync does the rest, and scans see nothing of it, since the snapshot comes last.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::cache::Current;
use super::error::AdvisoryError;
use super::mirror::{Listing, Mirror};
use super::mirror_zip::RecordZip;
use super::record;
use super::skipped::{SkipReason, Skipped, Skips};
use super::snapshot_write::{self, later};
use super::store::{Cursor, Fault, Store, Stored};
use crate::model::Ecosystem;

/// Up to so many changes are read one by one; beyond, the archive is cheaper.
const FEW: usize = 300;
/// Records of each ecosystem that the store's dictionary is trained on.
const SAMPLES: usize = 400;

/// A step of a sync, for a progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncStep {
    /// Records are being read and stored.
    Reading {
        /// Whose.
        ecosystem: Ecosystem,
        /// Records done.
        done: usize,
        /// Records to do.
        total: usize,
    },
    /// The snapshot is being made.
    Publishing,
}

/// What a sync did to one ecosystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcosystemSync {
    /// Which.
    pub ecosystem: Ecosystem,
    /// Records that the mirror has.
    pub listed: usize,
    /// Records that were read and decoded; the others were known to be unchanged.
    pub read: usize,
    /// New to the store.
    pub added: usize,
    /// With other bytes than before.
    pub changed: usize,
    /// No longer in the mirror.
    pub removed: usize,
    /// Broken or missing; what the store had of them before stays.
    pub faults: usize,
}

/// What a sync did.
#[derive(Clone, Debug)]
pub struct SyncReport {
    /// By ecosystem, in the order of their names.
    pub ecosystems: Vec<EcosystemSync>,
    /// What of all records in the store could not be understood.
    pub skipped: Vec<Skipped>,
    /// The snapshot that was published.
    pub current: Current,
    /// Its size in bytes.
    pub snapshot_bytes: u64,
}

/// Syncs the named ecosystems, or, if none is named, all that both the mirror and this program have.
///
/// # Errors
/// Everything that ends a sync leaves the snapshot that was published before it as it was.
pub fn sync(
    store: &mut Store,
    mirror: &dyn Mirror,
    ecosystems: &[Ecosystem],
    progress: &mut dyn FnMut(SyncStep),
) -> Result<SyncReport, AdvisoryError> {
    let ecosystems = choose(mirror, ecosystems)?;
    let mut known = known(store)?;
    if known.is_empty() && store.wants_samples() {
        let samples = samples(mirror, &ecosystems)?;
        store.train(&samples)?;
    }
    let mut reports = Vec::new();
    for ecosystem in ecosystems {
        let known = known.remove(&ecosystem).unwrap_or_default();
        reports.push(sync_ecosystem(store, mirror, ecosystem, &known, progress)?);
    }
    progress(SyncStep::Publishing);
    publish(store, reports)
}

fn choose(mirror: &dyn Mirror, asked: &[Ecosystem]) -> Result<BTreeSet<Ecosystem>, AdvisoryError> {
    let names = mirror.ecosystems()?;
    let offered: BTreeSet<Ecosystem> =
        Ecosystem::ALL.into_iter().filter(|e| names.iter().any(|n| n == e.name())).collect();
    if let Some(missing) = asked.iter().find(|ecosystem| !offered.contains(ecosystem)) {
        return Err(AdvisoryError::mirror(missing, "the mirror does not have this ecosystem"));
    }
    if offered.is_empty() {
        return Err(AdvisoryError::mirror("ecosystems", "the mirror has none that this program knows"));
    }
    Ok(if asked.is_empty() { offered } else { asked.iter().copied().collect() })
}

/// Dates of the stored records.
fn known(store: &Store) -> Result<BTreeMap<Ecosystem, Listing>, AdvisoryError> {
    let mut known: BTreeMap<Ecosystem, Listing> = BTreeMap::new();
    for page in store.pages() {
        for record in page?.into_values() {
            for ecosystem in record.ecosystems {
                known.entry(ecosystem).or_default().insert(record.id.clone(), record.modified.clone());
            }
        }
    }
    Ok(known)
}

fn samples(mirror: &dyn Mirror, ecosystems: &BTreeSet<Ecosystem>) -> Result<Vec<Vec<u8>>, AdvisoryError> {
    let mut samples = Vec::new();
    for ecosystem in ecosystems {
        let archive = mirror.archive(ecosystem.name())?;
        let step = archive.ids().len().div_ceil(SAMPLES).max(1);
        for id in archive.ids().step_by(step) {
            samples.extend(archive.read(id)?);
        }
    }
    Ok(samples)
}

/// Whether two dates name one moment, however they are written.
fn same_moment(a: &str, b: &str) -> bool {
    a == b || matches!((DateTime::parse_from_rfc3339(a), DateTime::parse_from_rfc3339(b)), (Ok(a), Ok(b)) if a == b)
}

/// What to do with the records of one ecosystem.
struct Plan {
    listing: Listing,
    wanted: Vec<String>,
    removed: Vec<String>,
    /// Records that were read one by one.
    single: BTreeMap<String, Vec<u8>>,
    /// For the others, if there are others.
    archive: Option<RecordZip>,
}

impl Plan {
    fn make(mirror: &dyn Mirror, ecosystem: Ecosystem, known: &Listing) -> Result<Plan, AdvisoryError> {
        let name = ecosystem.name();
        let (listing, archive) = match mirror.listing(name)? {
            Some(listing) => (listing, None),
            None => {
                let archive = mirror.archive(name)?;
                (archive.ids().map(|id| (id.to_owned(), String::new())).collect(), Some(archive))
            }
        };
        if listing.is_empty() && !known.is_empty() {
            return Err(AdvisoryError::mirror(name, "the mirror lists no record at all, the cache has some"));
        }
        let unchanged = |id: &str, modified: &str| known.get(id).is_some_and(|before| same_moment(before, modified));
        let wanted = listing.iter().filter(|(id, modified)| !unchanged(id, modified)).map(|(id, _)| id.clone());
        let mut plan = Plan {
            wanted: wanted.collect(),
            removed: known.keys().filter(|id| !listing.contains_key(*id)).cloned().collect(),
            listing,
            single: BTreeMap::new(),
            archive,
        };
        if plan.archive.is_none() && plan.wanted.len() <= FEW {
            for id in &plan.wanted {
                if let Some(raw) = mirror.record(name, id)? {
                    plan.single.insert(id.clone(), raw);
                }
            }
        }
        if plan.archive.is_none() && plan.single.len() < plan.wanted.len() {
            plan.archive = Some(mirror.archive(name)?);
        }
        Ok(plan)
    }

    fn read(&mut self, id: &str) -> Result<Option<Vec<u8>>, AdvisoryError> {
        match (self.single.remove(id), &self.archive) {
            (Some(raw), _) => Ok(Some(raw)),
            (None, Some(archive)) => archive.read(id),
            (None, None) => Ok(None),
        }
    }
}

fn sync_ecosystem(
    store: &Store,
    mirror: &dyn Mirror,
    ecosystem: Ecosystem,
    known: &Listing,
    progress: &mut dyn FnMut(SyncStep),
) -> Result<EcosystemSync, AdvisoryError> {
    let mut plan = Plan::make(mirror, ecosystem, known)?;
    let mut report =
        EcosystemSync { ecosystem, listed: plan.listing.len(), read: 0, added: 0, changed: 0, removed: 0, faults: 0 };
    let mut faults = BTreeMap::new();
    let total = plan.wanted.len() + plan.removed.len();

    // A page is unpacked and packed as a whole, so what lies in one is changed together.
    let mut by_page: BTreeMap<u32, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for id in std::mem::take(&mut plan.wanted) {
        by_page.entry(Store::page_of(&id)).or_default().0.push(id);
    }
    for id in std::mem::take(&mut plan.removed) {
        by_page.entry(Store::page_of(&id)).or_default().1.push(id);
    }
    let mut writer = store.writer()?;
    let mut done = 0;
    for (number, (wanted, removed)) in by_page {
        progress(SyncStep::Reading { ecosystem, done, total });
        done += wanted.len() + removed.len();
        let mut page = store.page(number)?;
        let before = (report.added, report.changed, report.removed);
        for id in wanted {
            let Some(raw) = plan.read(&id)? else {
                faults.insert(id, Fault::Missing);
                continue;
            };
            report.read += 1;
            match record::identify(&raw) {
                Ok(identity) if identity.id == id => put(&mut page, &mut report, id, identity.modified, raw),
                _ => drop(faults.insert(id, Fault::Broken)),
            }
        }
        for id in removed {
            take(&mut page, &mut report, &id);
        }
        if before != (report.added, report.changed, report.removed) {
            writer.set(number, &page)?;
        }
    }
    writer.flush()?;
    report.faults = faults.len();
    let newest = plan.listing.values().fold(None, |newest, date| later(newest, date)).map(str::to_owned);
    store.set_cursor(ecosystem, &Cursor { synced_at: now(), newest, faults })?;
    Ok(report)
}

fn put(page: &mut BTreeMap<String, Stored>, report: &mut EcosystemSync, id: String, modified: String, raw: Vec<u8>) {
    match page.get_mut(&id) {
        None => {
            let ecosystems = [report.ecosystem].into();
            page.insert(id.clone(), Stored { id, modified, ecosystems, raw });
            report.added += 1;
        }
        Some(stored) => {
            let new_here = stored.ecosystems.insert(report.ecosystem);
            // The folders of a bucket are not written at one moment: one may be behind another that shares a record.
            if stored.ecosystems.len() > 1 && later(Some(&modified), &stored.modified) != Some(&modified) {
                report.added += usize::from(new_here);
                return;
            }
            if new_here {
                report.added += 1;
            } else if stored.raw != raw {
                report.changed += 1;
            }
            (stored.modified, stored.raw) = (modified, raw);
        }
    }
}

/// A record stays for as long as any ecosystem has it.
fn take(page: &mut BTreeMap<String, Stored>, report: &mut EcosystemSync, id: &str) {
    if let Some(stored) = page.get_mut(id) {
        stored.ecosystems.remove(&report.ecosystem);
        if stored.ecosystems.is_empty() {
            page.remove(id);
        }
        report.removed += 1;
    }
}

fn publish(store: &Store, ecosystems: Vec<EcosystemSync>) -> Result<SyncReport, AdvisoryError> {
    let cursors = store.cursors()?;
    let mut skips = Skips::default();
    for (id, fault) in cursors.values().flat_map(|cursor| &cursor.faults) {
        let reason = match fault {
            Fault::Broken => SkipReason::Record,
            Fault::Missing => SkipReason::Missing,
        };
        skips.add(reason, id);
    }
    let mut advisories = Vec::new();
    for page in store.pages() {
        for stored in page?.into_values() {
            match record::decode(&stored.raw, &mut skips) {
                Ok(advisory) => advisories.push(advisory),
                Err(_) => skips.add(SkipReason::Record, &stored.id),
            }
        }
    }
    let covered: BTreeSet<Ecosystem> = cursors.keys().copied().collect();
    let bytes = snapshot_write::build(advisories, &covered, &skips)?;
    let synced = cursors.iter().map(|(ecosystem, cursor)| (ecosystem.name().to_owned(), cursor.synced_at.clone()));
    let current = store.lock().publish(&bytes, &now(), synced.collect())?;
    Ok(SyncReport { ecosystems, skipped: skips.list(), current, snapshot_bytes: bytes.len() as u64 })
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}
