//! Findings, grouped as one acts on them: a package is upgraded once, however many advisories name it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::model::{
    Answer, Confidence, Finding, FindingKind, Location, Origin, Package, PackageId, Severity, Verification,
};
use crate::policy::{Judged, State, Target};
use crate::report::{facts, place};

use super::canvas::{Canvas, Cell, Ink, Width, cell, columns};
use crate::report::words::{count, list, plural};

/// Rows of a section that violate nothing before the rest is counted.
const QUIET: usize = 50;
/// The same where the section as a whole stops no build.
const BESIDE: usize = 10;
/// The widest column of ids: a GHSA id has 19 characters, a RustSec id 17.
const MAX_ID: usize = 22;
/// From this width on the CVE behind another id and its score have columns of their own; else they follow the title.
const WIDE: usize = 110;

/// Everything that may count: malware, vulnerable packages, secrets, the rest.
pub fn write(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    let live = |kinds: &[FindingKind]| -> Vec<&Judged> {
        let counts = |judged: &&Judged| judged.waived.is_none() && judged.finding.gates;
        target.findings.iter().filter(counts).filter(|judged| kinds.contains(&judged.finding.kind)).collect()
    };
    use FindingKind::{Code, Informational, Integrity, Malicious, Posture, Runtime, Secret, Vulnerability};
    packages(canvas, target, "Malicious packages", &live(&[Malicious]), QUIET)?;
    packages(canvas, target, "Vulnerable packages", &live(&[Vulnerability]), QUIET)?;
    places(canvas, target, "Secrets", &live(&[Secret]))?;
    places(canvas, target, "Other findings", &live(&[Integrity, Runtime, Posture, Code]))?;
    packages(canvas, target, "Worth knowing", &live(&[Informational]), QUIET)
}

/// What only a lock file names.
pub fn write_beside(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    let beside = target.scan.packages.iter().filter(|package| package.beside_installed).count();
    let findings: Vec<&Judged> = target.findings.iter().filter(|j| j.waived.is_none() && !j.finding.gates).collect();
    if beside == 0 && findings.is_empty() {
        return Ok(());
    }
    let beside = plural(beside as u64, "package", "packages");
    let title = format!("Named by a lock file or manifest only: {beside}");
    if findings.is_empty() {
        return heading(canvas, &title);
    }
    packages(canvas, target, &format!("{title}, which stops no build"), &findings, BESIDE)
}

/// What somebody answers for.
pub fn write_waived(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    let waived = || target.findings.iter().filter_map(|j| Some((&j.finding, j.waived.as_ref()?)));
    let total = waived().count();
    if total == 0 {
        return Ok(());
    }
    heading(canvas, "Waived")?;
    for (finding, waived) in waived().take(QUIET) {
        let cells = vec![
            cell(Ink::Faint, finding.severity.word(), Width::Fixed(8)),
            cell(Ink::Plain, &finding.id, Width::Auto),
            cell(Ink::Faint, &finding.title, Width::Fill),
        ];
        canvas.row(4, cells)?;
        canvas.paragraph(6, Ink::Faint, &places_of(target, &finding.locations, Vec::new()), 3)?;
        canvas.paragraph(6, Ink::Faint, &format!("waived by {}", facts::waiver(waived)), 3)?;
    }
    rest(canvas, total.saturating_sub(QUIET))
}

/// A section of findings by package.
fn packages(
    canvas: &mut Canvas<'_>,
    target: &Target,
    title: &str,
    findings: &[&Judged],
    limit: usize,
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    heading(canvas, title)?;
    let known: BTreeMap<PackageId, &Package> = target.scan.packages.iter().map(|p| (p.id(), p)).collect();
    let (shown, hidden) = cut(findings, limit);
    let id_width = shown.iter().map(|judged| columns(&judged.finding.id)).max().unwrap_or(0).min(MAX_ID);
    // The first finding of a package is its worst one, so packages come in the order of their worst findings.
    let mut order: BTreeMap<Option<&PackageId>, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Judged>> = Vec::new();
    for judged in shown {
        let group = *order.entry(judged.finding.package.as_ref()).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(judged);
    }
    for (i, group) in groups.iter().enumerate() {
        if i > 0 {
            canvas.blank()?;
        }
        let first = &group[0].finding;
        let package = first.package.as_ref().and_then(|id| known.get(id)).copied();
        package_line(canvas, first, package)?;
        canvas.paragraph(6, Ink::Faint, &places_of(target, &first.locations, Vec::new()), 3)?;
        for judged in group {
            let row = advisory_row(canvas, judged, id_width);
            canvas.row(4, row)?;
        }
    }
    rest(canvas, hidden)
}

/// The package with what is known of it.
fn package_line(canvas: &mut Canvas<'_>, finding: &Finding, package: Option<&Package>) -> io::Result<()> {
    let Some(package) = package else {
        let name = finding.purl.as_deref().unwrap_or(&finding.id);
        return canvas.row(4, vec![cell(Ink::Strong, name, Width::Auto)]);
    };
    let name = format!("{} {}", package.name, package.version.as_deref().unwrap_or("(no version)"));
    let mut facts = vec![package.ecosystem.name().to_owned(), package.evidence.word().to_owned()];
    let marks =
        [(package.direct == Some(true), "direct"), (package.dev == Some(true), "dev"), (package.shadowed, "shadowed")];
    facts.extend(marks.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned()));
    canvas.row(4, vec![cell(Ink::Strong, name, Width::Auto), cell(Ink::Faint, list(facts), Width::Auto)])
}

fn advisory_row(canvas: &Canvas<'_>, judged: &Judged, id_width: usize) -> Vec<Cell> {
    let finding = &judged.finding;
    let mut row = severity(canvas, judged);
    row.push(cell(Ink::Plain, &finding.id, Width::Fixed(id_width)));
    let cve = finding.aliases.iter().find(|alias| alias.starts_with("CVE-"));
    let epss = finding.exploitation.epss.map(|epss| format!("EPSS {:.1} %", epss.score * 100.0));
    let is_wide = canvas.width() >= WIDE;
    if is_wide {
        row.push(cell(Ink::Faint, cve.map_or("", String::as_str), Width::Fixed(16)));
        row.push(cell(Ink::Plain, &finding.title, Width::Fill));
    } else {
        let more = list(cve.cloned().into_iter().chain(epss.clone()));
        let more = if more.is_empty() { more } else { format!(" ({more})") };
        row.push(cell(Ink::Plain, format!("{}{more}", finding.title), Width::Fill));
    }
    row.extend(existing(judged));
    if finding.exploitation.kev.is_some() {
        row.push(cell(Ink::Bad, "known exploited", Width::Auto));
    }
    row.extend(epss.filter(|_| is_wide).map(|epss| cell(Ink::Faint, epss, Width::Auto)));
    row.extend(match (finding.kind, finding.fixed.first()) {
        (_, Some(version)) => Some(cell(Ink::Good, format!("fix {version}"), Width::Auto)),
        (FindingKind::Vulnerability, None) => Some(cell(Ink::Faint, "no fix known", Width::Auto)),
        (FindingKind::Malicious, None) => Some(cell(Ink::Strong, "remove it", Width::Auto)),
        _ => None,
    });
    row
}

/// A section of findings by place.
fn places(canvas: &mut Canvas<'_>, target: &Target, title: &str, findings: &[&Judged]) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    heading(canvas, title)?;
    let (shown, hidden) = cut(findings, QUIET);
    let mut advised = BTreeSet::new();
    for judged in shown {
        let finding = &judged.finding;
        let mut row = severity(canvas, judged);
        row.push(cell(Ink::Plain, &finding.title, Width::Fill));
        row.extend(finding.redacted.as_ref().map(|redacted| cell(Ink::Plain, redacted, Width::Auto)));
        row.extend(existing(judged));
        canvas.row(4, row)?;
        let whose = match (finding.origin, &finding.purl) {
            (Origin::Own, _) => "own code".to_owned(),
            (Origin::Environment, _) => "environment".to_owned(),
            (Origin::Dependency, Some(purl)) => format!("dependency {purl}"),
            (Origin::Dependency, None) => "dependency".to_owned(),
        };
        // The id is what a waiver names, and `explain`.
        let mut facts = vec![finding.id.clone(), whose];
        if finding.confidence < Confidence::High {
            facts.push(format!("{} confidence", finding.confidence.word()));
        }
        if let Some(Verification { answer, asked, detail }) = &finding.verification {
            facts.push(match answer {
                Answer::Live => format!("it works: {asked} says so"),
                Answer::Dead => format!("refused by {asked}"),
                Answer::Unknown => format!("asked {asked}: {detail}"),
            });
        }
        canvas.paragraph(6, Ink::Faint, &places_of(target, &finding.locations, facts), 6)?;
        // Twenty keys of one kind are revoked in one way.
        if advised.insert(&finding.remediation) {
            canvas.paragraph(6, Ink::Plain, &finding.remediation, 3)?;
        }
    }
    rest(canvas, hidden)
}

fn heading(canvas: &mut Canvas<'_>, title: &str) -> io::Result<()> {
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, title, Width::Auto)])
}

/// The word for how bad it is. Records of malware seldom have a severity, and need none.
pub fn told(finding: &Finding) -> (&'static str, Severity) {
    match finding.kind {
        FindingKind::Malicious => ("malware", Severity::Critical),
        _ => (finding.severity.word(), finding.severity),
    }
}

/// What a baseline names.
fn existing(judged: &Judged) -> Option<Cell> {
    (judged.state == State::Existing).then(|| cell(Ink::Faint, judged.state.word(), Width::Auto))
}

/// The mark of a violation and the severity.
fn severity(canvas: &Canvas<'_>, judged: &Judged) -> Vec<Cell> {
    let mark = if judged.violates { canvas.cross() } else { " " };
    let (word, severity) = told(&judged.finding);
    vec![cell(Ink::Grade(severity), format!("{mark} {word}"), Width::Fixed(10))]
}

/// `fn.zip!src/config.js:12:8 (own code, and 2 more places)`.
fn places_of(target: &Target, locations: &[Location], mut facts: Vec<String>) -> String {
    let artifacts = &target.scan.artifacts;
    let mut text = locations.first().map_or(String::new(), |first| place::exact(first, artifacts));
    if locations.len() > 1 {
        facts.push(format!("and {}", plural(locations.len() as u64 - 1, "more place", "more places")));
    }
    if !facts.is_empty() {
        text.push_str(&format!(" ({})", list(facts)));
    }
    text
}

/// All that violates and the first few of the others, in their order; and how many are left out.
fn cut<'a>(findings: &[&'a Judged], limit: usize) -> (Vec<&'a Judged>, usize) {
    let mut quiet = 0;
    let shown: Vec<&Judged> = findings
        .iter()
        .copied()
        .filter(|judged| {
            quiet += usize::from(!judged.violates);
            judged.violates || quiet <= limit
        })
        .collect();
    let hidden = findings.len() - shown.len();
    (shown, hidden)
}

/// How many findings a section left out.
fn rest(canvas: &mut Canvas<'_>, hidden: usize) -> io::Result<()> {
    if hidden == 0 {
        return Ok(());
    }
    let text = format!("and {} more that violate nothing; --format json lists all", count(hidden as u64));
    canvas.row(4, vec![cell(Ink::Faint, text, Width::Auto)])
}
