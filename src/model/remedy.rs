//! What would close findings of a package.

use serde::{Deserialize, Serialize};

use super::PackageId;

/// A release of a package that closes some of its findings and brings no flaw that the database knows of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remedy {
    /// The package, as it is now.
    pub package: PackageId,
    /// The release, as an advisory writes it.
    pub version: String,
    /// Fingerprints of the findings that it closes: sorted, never empty.
    pub closes: Vec<String>,
}
