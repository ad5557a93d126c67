//! What a sweep adds to the contract, and what a cloud says of a function.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Change, Cloud, Details, FunctionConfig, FunctionUrl, Role, Sweep, TrendPoint};
use crate::report::deployed::Deployed;

use super::SeverityCounts;

#[derive(Serialize)]
pub(super) struct SweepV1<'a> {
    source: &'a str,
    functions: u64,
    downloaded: u64,
    downloaded_bytes: u64,
    reused: u64,
    failed: u64,
    /// Why everything was read again; null where only what changed was.
    rescanned: Option<&'a str>,
    /// The start of the sweep that this one is compared with; null for the first one.
    since: Option<&'a str>,
    pub(super) changes: ChangesV1<'a>,
    /// The sweeps until this one, oldest first.
    trend: Vec<TrendV1<'a>>,
}

#[derive(Serialize)]
pub(super) struct ChangesV1<'a> {
    functions: FunctionsV1<'a>,
    pub(super) findings: FindingsV1<'a>,
}

/// Ids of targets.
#[derive(Serialize)]
struct FunctionsV1<'a> {
    new: &'a [String],
    changed: &'a [String],
    gone: &'a [String],
}

#[derive(Serialize)]
pub(super) struct FindingsV1<'a> {
    pub(super) new: Vec<ChangeV1<'a>>,
    pub(super) fixed: Vec<ChangeV1<'a>>,
}

#[derive(Serialize)]
pub(super) struct ChangeV1<'a> {
    target: &'a str,
    fingerprint: &'a str,
    kind: &'static str,
    id: &'a str,
    severity: &'static str,
    title: &'a str,
    purl: Option<&'a str>,
}

#[derive(Serialize)]
struct TrendV1<'a> {
    at: &'a str,
    functions: u64,
    findings: SeverityCounts,
    blocking: u64,
    highest_risk: u8,
    new: u64,
    fixed: u64,
}

pub(super) fn sweep(sweep: &Sweep) -> SweepV1<'_> {
    let functions = &sweep.changes;
    SweepV1 {
        source: &sweep.source,
        functions: sweep.functions,
        downloaded: sweep.downloaded,
        downloaded_bytes: sweep.downloaded_bytes,
        reused: sweep.reused,
        failed: sweep.failed,
        rescanned: sweep.rescanned.as_deref(),
        since: sweep.since.as_deref(),
        changes: ChangesV1 {
            functions: FunctionsV1 { new: &functions.new, changed: &functions.changed, gone: &functions.gone },
            findings: FindingsV1 {
                new: sweep.new.iter().map(change).collect(),
                fixed: sweep.fixed.iter().map(change).collect(),
            },
        },
        trend: sweep.trend.iter().map(trend).collect(),
    }
}

fn change(change: &Change) -> ChangeV1<'_> {
    ChangeV1 {
        target: &change.target,
        fingerprint: &change.fingerprint,
        kind: change.kind.word(),
        id: &change.id,
        severity: change.severity.word(),
        title: &change.title,
        purl: change.purl.as_deref(),
    }
}

fn trend(point: &TrendPoint) -> TrendV1<'_> {
    let [critical, high, medium, low, unknown] = point.findings.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    TrendV1 {
        at: &point.at,
        functions: point.functions,
        findings: SeverityCounts { critical, high, medium, low, unknown },
        blocking: point.blocking,
        highest_risk: point.highest_risk,
        new: point.new,
        fixed: point.fixed,
    }
}

/// Where a function is deployed. What only its cloud can say is null where it was not asked.
#[derive(Serialize)]
pub(super) struct CloudV1<'a> {
    provider: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    arn: Option<&'a str>,
    qualifier: Option<&'a str>,
    used_by: Option<&'a [String]>,
    modified: Option<&'a str>,
    role: Option<RoleV1<'a>>,
    event_sources: Option<&'a [String]>,
    invoked: Option<&'a str>,
    /// Null where nobody could be asked for calls: only with it does a null `invoked` say that there was none.
    calls_known_since: Option<&'a str>,
    details: Option<DetailsV1<'a>>,
}

#[derive(Serialize)]
struct RoleV1<'a> {
    arn: &'a str,
    inline: &'a BTreeMap<String, String>,
    attached: &'a BTreeMap<String, String>,
    boundary: Option<&'a str>,
    boundary_policy: Option<&'a str>,
    trust: Option<&'a str>,
}

#[derive(Serialize)]
struct DetailsV1<'a> {
    asked: &'a str,
    urls: Vec<UrlV1<'a>>,
    policy: Option<&'a str>,
    reserved_concurrency: Option<u32>,
    tags: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct UrlV1<'a> {
    url: &'a str,
    auth: &'a str,
    qualifier: Option<&'a str>,
    origins: &'a [String],
}

pub(super) fn cloud(config: &FunctionConfig) -> Option<CloudV1<'_>> {
    let told: Option<&Cloud> = config.cloud.as_deref();
    if told.is_none() && config.arn.is_none() {
        return None;
    }
    let Deployed { provider, account, region, arn, qualifier, .. } = Deployed::of(config);
    Some(CloudV1 {
        provider,
        account,
        region,
        arn,
        qualifier,
        used_by: told.map(|cloud| cloud.used_by.as_slice()),
        modified: told.and_then(|cloud| cloud.modified.as_deref()),
        role: told.and_then(|cloud| cloud.role.as_ref()).map(role),
        event_sources: told.map(|cloud| cloud.event_sources.as_slice()),
        invoked: told.and_then(|cloud| cloud.invoked.as_deref()),
        calls_known_since: told.and_then(|cloud| cloud.calls_known_since.as_deref()),
        details: told.and_then(|cloud| cloud.details.as_ref()).map(details),
    })
}

fn role(role: &Role) -> RoleV1<'_> {
    RoleV1 {
        arn: &role.arn,
        inline: &role.inline,
        attached: &role.attached,
        boundary: role.boundary.as_deref(),
        boundary_policy: role.boundary_policy.as_deref(),
        trust: role.trust.as_deref(),
    }
}

fn details(details: &Details) -> DetailsV1<'_> {
    DetailsV1 {
        asked: &details.asked,
        urls: details.urls.iter().map(address).collect(),
        policy: details.policy.as_deref(),
        reserved_concurrency: details.reserved_concurrency,
        tags: &details.tags,
    }
}

fn address(one: &FunctionUrl) -> UrlV1<'_> {
    UrlV1 { url: &one.url, auth: &one.auth, qualifier: one.qualifier.as_deref(), origins: &one.origins }
}
