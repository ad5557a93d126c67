//! `tidewaiter rules list`.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::super::args::{ListFormat, RulesListArgs};
use super::super::output;
use super::rules;
use crate::formats::nearest::did_you_mean;
use crate::formats::words::plural;
use crate::policy::Exit;
use crate::secret::{Engine, Rule};

/// A rule in JSON.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    vendor: &'a str,
    severity: &'static str,
    confidence: &'static str,
    title: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    rules: Vec<Listed<'a>>,
    vendors: usize,
}

/// Lists the built-in rules.
pub(super) fn run(args: &RulesListArgs) -> Result<Exit> {
    let text = args.text.as_deref().unwrap_or_default().to_lowercase();
    let wanted = |rule: &&Rule| {
        let holds = [&rule.id, &rule.vendor, &rule.title].iter().any(|field| field.to_lowercase().contains(&text));
        holds && args.vendor.as_ref().is_none_or(|vendor| vendor.to_lowercase() == rule.vendor.to_lowercase())
    };
    let mut found: Vec<&Rule> = Engine::builtin().rules().iter().filter(wanted).collect();
    if found.is_empty() {
        let vendors: BTreeSet<String> =
            Engine::builtin().rules().iter().map(|rule| rule.vendor.to_lowercase()).collect();
        let named = args.vendor.as_deref().unwrap_or_default().to_lowercase();
        let meant = did_you_mean(&named, vendors.iter().map(String::as_str));
        output::warn(&format!("no built-in rule is of that text and vendor{meant}"));
    }
    found.sort_by_key(|rule| (rule.vendor.to_lowercase(), &rule.id));
    let vendors: BTreeSet<&str> = found.iter().map(|rule| rule.vendor.as_str()).filter(|v| *v != "generic").collect();
    output::print(|out| match args.format {
        ListFormat::Json => {
            let rules = found.iter().map(|rule| listed(rule)).collect();
            serde_json::to_writer_pretty(&mut *out, &List { rules, vendors: vendors.len() })?;
            writeln!(out)
        }
        ListFormat::Table => table(out, &found, vendors.len()),
    })?;
    Ok(Exit::Clean)
}

fn listed(rule: &Rule) -> Listed<'_> {
    Listed {
        id: &rule.id,
        vendor: &rule.vendor,
        severity: rule.severity.word(),
        confidence: rule.confidence.word(),
        title: &rule.title,
        source: &rule.source,
    }
}

fn table(out: &mut dyn Write, found: &[&Rule], vendors: usize) -> std::io::Result<()> {
    let width = |field: fn(&Rule) -> &str| found.iter().map(|rule| field(rule).chars().count()).max().unwrap_or(0);
    let (ids, names) = (width(|rule| &rule.id), width(|rule| &rule.vendor));
    for rule in found {
        let Listed { id, vendor, severity, confidence, title, .. } = listed(rule);
        writeln!(out, "{id:ids$}  {vendor:names$}  {severity:8}  {confidence:6}  {title}")?;
    }
    writeln!(out, "{}, {}", rules(found.len()), plural(vendors as u64, "vendor", "vendors"))
}
