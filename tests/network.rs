//! No run opens a network connection unless asked: proven by tracing the system calls of real runs.

use std::ffi::OsString;
use std::process::Command;

use crate::support::osv::{Bucket, record};
use crate::support::{Cli, need};

#[test]
fn a_scan_makes_no_network_call() {
    if need("strace") {
        makes_no_network_call(Cli::example(), 1);
    }
}

#[test]
fn a_sync_from_a_folder_makes_no_network_call() {
    if !need("strace") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut bucket = Bucket::default();
    bucket.put("npm", &record("GHSA-a", "2024-01-01T00:00:00Z", "npm", "left-pad", "1.3.0"));
    bucket.write(folder.path());
    let cache = folder.path().join("cache");
    let sync = ["db".into(), "sync".into(), "--from".into(), folder.path().into(), "--cache".into(), cache.into()];
    makes_no_network_call(sync.into(), 0);
}

/// Traces one run, which ends with this exit code.
fn makes_no_network_call(arguments: Vec<OsString>, exit: i32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trace = folder.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=socket,connect,sendto,bind,execve", "-o"]).arg(&trace).arg(Cli::program());
    let output = Cli::scrub(&mut command).args(arguments).output().expect("strace runs");
    assert_eq!(output.status.code(), Some(exit), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = std::fs::read_to_string(&trace).expect("the trace is there");
    assert!(calls.contains("execve("), "the trace holds the run: {calls}");
    let network: Vec<&str> = calls
        .lines()
        .filter(|line| ["socket(", "connect(", "sendto(", "bind("].iter().any(|c| line.contains(c)))
        .collect();
    assert!(network.is_empty(), "{network:?}");
}
