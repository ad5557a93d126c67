//! Floor 3: the only filter. [`judge`] turns sealed scans into a [`Verdict`]; nothing else decides what counts.

use crate::model::{DatabaseInfo, Finding, Grade, Scan, Severity};

/// What a run must not exceed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Severities that violate the policy. Empty for `never`.
    pub fail_on: Vec<Severity>,
    /// The grade that every target must reach; `None` lifts the demand (but no blocking gap).
    pub require_coverage: Option<Grade>,
    /// The policy file that was read, for the report.
    pub file: Option<String>,
    /// Package name globs that count as first-party (`@acme/*`).
    pub own: Vec<String>,
}

/// Exit codes: a contract (the README's table).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing at or above the threshold, coverage as required.
    Clean = 0,
    /// The policy is violated.
    Violated = 1,
    /// The program could not run.
    Failed = 2,
    /// Not violated, but a blocking gap, or coverage below what is required.
    Incomplete = 3,
}

/// Whether a finding was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not in the baseline, or there is none.
    New,
    /// In the baseline.
    Existing,
}

/// A finding with what policy says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Whether it was there before.
    pub state: State,
    /// Why it does not count, if somebody said so.
    pub waived: Option<Waived>,
    /// It violates the policy.
    pub violates: bool,
}

/// A reason not to count a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Who said so: `inline` for an allow-comment in first-party code, else the file with its line.
    pub by: String,
    /// In their words.
    pub reason: String,
}

/// A target with its judged findings, worst first.
#[derive(Clone, Debug)]
pub struct Target {
    /// The sealed scan; its `findings` are moved into `findings` below.
    pub scan: Scan,
    /// Worst first: violating, then by severity, kind, id, place.
    pub findings: Vec<Judged>,
    /// Coverage is below what is required, or a gap blocks.
    pub incomplete: bool,
}

/// When and how the run went. Left out by `--reproducible`.
#[derive(Clone, Debug)]
pub struct Run {
    /// RFC 3339.
    pub started_at: String,
    /// Wall time.
    pub seconds: f64,
    /// Age of the database in days.
    pub advisories_age_days: Option<u64>,
    /// Older than `--max-db-age`, or the seed.
    pub stale: bool,
}

/// The judged result of a run: what every report format is given.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The database behind it.
    pub database: DatabaseInfo,
    /// In the order of the command line.
    pub targets: Vec<Target>,
    /// The settings that judged.
    pub settings: Settings,
    /// The exit code.
    pub exit: Exit,
    /// Why, one sentence per reason, most important first. With exit 1 a blocking gap adds "also incomplete".
    pub reasons: Vec<String>,
    /// When and how.
    pub run: Option<Run>,
}
