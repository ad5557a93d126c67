//! What the packages of all artifacts together tell.

use std::collections::HashSet;

use crate::model::{ArtifactRole, Ecosystem, Evidence, Gap, GapKind, Location, Package};
use crate::runtime::Supplied;

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

/// Adds what the runtime brings along, where the function does not bring its own. A manifest that asks for such a package
/// is answered by the runtime.
pub(super) fn add_supplied(packages: &mut Vec<Package>, supplied: &Supplied) {
    let mut there = HashSet::new();
    for package in packages.iter_mut().filter(|package| package.ecosystem == supplied.ecosystem) {
        let (_, name) = package.key();
        if package.evidence == Evidence::Declared && package.version.is_none() && supplied.has(&name) {
            package.evidence = Evidence::Runtime;
        }
        there.insert(name);
    }
    // It lies in no artifact: the function's code stands for it.
    let missing = supplied.packages.iter().filter(|name| !there.contains(**name));
    packages.extend(
        missing.map(|name| Package::new(supplied.ecosystem, *name, None, Evidence::Runtime, Location::artifact(0))),
    );
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
    fn the_runtime_answers_for_what_the_function_does_not_bring() {
        let sdk = |name: &str, evidence| Package { name: name.into(), version: None, ..package(evidence, 0) };
        let mut packages = vec![
            sdk("@aws-sdk/client-s3", Evidence::Declared),
            sdk("@aws-sdk/client-sns", Evidence::Locked),
            sdk("axios", Evidence::Declared),
        ];
        let supplied = |runtime| crate::runtime::supplied(runtime).expect("it brings an SDK");
        add_supplied(&mut packages, &supplied("nodejs22.x"));
        let evidence: Vec<Evidence> = packages.iter().map(|package| package.evidence).collect();
        assert_eq!(evidence, [Evidence::Runtime, Evidence::Locked, Evidence::Declared]);

        let boto = Package { ecosystem: Ecosystem::PyPI, ..sdk("Boto3", Evidence::Installed) };
        let mut packages = vec![boto];
        add_supplied(&mut packages, &supplied("python3.13"));
        let count = |name| packages.iter().filter(|package| package.key().1 == name).count();
        assert_eq!((count("boto3"), count("botocore")), (1, 1), "its own boto3 is the one that is loaded");
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
