//! What the advisory database cannot know, as gaps.
//!
//! No finding means nothing where the database has no advisories of an ecosystem, only a few, or only old ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::BY;
use super::age::{MaxAge, old_feeds, too_old};
use crate::model::{DatabaseInfo, DatabaseOrigin, Ecosystem, Evidence, Gap, GapKind, Level, Location, Package};

/// The database's gaps for a target with these packages, one for each ecosystem and reason.
///
/// The seed is a blocking one unless `allow_seed`; with no package at all it is said once, since the packages that were
/// missed may be of any ecosystem. An ecosystem or a feed that `max_age` calls old is a blocking gap or a note, as it says.
/// None blocks for an ecosystem of which all packages were compiled into others: a Python function's author syncs the
/// advisories of Python, and has no say in the crates of a wheel.
pub fn database_gaps(
    packages: &[Package],
    info: &DatabaseInfo,
    allow_seed: bool,
    max_age: &MaxAge,
    now: DateTime<Utc>,
) -> Vec<Gap> {
    let mut found: BTreeMap<Ecosystem, Level> = BTreeMap::new();
    // What the runtime brings along without a version could be matched with nothing.
    for package in packages.iter().filter(|p| p.evidence != Evidence::Runtime || p.version.is_some()) {
        let most = if package.compiled_in { Level::Note } else { Level::Blocking };
        found.entry(package.ecosystem).and_modify(|known| *known = most.min(*known)).or_insert(most);
    }
    let seed_counts = info.origin == DatabaseOrigin::Seed && !allow_seed;
    let gap = |level, detail| match level {
        Level::Blocking => Gap::blocking(GapKind::Advisories, Location::artifact(0), BY, detail),
        Level::Note => Gap::note(GapKind::Advisories, Location::artifact(0), BY, detail),
    };
    let mut gaps = Vec::new();
    if !found.is_empty() {
        gaps.extend(old_feeds(info, max_age, now).into_iter().map(|(level, detail)| gap(level, detail)));
    }
    if seed_counts && found.is_empty() {
        let detail = format!("advisories come from the built-in seed alone; {FULL_DATABASE}");
        gaps.push(gap(Level::Blocking, detail));
    }
    for (ecosystem, most) in found {
        let known = info.ecosystems.iter().find(|known| known.name == ecosystem.name());
        // A service knows its ecosystems even where it names no advisory, and answers of today.
        let asked = info.origin == DatabaseOrigin::Api;
        let Some(known) = known.filter(|known| asked || known.records > 0) else {
            let detail = format!("the database has no advisories of {ecosystem}; {FULL_DATABASE}");
            gaps.push(gap(most, detail));
            continue;
        };
        if seed_counts {
            let detail = format!("advisories of {ecosystem} come from the built-in seed alone; {FULL_DATABASE}");
            gaps.push(gap(most, detail));
        }
        gaps.extend(too_old(info, known, ecosystem, max_age, now).map(|(level, detail)| gap(level.max(most), detail)));
    }
    gaps
}

const FULL_DATABASE: &str = "`tidewaiter db sync` gets the full database";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::age::{AgeLimit, age_days};
    use super::super::invented::package;
    use super::*;
    use crate::model::{Feed, SourceInfo};

    fn info(origin: DatabaseOrigin, ecosystems: &[(&str, u64, Option<&str>)]) -> DatabaseInfo {
        let ecosystem = |(name, records, synced): &(&str, u64, Option<&str>)| SourceInfo {
            name: (*name).to_owned(),
            records: *records,
            newest: Some("2001-01-01T00:00:00Z".to_owned()),
            synced: synced.map(str::to_owned),
            from: None,
        };
        DatabaseInfo {
            origin,
            snapshot: "00".to_owned(),
            built_at: "2026-03-01T00:00:00Z".to_owned(),
            records: ecosystems.iter().map(|(_, records, _)| records).sum(),
            ecosystems: ecosystems.iter().map(ecosystem).collect(),
            feeds: Vec::new(),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-11T12:00:00Z").unwrap().to_utc()
    }

    fn details(packages: &[Package], info: &DatabaseInfo, allow_seed: bool, max_age: Option<u64>) -> Vec<String> {
        let max_age = max_age.map_or_else(MaxAge::default, MaxAge::days);
        let gaps = database_gaps(packages, info, allow_seed, &max_age, now());
        assert!(gaps.iter().all(|gap| gap.level == Level::Blocking && gap.kind == GapKind::Advisories));
        gaps.into_iter().map(|gap| gap.detail).collect()
    }

    fn python(name: &str) -> Package {
        Package { ecosystem: Ecosystem::PyPI, ..package(name, "1.0") }
    }

    #[test]
    fn the_seed_is_a_gap_for_each_ecosystem_found() {
        let seed = info(DatabaseOrigin::Seed, &[("PyPI", 9, None), ("npm", 9, None)]);
        let found = details(&[package("a", "1.0.0"), package("b", "1.0.0"), python("c")], &seed, false, None);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("npm") && found[1].contains("PyPI"));
        assert!(found.iter().all(|detail| detail.contains("tidewaiter db sync")));
        assert_eq!(details(&[], &seed, false, None).len(), 1, "said even where no package was found");
        assert!(details(&[package("a", "1.0.0")], &seed, true, None).is_empty());
        assert!(details(&[], &seed, true, None).is_empty());
    }

    #[test]
    fn an_ecosystem_that_the_database_lacks_is_a_gap_whatever_its_origin() {
        for origin in [DatabaseOrigin::Cache, DatabaseOrigin::Seed] {
            let lacking = info(origin, &[("npm", 9, None), ("PyPI", 0, None)]);
            let found = details(&[package("a", "1.0.0"), python("c")], &lacking, true, None);
            assert_eq!(found.len(), 1);
            assert!(found[0].contains("no advisories of PyPI"), "{}", found[0]);
        }
        let supplied = Package { evidence: Evidence::Runtime, version: None, ..python("boto3") };
        for packages in [&[][..], &[supplied]] {
            assert!(details(packages, &info(DatabaseOrigin::Cache, &[]), false, None).is_empty(), "nothing to match");
        }
    }

    #[test]
    fn an_ecosystem_that_is_only_compiled_into_others_does_not_block() {
        let rust = |compiled_in| Package { ecosystem: Ecosystem::CratesIo, compiled_in, ..package("a", "1.0.0") };
        let levels = |crates: &[(&str, u64, Option<&str>)], packages: &[Package]| {
            let info = info(DatabaseOrigin::Cache, &[&[("PyPI", 9, Some("2026-03-11T00:00:00Z"))], crates].concat());
            let gaps = database_gaps(packages, &info, false, &MaxAge::days(7), now());
            gaps.into_iter().map(|gap| gap.level).collect::<Vec<_>>()
        };
        let old = ("crates.io", 9, Some("2026-03-01T00:00:00Z"));
        for crates in [&[][..], &[old]] {
            assert_eq!(levels(crates, &[python("c"), rust(true)]), [Level::Note]);
            assert_eq!(levels(crates, &[rust(true), rust(false)]), [Level::Blocking]);
            assert_eq!(levels(crates, &[rust(false), rust(true)]), [Level::Blocking]);
        }
    }

    #[test]
    fn age_counts_from_the_last_sync_not_from_the_newest_record() {
        let dated = |synced| info(DatabaseOrigin::Cache, &[("npm", 9, synced)]);
        let found = |synced, limit| details(&[package("a", "1.0.0")], &dated(synced), false, Some(limit)).len();
        assert_eq!(found(Some("2026-03-04T00:00:00Z"), 7), 0);
        assert_eq!(found(Some("2026-03-03T00:00:00Z"), 7), 1);
        assert_eq!(found(None, 10), 0, "built ten days ago");
        assert_eq!(found(None, 9), 1);
        assert_eq!(found(Some("2027-01-01T00:00:00+02:00"), 0), 0, "the future is not old");
        assert_eq!(found(Some("yesterday"), 3650), 1, "an unreadable date proves nothing");
        assert!(details(&[package("a", "1.0.0")], &dated(Some("1999-01-01T00:00:00Z")), false, None).is_empty());
    }

    #[test]
    fn each_ecosystem_may_warn_and_fail_at_an_age_of_its_own() {
        let ten_days = Some("2026-03-01T00:00:00Z");
        let info = info(DatabaseOrigin::Cache, &[("PyPI", 9, ten_days), ("npm", 9, ten_days)]);
        let levels = |npm: AgeLimit, default: AgeLimit| {
            let max_age = MaxAge { default, ecosystems: BTreeMap::from([(Ecosystem::Npm, npm)]), ..MaxAge::default() };
            let gaps = database_gaps(&[package("a", "1.0.0"), python("c")], &info, false, &max_age, now());
            gaps.into_iter().map(|gap| (gap.level, gap.detail.contains("npm"))).collect::<Vec<_>>()
        };
        let limit = |warn, fail| AgeLimit { warn, fail };
        assert_eq!(levels(limit(Some(9), None), limit(None, None)), [(Level::Note, true)]);
        assert_eq!(levels(limit(Some(3), Some(9)), limit(None, Some(10))), [(Level::Blocking, true)]);
        assert_eq!(levels(limit(None, None), limit(Some(1), Some(20))), [(Level::Note, false)]);
        assert_eq!(levels(limit(Some(10), Some(10)), limit(Some(10), Some(10))), []);
    }

    #[test]
    fn an_old_feed_blocks_only_where_its_own_limit_says_so() {
        let mut info = info(DatabaseOrigin::Cache, &[("npm", 9, Some("2026-03-11T00:00:00Z"))]);
        let feed = |feed: Feed, newest: &str, synced: &str| SourceInfo {
            name: feed.name().to_owned(),
            records: 5,
            newest: Some(newest.to_owned()),
            synced: Some(synced.to_owned()),
            from: None,
        };
        // The scores come from a mirror that stopped; nobody has looked at the catalog for ten days.
        info.feeds = vec![
            feed(Feed::Epss, "2026-03-05T12:00:00Z", "2026-03-11T00:00:00Z"),
            feed(Feed::Kev, "2020-01-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ];
        let found = |max_age: &MaxAge, packages: &[Package]| -> Vec<(Level, bool)> {
            let gaps = database_gaps(packages, &info, false, max_age, now());
            gaps.into_iter().map(|gap| (gap.level, gap.detail.contains("EPSS"))).collect()
        };
        let npm = [package("a", "1.0.0")];
        assert_eq!(found(&MaxAge::default(), &npm), []);
        assert_eq!(found(&MaxAge::days(7), &npm), [(Level::Note, false)]);
        assert_eq!(found(&MaxAge::days(5), &npm), [(Level::Note, true), (Level::Note, false)]);
        assert_eq!(found(&MaxAge::days(5), &[]), [], "there is nothing that they could speak of");
        let own = BTreeMap::from([(Feed::Epss, AgeLimit { warn: None, fail: Some(3) })]);
        assert_eq!(found(&MaxAge { feeds: own, ..MaxAge::default() }, &npm), [(Level::Blocking, true)]);
        let lax = BTreeMap::from([(Feed::Epss, AgeLimit::default()), (Feed::Kev, AgeLimit::default())]);
        assert_eq!(found(&MaxAge { feeds: lax, ..MaxAge::days(5) }, &npm), []);
    }

    #[test]
    fn the_age_is_that_of_the_oldest_ecosystem_that_was_found() {
        let info = info(
            DatabaseOrigin::Cache,
            &[("PyPI", 9, Some("2026-02-09T00:00:00Z")), ("npm", 9, Some("2026-03-09T00:00:00Z"))],
        );
        let age = |found: &[Ecosystem]| age_days(&info, &found.iter().copied().collect(), now());
        assert_eq!(age(&[Ecosystem::Npm]), Some(2));
        assert_eq!(age(&[Ecosystem::Npm, Ecosystem::PyPI]), Some(30));
        assert_eq!(age(&[]), Some(30));
        assert_eq!(age(&[Ecosystem::Go]), Some(30));
    }
}
