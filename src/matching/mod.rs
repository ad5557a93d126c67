//! Floor 2: package x advisory -> finding.
//!
//! A package version is looked up by ecosystem and normalized name, each record is evaluated as the OSV schema says
//! (`affects`), records that speak of one thing become one finding (`alias`), with a fix that satisfies all of them
//! (`fixes`) and the worst severity among them (`severity`). What the database itself cannot know is said by
//! [`database_gaps`].
//!
//! Matching compares names and versions only: it cannot know whether a flaw is reachable, or patched in place.

mod affects;
mod age;
mod alias;
mod coverage;
mod exploitation;
mod finding;
mod fixes;
mod names;
mod reading;
mod remedies;
mod severity;
mod variant;

#[cfg(test)]
mod invented;

use std::fmt::Display;

use affects::{Evaluation, Record};
pub use age::{AgeLimit, MaxAge, age_days, is_stale};
pub use coverage::database_gaps;
pub use exploitation::rate_exploitation;
use finding::{Flaw, Subject};
pub use names::{Named, Said, by_name, gather};
use reading::Probe;
pub use severity::severity_of;

use crate::model::{Advisory, Confidence, Ecosystem, Finding, Gap, GapKind, Location, Package, Remedy};
use crate::version;

/// Which part of the program the gaps name.
const BY: &str = "matching";

/// Bytes of the longest version that is compared. A text is read once for each version that an advisory lists, so a
/// manifest with a version of megabytes could hold up a scan for hours; Maven's own limit is 256.
const LONGEST_VERSION: usize = 1024;

/// A record that affects the package at hand.
struct Match<'a> {
    record: &'a Record<'a>,
    confidence: Confidence,
}

/// What is said of packages.
#[derive(Debug, Default, PartialEq)]
pub struct Matched {
    /// In the order of the packages, then of kinds and ids.
    pub findings: Vec<Finding>,
    /// In the order of the packages.
    pub gaps: Vec<Gap>,
    /// In the order of the packages, then of versions: releases that close findings and open none.
    pub remedies: Vec<Remedy>,
}

/// Matches every package with a version against the records that `lookup` gives for its ecosystem and normalized name.
///
/// Each name is looked up once. A failed lookup, and a version that cannot be compared although ranges exist for its
/// package, are blocking gaps; a range with a bound that cannot be read is skipped alone and is a note.
pub fn match_packages<E: Display>(
    packages: &[Package],
    lookup: impl Fn(Ecosystem, &str) -> Result<Vec<Advisory>, E>,
) -> Matched {
    // Name by name: the records of all names together would fill more memory than a scan.
    let said = by_name([packages]).into_iter().flat_map(|named| named.held_against(&lookup)).collect();
    gather(1, said).pop().unwrap_or_default()
}

fn unanswered(package: &Package, error: impl Display) -> Gap {
    let detail = format!("the advisories of {} could not be read: {error}", package.name);
    Gap::blocking(GapKind::Advisories, place(package), BY, detail)
}

/// Matches packages of one name and version, each with its place.
fn match_version(packages: &[names::Placed<'_>], records: &[Record], said: &mut Vec<Said>) {
    let Some((_, first)) = packages.first() else { return };
    let Some(version) = first.version.as_deref() else { return };
    if version.len() > LONGEST_VERSION && !records.is_empty() {
        for &(at, package) in packages {
            let detail = format!("the version of {} has {} bytes, too many to be one", package.name, version.len());
            let gaps = vec![Gap::blocking(GapKind::BadVersion, place(package), BY, detail)];
            said.push(Said { place: at, what: Matched { gaps, ..Matched::default() } });
        }
        return;
    }
    let probe = Probe::read(version, version::order(first.ecosystem));
    let mut matches = Vec::new();
    let mut unreadable = false;
    let mut broken = Vec::new();
    for record in records {
        let Evaluation { affected, unreadable_version, broken_bounds } = record.evaluate(&probe);
        if let Some(confidence) = affected {
            matches.push(Match { record, confidence });
        }
        unreadable |= unreadable_version;
        broken.extend(broken_bounds.into_iter().map(|bound| format!("'{bound}' in {}", record.advisory.id)));
    }
    if matches.is_empty() && !unreadable && broken.is_empty() {
        return;
    }
    let groups = alias::groups(&matches);
    // What holds for the version wherever it is, once: a flawed package is in thousands of functions.
    let flaws: Vec<Flaw> = groups.iter().map(|group| Flaw::of(group, &probe, first.ecosystem)).collect();
    let releases = remedies::releases(records, &groups, &flaws, &probe, first.ecosystem);
    for &(at, package) in packages {
        let mut what = Matched::default();
        if unreadable {
            let detail = format!(
                "'{version}' is no version of {}, so {} could not be compared with the ranges of its advisories",
                package.ecosystem, package.name
            );
            what.gaps.push(Gap::blocking(GapKind::BadVersion, place(package), BY, detail));
        }
        if !broken.is_empty() {
            let detail = format!(
                "ranges of {} were skipped for bounds that are no versions: {}",
                package.name,
                broken.join(", ")
            );
            what.gaps.push(Gap::note(GapKind::BadVersion, place(package), BY, detail));
        }
        if !flaws.is_empty() {
            let subject = Subject::new(package);
            what.findings = flaws.iter().map(|flaw| flaw.finding(&subject)).collect();
            what.remedies = releases.iter().map(|release| release.remedy(&what.findings)).collect();
            what.findings.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        }
        said.push(Said { place: at, what });
    }
}

/// The first place of a package; the artifact itself for one without any.
fn place(package: &Package) -> Location {
    package.locations.first().cloned().unwrap_or_else(|| Location::artifact(0))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use super::invented::{advisory, affected, aliased, ecosystem_range, fixed_in, package, vector};
    use super::*;
    use crate::model::{AdvisoryKind, Event, Evidence, FindingKind, Level, Origin, PackageId, Severity};

    /// Matches against records that are given whatever is asked for; `affects` sorts out the rest.
    fn against(packages: &[Package], records: &[Advisory]) -> (Vec<Finding>, Vec<Gap>) {
        let matched = match_packages(packages, |_, _| Ok::<_, Infallible>(records.to_vec()));
        (matched.findings, matched.gaps)
    }

    #[test]
    fn a_finding_says_everything_about_its_group() {
        let mut record = aliased(fixed_in("GHSA-a", &[("0", "1.2.0"), ("2.0.0", "2.0.3")]), &["CVE-1"]);
        record.cvss = vec![vector("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")];
        let other = aliased(fixed_in("PYSEC-1", &[("0", "1.1.0")]), &["CVE-1", "CVE-2"]);
        let thing = package("thing", "1.0.0");
        let (findings, gaps) = against(std::slice::from_ref(&thing), &[other, record]);
        assert!(gaps.is_empty());
        let [finding] = findings.as_slice() else { panic!("one group, one finding: {findings:?}") };
        assert_eq!((finding.kind, finding.id.as_str()), (FindingKind::Vulnerability, "GHSA-a"));
        assert_eq!(finding.aliases, ["CVE-1", "CVE-2", "PYSEC-1"]);
        assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(finding.cvss.as_ref().map(|cvss| cvss.score), Some(9.8));
        assert_eq!(finding.title, "summary of GHSA-a");
        assert_eq!(finding.package, Some(thing.id()));
        assert_eq!(finding.purl.as_deref(), Some("pkg:npm/thing@1.0.0"));
        assert_eq!(finding.fixed, ["1.2.0", "2.0.3"]);
        assert_eq!(finding.locations, thing.locations);
        assert_eq!((finding.origin, finding.gates), (Origin::Dependency, true));
        assert_eq!(finding.remediation, "upgrade thing to 1.2.0");
    }

    #[test]
    fn a_copy_is_mended_by_what_ships_it() {
        let mut copy = package("thing", "1.0.0");
        copy.embedded_in = vec![PackageId("pkg:npm/outer@3.0.0".to_owned())];
        let records = [fixed_in("X-1", &[("0", "2.0.0")])];
        let remediation = &against(&[copy], &records).0[0].remediation;
        assert_eq!(
            remediation,
            "it is a copy inside pkg:npm/outer@3.0.0: upgrade that to a release with thing 2.0.0 or later"
        );
    }

    #[test]
    fn malware_comes_first_and_is_critical_whatever_its_records_say() {
        let malware = aliased(
            advisory("MAL-1", vec![affected(Ecosystem::Npm, "thing", vec![ecosystem_range(vec![introduced_zero()])])]),
            &["GHSA-m"],
        );
        let mut twin = fixed_in("GHSA-m", &[("0", "9.0.0")]);
        twin.word = Some(Severity::Low);
        let (findings, _) =
            against(&[package("thing", "1.0.0")], &[fixed_in("GHSA-a", &[("0", "2.0.0")]), twin, malware]);
        let ids: Vec<_> = findings.iter().map(|f| (f.kind, f.id.as_str(), f.severity)).collect();
        assert_eq!(
            ids,
            [
                (FindingKind::Malicious, "MAL-1", Severity::Critical),
                (FindingKind::Vulnerability, "GHSA-a", Severity::Unknown)
            ]
        );
        assert_eq!(findings[0].remediation, "remove thing and rotate every credential that the function can reach");
    }

    fn introduced_zero() -> Event {
        Event::Introduced("0".to_owned())
    }

    #[test]
    fn informational_records_are_low_and_say_what_to_do() {
        let mut record = advisory(
            "RUSTSEC-1",
            vec![affected(Ecosystem::Npm, "thing", vec![ecosystem_range(vec![introduced_zero()])])],
        );
        record.kind = AdvisoryKind::Informational("unmaintained".to_owned());
        record.word = Some(Severity::Critical);
        let (findings, _) = against(&[package("thing", "1.0.0")], &[record]);
        assert_eq!((findings[0].kind, findings[0].severity), (FindingKind::Informational, Severity::Low));
        assert_eq!(findings[0].remediation, "replace thing: nobody maintains it");
    }

    #[test]
    fn packages_without_a_version_and_withdrawn_records_never_match() {
        let record = fixed_in("X-1", &[("0", "9.0.0")]);
        let unversioned = Package { version: None, ..package("thing", "") };
        assert_eq!(against(&[unversioned], std::slice::from_ref(&record)), (Vec::new(), Vec::new()));
        let withdrawn = Advisory { withdrawn: Some("2026-01-01T00:00:00Z".to_owned()), ..record };
        assert_eq!(against(&[package("thing", "1.0.0")], &[withdrawn]), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_lies_beside_an_installed_tree_does_not_gate() {
        let mut locked = package("thing", "1.0.0");
        locked.evidence = Evidence::Locked;
        locked.beside_installed = true;
        let (findings, _) = against(&[locked], &[fixed_in("X-1", &[("0", "2.0.0")])]);
        assert!(!findings[0].gates);
    }

    #[test]
    fn a_version_that_cannot_be_read_is_a_blocking_gap_only_beside_ranges() {
        let strange = package("thing", "not-a-version");
        let (findings, gaps) = against(std::slice::from_ref(&strange), &[fixed_in("X-1", &[("0", "2.0.0")])]);
        assert!(findings.is_empty());
        assert_eq!((gaps.len(), gaps[0].level, gaps[0].kind), (1, Level::Blocking, GapKind::BadVersion));
        assert_eq!(gaps[0].location, strange.locations[0]);

        let mut listed = affected(Ecosystem::Npm, "thing", Vec::new());
        listed.versions = ["not-a-version"].iter().collect();
        let (findings, gaps) = against(std::slice::from_ref(&strange), &[advisory("X-2", vec![listed])]);
        assert_eq!((findings.len(), gaps.len()), (1, 0), "listed as a text");
        assert_eq!(against(&[strange], &[]), (Vec::new(), Vec::new()), "nobody warns of this package");
    }

    #[test]
    fn a_version_of_megabytes_is_a_gap_and_not_quoted() {
        let long = package("thing", &"1".repeat(1 << 20));
        let (findings, gaps) = against(std::slice::from_ref(&long), &[fixed_in("X-1", &[("0", "2.0.0")])]);
        assert!(findings.is_empty());
        assert_eq!((gaps.len(), gaps[0].level, gaps[0].kind), (1, Level::Blocking, GapKind::BadVersion));
        assert!(gaps[0].detail.len() < 200, "the gap does not quote it");
        assert_eq!(against(&[long], &[]), (Vec::new(), Vec::new()), "nobody warns of this package");
    }

    #[test]
    fn a_broken_bound_is_a_note_and_hides_nothing() {
        let records = [fixed_in("X-1", &[("0", "soon")]), fixed_in("X-2", &[("0", "2.0.0")])];
        let (findings, gaps) = against(&[package("thing", "1.0.0")], &records);
        assert_eq!(findings.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["X-2"]);
        assert_eq!((gaps.len(), gaps[0].level), (1, Level::Note));
        assert!(gaps[0].detail.contains("'soon' in X-1"), "{}", gaps[0].detail);
    }

    #[test]
    fn a_failed_lookup_is_a_blocking_gap_and_ends_nothing() {
        let packages = [package("bad", "1.0.0"), package("thing", "1.0.0")];
        let Matched { findings, gaps, .. } = match_packages(&packages, |_, name| match name {
            "bad" => Err("the block is damaged"),
            _ => Ok(vec![fixed_in("X-1", &[("0", "2.0.0")])]),
        });
        assert_eq!(findings.len(), 1);
        assert_eq!((gaps.len(), gaps[0].level, gaps[0].kind), (1, Level::Blocking, GapKind::Advisories));
    }

    #[test]
    fn each_name_is_looked_up_once_by_its_normal_form() {
        let asked = RefCell::new(Vec::new());
        let python = |name: &str, version: &str| Package { ecosystem: Ecosystem::PyPI, ..package(name, version) };
        let packages = [python("Py_Yaml", "1.0"), python("py-yaml", "2.0"), package("py-yaml", "1.0.0")];
        match_packages(&packages, |ecosystem, name| {
            asked.borrow_mut().push((ecosystem, name.to_owned()));
            Ok::<_, Infallible>(Vec::new())
        });
        assert_eq!(*asked.borrow(), [(Ecosystem::Npm, "py-yaml".to_owned()), (Ecosystem::PyPI, "py-yaml".to_owned())]);
    }

    #[test]
    fn fingerprints_tell_copies_apart_and_outlive_moved_lines() {
        let record = || [fixed_in("X-1", &[("0", "9.0.0")])];
        let print = |package: Package| against(&[package], &record()).0[0].fingerprint.clone();
        let plain = package("thing", "1.0.0");
        let shadowed = Package { shadowed: true, ..plain.clone() };
        let upgraded = package("thing", "1.0.1");
        let mut elsewhere = plain.clone();
        elsewhere.locations = vec![Location::artifact(0).child("other/package.json")];
        let mut moved = plain.clone();
        moved.locations = vec![plain.locations[0].at(crate::model::Span { offset: 9, length: 1, line: 2, column: 1 })];
        moved.locations[0].artifact = 1;
        assert_eq!(print(plain.clone()), print(moved));
        for other in [shadowed, upgraded, elsewhere] {
            assert_ne!(print(plain.clone()), print(other));
        }
    }
}
