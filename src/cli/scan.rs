//! `tidewaiter scan`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};

use super::args::{OutputArgs, PolicyArgs, ScanArgs};
use super::output::{self, Output};
use super::resolve::{Given, Resolved, resolve};
use super::{options, osv_api, print_config, progress, rules};
use crate::advisory::{Database, OsvApi};
use crate::artifact;
use crate::audit::{self, Demand, Input, Options, Progress, Request};
use crate::extract::LockedVersions;
use crate::formats::words::plural;
use crate::matching;
use crate::model::{DatabaseOrigin, Ecosystem, FunctionConfig, Scan, SecretMatch};
use crate::policy::{self, Baseline, Exit, Run, Verdict};
use crate::report::Reporter;
use crate::secret::Engine;
use crate::source;

/// Audits every target, judges them together and writes the reports.
pub(super) fn run(args: &ScanArgs, given: &Given<'_>) -> Result<Exit> {
    let started = options::now()?;
    let clock = Instant::now();
    // Everything that can be wrong with the request is told before the work begins.
    let format = output::reporter(&args.output.format).with_context(|| given.named("format", "format"))?;
    let outputs = output::parse(&args.output.outputs).with_context(|| given.named("outputs", "output"))?;
    let Resolved { settings, max_db_age, rules, shown } =
        resolve(&args.policy, &args.advisories, given, started.date_naive())?;
    if args.policy.print_config {
        print_config::print(&args.limits, given, shown)?;
        return Ok(Exit::Clean);
    }
    let own = options::own(&settings)?;
    let requests = requests(args)?;
    output::reachable(outputs.iter().map(|output| output.path.as_path()).chain(args.policy.write_baseline.as_deref()))?;
    let limits = options::limits(&args.limits);
    let brought = rules::engine(&rules, &given.named("rules", "rules"), args.output.quiet)?;
    let engine = brought.as_ref().unwrap_or_else(|| Engine::builtin());
    let advisories = match osv_api::service(args)? {
        Some(service) => Advisories::Service(Box::new(service)),
        None => Advisories::Local(Box::new(options::scan_database(&args.advisories)?)),
    };
    let verifier = options::verifier(args)?;
    let allow = |found: &SecretMatch| settings.allows(found, None);
    let demand = Demand { allow_seed: args.advisories.allow_seed, max_age: max_db_age, now: started };

    let pool = options::pool(args.limits.threads).with_context(|| given.named("threads", "threads"))?;
    let mut scans = Vec::new();
    for (name, request) in requests {
        let counters = Progress::default();
        let audit_options = Options {
            limits: limits.clone(),
            engine,
            own: own.clone(),
            allow: &allow,
            verifier: verifier.as_ref(),
            progress: &counters,
        };
        let scan = progress::during(&name, args.output.quiet, &counters, || {
            pool.install(|| audit::audit(request, &audit_options))
        })?;
        scans.push(scan);
    }
    let database = match advisories {
        Advisories::Local(database) => *database,
        // It can be asked only once it is known what for.
        Advisories::Service(service) => osv_api::ask(&service, &scans, &own, started)?,
    };
    let mut scans = pool.install(|| audit::hold_against(scans, &database, &demand));
    audit::tell_apart(&mut scans);

    let run = (!args.output.reproducible).then(|| run_of(started, clock, &database, &demand, &scans));
    let info = database.info().clone();
    let mut verdict = pool.install(|| policy::judge(scans, info, settings, run));
    verdict.waivers_unused.extend(engine.idle_allow_lists().map(rules::unused));
    write(&verdict, format, &outputs, &args.output, &args.policy)?;
    let exit = verdict.exit;
    // The process ends here; to free all of it piece by piece would take as long as to write the report.
    std::mem::forget(verdict);
    Ok(exit)
}

/// Writes everything that was asked for.
pub(super) fn write(
    verdict: &Verdict,
    format: &dyn Reporter,
    outputs: &[Output],
    output: &OutputArgs,
    policy: &PolicyArgs,
) -> Result<()> {
    // What one report cannot have is no reason to lose the others.
    let mut written: Vec<Result<()>> = outputs.iter().map(|output| output::to_file(output, verdict)).collect();
    written.push(output::to_stdout(format, verdict, output.color));
    written.extend(policy.write_baseline.as_deref().map(|path| write_baseline(path, verdict, output.quiet)));
    written.into_iter().collect()
}

fn write_baseline(path: &Path, verdict: &Verdict, quiet: bool) -> Result<()> {
    let mut bytes = Vec::new();
    let count = Baseline::write(verdict, &mut bytes).context("cannot make the baseline")?;
    output::whole_file(path, &bytes)?;
    if !quiet {
        let count = plural(count as u64, "finding", "findings");
        output::note(&format!("the baseline {} has {count}", path.display()));
    }
    Ok(())
}

/// Where they come from.
enum Advisories {
    Local(Box<Database>),
    Service(Box<OsvApi>),
}

/// One request per target, with a name for the progress line.
fn requests(args: &ScanArgs) -> Result<Vec<(String, Request)>> {
    let for_one = !args.layers.is_empty()
        || args.env_file.is_some()
        || args.runtime.is_some()
        || args.handler.is_some()
        || args.lockfile.is_some();
    if for_one && args.targets.len() > 1 {
        bail!(
            "--layer, --env-file, --runtime, --handler and --lockfile belong to one function, but {} targets were named; \
             scan each function by itself",
            args.targets.len()
        );
    }
    for layer in &args.layers {
        if !layer.exists() {
            bail!("the layer {} does not exist", layer.display());
        }
    }
    let locked = args.lockfile.as_deref().map(locked).transpose()?.unwrap_or_default();
    let mut requests = Vec::new();
    for target in &args.targets {
        let code = if target.as_os_str() == "-" {
            let limits = options::limits(&args.limits);
            let bytes = artifact::read_input(&mut std::io::stdin().lock(), &limits)
                .context("cannot read the target from standard input")?;
            Input::Bytes { name: "-".to_owned(), bytes }
        } else {
            Input::Path(target.clone())
        };
        let environment = match &args.env_file {
            None => None,
            Some(path) => {
                let bytes = options::small_file(path, source::MAX_ENV_BYTES).context("--env-file")?;
                let file = source::read_env_file(&bytes)
                    .with_context(|| format!("cannot understand the environment file {}", path.display()))?;
                Some((path.display().to_string(), file))
            }
        };
        let config = FunctionConfig {
            runtime: args.runtime.clone(),
            handler: args.handler.clone(),
            ..FunctionConfig::default()
        };
        let request = Request { code, layers: args.layers.clone(), environment, config, locked: locked.clone() };
        requests.push((target.display().to_string(), request));
    }
    Ok(requests)
}

/// The largest known lock files have some 10 MB.
const MAX_LOCKFILE: u64 = 256 << 20;

fn locked(path: &Path) -> Result<LockedVersions> {
    let bytes = options::small_file(path, MAX_LOCKFILE).context("--lockfile")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    LockedVersions::read(&name, &bytes).with_context(|| format!("--lockfile {}", path.display()))
}

/// When and how a run went that ends now.
pub(super) fn run_of(
    started: DateTime<Utc>,
    clock: Instant,
    database: &Database,
    demand: &Demand,
    scans: &[Scan],
) -> Run {
    let info = database.info();
    let packages = scans.iter().flat_map(|scan| &scan.packages);
    let found: BTreeSet<Ecosystem> = packages.map(|package| package.ecosystem).collect();
    Run {
        started_at: started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        seconds: (clock.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        advisories_age_days: matching::age_days(info, &found, demand.now),
        stale: info.origin == DatabaseOrigin::Seed || matching::is_stale(info, &found, &demand.max_age, demand.now),
    }
}
