//! Versions and bounds as the orders read them, each once for all comparisons: reading costs many times what comparing
//! does.

use std::cell::OnceCell;
use std::cmp::Ordering;

use crate::model::{Ecosystem, Event, Range, RangeKind};
use crate::version::{self, Glance, Order, Version};

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

impl Step<'_> {
    fn cmp(&self, other: &Step<'_>) -> Ordering {
        match (&self.bound, &other.bound) {
            (Some(x), Some(y)) => x.partial_cmp(y).unwrap_or(Ordering::Equal).then(self.tie.cmp(&other.tie)),
            (x, y) => x.is_some().cmp(&y.is_some()),
        }
    }
}

impl<'a> Line<'a> {
    pub(super) fn read(range: &'a Range, ecosystem: Ecosystem, own: &dyn Order) -> Line<'a> {
        // Go's own order is SemVer too, and alone reads `v1.2.3` and `go1.21`.
        let is_semver = range.kind == RangeKind::Semver && ecosystem != Ecosystem::Go;
        Line { is_semver, steps: steps(range, if is_semver { version::semver() } else { own }) }
    }

    /// Whether the range begins before every version and has no end.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self.steps.as_deref(), Ok([Step { bound: None, affected: true, .. }]))
    }
}

fn steps<'a>(range: &'a Range, order: &dyn Order) -> Result<Vec<Step<'a>>, &'a str> {
    let mut steps: Vec<Step<'a>> = Vec::with_capacity(range.events.len());
    for event in &range.events {
        let (bound, tie, affected) = match event {
            // `*` is the schema's word for "no limit".
            Event::Limit(bound) if bound == "*" => continue,
            Event::Introduced(bound) => (bound, 1, true),
            Event::Fixed(bound) | Event::Limit(bound) => (bound, 0, false),
            Event::LastAffected(bound) => (bound, 2, false),
        };
        let bound = match event {
            Event::Introduced(bound) if bound == "0" => None,
            _ => Some(order.parse(bound).map_err(|_| bound.as_str())?),
        };
        let step = Step { bound, tie, affected };
        insert_sorted(&mut steps, step, Step::cmp);
    }
    Ok(steps)
}

/// Puts an item behind those that are not greater. Not `sort_by`: that may panic where an order is not total, and
/// Maven's is not.
pub(super) fn insert_sorted<T>(items: &mut Vec<T>, item: T, compare: impl Fn(&T, &T) -> Ordering) {
    let place = items.partition_point(|other| compare(other, &item) != Ordering::Greater);
    items.insert(place, item);
}

/// A version that records are asked about.
pub(super) struct Probe<'a> {
    pub(super) text: &'a str,
    order: &'a dyn Order,
    glance: Option<Glance>,
    /// In the ecosystem's order; `None` where it is no version of that.
    pub(super) own: Option<Version<'a>>,
    semver: OnceCell<Option<Version<'a>>>,
}

impl<'a> Probe<'a> {
    /// Reads a version; `own` is the ecosystem's order.
    pub(super) fn read(text: &'a str, own: &'a dyn Order) -> Probe<'a> {
        let glance = Glance::at(text);
        Probe { text, order: own, glance, own: own.parse(text).ok(), semver: OnceCell::new() }
    }

    /// Another version, for the same records.
    pub(super) fn sibling<'b>(&self, text: &'b str) -> Probe<'b>
    where
        'a: 'b,
    {
        Probe::read(text, self.order)
    }

    pub(super) fn in_order(&self, is_semver: bool) -> Option<&Version<'a>> {
        let semver = || self.semver.get_or_init(|| version::semver().parse(self.text).ok());
        if is_semver { semver().as_ref() } else { self.own.as_ref() }
    }

    /// Whether the text is another spelling of this version.
    pub(super) fn is_spelled(&self, text: &str) -> bool {
        let is_own = |own: &Version| self.order.parse(text).is_ok_and(|version| version == *own);
        let differs = self.glance.is_some_and(|glance| glance.differs_from(text));
        !differs && self.own.as_ref().is_some_and(is_own)
    }
}
