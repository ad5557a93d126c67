//! JSON with comments and trailing commas, as editors and `bun.lock` write it.

/// Turns it into JSON of the same length: comments and trailing commas become spaces, so that every offset and line
/// stays what it was. What is no JSON before is none afterwards.
pub fn to_json(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(&bytes, at);
                comma = None;
                continue;
            }
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let end = comment_end(&bytes, at);
                bytes[at..end].iter_mut().filter(|b| !matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    String::from_utf8(bytes).expect("whole comments and ASCII commas were replaced by ASCII")
}

/// One past the closing quote of the string that opens at `start`, or the end.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// One past the comment that opens at `start`: before the line feed of a line comment, the end if it is never closed.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 2..];
    let length = if bytes[start + 1] == b'/' {
        memchr::memchr(b'\n', rest)
    } else {
        memchr::memmem::find(rest, b"*/").map(|end| end + 2)
    };
    length.map_or(bytes.len(), |length| start + 2 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_become_spaces() {
        let text = "{ // é one\n \"a//,}\": [1, 2, /* ] */ ],\r\n \"b\\\"\": {},\n}\n";
        let json = to_json(text);
        assert_eq!(json.len(), text.len());
        assert_eq!(json.matches('\n').count(), text.matches('\n').count());
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value, serde_json::json!({"a//,}": [1, 2], "b\"": {}}));
    }

    #[test]
    fn commas_between_values_stay() {
        assert_eq!(to_json("[1,\"a\",{},]"), "[1,\"a\",{} ]");
    }

    #[test]
    fn open_ends_end() {
        for text in ["\"abc", "\"abc\\", "{ /* ", "{ //", "/", ","] {
            assert_eq!(to_json(text).len(), text.len());
        }
    }
}
