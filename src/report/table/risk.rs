//! The risk score term by term, and the targets ranked by it.

use std::io;

use crate::policy::{Risk, Target};

use super::LABEL;
use super::canvas::{Canvas, Ink, Width, cell, columns};
use crate::report::words::{count, plural};

/// Targets that are ranked before the rest is counted.
const SHOWN: usize = 20;
/// The widest column of terms; a saved result may name others than this program knows.
const WIDEST: usize = 24;

/// The score with every term; nothing where it is 0.
pub fn write(canvas: &mut Canvas<'_>, risk: &Risk) -> io::Result<()> {
    if risk.terms.is_empty() {
        return Ok(());
    }
    canvas.labelled("risk", LABEL, ink(risk.score), &format!("{} of 100", risk.score))?;
    let widest = risk.terms.iter().map(|term| columns(&term.name)).max().unwrap_or(0).min(WIDEST);
    for term in &risk.terms {
        let points = format!("  {:>3}  {}", term.points, term.name);
        canvas.labelled(&points, 11 + widest, Ink::Plain, &term.because)?;
    }
    match &risk.lowers {
        Some(one) => {
            let text = format!("What lowers it most: {} ({})", one.what, one.effect());
            canvas.paragraph(6, Ink::Plain, &text, 3)
        }
        None => Ok(()),
    }
}

/// Several targets, the riskiest first, as the verdict has them.
pub fn rank(canvas: &mut Canvas<'_>, targets: &[Target]) -> io::Result<()> {
    if targets.len() < 2 {
        return Ok(());
    }
    canvas.row(0, vec![cell(Ink::Strong, "Targets by risk", Width::Auto)])?;
    for target in targets.iter().take(SHOWN) {
        let violating = target.findings.iter().filter(|judged| judged.violates).count() as u64;
        let mut facts = plural(target.findings.len() as u64, "finding", "findings");
        if violating > 0 {
            facts.push_str(&format!(", {} violating", count(violating)));
        }
        facts.push_str(&format!(", coverage {}", target.scan.coverage.grade.word()));
        let cells = vec![
            cell(ink(target.risk.score), format!("{:>3}", target.risk.score), Width::Auto),
            cell(Ink::Plain, &target.scan.name, Width::Fill),
            cell(Ink::Faint, facts, Width::Auto),
        ];
        canvas.row(2, cells)?;
    }
    if targets.len() > SHOWN {
        let rest = format!("and {} more", count((targets.len() - SHOWN) as u64));
        canvas.row(2, vec![cell(Ink::Faint, rest, Width::Auto)])?;
    }
    canvas.blank()
}

fn ink(score: u8) -> Ink {
    match score {
        80.. => Ink::Bad,
        40.. => Ink::Warning,
        _ => Ink::Plain,
    }
}
