//! TOML documents, read so that one odd value does not take the rest with it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lines::Lines;
use crate::model::{Gap, GapKind, Location};

/// A table.
pub type Table<'a> = DeTable<'a>;
/// A value with its place.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// The longest document that is read, in bytes. A tree of values takes up to forty times its text.
const MOST_BYTES: usize = 16 << 20;
/// The most dots on one line. Every one is a nesting, and nestings that deep would overflow the stack when dropped.
const MOST_DOTS: usize = 10_000;

/// A document.
#[derive(Debug)]
pub struct TomlDoc<'a> {
    /// Its top level; what could be read of it if there is an error.
    pub root: Table<'a>,
    error: Option<(GapKind, String)>,
    lines: Lines,
}

impl<'a> TomlDoc<'a> {
    /// Reads a document, as far as it can be read.
    pub fn parse(bytes: &'a [u8]) -> TomlDoc<'a> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let lines = Lines::new(bytes);
        match readable(bytes) {
            Err((kind, why)) => TomlDoc { root: Table::new(), error: Some((kind, why.to_owned())), lines },
            Ok(text) => {
                let (root, errors) = Table::parse_recoverable(text);
                let error = errors.first().map(|error| {
                    let line = error.span().map_or(1, |range| lines.span(range).line);
                    (GapKind::Malformed, format!("is not valid TOML in line {line}: entries from there on may be lost"))
                });
                TomlDoc { root: root.into_inner(), error, lines }
            }
        }
    }

    /// The blocking gap of a document that could not be read to its end; never quotes the document.
    pub fn gap(&self, location: &Location, by: &str) -> Option<Gap> {
        self.error.as_ref().map(|(kind, detail)| Gap::blocking(*kind, location.clone(), by, detail.clone()))
    }

    /// The tables of an array of tables that have a `name`, each with the place of its name in the file at `location`.
    /// What has none is noted in `gaps` and passed over.
    pub fn named<'d>(
        &'d self,
        key: &str,
        location: &Location,
        by: &str,
        gaps: &mut Vec<Gap>,
    ) -> Vec<(Location, &'d Table<'a>, &'d str)> {
        let mut tables = Vec::new();
        for value in array(&self.root, key) {
            let table = value.get_ref().as_table();
            let named = table.and_then(|table| table.get("name")).unwrap_or(value);
            let place = location.at(self.lines.span(named.span()));
            match table.and_then(|table| Some((table, string(table, "name")?))) {
                Some((table, name)) => tables.push((place, table, name)),
                None => {
                    gaps.push(Gap::note(GapKind::Malformed, place, by, "an entry without a name was passed over"));
                }
            }
        }
        tables
    }
}

/// The text of a document that is neither too long nor too deep to be read.
///
/// # Errors
/// What it is instead.
pub fn readable(bytes: &[u8]) -> Result<&str, (GapKind, &'static str)> {
    if bytes.len() > MOST_BYTES {
        return Err((GapKind::OverLimit, "is too long to be read as TOML"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| (GapKind::Malformed, "is not UTF-8, as TOML has to be"))?;
    let dots = |line: &[u8]| memchr::memchr_iter(b'.', line).count();
    if bytes.split(|&b| b == b'\n').any(|line| dots(line) > MOST_DOTS) {
        return Err((GapKind::OverLimit, "has keys too deep to be read"));
    }
    Ok(text)
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
    use crate::model::Level;

    #[test]
    fn values_have_places() {
        let doc = TomlDoc::parse(b"[[package]]\nversion = \"1\"\nname = \"a\"\n[[package]]\nname = 2\n");
        let place = Location::artifact(0).child("x.lock");
        let mut gaps = Vec::new();
        let named = doc.named("package", &place, "x", &mut gaps);
        let line = |place: &Location| place.span.unwrap().line;
        assert_eq!(named.iter().map(|(place, _, name)| (line(place), *name)).collect::<Vec<_>>(), [(3, "a")]);
        assert_eq!(gaps.iter().map(|gap| (gap.level, line(&gap.location))).collect::<Vec<_>>(), [(Level::Note, 5)]);
        assert_eq!(doc.gap(&place, "x"), None);
    }

    #[test]
    fn what_stands_before_an_error_is_kept() {
        let doc = TomlDoc::parse(b"[[package]]\nname = \"a\"\n[[package]]\nname = \n");
        let place = Location::artifact(0);
        let named = doc.named("package", &place, "x", &mut Vec::new());
        assert_eq!(named.iter().map(|(_, _, name)| *name).collect::<Vec<_>>(), ["a"]);
        let gap = doc.gap(&place, "x").unwrap();
        assert_eq!((gap.level, gap.kind), (Level::Blocking, GapKind::Malformed));
        assert!(gap.detail.contains("line 4"), "{}", gap.detail);
    }

    #[test]
    fn what_cannot_be_read_is_a_gap() {
        let kind = |bytes: &[u8]| TomlDoc::parse(bytes).gap(&Location::artifact(0), "x").unwrap().kind;
        assert_eq!(kind(b"a = \"\xFF\""), GapKind::Malformed);
        assert_eq!(kind(&vec![b'\n'; MOST_BYTES + 1]), GapKind::OverLimit);
        assert_eq!(kind("a.".repeat(MOST_DOTS + 1).as_bytes()), GapKind::OverLimit);
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
