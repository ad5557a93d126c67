//! The policy file with what wins over it: option, then variable, then file, then default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::args::{AdvisoryArgs, PolicyArgs};
use super::variables::{self, variable};
use crate::matching::MaxAge;
use crate::model::{Grade, Severity};
use crate::policy::{self, Baseline, Policy, Settings, THRESHOLDS, Thresholds, Waiver, foreign};

/// The policy file that is read without being named.
const POLICY_FILE: &str = "tidewaiter.toml";
/// The Gitleaks configuration that is read without being named, as Gitleaks does it.
const GITLEAKS_FILE: &str = ".gitleaks.toml";

/// The origin of a file that nobody named.
const FOUND: &str = "found in this folder";

/// What judges, and what a database must be to be judged with.
pub(super) struct Resolved {
    pub settings: Settings,
    pub max_db_age: MaxAge,
    /// Files of secret rules.
    pub rules: Vec<PathBuf>,
    /// Every setting of the policy.
    pub shown: Vec<Setting>,
}

/// A setting with its origin, for `--print-config`.
pub(super) struct Setting {
    pub name: String,
    /// As a policy file would write it.
    pub value: String,
    /// `default`, `tidewaiter.toml:3`, `TIDEWAITER_FAIL_ON` or `--fail-on`.
    pub origin: String,
}

/// What was typed, and what came from variables.
pub(super) struct Given<'a> {
    /// The subcommands, outermost first.
    command: Vec<&'a str>,
    /// Those of the innermost one.
    matches: Option<&'a ArgMatches>,
}

impl<'a> Given<'a> {
    /// Those of the innermost subcommand.
    pub fn of(matches: &'a ArgMatches) -> Given<'a> {
        let (command, matches): (Vec<_>, Vec<_>) =
            std::iter::successors(matches.subcommand(), |(_, outer)| outer.subcommand()).unzip();
        Given { command, matches: matches.last().copied() }
    }

    /// The arguments that the command can have.
    pub fn arguments<'c>(&self, whole: &'c Command) -> impl Iterator<Item = &'c Arg> {
        let inner = self.command.iter().try_fold(whole, |outer, name| outer.find_subcommand(name));
        inner.into_iter().flat_map(Command::get_arguments)
    }

    /// Where an option's value comes from; `None` for its default.
    pub fn origin(&self, id: &str, long: &str) -> Option<String> {
        match self.source(id)? {
            ValueSource::CommandLine => Some(format!("--{long}")),
            ValueSource::EnvVariable => Some(variable(long)),
            _ => None,
        }
    }

    /// What an error about an option's value names: the option or its variable.
    pub fn named(&self, id: &str, long: &str) -> String {
        self.origin(id, long).unwrap_or_else(|| format!("--{long}"))
    }

    /// Whether an option has its value from a variable.
    pub fn is_variable(&self, id: &str) -> bool {
        self.source(id) == Some(ValueSource::EnvVariable)
    }

    fn source(&self, id: &str) -> Option<ValueSource> {
        let matches = self.matches?;
        matches.ids().find(|known| known.as_str() == id).and_then(|_| matches.value_source(id))
    }

    /// An option's values as they were given.
    pub fn values(&self, id: &str) -> Vec<String> {
        let Some(matches) = self.matches.filter(|matches| matches.ids().any(|known| known.as_str() == id)) else {
            return Vec::new();
        };
        let values = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        match self.is_variable(id) && variables::is_repeatable(id) {
            true => values.flat_map(|text| variables::values(&text).map(str::to_owned).collect::<Vec<_>>()).collect(),
            false => values.collect(),
        }
    }
}

/// Lays settings over one another and remembers which one counts.
struct Layers<'a> {
    given: &'a Given<'a>,
    policy: &'a Policy,
    file: Option<String>,
    shown: Vec<Setting>,
}

impl Layers<'_> {
    /// `given` is the value of the option `--name`, `written` that of the file.
    fn lay<T>(
        &mut self,
        name: &str,
        given: Option<T>,
        written: Option<T>,
        default: T,
        show: impl Fn(&T) -> String,
    ) -> T {
        let typed = || self.given.origin(&name.replace('-', "_"), name);
        let (value, origin) = match (given, written) {
            (Some(value), _) => (value, typed().unwrap_or_else(|| "default".to_owned())),
            (None, Some(value)) => (value, self.line(name)),
            (None, None) => (default, "default".to_owned()),
        };
        self.show(name, show(&value), origin);
        value
    }

    fn line(&self, name: &str) -> String {
        match (&self.file, self.policy.lines.get(name)) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => "default".to_owned(),
        }
    }

    fn show(&mut self, name: &str, value: String, origin: String) {
        self.shown.push(Setting { name: name.to_owned(), value, origin });
    }
}

/// Text as a policy file writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}

/// A number or a truth value as it is, anything else quoted.
pub(super) fn plain(text: &str) -> String {
    let bare = text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok();
    if bare { text.to_owned() } else { quoted(text) }
}

fn list(all: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", all.into_iter().map(|one| quoted(&one)).collect::<Vec<_>>().join(", "))
}

/// Lays the arguments over the policy file, and the file over the defaults. `today` decides what has expired.
pub(super) fn resolve(
    args: &PolicyArgs,
    advisories: &AdvisoryArgs,
    given: &Given<'_>,
    today: NaiveDate,
) -> Result<Resolved> {
    let path = args.policy.clone().or_else(|| Some(PathBuf::from(POLICY_FILE)).filter(|path| path.is_file()));
    let policy = path.as_deref().map(Policy::read).transpose()?.unwrap_or_default();
    let file = path.as_ref().map(|path| path.display().to_string());
    let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let mut layers = Layers { given, policy: &policy, file: file.clone(), shown: Vec::new() };
    let found = if file.is_some() { FOUND } else { "default" };
    let origin = given.origin("policy", "policy").unwrap_or_else(|| found.to_owned());
    layers.show("policy", file.as_deref().map(quoted).unwrap_or_default(), origin);

    let about = |name: &str| given.named(&name.replace('-', "_"), name);
    let typed = args.fail_on.as_deref().map(policy::parse_fail_on).transpose().with_context(|| about("fail-on"))?;
    let lifts_all = typed.as_ref().is_some_and(Vec::is_empty);
    let fail_on =
        layers.lay("fail-on", typed, policy.fail_on.clone(), vec![Severity::Critical, Severity::High], |all| {
            quoted(&policy::fail_on_text(all))
        });
    let thresholds = thresholds(args, &mut layers, lifts_all)?;
    let required = args.require_coverage.as_deref().map(policy::parse_require_coverage).transpose();
    let require_coverage = layers.lay(
        "require-coverage",
        required.with_context(|| about("require-coverage"))?,
        policy.require_coverage,
        Grade::Partial,
        |grade| quoted(if *grade == Grade::Blind { "none" } else { grade.word() }),
    );
    let max_db_age = layers.lay(
        "max-db-age",
        advisories.max_db_age.map(MaxAge::days),
        policy.max_db_age.clone(),
        MaxAge::default(),
        print_age,
    );
    let own = layers
        .lay("own", None, Some(policy.own.clone()).filter(|own| !own.is_empty()), Vec::new(), |own| list(own.clone()));
    let baseline = layers.lay(
        "baseline",
        args.baseline.clone().map(Some),
        policy.baseline.as_ref().map(|file| Some(folder.join(file))),
        None,
        |file| file.as_ref().map(|file| quoted(&file.display().to_string())).unwrap_or_default(),
    );
    let fail_on_existing = layers.lay(
        "fail-on-existing",
        given.origin("fail_on_existing", "fail-on-existing").map(|_| args.fail_on_existing),
        policy.fail_on_existing,
        false,
        bool::to_string,
    );
    let waivers = waivers(args, &mut layers, folder)?;
    let rules = rules(args, &mut layers);
    lists(&mut layers, &waivers);
    let shown = layers.shown;
    Ok(Resolved {
        settings: Settings {
            fail_on,
            require_coverage,
            file,
            own,
            accept_gaps: policy.accept_gaps,
            allow_secrets: policy.allow_secrets,
            thresholds,
            waivers: policy.waivers.into_iter().chain(waivers).collect(),
            baseline: baseline.as_deref().map(Baseline::read).transpose()?,
            fail_on_existing,
            risk: policy.risk,
            today,
        },
        max_db_age,
        rules,
        shown,
    })
}

/// What comes by name or in lists: of other tools' waivers only how many.
fn lists(layers: &mut Layers<'_>, foreign: &[Waiver]) {
    let policy = layers.policy;
    for check in &policy.thresholds.checks {
        let name = format!("checks.{}", quoted(&check.id));
        let origin = layers.line(&format!("checks.{}", check.id));
        layers.show(&name, quoted(&policy::fail_on_text(&check.severities)), origin);
    }
    for (name, weight) in policy.risk.iter() {
        let name = format!("risk.{name}");
        let origin = if policy.lines.contains_key(&name) { layers.line(&name) } else { "default".to_owned() };
        layers.show(&name, weight.to_string(), origin);
    }
    for waiver in &policy.waivers {
        layers.show("waivers", format!("[{}]", quoted(&waiver.text)), waiver.basis.by());
    }
    for accepted in &policy.accept_gaps {
        layers.show("accept-gaps", format!("[{}]", quoted(accepted.kind.word())), accepted.basis.by());
    }
    for allowed in &policy.allow_secrets {
        layers.show("allow-secrets", format!("[{}]", quoted(&allowed.text)), allowed.basis.by());
    }
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for waiver in foreign {
        *files.entry(&waiver.basis.file).or_default() += 1;
    }
    for (file, count) in files {
        layers.show("waivers", format!("[{count} more]"), file.to_owned());
    }
}

/// `--threshold` over the file. `--fail-on never` lifts those of the file, too: who types it wants no failure.
fn thresholds(args: &PolicyArgs, layers: &mut Layers<'_>, lifts_all: bool) -> Result<Thresholds> {
    let mut thresholds = if lifts_all { Thresholds::never() } else { layers.policy.thresholds.clone() };
    let mut typed = Vec::new();
    for text in &args.thresholds {
        let origin = layers.given.named("thresholds", "threshold");
        let Some((name, value)) = text.split_once('=') else {
            bail!("{origin} wants NAME=VALUE, such as epss=0.5; got '{}'", text.escape_default());
        };
        thresholds.set(name, value).map_err(|error| anyhow::anyhow!("{origin}: {error}"))?;
        typed.push(name.to_owned());
    }
    for name in THRESHOLDS {
        let value = thresholds.get(name);
        let origin = match &value {
            _ if typed.iter().any(|one| one == name) => {
                layers.given.origin("thresholds", "threshold").unwrap_or_default()
            }
            None => "default".to_owned(),
            Some(_) if lifts_all => layers.given.origin("fail_on", "fail-on").unwrap_or_default(),
            Some(_) => layers.line(&format!("thresholds.{name}")),
        };
        layers.show(&format!("thresholds.{name}"), value.map(|value| plain(&value)).unwrap_or_default(), origin);
    }
    Ok(thresholds)
}

/// The waivers of other tools' files.
fn waivers(args: &PolicyArgs, layers: &mut Layers<'_>, folder: &Path) -> Result<Vec<Waiver>> {
    let named = given_files(&args.ignore_files);
    let typed = layers.given.origin("ignore_files", "ignore-file");
    let (files, origin) = match (typed, &layers.policy.ignore_files) {
        (Some(origin), _) => (named, origin),
        (None, Some(written)) => (written.iter().map(|file| folder.join(file)).collect(), layers.line("ignore-files")),
        (None, None) => (foreign::find(Path::new("")), FOUND.to_owned()),
    };
    let origin = if files.is_empty() && origin == FOUND { "default".to_owned() } else { origin };
    layers.show("ignore-files", list(files.iter().map(|file| file.display().to_string())), origin);
    let mut waivers = Vec::new();
    for file in files {
        waivers.extend(foreign::read(&file)?);
    }
    Ok(waivers)
}

/// `none` stands alone and names no file.
fn given_files(files: &[PathBuf]) -> Vec<PathBuf> {
    if files == [PathBuf::from("none")] { Vec::new() } else { files.to_vec() }
}

/// Files of secret rules: those that were named, else the configuration that Gitleaks would find, unless no file of
/// another tool is to be read.
fn rules(args: &PolicyArgs, layers: &mut Layers<'_>) -> Vec<PathBuf> {
    let ignore_files = layers.given.origin("ignore_files", "ignore-file");
    let none = match &ignore_files {
        Some(_) => given_files(&args.ignore_files).is_empty(),
        None => layers.policy.ignore_files.as_ref().is_some_and(Vec::is_empty),
    };
    let (files, origin) = match layers.given.origin("rules", "rules") {
        Some(origin) => (given_files(&args.rules), origin),
        None if none => (Vec::new(), ignore_files.unwrap_or_else(|| layers.line("ignore-files"))),
        None if Path::new(GITLEAKS_FILE).is_file() => (vec![PathBuf::from(GITLEAKS_FILE)], FOUND.to_owned()),
        None => (Vec::new(), "default".to_owned()),
    };
    layers.show("rules", list(files.iter().map(|file| file.display().to_string())), origin);
    files
}

/// As a policy file writes it.
fn print_age(age: &MaxAge) -> String {
    let limit = |limit: &crate::matching::AgeLimit| {
        let part = |name: &str, days: Option<u64>| days.map(|days| format!("{name} = {days}"));
        let parts: Vec<String> = [part("warn", limit.warn), part("fail", limit.fail)].into_iter().flatten().collect();
        format!("{{ {} }}", parts.join(", "))
    };
    if *age == MaxAge::default() {
        return String::new();
    }
    if let (true, true, Some(days), None) =
        (age.ecosystems.is_empty(), age.feeds.is_empty(), age.default.fail, age.default.warn)
    {
        return days.to_string();
    }
    let mut parts = vec![format!("default = {}", limit(&age.default))];
    parts.extend(age.ecosystems.iter().map(|(one, days)| format!("{} = {}", quoted(one.name()), limit(days))));
    parts.extend(age.feeds.iter().map(|(one, days)| format!("{} = {}", one.name(), limit(days))));
    format!("{{ {} }}", parts.join(", "))
}
