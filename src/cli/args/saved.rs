//! Arguments of the commands over saved results.

use std::path::PathBuf;

use super::format::{FORMAT, FORMAT_AND_FILE};
use super::{ListFormat, When};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReportArgs {
    /// What 'tidewaiter scan' wrote as json or ndjson, or '-' for standard input
    #[arg(value_name = "RESULT.json")]
    pub result: PathBuf,
    /// What is written to standard output
    #[arg(long, short, value_name = "FORMAT", value_parser = FORMAT, default_value = "table")]
    pub format: String,
    /// Also write a report to a file, as FORMAT=FILE (repeatable)
    #[arg(long = "output", short = 'o', value_name = "FORMAT=FILE", value_parser = FORMAT_AND_FILE, hide_possible_values = true)]
    pub outputs: Vec<String>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

const DIFF_HELP: &str = "\
Findings are compared by fingerprint, and what is left over by id and package: an upgrade that keeps a flaw brings \
nothing new. Thresholds and waivers are those of the two scans; nothing is judged again.

Exit codes:
  0  nothing new violates the policy, and no less was seen
  1  a new finding violates the policy
  2  a file could not be read
  3  nothing new violates, but a new gap blocks, or coverage fell below what is required";

#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_HELP)]
pub(in crate::cli) struct DiffArgs {
    /// The result before, json or ndjson; one of the two may be '-' for standard input
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
