//! Offline proof: what a format's own checksum or structure says about a match.
//!
//! A check never asks anyone. It can show that a text is no secret of its format, and where the format has a checksum,
//! that it is one; it cannot know whether the secret still opens anything.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;
use serde_json::Value;

use super::judge::is_reference;
use super::shape::{is_stand_in, looks_random};
use super::url;

/// What a check concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The checksum or structure holds: high confidence.
    Proven,
    /// Nothing speaks against it: the rule's own confidence.
    Plausible,
    /// Well-formed, but hardly of use to anyone: low confidence.
    Doubtful,
    /// Not a secret of this format.
    Broken,
}

/// A match to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The text around it.
    pub text: &'a [u8],
    /// The whole match in `text`.
    pub whole: &'a Range<usize>,
    /// The secret in `text`.
    pub secret: &'a Range<usize>,
}

impl<'a> Candidate<'a> {
    fn secret(&self) -> &'a [u8] {
        &self.text[self.secret.clone()]
    }

    fn whole(&self) -> &'a [u8] {
        &self.text[self.whole.clone()]
    }
}

/// A check: a plain function, so that rules as data can name it.
pub type Check = fn(Candidate<'_>) -> Proof;

/// Every check that a rule may name.
const CHECKS: &[(&str, Check)] = &[
    ("aws_key_id", aws_key_id),
    ("azure_storage_key", azure_storage_key),
    ("basic_credentials", basic_credentials),
    ("github_fine_grained", github_fine_grained),
    ("github_token", checksummed_token),
    ("google_account", google_account),
    ("jwt", jwt),
    ("npm_token", checksummed_token),
    ("pem", pem),
    ("random", random),
    ("real_password", real_password),
    ("url_account", url_account),
];

/// The check of that name.
pub fn by_name(name: &str) -> Option<Check> {
    CHECKS.iter().find(|(known, _)| *known == name).map(|&(_, check)| check)
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The last six characters of the text are the CRC-32 of the characters before it, in base 62.
fn checksum_holds(text: &[u8]) -> Option<bool> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (body, sum) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    Some(digits == sum)
}

/// GitHub's and npm's format: a prefix that ends in `_`, 30 random characters, 6 of checksum
/// (<https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>,
/// <https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/>).
fn checksummed_token(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    let body = memchr::memchr(b'_', secret).and_then(|at| secret.get(at + 1..));
    match body.and_then(checksum_holds) {
        Some(true) => Proof::Proven,
        _ => Proof::Broken,
    }
}

/// GitHub has not published the checksum of fine-grained tokens: one that fits proves, one that does not says nothing.
fn github_fine_grained(candidate: Candidate<'_>) -> Proof {
    let body = candidate.secret().rsplit(|b| *b == b'_').next();
    match body.and_then(checksum_holds) {
        Some(true) => Proof::Proven,
        _ => Proof::Plausible,
    }
}

/// Key ids since 2019 hold the account's number: 40 bits behind the first bit of the base-32 digits. A number has at
/// most 12 decimal digits
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>).
fn aws_key_id(candidate: Candidate<'_>) -> Proof {
    let Some(digits) = candidate.secret().get(4..14) else { return Proof::Broken };
    let mut bits = 0u64;
    for digit in digits {
        let five = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return Proof::Broken,
        };
        bits = bits << 5 | u64::from(five);
    }
    // 50 bits: the mark of the newer format, 40 of the account, 9 of the key.
    let newer = bits >> 49 == 1;
    let account = bits >> 9 & ((1 << 40) - 1);
    match (newer, account < 1_000_000_000_000) {
        (true, true) => Proof::Proven,
        (true, false) => Proof::Doubtful,
        (false, _) => Proof::Plausible,
    }
}

/// 64 bytes in base64.
fn azure_storage_key(candidate: Candidate<'_>) -> Proof {
    match BASE64.decode(candidate.secret()) {
        Ok(key) if key.len() == 64 && !is_text(&key) => Proof::Proven,
        _ => Proof::Broken,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
}

/// `user:password` in base64 (<https://www.rfc-editor.org/rfc/rfc7617>).
fn basic_credentials(candidate: Candidate<'_>) -> Proof {
    let Ok(pair) = BASE64.decode(candidate.secret()) else { return Proof::Broken };
    let Some(colon) = memchr::memchr(b':', &pair) else { return Proof::Broken };
    let (user, password) = (&pair[..colon], &pair[colon + 1..]);
    // Long-known words of documentation, the first from the RFC itself.
    let known = [b"open sesame".as_slice(), b"opensesame", b"password", b"pass", b"pwd", b"secret", b"passwd", b"test"];
    let stands_in = is_stand_in(password) || is_reference(password) || known.contains(&password);
    if !is_text(user) || !is_text(password) || password.len() < 4 || user == password || stands_in {
        return Proof::Broken;
    }
    Proof::Plausible
}

/// A header that is JSON with `alg`, and a payload that is JSON (<https://www.rfc-editor.org/rfc/rfc7519>).
fn jwt(candidate: Candidate<'_>) -> Proof {
    let mut parts = candidate.secret().split(|b| *b == b'.');
    let mut object = || match serde_json::from_slice(&BASE64_URL.decode(parts.next()?).ok()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    };
    let (Some(header), Some(payload)) = (object(), object()) else { return Proof::Broken };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else { return Proof::Broken };
    let text = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
    // The subject of the debugger at jwt.io and the users of the RFC's and of every tutorial's tokens.
    let documented = text("sub") == "1234567890"
        || ["John Doe", "Jane Doe"].contains(&text("name"))
        || ["joe", "me", "example"].contains(&text("iss"))
        || ["example.com", "example.org"]
            .iter()
            .any(|host| text("iss").ends_with(host) || text("iss").contains("//example"))
        || payload.contains_key("foo")
        || payload.is_empty();
    if documented {
        return Proof::Broken;
    }
    // Without a subject, issuer or expiry it says nothing about anyone: a sample.
    let claims = ["sub", "iss", "exp", "role", "aud", "jti", "client_id", "scope", "email", "user_id", "uid", "id"];
    match algorithm {
        "none" | "None" | "NONE" => Proof::Doubtful,
        _ if claims.iter().any(|claim| payload.contains_key(*claim)) => Proof::Plausible,
        _ => Proof::Doubtful,
    }
}

/// A private key's block with a body: base64 that begins as DER or OpenSSH keys do, long enough to hold a key
/// (<https://www.rfc-editor.org/rfc/rfc7468>). A marker alone is how code recognises keys, not a key.
fn pem(candidate: Candidate<'_>) -> Proof {
    let block = candidate.whole();
    let Some(begin) = memmem::find(block, b"KEY-----").or_else(|| memmem::find(block, b"KEY BLOCK-----")) else {
        return Proof::Broken;
    };
    let Some(open) = memmem::find(&block[begin..], b"-----") else { return Proof::Broken };
    let body = &block[begin + open + 5..];
    let body = &body[..memmem::find(body, b"-----END").unwrap_or(body.len())];
    let encrypted = memmem::find(block, b"ENCRYPTED").is_some();
    let armored = memmem::find(&block[..begin + 10], b"PGP").is_some();
    let digits = base64_lines(body);
    let Ok(bytes) = BASE64.decode(&digits) else { return Proof::Broken };
    let known_start = match bytes.as_slice() {
        // OpenPGP: a packet's first byte has its highest bit set (RFC 9580 section 4.2).
        [first, ..] if armored => first & 0x80 != 0,
        [0x30, ..] => true,
        bytes => bytes.starts_with(b"openssh-key-v1\0") || encrypted,
    };
    let varied = super::shape::entropy(&digits) > 4.0 && !is_stand_in(&digits[..digits.len().min(48)]);
    if !known_start || bytes.len() < 40 || !varied {
        return Proof::Broken;
    }
    if encrypted { Proof::Doubtful } else { Proof::Proven }
}

/// The base64 digits of a block: without armor headers, line ends (also as `\n` in a string), quotes and the joints of
/// concatenated literals.
fn base64_lines(body: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(body.len());
    let mut line_digits = Vec::new();
    let mut header = false;
    let mut at = 0;
    while at <= body.len() {
        let (ends, step) = match body.get(at) {
            None | Some(b'\n' | b'\r') => (true, 1),
            Some(b'\\') if matches!(body.get(at + 1), Some(b'n' | b'r')) => (true, 2),
            _ => (false, 1),
        };
        if ends {
            if !header {
                // OpenPGP ends a block with `=` and a CRC-24, which is no part of the data.
                if line_digits.first() == Some(&b'=') {
                    break;
                }
                digits.append(&mut line_digits);
            }
            line_digits.clear();
            header = false;
        } else {
            match body[at] {
                b':' => header = true,
                byte if byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) => line_digits.push(byte),
                _ => {}
            }
        }
        at += step;
    }
    digits
}

/// A service account's file holds its type and a private key
/// (<https://cloud.google.com/iam/docs/keys-create-delete>).
fn google_account(candidate: Candidate<'_>) -> Proof {
    let whole = candidate.whole();
    let key = memmem::find(whole, b"\"private_key\"").map(|at| candidate.whole.start + at..candidate.whole.end);
    match key {
        Some(range) => pem(Candidate { whole: &range, ..candidate }),
        None => Proof::Broken,
    }
}

/// A password that stands where only a password can stand: not a reference, not a stand-in.
fn real_password(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    let words: [&[u8]; 9] =
        [b"password", b"passwd", b"secret", b"token", b"test", b"pass", b"none", b"null", b"undefined"];
    if is_stand_in(secret) || is_reference(secret) || words.iter().any(|word| secret.eq_ignore_ascii_case(word)) {
        return Proof::Broken;
    }
    Proof::Plausible
}

/// A token without a prefix: it must at least look random.
fn random(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    let mixed = secret.iter().any(u8::is_ascii_digit) && secret.iter().any(u8::is_ascii_alphabetic);
    if mixed && looks_random(secret) { Proof::Plausible } else { Proof::Broken }
}

/// The user, password and host of a URL are those of a real account.
fn url_account(candidate: Candidate<'_>) -> Proof {
    let Some(scheme_end) = memmem::find(candidate.whole(), b"://") else { return Proof::Broken };
    let Some(parts) = url::read(candidate.text, candidate.whole.start + scheme_end + 3) else { return Proof::Broken };
    let text = |range: Range<usize>| &candidate.text[range];
    let password = text(parts.password);
    if !url::is_real(text(parts.user), password, text(parts.host)) || is_stand_in(password) || is_reference(password) {
        return Proof::Broken;
    }
    let word = password.iter().all(u8::is_ascii_alphabetic) && !looks_random(password);
    if word { Proof::Doubtful } else { Proof::Plausible }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(check: Check, secret: &str) -> Proof {
        check(Candidate { text: secret.as_bytes(), whole: &(0..secret.len()), secret: &(0..secret.len()) })
    }

    #[test]
    fn checksums_of_github_and_npm() {
        // The token of GitHub's announcement of npm's format, in parts.
        let good = format!("{}{}", "ghp", "_abcdefghijklmnopqrstuvwxyz01234RGCVA");
        let body = b"abcdefghijklmnopqrstuvwxyz0123";
        let mut rest = crc32fast::hash(body);
        let mut sum = String::new();
        for _ in 0..6 {
            let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            sum.insert(0, digits.as_bytes()[(rest % 62) as usize] as char);
            rest /= 62;
        }
        let made = format!("ghp_{}{sum}", String::from_utf8_lossy(body));
        assert_eq!(run(checksummed_token, &made), Proof::Proven);
        assert_eq!(run(checksummed_token, &good), Proof::Broken);
        assert_eq!(run(checksummed_token, "ghp_"), Proof::Broken);
    }

    #[test]
    fn an_aws_key_id_names_its_account() {
        assert_eq!(run(aws_key_id, &["AKIA", "QYLPMN5HFIQR", "7XYA"].concat()), Proof::Proven);
        assert_eq!(run(aws_key_id, &["AKIA", "7777777777", "777777"].concat()), Proof::Doubtful);
        assert_eq!(run(aws_key_id, &["AKIA", "IOSFODNN7", "ABCDEFG"].concat()), Proof::Plausible);
        assert_eq!(run(aws_key_id, &["AKIA", "I0SFODNN7", "ABCDEFG"].concat()), Proof::Broken);
    }

    #[test]
    fn a_jwt_has_a_header_and_claims() {
        let token = |header: &str, payload: &str| {
            format!("{}.{}.c2lnbmF0dXJl", BASE64_URL.encode(header), BASE64_URL.encode(payload))
        };
        assert_eq!(run(jwt, &token(r#"{"alg":"HS256"}"#, r#"{"sub":"u-81","exp":1}"#)), Proof::Plausible);
        assert_eq!(run(jwt, &token(r#"{"alg":"none"}"#, r#"{"sub":"u-81"}"#)), Proof::Doubtful);
        assert_eq!(run(jwt, &token(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890"}"#)), Proof::Broken);
        assert_eq!(run(jwt, &token(r#"{"typ":"JWT"}"#, r#"{"sub":"u-81"}"#)), Proof::Broken);
        assert_eq!(run(jwt, "a.b.c"), Proof::Broken);
    }

    #[test]
    fn a_marker_without_a_key_is_nothing() {
        let block = |body: &str| format!("-----BEGIN {} KEY-----\n{body}\n-----END {} KEY-----", "PRIVATE", "PRIVATE");
        let key: Vec<u8> = [0x30, 0x82].into_iter().chain((0..90u32).map(|i| (i * 97 % 251) as u8)).collect();
        assert_eq!(run(pem, &block(&BASE64.encode(&key))), Proof::Proven);
        assert_eq!(run(pem, &block(&BASE64.encode(&key)).replace('\n', "\\n")), Proof::Proven);
        assert_eq!(run(pem, &block("...")), Proof::Broken);
        assert_eq!(run(pem, &block(&"A".repeat(200))), Proof::Broken);
        assert_eq!(run(pem, &block(&BASE64.encode(&key[..20]))), Proof::Broken);
    }

    #[test]
    fn basic_credentials_are_a_pair() {
        assert_eq!(run(basic_credentials, &BASE64.encode("deploy:k7Hq-92x")), Proof::Plausible);
        assert_eq!(run(basic_credentials, &BASE64.encode("Aladdin:open sesame")), Proof::Broken);
        assert_eq!(run(basic_credentials, &BASE64.encode("no colon here")), Proof::Broken);
    }
}
