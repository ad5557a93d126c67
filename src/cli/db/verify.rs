//! `tidewaiter db verify`.

use anyhow::{Context, Result};
use indicatif::HumanBytes;

use super::super::args::VerifyArgs;
use super::{options, output};
use crate::policy::Exit;

/// Reads the whole snapshot of the cache and compares its digest.
pub(super) fn run(args: &VerifyArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let database = options::named_database(&cache)?;
    database.verify().with_context(|| format!("the advisory cache in {} is not as it was written", cache.display()))?;
    output::print(|out| {
        let (id, size) = (&database.info().snapshot, HumanBytes(database.size()));
        writeln!(out, "snapshot   {id} ({size}): every byte is as it was written")
    })?;
    Ok(Exit::Clean)
}
