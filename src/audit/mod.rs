//! Floor 3: the pipeline for one target. The only user of rayon.
//!
//! Every entry is decoded once; every extractor and the secret engine see the same bytes, and an entry that is itself
//! an archive is opened over the same bytes and walked the same way. What the artifacts gave is then laid together as
//! the runtime would: layers over one another, owners of files, copies that no importer can reach.

mod contents;
mod environment;
mod hold;
mod integrity;
mod inventory;
mod mask;
mod opaque;
mod overlay;
mod python_path;
mod seal;
mod secrets;
mod silence;
mod walk;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

use crate::artifact::{Budget, Limits, OpenError};
use crate::extract::LockedVersions;
use crate::matching::MaxAge;
use crate::model::{AllowedBy, Artifact, ArtifactRole, EnvFile, FunctionConfig, Scan, SecretMatch, TargetKind};
use crate::runtime;
use crate::secret::Engine;
use crate::verify::Verifier;
pub use contents::{Contents, SealedContents};
pub use hold::hold_against;
pub use silence::inquiry;

/// What to audit as one target.
pub struct Request {
    /// The function's code, or whatever else was named.
    pub code: Input,
    /// Its layers, in order.
    pub layers: Vec<PathBuf>,
    /// Its environment, with the path of the file that it was read from.
    pub environment: Option<(String, EnvFile)>,
    /// What is known of it beside the environment file: wins over what that file says.
    pub config: FunctionConfig,
    /// The lock file that its bundles were built with.
    pub locked: LockedVersions,
}

/// Where an artifact's bytes come from.
pub enum Input {
    /// A file or a folder.
    Path(PathBuf),
    /// Bytes that are in memory already: standard input, a download.
    Bytes {
        /// What to call them.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// How to audit.
pub struct Options<'a> {
    /// Bounds of one target.
    pub limits: Limits,
    /// Rules for secrets.
    pub engine: &'a Engine,
    /// Package names that count as first-party.
    pub own: globset::GlobSet,
    /// Who answers for a secret, if somebody does.
    pub allow: &'a (dyn Fn(&SecretMatch) -> Option<AllowedBy> + Sync),
    /// Asks vendors about secrets, where the user wants that.
    pub verifier: Option<&'a Verifier>,
    /// Polled by whoever draws it.
    pub progress: &'a Progress,
}

impl Options<'_> {
    fn budget(&self) -> Budget {
        // Rules count decoded bytes: UTF-16 takes two for each.
        Budget::new(Limits { window_overlap: 2 * self.engine.max_len(), ..self.limits.clone() })
    }
}

/// What a database must be to give a verdict.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The built-in seed is enough.
    pub allow_seed: bool,
    /// When it is too old.
    pub max_age: MaxAge,
    /// Counted from here.
    pub now: DateTime<Utc>,
}

/// How far an audit has come. The library counts, the command line draws.
#[derive(Debug, Default)]
pub struct Progress {
    /// Entries that are known to exist.
    pub seen: AtomicU64,
    /// Entries that are done.
    pub done: AtomicU64,
    /// Bytes that came out of decoders.
    pub bytes: AtomicU64,
}

impl Progress {
    fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}

/// Reads one target. What goes wrong inside an artifact is a gap of the scan.
///
/// Runs in the current rayon pool; the result is the same for every number of threads.
///
/// # Errors
/// [`OpenError`] only where a named file does not exist or cannot be opened at all: nothing was scanned then.
pub fn audit(request: Request, options: &Options<'_>) -> Result<Scan, OpenError> {
    let Request { code, layers, mut environment, config, locked } = request;
    let budget = options.budget();
    let config = merged_config(config, environment.as_mut().map(|(_, file)| &mut file.config));
    let mut parts = vec![Contents::read_within(&budget, ArtifactRole::Code, &code, &locked, options)?];
    for layer in layers {
        let input = Input::Path(layer);
        parts.push(Contents::read_within(&budget, ArtifactRole::Layer, &input, &locked, options)?);
    }
    let environment = environment.as_ref().map(|(path, file)| (file, read_environment(path, file, options)));
    Ok(assemble(&input_name(&code), parts, environment, config, options))
}

/// Reads a function's variables, as an artifact of their own.
pub fn read_environment(path: &str, file: &EnvFile, options: &Options<'_>) -> Contents {
    environment::artifact(path, file, options)
}

/// Lays a function together: its code, its layers in their order, and its variables with what reading them gave. What was
/// sealed can be laid together only with what was sealed by the same key. `name` is for functions whose configuration
/// has none.
///
/// # Panics
/// Without any part: a function has code, if only code that is [`Contents::missing`].
pub fn assemble(
    name: &str,
    mut parts: Vec<Contents>,
    environment: Option<(&EnvFile, Contents)>,
    config: FunctionConfig,
    options: &Options<'_>,
) -> Scan {
    let is_function = parts.len() > 1 || environment.is_some() || config != FunctionConfig::default();
    let kind = if is_function { TargetKind::Function } else { parts[0].body.kind };
    let mut gaps = environment::missing_layers(&config, parts.len() - 1);
    let layers = parts.len();
    let lacks_layers = !gaps.is_empty() || parts[1..].iter().any(|part| part.body.is_missing);
    let (file, variables) = environment.unzip();
    parts.extend(variables);
    let parts: Vec<Contents> = parts.into_iter().enumerate().map(|(index, part)| part.placed(index)).collect();
    let artifacts: Vec<Artifact> = parts.iter().map(|part| part.body.artifact.clone()).collect();
    let supplied = config.runtime.as_deref().and_then(runtime::supplied);
    let mut laid = overlay::lay(parts, supplied.as_ref());
    gaps.append(&mut laid.gaps);

    // Asked here and not where they were found: what was kept is asked anew by every policy.
    for one in &mut laid.secrets {
        one.allowed_by = one.allowed_by.take().or_else(|| (options.allow)(one));
    }
    let mut findings = secrets::join(std::mem::take(&mut laid.secrets), &laid, &artifacts, options);
    let variables = file.map(|file| (layers, file));
    let traces = std::mem::take(&mut laid.traces);
    let judged = integrity::judge(traces, &laid, &artifacts, &config, variables, lacks_layers, &findings);
    gaps.extend(judged.gaps);
    findings.extend(judged.findings);
    let name = config.name.clone().unwrap_or_else(|| name.to_owned());
    seal::seal(seal::Unsealed {
        id: config.arn.clone().unwrap_or_else(|| name.clone()),
        name,
        kind,
        config,
        artifacts,
        tally: laid.tally,
        gaps,
        packages: laid.packages,
        findings,
        hooks: judged.hooks,
        attributed: laid.attributed,
    })
}

/// What the command line says wins over what the environment file says.
fn merged_config(typed: FunctionConfig, read: Option<&mut FunctionConfig>) -> FunctionConfig {
    let Some(read) = read.map(std::mem::take) else { return typed };
    FunctionConfig {
        name: typed.name.or(read.name),
        arn: typed.arn.or(read.arn),
        runtime: typed.runtime.or(read.runtime),
        handler: typed.handler.or(read.handler),
        layers: if typed.layers.is_empty() { read.layers } else { typed.layers },
        cloud: typed.cloud.or(read.cloud),
    }
}

/// Gives targets of one name the shortest ends of their paths that tell them apart: `a/function.zip`, `b/function.zip`.
/// Names are what baselines, waivers and reports know targets by.
pub fn tell_apart(scans: &mut [Scan]) {
    let end_of = |scan: &Scan, parts: usize| {
        let path = scan.artifacts.first().map_or("", |artifact| artifact.path.as_str());
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        names[names.len().saturating_sub(parts)..].join("/")
    };
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, scan) in scans.iter().enumerate().filter(|(_, scan)| scan.config.name.is_none()) {
        groups.entry(scan.id.clone()).or_default().push(at);
    }
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let longest = group.iter().map(|&at| scans[at].artifacts.first().map_or(0, |one| one.path.len())).max();
        let apart = (2..=longest.unwrap_or(0)).find(|&parts| {
            let ends: BTreeSet<String> = group.iter().map(|&at| end_of(&scans[at], parts)).collect();
            ends.len() == group.len()
        });
        for (number, at) in group.into_iter().enumerate() {
            // One file that was named twice.
            let name = apart.map_or_else(|| format!("{} ({})", scans[at].name, number + 1), |n| end_of(&scans[at], n));
            (scans[at].id, scans[at].name) = (name.clone(), name);
        }
    }
}

/// What a target is called where nobody gives it a name: the last part of its path.
fn input_name(input: &Input) -> String {
    match input {
        Input::Bytes { name, .. } => name.clone(),
        Input::Path(path) => path
            .canonicalize()
            .ok()
            .as_deref()
            .unwrap_or(path)
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()),
    }
}
