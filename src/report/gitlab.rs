//! GitLab's security reports, schema 15.2.1: dependency scanning and secret detection
//! (<https://gitlab.com/gitlab-org/security-products/security-report-schemas>).
//!
//! GitLab has a report per kind of scan and knows no waiver: what is waived carries a flag as a likely false positive.
//! Gaps become messages of the scan.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::facts::{self, Known, few_gaps, gap_line};
use super::json_text::{self, Each};
use super::markup::markdown;
use super::words::cut;
use super::{Part, Reporter, Style, place};
use crate::model::{Finding, FindingKind, Level, Severity, fingerprint};
use crate::policy::{Exit, Judged, JudgedGap, Target, Verdict};

/// The reporter of what advisories say of packages.
pub struct GitlabDependencies;
/// The reporter of secrets.
pub struct GitlabSecrets;

/// The version of both schemas.
const SCHEMA: &str = "15.2.1";
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 20;
/// Places that a finding lists; the rest is counted.
const PLACES: usize = 100;
/// Characters of a name, of a solution and of a description that the schemas admit.
const NAME: usize = 255;
const SOLUTION: usize = 7_000;
const DESCRIPTION: usize = 1_048_576;
/// Identifiers that GitLab reads of one finding; a report with more is refused as a whole.
const IDENTIFIERS: usize = 20;

impl Reporter for GitlabDependencies {
    fn id(&self) -> &'static str {
        "gitlab-dependencies"
    }

    fn carries(&self, part: Part) -> bool {
        match part {
            Part::Findings(kind) => facts::is_advisory(kind),
            part => part != Part::Packages,
        }
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        write(self, "dependency_scanning", verdict, dependency_location, out)
    }
}

impl Reporter for GitlabSecrets {
    fn id(&self) -> &'static str {
        "gitlab-secrets"
    }

    fn carries(&self, part: Part) -> bool {
        match part {
            Part::Findings(kind) => kind == FindingKind::Secret,
            part => part != Part::Packages,
        }
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        write(self, "secret_detection", verdict, secret_location, out)
    }
}

#[derive(Serialize)]
struct Report<V> {
    version: &'static str,
    schema: String,
    scan: Value,
    vulnerabilities: V,
}

type LocationOf = fn(&Finding, &Target, &Known<'_>) -> Value;

fn write(
    reporter: &dyn Reporter,
    kind: &str,
    verdict: &Verdict,
    location: LocationOf,
    out: &mut dyn Write,
) -> io::Result<()> {
    let file = kind.replace('_', "-");
    let report = Report {
        version: SCHEMA,
        schema: format!(
            "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{SCHEMA}/dist/\
             {file}-report-format.json"
        ),
        scan: json_text::present(scan(reporter, kind, verdict)),
        vulnerabilities: Each(|| {
            verdict.targets.iter().flat_map(|target| {
                let known = Known::of(&target.scan.packages);
                let held = target.findings.iter().filter(|one| reporter.carries(Part::Findings(one.finding.kind)));
                held.map(move |judged| vulnerability(judged, target, &known, location))
            })
        }),
    };
    json_text::write_pretty(out, &report)
}

fn scan(reporter: &dyn Reporter, kind: &str, verdict: &Verdict) -> Value {
    let program = json!({
        "id": facts::TOOL,
        "name": "Tidewaiter",
        "version": facts::VERSION,
        "vendor": { "name": "Tidewaiter" },
    });
    // Without a zone: the schemas demand it, and mean UTC.
    let time = |moment: DateTime<Utc>| moment.format("%Y-%m-%dT%H:%M:%S").to_string();
    json!({
        "analyzer": program,
        "scanner": program,
        "type": kind,
        "start_time": time(facts::moment(verdict)),
        "end_time": time(facts::end(verdict)),
        "status": if verdict.exit == Exit::Failed { "failure" } else { "success" },
        "messages": messages(reporter, verdict),
    })
}

fn messages(reporter: &dyn Reporter, verdict: &Verdict) -> Vec<Value> {
    let message = |level: &str, text: &str| json!({ "level": level, "value": text });
    let mut messages: Vec<Value> = verdict.reasons.iter().map(|reason| message("info", reason)).collect();
    let left_out = facts::left_out(reporter, verdict);
    messages.extend(left_out.map(|counts| message("info", &format!("findings that are not in this report: {counts}"))));
    messages.extend(facts::idle_waivers(verdict).map(|line| message("warn", &line)));
    for target in &verdict.targets {
        let (shown, rest) = few_gaps(&target.gaps, GAPS);
        let level = |judged: &JudgedGap| if judged.gap.level == Level::Blocking { "warn" } else { "info" };
        let artifacts = &target.scan.artifacts;
        messages.extend(shown.iter().map(|judged| message(level(judged), &gap_line(&judged.gap, artifacts))));
        messages.extend(rest.iter().map(|line| message("info", line)));
    }
    messages
}

fn vulnerability(judged: &Judged, target: &Target, known: &Known<'_>, location: LocationOf) -> Value {
    let finding = &judged.finding;
    let identity = fingerprint(&[&target.scan.id, &finding.id, &finding.fingerprint]);
    json!({
        "id": facts::uuid(&identity),
        "name": cut(&finding.title, NAME),
        "description": cut(&description(finding, target, known), DESCRIPTION),
        "severity": severity(finding),
        "solution": cut(&finding.remediation, SOLUTION),
        "identifiers": identifiers(finding),
        "links": facts::is_advisory(finding.kind).then(|| json!([{ "url": facts::published(&finding.id).1 }])),
        "cvss_vectors": cvss(finding),
        "flags": judged.waived.as_ref().map(|waived| json!([{
            "type": "flagged-as-likely-false-positive",
            "origin": facts::TOOL,
            "description": format!("waived by {}", facts::waiver(waived)),
        }])),
        "location": location(finding, target, known),
    })
}

/// GitLab renders it as Markdown.
fn description(finding: &Finding, target: &Target, known: &Known<'_>) -> String {
    let artifacts = &target.scan.artifacts;
    let mut lines = vec![markdown(&known.headline(finding))];
    lines.extend(finding.redacted.as_ref().map(|shape| markdown(&format!("Shape: {shape}"))));
    let places = finding.locations.iter().take(PLACES);
    lines.extend(places.map(|one| format!("- {}", markdown(&place::exact(one, artifacts)))));
    if finding.locations.len() > PLACES {
        lines.push(format!("- and {} more places", finding.locations.len() - PLACES));
    }
    lines.join("\n")
}

/// Malware's records seldom have a severity, and need none.
fn severity(finding: &Finding) -> &'static str {
    match (finding.kind, finding.severity) {
        (FindingKind::Informational, _) => "Info",
        (FindingKind::Malicious, _) | (_, Severity::Critical) => "Critical",
        (_, Severity::High) => "High",
        (_, Severity::Medium) => "Medium",
        (_, Severity::Low) => "Low",
        (_, Severity::Unknown) => "Unknown",
    }
}

/// The first one is what GitLab tells findings apart by.
fn identifiers(finding: &Finding) -> Vec<Value> {
    let identifier = |id: &String| {
        let kind = id.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let known = matches!(kind.as_str(), "cve" | "ghsa");
        json!({
            "type": if known { kind } else { format!("{}_id", facts::TOOL) },
            "name": id,
            "value": id,
            "url": facts::is_advisory(finding.kind).then(|| facts::published(id).1),
        })
    };
    [&finding.id].into_iter().chain(&finding.aliases).take(IDENTIFIERS).map(identifier).collect()
}

/// The schema knows the versions 2 and 3.
fn cvss(finding: &Finding) -> Option<Value> {
    let vector = &finding.cvss.as_ref()?.vector;
    let known = !vector.starts_with("CVSS:4") && vector.len() <= 128;
    known.then(|| json!([{ "vendor": "unknown", "vector": vector }]))
}

fn dependency_location(finding: &Finding, target: &Target, known: &Known<'_>) -> Value {
    let package = known.package(finding);
    let name = package.map(|package| package.name.clone()).or_else(|| finding.purl.clone());
    json!({
        "file": file(finding, target),
        "dependency": {
            "package": { "name": name.unwrap_or_default() },
            "version": package.and_then(|package| package.version.as_deref()).unwrap_or_default(),
            "direct": package.and_then(|package| package.direct),
        },
    })
}

/// What is audited is no commit; the schema wants one.
fn secret_location(finding: &Finding, target: &Target, _: &Known<'_>) -> Value {
    let line = finding.locations.first().and_then(|place| place.span).map(|span| span.line);
    json!({
        "file": file(finding, target),
        "commit": { "sha": "0".repeat(40) },
        "start_line": line,
        "end_line": line,
    })
}

fn file(finding: &Finding, target: &Target) -> String {
    finding
        .locations
        .first()
        .map_or_else(|| target.scan.name.clone(), |location| place::display(location, &target.scan.artifacts))
}
