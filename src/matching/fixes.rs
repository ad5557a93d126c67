//! The versions that fix a whole group.
//!
//! One flaw's records often disagree on its fix, so a candidate counts only if no member of the group affects it. A
//! last affected version names no fix: the next release may not exist, or not be the cure. Who runs one variant of a
//! release is told of fixes in that variant first (`variant`).

use std::cmp::Ordering;

use super::alias::Group;
use super::reading::{Probe, insert_sorted};
use super::variant::{self, ends_otherwise, is_other};
use crate::model::{Confidence, Ecosystem};
use crate::version::branch;

/// Fixed versions above `version`: those of its own variant first, then of its own branch (equal major and minor number,
/// then equal major number), ascending within a branch.
pub(super) fn fixes(group: &Group, version: &Probe, ecosystem: Ecosystem) -> Vec<String> {
    let is_above = |candidate: &Probe| matches!((&candidate.own, &version.own), (Some(a), Some(b)) if a > b);
    let all_clear = |candidate: &Probe| group.members.iter().all(|m| is_clear(m.record.evaluate(candidate).affected));
    let named = variant::candidates(group.members.iter().map(|m| m.record), version);
    let candidates = named.iter().map(|candidate| version.sibling(candidate));
    // Every one of them was compared above, so they compare with one another.
    let compare = |a: &Probe, b: &Probe| a.own.partial_cmp(&b.own).unwrap_or(Ordering::Equal);
    let far = |fix: &Probe| (is_other(version, fix.text, ecosystem), distance(fix.text, version.text));
    let end = |fix: &Probe| ends_otherwise(version, fix.text);
    let mut fixes: Vec<Probe> = Vec::new();
    for fix in candidates.filter(is_above).filter(all_clear) {
        insert_sorted(&mut fixes, fix, |a, b| {
            far(a).cmp(&far(b)).then_with(|| compare(a, b)).then_with(|| end(a).cmp(&end(b)))
        });
    }
    fixes.dedup_by(|a, b| a.own == b.own);
    fixes.into_iter().map(|fix| fix.text.to_owned()).collect()
}

/// A low confidence says no more than "the database could not give a bound".
pub(super) fn is_clear(affected: Option<Confidence>) -> bool {
    affected.is_none_or(|confidence| confidence == Confidence::Low)
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
    use crate::model::{Advisory, Event};
    use crate::version;

    fn fixes_of(records: &[Advisory], version: &str) -> Vec<String> {
        fixes_in(Ecosystem::Npm, records, version)
    }

    fn fixes_in(ecosystem: Ecosystem, records: &[Advisory], version: &str) -> Vec<String> {
        let records = read(ecosystem, records);
        let members = matches(&records);
        let group = alias::Group { members: members.iter().collect(), aliases: Vec::new() };
        fixes(&group, &Probe::read(version, version::order(ecosystem)), ecosystem)
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

    /// Affects `thing` of Maven up to a fix; these versions are listed.
    fn listed(fix: &str, versions: &[&str]) -> Advisory {
        let range = ecosystem_range(vec![Event::Introduced("0".into()), Event::Fixed(fix.into())]);
        let mut element = affected(Ecosystem::Maven, "thing", vec![range]);
        element.versions = versions.iter().collect();
        advisory("X-1", vec![element])
    }

    #[test]
    fn a_fix_of_the_same_variant_comes_first() {
        let told = |records: &[Advisory], version| fixes_in(Ecosystem::Maven, records, version);
        let mut both = listed("10.2.4.jre11", &[]);
        let later = [Event::Introduced("12.0.0.jre8".into()), Event::Fixed("12.2.1.jre8".into())];
        both.affected[0].ranges[0].events.extend(later);
        assert_eq!(told(std::slice::from_ref(&both), "10.2.0.jre8"), ["12.2.1.jre8", "10.2.4.jre11"]);
        assert_eq!(told(&[both], "10.2.0.jre11"), ["10.2.4.jre11", "12.2.1.jre8"]);
        assert_eq!(told(&[listed("2.0.0.GA", &[]), listed("2.0.0.Final", &[])], "1.0.0.Final"), ["2.0.0.Final"]);
        assert_eq!(told(&[listed("2.0.0.GA", &[]), listed("2.0.0.Final", &[])], "1.0.0.GA"), ["2.0.0.GA"]);
    }

    #[test]
    fn a_project_of_two_variants_has_the_fix_in_both() {
        let told = |fix, versions: &[&str], version| fixes_in(Ecosystem::Maven, &[listed(fix, versions)], version);
        let pairs = ["30.0-android", "30.0-jre", "31.1-android", "31.1-jre"];
        assert_eq!(told("32.0.0-android", &pairs, "31.1-jre"), ["32.0.0-jre", "32.0.0-android"]);
        assert_eq!(told("32.0.0-android", &pairs, "31.1-android"), ["32.0.0-android"]);
        let ended = ["30.0-android", "30.0-jre", "31.1-android"];
        assert_eq!(told("32.0.0-android", &ended, "30.0-jre"), ["32.0.0-android"], "the other variant alone goes on");
        // What lies below the end of the range is affected by it.
        assert_eq!(told("32.0.0-jre", &pairs, "31.1-android"), ["32.0.0-jre"]);
        let python = fixes_in(Ecosystem::PyPI, &[listed("32.0.0-android", &pairs)], "31.1-jre");
        assert!(python.is_empty());
    }
}
