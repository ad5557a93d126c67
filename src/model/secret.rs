//! A leaked secret, and the type that keeps its value from leaking again.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{AllowedBy, Confidence, Location, Severity, sha256};

/// A secret's value in memory.
///
/// It has no `Display`, no `Serialize` and a `Debug` that shows nothing: no output, log, state file or panic message
/// can hold it. It is overwritten when it is dropped.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretValue(Vec<u8>);

impl SecretValue {
    /// Takes a copy of the bytes.
    pub fn new(bytes: &[u8]) -> SecretValue {
        SecretValue(bytes.to_vec())
    }

    /// The bytes, for comparing and hashing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from removing a write that nobody reads, without `unsafe`.
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// Makes what is stored in the place of values: an HMAC-SHA256 under a key that never leaves its machine. Equal values
/// have equal seals; to whoever lacks the key they say nothing.
#[derive(Debug)]
pub struct Sealer(hmac::Key);

impl Sealer {
    /// Seals with this key.
    pub fn new(key: &[u8; 32]) -> Sealer {
        Sealer(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The seal of a value.
    pub fn seal(&self, value: &SecretValue) -> SecretValue {
        self.seal_of(&sha256(value.expose()))
    }

    /// The seal of a value of which only the SHA-256 is known, in hexadecimal: policies name values so.
    pub fn seal_of(&self, digest: &str) -> SecretValue {
        SecretValue::new(hmac::sign(&self.0, digest.as_bytes()).as_ref())
    }
}

/// What the secret engine found at one place. Written down, it is without its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretMatch {
    /// The rule's id.
    pub rule: String,
    /// Only the words beside it tell that it is one: no vendor's format speaks for it.
    pub generic: bool,
    /// What kind of secret it is, for people.
    pub title: String,
    /// How bad a leak of it is.
    pub severity: Severity,
    /// How sure we are that it is one.
    pub confidence: Confidence,
    /// At most a known prefix and the length: `ghp_...(40)`.
    pub redacted: String,
    /// The exact place.
    pub location: Location,
    /// The value, joined with equal ones within the target and then dropped.
    #[serde(skip)]
    pub value: SecretValue,
    /// How to revoke it.
    pub remediation: String,
    /// An inline allow-comment stands beside it (counts in first-party code only).
    pub allowed_inline: bool,
    /// An allow-list that the user brought covers it.
    pub allowed_by: Option<AllowedBy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let text = ["hun", "ter2"].concat();
        let shown = format!("{:?} {:#?}", SecretValue::new(text.as_bytes()), SecretValue::new(text.as_bytes()));
        assert!(!shown.contains(&text));
        assert!(!shown.contains("104"), "bytes are not shown as numbers either");
    }
}
