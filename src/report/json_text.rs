//! JSON on its way out: harmless to look at, written piece by piece.

use std::io::{self, Write};

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::escape::{begins_command, is_deceptive};

/// Writes a document with line breaks and indentation.
pub fn write_pretty(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Visible { out: &mut *out, previous: '\0' }, document)?;
    out.write_all(b"\n")
}

/// Writes a document as one line.
pub fn write_line(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(Visible { out: &mut *out, previous: '\0' }, document)?;
    out.write_all(b"\n")
}

/// A list whose elements are made while it is written: a report of a million packages is never in memory as a whole.
pub struct Each<F>(pub F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: IntoIterator<Item = Value>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)().into_iter().map(present))
    }
}

/// Takes away what is null: these formats say that something is unknown by leaving it out.
pub fn present(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(known.map(|(key, value)| (key, present(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(present).collect()),
        other => other,
    }
}

/// Writes what deceives a reader, a terminal or a CI log as `\uXXXX`: the value that a program reads stays the same,
/// and JSON that somebody looks at is as harmless as a table. Such characters occur within strings only.
struct Visible<'a> {
    out: &'a mut dyn Write,
    previous: char,
}

impl Write for Visible<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nearly all pieces, several times as fast as character by character.
        if bytes.iter().all(|&byte| byte == b'\n' || (matches!(byte, b' '..=b'~') && byte != b'#')) {
            self.previous = bytes.last().map_or(self.previous, |&byte| byte.into());
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        // The serializer cuts strings at ASCII characters only, so that every piece is text of its own.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let mut done = 0;
        for (at, c) in text.char_indices() {
            if (c != '\n' && is_deceptive(c)) || begins_command(self.previous, c) {
                self.out.write_all(&bytes[done..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(self.out, "\\u{unit:04x}")?;
                }
                done = at + c.len_utf8();
            }
            self.previous = c;
        }
        self.out.write_all(&bytes[done..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
