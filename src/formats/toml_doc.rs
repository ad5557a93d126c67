//! TOML documents, read so that one odd value does not take the rest with it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lines::Lines;
use crate::model::{Location, Span};

/// A table.
pub type Table<'a> = DeTable<'a>;
/// A value with its place.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// The most dots in one key. Every one is a nesting, and nestings that deep would overflow the stack when dropped.
const MOST_DOTS: usize = 10_000;

/// A document.
#[derive(Debug)]
pub struct TomlDoc<'a> {
    /// Its top level; what could be read of it if there is an error.
    pub root: Table<'a>,
    /// What is wrong with it, with the line, never quoting the document.
    pub error: Option<String>,
    lines: Lines,
}

impl<'a> TomlDoc<'a> {
    /// Reads a document, as far as it can be read.
    pub fn parse(bytes: &'a [u8]) -> TomlDoc<'a> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let lines = Lines::new(bytes);
        let refused = |error: &str| Some(error.to_owned());
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => return TomlDoc { root: Table::new(), error: refused("is not UTF-8"), lines },
        };
        if text.lines().any(|line| memchr::memchr_iter(b'.', line.as_bytes()).count() > MOST_DOTS) {
            return TomlDoc { root: Table::new(), error: refused("has keys too deep to read"), lines };
        }
        let (root, errors) = Table::parse_recoverable(text);
        let error = errors.first().map(|error| {
            let line = error.span().map_or(1, |range| lines.span(range).line);
            format!("is not valid TOML from line {line} on")
        });
        TomlDoc { root: root.into_inner(), error, lines }
    }

    /// The tables of an array of tables, each with its place in the file at `location`. A value that is no table
    /// comes as `None`.
    pub fn tables<'d>(
        &'d self,
        key: &str,
        location: &'d Location,
    ) -> impl Iterator<Item = (Location, Option<&'d Table<'a>>)> {
        array(&self.root, key).map(|value| {
            let table = value.get_ref().as_table();
            let named = table.and_then(|table| table.get("name")).unwrap_or(value);
            (location.at(self.span(named)), table)
        })
    }

    /// The place of a value.
    pub fn span(&self, value: &Value<'_>) -> Span {
        self.lines.span(value.span())
    }
}

/// The string under a key, unless it is empty: that is what an unreadable value becomes.
pub fn string<'t>(table: &'t Table<'_>, key: &str) -> Option<&'t str> {
    table.get(key)?.get_ref().as_str().filter(|text| !text.is_empty())
}

/// The flag under a key.
pub fn flag(table: &Table<'_>, key: &str) -> Option<bool> {
    table.get(key)?.get_ref().as_bool()
}

/// The table under a key.
pub fn table<'t, 'a>(table: &'t Table<'a>, key: &str) -> Option<&'t Table<'a>> {
    table.get(key)?.get_ref().as_table()
}

/// The values of the array under a key; none if there is no such array.
pub fn array<'t, 'a>(table: &'t Table<'a>, key: &str) -> impl Iterator<Item = &'t Value<'a>> {
    table.get(key).and_then(|value| value.get_ref().as_array()).into_iter().flatten()
}

/// The strings of the array under a key.
pub fn strings<'t>(table: &'t Table<'_>, key: &str) -> impl Iterator<Item = &'t str> {
    array(table, key).filter_map(|value| value.get_ref().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_places() {
        let doc = TomlDoc::parse(b"[[package]]\nversion = \"1\"\nname = \"a\"\n[[package]]\nname = 2\n");
        let place = Location::artifact(0).child("x.lock");
        let found: Vec<_> = doc
            .tables("package", &place)
            .map(|(place, table)| (place.span.unwrap().line, table.and_then(|t| string(t, "name"))))
            .collect();
        assert_eq!(found, [(3, Some("a")), (5, None)]);
        assert_eq!(doc.error, None);
    }

    #[test]
    fn what_stands_before_an_error_is_kept() {
        let doc = TomlDoc::parse(b"[[package]]\nname = \"a\"\n[[package]]\nname = \n");
        assert_eq!(doc.error.as_deref(), Some("is not valid TOML from line 4 on"));
        let place = Location::artifact(0);
        let names: Vec<_> = doc.tables("package", &place).filter_map(|(_, t)| string(t?, "name")).collect();
        assert_eq!(names, ["a"]);
        assert!(TomlDoc::parse(b"a = \"\xFF\"").error.is_some());
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            format!("a = {}", "[".repeat(1 << 20)),
            format!("a = {}", "{a=".repeat(1 << 18)),
            format!("{}a = 1", "a.".repeat(1 << 20)),
            format!("[{}a]", "a.".repeat(9_000)),
            format!("[{}a]\nb=1", "a .\t".repeat(9_000)),
        ] {
            drop(TomlDoc::parse(text.as_bytes()));
        }
    }
}
