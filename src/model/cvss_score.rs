//! A CVSS vector with its score.

use serde::{Deserialize, Serialize};

/// A vector that was read and scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// As the record writes it.
    pub vector: String,
    /// Base score, 0.0 to 10.0.
    pub score: f64,
}
