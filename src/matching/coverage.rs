//! What the advisory database cannot know, as gaps.
//!
//! No finding means nothing where the database has no advisories of an ecosystem, only a few, or only old ones.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::BY;
use crate::model::{DatabaseInfo, DatabaseOrigin, Ecosystem, Gap, GapKind, Location, Package};

/// The database's blocking gaps for a target with these packages, one for each ecosystem and reason.
///
/// The seed is one unless `allow_seed`; with no package at all it is said once, since the packages that were missed may
/// be of any ecosystem. An ecosystem is too old when its newest record (where there is none: the database itself) is
/// older than `max_age_days` at `now`, or has a date that cannot be read.
pub fn database_gaps(
    packages: &[Package],
    info: &DatabaseInfo,
    allow_seed: bool,
    max_age_days: Option<u64>,
    now: DateTime<Utc>,
) -> Vec<Gap> {
    let found: BTreeSet<Ecosystem> = packages.iter().map(|package| package.ecosystem).collect();
    let seed_counts = info.origin == DatabaseOrigin::Seed && !allow_seed;
    let mut details = Vec::new();
    if seed_counts && found.is_empty() {
        details.push(format!("advisories come from the built-in seed alone; {FULL_DATABASE}"));
    }
    for ecosystem in found {
        let known = info.ecosystems.iter().find(|known| known.name == ecosystem.name());
        // A service knows its ecosystems even where it names no advisory, and answers of today.
        let asked = info.origin == DatabaseOrigin::Api;
        let Some(known) = known.filter(|known| asked || known.records > 0) else {
            details.push(format!("the database has no advisories of {ecosystem}; {FULL_DATABASE}"));
            continue;
        };
        if seed_counts {
            details.push(format!("advisories of {ecosystem} come from the built-in seed alone; {FULL_DATABASE}"));
        }
        let dated = known.newest.as_deref().filter(|_| !asked).unwrap_or(&info.built_at);
        if let Some(limit) = max_age_days
            && let Some(age) = too_old(dated, limit, now)
        {
            details.push(format!("the advisories of {ecosystem} {age}; `tidewaiter db sync` renews them"));
        }
    }
    let blocking = |detail| Gap::blocking(GapKind::Advisories, Location::artifact(0), BY, detail);
    details.into_iter().map(blocking).collect()
}

const FULL_DATABASE: &str = "`tidewaiter db sync` gets the full database";

/// What is wrong with the age, if anything is.
fn too_old(dated: &str, limit_days: u64, now: DateTime<Utc>) -> Option<String> {
    let Ok(date) = DateTime::parse_from_rfc3339(dated) else {
        return Some(format!("bear a date that cannot be read ('{dated}')"));
    };
    // A date in the future is a clock's fault, not age.
    let days = u64::try_from((now - date.to_utc()).num_days()).unwrap_or(0);
    (days > limit_days).then(|| format!("are {days} days old, and at most {limit_days} are allowed"))
}

#[cfg(test)]
mod tests {
    use super::super::invented::package;
    use super::*;
    use crate::model::{EcosystemInfo, Level};

    fn info(origin: DatabaseOrigin, ecosystems: &[(&str, u64, Option<&str>)]) -> DatabaseInfo {
        let ecosystem = |(name, records, newest): &(&str, u64, Option<&str>)| EcosystemInfo {
            name: (*name).to_owned(),
            records: *records,
            newest: newest.map(str::to_owned),
        };
        DatabaseInfo {
            origin,
            snapshot: "00".to_owned(),
            built_at: "2026-03-01T00:00:00Z".to_owned(),
            records: ecosystems.iter().map(|(_, records, _)| records).sum(),
            ecosystems: ecosystems.iter().map(ecosystem).collect(),
        }
    }

    fn details(packages: &[Package], info: &DatabaseInfo, allow_seed: bool, max_age_days: Option<u64>) -> Vec<String> {
        let now = DateTime::parse_from_rfc3339("2026-03-11T12:00:00Z").unwrap().to_utc();
        let gaps = database_gaps(packages, info, allow_seed, max_age_days, now);
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
        assert!(details(&[], &info(DatabaseOrigin::Cache, &[]), false, None).is_empty());
    }

    #[test]
    fn the_newest_record_of_an_ecosystem_tells_its_age() {
        let dated = |newest| info(DatabaseOrigin::Cache, &[("npm", 9, newest)]);
        let found = |newest, limit| details(&[package("a", "1.0.0")], &dated(newest), false, Some(limit)).len();
        assert_eq!(found(Some("2026-03-04T00:00:00Z"), 7), 0);
        assert_eq!(found(Some("2026-03-03T00:00:00Z"), 7), 1);
        assert_eq!(found(None, 10), 0, "built ten days ago");
        assert_eq!(found(None, 9), 1);
        assert_eq!(found(Some("2027-01-01T00:00:00+02:00"), 0), 0, "the future is not old");
        assert_eq!(found(Some("yesterday"), 3650), 1, "an unreadable date proves nothing");
        assert!(details(&[package("a", "1.0.0")], &dated(Some("1999-01-01T00:00:00Z")), false, None).is_empty());
    }
}
