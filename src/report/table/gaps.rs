//! What could not be seen: blocking gaps one by one, notes as counts with the first few.

use std::collections::BTreeMap;
use std::io;

use crate::model::{GapKind, Level};
use crate::policy::{JudgedGap, Target};
use crate::report::place;

use super::canvas::{Canvas, Cell, Ink, Width, cell};
use crate::report::words::count;

/// Gaps shown of one kind before the rest is counted. An archive of 100,000 encrypted entries says the same thing
/// 100,000 times.
const SHOWN: usize = 10;
/// Notes shown of one kind: they bar no verdict.
const NAMED: usize = 3;

/// The section of gaps; nothing where there is none.
pub fn write(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    if target.gaps.is_empty() {
        return Ok(());
    }
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, "Not seen", Width::Auto)])?;
    let mut kinds: BTreeMap<(Level, bool, GapKind), Vec<&JudgedGap>> = BTreeMap::new();
    for judged in &target.gaps {
        let key = (judged.gap.level, judged.accepted.is_some(), judged.gap.kind);
        kinds.entry(key).or_default().push(judged);
    }
    for ((level, accepted, kind), gaps) in kinds {
        match level {
            Level::Blocking => blocking(canvas, target, kind, accepted, &gaps)?,
            Level::Note => note(canvas, target, kind, &gaps)?,
        }
    }
    Ok(())
}

/// Blocking gaps of one kind, all accepted or none.
fn blocking(
    canvas: &mut Canvas<'_>,
    target: &Target,
    kind: GapKind,
    accepted: bool,
    gaps: &[&JudgedGap],
) -> io::Result<()> {
    let (mark, ink, word) =
        if accepted { (" ", Ink::Faint, "accepted") } else { (canvas.cross(), Ink::Bad, "blocking") };
    for judged in gaps.iter().take(SHOWN) {
        canvas.row(4, row(mark, ink, word, kind, &place::display(&judged.gap.location, &target.scan.artifacts)))?;
        canvas.paragraph(6, Ink::Faint, &judged.gap.detail, 4)?;
        if let Some(accepted) = &judged.accepted {
            canvas.paragraph(6, Ink::Faint, &format!("accepted by {}: {}", accepted.by, accepted.reason), 4)?;
        }
    }
    if gaps.len() > SHOWN {
        canvas.row(4, row(mark, ink, word, kind, &format!("and {} more", count((gaps.len() - SHOWN) as u64))))?;
    }
    Ok(())
}

/// Notes of one kind.
fn note(canvas: &mut Canvas<'_>, target: &Target, kind: GapKind, gaps: &[&JudgedGap]) -> io::Result<()> {
    canvas.row(4, row(" ", Ink::Plain, "note", kind, &count(gaps.len() as u64)))?;
    for judged in gaps.iter().take(NAMED) {
        let place = place::display(&judged.gap.location, &target.scan.artifacts);
        canvas.paragraph(6, Ink::Faint, &format!("{place}: {}", judged.gap.detail), 3)?;
    }
    if gaps.len() > NAMED {
        canvas.paragraph(6, Ink::Faint, &format!("and {} more", count((gaps.len() - NAMED) as u64)), 2)?;
    }
    Ok(())
}

fn row(mark: &str, ink: Ink, word: &str, kind: GapKind, what: &str) -> Vec<Cell> {
    vec![
        cell(ink, format!("{mark} {word}"), Width::Fixed(10)),
        cell(Ink::Plain, kind.word(), Width::Fixed(11)),
        cell(Ink::Plain, what, Width::Fill),
    ]
}
