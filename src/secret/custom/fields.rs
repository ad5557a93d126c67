//! A table's keys, taken one by one: what nobody took is unknown and said so, what has the wrong type is refused.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::RuleFile;
use crate::formats::complaint::Source;

/// The keys of one table.
pub struct Fields<'a> {
    source: Source<'a>,
    table: &'a DeTable<'a>,
    whole: Range<usize>,
    taken: BTreeSet<&'static str>,
}

/// A table and where it stands.
pub type Placed<'a> = (&'a DeTable<'a>, Range<usize>);

impl<'a> Fields<'a> {
    /// `whole` is the place of the table.
    pub fn new(source: Source<'a>, table: &'a DeTable<'a>, whole: Range<usize>) -> Fields<'a> {
        Fields { source, table, whole, taken: BTreeSet::new() }
    }

    /// Where a key's value stands; where it is not there, the table.
    pub fn span(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or(self.whole.clone(), |value| value.span())
    }

    /// Keys that are known and mean nothing here.
    pub fn skip(&mut self, keys: &[&'static str]) {
        self.taken.extend(keys);
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        file: &mut RuleFile,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        self.taken.insert(key);
        let value = self.table.get(key)?;
        let found = read(value.get_ref());
        if found.is_none() {
            let message = format!("{key} wants {wanted}, got {}", value.get_ref().type_str());
            file.refused.push(self.source.complain(Some(value.span()), &message));
        }
        found
    }

    /// A string.
    pub fn string(&mut self, key: &'static str, file: &mut RuleFile) -> Option<String> {
        self.take(key, "a string", file, |value| value.as_str().map(str::to_owned))
    }

    /// A list of strings; empty where there is none.
    pub fn strings(&mut self, key: &'static str, file: &mut RuleFile) -> Vec<String> {
        let list = |value: &DeValue<'_>| {
            let items = value.as_array()?.iter();
            items.map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        self.take(key, "a list of strings", file, list).unwrap_or_default()
    }

    /// A number.
    pub fn number(&mut self, key: &'static str, file: &mut RuleFile) -> Option<f64> {
        self.take(key, "a number", file, |value| {
            let text = value.as_float().map(|f| f.as_str()).or_else(|| value.as_integer().map(|i| i.as_str()))?;
            text.parse().ok().filter(|number: &f64| number.is_finite())
        })
    }

    /// A whole number from 0.
    pub fn count(&mut self, key: &'static str, file: &mut RuleFile) -> Option<usize> {
        self.take(key, "a whole number", file, |value| value.as_integer()?.as_str().parse().ok())
    }

    /// True or false.
    pub fn boolean(&mut self, key: &'static str, file: &mut RuleFile) -> Option<bool> {
        self.take(key, "true or false", file, |value| value.as_bool())
    }

    /// A table.
    pub fn table(&mut self, key: &'static str) -> Option<Placed<'a>> {
        self.taken.insert(key);
        let value = self.table.get(key)?;
        Some((value.get_ref().as_table()?, value.span()))
    }

    /// A list of tables, or one.
    pub fn tables(&mut self, key: &'static str) -> Vec<Placed<'a>> {
        self.taken.insert(key);
        let Some(value) = self.table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Table(table) => vec![(table, value.span())],
            DeValue::Array(items) => {
                items.iter().filter_map(|item| Some((item.get_ref().as_table()?, item.span()))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Says which keys nobody took.
    pub fn finish(self, file: &mut RuleFile) {
        for key in self.table.keys().filter(|key| !self.taken.contains(key.get_ref().as_ref())) {
            let message = format!("the key '{}' is unknown and has no effect", key.get_ref().escape_default());
            let place = self.source.complain(Some(key.span()), &message);
            // One of many thousand equal ones is enough.
            if !file.notes.iter().any(|note| note.message == message) {
                file.notes.push(place);
            }
        }
    }
}
