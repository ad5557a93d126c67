//! Pictures in SVG. Sizes are attributes and colours are classes, since the page's policy allows no inline styles.

use std::f64::consts::TAU;
use std::io::{self, Write};

use super::text::Text;

/// Units of a full bar.
const FULL: u64 = 1_000;
/// Less than this many units nobody sees.
const VISIBLE: u64 = 14;

/// One part of a bar: a class that gives the colour, how much it is, and what it is, for a pointer that rests there.
pub struct Part<'a> {
    pub class: &'a str,
    pub amount: u64,
    pub title: String,
}

/// A bar of parts, `whole` of which would fill it. What is there is seen, however small its part.
pub fn bar(parts: &[Part<'_>], whole: u64, label: &str, out: &mut dyn Write) -> io::Result<()> {
    let amounts: Vec<u64> = parts.iter().map(|part| part.amount).collect();
    let label = Text(label);
    write!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 {FULL} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">"
    )?;
    write!(out, "<rect class=\"track\" width=\"{FULL}\" height=\"10\"/>")?;
    let mut x = 0;
    for (part, width) in parts.iter().zip(widths(&amounts, whole)) {
        if width > 0 {
            let (class, title) = (part.class, Text(&part.title));
            write!(
                out,
                "<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" height=\"10\"><title>{title}</title></rect>"
            )?;
            x += width;
        }
    }
    out.write_all(b"</svg>")
}

/// The units of each amount, where `whole` are all of them.
fn widths(amounts: &[u64], whole: u64) -> Vec<u64> {
    let whole = whole.max(amounts.iter().sum()).max(1);
    let share = |amount: u64| (u128::from(amount) * u128::from(FULL) / u128::from(whole)) as u64;
    let mut widths: Vec<u64> =
        amounts.iter().map(|amount| if *amount == 0 { 0 } else { share(*amount).max(VISIBLE) }).collect();
    // What small parts were given, the widest ones lose.
    while widths.iter().sum::<u64>() > FULL {
        let over = widths.iter().sum::<u64>() - FULL;
        let Some(widest) = widths.iter_mut().max() else { break };
        *widest -= over.min(*widest / 2 + 1);
    }
    widths
}

/// A ring that is filled as far as `part` is of `whole`, with the share in its middle. It says 100 % of nothing less.
pub fn ring(part: u64, whole: u64, class: &str, label: &str, out: &mut dyn Write) -> io::Result<()> {
    const RADIUS: f64 = 42.0;
    let round = TAU * RADIUS;
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let filled = round * share;
    let label = Text(label);
    write!(
        out,
        "<svg class=\"ring\" viewBox=\"0 0 100 100\" role=\"img\" aria-label=\"{label}\">\
         <circle class=\"track\" cx=\"50\" cy=\"50\" r=\"{RADIUS}\"/>\
         <circle class=\"{class}\" cx=\"50\" cy=\"50\" r=\"{RADIUS}\" stroke-dasharray=\"{filled:.1} {round:.1}\" \
         transform=\"rotate(-90 50 50)\"/><text x=\"50\" y=\"50\">{}</text></svg>",
        percent(part, whole)
    )
}

/// `98.6 %`, rounded down: what is nearly all is not all.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    match (u128::from(part) * 1_000 / u128::from(whole)) as u64 {
        1_000 => "100 %".to_owned(),
        mille => format!("{}.{} %", mille / 10, mille % 10),
    }
}

/// One square for each function, in rows from the riskiest on: where it leads, its colour, its name.
pub fn squares(all: &[(String, &str, String)], label: &str, out: &mut dyn Write) -> io::Result<()> {
    const SIDE: usize = 12;
    let across = (((all.len() * 2) as f64).sqrt().ceil() as usize).max(10);
    let (width, height) = (across * SIDE, all.len().div_ceil(across) * SIDE);
    let label = Text(label);
    // A picture, not a menu: the list beside it is what a keyboard goes through.
    write!(out, "<svg class=\"squares\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">")?;
    for (i, (link, class, title)) in all.iter().enumerate() {
        let (x, y, title) = (i % across * SIDE + 1, i / across * SIDE + 1, Text(title));
        write!(
            out,
            "<a href=\"#{link}\" tabindex=\"-1\"><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" \
             rx=\"2\"><title>{title}</title></rect></a>"
        )?;
    }
    out.write_all(b"</svg>")
}

/// One column of a picture over time: parts with their colours, from the bottom up, and what it is as a whole.
pub struct Column<'a> {
    pub parts: Vec<(&'a str, u64)>,
    pub title: String,
}

/// Columns side by side, `most` of which would reach the top.
pub fn columns(all: &[Column<'_>], most: u64, label: &str, out: &mut dyn Write) -> io::Result<()> {
    /// Columns below which they do not grow wider.
    const FEW: usize = 14;
    let (width, label) = (all.len().max(FEW) * 10, Text(label));
    write!(
        out,
        "<svg class=\"columns\" viewBox=\"0 0 {width} {FULL}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{label}\">"
    )?;
    for (at, column) in all.iter().enumerate() {
        let amounts: Vec<u64> = column.parts.iter().map(|(_, amount)| *amount).collect();
        let (x, mut top) = (at * 10 + 1, FULL);
        for ((class, _), height) in column.parts.iter().zip(widths(&amounts, most)) {
            if height > 0 {
                top -= height;
                write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"8\" height=\"{height}\"/>")?;
            }
        }
        let title = Text(&column.title);
        let x = at * 10;
        write!(out, "<rect class=\"over\" x=\"{x}\" width=\"10\" height=\"{FULL}\"><title>{title}</title></rect>")?;
    }
    out.write_all(b"</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_there_is_seen_and_nothing_is_more_than_full() {
        assert_eq!(widths(&[1, 1], 2), [500, 500]);
        assert_eq!(widths(&[0, 0], 0), [0, 0]);
        assert_eq!(widths(&[1, 1_000_000], 0), [VISIBLE, FULL - VISIBLE]);
        assert_eq!(widths(&[3], 10), [300]);
    }

    proptest! {
        #[test]
        fn bars_never_overflow(amounts in prop::collection::vec(0..1_u64 << 50, 0..20), whole in any::<u64>()) {
            let widths = widths(&amounts, whole);
            prop_assert!(widths.iter().sum::<u64>() <= FULL);
            prop_assert!(widths.iter().zip(&amounts).all(|(width, amount)| (*width > 0) == (*amount > 0)));
        }
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(1, 1), "100 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(0, 7), "0.0 %");
        assert_eq!(percent(0, 0), "–");
    }
}
