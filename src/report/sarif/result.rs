//! One result: a finding, in the archive that is a file and at its place inside.

use serde_json::{Value, json};

use super::rules::sentence;
use crate::model::{ArtifactRole, Finding, FindingKind, Location, Severity};
use crate::policy::{Judged, State, Target};
use crate::report::escape::escape;
use crate::report::facts::{Known, percent, waiver};
use crate::report::place;

/// Locations that GitHub shows of one result; the rest is counted.
const LOCATIONS: usize = 100;

/// The target that a result belongs to.
pub(super) struct Place<'a> {
    pub target: &'a Target,
    /// The indexes of its artifacts among those of the run.
    pub artifacts: &'a [usize],
}

/// The result of a finding. `baseline`: findings were compared with older ones.
pub(super) fn result(judged: &Judged, place: &Place<'_>, known: &Known<'_>, rule: usize, baseline: bool) -> Value {
    let finding = &judged.finding;
    let locations = finding.locations.iter().take(LOCATIONS).map(|one| location(one, place));
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(judged),
        "message": { "text": message(finding, place, known) },
        "locations": if finding.locations.is_empty() { vec![nowhere(place)] } else { locations.collect() },
        "partialFingerprints": {
            // What GitHub tells alerts apart by; its own would be a hash of the archive's first line.
            "primaryLocationLineHash": format!("{}:1", finding.fingerprint),
            "tidewaiter/v1": finding.fingerprint,
        },
        "suppressions": judged.waived.as_ref().map(|waived| json!([{
            "kind": if waived.by == "inline" { "inSource" } else { "external" },
            "status": "accepted",
            "justification": waiver(waived),
        }])),
        "baselineState": baseline.then_some(if judged.state == State::Existing { "unchanged" } else { "new" }),
        "properties": {
            "kind": finding.kind.word(),
            "target": place.target.scan.name,
            "severity": finding.severity.word(),
            "confidence": finding.confidence.word(),
            "origin": finding.origin.word(),
            "package": finding.purl,
            "aliases": finding.aliases,
            "fixed": finding.fixed,
            "cvss": finding.cvss.as_ref().map(|cvss| &cvss.vector),
            "epss": finding.exploitation.epss.map(|epss| epss.score),
            "knownExploited": finding.exploitation.kev.is_some(),
            "redacted": finding.redacted,
            "violates": judged.violates,
            "locationsLeftOut": finding.locations.len().checked_sub(LOCATIONS + 1).map(|more| more + 1),
        },
    })
}

fn level(judged: &Judged) -> &'static str {
    match (judged.violates, judged.finding.kind, judged.finding.severity) {
        (true, ..) => "error",
        (_, FindingKind::Informational, _) | (_, _, Severity::Low) => "note",
        _ => "warning",
    }
}

/// GitHub's number from 0 to 10 as text: the score, else one in the middle of the word's range; malware needs none.
/// Nothing where nothing is known.
pub(super) fn severity(finding: &Finding) -> Option<String> {
    let middle = match (finding.kind, finding.severity) {
        (FindingKind::Malicious, _) => 10.0,
        (_, Severity::Critical) => 9.5,
        (_, Severity::High) => 8.0,
        (_, Severity::Medium) => 5.5,
        (_, Severity::Low) => 2.0,
        (_, Severity::Unknown) => return None,
    };
    // A score in another range than the word would show another severity than all other reports do.
    let scored = finding.cvss.as_ref().map(|cvss| cvss.score);
    let score = scored.filter(|score| Severity::from_score(*score) == finding.severity).unwrap_or(middle);
    Some(format!("{score:.1}"))
}

fn message(finding: &Finding, place: &Place<'_>, known: &Known<'_>) -> String {
    let artifacts = &place.target.scan.artifacts;
    let at = finding.locations.first().map(|first| format!("At {}.", place::exact(first, artifacts)));
    let shape = finding.redacted.as_ref().map(|shape| format!("Its shape: {shape}."));
    let parts = [Some(sentence(&known.headline(finding))), at, shape, Some(sentence(&finding.remediation))];
    text(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Plain text of a message in which nothing is a link (section 3.11.6) or hidden.
pub(super) fn text(raw: &str) -> String {
    let text = escape(raw).replace("](", "] (");
    if text.trim().is_empty() { "(no text)".to_owned() } else { text }
}

fn location(location: &Location, place: &Place<'_>) -> Value {
    let artifacts = &place.target.scan.artifacts;
    let (file, line) = place::file(location, artifacts);
    let role = artifacts.get(location.artifact).map(|artifact| artifact.role);
    // Only the artifact itself is in the run's list, not what lies in a folder.
    let listed = artifacts.get(location.artifact).filter(|artifact| artifact.path == file);
    let index = listed.and_then(|_| place.artifacts.get(location.artifact));
    let logical = json!({
        "name": location.innermost(),
        "fullyQualifiedName": place::exact(location, artifacts),
        "kind": if role == Some(ArtifactRole::Environment) { "variable" } else { "resource" },
    });
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&file), "index": index },
            "region": { "startLine": line },
        },
        "logicalLocations": if location.path.is_empty() { None } else { Some([logical]) },
    })
}

/// A service shows nothing that has no place: the target's first file.
fn nowhere(place: &Place<'_>) -> Value {
    location(&Location::artifact(0), place)
}

/// A path as a reference: relative to the repository's root, or of the scheme `file`. Never empty: for GitHub that is
/// none, and for the format the document itself.
pub(super) fn uri(path: &str) -> String {
    let path = percent(&path.replace('\\', "/"));
    if path.starts_with('/') {
        return format!("file://{path}");
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference() {
        for (path, expected) in [
            (".", "."),
            ("./", "."),
            (".//./", "."),
            ("", "."),
            ("./a//b/./c d/", "a/b/c%20d"),
            ("../fn.zip", "../fn.zip"),
            ("a\\b.zip", "a/b.zip"),
            ("/tmp/fn.zip", "file:///tmp/fn.zip"),
            ("-", "-"),
        ] {
            assert_eq!(uri(path), expected, "{path}");
        }
    }
}
