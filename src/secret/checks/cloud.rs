//! Key ids and keys of cloud providers.

use base64::Engine as _;

use super::{BASE64, Candidate, Proof, is_text};

/// Key ids since 2019 hold the account's number: 40 bits behind the first bit of the base-32 digits. A number has at
/// most 12 decimal digits
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>).
pub(super) fn aws_key_id(candidate: Candidate<'_>) -> Proof {
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
pub(super) fn azure_storage_key(candidate: Candidate<'_>) -> Proof {
    match BASE64.decode(candidate.secret()) {
        Ok(key) if key.len() == 64 && !is_text(&key) => Proof::Proven,
        _ => Proof::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn an_aws_key_id_names_its_account() {
        assert_eq!(run(aws_key_id, &["AKIA", "QYLPMN5HFIQR", "7XYA"].concat()), Proof::Proven);
        assert_eq!(run(aws_key_id, &["AKIA", "7777777777", "777777"].concat()), Proof::Doubtful);
        assert_eq!(run(aws_key_id, &["AKIA", "IOSFODNN7", "ABCDEFG"].concat()), Proof::Plausible);
        assert_eq!(run(aws_key_id, &["AKIA", "I0SFODNN7", "ABCDEFG"].concat()), Proof::Broken);
    }
}
