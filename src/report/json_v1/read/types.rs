//! The contract's types once more, owned. Keys that later versions of the program added may be missing.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::model::{
    Answer, ArtifactRole, Confidence, DatabaseOrigin, Ecosystem, Evidence, FindingKind, GapKind, Grade, Level, Origin,
    PackageId, Severity, TargetKind,
};

use super::sweep::{CloudRead, SweepRead};

#[derive(Deserialize)]
pub(super) struct Report {
    pub advisories: Advisories,
    pub targets: Vec<TargetRead>,
    pub policy: Policy,
    #[serde(default)]
    pub sweep: Option<SweepRead>,
    pub summary: Summary,
    pub run: Option<RunRead>,
}

#[derive(Deserialize)]
pub(super) struct Advisories {
    pub origin: DatabaseOrigin,
    pub snapshot: String,
    pub built_at: String,
    pub records: u64,
    pub ecosystems: Vec<Source>,
    pub sources: Vec<Source>,
}

#[derive(Deserialize)]
pub(super) struct Source {
    pub name: String,
    pub records: u64,
    pub newest: Option<String>,
    pub synced: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TargetRead {
    pub id: String,
    pub name: String,
    pub kind: TargetKind,
    pub cloud: Option<CloudRead>,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub artifacts: Vec<ArtifactRead>,
    pub coverage: CoverageRead,
    pub packages: Vec<PackageRead>,
    pub findings: Vec<FindingRead>,
    pub hooks: Vec<HookRead>,
    #[serde(default)]
    pub upgrades: Vec<UpgradeRead>,
    pub risk: RiskRead,
}

#[derive(Deserialize)]
pub(super) struct ArtifactRead {
    pub role: ArtifactRole,
    pub path: String,
    pub sha256: Option<String>,
    pub bytes: u64,
    pub entries: u64,
}

#[derive(Deserialize)]
pub(super) struct CoverageRead {
    pub grade: Grade,
    pub entries_seen: u64,
    pub entries_read: u64,
    pub bytes_read: u64,
    pub gaps: Vec<GapRead>,
}

#[derive(Deserialize)]
pub(super) struct GapRead {
    pub location: LocationRead,
    pub kind: GapKind,
    pub level: Level,
    pub by: String,
    pub detail: String,
    pub accepted: Option<WaivedRead>,
}

#[derive(Deserialize)]
pub(super) struct PackageRead {
    pub ecosystem: Ecosystem,
    pub name: String,
    pub version: Option<String>,
    pub evidence: Evidence,
    pub locations: Vec<LocationRead>,
    pub direct: Option<bool>,
    pub dev: Option<bool>,
    pub requires: Vec<PackageId>,
    #[serde(default)]
    pub embedded_in: Vec<PackageId>,
    pub shadowed: bool,
    #[serde(default)]
    pub beside_installed: bool,
    #[serde(default)]
    pub compiled_in: bool,
}

#[derive(Deserialize)]
pub(super) struct FindingRead {
    pub kind: FindingKind,
    pub id: String,
    pub aliases: Vec<String>,
    pub severity: Severity,
    pub state: StateRead,
    pub title: String,
    pub package: Option<PackageId>,
    pub purl: Option<String>,
    pub fixed: Vec<String>,
    pub locations: Vec<LocationRead>,
    pub rule: Option<String>,
    pub confidence: Confidence,
    pub redacted: Option<String>,
    pub fingerprint: String,
    pub origin: Origin,
    pub cvss: Option<CvssRead>,
    pub epss: Option<f64>,
    #[serde(default)]
    pub epss_percentile: Option<f64>,
    pub kev: bool,
    #[serde(default)]
    pub kev_entry: Option<KevRead>,
    #[serde(default)]
    pub verification: Option<VerificationRead>,
    pub remediation: String,
    pub waived: Option<WaivedRead>,
    pub gates: bool,
    pub violates: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StateRead {
    New,
    Existing,
}

#[derive(Deserialize)]
pub(super) struct CvssRead {
    pub vector: String,
    pub score: f64,
}

#[derive(Default, Deserialize)]
pub(super) struct KevRead {
    pub added: Option<String>,
    pub due: Option<String>,
    pub ransomware: bool,
}

#[derive(Deserialize)]
pub(super) struct VerificationRead {
    pub answer: Answer,
    pub asked: String,
    pub detail: String,
}

#[derive(Deserialize)]
pub(super) struct WaivedRead {
    pub by: String,
    pub reason: String,
    pub owner: Option<String>,
    pub expires: Option<NaiveDate>,
}

#[derive(Deserialize)]
pub(super) struct WaiverNoteRead {
    pub file: String,
    pub line: usize,
    pub text: String,
}

#[derive(Deserialize)]
pub(super) struct LocationRead {
    pub artifact: usize,
    pub path: Vec<String>,
    pub line: Option<u64>,
    pub column: Option<u64>,
    pub offset: Option<u64>,
    pub length: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct HookRead {
    pub location: LocationRead,
    pub what: String,
    pub expected: bool,
}

#[derive(Deserialize)]
pub(super) struct UpgradeRead {
    pub package: PackageId,
    pub direct: Option<PackageId>,
    pub path: Vec<PackageId>,
    pub from: String,
    pub to: String,
    pub closes: Vec<String>,
    pub admitted: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct RiskRead {
    pub score: u8,
    pub terms: Vec<TermRead>,
    #[serde(default)]
    pub lowers: Option<LowersRead>,
}

#[derive(Deserialize)]
pub(super) struct TermRead {
    pub name: String,
    pub points: u8,
    pub because: String,
}

#[derive(Deserialize)]
pub(super) struct LowersRead {
    pub what: String,
    pub points: u32,
    pub score: u8,
}

#[derive(Deserialize)]
pub(super) struct Policy {
    pub file: Option<String>,
    #[serde(default)]
    pub fail_on: Option<Vec<Severity>>,
    #[serde(default)]
    pub require_coverage: Option<Grade>,
    #[serde(default)]
    pub waivers_unused: Vec<WaiverNoteRead>,
    #[serde(default)]
    pub waivers_expired: Vec<WaiverNoteRead>,
}

#[derive(Deserialize)]
pub(super) struct Summary {
    pub exit: u8,
    pub reasons: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct RunRead {
    pub started_at: String,
    pub seconds: f64,
    pub advisories_age_days: Option<u64>,
    pub stale: bool,
}
