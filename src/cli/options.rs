//! Arguments as resolved: what they mean together.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::args::{AdvisoryArgs, CacheArgs, LimitArgs, ScanArgs, TrustArgs};
use crate::advisory::{self, Bundle, Database, Trust};
use crate::artifact::Limits;
use crate::policy::Settings;
use crate::verify::Verifier;

/// The moment that ages and days left are counted from: now, or the one that reproducible builds name
/// (<https://reproducible-builds.org/docs/source-date-epoch/>).
pub(super) fn now() -> Result<DateTime<Utc>> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(Utc::now()),
        Ok(text) => {
            let seconds = text.trim().parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
            seconds.with_context(|| {
                format!("SOURCE_DATE_EPOCH is '{}', which is no number of seconds since 1970", text.escape_default())
            })
        }
    }
}

/// Who asks vendors about secrets, if the arguments want that.
pub(super) fn verifier(args: &ScanArgs) -> Result<Option<Verifier>> {
    let verifier = args.verify.then(|| Verifier::new(args.verify_endpoint.clone())).transpose();
    verifier.context("cannot ask vendors about secrets")
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
        bail!("0 leaves nobody to do the work; leave the flag out for one thread per core");
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .thread_name(|index| format!("audit-{index}"))
        .build()
        .context("cannot start the threads")
}

/// The folder of the cache.
pub(super) fn cache_dir(args: &CacheArgs) -> Result<PathBuf> {
    match &args.cache {
        Some(dir) => Ok(dir.clone()),
        None => advisory::default_cache_dir().context("name the cache with --cache DIR"),
    }
}

/// No public key, and no line of one, is longer.
const MAX_KEY: u64 = 64 << 10;

/// The keys that a bundle may be signed with.
pub(super) fn trust(args: &TrustArgs) -> Result<Trust> {
    if args.trust.is_empty() && !args.allow_unsigned {
        bail!(
            "a bundle counts by its signature: name the public key with --trust PUBKEY, or take any with --allow-unsigned"
        );
    }
    let key = |named: &String| match Path::new(named).is_file() {
        true => small_text(Path::new(named), MAX_KEY),
        false => Ok(named.clone()),
    };
    let keys = args.trust.iter().map(key).collect::<Result<Vec<_>>>().context("--trust")?;
    Trust::new(&keys, args.allow_unsigned).context("--trust wants the file of a public key, or its base64 text")
}

/// The bytes of a file that has no reason to be larger than `most`.
pub(super) fn small_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let about = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(about)?.len();
    if size > most {
        bail!("{}: it has {size} bytes, more than such a file ever has", about());
    }
    std::fs::read(path).with_context(about)
}

/// The same of a file that is text.
pub(super) fn small_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(small_file(path, most)?).with_context(|| format!("{} is no text", path.display()))
}

/// The database that a scan uses: the bundle that was named, else what [`database`] finds.
pub(super) fn scan_database(args: &AdvisoryArgs) -> Result<Database> {
    match &args.advisories {
        Some(path) => {
            let bundle = Bundle::read(path, &trust(&args.trust)?);
            Ok(Database::of_bundle(bundle.with_context(|| format!("cannot use {}", path.display()))?))
        }
        None if args.trust.trust.is_empty() && !args.trust.allow_unsigned => database(&args.cache),
        None => bail!("--trust and --allow-unsigned speak of a bundle: name it with --advisories FILE"),
    }
}

/// The cache's snapshot, else the seed.
pub(super) fn database(args: &CacheArgs) -> Result<Database> {
    let dir = match &args.cache {
        // A folder that was named must hold one: a typing error must not end in the seed.
        Some(dir) => return named_database(dir),
        None => advisory::default_cache_dir().ok(),
    };
    let cached = match dir {
        None => None,
        Some(dir) => open_cache(&dir)?,
    };
    cached.map_or_else(|| Database::seed().context("the built-in seed is broken"), Ok)
}

/// The snapshot of a cache that must be there.
pub(super) fn named_database(dir: &Path) -> Result<Database> {
    open_cache(dir)?.with_context(|| {
        format!(
            "there is no advisory cache in {}; make one with 'tidewaiter db sync' or 'tidewaiter db import'",
            dir.display()
        )
    })
}

fn open_cache(dir: &Path) -> Result<Option<Database>> {
    Database::open_cache(dir).with_context(|| format!("cannot use the advisory cache in {}", dir.display()))
}
