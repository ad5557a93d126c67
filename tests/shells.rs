//! What shells and `man` are given, tried in the shells themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::tool::{need, run as tool};
use crate::support::{Cli, write};

/// Every command below the program, as `--help` lists them: `scan`, `db`, `db sync`, ...
fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(above) = open.pop() {
        let help = Cli::run(above.iter().map(String::as_str).chain(["--help"])).stdout;
        let Some((_, list)) = help.split_once("Commands:\n") else { continue };
        for line in list.lines().take_while(|line| !line.is_empty()) {
            let name = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')).and_then(|l| l.split(' ').next());
            if let Some(name) = name.filter(|name| *name != "help") {
                let command = [&above[..], &[name.to_owned()]].concat();
                open.push(command.clone());
                found.push(command);
            }
        }
    }
    assert!(found.iter().any(|command| command == &["db", "sync"]), "{found:?}");
    found
}

fn completions(shell: &str) -> String {
    let run = Cli::run(["completions", shell]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
    run.stdout
}

#[test]
fn every_shell_is_told_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = completions(shell);
        for word in commands().into_iter().flatten().chain(["--require-coverage".to_owned()]) {
            let bare = word.trim_start_matches("--");
            assert!(script.contains(bare), "{shell} does not know {word}");
        }
    }
    let run = Cli::run(["completions", "tcsh"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
}

#[test]
fn bash_completes() {
    if !need("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = write(folder.path(), "tidewaiter.bash", completions("bash").as_bytes());
    let asked = |words: &str| {
        let ask = format!(
            "set -eu; COMP_WORDBREAKS=' '; source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             COMPREPLY=(); _tidewaiter tidewaiter \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = tool("bash", folder.path(), &["-c", &ask]);
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(asked("tidewaiter sc"), ["scan"]);
    assert_eq!(asked("tidewaiter db sy"), ["sync"]);
    assert_eq!(asked("tidewaiter scan --require"), ["--require-coverage"]);
    assert_eq!(asked("tidewaiter scan --color al"), ["always"]);
    assert_eq!(asked("tidewaiter scan --format cyc"), ["cyclonedx", "cyclonedx-1.7"]);
    assert_eq!(asked("tidewaiter report --format sp"), ["spdx"]);
    assert_eq!(asked("tidewaiter scan --output gitlab-s"), ["gitlab-secrets="]);
}

#[test]
fn other_shells_can_read_their_script() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute")] {
        if need(shell) {
            let script = write(folder.path(), shell, completions(shell).as_bytes());
            let output = tool(shell, folder.path(), &[check, script.to_str().unwrap()]);
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    if need("fish") {
        let script = folder.path().join("fish");
        let ask = format!("source {}; complete --do-complete 'tidewaiter db sy'", script.display());
        let output = tool("fish", folder.path(), &["--no-config", "-c", &ask]);
        assert!(output.stdout.starts_with(b"sync\t"), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn each_command_has_a_manual_page_that_renders() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    let run = Cli::run(["man".as_ref(), "--dir".as_ref(), pages.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let page =
        |command: &[String]| pages.join(format!("{}.1", [&["tidewaiter".to_owned()], command].concat().join("-")));
    assert_eq!(fs::read_to_string(page(&[])).unwrap(), Cli::run(["man"]).stdout, "the program's own page");
    for command in commands() {
        let page = page(&command);
        let rendered = render(&page);
        assert!(rendered.is_none_or(|text| text.contains("SYNOPSIS") && text.contains(&command.join("-"))), "{page:?}");
    }
}

/// The page as text, if there is a program that can tell; it must have nothing against the page.
fn render(page: &Path) -> Option<String> {
    assert!(page.is_file(), "{page:?} is missing");
    if !need("mandoc") {
        return None;
    }
    // Of style it may say what it likes: the generator breaks no lines.
    let lint = Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(page).output().unwrap();
    assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
    let text = tool("mandoc", page.parent().unwrap(), &["-T", "utf8", page.to_str().unwrap()]).stdout;
    // Bold is a letter, a backspace and the letter again.
    let text = String::from_utf8(text).unwrap();
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '\u{8}' => _ = plain.pop(),
            _ => plain.push(c),
        }
    }
    Some(plain)
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "file", b"");
    let run = Cli::run(["man".as_ref(), "--dir".as_ref(), file.as_os_str()]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("manual pages"), "{}", run.stderr);
}
