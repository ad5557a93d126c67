//! `tidewaiter db`: the only command that writes to the cache. One file per subcommand.

mod export;
mod feeds;
mod import;
mod search;
mod status;
mod sync;
mod verify;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use indicatif::HumanCount;

use super::args::{DbArgs, DbCommand};
use super::{options, output, progress};
use crate::advisory::{CacheLock, Skipped};
use crate::policy::Exit;
use crate::report::escape;

/// Runs the subcommand.
pub(super) fn run(args: &DbArgs) -> Result<Exit> {
    match &args.command {
        DbCommand::Sync(args) => sync::run(args),
        DbCommand::Status(args) => status::run(args),
        DbCommand::Export(args) => export::run(args),
        DbCommand::Import(args) => import::run(args),
        DbCommand::Verify(args) => verify::run(args),
        DbCommand::Search(args) => search::run(args),
    }
}

/// The right to change the cache; whoever has to wait for it is told.
fn lock(cache: &Path, no_wait: bool) -> Result<CacheLock> {
    let waiting = || {
        if !no_wait {
            output::note(&format!("another process changes the cache in {}; waiting for it", cache.display()));
        }
        !no_wait
    };
    Ok(CacheLock::acquire(cache, waiting)?)
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
