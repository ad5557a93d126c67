//! Arguments of `tidewaiter db`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{CacheArgs, TrustArgs};
use crate::advisory;
use crate::model::Ecosystem;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DbArgs {
    #[command(subcommand)]
    pub command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DbCommand {
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
  Once they are in the cache, later syncs renew them from where they came, without being asked; with --from a folder \
only if they are files, too. One that fails stays as it was: exit code 2 if --epss or --kev asked for it, else a \
message. The advisories are synced in either case.

Environment:
  TIDEWAITER_MIRROR_TOKEN                               bearer token for the host of --from
  TIDEWAITER_MIRROR_USER, TIDEWAITER_MIRROR_PASSWORD    or a user and a password for it
  NETRC                                                 netrc file with passwords by host [default: ~/.netrc]
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY          proxies";

#[derive(Debug, clap::Args)]
#[command(after_help = SYNC_HELP)]
pub(in crate::cli) struct SyncArgs {
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
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExportArgs {
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
pub(in crate::cli) struct ImportArgs {
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
pub(in crate::cli) struct VerifyArgs {
    #[command(flatten)]
    pub cache: CacheArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SearchArgs {
    /// A package's name or a part of it, or the id or alias of a record
    #[arg(value_name = "NAME|ID")]
    pub term: String,
    /// Only packages of this ecosystem
    #[arg(long, value_name = "NAME", value_parser = ecosystem)]
    pub ecosystem: Option<Ecosystem>,
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
