//! `[[waivers]]` of a policy file.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::basis::Basis;
use super::condition::{Condition, PackageTest};
use super::config::{ConfigError, check, compile, complain};
use super::versions::Versions;
use super::waiver::Waiver;
use crate::formats::complaint::Source;

/// One element, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWaiver {
    id: Option<Spanned<String>>,
    package: Option<Spanned<String>>,
    versions: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    fingerprint: Option<Spanned<String>>,
    function: Option<Spanned<String>>,
    reason: Option<Spanned<String>>,
    owner: Option<Spanned<String>>,
    expires: Option<Spanned<RawDate>>,
}

/// A date, as TOML has one or as text.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a day is written as 2027-01-31")]
pub(super) enum RawDate {
    Date(toml::value::Datetime),
    Text(String),
}

impl RawDate {
    /// The day; of a moment, the day that it lies on.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        match self {
            RawDate::Date(moment) => {
                let date = moment.date?;
                NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
            }
            RawDate::Text(text) => parse_day(text),
        }
    }
}

/// `2027-01-31`, with a time of day behind it or without.
pub(super) fn parse_day(text: &str) -> Option<NaiveDate> {
    let day = text.trim().get(..10)?;
    let rest = text.trim()[10..].chars().next();
    rest.is_none_or(|c| matches!(c, 'T' | 't' | ' ')).then(|| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())?
}

/// What people read of it: `fixed text`, or what is wrong.
pub(super) fn day(source: &Source<'_>, date: Option<&Spanned<RawDate>>) -> Result<Option<NaiveDate>, ConfigError> {
    let Some(date) = date else { return Ok(None) };
    let day = date.get_ref().day();
    day.map(Some).ok_or_else(|| complain(source, Some(date.span()), "a day is written as 2027-01-31"))
}

/// Text that must say something.
pub(super) fn words(source: &Source<'_>, text: &Spanned<String>, missing: &str) -> Result<String, ConfigError> {
    check(source, text, |text| match text.trim() {
        "" => Err(missing),
        text => Ok(text.to_owned()),
    })
}

impl RawWaiver {
    /// `span` is the whole element.
    pub(super) fn validate(self, span: Range<usize>, source: &Source<'_>) -> Result<Waiver, ConfigError> {
        let (reason, owner) = self.answer(span, source)?;
        let expires = day(source, self.expires.as_ref())?;
        let said = [&self.id, &self.package, &self.versions, &self.path, &self.fingerprint, &self.function];
        let text = said.into_iter().flatten().map(|value| value.get_ref().as_str()).collect::<Vec<_>>().join(", ");
        let first = said.into_iter().flatten().map(Spanned::span).min_by_key(|span| span.start);
        let Some(first) = first else {
            let message = "this would waive every finding: name an id, a package, a path, a fingerprint or a function";
            return Err(complain(source, self.reason.map(|reason| reason.span()), message));
        };

        let mut conditions = Vec::new();
        if let Some(id) = &self.id {
            conditions.push(Condition::id(&words(source, id, "an empty id names nothing")?));
        }
        conditions.extend(package(source, self.package.as_ref(), self.versions.as_ref())?);
        if let Some(path) = &self.path {
            conditions.push(Condition::Path(vec![check(source, path, compile)?]));
        }
        if let Some(fingerprint) = &self.fingerprint {
            conditions.push(Condition::Fingerprint(check(source, fingerprint, digits)?));
        }
        if let Some(function) = &self.function {
            conditions.push(Condition::Function(check(source, function, compile)?));
        }
        let file = source.file.to_owned();
        let basis = Basis { file, line: source.line(first), reason, owner: Some(owner), expires };
        Ok(Waiver { basis, text, conditions, id: self.id.map(Spanned::into_inner), moot: None })
    }

    /// The reason and the owner. What is missing of them is told at once: who is told of one thing after another gives
    /// up after the second.
    fn answer(&self, span: Range<usize>, source: &Source<'_>) -> Result<(String, String), ConfigError> {
        let said = |text: &Option<Spanned<String>>| {
            let text = text.as_ref()?.get_ref().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let missing = match (said(&self.reason), said(&self.owner)) {
            (Some(reason), Some(owner)) => return Ok((reason, owner)),
            (None, None) => "a waiver needs a reason, and an owner: somebody to ask about it",
            (None, Some(_)) => "a waiver needs a reason",
            (Some(_), None) => "a waiver needs an owner: somebody to ask about it",
        };
        let blank = [&self.reason, &self.owner].into_iter().find(|text| said(text).is_none()).and_then(Option::as_ref);
        Err(complain(source, Some(blank.map_or(span, Spanned::span)), missing))
    }
}

fn package(
    source: &Source<'_>,
    package: Option<&Spanned<String>>,
    versions: Option<&Spanned<String>>,
) -> Result<Option<Condition>, ConfigError> {
    let Some(package) = package else {
        return match versions {
            None => Ok(None),
            Some(versions) => Err(complain(source, Some(versions.span()), "versions of what? name the package, too")),
        };
    };
    let wanted = "a package is named by its purl, as in pkg:npm/lodash, of an ecosystem that tidewaiter knows";
    let mut test = check(source, package, |purl| PackageTest::of_purl(purl).ok_or(wanted))?;
    if let Some(versions) = versions {
        if test.versions != Versions::default() {
            let message = "the package names a version already; leave one of the two out";
            return Err(complain(source, Some(versions.span()), message));
        }
        let ecosystem = test.ecosystem.expect("a purl that was read has an ecosystem");
        test.versions = check(source, versions, |text| Versions::parse(ecosystem, text))?;
    }
    Ok(Some(Condition::Package(test)))
}

/// A fingerprint as every report prints it.
fn digits(text: &str) -> Result<String, &'static str> {
    let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| text.to_ascii_lowercase()).ok_or("a fingerprint has 32 hexadecimal digits, as reports print them")
}
