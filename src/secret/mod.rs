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
mod avx2;
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
    ("ai_hosting.toml", include_str!("rules/ai_hosting.toml")),
    ("ai_models.toml", include_str!("rules/ai_models.toml")),
    ("ai_speech.toml", include_str!("rules/ai_speech.toml")),
    ("ai_tasks.toml", include_str!("rules/ai_tasks.toml")),
    ("ai_tools.toml", include_str!("rules/ai_tools.toml")),
    ("analytics.toml", include_str!("rules/analytics.toml")),
    ("aws.toml", include_str!("rules/aws.toml")),
    ("azure.toml", include_str!("rules/azure.toml")),
    ("banking.toml", include_str!("rules/banking.toml")),
    ("billing.toml", include_str!("rules/billing.toml")),
    ("blockchain.toml", include_str!("rules/blockchain.toml")),
    ("chat.toml", include_str!("rules/chat.toml")),
    ("ci.toml", include_str!("rules/ci.toml")),
    ("cloud.toml", include_str!("rules/cloud.toml")),
    ("cloud_asia.toml", include_str!("rules/cloud_asia.toml")),
    ("cloud_europe.toml", include_str!("rules/cloud_europe.toml")),
    ("code_hosts.toml", include_str!("rules/code_hosts.toml")),
    ("commerce.toml", include_str!("rules/commerce.toml")),
    ("content.toml", include_str!("rules/content.toml")),
    ("crm.toml", include_str!("rules/crm.toml")),
    ("data.toml", include_str!("rules/data.toml")),
    ("databases.toml", include_str!("rules/databases.toml")),
    ("developer_tools.toml", include_str!("rules/developer_tools.toml")),
    ("documents.toml", include_str!("rules/documents.toml")),
    ("edge.toml", include_str!("rules/edge.toml")),
    ("email.toml", include_str!("rules/email.toml")),
    ("exchanges.toml", include_str!("rules/exchanges.toml")),
    ("feature_flags.toml", include_str!("rules/feature_flags.toml")),
    ("files.toml", include_str!("rules/files.toml")),
    ("generic.toml", include_str!("rules/generic.toml")),
    ("github.toml", include_str!("rules/github.toml")),
    ("gitlab.toml", include_str!("rules/gitlab.toml")),
    ("google.toml", include_str!("rules/google.toml")),
    ("hashicorp.toml", include_str!("rules/hashicorp.toml")),
    ("hosting.toml", include_str!("rules/hosting.toml")),
    ("hr.toml", include_str!("rules/hr.toml")),
    ("identity.toml", include_str!("rules/identity.toml")),
    ("incidents.toml", include_str!("rules/incidents.toml")),
    ("keys.toml", include_str!("rules/keys.toml")),
    ("kubernetes.toml", include_str!("rules/kubernetes.toml")),
    ("logging.toml", include_str!("rules/logging.toml")),
    ("maps.toml", include_str!("rules/maps.toml")),
    ("marketing.toml", include_str!("rules/marketing.toml")),
    ("markets.toml", include_str!("rules/markets.toml")),
    ("media.toml", include_str!("rules/media.toml")),
    ("meetings.toml", include_str!("rules/meetings.toml")),
    ("messengers.toml", include_str!("rules/messengers.toml")),
    ("monitoring.toml", include_str!("rules/monitoring.toml")),
    ("networks.toml", include_str!("rules/networks.toml")),
    ("packages.toml", include_str!("rules/packages.toml")),
    ("payments.toml", include_str!("rules/payments.toml")),
    ("payments_world.toml", include_str!("rules/payments_world.toml")),
    ("public_data.toml", include_str!("rules/public_data.toml")),
    ("push.toml", include_str!("rules/push.toml")),
    ("sales.toml", include_str!("rules/sales.toml")),
    ("scraping.toml", include_str!("rules/scraping.toml")),
    ("search.toml", include_str!("rules/search.toml")),
    ("security.toml", include_str!("rules/security.toml")),
    ("shipping_travel.toml", include_str!("rules/shipping_travel.toml")),
    ("social.toml", include_str!("rules/social.toml")),
    ("storage.toml", include_str!("rules/storage.toml")),
    ("support.toml", include_str!("rules/support.toml")),
    ("telephony.toml", include_str!("rules/telephony.toml")),
    ("testing.toml", include_str!("rules/testing.toml")),
    ("work.toml", include_str!("rules/work.toml")),
];

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod linear;
