//! The ecosystems' own tools, which live tests compare with. In CI none may be missing; elsewhere a skip is told.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Says that a test did not run, or fails in CI.
#[expect(clippy::disallowed_macros, reason = "a skipped test must be heard")]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI no live test may be skipped: {why}");
    eprintln!("SKIPPED: {why}; tests/run installs what live tests need");
}

/// Whether a tool is there.
pub fn need(tool: &str) -> bool {
    find(tool).is_some()
}

/// The program of that name on the search path; if it is missing, that is told.
pub fn find(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|program| program.is_file());
    if found.is_none() {
        skip(&format!("{tool} is missing"));
    }
    found
}

/// Runs a tool in a folder. It must succeed.
pub fn run(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Output {
    attempt(program, folder, arguments).unwrap_or_else(|why| panic!("{why}"))
}

/// Runs a tool that fetches from a registry, which may be out of reach: then the test is skipped.
pub fn fetch(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Option<Output> {
    attempt(program, folder, arguments).map_err(|why| skip(&why)).ok()
}

/// Runs pip; see [`fetch`].
pub fn pip(arguments: &[&str]) -> Option<Output> {
    let pip = ["-m", "pip", "--disable-pip-version-check", "--no-input"];
    fetch("python3", &std::env::temp_dir(), &[&pip, arguments].concat())
}

fn attempt(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Result<Output, String> {
    let program = program.as_ref();
    let output = Command::new(program).current_dir(folder).args(arguments).output().expect("a program that starts");
    if output.status.success() {
        return Ok(output);
    }
    let (said, why) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{program:?} {arguments:?}\n{said}{why}"))
}
