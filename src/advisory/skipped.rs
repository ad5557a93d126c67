//! What of the records could not be understood: counted and shown, never dropped without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Feed;

/// How many ids are kept as examples of one reason.
const EXAMPLES: usize = 3;
/// A mirror's words are quoted up to here, in characters.
const QUOTED: usize = 60;

/// Why a part of a record was left out. The word of an unknown kind is the record's own, cut when long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// An ecosystem that this program does not match, with its name before the colon.
    Ecosystem(String),
    /// A range type outside the schema.
    RangeType(String),
    /// A severity type outside the schema.
    SeverityType(String),
    /// A reference type outside the schema.
    ReferenceType(String),
    /// An element of `affected` without a readable package.
    Affected,
    /// A range whose events cannot be read.
    Range,
    /// A severity without a readable type and score.
    Severity,
    /// Another field that does not have the schema's shape, with its name.
    Field(String),
    /// The whole record: not JSON, without an id or a date, or under another record's name.
    Record,
    /// A record that the list of changes names and the mirror does not have.
    Missing,
    /// A row of a feed, or a part of it.
    Feed(Feed, FeedFault),
}

/// What is wrong with a row of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedFault {
    /// It has not the feed's shape.
    Shape,
    /// It names no CVE.
    Id,
    /// Its score or percentile is none.
    Score,
    /// A date of it, or the feed's own, cannot be read. The rest of it counts.
    Date,
    /// Another row names the same CVE. One of them counts.
    Twice,
}

impl SkipReason {
    pub(super) fn ecosystem(name: &str) -> SkipReason {
        SkipReason::Ecosystem(quote(name.split(':').next().unwrap_or(name)))
    }

    pub(super) fn range_type(word: &str) -> SkipReason {
        SkipReason::RangeType(quote(word))
    }

    pub(super) fn severity_type(word: &str) -> SkipReason {
        SkipReason::SeverityType(quote(word))
    }

    pub(super) fn reference_type(word: &str) -> SkipReason {
        SkipReason::ReferenceType(quote(word))
    }
}

fn quote(word: &str) -> String {
    word.chars().take(QUOTED).collect()
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Ecosystem(name) => write!(f, "ecosystem '{name}' is not matched"),
            SkipReason::RangeType(word) => write!(f, "unknown range type '{word}'"),
            SkipReason::SeverityType(word) => write!(f, "unknown severity type '{word}'"),
            SkipReason::ReferenceType(word) => write!(f, "unknown reference type '{word}'"),
            SkipReason::Affected => f.write_str("affected element without a readable package"),
            SkipReason::Range => f.write_str("broken range"),
            SkipReason::Severity => f.write_str("broken severity"),
            SkipReason::Field(name) => write!(f, "broken field '{name}'"),
            SkipReason::Record => f.write_str("broken record"),
            SkipReason::Missing => f.write_str("listed, but missing"),
            SkipReason::Feed(feed, fault) => write!(f, "{}: {fault}", feed.name()),
        }
    }
}

impl fmt::Display for FeedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FeedFault::Shape => "row of another shape",
            FeedFault::Id => "not the id of a CVE",
            FeedFault::Score => "score or percentile not between 0 and 1",
            FeedFault::Date => "date that cannot be read",
            FeedFault::Twice => "named twice",
        })
    }
}

/// One reason, how often it occurred, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Why.
    pub reason: SkipReason,
    /// How many elements, over all records.
    pub count: u64,
    /// The first ids in order, at most three.
    pub examples: Vec<String>,
}

/// Counts by reason. The result does not depend on the order in which records come.
#[derive(Clone, Debug, Default)]
pub struct Skips(BTreeMap<SkipReason, (u64, BTreeSet<String>)>);

impl Skips {
    /// Counts one element of the record `id`.
    pub fn add(&mut self, reason: SkipReason, id: &str) {
        let (count, examples) = self.0.entry(reason).or_default();
        *count += 1;
        if !examples.contains(id)
            && (examples.len() < EXAMPLES || examples.last().is_some_and(|last| id < last.as_str()))
        {
            examples.insert(id.to_owned());
            if examples.len() > EXAMPLES {
                examples.pop_last();
            }
        }
    }

    /// The same, where an id may be any text.
    pub(super) fn add_quoted(&mut self, reason: SkipReason, id: &str) {
        self.add(reason, &quote(id));
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorted by reason.
    pub fn list(&self) -> Vec<Skipped> {
        let entry = |(reason, (count, examples)): (&SkipReason, &(u64, BTreeSet<String>))| Skipped {
            reason: reason.clone(),
            count: *count,
            examples: examples.iter().cloned().collect(),
        };
        self.0.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_the_first_ids_whatever_the_order() {
        let ids = ["D-4", "A-1", "E-5", "B-2", "C-3", "A-1"];
        let mut forward = Skips::default();
        let mut backward = Skips::default();
        for id in ids {
            forward.add(SkipReason::Range, id);
        }
        for id in ids.iter().rev() {
            backward.add(SkipReason::Range, id);
        }
        assert_eq!(forward.list(), backward.list());
        assert_eq!(forward.list()[0].count, 6);
        assert_eq!(forward.list()[0].examples, ["A-1", "B-2", "C-3"]);
    }
}
