//! Maven: the order of `ComparableVersion` in maven-artifact, which 3.8.7 and 3.9.9 share
//! (<https://maven.apache.org/ref/3.9.9/maven-artifact/apidocs/org/apache/maven/artifact/versioning/ComparableVersion.html>).
//!
//! A version is a list of numbers and words; a hyphen, and a change between digits and letters, opens a list inside the
//! list, which is always its last item. So the nested lists are one row with an opening mark wherever one begins. Nulls
//! (`0`, `ga`, `final`, `release`) are trimmed at the end of each list. The POM reference tells the same with fewer
//! words (<https://maven.apache.org/pom.html#version-order-specification>), but not for words between dots
//! (`1.0.redhat-1`): there the program decides, though it goes in circles with some: `1.0.alpha.1` < `1` < `1-x` <
//! `1.0.alpha.1`.

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
            (Some(a), None) => a.against_nothing(),
            (None, Some(b)) => b.against_nothing().reverse(),
            (None, None) => Ordering::Equal,
        };
        (0..a.len().max(b.len())).map(decide).find(|decided| decided.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A part of a version. The order of the variants is that of unlike parts: any word stands below any list, that one
/// below any number.
enum Token<'a> {
    Word(Cow<'a, str>),
    Open,
    Number(Cow<'a, str>),
}

use Token::{Number, Open, Word};

impl Token<'_> {
    fn into_owned(self) -> Token<'static> {
        match self {
            Word(word) => Word(Cow::Owned(word.into_owned())),
            Number(number) => Number(Cow::Owned(number.into_owned())),
            Open => Open,
        }
    }

    fn is_null(&self) -> bool {
        self.against_nothing().is_eq()
    }

    /// Where the other version has ended. A list is as much as what is in it, and that follows.
    fn against_nothing(&self) -> Ordering {
        match self {
            Word(word) => rank(word).cmp(&rank("")),
            Number(number) if digits::is_zero(number) => Ordering::Equal,
            Number(_) => Ordering::Greater,
            Open => Ordering::Equal,
        }
    }

    fn cmp(&self, other: &Token<'_>) -> Ordering {
        match (self, other) {
            (Word(a), Word(b)) => rank(a).cmp(&rank(b)),
            (Number(a), Number(b)) => digits::compare(a, b),
            (a, b) => a.class().cmp(&b.class()),
        }
    }

    fn class(&self) -> u8 {
        match self {
            Word(_) => 0,
            Open => 1,
            Number(_) => 2,
        }
    }
}

/// The place of a word; unknown ones stand above the known ones, by the alphabet.
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
    let mut row = Row::default();
    let (mut start, mut in_number) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '.' | '-' => {
                row.push(part(&text[start..at], in_number));
                start = at + 1;
                if c == '-' {
                    row.open();
                }
            }
            '0'..='9' => {
                if !in_number && at > start {
                    row.open_unless_fresh();
                    row.push(Word(spelled_out(&text[start..at]).into()));
                    row.open();
                    start = at;
                }
                in_number = true;
            }
            _ => {
                if in_number && at > start {
                    row.push(part(&text[start..at], true));
                    row.open();
                    start = at;
                }
                in_number = false;
            }
        }
    }
    if start < text.len() {
        if !in_number {
            row.open_unless_fresh();
        }
        row.push(part(&text[start..], in_number));
    }
    row.trim();
    row.tokens
}

/// An empty part is a zero, and so is the empty row of digits to `digits::compare`.
fn part(text: &str, in_number: bool) -> Token<'_> {
    if in_number || text.is_empty() { Number(text.into()) } else { Word(text.into()) }
}

/// `a`, `b` and `m` are short forms where a number follows directly.
fn spelled_out(word: &str) -> &str {
    match word {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        other => other,
    }
}

/// The tokens while they are read, each list trimmed when the next one opens.
#[derive(Default)]
struct Row<'a> {
    tokens: Vec<Token<'a>>,
    /// Nothing was pushed since the list was opened.
    is_fresh: bool,
}

impl<'a> Row<'a> {
    fn push(&mut self, token: Token<'a>) {
        self.tokens.push(token);
        self.is_fresh = false;
    }

    fn open(&mut self) {
        while self.tokens.last().is_some_and(|token| !matches!(token, Open) && token.is_null()) {
            self.tokens.pop();
        }
        self.tokens.push(Open);
        self.is_fresh = true;
    }

    fn open_unless_fresh(&mut self) {
        if !self.is_fresh && !self.tokens.is_empty() {
            self.open();
        }
    }

    /// The last list, and then every list that holds nothing.
    fn trim(&mut self) {
        while self.tokens.last().is_some_and(Token::is_null) {
            self.tokens.pop();
        }
    }
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
