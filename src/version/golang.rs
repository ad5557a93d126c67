//! Go: module versions, pseudo-versions, and the toolchain's own releases.
//!
//! A module version is SemVer with a `v` (<https://go.dev/ref/mod#versions>); a pseudo-version is a pre-release and
//! needs no rule of its own; `+incompatible` and `+dirty` are build metadata. Releases of Go itself are written
//! `go1.21rc1`, where a vendor or an experiment may stand behind a space (`go1.26.5 X:boringcrypto`). The Go
//! vulnerability database writes the same release as `1.21.0-rc.1`, and the branch before it as `1.21.0-0`.

use super::semver::Version;
use super::{BadVersion, Form, Order};
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

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        let bad = || BadVersion(text.to_owned());
        let word = text.split_whitespace().next().ok_or_else(bad)?;
        let bare = word.strip_prefix("go").or_else(|| word.strip_prefix('v')).unwrap_or(word);
        // Experiments used to follow a hyphen: `go1.20-X:exp`; a colon stands in no version.
        let bare = bare.split_once("-X:").map_or(bare, |(version, _)| version);
        let mut version = Version::parse_bare(bare).ok_or_else(bad)?;
        let is_release_of_go = !version.pre.is_empty() && !bare[version.core.len()..].starts_with('-');
        if is_release_of_go {
            version.pre = with_dot(&version.pre).into();
        }
        Ok(super::Version(Form::Semver(version)))
    }
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
    use std::cmp::Ordering;

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
