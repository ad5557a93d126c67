//! OpenVEX 0.2.0: what is known of each advisory's effect, for tools that read such statements
//! (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>).
//!
//! A waiver becomes `not_affected` with its reason as the impact statement: whoever waives answers for it, and no other
//! status makes a reader leave the advisory out. A version that an advisory names is `under_investigation`, since
//! nobody has judged whether the flaw can be reached; malware is `affected` without a question.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::facts::{self, is_advisory};
use super::json_text::{self, Each};
use super::{Part, Reporter, Style};
use crate::model::{Finding, FindingKind};
use crate::policy::{Judged, Target, Verdict};

/// The reporter.
pub struct Openvex;

impl Reporter for Openvex {
    fn id(&self) -> &'static str {
        "openvex"
    }

    fn carries(&self, part: Part) -> bool {
        // A document knows only statements about advisories.
        matches!(part, Part::Findings(kind) if is_advisory(kind))
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let moment = facts::rfc3339(facts::moment(verdict));
        let document = Document {
            context: "https://openvex.dev/ns/v0.2.0",
            id: format!("urn:uuid:{}", facts::document_id("openvex", verdict)),
            author: "Tidewaiter",
            role: "Document Creator",
            timestamp: &moment,
            version: 1,
            tooling: concat!("tidewaiter ", env!("CARGO_PKG_VERSION")),
            statements: Each(|| verdict.targets.iter().flat_map(statements)),
        };
        json_text::write_pretty(out, &document)
    }
}

#[derive(Serialize)]
struct Document<'a, S> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'static str,
    role: &'static str,
    timestamp: &'a str,
    version: u32,
    tooling: &'static str,
    statements: S,
}

fn statements(target: &Target) -> impl Iterator<Item = Value> + '_ {
    let advisories = target.findings.iter().filter(|judged| is_advisory(judged.finding.kind));
    advisories.map(move |judged| statement(target, judged))
}

fn statement(target: &Target, judged: &Judged) -> Value {
    let finding = &judged.finding;
    let mut statement = json!({
        "vulnerability": {
            "@id": facts::published(&finding.id).1,
            "name": finding.id,
            "description": finding.title,
            "aliases": finding.aliases,
        },
        "products": [product(target, finding)],
    });
    match &judged.waived {
        Some(waived) => {
            statement["status"] = "not_affected".into();
            statement["impact_statement"] = waived.reason.as_str().into();
            statement["status_notes"] = format!("waived by {}", facts::waiver(waived)).into();
        }
        None if finding.kind == FindingKind::Malicious => {
            statement["status"] = "affected".into();
            statement["action_statement"] = finding.remediation.as_str().into();
        }
        None => {
            statement["status"] = "under_investigation".into();
            statement["status_notes"] = finding.remediation.as_str().into();
        }
    }
    statement
}

/// The function, and in it the package.
fn product(target: &Target, finding: &Finding) -> Value {
    let hash = target.scan.artifacts.first().and_then(|artifact| artifact.sha256.as_deref());
    let subcomponents = finding.purl.as_ref().map(|purl| json!([{ "@id": purl, "identifiers": { "purl": purl } }]));
    json!({
        "@id": product_id(&target.scan.id),
        "hashes": hash.map(|hash| BTreeMap::from([("sha-256", hash)])),
        "subcomponents": subcomponents,
    })
}

/// An identifier is an IRI: an ARN is one, the name of a file becomes a package url.
fn product_id(id: &str) -> String {
    let id = facts::percent(id).replace('/', "%2F").replace("%3A", ":");
    if id.starts_with("arn:") { id } else { format!("pkg:generic/{id}") }
}
