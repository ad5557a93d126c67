//! Maven: the version order of the POM reference
//! (<https://maven.apache.org/pom.html#version-order-specification>).
//!
//! A version is a row of tokens, each with the separator before it. Null tokens (`0`, `ga`, `final`, `release`) are
//! trimmed before every hyphen and at the end, then rows compare token by token. Since Maven 3.9 a qualifier counts as
//! if a hyphen stood before it, whatever does. Where the releases of `ComparableVersion` differ among themselves
//! (`1-ga1` against `1`, `1-rc.1` against `1-rc1`), the reference decides.

use std::cmp::Ordering;

use super::{BadVersion, Order, digits};
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

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion> {
        let (lower_a, lower_b) = (checked(a)?, checked(b)?);
        let (a, b) = (tokens(&lower_a), tokens(&lower_b));
        for i in 0..a.len().max(b.len()) {
            let decided = match (a.get(i), b.get(i)) {
                (Some(a), Some(b)) => a.cmp(b),
                (Some(a), None) => a.cmp(&a.padding()),
                (None, Some(b)) => b.padding().cmp(b),
                (None, None) => Ordering::Equal,
            };
            if decided != Ordering::Equal {
                return Ok(decided);
            }
        }
        Ok(Ordering::Equal)
    }
}

/// In lower case, if Maven's model validator allows its characters
/// (<https://maven.apache.org/ref/3.9.9/maven-model-builder/>): an unresolved `${revision}` is no version.
fn checked(text: &str) -> Result<String, BadVersion> {
    let trimmed = text.trim();
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "\\/:\"<>|?*[](){},".contains(c);
    if trimmed.is_empty() || trimmed.contains(forbidden) {
        return Err(BadVersion(text.to_owned()));
    }
    Ok(trimmed.to_lowercase())
}

/// A part of a version. The order of the variants is that of the reference: a qualifier stands below a number after a
/// hyphen, that one below a number after a dot.
#[derive(Clone, Copy)]
enum Token<'a> {
    Qualifier(&'a str),
    AfterHyphen(&'a str),
    AfterDot(&'a str),
}

use Token::{AfterDot, AfterHyphen, Qualifier};

impl Token<'_> {
    fn is_null(self) -> bool {
        match self {
            Qualifier(word) => matches!(word, "" | "ga" | "final" | "release"),
            AfterHyphen(number) | AfterDot(number) => digits::is_zero(number),
        }
    }

    /// What a shorter row has in this place.
    fn padding(self) -> Token<'static> {
        match self {
            AfterDot(_) => AfterDot("0"),
            Qualifier(_) | AfterHyphen(_) => Qualifier(""),
        }
    }

    fn cmp(&self, other: &Token<'_>) -> Ordering {
        match (*self, *other) {
            (Qualifier(a), Qualifier(b)) => rank(a).cmp(&rank(b)),
            (AfterHyphen(a), AfterHyphen(b)) | (AfterDot(a), AfterDot(b)) => digits::compare(a, b),
            (a, b) => a.class().cmp(&b.class()),
        }
    }

    fn class(self) -> u8 {
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
            (true, true) => AfterHyphen(part),
            (true, false) => AfterDot(part),
            (false, _) => Qualifier(spelled_out(part, separator)),
        });
        match separator {
            None => break,
            Some(b'.') => (rest, after_hyphen) = (&behind[1..], false),
            Some(b'-') => (rest, after_hyphen) = (&behind[1..], true),
            Some(_) => (rest, after_hyphen) = (behind, true),
        }
    }
    trim(&row)
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
fn trim<'a>(row: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(row.len());
    let mut at_end = true;
    for token in row.iter().rev() {
        if at_end && token.is_null() {
            continue;
        }
        at_end = !matches!(token, AfterDot(_));
        kept.push(*token);
    }
    kept.reverse();
    kept
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
