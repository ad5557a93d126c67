//! NuGet: SemVer 2.0 with one to four numbers and pre-releases in any case
//! (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>).

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
    Version::parse_bare(text.trim())
        .filter(|version| version.core.split('.').count() <= 4)
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
        for text in ["", "1.2.3.4.5", "1.*", "[1.0]", "v1.0"] {
            assert_eq!(Nuget.compare(text, "1.0"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
