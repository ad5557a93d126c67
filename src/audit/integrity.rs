//! Hands the judgement on files and hooks what the other parts of the audit know.

use super::overlay::Laid;
use crate::integrity::{Ground, Judged, Traces, Variables, judge as judge_traces};
use crate::model::{Artifact, EnvFile, Finding, FunctionConfig, purl};

/// Judges one target. `variables` come with the index of their artifact; `secrets` were found before.
pub(super) fn judge(
    traces: Traces,
    laid: &Laid,
    artifacts: &[Artifact],
    config: &FunctionConfig,
    variables: Option<(usize, &EnvFile)>,
    lacks_layers: bool,
    secrets: &[Finding],
) -> Judged {
    let roles = artifacts.iter().map(|artifact| artifact.role);
    let ground = Ground {
        artifacts: roles.zip(laid.files.iter().map(Vec::as_slice)).collect(),
        runtime: config.runtime.as_deref(),
        variables: variables.map(|(artifact, file)| Variables {
            artifact,
            file,
            secret: secrets
                .iter()
                .flat_map(|finding| &finding.locations)
                .filter(|place| place.artifact == artifact)
                .map(|place| place.path.as_slice())
                .collect(),
        }),
        lacks_layers,
        owner: &|place| {
            let owner = laid.owner_of(place)?;
            let purl = purl(owner.ecosystem, &owner.name, owner.version.as_deref());
            Some((laid.id_of(&purl), purl))
        },
    };
    judge_traces(traces, &ground)
}
