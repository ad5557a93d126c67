//! `max-db-age` of a policy file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use toml::Spanned;

use super::config::{ConfigError, complain};
use crate::formats::complaint::Source;
use crate::formats::nearest::did_you_mean;
use crate::matching::{AgeLimit, MaxAge};
use crate::model::{Ecosystem, Feed};

/// Days for all, or a table of sources.
pub(super) type RawMaxAge = DaysOr<BTreeMap<Spanned<String>, RawAgeLimit>>;
/// Days after which there is no verdict, or both limits.
type RawAgeLimit = DaysOr<RawLimits>;

/// Days, or something that says more. Read by hand: what serde's untagged enumerations read has lost its place.
#[derive(Debug)]
pub(super) enum DaysOr<T> {
    Days(u64),
    Table(T),
}

/// What is wanted of a table.
trait Wanted {
    const WANTED: &str;
}

impl Wanted for BTreeMap<Spanned<String>, RawAgeLimit> {
    const WANTED: &str = "days, or a table of days by ecosystem and feed";
}

impl Wanted for RawLimits {
    const WANTED: &str = "days, or { warn = DAYS, fail = DAYS }";
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    warn: Option<u64>,
    fail: Option<u64>,
}

impl<'de, T: Deserialize<'de> + Wanted> Deserialize<'de> for DaysOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

struct Either<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de> + Wanted> Visitor<'de> for Either<T> {
    type Value = DaysOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WANTED)
    }

    fn visit_i64<E: Error>(self, days: i64) -> Result<Self::Value, E> {
        let read = u64::try_from(days).map(DaysOr::Days);
        read.map_err(|_| E::invalid_value(Unexpected::Signed(days), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(DaysOr::Table)
    }
}

pub(super) fn max_age(raw: Spanned<RawMaxAge>, source: &Source<'_>) -> Result<MaxAge, ConfigError> {
    let sources = match raw.into_inner() {
        DaysOr::Days(days) => return Ok(MaxAge::days(days)),
        DaysOr::Table(sources) => sources,
    };
    let mut max_age = MaxAge::default();
    for (key, limit) in sources {
        let name = key.get_ref().as_str();
        let limit = match limit {
            DaysOr::Days(fail) => AgeLimit { warn: None, fail: Some(fail) },
            DaysOr::Table(RawLimits { warn, fail }) => AgeLimit { warn, fail },
        };
        if name == "default" {
            max_age.default = limit;
        } else if let Some(ecosystem) = Ecosystem::ALL.into_iter().find(|one| one.name() == name) {
            max_age.ecosystems.insert(ecosystem, limit);
        } else if let Some(feed) = Feed::ALL.into_iter().find(|one| one.name() == name) {
            max_age.feeds.insert(feed, limit);
        } else {
            let known =
                Ecosystem::ALL.into_iter().map(|one| one.name()).chain(Feed::ALL.into_iter().map(|one| one.name()));
            let meant = did_you_mean(name, known.chain(["default"]));
            let name = name.escape_default();
            let message = format!("'{name}' is not 'default', and no ecosystem or feed that tidewaiter knows{meant}");
            return Err(complain(source, Some(key.span()), &message));
        }
    }
    Ok(max_age)
}
