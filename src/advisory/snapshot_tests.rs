use std::collections::BTreeSet;

use super::*;
use crate::advisory::feeds::Feeds;
use crate::advisory::skipped::{SkipReason, Skips};
use crate::advisory::snapshot::FORMAT;
use crate::advisory::snapshot_write::{Use, build};
use crate::model::{AdvisoryKind, Affected, CvssVector, Event, Range, RangeKind, Severity};

fn advisory(number: usize, packages: &[(Ecosystem, &str)]) -> Advisory {
    let affected = |&(ecosystem, name): &(Ecosystem, &str)| Affected {
        ecosystem,
        name: name.to_owned(),
        versions: [format!("0.{number}")].iter().collect(),
        ranges: vec![Range {
            kind: RangeKind::Ecosystem,
            events: vec![Event::Introduced("0".to_owned()), Event::Fixed(format!("1.{number}.0"))],
        }],
        custom_ranges: Vec::new(),
        cvss: Vec::new(),
        word: Some(Severity::High),
    };
    Advisory {
        id: format!("TEST-{number:04}"),
        aliases: vec![format!("CVE-2024-{number}")],
        kind: AdvisoryKind::Vulnerability,
        summary: format!("Flaw number {number} of a package"),
        published: None,
        modified: format!("2024-01-01T00:00:{:02}Z", number % 60),
        withdrawn: (number % 10 == 9).then(|| "2024-02-01T00:00:00Z".to_owned()),
        cvss: vec![CvssVector { kind: "CVSS_V2".to_owned(), vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P".to_owned() }],
        word: None,
        affected: packages.iter().map(affected).collect(),
    }
}

fn some(count: usize) -> Vec<Advisory> {
    let names: Vec<String> = (0..count).map(|i| format!("package-{}", i / 3)).collect();
    (0..count).map(|i| advisory(i, &[(Ecosystem::Npm, &names[i]), (Ecosystem::PyPI, "Shared.Name")])).collect()
}

fn covered() -> BTreeSet<Ecosystem> {
    [Ecosystem::Npm, Ecosystem::PyPI].into()
}

fn open(advisories: Vec<Advisory>) -> Snapshot {
    Snapshot::from_bytes(build(advisories, &covered(), Feeds::default(), &Skips::default(), Use::Kept).unwrap())
        .unwrap()
}

#[test]
fn a_package_gives_its_records_with_its_own_elements() {
    let snapshot = open(some(600));
    let found = snapshot.package(Ecosystem::Npm, "package-1").unwrap();
    assert_eq!(found.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["TEST-0003", "TEST-0004", "TEST-0005"]);
    assert!(found.iter().all(|a| a.affected.len() == 1 && a.affected[0].ecosystem == Ecosystem::Npm));
    let mut expected = some(600).swap_remove(4);
    expected.affected.truncate(1);
    assert_eq!(found[1], expected);
    assert_eq!(snapshot.package(Ecosystem::PyPI, "shared-name").unwrap().len(), 600);
    assert_eq!(snapshot.package(Ecosystem::PyPI, "package-1").unwrap(), []);
    assert_eq!(snapshot.package(Ecosystem::Npm, "package").unwrap(), []);
}

#[test]
fn a_record_is_found_by_its_id_with_all_elements() {
    let snapshot = open(some(20));
    let mut expected = some(20).swap_remove(9);
    expected.affected.reverse();
    assert_eq!(snapshot.record("TEST-0009").unwrap(), Some(expected));
    assert_eq!(snapshot.record("TEST-000").unwrap(), None);
    assert_eq!(snapshot.record("").unwrap(), None);
}

#[test]
fn the_order_of_the_records_does_not_show() {
    let mut skips = Skips::default();
    skips.add(SkipReason::Range, "TEST-1");
    let forward = build(some(700), &covered(), Feeds::default(), &skips, Use::Kept).unwrap();
    let mut shuffled = some(700);
    shuffled.reverse();
    shuffled.rotate_left(123);
    assert_eq!(forward, build(shuffled, &covered(), Feeds::default(), &skips, Use::Kept).unwrap());
}

#[test]
fn only_covered_ecosystems_count_and_only_live_records() {
    let mut advisories = some(20);
    advisories.push(advisory(20, &[(Ecosystem::Npm, "x"), (Ecosystem::Go, "m.example/x")]));
    let snapshot = open(advisories);
    let ecosystems = &snapshot.manifest().ecosystems;
    assert_eq!((snapshot.manifest().records, ecosystems.len()), (19, 2));
    assert_eq!((ecosystems[0].name.as_str(), ecosystems[0].records), ("PyPI", 18));
    assert_eq!((ecosystems[1].name.as_str(), ecosystems[1].records), ("npm", 19));
    assert_eq!(ecosystems[1].newest.as_deref(), Some("2024-01-01T00:00:20Z"));
    assert_eq!(snapshot.package(Ecosystem::Go, "m.example/x").unwrap(), []);
}

#[test]
fn a_record_is_found_by_its_aliases() {
    let mut advisories = some(20);
    let mut other = advisory(50, &[(Ecosystem::Npm, "elsewhere")]);
    other.aliases = vec!["CVE-2024-9".to_owned(), "TEST-0004".to_owned()];
    advisories.push(other);
    let snapshot = open(advisories);
    let found = |id: &str| snapshot.records(id).unwrap();
    let ids = |id: &str| found(id).into_iter().map(|advisory| advisory.id).collect::<Vec<_>>();
    assert_eq!(ids("CVE-2024-9"), ["TEST-0009", "TEST-0050"]);
    assert_eq!(found("CVE-2024-9")[0].affected.len(), 2, "with all its elements");
    assert_eq!(ids("TEST-0004"), ["TEST-0004", "TEST-0050"], "its own id first");
    assert_eq!(snapshot.record("TEST-0004").unwrap().unwrap().id, "TEST-0004");
    assert_eq!(snapshot.record("CVE-2024-9").unwrap(), None);
    assert_eq!(ids("CVE-2024-999"), <[String; 0]>::default());
}

#[test]
fn names_are_listed_by_ecosystem() {
    let snapshot = open(some(9));
    assert_eq!(
        snapshot.packages(Ecosystem::Npm, |name| name.ends_with(['0', '2'])).unwrap(),
        ["package-0", "package-2"]
    );
    assert_eq!(snapshot.packages(Ecosystem::PyPI, |_| true).unwrap(), ["shared-name"]);
    assert!(snapshot.packages(Ecosystem::Go, |_| true).unwrap().is_empty());
}

/// Every answer that a snapshot can give, or the first error.
fn read_all(bytes: &[u8], advisories: &[Advisory]) -> Result<(Manifest, Vec<Vec<Advisory>>), AdvisoryError> {
    let snapshot = Snapshot::from_bytes(bytes.to_vec())?;
    let mut answers = vec![snapshot.package(Ecosystem::PyPI, "shared-name")?];
    for advisory in advisories {
        answers.push(snapshot.package(Ecosystem::Npm, &advisory.affected[0].name)?);
        answers.push(snapshot.record(&advisory.id)?.into_iter().collect());
    }
    Ok((snapshot.manifest().clone(), answers))
}

#[test]
fn every_changed_byte_is_an_error() {
    let advisories = some(12);
    let bytes = build(advisories.clone(), &covered(), Feeds::default(), &Skips::default(), Use::Kept).unwrap();
    assert!(read_all(&bytes, &advisories).is_ok());
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            assert!(read_all(&changed, &advisories).is_err(), "byte {at} of {}", bytes.len());
        }
    }
    for length in 0..bytes.len() {
        assert!(Snapshot::from_bytes(bytes[..length].to_vec()).is_err(), "cut at {length}");
    }
}

#[test]
fn what_passes_answers_like_what_is_kept() {
    let advisories = some(900);
    let [kept, passing] = [Use::Kept, Use::Passing]
        .map(|purpose| build(advisories.clone(), &covered(), Feeds::default(), &Skips::default(), purpose).unwrap());
    assert!(read_all(&kept, &advisories[..20]).unwrap() == read_all(&passing, &advisories[..20]).unwrap());
    let header = Header::read(&passing, passing.len() as u64).unwrap();
    assert!(header.range(Section::Dictionary).is_empty(), "no dictionary was trained");
}

#[test]
fn the_dictionary_is_checked_too() {
    let advisories = some(900);
    let bytes = build(advisories.clone(), &covered(), Feeds::default(), &Skips::default(), Use::Kept).unwrap();
    let range = Header::read(&bytes, bytes.len() as u64).unwrap().range(Section::Dictionary);
    assert!(range.len() > 256, "a dictionary was trained");
    let mut changed = bytes;
    changed[range.start + range.len() / 2] ^= 1;
    assert!(read_all(&changed, &advisories[..1]).is_err());
}

/// Blocks hold the model's types: a change of one changes the bytes, and old snapshots would be read as something else.
/// Where this fails, raise [`FORMAT`] and write down the new digest.
#[test]
fn the_encoding_belongs_to_its_format() {
    let mut sample = advisory(7, &[(Ecosystem::CratesIo, "a"), (Ecosystem::RubyGems, "b")]);
    sample.kind = AdvisoryKind::Informational("notice".to_owned());
    sample.affected[0].ranges[0].events.extend([Event::LastAffected("2".into()), Event::Limit("3".into())]);
    sample.affected[0].ranges[0].kind = RangeKind::Semver;
    let encoded = postcard::to_stdvec(&sample).unwrap();
    assert_eq!((FORMAT, crc32fast::hash(&encoded)), (3, 3_200_020_909));
}
