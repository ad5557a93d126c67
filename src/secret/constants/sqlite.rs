//! SQLite databases (<https://www.sqlite.org/fileformat2.html>): the text of their rows, by the names of the columns.
//!
//! In a table of settings (`name`, `value`) the one column also names the other. Every page is looked at once, whatever
//! the pages say of one another. Not followed: indexes and tables without row ids, pages that belong to no table
//! any more, texts in UTF-16; patterns see the bytes of all of them.

use std::ops::Range;

use super::cursor::Cursor;
use super::transcript::Transcript;

/// How a database begins.
pub const MAGIC: &[u8] = b"SQLite format 3\0";
/// SQLite's own limit is 2000 columns, if it is not raised.
const MAX_COLUMNS: usize = 2000;
/// A name is a column's that tells what the row is about.
const KEYS: [&[u8]; 14] = [
    b"key",
    b"name",
    b"setting",
    b"option",
    b"property",
    b"variable",
    b"parameter",
    b"param",
    b"field",
    b"k",
    b"id",
    b"config_key",
    b"option_name",
    b"setting_name",
];
/// A name is a column's that holds what the row is about.
const VALUES: [&[u8]; 8] =
    [b"value", b"val", b"data", b"content", b"v", b"config_value", b"option_value", b"setting_value"];

/// Writes down the rows of a database.
pub fn read(bytes: &[u8], out: &mut Transcript) {
    let Some(mut database) = Database::open(bytes) else { return };
    let mut tables = Vec::new();
    database.rows(1, &mut |row| {
        let text = |index: usize| row.get(index).and_then(Value::text).and_then(|pieces| joined(bytes, pieces));
        let root = match row.get(3) {
            Some(Value::Number(root)) => usize::try_from(*root).ok(),
            _ => None,
        };
        if let (Some(root), Some(sql), Some(b"table")) = (root, text(4), text(0).as_deref()) {
            tables.push((root, columns(&sql)));
        }
    });
    for (root, columns) in tables {
        let named = |names: &[&[u8]]| columns.iter().position(|column| names.contains(&&*column.to_ascii_lowercase()));
        let setting = named(&KEYS).zip(named(&VALUES));
        database.rows(root, &mut |row| {
            for (index, value) in row.iter().enumerate() {
                let Some(pieces) = value.text() else { continue };
                let key =
                    setting.filter(|(_, value)| *value == index).and_then(|(key, _)| row.get(key)?.text()?.first());
                let column = columns.get(index).map_or(b"".as_slice(), Vec::as_slice);
                out.pair(key.map_or(column, |key| &bytes[key.clone()]), bytes, pieces);
            }
        });
    }
}

/// What a row holds.
enum Value {
    /// Where the text stands, in pieces where it overflows its page.
    Text(Vec<Range<usize>>),
    Number(u64),
    Other,
}

impl Value {
    fn text(&self) -> Option<&[Range<usize>]> {
        match self {
            Value::Text(pieces) => Some(pieces),
            Value::Number(_) | Value::Other => None,
        }
    }
}

fn joined(bytes: &[u8], pieces: &[Range<usize>]) -> Option<Vec<u8>> {
    // A table's definition of this length is none that a person wrote.
    (pieces.iter().map(ExactSizeIterator::len).sum::<usize>() < 1 << 20)
        .then(|| pieces.iter().flat_map(|piece| &bytes[piece.clone()]).copied().collect())
}

struct Database<'a> {
    bytes: &'a [u8],
    page: usize,
    usable: usize,
    /// By page: whether it was looked at.
    seen: Vec<bool>,
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Option<Database<'a>> {
        let page = match Cursor::new(bytes, 16).u16()? {
            1 => 1 << 16,
            page if page >= 512 && page.is_power_of_two() => usize::from(page),
            _ => return None,
        };
        let usable = page.checked_sub(usize::from(*bytes.get(20)?)).filter(|usable| *usable >= 480)?;
        let utf8 = matches!(Cursor::new(bytes, 56).u32(), Some(0 | 1));
        utf8.then(|| Database { bytes, page, usable, seen: vec![false; bytes.len() / page + 1] })
    }

    /// The place of a page that was not looked at before.
    fn visit(&mut self, number: usize) -> Option<Range<usize>> {
        let index = number.checked_sub(1)?;
        let seen = self.seen.get_mut(index)?;
        if std::mem::replace(seen, true) {
            return None;
        }
        let start = index * self.page;
        (start < self.bytes.len()).then(|| start..self.bytes.len().min(start + self.usable))
    }

    /// Shows every row of the table whose tree begins at a page.
    fn rows(&mut self, root: usize, visit: &mut dyn FnMut(&[Value])) {
        let mut pages = vec![root];
        while let Some(number) = pages.pop() {
            let Some(range) = self.visit(number) else { continue };
            // The first page begins with the header of the file.
            let header = range.start + if number == 1 { 100 } else { 0 };
            // A page that is cut gives the rows before the cut.
            let _ = self.page(range, header, &mut pages, visit);
        }
    }

    fn page(
        &mut self,
        range: Range<usize>,
        header: usize,
        pages: &mut Vec<usize>,
        visit: &mut dyn FnMut(&[Value]),
    ) -> Option<()> {
        let page = &self.bytes[..range.end];
        let kind = *page.get(header)?;
        let cells = Cursor::new(page, header + 3).u16()?;
        // The cells of a page lie apart: a page that says otherwise costs no more than one that does not.
        let mut left = range.len();
        match kind {
            // The inside of a table's tree.
            0x05 => {
                pages.push(Cursor::new(page, header + 8).u32()?);
                let mut pointers = Cursor::new(page, header + 12);
                for _ in 0..cells {
                    let pointer = usize::from(pointers.u16()?);
                    // No tree has more pages than the file.
                    if pages.len() < self.seen.len() {
                        pages.extend(Cursor::new(page, range.start + pointer).u32());
                    }
                }
            }
            // Its leaves.
            0x0D => {
                let mut pointers = Cursor::new(page, header + 8);
                for _ in 0..cells {
                    let pointer = usize::from(pointers.u16()?);
                    let Some(cell) = self.cell(page, range.start + pointer) else { continue };
                    left = left.checked_sub(cell.local)?;
                    visit(&record(self.bytes, &cell.pieces).unwrap_or_default());
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The payload of a leaf's cell, with what overflows the page.
    fn cell(&mut self, page: &[u8], at: usize) -> Option<Cell> {
        let mut cursor = Cursor::new(page, at);
        let len = usize::try_from(varint(&mut cursor)?).ok()?;
        // The row's id.
        varint(&mut cursor)?;
        let most = self.usable - 35;
        if len <= most {
            let range = cursor.range(len)?;
            return Some(Cell { local: range.end - at, pieces: vec![range] });
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (len - least) % (self.usable - 4);
        let range = cursor.range(if fitting <= most { fitting } else { least })?;
        let mut rest = len - range.len();
        let mut next = cursor.u32()?;
        let mut cell = Cell { local: cursor.at() - at, pieces: vec![range] };
        // Every page of the chain is this cell's alone; a chain that runs into another ends there.
        while rest > 0 {
            let Some(page) = self.visit(next) else { break };
            let mut cursor = Cursor::new(&self.bytes[..page.end], page.start);
            let Some(following) = cursor.u32() else { break };
            let piece = cursor.at()..page.end.min(cursor.at() + rest);
            rest -= piece.len();
            cell.pieces.push(piece);
            next = following;
        }
        Some(cell)
    }
}

struct Cell {
    /// Bytes that it takes of its page.
    local: usize,
    pieces: Vec<Range<usize>>,
}

/// A number of up to nine bytes, seven bits in each but the last.
fn varint(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut value = 0u64;
    for _ in 0..8 {
        let byte = cursor.u8()?;
        value = value << 7 | u64::from(byte & 0x7F);
        if byte < 0x80 {
            return Some(value);
        }
    }
    Some(value << 8 | u64::from(cursor.u8()?))
}

/// The values of a record: types first, then bodies.
fn record(bytes: &[u8], pieces: &[Range<usize>]) -> Option<Vec<Value>> {
    let first = pieces.first()?;
    let mut types = Cursor::new(&bytes[..first.end], first.start);
    let header = usize::try_from(varint(&mut types)?).ok()?;
    let end = first.start.checked_add(header).filter(|end| *end <= first.end)?;
    let mut values = Vec::new();
    // How far the bodies were read: in which piece, and where in it.
    let mut place = (0, end);
    while types.at() < end && values.len() < MAX_COLUMNS {
        let kind = varint(&mut types)?;
        let len = match kind {
            0..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            8..=11 => 0,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let taken = take(pieces, &mut place, len);
        values.push(match kind {
            1..=4 => Value::Number(
                taken
                    .iter()
                    .flat_map(|piece| &bytes[piece.clone()])
                    .fold(0, |number, byte| number << 8 | u64::from(*byte)),
            ),
            13.. if kind % 2 == 1 => Value::Text(taken),
            _ => Value::Other,
        });
    }
    Some(values)
}

/// The next `len` bytes of a payload, or as many as there are.
fn take(pieces: &[Range<usize>], place: &mut (usize, usize), mut len: usize) -> Vec<Range<usize>> {
    let mut taken = Vec::new();
    while let Some(piece) = pieces.get(place.0).filter(|_| len > 0) {
        let end = piece.end.min(place.1.saturating_add(len));
        if end > place.1 {
            taken.push(place.1..end);
            len -= end - place.1;
        }
        *place = if end < piece.end {
            (place.0, end)
        } else {
            (place.0 + 1, pieces.get(place.0 + 1).map_or(0, |next| next.start))
        };
    }
    taken
}

/// The names of a table's columns, from the statement that made it.
fn columns(sql: &[u8]) -> Vec<Vec<u8>> {
    const CONSTRAINTS: [&[u8]; 5] = [b"primary", b"unique", b"check", b"foreign", b"constraint"];
    let Some(open) = memchr::memchr(b'(', sql) else { return Vec::new() };
    let mut names = Vec::new();
    let (mut depth, mut quote, mut start) = (0u32, None, open + 1);
    for (at, &byte) in sql.iter().enumerate().skip(open + 1) {
        match (quote, byte) {
            (Some(closing), _) => quote = (byte != closing).then_some(closing),
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'[') => quote = Some(b']'),
            (None, b'(') => depth += 1,
            (None, b')') if depth > 0 => depth -= 1,
            (None, b',' | b')') if depth == 0 => {
                let name = column(&sql[start..at]);
                if names.len() < MAX_COLUMNS && !CONSTRAINTS.contains(&&*name.to_ascii_lowercase()) {
                    names.push(name.to_vec());
                }
                start = at + 1;
                if byte == b')' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// The name that a column's definition begins with.
fn column(definition: &[u8]) -> &[u8] {
    let definition = definition.trim_ascii_start();
    let (start, stop): (usize, &dyn Fn(u8) -> bool) = match definition.first() {
        Some(b'[') => (1, &|b| b == b']'),
        Some(b'"' | b'`' | b'\'') => (1, &|b| b == definition[0]),
        _ => (0, &|b: u8| b.is_ascii_whitespace()),
    };
    let name = &definition[start..];
    &name[..name.iter().position(|b| stop(*b)).unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_table() {
        let names = |sql: &str| -> Vec<String> {
            columns(sql.as_bytes()).into_iter().map(|name| String::from_utf8(name).unwrap()).collect()
        };
        assert_eq!(
            names(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a b\" TEXT DEFAULT ',', [c] NUMERIC(1, 2), `d`, UNIQUE (id))"
            ),
            ["id", "a b", "c", "d"]
        );
        assert_eq!(names("CREATE TABLE t"), [""; 0]);
        assert_eq!(names("CREATE TABLE t (a, 'b"), ["a"]);
    }

    #[test]
    fn numbers_of_one_to_nine_bytes() {
        let read = |bytes: &[u8]| varint(&mut Cursor::new(bytes, 0));
        assert_eq!(read(&[0x7F]), Some(127));
        assert_eq!(read(&[0x81, 0x00]), Some(128));
        assert_eq!(read(&[0xFF; 9]), Some(u64::MAX));
        assert_eq!(read(&[0xFF; 8]), None);
    }
}
