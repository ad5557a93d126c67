//! Routable GitLab tokens: what they say about themselves.

use super::{Candidate, Proof};

/// Digits of the checksum.
const SUM: usize = 7;

/// Newer tokens name the cell that they belong to and end in a CRC-32 of all that stands before it, in base 36
/// (<https://docs.gitlab.com/security/tokens/#token-prefixes>, `RoutableTokenGenerator` in GitLab's source). Older ones
/// have neither: nothing speaks for or against them. A checksum that does not fit leaves a little doubt, no more: the
/// format has a version, and only its first is known.
pub(super) fn gitlab_token(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    if !secret.contains(&b'.') {
        return Proof::Plausible;
    }
    let Some((body, sum)) = secret.len().checked_sub(SUM).and_then(|at| secret.split_at_checked(at)) else {
        return Proof::Broken;
    };
    if sum == base36(crc32fast::hash(body)) { Proof::Proven } else { Proof::Doubtful }
}

fn base36(mut rest: u32) -> [u8; SUM] {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; SUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 36) as usize];
        rest /= 36;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn the_checksum_of_a_routable_token() {
        let body = ["glp", "at-bzox79Of-KE9FD2LjoXXF4CvyxA.01", ".0r"].concat();
        let sum = String::from_utf8(base36(crc32fast::hash(body.as_bytes())).to_vec()).unwrap();
        assert_eq!(run(gitlab_token, &format!("{body}{sum}")), Proof::Proven);
        assert_eq!(run(gitlab_token, &format!("{body}0000000")), Proof::Doubtful);
        assert_eq!(run(gitlab_token, &["glp", "at-Hxk64vTghza2pqlud-w1"].concat()), Proof::Plausible);
        assert_eq!(run(gitlab_token, ".a"), Proof::Broken);
    }

    #[test]
    fn base_36_has_its_known_values() {
        assert_eq!(&base36(0), b"0000000");
        assert_eq!(&base36(35), b"000000z");
        assert_eq!(&base36(u32::MAX), b"1z141z3");
    }
}
