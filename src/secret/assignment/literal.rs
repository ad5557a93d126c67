//! Values between quotes, and what may be wrapped around them without changing them.

use std::ops::Range;

use memchr::memmem;

use super::{Assignment, Style, VALUE, skip_blanks};

/// Calls on a literal that hand it on unchanged.
const SAME: [&[u8]; 10] = [
    b".to_string(",
    b".to_owned(",
    b".into(",
    b".toCharArray(",
    b".getBytes(",
    b".encode(",
    b".as_bytes(",
    b".bytes(",
    b".freeze",
    b".to_vec(",
];

/// Constructors and conversions whose first argument is the value itself, by the last word of their name.
const WRAPPERS: [&[u8]; 19] = [
    b"SecureString",
    b"Secret",
    b"SecretStr",
    b"SecretString",
    b"from",
    b"new",
    b"byte",
    b"bytes",
    b"Bytes",
    b"String",
    b"Some",
    b"unsafePlainText",
    b"plainText",
    b"GetBytes",
    b"of",
    b"str",
    b"SecretKeySpec",
    b"field",
    b"Field",
];

/// A string literal, also one with a prefix (`b"`, `r'`, `@"`) or inside an escaped string (`\"`).
pub(super) fn quoted(text: &[u8], at: usize) -> Option<Assignment> {
    let mut start = at;
    if matches!(text.get(start), Some(b'b' | b'r' | b'u' | b'@' | b'N'))
        && matches!(text.get(start + 1), Some(b'"' | b'\''))
    {
        start += 1;
    }
    let escaped = text.get(start) == Some(&b'\\');
    start += usize::from(escaped);
    let quote = *text.get(start)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let start = start + 1;
    let limit = text.len().min(start + VALUE);
    let mut end = start;
    while end < limit {
        match text[end] {
            b'\n' | b'\r' => return None,
            b'\\' if escaped => break,
            b'\\' => end += 2,
            byte if byte == quote => break,
            _ => end += 1,
        }
    }
    if end >= limit || end == start {
        return None;
    }
    let behind = skip_blanks(text, end + 1 + usize::from(escaped));
    let rest = text.get(behind..).unwrap_or_default();
    // A call on the literal, or a piece of a longer one: what is stored is not what is used.
    let kept = SAME.iter().any(|same| rest.starts_with(same)) || rest.starts_with(b"./");
    let changed = matches!(rest.first(), Some(b'.' | b'+' | b'%' | b'?')) && !kept;
    (!changed).then_some(Assignment { value: start..end, style: Style::Quoted })
}

/// What prose says of a name, as Markdown marks both: "set `NAME` to `value`".
pub(super) fn told(text: &[u8], name: &Range<usize>) -> Option<Assignment> {
    let rest = text.get(name.end..)?;
    let verb = [b"` to `".as_slice(), b"` is `", b"` = `", b"`: `"].into_iter().find(|verb| rest.starts_with(verb))?;
    let start = name.end + verb.len();
    let len = memchr::memchr2(b'`', b'\n', &text[start..text.len().min(start + VALUE)])?;
    (len > 0 && text[start + len] == b'`').then(|| Assignment { value: start..start + len, style: Style::Quoted })
}

/// A literal on the line after the separator, or in brackets there: how formatters break long lines.
pub(super) fn next_line(text: &[u8], start: usize) -> Option<Assignment> {
    let rest = &text[start.min(text.len())..text.len().min(start + 96)];
    let skip = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'(')).count();
    let lines = rest[..skip].iter().filter(|b| **b == b'\n').count();
    let found = if lines == 1 { quoted(text, start + skip)? } else { return None };
    // Adjacent literals are one: a piece of it is no value.
    let behind = text[found.value.end + 1..].iter().take(64).find(|b| !b.is_ascii_whitespace());
    (!matches!(behind, Some(b'"' | b'\''))).then_some(found)
}

/// `Buffer.from("..."`, `SecretStr("...")`, `ConvertTo-SecureString "..."`.
pub(super) fn wrapped(text: &[u8], start: usize) -> Option<Assignment> {
    let rest = &text[start.min(text.len())..text.len().min(start + 64)];
    let part = |b: &&u8| b.is_ascii_alphanumeric() || b"_.:$[]&-".contains(b);
    let new = if rest.starts_with(b"new ") { 4 } else { 0 };
    let len = rest[new..].iter().take_while(part).count();
    let path = rest.get(new..new + len)?;
    let name = path.iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(path, |at| &path[at + 1..]);
    let mut at = start + new + len;
    match text.get(at)? {
        b'(' | b' ' => at = skip_blanks(text, at + 1),
        _ => return None,
    }
    for argument in [b"-String ".as_slice(), b"default=", b"default: "] {
        if text.get(at..)?.starts_with(argument) {
            at = skip_blanks(text, at + argument.len());
        }
    }
    WRAPPERS.contains(&name).then(|| quoted(text, at)).flatten()
}

/// What is used where a lookup finds nothing: `process.env.X || "..."`, `os.getenv("X", "...")`, `X or "..."`.
pub(super) fn fallback(text: &[u8], start: usize) -> Option<Assignment> {
    let rest = &text[start.min(text.len())..text.len().min(start + 96)];
    if !rest.first()?.is_ascii_alphabetic() && rest[0] != b'$' {
        return None;
    }
    let expression = |b: &&u8| b.is_ascii_alphanumeric() || b"_.:()[]'\"$-? |,=>".contains(b);
    let rest = &rest[..rest.iter().take_while(expression).count()];
    let or = [b"||".as_slice(), b"??", b"?:", b" or ", b" else "]
        .iter()
        .find_map(|mark| Some(memmem::find(rest, mark)? + mark.len()));
    if let Some(at) = or {
        return quoted(text, skip_blanks(text, start + at));
    }
    // The first argument names the variable, the second stands in for it.
    let lookup = rest[..rest.len().min(32)].to_ascii_lowercase();
    let call = memchr::memchr(b'(', rest)?;
    memmem::find(&lookup, b"env")?;
    let comma = call + memchr::memchr(b',', &rest[call..])? + 1;
    let mut at = skip_blanks(text, start + comma);
    if text.get(at..)?.starts_with(b"default=") {
        at += 8;
    }
    quoted(text, at)
}
