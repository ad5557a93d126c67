//! SPDX 2.3 in JSON: the packages, with references to the advisories about them
//! (<https://spdx.github.io/spdx-spec/v2.3/>).
//!
//! An SBOM in this format knows no severity or decision: a reference's comment holds them. What could not be seen
//! stands in annotations.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::facts::{self, few_gaps, gap_line, is_advisory};
use super::json_text::{self, Each};
use super::{Part, Reporter, Style, place};
use crate::model::{Package, PackageId};
use crate::policy::{Judged, JudgedGap, Target, Verdict};
use crate::report::words::list;

/// The reporter.
pub struct Spdx;

/// Places of one package; the rest is counted.
const PLACES: usize = 100;
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 100;
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

impl Reporter for Spdx {
    fn id(&self) -> &'static str {
        "spdx"
    }

    fn carries(&self, part: Part) -> bool {
        match part {
            // A reference of this format is one of a package to an advisory.
            Part::Findings(kind) => is_advisory(kind),
            _ => true,
        }
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let targets = || verdict.targets.iter().enumerate();
        let names: Vec<String> = verdict.targets.iter().map(|target| target.scan.name.clone()).collect();
        let moment = facts::rfc3339(facts::moment(verdict));
        let left_out =
            facts::left_out(self, verdict).map(|counts| format!("Findings that SPDX has no place for: {counts}."));
        let waivers = || facts::idle_waivers(verdict).map(|line| annotation(line, &moment));
        let document = Document {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name: if names.is_empty() { facts::TOOL.to_owned() } else { list(names) },
            document_namespace: format!("urn:uuid:{}", facts::document_id("spdx", verdict)),
            comment: [verdict.reasons.join("; ")].into_iter().chain(left_out).collect::<Vec<_>>().join("\n"),
            creation_info: json!({ "created": moment, "creators": [tool()] }),
            packages: Each(|| targets().flat_map(|(at, target)| packages(at, target))),
            relationships: Each(|| targets().flat_map(|(at, target)| relationships(at, target))),
            annotations: Each(|| waivers().chain(targets().flat_map(|(_, target)| annotations(target, &moment)))),
        };
        json_text::write_pretty(out, &document)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<P, R, A> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    comment: String,
    creation_info: Value,
    packages: P,
    relationships: R,
    annotations: A,
}

fn tool() -> String {
    format!("Tool: {}-{}", facts::TOOL, facts::VERSION)
}

/// An id may hold letters, digits, `.` and `-` only, so names of packages are not in it.
fn root_id(at: usize) -> String {
    format!("SPDXRef-Target-{at}")
}

fn package_id(at: usize, index: usize) -> String {
    format!("SPDXRef-Package-{at}-{index}")
}

/// The target, then its packages.
fn packages<'a>(at: usize, target: &'a Target) -> impl Iterator<Item = Value> + 'a {
    let mut advisories: BTreeMap<&PackageId, Vec<&Judged>> = BTreeMap::new();
    for judged in target.findings.iter().filter(|judged| is_advisory(judged.finding.kind)) {
        if let Some(id) = &judged.finding.package {
            advisories.entry(id).or_default().push(judged);
        }
    }
    let rest = target.scan.packages.iter().enumerate().map(move |(index, one)| {
        let about = advisories.get(&one.id()).map_or(&[][..], Vec::as_slice);
        package(package_id(at, index), one, about, target)
    });
    std::iter::once(root(at, target)).chain(rest)
}

fn root(at: usize, target: &Target) -> Value {
    let scan = &target.scan;
    let whole = scan.artifacts.first().filter(|_| scan.artifacts.len() == 1);
    json!({
        "SPDXID": root_id(at),
        "name": scan.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "APPLICATION",
        "checksums": whole
            .and_then(|one| one.sha256.as_ref())
            .map(|sha256| json!([{ "algorithm": "SHA256", "checksumValue": sha256 }])),
        "comment": format!("{}, coverage {}", scan.kind.word(), scan.coverage.grade.word()),
    })
}

fn package(id: String, package: &Package, about: &[&Judged], target: &Target) -> Value {
    let purl = json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": package.purl(),
    });
    let references: Vec<Value> = [purl].into_iter().chain(about.iter().map(|judged| reference(judged))).collect();
    let artifacts = &target.scan.artifacts;
    let mut places: Vec<String> =
        package.locations.iter().take(PLACES).map(|location| place::display(location, artifacts)).collect();
    if package.locations.len() > PLACES {
        places.push(format!("and {} more places", package.locations.len() - PLACES));
    }
    json!({
        "SPDXID": id,
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "LIBRARY",
        "sourceInfo": format!("{}: {}", package.evidence.word(), list(places)),
        "externalRefs": references,
    })
}

fn reference(judged: &Judged) -> Value {
    let finding = &judged.finding;
    let mut comment = format!("{} {}: {}", finding.severity.word(), finding.kind.word(), finding.title);
    if !finding.fixed.is_empty() {
        comment.push_str(&format!("; fixed in {}", list(finding.fixed.iter().cloned())));
    }
    if let Some(waived) = &judged.waived {
        comment.push_str(&format!("; waived by {}", facts::waiver(waived)));
    }
    json!({
        "referenceCategory": "SECURITY",
        "referenceType": "advisory",
        "referenceLocator": facts::published(&finding.id).1,
        "comment": comment,
    })
}

/// The document describes each target, which contains its packages, which depend on one another.
fn relationships<'a>(at: usize, target: &'a Target) -> impl Iterator<Item = Value> + 'a {
    let packages = &target.scan.packages;
    let ids: BTreeMap<PackageId, usize> = packages.iter().enumerate().map(|(index, one)| (one.id(), index)).collect();
    let relate = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let contained = (0..packages.len()).map(move |index| relate(&root_id(at), "CONTAINS", &package_id(at, index)));
    let required = target.requires.iter().enumerate().flat_map(move |(index, required)| {
        let to: Vec<usize> = required.iter().filter_map(|id| ids.get(id).copied()).collect();
        to.into_iter().map(move |to| relate(&package_id(at, index), "DEPENDS_ON", &package_id(at, to)))
    });
    std::iter::once(relate(DOCUMENT, "DESCRIBES", &root_id(at))).chain(contained).chain(required)
}

/// What could not be seen.
fn annotations(target: &Target, moment: &str) -> Vec<Value> {
    let line = |judged: &JudgedGap| {
        let accepted = judged.accepted.as_ref().map(|by| format!(" (accepted by {})", facts::waiver(by)));
        format!("gap: {}{}", gap_line(&judged.gap, &target.scan.artifacts), accepted.unwrap_or_default())
    };
    let (shown, rest) = few_gaps(&target.gaps, GAPS);
    let lines = shown.into_iter().map(line).chain(rest.into_iter().map(|line| format!("gap: {line}")));
    lines.map(|line| annotation(line, moment)).collect()
}

fn annotation(comment: String, moment: &str) -> Value {
    json!({ "annotationDate": moment, "annotationType": "OTHER", "annotator": tool(), "comment": comment })
}
