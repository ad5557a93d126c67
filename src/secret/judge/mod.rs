//! Whether a value that stands beside a telling name is a secret.
//!
//! What is known about secrets: tokens are random, passwords mix kinds of characters, and neither is a word, a path, a
//! reference to somewhere else, a digest or a template. It cannot know a passphrase from a sentence; values with
//! white space are left alone.

mod reference;
mod weak;

use memchr::{memchr, memmem};

use super::assignment::Style;
use super::published::is_published;
use super::rule::Reader;
use super::shape::{entropy, is_drawn_uuid, is_stand_in, is_uuid, looks_random, randomness, scrambled};
use crate::model::Confidence;
pub use reference::is_reference;
use weak::{Choice, choice};

/// Bytes of the shortest token.
const SHORTEST_TOKEN: usize = 8;

/// Judges a value; `None` if it is no secret.
pub fn judge(value: &[u8], reader: Reader, style: Style) -> Option<Confidence> {
    // Most of what is called a token is a word.
    if reader == Reader::Token && value.len() < SHORTEST_TOKEN {
        return None;
    }
    let graphic = value.iter().all(|b| b.is_ascii_graphic());
    if !graphic
        || is_published(value)
        || is_stand_in(value)
        || is_reference(value)
        || reference::is_digest(value)
        || reference::is_sealed(value)
        || is_number(value)
    {
        return None;
    }
    match reader {
        Reader::Password | Reader::Url => password(value, style),
        Reader::Token => token(value, style),
    }
}

fn password(value: &[u8], style: Style) -> Option<Confidence> {
    let shortest = if style == Style::Variable { 4 } else { 6 };
    let choice = choice(value);
    if !(shortest..=128).contains(&value.len()) || choice == Choice::StandIn {
        return None;
    }
    let kinds = kinds(value);
    let wordy = kinds.digits == 0 && kinds.symbols == 0;
    let identifier = kinds.digits == 0 && value.iter().all(|b| b.is_ascii_alphabetic() || b"_-.:/@".contains(b));
    let random = looks_random(value) || is_mixed_password(value, &kinds);
    match style {
        // In the environment the value is the secret itself, whatever it looks like.
        Style::Variable if wordy || identifier => Some(Confidence::Low),
        Style::Variable => Some(Confidence::Medium),
        _ if choice == Choice::Chosen => Some(Confidence::Low),
        _ if wordy && !(random && value.len() >= 12 && kinds.upper > 0 && kinds.lower > 0) => None,
        _ if identifier || is_versioned_word(value) || looks_like_code(value, style) => None,
        _ if is_uuid(value) => Some(Confidence::Low),
        _ if random && value.len() >= 10 && kinds.count() >= 3 && entropy(value) >= 3.0 => Some(Confidence::Medium),
        // A bare value in a configuration may be anything; a quoted one with only small letters and digits, too.
        _ if kinds.count() >= 2 && (style != Style::Bare || value.len() >= 8) => Some(Confidence::Low),
        _ => None,
    }
}

/// Letters, digits and marks in no order: how generators write passwords and frameworks their keys.
fn is_mixed_password(value: &[u8], kinds: &Kinds) -> bool {
    value.len() >= 12 && kinds.digits > 0 && kinds.symbols > 0 && kinds.count() >= 3 && scrambled(value) >= 0.4
}

fn token(value: &[u8], style: Style) -> Option<Confidence> {
    let shortest = if style == Style::Bare { 16 } else { 12 };
    // A JSON web token has a rule of its own, which reads what it says.
    if value.len() > 512 || value.starts_with(b"eyJ") && memchr(b'.', value).is_some() {
        return None;
    }
    if is_uuid(value) {
        return (style == Style::Variable).then_some(Confidence::Low);
    }
    let kinds = kinds(value);
    if is_mixed_password(value, &kinds) && value.len() >= 16 && kinds.symbols >= 2 && !looks_like_code(value, style) {
        return Some(Confidence::Medium);
    }
    let text = |b: &u8| b.is_ascii_alphanumeric() || b"+/=_-.~:!@#$%^&*".contains(b);
    if !value.iter().all(text) || looks_like_code(value, style) {
        return None;
    }
    // People choose secrets too; names and ids hold none of these marks.
    let marked = value.iter().any(|b| b"!@#$%^&*".contains(b)) && kinds.digits > 0 && kinds.lower + kinds.upper > 3;
    if marked && (SHORTEST_TOKEN..=40).contains(&value.len()) && choice(value) != Choice::StandIn {
        return Some(Confidence::Low);
    }
    if value.len() < shortest || kinds.symbols * 4 > value.len() {
        return None;
    }
    // A token without a digit is rare: one in 300 of 36 base-62 characters, and names are many.
    let mixed = kinds.digits > 0 && kinds.lower + kinds.upper > 0;
    if !mixed || kinds.digits < 2 && value.len() < 24 {
        return None;
    }
    let bits = entropy(value);
    let random = looks_random(value);
    if value.len() >= 20 && random && bits >= 3.3 {
        return Some(Confidence::Medium);
    }
    (random && bits >= 3.0 || style == Style::Variable && randomness(value) >= 0.25).then_some(Confidence::Low)
}

struct Kinds {
    lower: usize,
    upper: usize,
    digits: usize,
    symbols: usize,
}

impl Kinds {
    fn count(&self) -> usize {
        [self.lower, self.upper, self.digits, self.symbols].iter().filter(|&&n| n > 0).count()
    }
}

fn kinds(value: &[u8]) -> Kinds {
    let count = |belongs: fn(&u8) -> bool| value.iter().filter(|b| belongs(b)).count();
    let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let digits = count(u8::is_ascii_digit);
    Kinds { lower, upper, digits, symbols: value.len() - lower - upper - digits }
}

/// Brackets, calls and operators: an expression that a quote or a line end cut out of code.
fn looks_like_code(value: &[u8], style: Style) -> bool {
    // A pattern of characters, which a test of a value would use.
    if [b"0-9".as_slice(), b"a-z", b"A-Z", b"\\d", b"\\w"].iter().any(|range| memmem::find(value, range).is_some()) {
        return true;
    }
    // Between quotes a long scramble may hold any of them.
    if style == Style::Quoted && value.len() >= 16 && scrambled(value) >= 0.4 && memmem::find(value, b"()").is_none() {
        return false;
    }
    let calls = memchr(b'(', value).is_some() && memchr(b')', value).is_some();
    let marks = value.iter().filter(|b| b"<>{}[]()\\\"'`;,|?".contains(b)).count();
    let indexed = memchr(b'[', value).is_some() && value.last() == Some(&b']');
    calls
        || indexed
        || marks * 4 > value.len()
        || value.starts_with(b"=")
        || opens_call(value)
        || memmem::find(value, b"?.").is_some()
        || style == Style::Bare && is_cut(value)
        || memmem::find(value, b"=>").is_some()
        || marks >= 3
}

/// A number as programs and protocols write one: `0x00010000`, and the object identifier `1.2.840.113556.1.4.90`.
fn is_number(value: &[u8]) -> bool {
    let word =
        value.strip_prefix(b"0x").is_some_and(|digits| digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit));
    let dotted = value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    word || dotted && value.iter().filter(|b| **b == b'.').count() >= 3
}

/// A call whose first argument is cut off, also in code that is itself a string: `Secret.plain(\`.
fn opens_call(value: &[u8]) -> bool {
    let end = value.iter().rposition(|b| !b"\\\"'".contains(b)).map_or(0, |at| at + 1);
    value[..end].ends_with(b"(")
}

/// Brackets that open or close alone: the end of an argument, not of a value.
fn is_cut(value: &[u8]) -> bool {
    [(b'(', b')'), (b'[', b']'), (b'{', b'}')].iter().any(|&(open, close)| {
        value.last() == Some(&open) || value.last() == Some(&close) && memchr(open, value).is_none()
    })
}

/// A word with a number behind it: `base64`, `utf-8`, `oauth2`, `step-2`. What is longer and of one piece is not the
/// name of a format, but how people make a word a password.
fn is_versioned_word(value: &[u8]) -> bool {
    const NAME: usize = 7;
    let letters = value.iter().take_while(|b| b.is_ascii_lowercase() || b"_-. ".contains(b)).count();
    let (word, rest) = value.split_at(letters);
    let name = letters <= NAME || word.iter().any(|b| !b.is_ascii_lowercase());
    letters >= 3 && name && rest.len() <= 2 && rest.iter().all(u8::is_ascii_digit)
}

/// A UUID is an id, unless what it is called can be nothing but a key: some vendors and many frameworks draw theirs as
/// one. A `token` alone is as often what a request is told from another by.
pub fn judge_uuid(value: &[u8], name: &[u8]) -> Option<Confidence> {
    const KEYS: [&[u8]; 13] = [
        b"apikey",
        b"apitoken",
        b"accesskey",
        b"accesstoken",
        b"authtoken",
        b"bearertoken",
        b"deploytoken",
        b"secret",
        b"secretkey",
        b"signingkey",
        b"encryptionkey",
        b"masterkey",
        b"licensekey",
    ];
    if !is_drawn_uuid(value) || is_stand_in(value) || is_published(value) {
        return None;
    }
    let name: Vec<u8> = name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    KEYS.iter().any(|key| name.ends_with(key)).then_some(Confidence::Low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        let quoted = |text: &str| judge(text.as_bytes(), Reader::Password, Style::Quoted);
        assert_eq!(quoted("Summer2024!"), Some(Confidence::Low));
        assert_eq!(quoted("hunter2x9"), Some(Confidence::Low));
        assert_eq!(quoted("admin123"), Some(Confidence::Low));
        assert_eq!(quoted("cornflower4"), Some(Confidence::Low));
        assert_eq!(quoted("x7#Kq9!vLm2Zp"), Some(Confidence::Medium));
        for text in [
            "password",
            "test1234",
            "currentPassword",
            "new-password",
            "${DB_PASSWORD}",
            "<password>",
            "/run/secrets/db",
            "changeme123",
            "input[type=password]",
            "user.password",
            "oauth2",
            "%s",
            "process.env.PW",
            "getPassword()",
            "0x00010000",
            "1.2.840.113556.1.4.90",
            "Secret.plainText(\\\"",
        ] {
            assert_eq!(quoted(text), None, "{text}");
        }
    }

    #[test]
    fn tokens() {
        let quoted = |text: &str| judge(text.as_bytes(), Reader::Token, Style::Quoted);
        assert_eq!(quoted("q7Zk2LxV9bTn4RmWc3Ys"), Some(Confidence::Medium));
        assert_eq!(quoted("9f86d081884c7d659a2feaa0c55ad015"), Some(Confidence::Medium));
        assert_eq!(quoted("k9x(2v#pq7$zw&w3m_8jt+4d"), Some(Confidence::Medium));
        assert_eq!(quoted("acme!signs2024"), Some(Confidence::Low));
        for text in [
            "AccessTokenExpiredError",
            "0b1f7f0e-3c1a-4d5e-9f00-aabbccddeeff",
            "sha256-q7Zk2LxV9bTn4RmWc3Ys",
            "access_token_v2",
            "00000000000000000000000000000000",
            "application/json;v=2",
            "b77a5c56",
            "1234567890abcdef1234567890abcdef",
        ] {
            assert_eq!(quoted(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_is_a_key_where_its_name_says_so() {
        let uuid = b"0b1f7f0e-3c1a-4d5e-9f00-aabbccddeeff";
        assert_eq!(judge_uuid(uuid, b"ACME_API_KEY"), Some(Confidence::Low));
        assert_eq!(judge_uuid(uuid, b"clientSecret"), Some(Confidence::Low));
        assert_eq!(judge_uuid(uuid, b"clientToken"), None);
        assert_eq!(judge_uuid(uuid, b"api_key_id"), None);
        assert_eq!(judge_uuid(b"q7Zk2LxV9bTn4RmWc3Ys", b"api_key"), None);
    }

    #[test]
    fn variables_hold_plain_secrets() {
        let variable = |text: &str| judge(text.as_bytes(), Reader::Password, Style::Variable);
        assert_eq!(variable("postgres"), Some(Confidence::Low));
        assert_eq!(variable("Summer2024!"), Some(Confidence::Medium));
        assert_eq!(variable("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"), None);
        assert_eq!(variable("{{resolve:ssm:/db/password}}"), None);
    }
}
