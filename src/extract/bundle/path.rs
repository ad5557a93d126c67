//! The package that a bundled module comes from, by its path.

use super::super::npm_spec::is_version;

/// A module of an installed package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Module<'a> {
    /// The package's name.
    pub name: &'a str,
    /// The version, where a package manager writes it into the path.
    pub version: Option<&'a str>,
    /// Where the package was installed, from the outermost `node_modules` on.
    pub folder: &'a str,
    /// The module's path in the package.
    pub file: &'a str,
}

impl<'a> Module<'a> {
    /// Reads a path as maps, metafiles and bundles write it: relative, absolute, behind `webpack://name/` or behind a
    /// chain of loaders. `None` for what is no file of an installed package, such as first-party code.
    pub fn of(path: &'a str) -> Option<Module<'a>> {
        let path = path.rsplit('!').next().unwrap_or(path);
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let first = boundaries(path).next()?;
        let last = boundaries(path).last()?;
        let (name, file) = split_name(&path[last + MODULES.len()..])?;
        if file.is_empty() || is_bundlers_own(name, file) {
            return None;
        }
        let end = path.len() - file.len() - 1;
        let holder = path[..last].trim_end_matches('/').rsplit('/').next().unwrap_or("");
        Some(Module { name, version: version_in(holder, name), folder: &path[first..end], file })
    }

    /// Whether it is the package's own manifest.
    pub fn is_manifest(&self) -> bool {
        self.file == "package.json"
    }
}

const MODULES: &str = "node_modules/";

/// Where a `node_modules/` begins that is a whole part of the path.
fn boundaries(path: &str) -> impl Iterator<Item = usize> {
    path.match_indices(MODULES).map(|(at, _)| at).filter(|&at| at == 0 || path.as_bytes()[at - 1] == b'/')
}

/// Splits `name/rest` and `@scope/name/rest`, if the name is one that npm allows.
pub(super) fn split_name(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.match_indices('/').map(|(at, _)| at);
    let end = if path.starts_with('@') { parts.nth(1) } else { parts.next() }?;
    let (name, rest) = (&path[..end], &path[end + 1..]);
    is_name(name).then_some((name, rest))
}

/// Whether a text can be a package's name (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name>); old
/// packages have capitals.
pub(super) fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~'))
    };
    let parts = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(name),
    };
    parts && name.len() <= 214 && name != "node_modules"
}

/// Modules that a bundler adds by itself and that lie among its own files.
fn is_bundlers_own(name: &str, file: &str) -> bool {
    match name {
        "webpack" => file.starts_with("buildin/") || file.starts_with("hot/") || file.starts_with("lib/"),
        "@vercel/ncc" | "@parcel/transformer-js" | "@parcel/node-resolver-core" => true,
        _ => name.starts_with("@parcel/runtime-"),
    }
}

/// The version in the folder that holds a package's own `node_modules`: pnpm's and Bun's `name@1.0.0`, Yarn's
/// `name-npm-1.0.0-hash`. The name must be the package's, since such a folder also links to what the package requires.
fn version_in<'a>(holder: &'a str, name: &str) -> Option<&'a str> {
    let version = match strip_name(holder, name, '+').and_then(|rest| rest.strip_prefix('@')) {
        // pnpm puts the versions of peers behind, Bun a hash.
        Some(rest) => rest.split(['_', '(', '+']).next().unwrap_or(rest),
        None => {
            let rest = strip_name(holder, name, '-')?.strip_prefix("-npm-")?;
            let hash = |part: &str| part.len() == 10 && part.bytes().all(|b| b.is_ascii_hexdigit());
            let mut end = 0;
            for part in rest.split('-') {
                if hash(part) {
                    break;
                }
                end += part.len() + 1;
            }
            rest.get(..end.checked_sub(1)?)?
        }
    };
    is_version(version).then_some(version)
}

/// Cuts a name off whose `/` is written as another character.
fn strip_name<'a>(text: &'a str, name: &str, slash: char) -> Option<&'a str> {
    let same = |a: u8, b: u8| a == b || (b == b'/' && a == slash as u8);
    let head = text.as_bytes().get(..name.len())?;
    head.iter().zip(name.bytes()).all(|(&a, b)| same(a, b)).then(|| &text[name.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_all_package_managers() {
        for (path, name, version, folder) in [
            ("node_modules/a/index.js", "a", None, "node_modules/a"),
            ("../../node_modules/@s/a/lib/i.js", "@s/a", None, "node_modules/@s/a"),
            ("webpack://fn/./node_modules/a/node_modules/b/i.js?x", "b", None, "node_modules/a/node_modules/b"),
            ("./node_modules/l/index.js!./node_modules/a/i.css", "a", None, "node_modules/a"),
            (
                "/home/x/node_modules/.pnpm/a@1.0.0/node_modules/a/i.js",
                "a",
                Some("1.0.0"),
                "node_modules/.pnpm/a@1.0.0/node_modules/a",
            ),
            (
                "node_modules/.pnpm/@s+a@1.0.0-rc.1_b@2.0.0/node_modules/@s/a/i.js",
                "@s/a",
                Some("1.0.0-rc.1"),
                "node_modules/.pnpm/@s+a@1.0.0-rc.1_b@2.0.0/node_modules/@s/a",
            ),
            ("node_modules/.pnpm/a@1.0.0/node_modules/b/i.js", "b", None, "node_modules/.pnpm/a@1.0.0/node_modules/b"),
            (
                ".yarn/cache/@s-a-npm-1.0.0-rc-1.2-0123456789-abcdef0123.zip/node_modules/@s/a/i.js",
                "@s/a",
                Some("1.0.0-rc-1.2"),
                "node_modules/@s/a",
            ),
            (".yarn/unplugged/a-npm-1.2.3-0123456789/node_modules/a/i.js", "a", Some("1.2.3"), "node_modules/a"),
            (
                "node_modules/.bun/a@1.2.3+9f1c/node_modules/a/i.js",
                "a",
                Some("1.2.3"),
                "node_modules/.bun/a@1.2.3+9f1c/node_modules/a",
            ),
        ] {
            let module = Module::of(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((module.name, module.version, module.folder), (name, version, folder), "{path}");
        }
    }

    #[test]
    fn first_party_paths_name_no_package() {
        for path in [
            "src/index.js",
            "webpack://fn/webpack/runtime/define",
            "webpack://fn/external node-commonjs \"fs\"",
            "my_node_modules/a/i.js",
            "node_modules/a",
            "node_modules/a/",
            "node_modules/.cache/x/i.js",
            "node_modules/@s/a",
            "node_modules/a b/i.js",
            "node_modules/webpack/buildin/global.js",
            "node_modules/@parcel/runtime-js/lib/x.js",
            "node_modules/é/i.js",
            "",
        ] {
            assert_eq!(Module::of(path), None, "{path}");
        }
    }
}
