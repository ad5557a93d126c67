//! `osv-scanner.toml` (<https://google.github.io/osv-scanner/configuration/>): `IgnoredVulns` and `PackageOverrides`.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::{Entry, Format};
use crate::formats::complaint::{Complaint, Source};
use crate::formats::lines::Lines;
use crate::formats::toml_doc::readable;
use crate::model::Ecosystem;
use crate::policy::condition::{ADVISORY_KINDS, Condition, PackageTest};
use crate::policy::raw_waiver::RawDate;
use crate::policy::versions::Versions;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: "osv-scanner.toml",
    files: &["osv-scanner.toml"],
    claims: |name, text| {
        name.ends_with(".toml")
            && (name.contains("osv-scanner") || text.contains("IgnoredVulns") || text.contains("PackageOverrides"))
    },
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    #[serde(default)]
    ignored_vulns: Vec<Ignored>,
    #[serde(default)]
    package_overrides: Vec<Spanned<Override>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ignored {
    id: Spanned<String>,
    ignore_until: Option<Spanned<RawDate>>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Override {
    name: Option<String>,
    version: Option<String>,
    ecosystem: Option<String>,
    group: Option<String>,
    name_is_regex: bool,
    ignore: bool,
    vulnerability: Vulnerability,
    effective_until: Option<Spanned<RawDate>>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Vulnerability {
    #[serde(default)]
    ignore: bool,
}

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    readable(source.text.as_bytes()).map_err(|(_, why)| source.complain(None, &format!("the file {why}")))?;
    let lines = Lines::new(source.text.as_bytes());
    let file: File = toml::from_str(source.text).map_err(|error| source.complain(error.span(), error.message()))?;
    let day = |date: &Option<Spanned<RawDate>>| match date {
        None => Ok(None),
        Some(date) => date
            .get_ref()
            .day()
            .map(Some)
            .ok_or_else(|| source.complain(Some(date.span()), "a day is written as 2027-01-31")),
    };
    let mut waivers = Vec::new();
    for one in &file.ignored_vulns {
        let entry = Entry::at(source, &lines, one.id.span());
        let id = one.id.get_ref();
        let conditions = vec![Condition::id(id), Condition::Kind(ADVISORY_KINDS)];
        waivers.push(entry.waiver(id.clone(), one.reason.as_deref(), conditions).until(day(&one.ignore_until)?));
    }
    for placed in &file.package_overrides {
        let one = placed.get_ref();
        let entry = Entry::at(source, &lines, placed.span());
        let text = [&one.ecosystem, &one.name, &one.version, &one.group].into_iter().flatten();
        let text = text.map(String::as_str).collect::<Vec<_>>().join(" ");
        // It may be there for a licence alone.
        if one.ignore || one.vulnerability.ignore {
            waivers.push(match conditions(one) {
                Ok(conditions) => {
                    entry.waiver(text, one.reason.as_deref(), conditions).until(day(&one.effective_until)?)
                }
                Err(why) => entry.moot(text, &why),
            });
        }
    }
    Ok(waivers)
}

fn conditions(one: &Override) -> Result<Vec<Condition>, String> {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut test = PackageTest::default();
    if let Some(ecosystem) = said(&one.ecosystem) {
        let known = Ecosystem::from_osv(&ecosystem);
        test.ecosystem = Some(known.ok_or("packages of that ecosystem are not listed")?);
    }
    match said(&one.name) {
        Some(name) if one.name_is_regex => {
            let regex = Regex::new(&format!("^(?:{name})$"));
            test.pattern = Some(regex.map_err(|_| "the name is no regular expression")?);
        }
        name => test.name = name,
    }
    test.versions = said(&one.version).as_deref().map(Versions::exactly).unwrap_or_default();
    let mut conditions = vec![Condition::Kind(ADVISORY_KINDS), Condition::Package(test)];
    match said(&one.group).as_deref() {
        None => {}
        Some("dev") => conditions.push(Condition::Development),
        Some(_) => return Err("groups other than dev are not known".to_owned()),
    }
    Ok(conditions)
}
