//! A group of records, told as one finding.

use super::alias::Group;
use super::reading::Probe;
use super::{fixes, severity};
use crate::model::{
    Advisory, AdvisoryKind, Confidence, Cvss, Ecosystem, Exploitation, Finding, FindingKind, Origin, Package,
    PackageId, Severity, fingerprint,
};

/// What all findings of a package say of it.
pub(super) struct Subject<'a> {
    package: &'a Package,
    id: PackageId,
    purl: String,
    /// Where it lies, without the artifacts' numbers: sorted, each once.
    paths: Vec<String>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(package: &'a Package) -> Subject<'a> {
        let mut paths: Vec<String> = package.locations.iter().map(|location| location.display("")).collect();
        paths.sort();
        paths.dedup();
        Subject { package, id: package.id(), purl: package.purl(), paths }
    }
}

/// What a group says of a version, whichever package of the name has it.
pub(super) struct Flaw<'a> {
    pub(super) kind: FindingKind,
    representative: &'a Advisory,
    aliases: &'a [String],
    severity: Severity,
    cvss: Option<Cvss>,
    title: String,
    confidence: Confidence,
    pub(super) fixed: Vec<String>,
}

impl<'a> Flaw<'a> {
    pub(super) fn of(group: &'a Group, version: &Probe, ecosystem: Ecosystem) -> Flaw<'a> {
        let kind = kind(group);
        let (rated, cvss) = severity::rate(group);
        Flaw {
            kind,
            representative: group.representative().record.advisory,
            aliases: &group.aliases,
            severity: match kind {
                FindingKind::Malicious => Severity::Critical,
                FindingKind::Informational => Severity::Low,
                _ => rated,
            },
            cvss,
            title: title(group),
            confidence: group.members.iter().map(|m| m.confidence).max().unwrap_or(Confidence::Low),
            fixed: fixes::fixes(group, version, ecosystem),
        }
    }

    /// The finding that it makes of a package.
    pub(super) fn finding(&self, subject: &Subject) -> Finding {
        let package = subject.package;
        Finding {
            kind: self.kind,
            id: self.representative.id.clone(),
            aliases: self.aliases.to_vec(),
            severity: self.severity,
            title: self.title.clone(),
            package: Some(subject.id.clone()),
            purl: Some(subject.purl.clone()),
            locations: package.locations.clone(),
            rule: None,
            confidence: self.confidence,
            redacted: None,
            fingerprint: identity(self.kind, &self.representative.id, subject),
            origin: Origin::Dependency,
            cvss: self.cvss.clone(),
            exploitation: Exploitation::default(),
            allowed_inline: false,
            verification: None,
            parts: Vec::new(),
            allowed_by: None,
            gates: !package.beside_installed,
            remediation: remediation(self.kind, package, &self.representative.kind, &self.fixed),
            fixed: self.fixed.clone(),
        }
    }
}

fn kind(group: &Group) -> FindingKind {
    let mut kinds = group.members.iter().map(|m| &m.record.advisory.kind);
    if kinds.clone().any(|kind| *kind == AdvisoryKind::Malicious) {
        FindingKind::Malicious
    } else if kinds.all(|kind| matches!(kind, AdvisoryKind::Informational(_))) {
        FindingKind::Informational
    } else {
        FindingKind::Vulnerability
    }
}

/// The first summary that says something, the representative's before the others'.
fn title(group: &Group) -> String {
    let mut summaries = group.members.iter().map(|m| m.record.advisory.summary.trim());
    match summaries.find(|summary| !summary.is_empty()) {
        Some(summary) => summary.to_owned(),
        None => format!("{} has no summary", group.representative().record.advisory.id),
    }
}

fn remediation(kind: FindingKind, package: &Package, advisory: &AdvisoryKind, fixed: &[String]) -> String {
    let name = &package.name;
    if let (FindingKind::Vulnerability, [parent, ..]) = (kind, package.embedded_in.as_slice()) {
        let parent = parent.0.as_str();
        return match fixed.first() {
            Some(version) => {
                format!("it is a copy inside {parent}: upgrade that to a release with {name} {version} or later")
            }
            None => format!("it is a copy inside {parent}; no fixed version is known"),
        };
    }
    match (kind, advisory, fixed.first()) {
        (FindingKind::Malicious, ..) => {
            format!("remove {name} and rotate every credential that the function can reach")
        }
        (_, _, Some(version)) => format!("upgrade {name} to {version}"),
        (_, AdvisoryKind::Informational(word), None) if word == "unmaintained" => {
            format!("replace {name}: nobody maintains it")
        }
        (_, _, None) => "no fixed version is known".to_owned(),
    }
}

/// Kind, id, package and logical paths. Not the lines within them, which move; not the artifacts' numbers, which change
/// when a layer is added. The package's id holds its version, since one lock file may name two versions of a package.
fn identity(kind: FindingKind, id: &str, subject: &Subject) -> String {
    let mut parts = vec![kind.word(), id, &subject.id.0];
    parts.extend(subject.paths.iter().map(String::as_str));
    fingerprint(&parts)
}
