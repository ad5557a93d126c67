//! How old advisories may be, and how old they are.
//!
//! Age is the time since an ecosystem's records were last compared with their source. The date of the newest record
//! would call a quiet ecosystem old, and a mirror that stopped years ago could not be told from one. EPSS scores are made
//! anew every day, so that the date which they bear tells it, too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::model::{DatabaseInfo, Ecosystem, Feed, Level, SourceInfo};

/// Whole days after which advisories are old. Without a number there is no such age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeLimit {
    /// Older is a note.
    pub warn: Option<u64>,
    /// Older is a blocking gap.
    pub fail: Option<u64>,
}

/// The limit of each ecosystem and feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaxAge {
    /// Where an ecosystem has none of its own. For a feed it never fails: no finding is missing for want of one.
    pub default: AgeLimit,
    /// Limits of their own.
    pub ecosystems: BTreeMap<Ecosystem, AgeLimit>,
    /// Limits of their own.
    pub feeds: BTreeMap<Feed, AgeLimit>,
}

impl MaxAge {
    /// One limit for all, beyond which there is no verdict.
    pub fn days(fail: u64) -> MaxAge {
        MaxAge { default: AgeLimit { warn: None, fail: Some(fail) }, ..MaxAge::default() }
    }

    fn of(&self, ecosystem: Ecosystem) -> AgeLimit {
        self.ecosystems.get(&ecosystem).copied().unwrap_or(self.default)
    }

    fn of_feed(&self, feed: Feed) -> AgeLimit {
        let by_default =
            || AgeLimit { warn: [self.default.warn, self.default.fail].into_iter().flatten().min(), fail: None };
        self.feeds.get(&feed).copied().unwrap_or_else(by_default)
    }
}

/// Whole days since the least recently synced of these ecosystems was synced; of all, where none of them is known.
/// `None` where the date cannot be read.
pub fn age_days(info: &DatabaseInfo, found: &BTreeSet<Ecosystem>, now: DateTime<Utc>) -> Option<u64> {
    let is_found = |one: &&SourceInfo| found.iter().any(|ecosystem| ecosystem.name() == one.name);
    let mut dates: Vec<&str> = info.ecosystems.iter().filter(is_found).map(|one| info.known_up_to(one)).collect();
    if dates.is_empty() {
        dates = info.ecosystems.iter().map(|one| info.known_up_to(one)).chain([info.built_at.as_str()]).collect();
    }
    dates.into_iter().map(|date| days(date, now)).collect::<Option<Vec<u64>>>()?.into_iter().max()
}

/// Whether any of these ecosystems, or a feed, is older than its limit, be it to warn or to fail.
pub fn is_stale(info: &DatabaseInfo, found: &BTreeSet<Ecosystem>, max_age: &MaxAge, now: DateTime<Utc>) -> bool {
    let known = |ecosystem: &Ecosystem| info.ecosystems.iter().find(|one| one.name == ecosystem.name());
    found.iter().any(|one| known(one).is_some_and(|known| too_old(info, known, *one, max_age, now).is_some()))
        || !old_feeds(info, max_age, now).is_empty()
}

/// What is wrong with an ecosystem's age, and how bad that is.
pub(super) fn too_old(
    info: &DatabaseInfo,
    known: &SourceInfo,
    ecosystem: Ecosystem,
    max_age: &MaxAge,
    now: DateTime<Utc>,
) -> Option<(Level, String)> {
    beyond(info.known_up_to(known), max_age.of(ecosystem), &format!("the advisories of {ecosystem}"), now)
}

/// The feeds of the database that are too old.
pub(super) fn old_feeds(info: &DatabaseInfo, max_age: &MaxAge, now: DateTime<Utc>) -> Vec<(Level, String)> {
    let old = |feed: Feed| {
        let known = info.feed(feed)?;
        let limit = max_age.of_feed(feed);
        let (what, made) = match feed {
            Feed::Epss => ("the EPSS scores", known.newest.as_deref()),
            Feed::Kev => ("the entries of the KEV catalog", None),
        };
        let stalled = made.and_then(|date| beyond(date, limit, what, now));
        stalled.or_else(|| beyond(info.known_up_to(known), limit, what, now))
    };
    Feed::ALL.into_iter().filter_map(old).collect()
}

fn beyond(date: &str, limit: AgeLimit, subject: &str, now: DateTime<Utc>) -> Option<(Level, String)> {
    let beyond = |most: Option<u64>| most.is_some_and(|most| days(date, now).is_none_or(|days| days > most));
    let (level, most) = match limit {
        AgeLimit { fail: Some(most), .. } if beyond(limit.fail) => (Level::Blocking, most),
        AgeLimit { warn: Some(most), .. } if beyond(limit.warn) => (Level::Note, most),
        _ => return None,
    };
    let what = match days(date, now) {
        None => format!("bear a date that cannot be read ('{date}')"),
        Some(days) => format!("are {days} days old, and at most {most} are allowed"),
    };
    Some((level, format!("{subject} {what}; `tidewaiter db sync` renews them")))
}

/// A date in the future is a clock's fault, not age.
fn days(date: &str, now: DateTime<Utc>) -> Option<u64> {
    let date = DateTime::parse_from_rfc3339(date).ok()?;
    Some(u64::try_from((now - date.to_utc()).num_days()).unwrap_or(0))
}
