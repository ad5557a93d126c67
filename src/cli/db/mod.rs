//! `tidewaiter db`: the only command that writes to the cache. One file per subcommand.

mod status;
mod sync;

use std::io::Write;

use anyhow::Result;
use indicatif::HumanCount;

use super::args::{DbArgs, DbCommand};
use super::{options, output, progress};
use crate::advisory::Skipped;
use crate::policy::Exit;
use crate::report::escape;

/// Runs the subcommand.
pub(super) fn run(args: &DbArgs) -> Result<Exit> {
    match &args.command {
        DbCommand::Sync(args) => sync::run(args),
        DbCommand::Status(args) => status::run(args),
    }
}

/// What of the records could not be understood, a line per reason.
fn write_skipped(out: &mut dyn Write, skipped: &[Skipped]) -> std::io::Result<()> {
    for one in skipped {
        let examples: Vec<String> = one.examples.iter().map(|id| escape(id).into_owned()).collect();
        writeln!(
            out,
            "skipped    {}: {} (such as {})",
            escape(&one.reason.to_string()),
            HumanCount(one.count),
            examples.join(", ")
        )?;
    }
    Ok(())
}
