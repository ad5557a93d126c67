//! What was there before: a run with a baseline fails on what is new.
//!
//! A baseline names findings by fingerprint, within their target, so that it holds nothing of a secret's value and a
//! finding that only moved by some lines is the same. What somebody waived is left out: once the waiver goes, the finding
//! counts again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Verdict;
use super::config::{Complaint, read_text};
use crate::formats::complaint::Source;
use crate::model::Finding;

/// A baseline of a million findings is smaller, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// Fingerprints by target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    targets: BTreeMap<String, BTreeSet<String>>,
    /// Every target has an identity of its own: see [`Baseline::extend`].
    by_id: bool,
}

impl Extend<(String, String)> for Baseline {
    /// Takes in fingerprints with the ids of deployed functions. From then on a target is known by its id alone: one that
    /// comes while another goes is not the same.
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, known: I) {
        self.by_id = true;
        for (target, fingerprint) in known {
            self.targets.entry(target).or_default().insert(fingerprint);
        }
    }
}

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot read the baseline {file}")]
    Unreadable {
        /// As the user named it.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is none.
    #[error("{0}")]
    Invalid(Box<Complaint>),
}

#[derive(Deserialize)]
struct File<'a> {
    baseline_version: u32,
    #[serde(borrow)]
    findings: Vec<Entry<'a>>,
}

/// Only the target and the fingerprint count; the rest is for whoever reads the difference between two baselines.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    target: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    fingerprint: std::borrow::Cow<'a, str>,
    #[serde(skip_deserializing)]
    kind: &'static str,
    #[serde(skip_deserializing)]
    id: &'a str,
    #[serde(skip_deserializing)]
    package: Option<&'a str>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The file cannot be read, or is no baseline.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let file = path.display().to_string();
        let text = read_text(path, MAX_FILE);
        Baseline::parse(&file, &text.map_err(|source| BaselineError::Unreadable { file: file.clone(), source })?)
    }

    /// Reads the text of a baseline; `file` is its name in errors.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(file: &str, text: &str) -> Result<Baseline, BaselineError> {
        let source = Source { file, text };
        let invalid = |line: usize, message: &str| {
            let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
            // What was named by mistake may hold anything: the line is pointed at, not shown.
            let complaint = Complaint { text: String::new(), ..source.complain(Some(start..start), message) };
            BaselineError::Invalid(Box::new(complaint))
        };
        let read: File<'_> = serde_json::from_str(text).map_err(|error| {
            let wanted = "this is no baseline as --write-baseline writes it";
            invalid(error.line(), wanted)
        })?;
        if read.baseline_version != 1 {
            let message = format!("version {} of baselines is not known; this program writes 1", read.baseline_version);
            return Err(invalid(1, &message));
        }
        let mut baseline = Baseline::default();
        for entry in read.findings {
            baseline.targets.entry(entry.target.into_owned()).or_default().insert(entry.fingerprint.into_owned());
        }
        Ok(baseline)
    }

    /// The fingerprints of a target. Where there is one target on either side, names do not matter: an archive may be
    /// named after its build.
    pub(super) fn of(&self, target: &str, alone: bool) -> BTreeSet<&str> {
        let single = if alone && !self.by_id && self.targets.len() == 1 { self.targets.values().next() } else { None };
        self.targets.get(target).or(single).into_iter().flatten().map(String::as_str).collect()
    }

    /// Writes the findings of a verdict that nobody waived: sorted, one a line, the same bytes for the same findings.
    /// Tells how many there are.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<usize> {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        let mut count = 0;
        for target in &verdict.targets {
            for judged in target.findings.iter().filter(|judged| judged.waived.is_none()) {
                let finding = &judged.finding;
                count += 1;
                entries.extend(prints(finding).map(|fingerprint| Entry {
                    target: target.scan.id.as_str().into(),
                    fingerprint: fingerprint.into(),
                    kind: finding.kind.word(),
                    id: &finding.id,
                    package: finding.purl.as_deref(),
                }));
            }
        }
        entries.sort();
        entries.dedup();
        out.write_all(b"{\n  \"baseline_version\": 1,\n  \"findings\": [")?;
        for (at, entry) in entries.iter().enumerate() {
            out.write_all(if at == 0 { b"\n    " } else { b",\n    " })?;
            serde_json::to_writer(&mut *out, entry)?;
        }
        out.write_all(if entries.is_empty() { b"]\n}\n" } else { b"\n  ]\n}\n" })?;
        Ok(count)
    }
}

/// What a baseline names a finding by: where several secrets were joined, each of them.
fn prints(finding: &Finding) -> impl Iterator<Item = &str> {
    let whole = finding.parts.is_empty().then_some(finding.fingerprint.as_str());
    whole.into_iter().chain(finding.parts.iter().map(String::as_str))
}

/// Whether a target's fingerprints name all of a finding.
pub(super) fn holds(known: &BTreeSet<&str>, finding: &Finding) -> bool {
    known.contains(finding.fingerprint.as_str()) || prints(finding).all(|print| known.contains(print))
}
