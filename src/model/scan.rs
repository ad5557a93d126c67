//! The sealed result of reading one target, before advisories and policy.

use serde::{Deserialize, Serialize};

use super::{Finding, FunctionConfig, Gap, GapKind, Hook, Level, Package, Remedy};

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// Code with layers, an environment or a configuration.
    Function,
    /// One archive or file.
    Artifact,
    /// A folder.
    Folder,
    /// A software bill of materials.
    Sbom,
    /// Where functions are deployed that could not be listed: an account, a region, versions of a function.
    Place,
}

impl TargetKind {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            TargetKind::Function => "function",
            TargetKind::Artifact => "artifact",
            TargetKind::Folder => "folder",
            TargetKind::Sbom => "sbom",
            TargetKind::Place => "place",
        }
    }
}

/// What an artifact is to its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactRole {
    /// Laid out at `/var/task`.
    Code,
    /// Laid over the earlier layers at `/opt`.
    Layer,
    /// Environment variables.
    Environment,
    /// A software bill of materials.
    Sbom,
}

impl ArtifactRole {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            ArtifactRole::Code => "code",
            ArtifactRole::Layer => "layer",
            ArtifactRole::Environment => "environment",
            ArtifactRole::Sbom => "sbom",
        }
    }
}

/// One file or folder that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// What it is to the function.
    pub role: ArtifactRole,
    /// As the user named it; `-` for standard input.
    pub path: String,
    /// Of the whole file, in hexadecimal; `None` for a folder.
    pub sha256: Option<String>,
    /// Size of the file, or the sum over a folder's files.
    pub bytes: u64,
    /// Entries at the first level: files in the archive or folder, variables in an environment.
    pub entries: u64,
}

/// Entries counted on the way. The law of conservation is `seen = read + gapped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Entries that exist, over all nestings; folders and links do not count.
    pub seen: u64,
    /// Entries whose bytes were all read.
    pub read: u64,
    /// Entries that ended as a gap instead.
    pub gapped: u64,
    /// Bytes that came out of decoders.
    pub bytes: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.seen += other.seen;
        self.read += other.read;
        self.gapped += other.gapped;
        self.bytes += other.bytes;
    }
}

/// How much of a target the verdict covers. The order is that of growing coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// No bytes at all, or nothing could be attributed.
    Blind,
    /// Everything between.
    Partial,
    /// No blocking gap, and everything third-party is attributed.
    Complete,
}

impl Grade {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Blind => "blind",
            Grade::Partial => "partial",
            Grade::Complete => "complete",
        }
    }
}

/// What was seen of a target, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The verdict on it.
    pub grade: Grade,
    /// Entries and bytes.
    pub tally: Tally,
    /// Whether anything has a name: a package, or text of the function's own. False means that what was read could be
    /// anybody's; what of it has no name in either case is a gap ([`GapKind::Opaque`], [`GapKind::Unversioned`]).
    pub attributed: bool,
    /// Blocking first, then by kind and place.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// Sorts the gaps and grades what is covered.
    pub fn new(tally: Tally, attributed: bool, gaps: Vec<Gap>) -> Coverage {
        let mut coverage = Coverage { grade: Grade::Blind, tally, attributed, gaps: Vec::new() };
        coverage.add(gaps);
        coverage
    }

    /// Adds gaps that were found later and grades again.
    pub fn add(&mut self, gaps: Vec<Gap>) {
        self.gaps.extend(gaps);
        self.gaps.sort();
        self.gaps.dedup();
        let unknown_parts = self.gaps.iter().any(|gap| matches!(gap.kind, GapKind::Opaque | GapKind::Unversioned));
        self.grade = if self.tally.read == 0 || self.tally.bytes == 0 || (!self.attributed && unknown_parts) {
            Grade::Blind
        } else if unknown_parts || self.count(Level::Blocking) > 0 {
            Grade::Partial
        } else {
            Grade::Complete
        };
    }

    /// The number of gaps of one level.
    pub fn count(&self, level: Level) -> usize {
        self.gaps.iter().filter(|gap| gap.level == level).count()
    }
}

/// Everything that reading one target gave: sorted and de-duplicated, the same for every thread count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Stable identity over runs: the ARN, or the name.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// The function's configuration.
    pub config: FunctionConfig,
    /// What was handed over; locations index into it.
    pub artifacts: Vec<Artifact>,
    /// What was seen.
    pub coverage: Coverage,
    /// Sorted by id.
    pub packages: Vec<Package>,
    /// Secrets and what is wrong with files when it comes from the audit; matching adds vulnerabilities.
    pub findings: Vec<Finding>,
    /// What would close findings; matching tells. Grouped by package, the least version of each
    /// first, those of another variant last.
    pub remedies: Vec<Remedy>,
    /// What runs before the handler, sorted.
    pub hooks: Vec<Hook>,
}
