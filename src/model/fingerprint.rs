//! Stable identities of findings.

use ring::digest::{Context, SHA256};

use super::hex;

/// 32 hexadecimal digits over the parts: the first half of a SHA-256. Each part goes in with its length, so that moving
/// a byte from one part to the next gives another fingerprint.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finish().as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_know_where_a_part_ends() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_ne!(fingerprint(&["a"]), fingerprint(&["a", ""]));
        assert_eq!(fingerprint(&["a", "b"]).len(), 32);
    }

    /// Baselines hold fingerprints, so this value may never change.
    #[test]
    fn fingerprints_stay_the_same_over_releases() {
        assert_eq!(fingerprint(&["vulnerability", "X-1"]), "5cf4ecfb5f32416d98d96791f094dd09");
    }
}
