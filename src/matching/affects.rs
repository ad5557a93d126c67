//! Whether a record affects a version: the evaluation of the OSV schema
//! (<https://ossf.github.io/osv-schema/#evaluation>).
//!
//! A version is affected if it is listed, or lies in any range. Pre-releases follow the plain order: `2.0.0-rc.1` lies
//! below `fixed: 2.0.0`, whatever a package manager's ranges would say.

use std::cmp::Ordering;

use crate::model::{Advisory, Affected, Confidence, Ecosystem, Event, Range, RangeKind};
use crate::version::{self, Order};

/// What a record says of one version.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evaluation {
    /// How surely it is affected, or `None`.
    pub(super) affected: Option<Confidence>,
    /// A range stands there, and the version cannot be compared with it.
    pub(super) unreadable_version: bool,
    /// One bound for each range that was skipped since it cannot be read.
    pub(super) broken_bounds: Vec<String>,
}

/// Evaluates the record's elements that speak of the package with this ecosystem and normalized name.
pub(super) fn evaluate(advisory: &Advisory, key: &(Ecosystem, String), version: &str) -> Evaluation {
    let mut evaluation = Evaluation::default();
    for affected in elements(advisory, key) {
        let verdict = evaluate_element(affected, version, &mut evaluation);
        // `None` is the least: no element takes back what another says.
        evaluation.affected = evaluation.affected.max(verdict);
    }
    evaluation
}

/// The record's elements for one package. A record may speak of several ecosystems under one name.
pub(super) fn elements<'a>(
    advisory: &'a Advisory,
    (ecosystem, name): &'a (Ecosystem, String),
) -> impl Iterator<Item = &'a Affected> {
    advisory.affected.iter().filter(move |affected| {
        affected.ecosystem == *ecosystem && ecosystem.normalize(&affected.name) == name.as_str()
    })
}

fn evaluate_element(affected: &Affected, version: &str, evaluation: &mut Evaluation) -> Option<Confidence> {
    if is_listed(affected, version) {
        return Some(Confidence::High);
    }
    if !in_any(&affected.ranges, affected.ecosystem, version, evaluation) {
        return None;
    }
    // Go's database can give only "all versions" for majors that were never tagged; the real bounds stand beside it.
    let all_versions = affected.ranges.iter().all(is_everything);
    if all_versions && !affected.custom_ranges.is_empty() {
        let inside = in_any(&affected.custom_ranges, affected.ecosystem, version, evaluation);
        return Some(if inside { Confidence::High } else { Confidence::Low });
    }
    Some(Confidence::High)
}

/// As strings first: a text that no order can read still equals itself.
fn is_listed(affected: &Affected, version: &str) -> bool {
    let order = version::order(affected.ecosystem);
    affected.versions.iter().any(|listed| listed == version)
        || affected.versions.iter().any(|listed| order.compare(version, listed) == Ok(Ordering::Equal))
}

/// Whether the range begins before every version and has no end.
fn is_everything(range: &Range) -> bool {
    matches!(&range.events[..], [Event::Introduced(bound)] if bound == "0")
}

/// Every range is looked at, so that a broken one never hides another.
fn in_any(ranges: &[Range], ecosystem: Ecosystem, version: &str, evaluation: &mut Evaluation) -> bool {
    let mut inside = false;
    for range in ranges {
        // Nothing has to be compared: malware that was never fixed is found under whatever version it calls itself.
        if is_everything(range) {
            inside = true;
            continue;
        }
        let order = range_order(range.kind, ecosystem);
        if order.compare(version, version).is_err() {
            evaluation.unreadable_version = true;
            continue;
        }
        match contains(range, order, version) {
            Ok(affected) => inside |= affected,
            Err(bound) => evaluation.broken_bounds.push(bound),
        }
    }
    inside
}

/// Go's own order is SemVer too, and alone reads `v1.2.3` and `go1.21`.
fn range_order(kind: RangeKind, ecosystem: Ecosystem) -> &'static dyn Order {
    match (kind, ecosystem) {
        (RangeKind::Semver, Ecosystem::Go) | (RangeKind::Ecosystem, _) => version::order(ecosystem),
        (RangeKind::Semver, _) => version::semver(),
    }
}

/// An event in its place: `None` stands before every version.
struct Step<'a> {
    bound: Option<&'a str>,
    /// Among events at one version: ends before beginnings, so that intervals may touch; a last affected version after
    /// its beginning, so that it may be the only one.
    tie: u8,
    /// What holds for the version if this is the last event that it has passed.
    affected: bool,
    /// Whether the version has passed it.
    passed: bool,
}

/// Walks the events in the order of their versions; the last one that the version has passed decides. The error is a
/// bound that cannot be read.
fn contains(range: &Range, order: &dyn Order, version: &str) -> Result<bool, String> {
    let mut steps = Vec::with_capacity(range.events.len());
    for event in &range.events {
        let (bound, tie, affected) = match event {
            Event::Introduced(bound) if bound == "0" => {
                steps.push(Step { bound: None, tie: 1, affected: true, passed: true });
                continue;
            }
            // `*` is the schema's word for "no limit".
            Event::Limit(bound) if bound == "*" => continue,
            Event::Introduced(bound) => (bound, 1, true),
            Event::Fixed(bound) | Event::Limit(bound) => (bound, 0, false),
            Event::LastAffected(bound) => (bound, 2, false),
        };
        let at = order.compare(version, bound).map_err(|_| bound.clone())?;
        let passed = if tie == 2 { at == Ordering::Greater } else { at != Ordering::Less };
        steps.push(Step { bound: Some(bound), tie, affected, passed });
    }
    steps.sort_by(|a, b| match (a.bound, b.bound) {
        // Both were read above.
        (Some(x), Some(y)) => order.compare(x, y).unwrap_or(Ordering::Equal).then(a.tie.cmp(&b.tie)),
        (x, y) => x.is_some().cmp(&y.is_some()),
    });
    Ok(steps.iter().rev().find(|step| step.passed).is_some_and(|step| step.affected))
}

#[cfg(test)]
mod tests {
    use super::super::invented::{advisory, affected, ecosystem_range, semver_range};
    use super::*;
    use Event::{Fixed, Introduced, LastAffected, Limit};

    fn says(record: &Advisory, ecosystem: Ecosystem, version: &str) -> Evaluation {
        evaluate(record, &(ecosystem, "thing".to_owned()), version)
    }

    fn in_npm(events: Vec<Event>, version: &str) -> bool {
        let record = advisory("X-1", vec![affected(Ecosystem::Npm, "thing", vec![semver_range(events)])]);
        says(&record, Ecosystem::Npm, version).affected.is_some()
    }

    fn introduced(bound: &str) -> Event {
        Introduced(bound.to_owned())
    }

    fn fixed(bound: &str) -> Event {
        Fixed(bound.to_owned())
    }

    #[test]
    fn events_are_sorted_by_version_not_by_place() {
        let events = || vec![fixed("2.0.0"), introduced("3.0.0"), introduced("0"), fixed("10.0.0")];
        for (version, expected) in [
            ("0.0.0-a", true),
            ("1.9.9", true),
            ("2.0.0", false),
            ("2.5.0", false),
            ("3.0.0", true),
            ("9.0.0", true),
            ("10.0.0", false),
        ] {
            assert_eq!(in_npm(events(), version), expected, "{version}");
        }
    }

    #[test]
    fn intervals_may_touch() {
        let events = || vec![introduced("1.0.0"), introduced("2.0.0"), fixed("2.0.0"), fixed("3.0.0")];
        assert!(in_npm(events(), "1.5.0") && in_npm(events(), "2.0.0") && in_npm(events(), "2.9.9"));
        assert!(!in_npm(events(), "3.0.0"));
    }

    #[test]
    fn introduced_zero_alone_is_every_version() {
        assert!(in_npm(vec![introduced("0")], "0.0.0-0") && in_npm(vec![introduced("0")], "999.0.0"));
    }

    #[test]
    fn last_affected_is_inclusive() {
        let events = || vec![introduced("0"), LastAffected("1.2.0".to_owned())];
        assert!(in_npm(events(), "1.2.0") && !in_npm(events(), "1.2.1"));
        let only = || vec![LastAffected("1.2.0".to_owned()), introduced("1.2.0")];
        assert!(!in_npm(only(), "1.1.9") && in_npm(only(), "1.2.0") && !in_npm(only(), "1.2.1"));
    }

    #[test]
    fn a_limit_ends_an_interval() {
        let events = || vec![introduced("1.0.0"), Limit("2.0.0".to_owned())];
        assert!(in_npm(events(), "1.9.0") && !in_npm(events(), "2.0.0"));
        assert!(in_npm(vec![introduced("1.0.0"), Limit("*".to_owned())], "7.0.0"));
    }

    #[test]
    fn pre_releases_follow_the_plain_order() {
        let events = || vec![introduced("1.0.0"), fixed("2.0.0")];
        assert!(in_npm(events(), "2.0.0-rc.1"));
        assert!(!in_npm(events(), "1.0.0-rc.1"));
    }

    #[test]
    fn listed_versions_count_without_any_range() {
        let mut element = affected(Ecosystem::PyPI, "Thing", Vec::new());
        element.versions = vec!["1.0".to_owned(), "2004d-final".to_owned()];
        let record = advisory("X-1", vec![element]);
        for (version, expected) in
            [("1.0", true), ("1.0.0", true), ("2004d-final", true), ("1.1", false), ("nonsense", false)]
        {
            let evaluation = says(&record, Ecosystem::PyPI, version);
            assert_eq!(evaluation.affected.is_some(), expected, "{version}");
            assert!(!evaluation.unreadable_version, "no range, nothing to compare with");
        }
    }

    #[test]
    fn a_broken_range_does_not_hide_the_next() {
        let broken = ecosystem_range(vec![introduced("0"), fixed("not a version")]);
        let sound = ecosystem_range(vec![introduced("0"), fixed("2.0")]);
        let record = advisory("X-1", vec![affected(Ecosystem::PyPI, "thing", vec![broken, sound])]);
        let evaluation = says(&record, Ecosystem::PyPI, "1.0");
        assert_eq!(evaluation.affected, Some(Confidence::High));
        assert_eq!(evaluation.broken_bounds, ["not a version"]);
        assert_eq!(says(&record, Ecosystem::PyPI, "2.0").affected, None);
    }

    #[test]
    fn a_version_that_cannot_be_read_is_said() {
        let range = ecosystem_range(vec![introduced("0"), fixed("2.0")]);
        let mut element = affected(Ecosystem::PyPI, "thing", vec![range]);
        element.versions = vec!["2004d-final".to_owned()];
        let record = advisory("X-1", vec![element]);
        let unread = says(&record, Ecosystem::PyPI, "2003-final");
        assert_eq!((unread.affected, unread.unreadable_version), (None, true));
        assert_eq!(says(&record, Ecosystem::PyPI, "2004d-final").affected, Some(Confidence::High));
    }

    #[test]
    fn what_affects_every_version_affects_one_that_cannot_be_read() {
        let all = || ecosystem_range(vec![introduced("0")]);
        let record = advisory("X-1", vec![affected(Ecosystem::PyPI, "thing", vec![all()])]);
        let evaluation = says(&record, Ecosystem::PyPI, "git+abc");
        assert_eq!((evaluation.affected, evaluation.unreadable_version), (Some(Confidence::High), false));

        let bounded = ecosystem_range(vec![introduced("0"), fixed("2.0")]);
        let record = advisory("X-1", vec![affected(Ecosystem::PyPI, "thing", vec![bounded, all()])]);
        let evaluation = says(&record, Ecosystem::PyPI, "git+abc");
        assert_eq!((evaluation.affected, evaluation.unreadable_version), (Some(Confidence::High), true));
    }

    #[test]
    fn ecosystem_ranges_use_the_ecosystems_order() {
        let range = || ecosystem_range(vec![introduced("0"), fixed("1.0")]);
        let record = |ecosystem| advisory("X-1", vec![affected(ecosystem, "thing", vec![range()])]);
        assert!(says(&record(Ecosystem::PyPI), Ecosystem::PyPI, "1.0.dev1").affected.is_some());
        assert!(says(&record(Ecosystem::PyPI), Ecosystem::PyPI, "1.0+local").affected.is_none());
        assert!(says(&record(Ecosystem::Maven), Ecosystem::Maven, "1.0-SNAPSHOT").affected.is_some());
        assert!(says(&record(Ecosystem::Maven), Ecosystem::Maven, "1.0.Final").affected.is_none());
    }

    #[test]
    fn other_packages_and_ecosystems_of_a_record_do_not_count() {
        let all = || vec![semver_range(vec![introduced("0")])];
        let record = advisory(
            "X-1",
            vec![affected(Ecosystem::Npm, "other", all()), affected(Ecosystem::CratesIo, "thing", all())],
        );
        assert_eq!(says(&record, Ecosystem::Npm, "1.0.0"), Evaluation::default());
        assert!(says(&record, Ecosystem::CratesIo, "1.0.0").affected.is_some());
    }

    #[test]
    fn untagged_go_majors_are_sure_only_inside_their_custom_range() {
        let mut element = affected(Ecosystem::Go, "thing", vec![semver_range(vec![introduced("0")])]);
        element.custom_ranges =
            vec![ecosystem_range(vec![introduced("5.0.0"), fixed("5.0.4-0.20231016150651-428517fef5b9")])];
        let record = advisory("GO-1", vec![element.clone()]);
        assert_eq!(says(&record, Ecosystem::Go, "v5.0.3").affected, Some(Confidence::High));
        assert_eq!(says(&record, Ecosystem::Go, "v5.0.4").affected, Some(Confidence::Low));
        assert_eq!(says(&record, Ecosystem::Go, "v1.0.0+incompatible").affected, Some(Confidence::Low));

        element.ranges = vec![semver_range(vec![introduced("0"), fixed("9.0.0")])];
        let bounded = advisory("GO-1", vec![element]);
        assert_eq!(
            says(&bounded, Ecosystem::Go, "v7.0.0").affected,
            Some(Confidence::High),
            "a real range stands for itself"
        );
    }

    #[test]
    fn releases_of_go_lie_in_the_ranges_of_its_standard_library() {
        let range = semver_range(vec![introduced("0"), fixed("1.20.12"), introduced("1.21.0-0"), fixed("1.21.5")]);
        let record = advisory("GO-2", vec![affected(Ecosystem::Go, "thing", vec![range])]);
        for (version, expected) in [
            ("go1.20.11", true),
            ("go1.20.12", false),
            ("go1.21rc2", true),
            ("go1.21", true),
            ("go1.21.5 (vendor)", false),
        ] {
            assert_eq!(says(&record, Ecosystem::Go, version).affected.is_some(), expected, "{version}");
        }
    }
}
