//! Whether a record affects a version: the evaluation of the OSV schema
//! (<https://ossf.github.io/osv-schema/#evaluation>).
//!
//! A version is affected if it is listed, or lies in any range. Pre-releases follow the plain order: `2.0.0-rc.1` lies
//! below `fixed: 2.0.0`, whatever a package manager's ranges would say.

use super::reading::{Line, Probe, Step};
use crate::model::{Advisory, Affected, Confidence, Ecosystem, Range};
use crate::version::{Order, Version};

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

/// The record's elements for one package. A record may speak of several ecosystems under one name.
pub(super) fn elements<'a>(
    advisory: &'a Advisory,
    (ecosystem, name): &(Ecosystem, String),
) -> impl Iterator<Item = &'a Affected> {
    advisory.affected.iter().filter(move |affected| {
        affected.ecosystem == *ecosystem && ecosystem.normalize(&affected.name) == name.as_str()
    })
}

/// A record, as far as it speaks of one package, with its bounds read.
pub(super) struct Record<'a> {
    pub(super) advisory: &'a Advisory,
    elements: Vec<Element<'a>>,
}

struct Element<'a> {
    affected: &'a Affected,
    ranges: Vec<Line<'a>>,
    custom_ranges: Vec<Line<'a>>,
}

impl<'a> Record<'a> {
    /// Reads the elements that speak of the package with this ecosystem and normalized name; `own` is the ecosystem's
    /// order.
    pub(super) fn read(advisory: &'a Advisory, key: &(Ecosystem, String), own: &dyn Order) -> Record<'a> {
        let lines = |ranges: &'a [Range]| ranges.iter().map(|range| Line::read(range, key.0, own)).collect();
        let element = |affected: &'a Affected| Element {
            affected,
            ranges: lines(&affected.ranges),
            custom_ranges: lines(&affected.custom_ranges),
        };
        Record { advisory, elements: elements(advisory, key).map(element).collect() }
    }

    /// The elements that were read.
    pub(super) fn elements(&self) -> impl Iterator<Item = &'a Affected> {
        self.elements.iter().map(|element| element.affected)
    }

    /// Whether it affects a version.
    pub(super) fn evaluate(&self, version: &Probe) -> Evaluation {
        let mut evaluation = Evaluation::default();
        for element in &self.elements {
            let verdict = element.evaluate(version, &mut evaluation);
            // `None` is the least: no element takes back what another says.
            evaluation.affected = evaluation.affected.max(verdict);
        }
        evaluation
    }
}

impl Element<'_> {
    fn evaluate(&self, version: &Probe, evaluation: &mut Evaluation) -> Option<Confidence> {
        // As strings: a text that no order can read still equals itself.
        if self.affected.versions.contains(version.text) {
            return Some(Confidence::High);
        }
        // Ranges before other spellings: those cost far more, and most often a range covers what is listed.
        let mut told = Evaluation::default();
        let verdict = self.in_ranges(version, &mut told);
        let is_settled = verdict == Some(Confidence::High) && told == Evaluation::default();
        if !is_settled && self.affected.versions.iter().any(|listed| version.is_spelled(listed)) {
            return Some(Confidence::High);
        }
        evaluation.unreadable_version |= told.unreadable_version;
        evaluation.broken_bounds.append(&mut told.broken_bounds);
        verdict
    }

    fn in_ranges(&self, version: &Probe, evaluation: &mut Evaluation) -> Option<Confidence> {
        if !in_any(&self.ranges, version, evaluation) {
            return None;
        }
        // Go's database can give only "all versions" for majors that were never tagged; the real bounds stand beside it.
        if !self.custom_ranges.is_empty() && self.ranges.iter().all(Line::is_everything) {
            let inside = in_any(&self.custom_ranges, version, evaluation);
            return Some(if inside { Confidence::High } else { Confidence::Low });
        }
        Some(Confidence::High)
    }
}

/// Every range is looked at, so that a broken one never hides another.
fn in_any(lines: &[Line], version: &Probe, evaluation: &mut Evaluation) -> bool {
    let mut inside = false;
    for line in lines {
        // Nothing has to be compared: malware that was never fixed is found under whatever version it calls itself.
        if line.is_everything() {
            inside = true;
            continue;
        }
        match (version.in_order(line.is_semver), &line.steps) {
            (None, _) => evaluation.unreadable_version = true,
            (Some(_), Err(bound)) => evaluation.broken_bounds.push((*bound).to_owned()),
            (Some(version), Ok(steps)) => inside |= contains(steps, version),
        }
    }
    inside
}

/// The last event that the version has passed decides.
fn contains(steps: &[Step], version: &Version) -> bool {
    let has_passed = |step: &&Step| match &step.bound {
        None => true,
        Some(bound) if step.tie == 2 => version > bound,
        Some(bound) => version >= bound,
    };
    steps.iter().rev().find(has_passed).is_some_and(|step| step.affected)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::super::invented::{advisory, affected, ecosystem_range, semver_range};
    use super::*;
    use crate::model::Event::{self, Fixed, Introduced, LastAffected, Limit};
    use crate::version;

    fn says(advisory: &Advisory, ecosystem: Ecosystem, version: &str) -> Evaluation {
        says_in(version::order(ecosystem), advisory, ecosystem, version)
    }

    fn says_in(own: &dyn Order, advisory: &Advisory, ecosystem: Ecosystem, version: &str) -> Evaluation {
        Record::read(advisory, &(ecosystem, "thing".to_owned()), own).evaluate(&Probe::read(version, own))
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
        element.versions = ["1.0", "2004d-final"].iter().collect();
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
        element.versions = ["2004d-final"].iter().collect();
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

    /// Counts what is read.
    struct Counting(Mutex<BTreeMap<String, usize>>);

    impl Order for Counting {
        fn id(&self) -> &'static str {
            "counting"
        }

        fn ecosystems(&self) -> &'static [Ecosystem] {
            &[]
        }

        fn parse<'a>(&self, text: &'a str) -> Result<Version<'a>, version::BadVersion> {
            *self.0.lock().expect("no test panics here").entry(text.to_owned()).or_default() += 1;
            version::order(Ecosystem::PyPI).parse(text)
        }
    }

    #[test]
    fn a_version_is_read_once_for_all_that_it_is_held_against() {
        let counting = Counting(Mutex::default());
        let key = (Ecosystem::PyPI, "thing".to_owned());
        let mut element =
            affected(Ecosystem::PyPI, "thing", vec![ecosystem_range(vec![introduced("3.0"), fixed("3.1")]); 3]);
        element.versions = (0..500).map(|patch| format!("2.{}.{patch}", patch % 50)).collect();
        let records: Vec<Advisory> = (0..20).map(|_| advisory("X-1", vec![element.clone()])).collect();
        let read: Vec<Record> = records.iter().map(|record| Record::read(record, &key, &counting)).collect();
        let probe = Probe::read("2.7.1", &counting);
        assert!(read.iter().all(|record| record.evaluate(&probe) == Evaluation::default()));

        let counts = counting.0.into_inner().expect("no test panics here");
        assert_eq!(counts["2.7.1"], 1);
        assert_eq!(counts["3.0"], 20 * 3, "a bound: once where it stands");
        let listed: usize =
            counts.iter().filter(|(text, _)| text.starts_with("2.") && *text != "2.7.1").map(|(_, n)| n).sum();
        assert_eq!(listed, 20 * 10, "of the listed versions those that begin with the same two numbers");
    }
}
