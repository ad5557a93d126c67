//! Arguments that several commands share: what is written, what judges, and by which advisories.

use std::path::PathBuf;

use clap::ArgAction;

use super::When;
use super::format::{FORMAT, FORMAT_AND_FILE};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OutputArgs {
    /// What is written to standard output
    #[arg(long, short, value_name = "FORMAT", value_parser = FORMAT, default_value = "table", help_heading = "Output")]
    pub format: String,
    /// Also write a report to a file, as FORMAT=FILE (repeatable)
    #[arg(long = "output", short = 'o', value_name = "FORMAT=FILE", value_parser = FORMAT_AND_FILE, hide_possible_values = true, help_heading = "Output")]
    pub outputs: Vec<String>,
    /// Leave out what differs between two runs over the same input (ages and days left count from SOURCE_DATE_EPOCH)
    #[arg(long, help_heading = "Output")]
    pub reproducible: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
    /// Say nothing on standard error but errors
    #[arg(long, short, action = ArgAction::SetTrue, help_heading = "Output")]
    pub quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PolicyArgs {
    /// Severities that violate the policy: low, medium, high, critical (and all above), unknown, never; joined by commas [default: high]
    #[arg(long, value_name = "SEVERITY", help_heading = "Policy")]
    pub fail_on: Option<String>,
    /// Coverage that every target must reach: none, partial or complete [default: partial]
    #[arg(long, value_name = "GRADE", help_heading = "Policy")]
    pub require_coverage: Option<String>,
    /// Policy file [default: ./tidewaiter.toml, if it is there]
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub policy: Option<PathBuf>,
    /// One threshold beside --fail-on, such as epss=0.5, kev=true or runtime=never (repeatable)
    #[arg(long = "threshold", value_name = "NAME=VALUE", help_heading = "Policy")]
    pub thresholds: Vec<String>,
    /// Ignore file of Trivy, OSV-Scanner, Grype or Gitleaks, or VEX document (repeatable); 'none' reads none [default:
    /// those that lie in this folder]
    #[arg(long = "ignore-file", visible_alias = "vex", value_name = "FILE", help_heading = "Policy")]
    pub ignore_files: Vec<PathBuf>,
    /// Fail only on what this baseline does not name
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub baseline: Option<PathBuf>,
    /// Fail on what the baseline names, too
    #[arg(long, help_heading = "Policy")]
    pub fail_on_existing: bool,
    /// Write a baseline of what is found
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub write_baseline: Option<PathBuf>,
    /// Show every setting and where it comes from, and stop
    #[arg(long, help_heading = "Policy")]
    pub print_config: bool,

    /// More secret rules: a rule file of your own, or a Gitleaks configuration (repeatable; see 'tidewaiter rules check')
    #[arg(long = "rules", value_name = "FILE", help_heading = "Secrets")]
    pub rules: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AdvisoryArgs {
    #[command(flatten)]
    pub cache: CacheArgs,
    /// Use this bundle of 'tidewaiter db export' instead of the cache
    #[arg(long, value_name = "FILE", help_heading = "Advisories")]
    pub advisories: Option<PathBuf>,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Days since the last sync after which the advisories are too old for a verdict
    #[arg(long, value_name = "DAYS", help_heading = "Advisories")]
    pub max_db_age: Option<u64>,
    /// Accept the built-in seed of advisories as if it were a full database
    #[arg(long, help_heading = "Advisories")]
    pub allow_seed: bool,
    /// State that nothing may use the network (no command does unless it is asked to)
    #[arg(long, help_heading = "Advisories")]
    pub offline: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CacheArgs {
    /// Folder of the advisory cache [default: $XDG_CACHE_HOME/tidewaiter or ~/.cache/tidewaiter]
    #[arg(long, value_name = "DIR", env = "TIDEWAITER_CACHE", help_heading = "Advisories")]
    pub cache: Option<PathBuf>,
}

/// Whose signature on a bundle counts.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TrustArgs {
    /// Public key of minisign whose signature on a bundle counts: a file, or the key itself (repeatable)
    #[arg(long, value_name = "PUBKEY", help_heading = "Advisories")]
    pub trust: Vec<String>,
    /// Take a bundle that nobody signed
    #[arg(long, help_heading = "Advisories")]
    pub allow_unsigned: bool,
}
