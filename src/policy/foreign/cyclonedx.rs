//! Vulnerabilities with an analysis in CycloneDX documents (<https://cyclonedx.org/docs/1.6/json/#vulnerabilities>):
//! VEX, by itself or within a bill of materials.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Entry, Format, json_error, span_of};
use crate::formats::complaint::{Complaint, Source};
use crate::formats::lines::Lines;
use crate::model::percent_decoded;
use crate::policy::condition::{ADVISORY_KINDS, Condition, PackageTest};
use crate::policy::versions::Versions;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: "CycloneDX VEX",
    files: &["vex.cdx.json"],
    claims: |name, text| name.ends_with(".json") && (name.contains(".cdx.") || text.contains("\"bomFormat\"")),
    read,
};

/// States that say that nothing has to be done.
const SETTLED: [&str; 4] = ["not_affected", "false_positive", "resolved", "resolved_with_pedigree"];

#[derive(Deserialize)]
struct Document<'a> {
    components: Option<Vec<Component>>,
    #[serde(borrow)]
    vulnerabilities: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    references: Option<Vec<Reference>>,
    analysis: Option<Analysis>,
    affects: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    r#ref: String,
    versions: Option<Vec<Version>>,
}

#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    status: Option<String>,
}

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let document: Document<'_> =
        serde_json::from_str(source.text).map_err(|error| json_error(source, &error, "a CycloneDX document"))?;
    let mut purls = BTreeMap::new();
    gather(document.components.as_deref().unwrap_or_default(), &mut purls);
    let mut waivers = Vec::new();
    let lines = Lines::new(source.text.as_bytes());
    for part in document.vulnerabilities.into_iter().flatten() {
        let span = span_of(source, part);
        let one: Vulnerability = serde_json::from_str(part.get())
            .map_err(|_| source.complain(Some(span.clone()), "not a vulnerability of a CycloneDX document"))?;
        let entry = Entry::at(source, &lines, span);
        let Some(analysis) = &one.analysis else { continue };
        let Some(state) = analysis.state.as_deref().filter(|state| SETTLED.contains(state)) else { continue };
        let reason: Vec<&str> = [Some(state), analysis.justification.as_deref(), analysis.detail.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let reason = reason.join(": ");
        let ids: Vec<&str> = one
            .id
            .iter()
            .chain(one.references.iter().flatten().filter_map(|r| r.id.as_ref()))
            .map(String::as_str)
            .collect();
        let Some(name) = ids.first() else {
            waivers.push(entry.moot("a vulnerability".to_owned(), "it has no id"));
            continue;
        };
        let known =
            vec![Condition::Id(ids.iter().map(|id| Condition::key(id)).collect()), Condition::Kind(ADVISORY_KINDS)];
        if one.affects.as_ref().is_none_or(Vec::is_empty) {
            waivers.push(entry.waiver((*name).to_owned(), Some(&reason), known.clone()));
        }
        for affected in one.affects.iter().flatten() {
            let text = format!("{name}, {}", affected.r#ref);
            let Some(tests) = affected.packages(&purls) else {
                waivers.push(entry.moot(text, "what it affects is no package that is listed here"));
                continue;
            };
            for test in tests {
                let conditions = known.iter().cloned().chain([Condition::Package(test)]).collect();
                waivers.push(entry.waiver(text.clone(), Some(&reason), conditions));
            }
        }
    }
    Ok(waivers)
}

/// The purls of components by their reference. The JSON reader bounds how deep they nest.
fn gather(components: &[Component], purls: &mut BTreeMap<String, String>) {
    for component in components {
        if let (Some(reference), Some(purl)) = (&component.reference, &component.purl) {
            purls.insert(reference.clone(), purl.clone());
        }
        gather(component.components.as_deref().unwrap_or_default(), purls);
    }
}

impl Affected {
    /// The packages meant: by a component of the document, by a purl as reference, or by a link into another document
    /// (`urn:cdx:serial/version#reference`) whose references are purls.
    fn packages(&self, purls: &BTreeMap<String, String>) -> Option<Vec<PackageTest>> {
        let linked = self.r#ref.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#')).map(|(_, inner)| inner);
        let reference = linked.unwrap_or(&self.r#ref);
        let purl = purls.get(reference).map_or(reference, String::as_str);
        // A link's fragment is percent-encoded as a whole.
        let test = PackageTest::of_purl(purl).or_else(|| PackageTest::of_purl(&percent_decoded(purl)))?;
        let stated = |version: &&Version| version.status.as_deref() != Some("unknown");
        let versions = self.versions.as_deref().unwrap_or_default();
        let named: Vec<&str> = versions.iter().filter(stated).filter_map(|v| v.version.as_deref()).collect();
        if versions.is_empty() || test.versions != Versions::default() {
            return Some(vec![test]);
        }
        let each =
            named.into_iter().map(|version| PackageTest { versions: Versions::exactly(version), ..test.clone() });
        // Ranges alone: which versions are meant is not read, so that none is.
        Some(each.collect::<Vec<_>>()).filter(|tests| !tests.is_empty())
    }
}
