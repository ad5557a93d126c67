//! Runs the real program in a scrubbed environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs of the program. Nothing of the machine's own cache, policy or colours reaches them.
pub struct Cli;

/// What a run gave.
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Cli {
    /// The program under test.
    pub fn program() -> &'static str {
        env!("CARGO_BIN_EXE_tidewaiter")
    }

    /// The arguments of the README's example.
    pub fn example() -> Vec<OsString> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/example");
        let file = |name: &str| fixtures.join(name).into_os_string();
        vec![
            "scan".into(),
            file("function.zip"),
            "--layer".into(),
            file("layer.zip"),
            "--env-file".into(),
            file("environment.json"),
        ]
    }

    /// Takes the machine's environment away. The folder it runs in holds no policy file.
    pub fn scrub(command: &mut Command) -> &mut Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", "/nonexistent")
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
    }

    /// Runs the program.
    pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
        let mut command = Command::new(Cli::program());
        let output = Cli::scrub(&mut command).args(arguments).output().expect("the program starts");
        Run::of(output)
    }

    /// Runs the program as if it were another day, in seconds since 1970.
    pub fn run_at<A: AsRef<OsStr>>(epoch: u64, arguments: impl IntoIterator<Item = A>) -> Run {
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).env("SOURCE_DATE_EPOCH", epoch.to_string()).args(arguments);
        Run::of(command.output().expect("the program starts"))
    }

    /// Runs the program with bytes on its standard input.
    pub fn run_with_input<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, input: &[u8]) -> Run {
        use std::io::Write;
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the writer ends");
        Run::of(output)
    }

    /// Scans one target with the seed accepted and reads the JSON.
    pub fn scan(target: &Path, more: &[&str]) -> (Run, Value) {
        let mut arguments: Vec<OsString> = vec!["scan".into(), target.into()];
        arguments.extend(["--format", "json", "--allow-seed"].map(Into::into));
        arguments.extend(more.iter().map(Into::into));
        let run = Cli::run(arguments);
        let json = run.json();
        (run, json)
    }
}

impl Run {
    fn of(output: std::process::Output) -> Run {
        Run {
            code: output.status.code().expect("no signal ended the program"),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}; exit {}; standard error: {}", self.code, self.stderr))
    }
}

/// Writes bytes into a folder and returns the path.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("the folder can be made");
    }
    std::fs::write(&path, bytes).expect("the file can be written");
    path
}
