//! What came and went since the last sweep: at the end, where a terminal is looked at, and short.

use std::io;

use crate::report::news::{Item, News};
use crate::report::words::{count, list};

use super::LABEL;
use super::canvas::{Canvas, Ink, Width, cell};

/// New findings that break no policy, fixed ones, and names of functions, before the rest is counted.
const SHOWN: usize = 20;
/// Names of functions on one line.
const NAMES: usize = 8;

/// The section of a sweep.
pub fn write(canvas: &mut Canvas<'_>, news: &News<'_>) -> io::Result<()> {
    canvas.row(0, vec![cell(Ink::Strong, news.title(), Width::Auto)])?;
    canvas.paragraph(2, Ink::Plain, &news.work(), 3)?;
    canvas.paragraph(2, Ink::Plain, &news.counts(), 3)?;
    findings(canvas, news, "New findings", &news.new)?;
    findings(canvas, news, "Fixed", &news.fixed)?;
    let functions = &news.sweep.changes;
    let unseen: Vec<&str> = news.unseen().into_iter().map(|(_, target)| target.scan.name.as_str()).collect();
    let named = |ids: &[String]| ids.iter().map(|id| news.name(id).to_owned()).collect::<Vec<_>>();
    let all = [
        ("new", Ink::Plain, named(&functions.new)),
        ("changed", Ink::Plain, named(&functions.changed)),
        ("gone", Ink::Plain, named(&functions.gone)),
        ("not all seen", Ink::Warning, unseen.into_iter().map(str::to_owned).collect()),
    ];
    if all.iter().any(|(_, _, names)| !names.is_empty()) {
        canvas.blank()?;
        canvas.row(2, vec![cell(Ink::Strong, "Functions", Width::Auto)])?;
    }
    for (word, ink, names) in all.into_iter().filter(|(_, _, names)| !names.is_empty()) {
        let more = names.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(", and {} more", count(more as u64)) } else { String::new() };
        let text = format!("{}: {}{more}", count(names.len() as u64), list(names.into_iter().take(NAMES)));
        canvas.labelled(&format!("  {word}"), LABEL + 2, ink, &text)?;
    }
    canvas.blank()
}

fn findings(canvas: &mut Canvas<'_>, news: &News<'_>, title: &str, all: &[Item<'_>]) -> io::Result<()> {
    // In the first sweep everything is new, and stands above already.
    if all.is_empty() || (news.sweep.since.is_none() && title != "Fixed") {
        return Ok(());
    }
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, format!("{title}: {}", count(all.len() as u64)), Width::Auto)])?;
    let shown = |(at, item): &(usize, &Item<'_>)| *at < SHOWN || item.violates();
    for (_, item) in all.iter().enumerate().filter(shown) {
        let mark = match (item.violates(), item.is_exploited()) {
            (true, _) => canvas.cross(),
            (false, true) => "!",
            _ => " ",
        };
        let mut cells = vec![
            cell(Ink::Grade(item.severity()), format!("{mark} {}", item.word()), Width::Fixed(10)),
            cell(Ink::Strong, item.name, Width::Auto),
            cell(Ink::Plain, &item.change.id, Width::Auto),
        ];
        cells.extend(item.subject().map(|subject| cell(Ink::Plain, subject, Width::Auto)));
        cells.push(cell(Ink::Faint, &item.change.title, Width::Fill));
        canvas.row(4, cells)?;
    }
    let hidden = all.iter().enumerate().filter(|one| !shown(one)).count();
    if hidden > 0 {
        let text = format!("and {} more; --format json lists all", count(hidden as u64));
        canvas.row(4, vec![cell(Ink::Faint, text, Width::Auto)])?;
    }
    Ok(())
}
