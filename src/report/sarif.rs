//! SARIF 2.1.0 as code scanning services take it
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
//!
//! A result lies in a file of the repository: the archive itself. Where it lies inside the archive is the logical
//! location. Gaps are notifications of the invocation, since they are no results.
//!
//! GitHub takes 25,000 results in 10 MB of gzip and shows the 5,000 worst
//! (<https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit>), so the
//! worst come first, and what is over the limits is counted in a notification.

mod meter;
mod result;
mod rules;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::facts::{self, Known, few_gaps, gap_line};
use super::json_text;
use super::words::plural;
use super::{Part, Reporter, Style, place};
use crate::model::{Artifact, FindingKind, GapKind, Level};
use crate::policy::{Exit, Judged, JudgedGap, Target, Verdict};
use meter::Meter;
use rules::Rules;

/// The reporter.
pub struct Sarif;

/// Results of one run.
const RESULTS: usize = 25_000;
/// Bytes of the document in gzip, a little below GitHub's 10 MB: what is not a result has to fit, too.
const COMPRESSED: u64 = 9_000_000;
/// Gaps of one kind and level of a target; the rest is counted.
const GAPS: usize = 100;
/// Notifications of all targets. Their texts are short and much alike: so many take some hundred kilobytes of gzip.
const NOTIFICATIONS: usize = 10_000;

impl Reporter for Sarif {
    fn id(&self) -> &'static str {
        "sarif"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let (artifacts, indexes) = artifacts(verdict);
        let (rules, results, left_out) = results(verdict, &indexes)?;
        let run = Run {
            tool: json!({ "driver": {
                "name": "Tidewaiter",
                "fullName": format!("Tidewaiter {}", facts::VERSION),
                "version": facts::VERSION,
                "semanticVersion": facts::VERSION,
                "rules": rules,
                "notifications": notifications(verdict),
            } }),
            invocations: [json_text::present(invocation(verdict, left_out))],
            artifacts,
            column_kind: "unicodeCodePoints",
            results,
        };
        json_text::write_line(
            out,
            &Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] },
        )
    }
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

/// One run for all targets: GitHub refuses several of one category.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Value,
    invocations: [Value; 1],
    artifacts: Vec<Value>,
    column_kind: &'static str,
    results: Vec<Box<RawValue>>,
}

/// The rules and the worst results within the limits, and how many results are left out.
fn results(verdict: &Verdict, artifacts: &[Vec<usize>]) -> io::Result<(Vec<Value>, Vec<Box<RawValue>>, usize)> {
    let known: Vec<Known<'_>> = verdict.targets.iter().map(|target| Known::of(&target.scan.packages)).collect();
    let mut all: Vec<(usize, &Judged)> = Vec::new();
    for (at, target) in verdict.targets.iter().enumerate() {
        all.extend(target.findings.iter().map(|judged| (at, judged)));
    }
    all.sort_by_key(|(_, judged)| {
        let finding = &judged.finding;
        (!judged.violates, judged.waived.is_some(), finding.kind != FindingKind::Malicious, Reverse(finding.severity))
    });
    let baseline = super::summary::compares(verdict);
    let mut rules = Rules::default();
    let mut meter = Meter::new();
    let mut results = Vec::new();
    for (at, judged) in all.iter().take(RESULTS) {
        let rule = rules.index(&judged.finding, &mut meter)?;
        let scan = result::Place { target: &verdict.targets[*at], artifacts: &artifacts[*at] };
        let result =
            serde_json::to_string(&json_text::present(result::result(judged, &scan, &known[*at], rule, baseline)))?;
        if meter.add(result.as_bytes())? > COMPRESSED {
            break;
        }
        results.push(RawValue::from_string(result)?);
    }
    let left_out = all.len() - results.len();
    Ok((rules.into_list(), results, left_out))
}

/// Every file that was audited, each once (a list of the format repeats nothing), and where those of each target stand.
fn artifacts(verdict: &Verdict) -> (Vec<Value>, Vec<Vec<usize>>) {
    let mut list: Vec<Value> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut index = |artifact: &Artifact| {
        let described = describe(artifact);
        *known.entry(described.to_string()).or_insert_with(|| {
            list.push(described);
            list.len() - 1
        })
    };
    let indexes = verdict.targets.iter().map(|target| target.scan.artifacts.iter().map(&mut index).collect()).collect();
    (list, indexes)
}

fn describe(artifact: &Artifact) -> Value {
    let entries = plural(artifact.entries, "entry", "entries");
    json_text::present(json!({
        "location": { "uri": result::uri(&artifact.path) },
        "description": { "text": format!("{}, {entries}", artifact.role.word()) },
        "length": artifact.bytes,
        "hashes": artifact.sha256.as_ref().map(|sha256| json!({ "sha-256": sha256 })),
        "roles": ["analysisTarget"],
    }))
}

/// What the kinds of notifications mean.
fn notifications(verdict: &Verdict) -> Vec<Value> {
    let gaps = verdict.targets.iter().flat_map(|target| &target.gaps);
    let kinds: BTreeSet<GapKind> = gaps.map(|judged| judged.gap.kind).collect();
    let descriptor = |kind: GapKind| {
        let what = format!("Something could not be seen: {}.", kind.word());
        json!({
            "id": format!("gap/{}", kind.word()),
            "name": "Gap",
            "shortDescription": { "text": what },
            "fullDescription": { "text": format!("{what} A blocking gap could hide a package or a secret.") },
            "help": { "text": "The notification says what happened, and what would help." },
        })
    };
    kinds.into_iter().map(descriptor).collect()
}

fn invocation(verdict: &Verdict, left_out: usize) -> Value {
    let run = verdict.run.as_ref();
    let mut notices: Vec<Value> = Vec::new();
    if left_out > 0 {
        let results = plural(left_out as u64, "result", "results");
        let text = format!("{results}, the least severe ones, are left out, since GitHub takes no more.");
        notices.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    let mut told: Vec<(bool, Value)> = Vec::new();
    for target in &verdict.targets {
        let (shown, rest) = few_gaps(&target.gaps, GAPS);
        told.extend(shown.into_iter().map(|judged| (!judged.blocks(), notification(judged, target))));
        told.extend(rest.iter().map(|line| (true, json!({ "level": "note", "message": { "text": line } }))));
    }
    if let Some(more) = told.len().checked_sub(NOTIFICATIONS).filter(|more| *more > 0) {
        // What blocks the verdict stays, of whatever function it is.
        told.sort_by_key(|(is_minor, _)| *is_minor);
        told.truncate(NOTIFICATIONS);
        let lines = plural(more as u64, "line", "lines");
        let text = format!("{lines} about what could not be seen are left out; --format json has all.");
        notices.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    notices.extend(told.into_iter().map(|(_, notice)| notice));
    let waivers = facts::idle_waivers(verdict);
    let waivers = waivers.map(|line| json!({ "level": "warning", "message": { "text": result::text(&line) } }));
    json!({
        "executionSuccessful": verdict.exit != Exit::Failed,
        "exitCode": verdict.exit.code(),
        "exitCodeDescription": verdict.reasons.join("; "),
        "startTimeUtc": run.map(|_| facts::rfc3339(facts::moment(verdict))),
        "endTimeUtc": run.map(|_| facts::rfc3339(facts::end(verdict))),
        "toolExecutionNotifications": notices,
        "toolConfigurationNotifications": waivers.collect::<Vec<_>>(),
    })
}

fn notification(judged: &JudgedGap, target: &Target) -> Value {
    let gap = &judged.gap;
    let accepted = judged.accepted.as_ref().map(|by| format!(" Accepted by {}", facts::waiver(by)));
    let artifacts = &target.scan.artifacts;
    let text = format!("{}{}", gap_line(gap, artifacts), accepted.unwrap_or_default());
    json!({
        "descriptor": { "id": format!("gap/{}", gap.kind.word()) },
        "level": match gap.level {
            Level::Blocking if judged.accepted.is_none() => "error",
            Level::Blocking => "warning",
            Level::Note => "note",
        },
        "message": { "text": result::text(&text) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": result::uri(&place::file(&gap.location, artifacts).0) } },
            "logicalLocations": [{ "fullyQualifiedName": place::display(&gap.location, artifacts) }],
        }],
    })
}
