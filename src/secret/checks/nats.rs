//! NATS nkeys: base 32 with a checksum inside.

use super::{Candidate, Proof};

/// Bytes of a decoded seed: two of prefix, 32 of the Ed25519 seed, two of checksum.
const SEED: usize = 36;

/// A seed decodes to its prefix, the key and a CRC-16 (XMODEM, little-endian) of both
/// (<https://github.com/nats-io/nkeys#nkeys>).
pub(super) fn nats_seed(candidate: Candidate<'_>) -> Proof {
    let Some(seed) = base32(candidate.secret()).filter(|seed| seed.len() == SEED) else { return Proof::Broken };
    let (body, sum) = seed.split_at(SEED - 2);
    if crc16(body).to_le_bytes() == sum { Proof::Proven } else { Proof::Broken }
}

/// Base 32 without padding (<https://www.rfc-editor.org/rfc/rfc4648#section-6>); bits that make no whole byte are left out.
fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut held) = (0u32, 0);
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    for digit in text {
        let five = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 & 0xFFFF | u32::from(five);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    Some(out)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn the_checksum_has_its_known_value() {
        // The check value of CRC-16/XMODEM.
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(base32(b"MZXW6YTB").as_deref(), Some(b"fooba".as_slice()));
        assert_eq!(base32(b"MZXW6YT1"), None);
    }

    #[test]
    fn a_seed_vouches_for_itself() {
        // The user seed that the nkeys documentation shows.
        let seed = ["SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6", "BFDTJ7M6USDXIEDNPPQYYYCU3VY"].concat();
        assert_eq!(run(nats_seed, &seed), Proof::Proven);
        assert_eq!(run(nats_seed, &seed.replacen("SSL", "SSM", 1)), Proof::Broken);
        assert_eq!(run(nats_seed, "SU"), Proof::Broken);
    }
}
