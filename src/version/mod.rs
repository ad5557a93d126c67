//! Floor 0: version orders, one file each.
//!
//! To add an order: write `version/x.rs`, then its two lines below (`mod x;` and the entry of [`ALL`]), and its table
//! `fixtures/versions/x.txt`. An order whose versions take a form of their own gets a variant of `Form` too, with its
//! arm in `partial_cmp`. `digits.rs` is a helper of all orders;
//! `range.rs` reads what manifests declare.

mod digits;
mod golang;
mod maven;
mod nuget;
mod packagist;
mod pep440;
mod range;
mod rubygems;
mod semver;

use std::cmp::Ordering;

use crate::model::Ecosystem;

pub use range::admits;

/// Every order. A test counts the files of this folder against it.
pub const ALL: &[&dyn Order] = &[
    &golang::Golang,
    &maven::Maven,
    &nuget::Nuget,
    &packagist::Packagist,
    &pep440::Pep440,
    &rubygems::RubyGems,
    &semver::Semver,
];

/// A text that the order cannot read as a version. Never guessed at: the caller makes a gap of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a version of this ecosystem")]
pub struct BadVersion(pub String);

/// A version that an order has read, so that it can be compared many times without being read again.
///
/// Only versions that one order has read say anything of each other: those of two are unequal and have no order, or
/// compare as if they were of one where the orders share a form.
pub struct Version<'a>(Form<'a>);

/// What the orders make of a text.
enum Form<'a> {
    Maven(maven::Version<'a>),
    Packagist(packagist::Version<'a>),
    Pep440(pep440::Version<'a>),
    RubyGems(rubygems::Version<'a>),
    Semver(semver::Version<'a>),
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Version<'_>) -> Option<Ordering> {
        match (&self.0, &other.0) {
            (Form::Maven(a), Form::Maven(b)) => Some(a.cmp(b)),
            (Form::Packagist(a), Form::Packagist(b)) => Some(a.cmp(b)),
            (Form::Pep440(a), Form::Pep440(b)) => Some(a.cmp(b)),
            (Form::RubyGems(a), Form::RubyGems(b)) => Some(a.cmp(b)),
            (Form::Semver(a), Form::Semver(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Version<'_>) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// A total order of an ecosystem's versions. Numbers may be of any length.
pub trait Order: Sync {
    /// The order's name: the file's name in this folder.
    fn id(&self) -> &'static str;

    /// The ecosystems that it serves.
    fn ecosystems(&self) -> &'static [Ecosystem];

    /// Reads a version.
    ///
    /// # Errors
    /// The text is none.
    fn parse<'a>(&self, text: &'a str) -> Result<Version<'a>, BadVersion>;

    /// Compares two versions. To compare one with many, [`Order::parse`] it once.
    ///
    /// # Errors
    /// The one that is no version.
    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion> {
        Ok(self.parse(a)?.partial_cmp(&self.parse(b)?).expect("an order gives its versions one form"))
    }
}

/// The first two numbers of a version, which every order reads alike.
///
/// Reading a version costs many times this, and of hundreds that a record lists few share those numbers.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    first: u64,
    second: Option<u64>,
}

impl Glance {
    /// `None` for a text that does not begin with a digit or has an epoch (`1!2.0`), and for a number beyond 64 bits.
    pub fn at(text: &str) -> Option<Glance> {
        let (first, rest) = first(text)?;
        Some(Glance { first, second: second(rest) })
    }

    /// Whether the versions are unequal in every order. `false` says nothing.
    pub fn differs_from(self, text: &str) -> bool {
        first(text).is_some_and(|(first, rest)| {
            self.first != first || matches!((self.second, second(rest)), (Some(a), Some(b)) if a != b)
        })
    }
}

/// The first two numbers of a version, whatever its ecosystem writes before them, without leading zeros.
pub fn branch(version: &str) -> (&str, &str) {
    let mut numbers = version
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.trim_start_matches('0'));
    (numbers.next().unwrap_or(""), numbers.next().unwrap_or(""))
}

fn first(text: &str) -> Option<(u64, &[u8])> {
    digits::leading(text.as_bytes()).filter(|(_, rest)| rest.first() != Some(&b'!'))
}

fn second(rest: &[u8]) -> Option<u64> {
    digits::leading(rest.strip_prefix(b".")?).map(|(second, _)| second)
}

/// The order of an ecosystem.
pub fn order(ecosystem: Ecosystem) -> &'static dyn Order {
    ALL.iter()
        .copied()
        .find(|order| order.ecosystems().contains(&ecosystem))
        .expect("every ecosystem has an order: a test counts them")
}

/// Plain SemVer, whatever the ecosystem: the order of OSV's `SEMVER` ranges.
pub fn semver() -> &'static dyn Order {
    &semver::Semver
}
