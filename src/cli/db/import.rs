//! `tidewaiter db import`.

use anyhow::{Context, Result};
use indicatif::HumanCount;

use super::super::args::ImportArgs;
use super::{lock, options, output};
use crate::advisory::Bundle;
use crate::policy::Exit;
use crate::report::escape;

/// Verifies a bundle and makes it the snapshot that counts.
pub(super) fn run(args: &ImportArgs) -> Result<Exit> {
    let about = || format!("cannot import {}", args.file.display());
    let trust = options::trust(&args.trust)?;
    let bundle = Bundle::read(&args.file, &trust).with_context(about)?;
    let lock = lock(&options::cache_dir(&args.cache)?, args.no_wait)?;
    let current = bundle.install(&lock, args.allow_older).with_context(about)?;
    output::print(|out| {
        for one in &bundle.manifest().sources {
            let newest = escape(one.newest.as_deref().unwrap_or("-"));
            let records = HumanCount(one.records).to_string();
            writeln!(out, "{:<10} {records:>8} records, newest {newest}", escape(&one.name))?;
        }
        let signer = bundle.signer().map_or("nobody".to_owned(), |key| format!("the key {key}"));
        writeln!(out, "signed by  {signer}")?;
        writeln!(out, "snapshot   {} of {}", current.snapshot, escape(&current.built_at))
    })?;
    Ok(Exit::Clean)
}
