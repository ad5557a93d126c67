//! Arguments with the policy file laid under them: flag, then file, then default.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::args::{CacheArgs, LimitArgs, RequireCoverage, ScanArgs};
use crate::advisory::{self, Database};
use crate::artifact::Limits;
use crate::model::Grade;
use crate::policy::{self, Settings};

/// The policy file that is read without being named.
const POLICY_FILE: &str = "tidewaiter.toml";

/// The settings that judge.
pub(super) fn settings(args: &ScanArgs) -> Result<Settings> {
    let path = match &args.policy {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(POLICY_FILE)).filter(|path| path.is_file()),
    };
    let mut settings = match path {
        None => Settings::default(),
        Some(path) => {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the policy file {}", path.display()))?;
            policy::read_config(&path.display().to_string(), &text)?
        }
    };
    if let Some(fail_on) = &args.fail_on {
        settings.fail_on = policy::parse_fail_on(fail_on).map_err(|error| anyhow::anyhow!("--fail-on: {error}"))?;
    }
    if let Some(grade) = args.require_coverage {
        settings.require_coverage = match grade {
            RequireCoverage::None => None,
            RequireCoverage::Partial => Some(Grade::Partial),
            RequireCoverage::Complete => Some(Grade::Complete),
        };
    }
    settings.max_db_age = args.max_db_age.or(settings.max_db_age);
    Ok(settings)
}

/// Package names that count as first-party.
pub(super) fn own(settings: &Settings) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in &settings.own {
        set.add(Glob::new(pattern).with_context(|| format!("'{pattern}' in the policy's 'own' is no glob"))?);
    }
    Ok(set.build()?)
}

/// The bounds of one target.
pub(super) fn limits(args: &LimitArgs) -> Limits {
    let default = Limits::default();
    Limits {
        entry_bytes: args.max_entry_bytes.unwrap_or(default.entry_bytes),
        target_bytes: args.max_target_bytes.unwrap_or(default.target_bytes),
        ratio: args.max_ratio.unwrap_or(default.ratio),
        entries: args.max_entries.unwrap_or(default.entries),
        depth: args.max_depth.unwrap_or(default.depth),
        time: args.max_seconds.map_or(default.time, std::time::Duration::from_secs),
        ..default
    }
}

/// A pool of the wanted size.
pub(super) fn pool(threads: Option<usize>) -> Result<rayon::ThreadPool> {
    if threads == Some(0) {
        bail!("--threads 0 leaves nobody to do the work; leave the flag out for one thread per core");
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .thread_name(|index| format!("audit-{index}"))
        .build()
        .context("cannot start the threads")
}

/// The folder of the cache.
pub(super) fn cache_dir(args: &CacheArgs) -> Result<PathBuf> {
    args.cache.clone().or_else(advisory::default_cache_dir).context(
        "cannot tell where the cache is, since neither XDG_CACHE_HOME nor HOME is set; name it with --cache DIR",
    )
}

/// The database that a scan uses: the cache's snapshot, else the seed.
pub(super) fn database(args: &CacheArgs) -> Result<Database> {
    let open = |dir: &Path| {
        Database::open_cache(dir).with_context(|| format!("cannot use the advisory cache in {}", dir.display()))
    };
    match (&args.cache, advisory::default_cache_dir()) {
        // A folder that was named must be one: a typing error must not end in the seed.
        (Some(dir), _) if !dir.is_dir() => {
            bail!("there is no advisory cache in {}; make one with 'tidewaiter db sync'", dir.display())
        }
        (Some(dir), _) | (None, Some(ref dir)) => Ok(open(dir)?.unwrap_or_else(Database::seed)),
        (None, None) => Ok(Database::seed()),
    }
}
