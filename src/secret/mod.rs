//! Floor 2: the secret engine and its rules.
//!
//! One pass over the bytes finds the keywords of all rules at once; only around a hit does a rule look
//! closer, and never further than its own `max_len`. A rule either has a pattern (a regular expression over bytes) or is
//! read by a hand-written reader, for keywords so common that a regular expression around each would cost too much
//! (`password`, `token`, `://`). What is found is then judged by what is known about secrets: entropy, placeholders,
//! words, and where a format has them checksums and structure.
//!
//! Nothing here looks at a file's path: what keeps published packages quiet must hold for the function's own code too.
//! The engine cannot know whether a secret is still valid, nor whose it is; the audit says the latter.

mod assignment;
mod checks;
mod constants;
mod cost;
pub mod custom;
mod decode;
mod engine;
mod judge;
mod keywords;
mod named;
mod place;
mod published;
mod redact;
mod rounds;
mod rule;
mod search;
mod shape;
mod surroundings;
mod text;
mod url;
mod windows;

pub use cost::Cost;
pub use engine::{Engine, LeftOut};
pub use rule::{Finder, Group, Reader, Rule, RuleError};

/// The built-in rules, one file per family of vendors: the file's name and its text.
pub const RULE_FILES: &[(&str, &str)] = &[
    ("access.toml", include_str!("rules/access.toml")),
    ("agents.toml", include_str!("rules/agents.toml")),
    ("ai.toml", include_str!("rules/ai.toml")),
    ("azure.toml", include_str!("rules/azure.toml")),
    ("azure_services.toml", include_str!("rules/azure_services.toml")),
    ("backends.toml", include_str!("rules/backends.toml")),
    ("billing.toml", include_str!("rules/billing.toml")),
    ("builders.toml", include_str!("rules/builders.toml")),
    ("builds.toml", include_str!("rules/builds.toml")),
    ("business.toml", include_str!("rules/business.toml")),
    ("chains.toml", include_str!("rules/chains.toml")),
    ("chat.toml", include_str!("rules/chat.toml")),
    ("chats.toml", include_str!("rules/chats.toml")),
    ("checkouts.toml", include_str!("rules/checkouts.toml")),
    ("cloud.toml", include_str!("rules/cloud.toml")),
    ("cloud_accounts.toml", include_str!("rules/cloud_accounts.toml")),
    ("clusters.toml", include_str!("rules/clusters.toml")),
    ("commerce.toml", include_str!("rules/commerce.toml")),
    ("customers.toml", include_str!("rules/customers.toml")),
    ("data.toml", include_str!("rules/data.toml")),
    ("delivery.toml", include_str!("rules/delivery.toml")),
    ("exchanges.toml", include_str!("rules/exchanges.toml")),
    ("encoded.toml", include_str!("rules/encoded.toml")),
    ("files.toml", include_str!("rules/files.toml")),
    ("generic.toml", include_str!("rules/generic.toml")),
    ("github.toml", include_str!("rules/github.toml")),
    ("gitlab.toml", include_str!("rules/gitlab.toml")),
    ("google.toml", include_str!("rules/google.toml")),
    ("hashicorp.toml", include_str!("rules/hashicorp.toml")),
    ("hosting.toml", include_str!("rules/hosting.toml")),
    ("identity.toml", include_str!("rules/identity.toml")),
    ("inference.toml", include_str!("rules/inference.toml")),
    ("infrastructure.toml", include_str!("rules/infrastructure.toml")),
    ("keys.toml", include_str!("rules/keys.toml")),
    ("language.toml", include_str!("rules/language.toml")),
    ("ledgers.toml", include_str!("rules/ledgers.toml")),
    ("logs.toml", include_str!("rules/logs.toml")),
    ("lookups.toml", include_str!("rules/lookups.toml")),
    ("mail.toml", include_str!("rules/mail.toml")),
    ("markets.toml", include_str!("rules/markets.toml")),
    ("media.toml", include_str!("rules/media.toml")),
    ("messaging.toml", include_str!("rules/messaging.toml")),
    ("models.toml", include_str!("rules/models.toml")),
    ("monitoring.toml", include_str!("rules/monitoring.toml")),
    ("networks.toml", include_str!("rules/networks.toml")),
    ("news.toml", include_str!("rules/news.toml")),
    ("notifications.toml", include_str!("rules/notifications.toml")),
    ("office.toml", include_str!("rules/office.toml")),
    ("offices.toml", include_str!("rules/offices.toml")),
    ("operations.toml", include_str!("rules/operations.toml")),
    ("outreach.toml", include_str!("rules/outreach.toml")),
    ("payments.toml", include_str!("rules/payments.toml")),
    ("people.toml", include_str!("rules/people.toml")),
    ("places.toml", include_str!("rules/places.toml")),
    ("platforms.toml", include_str!("rules/platforms.toml")),
    ("questions.toml", include_str!("rules/questions.toml")),
    ("registries.toml", include_str!("rules/registries.toml")),
    ("serverless.toml", include_str!("rules/serverless.toml")),
    ("signin.toml", include_str!("rules/signin.toml")),
    ("social.toml", include_str!("rules/social.toml")),
    ("testing.toml", include_str!("rules/testing.toml")),
    ("tools.toml", include_str!("rules/tools.toml")),
    ("wallets.toml", include_str!("rules/wallets.toml")),
    ("work.toml", include_str!("rules/work.toml")),
    // Last, since of two equal claims the first wins: `secret_key` and 40 characters fit other vendors too.
    ("aws.toml", include_str!("rules/aws.toml")),
];

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod linear;
