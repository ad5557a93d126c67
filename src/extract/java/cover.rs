//! Whose a jar's classes are: which well-known libraries are among them without a name, and which classes nothing names.
//!
//! A library whose jar was named owns its classes. Where jars were merged, or where nothing names the jar, every folder
//! of classes must be explained: by a package that is here, by well-known classes, or as the function's own code. What is
//! left is third-party code that no advisory can be matched with, and said to be so.
//!
//! This goes by the names of folders, so it cannot see a library that hides under the name of another one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::facts::Classes;
use super::known::known;
use super::name::VENDORS;
use super::settle::{BY, Named, Settled};
use crate::extract::Sink;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

/// Words in names that say nothing of a package.
const COMMON: [&str; 24] = [
    "api",
    "base",
    "client",
    "common",
    "commons",
    "core",
    "framework",
    "github",
    "google",
    "http",
    "impl",
    "internal",
    "java",
    "json",
    "library",
    "parent",
    "platform",
    "plugin",
    "project",
    "sdk",
    "server",
    "spring",
    "tools",
    "util",
];
/// The launcher of an executable jar, which Spring Boot unpacks into it; the manifest has its version.
const LAUNCHER: &str = "org.springframework.boot:spring-boot-loader";
/// How many names one note holds.
const MOST_NAMES: usize = 5;

/// Adds what a jar's classes prove, and gaps for what they do not.
pub(super) fn cover(jar: &Settled<'_>, sink: &mut Sink) {
    let mut here: BTreeSet<String> = jar.own.iter().chain(&jar.embedded).map(Named::name).collect();
    let whole = jar.own.is_some() && jar.embedded.is_empty() && !jar.is_root();
    let classes = &jar.jar.classes;
    // An agent's instrumentation has classes that only bear the names of what it changes.
    let hits = || classes.known.iter().filter(|((_, moved), _)| (*moved || !whole) && !jar.manifest.weaves);

    // Packages that are one library's own name it; those that several share are explained by any of them.
    let mut present: BTreeMap<&str, &String> = BTreeMap::new();
    for ((prefix, _), folder) in hits() {
        let owners: Vec<&str> = known().owners(*prefix).collect();
        if let [owner] = owners[..]
            && !here.contains(owner)
        {
            present.entry(owner).or_insert(folder);
        }
    }
    here.extend(present.keys().map(|name| (*name).to_owned()));
    let mut unnamed: BTreeSet<String> = BTreeSet::new();
    for ((prefix, _), folder) in hits() {
        if !known().owners(*prefix).any(|owner| here.contains(owner)) {
            unnamed.insert(folder.clone());
        }
    }
    add_present(jar, present, sink);
    if !whole {
        let explained = Explained::by(&here).and_own(jar);
        unnamed.extend(classes.roots.iter().filter(|root| !explained.has(root)).cloned());
        if jar.is_root() && !explained.own_code(&classes.roots) {
            own_code(&mut unnamed);
        }
    }
    if !unnamed.is_empty() {
        let detail = format!(
            "Java classes in {} are of packages that nothing here names; keep META-INF/maven where jars are merged, or \
             ship them unmerged",
            listed(unnamed.iter())
        );
        sink.gaps.push(Gap::note(GapKind::Opaque, jar.place.clone(), BY, detail));
    }
    for one in &jar.embedded {
        let name = one.name();
        for ((prefix, _), folder) in &classes.known {
            if known().owners(*prefix).any(|owner| owner == name) {
                sink.claim(one, folder.clone());
            }
        }
    }
}

/// Whether all of a jar's classes can be one package's.
pub(super) fn explains_all(one: &Named, classes: &Classes) -> bool {
    let explained = Explained::by([&one.name()]);
    let known = classes.known.iter().filter(|((_, moved), _)| !moved).map(|(_, folder)| folder);
    classes.roots.iter().chain(known).all(|folder| explained.has(folder))
}

fn add_present(jar: &Settled<'_>, present: BTreeMap<&str, &String>, sink: &mut Sink) {
    let mut names = Vec::new();
    for (name, folder) in present {
        let version = jar.manifest.spring_boot.clone().filter(|_| name == LAUNCHER);
        let evidence = if version.is_some() { Evidence::Embedded } else { Evidence::Presence };
        if version.is_none() {
            names.push(name);
        }
        let package = Package::new(Ecosystem::Maven, name, version, evidence, jar.place.child(folder));
        sink.installed(package, folder);
    }
    if !names.is_empty() {
        let detail = format!(
            "classes of {} are here, but nothing tells their version: listed, not matched; keep META-INF/maven where jars \
             are merged",
            listed(names.iter())
        );
        sink.gaps.push(Gap::note(GapKind::Unversioned, jar.place.clone(), BY, detail));
    }
}

/// The first names of a list, and how many more there are.
pub(super) fn listed<T: AsRef<str>>(names: impl ExactSizeIterator<Item = T>) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut text: Vec<String> = names.take(MOST_NAMES).map(|name| name.as_ref().to_owned()).collect();
    if more > 0 {
        text.push(format!("{more} more"));
    }
    text.join(", ")
}

/// Folders that are the packages' of a jar.
struct Explained {
    /// First folders of groups.
    groups: HashSet<String>,
    /// Words of names.
    words: HashSet<String>,
    /// First folders of the function's own packages.
    own: HashSet<String>,
}

impl Explained {
    /// By the packages that are here.
    fn by<'a>(here: impl IntoIterator<Item = &'a String>) -> Explained {
        let mut explained = Explained { groups: HashSet::new(), words: HashSet::new(), own: HashSet::new() };
        for name in here {
            let (group, artifact) = name.split_once(':').unwrap_or(("", name));
            explained.groups.extend(first_folders(&group.replace('.', "/")));
            explained.groups.extend(known().packages(name).filter_map(first_folders));
            let last = group.rsplit('.').next().unwrap_or(group);
            let words = artifact.split(['-', '.', '_']).chain([last]).map(without_number);
            explained.words.extend(words.filter(|word| word.len() > 2 && !COMMON.contains(word)).map(str::to_owned));
        }
        explained
    }

    /// Also by the names of the function's own code.
    fn and_own(mut self, jar: &Settled<'_>) -> Explained {
        let own = jar.own.iter().filter_map(|own| own.group.clone()).chain(jar.manifest.start_class.clone());
        self.own.extend(own.filter_map(|name| first_folders(&name.replace('.', "/"))));
        self
    }

    fn has(&self, root: &str) -> bool {
        let first = first_folders(root);
        first.is_some_and(|first| self.groups.contains(&first) || self.own.contains(&first))
            || root.split('/').any(|part| self.words.contains(without_number(part)))
    }

    /// Whether the function's own code was recognised by its name.
    fn own_code(&self, roots: &BTreeSet<String>) -> bool {
        roots.iter().any(|root| first_folders(root).is_some_and(|first| self.own.contains(&first)))
    }
}

/// The folders that stand for one author: two, or three behind a name that many share. `None` for less.
fn first_folders(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    let (first, second) = (parts.next()?, parts.next()?);
    if VENDORS.contains(&format!("{first}.{second}").as_str()) || matches!((first, second), ("io", "github")) {
        return Some(format!("{first}/{second}/{}", parts.next()?));
    }
    Some(format!("{first}/{second}"))
}

/// `lang3` is a release of `lang`.
fn without_number(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Takes the function's own code out of what nothing names: folders of a single author, since code that was merged comes
/// from several.
fn own_code(unnamed: &mut BTreeSet<String>) {
    let authors: BTreeSet<String> =
        unnamed.iter().map(|root| first_folders(root).unwrap_or_else(|| root.clone())).collect();
    if authors.len() == 1 {
        unnamed.clear();
    }
}
