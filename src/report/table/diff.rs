//! What came and went between two results, for people.

use std::io::{self, Write};

use crate::policy::{Diff, Exit, Judged, JudgedGap, PackageDiff, Target, TargetDiff};
use crate::report::{Style, place};

use super::canvas::{Canvas, Ink, Width, cell};
use super::findings::told;
use crate::report::words::{count, list, plural};

/// Lines of one kind before the rest is counted.
const SHOWN: usize = 50;

/// Writes the whole comparison.
///
/// # Errors
/// Those of `out`.
pub fn write_diff(diff: &Diff<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut canvas = Canvas::new(out, style);
    let (same, changed): (Vec<&TargetDiff<'_>>, _) = diff.targets.iter().partition(|target| target.is_same());
    for target in changed {
        write_target(&mut canvas, target)?;
        canvas.blank()?;
    }
    if !same.is_empty() {
        let text = format!("Unchanged: {}", plural(same.len() as u64, "target", "targets"));
        canvas.paragraph(0, Ink::Faint, &text, 2)?;
    }
    let (ink, text) = conclusion(diff);
    canvas.paragraph(0, ink, &text, 4)
}

fn conclusion(diff: &Diff<'_>) -> (Ink, String) {
    let came = || diff.targets.iter().flat_map(|target| &target.came);
    let violating = came().filter(|judged| judged.violates).count() as u64;
    match diff.exit {
        Exit::Violated => (
            Ink::Bad,
            format!("FAIL: {} the policy", plural(violating, "new finding violates", "new findings violate")),
        ),
        Exit::Incomplete => {
            let blocking =
                diff.targets.iter().flat_map(|t| &t.gaps_came).filter(|judged| judged.blocks()).count() as u64;
            let why = match blocking {
                0 => "coverage fell below what is required".to_owned(),
                some => plural(some, "new gap blocks the verdict", "new gaps block the verdict"),
            };
            (Ink::Warning, format!("INCOMPLETE: nothing new violates the policy, but {why}"))
        }
        _ => (Ink::Good, "OK: nothing new violates the policy".to_owned()),
    }
}

fn write_target(canvas: &mut Canvas<'_>, diff: &TargetDiff<'_>) -> io::Result<()> {
    let target = diff.target();
    let standing = match (diff.old, diff.new) {
        (None, _) => "new target",
        (_, None) => "gone",
        _ => "",
    };
    canvas.row(0, vec![cell(Ink::Strong, &target.scan.name, Width::Auto), cell(Ink::Faint, standing, Width::Auto)])?;
    canvas.rule()?;
    let arrow = canvas.arrow();
    let both = |word: &dyn Fn(&Target) -> String| {
        let mut words: Vec<String> = [diff.old, diff.new].into_iter().flatten().map(word).collect();
        words.dedup();
        words.join(&format!(" {arrow} "))
    };
    let risk = both(&|target| target.risk.score.to_string());
    let coverage = both(&|target| target.scan.coverage.grade.word().to_owned());
    canvas.row(2, vec![cell(Ink::Plain, format!("risk {risk}, coverage {coverage}"), Width::Auto)])?;
    findings(canvas, "New findings", "+", &diff.came)?;
    findings(canvas, "Findings that are gone", "-", &diff.went)?;
    if diff.stayed > 0 {
        let text = format!("and {} as before", plural(diff.stayed as u64, "finding", "findings"));
        canvas.row(2, vec![cell(Ink::Faint, text, Width::Auto)])?;
    }
    packages(canvas, &diff.packages)?;
    gaps(canvas, "New gaps", "+", &diff.gaps_came, diff.new)?;
    gaps(canvas, "Gaps that are gone", "-", &diff.gaps_went, diff.old)
}

fn findings(canvas: &mut Canvas<'_>, title: &str, sign: &str, all: &[&Judged]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    heading(canvas, title, all.len())?;
    for (at, judged) in all.iter().enumerate() {
        // What is new and violates is never cut.
        if at >= SHOWN && !(sign == "+" && judged.violates) {
            continue;
        }
        let finding = &judged.finding;
        let mark = if sign == "+" && judged.violates { canvas.cross() } else { sign };
        let (word, severity) = told(finding);
        let mut cells = vec![
            cell(Ink::Grade(severity), format!("{mark} {word}"), Width::Fixed(10)),
            cell(Ink::Plain, &finding.id, Width::Auto),
        ];
        cells.extend(finding.package.as_ref().map(|id| cell(Ink::Strong, place::package(id), Width::Auto)));
        cells.push(cell(Ink::Faint, &finding.title, Width::Fill));
        canvas.row(4, cells)?;
    }
    let shown = all.iter().enumerate().filter(|(at, j)| *at < SHOWN || (sign == "+" && j.violates)).count();
    rest(canvas, all.len() - shown)
}

fn packages(canvas: &mut Canvas<'_>, all: &[PackageDiff]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    heading(canvas, "Changed packages", all.len())?;
    let arrow = canvas.arrow();
    for package in all.iter().take(SHOWN) {
        let versions = |versions: &[String]| match versions {
            [] => "(no version)".to_owned(),
            versions => list(versions.to_vec()),
        };
        let (sign, text) = if package.is_added {
            ("+", versions(&package.new))
        } else if package.is_removed {
            ("-", versions(&package.old))
        } else {
            ("~", format!("{} {arrow} {}", versions(&package.old), versions(&package.new)))
        };
        let cells = vec![
            cell(Ink::Plain, sign, Width::Auto),
            cell(Ink::Plain, format!("{} {text}", package.name), Width::Auto),
            cell(Ink::Faint, package.ecosystem.name(), Width::Auto),
        ];
        canvas.row(4, cells)?;
    }
    rest(canvas, all.len().saturating_sub(SHOWN))
}

fn gaps(
    canvas: &mut Canvas<'_>,
    title: &str,
    sign: &str,
    all: &[&JudgedGap],
    target: Option<&Target>,
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    heading(canvas, title, all.len())?;
    let artifacts = target.map_or(&[][..], |target| target.scan.artifacts.as_slice());
    for judged in all.iter().take(SHOWN) {
        let ink = if judged.blocks() { Ink::Bad } else { Ink::Plain };
        let cells = vec![
            cell(ink, format!("{sign} {}", judged.gap.level.word()), Width::Fixed(10)),
            cell(Ink::Plain, judged.gap.kind.word(), Width::Fixed(11)),
            cell(Ink::Plain, place::display(&judged.gap.location, artifacts), Width::Fill),
        ];
        canvas.row(4, cells)?;
    }
    rest(canvas, all.len().saturating_sub(SHOWN))
}

fn heading(canvas: &mut Canvas<'_>, title: &str, number: usize) -> io::Result<()> {
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, format!("{title}: {}", count(number as u64)), Width::Auto)])
}

fn rest(canvas: &mut Canvas<'_>, hidden: usize) -> io::Result<()> {
    if hidden == 0 {
        return Ok(());
    }
    let text = format!("and {} more; --format json lists all", count(hidden as u64));
    canvas.row(4, vec![cell(Ink::Faint, text, Width::Auto)])
}
