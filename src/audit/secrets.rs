//! Joins what the secret engine saw: equal values become one finding, whose it is comes from who owns the file.

use std::collections::BTreeMap;

use globset::GlobSet;

use super::overlay::Laid;
use crate::model::{
    Artifact, ArtifactRole, Exploitation, Finding, FindingKind, Location, Origin, PackageId, SecretMatch, fingerprint,
    purl,
};

/// Joins matches of one target.
pub(super) fn join(matches: Vec<SecretMatch>, laid: &Laid, artifacts: &[Artifact], own: &GlobSet) -> Vec<Finding> {
    // By rule and value: the values are compared here, in memory, and dropped with the matches.
    let mut groups: BTreeMap<(&str, &[u8]), Vec<&SecretMatch>> = BTreeMap::new();
    for one in &matches {
        groups.entry((&one.rule, one.value.expose())).or_default().push(one);
    }
    let mut findings: Vec<Finding> = groups
        .into_values()
        .map(|mut group| {
            group.sort_by(|a, b| a.location.cmp(&b.location));
            finding(&group, laid, artifacts, own)
        })
        .collect();
    // The order of the values must not show, not even as an order.
    findings.sort_by(|a, b| (&a.locations, &a.id).cmp(&(&b.locations, &b.id)));
    number(&mut findings);
    findings
}

/// Whose a place is.
struct Holder {
    origin: Origin,
    package: Option<(PackageId, String)>,
}

fn holder(place: &Location, laid: &Laid, artifacts: &[Artifact], own: &GlobSet) -> Holder {
    if artifacts.get(place.artifact).is_some_and(|artifact| artifact.role == ArtifactRole::Environment) {
        return Holder { origin: Origin::Environment, package: None };
    }
    match laid.owner_of(place) {
        None => Holder { origin: Origin::Own, package: None },
        Some(owner) => {
            let purl = purl(owner.ecosystem, &owner.name, owner.version.as_deref());
            let id = laid.id_of(&purl);
            let origin = if own.is_match(&owner.name) { Origin::Own } else { Origin::Dependency };
            Holder { origin, package: Some((id, purl)) }
        }
    }
}

/// One finding of all places that hold one value. The group is not empty.
fn finding(group: &[&SecretMatch], laid: &Laid, artifacts: &[Artifact], own: &GlobSet) -> Finding {
    // The function's own places first: they decide whose the secret is.
    let mut places: Vec<(Holder, &SecretMatch)> =
        group.iter().map(|one| (holder(&one.location, laid, artifacts, own), *one)).collect();
    places.sort_by(|a, b| (a.0.origin, &a.1.location).cmp(&(b.0.origin, &b.1.location)));
    let mut locations: Vec<Location> = places.iter().map(|(_, one)| one.location.clone()).collect();
    locations.dedup();
    let inline = |(holder, one): &(Holder, &SecretMatch)| one.allowed_inline && holder.origin != Origin::Dependency;
    let allowed_inline = places.iter().all(inline);
    // One place that nobody allows is enough to count.
    let allowed = places.iter().all(|place| inline(place) || place.1.allowed_by.is_some());
    let allowed_by = places.iter().find_map(|(_, one)| one.allowed_by.clone()).filter(|_| allowed);
    let worst = group.iter().map(|one| one.severity).max().unwrap_or_default();
    let (holder, first) = places.swap_remove(0);
    let (package, purl) = holder.package.unzip();
    Finding {
        kind: FindingKind::Secret,
        id: first.rule.clone(),
        aliases: Vec::new(),
        severity: worst,
        title: first.title.clone(),
        package,
        purl,
        fixed: Vec::new(),
        locations,
        rule: Some(first.rule.clone()),
        confidence: group.iter().map(|one| one.confidence).max().unwrap_or(first.confidence),
        redacted: Some(first.redacted.clone()),
        fingerprint: String::new(),
        origin: holder.origin,
        cvss: None,
        exploitation: Exploitation::default(),
        gates: true,
        allowed_inline,
        allowed_by,
        remediation: first.remediation.clone(),
    }
}

/// Gives every finding its fingerprint: rule, path, redacted shape and ordinal, nothing of the value.
fn number(findings: &mut [Finding]) {
    let mut ordinals: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for finding in findings {
        let path = finding.locations.first().map(|place| place.path.join("!")).unwrap_or_default();
        let shape = finding.redacted.clone().unwrap_or_default();
        let ordinal = ordinals.entry((finding.id.clone(), path.clone(), shape.clone())).or_default();
        finding.fingerprint = fingerprint(&["secret", &finding.id, &path, &shape, &ordinal.to_string()]);
        *ordinal += 1;
    }
}
