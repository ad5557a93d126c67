//! From what AWS told to [`Deployed`].

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::types::{FunctionConfiguration, PackageType};

use super::super::aws_json;
use super::super::{Archive, Code, Deployed, Unseen};
use super::pointers::{LATEST, Pointers, split};
use super::region::{Listed, Region};
use crate::model::{Cloud, EnvFile, FunctionConfig, Gap, GapKind, Location, Role};

/// What is known beside a region's own listings.
pub(super) struct Around<'a> {
    /// Versions that the edge has copies of, from all regions.
    pub edge: &'a BTreeSet<String>,
    /// Roles by ARN, or why they are not known.
    pub roles: &'a Result<BTreeMap<String, Role>, String>,
}

/// The versions of a region that are in use, and functions of which that is not known for all versions.
pub(super) fn assemble(region: &Region, listed: Listed, around: &Around<'_>) -> (Vec<Deployed>, Vec<Unseen>) {
    let Listed { versions, mut pointers, calls, refused, no_sources, .. } = listed;
    let (calls, no_calls) = match &calls {
        Some(Ok(calls)) => (Some(calls), None),
        Some(Err(detail)) => (None, Some(detail)),
        None => (None, None),
    };
    let not_told = |name: &str| calls.and_then(|calls| calls.refused.get(name));
    let copied = around.edge.iter().filter(|arn| arn.starts_with(&region.prefix));
    for (name, version) in copied.filter_map(|arn| split(arn)) {
        pointers.entry(name.to_owned()).or_default().edge.insert(version.to_owned());
    }
    let nothing = Pointers::default();
    let (mut functions, mut doubtful) = (Vec::new(), BTreeMap::new());
    for function in versions {
        let (Some(name), Some(version)) = (function.function_name(), function.version()) else { continue };
        let pointers = pointers.get(name).unwrap_or(&nothing);
        let used_by = pointers.used_by(version);
        if version != LATEST && used_by.is_empty() {
            // One that was in use yesterday is not gone because nobody can say so today.
            let silent: Vec<&str> =
                no_sources.iter().chain(refused.get(name).into_iter().flatten()).map(String::as_str).collect();
            if !silent.is_empty() {
                doubtful.insert(name.to_owned(), silent.join("; "));
            }
            continue;
        }
        let role = function.role().map(|arn| role(arn, around.roles));
        let refused = no_sources.iter().chain(refused.get(name).into_iter().flatten());
        let mut gaps: Vec<Gap> = refused.chain(no_calls).chain(not_told(name)).map(|detail| gap(detail)).collect();
        gaps.extend(role.iter().flat_map(|(_, gaps)| gaps).map(|detail| gap(detail)));
        let cloud = Cloud {
            provider: "aws".to_owned(),
            account: Some(region.account.clone()),
            region: Some(region.name.clone()),
            qualifier: Some(version.to_owned()),
            used_by,
            modified: function.last_modified().map(str::to_owned),
            role: role.map(|(role, _)| role),
            event_sources: pointers.sources_of(version),
            invoked: calls.and_then(|calls| calls.last.get(name)).cloned(),
            calls_known_since: calls.filter(|_| not_told(name).is_none()).map(|calls| calls.since.clone()),
            details: None,
        };
        functions.push(deployed(region, &function, cloud, gaps));
    }
    let unseen = doubtful.into_iter().map(|(name, why)| Unseen {
        prefix: format!("{}function:{name}:", region.prefix),
        detail: format!("nobody said which of its published versions are in use: {why}"),
    });
    (functions, unseen.collect())
}

fn deployed(region: &Region, function: &FunctionConfiguration, cloud: Cloud, gaps: Vec<Gap>) -> Deployed {
    let text = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    let name = function.function_name().unwrap_or_default();
    let id = format!("{}function:{name}:{}", region.prefix, function.version().unwrap_or(LATEST));
    let layers: Vec<Archive> = function
        .layers()
        .iter()
        .filter_map(|layer| {
            let arn = layer.arn()?.to_owned();
            Some(Archive { identity: arn.clone(), name: arn, sha256: None, bytes: size(layer.code_size()) })
        })
        .collect();
    let environment = function.environment();
    let variables = environment.and_then(|environment| environment.variables());
    // AWS gives them in no order.
    let variables: BTreeMap<_, _> = variables.into_iter().flatten().collect();
    let error = environment.and_then(|environment| environment.error()).map(|error| {
        let words = [error.error_code(), error.message()].map(Option::unwrap_or_default);
        words.join(" ").trim().to_owned()
    });
    let config = FunctionConfig {
        name: Some(name.to_owned()),
        arn: Some(id.clone()),
        runtime: text(function.runtime().map(|runtime| runtime.as_str())),
        handler: text(function.handler()),
        layers: layers.iter().map(|layer| layer.identity.clone()).collect(),
        cloud: Some(Box::new(cloud)),
    };
    let environment = EnvFile {
        variables: variables.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        config,
        error,
    };
    Deployed { id, environment, code: code(function), layers, gaps }
}

fn code(function: &FunctionConfiguration) -> Code {
    let digest = function.code_sha256().unwrap_or_default();
    // Without a digest nothing tells whether the code is still the same, but when it was last changed.
    let dated =
        || format!("{}@{}", function.function_arn().unwrap_or_default(), function.last_modified().unwrap_or_default());
    // Where the image is, only `GetFunction` would tell.
    if function.package_type() == Some(&PackageType::Image) {
        return Code::Image(aws_json::image(Some(digest), None).unwrap_or_else(dated));
    }
    let sha256 = aws_json::digest(digest);
    let identity = sha256.as_ref().map_or_else(dated, |digest| format!("sha256:{digest}"));
    Code::Archive(Archive { identity, name: "code".to_owned(), sha256, bytes: size(function.code_size()) })
}

fn size(bytes: i64) -> Option<u64> {
    u64::try_from(bytes).ok().filter(|&bytes| bytes > 0)
}

/// A role, and what is not known of it.
fn role(arn: &str, roles: &Result<BTreeMap<String, Role>, String>) -> (Role, Vec<String>) {
    let unknown = || Role { arn: arn.to_owned(), ..Role::default() };
    match roles.as_ref().map(|roles| roles.get(arn)) {
        Ok(Some(role)) => {
            let lost = role.attached.iter().filter(|(_, document)| document.is_empty());
            (role.clone(), lost.map(|(policy, _)| format!("the text of the policy {policy} was not told")).collect())
        }
        Ok(None) => (unknown(), vec![format!("the role {arn} is not there")]),
        Err(detail) => (unknown(), vec![format!("what its role may do is not known: {detail}")]),
    }
}

/// No bytes are missing: the code and the variables are there.
pub(super) fn gap(detail: &str) -> Gap {
    Gap::note(GapKind::Unavailable, Location::artifact(0), "aws", detail)
}
