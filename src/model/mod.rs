//! Floor 0: the nouns of the program. No I/O, no parsing of files, no dependency but `serde` and `ring`.
//!
//! Everything that two folders of one floor have to share is a type of this module.

mod advisory;
mod cloud;
mod cvss_score;
mod database;
mod digest;
mod ecosystem;
mod exploitation;
mod finding;
mod fingerprint;
mod function;
mod gap;
mod hook;
mod location;
mod package;
mod probe;
mod purl;
mod remedy;
mod scan;
mod secret;
mod severity;
mod sweep;
mod version_list;

pub use advisory::{Advisory, AdvisoryKind, Affected, CvssVector, Event, Range, RangeKind};
pub use cloud::{Cloud, Details, FunctionUrl, Role};
pub use cvss_score::Cvss;
pub use database::{DatabaseInfo, DatabaseOrigin, SourceInfo};
pub use digest::{hex, sha256};
pub use ecosystem::Ecosystem;
pub use exploitation::{Epss, Exploitation, Feed, Kev};
pub use finding::{AllowedBy, Confidence, Finding, FindingKind, Origin};
pub use fingerprint::fingerprint;
pub use function::{EnvFile, FunctionConfig};
pub use gap::{Gap, GapKind, Level};
pub use hook::Hook;
pub use location::{Location, Span, escape_path_bytes};
pub use package::{Evidence, Package, PackageId};
pub use probe::{Answer, Probe, Verification};
pub use purl::{parse_purl, percent_decoded, purl};
pub use remedy::Remedy;
pub use scan::{Artifact, ArtifactRole, Coverage, Grade, Scan, Tally, TargetKind};
pub use secret::{Sealer, SecretMatch, SecretValue};
pub use severity::Severity;
pub use sweep::{Change, FunctionChanges, Sweep, TrendPoint};
pub use version_list::VersionList;
