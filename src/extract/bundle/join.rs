//! Lays together what several files say of one bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Member, Subject, Testimony};
use crate::extract::join::Archive;
use crate::extract::{Found, LockedVersions, file_name};
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Location, Package};

/// Scripts of one file name among which an output is looked for: metafiles may list as many outputs as there are scripts.
const MOST_CANDIDATES: usize = 1_000;

/// What the bundles of an artifact hold.
#[derive(Debug, Default)]
pub(in super::super) struct Bundles {
    /// The packages, each at its script.
    pub found: Vec<Found>,
    /// Those without a version: a note for each script.
    pub gaps: Vec<Gap>,
    /// Scripts of which every package has a name.
    pub named: Vec<Location>,
}

/// Joins testimonies by script.
///
/// `own` are the names that first-party manifests give themselves, `locks` tells the versions that are locked for the
/// archive that holds a script, the best source first.
pub(in super::super) fn join<'a>(
    mut testimonies: Vec<Testimony>,
    own: &BTreeSet<&str>,
    locks: impl Fn(&Location) -> Vec<&'a LockedVersions>,
) -> Bundles {
    testimonies.sort_by(|a, b| (&a.location, &a.members).cmp(&(&b.location, &b.members)));
    let scripts = Scripts::new(&testimonies);
    let mut bundles: BTreeMap<Location, (BTreeSet<Member>, bool)> = BTreeMap::new();
    for testimony in &testimonies {
        if let Some(script) = scripts.of(testimony) {
            let bundle = bundles.entry(script.clone()).or_default();
            let members = testimony.members.iter().filter(|m| !(m.by_manifest && own.contains(m.name.as_str())));
            bundle.0.extend(members.cloned());
            bundle.1 |= testimony.whole;
        }
    }
    let mut joined = Bundles::default();
    for (script, (members, whole)) in bundles {
        let locks = locks(&script);
        let mut nameless = BTreeSet::new();
        for (name, version) in resolve(&members, &locks) {
            let evidence = if version.is_some() { Evidence::Bundled } else { Evidence::Presence };
            if version.is_none() {
                nameless.insert(name.clone());
            }
            let package = Package::new(Ecosystem::Npm, name, version, evidence, script.clone());
            joined.found.push(Found { package, unit: script.innermost().to_owned(), install_path: None });
        }
        joined.gaps.extend(unversioned(&script, &nameless, locks.is_empty()));
        if whole {
            joined.named.push(script);
        }
    }
    joined
}

/// One note for all packages of a script that have no version.
fn unversioned(script: &Location, names: &BTreeSet<String>, no_lock: bool) -> Option<Gap> {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    let (are, their) =
        if names.len() == 1 { ("package is", "its version") } else { ("packages are", "their versions") };
    let help = if no_lock {
        format!("--lockfile FILE with the lock file of the build tells {their}")
    } else {
        format!(
            "the lock file has none of the name, or several: the paths of a source map or a metafile would decide {their}"
        )
    };
    let detail =
        format!("{} {are} merged into this script without a version ({}{more}); {help}", names.len(), shown.join(", "));
    (!names.is_empty()).then(|| Gap::note(GapKind::Unversioned, script.clone(), "js-bundle", detail))
}

/// Names with their versions: what the bundle itself tells, then what the lock files tell of the same folder, then what
/// they tell of the name. Two folders with one name are two copies.
fn resolve(members: &BTreeSet<Member>, locks: &[&LockedVersions]) -> BTreeSet<(String, Option<String>)> {
    let mut by_name: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in members {
        by_name.entry(&member.name).or_default().push(member);
    }
    let mut resolved = BTreeSet::new();
    for (name, members) in by_name {
        let versions: BTreeSet<&String> = members.iter().filter_map(|member| member.version.as_ref()).collect();
        resolved.extend(versions.iter().map(|version| (name.to_owned(), Some((*version).clone()))));
        let mut folders: BTreeMap<&str, bool> = BTreeMap::new();
        for (folder, versioned) in members.iter().filter_map(|m| Some((m.folder.as_deref()?, m.version.is_some()))) {
            *folders.entry(folder).or_default() |= versioned;
        }
        if versions.len() == 1 && folders.len() <= 1 {
            continue;
        }
        let by_name = || {
            let version = locks.iter().find_map(|lock| lock.of_name(name));
            (name.to_owned(), version.map(str::to_owned))
        };
        for (folder, _) in folders.iter().filter(|(_, versioned)| !**versioned) {
            let locked = locks.iter().find_map(|lock| lock.of_folder(folder));
            // A nested folder that the lock file does not have came along inside a package that is a bundle itself: its
            // version is nobody's guess.
            let nested = folder.matches("node_modules/").count() > 1 && locks.iter().any(|lock| lock.has_folders());
            resolved.insert(match locked {
                Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
                None if nested => (name.to_owned(), None),
                None => by_name(),
            });
        }
        if versions.is_empty() && folders.is_empty() {
            resolved.insert(by_name());
        }
    }
    resolved
}

/// The scripts of an artifact, to be found by what speaks of them.
struct Scripts<'a> {
    by_path: HashMap<(Archive<'a>, &'a str), &'a Location>,
    by_map: HashMap<(Archive<'a>, &'a str), &'a Location>,
    by_file: HashMap<(Archive<'a>, &'a str), Vec<&'a Location>>,
}

impl<'a> Scripts<'a> {
    fn new(testimonies: &'a [Testimony]) -> Scripts<'a> {
        let mut scripts = Scripts { by_path: HashMap::new(), by_map: HashMap::new(), by_file: HashMap::new() };
        for testimony in testimonies {
            let Subject::Script(map) = &testimony.subject else { continue };
            let (place, path) = (Archive::at(&testimony.location), testimony.location.innermost());
            scripts.by_path.insert((place, path), &testimony.location);
            scripts.by_file.entry((place, file_name(path))).or_default().push(&testimony.location);
            if let Some(map) = map {
                scripts.by_map.entry((place, map)).or_insert(&testimony.location);
            }
        }
        scripts
    }

    /// The script that a testimony speaks of; a map or notice without its script stands for it.
    fn of(&self, testimony: &'a Testimony) -> Option<&'a Location> {
        let location = &testimony.location;
        let place = Archive::at(location);
        match &testimony.subject {
            Subject::Script(_) => Some(location),
            Subject::Beside(path) => {
                let named = self.by_map.get(&(place, location.innermost()));
                Some(named.or_else(|| self.by_path.get(&(place, path.as_str()))).copied().unwrap_or(location))
            }
            Subject::Output(path) => {
                let candidates = self.by_file.get(&(place, file_name(path)))?;
                let ends = |long: &str, short: &str| {
                    long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                };
                let same = |script: &&&Location| ends(path, script.innermost()) || ends(script.innermost(), path);
                let mut same = candidates.iter().take(MOST_CANDIDATES).filter(same);
                match (&candidates[..], same.next(), same.next()) {
                    ([only], ..) => Some(only),
                    (_, Some(script), None) if candidates.len() <= MOST_CANDIDATES => Some(script),
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Location {
        Location::artifact(0).child(path)
    }

    fn testimony(path: &str, subject: Subject, members: &[Member], whole: bool) -> Testimony {
        Testimony { location: at(path), subject, members: members.iter().cloned().collect(), whole }
    }

    fn in_folder(name: &str, folder: &str) -> Member {
        Member { folder: Some(folder.to_owned()), ..Member::new(name, None) }
    }

    fn rows(bundles: &Bundles) -> Vec<(&str, Option<&str>, Evidence)> {
        let row = |found: &'_ Found| found.package.evidence;
        bundles.found.iter().map(|f| (f.package.name.as_str(), f.package.version.as_deref(), row(f))).collect()
    }

    fn join_without_locks(testimonies: Vec<Testimony>) -> Bundles {
        join(testimonies, &BTreeSet::from(["own"]), |_| Vec::new())
    }

    #[test]
    fn files_that_speak_of_one_script_complete_each_other() {
        let bundles = join_without_locks(vec![
            testimony("d/i.js", Subject::Script(Some("d/x.map".to_owned())), &[Member::new("a", Some("1.0.0"))], false),
            testimony(
                "d/x.map",
                Subject::Beside("d/x".to_owned()),
                &[in_folder("a", "node_modules/a"), in_folder("b", "node_modules/b")],
                true,
            ),
            testimony("d/i.js.LEGAL.txt", Subject::Beside("d/i.js".to_owned()), &[Member::new("c", None)], false),
        ]);
        assert_eq!(
            rows(&bundles),
            [("a", Some("1.0.0"), Evidence::Bundled), ("b", None, Evidence::Presence), ("c", None, Evidence::Presence),]
        );
        assert!(bundles.found.iter().all(|found| found.package.locations == [at("d/i.js")]));
        assert_eq!(bundles.named, [at("d/i.js")]);
        let [gap] = &bundles.gaps[..] else { panic!("{:?}", bundles.gaps) };
        assert!(gap.kind == GapKind::Unversioned && gap.detail.starts_with("2 packages are merged"), "{}", gap.detail);
    }

    #[test]
    fn outputs_are_found_by_their_path() {
        let script = |path: &str| testimony(path, Subject::Script(None), &[], false);
        let output =
            |path: &str| testimony("meta.json", Subject::Output(path.to_owned()), &[Member::new("a", None)], true);
        let named = |scripts: &[&str], path: &str| {
            let all = scripts.iter().map(|path| script(path)).chain([output(path)]).collect();
            join_without_locks(all).named
        };
        assert_eq!(named(&["index.js"], "dist/index.js"), [at("index.js")]);
        assert_eq!(named(&["a/index.js", "b/index.js"], "dist/b/index.js"), [at("b/index.js")]);
        assert!(named(&["a/index.js", "b/index.js"], "dist/c/index.js").is_empty());
        assert!(named(&["other.js"], "index.js").is_empty());
    }

    #[test]
    fn the_functions_own_manifest_is_no_package() {
        let member = Member { by_manifest: true, ..Member::new("own", Some("1.0.0")) };
        assert!(rows(&join_without_locks(vec![testimony("i.js", Subject::Script(None), &[member], false)])).is_empty());
    }

    #[test]
    fn lock_files_tell_versions_by_folder_and_by_name() {
        let npm = br#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},
            "node_modules/b/node_modules/a":{"version":"2.0.0"},"node_modules/c":{"version":"3.0.0"}}}"#;
        let yarn = b"a@1:\n  version \"1.0.0\"\na@2:\n  version \"2.0.0\"\nc@3:\n  version \"3.0.0\"\n";
        let members = [
            in_folder("a", "node_modules/b/node_modules/a"),
            in_folder("c", "node_modules/c"),
            in_folder("c", "node_modules/d/node_modules/c"),
            in_folder("e", "node_modules/e"),
        ];
        let with = |name: &str, text: &[u8]| {
            let locked = LockedVersions::read(name, text).expect("a lock file");
            let all = vec![testimony("i.js", Subject::Script(None), &members, true)];
            let bundles = join(all, &BTreeSet::new(), |_| vec![&locked]);
            let row =
                |found: &Found| format!("{}@{}", found.package.name, found.package.version.as_deref().unwrap_or("?"));
            bundles.found.iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(with("package-lock.json", npm), ["a@2.0.0", "c@?", "c@3.0.0", "e@?"]);
        assert_eq!(with("yarn.lock", yarn), ["a@?", "c@3.0.0", "e@?"], "two versions of one name stay undecided");
    }

    #[test]
    fn two_folders_are_two_copies() {
        let known = Member { version: Some("1.0.0".to_owned()), ..in_folder("a", "node_modules/a") };
        let members = [known, in_folder("a", "node_modules/b/node_modules/a")];
        let bundles = join_without_locks(vec![testimony("i.js", Subject::Script(None), &members, true)]);
        assert_eq!(rows(&bundles), [("a", None, Evidence::Presence), ("a", Some("1.0.0"), Evidence::Bundled)]);
    }
}
