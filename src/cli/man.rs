//! `tidewaiter man`: manual pages, made of the arguments themselves.

use anyhow::{Context, Result};

use super::args::ManArgs;
use super::{command, output};
use crate::policy::Exit;

/// Writes the program's page to standard output, or all pages into a folder.
pub(super) fn run(args: &ManArgs) -> Result<Exit> {
    // `help` explains itself, and has no page among those of a folder.
    let command = command::command().disable_help_subcommand(true);
    match &args.dir {
        None => {
            let page = clap_mangen::Man::new(command);
            output::print(|out| page.render(out))?;
        }
        Some(dir) => {
            let about = || format!("cannot write the manual pages to {}", dir.display());
            std::fs::create_dir_all(dir).with_context(about)?;
            clap_mangen::generate_to(command, dir).with_context(about)?;
        }
    }
    Ok(Exit::Clean)
}
