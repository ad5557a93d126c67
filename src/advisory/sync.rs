//! Brings the store to a mirror's state, then publishes a snapshot of the whole store.
//!
//! Everything is fetched first, from several ecosystems at once, so that a mirror that fails changes nothing. Only
//! records whose date differs from the list of changes are read. The store may be left half way by a crash: each
//! record in it is whole, the next sync does the rest, and scans see nothing of it, since the snapshot comes last.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{SecondsFormat, Utc};

use super::cache::{Current, read_current, snapshot_path};
use super::error::AdvisoryError;
use super::feeds::Feeds;
use super::mirror::{Listing, Mirror};
use super::parallel::in_parallel;
use super::plan::{Plan, hear};
use super::record;
use super::skipped::{SkipReason, Skipped, Skips};
use super::snapshot_read::Snapshot;
use super::snapshot_write::{self, Use, later};
use super::store::{Cursor, Fault, Store, Stored};
use crate::model::Ecosystem;

/// Ecosystems that are fetched at once.
const AT_ONCE: usize = 4;
/// Records of each ecosystem that the store's dictionary is trained on.
const SAMPLES: usize = 400;

/// A step of a sync, for a progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncStep {
    /// The mirror is being asked for what changed.
    Asking,
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
    /// The snapshot that counts now.
    pub current: Current,
    /// Whether it is a new one; otherwise nothing had changed, and only the time of the sync is new.
    pub rebuilt: bool,
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
    progress(SyncStep::Asking);
    let chosen = choose(mirror, ecosystems)?;
    let cursors = store.cursors()?;
    // What is known of another mirror says nothing about this one.
    let place = mirror.place();
    let before = |ecosystem| cursors.get(&ecosystem).filter(|cursor| cursor.mirror == place);
    let heard = in_parallel(chosen.into_iter().collect(), AT_ONCE, |ecosystem| {
        Ok((ecosystem, hear(mirror, ecosystem.name(), before(ecosystem))?))
    })?;
    let known = known(store)?;
    let nothing = Listing::new();
    let plans = in_parallel(heard, AT_ONCE, |(ecosystem, heard)| {
        let known = known.get(&ecosystem).unwrap_or(&nothing);
        Plan::make(mirror, ecosystem, heard, known, before(ecosystem))
    })?;
    if known.is_empty() && store.wants_samples() {
        let samples: Vec<_> = plans.iter().map(|plan| plan.samples(SAMPLES)).collect::<Result<_, _>>()?;
        store.train(&samples.concat())?;
    }
    let mut reports = Vec::new();
    for plan in plans {
        let name = plan.ecosystem.name();
        let report = apply(store, plan, &cursors, progress);
        // An archive that broke a sync is fetched anew by the next one; the store's troubles are not its fault.
        if matches!(report, Ok(_) | Err(AdvisoryError::Mirror { .. })) {
            mirror.forget(name);
        }
        reports.push(report?);
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

fn apply(
    store: &Store,
    mut plan: Plan,
    cursors: &BTreeMap<Ecosystem, Cursor>,
    progress: &mut dyn FnMut(SyncStep),
) -> Result<EcosystemSync, AdvisoryError> {
    let ecosystem = plan.ecosystem;
    let mut report =
        EcosystemSync { ecosystem, listed: plan.listed, read: 0, added: 0, changed: 0, removed: 0, faults: 0 };
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
        let before = page.clone();
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
        if page != before {
            store.unpublish()?;
            writer.set(number, &page)?;
        }
    }
    writer.flush()?;
    report.faults = faults.len();
    // The snapshot tells the faults and which ecosystems it covers.
    if cursors.get(&ecosystem).is_none_or(|before| before.faults != faults) {
        store.unpublish()?;
    }
    store.set_cursor(ecosystem, &Cursor { synced_at: now(), faults, ..plan.cursor })?;
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

/// What marks a store as the origin of a snapshot. Another version of the program may make another one of it.
fn mark(snapshot: &str) -> String {
    format!("{snapshot} {}", env!("CARGO_PKG_VERSION"))
}

/// Publishes a snapshot of the store, or, where that is the one that counts already, the new times.
fn publish(store: &Store, ecosystems: Vec<EcosystemSync>) -> Result<SyncReport, AdvisoryError> {
    let cursors = store.cursors()?;
    let feed_cursors = store.feeds()?;
    let of_ecosystems = cursors.iter().map(|(one, cursor)| (one.name(), (&cursor.synced_at, &cursor.mirror)));
    let of_feeds = feed_cursors.iter().map(|(one, cursor)| (one.name(), (&cursor.synced_at, &cursor.from)));
    let (mut synced, mut from) = (BTreeMap::new(), BTreeMap::new());
    for (name, (at, place)) in of_ecosystems.chain(of_feeds) {
        synced.insert(name.to_owned(), at.clone());
        from.insert(name.to_owned(), place.clone());
    }
    if let Some((current, snapshot)) = settled(store)? {
        let current = Current { built_at: now(), synced, from, ..current };
        store.lock().point(&current)?;
        let skipped = snapshot.manifest().skipped.clone();
        return Ok(SyncReport { ecosystems, skipped, current, rebuilt: false, snapshot_bytes: snapshot.length() });
    }
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
    let mut feeds = Feeds::default();
    for (&feed, cursor) in &feed_cursors {
        if let Some((_, raw)) = store.feed(feed)? {
            feeds.add(feed, &raw, &mut skips).map_err(|detail| AdvisoryError::mirror(&cursor.from, detail))?;
        }
    }
    let covered: BTreeSet<Ecosystem> = cursors.keys().copied().collect();
    let bytes = snapshot_write::build(advisories, &covered, feeds, &skips, Use::Kept)?;
    let current = store.lock().publish(&bytes, &now(), synced, from)?;
    store.set_published(&mark(&current.snapshot))?;
    let snapshot_bytes = bytes.len() as u64;
    Ok(SyncReport { ecosystems, skipped: skips.list(), current, rebuilt: true, snapshot_bytes })
}

/// The snapshot that counts, if it is the store's and whole.
fn settled(store: &Store) -> Result<Option<(Current, Snapshot)>, AdvisoryError> {
    let dir = store.lock().dir();
    let Ok(Some(current)) = read_current(dir) else { return Ok(None) };
    if store.published()? != Some(mark(&current.snapshot)) {
        return Ok(None);
    }
    let snapshot = Snapshot::open(&snapshot_path(dir, &current.snapshot)).ok();
    Ok(snapshot.map(|snapshot| (current, snapshot)))
}

/// RFC 3339.
pub(super) fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}
