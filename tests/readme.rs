//! What the README claims, held against the program.

use std::path::Path;

use crate::support::{Cli, picture};

/// 22 November 2026: the example's runtime is out of support since some months, and says for how many days.
const DAY: u64 = 1_795_305_600;

/// The picture in the README is the output of its first command. `TIDEWAITER_BLESS=1` draws it anew.
#[test]
fn the_picture_is_the_examples_output() {
    let mut arguments = Cli::example();
    arguments.extend(["--color", "always", "--reproducible"].map(Into::into));
    let run = Cli::run_at(DAY, arguments);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let root = env!("CARGO_MANIFEST_DIR");
    let drawn = picture::svg(&run.stdout.replace(&format!("{root}/"), ""));
    let path = Path::new(root).join("docs/example.svg");
    if std::env::var_os("TIDEWAITER_BLESS").is_some() {
        std::fs::write(&path, &drawn).expect("the picture can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("docs/example.svg is there");
    assert!(kept == drawn, "docs/example.svg is not what the program prints; look at it with TIDEWAITER_BLESS=1");
}

#[test]
fn the_commands_are_those_of_the_ci() {
    let readme = include_str!("../README.md");
    let ci = include_str!("../.ci/run");
    assert!(readme.contains("tests/run") && ci.contains("tests/run"));
    for word in ["fixtures/example/function.zip", "fixtures/example/layer.zip", "fixtures/example/environment.json"] {
        assert!(readme.contains(word) && ci.contains(word), "{word}");
    }
}

#[test]
fn every_exit_code_is_in_the_table() {
    let readme = include_str!("../README.md");
    for code in 0..=3 {
        assert!(readme.contains(&format!("| `{code}` |")), "exit code {code}");
    }
}
