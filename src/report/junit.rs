//! JUnit's XML, as CI servers show test results: a suite per target, a case per finding and gap
//! (<https://github.com/testmoapp/junitxml> describes what they have in common).
//!
//! What violates the policy is a failure, what blocks the verdict an error, what is waived or accepted is skipped, and
//! all else passes with its description as output: the server is as red as the exit code says.

use std::io::{self, Write};

use super::escape::escape;
use super::facts::{self, Known, gap_line};
use super::markup::xml;
use super::{Part, Reporter, Style, place};
use crate::model::Grade;
use crate::policy::{Judged, JudgedGap, Target, Verdict, Waived};
use crate::report::words::list;

/// The reporter.
pub struct Junit;

/// Places that one case lists before it counts the others.
const PLACES: usize = 100;

impl Reporter for Junit {
    fn id(&self) -> &'static str {
        "junit"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let suites = verdict.targets.iter().map(|target| (target.scan.name.as_str(), cases(target)));
        let suites: Vec<(&str, Vec<Case>)> = suites.chain(waivers(verdict)).collect();
        let seconds = verdict.run.as_ref().map_or(0.0, |run| run.seconds);
        let count = |of: fn(&Outcome) -> bool| {
            suites.iter().flat_map(|(_, cases)| cases).filter(|case| of(&case.outcome)).count()
        };
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">",
            facts::TOOL,
            count(|_| true),
            count(|outcome| matches!(outcome, Outcome::Failure)),
            count(|outcome| matches!(outcome, Outcome::Error)),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        )?;
        let moment = facts::moment(verdict).format("%Y-%m-%dT%H:%M:%S").to_string();
        suites.iter().try_for_each(|(name, cases)| suite(out, name, cases, &moment))?;
        writeln!(out, "</testsuites>")
    }
}

/// One test case.
struct Case {
    class: String,
    name: String,
    text: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Failure,
    Error,
    /// With the reason.
    Skipped(String),
}

fn cases(target: &Target) -> Vec<Case> {
    let known = Known::of(&target.scan.packages);
    let mut cases = vec![coverage(target)];
    cases.extend(target.findings.iter().map(|judged| finding(target, judged, &known)));
    cases.extend(target.gaps.iter().map(|judged| gap(target, judged)));
    cases
}

/// Waivers that somebody should look at, in a suite of their own: they are of no target, and fail nothing.
fn waivers(verdict: &Verdict) -> Option<(&'static str, Vec<Case>)> {
    let case = |line: String| Case {
        class: "waivers".to_owned(),
        name: line.clone(),
        text: escape(&line).into_owned(),
        outcome: Outcome::Passed,
    };
    let cases: Vec<Case> = facts::idle_waivers(verdict).map(case).collect();
    (!cases.is_empty()).then_some(("waivers", cases))
}

/// A suite is never empty: some servers take one for a broken upload.
fn coverage(target: &Target) -> Case {
    let (grade, tally) = (target.scan.coverage.grade, target.scan.coverage.tally);
    Case {
        class: format!("{}.coverage", target.scan.name),
        name: format!("coverage is {}", grade.word()),
        text: format!("{} of {} entries were read.", tally.read, tally.seen),
        // Below what is required though no gap blocks: without this case the suite would be green.
        outcome: match target.incomplete && (grade == Grade::Blind || !target.gaps.iter().any(JudgedGap::blocks)) {
            true => Outcome::Error,
            false => Outcome::Passed,
        },
    }
}

fn finding(target: &Target, judged: &Judged, known: &Known<'_>) -> Case {
    let finding = &judged.finding;
    let mut lines = vec![format!("{} {}: {}", finding.severity.word(), finding.id, known.headline(finding))];
    if !finding.aliases.is_empty() {
        lines.push(format!("also known as: {}", list(finding.aliases.iter().cloned())));
    }
    lines.extend(finding.redacted.as_ref().map(|shape| format!("shape: {shape}")));
    if !finding.fixed.is_empty() {
        lines.push(format!("fixed in: {}", list(finding.fixed.iter().cloned())));
    }
    let artifacts = &target.scan.artifacts;
    // A name may hold a line break, and a line of ours must not be forged.
    let at = |one| format!("at: {}", escape(&place::exact(one, artifacts)));
    lines.extend(finding.locations.iter().take(PLACES).map(at));
    if finding.locations.len() > PLACES {
        lines.push(format!("and at {} more places", finding.locations.len() - PLACES));
    }
    lines.push(finding.remediation.clone());
    lines.push(format!("fingerprint: {}", finding.fingerprint));
    Case {
        class: format!("{}.{}", target.scan.name, finding.kind.word()),
        name: format!("{} {}", finding.id, known.headline(finding)),
        text: lines.join("\n"),
        outcome: match &judged.waived {
            Some(waived) => skipped("waived", waived),
            None if judged.violates => Outcome::Failure,
            None => Outcome::Passed,
        },
    }
}

fn gap(target: &Target, judged: &JudgedGap) -> Case {
    let gap = &judged.gap;
    Case {
        class: format!("{}.gap", target.scan.name),
        name: format!("{} {}", gap.kind.word(), place::display(&gap.location, &target.scan.artifacts)),
        text: gap_line(gap, &target.scan.artifacts),
        outcome: match &judged.accepted {
            Some(accepted) => skipped("accepted", accepted),
            None if judged.blocks() => Outcome::Error,
            None => Outcome::Passed,
        },
    }
}

fn skipped(word: &str, waived: &Waived) -> Outcome {
    Outcome::Skipped(format!("{word} by {}", facts::waiver(waived)))
}

fn suite(out: &mut dyn Write, name: &str, cases: &[Case], moment: &str) -> io::Result<()> {
    let count = |of: fn(&Outcome) -> bool| cases.iter().filter(|case| of(&case.outcome)).count();
    writeln!(
        out,
        "  <testsuite name=\"{}\" timestamp=\"{moment}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        xml(name),
        cases.len(),
        count(|outcome| matches!(outcome, Outcome::Failure)),
        count(|outcome| matches!(outcome, Outcome::Error)),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    )?;
    for case in cases {
        writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", xml(&case.class), xml(&case.name))?;
        // Lines are of our making, and each of them is escaped.
        let text = case.text.split('\n').map(xml).collect::<Vec<_>>().join("\n");
        let message = text.lines().next().unwrap_or_default();
        match &case.outcome {
            Outcome::Passed => writeln!(out, "      <system-out>{text}</system-out>")?,
            Outcome::Failure => writeln!(out, "      <failure message=\"{message}\">{text}</failure>")?,
            Outcome::Error => writeln!(out, "      <error message=\"{message}\">{text}</error>")?,
            Outcome::Skipped(reason) => {
                writeln!(out, "      <skipped message=\"{}\"/>", xml(reason))?;
                writeln!(out, "      <system-out>{text}</system-out>")?;
            }
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}
