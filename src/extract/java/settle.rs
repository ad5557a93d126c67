//! What a jar is, once all of it was read: its own package, the packages merged into it, whose its classes are.
//!
//! A jar's own pom is the one that the file's name fits, else the one that the manifest means, else the one that asks
//! for all others and that none of them asks for. The other poms are of packages that were merged into the jar. A jar
//! without a pom of its own is named where more than one of its names agree (`name`).
//!
//! What this cannot know: whether a merged package's classes were changed, and whether a pom was put where it does not
//! belong. Either way the pom counts.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::cover::{cover, explains_all, listed};
use super::facts::{Jar, Manifest, PomFile, Says};
use super::name::{fit, identify, is_side_jar, mentions, stem};
use super::pom::{Coordinates, Pom, needed};
use crate::extract::java_jar::POMS;
use crate::extract::{Claim, Owns, Sink, file_name, join_path};
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Location, Package};

/// Which part of the program the gaps name.
pub(super) const BY: &str = "java-jar";

/// Endings of archives of Java code.
const JARS: [&str; 8] = [".jar", ".war", ".ear", ".rar", ".sar", ".aar", ".jpi", ".hpi"];

/// A package in a jar.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// `None` where nothing proves it.
    pub group: Option<String>,
    pub artifact: String,
    pub version: Option<String>,
    /// What says so.
    location: Location,
    /// See [`crate::extract::Found::unit`].
    unit: String,
    pom: Option<Pom>,
}

impl Named {
    /// The name that advisories use.
    pub fn name(&self) -> String {
        let group = self.group.iter().map(|group| format!("{group}:"));
        group.chain([self.artifact.clone()]).collect()
    }

    fn fits(&self, stem: &str) -> Option<impl Ord + use<>> {
        let group = self.group.as_deref().unwrap_or_default();
        // The longest artifact, since `log4j-1.2-api-2.0` fits `log4j` as well.
        let fit = fit(stem, group, &self.artifact, self.version.as_deref())?;
        Some((fit, std::cmp::Reverse(self.artifact.len())))
    }

    fn is_meant(&self, manifest: &Manifest) -> bool {
        mentions(manifest, self.group.as_deref().unwrap_or_default(), &self.artifact)
    }
}

/// A jar and what it holds.
pub(super) struct Settled<'a> {
    pub place: &'a Location,
    pub jar: &'a Jar,
    pub manifest: Manifest,
    pub own: Option<Named>,
    pub embedded: Vec<Named>,
}

impl Settled<'_> {
    /// Whether it is the artifact itself: what no pom names is the function's own code here.
    pub fn is_root(&self) -> bool {
        self.place.path.is_empty()
    }
}

impl Sink {
    /// Decides what every jar is. To be called once, when every entry was read.
    pub(in crate::extract) fn settle_jars(&mut self) {
        let facts = std::mem::take(&mut self.java);
        let file = self.artifact.take().filter(|_| !facts.jars.is_empty());
        let artifact_is_jar = file.as_deref().is_some_and(is_jar);
        // The jars around the one at hand that have a name.
        let mut around: Vec<&Location> = Vec::new();
        let mut jars = facts.jars.iter().peekable();
        while let Some((place, jar)) = jars.next() {
            while around
                .pop_if(|outer| outer.artifact != place.artifact || !place.path.starts_with(&outer.path))
                .is_some()
            {}
            // What is in a jar follows it in the order of places.
            let inner = jars.peek().filter(|(next, _)| next.artifact == place.artifact);
            let holds_jars = inner.is_some_and(|(next, _)| next.path.starts_with(&place.path));
            let name = if place.path.is_empty() { file.as_deref() } else { Some(file_name(place.innermost())) };
            let manifest = jar.manifests.first().cloned().unwrap_or_default();
            let stem = name.map(stem);
            let loadable = loadable(place, artifact_is_jar);
            let mut embedded = named(jar, self);
            let own = own_pom(&embedded, stem, &manifest).or_else(|| lone_pom(&embedded, jar, &manifest));
            let own = own.map(|index| embedded.swap_remove(index));
            let is_side = |own: &Named, stem| {
                is_side_jar(stem, &own.artifact, own.version.as_deref()) || is_side_jar(stem, &own.artifact, None)
            };
            if let (Some(own), Some(stem)) = (&own, stem)
                && is_side(own, stem)
            {
                self.add_jar(&Settled { place, jar, manifest, own: None, embedded }, loadable, holds_jars);
                continue;
            }
            // What weaves would be taken for what it changes.
            let nameable = stem.filter(|_| (!place.path.is_empty() || artifact_is_jar) && !manifest.weaves);
            let own = own.or_else(|| unpacked(place, nameable?, jar, &manifest));
            let settled = Settled { place, jar, manifest, own, embedded };
            self.add_jar(&settled, loadable, holds_jars);
            // A jar that a library keeps for itself is part of it, unless it has a name of its own.
            let is_part = !loadable && !around.is_empty() && settled.own.is_none() && settled.embedded.is_empty();
            if !is_part {
                cover(&settled, self);
            }
            if settled.own.is_some() && !settled.is_root() {
                around.push(place);
            }
        }
    }

    fn add_jar(&mut self, jar: &Settled<'_>, loadable: bool, holds_jars: bool) {
        let evidence = if loadable { Evidence::Installed } else { Evidence::Embedded };
        let mut unversioned = Vec::new();
        for (named, evidence) in
            jar.own.iter().map(|own| (own, evidence)).chain(jar.embedded.iter().map(|one| (one, Evidence::Embedded)))
        {
            let evidence = if named.group.is_some() { evidence } else { Evidence::Presence };
            if named.version.is_none() {
                unversioned.push(named.name());
            }
            // Without its group the version would look as if it were matched.
            let version = named.version.clone().filter(|_| named.group.is_some());
            let mut package = Package::new(Ecosystem::Maven, named.name(), version, evidence, named.location.clone());
            if let Some(pom) = &named.pom {
                package.requires = needed(&pom.wants).into_iter().map(str::to_owned).collect();
            }
            self.installed(package, &named.unit);
        }
        if let Some(own) = &jar.own {
            self.claim_jar(jar, own);
            if let (None, Some(version)) = (&own.group, &own.version) {
                let detail = format!(
                    "the file calls itself {} {version}, but nothing proves its group: listed, not matched",
                    own.artifact
                );
                self.gaps.push(Gap::note(GapKind::Unversioned, own.location.clone(), BY, detail));
            }
            // The project's own: says what is direct, and what was left out when jars were merged. A library alone
            // would have all its dependencies missing.
            if let (true, Some(pom), true) = (jar.is_root(), &own.pom, holds_jars || !jar.embedded.is_empty()) {
                self.manifests.push(crate::extract::Manifest {
                    location: own.location.clone(),
                    ecosystem: Ecosystem::Maven,
                    folder: String::new(),
                    name: Some(own.name()),
                    wants: pom.wants.clone(),
                });
            }
        }
        for one in &jar.embedded {
            self.claim(one, one.unit.clone());
        }
        if !unversioned.is_empty() {
            let detail = format!("no version of {} is told here: listed, not matched", listed(unversioned.iter()));
            self.gaps.push(Gap::note(GapKind::Unversioned, jar.place.clone(), BY, detail));
        }
    }

    /// A jar's own package owns all of it; the artifact's own package is the function, and what it holds is its own.
    fn claim_jar(&mut self, jar: &Settled<'_>, own: &Named) {
        if jar.is_root() {
            return;
        }
        let inside = own.location != *jar.place;
        self.claim(own, if inside { String::new() } else { jar.place.innermost().to_owned() });
    }

    /// Gives a folder to a package of a jar.
    pub(super) fn claim(&mut self, owner: &Named, folder: String) {
        let (location, unit) = (owner.location.clone(), owner.unit.clone());
        self.claims.push(Claim { location, unit, owns: Owns::Folder(folder) });
    }
}

fn is_jar(file: &str) -> bool {
    JARS.iter().any(|end| file.len() > end.len() && file.to_ascii_lowercase().ends_with(end))
}

/// Whether the runtime loads a jar from its place: from the function and its layers, and from where an executable jar,
/// a web archive or an enterprise archive keeps its libraries.
fn loadable(place: &Location, artifact_is_jar: bool) -> bool {
    let outer = place.path.iter().zip(place.path.iter().skip(1)).map(|(outer, inner)| (outer.as_str(), inner));
    let first = place.path.first().filter(|_| artifact_is_jar).map(|inner| (".jar", inner));
    first.into_iter().chain(outer).all(|(outer, inner)| {
        let keeps = ["BOOT-INF/lib/", "WEB-INF/lib/", "WEB-INF/lib-provided/", "lib/", "libs/"];
        !is_jar(&format!("a{outer}")) || !inner.contains('/') || keeps.iter().any(|folder| inner.starts_with(folder))
    })
}

/// The packages that a jar's poms name. Their files of one folder speak of one package.
fn named(jar: &Jar, sink: &mut Sink) -> Vec<Named> {
    let mut files = jar.poms.clone();
    files.sort();
    let mut all = Vec::new();
    for folder in files.chunk_by(|a, b| a.folder == b.folder) {
        let pom = folder.iter().find_map(|file| match &file.says {
            Says::Pom(pom) => Some(pom.clone()),
            Says::Properties(_) => None,
        });
        let rest = pom.as_ref().map(|pom| pom.coordinates.clone()).unwrap_or_default().or(of_folder(&folder[0]));
        let mut written: BTreeMap<Coordinates, &PomFile> = BTreeMap::new();
        for file in folder {
            if let Says::Properties(properties) = &file.says {
                written.entry(properties.clone()).or_insert(file);
            }
        }
        if written.is_empty() {
            written.insert(Coordinates::default(), &folder[0]);
        }
        // Where entries of one name contradict each other, one pom would otherwise be copied for each of them.
        let mut pom = pom;
        for (coordinates, file) in written {
            let Coordinates { group: Some(group), artifact: Some(artifact), version } = coordinates.or(rest.clone())
            else {
                let detail = "a Maven package whose group or name stands neither in its pom nor in the folder's name";
                sink.gaps.push(Gap::blocking(GapKind::Malformed, file.location.clone(), BY, detail));
                continue;
            };
            let (location, unit) = (file.location.clone(), file.folder.clone());
            all.push(Named { group: Some(group), artifact, version, location, unit, pom: pom.take() });
        }
    }
    all
}

/// Maven puts the files into a folder of the group and one of the artifact.
fn of_folder(file: &PomFile) -> Coordinates {
    let names = file.folder.rsplit_once(POMS).and_then(|(_, names)| names.split_once('/'));
    let plain = super::pom::plain;
    let (group, artifact) = names.map_or((None, None), |(group, artifact)| (plain(group), plain(artifact)));
    Coordinates { group, artifact, version: None }
}

/// Which of a jar's poms is its own.
fn own_pom(poms: &[Named], stem: Option<&str>, manifest: &Manifest) -> Option<usize> {
    let at_top = || poms.iter().enumerate().filter(|(_, one)| one.unit.starts_with(POMS));
    let named = |one: &Named| (one.name(), one.version.clone());
    let by_file = at_top().filter_map(|(index, one)| {
        let fit = one.fits(stem?)?;
        Some((fit, !one.is_meant(manifest), named(one), index))
    });
    if let Some((.., index)) = by_file.min() {
        return Some(index);
    }
    let meant = at_top().filter(|(_, one)| one.is_meant(manifest)).min_by_key(|(_, one)| named(one));
    meant.map(|(index, _)| index).or_else(|| asks_for_others(poms).filter(|&index| poms[index].unit.starts_with(POMS)))
}

/// The pom that asks, by way of the others, for all of them, and that none of them asks for.
fn asks_for_others(poms: &[Named]) -> Option<usize> {
    let names: HashMap<String, usize> = poms.iter().enumerate().map(|(index, one)| (one.name(), index)).collect();
    let asks: Vec<Vec<usize>> = poms
        .iter()
        .map(|one| {
            one.pom.iter().flat_map(|pom| needed(&pom.wants)).filter_map(|name| names.get(name).copied()).collect()
        })
        .collect();
    let asked: HashSet<usize> = asks.iter().flatten().copied().collect();
    let mut roots = (0..poms.len()).filter(|index| !asked.contains(index));
    let root = roots.next().filter(|_| roots.next().is_none() && poms.len() > 1)?;
    let mut reached = HashSet::from([root]);
    let mut next = vec![root];
    while let Some(index) = next.pop() {
        next.extend(asks[index].iter().filter(|&&other| reached.insert(other)));
    }
    (reached.len() == poms.len()).then_some(root)
}

/// A pom that is alone, if the manifest has its version or all classes can be its package's. Else the jar may be
/// somebody's own, with one library merged into it.
fn lone_pom(poms: &[Named], jar: &Jar, manifest: &Manifest) -> Option<usize> {
    let [one] = poms else { return None };
    let versions = [&manifest.version, &manifest.bundle_version];
    let same_version = one.version.is_some() && versions.contains(&&one.version);
    (one.unit.starts_with(POMS) && (same_version || explains_all(one, &jar.classes))).then_some(0)
}

/// What a jar is that has no pom of its own.
fn unpacked(place: &Location, stem: &str, jar: &Jar, manifest: &Manifest) -> Option<Named> {
    let Coordinates { group, artifact: Some(artifact), version } = identify(stem, manifest, &jar.classes)? else {
        return None;
    };
    let path = join_path("META-INF", "MANIFEST.MF");
    let (location, unit) = if jar.manifests.is_empty() {
        (place.clone(), place.innermost().to_owned())
    } else {
        (place.child(&path), path)
    };
    Some(Named { group, artifact, version, location, unit, pom: None })
}
