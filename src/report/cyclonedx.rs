//! CycloneDX in JSON: the packages, what advisories say of them, and what was decided about that
//! (<https://cyclonedx.org/docs/1.6/json/>). Version 1.7 adds nothing that is told here, and some tools read no other.
//!
//! A waiver becomes an analysis (VEX) of state `not_affected` with its reason as detail. What could not be seen stands
//! in properties named `tidewaiter:gap`, and in the composition, which is complete only if the coverage is.

mod vulnerability;

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::facts::{self, few_gaps, gap_line, is_advisory};
use super::json_text::{self, Each};
use super::{Part, Reporter, Style, place};
use crate::model::{Ecosystem, Grade, Package, TargetKind};
use crate::policy::{Target, Verdict};

/// The reporter of one version of the format.
pub struct Cyclonedx {
    id: &'static str,
    version: &'static str,
}

impl Cyclonedx {
    /// ECMA-424, first edition.
    pub const V1_6: Cyclonedx = Cyclonedx { id: "cyclonedx", version: "1.6" };
    /// ECMA-424, second edition.
    pub const V1_7: Cyclonedx = Cyclonedx { id: "cyclonedx-1.7", version: "1.7" };
}

/// Places of one component; the rest is counted.
const PLACES: usize = 100;
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 100;

impl Reporter for Cyclonedx {
    fn id(&self) -> &'static str {
        self.id
    }

    fn carries(&self, part: Part) -> bool {
        match part {
            // A vulnerability of this format is one of a component; what is wrong with files and configurations is none.
            Part::Findings(kind) => is_advisory(kind),
            _ => true,
        }
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let parts: Vec<Assembly<'_>> = Assembly::all(verdict);
        let bom = Bom {
            schema: format!("http://cyclonedx.org/schema/bom-{}.schema.json", self.version),
            bom_format: "CycloneDX",
            spec_version: self.version,
            serial_number: format!("urn:uuid:{}", facts::document_id(self.id, verdict)),
            version: 1,
            metadata: json_text::present(metadata(verdict, &parts)),
            components: Each(|| components(&parts)),
            dependencies: Each(|| parts.iter().flat_map(dependencies)),
            compositions: Each(|| parts.iter().map(composition)),
            vulnerabilities: Each(|| parts.iter().flat_map(vulnerability::all)),
            properties: Each(|| properties(self, verdict)),
        };
        json_text::write_pretty(out, &bom)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<A, B, C, D, E> {
    #[serde(rename = "$schema")]
    schema: String,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Value,
    components: A,
    dependencies: B,
    compositions: C,
    vulnerabilities: D,
    properties: E,
}

/// A target as a component with components.
struct Assembly<'a> {
    target: &'a Target,
    /// In front of every reference: two targets may have one package, and no two components one reference.
    prefix: String,
}

impl<'a> Assembly<'a> {
    fn all(verdict: &'a Verdict) -> Vec<Assembly<'a>> {
        let several = verdict.targets.len() > 1;
        let prefix = |i: usize| if several { format!("{i}/") } else { String::new() };
        verdict.targets.iter().enumerate().map(|(i, target)| Assembly { target, prefix: prefix(i) }).collect()
    }

    fn root(&self) -> String {
        format!("{}target", self.prefix)
    }

    fn reference(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// The target itself, without its packages.
    fn component(&self) -> Value {
        let scan = &self.target.scan;
        let whole = scan.artifacts.first().filter(|_| scan.artifacts.len() == 1);
        let mut properties = vec![
            property("id", &scan.id),
            property("kind", scan.kind.word()),
            property("coverage", scan.coverage.grade.word()),
        ];
        properties.extend(scan.config.runtime.as_ref().map(|runtime| property("runtime", runtime)));
        json!({
            "type": if scan.kind == TargetKind::Artifact { "file" } else { "application" },
            "bom-ref": self.root(),
            "name": scan.name,
            "hashes": whole.and_then(|one| one.sha256.as_ref()).map(|sha256| json!([{ "alg": "SHA-256", "content": sha256 }])),
            "properties": properties,
        })
    }

    fn packages(&self) -> impl Iterator<Item = Value> + '_ {
        self.target.scan.packages.iter().map(|package| self.package(package))
    }

    fn package(&self, package: &Package) -> Value {
        let artifacts = &self.target.scan.artifacts;
        let occurrence = |location| json!({ "location": place::display(location, artifacts) });
        let mut properties = vec![property("evidence", package.evidence.word())];
        let marks = [
            (package.shadowed, "shadowed"),
            (package.beside_installed, "not-installed"),
            (package.compiled_in, "compiled-in"),
        ];
        properties.extend(marks.iter().filter(|(on, _)| *on).map(|(_, mark)| property(mark, "true")));
        if package.locations.len() > PLACES {
            properties.push(property("places-left-out", &(package.locations.len() - PLACES).to_string()));
        }
        let (group, name) = group(package);
        json!({
            "type": "library",
            "bom-ref": self.reference(&package.id().0),
            "group": group,
            "name": name,
            "version": package.version,
            // What only development needs is not part of what runs.
            "scope": match package.dev {
                Some(true) => Some("excluded"),
                _ => package.evidence.is_physical().then_some("required"),
            },
            "purl": package.purl(),
            "evidence": { "occurrences": package.locations.iter().take(PLACES).map(occurrence).collect::<Vec<_>>() },
            "properties": properties,
        })
    }
}

/// The name in the two parts that the ecosystem gives it: npm's scope, Maven's group, the vendor of Composer.
fn group(package: &Package) -> (Option<&str>, &str) {
    let name = package.name.as_str();
    let parts = match package.ecosystem {
        Ecosystem::Npm => name.split_once('/').filter(|(scope, _)| scope.starts_with('@')),
        Ecosystem::Maven => name.split_once(':'),
        Ecosystem::Packagist => name.split_once('/'),
        _ => None,
    };
    parts.filter(|(group, name)| !group.is_empty() && !name.is_empty()).map_or((None, name), |(g, n)| (Some(g), n))
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("tidewaiter:{name}"), "value": value })
}

/// One target is what the document is about; several are parts of a run.
fn metadata(verdict: &Verdict, parts: &[Assembly<'_>]) -> Value {
    let component = match parts {
        [one] => one.component(),
        many => json!({
            "type": "application",
            "bom-ref": "run",
            "name": format!("{} of {} targets", facts::TOOL, many.len()),
        }),
    };
    json!({
        "timestamp": verdict.run.as_ref().map(|_| facts::rfc3339(facts::moment(verdict))),
        "tools": { "components": [{ "type": "application", "name": facts::TOOL, "version": facts::VERSION }] },
        "lifecycles": [{ "phase": "post-build" }],
        "component": component,
    })
}

fn components<'a>(parts: &'a [Assembly<'a>]) -> Box<dyn Iterator<Item = Value> + 'a> {
    match parts {
        [one] => Box::new(one.packages()),
        many => Box::new(many.iter().map(|part| {
            let mut component = part.component();
            component["components"] = part.packages().collect();
            component
        })),
    }
}

/// What requires what. The target's own requirements are named only where a manifest tells them.
fn dependencies<'a>(part: &'a Assembly<'a>) -> impl Iterator<Item = Value> + 'a {
    let packages = &part.target.scan.packages;
    let edges = |from: String, to: BTreeSet<String>| json!({ "ref": from, "dependsOn": to });
    let direct: BTreeSet<String> =
        packages.iter().filter(|one| one.direct == Some(true)).map(|one| part.reference(&one.id().0)).collect();
    let root = (!direct.is_empty()).then(|| edges(part.root(), direct));
    let required = packages.iter().zip(&part.target.requires).filter(|(_, ids)| !ids.is_empty());
    root.into_iter().chain(required.map(move |(package, ids)| {
        edges(part.reference(&package.id().0), ids.iter().map(|id| part.reference(&id.0)).collect())
    }))
}

/// Whether the list is all there is.
fn composition(part: &Assembly<'_>) -> Value {
    let aggregate = match part.target.scan.coverage.grade {
        Grade::Complete => "complete",
        Grade::Partial => "incomplete",
        Grade::Blind => "unknown",
    };
    json!({ "aggregate": aggregate, "assemblies": [part.root()] })
}

/// The outcome, what could not be seen, and what this format has no place for.
fn properties(reporter: &dyn Reporter, verdict: &Verdict) -> Vec<Value> {
    let mut properties: Vec<Value> = verdict.reasons.iter().map(|reason| property("verdict", reason)).collect();
    properties.push(property("advisories", &super::summary::advisories(verdict)));
    properties.extend(facts::left_out(reporter, verdict).map(|counts| property("findings-left-out", &counts)));
    properties.extend(facts::idle_waivers(verdict).map(|line| property("waiver", &line)));
    for target in &verdict.targets {
        let (shown, rest) = few_gaps(&target.gaps, GAPS);
        for judged in shown {
            properties.push(property("gap", &gap_line(&judged.gap, &target.scan.artifacts)));
            let accepted = judged.accepted.as_ref();
            properties.extend(accepted.map(|by| property("gap-accepted", &facts::waiver(by))));
        }
        properties.extend(rest.iter().map(|line| property("gap", line)));
    }
    properties
}
