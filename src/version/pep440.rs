//! PyPI: the version specifiers of PEP 440
//! (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).
//!
//! All spellings of its appendix on parsing are read. A text from before PEP 440 (`2004d-final`) is no version: tools
//! have ordered such texts in several ways, so any answer would be a guess.

use std::cmp::Ordering;

use super::{BadVersion, Form, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct Pep440;

impl Order for Pep440 {
    fn id(&self) -> &'static str {
        "pep440"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::PyPI]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        let version = Version::parse(text.trim()).ok_or_else(|| BadVersion(text.to_owned()))?;
        Ok(super::Version(Form::Pep440(version)))
    }
}

/// Phases of a pre-release, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Alpha,
    Beta,
    Candidate,
}

/// The longer spellings stand before those that they begin with.
const PHASES: [(&str, Phase); 8] = [
    ("preview", Phase::Candidate),
    ("alpha", Phase::Alpha),
    ("beta", Phase::Beta),
    ("pre", Phase::Candidate),
    ("rc", Phase::Candidate),
    ("a", Phase::Alpha),
    ("b", Phase::Beta),
    ("c", Phase::Candidate),
];
const POSTS: [(&str, ()); 3] = [("post", ()), ("rev", ()), ("r", ())];
const DEVS: [(&str, ()); 1] = [("dev", ())];

/// The parts as they are written: case counts nowhere.
pub(super) struct Version<'a> {
    epoch: &'a str,
    release: &'a str,
    pre: Option<(Phase, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Option<&'a str>,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Version<'a>> {
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, Some(local)),
            None => (text, None),
        };
        if local.is_some_and(|local| local.split(SEPARATORS).any(|part| part.is_empty() || !is_alphanumeric(part))) {
            return None;
        }
        let rest = public.strip_prefix(['v', 'V']).unwrap_or(public);
        let (epoch, rest) = match rest.split_once('!') {
            Some((epoch, rest)) if digits::is_number(epoch) => (epoch, rest),
            Some(_) => return None,
            None => ("", rest),
        };
        let (release, rest) = split_release(rest)?;
        let (pre, rest) = match labelled(rest, &PHASES) {
            Some((phase, number, rest)) => (Some((phase, number)), rest),
            None => (None, rest),
        };
        let (post, rest) = match implicit_post(rest).or_else(|| unlabelled(rest, &POSTS)) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, rest),
        };
        let (dev, rest) = match unlabelled(rest, &DEVS) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, rest),
        };
        rest.is_empty().then_some(Version { epoch, release, pre, post, dev, local })
    }

    pub(super) fn cmp(&self, other: &Version<'_>) -> Ordering {
        digits::compare(self.epoch, other.epoch)
            .then_with(|| digits::compare_rows(self.release.split('.'), other.release.split('.')))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| compare_options(self.pre.map(|(_, n)| n), other.pre.map(|(_, n)| n)))
            .then_with(|| compare_options(self.post, other.post))
            .then_with(|| compare_devs(self.dev, other.dev))
            .then_with(|| compare_locals(self.local, other.local))
    }

    /// Where the version stands around its release: `1.dev1` before `1a1`, `1a1.dev1` among the alphas.
    fn stage(&self) -> (u8, Option<Phase>) {
        match (self.pre, self.post, self.dev) {
            (Some((phase, _)), ..) => (1, Some(phase)),
            (None, None, Some(_)) => (0, None),
            (None, ..) => (2, None),
        }
    }
}

const SEPARATORS: [char; 3] = ['.', '-', '_'];

fn is_alphanumeric(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The longest leading row of numbers: of `1.2.dev3` the text `1.2`.
fn split_release(text: &str) -> Option<(&str, &str)> {
    let mut end = digits::split(text).0.len();
    if end == 0 {
        return None;
    }
    while let Some(after_dot) = text[end..].strip_prefix('.') {
        let number = digits::split(after_dot).0.len();
        if number == 0 {
            break;
        }
        end += 1 + number;
    }
    Some(text.split_at(end))
}

/// A separator, one of the words, a separator and a number; all but the word may be missing.
fn labelled<'a, T: Copy>(text: &'a str, words: &[(&str, T)]) -> Option<(T, &'a str, &'a str)> {
    let start = text.strip_prefix(SEPARATORS).unwrap_or(text);
    let (value, rest) = words.iter().find_map(|(word, value)| Some((*value, strip_word(start, word)?)))?;
    let (number, rest) = digits::split(rest.strip_prefix(SEPARATORS).unwrap_or(rest));
    Some((value, number, rest))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

fn unlabelled<'a>(text: &'a str, words: &[(&str, ())]) -> Option<(&'a str, &'a str)> {
    labelled(text, words).map(|((), number, rest)| (number, rest))
}

/// `1.0-1` is `1.0.post1`.
fn implicit_post(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = digits::split(text.strip_prefix('-')?);
    (!number.is_empty()).then_some((number, rest))
}

/// Absence first.
fn compare_options(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => digits::compare(a, b),
        _ => a.is_some().cmp(&b.is_some()),
    }
}

/// Absence last: a development release comes before what it leads to.
fn compare_devs(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => digits::compare(a, b),
        _ => b.is_some().cmp(&a.is_some()),
    }
}

fn lower(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|b| b.to_ascii_lowercase())
}

/// Local versions stand above their public one; numbers above words, and a longer row above its beginning.
fn compare_locals(a: Option<&str>, b: Option<&str>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    let (mut a, mut b) = (a.split(SEPARATORS), b.split(SEPARATORS));
    loop {
        let decided = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => match (digits::is_number(a), digits::is_number(b)) {
                (true, true) => digits::compare(a, b),
                (false, false) => lower(a).cmp(lower(b)),
                (a_is_number, b_is_number) => a_is_number.cmp(&b_is_number),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if decided != Ordering::Equal {
            return decided;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_texts_are_never_guessed_at() {
        for text in ["", "2004d-final", "1.0-foo", "1.0.", "1..0", "v", "1!", "!1", "a1", "1.0+", "1.0+a..b", "1.0+ä"]
        {
            assert_eq!(Pep440.compare("1.0", text), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
