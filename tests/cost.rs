//! What the program costs, in instructions, against what it cost when `tests/cost/recorded.txt` was written: so that no
//! change loses the speed unseen.
//!
//! `TIDEWAITER_BLESS=1 tests/run cost::` records anew, which a change that makes something dearer has to explain.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::support::synthetic::{Synthetic, node_archive, python_archive};
use crate::support::{Zip, instructions, write};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cost/recorded.txt");
/// How much dearer a case may be, in percent. The same program gives the same figure to the last digits; what is left is
/// the compiler: between two of its releases a figure moves by one or two percent.
const TOLERANCE: u64 = 5;

/// Each case by its name, and its instructions.
fn measure(program: &str) -> BTreeMap<&'static str, u64> {
    let folder = tempfile::tempdir().unwrap();
    let scan = |name: &str, zip: Zip| {
        let target = write(folder.path(), name, &zip.build());
        instructions::scan(program, target.as_os_str(), &[])
    };
    let script = Synthetic::new(1).script(10 << 10);
    let binary = Synthetic::new(4).program(2 << 20);
    BTreeMap::from([
        ("help", instructions::count(program, ["--help"])),
        ("function of 10 KB", scan("small.zip", Zip::new().file("index.js", script))),
        ("Node packages, 3 MB", scan("node.zip", node_archive(2, 30))),
        ("Python distributions, 3 MB", scan("python.zip", python_archive(3, 30))),
        ("program, 2.5 MB", scan("program.zip", Zip::new().file("bootstrap", binary))),
    ])
}

/// The figures and what made them.
fn written(figures: &BTreeMap<&str, u64>) -> String {
    let told = |tool: &str| {
        let output = Command::new(tool).arg("--version").output().expect("a tool that tells its version");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let mut text = format!("# Instructions by case, release profile. {}, {}.\n", told("rustc"), told("valgrind"));
    for (name, count) in figures {
        let _ = writeln!(text, "{count:>12}  {name}");
    }
    text
}

#[test]
fn no_case_costs_more_than_was_recorded() {
    let Some(program) = instructions::release() else { return };
    let figures = measure(&program);
    if std::env::var_os("TIDEWAITER_BLESS").is_some() {
        fs::write(RECORDED, written(&figures)).unwrap();
        return;
    }
    let recorded = fs::read_to_string(RECORDED).unwrap();
    let before: BTreeMap<&str, u64> = recorded
        .lines()
        .filter_map(|line| line.trim_start().split_once("  "))
        .filter_map(|(count, name)| Some((name, count.parse().ok()?)))
        .collect();
    assert!(before.keys().eq(figures.keys()), "the cases are not those of {RECORDED}: {before:?}");
    let dearer = figures.iter().any(|(name, now)| now * 100 > before[name] * (100 + TOLERANCE));
    assert!(
        !dearer,
        "a case costs over {TOLERANCE} % more than was recorded. If it must, record it with TIDEWAITER_BLESS=1 tests/run \
         cost:: and say why.\nrecorded:\n{recorded}now:\n{}",
        written(&figures)
    );
}
