//! Reports read by the tools that they are for: the official validators, and programs that people use.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tidewaiter::policy::Verdict;

use crate::formats::sample;
use crate::formats_limits::{of_folder, two_targets};
use crate::reporters::{PLAIN, hostile, rendered};
use crate::support::tool::{find, run};
use crate::support::verdict::clean;
use crate::support::{need, write};

/// Verdicts of every kind: everything, nothing, several targets, hostile text.
fn verdicts() -> [(&'static str, Verdict); 5] {
    let folder = of_folder("./");
    [("full", sample()), ("clean", clean()), ("two", two_targets()), ("hostile", hostile()), ("folder", folder)]
}

/// Every verdict in a file of its own.
fn files(folder: &Path, format: &str, end: &str) -> Vec<PathBuf> {
    let write = |(name, verdict)| write(folder, &format!("{name}.{end}"), rendered(format, &verdict, PLAIN).as_bytes());
    verdicts().into_iter().map(write).collect()
}

/// The Python of the folder in which a program of a package lies: it has that package.
fn python_of(program: &str) -> Option<PathBuf> {
    find(program).map(|path| path.with_file_name("python3"))
}

#[test]
fn sarif_passes_the_validator_with_the_rules_of_its_consumers() {
    if !need("sarif-multitool") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for file in files(folder.path(), "sarif", "sarif") {
        // GitHub's rules, and the format's own.
        for rules in ["Ghas", "Sarif"] {
            let said = folder.path().join("said.sarif");
            let (file, said) = (file.to_str().unwrap(), said.to_str().unwrap());
            let arguments = ["validate", file, "--rule-kind", rules, "--output", said, "--log", "ForceOverwrite"];
            run("sarif-multitool", folder.path(), &arguments);
            let said: Value = serde_json::from_slice(&std::fs::read(said).unwrap()).unwrap();
            let results = said["runs"][0]["results"].as_array().cloned().unwrap_or_default();
            let errors: Vec<&Value> = results.iter().filter(|result| result["level"] == "error").collect();
            assert!(errors.is_empty(), "{file}, {rules}: {errors:#?}");
            let invocation = &said["runs"][0]["invocations"][0];
            assert_eq!(invocation["executionSuccessful"], true, "{invocation:#}");
        }
    }
}

#[test]
fn sarif_is_read_by_a_consumer() {
    if !need("sarif") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), "sarif", "sarif");
    let output = run("sarif", folder.path(), &["summary", files[0].to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let violating = sample().targets[0].findings.iter().filter(|judged| judged.violates).count();
    assert!(text.contains(&format!("error: {violating}")), "{text}");
    let table = folder.path().join("table.csv");
    run("sarif", folder.path(), &["csv", files[0].to_str().unwrap(), "--output", table.to_str().unwrap()]);
    let table = std::fs::read_to_string(table).unwrap();
    assert!(table.contains("GHSA-p6mc-m468-83gw") && table.contains("build/fn.zip"), "{table}");
}

#[test]
fn cyclonedx_passes_the_official_validator() {
    let Some(python) = python_of("pyspdxtools") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = "\
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
for name in sys.argv[2:]:
    error = JsonStrictValidator(SchemaVersion[sys.argv[1]]).validate_str(open(name, encoding='utf-8').read())
    assert error is None, f'{name}: {error}'
print('valid', len(sys.argv) - 2)
";
    for (format, version) in [("cyclonedx", "V1_6"), ("cyclonedx-1.7", "V1_7")] {
        let files = files(folder.path(), format, "cdx.json");
        let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let output = run(&python, folder.path(), &[&["-c", script, version], &names[..]].concat());
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "valid 5", "{version}");
    }
}

#[test]
fn spdx_passes_its_tools() {
    if !need("pyspdxtools") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for file in files(folder.path(), "spdx", "spdx.json") {
        run("pyspdxtools", folder.path(), &["--infile", file.to_str().unwrap()]);
    }
}

#[test]
fn junit_is_read_by_a_consumer() {
    let Some(python) = python_of("junitparser") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = "\
import sys
from junitparser import JUnitXml
for name in sys.argv[1:]:
    told = JUnitXml.fromfile(name)
    seen = JUnitXml.fromfile(name)
    seen.update_statistics()
    kinds = ['tests', 'failures', 'errors', 'skipped']
    assert [getattr(told, k) for k in kinds] == [getattr(seen, k) for k in kinds], name
    print(*[getattr(seen, k) for k in kinds])
";
    let files = files(folder.path(), "junit", "xml");
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = run(python, folder.path(), &[&["-c", script], &names[..]].concat());
    let lines: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let violating = sample().targets[0].findings.iter().filter(|judged| judged.violates).count();
    assert_eq!(lines[0], format!("34 {violating} 12 1"));
    assert_eq!(lines[1], "1 0 0 0");
}
