//! `tidewaiter completions`: what a shell completes, made of the arguments themselves.

use anyhow::Result;

use super::args::CompletionsArgs;
use super::{command, output};
use crate::policy::Exit;

/// Writes a shell's completions to standard output.
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit> {
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command::command(), "tidewaiter", &mut script);
    output::print(|out| out.write_all(&script))?;
    Ok(Exit::Clean)
}
