//! Releases that close findings of one package.
//!
//! A candidate is a fixed version that any record of the package names: those are known to exist. It is held against
//! every record, not only those that affect the present version, so that nobody is sent from one flaw to the next.
//! It cannot know of releases that no record names, nor whether the code still works with the release.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::affects::Record;
use super::alias::Group;
use super::finding::Flaw;
use super::fixes::is_clear;
use super::reading::{Probe, insert_sorted};
use super::variant::{self, ends_otherwise, is_other};
use crate::model::{AdvisoryKind, Ecosystem, Finding, FindingKind, Remedy};
use crate::version;

/// A release, and which flaws it closes, as indexes.
pub(super) struct Release {
    version: String,
    closes: BTreeSet<usize>,
}

impl Release {
    /// What it does for a package; `findings` are what the flaws made of it, in the same order.
    pub(super) fn remedy(&self, findings: &[Finding]) -> Remedy {
        let mut closes: Vec<String> = self.closes.iter().map(|&flaw| findings[flaw].fingerprint.clone()).collect();
        closes.sort_unstable();
        let package = findings.iter().find_map(|finding| finding.package.clone()).expect("matching names the package");
        Remedy { package, version: self.version.clone(), closes }
    }
}

/// Releases above `version` that open nothing, ascending; those of another variant come after the others. One that closes
/// no more than one before it is left out.
/// `flaws` are what the groups say, in the same order.
pub(super) fn releases(
    records: &[Record],
    groups: &[Group],
    flaws: &[Flaw],
    version: &Probe,
    ecosystem: Ecosystem,
) -> Vec<Release> {
    let open: Vec<(usize, &Group, &Flaw)> = (0..)
        .zip(groups.iter().zip(flaws))
        .map(|(at, (group, flaw))| (at, group, flaw))
        .filter(|(_, _, flaw)| flaw.kind != FindingKind::Malicious)
        .collect();
    let present: BTreeSet<&str> =
        open.iter().flat_map(|(_, group, _)| &group.members).map(|m| m.record.advisory.id.as_str()).collect();
    let mut kept: Vec<Release> = Vec::new();
    let named = variant::candidates(records, version);
    for release in fixed_versions(&named, version, ecosystem) {
        let closed = open.iter().filter(|(_, group, flaw)| {
            let is_fix = || flaw.fixed.iter().any(|fixed| fixed == release.text);
            is_fix() || group.members.iter().all(|m| is_clear(m.record.evaluate(&release).affected))
        });
        let closes: BTreeSet<usize> = closed.map(|(at, ..)| *at).collect();
        let opens = || {
            let others = records.iter().filter(|record| !present.contains(record.advisory.id.as_str()));
            others.filter(|record| is_flaw(record)).any(|record| !is_clear(record.evaluate(&release).affected))
        };
        if closes.is_empty() || kept.iter().any(|before| closes.is_subset(&before.closes)) || opens() {
            continue;
        }
        kept.push(Release { version: release.text.to_owned(), closes });
    }
    kept
}

/// The fixed versions above `version`, ascending, each once; those of another variant at the end. Nobody is sent to a
/// preview; what looks like one in Go is a commit without a tag.
fn fixed_versions<'a>(named: &'a BTreeSet<Cow<'_, str>>, version: &Probe, ecosystem: Ecosystem) -> Vec<Probe<'a>> {
    let order = version::order(ecosystem);
    let is_above = |release: &Probe| matches!((&release.own, &version.own), (Some(a), Some(b)) if a > b);
    let mut releases: Vec<Probe> = Vec::with_capacity(named.len());
    let offered = named.iter().filter(|text| ecosystem == Ecosystem::Go || !is_preview(text));
    let other = |release: &Probe| is_other(version, release.text, ecosystem);
    let end = |release: &Probe| ends_otherwise(version, release.text);
    for release in offered.map(|text| Probe::read(text, order)).filter(is_above) {
        insert_sorted(&mut releases, release, |a, b| {
            let by_version = || a.own.partial_cmp(&b.own).unwrap_or(Ordering::Equal);
            other(a).cmp(&other(b)).then_with(by_version).then_with(|| end(a).cmp(&end(b)))
        });
    }
    releases.dedup_by(|a, b| a.own == b.own);
    releases
}

/// Words between the numbers of a version that say it is not finished.
const PREVIEW: [&str; 17] = [
    "a",
    "alpha",
    "b",
    "beta",
    "c",
    "canary",
    "cr",
    "dev",
    "ea",
    "m",
    "milestone",
    "next",
    "nightly",
    "pre",
    "preview",
    "rc",
    "snapshot",
];

/// Whether a word of a version says that it is not finished.
pub(super) fn is_preview(version: &str) -> bool {
    let mut words = version.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| PREVIEW.iter().any(|preview| preview.eq_ignore_ascii_case(word)))
}

fn is_flaw(record: &Record) -> bool {
    !matches!(record.advisory.kind, AdvisoryKind::Informational(_))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::invented::{advisory, affected, ecosystem_range, fixed_in, package, semver_range};
    use super::super::{Matched, match_packages};
    use crate::model::{Advisory, Ecosystem, Event};

    /// `version closes ids`, for `thing` at a version.
    fn told(version: &str, records: &[Advisory]) -> Vec<String> {
        let thing = package("thing", version);
        let lookup = |_, _: &str| Ok::<_, Infallible>(records.to_vec());
        let Matched { findings, remedies, .. } = match_packages(std::slice::from_ref(&thing), lookup);
        assert!(remedies.iter().all(|remedy| remedy.package == thing.id()));
        let ids = |closes: &[String]| {
            let closed = findings.iter().filter(|finding| closes.contains(&finding.fingerprint));
            closed.map(|finding| finding.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        remedies.iter().map(|remedy| format!("{} closes {}", remedy.version, ids(&remedy.closes))).collect()
    }

    #[test]
    fn each_step_up_closes_more() {
        let records = [
            fixed_in("X-1", &[("0", "1.2.0")]),
            fixed_in("X-2", &[("0", "1.4.0"), ("2.0.0", "2.0.5")]),
            fixed_in("X-3", &[("0", "2.1.0")]),
        ];
        assert_eq!(told("1.0.0", &records), ["1.2.0 closes X-1", "1.4.0 closes X-1 X-2", "2.1.0 closes X-1 X-2 X-3"]);
        assert_eq!(told("1.3.0", &records), ["1.4.0 closes X-2", "2.1.0 closes X-2 X-3"]);
        assert_eq!(told("3.0.0", &records), Vec::<String>::new());
    }

    #[test]
    fn a_release_with_a_flaw_of_its_own_is_passed_over() {
        let regression = fixed_in("X-2", &[("2.0.0", "2.0.3")]);
        assert_eq!(told("1.0.0", &[fixed_in("X-1", &[("0", "2.0.0")]), regression]), ["2.0.3 closes X-1"]);
        let planted = advisory("MAL-1", vec![affected(Ecosystem::Npm, "thing", vec![one("1.2.0")])]);
        let records = [fixed_in("X-1", &[("0", "1.2.0")]), fixed_in("X-3", &[("0", "1.3.0")]), planted];
        assert_eq!(told("1.0.0", &records), ["1.3.0 closes X-1 X-3"]);
    }

    /// A range of one version.
    fn one(version: &str) -> crate::model::Range {
        semver_range(vec![Event::Introduced(version.to_owned()), Event::LastAffected(version.to_owned())])
    }

    #[test]
    fn a_flaw_that_comes_back_is_not_closed() {
        let back = fixed_in("X-1", &[("0", "1.2.0"), ("1.3.0", "1.5.0")]);
        let other = fixed_in("X-2", &[("0", "1.4.0")]);
        assert_eq!(told("1.0.0", &[back, other]), ["1.2.0 closes X-1", "1.4.0 closes X-2", "1.5.0 closes X-1 X-2"]);
    }

    #[test]
    fn nobody_is_sent_to_a_preview() {
        let records = [fixed_in("X-1", &[("0", "1.2.0-rc.1")]), fixed_in("X-2", &[("0", "1.3.0")])];
        assert_eq!(told("1.0.0", &records), ["1.3.0 closes X-1 X-2"]);
        for (version, expected) in
            [("4.2a1", true), ("2.0.M3", true), ("1.0-SNAPSHOT", true), ("4.1.94.Final", false), ("31.1-jre", false)]
        {
            assert_eq!(super::is_preview(version), expected, "{version}");
        }
    }

    #[test]
    fn who_runs_one_variant_is_sent_to_that() {
        let mut thing = package("thing", "31.1-jre");
        thing.ecosystem = Ecosystem::Maven;
        let record = |id: &str, fix: &str| {
            let range = ecosystem_range(vec![Event::Introduced("0".into()), Event::Fixed(fix.into())]);
            let mut element = affected(Ecosystem::Maven, "thing", vec![range]);
            element.versions = ["31.1-android", "31.1-jre"].iter().collect();
            advisory(id, vec![element])
        };
        let records = [record("X-1", "32.0.0-android"), record("X-2", "33.0.0-android")];
        let Matched { remedies, .. } = match_packages(&[thing], |_, _| Ok::<_, Infallible>(records.to_vec()));
        let told: Vec<(&str, usize)> = remedies.iter().map(|one| (one.version.as_str(), one.closes.len())).collect();
        assert_eq!(told, [("32.0.0-jre", 1), ("33.0.0-jre", 2)]);
    }

    #[test]
    fn malware_is_removed_rather_than_upgraded() {
        let malware = advisory("MAL-1", vec![affected(Ecosystem::Npm, "thing", vec![one("1.0.0")])]);
        assert_eq!(told("1.0.0", &[malware, fixed_in("X-1", &[("0", "1.1.0")])]), ["1.1.0 closes X-1"]);
        let forever = semver_range(vec![Event::Introduced("0".to_owned())]);
        let forever = advisory("MAL-2", vec![affected(Ecosystem::Npm, "thing", vec![forever])]);
        assert_eq!(told("1.0.0", &[forever, fixed_in("X-1", &[("0", "1.1.0")])]), Vec::<String>::new());
    }
}
