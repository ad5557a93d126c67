//! The words of a name: which leave `password` its meaning, and which make it speak of something else.

use std::ops::Range;

/// Words that may follow the keyword inside a name without changing what it holds.
const HARMLESS_AFTER: [&[u8]; 56] = [
    b"key",
    b"keys",
    b"value",
    b"val",
    b"str",
    b"string",
    b"text",
    b"plain",
    b"plaintext",
    b"data",
    b"prod",
    b"production",
    b"dev",
    b"development",
    b"staging",
    b"stage",
    b"live",
    b"test",
    b"testing",
    b"qa",
    b"uat",
    b"local",
    b"env",
    b"default",
    b"fallback",
    b"primary",
    b"secondary",
    b"old",
    b"new",
    b"current",
    b"base64",
    b"b64",
    b"hex",
    b"base",
    b"access",
    b"api",
    b"token",
    b"secret",
    b"password",
    b"s",
    b"db",
    b"main",
    b"master",
    b"spec",
    b"raw",
    b"clear",
    b"for",
    b"user",
    b"admin",
    b"root",
    b"app",
    b"service",
    b"eu",
    b"us",
    b"v",
    b"pepper",
];

/// Words before the keyword that make a name speak of something else.
const TELLING_BEFORE: [&[u8]; 58] = [
    b"public",
    b"csrf",
    b"xsrf",
    b"page",
    b"next",
    b"previous",
    b"max",
    b"min",
    b"no",
    b"is",
    b"has",
    b"invalid",
    b"missing",
    b"cancel",
    b"forgot",
    b"reset",
    b"show",
    b"hide",
    b"design",
    b"continuation",
    b"sync",
    b"type",
    b"syntax",
    b"parse",
    b"sha1",
    b"sha256",
    b"sha512",
    b"md5",
    b"hash",
    b"digest",
    b"integrity",
    b"checksum",
    b"hashed",
    b"encrypted",
    b"count",
    b"num",
    b"eof",
    b"end",
    b"start",
    b"css",
    b"punctuator",
    b"expected",
    // A token that asks for a thing once, or for the rest of a list, opens nothing.
    b"request",
    b"idempotency",
    b"grant",
    b"sequence",
    b"verification",
    b"paging",
    b"resume",
    b"cancellation",
    b"change",
    b"pad",
    b"bos",
    b"unk",
    b"mask",
    b"regex",
    b"regexp",
    b"pattern",
];

/// What may stand right before `pass`, written as one word with it: it also ends `bypass` and `compass`.
const WHOSE_PASS: [&[u8]; 16] = [
    b"db", b"user", b"smtp", b"mail", b"email", b"ftp", b"ssh", b"root", b"admin", b"my", b"mysql", b"pg", b"redis",
    b"auth", b"proxy", b"store",
];

/// The keyword without the separators that some keywords carry (`pass:`, `pass =`), and the name around it.
pub(super) fn around(text: &[u8], hit: Range<usize>, reach: usize) -> Option<(Range<usize>, Range<usize>)> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let last = text[hit.clone()].iter().rposition(u8::is_ascii_alphanumeric)?;
    let keyword = hit.start..hit.start + last + 1;
    let after = &text[keyword.end..text.len().min(keyword.end + reach)];
    let before = &text[keyword.start.saturating_sub(reach)..keyword.start];
    let end = keyword.end + after.iter().take_while(|b| part(b)).count();
    let start = keyword.start - before.iter().rev().take_while(|b| part(b)).count();
    Some((keyword, start..end))
}

/// Whether the words around the keyword leave it its meaning: `DB_PASSWORD_PROD` does, `passwordField` does not.
pub(super) fn keeps_its_meaning(before: &[u8], keyword: &[u8], after: &[u8]) -> bool {
    let known = |words: &[&[u8]], word: &[u8]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut kept = keyword.len() > 4 || begins_word(before, keyword);
    // A token against forged requests is handed to everyone; the secret that makes such tokens is not.
    let makes = keyword.eq_ignore_ascii_case(b"secret");
    for_words(before, |word| kept &= !known(&TELLING_BEFORE, word) || makes && known(&[b"csrf", b"xsrf"], word));
    for_words(after, |word| {
        let stem_len = word.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |last| last + 1);
        kept &= stem_len == 0 || known(&HARMLESS_AFTER, &word[..stem_len]) || known(&HARMLESS_AFTER, word);
    });
    kept
}

/// Whether any word of the name is one that makes a secret something else.
pub(super) fn tells(name: &[u8]) -> bool {
    let mut tells = false;
    for_words(name, |word| tells |= TELLING_BEFORE.iter().any(|known| word.eq_ignore_ascii_case(known)));
    tells
}

fn begins_word(before: &[u8], keyword: &[u8]) -> bool {
    let hump = keyword[0].is_ascii_uppercase() && before.last().is_some_and(u8::is_ascii_lowercase);
    let letters = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    let joined = &before[before.len() - letters..];
    hump || joined.is_empty() || WHOSE_PASS.iter().any(|whose| joined.eq_ignore_ascii_case(whose))
}

/// Splits at `_`, `-` and before capitals.
fn for_words(name: &[u8], mut visit: impl FnMut(&[u8])) {
    let mut start = 0;
    for at in 0..name.len() {
        let hump = at > start && name[at].is_ascii_uppercase() && !name[at - 1].is_ascii_uppercase();
        if matches!(name[at], b'_' | b'-') {
            if at > start {
                visit(&name[start..at]);
            }
            start = at + 1;
        } else if hump {
            visit(&name[start..at]);
            start = at;
        }
    }
    if start < name.len() {
        visit(&name[start..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pass_is_a_word_of_its_own() {
        for (name, kept) in [
            ("pass", true),
            ("smtp_pass", true),
            ("dbpass", true),
            ("userPass", true),
            ("bypass", false),
            ("compass", false),
        ] {
            let at = name.to_ascii_lowercase().find("pass").unwrap();
            let (before, keyword) = (&name.as_bytes()[..at], &name.as_bytes()[at..]);
            assert_eq!(keeps_its_meaning(before, keyword, b""), kept, "{name}");
        }
    }

    #[test]
    fn a_keyword_may_carry_its_separator() {
        let text = b"auth: {pass: 'x'}";
        assert_eq!(around(text, 7..12, 48), Some((7..11, 7..11)));
        assert_eq!(around(b"::", 0..2, 48), None);
    }
}
