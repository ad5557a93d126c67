//! Lines of a file for its errors. Who names a file of credentials by mistake must not find them in the log.

use std::ops::Range;

/// Keys of a policy, in lines of which every value may be shown. Not those whose values people may take for a secret's
/// place (`value`, `secret`).
pub(super) const KEYS: &[&str] = &[
    "fail-on",
    "require-coverage",
    "own",
    "accept-gaps",
    "allow-secrets",
    "max-db-age",
    "kind",
    "path",
    "rule",
    "waivers",
    "id",
    "package",
    "versions",
    "fingerprint",
    "function",
    "reason",
    "owner",
    "expires",
    "baseline",
    "fail-on-existing",
    "ignore-files",
    "cvss",
    "epss",
    "secret-confidence",
];

/// A line for a complaint, one character for one, so that the marks below stay under what they mean. It is shown whole
/// if its first word is one of `keys`; else its keys are, since one may be what is wrong, and its values are hidden.
pub(super) fn quote(line: &str, keys: &[&str]) -> String {
    let start = line.trim_start();
    let key = start.split(['=', ' ', '\t']).next().unwrap_or_default();
    if keys.contains(&key) || (!keys.is_empty() && start.starts_with(['[', '#'])) {
        return line.to_owned();
    }
    let mut public = public(line).into_iter().peekable();
    let mut shown = |at: usize| {
        while public.next_if(|range| range.end <= at).is_some() {}
        public.peek().is_some_and(|range| range.contains(&at))
    };
    line.char_indices().map(|(at, c)| if shown(at) || c == ' ' { c } else { '*' }).collect()
}

/// Where keys stand, each with the sign behind it: before the first `=` or `:`, and in an inline table.
fn public(line: &str) -> Vec<Range<usize>> {
    let bytes = line.as_bytes();
    let mut keys = Vec::new();
    let (mut start, mut quoted, mut depth) = (Some(0), None, 0_usize);
    for (at, &byte) in bytes.iter().enumerate() {
        match (quoted, byte) {
            (Some(mark), _) => quoted = Some(mark).filter(|mark| *mark != byte),
            (None, b'"' | b'\'') => quoted = Some(byte),
            (None, b'{') => (start, depth) = (Some(at), depth + 1),
            (None, b',') if depth > 0 => start = Some(at),
            (None, b'=' | b':') => {
                let key = start.take().map(|from| from..at).filter(|key| is_key(&line[key.clone()], key.start > 0));
                // What ends in `=` or `==` may be base64.
                let value = bytes[at + 1..].iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| *b != b'=');
                keys.extend(key.filter(|_| value).map(|key| key.start..at + 1));
            }
            _ => {}
        }
    }
    keys
}

/// One word as keys are written; `inner` ones, which a value may only look like, as a policy writes them.
fn is_key(text: &str, inner: bool) -> bool {
    let word = text.trim_matches(['{', ',', '-', ' ', '\t']).trim_matches(['"', '\'']);
    let fits = |b: u8| match inner {
        true => b.is_ascii_lowercase() || matches!(b, b'-' | b'_'),
        false => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b'/' | b'*'),
    };
    (1..=64).contains(&word.len()) && word.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_and_values_are_not() {
        for (line, shown) in [
            ("fail-on = \"hgh\"", "fail-on = \"hgh\""),
            ("fial-on = \"high\"", "fial-on = ******"),
            ("  { kind = \"opaque\", resaon = \"x, y = z\" },", "  { kind = ********, resaon = *** * * ** **"),
            ("\"file-*\" = \"hgh\"", "\"file-*\" = *****"),
            ("- id: CVE-1", "- id: *****"),
            ("AWS_SECRET=wJalr+a/b==", "AWS_SECRET=***********"),
            ("c2VjcmV0LXRva2Vu==", "******************"),
            ("c2VjcmV0LXRva2Vu=", "*****************"),
            ("hunter2", "*******"),
            ("PASS=abc,def=ghi", "PASS=***********"),
            ("https://user:word@host", "https:****************"),
        ] {
            assert_eq!(quote(line, KEYS), shown, "{line}");
        }
        assert_eq!(quote("id = 7 # x", &[]), "id = * * *");
        assert_eq!(quote("\"é\" = \"ü\"", &[]), "*** * ***");
    }
}
