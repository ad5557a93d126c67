//! Floor 2: the secret engine and its rules.
//!
//! One Aho-Corasick pass over the bytes finds the keywords of all rules at once; only around a hit does a rule look
//! closer, and never further than its own `max_len`. A rule either has a pattern (a regular expression over bytes) or is
//! read by a hand-written reader, for keywords so common that a regular expression around each would cost too much
//! (`password`, `token`, `://`). What is found is then judged by what is known about secrets: entropy, placeholders,
//! words, and where a format has them checksums and structure.
//!
//! Nothing here looks at a file's path: what keeps published packages quiet must hold for the function's own code too.
//! The engine cannot know whether a secret is still valid, nor whose it is; the audit says the latter.

mod assignment;
mod checks;
mod engine;
mod judge;
mod named;
mod place;
mod published;
mod redact;
mod rule;
mod shape;
mod surroundings;
mod text;
mod url;
mod windows;

pub use engine::Engine;
pub use rule::{Finder, Reader, Rule, RuleError};

/// The built-in rules, one file per family of vendors: the file's name and its text.
pub const RULE_FILES: &[(&str, &str)] = &[
    ("ai.toml", include_str!("rules/ai.toml")),
    ("aws.toml", include_str!("rules/aws.toml")),
    ("azure.toml", include_str!("rules/azure.toml")),
    ("chat.toml", include_str!("rules/chat.toml")),
    ("cloud.toml", include_str!("rules/cloud.toml")),
    ("commerce.toml", include_str!("rules/commerce.toml")),
    ("data.toml", include_str!("rules/data.toml")),
    ("delivery.toml", include_str!("rules/delivery.toml")),
    ("files.toml", include_str!("rules/files.toml")),
    ("generic.toml", include_str!("rules/generic.toml")),
    ("github.toml", include_str!("rules/github.toml")),
    ("gitlab.toml", include_str!("rules/gitlab.toml")),
    ("google.toml", include_str!("rules/google.toml")),
    ("identity.toml", include_str!("rules/identity.toml")),
    ("keys.toml", include_str!("rules/keys.toml")),
    ("mail.toml", include_str!("rules/mail.toml")),
    ("monitoring.toml", include_str!("rules/monitoring.toml")),
    ("registries.toml", include_str!("rules/registries.toml")),
    ("work.toml", include_str!("rules/work.toml")),
];

#[cfg(test)]
mod corpus;
