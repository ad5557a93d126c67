//! Waivers: findings that somebody answers for. One type, whatever file it comes from.
//!
//! A finding of several places is waived only where every place is: one leaked copy is enough to act on. Several waivers
//! may cover them together. A waiver that has expired waives nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::basis::Basis;
use super::condition::{Condition, Subject, ids_of};
use super::{Waived, WaiverNote, ids};

/// One waiver.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Who answers for it, and until when.
    pub basis: Basis,
    /// What it waives, for people: `CVE-2021-23337, pkg:npm/lodash`.
    pub text: String,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// The id that it names, as it is written, where it names one.
    pub id: Option<String>,
    /// Why it can have no effect here, although its own tool may see one.
    pub moot: Option<String>,
}

/// The waivers of a run, ready to be asked, and which of them waived something.
pub(super) struct Waivers<'a> {
    all: &'a [Waiver],
    today: NaiveDate,
    /// Those that name ids, by id: files of other tools may hold thousands.
    by_id: BTreeMap<&'a str, Vec<usize>>,
    /// Those that name none.
    others: Vec<usize>,
    used: BTreeSet<usize>,
    /// Those that covered places of a finding of which others are not covered.
    partial: BTreeSet<usize>,
}

impl<'a> Waivers<'a> {
    pub(super) fn new(all: &'a [Waiver], today: NaiveDate) -> Waivers<'a> {
        let mut waivers = Waivers {
            all,
            today,
            by_id: BTreeMap::new(),
            others: Vec::new(),
            used: BTreeSet::new(),
            partial: BTreeSet::new(),
        };
        for (at, waiver) in all.iter().enumerate() {
            if waiver.moot.is_some() || waiver.basis.is_expired(today) {
                continue;
            }
            let ids = waiver.conditions.iter().find_map(|condition| match condition {
                Condition::Id(ids) => Some(ids),
                _ => None,
            });
            match ids {
                None => waivers.others.push(at),
                Some(ids) => ids.iter().for_each(|id| waivers.by_id.entry(id).or_default().push(at)),
            }
        }
        waivers
    }

    /// The first waiver that covers a finding, if all of its places are covered.
    pub(super) fn waive(&mut self, on: &Subject<'_>) -> Option<Waived> {
        let finding = on.finding;
        let named = ids_of(finding).filter_map(|id| self.by_id.get(Condition::key(id).as_str())).flatten();
        let asked: BTreeSet<usize> = named.chain(&self.others).copied().collect();
        let willing: Vec<usize> =
            asked.into_iter().filter(|&at| self.all[at].conditions.iter().all(|one| one.holds(on))).collect();
        let (local, whole): (Vec<usize>, Vec<usize>) =
            willing.into_iter().partition(|&at| Condition::any_local(&self.all[at].conditions));
        self.used.extend(&whole);
        let mut first = whole.first().copied();
        let mut covered = first.is_some() || !finding.locations.is_empty();
        let mut used = Vec::new();
        for place in &finding.locations {
            let here = |at: &usize| {
                self.all[*at].conditions.iter().all(|condition| condition.holds_at(place, &on.scan.artifacts))
            };
            let here: Vec<usize> = local.iter().copied().filter(here).collect();
            covered &= !(whole.is_empty() && here.is_empty());
            first = first.or(here.first().copied());
            used.extend(here);
        }
        // What covers a few of a finding's places waives nothing by itself, and is told as unused.
        if !covered {
            self.partial.extend(used);
            return None;
        }
        let first = first?;
        self.used.extend(used);
        Some(self.all[first].basis.waived())
    }

    /// Those that waived nothing, in the order of their files.
    pub(super) fn unused(&self) -> Vec<WaiverNote> {
        let idle = |(at, waiver): (usize, &Waiver)| {
            let why = match &waiver.moot {
                Some(why) => why.clone(),
                None if waiver.basis.is_expired(self.today) || self.used.contains(&at) => return None,
                None if self.partial.contains(&at) => {
                    "it covers some places of a finding, and nothing the others".to_owned()
                }
                None => {
                    format!("no finding matches{}", waiver.id.as_deref().map(ids::did_you_mean).unwrap_or_default())
                }
            };
            Some(waiver.basis.note(format!("{}: {why}", waiver.text)))
        };
        self.all.iter().enumerate().filter_map(idle).collect()
    }

    /// Those that waive nothing any more.
    pub(super) fn expired(&self) -> Vec<WaiverNote> {
        let expired = self.all.iter().filter(|one| one.moot.is_none() && one.basis.is_expired(self.today));
        expired.map(|waiver| waiver.basis.expired_note(&waiver.text)).collect()
    }
}
