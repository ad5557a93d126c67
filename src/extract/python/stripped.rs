//! Decides which of the Python modules that are known by name count as packages: those that no distribution claims.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::extract::join::{Archive, PathMap, Place, place};
use crate::extract::{Claim, Found, Module, Owns, Sink, folder_of};
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

/// A folder with a name that says nothing is one that an installer filled, if it holds as many known packages.
const NEIGHBOURS: usize = 3;

fn at<'a>(package: &'a Package, path: &'a str) -> Option<Place<'a>> {
    package.locations.first().map(|location| place(location, path))
}

impl Sink {
    /// Makes packages of the modules that count. Claims and packages of all entries must be there.
    pub(in crate::extract) fn use_modules(&mut self) {
        let modules = std::mem::take(&mut self.modules);
        let counting: Vec<Module> = {
            let claimed = Claimed::new(&self.claims, &modules);
            let described = described(&self.found);
            let sites = sites(&modules);
            let counts = |module: &&Module| {
                let Some(root) = at(&module.package, &module.root) else { return false };
                // A copy inside a package is that package's own, and one of its files.
                module.package.evidence == Evidence::Embedded
                    || (module.is_site || sites.contains(&root))
                        && !claimed.holds(&module.package)
                        && !described.contains(&(root, module.package.key().1))
            };
            best(modules.iter().filter(counts))
        };
        for Module { package, unit, .. } in counting {
            let Some(location) = package.locations.first().cloned() else { continue };
            if package.version.is_none() {
                let detail = format!("{} is here without metadata, and its files do not say its version", package.name);
                self.gaps.push(Gap::note(GapKind::Unversioned, location.clone(), "python-modules", detail));
            }
            self.claims.push(Claim { location, unit: unit.clone(), owns: Owns::Folder(unit.clone()) });
            self.found.push(Found { package, unit, install_path: None });
        }
    }
}

/// One module for each unit: with a version, from the file that is best for it.
fn best<'a>(modules: impl Iterator<Item = &'a Module>) -> Vec<Module> {
    let mut best: BTreeMap<Place<'a>, &Module> = BTreeMap::new();
    // Two files of one name are read in any order.
    let standing = |module: &'a Module| {
        let Package { name, version, .. } = &module.package;
        (version.is_none(), module.rank, name, version)
    };
    for module in modules {
        let Some(unit) = at(&module.package, &module.unit) else { continue };
        let known = best.entry(unit).or_insert(module);
        if standing(module) < standing(known) {
            *known = module;
        }
    }
    best.into_values().cloned().collect()
}

/// Folders that hold several known packages.
fn sites(modules: &[Module]) -> HashSet<Place<'_>> {
    let mut names: HashMap<Place<'_>, HashSet<&str>> = HashMap::new();
    for module in modules.iter().filter(|module| module.package.version.is_some()) {
        if let Some(root) = at(&module.package, &module.root) {
            names.entry(root).or_default().insert(&module.package.name);
        }
    }
    names.into_iter().filter(|(_, names)| names.len() >= NEIGHBOURS).map(|(root, _)| root).collect()
}

/// Distributions that have metadata, by the folder that they are installed to.
fn described(found: &[Found]) -> HashSet<(Place<'_>, String)> {
    let python = found.iter().filter(|found| found.package.ecosystem == Ecosystem::PyPI);
    python.filter_map(|found| Some((at(&found.package, folder_of(&found.unit))?, found.package.key().1))).collect()
}

/// Which files somebody claims, of those that modules were read from.
struct Claimed<'a> {
    files: HashSet<Place<'a>>,
    folders: HashMap<Archive<'a>, PathMap<()>>,
}

impl<'a> Claimed<'a> {
    fn new(claims: &'a [Claim], modules: &'a [Module]) -> Claimed<'a> {
        let own = |module: &'a Module| module.package.locations.first().map(|file| place(file, file.innermost()));
        let asked: HashSet<Place<'a>> = modules.iter().filter_map(own).collect();
        let mut claimed = Claimed { files: HashSet::new(), folders: HashMap::new() };
        if asked.is_empty() {
            return claimed;
        }
        for claim in claims {
            match &claim.owns {
                Owns::Files(files) => {
                    let files = files.iter().map(|file| place(&claim.location, file));
                    claimed.files.extend(files.filter(|file| asked.contains(file)));
                }
                Owns::Folder(folder) => {
                    claimed.folders.entry(Archive::at(&claim.location)).or_default().insert(folder.clone(), ());
                }
            }
        }
        claimed
    }

    fn holds(&self, package: &Package) -> bool {
        package.locations.iter().any(|file| {
            self.files.contains(&place(file, file.innermost()))
                || self
                    .folders
                    .get(&Archive::at(file))
                    .is_some_and(|folders| folders.around(file.innermost()).next().is_some())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::PythonDist;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::extract::python_modules::PythonModules;

    /// What counts of these files, sorted.
    fn settled(files: &[(&str, &str)]) -> Vec<String> {
        let mut sink = Sink::default();
        for (path, text) in files {
            let is_module = path.ends_with(".py") || path.ends_with("vendor.txt");
            sink.append(sink_of(if is_module { &PythonModules } else { &PythonDist }, path, text.as_bytes()));
        }
        sink.settle();
        let mut names = names(&sink);
        names.sort();
        names
    }

    const ONE: &str = "__version__ = '1.0'";
    const TWO: &str = "__version__ = '2.0'";

    #[test]
    fn what_a_distribution_claims_or_describes_does_not_count() {
        let files = [("requests/__version__.py", ONE), ("six.py", ONE), ("yaml/__init__.py", ONE)];
        assert_eq!(settled(&files), ["PyYAML 1.0 installed", "requests 1.0 installed", "six 1.0 installed"]);
        let record = ("other_name-3.dist-info/RECORD", "yaml/__init__.py,,\n");
        let metadata = ("six-1.0.dist-info/METADATA", "Name: six\nVersion: 1.0");
        let tops = ("requests-1.0.dist-info/top_level.txt", "requests\n");
        let all: Vec<_> = files.into_iter().chain([record, metadata, tops]).collect();
        assert_eq!(settled(&all), ["other_name 3 installed", "six 1.0 installed"]);
        let elsewhere = [("python/six.py", TWO), metadata];
        assert_eq!(settled(&elsewhere), ["six 1.0 installed", "six 2.0 installed"]);
    }

    #[test]
    fn one_package_has_one_version() {
        let files = [("requests/__init__.py", ONE), ("requests/__version__.py", TWO), ("requests/version.py", ONE)];
        assert_eq!(settled(&files), ["requests 1.0 installed"]);
    }

    #[test]
    fn copies_inside_packages_stay_copies() {
        let record = ("pip-3.dist-info/RECORD", "pip/_vendor/idna/package_data.py,,\n");
        let files = [("pip/_vendor/idna/package_data.py", ONE), ("pip/_vendor/vendor.txt", "idna==1.0"), record];
        assert_eq!(settled(&files), ["idna 1.0 embedded", "idna 1.0 embedded", "pip 3 installed"]);
    }

    #[test]
    fn a_strange_folder_needs_neighbours() {
        let files = [("src/fn/six.py", ONE), ("src/fn/requests/__version__.py", ONE), ("src/fn/yaml/__init__.py", ONE)];
        assert_eq!(settled(&files[..2]), [""; 0]);
        assert_eq!(settled(&files).len(), 3);
    }
}
