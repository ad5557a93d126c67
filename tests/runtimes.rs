//! What the program says of a function's runtime.

use serde_json::Value;

use crate::support::{Cli, Zip};

/// 1 May 2027, the day after the end of nodejs22.x.
const DAY: u64 = 1_809_129_600;

fn scanned(runtime: &str, files: &[(&str, &str)]) -> (i32, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("function.zip");
    let zip = files.iter().fold(Zip::new(), |zip, (name, text)| zip.file(name, text.as_bytes()));
    std::fs::write(&path, zip.build()).expect("the archive is written");
    let target = path.to_str().expect("a plain path");
    let run = Cli::run_at(DAY, ["scan", target, "--format", "json", "--allow-seed", "--runtime", runtime]);
    (run.code, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {}", run.stderr)))
}

#[test]
fn a_runtime_past_its_end_is_a_finding() {
    let code = [("index.js", "exports.handler = async () => 1;\n")];
    for (runtime, exit, severity) in
        [("nodejs24.x", 0, None), ("nodejs22.x", 0, Some("medium")), ("nodejs18.x", 1, Some("high"))]
    {
        let (ended, json) = scanned(runtime, &code);
        let findings = json["targets"][0]["findings"].as_array().expect("a list");
        let found: Vec<&Value> = findings.iter().filter(|finding| finding["kind"] == "runtime").collect();
        assert_eq!(found.first().and_then(|finding| finding["severity"].as_str()), severity, "{runtime}");
        assert_eq!(ended, exit, "{runtime}");
        if let Some(finding) = found.first() {
            assert_eq!(finding["id"], "runtime-end-of-life");
            assert_eq!(finding["remediation"], "move to nodejs24.x");
        }
    }
    let explained = Cli::run(["explain", "runtime-end-of-life"]);
    assert_eq!(explained.code, 0);
    assert!(explained.stdout.contains("AWS Lambda runtimes as of 20"), "{}", explained.stdout);
}

#[test]
fn the_runtimes_own_packages_stand_in_where_the_function_brings_none() {
    let files = [("main.py", "import boto3\n"), ("requirements.txt", "boto3\nflask\n")];
    let evidence = |json: &Value| -> Vec<(String, String)> {
        let packages = json["targets"][0]["packages"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        packages.map(|package| (text(&package["name"]), text(&package["evidence"]))).collect()
    };
    let has = |list: &[(String, String)], name: &str, word: &str| list.iter().any(|(n, e)| n == name && e == word);

    let (_, json) = scanned("python3.13", &files);
    let packages = evidence(&json);
    assert!(has(&packages, "boto3", "runtime") && has(&packages, "botocore", "runtime"), "{packages:?}");
    assert!(has(&packages, "flask", "declared"), "the runtime has no flask: {packages:?}");
    let gaps = json["targets"][0]["coverage"]["gaps"].to_string();
    assert!(!gaps.contains("boto3 is declared") && gaps.contains("flask is declared"), "{gaps}");

    let (_, json) = scanned("provided.al2023", &files);
    assert!(has(&evidence(&json), "boto3", "declared"), "that runtime brings nothing");

    let own = [
        ("boto3/__init__.py", ""),
        ("boto3-1.34.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: boto3\nVersion: 1.34.0\n\n"),
    ];
    let packages = evidence(&scanned("python3.13", &own).1);
    assert!(has(&packages, "boto3", "installed") && !has(&packages, "boto3", "runtime"), "{packages:?}");
    assert!(has(&packages, "botocore", "runtime"), "{packages:?}");
}

#[test]
fn an_unknown_runtime_and_a_broken_date_are_said() {
    let (code, json) = scanned("cobol74", &[("index.js", "1\n")]);
    let gaps = json["targets"][0]["coverage"]["gaps"].as_array().expect("a list");
    let gap = gaps.iter().find(|gap| gap["kind"] == "runtime").expect("a note on the runtime");
    assert_eq!((code, gap["level"].as_str()), (0, Some("note")));

    let mut command = std::process::Command::new(Cli::program());
    let output = Cli::scrub(&mut command).env("SOURCE_DATE_EPOCH", "soon").args(["scan", "."]).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SOURCE_DATE_EPOCH is 'soon'"));
}
