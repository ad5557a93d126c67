//! GitHub Flavored Markdown that fits a comment on a pull request and a job's summary: the verdict, its reasons, what to
//! upgrade, the first of what violates, and the rest behind a click.
//!
//! GitHub refuses a comment above 65,536 characters as a whole (a job's summary may have 1 MiB:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits>):
//! what does not fit is counted instead, and what violates comes first.

mod paper;
mod since;

use std::cmp::Reverse;
use std::io::{self, Write};

use super::facts::{Known, few_gaps, idle_waivers, waiver};
use super::markup::{markdown, markdown_code};
use super::news::News;
use super::summary::{Summary, advisories};
use super::words::{count, list, plural};
use super::{Part, Reporter, Style, place};
use crate::model::{FindingKind, Severity};
use crate::policy::{Exit, Judged, JudgedGap, State, StaysOpen, Target, Term, Upgrade, Verdict};
use paper::{Open, Paper, Rows};

/// The reporter.
pub struct Markdown;

/// Bytes of the whole: GitHub counts characters, of which one has one byte at least.
const MOST: usize = 65_536;
/// Characters of one text: an advisory's title may be a novel.
const LONG: usize = 300;
/// Waivers to look at; JSON lists all.
const WAIVERS: usize = 20;
/// Gaps of one kind and level; the rest is counted.
const GAPS: usize = 20;
/// Rows that are seen without a click: targets, upgrades, and what violates in all targets together.
const TARGETS: usize = 20;
const UPGRADES: usize = 20;
const VIOLATING: usize = 50;

const FINDINGS: &str = "| severity | finding | in | fix | where |";

impl Reporter for Markdown {
    fn id(&self) -> &'static str {
        "markdown"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut paper = Paper::default();
        head(&mut paper, verdict);
        if let Some(news) = News::of(verdict) {
            since::write(&mut paper, &news);
        }
        upgrades(&mut paper, verdict);
        // What violates in the last target matters more than what is waived in the first.
        let targets: Vec<(&Target, Known<'_>)> =
            verdict.targets.iter().map(|target| (target, Known::of(&target.scan.packages))).collect();
        violating(&mut paper, &targets);
        targets.iter().for_each(|(target, _)| gaps(&mut paper, target));
        for (waived, title, what) in [
            (false, "further findings", ("further finding", "further findings")),
            (true, "waived", ("waived finding", "waived findings")),
        ] {
            for (target, known) in &targets {
                let of = |judged: &&Judged| !judged.violates && judged.waived.is_some() == waived;
                let rows: Vec<String> = rows(target, known, of);
                paper.table(Open::Click(&target.scan.name, title), FINDINGS, what, &rows);
            }
        }
        out.write_all(paper.finish().as_bytes())
    }
}

fn rows(target: &Target, known: &Known<'_>, of: impl Fn(&&Judged) -> bool) -> Vec<String> {
    target.findings.iter().filter(of).map(|judged| finding(judged, target, known)).collect()
}

/// The first in sight, under their targets; the others behind a click.
fn violating(paper: &mut Paper, targets: &[(&Target, Known<'_>)]) {
    const WHAT: Rows = ("violating finding", "violating findings");
    let mut room = VIOLATING;
    let mut hidden = Vec::new();
    for (target, known) in targets {
        let mut seen = rows(target, known, |judged| judged.violates);
        let rest = seen.split_off(room.min(seen.len()));
        room -= seen.len();
        let title = format!("Violates the policy: {}", target.scan.name);
        paper.table(Open::Always(&title), FINDINGS, WHAT, &seen);
        hidden.push((&target.scan.name, rest));
    }
    // Of the riskiest target, the first: few rows, to which what is hidden would leave no room.
    targets.first().into_iter().for_each(|(target, _)| terms(paper, target));
    for (name, rest) in hidden {
        paper.table(Open::Click(name, "more that violate the policy"), FINDINGS, WHAT, &rest);
    }
}

/// The verdict, why, and a line per target.
fn head(paper: &mut Paper, verdict: &Verdict) {
    let (mark, word) = match verdict.exit {
        Exit::Clean => (":white_check_mark:", "OK"),
        Exit::Violated => (":x:", "FAIL"),
        Exit::Failed => (":x:", "ERROR"),
        Exit::Incomplete => (":warning:", "INCOMPLETE"),
    };
    paper.line(&format!("## {mark} Tidewaiter: {word}\n"));
    for reason in &verdict.reasons {
        paper.line(&format!("- {}", markdown(&short(reason))));
    }
    for line in idle_waivers(verdict).take(WAIVERS) {
        paper.line(&format!("- {}", markdown(&short(&line))));
    }
    let summary = Summary::of(verdict);
    let mut figures: Vec<String> =
        summary.severities().filter(|(_, n)| *n > 0).map(|(s, n)| format!("{} {s}", count(n as u64))).collect();
    if figures.is_empty() {
        figures.push("no findings".to_owned());
    }
    figures.extend(summary.states());
    figures.push(plural(summary.blocking as u64, "blocking gap", "blocking gaps"));
    figures.push(plural(summary.notes as u64, "note", "notes"));
    paper.line(&format!("\n{}; advisories from {}\n", list(figures), markdown(&short(&advisories(verdict)))));
    let header = "| target | risk | coverage | critical | high | medium | low | unknown | blocking gaps |";
    paper.line(&format!("{header}\n|{}", " --- |".repeat(header.matches('|').count() - 1)));
    for target in verdict.targets.iter().take(TARGETS) {
        paper.line(&figures_of(target));
    }
    if let Some(more @ 1..) = verdict.targets.len().checked_sub(TARGETS) {
        paper.line(&format!("\nand {} of no higher risk", plural(more as u64, "more target", "more targets")));
    }
    // The first target is the riskiest one.
    if let Some((name, one)) = verdict.targets.first().and_then(|one| Some((&one.scan.name, one.risk.lowers.as_ref()?)))
    {
        let what = markdown(&format!("{} ({})", one.what, one.effect()));
        paper.line(&format!("\nWhat lowers the risk of {} most: {what}", markdown_code(&short(name))));
    }
}

fn figures_of(target: &Target) -> String {
    let live = |severity| {
        let live = target.findings.iter().filter(|j| j.waived.is_none() && j.finding.severity == severity);
        count(live.count() as u64)
    };
    let [critical, high, medium, low, unknown] = Severity::WORST_FIRST.map(live);
    let blocking = target.gaps.iter().filter(|judged| judged.blocks()).count();
    format!(
        "| {} | {} | {} | {critical} | {high} | {medium} | {low} | {unknown} | {} |",
        markdown_code(&short(&target.scan.name)),
        target.risk.score,
        target.scan.coverage.grade.word(),
        count(blocking as u64),
    )
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
    let bad = match finding.kind {
        FindingKind::Malicious => "malicious".to_owned(),
        kind => format!("{} {}", finding.severity.word(), kind.word()),
    };
    format!(
        "| {bad}{} | {} | {} | {fix} | {places} |\n",
        if judged.state == State::Existing { ", existing" } else { "" },
        facts.join(", "),
        known.subject(finding).map_or(finding.origin.word().to_owned(), |subject| markdown_code(&short(&subject))),
    )
}

/// What to upgrade to what in all targets, the most closed first, and what stays open after that.
fn upgrades(paper: &mut Paper, verdict: &Verdict) {
    const WHAT: Rows = ("upgrade", "upgrades");
    let several = verdict.targets.len() > 1;
    let mut all: Vec<(&Target, &Upgrade)> = verdict
        .targets
        .iter()
        .flat_map(|target| target.upgrades.iter().map(move |upgrade| (target, upgrade)))
        .collect();
    all.sort_by_key(|(_, upgrade)| Reverse(upgrade.closes.len()));
    let named = |target: &Target| match several {
        true => format!("| {} ", markdown_code(&short(&target.scan.name))),
        false => String::new(),
    };
    let rows: Vec<String> = all.iter().map(|(target, one)| named(target) + &upgrade(one)).collect();
    let header = "| upgrade | to | closes | through | in the declared range |";
    let header = if several { format!("| target {header}") } else { header.to_owned() };
    let (seen, rest) = rows.split_at(UPGRADES.min(rows.len()));
    paper.table(Open::Always("Upgrade"), &header, WHAT, seen);
    let stays = StaysOpen::of(&verdict.targets);
    if !rows.is_empty() {
        paper.line(&format!("\n{}", markdown(&stays.sentence())));
    }
    paper.table(Open::Click("Upgrade", "further ones"), &header, WHAT, rest);
}

fn upgrade(upgrade: &Upgrade) -> String {
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
    paper.table(Open::Click(&target.scan.name, "not seen"), "| level | gap | where | what |", ("gap", "gaps"), &rows);
}

/// What the score is made of.
fn terms(paper: &mut Paper, target: &Target) {
    let risk = &target.risk;
    let row = |term: &Term| {
        format!("| {} | {} | {} |\n", term.points, markdown(&short(&term.name)), markdown(&short(&term.because)))
    };
    let rows: Vec<String> = risk.terms.iter().map(row).collect();
    let title = format!("risk {} of 100, term by term", risk.score);
    paper.table(Open::Click(&target.scan.name, &title), "| points | term | because |", ("term", "terms"), &rows);
}

/// At most so many characters.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
