//! Lays a function's artifacts together as the runtime would: the code at `/var/task`, the layers over one another at
//! `/opt`, then asks which copies of a package an importer can reach.
//!
//! - Equal paths in `/opt`: the later layer's file is what is there; the hidden one is told.
//! - Python takes the first copy on `sys.path`: `/var/task`, then `/opt/python/lib/python3.N/site-packages`, then
//!   `/opt/python` (<https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html>).
//! - Node resolves upwards from the importing file, so that a layer's package uses the layer's own copy: only a copy
//!   whose manifest another layer has overwritten is out of reach.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::contents::{Body, Contents};
use super::opaque::Opaque;
use super::{inventory, python_path};
use crate::extract::{Owner, Owners, merge};
use crate::integrity::Traces;
use crate::model::{ArtifactRole, Evidence, Gap, GapKind, Location, Package, PackageId, SecretMatch, Tally, purl};
use crate::runtime::Supplied;

/// All artifacts of a target, laid together.
pub(super) struct Laid {
    /// One list, merged over all artifacts, sorted by id.
    pub packages: Vec<Package>,
    /// Not yet joined.
    pub secrets: Vec<SecretMatch>,
    /// From reading and from laying.
    pub gaps: Vec<Gap>,
    /// The sum.
    pub tally: Tally,
    /// See [`crate::model::Coverage::attributed`].
    pub attributed: bool,
    /// What was seen of the files' integrity.
    pub traces: Traces,
    /// Names of the files at the first level, by artifact.
    pub files: Vec<Vec<String>>,
    /// Who owns which file, by artifact.
    owners: Vec<Owners>,
}

impl Laid {
    /// The id of the package with this purl: the copy that can be loaded, else the shadowed one.
    pub fn id_of(&self, purl: &str) -> PackageId {
        let id = PackageId(purl.to_owned());
        let loadable = self.packages.binary_search_by_key(&id, Package::id).is_ok();
        if loadable { id } else { PackageId(format!("{purl}#shadowed")) }
    }

    /// The installed package that an entry belongs to.
    pub fn owner_of(&self, place: &Location) -> Option<&Owner> {
        self.owners.get(place.artifact)?.owner_of(place)
    }
}

impl Laid {
    /// Says of every embedded copy which packages ship it.
    fn name_parents(&mut self) {
        let parents: Vec<Vec<PackageId>> = self.packages.iter().map(|package| self.parents_of(package)).collect();
        for (package, parents) in self.packages.iter_mut().zip(parents) {
            package.embedded_in = parents;
        }
    }

    fn parents_of(&self, package: &Package) -> Vec<PackageId> {
        let places = package.locations.iter().filter(|_| package.evidence == Evidence::Embedded);
        let around = places.filter_map(|place| {
            let owners = self.owners.get(place.artifact)?.owners_of(place);
            // A copy with a list of its own files owns itself.
            let mut ids = owners
                .into_iter()
                .map(|owner| self.id_of(&purl(owner.ecosystem, &owner.name, owner.version.as_deref())));
            ids.find(|id| *id != package.id())
        });
        BTreeSet::from_iter(around).into_iter().collect()
    }
}

/// Lays artifacts together, each with its index, over what the runtime supplies.
pub(super) fn lay(parts: Vec<Contents>, supplied: Option<&Supplied>) -> Laid {
    let mut laid = Laid {
        packages: Vec::new(),
        secrets: Vec::new(),
        gaps: Vec::new(),
        tally: Tally::default(),
        attributed: false,
        traces: Traces::default(),
        files: Vec::new(),
        owners: Vec::new(),
    };
    let hidden = hidden_files(&parts, &mut laid.gaps);
    let roles: Vec<ArtifactRole> = parts.iter().map(|one| one.body.artifact.role).collect();
    let mut opaque = Opaque::default();
    let mut packages = Vec::new();
    let mut own = HashSet::new();
    for Contents { body: mut part, mut secrets } in parts {
        laid.secrets.append(&mut secrets);
        laid.gaps.append(&mut part.gaps);
        laid.tally += part.tally;
        opaque.append(part.opaque);
        laid.traces.append(part.traces);
        laid.files.push(part.files);
        own.extend(part.own);
        packages.append(&mut part.packages);
        laid.owners.push(part.owners);
    }
    if !hidden.is_empty() {
        split_shadowed(&mut packages, |_, place| {
            place.path.first().is_some_and(|file| hidden.contains(&(place.artifact, file.clone())))
        });
    }
    python_path::shadow(&mut packages, &roles);
    inventory::locked_beside_layers(&mut packages, &roles);
    laid.packages = merge(packages);
    if let Some(supplied) = supplied {
        inventory::add_supplied(&mut laid.packages, supplied);
    }
    laid.packages.sort_by_cached_key(Package::id);
    laid.name_parents();
    laid.gaps.extend(inventory::declared_only(&laid.packages));
    laid.attributed = !laid.packages.is_empty() || opaque.has_text();
    let gaps = opaque.gaps(|place| own.contains(place) || laid.owner_of(place).is_some());
    laid.gaps.extend(gaps);
    laid
}

/// Files of a layer that a later layer overwrites: (artifact, path).
type Hidden = BTreeSet<(usize, String)>;

fn hidden_files(parts: &[Contents], gaps: &mut Vec<Gap>) -> Hidden {
    let mut top: HashMap<&str, usize> = HashMap::new();
    let mut hidden = BTreeMap::new();
    for (index, Body { artifact, files, .. }) in parts.iter().map(|one| &one.body).enumerate() {
        if artifact.role != ArtifactRole::Layer {
            continue;
        }
        // Two entries of one layer with the same name are the archive's own affair, told by its reader.
        let files: BTreeSet<&str> = files.iter().map(String::as_str).collect();
        for file in files {
            if let Some(below) = top.insert(file, index) {
                hidden.insert((below, file.to_owned()), index);
            }
        }
    }
    gaps.extend(hidden.iter().map(|((below, file), above)| {
        let place = Location::artifact(*below).child(file);
        let by = &parts[*above].body.artifact.path;
        Gap::note(
            GapKind::Duplicate,
            place,
            "layers",
            format!("hidden in /opt by the file of the same path in the later layer {by}; read all the same"),
        )
    }));
    hidden.into_keys().collect()
}

/// Moves the copies that `is_shadowed` picks into packages of their own, marked as shadowed.
pub(super) fn split_shadowed(packages: &mut Vec<Package>, is_shadowed: impl Fn(&Package, &Location) -> bool) {
    let mut shadowed = Vec::new();
    for package in packages.iter_mut().filter(|package| !package.shadowed) {
        let places = std::mem::take(&mut package.locations);
        let (gone, kept): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| is_shadowed(package, place));
        if !gone.is_empty() {
            shadowed.push(Package { locations: gone, shadowed: true, ..package.clone() });
        }
        package.locations = kept;
    }
    packages.retain(|package| !package.locations.is_empty());
    packages.append(&mut shadowed);
}
