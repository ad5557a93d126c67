//! Lines of a terminal: columns, wrapping, colour.
//!
//! Every text that reaches a line goes through [`escape()`] here and nowhere else, so no part of the table can forget it.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::Severity;
use crate::report::{Style, escape};

/// Columns between two cells.
const GUTTER: usize = 2;

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
    /// So many columns.
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

/// Shorthand for a cell.
pub fn cell(ink: Ink, text: impl AsRef<str>, width: Width) -> Cell {
    Cell { ink, text: tame(&escape(text.as_ref())).into_owned(), width }
}

/// GitHub Actions takes a line that begins with `::`, blanks aside, for a command. In the middle of a line the two
/// colons are harmless, and common in the names of functions.
fn tame(text: &str) -> Cow<'_, str> {
    match text.trim_start().strip_prefix("::") {
        Some(rest) => Cow::Owned(format!("\\u{{3a}}:{rest}")),
        None => Cow::Borrowed(text),
    }
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

    /// Cells side by side. A cell that does not fit is cut with an ellipsis.
    pub fn row(&mut self, indent: usize, cells: Vec<Cell>) -> io::Result<()> {
        let room = self.width.saturating_sub(indent + GUTTER * cells.len().saturating_sub(1));
        let natural = |cell: &Cell| match cell.width {
            Width::Auto => cell.text.width(),
            Width::Fixed(columns) => columns,
            Width::Fill => 0,
        };
        let taken: usize = cells.iter().map(natural).sum();
        let last = cells.len().saturating_sub(1);
        let mut parts = Vec::with_capacity(cells.len() * 2);
        let mut left = self.width.saturating_sub(indent);
        for (i, cell) in cells.into_iter().enumerate() {
            let wanted = if cell.width == Width::Fill { room.saturating_sub(taken) } else { natural(&cell) };
            let columns = wanted.min(left);
            let text = self.cut(&cell.text, columns);
            let padding = columns - text.width().min(columns) + if i == last { 0 } else { GUTTER };
            left = left.saturating_sub(columns + GUTTER);
            parts.push((cell.ink, text));
            parts.push((Ink::Plain, " ".repeat(padding)));
        }
        self.line(indent, &parts)
    }

    /// A text over as many lines as it needs, up to `most`; of what is longer, the beginning and the end are shown.
    pub fn paragraph(&mut self, indent: usize, ink: Ink, text: &str, most: usize) -> io::Result<()> {
        let mut lines = wrap(&escape(text), self.width.saturating_sub(indent));
        if lines.len() > most.max(2) {
            let room = self.width.saturating_sub(indent + self.ellipsis().width());
            let end = lines.last().map_or("", |line| tail(line, room));
            let end = format!("{}{end}", self.ellipsis());
            lines.truncate(most.max(2) - 1);
            lines.push(end);
        }
        for line in lines {
            self.line(indent, &[(ink, line)])?;
        }
        Ok(())
    }

    /// A name in front of a paragraph that hangs behind it.
    pub fn labelled(&mut self, label: &str, indent: usize, ink: Ink, text: &str) -> io::Result<()> {
        let mut lines = wrap(&escape(text), self.width.saturating_sub(indent)).into_iter();
        let label = format!("{:<width$}", format!("  {}", escape(label)), width = indent);
        self.line(0, &[(Ink::Faint, label), (ink, lines.next().unwrap_or_default())])?;
        lines.try_for_each(|line| self.line(indent, &[(ink, line)]))
    }

    /// Cuts an escaped text to so many columns.
    fn cut(&self, text: &str, columns: usize) -> String {
        if text.width() <= columns {
            return text.to_owned();
        }
        let room = columns.saturating_sub(self.ellipsis().width());
        let mut out = head(text, room).0.to_owned();
        if columns >= self.ellipsis().width() {
            out.push_str(self.ellipsis());
        }
        out
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

/// The longest beginning that fits into so many columns, and the rest.
fn head(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// The beginning of a word that is too wide for a line, and the rest: cut behind a separator of paths, unless that would
/// leave half of the line empty.
fn part(word: &str, columns: usize) -> (&str, &str) {
    let (first, rest) = head(word, columns);
    match first.rfind(['/', '!']) {
        Some(at) if 2 * at > first.len() => word.split_at(at + 1),
        _ => (first, rest),
    }
}

/// The longest end that fits into so many columns.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    start.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}

/// Breaks an escaped text at blanks, and within a word only where the word alone is too wide.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    // A wide character needs two columns: with less, breaking would never come to an end.
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = tame(word);
        let (mut width, mut from) = (word.width(), 0);
        if used > 0 && used + 1 + width <= columns {
            line.push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while width > columns && from < word.len() {
            let first = part(&word[from..], columns).0;
            lines.push(first.to_owned());
            from += first.len();
            // Counted down: to copy and measure the rest each time would take the square of a name's length.
            width = width.saturating_sub(first.width());
            let tamed = match tame(&word[from..]) {
                Cow::Owned(tamed) => tamed,
                Cow::Borrowed(_) => continue,
            };
            (width, from, word) = (tamed.width(), 0, Cow::Owned(tamed));
        }
        line.push_str(&word[from..]);
        used += width;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: usize, draw: impl Fn(&mut Canvas<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        draw(&mut Canvas::new(&mut out, &Style { color: false, width, unicode: true })).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn wrapping_keeps_every_character_and_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a/very/long/path to", 6), ["a/very", "/long/", "path", "to"]);
        assert_eq!(wrap("META-INF/maven/pom.properties", 20), ["META-INF/maven/", "pom.properties"]);
        assert_eq!(wrap("日本語日本語", 5), ["日本", "語日", "本語"]);
        assert_eq!(wrap("", 5), Vec::<String>::new());
        assert_eq!(wrap("日本", 0), ["日", "本"]);
        assert_eq!(wrap("abcd::efgh", 4), ["abcd", "\\u{3", "a}:e", "fgh"]);
        // Seconds, or hours where each line costs as much as all that follow.
        assert_eq!(wrap(&"n".repeat(4_000_000), 100).len(), 40_000);
    }

    #[test]
    fn cells_are_cut_and_aligned() {
        let row = |text: &'static str| {
            drawn(60, |canvas| {
                let cells = vec![
                    cell(Ink::Plain, "high", Width::Fixed(8)),
                    cell(Ink::Plain, text, Width::Fill),
                    cell(Ink::Plain, "end", Width::Auto),
                ];
                canvas.row(2, cells)
            })
        };
        assert_eq!(row("short").trim_end().width(), 60);
        let long = row("日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語");
        assert!(long.contains('…') && long.trim_end().ends_with("end") && long.trim_end().width() == 60, "{long}");
    }

    #[test]
    fn a_name_that_fills_the_line_does_not_overflow_it() {
        let name = "n".repeat(500);
        let text = drawn(60, |canvas| {
            canvas.row(4, vec![cell(Ink::Plain, &name, Width::Auto), cell(Ink::Plain, "x", Width::Auto)])
        });
        assert!(text.lines().all(|line| line.width() <= 60));
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
