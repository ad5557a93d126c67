//! Rule files of our own notation, each rule read by itself so that every one is told what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::RuleFile;
use crate::formats::complaint::{Complaint, Source};
use crate::formats::nearest::guessed;
use crate::secret::rule::{RawRule, Rule, RuleError};

/// One rule of a file.
pub struct Entry {
    /// The rule, or the first law that it breaks.
    pub rule: Result<Rule, Complaint>,
    /// Where its keys' values stand.
    pub spans: BTreeMap<String, Range<usize>>,
    /// Where its examples stand.
    pub examples: Vec<Range<usize>>,
    /// Where its non-examples stand.
    pub non_examples: Vec<Range<usize>>,
}

/// Reads a rule file for use.
pub fn read(source: Source<'_>) -> Result<RuleFile, Complaint> {
    let mut file = RuleFile::default();
    for entry in entries(source)? {
        match entry.rule {
            Ok(rule) => file.rules.push(rule),
            Err(complaint) => file.refused.push(complaint),
        }
    }
    Ok(file)
}

/// Every rule of a file.
pub fn entries(source: Source<'_>) -> Result<Vec<Entry>, Complaint> {
    let parsed = DeTable::parse(source.text).map_err(|error| source.complain(error.span(), error.message()))?;
    let mut table = parsed.into_inner();
    let Some(rules) = table.remove("rule") else { return Ok(Vec::new()) };
    if let Some(key) = table.keys().next() {
        let message = format!("a rule file holds [[rule]] tables alone, not '{}'", key.get_ref().escape_default());
        return Err(source.complain(Some(key.span()), &message));
    }
    let span = rules.span();
    let DeValue::Array(rules) = rules.into_inner() else {
        return Err(source.complain(Some(span), "write [[rule]]: a file may hold several"));
    };
    Ok(rules.into_iter().map(|value| entry(source, value)).collect())
}

fn entry(source: Source<'_>, value: Spanned<DeValue<'_>>) -> Entry {
    let whole = value.span();
    let items = |key: &str| {
        let list = value.get_ref().get(key).and_then(|list| list.get_ref().as_array());
        list.map(|list| list.iter().map(Spanned::span).collect()).unwrap_or_default()
    };
    let (examples, non_examples) = (items("examples"), items("non_examples"));
    let table = value.get_ref().as_table();
    let spans: BTreeMap<String, Range<usize>> =
        table.into_iter().flatten().map(|(key, value)| (key.get_ref().to_string(), value.span())).collect();
    let rule = RawRule::deserialize(ValueDeserializer::from(value))
        .map_err(|error| source.complain(error.span().or(Some(whole.clone())), &guessed(error.message())))
        .and_then(|raw| {
            let rule = Rule::try_from(raw).and_then(|rule| rule.validate().map(|()| rule));
            rule.map_err(|error: RuleError| {
                source.complain(Some(spans.get(error.key).unwrap_or(&whole).clone()), &error.to_string())
            })
        });
    Entry { rule, spans, examples, non_examples }
}
