//! NuGet: SemVer 2.0 with one to four numbers and pre-releases in any case
//! (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>).
//!
//! The page says what is left out in a normalized version (leading zeros, a fourth number that is zero, build metadata)
//! and gives a row of pre-releases in their order; `fixtures/versions/nuget.txt` holds both. Unlike npm, NuGet never
//! read a pre-release without its hyphen.

use super::semver::Version;
use super::{BadVersion, Form, Order};
use crate::model::Ecosystem;

/// See the module.
pub struct Nuget;

impl Order for Nuget {
    fn id(&self) -> &'static str {
        "nuget"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::NuGet]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        let bare = text.trim();
        let mut version = Version::parse_bare(bare)
            .filter(|version| version.core.split('.').count() <= 4)
            .filter(|version| version.pre.is_empty() || bare[version.core.len()..].starts_with('-'))
            .ok_or_else(|| BadVersion(text.to_owned()))?;
        // Upper case, as NuGet's ordinal comparison folds: it decides where a hyphen or digit meets a letter.
        if version.pre.bytes().any(|b| b.is_ascii_lowercase()) {
            version.pre.to_mut().make_ascii_uppercase();
        }
        Ok(super::Version(Form::Semver(version)))
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    #[test]
    fn pre_releases_ignore_case() {
        assert_eq!(Nuget.compare("1.0-RC.1", "1.0-rc.1"), Ok(Ordering::Equal));
        assert_eq!(Nuget.compare("1.0-rc_1", "1.0"), Err(BadVersion("1.0-rc_1".to_owned())));
        assert_eq!(Nuget.compare("1.0-a-", "1.0-aB"), Ok(Ordering::Less));
    }

    #[test]
    fn five_numbers_and_floating_versions_are_no_versions() {
        for text in ["", "1.2.3.4.5", "1.*", "[1.0]", "v1.0", "1.0beta", "1.0-"] {
            assert_eq!(Nuget.compare(text, "1.0"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
