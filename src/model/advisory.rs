//! An advisory as matching needs it: an OSV record without its prose
//! (<https://ossf.github.io/osv-schema/>).

use serde::{Deserialize, Serialize};

use super::{Ecosystem, Severity, VersionList};

/// What an advisory speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdvisoryKind {
    /// A flaw.
    Vulnerability,
    /// The package itself is malware (the id or an alias begins with `MAL-`).
    Malicious,
    /// Not a flaw: RustSec's `unmaintained`, `unsound` and `notice`, with that word.
    Informational(String),
}

/// One OSV record, reduced to what is matched and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// The record's id.
    pub id: String,
    /// Other ids of the same thing. Not `related`, not `upstream`.
    pub aliases: Vec<String>,
    /// What it speaks of.
    pub kind: AdvisoryKind,
    /// One line: the record's summary, or the first line of its details.
    pub summary: String,
    /// RFC 3339, as the record writes it.
    pub published: Option<String>,
    /// RFC 3339, as the record writes it.
    pub modified: String,
    /// RFC 3339; such a record never matches.
    pub withdrawn: Option<String>,
    /// CVSS vectors of the record as a whole.
    pub cvss: Vec<CvssVector>,
    /// The record's own word (`database_specific.severity`).
    pub word: Option<Severity>,
    /// What is affected, one element per package. In a block of the snapshot only the elements of its package.
    pub affected: Vec<Affected>,
}

/// A CVSS vector as the record writes it; unread until a finding needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CvssVector {
    /// OSV's type: `CVSS_V2`, `CVSS_V3` or `CVSS_V4`.
    pub kind: String,
    /// The vector.
    pub vector: String,
}

/// One element of `affected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The package's ecosystem.
    pub ecosystem: Ecosystem,
    /// The package's name, as the record writes it.
    pub name: String,
    /// Versions listed one by one.
    pub versions: VersionList,
    /// Ranges of kinds that can be compared; `GIT` ranges are left out.
    pub ranges: Vec<Range>,
    /// Real bounds of Go modules with untagged majors (`ecosystem_specific.custom_ranges`); empty for all others.
    pub custom_ranges: Vec<Range>,
    /// CVSS vectors of this element alone; they win over the record's.
    pub cvss: Vec<CvssVector>,
    /// The element's own word (`ecosystem_specific.severity` or its `database_specific.severity`).
    pub word: Option<Severity>,
}

/// How a range's versions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RangeKind {
    /// SemVer 2.0.
    Semver,
    /// The ecosystem's own order.
    Ecosystem,
}

/// A set of versions given by events on its order's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The order.
    pub kind: RangeKind,
    /// In the record's order; sorted by version when evaluated.
    pub events: Vec<Event>,
}

/// One event of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Affected from here on; `0` is before every version.
    Introduced(String),
    /// Not affected from here on.
    Fixed(String),
    /// The last version that is affected; no fix is known.
    LastAffected(String),
    /// Nothing is said from here on; ends an interval like [`Event::Fixed`], but is no fix.
    Limit(String),
}
