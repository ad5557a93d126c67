//! Values that only a name beside them tells: `DATADOG_API_KEY = "<32 hexadecimal digits>"`.
//!
//! A rule of this kind says what the value looks like and which names its vendor goes by. The name stands either in
//! what the value is assigned to, or a little before it (`datadog:` and, on the next line, `api_key:`); then what the
//! value is assigned to must itself be called a key, a token or the like. It cannot know a vendor's name that is also
//! an everyday word (`close`, `lob`) from that word, so rules choose their keywords with care.

use std::cmp::Reverse;
use std::ops::Range;

use super::assignment;

/// Line ends between a vendor's name and the value.
const LINES: usize = 3;
/// How far before a value a name is looked for when rules contend for it, in bytes.
const REACH: usize = 200;
/// Bytes of a name behind the keyword.
const TAIL: usize = 40;
/// What a name that holds a secret ends with, in lower case, digits and separators behind it left out.
const HOLDERS: [&[u8]; 15] = [
    b"key",
    b"token",
    b"secret",
    b"auth",
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"credential",
    b"credentials",
    b"bearer",
    b"signature",
    b"dsn",
    b"sid",
    b"authorization",
];

/// The pattern around what a rule calls its value: a word of its own.
pub fn pattern(value: &str) -> String {
    // Base 64 may begin with a mark, where `\b` alone would not do.
    format!(r"(?:\b|[^A-Za-z0-9_-])(?P<secret>(?:{value}))(?:[^A-Za-z0-9_-]|$)")
}

/// What a name that holds something else ends with.
const OTHERS: [&[u8]; 22] = [
    b"id",
    b"ids",
    b"uuid",
    b"guid",
    b"hash",
    b"sha",
    b"sha1",
    b"sha256",
    b"md5",
    b"digest",
    b"checksum",
    b"etag",
    b"version",
    b"revision",
    b"commit",
    b"url",
    b"uri",
    b"host",
    b"region",
    b"name",
    b"public",
    b"publickey",
];

/// Words of which names are made whoever gave the secret out.
const COMMON: [&str; 27] = [
    "access",
    "account",
    "api",
    "app",
    "auth",
    "bot",
    "channel",
    "client",
    "consumer",
    "email",
    "host",
    "key",
    "mail",
    "master",
    "oauth",
    "pass",
    "personal",
    "primary",
    "private",
    "record",
    "secret",
    "signing",
    "smtp",
    "storage",
    "subscription",
    "token",
    "user",
];

/// Whether a name of the vendor (`keywords`, as in the rule) gives the value at `value` its meaning; it begins at most
/// `reach` bytes before the value's end.
pub fn is_named(text: &[u8], value: &Range<usize>, keywords: &[String], reach: usize) -> bool {
    let start = value.end.saturating_sub(reach).min(value.start);
    let before = text[start..value.start].to_ascii_lowercase();
    let last = keywords
        .iter()
        .filter_map(|keyword| {
            let keyword = keyword.to_ascii_lowercase();
            memchr::memmem::rfind(&before, keyword.as_bytes()).map(|at| at + keyword.len())
        })
        .max();
    let Some(last) = last else { return false };
    stands_before(&before, last) || is_assigned(text, value, start + last)
}

/// Whether the name that ends the text before the value is the vendor's, whose keyword ends at `last`.
fn stands_before(before: &[u8], last: usize) -> bool {
    let Some(end) = before_separator(before).filter(|end| *end >= last) else { return false };
    let between = &before[last..end];
    if is_one_name(between) {
        return !ends_with_any(between, &OTHERS);
    }
    lines(between) <= LINES && ends_with_any(between, &HOLDERS)
}

/// How plainly the text before a value gives it to a vendor, the plainer the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// By no name, or only by words that every vendor uses (`secret_key`).
    None,
    /// A name of the vendor stands so many bytes before the value.
    Near(Reverse<usize>),
    /// A name of the vendor begins so many bytes into what the value is assigned to. Names go from the owner to the
    /// thing: in `KUCOIN_API_KEY` the further left says more.
    Assigned(Reverse<usize>),
}

/// How plainly the value at `value` is that of a vendor who goes by `vendor` and `keywords`.
pub fn claim(text: &[u8], value: &Range<usize>, vendor: &str, keywords: &[String]) -> Claim {
    let before = text[value.start.saturating_sub(REACH)..value.start].to_ascii_lowercase();
    let Some(end) = before_separator(&before) else { return Claim::None };
    let name = before[..end].iter().rposition(|b| !is_name_byte(*b)).map_or(0, |at| at + 1);
    let own = keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).filter(|keyword| !is_common(keyword));
    let vendor = String::from_utf8_lossy(&compact(vendor.as_bytes())).into_owned();
    let own: Vec<String> = own.chain((vendor.len() > 2).then_some(vendor)).collect();
    let (named, compact) = (&before[name..end], compact(&before[name..end]));
    let first = |text: &[u8]| own.iter().filter_map(|own| memchr::memmem::find(text, own.as_bytes())).min();
    if let Some(at) = [first(named), first(&compact)].into_iter().flatten().min() {
        return Claim::Assigned(Reverse(at));
    }
    let last = own.iter().filter_map(|own| memchr::memmem::rfind(&before[..name], own.as_bytes())).max();
    match last {
        Some(at) if lines(&before[at..]) <= LINES => Claim::Near(Reverse(before.len() - at)),
        _ => Claim::None,
    }
}

/// Whether a keyword is made of words that every vendor uses.
fn is_common(keyword: &str) -> bool {
    let mut rest = keyword.trim_start_matches(['_', '-']);
    while !rest.is_empty() {
        let Some(shorter) = COMMON.iter().find_map(|word| rest.strip_prefix(word)) else { return false };
        rest = shorter.trim_start_matches(['_', '-']);
    }
    true
}

/// Letters and digits alone: `New Relic` and `NEW_RELIC` are one name.
fn compact(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

/// Whether the vendor's name, whose keyword ends at `last`, is assigned the value in one of the ways that leave a type, a
/// call or a line between the two.
fn is_assigned(text: &[u8], value: &Range<usize>, last: usize) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let end = last + text[last..value.start].iter().take(TAIL).take_while(|b| part(b)).count();
    let name = text[end.saturating_sub(2 * TAIL)..end].to_ascii_lowercase();
    let stem = name.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |at| at + 1);
    let holder = HOLDERS.iter().filter(|word| name[..stem].ends_with(word)).map(|word| word.len()).max();
    let stem = end - (name.len() - stem);
    holder
        .is_some_and(|len| assignment::read(text, stem - len..stem).is_some_and(|read| read.value.start == value.start))
}

/// Where the name ends that the value at the end of `before` is assigned to: behind it stand quotes, blanks, one
/// separator and the word that says how a header is authorised.
fn before_separator(before: &[u8]) -> Option<usize> {
    let blank = |b: u8| matches!(b, b' ' | b'\t');
    let quote = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b'\\');
    let trim = |mut end: usize, skip: &dyn Fn(u8) -> bool, most: usize| {
        let first = end;
        while end > 0 && first - end < most && skip(before[end - 1]) {
            end -= 1;
        }
        end
    };
    let mut end = trim(before.len(), &quote, 2);
    for scheme in [b"bearer ".as_slice(), b"token ", b"basic ", b"apikey "] {
        if before[..end].ends_with(scheme) {
            end = trim(end - scheme.len(), &quote, 2);
            break;
        }
    }
    let end = trim(end, &blank, 8);
    let separated = match before[..end] {
        [.., b'?', b'?', b'='] | [.., b'|', b'|', b'='] => end - 3,
        [.., b'=', b'>'] | [.., b':', b'='] | [.., b'?', b'='] | [.., b'|', b'|'] | [.., b'?', b'?'] => end - 2,
        [.., b'=' | b':' | b',' | b'(' | b'>'] => end - 1,
        // `--token value`, and `-e KEY value`.
        _ if end < before.len() && is_option(&before[..end]) => end,
        _ => return None,
    };
    Some(trim(trim(separated, &blank, 8), &|b| quote(b) || matches!(b, b']' | b')'), 3))
}

fn is_option(before: &[u8]) -> bool {
    let name =
        before.iter().rev().take(TAIL).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    before[before.len() - name..].starts_with(b"-")
}

/// The rest of the name behind the keyword.
fn is_one_name(tail: &[u8]) -> bool {
    tail.len() <= TAIL && tail.iter().all(|b| is_name_byte(*b))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-[]\"'".contains(&byte)
}

/// Whether the last word before `end` is one of these; numbers and separators behind it do not count.
fn ends_with_any(between: &[u8], words: &[&[u8]]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let name = between.iter().rposition(|b| !part(b)).map_or(0, |at| at + 1);
    let ends = |name: &[u8]| words.iter().any(|word| name.ends_with(word));
    let stem = between[name..].iter().rposition(u8::is_ascii_alphabetic).map_or(0, |at| at + 1);
    ends(&between[name..]) || ends(&between[name..name + stem])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> bool {
        let start = text.find("v4lue").unwrap();
        is_named(text.as_bytes(), &(start..start + 5), &["acme".to_owned(), "AC_".to_owned()], 200)
    }

    #[test]
    fn the_name_of_the_value() {
        for text in [
            "ACME_API_KEY=v4lue",
            "acmeKey: 'v4lue'",
            "{\"acme.token\": \"v4lue\"}",
            "{\\\"acme_token\\\":\\\"v4lue\\\"}",
            "config['acme']['x'] = \"v4lue\"",
            "process.env.ACME_KEY || 'v4lue'",
            "acme_client(\"v4lue\")",
            "AC_KEY := `v4lue`",
            "<acme-key>v4lue</acme-key>",
            "tool --acme-token v4lue",
            "x-acme-key: v4lue",
            "ACME_AUTH: Bearer v4lue",
        ] {
            assert!(named(text), "{text}");
        }
    }

    #[test]
    fn a_name_near_by_needs_a_key() {
        assert!(named("acme:\n  url: https://x\n  api_key: v4lue"));
        assert!(named("new Acme({ region: 'eu', apiKey: 'v4lue' })"));
        assert!(named("curl https://api.acme.io -H 'Authorization: Bearer v4lue'"));
        for text in [
            "acme:\n  region: v4lue",
            "acme v4lue",
            "# acme\n\n\n\n\n  api_key: v4lue",
            "api_key: v4lue # acme",
            "see acme.io/docs/v4lue",
            "ACME_ACCOUNT_ID=v4lue",
            "acme_sha256 = 'v4lue'",
        ] {
            assert!(!named(text), "{text}");
        }
    }

    #[test]
    fn the_plainer_name_claims_more() {
        let claims = |text: &str, vendor: &str, keyword: &str| {
            let start = text.find("v4lue").unwrap();
            claim(text.as_bytes(), &(start..start + 5), vendor, &[keyword.to_owned()])
        };
        let near = claims("acme: { secret_key: v4lue", "Acme", "acme_");
        let assigned = claims("ACME_SECRET_KEY=v4lue", "Acme", "acme_");
        let behind = claims("MY_ACME_KEY=v4lue", "Acme", "acme");
        assert!(Claim::None < near && near < behind && behind < assigned);
        assert_eq!(claims("ACME_SECRET_KEY=v4lue", "Other", "secret_key"), Claim::None);
        assert_eq!(claims("NEW_ACME_KEY=v4lue", "New Acme", "sk_"), assigned);
        assert_eq!(claims("acme\n\n\n\nkey=v4lue", "Acme", "acme"), Claim::None);
    }

    #[test]
    fn words_of_every_vendor_are_no_names() {
        for word in ["secret_key", "secretkey", "access-key", "oauth_token", "master_key", "bot_token"] {
            assert!(is_common(word), "{word}");
        }
        for name in ["aws_secret", "stripe", "keycloak", "tokenization", "azure"] {
            assert!(!is_common(name), "{name}");
        }
    }

    #[test]
    fn any_cut_is_survived() {
        let text = b"acme: {\"api_key\": \"Bearer v\"} || --acme-token  =>";
        for end in 0..=text.len() {
            for from in 0..=end {
                let value = end - from..text.len() - from;
                is_named(&text[from..], &value, &["acme".to_owned()], 60);
                claim(&text[from..], &value, "Acme", &["ac-".to_owned()]);
            }
        }
    }
}
