//! OpenVEX documents (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>): what is `not_affected` or `fixed` is
//! waived, until a later statement of the document says otherwise.
//!
//! A product is a package, or, with subcomponents, the function that holds them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Entry, Format, json_error, span_of};
use crate::formats::complaint::{Complaint, Source};
use crate::formats::lines::Lines;
use crate::model::percent_decoded;
use crate::policy::condition::{ADVISORY_KINDS, Condition, PackageTest};
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: "OpenVEX",
    files: &["openvex.json", ".openvex.json", "vex.json"],
    claims: |name, text| name.ends_with(".json") && (name.contains("openvex") || text.contains("openvex")),
    read,
};

#[derive(Deserialize)]
struct Document<'a> {
    author: Option<String>,
    timestamp: Option<String>,
    #[serde(borrow)]
    statements: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    products: Option<Vec<Component>>,
    /// Before 0.2.0 they stood beside the products.
    subcomponents: Option<Vec<Component>>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    status_notes: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Names {
        #[serde(rename = "@id")]
        id: Option<String>,
        name: Option<String>,
        aliases: Option<Vec<String>>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Id(String),
    Names {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<BTreeMap<String, String>>,
        hashes: Option<BTreeMap<String, String>>,
        subcomponents: Option<Vec<Component>>,
    },
}

/// What was said last of a vulnerability in a product, and when.
#[derive(Default)]
struct Word {
    said: Option<DateTime<FixedOffset>>,
    waiver: Option<Waiver>,
}

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let wanted = "an OpenVEX document";
    let document: Document<'_> =
        serde_json::from_str(source.text).map_err(|error| json_error(source, &error, wanted))?;
    // The last word on a vulnerability in a product counts; a statement without a time is as old as the document.
    let mut last: BTreeMap<(String, String), Word> = BTreeMap::new();
    let lines = Lines::new(source.text.as_bytes());
    for part in document.statements {
        let span = span_of(source, part);
        let statement: Statement = serde_json::from_str(part.get())
            .map_err(|_| source.complain(Some(span.clone()), &format!("not a statement of {wanted}")))?;
        let entry = Entry::at(source, &lines, span);
        let time = statement.timestamp.as_deref().or(document.timestamp.as_deref());
        let time = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        for (key, waiver) in waivers(&entry, &statement) {
            let waiver = waiver.owned_by(document.author.as_deref());
            let waived = matches!(statement.status.as_str(), "not_affected" | "fixed").then_some(waiver);
            let known = last.entry(key).or_default();
            if known.said <= time {
                *known = Word { said: time, waiver: waived };
            }
        }
    }
    let mut waivers: Vec<Waiver> = last.into_values().filter_map(|word| word.waiver).collect();
    waivers.sort_by(|a, b| (a.basis.line, &a.text).cmp(&(b.basis.line, &b.text)));
    Ok(waivers)
}

/// One waiver for each product or subcomponent, by what it speaks of.
fn waivers(entry: &Entry<'_>, statement: &Statement) -> Vec<((String, String), Waiver)> {
    let ids = statement.vulnerability.ids();
    let name = ids.first().cloned().unwrap_or_default();
    let about = [&statement.justification, &statement.impact_statement, &statement.status_notes];
    let reason = [statement.status.as_str()].into_iter().chain(about.into_iter().flatten().map(String::as_str));
    let reason = reason.collect::<Vec<_>>().join(": ");
    let known =
        || vec![Condition::Id(ids.iter().map(|id| Condition::key(id)).collect()), Condition::Kind(ADVISORY_KINDS)];
    let mut found = Vec::new();
    let products = statement.products.as_deref().unwrap_or_default();
    for product in products {
        let beside = statement.subcomponents.as_deref().unwrap_or_default();
        let inner = if product.subcomponents().is_empty() { beside } else { product.subcomponents() };
        let label = product.label();
        if inner.is_empty() {
            let about = match product.package() {
                Some(test) => Condition::Package(test),
                None => Condition::Target(product.names()),
            };
            let text = format!("{name}, {label}");
            let conditions = known().into_iter().chain([about]).collect();
            found.push(((name.clone(), label.clone()), entry.waiver(text, Some(&reason), conditions)));
        }
        for component in inner {
            let text = format!("{name}, {} in {label}", component.label());
            let waiver = match component.package() {
                Some(test) => {
                    let within = [Condition::Target(product.names()), Condition::Package(test)];
                    entry.waiver(text.clone(), Some(&reason), known().into_iter().chain(within).collect())
                }
                None => entry.moot(text.clone(), "packages of that kind are not listed"),
            };
            found.push(((name.clone(), text), waiver));
        }
    }
    if products.is_empty() {
        found.push(((name.clone(), String::new()), entry.moot(name, "it names no product")));
    }
    found
}

impl Vulnerability {
    /// The name first. Of an address, the last part is one more: `https://.../GHSA-...`.
    fn ids(&self) -> Vec<String> {
        match self {
            Vulnerability::Name(name) => vec![name.clone()],
            Vulnerability::Names { id, name, aliases } => {
                let last = id.as_deref().and_then(|id| id.rsplit('/').next());
                let ids = name.as_deref().into_iter().chain(last).chain(aliases.iter().flatten().map(String::as_str));
                ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
            }
        }
    }
}

impl Component {
    fn subcomponents(&self) -> &[Component] {
        match self {
            Component::Id(_) => &[],
            Component::Names { subcomponents, .. } => subcomponents.as_deref().unwrap_or_default(),
        }
    }

    fn purl(&self) -> Option<&str> {
        match self {
            Component::Id(id) => Some(id),
            Component::Names { id, identifiers, .. } => {
                identifiers.as_ref().and_then(|all| all.get("purl")).or(id.as_ref()).map(String::as_str)
            }
        }
    }

    fn package(&self) -> Option<PackageTest> {
        PackageTest::of_purl(self.purl()?)
    }

    fn label(&self) -> String {
        self.purl().unwrap_or("a product without a name").to_owned()
    }

    /// Under which a target may be known: as written, by the name in a purl, by a digest.
    fn names(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.purl().map(str::to_owned).into_iter().collect();
        if let Component::Names { id, hashes, .. } = self {
            names.extend(id.clone());
            names.extend(hashes.iter().flat_map(BTreeMap::values).map(|digest| digest.to_ascii_lowercase()));
        }
        let inner = |text: &String| {
            let text = text.split(['?', '#']).next()?;
            Some(percent_decoded(text.rsplit('/').next()?.split('@').next()?)).filter(|name| !name.is_empty())
        };
        let last: Vec<String> = names.iter().filter_map(inner).collect();
        names.extend(last);
        names
    }
}
