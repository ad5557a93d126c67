//! Maven: the version order of the POM reference
//! (<https://maven.apache.org/pom.html#version-order-specification>).
//!
//! A version is a row of tokens, each with the separator before it. Null tokens (`0`, `ga`, `final`, `release`) are
//! trimmed before every hyphen and at the end, then rows compare token by token. Since Maven 3.9 a qualifier counts as
//! if a hyphen stood before it, whatever does. Where the releases of `ComparableVersion` differ among themselves
//! (`1-ga1` against `1`, `1-rc.1` against `1-rc1`), the reference decides.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{BadVersion, Form, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct Maven;

impl Order for Maven {
    fn id(&self) -> &'static str {
        "maven"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Maven]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.contains(is_forbidden) {
            return Err(BadVersion(text.to_owned()));
        }
        let is_lower = trimmed.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
        let tokens = if is_lower {
            tokens(trimmed)
        } else {
            tokens(&trimmed.to_lowercase()).into_iter().map(Token::into_owned).collect()
        };
        Ok(super::Version(Form::Maven(Version { tokens })))
    }
}

/// What Maven's model validator does not allow (<https://maven.apache.org/ref/3.9.9/maven-model-builder/>): an
/// unresolved `${revision}` is no version.
fn is_forbidden(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\\/:\"<>|?*[](){},".contains(c)
}

/// A version taken apart and trimmed.
pub(super) struct Version<'a> {
    tokens: Vec<Token<'a>>,
}

impl Version<'_> {
    pub(super) fn cmp(&self, other: &Version<'_>) -> Ordering {
        let (a, b) = (&self.tokens, &other.tokens);
        let decide = |i: usize| match (a.get(i), b.get(i)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(a), None) => a.cmp(&a.padding()),
            (None, Some(b)) => b.padding().cmp(b),
            (None, None) => Ordering::Equal,
        };
        (0..a.len().max(b.len())).map(decide).find(|decided| decided.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A part of a version. The order of the variants is that of the reference: a qualifier stands below a number after a
/// hyphen, that one below a number after a dot.
enum Token<'a> {
    Qualifier(Cow<'a, str>),
    AfterHyphen(Cow<'a, str>),
    AfterDot(Cow<'a, str>),
}

use Token::{AfterDot, AfterHyphen, Qualifier};

impl Token<'_> {
    fn into_owned(self) -> Token<'static> {
        match self {
            Qualifier(word) => Qualifier(Cow::Owned(word.into_owned())),
            AfterHyphen(number) => AfterHyphen(Cow::Owned(number.into_owned())),
            AfterDot(number) => AfterDot(Cow::Owned(number.into_owned())),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Qualifier(word) => matches!(word.as_ref(), "" | "ga" | "final" | "release"),
            AfterHyphen(number) | AfterDot(number) => digits::is_zero(number),
        }
    }

    /// What a shorter row has in this place.
    fn padding(&self) -> Token<'static> {
        match self {
            AfterDot(_) => AfterDot("0".into()),
            Qualifier(_) | AfterHyphen(_) => Qualifier("".into()),
        }
    }

    fn cmp(&self, other: &Token<'_>) -> Ordering {
        match (self, other) {
            (Qualifier(a), Qualifier(b)) => rank(a).cmp(&rank(b)),
            (AfterHyphen(a), AfterHyphen(b)) | (AfterDot(a), AfterDot(b)) => digits::compare(a, b),
            (a, b) => a.class().cmp(&b.class()),
        }
    }

    fn class(&self) -> u8 {
        match self {
            Qualifier(_) => 0,
            AfterHyphen(_) => 1,
            AfterDot(_) => 2,
        }
    }
}

/// The place of a qualifier; unknown ones stand above the known ones, by the alphabet.
fn rank(word: &str) -> (u8, &str) {
    match word {
        "alpha" => (0, ""),
        "beta" => (1, ""),
        "milestone" => (2, ""),
        "rc" | "cr" => (3, ""),
        "snapshot" => (4, ""),
        "" | "ga" | "final" | "release" => (5, ""),
        "sp" => (6, ""),
        unknown => (7, unknown),
    }
}

/// Splits and trims.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut row = Vec::new();
    // The separator between two parts is a hyphen where letters and digits meet, so it is carried, not looked up.
    let (mut rest, mut after_hyphen) = (text, false);
    loop {
        let length = part_length(rest);
        let (part, behind) = rest.split_at(length);
        let separator = behind.bytes().next();
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        row.push(match (is_number, after_hyphen) {
            // An empty part is a zero, and so is the empty row of digits to `digits::compare`.
            (true, true) => AfterHyphen(part.into()),
            (true, false) => AfterDot(part.into()),
            (false, _) => Qualifier(spelled_out(part, separator).into()),
        });
        match separator {
            None => break,
            Some(b'.') => (rest, after_hyphen) = (&behind[1..], false),
            Some(b'-') => (rest, after_hyphen) = (&behind[1..], true),
            Some(_) => (rest, after_hyphen) = (behind, true),
        }
    }
    trim(row)
}

/// The length of the leading run of digits, or of anything that is neither a digit nor a separator.
fn part_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let starts_with_digit = bytes.first().is_some_and(u8::is_ascii_digit);
    bytes.iter().take_while(|b| !matches!(**b, b'.' | b'-') && b.is_ascii_digit() == starts_with_digit).count()
}

/// `a`, `b` and `m` are short forms where a number follows directly.
fn spelled_out(word: &str, next: Option<u8>) -> &str {
    if !next.is_some_and(|b| b.is_ascii_digit()) {
        return word;
    }
    match word {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        other => other,
    }
}

/// Drops null tokens at the end and before every hyphen.
fn trim(mut row: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut at_end = true;
    row.reverse();
    row.retain(|token| {
        let kept = !at_end || !token.is_null();
        if kept {
            at_end = !matches!(token, AfterDot(_));
        }
        kept
    });
    row.reverse();
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_maven_forbids_is_no_version() {
        for text in ["", " ", "${revision}", "[1.0,2.0)", "1.0 beta", "1/2", "1:2"] {
            assert_eq!(Maven.compare(text, "1"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn ten_thousand_hyphens_need_no_stack() {
        let deep = "1-".repeat(10_000);
        assert_eq!(Maven.compare(&deep, &deep), Ok(Ordering::Equal));
    }
}
