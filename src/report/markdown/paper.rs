//! A text that never grows over its limit, and knows what it has no room for.

use super::{MOST, short};
use crate::report::markup::{markdown, xml};
use crate::report::words::{count, list, plural};

/// Bytes kept free for the ends of what is open and for the last line.
const RESERVE: usize = 512;

/// What is written, and what was left out.
#[derive(Default)]
pub(super) struct Paper {
    pub(super) text: String,
    /// Rows that had no room, by what they are, in the order of the first of each.
    left_out: Vec<(Rows, usize)>,
}

/// What the rows of a table are, for one and for several.
pub(super) type Rows = (&'static str, &'static str);

/// How a table is shown.
#[derive(Clone, Copy)]
pub(super) enum Open<'a> {
    /// Under a heading.
    Always(&'a str),
    /// Behind a click, with the target's name and what it lists.
    Click(&'a str, &'a str),
}

impl Paper {
    /// A line of text, if there is room.
    pub(super) fn line(&mut self, text: &str) {
        if self.text.len() + text.len() + RESERVE < MOST {
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    /// A table, cut where the room ends.
    pub(super) fn table(&mut self, open: Open<'_>, header: &str, what: Rows, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        let columns = header.matches('|').count() - 1;
        let (begin, end) = match open {
            Open::Always(title) => (format!("\n### {}\n", markdown(&short(title))), ""),
            Open::Click(name, title) => {
                // A block of HTML, in which no Markdown is read.
                let summary = xml(&format!("{}: {title} ({})", short(name), count(rows.len() as u64)));
                (format!("\n<details><summary>{summary}</summary>\n"), "\n</details>\n")
            }
        };
        let begin = format!("{begin}\n{header}\n|{}\n", " --- |".repeat(columns));
        let room = MOST.saturating_sub(self.text.len() + begin.len() + end.len() + RESERVE);
        let mut taken = 0;
        let mut fits = |row: &&String| {
            taken += row.len();
            taken <= room
        };
        let shown: String = rows.iter().take_while(&mut fits).map(String::as_str).collect();
        let written = shown.lines().count();
        if written > 0 {
            self.text.push_str(&begin);
            self.text.push_str(&shown);
            self.text.push_str(end);
        }
        self.leave_out(what, rows.len() - written);
    }

    fn leave_out(&mut self, what: Rows, rows: usize) {
        if rows == 0 {
            return;
        }
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, all)) => *all += rows,
            None => self.left_out.push((what, rows)),
        }
    }

    /// The text, with a last line that counts what is not in it.
    pub(super) fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            let counts = list(self.left_out.iter().map(|((one, more), rows)| plural(*rows as u64, one, more)));
            self.text.push_str(&format!(
                "\n**Cut to the size that GitHub takes**, without {counts}; JSON and HTML have all.\n"
            ));
        }
        self.text
    }
}
