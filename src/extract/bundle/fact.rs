//! Texts that prove a package in a bundle: notices, error messages, user agents.
//!
//! A minifier keeps the texts of its input, so that a sentence which one package has and no other tells it apart. The
//! table `facts.toml` has such sentences, and where the version stands beside one. The table knows packages that are
//! often in functions; another package is not found by it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;
use serde::Deserialize;

use super::{Member, Members};
use crate::extract::npm_spec::is_version;

/// Bytes around a text in which its version is looked for.
const AROUND: usize = 256;
/// Places of one text that are asked for a version.
const MOST_PLACES: usize = 16;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Packages whose files begin with their name and a copyright.
    notices: Vec<String>,
    /// Packages with their texts.
    texts: BTreeMap<String, Vec<String>>,
    /// Texts that stand beside a version.
    version: Vec<Row>,
}

/// A text that is proof of a package.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The package.
    package: String,
    /// The text as it stands in minified code: no quotes, no backslashes, nothing that a minifier writes in another way.
    text: String,
    /// Where the version stands: an expression with one group, held against the bytes around the text.
    pattern: Option<String>,
}

impl Table {
    fn rows(self) -> Vec<Row> {
        let row = |package: &str, text: String| Row { package: package.to_owned(), text, pattern: None };
        let notices = self.notices.iter().map(|name| row(name, format!(" * {name}\n * Copyright(c) ")));
        let texts = self.texts.iter().flat_map(|(name, texts)| texts.iter().map(|text| row(name, text.clone())));
        notices.chain(texts).chain(self.version).collect()
    }
}

struct Facts {
    rows: Vec<Row>,
    patterns: Vec<Option<Regex>>,
    texts: AhoCorasick,
}

static FACTS: LazyLock<Option<Facts>> = LazyLock::new(|| facts(include_str!("facts.toml")));

/// `None` for a table that is broken, which a test rules out.
fn facts(text: &str) -> Option<Facts> {
    let rows = toml::from_str::<Table>(text).ok()?.rows();
    let patterns: Result<Vec<Option<Regex>>, regex::Error> =
        rows.iter().map(|row| row.pattern.as_deref().map(Regex::new).transpose()).collect();
    let texts = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(rows.iter().map(|row| &row.text));
    Some(Facts { patterns: patterns.ok()?, texts: texts.ok()?, rows })
}

/// Adds the packages whose texts stand in these bytes. One pass.
pub(in super::super) fn look(bytes: &[u8], members: &mut Members) {
    let Some(facts) = &*FACTS else { return };
    let mut places = vec![0_usize; facts.rows.len()];
    for found in facts.texts.find_iter(bytes) {
        let index = found.pattern().as_usize();
        places[index] += 1;
        let row = &facts.rows[index];
        let version = facts.patterns[index].as_ref().filter(|_| places[index] <= MOST_PLACES).and_then(|pattern| {
            let around = &bytes[found.start().saturating_sub(AROUND)..bytes.len().min(found.end() + AROUND)];
            let text = std::str::from_utf8(pattern.captures(around)?.get(1)?.as_bytes()).ok()?;
            is_version(text).then_some(text)
        });
        if places[index] == 1 || version.is_some() {
            members.add(Member::new(&row.package, version));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::path::is_name;
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let facts = FACTS.as_ref().expect("it can be read");
        let mut seen = BTreeSet::new();
        for row in &facts.rows {
            assert!(is_name(&row.package) && row.text.len() >= 12, "{row:?}");
            assert!(seen.insert(&row.text), "{row:?} is there twice");
            let plain = row.text.bytes().all(|b| b.is_ascii_graphic() || b == b' ' || b == b'\n');
            assert!(plain && !row.text.contains(['"', '\'', '`', '\\']), "{row:?}: a minifier may write it otherwise");
            // A text within another one would never be found where both stand.
            let mut members = Members::default();
            look(row.text.as_bytes(), &mut members);
            assert_eq!(members.0.iter().map(|m| &m.name).collect::<Vec<_>>(), [&row.package], "{row:?}");
        }
    }

    #[test]
    fn versions_stand_beside_their_text() {
        for (text, name, version) in [
            ("/*! js-yaml 4.1.0 https://github.com/nodeca/js-yaml @license MIT */", "js-yaml", "4.1.0"),
            (
                "var o,u=\"4.17.21\",a=200,c=\"Unsupported core-js use. Try https://npms.io/search?q=ponyfill.\"",
                "lodash",
                "4.17.21",
            ),
            (
                "  //! moment.js\n  //! version : 2.29.4\n  //! authors : Tim Wood, Iskren Chernev, Moment.js contributors\n",
                "moment",
                "2.29.4",
            ),
        ] {
            let mut members = Members::default();
            look(text.as_bytes(), &mut members);
            assert!(members.0.contains(&Member::new(name, Some(version))), "{text}: {members:?}");
        }
    }
}
