//! Arguments of `tidewaiter rules`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ListFormat;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RulesArgs {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RulesCommand {
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
pub(in crate::cli) struct RulesListArgs {
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

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RulesCheckArgs {
    /// Rule files of your own, or Gitleaks configurations
    #[arg(value_name = "FILE", required_unless_present = "profile")]
    pub files: Vec<PathBuf>,
    /// Also say what each rule costs, dearest first: on this file, folder or archive, else on the rules' own examples
    #[arg(long, value_name = "TARGET", num_args = 0..=1, require_equals = true)]
    pub profile: Option<Option<PathBuf>>,
}
