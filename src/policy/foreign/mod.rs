//! Ignore files of other tools and VEX documents, read as they are: each gives [`Waiver`]s.
//!
//! They are read only from the folder where the command runs or where a flag names them, never from inside an artifact.
//! What an entry asks that cannot be known here (a distribution's package, the state of an upstream fix) makes it moot:
//! it waives nothing, and is reported as unused with the reason. One file per format and one line in [`ALL`].

mod cyclonedx;
mod gitleaks;
mod grype;
mod openvex;
mod osv_scanner;
mod trivy;
mod trivy_rules;
mod trivy_yaml;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use globset::GlobMatcher;
use serde_json::value::RawValue;

use super::basis::Basis;
use super::condition::Condition;
use super::config::{Complaint, compile, read_text};
use super::quote::quote;
use super::waiver::Waiver;
use crate::formats::complaint::Source;
use crate::formats::lines::Lines;

/// No ignore file that a person keeps, and no VEX document, is larger, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// Waivers of one file: more than any tool's own list of ignored findings ever has.
const MAX_WAIVERS: usize = 100_000;

/// One format.
pub struct Format {
    /// The tool or the standard, for people.
    pub name: &'static str,
    /// The names under which its files are looked for in the folder where the command runs.
    pub files: &'static [&'static str],
    /// Whether a file is one: by its name, else by what is in it.
    claims: fn(file: &str, text: &str) -> bool,
    read: fn(&Source<'_>) -> Result<Vec<Waiver>, Complaint>,
}

/// Every format; the first that claims a file reads it.
pub const ALL: &[Format] = &[
    cyclonedx::FORMAT,
    openvex::FORMAT,
    osv_scanner::FORMAT,
    trivy_yaml::FORMAT,
    grype::FORMAT,
    gitleaks::FORMAT,
    trivy::FORMAT,
];

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// It cannot be read.
    #[error("cannot read the ignore file {file}")]
    Unreadable {
        /// As the user named it.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// No format claims it.
    #[error(
        "{file} is neither an ignore file that tidewaiter knows nor a VEX document ({known}); a Gitleaks configuration goes to --rules"
    )]
    Unknown {
        /// As the user named it.
        file: String,
        /// The formats.
        known: String,
    },
    /// It is not what its format says.
    #[error("{0}")]
    Invalid(Box<Complaint>),
    /// It has more entries than are read.
    #[error("{file} has {count} entries, and at most {MAX_WAIVERS} are read")]
    TooMany {
        /// As the user named it.
        file: String,
        /// How many.
        count: usize,
    },
}

/// The files that lie in a folder under a name that a format looks for.
pub fn find(folder: &Path) -> Vec<PathBuf> {
    let names = ALL.iter().flat_map(|format| format.files);
    names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, no format claims it, or it is not what its format says.
pub fn read(path: &Path) -> Result<Vec<Waiver>, ForeignError> {
    let file = path.strip_prefix("./").unwrap_or(path).display().to_string();
    let text = read_text(path, MAX_FILE);
    parse(&file, &text.map_err(|source| ForeignError::Unreadable { file: file.clone(), source })?)
}

/// Reads the text of a file; `file` is its name.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &str, text: &str) -> Result<Vec<Waiver>, ForeignError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let format = ALL.iter().find(|format| (format.claims)(file, text));
    let Some(format) = format else {
        let known = ALL.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
        return Err(ForeignError::Unknown { file: file.to_owned(), known });
    };
    let waivers = (format.read)(&Source { file, text }).map_err(|complaint| {
        // A line that a format cannot read may be of a file that was named by mistake, and hold a secret.
        ForeignError::Invalid(Box::new(Complaint { text: quote(&complaint.text, &[]), ..complaint }))
    })?;
    match waivers.len() {
        count if count > MAX_WAIVERS => Err(ForeignError::TooMany { file: file.to_owned(), count }),
        _ => Ok(waivers),
    }
}

/// What the readers have in common.
struct Entry<'a> {
    source: &'a Source<'a>,
    line: usize,
}

impl<'a> Entry<'a> {
    /// The entry at a place of the text. Lines are counted once for all entries, not from the start for each.
    fn at(source: &'a Source<'a>, lines: &Lines, span: Range<usize>) -> Entry<'a> {
        Entry { source, line: usize::try_from(lines.span(span).line).unwrap_or(usize::MAX) }
    }

    /// A waiver of findings that all conditions hold for. Without a reason of its own the file is one.
    fn waiver(&self, text: String, reason: Option<&str>, conditions: Vec<Condition>) -> Waiver {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.map_or_else(|| format!("listed in {}", self.source.file), str::to_owned);
        let basis = Basis { file: self.source.file.to_owned(), line: self.line, reason, ..Basis::default() };
        Waiver { basis, text, conditions, id: None, moot: None }
    }

    /// One that has no effect here.
    fn moot(&self, text: String, why: &str) -> Waiver {
        Waiver { moot: Some(why.to_owned()), ..self.waiver(text, None, Vec::new()) }
    }
}

impl Waiver {
    fn until(mut self, expires: Option<NaiveDate>) -> Waiver {
        self.basis.expires = expires;
        self
    }

    fn owned_by(mut self, owner: Option<&str>) -> Waiver {
        self.basis.owner = owner.map(str::trim).filter(|owner| !owner.is_empty()).map(str::to_owned);
        self
    }
}

/// Points at a line.
fn at_line(source: &Source<'_>, line: u64, message: &str) -> Complaint {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = source.text.split_inclusive('\n').take(before).map(str::len).sum();
    let length = source.text[start..].lines().next().map_or(0, str::len);
    source.complain(Some(start..start + length), message)
}

/// Globs over paths. Other tools write them from the root of what they scan, with a slash before or without.
fn globs(paths: &[String]) -> Result<Vec<GlobMatcher>, String> {
    paths.iter().map(|path| compile(path.trim_start_matches("./").trim_start_matches('/'))).collect()
}

/// Where a part of a JSON document stands in it.
fn span_of(source: &Source<'_>, part: &RawValue) -> Range<usize> {
    // It is a slice of the text, since it was read without copying.
    let start = (part.get().as_ptr() as usize).saturating_sub(source.text.as_ptr() as usize).min(source.text.len());
    start..start + part.get().len()
}

/// The error of a JSON document.
fn json_error(source: &Source<'_>, error: &serde_json::Error, wanted: &str) -> Complaint {
    at_line(source, error.line() as u64, &format!("not {wanted}: column {}", error.column()))
}
