//! What may be shown of a secret: the public prefix of its format and its length.

use super::rule::{Finder, Rule};

/// A prefix is shown only where at least this much stays hidden; of a short secret a prefix would be a hint.
const MIN_HIDDEN: usize = 8;

/// `ghp_…(40)` where the secret has a public prefix, `…(24)` otherwise. The length counts bytes.
pub fn redact(rule: &Rule, secret: &[u8]) -> String {
    format!("{}…({})", public_prefix(rule, secret), secret.len())
}

/// What everybody knows of a secret: the keyword of its rule that it begins with, as the rule writes it.
pub fn public_prefix<'a>(rule: &'a Rule, secret: &[u8]) -> &'a str {
    match rule.finder {
        // Keywords of readers are names such as `password`; a value that begins so would show its own bytes.
        Finder::Reader(_) => "",
        // Those of a rule from elsewhere may spell out the secret itself.
        _ if rule.custom.is_some() => "",
        Finder::Pattern(_) | Finder::Named(_) => rule
            .keywords
            .iter()
            .filter(|k| secret.starts_with(k.as_bytes()) && secret.len() >= k.len() + MIN_HIDDEN)
            .max_by_key(|k| k.len())
            .map_or("", String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Engine;
    use super::*;

    fn rule(id: &str) -> &'static Rule {
        Engine::builtin().rules().iter().find(|rule| rule.id == id).expect("a built-in rule")
    }

    #[test]
    fn only_a_public_prefix_is_shown() {
        assert_eq!(
            redact(rule("github-personal-access-token"), &[b"ghp".as_slice(), &[b'_'; 37]].concat()),
            "ghp_…(40)"
        );
        assert_eq!(redact(rule("github-personal-access-token"), b"ghp_short"), "…(9)");
        assert_eq!(redact(rule("generic-password"), b"password-and-more"), "…(17)");
    }
}
