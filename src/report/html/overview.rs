//! The top of the page: the verdict, and three cards that show what was found, what was seen and where to look first.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{FindingKind, Grade, TargetKind};
use crate::policy::{Exit, Risk, Target, Verdict};
use crate::report::summary::{Summary, advisories};
use crate::report::words::{bytes, count, list, plural};

use super::picture::{self, Part};
use super::targets::anchor;
use super::text::Text;

/// Functions named in the card; all of them are in the section below it.
const RANKED: usize = 8;
/// Squares of the picture of all functions.
const SQUARES: usize = 2_000;

/// The band that says how it ended, and why.
pub fn verdict(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let (class, word) = match verdict.exit {
        Exit::Clean => ("clean", "OK"),
        Exit::Violated => ("violated", "FAIL"),
        Exit::Failed => ("violated", "ERROR"),
        Exit::Incomplete => ("incomplete", "INCOMPLETE"),
    };
    write!(out, "<div class=\"verdict {class}\"><p class=\"word\">{word}</p><ul>")?;
    for reason in &verdict.reasons {
        write!(out, "<li>{}</li>", Text(reason))?;
    }
    out.write_all(b"</ul></div>\n")
}

/// The cards.
pub fn cards(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<section id=\"overview\" aria-labelledby=\"overview-title\">\n")?;
    out.write_all(b"<h2 id=\"overview-title\" class=\"unseen\">Overview</h2>\n<div class=\"cards\">\n")?;
    found(verdict, out)?;
    seen(verdict, out)?;
    risk(verdict, out)?;
    out.write_all(b"</div>\n</section>\n")
}

/// By severity and by kind.
fn found(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(verdict);
    let total: usize = summary.worst_first.iter().sum();
    out.write_all(b"<article class=\"card\"><h3>Found</h3>")?;
    if total == 0 {
        return nothing(verdict, &summary, out);
    }
    let word = if total == 1 { "finding" } else { "findings" };
    write!(out, "<p class=\"big\">{} <small>{word}{}</small></p>", count(total as u64), aside(&summary))?;
    let parts: Vec<Part<'_>> = summary.severities().map(|(s, n)| part(s.word(), n as u64, s.word())).collect();
    let said = list(summary.severities().filter(|(_, n)| *n > 0).map(|(s, n)| format!("{} {s}", count(n as u64))));
    picture::bar(&parts, 0, &said, out)?;
    out.write_all(b"<ul class=\"legend\">")?;
    for (severity, n) in summary.severities().filter(|(_, n)| *n > 0) {
        let (word, n) = (severity.word(), count(n as u64));
        write!(
            out,
            "<li><a href=\"#findings\" data-list=\"findings\" data-facet=\"severity\" data-value=\"{word}\">\
             <svg class=\"dot\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><circle class=\"{word}\" cx=\"5\" cy=\"5\" r=\"5\"/>\
             </svg>{word}</a> <span class=\"figure\">{n}</span></li>"
        )?;
    }
    out.write_all(b"</ul><ul class=\"bars\">")?;
    let mut kinds: BTreeMap<FindingKind, u64> = BTreeMap::new();
    let findings = verdict.targets.iter().flat_map(|target| &target.findings);
    for judged in findings.filter(|judged| judged.waived.is_none()) {
        *kinds.entry(judged.finding.kind).or_default() += 1;
    }
    let most = kinds.values().copied().max().unwrap_or(0);
    for (kind, n) in kinds {
        let word = kind.word();
        write!(
            out,
            "<li><a href=\"#findings\" data-list=\"findings\" data-facet=\"kind\" data-value=\"{word}\">{word}</a>"
        )?;
        picture::bar(&[part("plain", n, word)], most, &format!("{word} {}", count(n)), out)?;
        write!(out, "<span class=\"figure\">{}</span></li>", count(n))?;
    }
    out.write_all(b"</ul></article>\n")
}

fn part<'a>(class: &'a str, amount: u64, word: &str) -> Part<'a> {
    Part { class, amount, title: format!("{word}: {}", count(amount)) }
}

/// What the headline leaves out.
fn aside(summary: &Summary) -> String {
    let mut facts = Vec::new();
    if summary.beside > 0 {
        facts.push(format!("{} not installed", count(summary.beside as u64)));
    }
    if summary.waived > 0 {
        facts.push(format!("{} more waived", count(summary.waived as u64)));
    }
    if facts.is_empty() { String::new() } else { format!(" ({})", list(facts)) }
}

/// No findings: what that rests on.
fn nothing(verdict: &Verdict, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let incomplete = verdict.targets.iter().any(|target| target.incomplete);
    let (class, mark, text) = if incomplete {
        ("warn", "M50 25v32M50 70v2", "No findings in what was seen")
    } else {
        ("good", "M30 52l14 14 27-32", "No findings")
    };
    let tally = verdict.targets.iter().map(|target| target.scan.coverage.tally);
    let (read, size) = tally.fold((0, 0), |(read, size), tally| (read + tally.read, size + tally.bytes));
    let packages: usize = verdict.targets.iter().map(|target| target.scan.packages.len()).sum();
    writeln!(
        out,
        "<div class=\"calm\"><svg class=\"seal {class}\" viewBox=\"0 0 100 100\" aria-hidden=\"true\">\
         <circle cx=\"50\" cy=\"50\" r=\"42\"/><path d=\"{mark}\"/></svg><p class=\"big\">{text}</p></div>\
         <p>{} ({}) searched for secrets, {} compared with {}{}.</p></article>",
        plural(read, "entry", "entries"),
        bytes(size),
        plural(packages as u64, "package", "packages"),
        Text(&advisories(verdict)),
        Text(&aside(summary)),
    )
}

/// `62 functions and 2 places`.
pub fn counted<'a>(targets: impl IntoIterator<Item = &'a Target>) -> String {
    let (places, functions): (Vec<&Target>, Vec<&Target>) =
        targets.into_iter().partition(|target| target.scan.kind == TargetKind::Place);
    let (f, p) = (functions.len() as u64, places.len() as u64);
    match (plural(f, "function", "functions"), plural(p, "place", "places")) {
        (functions, _) if p == 0 => functions,
        (_, places) if f == 0 => places,
        (functions, places) => format!("{functions} and {places}"),
    }
}

/// How much was read, of how many functions all of it, and what was not.
fn seen(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let tally = verdict.targets.iter().map(|target| target.scan.coverage.tally);
    let (read, all, size) =
        tally.fold((0, 0, 0), |(read, all, size), tally| (read + tally.read, all + tally.seen, size + tally.bytes));
    let grade = verdict.targets.iter().map(|target| target.scan.coverage.grade).min().unwrap_or(Grade::Blind);
    out.write_all(b"<article class=\"card\"><h3>Seen</h3><div class=\"around\">")?;
    let text = format!("{} of {} read", count(read), plural(all, "entry", "entries"));
    let of = |grade: Grade| verdict.targets.iter().filter(move |target| target.scan.coverage.grade == grade);
    if verdict.targets.len() > 1 && of(Grade::Blind).next().is_some() {
        // Of what was not seen at all nobody knows how many entries it has.
        let (whole, of_all) = (of(Grade::Complete).count() as u64, verdict.targets.len() as u64);
        let label = format!("{} of {} seen as a whole", count(whole), count(of_all));
        picture::ring(whole, of_all, class_of(grade), &label, out)?;
    } else {
        picture::ring(read, all, class_of(grade), &text, out)?;
    }
    write!(out, "<div><p>{text}, {}</p><ul class=\"legend\">", bytes(size))?;
    for grade in [Grade::Complete, Grade::Partial, Grade::Blind] {
        if of(grade).next().is_some() {
            let (word, class) = (grade.word(), class_of(grade));
            let n = counted(of(grade));
            write!(out, "<li><span class=\"chip {class}\">{word}</span> <span class=\"figure\">{n}</span></li>")?;
        }
    }
    out.write_all(b"</ul></div></div>")?;
    let summary = Summary::of(verdict);
    let gaps = [("blocking", summary.blocking), ("accepted", summary.accepted), ("note", summary.notes)];
    let most = gaps.iter().map(|(_, n)| *n as u64).max().unwrap_or(0);
    out.write_all(b"<ul class=\"bars\">")?;
    for (level, n) in gaps.into_iter().filter(|(level, n)| *n > 0 || *level == "blocking") {
        let (text, n) = (if level == "note" { "notes".to_owned() } else { format!("{level} gaps") }, n as u64);
        match n {
            0 => write!(out, "<li><span>{text}</span>")?,
            _ => write!(
                out,
                "<li><a href=\"#gaps\" data-list=\"gaps\" data-facet=\"level\" data-value=\"{level}\">{text}</a>"
            )?,
        }
        picture::bar(&[part(level, n, &text)], most, &format!("{text}: {}", count(n)), out)?;
        write!(out, "<span class=\"figure\">{}</span></li>", count(n))?;
    }
    out.write_all(b"</ul></article>\n")
}

/// The class that colours a grade.
pub fn class_of(grade: Grade) -> &'static str {
    match grade {
        Grade::Complete => "good",
        Grade::Partial => "warn",
        Grade::Blind => "bad",
    }
}

/// The class that colours a score: bounds at which most people would look today, this week, some day.
pub fn heat(score: u8) -> &'static str {
    match score {
        80.. => "critical",
        40.. => "high",
        20.. => "medium",
        1.. => "low",
        0 => "good",
    }
}

/// Of one function, what its score is made of; of many, the riskiest, and a square for each.
fn risk(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<article class=\"card\"><h3>Risk</h3>")?;
    if let [only] = &verdict.targets[..] {
        let score = only.risk.score;
        write!(out, "<p class=\"big {}\">{score} <small>of 100</small></p>", heat(score))?;
        terms(&only.risk, false, out)?;
        return out.write_all(b"</article>\n");
    }
    let all = &verdict.targets;
    if all.len() > RANKED {
        let squares: Vec<(String, &str, String)> = all
            .iter()
            .take(SQUARES)
            .enumerate()
            .map(|(at, target)| {
                let title = format!("{}: {} of 100", target.scan.name, target.risk.score);
                (anchor(at), heat(target.risk.score), title)
            })
            .collect();
        let of = if all.len() > SQUARES { format!("the {SQUARES} riskiest of ") } else { String::new() };
        let label = format!("A square for each of {of}{}, riskiest first", counted(all));
        picture::squares(&squares, &label, out)?;
        write!(out, "<p class=\"caption\">{label}.</p>")?;
    }
    out.write_all(b"<ol class=\"bars ranking\">")?;
    for (at, target) in all.iter().enumerate().take(RANKED) {
        let (name, score) = (Text(&target.scan.name), target.risk.score);
        write!(out, "<li><a href=\"#{}\">{name}</a>", anchor(at))?;
        let why = list(target.risk.terms.iter().map(|term| format!("{} {}", term.name, term.points)));
        let title = if why.is_empty() { "nothing adds to it".to_owned() } else { why };
        let part = Part { class: heat(score), amount: u64::from(score), title };
        picture::bar(&[part], 100, &format!("risk {score} of 100"), out)?;
        write!(out, "<span class=\"figure\">{score}</span></li>")?;
    }
    out.write_all(b"</ol></article>\n")
}

/// What a score is made of, and what to do about it; with `reasons`, the fact behind each term in words as well.
pub fn terms(risk: &Risk, reasons: bool, out: &mut dyn Write) -> io::Result<()> {
    if risk.terms.is_empty() {
        return out.write_all(b"<p>Nothing adds to it.</p>");
    }
    out.write_all(b"<ul class=\"bars terms\">")?;
    for term in &risk.terms {
        let (name, points) = (Text(&term.name), term.points);
        write!(out, "<li><span>{name}</span>")?;
        let part = Part { class: heat(risk.score), amount: u64::from(points), title: term.because.clone() };
        picture::bar(&[part], 100, &format!("{points} points"), out)?;
        write!(out, "<span class=\"figure\">{points}</span>")?;
        if reasons {
            write!(out, "<p>{}</p>", Text(&term.because))?;
        }
        out.write_all(b"</li>")?;
    }
    out.write_all(b"</ul>")?;
    match &risk.lowers {
        Some(one) => write!(
            out,
            "<p class=\"lowers\"><strong>Lowers it most:</strong> {} <span class=\"figure\">({})</span></p>",
            Text(&one.what),
            one.effect()
        ),
        None => Ok(()),
    }
}
