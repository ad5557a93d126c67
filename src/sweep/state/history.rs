//! What sweeps found, by day: per function its dated verdicts, and a summary of each sweep.
//!
//! A verdict is written only where it differs from the one before, so that a year of quiet nights takes one. Sweeps are
//! numbered: clocks may go back. A verdict of a number that no summary has belongs to a sweep that was cut off.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::Transactional;

use super::{State, StateError, last};
use crate::model::{Change, FindingKind, Severity, TrendPoint};

/// The key of [`State::listed`] begins with it.
const LISTED: &str = "listed ";

/// What a sweep found in one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// What the function was: equal as long as code, layers, variables and configuration are.
    pub print: String,
    /// It is no longer there: the scope that has it no more.
    pub gone: Option<String>,
    /// What blocked the view when it was last seen as a whole: digests of its blocking gaps, sorted.
    pub blocking: Vec<String>,
    /// Sorted by fingerprint. With those that were there before and could not be looked for.
    pub findings: Vec<Known>,
}

/// A finding as history knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Known {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// What it speaks of.
    pub kind: FindingKind,
    /// The advisory's or the rule's id.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line for people.
    pub title: String,
    /// The package's purl.
    pub purl: Option<String>,
    /// Somebody answered for it.
    pub waived: bool,
}

impl Known {
    /// As the report tells it.
    pub fn change(&self, target: &str) -> Change {
        Change {
            target: target.to_owned(),
            fingerprint: self.fingerprint.clone(),
            kind: self.kind,
            id: self.id.clone(),
            severity: self.severity,
            title: self.title.clone(),
            purl: self.purl.clone(),
        }
    }
}

/// A sweep that came to its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// RFC 3339: when it began.
    pub at: String,
    /// Where the functions came from, for people.
    pub source: String,
    /// What was looked at: the source and every filter. Only within one scope is a function gone that is not listed.
    pub scope: String,
    /// Places that could not be listed, and why.
    pub unseen: Vec<(String, String)>,
    /// Ids of functions in these places: the last sweep of this scope that could look there listed them.
    pub hidden: Vec<String>,
    /// RFC 3339: the beginning of the sweep that it was compared with.
    pub compared_with: Option<String>,
    /// In numbers.
    pub point: TrendPoint,
}

impl Summary {
    /// When it began.
    ///
    /// # Errors
    /// [`StateError::Damaged`].
    pub fn began(&self) -> Result<DateTime<Utc>, StateError> {
        let parsed = DateTime::parse_from_rfc3339(&self.at);
        Ok(parsed.map_err(|error| StateError::damaged("sweeps", error))?.to_utc())
    }
}

/// Every function as some sweep left it.
pub type History = BTreeMap<String, Dated>;

impl State {
    /// The sweeps that came to their end, by number.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn sweeps(&self) -> Result<BTreeMap<u64, Summary>, StateError> {
        let read = |entry: Result<(sled::IVec, sled::IVec), sled::Error>| {
            let (key, frame) = entry?;
            let number = number(&key).ok_or_else(|| StateError::damaged("sweeps", "not a number"))?.1;
            Ok((number, self.cells.read_head(&frame, "sweeps")?))
        };
        self.sweeps.iter().map(read).collect()
    }

    /// Every function as it was after sweep `at`; those that were gone by then are marked so.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn history(&self, at: u64) -> Result<History, StateError> {
        let mut frames: BTreeMap<Vec<u8>, sled::IVec> = BTreeMap::new();
        for entry in &self.verdicts {
            let (key, frame) = entry?;
            let (id, number) = number(&key).ok_or_else(|| StateError::damaged("verdicts", "not a number"))?;
            if number <= at {
                frames.insert(id.to_vec(), frame);
            }
        }
        let named = |(id, frame): (Vec<u8>, sled::IVec)| {
            let id = String::from_utf8(id).map_err(|_| StateError::damaged("verdicts", "not a name"))?;
            let dated = self.cells.read_head(&frame, &id)?;
            Ok((id, dated))
        };
        frames.into_iter().map(named).collect()
    }

    /// Ids of the functions that the last sweep of this scope listed; of those that came to their end.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Store`].
    pub fn listed(&self, scope: &str) -> Result<Vec<String>, StateError> {
        let frame = self.meta.get([LISTED, scope].concat())?;
        frame.map_or(Ok(Vec::new()), |frame| self.cells.read_head(&frame, LISTED))
    }

    /// Ends sweep `number`: first what changed, then what it listed with the summary that makes it count.
    ///
    /// # Errors
    /// [`StateError::Store`], [`StateError::Io`].
    pub fn conclude(
        &self,
        number: u64,
        changed: &History,
        listed: &[String],
        summary: &Summary,
    ) -> Result<(), StateError> {
        for key in self.verdicts.iter().keys() {
            let key = key?;
            if self::number(&key).is_some_and(|(_, of)| of >= number) {
                self.verdicts.remove(key)?;
            }
        }
        for (id, dated) in changed {
            self.verdicts.insert([id.as_bytes(), &number.to_be_bytes()].concat(), self.cells.head(dated)?)?;
        }
        self.flush()?;
        let key = [LISTED, &summary.scope].concat();
        let (listed, summary) = (self.cells.head(&listed)?, self.cells.head(summary)?);
        (&self.meta, &self.sweeps).transaction(|(meta, sweeps)| {
            meta.insert(key.as_bytes(), listed.as_slice())?;
            sweeps.insert(&number.to_be_bytes(), summary.as_slice())?;
            Ok(())
        })?;
        self.flush()?;
        last::write(self.lock.dir(), number)
    }
}

/// What stands before the number at a key's end, and the number.
fn number(key: &[u8]) -> Option<(&[u8], u64)> {
    let (id, number) = key.split_last_chunk::<8>()?;
    Some((id, u64::from_be_bytes(*number)))
}
