//! `ignore` in `.grype.yaml` (<https://github.com/anchore/grype#specifying-matches-to-ignore>); the rest of that file
//! configures Grype.
//!
//! An id matches aliases here too, as with Grype's own `include-aliases`: the same flaw has one finding, and somebody has
//! judged it. `unknown` and `not-fixed` are one: no fixed version is known.

use regex::Regex;
use serde::Deserialize;

use super::{Entry, Format, at_line, globs};
use crate::formats::complaint::{Complaint, Source};
use crate::formats::yaml::{self, Spanned};
use crate::model::Ecosystem;
use crate::policy::condition::{ADVISORY_KINDS, Condition, PackageTest};
use crate::policy::versions::Versions;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: ".grype.yaml",
    files: &[".grype.yaml", ".grype.yml", ".grype/config.yaml"],
    claims: |name, text| {
        (name.ends_with(".yaml") || name.ends_with(".yml"))
            && (name.contains("grype") || text.lines().any(|line| line.starts_with("ignore:")))
    },
    read,
};

#[derive(Default, Deserialize)]
struct File {
    ignore: Option<Vec<Spanned<Rule>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct Rule {
    vulnerability: Option<String>,
    reason: Option<String>,
    namespace: Option<String>,
    fix_state: Option<String>,
    match_type: Option<String>,
    vex_status: Option<String>,
    package: Package,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    language: Option<String>,
    r#type: Option<String>,
    location: Option<String>,
    upstream_name: Option<String>,
}

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let file: File = yaml::strict(source.text)
        .map_err(|line| at_line(source, line, "not YAML as Grype's configuration has it: ignore is a list of rules"))?;
    let one = |rule: &Spanned<Rule>| {
        let entry = Entry { source, line: usize::try_from(rule.referenced.line()).unwrap_or(usize::MAX) };
        let rule = &rule.value;
        let package = &rule.package;
        let said = [
            &rule.vulnerability,
            &package.r#type,
            &package.language,
            &package.name,
            &package.version,
            &package.location,
            &rule.fix_state,
        ];
        let text = said.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        match conditions(rule) {
            Ok(conditions) => entry.waiver(text, rule.reason.as_deref(), conditions),
            Err(why) => entry.moot(text, &why),
        }
    };
    Ok(file.ignore.iter().flatten().map(one).collect())
}

/// What the rule asks, or why that cannot be known here.
fn conditions(rule: &Rule) -> Result<Vec<Condition>, String> {
    let package = &rule.package;
    for (value, why) in [
        (&rule.vex_status, "it waits for a VEX document, which waives by itself here"),
        (&rule.namespace, "namespaces are Grype's own"),
        (&rule.match_type, "kinds of matches are Grype's own"),
        (&package.upstream_name, "packages of distributions are not listed"),
    ] {
        if value.is_some() {
            return Err(why.to_owned());
        }
    }
    let mut conditions = Vec::new();
    if let Some(id) = &rule.vulnerability {
        conditions.push(Condition::id(id));
    }
    match rule.fix_state.as_deref() {
        None => {}
        Some("fixed") => conditions.push(Condition::Fixed(true)),
        Some("not-fixed" | "unknown") => conditions.push(Condition::Fixed(false)),
        Some(_) => return Err("whether a fix is refused is not known".to_owned()),
    }
    let mut test = PackageTest::default();
    for name in [&package.r#type, &package.language].into_iter().flatten() {
        test.ecosystem = Some(ecosystem(name).ok_or("packages of that kind are not listed")?);
    }
    if let Some(name) = &package.name {
        let regex = Regex::new(&format!("^(?:{name})$"));
        test.pattern = Some(regex.map_err(|_| "the name is no regular expression")?);
    }
    test.versions = package.version.as_deref().map(Versions::exactly).unwrap_or_default();
    if test.ecosystem.is_some() || test.pattern.is_some() || package.version.is_some() {
        conditions.push(Condition::Package(test));
    }
    if let Some(location) = &package.location {
        conditions.push(Condition::Path(globs(std::slice::from_ref(location))?));
    }
    if conditions.is_empty() {
        return Err("it says nothing".to_owned());
    }
    conditions.push(Condition::Kind(ADVISORY_KINDS));
    Ok(conditions)
}

/// Syft's types and languages of packages.
fn ecosystem(name: &str) -> Option<Ecosystem> {
    Some(match name {
        "npm" | "javascript" => Ecosystem::Npm,
        "python" => Ecosystem::PyPI,
        "java-archive" | "java" => Ecosystem::Maven,
        "go-module" | "go" => Ecosystem::Go,
        "rust-crate" | "rust" => Ecosystem::CratesIo,
        "gem" | "ruby" => Ecosystem::RubyGems,
        "dotnet" => Ecosystem::NuGet,
        "php-composer" | "php" => Ecosystem::Packagist,
        _ => return None,
    })
}
