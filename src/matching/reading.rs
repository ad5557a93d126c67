//! Versions and bounds as the orders read them, each text once: reading costs many times what comparing does, and
//! hundreds of records can list the same hundreds of versions of one package.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashSet;

use super::affects::Record;
use crate::model::{Ecosystem, Event, Range, RangeKind};
use crate::version::{self, Order, Version};

/// A range, read.
pub(super) struct Line<'a> {
    /// Its order is plain SemVer, not the ecosystem's own.
    pub(super) is_semver: bool,
    /// Its events in the order of their versions, or a bound that cannot be read.
    pub(super) steps: Result<Vec<Step<'a>>, &'a str>,
}

/// An event in its place.
pub(super) struct Step<'a> {
    /// `None` stands before every version.
    pub(super) bound: Option<Version<'a>>,
    /// Among events at one version: ends before beginnings, so that intervals may touch; a last affected version after
    /// its beginning, so that it may be the only one.
    pub(super) tie: u8,
    /// What holds for a version if this is the last event that it has passed.
    pub(super) affected: bool,
}

impl<'a> Line<'a> {
    pub(super) fn read(range: &'a Range, ecosystem: Ecosystem, own: &dyn Order) -> Line<'a> {
        // Go's own order is SemVer too, and alone reads `v1.2.3` and `go1.21`.
        let is_semver = range.kind == RangeKind::Semver && ecosystem != Ecosystem::Go;
        Line { is_semver, steps: steps(range, if is_semver { version::semver() } else { own }) }
    }
}

fn steps<'a>(range: &'a Range, order: &dyn Order) -> Result<Vec<Step<'a>>, &'a str> {
    let mut steps = Vec::with_capacity(range.events.len());
    for event in &range.events {
        let (bound, tie, affected) = match event {
            Event::Introduced(bound) if bound == "0" => {
                steps.push(Step { bound: None, tie: 1, affected: true });
                continue;
            }
            // `*` is the schema's word for "no limit".
            Event::Limit(bound) if bound == "*" => continue,
            Event::Introduced(bound) => (bound, 1, true),
            Event::Fixed(bound) | Event::Limit(bound) => (bound, 0, false),
            Event::LastAffected(bound) => (bound, 2, false),
        };
        let bound = order.parse(bound).map_err(|_| bound.as_str())?;
        steps.push(Step { bound: Some(bound), tie, affected });
    }
    steps.sort_by(|a, b| match (&a.bound, &b.bound) {
        (Some(x), Some(y)) => x.partial_cmp(y).unwrap_or(Ordering::Equal).then(a.tie.cmp(&b.tie)),
        (x, y) => x.is_some().cmp(&y.is_some()),
    });
    Ok(steps)
}

/// Every text that the records of one package list as a version, read when first asked for.
pub(super) struct Spellings<'a> {
    records: &'a [Record<'a>],
    own: &'a dyn Order,
    read: OnceCell<Vec<(Version<'a>, &'a str)>>,
}

impl<'a> Spellings<'a> {
    pub(super) fn of(records: &'a [Record<'a>], own: &'a dyn Order) -> Spellings<'a> {
        Spellings { records, own, read: OnceCell::new() }
    }

    /// A version, read once for all records.
    pub(super) fn probe<'s>(&'s self, text: &'s str) -> Probe<'s, 'a> {
        let own = self.own.parse(text).ok();
        Probe { text, own, semver: OnceCell::new(), spellings: self, others: OnceCell::new() }
    }

    fn read(&self) -> &[(Version<'a>, &'a str)] {
        self.read.get_or_init(|| {
            let listed = self.records.iter().flat_map(Record::elements).flat_map(|element| &element.versions);
            let texts: HashSet<&str> = listed.map(String::as_str).collect();
            texts.into_iter().filter_map(|text| Some((self.own.parse(text).ok()?, text))).collect()
        })
    }
}

/// A version that records are asked about.
pub(super) struct Probe<'s, 'a> {
    pub(super) text: &'s str,
    /// In the ecosystem's order; `None` where it is no version of that.
    pub(super) own: Option<Version<'s>>,
    semver: OnceCell<Option<Version<'s>>>,
    spellings: &'s Spellings<'a>,
    others: OnceCell<Vec<&'a str>>,
}

impl<'s, 'a> Probe<'s, 'a> {
    pub(super) fn in_order(&self, is_semver: bool) -> Option<&Version<'s>> {
        let semver = || self.semver.get_or_init(|| version::semver().parse(self.text).ok());
        if is_semver { semver().as_ref() } else { self.own.as_ref() }
    }

    /// Other texts for the same version that some record lists.
    pub(super) fn other_spellings(&self) -> &[&'a str] {
        self.others.get_or_init(|| {
            let Some(own) = &self.own else { return Vec::new() };
            let same =
                |(version, text): &(Version<'a>, &'a str)| (version == own && *text != self.text).then_some(*text);
            self.spellings.read().iter().filter_map(same).collect()
        })
    }
}
