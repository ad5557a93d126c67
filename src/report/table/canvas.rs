//! Lines of a terminal: columns, wrapping, colour.
//!
//! Every text that reaches a line goes through [`escape()`] here and nowhere else, so no part of the table can forget it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use unicode_width::UnicodeWidthStr;

use crate::model::Severity;
use crate::report::{Style, escape};

use super::wrap::{head, tail, tame, wrap};

/// Columns between two cells.
const GUTTER: usize = 2;
/// Columns that a text needs to be readable beside others: with less it stands below them.
const NARROW: usize = 24;
/// Lines on which a text may go on beside nothing: a longer one is read better below the others, on whole lines.
const TALL: usize = 3;
/// How much further right stands what belongs to the line above.
const HANG: usize = 4;
/// Lines of a cell. Titles of advisories take four; what is longer was made to push the rest out of sight.
const LINES: usize = 8;

/// What a text means; colour only repeats what its words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Warning,
    Grade(Severity),
}

impl Ink {
    fn ansi(self) -> Ansi {
        let color = |color: AnsiColor| Ansi::new().fg_color(Some(color.into()));
        match self {
            Ink::Plain => Ansi::new(),
            Ink::Strong => Ansi::new().bold(),
            Ink::Faint => Ansi::new().dimmed(),
            Ink::Good => color(AnsiColor::Green),
            Ink::Bad | Ink::Grade(Severity::Critical) => color(AnsiColor::Red).bold(),
            Ink::Warning => color(AnsiColor::Yellow).bold(),
            Ink::Grade(Severity::High) => color(AnsiColor::Red),
            Ink::Grade(Severity::Medium) => color(AnsiColor::Yellow),
            Ink::Grade(Severity::Low) => color(AnsiColor::Cyan),
            Ink::Grade(Severity::Unknown) => color(AnsiColor::Magenta),
        }
    }
}

/// How wide a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as its text.
    Auto,
    /// So many columns, or more where its text needs them.
    Fixed(usize),
    /// What the others leave.
    Fill,
}

/// One text of a row.
pub struct Cell {
    ink: Ink,
    text: String,
    width: Width,
}

impl Cell {
    /// The columns that it takes, without what a filling one may get. A text that is wider than its column is shown.
    fn columns(&self) -> usize {
        match self.width {
            Width::Auto => self.text.width(),
            Width::Fixed(columns) => columns.max(self.text.width()),
            Width::Fill => 0,
        }
    }
}

/// Shorthand for a cell.
pub fn cell(ink: Ink, text: impl AsRef<str>, width: Width) -> Cell {
    Cell { ink, text: tame(&escape(text.as_ref())).into_owned(), width }
}

/// The columns that a text takes once it is escaped.
pub fn columns(text: &str) -> usize {
    escape(text).width()
}

/// Where lines go.
pub struct Canvas<'a> {
    out: &'a mut dyn Write,
    style: Style,
    width: usize,
}

impl<'a> Canvas<'a> {
    pub fn new(out: &'a mut dyn Write, style: &Style) -> Canvas<'a> {
        Canvas { out, style: *style, width: style.width.max(Style::MIN_WIDTH) }
    }

    /// Columns of a line.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The mark of what violates or blocks.
    pub fn cross(&self) -> &'static str {
        if self.style.unicode { "✗" } else { "x" }
    }

    /// From a version to another.
    pub fn arrow(&self) -> &'static str {
        if self.style.unicode { "→" } else { "->" }
    }

    fn ellipsis(&self) -> &'static str {
        if self.style.unicode { "…" } else { "..." }
    }

    pub fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A line across.
    pub fn rule(&mut self) -> io::Result<()> {
        let rule = if self.style.unicode { "─" } else { "-" }.repeat(self.width);
        self.line(0, &[(Ink::Faint, rule)])
    }

    /// Cells side by side. A filling one that is too long goes on below its own beginning. Where the others leave it too
    /// little, or do not fit themselves, they stand below each other: nothing that fits on [`LINES`] lines is cut.
    pub fn row(&mut self, indent: usize, cells: Vec<Cell>) -> io::Result<()> {
        let gutters = GUTTER * cells.len().saturating_sub(1);
        let taken = indent + gutters + cells.iter().map(Cell::columns).sum::<usize>();
        let Some(room) = self.width.checked_sub(taken) else { return self.stack(indent, cells) };
        let least = if room < NARROW { room } else { TALL * room };
        if cells.iter().any(|cell| cell.width == Width::Fill && cell.text.width() > least) {
            return self.stack(indent, cells);
        }
        let mut parts = Vec::with_capacity(cells.len() * 2);
        let mut below = Vec::new();
        let mut column = indent;
        for cell in cells {
            let (text, columns) = match cell.width {
                Width::Fill if cell.text.width() > room => {
                    let mut lines = self.lines(&cell.text, room, LINES).into_iter();
                    let first = lines.next().unwrap_or_default();
                    below.extend(lines.map(|line| (column, cell.ink, line)));
                    (first, room)
                }
                Width::Fill => (cell.text, room),
                _ => {
                    let columns = cell.columns();
                    (cell.text, columns)
                }
            };
            let padding = columns.saturating_sub(text.width()) + GUTTER;
            parts.push((cell.ink, text));
            parts.push((Ink::Plain, " ".repeat(padding)));
            column += columns + GUTTER;
        }
        self.line(indent, &parts)?;
        below.into_iter().try_for_each(|(column, ink, line)| self.line(column, &[(ink, line)]))
    }

    /// Cells as many to a line as fit, the filling ones below the others.
    fn stack(&mut self, indent: usize, cells: Vec<Cell>) -> io::Result<()> {
        let (filling, others): (Vec<Cell>, Vec<Cell>) = cells.into_iter().partition(|cell| cell.width == Width::Fill);
        let mut at = indent;
        let mut used = indent;
        let mut parts = Vec::new();
        for cell in others {
            let columns = cell.columns();
            if !parts.is_empty() && used + columns > self.width {
                self.line(at, &std::mem::take(&mut parts))?;
                at = indent + HANG;
                used = at;
            }
            if used + columns > self.width {
                self.paragraph_of(at, cell.ink, &cell.text, LINES)?;
                at = indent + HANG;
                used = at;
                continue;
            }
            let padding = columns.saturating_sub(cell.text.width()) + GUTTER;
            parts.push((cell.ink, cell.text));
            parts.push((Ink::Plain, " ".repeat(padding)));
            used += columns + GUTTER;
        }
        if !parts.is_empty() {
            self.line(at, &parts)?;
        }
        filling.iter().try_for_each(|cell| self.paragraph_of(indent + HANG, cell.ink, &cell.text, LINES))
    }

    /// A text over as many lines as it needs, up to `most`; of what is longer, the beginning and the end are shown.
    pub fn paragraph(&mut self, indent: usize, ink: Ink, text: &str, most: usize) -> io::Result<()> {
        self.paragraph_of(indent, ink, &escape(text), most)
    }

    /// The same of an escaped text.
    fn paragraph_of(&mut self, indent: usize, ink: Ink, text: &str, most: usize) -> io::Result<()> {
        let lines = self.lines(text, self.width.saturating_sub(indent), most);
        lines.into_iter().try_for_each(|line| self.line(indent, &[(ink, line)]))
    }

    /// The lines of an escaped text, at most so many but for two.
    fn lines(&self, text: &str, columns: usize, most: usize) -> Vec<String> {
        // Breaking a name of a megabyte takes its square: only as much as can be shown is broken.
        let shown = columns * most.max(2);
        let mut lines = match text.len() > 4 * shown {
            true => wrap(&format!("{}{}{}", head(text, shown).0, self.ellipsis(), tail(text, columns)), columns),
            false => wrap(text, columns),
        };
        if lines.len() > most.max(2) {
            let room = columns.saturating_sub(self.ellipsis().width());
            let end = format!("{}{}", self.ellipsis(), tail(text, room));
            lines.truncate(most.max(2) - 1);
            lines.push(end);
        }
        lines
    }

    /// A name in front of a paragraph that hangs behind it.
    pub fn labelled(&mut self, label: &str, indent: usize, ink: Ink, text: &str) -> io::Result<()> {
        let mut lines = wrap(&escape(text), self.width.saturating_sub(indent)).into_iter();
        let label = format!("{:<width$}", format!("  {}", escape(label)), width = indent);
        self.line(0, &[(Ink::Faint, label), (ink, lines.next().unwrap_or_default())])?;
        lines.try_for_each(|line| self.line(indent, &[(ink, line)]))
    }

    /// Writes one line of escaped parts, without spaces at its end.
    fn line(&mut self, indent: usize, parts: &[(Ink, String)]) -> io::Result<()> {
        let used = parts.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        if used > 0 {
            write!(self.out, "{:indent$}", "")?;
        }
        for (i, (ink, text)) in parts[..used].iter().enumerate() {
            let text = if i + 1 == used { text.trim_end() } else { text };
            if self.style.color && *ink != Ink::Plain {
                let ansi = ink.ansi();
                write!(self.out, "{}{text}{}", ansi.render(), ansi.render_reset())?;
            } else {
                self.out.write_all(text.as_bytes())?;
            }
        }
        self.blank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: usize, draw: impl Fn(&mut Canvas<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        draw(&mut Canvas::new(&mut out, &Style { color: false, width, unicode: true })).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn drawn_row(width: usize, text: &str, end: &str) -> String {
        drawn(width, |canvas| {
            let cells = vec![
                cell(Ink::Plain, "high", Width::Fixed(8)),
                cell(Ink::Plain, text, Width::Fill),
                cell(Ink::Plain, end, Width::Auto),
            ];
            canvas.row(2, cells)
        })
    }

    #[test]
    fn cells_are_aligned_and_a_long_one_goes_on_below_itself() {
        assert_eq!(drawn_row(60, "short", "end").trim_end().width(), 60);
        let title = "a title that is longer than what one line of a narrow terminal can hold";
        let text = drawn_row(60, title, "end");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("  high      a title") && lines[0].ends_with("end"), "{text}");
        assert!(lines[1..].iter().all(|line| line.starts_with("            ")), "{text}");
        let words: Vec<&str> = text.split_whitespace().filter(|word| !["high", "end"].contains(word)).collect();
        assert_eq!(words.join(" "), title);
        let wide = drawn_row(60, &"日本語".repeat(10), "end");
        assert!(wide.lines().all(|line| line.width() <= 60) && wide.matches("日本語").count() >= 8, "{wide}");
    }

    #[test]
    fn what_finds_no_room_beside_others_stands_below_them() {
        let text =
            drawn_row(60, "a title of some length, which is read nonetheless", "an end that takes most of the line");
        assert_eq!(
            text,
            "  high      an end that takes most of the line\n      a title of some length, which is read nonetheless\n"
        );
        let text = drawn_row(60, "title", &format!("{}END", "e".repeat(70)));
        assert_eq!(text.lines().map(str::trim).collect::<String>().replace('e', ""), "highENDtitl");
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
    }

    #[test]
    fn a_name_that_fills_the_line_does_not_overflow_it() {
        let name = "n".repeat(5_000);
        let text = drawn(60, |canvas| {
            canvas.row(4, vec![cell(Ink::Plain, &name, Width::Auto), cell(Ink::Plain, "x", Width::Auto)])?;
            canvas.row(4, vec![cell(Ink::Plain, &name, Width::Fixed(4)), cell(Ink::Plain, &name, Width::Fill)])
        });
        assert!(text.lines().all(|line| line.width() <= 60) && text.lines().count() <= 3 * LINES + 1, "{text}");
        let text = drawn(60, |canvas| canvas.paragraph(4, Ink::Plain, &format!("start{name}end"), 3));
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("start") && text.trim_end().ends_with("end"), "{text}");
    }

    #[test]
    fn no_line_is_a_command_of_a_ci_system() {
        let text = drawn(60, |canvas| {
            canvas.paragraph(4, Ink::Plain, "::error::x", 3)?;
            canvas.paragraph(4, Ink::Plain, &format!("{} ::add-mask::y", "w".repeat(56)), 3)?;
            canvas.paragraph(4, Ink::Plain, &format!("{}::set-env::z", "w".repeat(56)), 3)?;
            canvas.row(2, vec![cell(Ink::Plain, "::stop-commands::q", Width::Auto)])
        });
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }
}
