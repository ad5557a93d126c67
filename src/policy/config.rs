//! `tidewaiter.toml`: as parsed, then as validated.
//!
//! The two steps are two types: [`Raw`] mirrors the file and remembers where each value stands, [`Policy`] holds only
//! what was checked. Every error points into the file. A file is read only where a flag names it or in the folder where
//! the command runs, never from inside an artifact: an artifact must not be able to speak for itself.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::Deserialize;
use toml::Spanned;

use crate::matching::{AgeLimit, MaxAge};
use crate::model::{Ecosystem, Feed, Gap, GapKind, Grade, Severity};

use super::fail_on::{parse_fail_on, parse_require_coverage};

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
    max_db_age: Option<Spanned<RawMaxAge>>,
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
    /// `max-db-age`.
    pub max_db_age: Option<MaxAge>,
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

/// What is wrong in a file, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint {
    /// As the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself; control characters are replaced.
    pub text: String,
    /// Characters of the line that are concerned, at least 1.
    pub width: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{margin} | {}{}", " ".repeat(self.column - 1), "^".repeat(self.width))
    }
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
        let raw: Raw = toml::from_str(text).map_err(|error| source.complain(error.span(), error.message()))?;
        raw.validate(&source)
    }
}

impl Raw {
    fn validate(self, source: &Source<'_>) -> Result<Policy, ConfigError> {
        let fail_on = self.fail_on.map(|value| source.check(&value, parse_fail_on)).transpose()?;
        let require_coverage = self.require_coverage.map(|v| source.check(&v, parse_require_coverage)).transpose()?;
        for glob in &self.own {
            source.check(glob, |text| if text.is_empty() { Err(EMPTY_GLOB.to_owned()) } else { compile(text) })?;
        }
        let accept_gaps = self.accept_gaps.into_iter().map(|raw| raw.validate(source)).collect::<Result<_, _>>()?;
        Ok(Policy {
            fail_on,
            require_coverage,
            own: self.own.into_iter().map(Spanned::into_inner).collect(),
            accept_gaps,
            max_db_age: self.max_db_age.map(|raw| max_age(raw, source)).transpose()?,
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
            return Err(source.complain(Some(span), &message));
        }
    }
    Ok(max_age)
}

impl RawAcceptedGap {
    fn validate(self, source: &Source<'_>) -> Result<AcceptedGap, ConfigError> {
        let path = self.path.map(|value| source.check(&value, compile)).transpose()?;
        let reason = source.check(&self.reason, |text| match text.trim() {
            "" => Err("a gap is accepted only with a reason"),
            reason => Ok(reason.to_owned()),
        })?;
        let (line, _, _) = source.place(self.kind.span());
        Ok(AcceptedGap { kind: self.kind.into_inner(), path, reason, by: format!("{}:{line}", source.file) })
    }
}

const EMPTY_GLOB: &str = "an empty name matches no package";

/// A glob over names or places, in which `*` stops at `/` and `**` does not.
fn compile(text: &str) -> Result<GlobMatcher, String> {
    let glob: Result<Glob, _> = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("not a glob: {}", error.kind()))
}

/// The file's text, to point into.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// Reads one value, and points at it where that fails.
    fn check<T, E: ToString>(
        &self,
        value: &Spanned<String>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        read(value.get_ref()).map_err(|error| self.complain(Some(value.span()), &error.to_string()))
    }

    /// Line from 1, the line's byte range without its end, and the span cut to the line.
    fn place(&self, span: Range<usize>) -> (usize, Range<usize>, Range<usize>) {
        let start = self.boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let end = self.boundary(span.end).clamp(start, line_end);
        let number = self.text[..start].matches('\n').count() + 1;
        (number, line_start..line_end, start..end)
    }

    /// The last boundary of a character at or before a byte: a parser may point into the middle of one.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0)
    }

    fn complain(&self, span: Option<Range<usize>>, message: &str) -> ConfigError {
        let (line, whole, concerned) = self.place(span.unwrap_or(0..0));
        ConfigError::Invalid(Box::new(Complaint {
            file: self.file.to_owned(),
            line,
            column: self.text[whole.start..concerned.start].chars().count() + 1,
            text: quote(self.text[whole].trim_end()),
            width: self.text[concerned].chars().count().max(1),
            message: message.to_owned(),
        }))
    }
}

/// Keys of a policy, in lines of which every value may be shown.
const KEYS: [&str; 7] = ["fail-on", "require-coverage", "own", "accept-gaps", "max-db-age", "kind", "path"];

/// A line for a complaint, one character for one, so that the marks below stay under what they mean. Who names a file
/// of credentials by mistake must not find them in the log: of a line that is no policy's, the values are hidden.
fn quote(line: &str) -> String {
    let start = line.trim_start();
    let known = KEYS.iter().any(|key| start.starts_with(key)) || start.starts_with(['[', '#']);
    let public = if known { line.len() } else { line.find(['=', ':']).map_or(0, |at| at + 1) };
    let shown = |(at, c): (usize, char)| match c {
        c if c.is_control() => ' ',
        c if at < public || c == ' ' => c,
        _ => '*',
    };
    line.char_indices().map(shown).collect()
}
