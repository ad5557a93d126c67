//! A group of records, told as one finding.

use super::alias::Group;
use super::{fixes, severity};
use crate::model::{
    AdvisoryKind, Confidence, Exploitation, Finding, FindingKind, Origin, Package, Severity, fingerprint,
};

/// The finding that a group makes of a package.
pub(super) fn assemble(package: &Package, version: &str, group: &Group) -> Finding {
    let key = package.key();
    let representative = group.representative().advisory;
    let kind = kind(group);
    let (rated, cvss) = severity::rate(group, &key);
    let severity = match kind {
        FindingKind::Malicious => Severity::Critical,
        FindingKind::Informational => Severity::Low,
        _ => rated,
    };
    let fixed = fixes::fixes(group, &key, version);
    Finding {
        kind,
        id: representative.id.clone(),
        aliases: group.aliases.clone(),
        severity,
        title: title(group),
        package: Some(package.id()),
        purl: Some(package.purl()),
        locations: package.locations.clone(),
        rule: None,
        confidence: group.members.iter().map(|m| m.confidence).max().unwrap_or(Confidence::Low),
        redacted: None,
        fingerprint: identity(kind, &representative.id, package),
        origin: Origin::Dependency,
        cvss,
        exploitation: Exploitation::default(),
        allowed_inline: false,
        gates: !package.beside_installed,
        remediation: remediation(kind, package, &representative.kind, &fixed),
        fixed,
    }
}

fn kind(group: &Group) -> FindingKind {
    let mut kinds = group.members.iter().map(|m| &m.advisory.kind);
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
    let mut summaries = group.members.iter().map(|m| m.advisory.summary.trim());
    match summaries.find(|summary| !summary.is_empty()) {
        Some(summary) => summary.to_owned(),
        None => format!("{} has no summary", group.representative().advisory.id),
    }
}

fn remediation(kind: FindingKind, package: &Package, advisory: &AdvisoryKind, fixed: &[String]) -> String {
    let name = &package.name;
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
fn identity(kind: FindingKind, id: &str, package: &Package) -> String {
    let package_id = package.id().0;
    let mut paths: Vec<String> = package.locations.iter().map(|location| location.display("")).collect();
    paths.sort();
    paths.dedup();
    let mut parts = vec![kind.word(), id, &package_id];
    parts.extend(paths.iter().map(String::as_str));
    fingerprint(&parts)
}
