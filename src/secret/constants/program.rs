//! Strings of compiled programs. Those of C end with a NUL; those of Go and Rust lie back to back, so that a token may
//! touch the letters of its neighbours, and no pattern that asks for a boundary sees it.
//!
//! There a token is read from its prefix on, as far as its format goes. What has no distinctive format is not told from
//! what lies beside it: of the readers, only URLs and connection strings are used.

use std::ops::Range;

use regex::bytes::Regex;
use regex_syntax::hir::{Capture, Hir, HirKind};

use crate::secret::assignment::VALUE;
use crate::secret::shape::looks_random;

/// A shorter prefix stands in programs by chance.
const PREFIX: usize = 4;
/// Bytes of a token behind its prefix, at least.
const BODY: usize = 16;
/// Bytes before a password in which a connection string names its server.
const CONNECTION: usize = 200;

/// A pattern's secret without what may stand around it, to be matched at the start of a text; `None` if the pattern is
/// no distinctive format.
pub fn bare(pattern: &str) -> Option<Regex> {
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()?;
    let secret = secret_of(&hir)?;
    let long = secret.properties().minimum_len().is_some_and(|least| least >= PREFIX + BODY);
    let source = format!(r"\A(?:{secret})");
    long.then(|| regex::bytes::RegexBuilder::new(&source).unicode(false).size_limit(4 << 20).build().ok()).flatten()
}

fn secret_of(hir: &Hir) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(Capture { name: Some(name), sub, .. }) if &**name == "secret" => Some(sub),
        HirKind::Capture(Capture { sub, .. }) => secret_of(sub),
        // Groups under a repetition or a choice have no one place; no rule's secret is there.
        HirKind::Concat(parts) => parts.iter().find_map(secret_of),
        _ => None,
    }
}

/// The token whose prefix stands at `hit`, where letters touch it: elsewhere its rule's own pattern finds it.
pub fn abutting(bare: &Regex, text: &[u8], hit: &Range<usize>, max_len: usize) -> Option<Range<usize>> {
    if hit.len() < PREFIX {
        return None;
    }
    let found = bare.find(&text[hit.start..text.len().min(hit.start.saturating_add(max_len))])?;
    let token = hit.start..hit.start + found.end();
    let word =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let touched = word(token.start.checked_sub(1)) || word(Some(token.end));
    // Names of functions are long words without a boundary too, but words.
    (touched && looks_random(&text[hit.end..token.end])).then_some(token)
}

/// The password of a connection string whose name stands at `hit`: a field between others, up to the string's end.
pub fn connection_password(text: &[u8], hit: &Range<usize>) -> Option<Range<usize>> {
    let separator = *text.get(hit.start.checked_sub(1)?)?;
    if !matches!(separator, b';' | b' ') || text.get(hit.end) != Some(&b'=') {
        return None;
    }
    let before = &text[hit.start.saturating_sub(CONNECTION)..hit.start];
    let string =
        before.iter().rposition(|b| !b.is_ascii_graphic() && *b != b' ').map_or(before, |at| &before[at + 1..]);
    let lower = string.to_ascii_lowercase();
    let names_server = ["server=", "data source=", "host=", "addr=", "dbname=", "database=", "user="]
        .iter()
        .any(|field| memchr::memmem::find(&lower, field.as_bytes()).is_some());
    let start = hit.end + 1;
    let rest = &text[start..text.len().min(start + VALUE)];
    let end = rest.iter().position(|b| *b == separator || !b.is_ascii_graphic() || b"\"'`<>\\".contains(b))?;
    let closed = rest[end] == separator || rest[end] == 0;
    (names_server && closed && end > 0).then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_far_as_its_format_goes() {
        let bare = bare(r"\b(?P<secret>acme_[A-Za-z0-9]{20})\b").expect("a distinctive format");
        let token = ["acme_", "q7Zk2LxV9bTn4RmWc3Ys"].concat();
        let found = |text: &str| {
            let at = text.find("acme_").unwrap();
            abutting(&bare, text.as_bytes(), &(at..at + 5), 100).map(|range| text[range].to_owned())
        };
        assert_eq!(found(&format!("wordy{token}wordy")), Some(token.clone()));
        assert_eq!(found(&format!("\0{token}wordy")), Some(token.clone()));
        assert_eq!(found(&format!("wordy{token}\0")), Some(token.clone()));
        assert_eq!(found(&format!("\0{token}\0")), None);
        assert_eq!(found("xacme_registerCallbackHandlerFunctions"), None);
        assert_eq!(found("xacme_q7Zk2"), None);
    }

    #[test]
    fn only_distinctive_formats_are_read_so() {
        assert!(bare(r"\b[a-f0-9]{32}\b").is_none());
        assert!(bare(r"\b(?P<secret>acme[0-9]{4})\b").is_none());
        assert!(bare(r"\b(?P<secret>(?:ac1_[a-z]{30}|acme2_[a-z]{34}))(?:[^a-z]|$)").is_some());
        assert!(bare("(").is_none());
    }

    #[test]
    fn passwords_of_connection_strings() {
        let read = |text: &str| {
            let at = text.to_ascii_lowercase().find("password").unwrap();
            connection_password(text.as_bytes(), &(at..at + 8)).map(|range| text[range].to_owned())
        };
        let value = Some("v-1".to_owned());
        assert_eq!(read("\0Server=db;User Id=sa;Password=v-1;Encrypt=yes\0"), value);
        assert_eq!(read("\0host=db user=app password=v-1 dbname=x\0"), value);
        assert_eq!(read("\0host=db user=app password=v-1\0"), value);
        for text in [
            "\0Server=db;Password=v-1other strings",
            "\0the server; password=v-1;",
            "Server=db\0; password=v-1;",
            "\0user=x password: v-1\0",
            "password=v-1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
