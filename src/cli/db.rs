//! `tidewaiter db`: the only command that writes to the cache.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use indicatif::{HumanBytes, HumanCount};

use super::args::{DbArgs, DbCommand, StatusArgs, SyncArgs};
use super::{options, output, progress};
use crate::advisory::{self, CacheLock, Database, DirMirror, Skipped, Store, SyncReport, SyncStep};
use crate::policy::Exit;
use crate::report::escape;

/// Runs the subcommand.
pub(super) fn run(args: &DbArgs) -> Result<Exit> {
    match &args.command {
        DbCommand::Sync(args) => sync(args),
        DbCommand::Status(args) => status(args),
    }
}

fn sync(args: &SyncArgs) -> Result<Exit> {
    if !args.from.is_dir() {
        bail!("--from {}: there is no such folder", args.from.display());
    }
    let cache = options::cache_dir(&args.cache)?;
    let lock = CacheLock::acquire(&cache, || {
        if !args.no_wait {
            output::complain(&format!("another process changes the cache in {}; waiting for it", cache.display()));
        }
        !args.no_wait
    })?;
    let mut store = Store::open(lock)?;
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

fn status(args: &StatusArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let Some(database) = Database::open_cache(&cache)? else {
        bail!("there is no advisory cache in {}; make one with 'tidewaiter db sync --from DIR'", cache.display());
    };
    output::print(|out| write_status(out, &cache, &database))?;
    Ok(Exit::Clean)
}

fn write_status(out: &mut dyn Write, cache: &Path, database: &Database) -> std::io::Result<()> {
    let info = database.info();
    writeln!(out, "cache      {}", cache.display())?;
    writeln!(out, "snapshot   {} ({})", info.snapshot, HumanBytes(database.size()))?;
    writeln!(out, "published  {}{}", info.built_at, age(&info.built_at))?;
    for one in &info.ecosystems {
        let newest = one.newest.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{:<10} {:>8} records, newest {newest}{}",
            one.name,
            HumanCount(one.records).to_string(),
            age(newest)
        )?;
    }
    write_skipped(out, database.skipped())
}

/// `, 3 days old`, or nothing where the date cannot be read.
fn age(date: &str) -> String {
    let Ok(date) = DateTime::parse_from_rfc3339(date) else { return String::new() };
    match (Utc::now() - date.with_timezone(&Utc)).num_days() {
        ..=0 => ", today".to_owned(),
        1 => ", 1 day old".to_owned(),
        days => format!(", {days} days old"),
    }
}
