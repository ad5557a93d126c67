//! What a sweep adds, read back.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{
    Change, Cloud, Details, FindingKind, FunctionChanges, FunctionUrl, Role, Severity, Sweep, TrendPoint,
};

#[derive(Deserialize)]
pub(super) struct SweepRead {
    source: String,
    functions: u64,
    downloaded: u64,
    downloaded_bytes: u64,
    reused: u64,
    failed: u64,
    rescanned: Option<String>,
    since: Option<String>,
    changes: ChangesRead,
    trend: Vec<TrendRead>,
}

#[derive(Deserialize)]
struct ChangesRead {
    functions: FunctionsRead,
    findings: FindingsRead,
}

#[derive(Deserialize)]
struct FunctionsRead {
    new: Vec<String>,
    changed: Vec<String>,
    gone: Vec<String>,
}

#[derive(Deserialize)]
struct FindingsRead {
    new: Vec<ChangeRead>,
    fixed: Vec<ChangeRead>,
}

#[derive(Deserialize)]
pub(super) struct ChangeRead {
    target: String,
    fingerprint: String,
    kind: FindingKind,
    id: String,
    severity: Severity,
    title: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct TrendRead {
    at: String,
    functions: u64,
    findings: CountsRead,
    blocking: u64,
    highest_risk: u8,
    new: u64,
    fixed: u64,
}

#[derive(Deserialize)]
struct CountsRead {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    unknown: u64,
}

impl SweepRead {
    /// Findings that came.
    pub(super) fn came(&mut self) -> &mut Vec<ChangeRead> {
        &mut self.changes.findings.new
    }

    /// Findings that went.
    pub(super) fn went(&mut self) -> &mut Vec<ChangeRead> {
        &mut self.changes.findings.fixed
    }
}

impl From<SweepRead> for Sweep {
    fn from(read: SweepRead) -> Sweep {
        let FunctionsRead { new, changed, gone } = read.changes.functions;
        let changes = |all: Vec<ChangeRead>| all.into_iter().map(Change::from).collect();
        Sweep {
            source: read.source,
            functions: read.functions,
            downloaded: read.downloaded,
            downloaded_bytes: read.downloaded_bytes,
            reused: read.reused,
            failed: read.failed,
            rescanned: read.rescanned,
            since: read.since,
            changes: FunctionChanges { new, changed, gone },
            new: changes(read.changes.findings.new),
            fixed: changes(read.changes.findings.fixed),
            trend: read.trend.into_iter().map(TrendPoint::from).collect(),
        }
    }
}

impl From<ChangeRead> for Change {
    fn from(read: ChangeRead) -> Change {
        let ChangeRead { target, fingerprint, kind, id, severity, title, purl } = read;
        Change { target, fingerprint, kind, id, severity, title, purl }
    }
}

impl From<TrendRead> for TrendPoint {
    fn from(read: TrendRead) -> TrendPoint {
        let TrendRead { at, functions, findings, blocking, highest_risk, new, fixed } = read;
        let CountsRead { critical, high, medium, low, unknown } = findings;
        TrendPoint {
            at,
            functions,
            findings: [critical, high, medium, low, unknown],
            blocking,
            highest_risk,
            new,
            fixed,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct CloudRead {
    provider: Option<String>,
    account: Option<String>,
    region: Option<String>,
    arn: Option<String>,
    qualifier: Option<String>,
    #[serde(default)]
    used_by: Option<Vec<String>>,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    role: Option<RoleRead>,
    #[serde(default)]
    event_sources: Option<Vec<String>>,
    #[serde(default)]
    invoked: Option<String>,
    #[serde(default)]
    calls_known_since: Option<String>,
    #[serde(default)]
    details: Option<DetailsRead>,
}

#[derive(Deserialize)]
struct RoleRead {
    arn: String,
    inline: BTreeMap<String, String>,
    attached: BTreeMap<String, String>,
    boundary: Option<String>,
    #[serde(default)]
    boundary_policy: Option<String>,
    trust: Option<String>,
}

#[derive(Deserialize)]
struct DetailsRead {
    asked: String,
    urls: Vec<UrlRead>,
    policy: Option<String>,
    reserved_concurrency: Option<u32>,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct UrlRead {
    url: String,
    auth: String,
    qualifier: Option<String>,
    origins: Vec<String>,
}

impl CloudRead {
    /// The ARN, and what the cloud itself said. Where it was not asked (`used_by` is null), the other parts come from the
    /// ARN and are taken from there again.
    pub(super) fn told(self) -> (Option<String>, Option<Box<Cloud>>) {
        let cloud = self.used_by.map(|used_by| {
            Box::new(Cloud {
                provider: self.provider.unwrap_or_default(),
                account: self.account,
                region: self.region,
                qualifier: self.qualifier,
                used_by,
                modified: self.modified,
                role: self.role.map(Role::from),
                event_sources: self.event_sources.unwrap_or_default(),
                invoked: self.invoked,
                calls_known_since: self.calls_known_since,
                details: self.details.map(Details::from),
            })
        });
        (self.arn, cloud)
    }
}

impl From<RoleRead> for Role {
    fn from(RoleRead { arn, inline, attached, boundary, boundary_policy, trust }: RoleRead) -> Role {
        Role { arn, inline, attached, boundary, boundary_policy, trust }
    }
}

impl From<DetailsRead> for Details {
    fn from(read: DetailsRead) -> Details {
        let DetailsRead { asked, urls, policy, reserved_concurrency, tags } = read;
        let url = |UrlRead { url, auth, qualifier, origins }| FunctionUrl { url, auth, qualifier, origins };
        Details { asked, urls: urls.into_iter().map(url).collect(), policy, reserved_concurrency, tags }
    }
}
