//! What came and went since the last sweep.

use super::paper::{Open, Paper, Rows};
use super::short;
use crate::report::markup::{markdown, markdown_code};
use crate::report::news::{Item, News};
use crate::report::words::count;

/// Findings that came or went, and functions that did; the rest is counted.
const NEWS: usize = 20;

/// The section.
pub(super) fn write(paper: &mut Paper, news: &News<'_>) {
    paper.line(&format!("\n### {}\n", markdown(&short(&news.title()))));
    for line in [news.work(), news.counts()] {
        paper.line(&format!("- {}", markdown(&short(&line))));
    }
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
    const NEW: Rows = ("new finding", "new findings");
    const FIXED: Rows = ("fixed finding", "fixed findings");
    for (title, what, all) in [("New findings", NEW, new), ("Fixed", FIXED, &news.fixed)] {
        let mut rows: Vec<String> = all.iter().take(NEWS).map(row).collect();
        rows.extend(rest(all.len()).map(|rest| format!("| | | {rest} | |\n")));
        paper.table(Open::Always(title), header, what, &rows);
    }
    let functions = &news.sweep.changes;
    let mut rows = Vec::new();
    for (word, ids) in [("new", &functions.new), ("changed", &functions.changed), ("gone", &functions.gone)] {
        rows.extend(ids.iter().take(NEWS).map(|id| format!("| {word} | {} |\n", markdown_code(&short(news.name(id))))));
        rows.extend(rest(ids.len()).map(|rest| format!("| {word} | {rest} |\n")));
    }
    let title = Open::Click("since the last sweep", "functions");
    paper.table(title, "| | function |", ("changed function", "changed functions"), &rows);
}

/// What a short list leaves out.
fn rest(all: usize) -> Option<String> {
    (all > NEWS).then(|| format!("and {} more", count((all - NEWS) as u64)))
}
