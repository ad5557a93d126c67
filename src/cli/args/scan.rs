//! Arguments of `tidewaiter scan`.

use std::path::PathBuf;

use super::{AdvisoryArgs, OutputArgs, PolicyArgs, THE_FUNCTION};

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

    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,

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
