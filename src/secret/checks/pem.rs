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
}
