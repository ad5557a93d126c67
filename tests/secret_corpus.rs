//! The published corpus of `tests/bench/secrets`: what share of its planted secrets a scan finds, and how little else.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::tool::run;
use crate::support::{Cli, need, write};

const BENCH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/secrets");

/// Writes the corpus of a seed into a folder and returns its truth.
pub fn generate(folder: &Path, seed: u32) -> Value {
    let script = format!("{BENCH}/generate.py");
    let values = folder.join("values.json");
    let (folder_name, values) = (folder.to_str().unwrap(), values.to_str().unwrap());
    run("python3", folder, &["-B", &script, folder_name, "--seed", &seed.to_string(), "--values", values]);
    serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap()
}

/// Scores a tool on the corpus in a folder.
fn score(folder: &Path, tool: &str, program: &[&str]) -> Value {
    let mut command = Command::new("python3");
    Cli::scrub(&mut command).args(["-B", &format!("{BENCH}/score.py")]).arg(folder);
    let output = command.args(["--tool", tool, "--json", "--"]).args(program).output().expect("python3 starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_scan_finds_what_is_planted_and_little_else() {
    if !need("python3") {
        return;
    }
    for seed in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), seed);
        let score = score(folder.path(), "tidewaiter", &[Cli::program()]);
        let at_least = |figure: &str, floor: f64| {
            assert!(score[figure].as_f64().unwrap() >= floor, "seed {seed}: {figure} is below {floor}: {score:#}");
        };
        at_least("recall_vendor", 0.96);
        at_least("recall_generic", 0.85);
        at_least("precision", 0.97);
        for group in ["JWT", "private key", "connection URL"] {
            let figures = &score["groups"][group];
            assert_eq!(figures[0], figures[1], "seed {seed}: of {group} every one is found");
        }
    }
}

#[test]
fn the_corpus_is_as_large_as_it_says_and_its_truth_is_true() {
    if !need("python3") {
        return;
    }
    let (one, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let truth = generate(one.path(), 1);
    assert_eq!(truth, generate(again.path(), 1), "a seed decides every byte");
    assert_ne!(truth["secrets"], generate(again.path(), 2)["secrets"]);
    let list = |key: &str| truth[key].as_array().unwrap().clone();
    let types: std::collections::BTreeSet<_> = list("secrets").iter().map(|s| s["type"].to_string()).collect();
    assert!(truth["files"].as_u64() >= Some(100) && list("secrets").len() >= 330 && types.len() >= 250);
    assert!(list("negatives").len() >= 625);

    let mut checked = 0;
    for spot in list("secrets").iter().filter(|spot| spot["group"] == "private key" || spot["group"] == "JWT") {
        let file = std::fs::read(one.path().join("tree").join(spot["file"].as_str().unwrap())).unwrap();
        let number = |key: &str| usize::try_from(spot[key].as_u64().unwrap()).unwrap();
        let planted = &file[number("offset")..number("offset") + number("length")];
        assert_eq!(spot["sha256"], format!("{:x}", Sha256::digest(planted)), "{spot}");
        let line = 1 + file[..number("offset")].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(spot["line"].as_u64(), Some(line as u64), "{spot}");
        checked += 1;
    }
    assert!(checked >= 15);
}

/// A tool that reports every second secret, and four other lines of which two are one spot and one a negative.
#[test]
fn the_scorer_counts_right() {
    if !need("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let truth = generate(folder.path(), 1);
    let secrets: Vec<&Value> = truth["secrets"].as_array().unwrap().iter().filter(|s| !s["line"].is_null()).collect();
    let place = |spot: &Value| format!("{}:{}:x\n", spot["file"].as_str().unwrap(), spot["last_line"]);
    let mut report: String = secrets.iter().step_by(2).map(|secret| place(secret)).collect();
    report += &place(&truth["negatives"][0]);
    report += "src/api.js:1:x\nsrc/api.js:1:y\nno/such/file:3:x\n";
    let report = write(folder.path(), "report.txt", report.as_bytes());
    let score = score(folder.path(), "ripsecrets", &["cat", report.to_str().unwrap()]);
    let planted = truth["secrets"].as_array().unwrap().len() as f64;
    let found = secrets.len().div_ceil(2) as f64;
    assert_eq!(score["recall"], ((found / planted) * 1e4).round() / 1e4);
    assert_eq!(score["false_spots"], 3);
    assert_eq!(score["negatives_hit"], 1);
    assert_eq!(score["precision"], ((found / (found + 3.0)) * 1e4).round() / 1e4);
}
