//! Records that speak of one thing, joined.
//!
//! Aliases are transitive (A names B, B names C), so they are joined by union-find over the records that match one
//! package version; a shared id of neither (one CVE) joins as well. `related` and `upstream` are no aliases. GitHub's
//! database gives one flaw one id, so two of its records never become one, even where a third record names both.

use std::collections::{BTreeMap, BTreeSet};

use super::Match;
use crate::model::AdvisoryKind;

/// Records of one thing.
pub(super) struct Group<'a> {
    /// The representative first: the id under which the group is shown.
    pub(super) members: Vec<&'a Match<'a>>,
    /// Every other id of the members and their aliases.
    pub(super) aliases: Vec<String>,
}

impl Group<'_> {
    /// The record that the group is named after.
    pub(super) fn representative(&self) -> &Match<'_> {
        self.members.first().expect("a group begins with one record")
    }
}

/// Groups the records that match one package version. Informational records are joined among themselves only.
pub(super) fn groups<'a>(matches: &'a [Match<'a>]) -> Vec<Group<'a>> {
    let is_informational = |m: &&Match| matches!(m.record.advisory.kind, AdvisoryKind::Informational(_));
    let (informational, flaws): (Vec<&Match>, Vec<&Match>) = matches.iter().partition(is_informational);
    [flaws, informational].into_iter().flat_map(join).collect()
}

fn join<'a>(mut records: Vec<&'a Match<'a>>) -> Vec<Group<'a>> {
    // The order of joining decides where two GitHub records compete for a third, so it must not depend on the lookup's.
    records.sort_by(|a, b| preference(&a.record.advisory.id).cmp(&preference(&b.record.advisory.id)));
    let mut sets = Sets::new(&records);
    for edge in edges(&records) {
        sets.join(edge);
    }
    let mut members: BTreeMap<usize, Vec<&Match>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        members.entry(sets.root(i)).or_default().push(record);
    }
    members.into_values().map(|members| Group { aliases: aliases(&members), members }).collect()
}

/// Pairs of records that share an id, those where one names the other first.
fn edges(records: &[&Match]) -> Vec<(usize, usize)> {
    let mut holders: BTreeMap<&str, (bool, BTreeSet<usize>)> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        let holder = holders.entry(&record.record.advisory.id).or_default();
        holder.0 = true;
        holder.1.insert(i);
        for alias in &record.record.advisory.aliases {
            holders.entry(alias).or_default().1.insert(i);
        }
    }
    let (direct, shared): (Vec<_>, Vec<_>) = holders.into_values().partition(|(is_record, _)| *is_record);
    direct
        .iter()
        .chain(&shared)
        .flat_map(|(_, holders)| holders.iter().flat_map(|a| holders.range(a + 1..).map(|b| (*a, *b))))
        .collect()
}

fn aliases(members: &[&Match]) -> Vec<String> {
    let id = members.first().map(|m| m.record.advisory.id.as_str());
    let ids = members.iter().flat_map(|m| std::iter::once(&m.record.advisory.id).chain(&m.record.advisory.aliases));
    ids.filter(|other| Some(other.as_str()) != id).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Which id a group is shown under: malware first, then GitHub's (the one that most tools print), then the ecosystem's
/// own database, a bare CVE last.
fn preference(id: &str) -> (u8, &str) {
    let rank = match id.split('-').next() {
        Some("MAL") => 0,
        Some("GHSA") => 1,
        Some("CVE") => 3,
        _ => 2,
    };
    (rank, id)
}

/// Union-find; each root knows the GitHub record of its set.
struct Sets<'a> {
    parents: Vec<usize>,
    github: Vec<Option<&'a str>>,
}

impl<'a> Sets<'a> {
    fn new(records: &[&'a Match<'a>]) -> Sets<'a> {
        let github = |m: &&'a Match| Some(m.record.advisory.id.as_str()).filter(|id| id.starts_with("GHSA-"));
        Sets { parents: (0..records.len()).collect(), github: records.iter().map(github).collect() }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.parents[i] != i {
            self.parents[i] = self.parents[self.parents[i]];
            i = self.parents[i];
        }
        i
    }

    fn join(&mut self, (a, b): (usize, usize)) {
        let (a, b) = (self.root(a), self.root(b));
        match (self.github[a], self.github[b]) {
            (Some(x), Some(y)) if x != y => {}
            (x, y) => {
                // The smaller index is the preferred record: it stays the root, so that roots list groups in order.
                let (root, child) = (a.min(b), a.max(b));
                self.parents[child] = root;
                self.github[root] = x.or(y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::invented::{advisory, aliased, matches, read};
    use super::*;
    use crate::model::{Advisory, Ecosystem};

    /// Groups as lists of ids, for records with aliases.
    fn grouped(records: &[(&str, &[&str])]) -> Vec<Vec<String>> {
        let advisories: Vec<Advisory> =
            records.iter().map(|(id, aliases)| aliased(advisory(id, Vec::new()), aliases)).collect();
        ids(&advisories)
    }

    fn ids(advisories: &[Advisory]) -> Vec<Vec<String>> {
        let records = read(Ecosystem::Npm, advisories);
        let matches = matches(&records);
        let list = |group: &Group| group.members.iter().map(|m| m.record.advisory.id.clone()).collect();
        groups(&matches).iter().map(list).collect()
    }

    #[test]
    fn chains_of_aliases_become_one_group() {
        let chain: [(&str, &[&str]); 4] = [("A-1", &["D-1"]), ("B-1", &["C-1"]), ("C-1", &["D-1"]), ("D-1", &[])];
        assert_eq!(grouped(&chain), [["A-1", "B-1", "C-1", "D-1"]]);
    }

    #[test]
    fn an_id_that_is_no_record_joins_too() {
        assert_eq!(
            grouped(&[("PYSEC-1", &["CVE-1"]), ("GHSA-a", &["CVE-1"]), ("PYSEC-2", &["CVE-2"])]),
            [vec!["GHSA-a", "PYSEC-1"], vec!["PYSEC-2"]]
        );
    }

    #[test]
    fn two_github_records_are_never_one() {
        let groups = grouped(&[("GHSA-b", &["CVE-1"]), ("GHSA-a", &["CVE-1"]), ("PYSEC-1", &["GHSA-b", "CVE-1"])]);
        assert_eq!(groups, [vec!["GHSA-a"], vec!["GHSA-b", "PYSEC-1"]], "a record goes where its own alias points");
        assert_eq!(grouped(&[("GHSA-a", &["GHSA-b"]), ("GHSA-b", &[])]), [["GHSA-a"], ["GHSA-b"]]);
    }

    #[test]
    fn the_order_of_the_lookup_does_not_matter() {
        let records: [(&str, &[&str]); 5] = [
            ("GHSA-a", &["CVE-1"]),
            ("GHSA-b", &["CVE-2"]),
            ("GO-1", &["CVE-1", "CVE-2"]),
            ("CVE-1", &[]),
            ("MAL-1", &["GHSA-b"]),
        ];
        let mut turned = records;
        let expected = grouped(&records);
        for _ in 0..records.len() {
            turned.rotate_left(1);
            assert_eq!(grouped(&turned), expected);
        }
        assert_eq!(expected[0][0], "MAL-1");
    }

    #[test]
    fn the_representative_and_the_other_ids() {
        let advisories = [
            aliased(advisory("CVE-9", Vec::new()), &[]),
            aliased(advisory("PYSEC-3", Vec::new()), &["CVE-9", "GHSA-never-seen"]),
        ];
        let records = read(Ecosystem::Npm, &advisories);
        let matches = matches(&records);
        let groups = groups(&matches);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].representative().record.advisory.id, "PYSEC-3");
        assert_eq!(groups[0].aliases, ["CVE-9", "GHSA-never-seen"]);
    }

    #[test]
    fn informational_records_stay_apart_from_flaws() {
        let mut notice = aliased(advisory("RUSTSEC-2", Vec::new()), &["CVE-1"]);
        notice.kind = AdvisoryKind::Informational("unsound".to_owned());
        let flaw = aliased(advisory("RUSTSEC-1", Vec::new()), &["CVE-1"]);
        assert_eq!(ids(&[notice, flaw]), [["RUSTSEC-1"], ["RUSTSEC-2"]]);
    }
}
