//! A function's variables as an artifact of their own, and what its configuration says about artifacts that are not
//! there.

use super::walk::{Part, Walked};
use super::{Contents, Options, Progress};
use crate::extract::LockedVersions;
use crate::model::{Artifact, ArtifactRole, EnvFile, FunctionConfig, Gap, GapKind, Location, Tally, TargetKind};

/// Hands every variable to the secret engine, as an entry of its own, in the artifact of index 0.
pub(super) fn artifact(path: &str, file: &EnvFile, options: &Options<'_>) -> Contents {
    let mut part = Part::default();
    for (name, value) in &file.variables {
        let place = Location::artifact(0).child(&crate::model::escape_path_bytes(name.as_bytes()));
        options.engine.scan_variable(&place, name, value, &mut part.secrets);
        let bytes = (name.len() + value.len()) as u64;
        part.tally += Tally { seen: 1, read: 1, gapped: 0, bytes };
    }
    let count = file.variables.len() as u64;
    Progress::add(&options.progress.seen, count);
    Progress::add(&options.progress.done, count);
    if let Some(error) = &file.error {
        part.gaps.push(Gap::blocking(
            GapKind::Unavailable,
            Location::artifact(0),
            "environment",
            format!("the cloud could not decrypt the function's variables ({error}); they were not searched"),
        ));
    }
    let artifact = Artifact {
        role: ArtifactRole::Environment,
        path: path.to_owned(),
        sha256: None,
        bytes: part.tally.bytes,
        entries: count,
    };
    Contents::of(TargetKind::Artifact, Walked { artifact, part }, &LockedVersions::default())
}

/// Layers that the configuration names and nobody handed over.
///
/// Names cannot be matched with files, so the first ones are taken as given: the order is the same.
pub(super) fn missing_layers(config: &FunctionConfig, given: usize) -> Vec<Gap> {
    config
        .layers
        .iter()
        .skip(given)
        .map(|layer| {
            Gap::blocking(
                GapKind::Unavailable,
                Location::artifact(0),
                "layers",
                format!("the function has the layer {layer}, which was not given; download it and add --layer FILE"),
            )
        })
        .collect()
}
