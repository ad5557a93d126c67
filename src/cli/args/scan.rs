//! Arguments of `tidewaiter scan`.

use std::path::PathBuf;

use clap::ArgAction;

use super::format::{FORMAT, FORMAT_AND_FILE};
use super::{CacheArgs, THE_FUNCTION, TrustArgs, When};

/// The program breaks lines where the terminal ends, so that paragraphs have none of their own.
const SCAN_HELP: &str = "\
Examples:
  tidewaiter scan function.zip
  tidewaiter scan function.zip --layer base.zip --layer shared.zip --env-file config.json
  tidewaiter scan build/ --format json --output table=report.txt --fail-on critical
  cat function.zip | tidewaiter scan -

Exit codes:
  0  nothing at or above the threshold, coverage as required
  1  the policy is violated
  2  the program could not run
  3  not violated, but something could not be seen (a blocking gap, or coverage below what is required)

Environment:
  Every option but those of the function is also a variable, such as TIDEWAITER_FAIL_ON for --fail-on: options win \
over variables, and variables over the policy file. In the variable of a repeatable option ';' stands between values: \
TIDEWAITER_OUTPUT='json=a.json;sarif=b.sarif'. --print-config shows which value counts, and where it comes from.";

#[derive(Debug, clap::Args)]
#[command(after_help = SCAN_HELP)]
pub(in crate::cli) struct ScanArgs {
    /// Archive (zip, jar, war, ear, whl, egg, tar, tar.gz, tar.zst), folder, lock file, or '-' for standard input
    #[arg(value_name = "TARGET", required_unless_present = "print_config")]
    pub targets: Vec<PathBuf>,

    /// Layer of the one TARGET, in the function's order (repeatable)
    #[arg(long = "layer", value_name = "FILE", help_heading = THE_FUNCTION)]
    pub layers: Vec<PathBuf>,
    /// Variables of the one TARGET: .env, a JSON object, or what 'aws lambda get-function-configuration' prints
    #[arg(long, value_name = "FILE", help_heading = THE_FUNCTION)]
    pub env_file: Option<PathBuf>,
    /// Runtime of the one TARGET, such as nodejs22.x or python3.13
    #[arg(long, value_name = "NAME", help_heading = THE_FUNCTION)]
    pub runtime: Option<String>,
    /// Lock file that the bundled JavaScript of the one TARGET was built with: tells the versions of what is in it
    #[arg(long, value_name = "FILE", help_heading = THE_FUNCTION)]
    pub lockfile: Option<PathBuf>,
    /// Handler of the one TARGET, such as index.handler
    #[arg(long, value_name = "NAME", help_heading = THE_FUNCTION)]
    pub handler: Option<String>,

    /// What is written to standard output
    #[arg(long, value_name = "FORMAT", value_parser = FORMAT, hide_possible_values = true, default_value = "table", help_heading = "Output")]
    pub format: String,
    /// Also write a report to a file, as FORMAT=FILE (repeatable)
    #[arg(long = "output", value_name = "FORMAT=FILE", value_parser = FORMAT_AND_FILE, hide_possible_values = true, help_heading = "Output")]
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

    /// Severities that violate the policy: low, medium, high, critical (and all above), unknown, never; joined by commas
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
    /// Ask the OSV service instead of a cache; only names and versions of packages that are not the policy's own are sent
    #[arg(long, conflicts_with_all = ["offline", "advisories"], help_heading = "Advisories")]
    pub osv_api: bool,
    /// Address of the OSV service [default: api.osv.dev over HTTPS]
    #[arg(long, value_name = "URL", requires = "osv_api", help_heading = "Advisories")]
    pub osv_api_url: Option<String>,
    /// Ask the vendors of the commonest secrets, read-only, whether they still work: this sends each secret to its vendor
    #[arg(long, conflicts_with = "offline", help_heading = "Secrets")]
    pub verify: bool,
    /// Where the questions go instead of to the vendors: /HOST/PATH under this address
    #[arg(long, value_name = "URL", requires = "verify", hide = true, help_heading = "Secrets")]
    pub verify_endpoint: Option<reqwest::Url>,
    /// State that nothing may use the network (no command does unless it is asked to)
    #[arg(long, help_heading = "Advisories")]
    pub offline: bool,

    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Bounds of one target. The defaults hold every function that a cloud accepts.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LimitArgs {
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Bytes of an entry that is read whole; larger ones are searched in windows [default: 67108864]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub max_entry_bytes: Option<u64>,
    /// Bytes that a target may unpack to [default: 2147483648]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub max_target_bytes: Option<u64>,
    /// Bytes out of one byte in, over 16 MiB [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub max_ratio: Option<u64>,
    /// Entries of a target [default: 200000]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub max_entries: Option<u64>,
    /// Archives inside archives [default: 8]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub max_depth: Option<u32>,
    /// Seconds for one target [default: 600]
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    pub max_seconds: Option<u64>,
}
