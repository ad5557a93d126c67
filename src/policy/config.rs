//! `tidewaiter.toml`: as parsed, then as validated.
//!
//! The two steps are two types: [`Raw`] mirrors the file and remembers where each value stands, [`Policy`] holds only
//! what was checked. Every error points into the file. A file is read only where a flag names it or in the folder where
//! the command runs, never from inside an artifact: an artifact must not be able to speak for itself.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::Deserialize;
use toml::Spanned;

pub use crate::formats::complaint::Complaint;
use crate::formats::complaint::Source;
use crate::matching::{AgeLimit, MaxAge};
use crate::model::{Ecosystem, Feed, Gap, GapKind, Grade, Severity};

use super::allow::{AllowedSecret, RawAllowedSecret};
use super::fail_on::{parse_fail_on, parse_require_coverage};
use super::risk::RiskWeights;

/// The file, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    fail_on: Option<Spanned<String>>,
    require_coverage: Option<Spanned<String>>,
    #[serde(default)]
    own: Vec<Spanned<String>>,
    #[serde(default)]
    accept_gaps: Vec<RawAcceptedGap>,
    #[serde(default)]
    allow_secrets: Vec<RawAllowedSecret>,
    max_db_age: Option<Spanned<RawMaxAge>>,
    #[serde(default)]
    risk: BTreeMap<String, Spanned<i64>>,
}

/// `max-db-age`: days for all, or a table of sources.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "max-db-age wants days, or a table of days by ecosystem and feed")]
enum RawMaxAge {
    Days(u64),
    Sources(BTreeMap<String, RawAgeLimit>),
}

/// Days after which there is no verdict, or both limits.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a source's limit wants days, or { warn = DAYS, fail = DAYS }")]
enum RawAgeLimit {
    Days(u64),
    Limits(RawLimits),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    warn: Option<u64>,
    fail: Option<u64>,
}

/// One element of `accept-gaps`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawAcceptedGap {
    kind: Spanned<GapKind>,
    path: Option<Spanned<String>>,
    reason: Spanned<String>,
}

/// A policy file's checked content. What the file does not say is `None`, so that a flag or a default can.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `fail-on`: severities that violate, worst first; empty for `never`.
    pub fail_on: Option<Vec<Severity>>,
    /// `require-coverage`: [`Grade::Blind`] for `none`.
    pub require_coverage: Option<Grade>,
    /// `own`: globs over package names that count as first-party.
    pub own: Vec<String>,
    /// `accept-gaps`.
    pub accept_gaps: Vec<AcceptedGap>,
    /// `allow-secrets`.
    pub allow_secrets: Vec<AllowedSecret>,
    /// `max-db-age`.
    pub max_db_age: Option<MaxAge>,
    /// `risk`: weights of the terms of the risk score; the defaults where the file says nothing.
    pub risk: RiskWeights,
}

/// A kind of gap that somebody answers for.
#[derive(Clone, Debug)]
pub struct AcceptedGap {
    /// The kind.
    pub kind: GapKind,
    /// A glob over the gap's place, an archive being like a folder (`lib/*.jar/META-INF/**`); `*` stops at `/`. `None`
    /// accepts the kind everywhere.
    pub path: Option<GlobMatcher>,
    /// Why, in the words of whoever accepts it; never empty.
    pub reason: String,
    /// Where that is written: `tidewaiter.toml:7`.
    pub by: String,
}

impl AcceptedGap {
    /// Whether this acceptance speaks of that gap.
    pub fn covers(&self, gap: &Gap) -> bool {
        self.kind == gap.kind && self.path.as_ref().is_none_or(|glob| glob.is_match(gap.location.path.join("/")))
    }
}

/// A policy file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the policy file {file}")]
    Unreadable {
        /// As the user named it.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that it cannot mean.
    #[error("{0}")]
    Invalid(Box<Complaint>),
}

impl Policy {
    /// Reads and checks a policy file.
    pub fn read(path: &Path) -> Result<Policy, ConfigError> {
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { file: file.clone(), source })?;
        Policy::parse(&file, &text)
    }

    /// Checks the text of a policy file; `file` is its name in errors and acceptances.
    pub fn parse(file: &str, text: &str) -> Result<Policy, ConfigError> {
        let source = Source { file, text };
        let raw: Raw = toml::from_str(text).map_err(|error| complain(&source, error.span(), error.message()))?;
        raw.validate(&source)
    }
}

impl Raw {
    fn validate(self, source: &Source<'_>) -> Result<Policy, ConfigError> {
        let fail_on = self.fail_on.map(|value| check(source, &value, parse_fail_on)).transpose()?;
        let require_coverage = self.require_coverage.map(|v| check(source, &v, parse_require_coverage)).transpose()?;
        for glob in &self.own {
            check(source, glob, |text| if text.is_empty() { Err(EMPTY_GLOB.to_owned()) } else { compile(text) })?;
        }
        let accept_gaps = self.accept_gaps.into_iter().map(|raw| raw.validate(source)).collect::<Result<_, _>>()?;
        let allow_secrets = self.allow_secrets.into_iter().map(|raw| raw.validate(source)).collect::<Result<_, _>>()?;
        Ok(Policy {
            fail_on,
            require_coverage,
            own: self.own.into_iter().map(Spanned::into_inner).collect(),
            accept_gaps,
            allow_secrets,
            max_db_age: self.max_db_age.map(|raw| max_age(raw, source)).transpose()?,
            risk: risk_weights(&self.risk, source)?,
        })
    }
}

fn max_age(raw: Spanned<RawMaxAge>, source: &Source<'_>) -> Result<MaxAge, ConfigError> {
    let span = raw.span();
    let sources = match raw.into_inner() {
        RawMaxAge::Days(days) => return Ok(MaxAge::days(days)),
        RawMaxAge::Sources(sources) => sources,
    };
    let mut max_age = MaxAge::default();
    for (name, limit) in sources {
        let limit = match limit {
            RawAgeLimit::Days(fail) => AgeLimit { warn: None, fail: Some(fail) },
            RawAgeLimit::Limits(RawLimits { warn, fail }) => AgeLimit { warn, fail },
        };
        if name == "default" {
            max_age.default = limit;
        } else if let Some(ecosystem) = Ecosystem::ALL.into_iter().find(|one| one.name() == name) {
            max_age.ecosystems.insert(ecosystem, limit);
        } else if let Some(feed) = Feed::ALL.into_iter().find(|one| one.name() == name) {
            max_age.feeds.insert(feed, limit);
        } else {
            let message =
                format!("'{}' is not 'default', and no ecosystem or feed that tidewaiter knows", name.escape_default());
            return Err(complain(source, Some(span), &message));
        }
    }
    Ok(max_age)
}

fn risk_weights(raw: &BTreeMap<String, Spanned<i64>>, source: &Source<'_>) -> Result<RiskWeights, ConfigError> {
    let mut weights = RiskWeights::default();
    for (name, weight) in raw {
        let set = weights.set(name, *weight.get_ref());
        set.map_err(|error| complain(source, Some(weight.span()), &error.to_string()))?;
    }
    Ok(weights)
}

impl RawAcceptedGap {
    fn validate(self, source: &Source<'_>) -> Result<AcceptedGap, ConfigError> {
        let path = self.path.map(|value| check(source, &value, compile)).transpose()?;
        let reason = check(source, &self.reason, |text| match text.trim() {
            "" => Err("a gap is accepted only with a reason"),
            reason => Ok(reason.to_owned()),
        })?;
        let line = source.line(self.kind.span());
        Ok(AcceptedGap { kind: self.kind.into_inner(), path, reason, by: format!("{}:{line}", source.file) })
    }
}

const EMPTY_GLOB: &str = "an empty name matches no package";

/// A glob over names or places, in which `*` stops at `/` and `**` does not.
pub(super) fn compile(text: &str) -> Result<GlobMatcher, String> {
    let glob: Result<Glob, _> = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("not a glob: {}", error.kind()))
}

/// Reads one value, and points at it where that fails.
pub(super) fn check<T, E: ToString>(
    source: &Source<'_>,
    value: &Spanned<String>,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, ConfigError> {
    read(value.get_ref()).map_err(|error| complain(source, Some(value.span()), &error.to_string()))
}

pub(super) fn complain(source: &Source<'_>, span: Option<Range<usize>>, message: &str) -> ConfigError {
    let complaint = source.complain(span, message);
    let text = quote(&complaint.text);
    ConfigError::Invalid(Box::new(Complaint { text, ..complaint }))
}

/// Keys of a policy, in lines of which every value may be shown.
const KEYS: [&str; 9] =
    ["fail-on", "require-coverage", "own", "accept-gaps", "allow-secrets", "max-db-age", "kind", "path", "rule"];

/// A line for a complaint, one character for one, so that the marks below stay under what they mean. Who names a file
/// of credentials by mistake must not find them in the log: of a line that is no policy's, the values are hidden.
fn quote(line: &str) -> String {
    let start = line.trim_start();
    let known = KEYS.iter().any(|key| start.starts_with(key)) || start.starts_with(['[', '#']);
    let public = if known { line.len() } else { line.find(['=', ':']).map_or(0, |at| at + 1) };
    line.char_indices().map(|(at, c)| if at < public || c == ' ' { c } else { '*' }).collect()
}
