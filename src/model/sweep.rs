//! What a sweep adds to the results of its functions: what changed since the one before.

use serde::{Deserialize, Serialize};

use super::{FindingKind, Severity};

/// A sweep over many functions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Where the functions came from, for people: `aws 123456789012 eu-west-1`, `files backup/`.
    pub source: String,
    /// Function versions that the source listed.
    pub functions: u64,
    /// Archives, of code and of layers, that were downloaded.
    pub downloaded: u64,
    /// Their bytes.
    pub downloaded_bytes: u64,
    /// Functions of which nothing had to be downloaded.
    pub reused: u64,
    /// Functions of which something could not be had.
    pub failed: u64,
    /// Why stored contents were read again although they had not changed: this program or its rules are others now.
    pub rescanned: Option<String>,
    /// RFC 3339: the start of the sweep that this one is compared with; `None` for the first one.
    pub since: Option<String>,
    /// Functions that came, changed, went. Ids, sorted.
    pub changes: FunctionChanges,
    /// Findings that came, riskiest function first. Those of functions that are new are among them.
    pub new: Vec<Change>,
    /// Findings that went. Those of functions that could not be seen, or are gone, are not among them.
    pub fixed: Vec<Change>,
    /// The sweeps until this one, oldest first, this one included.
    pub trend: Vec<TrendPoint>,
}

/// Ids of functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionChanges {
    /// Not there before.
    pub new: Vec<String>,
    /// Code, layers, variables or configuration are others.
    pub changed: Vec<String>,
    /// No longer there. What lies where the source could not look is not among them.
    pub gone: Vec<String>,
}

/// A finding that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The function's id.
    pub target: String,
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
}

/// What one sweep found, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// RFC 3339: when the sweep began.
    pub at: String,
    /// Function versions.
    pub functions: u64,
    /// Findings that nobody answers for, by severity: critical, high, medium, low, unknown.
    pub findings: [u64; 5],
    /// Gaps that block.
    pub blocking: u64,
    /// The highest risk score of a function, 0 to 100.
    pub highest_risk: u8,
    /// Findings that came, and that went.
    pub new: u64,
    /// See `new`.
    pub fixed: u64,
}
