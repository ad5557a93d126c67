//! The example's secrets, in parts: joined they have the shape and the checksum of real ones, and open nothing.

/// Name of a placeholder, and the parts that make its value.
///
/// GitHub's and npm's tokens end in the CRC-32 of the 30 characters before it, in base 62
/// (<https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>).
const PLANTED: [(&str, &[&str]); 4] = [
    ("github-token", &["gh", "p_", "jQShEQFdlb", "nnNTTYI2aQ", "mFfee2HZIq", "3JVt9t"]),
    ("npm-token", &["np", "m_", "sCuJqckfeV", "7VQmJFhZs6", "r8FQJSU78J", "1NWOUo"]),
    ("slack-bot-token", &["xo", "xb-", "789651826756", "-7349518136335", "-zAnSAxNbmVIh", "r7kJ2zz6KiHI"]),
    ("stripe-live-key", &["sk_", "live_", "mfJr8dwSnh65", "Zw5WnOFHAcYX"]),
];

/// Puts every secret in the place of its `@@name@@`.
///
/// # Panics
/// On a placeholder that the table lacks.
pub fn plant(text: &str) -> String {
    let filled = PLANTED
        .iter()
        .fold(text.to_owned(), |text, (name, parts)| text.replace(&format!("@@{name}@@"), &parts.concat()));
    assert!(!filled.contains("@@"), "a placeholder is not in the table");
    filled
}

/// Every secret.
pub fn all() -> impl Iterator<Item = String> {
    PLANTED.iter().map(|(_, parts)| parts.concat())
}

#[test]
fn checksums_of_planted_tokens_are_right() {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for name in ["github-token", "npm-token"] {
        let token = plant(&format!("@@{name}@@"));
        let (body, sum) = token[4..].split_at(30);
        let mut rest = crc32fast::hash(body.as_bytes());
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(rest % 62) as usize];
            rest /= 62;
        }
        assert!(sum.as_bytes() == digits, "{name}");
    }
}
