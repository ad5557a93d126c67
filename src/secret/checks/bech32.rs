//! Keys in bech32, whose last six letters are a checksum.
//!
//! It finds every slip of up to four letters; a text that holds is proven.

use super::{Candidate, Proof};

const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Of the code that the checksum is a remainder of.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// A key of age: the part before the last `1` says what it is, the rest are digits in base 32
/// (<https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32>,
/// <https://github.com/C2SP/C2SP/blob/main/age.md#the-x25519-recipient-type>). A key that fails opens nothing, yet
/// people cripple keys by a letter or two before they show them, so that it still says where another may be.
pub(super) fn bech32(candidate: Candidate<'_>) -> Proof {
    let text = candidate.secret().to_ascii_lowercase();
    match memchr::memrchr(b'1', &text).and_then(|at| remainder(&text[..at], &text[at + 1..])) {
        Some(1) => Proof::Proven,
        _ => Proof::Doubtful,
    }
}

/// `None` if a letter is no digit.
fn remainder(kind: &[u8], digits: &[u8]) -> Option<u32> {
    let mut sum = 1;
    let high = kind.iter().map(|letter| u32::from(letter >> 5));
    let low = kind.iter().map(|letter| u32::from(letter & 31));
    for value in high.chain([0]).chain(low) {
        sum = step(sum, value);
    }
    for letter in digits {
        sum = step(sum, DIGITS.iter().position(|digit| digit == letter)? as u32);
    }
    Some(sum)
}

fn step(sum: u32, value: u32) -> u32 {
    let top = sum >> 25;
    let taken = (0..5).filter(|bit| top >> bit & 1 == 1).fold(0, |sum, bit| sum ^ GENERATOR[bit]);
    (sum & 0x01ff_ffff) << 5 ^ value ^ taken
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn a_text_of_the_specification_holds() {
        assert_eq!(run(bech32, "A12UEL5L"), Proof::Proven);
        assert_eq!(run(bech32, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"), Proof::Proven);
        assert_eq!(run(bech32, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxx"), Proof::Doubtful);
    }

    #[test]
    fn any_text_is_survived() {
        for text in ["", "1", "no", "A1b", "A12UELIL"] {
            assert_eq!(run(bech32, text), Proof::Doubtful, "{text}");
        }
    }
}
