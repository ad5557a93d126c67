//! Kubernetes Secrets: what stands under `data:` is base64, and the key says what it is
//! (<https://kubernetes.io/docs/concepts/configuration/secret/>). Read line by line and comma by comma, so that a
//! template or a broken file is read as far as it is well-formed.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};

use super::layer::{Layer, Unit};

/// Bytes of a document before and behind its kind.
const DOCUMENT: usize = 256 << 10;
/// The longest key, in bytes (the same page).
const KEY: usize = 253;
/// The shortest value, in digits.
const DIGITS: usize = 8;

/// Calls `visit` with each value of the document that says its kind at `mark`, as `key=value`. Returns where the
/// document ends; `floor` is where the one before it ended.
pub fn each(text: &[u8], mark: usize, floor: usize, mut visit: impl FnMut(Layer)) -> usize {
    let reach = mark.saturating_sub(DOCUMENT).max(floor).min(mark);
    let start = reach + memmem::rfind(&text[reach..mark], b"\n---").unwrap_or(0);
    let reach = text.len().min(mark + DOCUMENT);
    let end = mark + memmem::find(&text[mark..reach], b"\n---").unwrap_or(reach - mark);
    for at in memmem::find_iter(&text[start..end], b"data").map(|at| start + at) {
        if let Some(values) = values(text, at, end) {
            entries(text, values, &mut visit);
        }
    }
    end
}

/// What belongs to the key `data` at `at`.
fn values(text: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let behind = at + b"data".len();
    let quoted = at > 0 && text[at - 1] == b'"' && text.get(behind) == Some(&b'"');
    let colon = behind + usize::from(quoted);
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |feed| feed + 1);
    let indent = &text[line..at];
    if text.get(colon) != Some(&b':') || !quoted && indent.iter().any(|b| *b != b' ') {
        return None;
    }
    if quoted {
        return memchr(b'}', text.get(colon..end)?).map(|len| colon + 1..colon + len);
    }
    // To the first line that is indented no further.
    let mut next = colon + 1 + memchr(b'\n', text.get(colon + 1..end)?)?;
    let first = next;
    while next < end {
        let line = next + 1;
        let len = memchr(b'\n', &text[line.min(end)..end]).unwrap_or(end - line.min(end));
        let blanks = text[line.min(end)..line.min(end) + len].iter().take_while(|b| **b == b' ').count();
        if len > blanks && blanks <= indent.len() {
            break;
        }
        next = line + len;
    }
    Some(first..next.min(end))
}

fn entries(text: &[u8], values: Range<usize>, visit: &mut impl FnMut(Layer)) {
    let mut at = values.start;
    for entry in text[values].split(|b| matches!(b, b'\n' | b',')) {
        let start = at;
        at += entry.len() + 1;
        let Some(colon) = memchr(b':', entry) else { continue };
        let mark = |b: &u8| b.is_ascii_whitespace() || b"\"'{}".contains(b);
        let inner = |from: usize, part: &[u8]| {
            let lead = part.iter().take_while(|b| mark(b)).count();
            let tail = part[lead..].iter().rev().take_while(|b| mark(b)).count();
            from + lead..from + part.len() - tail
        };
        let (key, value) = (inner(start, &entry[..colon]), inner(start + colon + 1, &entry[colon + 1..]));
        if key.is_empty() || key.len() > KEY || value.len() < DIGITS {
            continue;
        }
        let Ok(bytes) = STANDARD.decode(&text[value.clone()]) else { continue };
        if std::str::from_utf8(&bytes).is_err() || bytes.contains(&0) {
            continue;
        }
        let mut layer = Layer::named(key.len());
        layer.copy(text, key.clone());
        layer.push(b"=", key.end, Unit::Whole(1));
        // A value often ends with the line end of the command that made it.
        layer.push(bytes.trim_ascii_end(), value.start, Unit::Ratio(3, 4));
        visit(layer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        let mark = text.find("kind").expect("a kind");
        each(text.as_bytes(), mark, 0, |layer| out.push(String::from_utf8(layer.text).unwrap()));
        out
    }

    #[test]
    fn values_of_both_notations() {
        let (a, b) = (STANDARD.encode("first-value\n"), STANDARD.encode("second"));
        let yaml = format!(
            "data:\n  x: {b}\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: n\ndata:\n  # why\n  a.b: {a}\n\n  c: \"{b}\"\n\
             type: Opaque\n  d: {b}\n---\ndata:\n  y: {b}\n"
        );
        assert_eq!(found(&yaml), ["a.b=first-value", "c=second"]);
        let json = format!("{{\"kind\":\"Secret\",\"data\":{{\"a\": \"{a}\",\n\"c\":\"{b}\"}},\"type\":\"{b}\"}}");
        assert_eq!(found(&json), ["a=first-value", "c=second"]);
    }

    #[test]
    fn what_is_not_base64_is_left_alone() {
        assert!(
            found("kind: Secret\nstringData:\n  a: plain-text\ndata:\n  b: {{ .Values.b | b64enc }}\n  c: x\n")
                .is_empty()
        );
        assert!(found("kind: Secret\ndata: {}\n").is_empty());
    }

    #[test]
    fn places_are_those_of_the_digits() {
        let value = STANDARD.encode("sixbytes!");
        let text = format!("kind: Secret\ndata:\n  a: {value}\n");
        let mut places = Vec::new();
        each(text.as_bytes(), 0, 0, |layer| places.push(layer.place(&(2..layer.text.len())).unwrap()));
        let start = text.find(&value).unwrap();
        assert_eq!(places, std::iter::once(start..start + value.len()).collect::<Vec<_>>());
    }

    #[test]
    fn any_cut_is_survived() {
        let text = "kind: Secret\ndata:\n  a: c2l4Ynl0ZXMh\n\"data\": {\"a\": \"c2l4Ynl0ZXMh\"}\n";
        for from in 0..text.len() {
            for to in from + 1..=text.len() {
                each(&text.as_bytes()[from..to], (from + 3).min(to - 1) - from, 0, |_| {});
            }
        }
    }
}
