//! `uv.lock`: `[[package]]` tables, the project itself among them
//! (<https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>).
//!
//! The project's own entries say what is direct, and what only its development groups lead to.

use std::collections::{HashMap, HashSet};

use super::{Entry, Extractor, Sink, file_name};
use crate::formats::toml_doc::{Table, TomlDoc, array, string, table};
use crate::model::{Ecosystem, Evidence, Package};

const ID: &str = "uv-lock";

/// The extractor.
pub struct UvLock;

impl Extractor for UvLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "uv.lock"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let doc = TomlDoc::parse(entry.bytes);
        sink.lock_gaps.extend(doc.gap(entry.location, ID));
        let named = doc.named("package", entry.location, ID, &mut sink.lock_gaps);
        let roots = Roots::new(named.iter().map(|&(_, package, name)| (name, package)));
        for (place, package, name) in named.into_iter().filter(|(_, package, _)| !is_own(package)) {
            let version = string(package, "version").map(str::to_owned);
            let found = Package::new(Ecosystem::PyPI, name, version, Evidence::Locked, place);
            let requires = dependencies(package).map(str::to_owned).collect();
            let (direct, dev) = roots.standing(name);
            sink.locked(Package { direct, dev, requires, ..found }, None);
        }
    }
}

/// Whether an entry is the project's own code: it has no archive anywhere.
fn is_own(package: &Table<'_>) -> bool {
    let local = |source: &Table<'_>| ["virtual", "editable", "directory"].iter().any(|key| source.contains_key(*key));
    table(package, "source").is_some_and(local)
}

fn dependencies<'t>(package: &'t Table<'_>) -> impl Iterator<Item = &'t str> {
    array(package, "dependencies").filter_map(|value| string(value.get_ref().as_table()?, "name"))
}

/// The names under every key of a table of lists (`optional-dependencies`, `dev-dependencies`).
fn grouped<'t>(package: &'t Table<'_>, key: &str) -> impl Iterator<Item = &'t str> {
    let groups = table(package, key).into_iter().flat_map(|groups| groups.values());
    let values = groups.filter_map(|group| group.get_ref().as_array()).flatten();
    values.filter_map(|value| string(value.get_ref().as_table()?, "name"))
}

/// What the project's own entries lead to.
struct Roots<'t> {
    known: bool,
    direct: HashSet<&'t str>,
    shipped: HashSet<&'t str>,
}

impl<'t> Roots<'t> {
    fn new<'a: 't>(packages: impl Iterator<Item = (&'t str, &'t Table<'a>)>) -> Roots<'t> {
        let mut roots = Roots { known: false, direct: HashSet::new(), shipped: HashSet::new() };
        let mut edges: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut next = Vec::new();
        for (name, package) in packages {
            // Extras count as asked for: whether they are stands in yet other places.
            let needs: Vec<&str> = dependencies(package).chain(grouped(package, "optional-dependencies")).collect();
            if is_own(package) {
                roots.known = true;
                roots.direct.extend(needs.iter().copied().chain(grouped(package, "dev-dependencies")));
                next.extend(&needs);
            }
            edges.entry(name).or_default().extend(needs);
        }
        while let Some(name) = next.pop() {
            if roots.shipped.insert(name) {
                next.extend(edges.get(name).into_iter().flatten());
            }
        }
        roots
    }

    /// Whether a package is direct, and whether only development needs it.
    fn standing(&self, name: &str) -> (Option<bool>, Option<bool>) {
        if self.known { (Some(self.direct.contains(name)), Some(!self.shipped.contains(name))) } else { (None, None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};

    const LOCK: &[u8] = br#"version = 1

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "requests" }, { name = "lib", extra = ["x"] }]

[package.optional-dependencies]
yaml = [{ name = "pyyaml" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }, { name = "requests" }]

[[package]]
name = "lib"
source = { editable = "lib" }

[[package]]
name = "requests"
version = "2.19.1"
source = { registry = "https://pypi.example.com/simple" }
dependencies = [{ name = "idna", marker = "python_full_version < '4'" }]

[[package]]
name = "idna"
version = "2.7"
source = { registry = "https://pypi.example.com/simple" }

[[package]]
name = "pyyaml"
version = "5.3"
source = { git = "https://git.example.com/pyyaml?rev=1#2" }

[[package]]
name = "pytest"
version = "7.0.0"
source = { registry = "https://pypi.example.com/simple" }
dependencies = [{ name = "pluggy" }]

[[package]]
name = "pluggy"
version = "1.0.0"
source = { path = "pluggy-1.0.0-py3-none-any.whl" }
dependencies = [{ name = "pytest" }]
"#;

    #[test]
    fn roots_say_what_is_direct_and_what_is_for_development() {
        let sink = sink_of(&UvLock, "uv.lock", LOCK);
        assert_eq!(
            names(&sink),
            [
                "requests 2.19.1 locked",
                "idna 2.7 locked",
                "pyyaml 5.3 locked",
                "pytest 7.0.0 locked",
                "pluggy 1.0.0 locked"
            ]
        );
        let standing: Vec<_> = sink.found.iter().map(|f| (f.package.direct.unwrap(), f.package.dev.unwrap())).collect();
        assert_eq!(standing, [(true, false), (false, false), (true, false), (true, true), (false, true)]);
        assert_eq!(sink.found[0].package.requires, ["idna"]);
        assert_eq!(sink.found[0].package.locations[0].span.unwrap().line, 20);
    }

    #[test]
    fn without_roots_nothing_is_said() {
        let sink = sink_of(&UvLock, "uv.lock", b"[[package]]\nname = \"a\"\nversion = \"1\"\nsource = 3\n");
        assert_eq!((sink.found[0].package.direct, sink.found[0].package.dev), (None, None));
    }
}
