//! Checksums inside tokens.

use super::{Candidate, Proof};

/// The last six characters of the text are the CRC-32 of the characters before it, in base 62.
pub(super) fn checksum_holds(text: &[u8]) -> Option<bool> {
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
pub(super) fn checksummed_token(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    let body = memchr::memchr(b'_', secret).and_then(|at| secret.get(at + 1..));
    match body.and_then(checksum_holds) {
        Some(true) => Proof::Proven,
        _ => Proof::Broken,
    }
}

/// GitHub has not published the checksum of fine-grained tokens: one that fits proves, one that does not says nothing.
pub(super) fn github_fine_grained(candidate: Candidate<'_>) -> Proof {
    let body = candidate.secret().rsplit(|b| *b == b'_').next();
    match body.and_then(checksum_holds) {
        Some(true) => Proof::Proven,
        _ => Proof::Plausible,
    }
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

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
}
