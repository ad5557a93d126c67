//! The top of a sweep's page: what is new since the last one, how the last ones went, what could not be seen.

use std::io::{self, Write};

use crate::model::{Grade, Severity, TrendPoint};
use crate::report::news::{Item, News};
use crate::report::words::{count, list, plural};

use super::overview::{class_of, heat};
use super::picture::{self, Column, Part};
use super::targets::anchor;
use super::text::Text;

/// Findings that stand open to the eye; the others wait behind one more line.
const FIRST: usize = 10;
/// Findings in the section; the list below has all that are new.
const SHOWN: usize = 100;
/// Functions of one sort.
const FUNCTIONS: usize = 200;
/// Sweeps in the picture.
const SWEEPS: usize = 60;

/// The section.
pub fn write(news: &News<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (title, counts, work) = (news.title(), news.counts(), news.work());
    writeln!(
        out,
        "<section id=\"news\" aria-labelledby=\"news-title\">\n<h2 id=\"news-title\">{}</h2>\n<p class=\"lead\">{}. {}.</p>",
        Text(&title),
        Text(&counts),
        Text(&work)
    )?;
    out.write_all(b"<div class=\"cards\">\n")?;
    if news.sweep.since.is_some() {
        findings("New findings", "Nothing that was not there before.", news, &news.new, out)?;
        findings("Fixed", "Nothing went.", news, &news.fixed, out)?;
    }
    functions(news, out)?;
    out.write_all(b"</div>\n")?;
    trend(&news.sweep.trend, out)?;
    out.write_all(b"</section>\n")
}

fn findings(title: &str, none: &str, news: &News<'_>, all: &[Item<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<article class=\"card\"><h3>{title}</h3><p class=\"big\">{}</p>", count(all.len() as u64))?;
    if all.is_empty() {
        return writeln!(out, "<p>{none}</p></article>");
    }
    out.write_all(b"<ol class=\"worst\">")?;
    for (rank, item) in all.iter().enumerate().take(SHOWN) {
        if rank == FIRST {
            let rest = plural((all.len() - FIRST) as u64, "more", "more");
            write!(out, "</ol><details class=\"more\"><summary>{rest}</summary><ol class=\"worst\">")?;
        }
        line(item, out)?;
    }
    out.write_all(b"</ol>")?;
    if all.len() > SHOWN {
        let rest = count((all.len() - SHOWN) as u64);
        write!(out, "<p>{rest} are not shown here; --format json lists all.</p>")?;
    }
    if all.len() > FIRST {
        out.write_all(b"</details>")?;
    }
    if std::ptr::eq(all, news.new.as_slice()) {
        out.write_all(
            b"<p><a href=\"#findings\" data-list=\"findings\" data-facet=\"state\" data-value=\"new\">All that is new, in the \
            list</a></p>",
        )?;
    }
    out.write_all(b"</article>\n")
}

fn line(item: &Item<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (class, word) = (item.severity().word(), item.word());
    let (id, title) = (Text(&item.change.id), Text(&item.change.title));
    write!(out, "<li><span class=\"chip {class}\">{word}</span> ")?;
    if item.violates() {
        out.write_all(b"<span class=\"mark bad\">breaks the policy</span>")?;
    }
    if item.is_exploited() {
        out.write_all(b"<span class=\"mark bad\">known exploited</span>")?;
    }
    write!(out, "{title} <span class=\"where\">")?;
    name(item.name, item.at, out)?;
    write!(out, " {id}")?;
    if let Some(subject) = item.subject() {
        write!(out, " <span class=\"path\">{}</span>", Text(&subject))?;
    }
    out.write_all(b"</span></li>")
}

/// A function, with the way to it where it is still there.
fn name(name: &str, at: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    match at {
        Some(at) => write!(out, "<a href=\"#{}\">{}</a>", anchor(at), Text(name)),
        None => write!(out, "{}", Text(name)),
    }
}

/// Functions that came, changed and went, and those of which too little was seen.
fn functions(news: &News<'_>, out: &mut dyn Write) -> io::Result<()> {
    let all = &news.sweep.changes;
    write!(out, "<article class=\"card\"><h3>Functions</h3><p class=\"big\">{}</p>", count(news.sweep.functions))?;
    for (word, ids) in [("new", &all.new), ("changed", &all.changed), ("gone", &all.gone)] {
        let names: Vec<(&str, Option<usize>)> = ids.iter().map(|id| (news.name(id), news.place(id))).collect();
        names_of(word, &names, out)?;
    }
    let unseen = news.unseen();
    let names: Vec<(&str, Option<usize>)> =
        unseen.iter().map(|(at, one)| (one.scan.name.as_str(), Some(*at))).collect();
    out.write_all(b"<h3>Could not be seen</h3>")?;
    if names.is_empty() {
        return out.write_all(b"<p>Nothing is missing that the policy requires.</p></article>\n");
    }
    let grades = [Grade::Blind, Grade::Partial, Grade::Complete].map(|grade| {
        let n = unseen.iter().filter(|(_, one)| one.scan.coverage.grade == grade).count() as u64;
        Part { class: class_of(grade), amount: n, title: format!("{}: {}", grade.word(), count(n)) }
    });
    picture::bar(&grades, news.sweep.functions, &plural(names.len() as u64, "function", "functions"), out)?;
    names_of("not all seen", &names, out)?;
    out.write_all(b"</article>\n")
}

fn names_of(word: &str, names: &[(&str, Option<usize>)], out: &mut dyn Write) -> io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    write!(out, "<details class=\"more\"><summary>{} {word}</summary><ul class=\"names\">", count(names.len() as u64))?;
    for (text, at) in names.iter().take(FUNCTIONS) {
        out.write_all(b"<li>")?;
        name(text, *at, out)?;
        out.write_all(b"</li>")?;
    }
    if names.len() > FUNCTIONS {
        write!(out, "<li>and {} more</li>", count((names.len() - FUNCTIONS) as u64))?;
    }
    out.write_all(b"</ul></details>")
}

/// How the last sweeps went: three pictures over one axis, and the same as a table.
fn trend(points: &[TrendPoint], out: &mut dyn Write) -> io::Result<()> {
    let points = &points[points.len().saturating_sub(SWEEPS)..];
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    if points.len() < 2 {
        return Ok(());
    }
    out.write_all(b"<div class=\"card trend\"><h3>The last sweeps</h3>")?;
    let total = |point: &TrendPoint| point.findings.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    let most = points.iter().map(total).max().unwrap_or(0);
    let findings = points.iter().map(|point| Column {
        parts: Severity::WORST_FIRST.map(Severity::word).into_iter().zip(point.findings).collect(),
        title: format!("{}: {}", day(&point.at), told(point)),
    });
    panel("Findings", most, findings.collect(), first, last, out)?;
    let risk = points.iter().map(|point| Column {
        parts: vec![(heat(point.highest_risk), u64::from(point.highest_risk))],
        title: format!("{}: highest risk {} of 100", day(&point.at), point.highest_risk),
    });
    panel("Highest risk", 100, risk.collect(), first, last, out)?;
    let most = points.iter().map(|point| point.functions).max().unwrap_or(0);
    let functions = points.iter().map(|point| Column {
        parts: vec![("plain", point.functions)],
        title: format!("{}: {}", day(&point.at), plural(point.functions, "function", "functions")),
    });
    panel("Functions", most, functions.collect(), first, last, out)?;
    table(points, out)?;
    out.write_all(b"</div>\n")
}

/// `2026-11-21 03:00`
fn day(moment: &str) -> String {
    moment.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// `12 critical, 3 high; 2 new, 1 fixed`
fn told(point: &TrendPoint) -> String {
    let counts = Severity::WORST_FIRST.into_iter().zip(point.findings).filter(|(_, n)| *n > 0);
    let counts = list(counts.map(|(severity, n)| format!("{} {}", count(n), severity.word())));
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts };
    format!("{counts}; {} new, {} fixed", count(point.new), count(point.fixed))
}

fn panel(
    name: &str,
    most: u64,
    columns: Vec<Column<'_>>,
    first: &TrendPoint,
    last: &TrendPoint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (from, to) = (day(&first.at), day(&last.at));
    let now = columns.last().map_or("", |column| column.title.as_str());
    let label = format!("{name} from {from} to {to}; {now}");
    write!(out, "<figure><figcaption>{name} <span class=\"figure\">up to {}</span></figcaption>", count(most))?;
    picture::columns(&columns, most, &label, out)?;
    write!(out, "<p class=\"axis\"><span>{}</span><span>{}</span></p></figure>", Text(&from), Text(&to))
}

fn table(points: &[TrendPoint], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<details class=\"more\"><summary>As a table</summary><div class=\"wide\"><table><thead><tr>")?;
    let names = ["Sweep", "Functions", "Critical", "High", "Medium", "Low", "Unknown", "Blocking gaps", "Highest risk"];
    for name in names.into_iter().chain(["New", "Fixed"]) {
        write!(out, "<th scope=\"col\">{name}</th>")?;
    }
    out.write_all(b"</tr></thead><tbody>")?;
    for point in points.iter().rev() {
        write!(out, "<tr><th scope=\"row\">{}</th>", Text(&day(&point.at)))?;
        let after = [point.blocking, u64::from(point.highest_risk), point.new, point.fixed];
        for n in [point.functions].into_iter().chain(point.findings).chain(after) {
            write!(out, "<td class=\"figure\">{}</td>", count(n))?;
        }
        out.write_all(b"</tr>")?;
    }
    out.write_all(b"</tbody></table></div></details>")
}
