//! Whether a secret still opens anything: the question to its vendor, and the answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A read-only question to a vendor. Data of the secret's rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// An address over HTTPS; `{secret}` stands for the secret.
    pub url: String,
    /// Headers; `{secret}` stands for the secret.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// User and password of a basic authorization, as `user:password`; `{secret}` stands for the secret.
    pub basic: Option<String>,
    /// What is sent. Without it the question is a GET.
    pub post: Option<String>,
    /// Signed as Amazon's services ask for it (Signature Version 4), by the secret and the id it is found with.
    #[serde(default)]
    pub sigv4: bool,
    /// Statuses that say the secret works.
    pub live: Vec<u16>,
    /// Statuses that say it does not.
    pub dead: Vec<u16>,
    /// What an answer of a live status holds if the secret works, for vendors that answer 200 whatever it is.
    pub live_text: Option<String>,
}

/// What a vendor said of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It works.
    Live,
    /// It is refused.
    Dead,
    /// The vendor could not be asked, or its answer says neither.
    Unknown,
}

impl Answer {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Live => "live",
            Answer::Dead => "dead",
            Answer::Unknown => "unknown",
        }
    }
}

/// A question that was asked, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// What was said.
    pub answer: Answer,
    /// The host that was asked.
    pub asked: String,
    /// The status, or why there was none. Never anything that the vendor sent: it may hold the secret.
    pub detail: String,
}
