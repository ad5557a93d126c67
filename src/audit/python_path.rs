//! Which copy of a Python distribution `sys.path` finds first.

use std::collections::HashMap;

use super::overlay::split_shadowed;
use crate::extract::folder_of;
use crate::model::{ArtifactRole, Ecosystem, Evidence, Location, Package};

/// A root of a function's `sys.path`, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    /// `/var/task`
    Task,
    /// `/opt/python/lib/python3.N/site-packages`
    SitePackages,
    /// `/opt/python`
    Opt,
}

/// Marks the copies of a distribution that lie behind another one.
///
/// `roles` are those of the artifacts, by index.
pub(super) fn shadow(packages: &mut Vec<Package>, roles: &[ArtifactRole]) {
    let importable = |package: &Package| {
        package.ecosystem == Ecosystem::PyPI && package.evidence == Evidence::Installed && !package.shadowed
    };
    let mut first: HashMap<String, Root> = HashMap::new();
    for package in packages.iter().filter(|package| importable(package)) {
        for root in package.locations.iter().filter_map(|place| root_of(place, roles)) {
            first.entry(package.key().1).and_modify(|best| *best = (*best).min(root)).or_insert(root);
        }
    }
    split_shadowed(packages, |package, place| {
        importable(package)
            && root_of(place, roles).is_some_and(|root| first.get(&package.key().1).is_some_and(|best| root > *best))
    });
}

/// The root in which the manifest of a distribution lies.
fn root_of(place: &Location, roles: &[ArtifactRole]) -> Option<Root> {
    // An archive inside the artifact is not on the path.
    let [path] = place.path.as_slice() else { return None };
    let folder = folder_of(path);
    // `x.dist-info/METADATA` and `x.egg-info/PKG-INFO` lie one folder below the root, a flat `x.egg-info` in it.
    let root = if folder.ends_with(".dist-info") || folder.ends_with(".egg-info") {
        folder_of(folder)
    } else if path.ends_with(".egg-info") {
        folder
    } else {
        return None;
    };
    match roles.get(place.artifact)? {
        ArtifactRole::Code if root.is_empty() => Some(Root::Task),
        ArtifactRole::Layer if root == "python" => Some(Root::Opt),
        ArtifactRole::Layer => root
            .strip_prefix("python/lib/python3.")?
            .strip_suffix("/site-packages")?
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(Root::SitePackages),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: &str, artifact: usize, manifest: &str) -> Package {
        let place = Location::artifact(artifact).child(manifest);
        Package::new(Ecosystem::PyPI, "Requests", Some(version.to_owned()), Evidence::Installed, place)
    }

    fn shadowed(mut packages: Vec<Package>) -> Vec<(String, usize, bool)> {
        shadow(&mut packages, &[ArtifactRole::Code, ArtifactRole::Layer, ArtifactRole::Layer]);
        let mut rows: Vec<_> = packages
            .into_iter()
            .map(|p| (p.version.unwrap_or_default(), p.locations[0].artifact, p.shadowed))
            .collect();
        rows.sort();
        rows
    }

    #[test]
    fn the_function_wins_over_its_layers() {
        let rows = shadowed(vec![
            package("2.0", 0, "requests-2.0.dist-info/METADATA"),
            package("1.0", 1, "python/requests-1.0.dist-info/METADATA"),
            package("1.5", 2, "python/lib/python3.11/site-packages/requests-1.5.egg-info/PKG-INFO"),
        ]);
        assert_eq!(rows, [("1.0".into(), 1, true), ("1.5".into(), 2, true), ("2.0".into(), 0, false)]);
    }

    #[test]
    fn a_copy_off_the_path_is_left_alone() {
        let rows = shadowed(vec![
            package("2.0", 0, "requests-2.0.dist-info/METADATA"),
            package("1.0", 1, "elsewhere/requests-1.0.dist-info/METADATA"),
            package("0.9", 0, "vendor/requests-0.9.dist-info/METADATA"),
        ]);
        assert!(rows.iter().all(|row| !row.2));
    }

    #[test]
    fn one_version_in_both_places_is_split() {
        let mut both = package("2.0", 0, "requests-2.0.dist-info/METADATA");
        both.locations.push(Location::artifact(1).child("python/requests-2.0.dist-info/METADATA"));
        assert_eq!(shadowed(vec![both]), [("2.0".into(), 0, false), ("2.0".into(), 1, true)]);
    }
}
