//! What is kept of archives and functions, and by what it was read.

use serde::{Deserialize, Serialize};

use crate::model::{Details, FunctionConfig, Gap};

/// What read something: a change of any part may find more, so that it has to be read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The program's version.
    pub program: String,
    /// Digest of the secret rules.
    pub rules: String,
    /// Digest of the limits.
    pub limits: String,
}

impl Stamp {
    /// Why something that `self` read has to be read again by `now`; empty for equal stamps.
    pub fn outdated(&self, now: &Stamp) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.program != now.program {
            reasons.push(format!("tidewaiter is {} now, it was {}", now.program, self.program));
        }
        if self.rules != now.rules {
            reasons.push("the secret rules are others".to_owned());
        }
        if self.limits != now.limits {
            reasons.push("the limits are others".to_owned());
        }
        reasons
    }
}

/// Something that is stored, or why it is of no use.
pub enum Kept<T> {
    /// Not there.
    Missing,
    /// Read by another program, or with other rules.
    Outdated(Stamp),
    /// As this program would read it.
    Fresh(T),
}

/// What is known of a function beside its sealed scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionHead {
    /// What the scan was made of: see [`crate::sweep::print()`]. Empty where something was missing.
    pub print: String,
    /// What made it.
    pub stamp: Stamp,
    /// Digest of what the policy called first-party and which secrets it allowed then.
    pub policy: String,
    /// RFC 3339: the start of the sweep that made the scan.
    pub scanned: String,
    /// As the source listed it last, with its details.
    pub config: FunctionConfig,
    /// What the last listing could not have for it.
    pub gaps: Vec<Gap>,
    /// What could not be had when its details were asked for.
    pub detail_gaps: Vec<Gap>,
    /// What of it could not be had at the last attempt; blocking.
    pub trouble: Vec<Gap>,
    /// Its archives, as keys of their contents.
    pub archives: Vec<String>,
}

impl FunctionHead {
    /// What took a call of its own.
    pub fn details(&self) -> Option<&Details> {
        self.config.cloud.as_ref()?.details.as_ref()
    }
}
