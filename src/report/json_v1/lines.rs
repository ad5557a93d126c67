//! The same contract as newline-delimited JSON: one object a line, each with its `type`, for programs that read as a
//! stream. What hangs below a target, and what came and went since the last sweep, stands on lines of its own, with the
//! target's id.

use std::io::{self, Write};
use std::mem::{replace, take};

use serde::Serialize;

use super::{Report, TargetV1, Targets, build};
use crate::policy::Verdict;
use crate::report::{Reporter, Style, json_text};

/// The reporter.
pub struct Ndjson;

impl Reporter for Ndjson {
    fn id(&self) -> &'static str {
        "ndjson"
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut report = Report::of(verdict);
        let Targets(targets) = replace(&mut report.targets, Targets(&[]));
        let changes = report.sweep.as_mut().map(|sweep| &mut sweep.changes.findings);
        let (new, fixed) =
            changes.map(|changes| (take(&mut changes.new), take(&mut changes.fixed))).unwrap_or_default();
        line(out, "report", None, &report)?;
        new.iter().try_for_each(|one| line(out, "new", None, one))?;
        fixed.iter().try_for_each(|one| line(out, "fixed", None, one))?;
        targets.iter().try_for_each(|target| lines(out, build::target(target)))
    }
}

/// A target, with its lists taken out.
fn lines(out: &mut dyn Write, mut target: TargetV1<'_>) -> io::Result<()> {
    let (packages, findings) = (take(&mut target.packages), take(&mut target.findings));
    let (gaps, hooks) = (take(&mut target.coverage.gaps), take(&mut target.hooks));
    let upgrades = take(&mut target.upgrades);
    let id = Some(target.id);
    line(out, "target", None, &target)?;
    packages.iter().try_for_each(|one| line(out, "package", id, one))?;
    findings.iter().try_for_each(|one| line(out, "finding", id, one))?;
    gaps.iter().try_for_each(|one| line(out, "gap", id, one))?;
    hooks.iter().try_for_each(|one| line(out, "hook", id, one))?;
    upgrades.iter().try_for_each(|one| line(out, "upgrade", id, one))
}

#[derive(Serialize)]
struct Line<'a, T> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(flatten)]
    content: &'a T,
}

fn line<T: Serialize>(out: &mut dyn Write, r#type: &'static str, target: Option<&str>, content: &T) -> io::Result<()> {
    json_text::write_line(out, &Line { r#type, target, content })
}
