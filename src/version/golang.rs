//! Go: module versions, pseudo-versions, and the toolchain's own releases.
//!
//! A module version is SemVer with a `v` (<https://go.dev/ref/mod#versions>); a pseudo-version is a pre-release and
//! needs no rule of its own; `+incompatible` and `+dirty` are build metadata. Releases of Go itself are written
//! `go1.21rc1`, where a vendor or an experiment may stand behind a space (`go1.26.5 X:boringcrypto`). The Go
//! vulnerability database writes the same release as `1.21.0-rc.1`, and the branch before it as `1.21.0-0`.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::semver::{Version, compare_pre_releases};
use super::{BadVersion, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct Golang;

impl Order for Golang {
    fn id(&self) -> &'static str {
        "golang"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Go]
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion> {
        let (core_a, pre_a) = parse(a)?;
        let (core_b, pre_b) = parse(b)?;
        Ok(digits::compare_rows(core_a.split('.'), core_b.split('.'))
            .then_with(|| compare_pre_releases(&pre_a, &pre_b, |a, b| a.cmp(b))))
    }
}

/// The numbers and the pre-release.
fn parse(text: &str) -> Result<(&str, Cow<'_, str>), BadVersion> {
    let bad = || BadVersion(text.to_owned());
    let word = text.split_whitespace().next().ok_or_else(bad)?;
    let bare = word.strip_prefix("go").or_else(|| word.strip_prefix('v')).unwrap_or(word);
    // Experiments used to follow a hyphen: `go1.20-X:exp`; a colon stands in no version.
    let bare = bare.split_once("-X:").map_or(bare, |(version, _)| version);
    let Version { core, pre } = Version::parse_bare(bare).ok_or_else(bad)?;
    let is_release_of_go = !pre.is_empty() && !bare[core.len()..].starts_with('-');
    Ok((core, if is_release_of_go { Cow::Owned(with_dot(pre)) } else { Cow::Borrowed(pre) }))
}

/// `rc1` as the vulnerability database writes it: `rc.1`.
fn with_dot(pre: &str) -> String {
    let word = pre.trim_end_matches(|c: char| c.is_ascii_digit());
    match &pre[word.len()..] {
        "" => word.to_owned(),
        number => format!("{word}.{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_without_a_release_are_no_versions() {
        for text in ["", "(devel)", "devel go1.22-abcdef", "devel +abc", "go", "v", "unknown", "go1.21 "] {
            let compared = Golang.compare(text, "1.21.0");
            if text == "go1.21 " {
                assert_eq!(compared, Ok(Ordering::Equal));
            } else {
                assert_eq!(compared, Err(BadVersion(text.to_owned())), "{text}");
            }
        }
    }
}
