//! Floor 0: version orders, one file each.
//!
//! To add an order: write `version/x.rs`, then its two lines below (`mod x;` and the entry of [`ALL`]), and its table
//! `fixtures/versions/x.txt`. `digits.rs` is a helper of all orders.

mod digits;
mod golang;
mod maven;
mod nuget;
mod packagist;
mod pep440;
mod rubygems;
mod semver;

use std::cmp::Ordering;

use crate::model::Ecosystem;

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

/// A total order of an ecosystem's versions. Numbers may be of any length.
pub trait Order: Sync {
    /// The order's name: the file's name in this folder.
    fn id(&self) -> &'static str;

    /// The ecosystems that it serves.
    fn ecosystems(&self) -> &'static [Ecosystem];

    /// Compares two versions.
    ///
    /// # Errors
    /// The one that is no version.
    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion>;
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
