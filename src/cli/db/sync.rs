//! `tidewaiter db sync`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, HumanCount, ProgressBar};

use super::super::args::SyncArgs;
use super::{lock, options, output, progress, write_skipped};
use crate::advisory::{
    self, Credentials, DirMirror, Http, HttpMirror, Mirror, PUBLIC_BUCKET, Patience, Store, SyncReport, SyncStep,
};
use crate::policy::Exit;
use crate::report::escape;

/// Brings records into the cache and publishes a snapshot.
pub(super) fn run(args: &SyncArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let bar = progress::spinner(args.quiet);
    let mirror = mirror(args, &cache, &bar)?;
    let mut store = Store::open(lock(&cache, args.no_wait)?)?;
    let report = advisory::sync(&mut store, &*mirror, &args.ecosystems, &mut |step| {
        bar.set_message(match step {
            SyncStep::Asking => "asking what changed".to_owned(),
            SyncStep::Reading { ecosystem, done, total } => format!("{ecosystem}: {done} of {total} records"),
            SyncStep::Publishing => "publishing the snapshot".to_owned(),
        });
    });
    bar.finish_and_clear();
    let report = report.with_context(|| format!("cannot sync from {}", mirror.place()))?;
    output::print(|out| write_report(out, &report))?;
    Ok(Exit::Clean)
}

/// What `--from` names. Nothing is asked of it yet, so that a wrong word is told before the cache is touched.
fn mirror(args: &SyncArgs, cache: &Path, bar: &ProgressBar) -> Result<Box<dyn Mirror>> {
    if !args.from.contains("://") {
        let folder = PathBuf::from(&args.from);
        if !folder.is_dir() {
            bail!("--from {}: there is no such folder", escape(&args.from));
        }
        return Ok(Box::new(DirMirror::new(&folder)));
    }
    let root = advisory::parse_address(&args.from).context("--from")?;
    // A token for a mirror is not the public bucket's business.
    let named = (args.from != PUBLIC_BUCKET).then(|| root.clone());
    let bar = bar.clone();
    let watch = Box::new(move |place: &str, bytes: u64| {
        bar.set_message(format!("{}: {}", escape(place), HumanBytes(bytes)));
    });
    let credentials = Credentials::from_environment()?;
    let http = Http::new(credentials, named, args.ca_cert.as_deref(), Patience::default(), watch)?;
    Ok(Box::new(HttpMirror::new(http, root, &cache.join("downloads"))))
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
    let unchanged = if report.rebuilt { "" } else { ", unchanged" };
    writeln!(out, "snapshot   {} ({}{unchanged})", report.current.snapshot, HumanBytes(report.snapshot_bytes))
}
