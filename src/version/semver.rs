//! SemVer 2.0 (<https://semver.org/spec/v2.0.0.html>), read leniently: npm and crates.io.
//!
//! Registries hold only strict versions, but advisories and old manifests do not: a leading `v` or `=`, missing parts
//! (`1.2`), a fourth part, leading zeros and a pre-release without its hyphen (`1.2.3beta`, node-semver's loose form)
//! are read as everyone means them. Ranges and wildcards are no versions.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{BadVersion, Form, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct Semver;

impl Order for Semver {
    fn id(&self) -> &'static str {
        "semver"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::CratesIo, Ecosystem::Npm]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        let rest = text.trim();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
        let version = Version::parse_bare(rest).ok_or_else(|| BadVersion(text.to_owned()))?;
        Ok(super::Version(Form::Semver(version)))
    }
}

/// A version taken apart; build metadata is checked and dropped, since it has no place in the order. NuGet and Go write
/// the same parts otherwise.
pub(super) struct Version<'a> {
    pub(super) core: &'a str,
    pub(super) pre: Cow<'a, str>,
}

impl<'a> Version<'a> {
    /// Parses what stands behind the ecosystem's own prefix.
    pub(super) fn parse_bare(text: &'a str) -> Option<Version<'a>> {
        let (text, build) = text.split_once('+').unwrap_or((text, ""));
        if !build.bytes().all(|b| is_identifier_byte(b) || b == b'.' || b == b'+') {
            return None;
        }
        let core_length = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (core, pre) = text.split_at(core_length);
        if !digits::parts(core).all(digits::is_number) {
            return None;
        }
        if pre.is_empty() {
            return Some(Version { core, pre: pre.into() });
        }
        let pre = pre.strip_prefix('-').unwrap_or(pre);
        is_pre_release(pre).then_some(Version { core, pre: pre.into() })
    }

    pub(super) fn cmp(&self, other: &Version<'_>) -> Ordering {
        digits::compare_rows(digits::parts(self.core), digits::parts(other.core))
            .then_with(|| compare_pre_releases(&self.pre, &other.pre))
    }
}

fn is_identifier_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}

/// Dot-separated identifiers, none of them empty.
fn is_pre_release(text: &str) -> bool {
    digits::parts(text).all(|part| !part.is_empty() && part.bytes().all(is_identifier_byte))
}

/// SemVer 2.0, section 11.3 and 11.4; the empty text is a release.
fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let decided = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (digits::is_number(a), digits::is_number(b)) {
                (true, true) => digits::compare(a, b),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if decided != Ordering::Equal {
            return decided;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_wildcards_are_no_versions() {
        for text in ["", "v", "1.x", "*", "^1.0.0", ">=1", "1..2", "1.2.", "1.2.3-", "1.2.3-a..b", "1.2.3-ä", "latest"]
        {
            assert_eq!(Semver.compare(text, "1.0.0"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
