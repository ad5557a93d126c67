//! Draws a terminal's text as an SVG picture, for the README.

use std::fmt::Write;

const CELL_WIDTH: f64 = 8.4;
const LINE_HEIGHT: usize = 20;
const MARGIN: usize = 16;

/// Draws text with SGR colour sequences. Knows the sequences that the table report writes, and refuses others.
pub fn svg(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let columns = lines.iter().map(|line| plain(line).chars().count()).max().unwrap_or(0);
    let width = (columns as f64 * CELL_WIDTH) as usize + 2 * MARGIN;
    let height = lines.len() * LINE_HEIGHT + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    for (index, line) in lines.iter().enumerate() {
        let y = MARGIN + index * LINE_HEIGHT + 14;
        let mut column = 0;
        for (style, run) in runs(line) {
            let length = run.chars().count();
            if !run.trim().is_empty() {
                let x = MARGIN as f64 + column as f64 * CELL_WIDTH;
                let wide = length as f64 * CELL_WIDTH;
                writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{wide:.1}\" xml:space=\"preserve\" {}>{}</text>",
                    style.attributes(),
                    escape(&run)
                )
                .expect("a string takes everything");
            }
            column += length;
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(Clone, Copy, Default)]
struct Style {
    color: Option<u8>,
    bold: bool,
    dim: bool,
}

impl Style {
    fn apply(&mut self, code: u8) {
        match code {
            0 => *self = Style::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            22 => (self.bold, self.dim) = (false, false),
            39 => self.color = None,
            30..=37 | 90..=97 => self.color = Some(code),
            other => panic!("the picture does not know the sequence {other}"),
        }
    }

    fn attributes(self) -> String {
        let color = match self.color.map(|code| code % 10) {
            Some(1) => "#ff7b72",
            Some(2) => "#7ee787",
            Some(3) => "#e3b341",
            Some(4) => "#79c0ff",
            Some(5) => "#d2a8ff",
            Some(6) => "#76e3ea",
            _ => "#e6edf3",
        };
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let opacity = if self.dim { " opacity=\"0.65\"" } else { "" };
        format!("fill=\"{color}\"{weight}{opacity}")
    }
}

/// Splits a line at its sequences.
fn runs(line: &str) -> Vec<(Style, String)> {
    let mut style = Style::default();
    let mut out = Vec::new();
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let mut text = part;
        if index > 0 {
            let (codes, rest) = part.split_once('m').expect("a colour sequence ends with m");
            codes.split(';').for_each(|code| style.apply(code.parse().unwrap_or(0)));
            text = rest;
        }
        out.push((style, text.to_owned()));
    }
    out
}

fn plain(line: &str) -> String {
    runs(line).into_iter().map(|(_, run)| run).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
