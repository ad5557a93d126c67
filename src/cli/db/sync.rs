//! `tidewaiter db sync`.

use std::io::Write;

use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, HumanCount};

use super::super::args::SyncArgs;
use super::{lock, options, output, progress, write_skipped};
use crate::advisory::{self, DirMirror, Store, SyncReport, SyncStep};
use crate::policy::Exit;

/// Brings records into the cache and publishes a snapshot.
pub(super) fn run(args: &SyncArgs) -> Result<Exit> {
    if !args.from.is_dir() {
        bail!("--from {}: there is no such folder", args.from.display());
    }
    let cache = options::cache_dir(&args.cache)?;
    let mut store = Store::open(lock(&cache, args.no_wait)?)?;
    let bar = progress::spinner(args.quiet);
    let mirror = DirMirror::new(&args.from);
    let report = advisory::sync(&mut store, &mirror, &args.ecosystems, &mut |step| {
        bar.set_message(match step {
            SyncStep::Reading { ecosystem, done, total } => format!("{ecosystem}: {done} of {total} records"),
            SyncStep::Publishing => "publishing the snapshot".to_owned(),
        });
    });
    bar.finish_and_clear();
    let report = report.with_context(|| format!("cannot sync from {}", args.from.display()))?;
    output::print(|out| write_report(out, &report))?;
    Ok(Exit::Clean)
}

fn write_report(out: &mut dyn Write, report: &SyncReport) -> std::io::Result<()> {
    for one in &report.ecosystems {
        writeln!(
            out,
            "{:<10} {:>8} records: {} new, {} changed, {} removed{}",
            one.ecosystem.name(),
            HumanCount(one.listed as u64).to_string(),
            HumanCount(one.added as u64),
            HumanCount(one.changed as u64),
            HumanCount(one.removed as u64),
            if one.faults == 0 { String::new() } else { format!(", {} broken", HumanCount(one.faults as u64)) },
        )?;
    }
    write_skipped(out, &report.skipped)?;
    writeln!(out, "snapshot   {} ({})", report.current.snapshot, HumanBytes(report.snapshot_bytes))
}
