//! Rules: an advisory, a secret rule or a check, with its id as the stable name.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::meter::Meter;
use super::result::{severity, text};
use crate::model::{Confidence, Finding, FindingKind};
use crate::report::facts::{is_advisory, published};
use crate::report::json_text::present;
use crate::report::markup::markdown;
use crate::report::words::list;

/// Aliases that a rule's text names.
const ALIASES: usize = 20;

/// The rules of the results so far, in the order of their first result.
#[derive(Default)]
pub(super) struct Rules {
    indexes: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Rules {
    /// The index of a finding's rule. Findings come worst first, so a rule has the severity of its worst one.
    pub(super) fn index(&mut self, finding: &Finding, meter: &mut Meter) -> io::Result<usize> {
        if let Some(index) = self.indexes.get(&finding.id) {
            return Ok(*index);
        }
        let rule = present(rule(finding));
        meter.add(rule.to_string().as_bytes())?;
        self.list.push(rule);
        self.indexes.insert(finding.id.clone(), self.list.len() - 1);
        Ok(self.list.len() - 1)
    }

    pub(super) fn into_list(self) -> Vec<Value> {
        self.list
    }
}

fn rule(finding: &Finding) -> Value {
    let title = sentence(&finding.title);
    let url = is_advisory(finding.kind).then(|| published(&finding.id).1);
    let aliases = finding.aliases.iter().take(ALIASES).cloned();
    let known_as = (!finding.aliases.is_empty()).then(|| format!("Also known as {}.", list(aliases)));
    let plain = [Some(title.clone()), known_as.clone(), Some(sentence(&finding.remediation))];
    let link = url.as_ref().map(|url| format!("[{}]({url})", markdown(&finding.id)));
    let rich = [
        Some(markdown(&title)),
        known_as.map(|text| markdown(&text)),
        Some(markdown(&sentence(&finding.remediation))),
        link,
    ];
    json!({
        "id": finding.id,
        "name": name(finding.kind),
        "shortDescription": { "text": text(&title) },
        "fullDescription": { "text": text(&format!("{} {title}", what(finding.kind))) },
        "help": {
            "text": text(&plain.into_iter().flatten().collect::<Vec<_>>().join(" ")),
            "markdown": rich.into_iter().flatten().collect::<Vec<_>>().join("\n\n"),
        },
        "helpUri": url,
        "defaultConfiguration": { "level": "warning" },
        "properties": {
            "tags": ["security", finding.kind.word()],
            "precision": match finding.confidence {
                Confidence::High => "very-high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            "security-severity": severity(finding),
        },
    })
}

/// A readable name in Pascal case, one a kind: an id is opaque.
fn name(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Malicious => "MaliciousPackage",
        FindingKind::Vulnerability => "VulnerablePackage",
        FindingKind::Secret => "LeakedSecret",
        FindingKind::Integrity => "ChangedFile",
        FindingKind::Runtime => "OutdatedRuntime",
        FindingKind::Posture => "RiskyConfiguration",
        FindingKind::Code => "RiskyCode",
        FindingKind::Informational => "NoticeAboutPackage",
    }
}

fn what(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Malicious => "A package that is malware.",
        FindingKind::Vulnerability => "A package with a known vulnerability.",
        FindingKind::Secret => "A secret that is shipped with the function.",
        FindingKind::Integrity => "A file that is not what its package says.",
        FindingKind::Runtime => "A runtime past or near the end of its security patches.",
        FindingKind::Posture => "A configuration that allows more than it should.",
        FindingKind::Code => "Code of the function's own that does what it should not.",
        FindingKind::Informational => "A notice about a package, not a flaw.",
    }
}

/// With a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
