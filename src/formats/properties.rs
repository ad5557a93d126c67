//! Java's `.properties`: `key=value`, `key: value` or `key value`, with `#` and `!` comments and `\` escapes.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)>. A line
//! that ends in a backslash goes on in the next one. `\uXXXX` is read; other escapes stand for the letter itself.

use super::text::decode;

/// Keys and values, in order; of two equal keys Java takes the last one.
pub fn properties(bytes: &[u8]) -> Vec<(String, String)> {
    let text = decode(bytes);
    let mut lines = text.lines().map(str::trim_start);
    let mut pairs = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        let mut open = ends_open(line);
        while open {
            whole.pop();
            let Some(more) = lines.next() else { break };
            // Before it stands an even number of backslashes, so that it decides alone, and all of them are counted once.
            open = ends_open(more);
            whole.push_str(more);
        }
        let end = key_end(&whole);
        let (key, rest) = whole.split_at(end);
        let rest = rest.trim_start();
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
        pairs.push((unescape(key), unescape(value)));
    }
    pairs
}

/// Whether a line ends in a backslash that no other one escapes.
fn ends_open(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

fn key_end(line: &str) -> usize {
    let mut escaped = false;
    let ends = |c: char| matches!(c, '=' | ':') || c.is_whitespace();
    for (at, c) in line.char_indices() {
        if !escaped && ends(c) {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    line.len()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits = chars.as_str().get(..4);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if code.is_some() {
                    chars = chars.as_str()[4..].chars();
                }
                out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        properties(text.as_bytes())
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn every_separator() {
        let text = "#Created by Maven\n! more\n\nversion=1.0\r\n groupId : org.a\nartifactId a\nempty\nlast=";
        let expected = [("version", "1.0"), ("groupId", "org.a"), ("artifactId", "a"), ("empty", ""), ("last", "")];
        assert_eq!(read(text), expected.map(|(key, value)| pair(key, value)));
    }

    #[test]
    fn escapes() {
        assert_eq!(read("a\\=b\\:c = d\\u00e9\\q"), [pair("a=b:c", "d\u{e9}q")]);
        assert_eq!(read("a = b\\\n   c\\\\\nd=e"), [pair("a", "bc\\"), pair("d", "e")]);
        assert_eq!(read("a=\\u12\u{e9}\\"), [pair("a", "\u{FFFD}12\u{e9}")]);
        assert_eq!(read("a=b\\\\\\\n\\\n\\\\\nc=d"), [pair("a", "b\\\\"), pair("c", "d")]);
    }

    #[test]
    fn backslashes_take_linear_time() {
        let start = crate::formats::clock::spent();
        let text = format!("a={}{}", "\\".repeat((1 << 21) + 1), "\n\\".repeat(1 << 20));
        assert_eq!(read(&text).len(), 1);
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }
}
