//! What the packages of all artifacts together tell.

use crate::model::{ArtifactRole, Ecosystem, Evidence, Gap, GapKind, Package};

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

/// Notes of manifests that ask for what no artifact holds, and do not say which version of it. To be asked once the
/// packages of all artifacts are merged: the function's manifest may mean what lies in a layer.
pub(super) fn declared_only(packages: &[Package]) -> Vec<Gap> {
    let missing = packages.iter().filter(|p| p.evidence == Evidence::Declared && p.version.is_none());
    let notes = missing.flat_map(|package| {
        package.locations.iter().map(|place| {
            let detail = format!("{} is declared here, but neither installed nor locked", package.name);
            Gap::note(GapKind::Unversioned, place.clone(), "inventory", detail)
        })
    });
    notes.collect()
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
    fn the_codes_lock_file_does_not_gate_where_a_layer_holds_the_tree() {
        let roles = [ArtifactRole::Code, ArtifactRole::Layer];
        let mut other = package(Evidence::Installed, 1);
        other.name = "axios".into();
        let mut packages = vec![package(Evidence::Locked, 0), other];
        locked_beside_layers(&mut packages, &roles);
        assert!(packages[0].beside_installed);
        assert!(!packages[1].beside_installed);
    }

    #[test]
    fn only_what_is_declared_without_a_version_is_noted() {
        let declared = Package { version: None, ..package(Evidence::Declared, 0) };
        let pinned = package(Evidence::Declared, 0);
        let unversioned = Package { version: None, ..package(Evidence::Locked, 0) };
        let gaps = declared_only(&[declared.clone(), pinned, unversioned]);
        assert_eq!(gaps.iter().map(|gap| &gap.location).collect::<Vec<_>>(), [&declared.locations[0]]);
    }
}
