//! Thresholds as people write them: `--fail-on` and `--require-coverage`, the same words as in a policy file.

use std::str::FromStr;

use crate::formats::nearest::did_you_mean;
use crate::model::{Grade, Severity};

/// A word that is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not a severity.
    #[error("'{0}' is not a threshold: use low, medium, high, critical, unknown or never{meant}", meant = severities(.0))]
    Severity(String),
    /// `never` beside other words says two things at once.
    #[error("'never' stands alone: it lifts every other threshold")]
    NeverAndMore,
    /// Not a grade.
    #[error("'{0}' is not a coverage: use none, partial or complete{meant}", meant = did_you_mean(.0, ["none", "partial", "complete"]))]
    Coverage(String),
}

/// What a mistyped severity was meant to be.
fn severities(word: &str) -> String {
    did_you_mean(&word.to_ascii_lowercase(), Severity::WORST_FIRST.map(Severity::word).into_iter().chain(["never"]))
}

/// The severities that a `--fail-on` value names, worst first; empty for `never`.
///
/// A severity is a threshold: `high` means high and critical. `unknown` stands outside that order, so it means only
/// itself and is in no other word's reach: `high,unknown` is high, critical and what has no severity.
pub fn parse_fail_on(value: &str) -> Result<Vec<Severity>, SettingError> {
    let words: Vec<&str> = value.split(',').map(str::trim).collect();
    if words == ["never"] {
        return Ok(Vec::new());
    }
    let mut named = Vec::with_capacity(words.len());
    for word in words {
        if word == "never" {
            return Err(SettingError::NeverAndMore);
        }
        named.push(Severity::from_str(word).map_err(|_| SettingError::Severity(word.to_owned()))?);
    }
    let reaches = |threshold: Severity, severity: Severity| match threshold {
        Severity::Unknown => severity == Severity::Unknown,
        threshold => severity >= threshold,
    };
    Ok(Severity::WORST_FIRST.into_iter().filter(|s| named.iter().any(|&threshold| reaches(threshold, *s))).collect())
}

/// Severities as [`parse_fail_on`] reads them: `high,unknown`.
pub fn fail_on_text(fail_on: &[Severity]) -> String {
    let lowest = fail_on.iter().filter(|severity| **severity != Severity::Unknown).min();
    let unknown = fail_on.iter().find(|severity| **severity == Severity::Unknown);
    let words: Vec<&str> = lowest.into_iter().chain(unknown).map(|severity| severity.word()).collect();
    if words.is_empty() { "never".to_owned() } else { words.join(",") }
}

/// The grade that a `--require-coverage` value demands. `none` is [`Grade::Blind`], which every target reaches. The
/// word `blind` itself is refused: nobody means to require that nothing was seen.
pub fn parse_require_coverage(value: &str) -> Result<Grade, SettingError> {
    match value {
        "none" => Ok(Grade::Blind),
        "partial" => Ok(Grade::Partial),
        "complete" => Ok(Grade::Complete),
        other => Err(SettingError::Coverage(other.to_owned())),
    }
}

/// What counts, for people: `at or above high`, `at or above high, or of unknown severity`. `None` for `never`.
pub fn threshold(fail_on: &[Severity]) -> Option<String> {
    let unknown = fail_on.contains(&Severity::Unknown);
    let lowest = fail_on.iter().filter(|s| **s != Severity::Unknown).min();
    match (lowest, unknown) {
        (None, false) => None,
        (None, true) => Some("of unknown severity".to_owned()),
        (Some(lowest), false) => Some(format!("at or above {lowest}")),
        (Some(lowest), true) => Some(format!("at or above {lowest}, or of unknown severity")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Critical, High, Low, Medium, Unknown};

    #[test]
    fn a_severity_is_a_threshold_and_unknown_only_itself() {
        for (value, severities) in [
            ("critical", vec![Critical]),
            ("high", vec![Critical, High]),
            ("low", vec![Critical, High, Medium, Low]),
            ("unknown", vec![Unknown]),
            ("high,unknown", vec![Critical, High, Unknown]),
            ("unknown, high , critical", vec![Critical, High, Unknown]),
            ("never", vec![]),
        ] {
            assert_eq!(parse_fail_on(value), Ok(severities.clone()), "{value}");
            assert_eq!(parse_fail_on(&fail_on_text(&severities)), Ok(severities), "{value}");
        }
    }

    #[test]
    fn other_words_are_refused() {
        for value in ["", "High", "hgh", "high,", "high unknown", "severe"] {
            assert!(matches!(parse_fail_on(value), Err(SettingError::Severity(_))), "{value}");
        }
        for value in ["never,high", "high,never", "never,never"] {
            assert_eq!(parse_fail_on(value), Err(SettingError::NeverAndMore), "{value}");
        }
        assert_eq!(parse_require_coverage("none"), Ok(Grade::Blind));
        assert_eq!(parse_require_coverage("complete"), Ok(Grade::Complete));
        for value in ["blind", "", "all"] {
            assert_eq!(parse_require_coverage(value), Err(SettingError::Coverage(value.to_owned())));
        }
    }

    #[test]
    fn people_read_what_counts() {
        for (value, words) in [
            ("high", Some("at or above high")),
            ("medium,unknown", Some("at or above medium, or of unknown severity")),
            ("unknown", Some("of unknown severity")),
            ("never", None),
        ] {
            assert_eq!(threshold(&parse_fail_on(value).unwrap()).as_deref(), words);
        }
    }
}
