//! Private keys in armor, and the files that hold them.

use base64::Engine as _;
use memchr::memmem;

use super::{BASE64, Candidate, Proof};
use crate::secret::shape::{entropy, is_stand_in};

/// A private key's block with a body: base64 that begins as DER or OpenSSH keys do, long enough to hold a key
/// (<https://www.rfc-editor.org/rfc/rfc7468>). A marker alone is how code recognises keys, not a key.
pub(super) fn pem(candidate: Candidate<'_>) -> Proof {
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
    // OpenSSH's own head is as monotonous as a stand-in.
    let head = if bytes.starts_with(b"openssh-key-v1\0") { &[][..] } else { &digits[..digits.len().min(48)] };
    let varied = entropy(&digits) > 4.0 && (head.is_empty() || !is_stand_in(head));
    if !known_start || bytes.len() < 40 || !varied || is_abbreviated(body, &bytes) {
        return Proof::Broken;
    }
    if encrypted || is_sealed(&bytes) || is_toy(&bytes) { Proof::Doubtful } else { Proof::Proven }
}

/// Whether a key of OpenSSH is encrypted: its head names the cipher, `none` if it is not
/// (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>).
fn is_sealed(key: &[u8]) -> bool {
    key.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
}

/// Whether dots stand for most of a key, as manuals print one: it is shorter than its own head says. Dots alone are also
/// how PHP joins strings.
fn is_abbreviated(body: &[u8], key: &[u8]) -> bool {
    let dots = body.windows(2).any(|pair| pair[0].is_ascii_alphanumeric() && pair[1] == b'.');
    dots && element(key).is_some_and(|(_, length, rest)| length > rest.len())
}

/// Whether the modulus of an RSA or DSA key has less than 1024 bits: whoever makes such a key makes it for a test, since
/// it has protected nothing for twenty years (<https://doi.org/10.6028/NIST.SP.800-131Ar2>).
fn is_toy(key: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    // Both begin with a version of 0 and the modulus.
    let modulus = || {
        let (_, _, inside) = element(key).filter(|&(tag, length, rest)| tag == SEQUENCE && length == rest.len())?;
        let (_, length, rest) = element(inside.strip_prefix(&[INTEGER, 1, 0])?).filter(|found| found.0 == INTEGER)?;
        let number = rest.get(..length)?;
        Some(number.len() - usize::from(number.first() == Some(&0)))
    };
    modulus().is_some_and(|length| length < 1024 / 8)
}

/// An element of DER (ITU-T X.690): its tag, the length it says, and all that follows.
fn element(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    match bytes {
        [tag, length @ ..=0x7f, rest @ ..] => Some((*tag, (*length).into(), rest)),
        [tag, 0x81, length, rest @ ..] => Some((*tag, (*length).into(), rest)),
        [tag, 0x82, high, low, rest @ ..] => Some((*tag, u16::from_be_bytes([*high, *low]).into(), rest)),
        _ => None,
    }
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
pub(super) fn google_account(candidate: Candidate<'_>) -> Proof {
    let whole = candidate.whole();
    let key = memmem::find(whole, b"\"private_key\"").map(|at| candidate.whole.start + at..candidate.whole.end);
    match key {
        Some(range) => pem(Candidate { whole: &range, ..candidate }),
        None => Proof::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

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

    fn block(key: &[u8], end: &str) -> String {
        format!("-----BEGIN {} KEY-----\n{}{end}\n-----END {} KEY-----", "PRIVATE", BASE64.encode(key), "PRIVATE")
    }

    /// An RSA key as far as the modulus of so many bytes, and noise.
    fn rsa(modulus: u8) -> Vec<u8> {
        let noise = (0..u32::from(modulus) + 60).map(|i| (i * 97 % 251) as u8 | 1);
        let inside: Vec<u8> = [2, 1, 0, 2, 0x81, modulus].into_iter().chain(noise).collect();
        [&[0x30, 0x81, inside.len() as u8], inside.as_slice()].concat()
    }

    #[test]
    fn a_key_of_a_toys_size_is_doubted() {
        assert_eq!(run(pem, &block(&rsa(64), "")), Proof::Doubtful);
        assert_eq!(run(pem, &block(&rsa(128), "")), Proof::Proven);
        assert_eq!(run(pem, &block(&rsa(64)[..90], "")), Proof::Proven, "what does not read as one is not judged");
    }

    #[test]
    fn dots_stand_for_the_rest_of_a_key() {
        let key = &rsa(128)[..60];
        assert_eq!(run(pem, &block(key, "...")), Proof::Broken);
        assert_eq!(run(pem, &block(key, "\" . \"")), Proof::Proven, "a joint of strings");
    }

    #[test]
    fn a_key_that_names_a_cipher_is_encrypted() {
        let key = |cipher: &str| {
            let head = [b"openssh-key-v1\0\0\0\0".as_slice(), &[cipher.len() as u8], cipher.as_bytes()].concat();
            [head, rsa(128)].concat()
        };
        assert_eq!(run(pem, &block(&key("none"), "")), Proof::Proven);
        assert_eq!(run(pem, &block(&key("aes256-ctr"), "")), Proof::Doubtful);
    }
}
