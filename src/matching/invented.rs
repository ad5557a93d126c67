//! Invented records for the tests of this folder.

use super::Match;
use super::affects::Record;
use crate::model::{
    Advisory, AdvisoryKind, Affected, Confidence, CvssVector, Ecosystem, Event, Evidence, Location, Package, Range,
    RangeKind, VersionList,
};
use crate::version;

pub(super) fn advisory(id: &str, affected: Vec<Affected>) -> Advisory {
    let kind = if id.starts_with("MAL-") { AdvisoryKind::Malicious } else { AdvisoryKind::Vulnerability };
    Advisory {
        id: id.to_owned(),
        aliases: Vec::new(),
        kind,
        summary: format!("summary of {id}"),
        published: None,
        modified: "2026-01-01T00:00:00Z".to_owned(),
        withdrawn: None,
        cvss: Vec::new(),
        word: None,
        affected,
    }
}

pub(super) fn aliased(mut advisory: Advisory, aliases: &[&str]) -> Advisory {
    advisory.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    advisory
}

pub(super) fn affected(ecosystem: Ecosystem, name: &str, ranges: Vec<Range>) -> Affected {
    Affected {
        ecosystem,
        name: name.to_owned(),
        versions: VersionList::default(),
        ranges,
        custom_ranges: Vec::new(),
        cvss: Vec::new(),
        word: None,
    }
}

pub(super) fn semver_range(events: Vec<Event>) -> Range {
    Range { kind: RangeKind::Semver, events }
}

pub(super) fn ecosystem_range(events: Vec<Event>) -> Range {
    Range { kind: RangeKind::Ecosystem, events }
}

/// A record that affects npm's `thing` from the beginning up to its fixes, one interval each.
pub(super) fn fixed_in(id: &str, intervals: &[(&str, &str)]) -> Advisory {
    let events = intervals
        .iter()
        .flat_map(|(from, to)| [Event::Introduced((*from).to_owned()), Event::Fixed((*to).to_owned())])
        .collect();
    advisory(id, vec![affected(Ecosystem::Npm, "thing", vec![semver_range(events)])])
}

/// The records as they speak of `thing`.
pub(super) fn read(ecosystem: Ecosystem, advisories: &[Advisory]) -> Vec<Record<'_>> {
    let key = (ecosystem, "thing".to_owned());
    advisories.iter().map(|advisory| Record::read(advisory, &key, version::order(ecosystem))).collect()
}

pub(super) fn matches<'a>(records: &'a [Record<'a>]) -> Vec<Match<'a>> {
    records.iter().map(|record| Match { record, confidence: Confidence::High }).collect()
}

pub(super) fn vector(kind: &str, vector: &str) -> CvssVector {
    CvssVector { kind: kind.to_owned(), vector: vector.to_owned() }
}

/// An installed npm package.
pub(super) fn package(name: &str, version: &str) -> Package {
    let place = Location::artifact(0).child(&format!("node_modules/{name}/package.json"));
    Package::new(Ecosystem::Npm, name, Some(version.to_owned()), Evidence::Installed, place)
}
