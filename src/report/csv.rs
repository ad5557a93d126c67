//! CSV as RFC 4180 has it: a line per finding, per gap and per waiver that is unused or expired, for spreadsheets and databases.
//!
//! A spreadsheet runs a cell that begins like a formula, so such a cell gets an apostrophe in front, which shows it as
//! text (<https://owasp.org/www-community/attacks/CSV_Injection>).

use std::io::{self, Write};

use super::facts::{self, Known};
use super::{Part, Reporter, Style, place};
use crate::model::Location;
use crate::policy::{Judged, JudgedGap, Target, Verdict, WaiverNote};
use crate::report::escape::escape;

/// The reporter.
pub struct Csv;

/// Places that one cell lists before it counts the others: a cell of Excel holds 32,767 characters.
const PLACES: usize = 20;

const COLUMNS: [&str; 22] = [
    "target",
    "record",
    "kind",
    "id",
    "aliases",
    "severity",
    "state",
    "verdict",
    "reason",
    "package",
    "purl",
    "title",
    "fixed",
    "places",
    "confidence",
    "origin",
    "cvss",
    "epss",
    "kev",
    "redacted",
    "fingerprint",
    "remediation",
];

impl Reporter for Csv {
    fn id(&self) -> &'static str {
        "csv"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        line(out, COLUMNS.map(str::to_owned))?;
        for target in &verdict.targets {
            let known = Known::of(&target.scan.packages);
            target.findings.iter().try_for_each(|judged| line(out, finding(judged, target, &known)))?;
            target.gaps.iter().try_for_each(|judged| line(out, gap(judged, target)))?;
        }
        verdict.waivers_expired.iter().try_for_each(|note| line(out, waiver(note, "expired")))?;
        verdict.waivers_unused.iter().try_for_each(|note| line(out, waiver(note, "unused")))
    }
}

fn finding(judged: &Judged, target: &Target, known: &Known<'_>) -> [String; COLUMNS.len()] {
    let finding = &judged.finding;
    let (verdict, reason) = match &judged.waived {
        Some(waived) => ("waived", facts::waiver(waived)),
        None if judged.violates => ("violates", String::new()),
        None => ("tolerated", String::new()),
    };
    [
        target.scan.name.clone(),
        "finding".to_owned(),
        finding.kind.word().to_owned(),
        finding.id.clone(),
        finding.aliases.join(" "),
        finding.severity.word().to_owned(),
        judged.state.word().to_owned(),
        verdict.to_owned(),
        reason,
        known.subject(finding).unwrap_or_default(),
        finding.purl.clone().unwrap_or_default(),
        finding.title.clone(),
        finding.fixed.join(" "),
        places(&finding.locations, target),
        finding.confidence.word().to_owned(),
        finding.origin.word().to_owned(),
        finding.cvss.as_ref().map_or(String::new(), |cvss| format!("{:.1}", cvss.score)),
        finding.exploitation.epss.map_or(String::new(), |epss| epss.score.to_string()),
        if finding.exploitation.kev.is_some() { "yes" } else { "" }.to_owned(),
        finding.redacted.clone().unwrap_or_default(),
        finding.fingerprint.clone(),
        finding.remediation.clone(),
    ]
}

fn gap(judged: &JudgedGap, target: &Target) -> [String; COLUMNS.len()] {
    let gap = &judged.gap;
    let (verdict, reason) = match &judged.accepted {
        Some(accepted) => ("accepted", facts::waiver(accepted)),
        None if judged.blocks() => ("blocks", String::new()),
        None => ("tolerated", String::new()),
    };
    filled(&[
        ("target", target.scan.name.as_str()),
        ("record", "gap"),
        ("kind", gap.kind.word()),
        ("id", &gap.by),
        ("severity", gap.level.word()),
        ("verdict", verdict),
        ("reason", &reason),
        ("title", &gap.detail),
        ("places", &places(std::slice::from_ref(&gap.location), target)),
    ])
}

fn waiver(note: &WaiverNote, kind: &str) -> [String; COLUMNS.len()] {
    filled(&[
        ("record", "waiver"),
        ("kind", kind),
        ("title", &note.text),
        ("places", &format!("{}:{}", note.file, note.line)),
    ])
}

/// A line of which only some columns are known.
fn filled(known: &[(&str, &str)]) -> [String; COLUMNS.len()] {
    COLUMNS
        .map(|column| known.iter().find(|(name, _)| *name == column).map_or(String::new(), |(_, text)| (*text).into()))
}

fn places(locations: &[Location], target: &Target) -> String {
    let shown = locations.iter().take(PLACES).map(|location| place::exact(location, &target.scan.artifacts));
    let mut shown: Vec<String> = shown.collect();
    if locations.len() > PLACES {
        shown.push(format!("and {} more", locations.len() - PLACES));
    }
    shown.join("; ")
}

fn line(out: &mut dyn Write, cells: [String; COLUMNS.len()]) -> io::Result<()> {
    for (i, text) in cells.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(text).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// One cell: line breaks and other hidden characters visible, no formula, quoted where the format demands it.
fn cell(text: &str) -> String {
    // Full-width signs begin a formula, too, in spreadsheets of East Asia.
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = format!("{}{}", if formula { "'" } else { "" }, escape(text));
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_and_stay_one_cell() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            (" +1", "' +1"),
            ("-x,y", "\"'-x,y\""),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\u{9}=1"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(cell(raw), shown);
        }
    }
}
