//! Joins what the secret engine saw: equal values become one finding, and so does what one rule found in one dependency;
//! whose it is comes from who owns the file.

mod packages;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use globset::GlobSet;

use super::Options;
use super::overlay::Laid;
use crate::model::{
    Answer, Artifact, ArtifactRole, Confidence, Exploitation, Finding, FindingKind, Location, Origin, PackageId,
    SecretMatch, Verification, fingerprint, purl,
};
use crate::verify::Verifier;

/// Joins matches of one target.
pub(super) fn join(
    matches: Vec<SecretMatch>,
    laid: &Laid,
    artifacts: &[Artifact],
    options: &Options<'_>,
) -> Vec<Finding> {
    // By value alone: what a rule calls a token in one file, a vendor's rule may know in another. The values are
    // compared here, in memory, and dropped with the matches.
    let mut values: BTreeMap<&[u8], Vec<&SecretMatch>> = BTreeMap::new();
    for one in &matches {
        values.entry(one.value.expose()).or_default().push(one);
    }
    let mut groups: Vec<Group<'_>> = values
        .into_values()
        .map(|matches| Group::new(matches, |place| holder(place, laid, artifacts, &options.own)))
        .collect();
    groups.retain(|group| !recurs(group));
    // By place, and not by value: keyed digests, which stand for values that were stored, sort otherwise.
    groups.sort_by(|a, b| a.places[0].found.location.cmp(&b.places[0].found.location));
    let in_environment = |place: &Location| is_environment(place, artifacts);
    let mut findings: Vec<Finding> = pairs::join(groups, options.engine.rules(), in_environment)
        .into_iter()
        .map(|group| {
            let verification = options.verifier.and_then(|verifier| group.verify(verifier, options));
            group.into_finding(verification)
        })
        .collect();
    // The order of the values must not show, not even as an order.
    findings.sort_by(|a, b| (&a.locations, &a.id).cmp(&(&b.locations, &b.id)));
    number(&mut findings);
    packages::join(findings)
}

/// Whose a place is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    origin: Origin,
    package: Option<(PackageId, String)>,
}

fn is_environment(place: &Location, artifacts: &[Artifact]) -> bool {
    artifacts.get(place.artifact).is_some_and(|artifact| artifact.role == ArtifactRole::Environment)
}

fn holder(place: &Location, laid: &Laid, artifacts: &[Artifact], own: &GlobSet) -> Holder {
    if is_environment(place, artifacts) {
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

/// One place of a secret, and whose it is.
struct Place<'a> {
    holder: Holder,
    found: &'a SecretMatch,
}

/// All places that hold one value, or the two values of a pair. Never empty.
struct Group<'a> {
    /// The function's own places first: they decide whose the secret is.
    places: Vec<Place<'a>>,
    /// The match that says most of the value; of a pair, of the secret.
    lead: &'a SecretMatch,
    title: String,
}

/// The match that says most of a value: a vendor's rule over a generic one, the surer over the less sure, the first in
/// the function's own code.
fn lead<'a>(places: &[Place<'a>]) -> &'a SecretMatch {
    let rank = |found: &SecretMatch| (!found.generic, found.confidence);
    let first = places[0].found;
    places[1..].iter().fold(first, |lead, place| if rank(place.found) > rank(lead) { place.found } else { lead })
}

impl<'a> Group<'a> {
    fn new(matches: Vec<&'a SecretMatch>, holder: impl Fn(&Location) -> Holder) -> Group<'a> {
        let mut places: Vec<Place<'a>> =
            matches.into_iter().map(|found| Place { holder: holder(&found.location), found }).collect();
        // Two files of one name may differ in nothing but the rule.
        fn order<'p>(place: &'p Place<'_>) -> impl Ord + use<'p> {
            (place.holder.origin, &place.found.location, &place.found.rule)
        }
        places.sort_by(|a, b| order(a).cmp(&order(b)));
        let lead = lead(&places);
        Group { places, lead, title: lead.title.clone() }
    }

    fn confidence(&self) -> Confidence {
        self.places.iter().map(|place| place.found.confidence).max().unwrap_or(Confidence::Low)
    }

    /// Asks the vendor, if the rule says how.
    fn verify(&self, verifier: &Verifier, options: &Options<'_>) -> Option<Verification> {
        let lead = self.lead;
        let rule = options.engine.rules().iter().find(|rule| rule.id == lead.rule)?;
        let id = self.places.iter().map(|place| place.found).find(|found| rule.pairs.contains(&found.rule));
        Some(verifier.ask(rule.probe.as_ref()?, id.map(|id| &id.value), &lead.value, Utc::now()))
    }

    fn into_finding(self, verification: Option<Verification>) -> Finding {
        let lead = self.lead;
        // What the vendor says counts more than what the value looks like.
        let confidence = match verification.as_ref().map(|verification| verification.answer) {
            Some(Answer::Live) => Confidence::High,
            Some(Answer::Dead) => Confidence::Low,
            Some(Answer::Unknown) | None => self.confidence(),
        };
        let inline = |place: &Place<'_>| place.found.allowed_inline && place.holder.origin != Origin::Dependency;
        let mut locations: Vec<Location> = self.places.iter().map(|place| place.found.location.clone()).collect();
        locations.dedup();
        let allowed_inline = self.places.iter().all(inline);
        // One place that nobody allows is enough to count.
        let allowed = self.places.iter().all(|place| inline(place) || place.found.allowed_by.is_some());
        let allowed_by = self.places.iter().find_map(|place| place.found.allowed_by.clone()).filter(|_| allowed);
        let severity = self.places.iter().map(|place| place.found.severity).max().unwrap_or_default();
        let holder = self.places[0].holder.clone();
        let (package, purl) = holder.package.unzip();
        Finding {
            kind: FindingKind::Secret,
            id: lead.rule.clone(),
            aliases: Vec::new(),
            severity,
            title: self.title,
            package,
            purl,
            fixed: Vec::new(),
            locations,
            rule: Some(lead.rule.clone()),
            confidence,
            redacted: Some(lead.redacted.clone()),
            fingerprint: String::new(),
            parts: Vec::new(),
            origin: holder.origin,
            cvss: None,
            exploitation: Exploitation::default(),
            gates: true,
            allowed_inline,
            verification,
            allowed_by,
            remediation: lead.remediation.clone(),
        }
    }
}

/// Whether a value is text that published packages repeat: documentation and generated interfaces copy one value into
/// file after file, a leak stands in one. Only a guess from the words beside it can be overruled so, and never where the
/// function's own code or its environment holds the value too.
fn recurs(group: &Group<'_>) -> bool {
    const FILES: usize = 5;
    let files: BTreeSet<(usize, &[String])> = group
        .places
        .iter()
        .map(|place| (place.found.location.artifact, place.found.location.path.as_slice()))
        .collect();
    files.len() >= FILES
        && group.confidence() == Confidence::Low
        && group.places.iter().all(|place| place.found.generic && place.holder.origin == Origin::Dependency)
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
