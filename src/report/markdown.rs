//! GitHub Flavored Markdown that fits a job's summary or a comment: the verdict, a line per target, what violates, and
//! the rest behind a click.
//!
//! GitHub refuses a step's summary above 1 MiB as a whole
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits>):
//! what does not fit is counted instead, and what violates comes first.

use std::io::{self, Write};

use super::facts::{Known, few_gaps, idle_waivers, waiver};
use super::markup::{markdown, markdown_code, xml};
use super::news::{Item, News};
use super::summary::{Summary, advisories};
use super::words::{count, list, plural};
use super::{Part, Reporter, Style, place};
use crate::model::{FindingKind, Severity};
use crate::policy::{Exit, Judged, JudgedGap, Target, Upgrade, Verdict};

/// The reporter.
pub struct Markdown;

/// Bytes of the whole.
const MOST: usize = 1 << 20;
/// Bytes kept free for the ends of what is open and for the last line.
const RESERVE: usize = 512;
/// Characters of one text: an advisory's title may be a novel.
const LONG: usize = 300;
/// Waivers to look at; JSON lists all.
const WAIVERS: usize = 20;
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 20;
/// Findings that came or went, and functions that did; the rest is counted.
const NEWS: usize = 20;

impl Reporter for Markdown {
    fn id(&self) -> &'static str {
        "markdown"
    }

    fn lacks(&self) -> &'static [Part] {
        &[Part::Packages]
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut paper = Paper { text: String::new(), left_out: 0 };
        head(&mut paper, verdict);
        if let Some(news) = News::of(verdict) {
            since(&mut paper, &news);
        }
        // What violates in the last target matters more than what is waived in the first.
        let known: Vec<Known<'_>> = verdict.targets.iter().map(|target| Known::of(&target.scan.packages)).collect();
        for (target, known) in verdict.targets.iter().zip(&known) {
            let violating: Vec<&Judged> = target.findings.iter().filter(|judged| judged.violates).collect();
            findings(&mut paper, Open::Always(&target.scan.name), &violating, target, known);
            upgrades(&mut paper, target);
        }
        for (target, known) in verdict.targets.iter().zip(&known) {
            let further = |waived: bool| -> Vec<&Judged> {
                target.findings.iter().filter(|j| !j.violates && j.waived.is_some() == waived).collect()
            };
            findings(&mut paper, Open::Click(&target.scan.name, "further findings"), &further(false), target, known);
            findings(&mut paper, Open::Click(&target.scan.name, "waived"), &further(true), target, known);
            gaps(&mut paper, target);
        }
        if paper.left_out > 0 {
            let rows = plural(paper.left_out as u64, "row does", "rows do");
            paper.text.push_str(&format!("\n**{rows} not fit here**; the JSON report has them all.\n"));
        }
        out.write_all(paper.text.as_bytes())
    }
}

/// A text that never grows over its limit.
struct Paper {
    text: String,
    /// Rows that had no room.
    left_out: usize,
}

/// How a table is shown.
#[derive(Clone, Copy)]
enum Open<'a> {
    /// Under a heading with the target's name.
    Always(&'a str),
    /// Behind a click, with what it lists.
    Click(&'a str, &'a str),
}

impl Paper {
    /// A table, cut where the room ends.
    fn table(&mut self, open: Open<'_>, header: &str, rows: Vec<String>) {
        if rows.is_empty() {
            return;
        }
        let columns = header.matches('|').count() - 1;
        let (begin, end) = match open {
            Open::Always(name) => (format!("\n### {}\n", markdown(&short(name))), ""),
            Open::Click(name, what) => {
                // A block of HTML, in which no Markdown is read.
                let summary = xml(&format!("{}: {what} ({})", short(name), count(rows.len() as u64)));
                (format!("\n<details><summary>{summary}</summary>\n"), "\n</details>\n")
            }
        };
        let begin = format!("{begin}\n{header}\n|{}\n", " --- |".repeat(columns));
        let fits = |text: &str, more: &str| text.len() + more.len() + end.len() + RESERVE <= MOST;
        if !fits(&self.text, &format!("{begin}{}", rows[0])) {
            self.left_out += rows.len();
            return;
        }
        self.text.push_str(&begin);
        let mut written = 0;
        for row in &rows {
            if !fits(&self.text, row) {
                break;
            }
            self.text.push_str(row);
            written += 1;
        }
        self.text.push_str(end);
        self.left_out += rows.len() - written;
    }
}

/// The verdict, and a line per target.
fn head(paper: &mut Paper, verdict: &Verdict) {
    let (mark, word) = match verdict.exit {
        Exit::Clean => (":white_check_mark:", "OK"),
        Exit::Violated => (":x:", "FAIL"),
        Exit::Failed => (":x:", "ERROR"),
        Exit::Incomplete => (":warning:", "INCOMPLETE"),
    };
    paper.text.push_str(&format!("## {mark} Tidewaiter: {word}\n\n"));
    for reason in &verdict.reasons {
        paper.text.push_str(&format!("- {}\n", markdown(&short(reason))));
    }
    for line in idle_waivers(verdict).take(WAIVERS) {
        paper.text.push_str(&format!("- {}\n", markdown(&short(&line))));
    }
    let summary = Summary::of(verdict);
    let mut figures: Vec<String> =
        summary.severities().filter(|(_, n)| *n > 0).map(|(s, n)| format!("{} {s}", count(n as u64))).collect();
    if figures.is_empty() {
        figures.push("no findings".to_owned());
    }
    figures.push(plural(summary.blocking as u64, "blocking gap", "blocking gaps"));
    figures.push(plural(summary.notes as u64, "note", "notes"));
    paper.text.push_str(&format!(
        "\n{}; advisories from {}\n\n",
        list(figures),
        markdown(&short(&advisories(verdict)))
    ));
    let rows = verdict.targets.iter().map(|target| {
        let live = |severity| {
            let live = target.findings.iter().filter(|j| j.waived.is_none() && j.finding.severity == severity);
            count(live.count() as u64)
        };
        let [critical, high, medium, low, unknown] = Severity::WORST_FIRST.map(live);
        let blocking = target.gaps.iter().filter(|judged| judged.blocks()).count();
        format!(
            "| {} | {} | {} | {critical} | {high} | {medium} | {low} | {unknown} | {} |\n",
            markdown_code(&short(&target.scan.name)),
            target.risk.score,
            target.scan.coverage.grade.word(),
            count(blocking as u64),
        )
    });
    let header = "| target | risk | coverage | critical | high | medium | low | unknown | blocking gaps |";
    let columns = header.matches('|').count() - 1;
    paper.text.push_str(&format!("{header}\n|{}\n", " --- |".repeat(columns)));
    for row in rows {
        if paper.text.len() + row.len() + RESERVE > MOST {
            paper.left_out += 1;
        } else {
            paper.text.push_str(&row);
        }
    }
}

/// What came and went since the last sweep.
fn since(paper: &mut Paper, news: &News<'_>) {
    let counts = [news.work(), news.counts()].map(|line| format!("- {}\n", markdown(&short(&line)))).concat();
    paper.text.push_str(&format!("\n### {}\n\n{counts}", markdown(&short(&news.title()))));
    let row = |item: &Item<'_>| {
        format!(
            "| {}{} | {} | {} {} | {} |\n",
            item.word(),
            if item.violates() { " **violates**" } else { "" },
            markdown_code(&short(item.name)),
            markdown_code(&short(&item.change.id)),
            markdown(&short(&item.change.title)),
            item.subject().map_or(String::new(), |subject| markdown_code(&short(&subject))),
        )
    };
    let header = "| severity | function | finding | in |";
    // In the first sweep everything is new, and stands below.
    let new = if news.sweep.since.is_some() { &news.new[..] } else { &[] };
    for (title, all) in [("New findings", new), ("Fixed", &news.fixed)] {
        let mut rows: Vec<String> = all.iter().take(NEWS).map(row).collect();
        rows.extend(rest(all.len()).map(|rest| format!("| | | {rest} | |\n")));
        paper.table(Open::Always(title), header, rows);
    }
    let functions = &news.sweep.changes;
    let mut rows = Vec::new();
    for (word, ids) in [("new", &functions.new), ("changed", &functions.changed), ("gone", &functions.gone)] {
        rows.extend(ids.iter().take(NEWS).map(|id| format!("| {word} | {} |\n", markdown_code(&short(news.name(id))))));
        rows.extend(rest(ids.len()).map(|rest| format!("| {word} | {rest} |\n")));
    }
    paper.table(Open::Click("since the last sweep", "functions"), "| | function |", rows);
}

/// What a short list leaves out.
fn rest(all: usize) -> Option<String> {
    (all > NEWS).then(|| format!("and {} more", count((all - NEWS) as u64)))
}

fn findings(paper: &mut Paper, open: Open<'_>, findings: &[&Judged], target: &Target, known: &Known<'_>) {
    let rows = findings.iter().map(|judged| finding(judged, target, known));
    paper.table(open, "| severity | finding | in | fix | where |", rows.collect());
}

fn finding(judged: &Judged, target: &Target, known: &Known<'_>) -> String {
    let finding = &judged.finding;
    let mut facts = vec![format!("{} {}", markdown_code(&short(&finding.id)), markdown(&short(&finding.title)))];
    facts.extend(finding.redacted.as_ref().map(|shape| markdown_code(&short(shape))));
    if finding.exploitation.kev.is_some() {
        facts.push("**known exploited**".to_owned());
    }
    if let Some(waived) = &judged.waived {
        facts.push(markdown(&short(&format!("waived by {}", waiver(waived)))));
    }
    let fix = match (finding.kind, finding.fixed.first()) {
        (_, Some(version)) => markdown_code(&short(version)),
        (FindingKind::Malicious, None) => "remove it".to_owned(),
        (FindingKind::Vulnerability, None) => "none known".to_owned(),
        _ => String::new(),
    };
    let first = finding.locations.first().map(|first| place::exact(first, &target.scan.artifacts));
    let mut places = markdown_code(&short(&first.unwrap_or_default()));
    if finding.locations.len() > 1 {
        places.push_str(&format!(" and {} more", count(finding.locations.len() as u64 - 1)));
    }
    format!(
        "| {} {} | {} | {} | {fix} | {places} |\n",
        finding.severity.word(),
        finding.kind.word(),
        facts.join(", "),
        known.subject(finding).map_or(finding.origin.word().to_owned(), |subject| markdown_code(&short(&subject))),
    )
}

/// What to upgrade to what, the most closed first.
fn upgrades(paper: &mut Paper, target: &Target) {
    let row = |upgrade: &Upgrade| {
        let direct = upgrade.direct.as_ref().filter(|direct| **direct != upgrade.package);
        let admitted = match upgrade.admitted {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        format!(
            "| {} | {} | {} | {} | {admitted} |\n",
            markdown_code(&short(&place::package(&upgrade.package))),
            markdown_code(&short(&upgrade.to)),
            count(upgrade.closes.len() as u64),
            direct.map_or(String::new(), |direct| markdown_code(&short(&place::package(direct)))),
        )
    };
    let rows = target.upgrades.iter().map(row).collect();
    let header = "| upgrade | to | closes | through | in the declared range |";
    paper.table(Open::Click(&target.scan.name, "upgrades"), header, rows);
}

fn gaps(paper: &mut Paper, target: &Target) {
    let (shown, rest) = few_gaps(&target.gaps, GAPS);
    let row = |judged: &JudgedGap| {
        let gap = &judged.gap;
        let accepted = judged.accepted.as_ref().map(|by| format!(" (accepted: {})", markdown(&short(&by.reason))));
        format!(
            "| {}{} | {} | {} | {} |\n",
            gap.level.word(),
            accepted.unwrap_or_default(),
            gap.kind.word(),
            markdown_code(&short(&place::display(&gap.location, &target.scan.artifacts))),
            markdown(&short(&gap.detail)),
        )
    };
    let mut rows: Vec<String> = shown.into_iter().map(row).collect();
    rows.extend(rest.iter().map(|line| format!("| | | | {} |\n", markdown(line))));
    paper.table(Open::Click(&target.scan.name, "not seen"), "| level | gap | where | what |", rows);
}

/// At most so many characters.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
