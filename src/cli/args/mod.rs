//! Arguments as typed. What they mean together is resolved in `options`.

mod shared;
mod sweep;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::advisory;
use crate::model::Ecosystem;

pub(super) use shared::{AdvisoryArgs, OutputArgs, PolicyArgs};
pub(super) use sweep::{AwsArgs, SweepArgs, SweepFrom, SweepOptions};

/// Audits what is really deployed: function archives, layers and environment.
#[derive(Debug, Parser)]
#[command(name = "tidewaiter", version, about, max_term_width = 100, propagate_version = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// The heading of options that speak of one function.
pub(super) const THE_FUNCTION: &str = "The function";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Audit local artifacts: packages, known vulnerabilities, malware, leaked secrets, and what could not be seen
    Scan(Box<ScanArgs>),
    /// Audit every deployed function: read what changed since the last time, and tell what is new
    Sweep(Box<SweepArgs>),
    /// Render a saved result (scan --format json) again, in any format
    Report(ReportArgs),
    /// Show what came and went between two saved results
    #[command(after_help = DIFF_HELP)]
    Diff(DiffArgs),
    /// Look after the local database of advisories
    Db(DbArgs),
    /// Explain an advisory or a secret rule
    Explain(ExplainArgs),
    /// List the secret rules, or check rules of your own
    Rules(RulesArgs),
    /// Write what a shell completes to standard output
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
    /// Write the manual page to standard output, or all pages into a folder
    Man(ManArgs),
}

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
  Every option but those of the function is also a variable, such as TIDEWAITER_FAIL_ON for --fail-on: options win over
  variables, and variables over the policy file. --print-config shows which value counts, and where it comes from.";

#[derive(Debug, clap::Args)]
#[command(after_help = SCAN_HELP)]
pub(super) struct ScanArgs {
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

#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// What 'tidewaiter scan --format json' wrote
    #[arg(value_name = "RESULT.json")]
    pub result: PathBuf,
    /// What is written to standard output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: String,
    /// Also write a report to a file, as FORMAT=FILE (repeatable)
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub outputs: Vec<String>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

const DIFF_HELP: &str = "\
Findings are compared by fingerprint, and what is left over by id and package: an upgrade that keeps a flaw brings
nothing new. Thresholds and waivers are those of the two scans; nothing is judged again.

Exit codes:
  0  nothing new violates the policy, and no less was seen
  1  a new finding violates the policy
  2  a file could not be read
  3  nothing new violates, but a new gap blocks, or coverage fell below what is required";

#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The result before
    #[arg(value_name = "OLD.json")]
    pub old: PathBuf,
    /// The result after
    #[arg(value_name = "NEW.json")]
    pub new: PathBuf,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

#[derive(Debug, clap::Args)]
pub(super) struct CacheArgs {
    /// Folder of the advisory cache [default: $XDG_CACHE_HOME/tidewaiter or ~/.cache/tidewaiter]
    #[arg(long, value_name = "DIR", env = "TIDEWAITER_CACHE", help_heading = "Advisories")]
    pub cache: Option<PathBuf>,
}

/// Whose signature on a bundle counts.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    /// Public key of minisign whose signature on a bundle counts: a file, or the key itself (repeatable)
    #[arg(long, value_name = "PUBKEY", help_heading = "Advisories")]
    pub trust: Vec<String>,
    /// Take a bundle that nobody signed
    #[arg(long, help_heading = "Advisories")]
    pub allow_unsigned: bool,
}

/// Bounds of one target. The defaults hold every function that a cloud accepts.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, clap::Args)]
pub(super) struct DbArgs {
    #[command(subcommand)]
    pub command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Bring OSV records into the cache and publish a snapshot of them
    Sync(SyncArgs),
    /// Show what the cache holds and how old it is
    Status(StatusArgs),
    /// Write the cache's snapshot as one signed file, a bundle
    Export(ExportArgs),
    /// Verify a bundle and make it the snapshot that scans use
    Import(ImportArgs),
    /// Read the whole snapshot of the cache and compare its digest
    Verify(VerifyArgs),
    /// List advisories by package name, id or alias
    Search(SearchArgs),
}

const SYNC_HELP: &str = "\
EPSS and KEV:
  Once they are in the cache, later syncs renew them from where they came, without being asked; with --from a folder
  only if they are files, too. One that fails stays as it was: exit code 2 if --epss or --kev asked for it, else a
  message. The advisories are synced in either case.

Environment:
  TIDEWAITER_MIRROR_TOKEN                               bearer token for the host of --from
  TIDEWAITER_MIRROR_USER, TIDEWAITER_MIRROR_PASSWORD    or a user and a password for it
  NETRC                                                 netrc file with passwords by host [default: ~/.netrc]
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY          proxies";

#[derive(Debug, clap::Args)]
#[command(after_help = SYNC_HELP)]
pub(super) struct SyncArgs {
    /// The public OSV bucket, or a copy of it behind an address or in a folder
    #[arg(long, value_name = "URL|DIR", default_value = advisory::PUBLIC_BUCKET)]
    pub from: String,
    /// Also FIRST's EPSS scores: the public file, or a copy of it; 'none' removes them
    #[arg(long, value_name = "URL|FILE", num_args = 0..=1, require_equals = true, default_missing_value = advisory::PUBLIC_EPSS)]
    pub epss: Option<String>,
    /// Also CISA's catalog of known exploited vulnerabilities: the public file, or a copy of it; 'none' removes it
    #[arg(long, value_name = "URL|FILE", num_args = 0..=1, require_equals = true, default_missing_value = advisory::PUBLIC_KEV)]
    pub kev: Option<String>,
    /// Trust the certificates of this PEM file, besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Only this ecosystem (repeatable) [default: all that the source has]
    #[arg(long = "ecosystem", value_name = "NAME", value_parser = ecosystem)]
    pub ecosystems: Vec<Ecosystem>,
    /// Fail instead of waiting where another process writes to the cache
    #[arg(long)]
    pub no_wait: bool,
    /// Say nothing on standard error but errors
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Secret key of minisign; the password of an encrypted one is TIDEWAITER_SIGN_PASSWORD, or asked for
    #[arg(long, value_name = "KEY", required_unless_present = "unsigned")]
    pub sign: Option<PathBuf>,
    /// Leave the bundle unsigned
    #[arg(long, conflicts_with = "sign")]
    pub unsigned: bool,
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// A bundle of 'tidewaiter db export'
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Take a bundle that is older than what is installed
    #[arg(long)]
    pub allow_older: bool,
    /// Fail instead of waiting where another process writes to the cache
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct SearchArgs {
    /// A package's name or a part of it, or the id or alias of a record
    #[arg(value_name = "NAME|ID")]
    pub term: String,
    /// Only packages of this ecosystem
    #[arg(long, value_name = "NAME", value_parser = ecosystem)]
    pub ecosystem: Option<Ecosystem>,
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// Id of a secret rule, or id or alias of an advisory (GHSA-..., CVE-..., MAL-...)
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub cache: CacheArgs,
}

/// OSV's name of an ecosystem, in any case.
fn ecosystem(text: &str) -> Result<Ecosystem, String> {
    Ecosystem::ALL.into_iter().find(|e| e.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
        let known: Vec<&str> = Ecosystem::ALL.iter().map(|e| e.name()).collect();
        format!("not an ecosystem that tidewaiter knows; use one of {}", known.join(", "))
    })
}

#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List the built-in rules; 'tidewaiter explain RULE' says more of one
    List(RulesListArgs),
    /// Say of each rule of a file whether it keeps the laws, finds its examples and leaves its non-examples
    #[command(after_help = RULES_CHECK_HELP)]
    Check(RulesCheckArgs),
}

const RULES_CHECK_HELP: &str = "\
Examples:
  tidewaiter rules check acme.toml
  tidewaiter rules check .gitleaks.toml
  tidewaiter rules check --profile=function.zip acme.toml

Exit codes:
  0  every rule can be used
  1  a rule breaks a law
  2  a file could not be read";

#[derive(Debug, clap::Args)]
pub(super) struct RulesListArgs {
    /// Only rules with this in their id, vendor or title, in any case
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
    /// Only rules of this vendor, in any case
    #[arg(long, value_name = "VENDOR")]
    pub vendor: Option<String>,
    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct RulesCheckArgs {
    /// Rule files of your own, or Gitleaks configurations
    #[arg(value_name = "FILE", required_unless_present = "profile")]
    pub files: Vec<PathBuf>,
    /// Also say what each rule costs, dearest first: on this file, folder or archive, else on the rules' own examples
    #[arg(long, value_name = "TARGET", num_args = 0..=1, require_equals = true)]
    pub profile: Option<Option<PathBuf>>,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  tidewaiter completions bash > ~/.local/share/bash-completion/completions/tidewaiter
  tidewaiter completions zsh > ~/.zfunc/_tidewaiter
  tidewaiter completions fish > ~/.config/fish/completions/tidewaiter.fish";

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// Folder for all pages: tidewaiter.1 and one for each command
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
