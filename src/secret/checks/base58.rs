//! Keys of accounts on Bitcoin-like chains: base 58 with a checksum.
//!
//! Four bytes of checksum leave one accident in four thousand million, so a key that holds is proven and one that does
//! not is none. It cannot tell a key with money behind it from one of a test vector.

use super::{Candidate, Proof};

const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Bytes of the longest text of this kind, an extended key: 78 and the checksum.
const MOST: usize = 82;

/// The last four bytes are the first four of the SHA-256, taken twice, of the bytes before them
/// (<https://en.bitcoin.it/wiki/Base58Check_encoding>).
pub(super) fn base58(candidate: Candidate<'_>) -> Proof {
    let Some(bytes) = decode(candidate.secret()) else { return Proof::Broken };
    let Some((body, sum)) = bytes.split_at_checked(bytes.len().saturating_sub(4)) else { return Proof::Broken };
    let twice = digest(digest(body).as_ref());
    if !body.is_empty() && twice.as_ref().starts_with(sum) { Proof::Proven } else { Proof::Broken }
}

fn digest(bytes: &[u8]) -> ring::digest::Digest {
    ring::digest::digest(&ring::digest::SHA256, bytes)
}

/// The bytes of a number in base 58, the highest first; no leading zeroes, which no private key has.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut low_first: Vec<u8> = Vec::with_capacity(MOST);
    for letter in text {
        let mut carry = DIGITS.iter().position(|digit| digit == letter)?;
        for byte in &mut low_first {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            low_first.push(carry as u8);
        }
        if low_first.len() > MOST {
            return None;
        }
    }
    low_first.reverse();
    Some(low_first)
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    /// The example of the format's own page, in parts.
    fn page() -> String {
        ["5HueCGU8rMjxEXxiPuD5", "BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"].concat()
    }

    #[test]
    fn a_key_holds_its_checksum() {
        assert_eq!(run(base58, &page()), Proof::Proven);
        assert_eq!(run(base58, &page().replace("GU8", "GU9")), Proof::Broken);
        assert_eq!(run(base58, &page().replace("GU8", "G08")), Proof::Broken);
    }

    #[test]
    fn any_text_is_survived() {
        for text in ["", "1", "z", "5Hue", &"z".repeat(400)] {
            assert_eq!(run(base58, text), Proof::Broken, "{text}");
        }
    }
}
