//! Names of entries: hostile text, kept whole.

use crate::model::{Gap, GapKind, escape_path_bytes};

use super::gaps;

/// The name as it is shown everywhere: escaped, without the parts that lead nowhere (`.`, `//`) and without the `/` that
/// marks a folder. Unpacked, `a/./b` and `a//b` are `a/b`, so an extractor must see them as that.
pub(crate) fn clean(raw: &[u8]) -> String {
    if let Some(name) = plain(raw) {
        return name.to_owned();
    }
    let mut name = Vec::with_capacity(raw.len());
    for part in raw.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if !name.is_empty() || raw.starts_with(b"/") {
            name.push(b'/');
        }
        name.extend_from_slice(part);
    }
    match name.as_slice() {
        [] if raw.starts_with(b"/") => "/".to_owned(),
        [] => ".".to_owned(),
        name => escape_path_bytes(name),
    }
}

/// A name as it is where there is nothing to clean nor to warn of: nearly every one.
fn plain(raw: &[u8]) -> Option<&str> {
    // All bytes are asked, which the compiler does by sixteen.
    let is_harmless = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b'\\') & (byte != b'%') & (byte != b':');
    let harmless = raw.iter().fold(true, |all, byte| all & is_harmless(*byte));
    let begins = !matches!(raw, [] | [b'/', ..]);
    let ends = !matches!(raw, [.., b'/' | b'.']);
    // `//`, `./` and `..`.
    let steps = raw.iter().zip(raw.get(1..).unwrap_or_default());
    let goes_on = steps.fold(true, |all, (this, next)| {
        all & !(matches!(this, b'/' | b'.') & (*next == b'/') | (*this == b'.') & (*next == b'.'))
    });
    (harmless && begins && ends && goes_on).then(|| std::str::from_utf8(raw).ok()).flatten()
}

/// The name of a zip's entry. Its separator is `/` alone (APPNOTE 4.4.17.1), but writers on Windows have used `\\`, and
/// common tools unpack it as a separator.
pub(crate) fn clean_zip(raw: &[u8]) -> String {
    if !raw.contains(&b'\\') {
        return clean(raw);
    }
    let raw: Vec<u8> = raw.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    clean(&raw)
}

/// The name that a tool takes which ends it at its first NUL, as C does.
pub(crate) fn until_nul(raw: &[u8]) -> Option<&[u8]> {
    memchr::memchr(0, raw).map(|end| &raw[..end]).filter(|name| !name.is_empty())
}

/// What a name could do to a tool that writes it to disk or to a terminal, if anything.
fn harm(raw: &[u8]) -> Option<&'static str> {
    if plain(raw).is_some() {
        return None;
    }
    if raw.is_empty() {
        return Some("is empty");
    }
    if raw.starts_with(b"/") || raw.starts_with(b"\\") {
        return Some("is absolute");
    }
    if raw.len() >= 2 && raw[0].is_ascii_alphabetic() && raw[1] == b':' {
        return Some("begins with a drive letter");
    }
    if raw.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| part == b"..") {
        return Some("climbs out of its folder with `..`");
    }
    if raw.contains(&b'\\') {
        return Some("holds a backslash, which is a folder on one system and a letter on another");
    }
    if raw.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) {
        return Some("holds control characters");
    }
    // Only names beyond ASCII can hold what follows.
    if !raw.is_ascii()
        && let Ok(text) = std::str::from_utf8(raw)
        && text.chars().any(misleads)
    {
        return Some("holds characters that hide or reorder text");
    }
    None
}

/// C1 controls, zero-width and bidirectional control characters (Unicode's `Bidi_Control` and its neighbours).
fn misleads(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The label on an unsafe name. We write nothing to disk, so the entry is read all the same.
pub(crate) fn unsafe_name(raw: &[u8], name: &str) -> Option<Gap> {
    harm(raw).map(|why| gaps::note(GapKind::UnsafeName, Some(name), format!("the name {why}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_name_is_the_same_cleaned(raw in "[ab./\\\\%:\u{1}é]{0,8}") {
            let parts: Vec<&str> = raw.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            if plain(raw.as_bytes()).is_some() {
                prop_assert_eq!(parts.join("/"), raw.as_str());
                let odd = |c: char| !(' '..='~').contains(&c) || matches!(c, '\\' | '%' | ':');
                prop_assert!(!raw.contains(odd) && !parts.contains(&".."), "{}", raw);
            }
        }
    }

    #[test]
    fn names_are_cleaned_but_never_lost() {
        assert_eq!(clean(b"./a/b.txt"), "a/b.txt");
        assert_eq!(clean(b"a/"), "a");
        assert_eq!(clean(b"./"), ".");
        assert_eq!(clean(b""), ".");
        assert_eq!(clean(b"/"), "/");
        assert_eq!(clean(b"//a"), "/a");
        assert_eq!(clean(b"a//./b/./"), "a/b");
        assert_eq!(clean(b"../x"), "../x");
        assert_eq!(clean(b"a\\b\xff"), "a\\b%FF");
        assert_eq!(clean_zip(b"a\\.\\b"), "a/b");
        assert_eq!(clean(b"a/..."), "a/...");
        assert_eq!(clean(b"a./.b"), "a./.b");
        assert_eq!(clean(b"100%"), "100%25");
    }

    #[test]
    fn harm_is_seen_and_ordinary_names_are_not_accused() {
        for bad in [
            &b"../x"[..],
            b"a/../../x",
            b"..\\x",
            b"/etc/passwd",
            b"C:\\x",
            b"c:x",
            b"a\nb",
            b"a\x1b[2J",
            b"a\\b",
            b"",
            "gpj.\u{202e}exe".as_bytes(),
            "a\u{200b}b".as_bytes(),
        ] {
            assert!(harm(bad).is_some(), "{bad:?}");
        }
        for good in [&b"a/b.txt"[..], b"..a/b", b"a..b", b"...", b"./a", "na\u{ef}ve".as_bytes(), b"\xff"] {
            assert!(harm(good).is_none(), "{good:?}");
        }
    }
}
