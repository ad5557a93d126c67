//! What a target is called, and folders whose own name says what lies in them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Cli, Zip, write};

/// A function with an old lodash, or with nothing.
fn function(folder: &Path, name: &str, vulnerable: bool) -> String {
    fs::create_dir_all(folder.join(name)).unwrap();
    let zip = Zip::new().file("index.js", "exports.handler = () => 1\n");
    let zip = if vulnerable {
        zip.file("node_modules/lodash/package.json", r#"{"name": "lodash", "version": "4.17.15"}"#)
    } else {
        zip
    };
    write(&folder.join(name), "function.zip", &zip.build()).display().to_string()
}

fn names(json: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        json["targets"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn targets_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (function(folder.path(), "orders", true), function(folder.path(), "refunds", false));
    let baseline = folder.path().join("baseline.json").display().to_string();
    let scan = |option: &str| {
        Cli::run(["scan", &one, &two, "--allow-seed", "--format", "json", "--reproducible", option, &baseline])
    };
    let before = scan("--write-baseline");
    assert_eq!(names(&before.json()), ["orders/function.zip", "refunds/function.zip"]);
    assert_eq!(scan("--baseline").code, 0);
    // What the baseline forgives one of them it does not forgive the other.
    function(folder.path(), "refunds", true);
    let after = scan("--baseline");
    assert_eq!(after.code, 1, "{}", after.stderr);
    // A comparison of a result with itself finds nothing new.
    let saved = write(folder.path(), "saved.json", after.stdout.as_bytes()).display().to_string();
    let diff = Cli::run(["diff", &saved, &saved]);
    assert_eq!(diff.code, 0, "{}", diff.stdout);
    let twice = Cli::run(["scan", &one, &one, "--allow-seed", "--format", "json"]);
    assert_eq!(names(&twice.json()), ["function.zip (1)", "function.zip (2)"]);
}

#[test]
fn a_folder_whose_name_says_what_lies_in_it_may_be_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let lodash = folder.path().join("node_modules/lodash");
    fs::create_dir_all(&lodash).unwrap();
    write(&lodash, "package.json", br#"{"name": "lodash", "version": "4.17.15"}"#);
    let idna = folder.path().join("idna-2.7.dist-info");
    fs::create_dir_all(&idna).unwrap();
    write(&idna, "METADATA", b"Metadata-Version: 2.1\nName: idna\nVersion: 2.7\n");
    for (target, package) in [("node_modules", "pkg:npm/lodash@4.17.15"), ("idna-2.7.dist-info", "pkg:pypi/idna@2.7")] {
        let (_, json) = Cli::scan(&folder.path().join(target), &[]);
        let packages = json["targets"][0]["packages"].as_array().unwrap();
        assert!(packages.iter().any(|found| found["purl"] == package), "{target}: {packages:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let target = function(folder.path(), "orders", true);
    let nowhere = format!("json={}/nowhere/report.json", folder.path().display());
    let is_folder = format!("json={}", folder.path().display());
    for (output, told) in [(&nowhere, "there is no folder"), (&is_folder, "it is a folder")] {
        let run = Cli::run(["scan", &target, "--allow-seed", "--output", output]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(told) && run.stdout.is_empty(), "{}", run.stderr);
    }
}
