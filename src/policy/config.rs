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
use crate::formats::nearest::guessed;
use crate::formats::toml_doc::readable;
use crate::matching::MaxAge;
use crate::model::{Gap, GapKind, Grade, Severity};

use super::allow::{AllowedSecret, RawAllowedSecret};
use super::basis::Basis;
use super::fail_on::{parse_fail_on, parse_require_coverage};
use super::max_age::{RawMaxAge, max_age};
use super::quote::{KEYS, quote};
use super::raw_waiver::{RawDate, RawWaiver, day, words};
use super::risk::{RiskWeights, WeightError};
use super::thresholds::{NAMES, Thresholds};
use super::waiver::Waiver;

/// The file, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    fail_on: Option<Spanned<String>>,
    require_coverage: Option<Spanned<String>>,
    own: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    accept_gaps: Vec<RawAcceptedGap>,
    #[serde(default)]
    allow_secrets: Vec<RawAllowedSecret>,
    max_db_age: Option<Spanned<RawMaxAge>>,
    #[serde(default)]
    risk: BTreeMap<Spanned<String>, Spanned<i64>>,
    #[serde(default)]
    thresholds: BTreeMap<Spanned<String>, Spanned<RawThreshold>>,
    #[serde(default)]
    checks: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    waivers: Vec<Spanned<RawWaiver>>,
    baseline: Option<Spanned<String>>,
    fail_on_existing: Option<Spanned<bool>>,
    ignore_files: Option<Spanned<Vec<String>>>,
}

/// A threshold: a severity, a number, or whether a fact counts.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a threshold is a severity, a number, or true or false")]
enum RawThreshold {
    Flag(bool),
    Number(f64),
    Word(String),
}

/// One element of `accept-gaps`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawAcceptedGap {
    kind: Spanned<GapKind>,
    path: Option<Spanned<String>>,
    reason: Spanned<String>,
    owner: Option<String>,
    expires: Option<Spanned<RawDate>>,
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
    /// `thresholds` and `checks`.
    pub thresholds: Thresholds,
    /// `waivers`.
    pub waivers: Vec<Waiver>,
    /// `baseline`: a file, as written.
    pub baseline: Option<String>,
    /// `fail-on-existing`.
    pub fail_on_existing: Option<bool>,
    /// `ignore-files`: files of other tools, as written; an empty list reads none.
    pub ignore_files: Option<Vec<String>>,
    /// The line of each single setting that the file has, by name: `fail-on`, `thresholds.epss`.
    pub lines: BTreeMap<String, usize>,
}

/// A kind of gap that somebody answers for.
#[derive(Clone, Debug)]
pub struct AcceptedGap {
    /// The kind.
    pub kind: GapKind,
    /// A glob over the gap's place, an archive being like a folder (`lib/*.jar/META-INF/**`); `*` stops at `/`. `None`
    /// accepts the kind everywhere.
    pub path: Option<GlobMatcher>,
    /// Who accepts it, and until when.
    pub basis: Basis,
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

/// No policy that a person keeps is larger, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// The text of a file that has no reason to be large.
pub(super) fn read_text(path: &Path, most: u64) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > most {
        return Err(std::io::Error::other(format!("it has {size} bytes, and at most {most} are read")));
    }
    std::fs::read_to_string(path)
}

impl Policy {
    /// Reads and checks a policy file.
    pub fn read(path: &Path) -> Result<Policy, ConfigError> {
        let file = path.display().to_string();
        let text =
            read_text(path, MAX_FILE).map_err(|source| ConfigError::Unreadable { file: file.clone(), source })?;
        Policy::parse(&file, &text)
    }

    /// Checks the text of a policy file; `file` is its name in errors and acceptances.
    pub fn parse(file: &str, text: &str) -> Result<Policy, ConfigError> {
        let source = Source { file, text };
        readable(text.as_bytes()).map_err(|(_, why)| complain(&source, None, &format!("the file {why}")))?;
        let raw: Raw =
            toml::from_str(text).map_err(|error| complain(&source, error.span(), &guessed(error.message())))?;
        raw.validate(&source)
    }
}

impl Raw {
    fn validate(self, source: &Source<'_>) -> Result<Policy, ConfigError> {
        let lines = self.lines(source);
        let fail_on = self.fail_on.map(|value| check(source, &value, parse_fail_on)).transpose()?;
        let require_coverage = self.require_coverage.map(|v| check(source, &v, parse_require_coverage)).transpose()?;
        let own = self.own.map(Spanned::into_inner).unwrap_or_default();
        for glob in &own {
            check(source, glob, |text| if text.is_empty() { Err(EMPTY_GLOB.to_owned()) } else { compile(text) })?;
        }
        let mut thresholds = Thresholds::default();
        for (name, value) in self.thresholds {
            let span = if NAMES.contains(&name.get_ref().as_str()) { value.span() } else { name.span() };
            let set = thresholds.set(name.get_ref(), &value.into_inner().text());
            set.map_err(|error| complain(source, Some(span), &error))?;
        }
        for (id, value) in self.checks {
            check(source, &value, |text| thresholds.set_check(&id, text, source.line(value.span())))?;
        }
        let waiver = |raw: Spanned<RawWaiver>| {
            let span = raw.span();
            raw.into_inner().validate(span, source)
        };
        Ok(Policy {
            fail_on,
            require_coverage,
            own: own.into_iter().map(Spanned::into_inner).collect(),
            accept_gaps: self.accept_gaps.into_iter().map(|raw| raw.validate(source)).collect::<Result<_, _>>()?,
            allow_secrets: self.allow_secrets.into_iter().map(|raw| raw.validate(source)).collect::<Result<_, _>>()?,
            max_db_age: self.max_db_age.map(|raw| max_age(raw, source)).transpose()?,
            risk: risk_weights(&self.risk, source)?,
            thresholds,
            waivers: self.waivers.into_iter().map(waiver).collect::<Result<_, _>>()?,
            baseline: self.baseline.map(|file| words(source, &file, "a baseline is a file")).transpose()?,
            fail_on_existing: self.fail_on_existing.map(Spanned::into_inner),
            ignore_files: self.ignore_files.map(Spanned::into_inner),
            lines,
        })
    }

    /// Where each single setting stands.
    fn lines(&self, source: &Source<'_>) -> BTreeMap<String, usize> {
        let mut spans = vec![
            ("fail-on", self.fail_on.as_ref().map(Spanned::span)),
            ("require-coverage", self.require_coverage.as_ref().map(Spanned::span)),
            ("own", self.own.as_ref().map(Spanned::span)),
            ("max-db-age", self.max_db_age.as_ref().map(Spanned::span)),
            ("baseline", self.baseline.as_ref().map(Spanned::span)),
            ("fail-on-existing", self.fail_on_existing.as_ref().map(Spanned::span)),
            ("ignore-files", self.ignore_files.as_ref().map(Spanned::span)),
        ];
        spans.retain(|(_, span)| span.is_some());
        let single = spans.into_iter().filter_map(|(name, span)| Some((name.to_owned(), source.line(span?))));
        let finer = |(name, value): (&Spanned<String>, &Spanned<RawThreshold>)| {
            (format!("thresholds.{}", name.get_ref()), source.line(value.span()))
        };
        let check = |(id, value): (&String, &Spanned<String>)| (format!("checks.{id}"), source.line(value.span()));
        let weight = |(name, value): (&Spanned<String>, &Spanned<i64>)| {
            (format!("risk.{}", name.get_ref()), source.line(value.span()))
        };
        single
            .chain(self.thresholds.iter().map(finer))
            .chain(self.checks.iter().map(check))
            .chain(self.risk.iter().map(weight))
            .collect()
    }
}

impl RawThreshold {
    fn text(&self) -> String {
        match self {
            RawThreshold::Flag(on) => on.to_string(),
            RawThreshold::Number(number) => number.to_string(),
            RawThreshold::Word(word) => word.clone(),
        }
    }
}

fn risk_weights(
    raw: &BTreeMap<Spanned<String>, Spanned<i64>>,
    source: &Source<'_>,
) -> Result<RiskWeights, ConfigError> {
    let mut weights = RiskWeights::default();
    for (name, weight) in raw {
        weights.set(name.get_ref(), *weight.get_ref()).map_err(|error| {
            let span = if matches!(error, WeightError::Unknown(_)) { name.span() } else { weight.span() };
            complain(source, Some(span), &error.to_string())
        })?;
    }
    Ok(weights)
}

impl RawAcceptedGap {
    fn validate(self, source: &Source<'_>) -> Result<AcceptedGap, ConfigError> {
        let path = self.path.map(|value| check(source, &value, compile)).transpose()?;
        let reason = words(source, &self.reason, "a gap is accepted only with a reason")?;
        let expires = day(source, self.expires.as_ref())?;
        let line = source.line(self.kind.span());
        let basis = Basis { file: source.file.to_owned(), line, reason, owner: self.owner, expires };
        Ok(AcceptedGap { kind: self.kind.into_inner(), path, basis })
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
    let text = quote(&complaint.text, KEYS);
    ConfigError::Invalid(Box::new(Complaint { text, ..complaint }))
}
