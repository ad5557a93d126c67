//! Well-known libraries: whose artifact a name is, and whose classes a package holds.
//!
//! Old jars and those that Gradle builds carry no pom, and a shaded one may have lost it. `known.txt` holds facts of
//! the libraries that most advisories and most functions speak of; nothing is guessed from it: where two artifacts share
//! a package, or two groups an artifact's name, more must agree.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

static TABLE: &str = include_str!("known.txt");
static KNOWN: LazyLock<Known> = LazyLock::new(|| Known::parse(TABLE));

/// How packages that are named after a domain begin.
const DOMAINS: [&str; 7] = ["ch/", "cn/", "com/", "io/", "net/", "org/", "software/"];

/// The table.
pub(in crate::extract) fn known() -> &'static Known {
    &KNOWN
}

/// The parsed table.
pub(in crate::extract) struct Known {
    /// `group:artifact`.
    names: Vec<&'static str>,
    /// The packages of each.
    packages: Vec<Vec<&'static str>>,
    by_artifact: HashMap<&'static str, Vec<usize>>,
    /// Families: all artifacts whose name begins so are of that group.
    families: Vec<(&'static str, &'static str)>,
    prefixes: Vec<(&'static str, Vec<usize>)>,
    by_prefix: HashMap<&'static str, usize>,
    by_symbol: HashMap<&'static str, &'static str>,
    finder: Option<AhoCorasick>,
}

/// A well-known package in the name of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) struct Hit {
    /// Index of the prefix.
    pub prefix: usize,
    /// Where it begins in the name: not at 0 if it was moved.
    pub start: usize,
    /// Where it ends, behind its last `/`.
    pub end: usize,
}

impl Known {
    /// Each line: `group:artifact` and the packages that are its own, as folders, or its names as a bundle or a module,
    /// with dots. An artifact that ends in `*` is a family; `#` begins a comment.
    fn parse(table: &'static str) -> Known {
        let mut known = Known {
            names: Vec::new(),
            packages: Vec::new(),
            by_artifact: HashMap::new(),
            families: Vec::new(),
            prefixes: Vec::new(),
            by_prefix: HashMap::new(),
            by_symbol: HashMap::new(),
            finder: None,
        };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let Some((group, artifact)) = name.split_once(':') else { continue };
            if let Some(family) = artifact.strip_suffix('*') {
                known.families.push((family, group));
                continue;
            }
            let index = known.names.len();
            known.names.push(name);
            known.by_artifact.entry(artifact).or_default().push(index);
            let (prefixes, symbols): (Vec<_>, Vec<_>) = words.partition(|word| word.ends_with('/'));
            known.by_symbol.extend(symbols.into_iter().map(|symbol| (symbol, name)));
            known.packages.push(prefixes.clone());
            for prefix in prefixes {
                let at = *known.by_prefix.entry(prefix).or_insert_with(|| {
                    known.prefixes.push((prefix, Vec::new()));
                    known.prefixes.len() - 1
                });
                known.prefixes[at].1.push(index);
            }
        }
        known.finder = AhoCorasick::new(known.prefixes.iter().map(|(prefix, _)| prefix)).ok();
        known
    }

    /// The well-known package that a class is in; the innermost one, since what is moved is moved into another's.
    pub fn find(&self, class: &str) -> Option<Hit> {
        let hits = self.finder.as_ref()?.find_overlapping_iter(class).filter_map(|found| {
            let hit = Hit { prefix: found.pattern().as_usize(), start: found.start(), end: found.end() };
            // `ognl/` also stands in the names of those who use the library; what begins like a domain does not.
            let domain = || DOMAINS.iter().any(|domain| self.prefixes[hit.prefix].0.starts_with(domain));
            let begins = hit.start == 0 || (class.as_bytes()[hit.start - 1] == b'/' && domain());
            begins.then_some(hit)
        });
        hits.max_by_key(|hit| (hit.start, hit.end))
    }

    /// Whose a package is: `group:artifact` of all that have it.
    pub fn owners(&self, prefix: usize) -> impl Iterator<Item = &'static str> {
        self.prefixes.get(prefix).into_iter().flat_map(|(_, owners)| owners).map(|&owner| self.names[owner])
    }

    /// The packages of an artifact, shared ones as well.
    pub fn packages(&self, name: &str) -> impl Iterator<Item = &'static str> {
        let names = name.split_once(':').and_then(|(_, artifact)| self.by_artifact.get(artifact));
        let indexes = names.into_iter().flatten().filter(move |&&index| self.names[index] == name);
        indexes.flat_map(|&index| &self.packages[index]).copied()
    }

    /// The `group:artifact` of a bundle's or a module's name.
    pub fn symbol(&self, name: &str) -> Option<&'static str> {
        self.by_symbol.get(name).copied()
    }

    /// The prefix that is this package (`org.yaml.snakeyaml`).
    pub fn package(&self, name: &str) -> Option<usize> {
        self.by_prefix.get(format!("{}/", name.replace('.', "/")).as_str()).copied()
    }

    /// The `group:artifact` that an artifact's name can stand for.
    pub fn artifact(&self, name: &str) -> Vec<String> {
        match self.by_artifact.get(name) {
            Some(found) => found.iter().map(|&index| self.names[index].to_owned()).collect(),
            None => {
                let family = self.families.iter().find(|(family, _)| name.starts_with(family));
                family.map(|(_, group)| format!("{group}:{name}")).into_iter().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_whole_and_there_once() {
        let mut names = std::collections::BTreeSet::new();
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            assert_eq!(name.split(':').filter(|part| !part.is_empty()).count(), 2, "{line}");
            assert!(names.insert(name), "{line}: twice");
            for word in words {
                let folder = word.ends_with('/') && !word.starts_with('/') && !word.contains('.');
                assert!(folder || (word.contains('.') && !word.contains('/')), "{line}: {word}");
            }
        }
        assert!(known().finder.is_some());
    }

    #[test]
    fn names_and_families() {
        assert_eq!(known().artifact("log4j"), ["log4j:log4j"]);
        assert_eq!(known().artifact("spring-boot-starter-web"), ["org.springframework.boot:spring-boot-starter-web"]);
        assert!(known().artifact("netty").len() > 1);
        assert!(known().artifact("no-such-thing").is_empty());
    }

    #[test]
    fn the_innermost_package_counts() {
        let find = |class: &str| known().find(class).map(|hit| (known().prefixes[hit.prefix].0, hit.start));
        assert_eq!(find("org/yaml/snakeyaml/Yaml.class"), Some(("org/yaml/snakeyaml/", 0)));
        assert_eq!(find("org/springframework/core/x/org/yaml/snakeyaml/Yaml.class"), Some(("org/yaml/snakeyaml/", 27)));
        assert_eq!(find("org/yaml/snakeyaml"), None);
    }
}
