//! No run opens a network connection unless asked: proven by tracing the system calls of real runs.

use std::process::Command;

use crate::support::{Cli, need};

#[test]
fn a_scan_makes_no_network_call() {
    if !need("strace") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trace = folder.path().join("trace");
    let example = Cli::example();
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=socket,connect,sendto,bind,execve", "-o"]).arg(&trace).arg(Cli::program());
    let output = Cli::scrub(&mut command).args(example).output().expect("strace runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = std::fs::read_to_string(&trace).expect("the trace is there");
    assert!(calls.contains("execve("), "the trace holds the run: {calls}");
    let network: Vec<&str> = calls
        .lines()
        .filter(|line| ["socket(", "connect(", "sendto(", "bind("].iter().any(|c| line.contains(c)))
        .collect();
    assert!(network.is_empty(), "{network:?}");
}
