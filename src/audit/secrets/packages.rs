//! What one package of others holds is one thing to act on: a library's test keys come and go with its release, and
//! nobody revokes them one by one.
//!
//! Only what one rule found in one dependency is joined. The function's own code, its environment and the packages that
//! the policy calls its own keep a finding for each value, and so does a value that the vendor answered for.

use std::collections::BTreeMap;

use crate::model::{Confidence, Finding, Origin, Severity, fingerprint};

/// Rules of private keys: what libraries ship to test and to show how they are used.
const KEYS: [&str; 3] = ["private-key", "pgp-private-key", "putty-private-key"];

/// Joins findings, each with its fingerprint, and keeps their order. What an allow-list covers stays apart from what
/// none does.
///
/// The fingerprint of a joined finding is made of those of its parts: whoever waived it waived these values at these
/// places, not what a later release adds. A baseline names the parts themselves, so that a finding is new where a part is,
/// and not where one is gone.
pub(super) fn join(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: Vec<Vec<Finding>> = Vec::new();
    let mut known = BTreeMap::new();
    for finding in findings.into_iter().map(published) {
        let at = match &finding.purl {
            Some(purl) if finding.origin == Origin::Dependency && finding.verification.is_none() => {
                let key = (purl.clone(), finding.id.clone(), finding.title.clone(), finding.allowed_by.is_some());
                *known.entry(key).or_insert(groups.len())
            }
            _ => groups.len(),
        };
        match groups.get_mut(at) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.into_iter().filter_map(one).collect()
}

/// A private key that a package brings along is known to all who can fetch the package, so it keeps nothing safe and
/// nobody leaks it again. Tokens are another matter: the vendor still takes them, whoever published them.
fn published(finding: Finding) -> Finding {
    let Some(purl) = finding.purl.as_ref().filter(|_| finding.origin == Origin::Dependency) else { return finding };
    if !KEYS.contains(&finding.id.as_str()) || finding.verification.is_some() {
        return finding;
    }
    let remediation = format!(
        "It is part of {purl}: who can fetch that has the key. See to it that nothing trusts its public half; if the \
         package is your own, name it in the policy's 'own'."
    );
    Finding { severity: Severity::Low, confidence: Confidence::Low, remediation, ..finding }
}

/// One finding of several.
fn one(mut group: Vec<Finding>) -> Option<Finding> {
    let values = group.len();
    let severity = group.iter().map(|finding| finding.severity).max()?;
    let confidence = group.iter().map(|finding| finding.confidence).max()?;
    let parts: Vec<String> = group.iter().map(|finding| finding.fingerprint.clone()).collect();
    let joined = fingerprint(&["secrets"].into_iter().chain(parts.iter().map(String::as_str)).collect::<Vec<_>>());
    let mut locations: Vec<_> = group.iter().flat_map(|finding| finding.locations.iter().cloned()).collect();
    locations.sort();
    locations.dedup();
    let first = group.swap_remove(0);
    if values == 1 {
        return Some(first);
    }
    Some(Finding {
        title: format!("{} ({values} different ones)", first.title),
        severity,
        confidence,
        locations,
        // The shape of one would pass for that of all.
        redacted: None,
        fingerprint: joined,
        parts,
        ..first
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Engine;

    #[test]
    fn the_rules_of_keys_are_there() {
        let engine = Engine::builtin();
        assert!(KEYS.iter().all(|id| engine.rules().iter().any(|rule| rule.id == *id)));
    }
}
