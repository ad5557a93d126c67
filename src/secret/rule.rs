//! A rule as data.
//!
//! An id never changes once it is released: policies, baselines and fingerprints hold it.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use thiserror::Error;

use super::checks::{self, Check};
use super::constants::program;
use super::custom::Custom;
use super::named;
use super::stretch::Stretch;
use crate::model::{Confidence, Probe, Severity};

/// The largest window that a rule may ask for, in bytes: a private key of 16,384 bits in PEM takes about 13 KB.
const MAX_WINDOW: usize = 16 * 1024;

/// Why a rule cannot be used.
#[derive(Debug, Error)]
#[error("rule {id}: {reason}")]
pub struct RuleError {
    /// The rule's id.
    pub id: String,
    /// The key in the file that the law speaks of.
    pub key: &'static str,
    /// The law that the rule breaks.
    pub reason: String,
}

/// A hand-written reader, for keywords that are too common for a regular expression around each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    /// A password set beside its name; people choose passwords, so weak values count.
    Password,
    /// A machine-made value set beside its name; only values that look random count.
    Token,
    /// `scheme://user:password@host`.
    Url,
}

/// How a rule finds its secret.
#[derive(Clone, Debug)]
pub enum Finder {
    /// A regular expression over bytes (syntax of the `regex` crate, Unicode off). The secret is the group named
    /// `secret`, or the whole match.
    Pattern(Pattern),
    /// A value of this shape that a name of the vendor gives its meaning: the keywords are those names.
    Named(Pattern),
    /// Read by hand at each keyword.
    Reader(Reader),
}

/// A pattern that is compiled at its first use: most files hold no keyword of most rules.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
    bare: OnceLock<Option<Regex>>,
    stretch: OnceLock<Option<Stretch>>,
}

impl Pattern {
    pub(super) fn new(source: String) -> Pattern {
        Pattern { source, compiled: OnceLock::new(), bare: OnceLock::new(), stretch: OnceLock::new() }
    }

    /// The pattern as the rule file writes it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled pattern; `None` if it is not one, which the tests rule out for the built-in rules.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.source).ok()).as_ref()
    }

    /// Whether a text may hold a match, as far as can be told without compiling the pattern.
    pub(super) fn may_match(&self, text: &[u8]) -> bool {
        let stretch = self.stretch.get_or_init(|| Stretch::of(&self.source));
        stretch.as_ref().is_none_or(|stretch| stretch.is_in(text))
    }

    /// What the secret itself must look like, whatever stands around it; `None` if that is not distinctive.
    pub(super) fn bare(&self) -> Option<&Regex> {
        self.bare.get_or_init(|| program::bare(&self.source)).as_ref()
    }
}

/// Which group of a pattern is the secret; where it has none, or it took no part, the whole match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The one named `secret`.
    Named,
    /// The one of that number, from 1.
    Number(usize),
    /// The first that is not empty.
    FirstSet,
}

pub(super) fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).unicode(false).size_limit(4 << 20).dfa_size_limit(4 << 20).build()
}

/// One kind of secret.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Kebab-case, unique.
    pub id: String,
    /// Who gives out such secrets; `generic` for no one.
    pub vendor: String,
    /// What kind of secret it is, one line for people.
    pub title: String,
    /// What it opens, where that is not plain from the title.
    pub description: Option<String>,
    /// How it is found.
    pub finder: Finder,
    /// Literals of which one must be inside the match. Lower case: found in any case. With an upper-case letter: found
    /// as written.
    pub keywords: Vec<String>,
    /// The least Shannon entropy of the secret, in bits per byte.
    pub entropy: f64,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match makes us before its check has spoken.
    pub confidence: Confidence,
    /// The longest match, in bytes.
    pub max_len: usize,
    /// Offline proof.
    pub(super) check: Option<Check>,
    /// The rules of ids that belong to such a secret: found together, the two are one finding.
    pub pairs: Vec<String>,
    /// How the vendor is asked whether it works, if the user wants that.
    pub probe: Option<Probe>,
    /// How to revoke it.
    pub revoke: String,
    /// Where the format is documented.
    pub source: String,
    /// Texts with such a secret. The engine's built-in rules hold none: [`rules_with_examples`](super::rules_with_examples).
    pub examples: Vec<String>,
    /// Texts that look alike and hold none.
    pub non_examples: Vec<String>,
    /// What only a rule from elsewhere has.
    pub(super) custom: Option<Box<Custom>>,
}

/// Examples are lists of parts, so that no scanner takes the rule file itself for a leak.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: String,
    vendor: String,
    title: String,
    description: Option<String>,
    pattern: Option<String>,
    value: Option<String>,
    reader: Option<Reader>,
    keywords: Vec<String>,
    #[serde(default)]
    entropy: f64,
    severity: Severity,
    confidence: Confidence,
    max_len: usize,
    check: Option<String>,
    #[serde(default)]
    pairs: Vec<String>,
    probe: Option<Probe>,
    revoke: String,
    source: String,
    pub(super) examples: Vec<Vec<String>>,
    pub(super) non_examples: Vec<Vec<String>>,
}

/// Does not compile the pattern, so that the built-in rules cost little until one is hit; call [`Rule::validate`] on rules
/// that come from elsewhere.
impl TryFrom<RawRule> for Rule {
    type Error = RuleError;

    fn try_from(raw: RawRule) -> Result<Rule, RuleError> {
        let broken = |key, reason: &str| RuleError { id: raw.id.clone(), key, reason: reason.to_owned() };
        let finder = match (raw.pattern, raw.value, raw.reader) {
            (Some(pattern), None, None) => Finder::Pattern(Pattern::new(pattern)),
            (None, Some(value), None) => Finder::Named(Pattern::new(named::pattern(&value))),
            (None, None, Some(reader)) => Finder::Reader(reader),
            _ => return Err(broken("id", "needs one of a pattern, a value or a reader")),
        };
        let keywords = match finder {
            Finder::Reader(_) => spellings(raw.keywords),
            Finder::Pattern(_) | Finder::Named(_) => raw.keywords,
        };
        let check = match &raw.check {
            None => None,
            Some(name) => {
                Some(checks::by_name(name).ok_or_else(|| broken("check", "names a check that does not exist"))?)
            }
        };
        if keywords.is_empty() || keywords.iter().any(|k| k.len() < 3) {
            return Err(broken("keywords", "needs keywords of at least 3 bytes"));
        }
        if raw.max_len == 0 || raw.max_len > MAX_WINDOW {
            return Err(broken("max_len", "max_len must be between 1 and 16384"));
        }
        let join = |texts: Vec<Vec<String>>| texts.iter().map(|parts| parts.concat()).collect();
        Ok(Rule {
            id: raw.id,
            vendor: raw.vendor,
            title: raw.title,
            description: raw.description,
            finder,
            keywords,
            entropy: raw.entropy,
            severity: raw.severity,
            confidence: raw.confidence,
            max_len: raw.max_len,
            check,
            pairs: raw.pairs,
            probe: raw.probe,
            revoke: raw.revoke,
            source: raw.source,
            examples: join(raw.examples),
            non_examples: join(raw.non_examples),
            custom: None,
        })
    }
}

/// The words of a reader in the ways that names are written: `api_key` is also `api-key` and `apikey`.
fn spellings(words: Vec<String>) -> Vec<String> {
    let spelled = words.into_iter().flat_map(|word| {
        let joined = word.trim_matches('_').contains('_').then(|| [word.replace('_', "-"), word.replace('_', "")]);
        std::iter::once(word).chain(joined.into_iter().flatten())
    });
    spelled.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

impl Rule {
    /// Compiles the pattern and checks what `parse` leaves for later.
    ///
    /// # Errors
    /// The first law that the rule breaks.
    pub fn validate(&self) -> Result<(), RuleError> {
        let broken = |key, reason: &str| Err(RuleError { id: self.id.clone(), key, reason: reason.to_owned() });
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(kebab) || self.id.starts_with('-') || self.id.ends_with('-') {
            return broken("id", "the id must be in kebab-case");
        }
        if self.examples.len() < 2 {
            return broken("examples", "needs at least 2 examples");
        }
        if self.non_examples.len() < 2 {
            return broken("non_examples", "needs at least 2 non_examples: texts that look alike and hold no secret");
        }
        if !self.source.starts_with("https://") {
            return broken("source", "the source must be the page that documents the format, https://...");
        }
        if !self.revoke.contains(' ') {
            return broken("revoke", "must say how to revoke the secret");
        }
        let (key, pattern) = match &self.finder {
            Finder::Pattern(pattern) => ("pattern", pattern),
            Finder::Named(pattern) => ("value", pattern),
            Finder::Reader(_) => return Ok(()),
        };
        let compiled = match compile(pattern.source()) {
            Ok(compiled) => compiled,
            Err(error) => return broken(key, error.to_string().lines().last().unwrap_or_default()),
        };
        if compiled.is_match(b"") {
            return broken(key, "matches the empty text");
        }
        Ok(())
    }

    /// Whether a keyword is in a text, as the first pass looks for it.
    pub(super) fn has_keyword_in(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        let exact = |keyword: &str| keyword.bytes().any(|b| b.is_ascii_uppercase());
        self.keywords.iter().any(|k| if exact(k) { text.contains(k) } else { lower.contains(k) })
    }

    /// Whether a match may be far from the keyword that gave rise to the search.
    pub(super) fn is_wide(&self) -> bool {
        self.custom.as_ref().is_some_and(|custom| custom.wide)
    }

    /// What a hand-written reader finds is less specific than what a vendor's pattern finds.
    pub(super) fn is_generic(&self) -> bool {
        matches!(self.finder, Finder::Reader(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_keyword_or_finder_is_refused() {
        let rule = |tail: &str| {
            let head = "id='x'\nvendor='v'\ntitle='t'\nseverity='low'\nconfidence='low'\nmax_len=9\nrevoke='r'\n\
                        source='s'\nexamples=[]\nnon_examples=[]\n";
            Rule::try_from(toml::from_str::<RawRule>(&format!("{head}{tail}")).expect("the shape of a rule"))
        };
        for tail in ["keywords=[]\npattern='a'", "keywords=['abc']", "keywords=['abc']\npattern='a'\ncheck='no_such'"] {
            assert!(rule(tail).is_err(), "{tail}");
        }
        assert!(rule("keywords=['abc']\npattern='a'").is_ok());
    }
}
