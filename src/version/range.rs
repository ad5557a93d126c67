//! Ranges as manifests declare them: npm's (<https://github.com/npm/node-semver#ranges>) and Python's
//! (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).
//!
//! Asked of releases only, so plain numbers do: a pre-release lies between two of them. What is no release, and a range
//! with anything unusual in it, has no answer; it is not guessed at.

use crate::model::Ecosystem;

/// Numbers of a version, without zeros at the end.
type Numbers = Vec<u64>;

/// Numbers that are read of one version. Real ones have four.
const MOST: usize = 8;

/// Whether a declared range admits a release; `None` where that cannot be told.
pub fn admits(ecosystem: Ecosystem, range: &str, release: &str) -> Option<bool> {
    let release = release_numbers(release)?;
    match ecosystem {
        Ecosystem::Npm => npm(range, &release),
        Ecosystem::PyPI => python(range, &release),
        _ => None,
    }
}

fn release_numbers(text: &str) -> Option<Numbers> {
    let numbers: Option<Numbers> = text.split('.').map(number).collect();
    numbers.filter(|numbers| numbers.len() <= MOST).map(trimmed)
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn trimmed(mut numbers: Numbers) -> Numbers {
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// The least release above all that begin so: `1.2` gives `1.3`.
fn next(prefix: &[u64]) -> Option<Numbers> {
    let (last, rest) = prefix.split_last()?;
    let mut next = rest.to_vec();
    next.push(last.checked_add(1)?);
    Some(next)
}

/// From `low` on, below `high`.
struct Interval {
    low: Numbers,
    high: Option<Numbers>,
}

impl Interval {
    fn holds(&self, release: &Numbers) -> bool {
        trimmed(self.low.clone()) <= *release && self.high.as_ref().is_none_or(|high| *release < trimmed(high.clone()))
    }
}

/// One of the alternatives has to hold.
fn npm(range: &str, release: &Numbers) -> Option<bool> {
    let mut known = true;
    for alternative in range.split("||") {
        match npm_all(alternative.trim(), release) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = false,
        }
    }
    known.then_some(false)
}

fn npm_all(text: &str, release: &Numbers) -> Option<bool> {
    if let Some((low, high)) = text.split_once(" - ") {
        let (low, high) = (Partial::read(low)?, Partial::read(high)?);
        return Some(Interval { low: low.numbers.clone(), high: high.above()? }.holds(release));
    }
    let mut holds = true;
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        // An operator may stand apart from its version.
        let rest = word.trim_start_matches(['<', '>', '=', '^', '~']);
        let operator = &word[..word.len() - rest.len()];
        let version = Partial::read(if rest.is_empty() { words.next()? } else { rest })?;
        holds &= version.interval(operator)?.holds(release);
    }
    Some(holds)
}

/// A version of which the end may be missing or `x`.
struct Partial {
    numbers: Numbers,
    pre_release: bool,
}

impl Partial {
    fn read(text: &str) -> Option<Partial> {
        let text = text.trim().trim_start_matches(['v', '=']);
        let text = text.split('+').next()?;
        let (text, pre_release) = text.split_once('-').map_or((text, false), |(text, _)| (text, true));
        let parts: Vec<&str> = text.split('.').take_while(|part| !matches!(*part, "x" | "X" | "*")).collect();
        let numbers: Numbers = parts.into_iter().map(number).collect::<Option<_>>()?;
        (numbers.len() <= 3).then_some(Partial { numbers, pre_release })
    }

    /// What is above all that it covers. A pre-release covers no release.
    fn above(&self) -> Option<Option<Numbers>> {
        match self.numbers.as_slice() {
            [] => Some(None),
            numbers if self.pre_release => Some(Some(numbers.to_vec())),
            numbers => next(numbers).map(Some),
        }
    }

    fn interval(&self, operator: &str) -> Option<Interval> {
        let numbers = || self.numbers.clone();
        let upto = |length: usize| match &self.numbers[..length.min(self.numbers.len())] {
            [] => Some(None),
            prefix => next(prefix).map(Some),
        };
        // The first number that is not zero must stay.
        let kept = self.numbers.iter().position(|number| *number > 0).map_or(self.numbers.len(), |at| at + 1);
        let (low, high) = match operator {
            "" | "=" => (numbers(), self.above()?),
            ">=" => (numbers(), None),
            // Nothing is above everything.
            ">" if self.numbers.is_empty() => return None,
            ">" => (self.above()??, None),
            "<" if self.numbers.is_empty() => return None,
            "<" => (Vec::new(), Some(numbers())),
            "<=" => (Vec::new(), self.above()?),
            "~" | "~>" => (numbers(), upto(2)?),
            "^" => (numbers(), upto(kept)?),
            _ => return None,
        };
        Some(Interval { low, high })
    }
}

/// All of them have to hold.
fn python(specifiers: &str, release: &Numbers) -> Option<bool> {
    let mut holds = true;
    for specifier in specifiers.split(',').map(str::trim).filter(|specifier| !specifier.is_empty()) {
        let text = specifier.trim_start_matches(['<', '>', '=', '!', '~']);
        let operator = &specifier[..specifier.len() - text.len()];
        let text = text.trim();
        let prefix = text.strip_suffix(".*");
        // With its zeros: `~=2.0.0` stays within 2.0.
        let numbers: Numbers = prefix.unwrap_or(text).split('.').map(number).collect::<Option<_>>()?;
        let begins =
            |numbers: &[u64]| Some(Interval { low: numbers.to_vec(), high: Some(next(numbers)?) }.holds(release));
        let plain = trimmed(numbers.clone());
        holds &= match (operator, prefix.is_some()) {
            ("==", true) => begins(&numbers)?,
            ("!=", true) => !begins(&numbers)?,
            ("==" | "===", false) => *release == plain,
            ("!=", false) => *release != plain,
            (">=", false) => *release >= plain,
            ("<=", false) => *release <= plain,
            (">", false) => *release > plain,
            ("<", false) => *release < plain,
            ("~=", false) if numbers.len() > 1 => *release >= plain && begins(&numbers[..numbers.len() - 1])?,
            _ => return None,
        };
    }
    Some(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ecosystem: Ecosystem, cases: &[(&str, &str, Option<bool>)]) {
        for (range, release, expected) in cases {
            assert_eq!(admits(ecosystem, range, release), *expected, "{range} of {release}");
        }
    }

    #[test]
    fn npm_ranges() {
        const YES: Option<bool> = Some(true);
        const NO: Option<bool> = Some(false);
        check(
            Ecosystem::Npm,
            &[
                ("^4.17.15", "4.17.21", YES),
                ("^4.17.15", "5.0.0", NO),
                ("^4.17.15", "4.17.14", NO),
                ("^0.2.3", "0.2.9", YES),
                ("^0.2.3", "0.3.0", NO),
                ("^0.0.3", "0.0.4", NO),
                ("^0.0", "0.0.9", YES),
                ("^0.x", "0.9.0", YES),
                ("^0", "1.0.0", NO),
                ("~1.2.3", "1.2.9", YES),
                ("~1.2.3", "1.3.0", NO),
                ("~1", "1.9.0", YES),
                ("1.2.3", "1.2.3", YES),
                ("1.2.3", "1.2.4", NO),
                ("1.x", "1.9.9", YES),
                ("1.2", "1.3.0", NO),
                ("*", "9.0.0", YES),
                ("", "9.0.0", YES),
                (">=1.2 <2", "1.9.0", YES),
                (">= 1.2 < 2", "2.0.0", NO),
                (">1.2", "1.2.9", NO),
                (">1.2", "1.3.0", YES),
                ("<=1.2", "1.2.9", YES),
                ("1.2 - 1.4", "1.4.9", YES),
                ("1.2.0 - 1.4.0", "1.4.1", NO),
                ("^1.0.0 || ^3.0.0", "3.1.0", YES),
                ("^1.0.0 || latest", "3.1.0", None),
                (">=1.2.3-beta.1", "1.2.3", YES),
                ("<1.2.3-beta.1", "1.2.3", NO),
                ("1.2.3-beta.1", "1.2.3", NO),
                ("latest", "1.0.0", None),
                ("git+https://git.example.com/a.git", "1.0.0", None),
                ("^1.0.0", "1.1.0-rc.1", None),
                ("^18446744073709551615", "1.0.0", None),
            ],
        );
    }

    #[test]
    fn python_specifiers() {
        const YES: Option<bool> = Some(true);
        const NO: Option<bool> = Some(false);
        check(
            Ecosystem::PyPI,
            &[
                ("<1.27,>=1.21.1", "1.26.20", YES),
                ("<1.27,>=1.21.1", "2.0.7", NO),
                ("!=1.25.0,<1.26", "1.25", NO),
                ("~=2.2", "2.9", YES),
                ("~=2.2.0", "2.2.9", YES),
                ("~=2.2.0", "2.3", NO),
                ("~=2", "2.3", None),
                ("==1.26.*", "1.26.20", YES),
                ("==1.26.*", "1.27.0", NO),
                ("!=1.26.*", "1.27", YES),
                ("==1.0", "1.0.0", YES),
                ("", "1.0", YES),
                (">=1.0rc1", "1.0", None),
                (">=1.0", "1!2.0", None),
                ("@ https://example.com/a.whl", "1.0", None),
            ],
        );
        assert_eq!(admits(Ecosystem::Maven, "[1,2)", "1.5"), None);
    }
}
