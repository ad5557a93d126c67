//! SBOMs as targets and inside artifacts: they add what they declare, and never remove or change what was
//! found. They are npm's own, and one that a real wheel ships.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::tool::pip;
use crate::support::{Cli, Zip, need, write};

/// Purl and evidence of all packages.
fn inventory(json: &Value) -> BTreeSet<(String, String)> {
    let text = |package: &Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = json["targets"][0]["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(package, "purl"), text(package, "evidence"))).collect()
}

fn rows(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter().map(|(purl, evidence)| ((*purl).to_owned(), (*evidence).to_owned())).collect()
}

const LOCK: &str = r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
    "":{"name":"app","version":"1.0.0","dependencies":{"@s/a":"1.0.0","lodash":"4.17.15"},"devDependencies":{"d":"2.0.0"}},
    "node_modules/@s/a":{"version":"1.0.0","dependencies":{"b":"3.0.0-rc.1"}},
    "node_modules/b":{"version":"3.0.0-rc.1"},
    "node_modules/lodash":{"version":"4.17.15"},
    "node_modules/d":{"version":"2.0.0","dev":true}}}"#;

/// The SBOM that npm makes of that lock file.
fn npm_sbom(folder: &Path, format: &str) -> Vec<u8> {
    write(folder, "package.json", br#"{"name":"app","version":"1.0.0","dependencies":{"@s/a":"1.0.0","lodash":"4.17.15"},"devDependencies":{"d":"2.0.0"}}"#);
    write(folder, "package-lock.json", LOCK.as_bytes());
    let mut command = Command::new("npm");
    let format = format!("--sbom-format={format}");
    let output = Cli::scrub(&mut command)
        .current_dir(folder)
        .env("HOME", folder)
        .args(["sbom", "--package-lock-only", "--offline", &format])
        .output()
        .expect("npm starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn an_sbom_alone_is_matched_and_gates() {
    if !need("npm") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let expected = rows(&[
        ("pkg:npm/%40s/a@1.0.0", "declared"),
        ("pkg:npm/b@3.0.0-rc.1", "declared"),
        ("pkg:npm/d@2.0.0", "declared"),
        ("pkg:npm/lodash@4.17.15", "declared"),
    ]);
    for format in ["cyclonedx", "spdx"] {
        let sbom = npm_sbom(folder.path(), format);
        let (run, json) = Cli::scan(&write(folder.path(), "what-we-run.json", &sbom), &[]);
        assert_eq!(inventory(&json), expected, "{format}");
        let target = &json["targets"][0];
        assert_eq!((target["kind"].as_str(), target["artifacts"][0]["role"].as_str()), (Some("sbom"), Some("sbom")));
        assert_eq!(target["coverage"]["grade"], "complete");
        assert_eq!(run.code, 1, "lodash 4.17.15 has known flaws");
        let piped = Cli::run_with_input(["scan", "-", "--format", "json", "--allow-seed"], &sbom);
        assert_eq!((piped.code, inventory(&piped.json())), (1, expected.clone()));
        assert_eq!(piped.json()["targets"][0]["kind"], "sbom");
    }
    let sbom = npm_sbom(folder.path(), "cyclonedx");
    let (_, json) = Cli::scan(&write(folder.path(), "any.json", &sbom), &[]);
    let package = |name: &str| {
        let mut packages = json["targets"][0]["packages"].as_array().unwrap().iter();
        packages.find(|package| package["name"] == name).unwrap().clone()
    };
    assert_eq!((&package("@s/a")["direct"], &package("b")["direct"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(package("@s/a")["requires"][0], "pkg:npm/b@3.0.0-rc.1");
}

#[test]
fn an_sbom_inside_adds_and_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let sbom = br#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
        {"purl":"pkg:npm/lodash@4.17.15"},{"purl":"pkg:npm/b@1.0.0"},{"purl":"pkg:deb/debian/zlib1g@1.2"}]}"#;
    let function = Zip::new()
        .file("index.js", b"require('lodash');\n")
        .file("node_modules/lodash/package.json", br#"{"name":"lodash","version":"4.18.0"}"#)
        .file("node_modules/b/package.json", br#"{"name":"b","version":"1.0.0"}"#)
        .file("sbom.json", sbom);
    let (run, json) = Cli::scan(&write(folder.path(), "function.zip", &function.build()), &[]);
    let expected = rows(&[
        ("pkg:npm/b@1.0.0", "installed"),
        ("pkg:npm/lodash@4.17.15", "declared"),
        ("pkg:npm/lodash@4.18.0", "installed"),
    ]);
    assert_eq!(inventory(&json), expected);
    let target = &json["targets"][0];
    assert_eq!(target["kind"], "artifact");
    let findings = target["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["purl"] == "pkg:npm/lodash@4.17.15"), "it is matched");
    assert_eq!(run.code, 0, "but what is installed is known better: {findings:?}");
    let notes = target["coverage"]["gaps"].as_array().unwrap();
    assert!(notes.iter().any(|gap| gap["by"] == "cyclonedx" && gap["level"] == "note"), "{notes:?}");

    // A package of the function's may list what its author's build needed.
    let shipped = Zip::new()
        .file("index.js", b"require('b');\n")
        .file("node_modules/b/package.json", br#"{"name":"b","version":"1.0.0"}"#)
        .file("node_modules/b/bom.json", sbom);
    let (run, json) = Cli::scan(&write(folder.path(), "shipped.zip", &shipped.build()), &[]);
    assert_eq!(run.code, 0);
    assert!(inventory(&json).contains(&("pkg:npm/lodash@4.17.15".to_owned(), "declared".to_owned())));
}

#[test]
fn the_sbom_of_a_wheel_tells_what_is_compiled_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let arguments = ["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", target, "orjson==3.13.0"];
    if pip(&arguments).is_none() {
        return;
    }
    let (_, json) = Cli::scan(folder.path(), &[]);
    let inventory = inventory(&json);
    assert!(inventory.contains(&("pkg:pypi/orjson@3.13.0".to_owned(), "installed".to_owned())));
    let crates: Vec<_> = inventory.iter().filter(|(purl, _)| purl.starts_with("pkg:cargo/")).collect();
    assert!(crates.len() > 10, "{crates:?}");
    assert!(crates.iter().all(|(purl, evidence)| evidence == "declared" && !purl.contains("/orjson@")), "{crates:?}");
}
