//! `tidewaiter sweep`: audits what is deployed, and tells what is new since the last time.

mod from;

use std::time::Instant;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::args::{SweepArgs, SweepOptions};
use super::resolve::{Given, Resolved, resolve};
use super::{notify, options, output, print_config, progress, rules, scan};
use crate::audit::{Demand, Progress};
use crate::model::{Scan, SecretMatch};
use crate::policy::Exit;
use crate::secret::Engine;
use crate::sweep::{self, Judging, Reading, State, Survey, SweepProgress};

/// Sweeps, judges and writes the reports.
pub(super) fn run(args: &SweepArgs, given: &Given<'_>) -> Result<Exit> {
    let started = options::now()?;
    let clock = Instant::now();
    let with = args.from.options();
    // Everything that can be wrong with the request is told before the work begins.
    let format = output::reporter(&with.output.format).with_context(|| given.named("format", "format"))?;
    let outputs = output::parse(&with.output.outputs).with_context(|| given.named("outputs", "output"))?;
    let Resolved { settings, max_db_age, rules, shown } =
        resolve(&with.policy, &with.advisories, given, started.date_naive())?;
    if with.policy.print_config {
        print_config::print(&with.limits, given, shown)?;
        return Ok(Exit::Clean);
    }
    let notices = notify::notices(&with.notify)?;
    let since = with.since.as_deref().map(day_or_moment).transpose()?;
    let written = || outputs.iter().map(|output| output.path.as_path()).chain(with.policy.write_baseline.as_deref());
    output::reachable(written())?;
    with.state.as_deref().map_or(Ok(()), |state| output::outside(written(), state))?;
    let brought = rules::engine(&rules, &given.named("rules", "rules"), with.output.quiet)?;
    let pool = options::pool(with.limits.threads).with_context(|| given.named("threads", "threads"))?;
    let database = options::scan_database(&with.advisories)?;
    let demand = Demand { allow_seed: with.advisories.allow_seed, max_age: max_db_age, now: started };
    let state = open_state(with)?;
    let survey = if with.advisories.offline {
        sweep::recall(&state)?
    } else {
        let allow = |found: &SecretMatch| settings.allows(found, Some(state.sealer()));
        let reading = Reading {
            limits: options::limits(&with.limits),
            engine: brought.as_ref().unwrap_or_else(|| Engine::builtin()),
            own: settings.own.clone(),
            own_set: options::own(&settings)?,
            allow: &allow,
            allowed: settings.allowances(),
            pool: &pool,
            parallel: usize::from(with.parallel),
            details_every: with.details_every,
            now: started,
            counters: Progress::default(),
        };
        survey(args, &state, &reading)?
    };
    let run =
        |scans: &[Scan]| (!with.output.reproducible).then(|| scan::run_of(started, clock, &database, &demand, scans));
    let judging = Judging { database: &database, demand: &demand, settings, since, pool: &pool };
    let (verdict, ending) = sweep::judge(&state, &survey, judging, run)?;
    let written = scan::write(&verdict, format, &outputs, &with.output, &with.policy);
    // Who waits for the notice shall have it, even where a report cannot be written.
    let sent = notices.send(&verdict);
    written?;
    sent?;
    ending.map_or(Ok(()), |ending| ending.write(&state)).context("the sweep's end cannot be kept")?;
    Ok(verdict.exit)
}

fn survey(args: &SweepArgs, state: &State, reading: &Reading<'_>) -> Result<Survey> {
    let source = from::source(&args.from)?;
    let filters = from::filters(&args.from);
    let counters = SweepProgress::default();
    let survey = || sweep::survey(state, source.as_ref(), &filters, reading, &counters);
    Ok(progress::during_sweep(args.from.options().output.quiet, &counters, survey)?)
}

fn open_state(with: &SweepOptions) -> Result<State> {
    let dir = with.state.as_deref().context("--state names the folder of what is known from earlier sweeps")?;
    let waiting = || {
        if !with.no_wait && !with.output.quiet {
            output::note(&format!("another sweep is using the state {}; waiting for its end", dir.display()));
        }
        !with.no_wait
    };
    State::open(dir, waiting).with_context(|| format!("cannot use the state in {}", dir.display()))
}

/// A day begins at midnight UTC.
fn day_or_moment(text: &str) -> Result<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => Ok(moment.to_utc()),
        Err(_) => {
            bail!("--since wants a day, 2026-11-01, or a moment, 2026-11-01T03:00:00Z; got '{}'", text.escape_default())
        }
    }
}
