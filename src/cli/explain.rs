//! `tidewaiter explain`: a secret rule, a check, a kind of gap, or an advisory as far as the database holds it.

mod gap;

use std::io::Write;

use anyhow::{Result, bail};

use super::args::ExplainArgs;
use super::{options, output};
use crate::formats::nearest::did_you_mean;
use crate::integrity::{CHECKS, Check};
use crate::model::{Advisory, AdvisoryKind, Affected, Epss, Event, Exploitation, GapKind, Range, VersionList};
use crate::policy::{self, Exit};
use crate::report::escape;
use crate::runtime;
use crate::secret::{Engine, Finder, Reader, Rule};

/// Explains one id. A rule needs no database.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit> {
    let Some(id) = &args.id else {
        output::print(list)?;
        return Ok(Exit::Clean);
    };
    if let Some(rule) = Engine::builtin().rules().iter().find(|rule| rule.id == *id) {
        output::print(|out| write_rule(out, rule))?;
        return Ok(Exit::Clean);
    }
    if let Some(check) = CHECKS.iter().find(|check| check.id == id) {
        output::print(|out| write_check(out, check))?;
        return Ok(Exit::Clean);
    }
    if let Some(kind) = GapKind::ALL.into_iter().find(|kind| kind.word() == id) {
        output::print(|out| gap::write(out, kind))?;
        return Ok(Exit::Clean);
    }
    if id == runtime::END_OF_LIFE {
        output::print(|out| {
            writeln!(out, "{}  {OUTDATED}", runtime::END_OF_LIFE)?;
            writeln!(out, "kind       check (runtime)")?;
            runtime::explain().iter().try_for_each(|line| writeln!(out, "{line}"))
        })?;
        return Ok(Exit::Clean);
    }
    let database = options::database(&args.cache)?;
    let advisories = database.find(id)?;
    let mut known = Vec::new();
    for advisory in &advisories {
        let mut exploitation = Exploitation::default();
        for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            database.exploitation(id)?.into_iter().for_each(|other| exploitation.join(other));
        }
        known.push(exploitation);
    }
    if advisories.is_empty() {
        bail!(
            "'{}' is no check, no secret rule and no kind of gap ('tidewaiter explain --list'), and not in the {}; ids of \
             advisories are written as OSV writes them, such as GHSA-p6mc-m468-83gw{}",
            id.escape_default(),
            database.info().origin.word(),
            meant(id)
        );
    }
    output::print(|out| {
        for (number, (advisory, exploitation)) in advisories.iter().zip(&known).enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            write_advisory(out, advisory, exploitation)?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// `; did you mean 'this'?`, of all that needs no database.
fn meant(id: &str) -> String {
    let kinds = did_you_mean(id, GapKind::ALL.map(GapKind::word));
    if kinds.is_empty() { policy::did_you_mean(id) } else { kinds }
}

/// What the check of a runtime finds.
const OUTDATED: &str = "a runtime that is no longer mended";

/// What can be explained and is not too much for a list: a line each.
fn list(out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "checks")?;
    for check in CHECKS {
        writeln!(out, "  {:20} {}", check.id, check.title)?;
    }
    writeln!(out, "  {:20} {OUTDATED}", runtime::END_OF_LIFE)?;
    writeln!(out, "kinds of gaps")?;
    for kind in GapKind::ALL {
        writeln!(out, "  {:20} {}", kind.word(), kind.meaning())?;
    }
    let rules = Engine::builtin().rules().len();
    writeln!(out, "and {rules} secret rules: 'tidewaiter rules list'")
}

fn write_rule(out: &mut dyn Write, rule: &Rule) -> std::io::Result<()> {
    writeln!(out, "{}  {}", rule.id, rule.title)?;
    writeln!(out, "kind       secret rule ({})", rule.vendor)?;
    if let Some(description) = &rule.description {
        writeln!(out, "meaning    {description}")?;
    }
    writeln!(out, "severity   {}, confidence {}", rule.severity, rule.confidence.word())?;
    let form = match &rule.finder {
        Finder::Pattern(_) => "a text of a fixed form".to_owned(),
        Finder::Named(_) => "a text of a fixed form beside the vendor's name".to_owned(),
        Finder::Reader(Reader::Password) => "a password set beside its name".to_owned(),
        Finder::Reader(Reader::Token) => "a machine-made value set beside its name".to_owned(),
        Finder::Reader(Reader::Url) => "the password in an address, scheme://user:password@host".to_owned(),
    };
    let words: Vec<String> = rule.keywords.iter().map(|word| format!("'{word}'")).collect();
    writeln!(out, "looks like {form}, of at most {} bytes, with {}", rule.max_len, words.join(" or "))?;
    if rule.entropy > 0.0 {
        writeln!(out, "           and at least {} bits of entropy per byte", rule.entropy)?;
    }
    if let Finder::Pattern(pattern) | Finder::Named(pattern) = &rule.finder {
        writeln!(out, "pattern    {}", pattern.source())?;
    }
    if !rule.pairs.is_empty() {
        writeln!(out, "pair       one finding with the id that stands near it: {}", rule.pairs.join(", "))?;
    }
    if let Some(probe) = &rule.probe {
        writeln!(out, "--verify   asks {}", probe.url)?;
    }
    writeln!(out, "revoke     {}", rule.revoke)?;
    writeln!(out, "source     {}", rule.source)
}

fn write_check(out: &mut dyn Write, check: &Check) -> std::io::Result<()> {
    writeln!(out, "{}  {}", check.id, check.title)?;
    writeln!(out, "kind       check ({})", check.kind.word())?;
    writeln!(out, "meaning    {}", check.meaning)?;
    writeln!(out, "severity   {}", check.severity)?;
    writeln!(out, "to do      {}", check.remediation)
}

fn write_advisory(out: &mut dyn Write, advisory: &Advisory, exploitation: &Exploitation) -> std::io::Result<()> {
    let kind = match &advisory.kind {
        AdvisoryKind::Vulnerability => "vulnerability",
        AdvisoryKind::Malicious => "malicious package",
        AdvisoryKind::Informational(word) => word,
    };
    writeln!(out, "{}  {}", escape(&advisory.id), escape(&advisory.summary))?;
    writeln!(out, "kind       {}", escape(kind))?;
    if !advisory.aliases.is_empty() {
        writeln!(out, "aliases    {}", escape(&advisory.aliases.join(", ")))?;
    }
    for vector in &advisory.cvss {
        writeln!(out, "severity   {} {}", escape(&vector.kind), escape(&vector.vector))?;
    }
    if let Some(word) = advisory.word {
        writeln!(out, "severity   {word}")?;
    }
    write_exploitation(out, exploitation)?;
    if let Some(published) = &advisory.published {
        writeln!(out, "published  {}", escape(published))?;
    }
    writeln!(out, "modified   {}", escape(&advisory.modified))?;
    if let Some(withdrawn) = &advisory.withdrawn {
        writeln!(out, "withdrawn  {} (it matches nothing)", escape(withdrawn))?;
    }
    for affected in &advisory.affected {
        write_affected(out, affected)?;
    }
    Ok(())
}

fn write_exploitation(out: &mut dyn Write, exploitation: &Exploitation) -> std::io::Result<()> {
    if let Some(kev) = &exploitation.kev {
        let added = kev.added.as_deref().map_or(String::new(), |date| format!(" since {date}"));
        let due = kev.due.as_deref().map_or(String::new(), |date| format!(", to be mended by {date}"));
        let ransomware = if kev.ransomware { ", used by ransomware" } else { "" };
        writeln!(out, "exploited  in CISA's catalog of known exploited vulnerabilities{added}{due}{ransomware}")?;
    }
    if let Some(Epss { score, percentile }) = exploitation.epss {
        let (score, percentile) = (score * 100.0, percentile * 100.0);
        writeln!(out, "EPSS       {score:.2} % within 30 days, at or above {percentile:.1} % of all CVEs")?;
    }
    Ok(())
}

fn write_affected(out: &mut dyn Write, affected: &Affected) -> std::io::Result<()> {
    writeln!(out, "affected   {} {}", affected.ecosystem, escape(&affected.name))?;
    for range in affected.ranges.iter().chain(&affected.custom_ranges) {
        writeln!(out, "           {}", escape(&range_text(range)))?;
    }
    if !affected.versions.is_empty() {
        writeln!(
            out,
            "           {} versions by name: {}",
            affected.versions.len(),
            escape(&listed(&affected.versions))
        )?;
    }
    Ok(())
}

fn range_text(range: &Range) -> String {
    let events: Vec<String> = range
        .events
        .iter()
        .map(|event| match event {
            Event::Introduced(version) if version == "0" => "from the first version".to_owned(),
            Event::Introduced(version) => format!("from {version}"),
            Event::Fixed(version) => format!("fixed in {version}"),
            Event::LastAffected(version) => format!("up to and including {version}"),
            Event::Limit(version) => format!("up to {version}"),
        })
        .collect();
    events.join(", ")
}

/// The first few; real records list hundreds.
fn listed(versions: &VersionList) -> String {
    const SHOWN: usize = 12;
    let mut text = versions.iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    if versions.len() > SHOWN {
        text.push_str(", ...");
    }
    text
}
