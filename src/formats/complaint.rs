//! What is wrong in a text file that a person wrote, and where: every message points at a line and shows it.

use std::fmt;
use std::ops::Range;

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// As the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself; control characters are replaced. Empty where there is nothing to show: the place is told alone.
    pub text: String,
    /// Characters of the line that are concerned, at least 1.
    pub width: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if self.text.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{margin} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{margin} | {}{}", " ".repeat(self.column - 1), "^".repeat(self.width))
    }
}

/// A file's text, to point into.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// What it holds.
    pub text: &'a str,
}

impl Source<'_> {
    /// The line of a place, from 1.
    pub fn line(&self, span: Range<usize>) -> usize {
        self.place(span).0
    }

    /// Points at `span`, in bytes; without one at the file's first line.
    pub fn complain(&self, span: Option<Range<usize>>, message: &str) -> Complaint {
        let (line, whole, concerned) = self.place(span.unwrap_or(0..0));
        // One character for one, so that the marks below stay under what they mean.
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        Complaint {
            file: self.file.to_owned(),
            line,
            column: self.text[whole.start..concerned.start].chars().count() + 1,
            text: self.text[whole].trim_end().chars().map(shown).collect(),
            width: self.text[concerned].chars().count().max(1),
            message: message.to_owned(),
        }
    }

    /// Line from 1, the line's byte range without its end, and the span cut to the line.
    fn place(&self, span: Range<usize>) -> (usize, Range<usize>, Range<usize>) {
        let start = self.boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let end = self.boundary(span.end).clamp(start, line_end);
        let number = memchr::memchr_iter(b'\n', &self.text.as_bytes()[..start]).count() + 1;
        (number, line_start..line_end, start..end)
    }

    /// The last boundary of a character at or before a byte: a parser may point into the middle of one.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0)
    }
}
