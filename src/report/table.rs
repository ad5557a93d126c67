//! The report for people, at 60 columns or more.
//!
//! One block per target, in the order of urgency: malware, vulnerable packages, secrets, other findings, what to
//! upgrade, what runs before the handler, what could not be seen, what cannot stop a build, what was waived. Whatever
//! violates the policy or blocks the verdict is marked. Findings that violate are all shown; of the others, long lists
//! are cut and say by how much. A target without findings gets a few lines that say what that rests on; in a sweep it is
//! only counted. A sweep ends with what came and went.

mod canvas;
mod diff;
mod findings;
mod gaps;
mod hooks;
mod risk;
mod sweep;
mod upgrades;
mod wrap;

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{DatabaseOrigin, Grade, Package, TargetKind};
use crate::policy::{Exit, Target, Verdict, WaiverNote};

use super::news::News;
use super::summary::{Summary, advisories};
use super::words::{bytes, count, list, plural};
use super::{Part, Reporter, Style, place};
use canvas::{Canvas, Cell, Ink, Width, cell};

pub use diff::write_diff;

/// Columns of the labels at the left of a block.
const LABEL: usize = 15;

/// The reporter.
pub struct Table;

impl Reporter for Table {
    fn id(&self) -> &'static str {
        "table"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut canvas = Canvas::new(out, style);
        let news = News::of(verdict);
        let (told, quiet): (Vec<&Target>, Vec<&Target>) =
            verdict.targets.iter().partition(|target| news.is_none() || needs_a_look(target));
        for target in told {
            if target.scan.kind == TargetKind::Place {
                let not_seen = cell(Ink::Warning, "could not be listed", Width::Auto);
                canvas.row(0, vec![cell(Ink::Strong, &target.scan.name, Width::Auto), not_seen])?;
            } else if target.findings.is_empty() {
                reassure(&mut canvas, target, verdict)?;
            } else {
                header(&mut canvas, target)?;
                risk::write(&mut canvas, &target.risk)?;
            }
            findings::write(&mut canvas, target)?;
            upgrades::write(&mut canvas, target)?;
            hooks::write(&mut canvas, target)?;
            gaps::write(&mut canvas, target)?;
            findings::write_beside(&mut canvas, target)?;
            findings::write_waived(&mut canvas, target)?;
            canvas.blank()?;
        }
        if !quiet.is_empty() {
            let functions = plural(quiet.len() as u64, "function violates", "functions violate");
            let text =
                format!("{functions} nothing, and all was seen as required; --format json lists what is in them");
            canvas.paragraph(0, Ink::Faint, &text, 2)?;
            canvas.blank()?;
        }
        risk::rank(&mut canvas, &verdict.targets)?;
        if let Some(news) = &news {
            sweep::write(&mut canvas, news)?;
        }
        if !is_quiet(verdict) {
            figures(&mut canvas, verdict)?;
        }
        conclusion(&mut canvas, verdict)
    }
}

/// Whether a function of a sweep gets a block of its own: a thousand that are well would push the others out of sight.
fn needs_a_look(target: &Target) -> bool {
    target.incomplete || target.findings.iter().any(|judged| judged.violates)
}

/// Nothing was found and nothing is missing: the block of each target says it all.
fn is_quiet(verdict: &Verdict) -> bool {
    verdict.exit == Exit::Clean
        && verdict.targets.iter().all(|target| target.findings.is_empty())
        && verdict.waivers_unused.is_empty()
        && verdict.waivers_expired.is_empty()
}

/// What the target is and how much of it was seen.
fn header(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    let scan = &target.scan;
    let mut facts = vec![scan.kind.word().to_owned()];
    facts.extend(scan.config.runtime.clone());
    facts.extend(scan.config.handler.as_ref().map(|handler| format!("handler {handler}")));
    let facts = cell(Ink::Faint, facts.join(", "), Width::Auto);
    canvas.row(0, vec![cell(Ink::Strong, &scan.name, Width::Auto), facts])?;
    canvas.rule()?;
    for artifact in &scan.artifacts {
        let size = format!("{}, {}", bytes(artifact.bytes), plural(artifact.entries, "entry", "entries"));
        canvas.row(2, label(artifact.role.word(), Ink::Plain, place::file_name(&artifact.path), size))?;
    }
    let coverage = &scan.coverage;
    let (read, seen) = (count(coverage.tally.read), plural(coverage.tally.seen, "entry", "entries"));
    let ink = match coverage.grade {
        Grade::Complete => Ink::Good,
        Grade::Partial => Ink::Warning,
        Grade::Blind => Ink::Bad,
    };
    let tally = format!("{read} of {seen}, {}", bytes(coverage.tally.bytes));
    canvas.row(2, label("coverage", ink, coverage.grade.word(), tally))?;
    let packages = because(count(scan.packages.len() as u64), ecosystems(&scan.packages));
    canvas.labelled("packages", LABEL, Ink::Plain, &packages)
}

/// A figure with what it is made of, if anything.
fn because(figure: String, parts: String) -> String {
    if parts.is_empty() { figure } else { format!("{figure}: {parts}") }
}

/// A label, a value and what explains it.
fn label(label: &str, ink: Ink, value: &str, more: String) -> Vec<Cell> {
    vec![
        cell(Ink::Faint, label, Width::Fixed(LABEL - 4)),
        cell(ink, value, Width::Auto),
        cell(Ink::Faint, more, Width::Auto),
    ]
}

/// `npm 340, PyPI 6`.
fn ecosystems(packages: &[Package]) -> String {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for package in packages {
        *counts.entry(package.ecosystem).or_default() += 1;
    }
    list(counts.iter().map(|(ecosystem, packages)| format!("{ecosystem} {}", count(*packages))))
}

/// No findings: says what that rests on.
fn reassure(canvas: &mut Canvas<'_>, target: &Target, verdict: &Verdict) -> io::Result<()> {
    let scan = &target.scan;
    let (ink, what) = match target.incomplete {
        true => (Ink::Warning, "no findings in what was seen"),
        false => (Ink::Good, "no findings"),
    };
    canvas.row(0, vec![cell(Ink::Strong, &scan.name, Width::Auto), cell(ink, what, Width::Auto)])?;
    let tally = &scan.coverage.tally;
    let seen = plural(tally.seen, "entry", "entries");
    let grade = scan.coverage.grade.word();
    let read = format!("{} of {seen}, {}; coverage {grade}", count(tally.read), bytes(tally.bytes));
    canvas.labelled("read", LABEL, Ink::Plain, &read)?;
    let packages = because(plural(scan.packages.len() as u64, "package", "packages"), ecosystems(&scan.packages));
    canvas.labelled("found", LABEL, Ink::Plain, &packages)?;
    canvas.labelled("compared", LABEL, Ink::Plain, &format!("with {}", advisories(verdict)))?;
    let searched = "for secrets, changed files of packages, code that runs before the handler";
    canvas.labelled("searched", LABEL, Ink::Plain, searched)?;
    risk::write(canvas, &target.risk)
}

/// How many waivers of one sort are shown before the rest is counted.
const NOTES: usize = 5;

/// Waivers that somebody should look at.
fn waiver_notes(canvas: &mut Canvas<'_>, label: &str, ink: Ink, notes: &[WaiverNote]) -> io::Result<()> {
    for note in notes.iter().take(NOTES) {
        let text = format!("waiver at {}:{}: {}", note.file, note.line, note.text);
        canvas.labelled(label, LABEL, ink, &text)?;
    }
    match notes.len().saturating_sub(NOTES) {
        0 => Ok(()),
        more => canvas.labelled(label, LABEL, ink, &format!("and {more} more waivers; --format json lists all")),
    }
}

/// The database and the figures.
fn figures(canvas: &mut Canvas<'_>, verdict: &Verdict) -> io::Result<()> {
    canvas.rule()?;
    let ink = if verdict.database.origin == DatabaseOrigin::Seed { Ink::Warning } else { Ink::Plain };
    canvas.labelled("advisories", LABEL, ink, &advisories(verdict))?;
    let summary = Summary::of(verdict);
    let counts = summary.severities().filter(|(_, n)| *n > 0).map(|(s, n)| format!("{} {s}", count(n as u64)));
    let mut findings = list(counts);
    if findings.is_empty() {
        findings.push_str("none");
    }
    if summary.beside > 0 {
        findings.push_str(&format!(" ({} of them in packages that are not installed)", count(summary.beside as u64)));
    }
    if let Some(states) = summary.states() {
        findings.push_str(&format!("; {states}"));
    }
    if summary.waived > 0 {
        findings.push_str(&format!("; {} waived", count(summary.waived as u64)));
    }
    canvas.labelled("findings", LABEL, Ink::Plain, &findings)?;
    let mut unseen = vec![
        plural(summary.blocking as u64, "blocking gap", "blocking gaps"),
        plural(summary.notes as u64, "note", "notes"),
    ];
    if summary.accepted > 0 {
        unseen.push(format!("{} accepted by the policy", count(summary.accepted as u64)));
    }
    canvas.labelled("not seen", LABEL, Ink::Plain, &list(unseen))?;
    waiver_notes(canvas, "expired", Ink::Warning, &verdict.waivers_expired)?;
    waiver_notes(canvas, "unused", Ink::Plain, &verdict.waivers_unused)?;
    if let Some(run) = &verdict.run {
        canvas.labelled("took", LABEL, Ink::Plain, &format!("{:.2} s", run.seconds))?;
    }
    canvas.blank()
}

/// The verdict, and why.
fn conclusion(canvas: &mut Canvas<'_>, verdict: &Verdict) -> io::Result<()> {
    let (ink, word) = match verdict.exit {
        Exit::Clean => (Ink::Good, "OK"),
        Exit::Violated => (Ink::Bad, "FAIL"),
        Exit::Failed => (Ink::Bad, "ERROR"),
        Exit::Incomplete => (Ink::Warning, "INCOMPLETE"),
    };
    canvas.paragraph(0, ink, &format!("{word}: {}", verdict.reasons.join("; ")), 8)
}
