//! Credentials of two halves: an id and its secret that stand together are one finding with both places.
//!
//! The rule of the secret names the rule of its id. A half without the other stays a finding of its own.

use std::collections::BTreeMap;

use super::Group;
use crate::model::{Location, SecretMatch};
use crate::secret::Rule;

/// Lines between two halves of a pair in one file.
const LINES: u64 = 20;
/// Bytes between them where a file is one long line.
const BYTES: u64 = 1000;

/// Joins the groups of ids to the groups of their secrets.
pub(super) fn join<'a>(
    groups: Vec<Group<'a>>,
    rules: &[Rule],
    in_environment: impl Fn(&Location) -> bool,
) -> Vec<Group<'a>> {
    let partners: BTreeMap<&str, &[String]> =
        rules.iter().filter(|rule| !rule.pairs.is_empty()).map(|rule| (rule.id.as_str(), &*rule.pairs)).collect();
    let titles: BTreeMap<&str, &str> = rules.iter().map(|rule| (rule.id.as_str(), rule.title.as_str())).collect();
    let near = |a: &Location, b: &Location| match (in_environment(a), in_environment(b)) {
        (true, true) => a.artifact == b.artifact,
        _ => is_near(a, b),
    };
    let is_id = |group: &Group<'_>| partners.values().any(|ids| ids.contains(&group.lead.rule));
    let (mut ids, mut joined): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_id);
    for secret in &mut joined {
        let Some(partners) = partners.get(secret.lead.rule.as_str()) else { continue };
        let belongs = |id: &Group<'_>| {
            let near_any = |a: &SecretMatch| id.places.iter().any(|b| near(&a.location, &b.found.location));
            partners.contains(&id.lead.rule) && secret.places.iter().any(|place| near_any(place.found))
        };
        let Some(at) = ids.iter().position(belongs) else { continue };
        let id = ids.remove(at);
        let title = titles.get(id.lead.rule.as_str()).copied().unwrap_or_default();
        secret.title = format!("{}, with its {title}", secret.title);
        secret.places.extend(id.places);
    }
    joined.append(&mut ids);
    joined
}

fn is_near(a: &Location, b: &Location) -> bool {
    let (Some(a_span), Some(b_span)) = (&a.span, &b.span) else { return false };
    let same_file = a.artifact == b.artifact && a.path == b.path;
    let apart = a_span.line.abs_diff(b_span.line);
    same_file && apart <= LINES && (apart > 0 || a_span.offset.abs_diff(b_span.offset) <= BYTES)
}
