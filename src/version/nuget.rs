//! NuGet: SemVer 2.0 with one to four numbers and pre-releases in any case
//! (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>).
//!
//! The page says what is left out in a normalized version (leading zeros, a fourth number that is zero, build metadata)
//! and gives a row of pre-releases in their order; `fixtures/versions/nuget.txt` holds both. Unlike npm, NuGet never
//! read a pre-release without its hyphen.

use std::cmp::Ordering;

use super::semver::{Version, compare_pre_releases};
use super::{BadVersion, Order, digits};
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

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion> {
        let (a, b) = (parse(a)?, parse(b)?);
        Ok(digits::compare_rows(a.core.split('.'), b.core.split('.'))
            .then_with(|| compare_pre_releases(a.pre, b.pre, compare_ignoring_case)))
    }
}

fn parse(text: &str) -> Result<Version<'_>, BadVersion> {
    let bare = text.trim();
    Version::parse_bare(bare)
        .filter(|version| version.core.split('.').count() <= 4)
        .filter(|version| version.pre.is_empty() || bare[version.core.len()..].starts_with('-'))
        .ok_or_else(|| BadVersion(text.to_owned()))
}

/// By upper case, as NuGet's ordinal comparison folds: it decides where a hyphen or digit meets a letter.
fn compare_ignoring_case(a: &str, b: &str) -> Ordering {
    let folded = |text: &str| text.bytes().map(|b| b.to_ascii_uppercase()).collect::<Vec<_>>();
    folded(a).cmp(&folded(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_numbers_and_floating_versions_are_no_versions() {
        for text in ["", "1.2.3.4.5", "1.*", "[1.0]", "v1.0", "1.0beta", "1.0-"] {
            assert_eq!(Nuget.compare(text, "1.0"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
