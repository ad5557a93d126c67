//! What was read of each jar, before anything is decided: which of its poms is its own needs all of them.
//!
//! Nothing is kept for a single class file. A jar has one set of facts for all of them: the first folders of their names,
//! and which well-known packages they are in.

use std::collections::{BTreeMap, BTreeSet};

use super::pom::{Coordinates, Pom};
use crate::model::Location;

/// What was read of the jars of an artifact, by the place of each jar: the artifact itself where it is one, or where
/// the contents of one were packed as they are.
#[derive(Debug, Default)]
pub struct JavaFacts {
    /// A `BTreeMap`, so that what is decided does not depend on the threads.
    pub(in crate::extract) jars: BTreeMap<Location, Jar>,
}

/// What was read of one jar.
#[derive(Debug, Default)]
pub(in crate::extract) struct Jar {
    /// One, unless two entries carry its name.
    pub manifests: BTreeSet<Manifest>,
    /// In no order.
    pub poms: Vec<PomFile>,
    pub classes: Classes,
}

/// What the main section of `META-INF/MANIFEST.MF` says of the jar.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::extract) struct Manifest {
    /// `Implementation-Title`
    pub title: Option<String>,
    /// `Implementation-Version`
    pub version: Option<String>,
    /// `Implementation-Vendor-Id`: Maven writes the group here.
    pub vendor_id: Option<String>,
    /// `Bundle-SymbolicName`, without its directives.
    pub bundle: Option<String>,
    /// `Bundle-Version`
    pub bundle_version: Option<String>,
    /// `Automatic-Module-Name`
    pub module: Option<String>,
    /// `Start-Class`: the application's own class, started by Spring Boot's launcher.
    pub start_class: Option<String>,
    /// `Spring-Boot-Version`: that of the launcher.
    pub spring_boot: Option<String>,
    /// `Weave-Classes`: an agent's instrumentation, which carries names of what it instruments.
    pub weaves: bool,
}

/// A `pom.properties` or a `pom.xml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::extract) struct PomFile {
    /// The folder that it is in.
    pub folder: String,
    pub location: Location,
    pub says: Says,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::extract) enum Says {
    Properties(Coordinates),
    Pom(Pom),
}

/// The class files of a jar.
#[derive(Debug, Default)]
pub(in crate::extract) struct Classes {
    /// Those in well-known packages: index of the prefix and whether it is relocated, with a folder of it.
    pub known: BTreeMap<(usize, bool), String>,
    /// Those elsewhere: their first folders, up to three.
    pub roots: BTreeSet<String>,
}

impl JavaFacts {
    /// The facts of the jar that holds an entry.
    pub(in crate::extract) fn jar(&mut self, entry: &Location) -> &mut Jar {
        let place = entry.outer();
        self.jars.entry(place).or_default()
    }

    /// How many poms and wishes it holds. Of class files and manifests less is kept than an archive has of them.
    pub(in crate::extract) fn facts(&self) -> usize {
        let wants = |pom: &PomFile| match &pom.says {
            Says::Pom(pom) => 1 + pom.wants.len(),
            Says::Properties(_) => 1,
        };
        self.jars.values().flat_map(|jar| &jar.poms).map(wants).sum()
    }

    /// Takes everything out of another one.
    pub(in crate::extract) fn append(&mut self, other: JavaFacts) {
        for (place, jar) in other.jars {
            let into = self.jars.entry(place).or_default();
            into.manifests.extend(jar.manifests);
            into.poms.extend(jar.poms);
            for (hit, folder) in jar.classes.known {
                into.classes.know(hit, folder);
            }
            into.classes.roots.extend(jar.classes.roots);
        }
    }
}

impl Classes {
    /// Adds a class in a well-known package.
    pub fn know(&mut self, hit: (usize, bool), folder: String) {
        // The smallest folder, so that the order of the entries does not matter.
        let smallest = self.known.entry(hit).or_insert_with(|| folder.clone());
        if folder < *smallest {
            *smallest = folder;
        }
    }
}
