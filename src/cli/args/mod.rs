//! Arguments as typed. What they mean together is resolved in `options`.

mod db;
mod explain;
mod format;
mod rules;
mod saved;
mod scan;
mod shared;
mod shell;
mod sweep;

use clap::{Parser, Subcommand, ValueEnum};

pub(super) use db::{DbArgs, DbCommand, ExportArgs, ImportArgs, SearchArgs, StatusArgs, SyncArgs, VerifyArgs};
pub(super) use explain::ExplainArgs;
pub(super) use rules::{RulesArgs, RulesCheckArgs, RulesCommand, RulesListArgs};
pub(super) use saved::{DiffArgs, ReportArgs};
pub(super) use scan::{LimitArgs, ScanArgs};
pub(super) use shared::{AdvisoryArgs, CacheArgs, OutputArgs, PolicyArgs, TrustArgs};
pub(super) use shell::{CompletionsArgs, ManArgs};
pub(super) use sweep::{AwsArgs, NotifyArgs, SweepArgs, SweepFrom, SweepOptions, THE_FUNCTIONS};

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
    /// Render a saved result (scan --format json or ndjson) again, in any format
    Report(ReportArgs),
    /// Show what came and went between two saved results
    Diff(DiffArgs),
    /// Look after the local database of advisories
    Db(DbArgs),
    /// Explain an advisory, a check, a secret rule or a kind of gap
    Explain(ExplainArgs),
    /// List the secret rules, or check rules of your own
    Rules(RulesArgs),
    /// Write what a shell completes to standard output
    Completions(CompletionsArgs),
    /// Write the manual page to standard output, or all pages into a folder
    Man(ManArgs),
}

impl Command {
    /// Whether nothing but errors is wanted on standard error.
    pub fn is_quiet(&self) -> bool {
        match self {
            Command::Scan(scan) => scan.output.quiet,
            Command::Sweep(sweep) => sweep.from.options().output.quiet,
            Command::Db(DbArgs { command: DbCommand::Sync(sync) }) => sync.quiet,
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}
