//! How bad a group is: CVSS first (<https://www.first.org/cvss/>), the records' own words where no vector can be read.

use std::str::FromStr;

use super::Match;
use super::affects::elements;
use super::alias::Group;
use crate::model::{Advisory, Affected, Cvss, CvssVector, Ecosystem, Severity};

/// The severity of a group, and the vector that it rests on.
///
/// A record's vectors for this very package win over those for the record as a whole. Among what the members give, the
/// newest type of CVSS wins, and the highest score within it. A record that says nothing readable is `Unknown`.
pub(super) fn rate(group: &Group) -> (Severity, Option<Cvss>) {
    let records = group.members.iter().map(|Match { record, .. }| (record.advisory, record.elements()));
    match records.clone().filter_map(|(advisory, elements)| worst(advisory, elements)).max_by(compare) {
        Some((_, cvss)) => (Severity::from_score(cvss.score), Some(cvss)),
        None => (records.filter_map(|(advisory, elements)| word(advisory, elements)).max().unwrap_or_default(), None),
    }
}

/// The severity of one record for a package, whatever its version.
pub fn severity_of(advisory: &Advisory, key: &(Ecosystem, String)) -> Severity {
    match worst(advisory, elements(advisory, key)) {
        Some((_, cvss)) => Severity::from_score(cvss.score),
        None => word(advisory, elements(advisory, key)).unwrap_or_default(),
    }
}

fn worst<'a>(advisory: &Advisory, elements: impl Iterator<Item = &'a Affected>) -> Option<Scored> {
    let own = elements.flat_map(|element| &element.cvss).filter_map(score).max_by(compare);
    own.or_else(|| advisory.cvss.iter().filter_map(score).max_by(compare))
}

fn word<'a>(advisory: &Advisory, elements: impl Iterator<Item = &'a Affected>) -> Option<Severity> {
    elements.filter_map(|element| element.word).max().or(advisory.word)
}

/// The types of CVSS, the newest last; 3.0 and 3.1 are one type to OSV.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Generation {
    V2,
    V3,
    V4,
}

type Scored = (Generation, Cvss);

fn compare(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    a.0.cmp(&b.0)
        .then_with(|| a.1.score.total_cmp(&b.1.score))
        // Of two with one score the smaller text, so that the answer does not hang on the order of records.
        .then_with(|| b.1.vector.cmp(&a.1.vector))
}

/// Reads a vector by what it says of itself; the record's `type` is wrong often enough.
fn score(vector: &CvssVector) -> Option<Scored> {
    let text = vector.vector.trim();
    let (generation, score) = if text.starts_with("CVSS:3.") {
        (Generation::V3, cvss::v3::Vector::from_str(text).ok()?.score().value())
    } else if text.starts_with("CVSS:4.") {
        (Generation::V4, cvss::v4::Vector::from_str(text).ok()?.score().value())
    } else {
        (Generation::V2, cvss::v2::Vector::from_str(bare_v2(text)).ok()?.score().value())
    };
    let score = (score * 10.0).round() / 10.0;
    Some((generation, Cvss { vector: vector.vector.clone(), score }))
}

/// Version 2 has no prefix; the NVD writes it in parentheses, others with one of two prefixes.
fn bare_v2(text: &str) -> &str {
    let text = text.strip_prefix("CVSS:2.0/").or_else(|| text.strip_prefix("CVSS2#")).unwrap_or(text);
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::alias;
    use super::super::invented::{advisory, affected, matches, read, vector};
    use super::*;

    const V2: &str = "AV:N/AC:L/Au:N/C:P/I:P/A:P";
    const V3_CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const V3_MEDIUM: &str = "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";
    const V4_MEDIUM: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";

    fn record(vectors: &[&str]) -> Advisory {
        let mut record = advisory("X-1", vec![affected(Ecosystem::Npm, "thing", Vec::new())]);
        record.cvss = vectors.iter().map(|text| vector("CVSS_V3", text)).collect();
        record
    }

    fn rated(records: &[Advisory]) -> (Severity, Option<(String, f64)>) {
        let records = read(Ecosystem::Npm, records);
        let members = matches(&records);
        let (severity, cvss) = rate(&alias::Group { members: members.iter().collect(), aliases: Vec::new() });
        (severity, cvss.map(|cvss| (cvss.vector, cvss.score)))
    }

    /// Scores of the specifications' own examples and of FIRST's calculators.
    #[test]
    fn every_type_is_scored() {
        for (text, expected) in [
            (V2, 7.5),
            ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0),
            ("CVSS:2.0/AV:N/AC:M/Au:N/C:N/I:P/A:N", 4.3),
            (V3_CRITICAL, 9.8),
            (V3_MEDIUM, 6.1),
            (V4_MEDIUM, 6.9),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ] {
            assert_eq!(rated(&[record(&[text])]).1, Some((text.to_owned(), expected)));
        }
    }

    #[test]
    fn the_newest_type_wins_and_the_highest_score_within_it() {
        assert_eq!(rated(&[record(&[V2, V3_MEDIUM, V3_CRITICAL])]).0, Severity::Critical);
        assert_eq!(rated(&[record(&[V3_CRITICAL, V4_MEDIUM])]).0, Severity::Medium);
        assert_eq!(rated(&[record(&[V3_MEDIUM]), record(&[V3_CRITICAL])]).0, Severity::Critical);
    }

    #[test]
    fn the_elements_vectors_win_over_the_records() {
        let mut own = record(&[V3_CRITICAL]);
        own.affected[0].cvss = vec![vector("CVSS_V3", V3_MEDIUM)];
        assert_eq!(rated(&[own.clone()]).0, Severity::Medium);
        own.affected[0].cvss = vec![vector("CVSS_V3", "broken")];
        assert_eq!(rated(&[own.clone()]).0, Severity::Critical, "a vector that cannot be read says nothing");
        own.affected[0].name = "other".to_owned();
        own.affected[0].cvss = vec![vector("CVSS_V3", V3_MEDIUM)];
        assert_eq!(rated(&[own]).0, Severity::Critical, "another package's vector says nothing");
    }

    #[test]
    fn words_count_where_no_vector_can_be_read() {
        let mut worded = record(&["CVSS:9.9/AV:N", "nonsense", ""]);
        assert_eq!(rated(&[worded.clone()]), (Severity::Unknown, None));
        worded.word = Some(Severity::High);
        assert_eq!(rated(&[worded.clone(), record(&[])]), (Severity::High, None));
        worded.affected[0].word = Some(Severity::Low);
        assert_eq!(rated(&[worded]), (Severity::Low, None));
    }

    #[test]
    fn a_score_of_zero_is_still_a_finding() {
        let nothing = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N";
        assert_eq!(rated(&[record(&[nothing])]), (Severity::Low, Some((nothing.to_owned(), 0.0))));
    }

    /// Base scores of 3.0 and 3.1 differ in nothing but how the rounding is worded, so neither may round noise up.
    #[test]
    fn both_minor_versions_of_3_give_one_base_score() {
        let mut different = Vec::new();
        for av in ["N", "A", "L", "P"] {
            for (ac, ui) in [("L", "N"), ("L", "R"), ("H", "N"), ("H", "R")] {
                for (pr, s) in [("N", "U"), ("L", "U"), ("H", "U"), ("N", "C"), ("L", "C"), ("H", "C")] {
                    for c in ["N", "L", "H"] {
                        for (i, a) in
                            [("N", "L"), ("L", "N"), ("L", "L"), ("H", "L"), ("L", "H"), ("N", "H"), ("H", "H")]
                        {
                            let metrics = format!("AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:{s}/C:{c}/I:{i}/A:{a}");
                            let scored = |minor| score(&vector("CVSS_V3", &format!("CVSS:3.{minor}/{metrics}")));
                            let (old, new) = (scored(0).map(|s| s.1.score), scored(1).map(|s| s.1.score));
                            if old != new || old.is_none() {
                                different.push(format!("{metrics}: {old:?} {new:?}"));
                            }
                        }
                    }
                }
            }
        }
        assert!(different.is_empty(), "{}: {:?}", different.len(), &different[..different.len().min(5)]);
    }
}
