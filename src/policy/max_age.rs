//! `max-db-age` of a policy file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::config::{ConfigError, complain};
use crate::formats::complaint::Source;
use crate::matching::{AgeLimit, MaxAge};
use crate::model::{Ecosystem, Feed};

/// Days for all, or a table of sources.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "max-db-age wants days, or a table of days by ecosystem and feed")]
pub(super) enum RawMaxAge {
    Days(u64),
    Sources(BTreeMap<String, RawAgeLimit>),
}

/// Days after which there is no verdict, or both limits.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a source's limit wants days, or { warn = DAYS, fail = DAYS }")]
pub(super) enum RawAgeLimit {
    Days(u64),
    Limits(RawLimits),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    warn: Option<u64>,
    fail: Option<u64>,
}

pub(super) fn max_age(raw: Spanned<RawMaxAge>, source: &Source<'_>) -> Result<MaxAge, ConfigError> {
    let span = raw.span();
    let sources = match raw.into_inner() {
        RawMaxAge::Days(days) => return Ok(MaxAge::days(days)),
        RawMaxAge::Sources(sources) => sources,
    };
    let mut max_age = MaxAge::default();
    for (name, limit) in sources {
        let limit = match limit {
            RawAgeLimit::Days(fail) => AgeLimit { warn: None, fail: Some(fail) },
            RawAgeLimit::Limits(RawLimits { warn, fail }) => AgeLimit { warn, fail },
        };
        if name == "default" {
            max_age.default = limit;
        } else if let Some(ecosystem) = Ecosystem::ALL.into_iter().find(|one| one.name() == name) {
            max_age.ecosystems.insert(ecosystem, limit);
        } else if let Some(feed) = Feed::ALL.into_iter().find(|one| one.name() == name) {
            max_age.feeds.insert(feed, limit);
        } else {
            let message =
                format!("'{}' is not 'default', and no ecosystem or feed that tidewaiter knows", name.escape_default());
            return Err(complain(source, Some(span), &message));
        }
    }
    Ok(max_age)
}
