//! The versions that fix a whole group.
//!
//! One flaw's records often disagree on its fix, so a candidate counts only if no member of the group affects it. A
//! last affected version names no fix: the next release may not exist, or not be the cure.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::affects::Record;
use super::alias::Group;
use super::reading::{Probe, insert_sorted};
use crate::model::{Affected, Confidence, Event};
use crate::version::branch;

/// Fixed versions above `version`: those of its own branch first (equal major and minor number, then equal major
/// number), ascending within a branch.
pub(super) fn fixes(group: &Group, version: &Probe) -> Vec<String> {
    let is_above = |candidate: &Probe| matches!((&candidate.own, &version.own), (Some(a), Some(b)) if a > b);
    let all_clear = |candidate: &Probe| group.members.iter().all(|m| is_clear(m.record.evaluate(candidate).affected));
    let named: BTreeSet<&str> = group.members.iter().flat_map(|m| candidates(m.record)).collect();
    let candidates = named.into_iter().map(|candidate| version.sibling(candidate));
    // Every one of them was compared above, so they compare with one another.
    let compare = |a: &Probe, b: &Probe| a.own.partial_cmp(&b.own).unwrap_or(Ordering::Equal);
    let distance = |fix: &Probe| distance(fix.text, version.text);
    let mut fixes: Vec<Probe> = Vec::new();
    for fix in candidates.filter(is_above).filter(all_clear) {
        insert_sorted(&mut fixes, fix, |a, b| distance(a).cmp(&distance(b)).then_with(|| compare(a, b)));
    }
    fixes.dedup_by(|a, b| a.own == b.own);
    fixes.into_iter().map(|fix| fix.text.to_owned()).collect()
}

/// A low confidence says no more than "the database could not give a bound".
pub(super) fn is_clear(affected: Option<Confidence>) -> bool {
    affected.is_none_or(|confidence| confidence == Confidence::Low)
}

/// The fixed versions that a record names for this package, and for no other.
pub(super) fn candidates<'a>(record: &Record<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let elements: Vec<&Affected> = record.elements().collect();
    let ranges = elements.into_iter().flat_map(|element| element.ranges.iter().chain(&element.custom_ranges));
    ranges.flat_map(|range| &range.events).filter_map(|event| match event {
        Event::Fixed(bound) => Some(bound.as_str()),
        _ => None,
    })
}

/// How far a version's branch lies from another's.
fn distance(a: &str, b: &str) -> u8 {
    match (branch(a), branch(b)) {
        (a, b) if a == b => 0,
        ((a, _), (b, _)) if a == b => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::alias;
    use super::super::invented::{advisory, affected, ecosystem_range, fixed_in, matches, read, semver_range};
    use super::*;
    use crate::model::{Advisory, Ecosystem};
    use crate::version;

    fn fixes_of(records: &[Advisory], version: &str) -> Vec<String> {
        fixes_in(Ecosystem::Npm, records, version)
    }

    fn fixes_in(ecosystem: Ecosystem, records: &[Advisory], version: &str) -> Vec<String> {
        let records = read(ecosystem, records);
        let members = matches(&records);
        let group = alias::Group { members: members.iter().collect(), aliases: Vec::new() };
        fixes(&group, &Probe::read(version, version::order(ecosystem)))
    }

    #[test]
    fn the_same_branch_comes_first() {
        let record = fixed_in(
            "X-1",
            &[("0", "1.9.4"), ("2.0.0", "2.2.28"), ("2.3.0", "2.5.1"), ("3.0.0", "3.2.13"), ("4.0.0", "4.0.4")],
        );
        assert_eq!(fixes_of(std::slice::from_ref(&record), "2.3.1"), ["2.5.1", "3.2.13", "4.0.4"]);
        assert_eq!(fixes_of(std::slice::from_ref(&record), "2.2.0"), ["2.2.28", "2.5.1", "3.2.13", "4.0.4"]);
        let unsorted = fixed_in("X-1", &[("0", "10.0.0"), ("10.1.0", "10.1.1"), ("3.0.0", "3.0.9")]);
        assert_eq!(fixes_of(&[unsorted], "3.0.1"), ["3.0.9", "10.0.0", "10.1.1"]);
    }

    #[test]
    fn a_fix_satisfies_every_member() {
        let records = [fixed_in("X-1", &[("0", "1.2.0")]), fixed_in("X-2", &[("0", "1.3.0"), ("2.0.0", "2.0.1")])];
        assert_eq!(fixes_of(&records, "1.0.0"), ["1.3.0", "2.0.1"]);
    }

    #[test]
    fn a_fix_that_a_later_interval_affects_again_is_none() {
        let back = fixed_in("X-1", &[("0", "1.2.0"), ("1.2.0", "1.4.0")]);
        assert_eq!(fixes_of(&[back], "1.0.0"), ["1.4.0"]);
    }

    #[test]
    fn a_last_affected_version_names_no_fix() {
        let range = semver_range(vec![Event::Introduced("0".into()), Event::LastAffected("1.2.0".into())]);
        let open = advisory("X-1", vec![affected(Ecosystem::Npm, "thing", vec![range])]);
        assert!(fixes_of(std::slice::from_ref(&open), "1.0.0").is_empty());
        let limited = semver_range(vec![Event::Introduced("0".into()), Event::Limit("2.0.0".into())]);
        let limited = advisory("X-2", vec![affected(Ecosystem::Npm, "thing", vec![limited])]);
        assert!(fixes_of(&[limited], "1.0.0").is_empty());
        assert_eq!(fixes_of(&[open, fixed_in("X-3", &[("0", "1.1.0"), ("1.1.5", "1.3.0")])], "1.0.0"), ["1.3.0"]);
    }

    #[test]
    fn fixes_come_from_the_same_ecosystem_and_package() {
        let mut record = fixed_in("X-1", &[("0", "1.2.0")]);
        let elsewhere = ecosystem_range(vec![Event::Introduced("0".into()), Event::Fixed("7.7.7".into())]);
        record.affected.push(affected(Ecosystem::PyPI, "thing", vec![elsewhere.clone()]));
        record.affected.push(affected(Ecosystem::Npm, "other", vec![elsewhere]));
        assert_eq!(fixes_of(&[record], "1.0.0"), ["1.2.0"]);
    }

    #[test]
    fn two_spellings_of_one_fix_are_one() {
        assert_eq!(fixes_of(&[fixed_in("X-1", &[("0", "1.2")]), fixed_in("X-2", &[("0", "1.2.0")])], "1.0.0"), ["1.2"]);
    }

    #[test]
    fn a_custom_range_can_name_the_fix_of_an_untagged_major() {
        let all = semver_range(vec![Event::Introduced("0".into())]);
        let mut element = affected(Ecosystem::Go, "thing", vec![all]);
        element.custom_ranges =
            vec![ecosystem_range(vec![Event::Introduced("0".into()), Event::Fixed("5.0.4-0.2023-abc".into())])];
        assert_eq!(fixes_in(Ecosystem::Go, &[advisory("GO-1", vec![element])], "v5.0.3"), ["5.0.4-0.2023-abc"]);
    }
}
