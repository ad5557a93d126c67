//! Events of the Open Cybersecurity Schema Framework 1.5.0 (<https://schema.ocsf.io/1.5.0/>), one JSON object a line, as
//! lakes and SIEMs take them.
//!
//! Advisories about packages are vulnerability findings (2002); secrets, malware and changed files are detection findings
//! (2004); what is judged of a function's configuration and runtime, and what of it was not seen, are compliance findings
//! (2003); weaknesses of its own code are application security posture findings (2007). An event opens (1), repeats (2)
//! or closes (3) a finding by its `finding_info.uid`. What the schema has no attribute for is in `unmapped`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::escape;
use super::facts::{self, Known};
use super::ledger::{Entry, Line, lines};
use super::words::plural;
use super::{Part, Reporter, Style, json_text, place};
use crate::model::{ArtifactRole, Confidence, Finding, FindingKind, Location, Severity};
use crate::policy::{Judged, State, Target, Verdict};

/// The reporter.
pub struct Ocsf;

const VERSION: &str = "1.5.0";
/// Places of one finding; the rest is counted.
const PLACES: usize = 20;
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 20;

impl Reporter for Ocsf {
    fn id(&self) -> &'static str {
        "ocsf"
    }

    fn carries(&self, part: Part) -> bool {
        !matches!(part, Part::Packages | Part::IdleWaivers)
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let moment = facts::moment(verdict).timestamp_millis();
        let known: BTreeMap<&str, Known<'_>> =
            verdict.targets.iter().map(|one| (one.scan.id.as_str(), Known::of(&one.scan.packages))).collect();
        lines(verdict).iter().try_for_each(|line| {
            let event = event(line, known.get(line.id), moment);
            json_text::write_line(out, &json_text::present(event))
        })
    }
}

/// The class of an event, its number and its name.
fn class(kind: Option<FindingKind>) -> (u32, &'static str) {
    match kind {
        Some(FindingKind::Vulnerability | FindingKind::Informational) => (2002, "Vulnerability Finding"),
        Some(FindingKind::Malicious | FindingKind::Secret | FindingKind::Integrity) => (2004, "Detection Finding"),
        Some(FindingKind::Runtime | FindingKind::Posture) | None => (2003, "Compliance Finding"),
        Some(FindingKind::Code) => (2007, "Application Security Posture Finding"),
    }
}

fn event(line: &Line<'_>, known: Option<&Known<'_>>, moment: i64) -> Value {
    let (class_uid, class_name) = class(line.kind());
    let (activity, activity_name) = activity(line);
    let (severity, severity_name) = severity(line);
    let (status, status_name) = status(line);
    let title = title(line, known);
    let cloud = cloud(line);
    let mut event = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": class_uid,
        "class_name": class_name,
        "type_uid": class_uid * 100 + activity,
        "type_name": format!("{class_name}: {activity_name}"),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "time": moment,
        "message": shown(&title),
        "metadata": {
            "version": VERSION,
            "product": { "name": "Tidewaiter", "vendor_name": "Tidewaiter", "version": facts::VERSION },
            "profiles": cloud.as_ref().map(|_| ["cloud"]),
        },
        "finding_info": {
            "uid": line.uid(),
            "title": shown(&title),
            "desc": description(line).map(|text| shown(&text)),
            "types": [line.kind().map_or("coverage", FindingKind::word)],
            "analytic": { "uid": shown(line.rule()), "type_id": 1, "type": "Rule" },
        },
        "resources": [resource(line)],
        "cloud": cloud,
        "unmapped": unmapped(line),
    });
    let Value::Object(members) = details(line, known) else { return event };
    for (name, value) in members {
        event[name] = value;
    }
    event
}

/// Whether it is new, was there before, or is gone.
fn activity(line: &Line<'_>) -> (u32, &'static str) {
    match line.entry {
        Entry::Found(Judged { state: State::New, .. }) => (1, "Create"),
        Entry::Found(_) | Entry::Coverage => (2, "Update"),
        Entry::Fixed(_) => (3, "Close"),
    }
}

fn severity(line: &Line<'_>) -> (u32, &'static str) {
    match (line.kind(), line.severity()) {
        (Some(FindingKind::Informational), _) | (None, Severity::Low) => (1, "Informational"),
        (_, Severity::Unknown) => (0, "Unknown"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    }
}

fn status(line: &Line<'_>) -> (u32, &'static str) {
    match line.entry {
        Entry::Found(Judged { waived: Some(_), .. }) => (3, "Suppressed"),
        Entry::Found(Judged { state: State::Existing, .. }) => (2, "In Progress"),
        Entry::Found(_) => (1, "New"),
        Entry::Coverage if line.blocking() > 0 => (1, "New"),
        Entry::Fixed(_) | Entry::Coverage => (4, "Resolved"),
    }
}

fn title(line: &Line<'_>, known: Option<&Known<'_>>) -> String {
    let name = line.name();
    match line.entry {
        Entry::Found(judged) => {
            let headline = known.map_or(judged.finding.title.clone(), |known| known.headline(&judged.finding));
            format!("{name}: {headline} ({})", judged.finding.id)
        }
        Entry::Fixed(change) => format!("{name}: {} ({})", change.title, change.id),
        Entry::Coverage => {
            let gaps = plural(line.blocking() as u64, "gap leaves", "gaps leave");
            format!("{name}: {gaps} bytes unread that could hold a package or a secret")
        }
    }
}

fn description(line: &Line<'_>) -> Option<String> {
    let Entry::Found(judged) = line.entry else { return None };
    let finding = &judged.finding;
    let shape = finding.redacted.as_ref().map(|shape| format!("Its shape: {shape}."));
    let waived = judged.waived.as_ref().map(|waived| format!("Waived by {}.", facts::waiver(waived)));
    let parts: Vec<String> = [shape, waived].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn cloud(line: &Line<'_>) -> Option<Value> {
    let deployed = &line.deployed;
    let provider = match deployed.provider? {
        "aws" => "AWS".to_owned(),
        other => shown(other),
    };
    let account =
        deployed.account.map(|account| json!({ "uid": shown(account), "type_id": 10, "type": "AWS Account" }));
    Some(json!({ "provider": provider, "region": deployed.region.map(shown), "account": account }))
}

fn resource(line: &Line<'_>) -> Value {
    let is_lambda = line.is_lambda();
    let scan = line.target.map(|target| &target.scan);
    let cloud = scan.and_then(|scan| scan.config.cloud.as_deref());
    let tags = cloud.and_then(|cloud| cloud.details.as_ref()).map(|details| {
        details
            .tags
            .iter()
            .map(|(name, value)| json!({ "name": shown(name), "value": shown(value) }))
            .collect::<Vec<_>>()
    });
    json!({
        "uid": shown(line.deployed.arn.unwrap_or(line.id)),
        "name": shown(line.deployed.function.unwrap_or(line.name())),
        "type": if is_lambda { "AWS Lambda function" } else { scan.map_or("function", |scan| scan.kind.word()) },
        "version": line.deployed.qualifier.map(shown),
        "region": line.deployed.region.map(shown),
        "cloud_partition": line.deployed.partition.map(shown),
        "tags": tags.filter(|tags| !tags.is_empty()),
    })
}

/// What the class wants beside what all have.
fn details(line: &Line<'_>, known: Option<&Known<'_>>) -> Value {
    let remedy = |finding: &Finding| json!({ "desc": shown(&finding.remediation) });
    match (line.entry, line.target) {
        (Entry::Found(judged), Some(target)) => {
            let finding = &judged.finding;
            let (number, word) = confidence(finding.confidence);
            let mut details = json!({ "confidence_id": number, "confidence": word });
            let mut put = |name: &str, value: Value| details[name] = value;
            match finding.kind {
                FindingKind::Vulnerability | FindingKind::Informational => {
                    put("vulnerabilities", json!([vulnerability(finding, target, known)]));
                }
                FindingKind::Runtime | FindingKind::Posture => {
                    put("compliance", compliance(finding));
                    put("remediation", remedy(finding));
                }
                FindingKind::Code => put("remediation", remedy(finding)),
                FindingKind::Malicious => {
                    put("malware", json!([malware(finding, target)]));
                    put("remediation", remedy(finding));
                }
                FindingKind::Secret | FindingKind::Integrity => {
                    put("evidences", evidences(finding, target));
                    put("remediation", remedy(finding));
                }
            }
            details
        }
        (Entry::Fixed(change), _) => match class(Some(change.kind)).0 {
            2002 => json!({ "vulnerabilities": [identity(&change.id, None, None, &change.title)] }),
            2003 => json!({ "compliance": { "control": shown(&change.id), "status_id": 1, "status": "Pass" } }),
            2007 => json!({ "remediation": { "desc": "It is no longer found." } }),
            _ => json!({}),
        },
        _ => {
            let (number, word) = if line.blocking() > 0 { (2, "Warning") } else { (1, "Pass") };
            let unseen: Vec<String> = line.unseen(GAPS).iter().map(|text| shown(text)).collect();
            let grade = line.target.map_or("blind", |target| target.scan.coverage.grade.word());
            json!({ "compliance": {
                "control": "coverage",
                "desc": "Every byte that could hold a package or a secret is read",
                "status_id": number,
                "status": word,
                "status_code": grade,
                "status_details": (!unseen.is_empty()).then_some(unseen),
            } })
        }
    }
}

fn confidence(confidence: Confidence) -> (u32, &'static str) {
    match confidence {
        Confidence::Low => (1, "Low"),
        Confidence::Medium => (2, "Medium"),
        Confidence::High => (3, "High"),
    }
}

/// A CVE where there is one, else the advisory: the schema takes one of the two.
fn identity(id: &str, cve: Option<&str>, score: Option<Value>, title: &str) -> Value {
    match cve.or(Some(id).filter(|id| id.starts_with("CVE-"))) {
        Some(cve) => {
            let mut object = json!({ "uid": shown(cve), "title": shown(title) });
            for (name, value) in score.and_then(|score| score.as_object().cloned()).into_iter().flatten() {
                object[name] = value;
            }
            json!({ "cve": object })
        }
        None => json!({ "advisory": { "uid": shown(id), "title": shown(title) } }),
    }
}

fn vulnerability(finding: &Finding, target: &Target, known: Option<&Known<'_>>) -> Value {
    let cve = facts::cve(finding);
    let score = json!({
        "cvss": finding.cvss.as_ref().map(|cvss| json!([{
            "version": facts::cvss_version(&cvss.vector),
            "base_score": cvss.score,
            "vector_string": shown(&cvss.vector),
        }])),
        "epss": finding.exploitation.epss.map(|epss| json!({
            "score": epss.score.to_string(),
            "percentile": epss.percentile,
        })),
    });
    let mut object = identity(&finding.id, cve, Some(score), &finding.title);
    let package = known.and_then(|known| known.package(finding));
    let others = [&finding.id].into_iter().chain(&finding.aliases).filter(|id| Some(id.as_str()) != cve);
    let related: Vec<String> = others.map(|id| shown(id)).collect();
    let more = json!({
        "title": shown(&finding.title),
        "severity": finding.severity.word(),
        "references": [facts::published(&finding.id).1],
        "related_vulnerabilities": (!related.is_empty()).then_some(related),
        "is_fix_available": !finding.fixed.is_empty(),
        "is_exploit_available": finding.exploitation.kev.is_some().then_some(true),
        "remediation": { "desc": shown(&finding.remediation) },
        "affected_packages": package.map(|package| json!([{
            "name": shown(&package.name),
            // Required; an advisory about every version speaks of packages without one, too.
            "version": package.version.as_deref().map_or("unknown".to_owned(), shown),
            "purl": finding.purl.as_deref().map(shown),
            "package_manager": package.ecosystem.name(),
            "fixed_in_version": finding.fixed.first().map(|version| shown(version)),
            "path": finding.locations.first().map(|one| shown(&place::display(one, &target.scan.artifacts))),
        }])),
    });
    for (name, value) in more.as_object().cloned().into_iter().flatten() {
        object[name] = value;
    }
    object
}

fn compliance(finding: &Finding) -> Value {
    json!({ "control": shown(&finding.id), "desc": shown(&finding.title), "status_id": 3, "status": "Fail" })
}

fn malware(finding: &Finding, target: &Target) -> Value {
    let files: Vec<Value> = finding.locations.iter().take(PLACES).map(|one| file(one, target)).collect();
    json!({
        "uid": shown(&finding.id),
        "name": shown(finding.purl.as_deref().unwrap_or(&finding.title)),
        "classification_ids": [0],
        "classifications": ["Unknown"],
        "files": (!files.is_empty()).then_some(files),
    })
}

fn evidences(finding: &Finding, target: &Target) -> Value {
    let artifacts = &target.scan.artifacts;
    let evidence = |one: &Location| {
        let data = json!({ "place": shown(&place::exact(one, artifacts)), "redacted": finding.redacted.as_deref().map(shown) });
        json!({ "file": file(one, target), "data": data })
    };
    let evidences: Vec<Value> = finding.locations.iter().take(PLACES).map(evidence).collect();
    if evidences.is_empty() { Value::Null } else { Value::Array(evidences) }
}

/// A place as a file. A variable of the environment is one of another type.
fn file(location: &Location, target: &Target) -> Value {
    let artifacts = &target.scan.artifacts;
    let role = artifacts.get(location.artifact).map(|artifact| artifact.role);
    let (number, word) = match role {
        Some(ArtifactRole::Environment) => (99, "Environment variable"),
        _ => (1, "Regular File"),
    };
    let path = shown(&place::display(location, artifacts));
    let name = location.path.last().map_or_else(|| path.clone(), |name| shown(name));
    json!({ "name": name, "path": path, "type_id": number, "type": word })
}

/// What the schema has no attribute for.
fn unmapped(line: &Line<'_>) -> Value {
    match (line.entry, line.target) {
        (Entry::Found(judged), Some(target)) => {
            let finding = &judged.finding;
            json!({
                "fingerprint": finding.fingerprint,
                "violates": judged.violates,
                "origin": finding.origin.word(),
                "risk_score": target.risk.score,
                "waived": judged.waived.as_ref().map(|waived| shown(&facts::waiver(waived))),
                "places": finding.locations.len(),
            })
        }
        (Entry::Fixed(change), _) => json!({ "fingerprint": change.fingerprint }),
        (_, target) => json!({ "risk_score": target.map(|target| target.risk.score) }),
    }
}

/// Text that deceives nobody.
fn shown(raw: &str) -> String {
    escape(raw).into_owned()
}
