//! Something that somebody should know or act on.

use serde::{Deserialize, Serialize};

use super::{Cvss, Exploitation, Location, PackageId, Severity, Verification};

/// What a finding speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingKind {
    /// The package is malware.
    Malicious,
    /// The package has a known flaw.
    Vulnerability,
    /// A leaked secret.
    Secret,
    /// A file differs from what its package says.
    Integrity,
    /// The runtime is past, or near, the end of its life.
    Runtime,
    /// The function's configuration lets it do what it should not.
    Posture,
    /// The function's own code does what it should not.
    Code,
    /// Worth knowing, not a flaw (unmaintained, unsound).
    Informational,
}

impl FindingKind {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::Malicious => "malicious",
            FindingKind::Vulnerability => "vulnerability",
            FindingKind::Secret => "secret",
            FindingKind::Integrity => "integrity",
            FindingKind::Runtime => "runtime",
            FindingKind::Posture => "posture",
            FindingKind::Code => "code",
            FindingKind::Informational => "informational",
        }
    }
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Worth a look.
    Low,
    /// Probably.
    Medium,
    /// A checksum, an exact version or a format that nothing else has.
    High,
}

impl Confidence {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// Whose it is. Orders and groups, never drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The function's own code.
    Own,
    /// A variable of the function's environment.
    Environment,
    /// A file of an installed package.
    Dependency,
}

impl Origin {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Own => "own",
            Origin::Environment => "environment",
            Origin::Dependency => "dependency",
        }
    }
}

/// Who allows a finding. Never an artifact: it could speak for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AllowedBy {
    /// Where that is written: `.gitleaks.toml:7`.
    pub by: String,
    /// Why, in the words of whoever wrote it.
    pub reason: String,
}

/// A finding, before policy has judged it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it speaks of.
    pub kind: FindingKind,
    /// The advisory's or the rule's id.
    pub id: String,
    /// Other ids of the same thing, sorted, without `id`.
    pub aliases: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// One line for people.
    pub title: String,
    /// The package concerned: the vulnerable one, or the one whose file holds the secret.
    pub package: Option<PackageId>,
    /// That package's purl.
    pub purl: Option<String>,
    /// Versions that are no longer affected: the same branch first, then ascending. Empty where no fix is known.
    pub fixed: Vec<String>,
    /// Every place: of a package in its own order, else sorted.
    pub locations: Vec<Location>,
    /// The secret rule's id.
    pub rule: Option<String>,
    /// How sure we are.
    pub confidence: Confidence,
    /// The secret's shape: at most a known prefix and the length.
    pub redacted: Option<String>,
    /// Stable over runs and line moves, 32 hexadecimal digits.
    pub fingerprint: String,
    /// The fingerprints of the secrets that were joined into this finding; empty where nothing was.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Whose it is.
    pub origin: Origin,
    /// The worst scored vector of the newest type.
    pub cvss: Option<Cvss>,
    /// What is known of the exploitation of its CVEs.
    pub exploitation: Exploitation,
    /// Whether it may stop a build. False for packages that a lock file names beside an installed tree without them.
    pub gates: bool,
    /// An inline allow-comment stands beside it; policy decides whether its author may say so.
    pub allowed_inline: bool,
    /// What the vendor said of the secret, where it was asked.
    pub verification: Option<Verification>,
    /// An allow-list that the user brought covers all of its places.
    pub allowed_by: Option<AllowedBy>,
    /// What to do about it.
    pub remediation: String,
}
