//! `tidewaiter db status`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Utc};
use indicatif::{HumanBytes, HumanCount};

use super::super::args::StatusArgs;
use super::{options, output, write_skipped};
use crate::advisory::Database;
use crate::policy::Exit;
use crate::report::escape;

/// Shows what the cache holds and how old it is.
pub(super) fn run(args: &StatusArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let database = options::named_database(&cache)?;
    output::print(|out| write_status(out, &cache, &database))?;
    Ok(Exit::Clean)
}

fn write_status(out: &mut dyn Write, cache: &Path, database: &Database) -> std::io::Result<()> {
    let info = database.info();
    writeln!(out, "cache      {}", cache.display())?;
    writeln!(out, "snapshot   {} ({})", info.snapshot, HumanBytes(database.size()))?;
    writeln!(out, "published  {}{}", info.built_at, age(&info.built_at))?;
    let sources = info.ecosystems.iter().map(|one| (one, "records, newest"));
    for (one, what) in sources.chain(info.feeds.iter().map(|one| (one, "CVEs, of"))) {
        let newest = one.newest.as_deref().unwrap_or("-");
        let records = HumanCount(one.records).to_string();
        let (synced, age) = (info.known_up_to(one), age(info.known_up_to(one)));
        let from = one.from.as_deref().map_or(String::new(), |from| format!(", from {}", escape(from)));
        writeln!(out, "{:<10} {records:>8} {what} {newest}, synced {synced}{age}{from}", one.name)?;
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
