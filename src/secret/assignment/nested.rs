//! Values that stand a step away from their name: elements, the `value` of a named entry, the default of a parameter,
//! the indented text of a block.

use std::ops::Range;

use memchr::{memchr, memchr3_iter};

use super::literal::quoted;
use super::{Assignment, Style, VALUE, skip_blanks};

/// Bytes and lines between a name and the `value` or `default` that belongs to it.
const REACH: usize = 240;
const LINES: usize = 5;

/// `<password>value</password>`, `<entry key="password">value</entry>`.
pub(super) fn element(text: &[u8], name: &Range<usize>, quoted_name: bool, at: usize) -> Option<Assignment> {
    let open = name.start.checked_sub(1).and_then(|i| text.get(i));
    let opened = matches!(open, Some(b'<' | b':')) || quoted_name && matches!(open, Some(b'"'));
    opened.then(|| content(text, at)).flatten()
}

/// `<key>password</key><string>value</string>`.
pub(super) fn property_list(text: &[u8], at: usize) -> Option<Assignment> {
    let rest = text.get(at..)?.strip_prefix(b"</key>")?;
    let gap = rest.iter().take(64).take_while(|b| b.is_ascii_whitespace()).count();
    let start = at + 6 + gap;
    text[start..].starts_with(b"<string>").then(|| content(text, start + 8)).flatten()
}

/// `<setting name="Password" serializeAs="String"><value>value</value></setting>`.
pub(super) fn setting(text: &[u8], at: usize) -> Option<Assignment> {
    let rest = text.get(at..text.len().min(at + 128))?;
    let tag = memchr::memchr2(b'>', b'<', rest).filter(|tag| rest[*tag] == b'>')? + 1;
    let gap = rest[tag..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    rest[tag + gap..].starts_with(b"<value>").then(|| content(text, at + tag + gap + 7)).flatten()
}

fn content(text: &[u8], at: usize) -> Option<Assignment> {
    let end = at + memchr(b'<', text.get(at..text.len().min(at + VALUE))?)?;
    let closes = text.get(end..end + 2) == Some(b"</");
    (closes && end > at).then_some(Assignment { value: at..end, style: Style::Bare })
}

/// The `value` or `default` beside a name: `name: X` and `value: y` of an entry, `variable "x" { default = "y" }`,
/// `"x": {"defaultValue": "y"}`. `at` is behind the name and its separator.
pub(super) fn sibling(text: &[u8], at: usize) -> Option<Assignment> {
    if !matches!(text.get(at), Some(b',' | b'{' | b'\n' | b'\r')) {
        return None;
    }
    let rest = &text[at..text.len().min(at + REACH)];
    // The next entry of a list and the end of the block are another name's.
    let end = memchr3_iter(b'-', b'}', b']', rest).find_map(|at| match rest[at] {
        b'-' => {
            let stands_alone = matches!(rest[..at], [.., b'\n' | b' ']) && rest[at..].starts_with(b"- ");
            stands_alone.then(|| at - 1)
        }
        _ => Some(at),
    });
    let rest = &rest[..end.unwrap_or(rest.len())];
    let mut lines = 0;
    let mut from = 0;
    while lines <= LINES {
        let line = &rest[from..];
        let skip = line.iter().take_while(|b| b.is_ascii_whitespace() || b"{,\"'".contains(b)).count();
        let word = &line[skip..];
        for name in [b"value".as_slice(), b"default", b"defaultvalue"] {
            if word.len() > name.len() && word[..name.len()].eq_ignore_ascii_case(name) {
                let mut sep = from + skip + name.len();
                sep += usize::from(matches!(rest.get(sep), Some(b'"' | b'\'')));
                let sep = skip_blanks(text, at + sep);
                if matches!(text.get(sep), Some(b':' | b'=')) {
                    let start = skip_blanks(text, sep + 1);
                    return quoted(text, start).or_else(|| rest_of_line(text, start));
                }
            }
        }
        let step = memchr::memchr2(b'\n', b',', word)?;
        from += skip + step + 1;
        lines += 1;
    }
    None
}

/// `password: |` and the value alone on the next line.
pub(super) fn block_scalar(text: &[u8], at: usize) -> Option<Assignment> {
    let rest = text.get(at..)?;
    if !matches!(rest.first(), Some(b'|' | b'>')) {
        return None;
    }
    let feed = memchr(b'\n', &rest[..rest.len().min(8)])?;
    let indent = rest[feed + 1..].iter().take(64).take_while(|b| **b == b' ').count();
    (indent > 0).then(|| rest_of_line(text, at + feed + 1 + indent)).flatten()
}

fn rest_of_line(text: &[u8], start: usize) -> Option<Assignment> {
    let line = text.get(start..text.len().min(start + VALUE))?;
    let end = memchr::memchr2(b'\n', b'\r', line).or((line.len() < VALUE).then_some(line.len()))?;
    let len = line[..end].trim_ascii_end().len();
    // Code ends its lines with these, configuration does not.
    let code = matches!(line[..len].last(), Some(b',' | b';' | b'(' | b'{'));
    (len > 0 && !code).then(|| Assignment { value: start..start + len, style: Style::Bare })
}
