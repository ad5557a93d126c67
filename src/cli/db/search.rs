//! `tidewaiter db search`: packages by name, records by id or alias.

use anyhow::{Result, bail};

use super::super::args::SearchArgs;
use super::{options, output};
use crate::advisory::Database;
use crate::matching;
use crate::model::{Advisory, AdvisoryKind, Affected, Ecosystem, Event, Severity};
use crate::policy::Exit;
use crate::report::escape;

/// Packages that are listed; more of them mean that the name was too short.
const SHOWN: usize = 50;

/// Lists what is known under a name or an id.
pub(super) fn run(args: &SearchArgs) -> Result<Exit> {
    let database = options::database(&args.cache)?;
    let ecosystems: Vec<Ecosystem> = match args.ecosystem {
        Some(ecosystem) => vec![ecosystem],
        None => Ecosystem::ALL.to_vec(),
    };
    let mut records = database.find(&args.term)?;
    // Ids are upper case but for a few; a name in lower case is seldom meant as one.
    if records.is_empty() {
        records = database.find(&args.term.to_ascii_uppercase())?;
    }
    records.retain(|record| record.affected.iter().any(|affected| ecosystems.contains(&affected.ecosystem)));
    let packages = if records.is_empty() { packages(&database, &ecosystems, &args.term)? } else { Vec::new() };
    if records.is_empty() && packages.is_empty() {
        bail!("the {} has no package or record '{}'", database.info().origin.word(), args.term.escape_default());
    }
    let mut listed = Vec::new();
    for (ecosystem, name) in packages.iter().take(SHOWN) {
        listed.push((*ecosystem, name, database.lookup(*ecosystem, name)?));
    }
    output::print(|out| {
        for record in &records {
            let first =
                record.affected.first().map(|one| (one.ecosystem, one.ecosystem.normalize(&one.name).into_owned()));
            writeln!(out, "{}", line(record, first.as_ref()))?;
            for affected in &record.affected {
                writeln!(out, "    {} {}{}", affected.ecosystem, escape(&affected.name), fixes([affected]))?;
            }
        }
        for (ecosystem, name, advisories) in &listed {
            writeln!(out, "{ecosystem} {}", escape(name))?;
            for advisory in advisories {
                let key = (*ecosystem, (*name).clone());
                writeln!(out, "    {}{}", line(advisory, Some(&key)), fixes(&advisory.affected))?;
            }
        }
        if packages.len() > SHOWN {
            writeln!(out, "and {} more packages; name more of it, or an --ecosystem", packages.len() - SHOWN)?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// Packages of exactly this name; if there is none, of names that begin with it; if there is none, that contain it.
fn packages(database: &Database, ecosystems: &[Ecosystem], term: &str) -> Result<Vec<(Ecosystem, String)>> {
    let tests: [fn(&str, &str) -> bool; 3] =
        [|name, term| name == term, |name, term| name.starts_with(term), |name, term| name.contains(term)];
    for test in tests {
        let mut found = Vec::new();
        for &ecosystem in ecosystems {
            let term = ecosystem.normalize(term).to_lowercase();
            let names = database.packages(ecosystem, |name| test(&name.to_lowercase(), &term))?;
            found.extend(names.into_iter().map(|name| (ecosystem, name)));
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// `GHSA-... high (CVE-...) Title`.
fn line(advisory: &Advisory, package: Option<&(Ecosystem, String)>) -> String {
    let kind = match &advisory.kind {
        AdvisoryKind::Vulnerability => String::new(),
        AdvisoryKind::Malicious => ", malicious".to_owned(),
        AdvisoryKind::Informational(word) => format!(", {word}"),
    };
    let withdrawn = if advisory.withdrawn.is_some() { ", withdrawn" } else { "" };
    let aliases = match advisory.aliases.is_empty() {
        true => String::new(),
        false => format!(" ({})", advisory.aliases.join(", ")),
    };
    let severity = package.map_or_else(Severity::default, |package| matching::severity_of(advisory, package));
    let text = format!("{}{aliases} {severity}{kind}{withdrawn}: {}", advisory.id, advisory.summary);
    escape(&text).into_owned()
}

fn fixes<'a>(affected: impl IntoIterator<Item = &'a Affected>) -> String {
    let ranges = affected.into_iter().flat_map(|affected| affected.ranges.iter().chain(&affected.custom_ranges));
    let mut fixed: Vec<&str> = Vec::new();
    for event in ranges.flat_map(|range| &range.events) {
        if let Event::Fixed(version) = event
            && !fixed.contains(&version.as_str())
        {
            fixed.push(version);
        }
    }
    if fixed.is_empty() { ", no fix known".to_owned() } else { format!(", fixed in {}", escape(&fixed.join(", "))) }
}
