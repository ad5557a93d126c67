//! Joins the names that packages require to the packages of their target.
//!
//! Which copy a name means depends on where the asking package lies. For Node it is the nearest `node_modules` upwards
//! (<https://nodejs.org/api/modules.html#loading-from-node_modules-folders>), under the name of the *folder*, which an
//! npm alias makes another one than the package's own. Elsewhere, and for packages of a lock file, the name decides:
//! where several versions carry it, those that the same file speaks of win, and if that settles nothing all are named.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Ecosystem, Location, Package, PackageId};

/// Folders that are searched above one package. Real trees stay under forty; the cap keeps a tree that was built to be
/// deep from costing its depth times its names.
const MAX_FOLDERS: usize = 64;
/// Versions of one name that are considered where no tree decides, and places of each.
const MAX_CANDIDATES: usize = 16;

/// A folder that holds a `node_modules`: artifact, path of the archive around it, folder within that archive.
type Scope<'a> = (usize, &'a [String], &'a str);
/// Package folders of one `node_modules`, as indexes into the target's packages.
type Modules<'a> = BTreeMap<&'a str, usize>;

/// For every package, in the same order, the ids of what it requires, each once. Names that the target does not have
/// are left out.
pub fn requires(packages: &[Package]) -> Vec<Vec<PackageId>> {
    let mut by_name: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut scopes: BTreeMap<Scope<'_>, Modules<'_>> = BTreeMap::new();
    for (index, package) in packages.iter().enumerate() {
        by_name.entry(package.key()).or_default().push(index);
        for (location, folder) in node_folders(package) {
            if let Some((above, name)) = split_folder(folder) {
                let scope = (location.artifact, location.container(), above);
                scopes.entry(scope).or_default().insert(name, index);
            }
        }
    }
    let same_name = |asking: &Package, name: &str| -> Vec<usize> {
        let key = (asking.ecosystem, asking.ecosystem.normalize(name).into_owned());
        let all = by_name.get(&key).map_or(&[][..], Vec::as_slice);
        let all = &all[..all.len().min(MAX_CANDIDATES)];
        let beside: Vec<usize> = all.iter().copied().filter(|&i| share_a_file(asking, &packages[i])).collect();
        if beside.is_empty() { all.to_vec() } else { beside }
    };
    packages
        .iter()
        .map(|asking| {
            let trees: Vec<Vec<&Modules<'_>>> =
                node_folders(asking).map(|(location, folder)| search_path(&scopes, location, folder)).collect();
            let mut found = BTreeSet::new();
            for name in BTreeSet::from_iter(&asking.requires) {
                let nearest =
                    trees.iter().filter_map(|tree| tree.iter().find_map(|modules| modules.get(name.as_str())));
                let nearest: Vec<usize> = nearest.copied().collect();
                found.extend(if nearest.is_empty() { same_name(asking, name) } else { nearest });
            }
            let ids: BTreeSet<PackageId> = found.into_iter().map(|index| packages[index].id()).collect();
            ids.into_iter().collect()
        })
        .collect()
}

/// The folders of an npm package's copies: where their `package.json` lies.
fn node_folders(package: &Package) -> impl Iterator<Item = (&Location, &str)> {
    let npm = package.ecosystem == Ecosystem::Npm;
    package.locations.iter().filter(move |_| npm).filter_map(|location| {
        let folder = location.innermost().strip_suffix("package.json")?;
        Some((location, folder.strip_suffix('/').unwrap_or(folder)))
    })
}

/// `a/node_modules/@s/b` is the folder `@s/b` in the `node_modules` of `a`.
fn split_folder(folder: &str) -> Option<(&str, &str)> {
    match folder.rsplit_once("/node_modules/") {
        Some(split) => Some(split),
        None => Some(("", folder.strip_prefix("node_modules/")?)),
    }
}

/// The `node_modules` that Node searches for what lies in `folder`, nearest first.
fn search_path<'s, 'a>(
    scopes: &'s BTreeMap<Scope<'a>, Modules<'a>>,
    location: &'a Location,
    folder: &'a str,
) -> Vec<&'s Modules<'a>> {
    let up = |folder: &&'a str| match *folder {
        "" => None,
        folder => Some(folder.rsplit_once('/').map_or("", |(above, _)| above)),
    };
    std::iter::successors(Some(folder), up)
        .take(MAX_FOLDERS)
        .filter_map(|folder| scopes.get(&(location.artifact, location.container(), folder)))
        .collect()
}

/// Whether one file, a lock file, speaks of both.
fn share_a_file(a: &Package, b: &Package) -> bool {
    let places = |package: &'_ Package| package.locations.len().min(MAX_CANDIDATES);
    let b = &b.locations[..places(b)];
    a.locations[..places(a)].iter().any(|x| b.iter().any(|y| x.artifact == y.artifact && x.path == y.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Evidence;

    fn package(ecosystem: Ecosystem, name: &str, version: &str, path: &[&str], requires: &[&str]) -> Package {
        let location = path.iter().fold(Location::artifact(0), |place, part| place.child(part));
        let mut package = Package::new(ecosystem, name, Some(version.to_owned()), Evidence::Installed, location);
        package.requires = requires.iter().map(|name| (*name).to_owned()).collect();
        package
    }

    fn npm(name: &str, version: &str, path: &str, requires: &[&str]) -> Package {
        package(Ecosystem::Npm, name, version, &[path], requires)
    }

    fn ids(packages: &[Package], of: usize) -> Vec<String> {
        requires(packages).swap_remove(of).into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn node_takes_the_nearest_copy() {
        let packages = [
            npm("a", "1.0.0", "node_modules/a/package.json", &["x", "@s/y", "absent"]),
            npm("x", "1.0.0", "node_modules/x/package.json", &[]),
            npm("x", "2.0.0", "node_modules/a/node_modules/x/package.json", &["@s/y"]),
            npm("@s/y", "3.0.0", "node_modules/@s/y/package.json", &["x"]),
        ];
        assert_eq!(ids(&packages, 0), ["pkg:npm/%40s/y@3.0.0", "pkg:npm/x@2.0.0"]);
        assert_eq!(ids(&packages, 2), ["pkg:npm/%40s/y@3.0.0"]);
        assert_eq!(ids(&packages, 3), ["pkg:npm/x@1.0.0"], "a sibling's private copy is out of reach");
    }

    #[test]
    fn an_alias_is_found_by_its_folder() {
        let packages = [
            npm("a", "1.0.0", "node_modules/a/package.json", &["old-x"]),
            npm("x", "1.0.0", "node_modules/old-x/package.json", &[]),
        ];
        assert_eq!(ids(&packages, 0), ["pkg:npm/x@1.0.0"]);
    }

    #[test]
    fn a_tree_inside_an_archive_is_its_own() {
        let packages = [
            package(Ecosystem::Npm, "a", "1.0.0", &["in.zip", "node_modules/a/package.json"], &["x"]),
            package(Ecosystem::Npm, "x", "1.0.0", &["in.zip", "node_modules/x/package.json"], &[]),
            npm("x", "2.0.0", "node_modules/x/package.json", &[]),
        ];
        assert_eq!(ids(&packages, 0), ["pkg:npm/x@1.0.0"]);
    }

    #[test]
    fn elsewhere_the_name_decides_then_the_file() {
        let packages = [
            package(Ecosystem::PyPI, "requests", "2.0", &["requests-2.0.dist-info/METADATA"], &["Ruamel.YAML"]),
            package(Ecosystem::PyPI, "ruamel-yaml", "0.17", &["ruamel-0.17.dist-info/METADATA"], &[]),
            npm("a", "1.0.0", "package-lock.json", &["x"]),
            npm("x", "1.0.0", "package-lock.json", &[]),
            npm("x", "2.0.0", "other/package-lock.json", &[]),
            npm("b", "1.0.0", "yarn.lock", &["x", "x"]),
        ];
        assert_eq!(ids(&packages, 0), ["pkg:pypi/ruamel-yaml@0.17"]);
        assert_eq!(ids(&packages, 2), ["pkg:npm/x@1.0.0"]);
        assert_eq!(ids(&packages, 5), ["pkg:npm/x@1.0.0", "pkg:npm/x@2.0.0"]);
    }
}
