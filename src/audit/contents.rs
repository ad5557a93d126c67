//! What reading one artifact gave, before it is laid together with the function's others.
//!
//! Reading is what costs; laying together is cheap. So the contents of an artifact can be kept ([`SealedContents`]) and
//! serve every function that has it, and every sweep until it changes. What is kept holds no secret's value: a seal
//! stands for it ([`Sealer`]), by which equal values of several artifacts are still joined.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::opaque::Opaque;
use super::walk::{self, Walked, failed, guarded};
use super::{Input, Options};
use crate::artifact::{Budget, OpenError};
use crate::extract::{Joined, LockedVersions, Owners, join};
use crate::integrity::Traces;
use crate::model::{
    Artifact, ArtifactRole, Gap, GapKind, Location, Package, Sealer, SecretMatch, SecretValue, Tally, TargetKind,
};

/// What one artifact contains. Its places are those of an artifact of index 0 until it is laid together with others.
#[derive(Clone, Debug)]
pub struct Contents {
    pub(super) body: Body,
    /// Not yet joined.
    pub(super) secrets: Vec<SecretMatch>,
}

/// All of it but the secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Body {
    pub kind: TargetKind,
    /// What was handed over.
    pub artifact: Artifact,
    /// It should be there, and could not be had.
    pub is_missing: bool,
    /// One for each ecosystem, name and version.
    pub packages: Vec<Package>,
    /// From reading and joining.
    pub gaps: Vec<Gap>,
    /// Who owns which file.
    pub owners: Owners,
    /// See [`Joined::own`].
    pub own: HashSet<Location>,
    pub tally: Tally,
    /// Names of the files at the first level.
    pub files: Vec<String>,
    pub opaque: Opaque,
    pub traces: Traces,
}

/// [`Contents`] that may be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedContents {
    body: Body,
    secrets: Vec<SealedSecret>,
}

/// A secret whose value is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SealedSecret {
    found: SecretMatch,
    /// What stands for the value.
    seal: Vec<u8>,
}

impl Contents {
    /// Reads one artifact. Runs in the current rayon pool; the result means the same for every number of threads.
    ///
    /// # Errors
    /// [`OpenError`] only where a named file does not exist or cannot be opened at all.
    pub fn read(role: ArtifactRole, input: &Input, options: &Options<'_>) -> Result<Contents, OpenError> {
        Contents::read_within(&options.budget(), role, input, &LockedVersions::default(), options)
    }

    /// [`Contents::read`] with a budget that other artifacts share; `locked` tells versions of what is in bundles.
    pub(super) fn read_within(
        budget: &Budget,
        role: ArtifactRole,
        input: &Input,
        locked: &LockedVersions,
        options: &Options<'_>,
    ) -> Result<Contents, OpenError> {
        let (kind, walked) = walk::artifact(role, input, budget, options)?;
        Ok(Contents::of(kind, walked, locked))
    }

    /// Joins what a walk gave.
    pub(super) fn of(kind: TargetKind, walked: Walked, locked: &LockedVersions) -> Contents {
        let Walked { artifact, mut part } = walked;
        let joined = guarded(|| join(part.sink, locked))
            .unwrap_or_else(|| Joined { gaps: vec![failed(&Location::artifact(0), "inventory")], ..Joined::default() });
        part.gaps.extend(joined.gaps);
        let body = Body {
            kind,
            artifact,
            is_missing: false,
            packages: joined.packages,
            gaps: part.gaps,
            owners: joined.owners,
            own: joined.own,
            tally: part.tally,
            files: part.files,
            opaque: part.opaque,
            traces: part.traces,
        };
        Contents { body, secrets: part.secrets }
    }

    /// Stands for an artifact that could not be had: a blocking gap, which says why.
    pub fn missing(role: ArtifactRole, path: &str, detail: String) -> Contents {
        let artifact = Artifact { role, path: path.to_owned(), sha256: None, bytes: 0, entries: 0 };
        let body = Body {
            kind: TargetKind::Artifact,
            artifact,
            is_missing: true,
            packages: Vec::new(),
            gaps: vec![Gap::blocking(GapKind::Unavailable, Location::artifact(0), "source", detail)],
            owners: Owners::default(),
            own: HashSet::new(),
            tally: Tally::default(),
            files: Vec::new(),
            opaque: Opaque::default(),
            traces: Traces::default(),
        };
        Contents { body, secrets: Vec::new() }
    }

    /// The same contents under another path: equal bytes may have many.
    pub fn called(mut self, path: &str) -> Contents {
        self.body.artifact.path = path.to_owned();
        self
    }

    /// What was handed over.
    pub fn artifact(&self) -> &Artifact {
        &self.body.artifact
    }

    /// Replaces every secret's value by its seal. Only contents that were sealed with one key may be laid together, and
    /// vendors cannot be asked about them.
    pub fn seal(self, sealer: &Sealer) -> SealedContents {
        let seal = |one: SecretMatch| SealedSecret {
            seal: sealer.seal(&one.value).expose().to_vec(),
            found: SecretMatch { value: SecretValue::default(), ..one },
        };
        SealedContents { body: self.body, secrets: self.secrets.into_iter().map(seal).collect() }
    }

    /// The same contents as those of the artifact with another index.
    pub(super) fn placed(mut self, index: usize) -> Contents {
        if index == 0 {
            return self;
        }
        let body = &mut self.body;
        let packages = body.packages.iter_mut().flat_map(|package| &mut package.locations);
        let gaps = body.gaps.iter_mut().map(|gap| &mut gap.location);
        let secrets = self.secrets.iter_mut().map(|one| &mut one.location);
        packages.chain(gaps).chain(secrets).for_each(|place| place.artifact = index);
        body.own = body.own.drain().map(|place| Location { artifact: index, ..place }).collect();
        body.opaque.place(index);
        body.traces.place(index);
        self
    }
}

impl SealedContents {
    /// The contents, with seals in the place of values.
    pub fn open(self) -> Contents {
        let open = |one: SealedSecret| SecretMatch { value: SecretValue::new(&one.seal), ..one.found };
        Contents { body: self.body, secrets: self.secrets.into_iter().map(open).collect() }
    }
}
