//! Strings of files that are not plain text, written as source text: compiled Python and Java, databases, notebooks.
//!
//! Such files are known by their first bytes, and read only where a keyword stands in them: all the others cost one
//! comparison. What a reader does not understand stays searched as bytes, by the rules that have a pattern.
//!
//! Compiled programs need no transcript; see [`program`].

mod class_file;
mod cursor;
mod marshal;
mod notebook;
mod opcodes;
pub mod program;
mod python;
mod sqlite;
mod transcript;

pub use transcript::Transcript;

use std::ops::Range;

use super::assignment::Style;
use super::decode::Work;
use super::engine::Engine;
use super::judge::judge;
use super::rule::{Finder, Reader, Rule};
use super::search::{self, Found, Hits};
use super::text::Kind;
use crate::model::{Location, SecretValue};

/// Writes down the strings of a file; `None` if it is of no format that is known here.
pub fn transcript(bytes: &[u8]) -> Option<Transcript> {
    let mut out = Transcript::new(bytes.len());
    if class_file::is_class(bytes) {
        class_file::read(bytes, &mut out);
    } else if let Some(version) = marshal::version(bytes) {
        marshal::read(bytes, version, &mut out);
    } else if bytes.starts_with(sqlite::MAGIC) {
        sqlite::read(bytes, &mut out);
    } else if notebook::is_notebook(bytes) {
        notebook::read(bytes, &mut out);
    } else {
        return None;
    }
    Some(out)
}

impl Engine {
    /// What stands in a transcript, with its place in the file.
    pub(super) fn transcribed(&self, place: &Location, transcript: &Transcript, work: &mut Work) -> Vec<Found> {
        let text = transcript.text();
        let hits = self.hits(place, text, Kind::Text);
        let found = self.rounds(place, text, Kind::Text, hits, work);
        let in_file = |found: Found| {
            let secret = transcript.stored(&found.secret)?;
            let shown = Some(SecretValue::new(found.value(text)));
            Some(Found { whole: secret.clone(), secret, shown, ..found })
        };
        found.into_iter().filter_map(in_file).collect()
    }
}

/// What a hit in a compiled program leads to, beside its rule's own pattern.
pub(super) fn read_program(index: usize, rule: &Rule, text: &[u8], hit: &Range<usize>, hits: &mut Hits) {
    let found = match &rule.finder {
        Finder::Pattern(pattern) => {
            let token = pattern.bare().and_then(|bare| program::abutting(bare, text, hit, rule.max_len));
            token.and_then(|token| Some((search::confidence(rule, text, &token, &token)?, token)))
        }
        Finder::Reader(Reader::Password) => {
            let password = program::connection_password(text, hit);
            password.and_then(|value| Some((judge(&text[value.clone()], Reader::Password, Style::Bare)?, value)))
        }
        Finder::Reader(Reader::Url) => return search::read(index, Reader::Url, text, hit.clone(), hits),
        Finder::Reader(Reader::Token) | Finder::Named(_) => None,
    };
    let found = found.map(|(confidence, secret)| Found::new(index, secret.clone(), secret, confidence));
    hits.found.extend(found);
}

#[cfg(test)]
mod tests;
