//! Packagist: Composer's normalisation
//! (<https://getcomposer.org/doc/articles/versions.md>) and then PHP's `version_compare`
//! (<https://www.php.net/manual/en/function.version-compare.php>).
//!
//! A branch (`dev-main`) has no place on the line of versions, so it is no version here; a numeric branch (`2.1.x-dev`)
//! has one, above all releases of that branch.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{BadVersion, Form, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct Packagist;

impl Order for Packagist {
    fn id(&self) -> &'static str {
        "packagist"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Packagist]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        Ok(super::Version(Form::Packagist(Version { tokens: tokens(text)? })))
    }
}

/// A version, normalised and taken apart.
pub(super) struct Version<'a> {
    tokens: Vec<Token<'a>>,
}

impl Version<'_> {
    pub(super) fn cmp(&self, other: &Version<'_>) -> Ordering {
        let (a, b) = (&self.tokens, &other.tokens);
        let decide = |i: usize| a.get(i).unwrap_or(&Token::End).cmp(b.get(i).unwrap_or(&Token::End));
        (0..a.len().max(b.len())).map(decide).find(|decided| decided.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A token of a normalised version. `version_compare` puts the end of a version above `RC` and below any number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(&'a str),
    Patch,
}

impl Token<'_> {
    fn cmp(&self, other: &Token<'_>) -> Ordering {
        match (self, other) {
            (Token::Number(a), Token::Number(b)) => digits::compare(a, b),
            (a, b) => a.class().cmp(&b.class()),
        }
    }

    fn class(self) -> u8 {
        match self {
            Token::Dev => 0,
            Token::Alpha => 1,
            Token::Beta => 2,
            Token::Candidate => 3,
            Token::End => 4,
            Token::Number(_) => 5,
            Token::Patch => 6,
        }
    }
}

const MODIFIER: &str =
    r"[._-]?(?:(?<stability>stable|beta|b|RC|alpha|a|patch|pl|p)(?<number>(?:[.-]?[0-9]+)*)?)?(?<dev>[.-]?dev)?";

/// Up to four numbers; the first is short, since eight digits are a date.
static CLASSIC: LazyLock<Regex> =
    LazyLock::new(|| compile(&format!(r"(?i-u)^v?(?<numbers>[0-9]{{1,5}}(?:\.[0-9]+){{0,3}}){MODIFIER}$")));

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    compile(&format!(r"(?i-u)^v?(?<numbers>[0-9]{{4}}(?:[.:-]?[0-9]{{2}}){{1,6}}(?:[.:-]?[0-9]{{1,3}})?){MODIFIER}$"))
});

static NUMERIC_BRANCH: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?i-u)^v?(?<numbers>[0-9]+(?:\.(?:[0-9]+|[x*])){0,3})[.-]?dev$"));

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// What Composer puts for `x`: higher than any release.
const WILDCARD: &str = "9999999";

fn tokens(text: &str) -> Result<Vec<Token<'_>>, BadVersion> {
    let bare = without_decoration(text.trim()).ok_or_else(|| BadVersion(text.to_owned()))?;
    if let Some(found) = CLASSIC.captures(bare) {
        let mut row: Vec<Token> = group(&found, "numbers").split('.').map(Token::Number).collect();
        row.resize(4, Token::Number("0"));
        modify(&mut row, &found);
        Ok(row)
    } else if let Some(found) = DATE.captures(bare) {
        let mut row = group(&found, "numbers").split(['.', ':', '-']).map(Token::Number).collect();
        modify(&mut row, &found);
        Ok(row)
    } else if let Some(found) = NUMERIC_BRANCH.captures(bare) {
        let number = |part| if digits::is_number(part) { part } else { WILDCARD };
        let mut row: Vec<Token> = group(&found, "numbers").split('.').map(|part| Token::Number(number(part))).collect();
        row.resize(4, Token::Number(WILDCARD));
        row.push(Token::Dev);
        Ok(row)
    } else {
        Err(BadVersion(text.to_owned()))
    }
}

/// Cuts what a lock file or a constraint writes around a version: an alias (`1.0 as 2.0`), a commit (`#abc`), a
/// stability (`@beta`) and build metadata (`+build`). `None` where it is none of Composer's.
fn without_decoration(text: &str) -> Option<&str> {
    const STABILITIES: [&str; 5] = ["stable", "RC", "beta", "alpha", "dev"];
    let text = text.split_once(" as ").map_or(text, |(version, _)| version.trim_end());
    let text = text.split_once('#').map_or(text, |(version, _)| version);
    let (text, stability) = text.split_once('@').unwrap_or((text, "stable"));
    let (version, build) = text.split_once('+').unwrap_or((text, "none"));
    let known = STABILITIES.iter().any(|word| stability.eq_ignore_ascii_case(word));
    (known && !build.is_empty() && !build.contains(char::is_whitespace)).then_some(version)
}

fn group<'a>(found: &Captures<'a>, name: &str) -> &'a str {
    found.name(name).map_or("", |m| m.as_str())
}

fn modify<'a>(row: &mut Vec<Token<'a>>, found: &Captures<'a>) {
    let token = match group(found, "stability").to_ascii_lowercase().as_str() {
        "alpha" | "a" => Some(Token::Alpha),
        "beta" | "b" => Some(Token::Beta),
        "rc" => Some(Token::Candidate),
        "patch" | "pl" | "p" => Some(Token::Patch),
        // `stable` says what holds anyway; Composer drops what stands behind it too.
        "stable" => return,
        _ => None,
    };
    if let Some(token) = token {
        row.push(token);
        row.extend(group(found, "number").split(['.', '-']).filter(|part| !part.is_empty()).map(Token::Number));
    }
    if !group(found, "dev").is_empty() {
        row.push(Token::Dev);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_no_versions() {
        for text in [
            "",
            "dev-main",
            "dev-master#1a2b3c",
            "master",
            "feature-x-dev",
            "1.0.0-foo",
            "1.2.3.4.5",
            "^1.0",
            "1.0@foo",
            "1.0@",
            "1.0+",
            "1.0+a b",
        ] {
            assert_eq!(Packagist.compare(text, "1.0"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
