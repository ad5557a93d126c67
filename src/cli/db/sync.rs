//! `tidewaiter db sync`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, HumanCount, ProgressBar};

use super::super::args::SyncArgs;
use super::{feeds, lock, options, output, progress, write_skipped};
use crate::advisory::{
    self, Credentials, DirMirror, Http, HttpMirror, Mirror, PUBLIC_BUCKET, Patience, Place, Store, SyncReport, SyncStep,
};
use crate::policy::Exit;
use crate::report::escape;

/// Brings records into the cache and publishes a snapshot.
pub(super) fn run(args: &SyncArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let bar = progress::spinner(args.quiet);
    let from = Place::parse(&args.from).context("--from")?;
    let mirror = mirror(args, &from, &cache, &bar)?;
    let wishes = feeds::wishes(args)?;
    let mut store = Store::open(lock(&cache, args.no_wait)?)?;
    // Before the advisories: they are published together.
    let network = matches!(from, Place::Remote(_));
    let feeds = feeds::sync(&store, wishes, network, || http(args, &from, &bar))?;
    let report = advisory::sync(&mut store, &*mirror, &args.ecosystems, &mut |step| {
        bar.set_message(match step {
            SyncStep::Asking => "asking what changed".to_owned(),
            SyncStep::Reading { ecosystem, done, total } => format!("{ecosystem}: {done} of {total} records"),
            SyncStep::Publishing => "publishing the snapshot".to_owned(),
        });
    });
    bar.finish_and_clear();
    for error in &feeds.failed {
        output::error(&format!("{}; what the cache holds of it stays", escape(&error.to_string())));
    }
    let report = report.with_context(|| format!("cannot sync from {}", mirror.place()))?;
    output::print(|out| {
        write_ecosystems(out, &report)?;
        feeds.write(out)?;
        write_snapshot(out, &report)
    })?;
    Ok(if feeds.failed.is_empty() { Exit::Clean } else { Exit::Failed })
}

/// What `--from` names. Nothing is asked of it yet, so that a wrong word is told before the cache is touched.
fn mirror(args: &SyncArgs, from: &Place, cache: &Path, bar: &ProgressBar) -> Result<Box<dyn Mirror>> {
    match from {
        Place::Local(folder) if folder.is_dir() => Ok(Box::new(DirMirror::new(folder))),
        Place::Local(_) => bail!("--from {}: there is no such folder", escape(&args.from)),
        Place::Remote(root) => {
            Ok(Box::new(HttpMirror::new(http(args, from, bar)?, root.clone(), &cache.join("downloads"))))
        }
    }
}

/// Asks addresses on behalf of this run.
fn http(args: &SyncArgs, from: &Place, bar: &ProgressBar) -> Result<Http> {
    // A token for a mirror is not the public bucket's business.
    let named = match from {
        Place::Remote(root) if args.from != PUBLIC_BUCKET => Some(root.clone()),
        _ => None,
    };
    let bar = bar.clone();
    let watch = Box::new(move |place: &str, bytes: u64| {
        bar.set_message(format!("{}: {}", escape(place), HumanBytes(bytes)));
    });
    let credentials = Credentials::from_environment()?;
    Ok(Http::new(credentials, named, args.ca_cert.as_deref(), Patience::default(), watch)?)
}

fn write_ecosystems(out: &mut dyn Write, report: &SyncReport) -> std::io::Result<()> {
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
    Ok(())
}

fn write_snapshot(out: &mut dyn Write, report: &SyncReport) -> std::io::Result<()> {
    write_skipped(out, &report.skipped)?;
    let unchanged = if report.rebuilt { "" } else { ", unchanged" };
    writeln!(out, "snapshot   {} ({}{unchanged})", report.current.snapshot, HumanBytes(report.snapshot_bytes))
}
