//! JSON on its way out: harmless to look at, written piece by piece.

use std::io::{self, BufWriter, Write};

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::escape::{begins_command, is_deceptive};

/// Writes a document with line breaks and indentation.
pub fn write_pretty(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut visible = BufWriter::new(Visible { out, previous: '\0' });
    serde_json::to_writer_pretty(&mut visible, document)?;
    visible.write_all(b"\n")?;
    hand_on(visible)
}

/// Writes a document as one line.
pub fn write_line(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut visible = BufWriter::new(Visible { out, previous: '\0' });
    serde_json::to_writer(&mut visible, document)?;
    visible.write_all(b"\n")?;
    hand_on(visible)
}

/// Hands on what is left. `out` is not flushed: it may gather a million lines.
fn hand_on(visible: BufWriter<Visible<'_>>) -> io::Result<()> {
    visible.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
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
        // `BufWriter` hands on whole pieces, and the serializer cuts strings at ASCII characters only: every block is text.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let is_harmless = |byte: u8| byte == b'\n' || (matches!(byte, b' '..=b'~') && byte != b'#');
        let (mut done, mut next) = (0, 0);
        // Nearly all bytes are harmless, and need not be looked at as characters.
        while let Some(step) = bytes[next..].iter().position(|byte| !is_harmless(*byte)) {
            let at = next + step;
            if step > 0 {
                self.previous = bytes[at - 1].into();
            }
            let Some(c) = text[at..].chars().next() else { break };
            next = at + c.len_utf8();
            if is_deceptive(c) || begins_command(self.previous, c) {
                self.out.write_all(&bytes[done..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(self.out, "\\u{unit:04x}")?;
                }
                done = next;
            }
            self.previous = c;
        }
        if next < bytes.len() {
            self.previous = bytes[bytes.len() - 1].into();
        }
        self.out.write_all(&bytes[done..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is cut into blocks, and wherever.
    #[test]
    fn what_deceives_is_escaped_at_every_place_and_the_value_stays() {
        for before in 8_180..8_200 {
            for odd in ["é", "##[x", "\u{202e}", "é##\u{9b}é"] {
                let text = ".".repeat(before) + odd;
                let list = vec![text.as_str(); 3];
                let mut out = Vec::new();
                write_pretty(&mut out, &list).unwrap();
                let written = String::from_utf8(out).unwrap();
                assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), list);
                assert!(
                    !written.contains("##") && !written.contains(|c| c != '\n' && is_deceptive(c)),
                    "{before} {odd}"
                );
                assert_eq!(written.matches('é').count(), 3 * odd.matches('é').count());
            }
        }
    }
}
