//! From where on a finding counts: one threshold for all (`fail-on`), and finer ones beside it.

use std::collections::BTreeMap;

use globset::GlobMatcher;

use super::config::compile;
use super::fail_on::parse_fail_on;
use crate::formats::nearest::did_you_mean;
use crate::model::{Confidence, Finding, FindingKind, Severity};

/// Thresholds beside `fail-on`. Each is one more reason to violate; those of a kind or a check replace `fail-on` there.
#[derive(Clone, Debug, Default)]
pub struct Thresholds {
    /// Severities that violate, for kinds that have a threshold of their own.
    pub kinds: BTreeMap<FindingKind, Vec<Severity>>,
    /// The same by id of a check, a rule or an advisory; the first glob that matches counts.
    pub checks: Vec<Check>,
    /// A vulnerability with this CVSS base score or more violates.
    pub cvss: Option<f64>,
    /// A vulnerability with this probability of exploitation or more violates.
    pub epss: Option<f64>,
    /// A vulnerability that is known to be exploited violates.
    pub kev: Option<bool>,
    /// Whether malicious packages violate; by default unless `fail-on` is `never`.
    pub malicious: Option<bool>,
    /// The least confidence of a secret that counts; medium by default.
    pub secret_confidence: Option<Confidence>,
}

/// A threshold for what has such an id.
#[derive(Clone, Debug)]
pub struct Check {
    /// As it is written.
    pub id: String,
    glob: GlobMatcher,
    /// Severities that violate.
    pub severities: Vec<Severity>,
    /// Its line in the policy file, from 1.
    pub line: usize,
}

impl Check {
    /// Whether it speaks of that id.
    pub(super) fn covers(&self, id: &str) -> bool {
        self.glob.is_match(id)
    }
}

/// Why a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// `fail-on`.
    Severity,
    /// A threshold of its own.
    Own,
    Malicious,
}

/// Kinds with a threshold of their own; malware has none, since it is no matter of degree.
const KINDS: [FindingKind; 7] = [
    FindingKind::Vulnerability,
    FindingKind::Secret,
    FindingKind::Integrity,
    FindingKind::Runtime,
    FindingKind::Posture,
    FindingKind::Code,
    FindingKind::Informational,
];

/// The names of all thresholds, in the order in which they are shown.
pub const NAMES: [&str; 12] = [
    "vulnerability",
    "secret",
    "integrity",
    "runtime",
    "posture",
    "code",
    "informational",
    "malicious",
    "cvss",
    "epss",
    "kev",
    "secret-confidence",
];

impl Thresholds {
    /// Nothing violates by them.
    pub fn never() -> Thresholds {
        Thresholds { malicious: Some(false), ..Thresholds::default() }
    }

    /// Sets one threshold from text, as a flag has it: `epss` to `0.5`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if let Some(kind) = KINDS.into_iter().find(|kind| kind.word() == name) {
            self.kinds.insert(kind, parse_fail_on(value).map_err(|error| error.to_string())?);
            return Ok(());
        }
        match name {
            "cvss" => self.cvss = Some(number(value, 10.0)?),
            "epss" => self.epss = Some(number(value, 1.0)?),
            "kev" => self.kev = Some(flag(value)?),
            "malicious" => self.malicious = Some(flag(value)?),
            "secret-confidence" => self.secret_confidence = Some(confidence(value)?),
            other => {
                let (known, meant) = (NAMES.join(", "), did_you_mean(other, NAMES));
                return Err(format!("there is no threshold '{}'; use one of {known}{meant}", other.escape_default()));
            }
        }
        Ok(())
    }

    /// One threshold as [`Thresholds::set`] takes it; `None` where it is not set.
    pub fn get(&self, name: &str) -> Option<String> {
        let kind = KINDS.into_iter().find(|kind| kind.word() == name);
        match name {
            _ if kind.is_some() => self.kinds.get(&kind?).map(|severities| super::fail_on_text(severities)),
            "cvss" => self.cvss.map(|score| score.to_string()),
            "epss" => self.epss.map(|score| score.to_string()),
            "kev" => self.kev.map(|on| on.to_string()),
            "malicious" => self.malicious.map(|on| on.to_string()),
            "secret-confidence" => self.secret_confidence.map(|least| least.word().to_owned()),
            _ => None,
        }
    }

    /// Sets the threshold of a check.
    pub(super) fn set_check(&mut self, id: &str, value: &str, line: usize) -> Result<(), String> {
        let severities = parse_fail_on(value).map_err(|error| error.to_string())?;
        self.checks.push(Check { id: id.to_owned(), glob: compile(id)?, severities, line });
        Ok(())
    }

    /// Why a finding counts, if it does: it is bad enough and sure enough.
    pub(super) fn cause(&self, finding: &Finding, fail_on: &[Severity]) -> Option<Cause> {
        // A low confidence says "worth a look": a build that stops on guesses is soon switched off as a whole.
        let least = self.secret_confidence.unwrap_or(Confidence::Medium);
        if finding.kind == FindingKind::Secret && finding.confidence < least {
            return None;
        }
        let own = self.checks.iter().find(|check| check.covers(&finding.id)).map(|check| &check.severities);
        if own.is_none() && finding.kind == FindingKind::Malicious {
            // Malware is no matter of degree: its records seldom carry a severity.
            return self.malicious.unwrap_or(!fail_on.is_empty()).then_some(Cause::Malicious);
        }
        match own.or_else(|| self.kinds.get(&finding.kind)) {
            Some(severities) if severities.contains(&finding.severity) => return Some(Cause::Own),
            None if fail_on.contains(&finding.severity) => return Some(Cause::Severity),
            _ => {}
        }
        let rated = finding.kind == FindingKind::Vulnerability && own.is_none();
        let scored = |least: Option<f64>, score: Option<f64>| matches!((least, score), (Some(least), Some(score)) if score >= least);
        let exploitation = &finding.exploitation;
        (rated
            && (scored(self.cvss, finding.cvss.as_ref().map(|cvss| cvss.score))
                || scored(self.epss, exploitation.epss.map(|epss| epss.score))
                || (self.kev == Some(true) && exploitation.kev.is_some())))
        .then_some(Cause::Own)
    }

    /// Whether anything is set that `fail-on` does not say.
    pub(super) fn is_default(&self) -> bool {
        self.checks.is_empty() && NAMES.iter().all(|name| self.get(name).is_none())
    }
}

fn number(text: &str, most: f64) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| (0.0..=most).contains(number));
    number.ok_or_else(|| format!("'{}' is no number from 0 to {most}", text.escape_default()))
}

fn flag(text: &str) -> Result<bool, String> {
    text.trim().parse().map_err(|_| format!("'{}' is neither true nor false", text.escape_default()))
}

fn confidence(text: &str) -> Result<Confidence, String> {
    let all = [Confidence::Low, Confidence::Medium, Confidence::High];
    let found = all.into_iter().find(|confidence| confidence.word() == text.trim());
    found.ok_or_else(|| format!("'{}' is no confidence: use low, medium or high", text.escape_default()))
}
