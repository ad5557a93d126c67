//! Floor 3: the only filter. [`judge()`] turns sealed scans into a [`Verdict`]; nothing else decides what counts.
//!
//! Nothing is dropped here either: what does not count stays in the verdict, with the reason beside it.

mod allow;
mod baseline;
mod basis;
mod condition;
mod config;
mod diff;
mod fail_on;
pub mod foreign;
mod ids;
mod judge;
mod max_age;
mod quote;
mod raw_waiver;
mod requires;
mod risk;
mod thresholds;
mod upgrade;
mod versions;
mod waiver;

use chrono::NaiveDate;

use crate::model::{
    AllowedBy, DatabaseInfo, Finding, Gap, Grade, PackageId, Scan, Sealer, SecretMatch, Severity, Sweep,
};

pub use allow::AllowedSecret;
pub use baseline::{Baseline, BaselineError};
pub use basis::Basis;
pub use condition::{Condition, PackageTest};
pub use config::{AcceptedGap, Complaint, ConfigError, Policy};
pub use diff::{Diff, PackageDiff, TargetDiff, diff};
pub use fail_on::{SettingError, fail_on_text, parse_fail_on, parse_require_coverage, threshold};
pub use ids::did_you_mean;
pub use judge::judge;
pub use risk::{Lowers, Risk, RiskWeights, TERMS, Term, TermRule, WeightError};
pub use thresholds::{Check, NAMES as THRESHOLDS, Thresholds};
pub use upgrade::{LONGEST_PATH, StaysOpen, Upgrade};
pub use versions::Versions;
pub use waiver::Waiver;

/// What a run must not exceed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Severities that violate the policy. Empty for `never`.
    pub fail_on: Vec<Severity>,
    /// The grade that every target must reach. [`Grade::Blind`] demands nothing, since every target reaches it; a
    /// blocking gap counts all the same.
    pub require_coverage: Grade,
    /// The policy file that was read, for the report.
    pub file: Option<String>,
    /// Package name globs that count as first-party (`@acme/*`).
    pub own: Vec<String>,
    /// Blocking gaps that somebody answers for.
    pub accept_gaps: Vec<AcceptedGap>,
    /// Secrets that somebody answers for; the audit asks, since only it has the values.
    pub allow_secrets: Vec<AllowedSecret>,
    /// What the terms of the risk score weigh.
    pub risk: RiskWeights,
    /// Thresholds beside `fail_on`.
    pub thresholds: Thresholds,
    /// Findings that somebody answers for: of the policy, then of other tools' files.
    pub waivers: Vec<Waiver>,
    /// What was there before; `None` without a baseline.
    pub baseline: Option<Baseline>,
    /// What was there before violates as well.
    pub fail_on_existing: bool,
    /// The day (UTC) by which exceptions expire.
    pub today: NaiveDate,
}

impl Default for Settings {
    /// The defaults of the command line, on a day on which nothing has expired.
    fn default() -> Settings {
        Settings {
            fail_on: vec![Severity::Critical, Severity::High],
            require_coverage: Grade::Partial,
            file: None,
            own: Vec::new(),
            accept_gaps: Vec::new(),
            allow_secrets: Vec::new(),
            risk: RiskWeights::default(),
            thresholds: Thresholds::default(),
            waivers: Vec::new(),
            baseline: None,
            fail_on_existing: false,
            today: NaiveDate::MIN,
        }
    }
}

impl Settings {
    /// Who answers for a secret, if somebody does. `sealer` made what stands for its value, where that is not the value
    /// itself.
    pub fn allows(&self, found: &SecretMatch, sealer: Option<&Sealer>) -> Option<AllowedBy> {
        self.allow_secrets.iter().find_map(|allowed| allowed.covers(found, sealer, self.today))
    }

    /// What [`Settings::allows`] goes by, in words: equal as long as it says the same.
    pub fn allowances(&self) -> Vec<String> {
        let live = self.allow_secrets.iter().filter(|allowed| !allowed.basis.is_expired(self.today));
        live.map(AllowedSecret::in_full).collect()
    }
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

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Whether a finding was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not in the baseline, or there is none.
    New,
    /// In the baseline.
    Existing,
}

impl State {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Existing => "existing",
        }
    }
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

/// A gap with what policy says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedGap {
    /// The gap.
    pub gap: Gap,
    /// Why it does not block, if somebody said so. Only for blocking gaps.
    pub accepted: Option<Waived>,
}

impl JudgedGap {
    /// Whether it keeps the verdict from being complete.
    pub fn blocks(&self) -> bool {
        self.gap.level == crate::model::Level::Blocking && self.accepted.is_none()
    }
}

/// A reason not to count something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Who said so: `inline` for an allow-comment in first-party code, else the file with its line.
    pub by: String,
    /// In their words.
    pub reason: String,
    /// Who answers for it, where that is said.
    pub owner: Option<String>,
    /// The day (UTC) from which on it counts again.
    pub expires: Option<NaiveDate>,
}

/// A waiver that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverNote {
    /// The file that holds it, as the user named it.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// What it waives, and what is wrong with it.
    pub text: String,
}

/// A target with its judged findings, worst first.
#[derive(Clone, Debug)]
pub struct Target {
    /// The sealed scan; its findings and its coverage's gaps are moved into the two lists below.
    pub scan: Scan,
    /// Worst first: violating, then by severity, known exploited ones first, kind, id, place.
    pub findings: Vec<Judged>,
    /// In the scan's order: blocking first, then by place.
    pub gaps: Vec<JudgedGap>,
    /// For every package of the scan, in the same order, the ids of what it requires within the target.
    pub requires: Vec<Vec<PackageId>>,
    /// What to upgrade to close what violates, the most closed first.
    pub upgrades: Vec<Upgrade>,
    /// Coverage is below what is required, or a gap blocks.
    pub incomplete: bool,
    /// How urgently somebody should look, compared with other targets.
    pub risk: Risk,
}

/// When and how the run went. Left out by `--reproducible`.
#[derive(Clone, Debug)]
pub struct Run {
    /// RFC 3339.
    pub started_at: String,
    /// Wall time.
    pub seconds: f64,
    /// Days since the least recently synced ecosystem that a target has packages of was synced.
    pub advisories_age_days: Option<u64>,
    /// Older than `max-db-age` allows or warns of, or the seed.
    pub stale: bool,
}

/// The judged result of a run: what every report format is given.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The database behind it.
    pub database: DatabaseInfo,
    /// The riskiest first, those of equal risk in the order of the command line.
    pub targets: Vec<Target>,
    /// The settings that judged.
    pub settings: Settings,
    /// The exit code.
    pub exit: Exit,
    /// Why, one sentence per reason, most important first, never empty. With exit 1 what is missing begins with "also
    /// incomplete". Names of targets in it are as hostile as their sources.
    pub reasons: Vec<String>,
    /// Waivers, acceptances and allowances that covered nothing: they can go, or do not say what they mean.
    pub waivers_unused: Vec<WaiverNote>,
    /// Those that expired, and cover nothing for that.
    pub waivers_expired: Vec<WaiverNote>,
    /// When and how.
    pub run: Option<Run>,
    /// What changed since the last sweep; only of a sweep.
    pub sweep: Option<Sweep>,
}
