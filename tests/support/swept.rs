//! A sweep with something of everything, built by hand.

use std::collections::BTreeMap;

use tidewaiter::model::*;
use tidewaiter::policy::{Verdict, judge};

use super::verdict::*;

/// What a cloud says of a function, every field of it.
pub fn cloud() -> Cloud {
    Cloud {
        provider: "aws".to_owned(),
        account: Some("123456789012".to_owned()),
        region: Some("eu-central-1".to_owned()),
        qualifier: Some("7".to_owned()),
        used_by: vec!["alias live".to_owned(), "event source".to_owned()],
        modified: Some("2026-10-01T10:00:00.000+0000".to_owned()),
        role: Some(Role {
            arn: "arn:aws:iam::123456789012:role/checkout".to_owned(),
            inline: BTreeMap::from([("own".to_owned(), "{\"Version\":\"2012-10-17\",\"Statement\":[]}".to_owned())]),
            attached: BTreeMap::from([("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(), "{}".to_owned())]),
            boundary: Some("arn:aws:iam::123456789012:policy/edge".to_owned()),
            boundary_policy: Some("{}".to_owned()),
            trust: Some("{}".to_owned()),
        }),
        event_sources: vec!["arn:aws:sqs:eu-central-1:123456789012:orders".to_owned()],
        invoked: Some("2026-10-31T23:00:00Z".to_owned()),
        calls_known_since: Some("2026-08-03T00:00:00Z".to_owned()),
        details: Some(Details {
            asked: "2026-11-01T00:00:00Z".to_owned(),
            urls: vec![FunctionUrl {
                url: "https://abc.lambda-url.eu-central-1.on.aws/".to_owned(),
                auth: "NONE".to_owned(),
                qualifier: Some("live".to_owned()),
                origins: vec!["*".to_owned()],
            }],
            policy: Some("{}".to_owned()),
            reserved_concurrency: Some(3),
            tags: BTreeMap::from([("team".to_owned(), "shop".to_owned()), ("empty".to_owned(), String::new())]),
        }),
    }
}

/// An identity of a function of the sample's account.
pub fn arn(name: &str) -> String {
    format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}:$LATEST")
}

/// A function that is deployed as the sample is, with other code.
pub fn deployed(name: &str) -> Scan {
    let mut scan = clean_scan();
    (scan.id, scan.name, scan.kind) = (arn(name), name.to_owned(), TargetKind::Function);
    scan.config = FunctionConfig {
        name: Some(name.to_owned()),
        arn: Some(arn(name)),
        runtime: Some("python3.12".to_owned()),
        cloud: Some(Box::new(Cloud { qualifier: Some("$LATEST".to_owned()), invoked: None, ..cloud() })),
        ..FunctionConfig::default()
    };
    scan
}

/// A region that could not be listed.
pub fn unlisted() -> Scan {
    let mut scan = clean_scan();
    scan.id = "arn:aws:lambda:eu-north-1:123456789012:".to_owned();
    (scan.name, scan.kind, scan.config) =
        (scan.id.trim_end_matches(':').to_owned(), TargetKind::Place, FunctionConfig::default());
    scan.packages.clear();
    let denied = Gap::blocking(GapKind::Unavailable, Location::artifact(0), "source", "Nobody may list it.");
    scan.coverage = Coverage::new(Tally::default(), false, vec![denied]);
    scan
}

/// A change that speaks of a finding.
pub fn change(scan: &Scan, finding: &Finding) -> Change {
    Change {
        target: scan.id.clone(),
        fingerprint: finding.fingerprint.clone(),
        kind: finding.kind,
        id: finding.id.clone(),
        severity: finding.severity,
        title: finding.title.clone(),
        purl: finding.purl.clone(),
    }
}

/// Sweeps of so many nights, this one included.
pub fn trend(nights: u64) -> Vec<TrendPoint> {
    let point = |night: u64| TrendPoint {
        at: format!("2026-{:02}-{:02}T03:00:00Z", 9 + night / 28, 1 + night % 28),
        functions: 2 + night / 10,
        findings: [night % 5, 4 + night % 3, 7, 2, 1],
        blocking: night % 2,
        highest_risk: u8::try_from(40 + night % 50).unwrap(),
        new: night % 4,
        fixed: night % 3,
    };
    (0..nights).map(point).collect()
}

/// A night on which much happened: `checkout` with every kind of finding, most of them new; `billing`, that changed and has
/// an old flaw; `photos`, of which nothing could be read.
pub fn swept() -> Verdict {
    let mut checkout = full_scan();
    checkout.config.cloud = Some(Box::new(cloud()));
    for (i, finding) in checkout.findings.iter_mut().enumerate() {
        finding.fingerprint = fingerprint(&[&finding.id, &i.to_string()]);
    }
    let mut billing = deployed("billing");
    let lodash = billing.packages[0].clone();
    billing.findings = vec![about(&lodash, FindingKind::Vulnerability, "CVE-2021-23337", Severity::Low, &["4.17.22"])];
    let mut photos = deployed("photos");
    photos.packages.clear();
    let image = Gap::blocking(GapKind::Unavailable, Location::artifact(0), "source", "The function is an image.");
    photos.coverage = Coverage::new(Tally::default(), false, vec![image]);
    let gone = finding(FindingKind::Posture, "public-url");
    let fixed = about(&lodash, FindingKind::Vulnerability, "GHSA-35jh-r3h4-6jhm", Severity::High, &["4.17.21"]);
    let sweep = Sweep {
        source: "aws 123456789012 eu-central-1".to_owned(),
        functions: 3,
        downloaded: 2,
        downloaded_bytes: 4_200_000,
        reused: 1,
        failed: 1,
        rescanned: None,
        since: Some("2026-10-31T03:00:00Z".to_owned()),
        changes: FunctionChanges {
            new: vec![checkout.id.clone()],
            changed: vec![billing.id.clone()],
            gone: vec![arn("old-report")],
        },
        new: checkout.findings.iter().take(10).map(|finding| change(&checkout, finding)).collect(),
        fixed: vec![change(&billing, &gone), change(&billing, &fixed)],
        trend: trend(30),
    };
    let scans = vec![checkout, billing, photos];
    let mut verdict = judge(scans, database(DatabaseOrigin::Cache), settings(), Some(run()));
    verdict.sweep = Some(sweep);
    verdict
}
