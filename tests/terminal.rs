//! What a terminal is shown, and what a pipe: the same words, with colours only where somebody sees them.

use std::path::Path;
use std::process::{Command, Stdio};

use tidewaiter::model::{DatabaseOrigin, Epss, FindingKind, Kev};
use tidewaiter::policy::{Verdict, WaiverNote, judge};
use tidewaiter::report::{Style, by_id};
use unicode_width::UnicodeWidthStr;

use crate::support::verdict::{clean, database, full, full_scan, settings};
use crate::support::{Cli, need, write};

fn rendered(format: &str, width: usize, unicode: bool) -> String {
    let mut out = Vec::new();
    let style = Style { color: false, width, unicode };
    by_id(format).unwrap().write(&full(), &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The report of a saved result with these variables, in a pipe.
fn piped(result: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).envs(variables.iter().copied()).arg("report").arg(result);
    let output = command.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The same on a terminal of 80 columns.
fn on_terminal(result: &Path, variables: &[(&str, &str)]) -> String {
    let line = format!("stty cols 80 rows 25; exec '{}' report '{}'", Cli::program(), result.display());
    let mut command = Command::new("script");
    Cli::scrub(&mut command).envs(variables.iter().copied()).args(["-qec", &line, "/dev/null"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').expect("only colours").1)
}

#[test]
fn a_pipe_gets_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let result = write(folder.path(), "result.json", rendered("json", 80, true).as_bytes());
    assert_eq!(piped(&result, &[]), rendered("table", 100, true));
    assert_eq!(piped(&result, &[("COLUMNS", "80"), ("TERM", "xterm")]), rendered("table", 80, true));
    assert_eq!(piped(&result, &[("COLUMNS", "80"), ("LC_ALL", "C")]), rendered("table", 80, false));
    assert_eq!(piped(&result, &[("COLUMNS", "1")]), rendered("table", 60, true), "no narrower than a table can be");
}

#[test]
fn a_terminal_gets_colours_unless_it_is_dumb_or_told_not_to() {
    if !need("script") || !need("stty") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let result = write(folder.path(), "result.json", rendered("json", 80, true).as_bytes());
    let plain = rendered("table", 80, true);
    assert!(plain.lines().all(|line| line.width() <= 80));
    let coloured = on_terminal(&result, &[("TERM", "xterm-256color")]);
    assert!(coloured.contains("\x1b["));
    assert_eq!(without_colours(&coloured), plain);
    assert_eq!(on_terminal(&result, &[("TERM", "dumb")]), plain);
    assert_eq!(on_terminal(&result, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), plain);
}

/// Titles that differ at their ends only, long ids, everything that can stand in a row: at no width is any of it cut.
#[test]
fn a_narrow_terminal_loses_nothing() {
    let mut scan = full_scan();
    scan.artifacts[0].path = format!("build/{}.zip", "a-function-of-some-length-".repeat(3));
    let long = |end: &str| format!("An HTTP client that follows what a server says to wherever that leads {end}");
    for (at, finding) in scan.findings.iter_mut().enumerate() {
        finding.title = long(&format!("end-of-{at}"));
        finding.id = format!("{}-OF-A-SOURCE-WITH-LONG-ONES-2026-{at:04}", finding.kind.word().to_uppercase());
        finding.aliases = vec![format!("CVE-2026-{at:04}")];
        finding.exploitation.kev = Some(Kev { added: None, due: None, ransomware: false });
        finding.exploitation.epss = Some(Epss { score: 0.125, percentile: 0.5 });
    }
    scan.hooks.iter_mut().enumerate().for_each(|(at, hook)| hook.what = long(&format!("hook-{at}")));
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), settings(), None);
    for width in [60, 80, 100, 120] {
        let mut out = Vec::new();
        let style = Style { color: false, width, unicode: true };
        by_id("table").unwrap().write(&verdict, &style, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.width() <= width), "{width}: {text}");
        assert!(!text.contains('…'), "{width}: {text}");
        let target = &verdict.targets[0];
        for finding in target.findings.iter().map(|judged| &judged.finding) {
            assert!(text.contains(finding.title.rsplit(' ').next().unwrap()), "{width}, {}: {text}", finding.title);
            if finding.purl.is_some() && finding.kind != FindingKind::Secret && finding.kind != FindingKind::Integrity {
                assert!(text.contains(&finding.id) && text.contains(&finding.aliases[0]), "{width}: {text}");
            }
        }
        assert!(target.scan.hooks.iter().all(|hook| text.contains(hook.what.rsplit(' ').next().unwrap())), "{text}");
        assert!(text.contains("known exploited") && text.contains("EPSS 12.5 %") && text.contains("fix 4.17.19"));
    }
}

#[test]
fn nothing_found_is_one_short_block() {
    let mut out = Vec::new();
    let style = Style { color: false, width: 80, unicode: true };
    by_id("table").unwrap().write(&clean(), &style, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().count() <= 10, "{text}");
    let note = WaiverNote { file: "tidewaiter.toml".to_owned(), line: 7, text: "GHSA-1 expired".to_owned() };
    let mut told = Vec::new();
    let verdict = Verdict { waivers_expired: vec![note], ..clean() };
    by_id("table").unwrap().write(&verdict, &style, &mut told).unwrap();
    assert!(String::from_utf8(told).unwrap().contains("tidewaiter.toml:7"), "a waiver to look at is not left out");
    for words in ["no findings", "1,204 of 1,204 entries", "coverage complete", "1,155 advisories", "secrets", "OK:"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
