//! What runs before the handler: what is unexpected first, then as much as fits.

use std::io;

use crate::model::Hook;
use crate::policy::Target;
use crate::report::place;

use super::canvas::{Canvas, Ink, Width, cell};
use crate::report::words::count;

/// Lines before the rest is counted: a tree of npm packages may have run hundreds of scripts when it was installed.
const SHOWN: usize = 8;

/// The section of hooks; nothing where there is none.
pub fn write(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    let hooks = &target.scan.hooks;
    if hooks.is_empty() {
        return Ok(());
    }
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, "Runs before the handler", Width::Auto)])?;
    let (expected, unexpected): (Vec<&Hook>, Vec<&Hook>) = hooks.iter().partition(|hook| hook.expected);
    for hook in unexpected.iter().chain(&expected).take(SHOWN) {
        let (ink, word) = if hook.expected { (Ink::Faint, "expected") } else { (Ink::Warning, "unexpected") };
        let what = cell(Ink::Plain, &hook.what, Width::Fill);
        canvas.row(4, vec![cell(ink, word, Width::Fixed(10)), what])?;
        canvas.paragraph(6, Ink::Faint, &place::display(&hook.location, &target.scan.artifacts), 3)?;
    }
    if hooks.len() > SHOWN {
        let rest = format!("and {} more; --format json lists all", count((hooks.len() - SHOWN) as u64));
        canvas.row(4, vec![cell(Ink::Faint, rest, Width::Auto)])?;
    }
    Ok(())
}
