//! One list of packages out of those of all artifacts.

use std::collections::BTreeMap;

use crate::model::{ArtifactRole, Ecosystem, Evidence, Package};

/// Merges equal packages: the strongest evidence wins, places and requirements are united.
///
/// The result is sorted by id, whatever the order of the input.
pub(super) fn merge(packages: Vec<Package>) -> Vec<Package> {
    let mut merged: BTreeMap<_, Package> = BTreeMap::new();
    for package in packages {
        // A package without a version keeps its name to itself: it is another statement than one with a version.
        let key = (package.id(), package.version.is_some());
        match merged.get_mut(&key) {
            Some(first) => unite(first, package),
            None => {
                merged.insert(key, package);
            }
        }
    }
    let mut packages: Vec<Package> = merged.into_values().collect();
    for package in &mut packages {
        package.locations.sort();
        package.locations.dedup();
        package.requires.sort();
        package.requires.dedup();
    }
    packages
}

fn unite(first: &mut Package, other: Package) {
    // The spelling of the stronger evidence is kept; between equals the smaller one, so that order does not matter.
    if (other.evidence, &other.name) < (first.evidence, &first.name) {
        first.name = other.name;
    }
    first.beside_installed = match (first.evidence.is_physical(), other.evidence.is_physical()) {
        (false, false) => first.beside_installed && other.beside_installed,
        _ => false,
    };
    first.evidence = first.evidence.min(other.evidence);
    first.locations.extend(other.locations);
    first.requires.extend(other.requires);
    first.direct = first.direct.max(other.direct);
    // Needed by production in one place is needed by production.
    first.dev = match (first.dev, other.dev) {
        (Some(a), Some(b)) => Some(a && b),
        (a, b) => a.or(b),
    };
}

/// A lock file in the code beside a tree that lies in a layer: what it names and nobody installed stops no build.
pub(super) fn locked_beside_layers(packages: &mut [Package], roles: &[ArtifactRole]) {
    let in_role = |package: &Package, role: ArtifactRole| {
        package.locations.iter().any(|place| roles.get(place.artifact) == Some(&role))
    };
    for ecosystem in Ecosystem::ALL {
        let installed = |role| {
            packages.iter().any(|p| p.ecosystem == ecosystem && p.evidence == Evidence::Installed && in_role(p, role))
        };
        if installed(ArtifactRole::Code) || !installed(ArtifactRole::Layer) {
            continue;
        }
        for package in packages.iter_mut().filter(|p| p.ecosystem == ecosystem && !p.evidence.is_physical()) {
            package.beside_installed |= in_role(package, ArtifactRole::Code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    fn package(evidence: Evidence, artifact: usize) -> Package {
        let place = Location::artifact(artifact).child("x");
        Package::new(Ecosystem::Npm, "lodash", Some("4.17.15".into()), evidence, place)
    }

    #[test]
    fn a_locked_package_that_is_installed_elsewhere_is_one_installed_package() {
        let mut locked = package(Evidence::Locked, 0);
        locked.beside_installed = true;
        locked.dev = Some(true);
        for order in [[locked.clone(), package(Evidence::Installed, 1)], [package(Evidence::Installed, 1), locked]] {
            let merged = merge(order.to_vec());
            assert_eq!(merged.len(), 1);
            assert_eq!(merged[0].evidence, Evidence::Installed);
            assert_eq!(merged[0].locations.len(), 2);
            assert!(!merged[0].beside_installed);
        }
    }

    #[test]
    fn the_codes_lock_file_does_not_gate_where_a_layer_holds_the_tree() {
        let roles = [ArtifactRole::Code, ArtifactRole::Layer];
        let mut other = package(Evidence::Installed, 1);
        other.name = "axios".into();
        let mut packages = vec![package(Evidence::Locked, 0), other];
        locked_beside_layers(&mut packages, &roles);
        assert!(packages[0].beside_installed);
        assert!(!packages[1].beside_installed);
    }
}
