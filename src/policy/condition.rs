//! What a waiver asks of a finding.

use std::collections::BTreeSet;

use globset::GlobMatcher;
use regex::Regex;

use super::versions::Versions;
use crate::model::{Artifact, Confidence, Ecosystem, Finding, FindingKind, Location, Package, Scan, parse_purl};

/// Kinds that come from advisories: all that a scanner of packages alone can speak of.
pub(super) const ADVISORY_KINDS: &[FindingKind] =
    &[FindingKind::Vulnerability, FindingKind::Malicious, FindingKind::Informational];

/// One thing that must hold.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Its id or an alias is one of these, in upper case: `CVE-2021-44228`.
    Id(BTreeSet<String>),
    /// It is of one of these kinds.
    Kind(&'static [FindingKind]),
    /// It speaks of such a package.
    Package(PackageTest),
    /// It lies where one of these globs matches.
    Path(Vec<GlobMatcher>),
    /// It begins on this line, from 1.
    Line(u64),
    /// It has this fingerprint.
    Fingerprint(String),
    /// It is in a function whose name or id matches.
    Function(GlobMatcher),
    /// It is in a target with one of these names, ids or digests.
    Target(BTreeSet<String>),
    /// Whether a version is known that fixes it.
    Fixed(bool),
    /// Only development needs its package.
    Development,
    /// It is a secret of this vendor by the name of another tool's rule, in lower case.
    Vendor(String),
}

/// Which packages.
#[derive(Clone, Debug, Default)]
pub struct PackageTest {
    /// Of this ecosystem.
    pub ecosystem: Option<Ecosystem>,
    /// With this name, however it is spelled.
    pub name: Option<String>,
    /// With a name, or in Java an artifact's name alone, that all of this matches.
    pub pattern: Option<Regex>,
    /// With such a version.
    pub versions: Versions,
}

/// What conditions are held against.
pub(super) struct Subject<'a> {
    pub scan: &'a Scan,
    pub finding: &'a Finding,
    /// The package concerned, as the inventory has it.
    pub package: Option<&'a Package>,
}

impl Condition {
    /// An id in the form in which ids are compared.
    pub(super) fn key(id: &str) -> String {
        id.to_ascii_uppercase()
    }

    pub(super) fn id(id: &str) -> Condition {
        Condition::Id([Condition::key(id)].into())
    }

    /// Whether it asks about single places of the finding.
    fn is_local(&self) -> bool {
        matches!(self, Condition::Path(_) | Condition::Line(_))
    }

    /// Whether it holds for the finding as a whole; what asks about places is left to [`Condition::holds_at`].
    pub(super) fn holds(&self, on: &Subject<'_>) -> bool {
        let finding = on.finding;
        match self {
            Condition::Path(_) | Condition::Line(_) => true,
            Condition::Id(ids) => ids_of(finding).any(|id| ids.contains(&Condition::key(id))),
            Condition::Kind(kinds) => kinds.contains(&finding.kind),
            Condition::Package(test) => finding.purl.as_deref().is_some_and(|purl| test.admits(purl)),
            Condition::Fingerprint(fingerprint) => *fingerprint == finding.fingerprint,
            Condition::Function(glob) => names_of(on.scan).any(|name| glob.is_match(name)),
            Condition::Target(names) => {
                let digests = || on.scan.artifacts.iter().filter_map(|artifact| artifact.sha256.as_deref());
                names_of(on.scan).any(|name| names.contains(name)) || digests().any(|digest| names.contains(digest))
            }
            Condition::Fixed(fixed) => finding.fixed.is_empty() != *fixed,
            Condition::Development => on.package.is_some_and(|package| package.dev == Some(true)),
            Condition::Vendor(vendor) => finding.kind == FindingKind::Secret && is_of_vendor(finding, vendor),
        }
    }

    /// Whether it holds for one place of the finding.
    pub(super) fn holds_at(&self, place: &Location, artifacts: &[Artifact]) -> bool {
        match self {
            Condition::Path(globs) => {
                let inner = place.path.join("/");
                let typed = artifacts.get(place.artifact).map(|artifact| artifact.path.trim_start_matches("./"));
                let outer = typed.map(|path| format!("{}/{inner}", path.trim_end_matches('/')));
                globs.iter().any(|glob| glob.is_match(&inner) || outer.as_ref().is_some_and(|one| glob.is_match(one)))
            }
            Condition::Line(line) => place.span.is_some_and(|span| span.line == *line),
            _ => true,
        }
    }

    /// Whether any of these asks about places.
    pub(super) fn any_local(conditions: &[Condition]) -> bool {
        conditions.iter().any(Condition::is_local)
    }
}

impl PackageTest {
    /// Exactly the packages that a purl names: of one version, or without one of any. `None` if it is no purl of an
    /// ecosystem that this program knows.
    pub(super) fn of_purl(purl: &str) -> Option<PackageTest> {
        let (ecosystem, name, version) = parse_purl(purl)?;
        let versions = version.as_deref().map(Versions::exactly).unwrap_or_default();
        Some(PackageTest { ecosystem: Some(ecosystem), name: Some(name), versions, ..PackageTest::default() })
    }

    fn admits(&self, purl: &str) -> bool {
        let Some((ecosystem, name, version)) = parse_purl(purl) else { return false };
        let same = |wanted: &str| ecosystem.normalize(wanted) == ecosystem.normalize(&name);
        let artifact = || name.rsplit(':').next().unwrap_or_default();
        self.ecosystem.is_none_or(|wanted| wanted == ecosystem)
            && self.name.as_deref().is_none_or(same)
            && self.pattern.as_ref().is_none_or(|regex| regex.is_match(&name) || regex.is_match(artifact()))
            && self.versions.contain(ecosystem, version.as_deref())
    }
}

pub(super) fn ids_of(finding: &Finding) -> impl Iterator<Item = &str> {
    [finding.id.as_str()].into_iter().chain(finding.aliases.iter().map(String::as_str)).chain(finding.rule.as_deref())
}

/// A target's name and id, a file's name without its folders, and a function's without what tells it from others of that
/// name.
fn names_of(scan: &Scan) -> impl Iterator<Item = &str> {
    let file = scan.name.rsplit(['/', '\\']).next().unwrap_or_default();
    [scan.name.as_str(), scan.id.as_str(), file].into_iter().chain(scan.config.name.as_deref())
}

/// What the name of a secret's rule begins with, in every tool: the vendor.
pub(super) fn vendor(rule: &str) -> &str {
    rule.split(['-', '_']).next().unwrap_or_default()
}

/// Whether a secret is that vendor's. A generic rule may mean anything that no vendor's format speaks for.
fn is_of_vendor(finding: &Finding, theirs: &str) -> bool {
    vendor(&finding.id).eq_ignore_ascii_case(theirs) || (theirs == "generic" && finding.confidence < Confidence::High)
}
