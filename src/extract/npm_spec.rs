//! What npm's manifests and lock files write beside a package's name: a version, a range, an alias, a place
//! (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies>).

/// Where a dependency comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A registry.
    Registry,
    /// A repository or an archive elsewhere.
    Remote,
    /// The same project: first-party code.
    Local,
}

/// A dependency as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    /// The package's own name, also behind an alias.
    pub name: &'a str,
    /// The exact version, if it is one.
    pub version: Option<&'a str>,
    /// Where it comes from.
    pub origin: Origin,
}

impl<'a> Spec<'a> {
    /// Reads `"name": "value"`.
    pub fn new(name: &'a str, value: &'a str) -> Spec<'a> {
        let value = value.trim();
        if let Some(target) = value.strip_prefix("npm:") {
            // Yarn writes `npm:^1.0.0` where it means no alias.
            return match split(target) {
                Some((name, range)) => Spec { name, version: exact(range), origin: Origin::Registry },
                None if target.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') => {
                    Spec { name: target, version: None, origin: Origin::Registry }
                }
                None => Spec { name, version: exact(target), origin: Origin::Registry },
            };
        }
        Spec { name, version: exact(value), origin: origin(value) }
    }
}

fn origin(value: &str) -> Origin {
    let local = ["workspace:", "link:", "portal:", "root:", "./", "../", "~/", "/"];
    if local.iter().any(|prefix| value.starts_with(prefix)) {
        return Origin::Local;
    }
    if let Some(file) = value.strip_prefix("file:") {
        let archive = [".tgz", ".tar.gz", ".tar"].iter().any(|end| file.ends_with(end));
        return if archive { Origin::Remote } else { Origin::Local };
    }
    // Only ranges that begin with a digit or an operator, tags and `catalog:` have none of these.
    if value.contains("://") || value.contains('/') || value.starts_with("git@") || value.starts_with("github:") {
        Origin::Remote
    } else {
        Origin::Registry
    }
}

/// Splits `name@rest` and `@scope/name@rest`.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let from = usize::from(text.starts_with('@'));
    let at = from + text.get(from..)?.find('@')?;
    let (name, rest) = (&text[..at], &text[at + 1..]);
    (!name.is_empty() && !rest.is_empty()).then_some((name, rest))
}

/// The version, if the text is exactly one: `1.2.3`, `v1.2.3`, `=1.2.3`.
pub(super) fn exact(text: &str) -> Option<&str> {
    let bare = text.trim().trim_start_matches('=').trim_start().trim_start_matches('v');
    is_version(bare).then_some(bare)
}

/// Whether a text is a semantic version: three numbers, maybe with a pre-release and build metadata.
pub(super) fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let numbers = core.split('.').filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).count();
    let tail = &text[core.len()..];
    numbers == 3
        && core.split('.').count() == 3
        && tail.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'))
        && tail.len() != 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs() {
        use Origin::{Local, Registry, Remote};
        for (value, name, version, origin) in [
            ("1.2.3", "x", Some("1.2.3"), Registry),
            (" =v1.2.3-rc.1+b ", "x", Some("1.2.3-rc.1+b"), Registry),
            ("^1.2.3", "x", None, Registry),
            ("1.2.3 - 2.0.0", "x", None, Registry),
            ("1.2.x", "x", None, Registry),
            ("1.2", "x", None, Registry),
            ("*", "x", None, Registry),
            ("", "x", None, Registry),
            ("latest", "x", None, Registry),
            ("catalog:", "x", None, Registry),
            ("npm:real@^1.0.0", "real", None, Registry),
            ("npm:@scope/real@1.0.0", "@scope/real", Some("1.0.0"), Registry),
            ("npm:real", "real", None, Registry),
            ("npm:^1.0.0", "x", None, Registry),
            ("npm:1.0.0", "x", Some("1.0.0"), Registry),
            ("workspace:*", "x", None, Local),
            ("file:../x", "x", None, Local),
            ("file:vendor/x-1.0.0.tgz", "x", None, Remote),
            ("git+ssh://git@git.example.com/a/b.git#v1.0.0", "x", None, Remote),
            ("user/repo", "x", None, Remote),
            ("github:user/repo#1.0.0", "x", None, Remote),
        ] {
            assert_eq!(Spec::new("x", value), Spec { name, version, origin }, "{value:?}");
        }
    }

    #[test]
    fn names_are_split_from_what_follows() {
        assert_eq!(split("@s/a@npm:^1"), Some(("@s/a", "npm:^1")));
        assert_eq!(split("a@1"), Some(("a", "1")));
        for text in ["@s/a", "a", "", "@", "a@", "@@1"] {
            assert!(split(text).is_none_or(|(name, _)| name == "@"), "{text:?}");
        }
    }
}
