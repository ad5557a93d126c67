//! The functions, riskiest first: a line each, behind it what the line rests on. Plain markup, for a reader without
//! scripts as well.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{FindingKind, Severity};
use crate::policy::{Judged, Target, Verdict};
use crate::report::news::News;
use crate::report::words::{bytes, count, list, plural};
use crate::report::{facts, place};

use super::cloud;
use super::data::urgency;
use super::gaps::tally;
use super::overview::{class_of, heat, terms};
use super::picture::{self, Part};
use super::text::Text;

/// Functions that stand open to the eye; the others wait behind one more line.
const FIRST: usize = 20;
/// Functions up to which each shows its details at once.
const OPEN: usize = 2;
/// Findings named for each function; the list has all.
const WORST: usize = 5;
/// Lines about what runs before the handler.
const HOOKS: usize = 8;

/// Where a function's line is, by its index in the verdict.
pub fn anchor(at: usize) -> String {
    format!("function-{}", at + 1)
}

/// The section.
pub fn write(verdict: &Verdict, news: Option<&News<'_>>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<section id=\"functions\" aria-labelledby=\"functions-title\">\n")?;
    out.write_all(b"<h2 id=\"functions-title\">Functions</h2>\n<ol class=\"functions\">\n")?;
    let all = &verdict.targets;
    for (at, target) in all.iter().enumerate() {
        if at == FIRST {
            let rest = plural((all.len() - FIRST) as u64, "more function", "more functions");
            write!(out, "</ol>\n<details class=\"rest\"><summary>{rest}</summary>\n<ol class=\"functions\">\n")?;
        }
        let standing = news.and_then(|news| news.standing(&target.scan.id));
        function(target, at, standing, all.len() <= OPEN, out)?;
    }
    out.write_all(if all.len() > FIRST { b"</ol></details>\n</section>\n" } else { b"</ol>\n</section>\n" })
}

fn function(target: &Target, at: usize, standing: Option<&str>, open: bool, out: &mut dyn Write) -> io::Result<()> {
    let scan = &target.scan;
    let score = target.risk.score;
    let open = if open { " open" } else { "" };
    let (id, class, name) = (anchor(at), heat(score), Text(&scan.name));
    let mut facts = vec![scan.kind.word().to_owned()];
    facts.extend(scan.config.runtime.clone());
    facts.extend(scan.config.handler.as_ref().map(|handler| format!("handler {handler}")));
    facts.extend(cloud::told(&scan.config));
    facts.extend(standing.map(|word| format!("{word} since the last sweep")));
    write!(
        out,
        "<li id=\"{id}\"><details{open}><summary><span class=\"score {class}\" title=\"risk of 100\">{score}</span>\
         <span class=\"what\"><span class=\"title\">{name}</span> <span class=\"where\">{}</span></span>",
        Text(&list(facts))
    )?;
    severities(&target.findings, out)?;
    let grade = scan.coverage.grade;
    write!(out, "<span class=\"chip {}\">{}</span></summary>\n<div class=\"detail\">", class_of(grade), grade.word())?;
    out.write_all(b"<div><h3>Risk</h3>")?;
    terms(&target.risk, true, out)?;
    out.write_all(b"</div><div>")?;
    worst(target, at, out)?;
    not_seen(target, at, out)?;
    out.write_all(b"</div><div>")?;
    inside(target, out)?;
    cloud::write(&scan.config, out)?;
    hooks(target, out)?;
    out.write_all(b"</div></div></details></li>\n")
}

/// Findings that nobody waived, as a bar and in words.
fn severities(findings: &[Judged], out: &mut dyn Write) -> io::Result<()> {
    let live = || findings.iter().filter(|judged| judged.waived.is_none());
    let counts = Severity::WORST_FIRST.map(|severity| {
        let n = live().filter(|judged| judged.finding.severity == severity).count() as u64;
        (severity.word(), n)
    });
    let said = list(counts.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{} {word}", count(*n))));
    let said = if said.is_empty() { "no findings" } else { &said };
    let parts = counts.map(|(class, amount)| Part { class, amount, title: format!("{class}: {}", count(amount)) });
    out.write_all(b"<span class=\"counts\">")?;
    picture::bar(&parts, 0, said, out)?;
    write!(out, "<span aria-hidden=\"true\">{said}</span></span>")
}

/// The first few findings, and the way to all of them.
fn worst(target: &Target, at: usize, out: &mut dyn Write) -> io::Result<()> {
    let all = plural(target.findings.len() as u64, "finding", "findings");
    out.write_all(b"<h3>Worst findings</h3>")?;
    if target.findings.is_empty() {
        let seen = if target.incomplete { "None in what was seen." } else { "None." };
        return write!(out, "<p>{seen}</p>");
    }
    out.write_all(b"<ul class=\"worst\">")?;
    let mut findings: Vec<&Judged> = target.findings.iter().collect();
    findings.sort_by_key(|judged| urgency(judged));
    for judged in findings.into_iter().take(WORST) {
        let finding = &judged.finding;
        let (severity, word) = match finding.kind {
            FindingKind::Malicious => ("critical", "malware"),
            _ => (finding.severity.word(), finding.severity.word()),
        };
        let about = match &finding.purl {
            Some(purl) => purl.clone(),
            None => finding.locations.first().map_or(String::new(), |one| place::exact(one, &target.scan.artifacts)),
        };
        let (title, id, about) = (Text(&finding.title), Text(&finding.id), Text(&about));
        write!(
            out,
            "<li><span class=\"chip {severity}\">{word}</span> {title} <span class=\"where\">{id} \
             <span class=\"path\">{about}</span>"
        )?;
        if let Some(version) = finding.fixed.first() {
            write!(out, " <span class=\"fix\">fix: {}</span>", Text(version))?;
        }
        if let Some(waived) = &judged.waived {
            write!(out, " waived by {}", Text(&facts::waiver(waived)))?;
        }
        out.write_all(b"</span></li>")?;
    }
    write!(
        out,
        "</ul><p><a href=\"#findings\" data-list=\"findings\" data-facet=\"function\" data-value=\"{at}\">{all} in the list</a></p>"
    )
}

fn not_seen(target: &Target, at: usize, out: &mut dyn Write) -> io::Result<()> {
    let tally = tally(&target.gaps);
    out.write_all(b"<h3>Not seen</h3>")?;
    if tally.is_empty() {
        return out.write_all(b"<p>Nothing.</p>");
    }
    out.write_all(b"<ul class=\"kinds\">")?;
    for ((standing, kind), n) in &tally {
        let (word, kind) = (standing.word(), kind.word());
        write!(
            out,
            "<li><span class=\"chip {word}\">{word}</span> {kind} <span class=\"figure\">{}</span></li>",
            count(*n)
        )?;
    }
    let all = plural(tally.values().sum(), "gap", "gaps");
    write!(
        out,
        "</ul><p><a href=\"#gaps\" data-list=\"gaps\" data-facet=\"function\" data-value=\"{at}\">{all} in the list</a></p>"
    )
}

/// Its artifacts, how much of them was read, and its packages.
fn inside(target: &Target, out: &mut dyn Write) -> io::Result<()> {
    let scan = &target.scan;
    let tally = scan.coverage.tally;
    out.write_all(b"<h3>Inside</h3><dl>")?;
    for artifact in &scan.artifacts {
        let (role, name) = (artifact.role.word(), Text(place::file_name(&artifact.path)));
        let size = format!("{}, {}", bytes(artifact.bytes), plural(artifact.entries, "entry", "entries"));
        write!(out, "<dt>{role}</dt><dd>{name} <span class=\"where\">{size}</span></dd>")?;
    }
    let (read, seen) = (count(tally.read), plural(tally.seen, "entry", "entries"));
    write!(out, "<dt>read</dt><dd>{read} of {seen} <span class=\"where\">{}</span></dd>", bytes(tally.bytes))?;
    let mut ecosystems: BTreeMap<_, u64> = BTreeMap::new();
    for package in &scan.packages {
        *ecosystems.entry(package.ecosystem).or_default() += 1;
    }
    let parts = list(ecosystems.iter().map(|(ecosystem, n)| format!("{ecosystem} {}", count(*n))));
    let packages = count(scan.packages.len() as u64);
    write!(out, "<dt>packages</dt><dd>{packages} <span class=\"where\">{}</span></dd></dl>", Text(&parts))
}

/// What runs before the handler, what is unexpected first.
fn hooks(target: &Target, out: &mut dyn Write) -> io::Result<()> {
    let hooks = &target.scan.hooks;
    if hooks.is_empty() {
        return Ok(());
    }
    out.write_all(b"<h3>Runs before the handler</h3><ul class=\"hooks\">")?;
    let (expected, unexpected): (Vec<_>, Vec<_>) = hooks.iter().partition(|hook| hook.expected);
    for hook in unexpected.iter().chain(&expected).take(HOOKS) {
        let (class, word) = if hook.expected { ("note", "expected") } else { ("warn", "unexpected") };
        let place = place::display(&hook.location, &target.scan.artifacts);
        write!(
            out,
            "<li><span class=\"chip {class}\">{word}</span> {} <span class=\"path\">{}</span></li>",
            Text(&hook.what),
            Text(&place)
        )?;
    }
    if hooks.len() > HOOKS {
        write!(out, "<li>and {} more; --format json lists all</li>", count((hooks.len() - HOOKS) as u64))?;
    }
    out.write_all(b"</ul>")
}
