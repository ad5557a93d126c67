//! Instructions that a run of the release program executes: what it costs, counted so that neither a busy machine nor
//! its clock can move the figure.
//!
//! Valgrind (<https://valgrind.org/docs/manual/cl-manual.html>) shows every x86-64 processor with AVX2 as the same one,
//! so that code which chooses its instructions at run time chooses the same. One thread, no cache of the machine's own
//! and a fixed date do the rest. Compilers and C libraries still differ by some percent.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use super::{Cli, need, tool};

/// Ages of advisories count from here.
const EPOCH: &str = "1790000000";

const NONE: &str = "TIDEWAITER_RELEASE names no release program";

/// The release program, for a measurement that somebody asked for.
pub fn named() -> String {
    std::env::var("TIDEWAITER_RELEASE").expect(NONE)
}

/// The release program that `tests/run` built; without it, or without Valgrind, the test is skipped.
pub fn release() -> Option<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        tool::skip("instructions are counted on Linux on x86-64");
        return None;
    }
    let program = std::env::var("TIDEWAITER_RELEASE").ok();
    if program.is_none() {
        tool::skip(NONE);
    }
    program.filter(|_| need("valgrind"))
}

/// The instructions of one run. The program must do what it was asked to: any exit code but 2.
pub fn count<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new("valgrind");
    Cli::scrub(&mut command)
        .env("SOURCE_DATE_EPOCH", EPOCH)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", log.display()))
        .arg(program)
        .args(arguments);
    let output = command.stdout(Stdio::null()).output().expect("valgrind starts");
    let told = fs::read_to_string(&log).unwrap_or_default();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{:?}: {why}{told}", output.status);
    let line = told.lines().find_map(|line| line.split_once("Collected :")).expect("callgrind tells a total");
    line.1.trim().parse().expect("a number")
}

/// The instructions of a scan of `target` in one thread.
pub fn scan(program: &str, target: &OsStr, more: &[&OsStr]) -> u64 {
    let fixed = ["scan", "--format", "json", "--reproducible", "--threads", "1"].map(OsStr::new);
    count(program, fixed.iter().chain([&target]).chain(more))
}
