//! JSON, `schema_version` 1: the public contract.
//!
//! Types of their own, so that renaming a field inside the program cannot rename one outside. Within version 1 a key is
//! never renamed or removed, every key is always present (null where unknown), and consumers ignore keys and enum
//! values that they do not know. The exceptions are `run`, which `--reproducible` leaves out, and `sweep`, which only a
//! sweep has.

mod build;
mod diff;
mod lines;
mod read;
mod sweep;

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::policy::{Target, Verdict};

use super::{Reporter, Style, json_text};

pub use lines::Ndjson;

pub use diff::write_diff;
pub use read::{ReadError, read};

use sweep::{CloudV1, SweepV1};

/// The reporter.
pub struct JsonV1;

impl Reporter for JsonV1 {
    fn id(&self) -> &'static str {
        "json"
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        json_text::write_pretty(out, &Report::of(verdict))
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    tool: Tool,
    advisories: AdvisoriesV1<'a>,
    targets: Targets<'a>,
    policy: PolicyV1<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<SweepV1<'a>>,
    summary: SummaryV1<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunV1<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    fn this() -> Tool {
        Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

#[derive(Serialize)]
struct AdvisoriesV1<'a> {
    origin: &'static str,
    note: String,
    snapshot: &'a str,
    built_at: &'a str,
    records: u64,
    ecosystems: Vec<SourceV1<'a>>,
    /// Of facts about CVEs: EPSS and KEV, where the database holds them.
    sources: Vec<SourceV1<'a>>,
}

#[derive(Serialize)]
struct SourceV1<'a> {
    name: &'a str,
    records: u64,
    newest: Option<&'a str>,
    synced: Option<&'a str>,
}

/// Each is made when it is written: those of a large fleet together would take as much memory as the verdict itself.
struct Targets<'a>(&'a [Target]);

impl Serialize for Targets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(build::target))
    }
}

#[derive(Serialize)]
struct TargetV1<'a> {
    id: &'a str,
    name: &'a str,
    kind: &'static str,
    cloud: Option<CloudV1<'a>>,
    runtime: Option<&'a str>,
    handler: Option<&'a str>,
    artifacts: Vec<ArtifactV1<'a>>,
    coverage: CoverageV1<'a>,
    packages: Vec<PackageV1<'a>>,
    findings: Vec<FindingV1<'a>>,
    hooks: Vec<HookV1<'a>>,
    upgrades: Vec<UpgradeV1<'a>>,
    risk: RiskV1<'a>,
}

#[derive(Serialize)]
struct ArtifactV1<'a> {
    role: &'static str,
    path: &'a str,
    sha256: Option<&'a str>,
    bytes: u64,
    entries: u64,
}

#[derive(Serialize)]
struct CoverageV1<'a> {
    grade: &'static str,
    entries_seen: u64,
    entries_read: u64,
    bytes_read: u64,
    gaps: Vec<GapV1<'a>>,
}

#[derive(Serialize)]
struct GapV1<'a> {
    location: LocationV1<'a>,
    kind: &'static str,
    level: &'static str,
    by: &'a str,
    detail: &'a str,
    accepted: Option<WaivedV1<'a>>,
}

#[derive(Serialize)]
struct PackageV1<'a> {
    id: String,
    purl: Option<String>,
    ecosystem: &'static str,
    name: &'a str,
    version: Option<&'a str>,
    evidence: &'static str,
    locations: Vec<LocationV1<'a>>,
    direct: Option<bool>,
    dev: Option<bool>,
    requires: Vec<&'a str>,
    embedded_in: Vec<&'a str>,
    shadowed: bool,
    /// Named by a file beside an installed tree that does not have it.
    beside_installed: bool,
    /// Compiled into a package of another ecosystem.
    compiled_in: bool,
}

#[derive(Serialize)]
struct VerificationV1<'a> {
    answer: &'static str,
    asked: &'a str,
    detail: &'a str,
}

#[derive(Serialize)]
struct FindingV1<'a> {
    kind: &'static str,
    id: &'a str,
    aliases: &'a [String],
    severity: &'static str,
    state: &'static str,
    title: &'a str,
    package: Option<&'a str>,
    purl: Option<&'a str>,
    fixed: &'a [String],
    locations: Vec<LocationV1<'a>>,
    rule: Option<&'a str>,
    confidence: &'static str,
    redacted: Option<&'a str>,
    fingerprint: &'a str,
    origin: &'static str,
    cvss: Option<CvssV1<'a>>,
    /// The highest score of its CVEs, 0 to 1.
    epss: Option<f64>,
    /// The share of all CVEs with the same or a lower score.
    epss_percentile: Option<f64>,
    /// One of its CVEs is in CISA's catalog of known exploited vulnerabilities.
    kev: bool,
    /// What the catalog says of it.
    kev_entry: Option<KevV1<'a>>,
    /// Nothing looks for it yet.
    imported: &'static str,
    /// Whether the vendor says that the secret works; null where it was not asked or its answer says neither.
    verified: Option<bool>,
    /// Whom `--verify` asked, and what came back.
    verification: Option<VerificationV1<'a>>,
    remediation: &'a str,
    waived: Option<WaivedV1<'a>>,
    gates: bool,
    violates: bool,
}

#[derive(Serialize)]
struct CvssV1<'a> {
    vector: &'a str,
    score: f64,
}

#[derive(Serialize)]
struct KevV1<'a> {
    added: Option<&'a str>,
    due: Option<&'a str>,
    ransomware: bool,
}

#[derive(Serialize)]
struct WaivedV1<'a> {
    by: &'a str,
    reason: &'a str,
    owner: Option<&'a str>,
    /// The day from which on it counts again.
    expires: Option<String>,
}

/// A waiver that covered nothing, or that expired.
#[derive(Serialize)]
struct WaiverNoteV1<'a> {
    file: &'a str,
    line: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct LocationV1<'a> {
    artifact: usize,
    path: &'a [String],
    display: String,
    line: Option<u64>,
    column: Option<u64>,
    offset: Option<u64>,
    length: Option<u64>,
}

/// Code that runs before the handler.
#[derive(Serialize)]
struct HookV1<'a> {
    location: LocationV1<'a>,
    what: &'a str,
    expected: bool,
}

#[derive(Serialize)]
struct UpgradeV1<'a> {
    package: &'a str,
    direct: Option<&'a str>,
    path: Vec<&'a str>,
    from: &'a str,
    to: &'a str,
    /// Fingerprints of findings.
    closes: &'a [String],
    admitted: Option<bool>,
}

#[derive(Serialize)]
struct RiskV1<'a> {
    score: u8,
    terms: Vec<TermV1<'a>>,
    lowers: Option<LowersV1<'a>>,
}

/// What takes most of it away.
#[derive(Serialize)]
struct LowersV1<'a> {
    what: &'a str,
    points: u32,
    score: u8,
}

#[derive(Serialize)]
struct TermV1<'a> {
    name: &'a str,
    points: u8,
    because: &'a str,
}

#[derive(Serialize)]
struct PolicyV1<'a> {
    file: Option<&'a str>,
    /// Severities that violate, worst first.
    fail_on: Vec<&'static str>,
    /// `blind` demands nothing.
    require_coverage: &'static str,
    waivers_unused: Vec<WaiverNoteV1<'a>>,
    waivers_expired: Vec<WaiverNoteV1<'a>>,
}

#[derive(Serialize)]
struct SummaryV1<'a> {
    findings: SeverityCounts,
    gaps: GapCounts,
    exit: u8,
    reasons: &'a [String],
}

#[derive(Serialize)]
struct SeverityCounts {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct GapCounts {
    blocking: usize,
    note: usize,
    accepted: usize,
}

#[derive(Serialize)]
struct RunV1<'a> {
    started_at: &'a str,
    seconds: f64,
    advisories_age_days: Option<u64>,
    stale: bool,
}
