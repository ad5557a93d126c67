//! Arguments of the commands for shells and manual pages.

use std::path::PathBuf;

const COMPLETIONS_HELP: &str = "\
Examples:
  tidewaiter completions bash > ~/.local/share/bash-completion/completions/tidewaiter
  tidewaiter completions zsh > ~/.zfunc/_tidewaiter
  tidewaiter completions fish > ~/.config/fish/completions/tidewaiter.fish";

#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ManArgs {
    /// Folder for all pages: tidewaiter.1 and one for each command
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
