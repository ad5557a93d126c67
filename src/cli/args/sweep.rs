//! Arguments of `tidewaiter sweep`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{AdvisoryArgs, LimitArgs, OutputArgs, PolicyArgs};

const SWEEP_HELP: &str = "\
Examples:
  tidewaiter sweep files backup/ --state /var/lib/tidewaiter
  tidewaiter sweep aws --all-regions --state /var/lib/tidewaiter --format json --output html=fleet.html
  tidewaiter sweep aws --state /var/lib/tidewaiter --since 2026-11-01 --offline

The first sweep counts everything it finds, each later one what is new; --fail-on-existing counts the rest as well.
Exit codes are those of scan.";

/// Where functions come from.
#[derive(Debug, clap::Args)]
#[command(after_help = SWEEP_HELP)]
pub(in crate::cli) struct SweepArgs {
    #[command(subcommand)]
    pub from: SweepFrom,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SweepFrom {
    /// A folder or bucket of archives, with what the cloud's own command line printed of them beside
    Files(FilesArgs),
    /// AWS Lambda: every function version that is in use
    Aws(AwsArgs),
}

impl SweepFrom {
    /// What both have in common.
    pub fn options(&self) -> &SweepOptions {
        match self {
            SweepFrom::Files(files) => &files.options,
            SweepFrom::Aws(aws) => &aws.options,
        }
    }

    /// The same, to be changed.
    pub fn options_mut(&mut self) -> &mut SweepOptions {
        match self {
            SweepFrom::Files(files) => &mut files.options,
            SweepFrom::Aws(aws) => &mut aws.options,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct FilesArgs {
    /// Folder, file:// or s3://BUCKET/PREFIX
    #[arg(value_name = "DIR|URL")]
    pub place: String,
    /// Another service than Amazon's for s3://
    #[arg(long, value_name = "URL", help_heading = THE_FUNCTIONS)]
    pub endpoint_url: Option<String>,
    /// Trust the certificates of this PEM file for s3://, besides the system's
    #[arg(long, value_name = "FILE", help_heading = THE_FUNCTIONS)]
    pub ca_cert: Option<PathBuf>,
    #[command(flatten)]
    pub options: SweepOptions,
}

/// The heading of options that choose functions.
pub(in crate::cli) const THE_FUNCTIONS: &str = "The functions";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AwsArgs {
    /// Region (repeatable) [default: the configured one]
    #[arg(long = "region", value_name = "REGION", help_heading = THE_FUNCTIONS)]
    pub regions: Vec<String>,
    /// Every region that is enabled for the account
    #[arg(long, conflicts_with = "regions", help_heading = THE_FUNCTIONS)]
    pub all_regions: bool,
    /// Profile of the AWS configuration, one account each (repeatable) [default: the environment's credentials]
    #[arg(long = "profile", value_name = "NAME", help_heading = THE_FUNCTIONS)]
    pub profiles: Vec<String>,
    /// Role to take on, one account each (repeatable); @FILE names a file with one a line
    #[arg(long = "role-arn", value_name = "ARN|@FILE", help_heading = THE_FUNCTIONS)]
    pub role_arns: Vec<String>,
    /// Where all calls go: an emulator, a private endpoint
    #[arg(long, value_name = "URL", help_heading = THE_FUNCTIONS)]
    pub endpoint_url: Option<String>,
    /// Trust the certificates of this PEM file, besides the system's
    #[arg(long, value_name = "FILE", help_heading = THE_FUNCTIONS)]
    pub ca_cert: Option<PathBuf>,
    /// Only functions of such a name (repeatable)
    #[arg(long = "name", value_name = "GLOB", help_heading = THE_FUNCTIONS)]
    pub names: Vec<String>,
    /// Only functions with this tag; all that are given must be there (repeatable). Costs a call for each function
    #[arg(long = "tag", value_name = "KEY=VALUE", help_heading = THE_FUNCTIONS)]
    pub tags: Vec<String>,
    #[command(flatten)]
    pub options: SweepOptions,
}

/// A scan asks nobody anyhow; a sweep asks its source.
const OFFLINE: &str = "Ask no source: judge again what the last sweep found, and change nothing in the state";

#[derive(Debug, clap::Args)]
#[command(mut_arg("offline", |arg| arg.help(OFFLINE)))]
pub(in crate::cli) struct SweepOptions {
    /// Folder of what is known from earlier sweeps; made by the first one
    #[arg(long, value_name = "DIR", required_unless_present = "print_config", help_heading = "Sweep")]
    pub state: Option<PathBuf>,
    /// Compare with the last sweep before this day or moment (RFC 3339) [default: the last one]
    #[arg(long, value_name = "DATE", help_heading = "Sweep")]
    pub since: Option<String>,
    /// Fail instead of waiting where another sweep uses the state
    #[arg(long, help_heading = "Sweep")]
    pub no_wait: bool,
    /// Days after which a function's addresses, resource policy and tags are asked anew although it did not change
    #[arg(long, value_name = "DAYS", default_value_t = 7, help_heading = "Sweep")]
    pub details_every: u32,
    /// Archives that are fetched at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Sweep")]
    pub parallel: u8,

    #[command(flatten)]
    pub notify: NotifyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NotifyArgs {
    /// Post what is new to this webhook where it violates the policy (repeatable). The address is taken for a secret:
    /// better in TIDEWAITER_NOTIFY
    #[arg(long, value_name = "URL", hide_env_values = true, conflicts_with = "offline", help_heading = "Notices")]
    pub notify: Vec<String>,
    /// Body of the notice: json or slack
    #[arg(long, value_name = "FORMAT", default_value = "json", help_heading = "Notices")]
    pub notify_format: String,
    /// Post after every sweep
    #[arg(long, help_heading = "Notices")]
    pub notify_always: bool,
}
