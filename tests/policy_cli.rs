//! The policy as a user meets it: files that lie in the folder, options and variables over them, baselines, and where
//! every setting comes from.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::tool::run as tool;
use crate::support::{Cli, Zip, need, write};

/// What a run in a folder gave.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stderr))
    }
}

/// 22 November 2026.
const DAY: &str = "1795305600";

/// Runs the program in a folder, with variables.
fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).current_dir(folder).env("SOURCE_DATE_EPOCH", DAY);
    command.envs(variables.iter().copied()).args(arguments);
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn scan(folder: &Path, variables: &[(&str, &str)], more: &[&str]) -> Ran {
    let arguments = ["scan", "fn.zip", "--allow-seed", "--format", "json", "--reproducible"];
    run(folder, variables, &[&arguments, more].concat())
}

/// A folder with a function that holds an old lodash, which the seed knows flaws of.
fn function() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    function_with(folder.path(), "exports.handler = () => 1\n");
    folder
}

fn function_with(folder: &Path, code: &str) {
    let lodash = json!({"name": "lodash", "version": "4.17.15"}).to_string();
    let zip = Zip::new().file("index.js", code).file("node_modules/lodash/package.json", lodash);
    write(folder, "fn.zip", &zip.build());
}

fn findings(json: &Value) -> Vec<&Value> {
    json["targets"][0]["findings"].as_array().unwrap().iter().collect()
}

/// All ids that violate.
fn violating(json: &Value) -> Vec<&str> {
    let violating = findings(json).into_iter().filter(|finding| finding["violates"] == true);
    violating.map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn ignore_files_in_the_folder_are_read() {
    let folder = function();
    let first = scan(folder.path(), &[], &[]);
    assert_eq!(first.code, 1, "{}", first.stderr);
    let json = first.json();
    let all = violating(&json);
    assert!(!all.is_empty());

    let list: String = all.iter().map(|id| format!("{id}\n")).collect();
    write(folder.path(), ".trivyignore", format!("{list}CVE-1999-0001\nCVE-1999-0002 exp:2020-01-01\n").as_bytes());
    let quiet = scan(folder.path(), &[], &[]);
    assert_eq!(quiet.code, 0, "{}", quiet.stderr);
    let json = quiet.json();
    let waived = findings(&json).into_iter().find(|finding| finding["id"] == all[0]).unwrap();
    assert_eq!(waived["waived"]["by"], ".trivyignore:1");
    let notes = |list: &str| json["policy"][list].clone();
    let lines = (all.len() + 1, all.len() + 2);
    assert_eq!(
        notes("waivers_unused"),
        json!([{"file": ".trivyignore", "line": lines.0, "text": "CVE-1999-0001: no finding matches"}])
    );
    assert_eq!(
        notes("waivers_expired"),
        json!([{"file": ".trivyignore", "line": lines.1, "text": "CVE-1999-0002: expired on 2020-01-01"}])
    );
    let table = run(folder.path(), &[], &["scan", "fn.zip", "--allow-seed"]).stdout;
    assert!(table.contains("CVE-1999-0001: no finding matches"), "{table}");
    assert!(table.contains("CVE-1999-0002: expired on 2020-01-01"), "{table}");

    assert_eq!(scan(folder.path(), &[], &["--ignore-file", "none"]).code, 1);
    write(folder.path(), "tidewaiter.toml", b"ignore-files = []\n");
    assert_eq!(scan(folder.path(), &[], &[]).code, 1, "a policy may leave them out");
    assert_eq!(scan(folder.path(), &[], &["--vex", ".trivyignore"]).code, 0, "and a flag names them again");
}

#[test]
fn an_artifact_brings_no_waiver() {
    let folder = function();
    let lodash = json!({"name": "lodash", "version": "4.17.15"}).to_string();
    let json = scan(folder.path(), &[], &[]).json();
    let list: String = violating(&json).iter().map(|id| format!("{id}\n")).collect();
    let policy = "fail-on = \"never\"\n";
    let zip = Zip::new()
        .file("node_modules/lodash/package.json", lodash)
        .file(".trivyignore", &list)
        .file("tidewaiter.toml", policy);
    write(folder.path(), "fn.zip", &zip.build());
    assert_eq!(scan(folder.path(), &[], &[]).code, 1);
    let inner = folder.path().join("unpacked");
    write(&inner, "node_modules/lodash/package.json", json_of_lodash().as_bytes());
    write(&inner, ".trivyignore", list.as_bytes());
    write(&inner, "tidewaiter.toml", policy.as_bytes());
    assert_eq!(run(folder.path(), &[], &["scan", "unpacked", "--allow-seed"]).code, 1);
}

fn json_of_lodash() -> String {
    json!({"name": "lodash", "version": "4.17.15"}).to_string()
}

#[test]
fn a_gitleaks_configuration_in_the_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    function_with(folder.path(), "const key = \"acme_0123456789abcdef\";\n");
    let text = "[[rules]]\nid = \"acme-key\"\nregex = '''acme_[0-9a-f]{16}'''\nkeywords = [\"acme_\"]\n";
    write(folder.path(), ".gitleaks.toml", text.as_bytes());
    let has = |ran: &Ran| findings(&ran.json()).iter().any(|finding| finding["id"] == "acme-key");
    assert!(has(&scan(folder.path(), &[], &[])));
    assert!(!has(&scan(folder.path(), &[], &["--rules", "none"])));
    write(folder.path(), ".gitleaksignore", b"index.js:acme-key:1\n");
    let json = scan(folder.path(), &[], &[]).json();
    let secret = findings(&json).into_iter().find(|finding| finding["id"] == "acme-key").unwrap();
    assert_eq!(secret["waived"]["by"], ".gitleaksignore:1");
}

#[test]
fn a_baseline_lets_a_run_fail_on_what_is_new() {
    let folder = function();
    let written = scan(folder.path(), &[], &["--write-baseline", "baseline.json"]);
    assert_eq!(written.code, 1);
    let read = || std::fs::read_to_string(folder.path().join("baseline.json")).unwrap();
    let first = read();
    scan(folder.path(), &[], &["--write-baseline", "baseline.json", "--threads", "1"]);
    assert_eq!(read(), first, "the same input gives the same bytes");

    let quiet = scan(folder.path(), &[], &["--baseline", "baseline.json"]);
    assert_eq!(quiet.code, 0, "{}", quiet.stderr);
    assert!(findings(&quiet.json()).iter().all(|finding| finding["state"] == "existing"));
    let strict = scan(folder.path(), &[], &["--baseline", "baseline.json", "--fail-on-existing"]);
    assert_eq!(strict.code, 1);

    let leak = |lines: usize| {
        let password = ["Tr0ub4dor", "&3x9Q"].concat();
        format!("{}const dbPassword = \"{password}\";\n", "\n".repeat(lines))
    };
    function_with(folder.path(), &leak(0));
    let new = scan(folder.path(), &[], &["--baseline", "baseline.json", "--write-baseline", "second.json"]);
    let json = new.json();
    let news: Vec<&Value> = findings(&json).into_iter().filter(|finding| finding["state"] == "new").collect();
    assert!(news.len() == 1 && news[0]["kind"] == "secret", "{news:?}");
    let second = std::fs::read_to_string(folder.path().join("second.json")).unwrap();
    assert!(!second.contains("Tr0ub4dor"), "a baseline holds nothing of a value");

    function_with(folder.path(), &leak(30));
    let moved = scan(folder.path(), &[], &["--baseline", "second.json"]).json();
    assert!(findings(&moved).iter().all(|finding| finding["state"] == "existing"), "it only moved");

    let missing = scan(folder.path(), &[], &["--baseline", "no/such.json"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("cannot read the baseline no/such.json"), "{}", missing.stderr);
}

#[test]
fn options_win_over_variables_and_variables_over_the_file() {
    let folder = function();
    write(folder.path(), "tidewaiter.toml", b"fail-on = \"high\"\n\n[thresholds]\nvulnerability = \"high\"\n");
    assert_eq!(scan(folder.path(), &[], &[]).code, 1);
    let never = [("TIDEWAITER_FAIL_ON", "never")];
    assert_eq!(scan(folder.path(), &never, &[]).code, 0, "never lifts the file's other thresholds as well");
    assert_eq!(scan(folder.path(), &never, &["--fail-on", "high"]).code, 1);
    assert_eq!(scan(folder.path(), &[("TIDEWAITER_FAIL_ON", "")], &[]).code, 1, "nothing is no value");
    assert_eq!(scan(folder.path(), &[("TIDEWAITER_THRESHOLD", "vulnerability=never")], &[]).code, 0);
    assert_eq!(
        scan(folder.path(), &[("TIDEWAITER_THRESHOLD", "vulnerability=never")], &["--threshold", "cvss=0"]).code,
        1
    );
    let wrong = scan(folder.path(), &[("TIDEWAITER_THRESHOLD", "mood=bad")], &[]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("TIDEWAITER_THRESHOLD: there is no threshold 'mood'"), "{}", wrong.stderr);
    let wrong = scan(folder.path(), &[("TIDEWAITER_FAIL_ON", "hgh")], &[]);
    assert!(wrong.code == 2 && wrong.stderr.contains("TIDEWAITER_FAIL_ON"), "{}", wrong.stderr);
    assert_eq!(run(folder.path(), &[("TIDEWAITER_FORMAT", "json")], &["scan", "fn.zip"]).json()["schema_version"], 1);
    let flags = [("TIDEWAITER_ALLOW_SEED", "false"), ("TIDEWAITER_FAIL_ON", "never")];
    assert_eq!(run(folder.path(), &flags, &["scan", "fn.zip"]).code, 3);
    let flags = [("TIDEWAITER_ALLOW_SEED", "1"), ("TIDEWAITER_FAIL_ON", "never")];
    assert_eq!(run(folder.path(), &flags, &["scan", "fn.zip"]).code, 0);
}

#[test]
fn print_config_says_where_each_value_comes_from() {
    let folder = function();
    let policy = "fail-on = \"high,unknown\"\nown = [\"@acme/*\"]\n\n[thresholds]\nepss = 0.5\nkev = true\n\n[max-db-age]\n\
                  default = 7\nnpm = { warn = 1, fail = 3 }\n\n[[waivers]]\nid = \"CVE-1\"\nreason = \"r\"\nowner = \"o\"\n\n\
                  [checks]\n\"public-*\" = \"never\"\n";
    write(folder.path(), "tidewaiter.toml", policy.as_bytes());
    write(folder.path(), ".grype.yaml", b"ignore:\n  - vulnerability: CVE-2\n");
    let ran = run(
        folder.path(),
        &[("TIDEWAITER_REQUIRE_COVERAGE", "complete"), ("TIDEWAITER_MAX_DEPTH", "4")],
        &["scan", "--print-config", "--threshold", "kev=false", "--format", "json"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("print_config", ran.stdout);
    });
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn a_mistake_in_a_file_ends_the_run_with_its_line() {
    let folder = function();
    for (name, text, wanted) in [
        ("tidewaiter.toml", "[[waivers]]\nid = \"CVE-1\"\nreason = \"r\"\n", "a waiver needs an owner"),
        (".trivyignore", "CVE-1 exp:tomorrow\n", ".trivyignore:1:1: a day is written as exp:2027-01-31"),
        ("osv-scanner.toml", "[[IgnoredVulns]]\nid = 7\n", "osv-scanner.toml:2:"),
    ] {
        let path = write(folder.path(), name, text.as_bytes());
        let ran = scan(folder.path(), &[], &[]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.stderr.contains(wanted), "{}", ran.stderr);
        std::fs::remove_file(path).unwrap();
    }
    let huge = write(folder.path(), ".trivyignore", &vec![b'#'; (16 << 20) + 1]);
    let ran = scan(folder.path(), &[], &[]);
    assert!(ran.code == 2 && ran.stderr.contains("at most 16777216 are read"), "{}", ran.stderr);
    std::fs::remove_file(huge).unwrap();
    let ran = scan(folder.path(), &[], &["--ignore-file", "no/such.yaml"]);
    assert!(ran.code == 2 && ran.stderr.contains("cannot read the ignore file no/such.yaml"), "{}", ran.stderr);
}

/// Gitleaks' own fingerprints of a folder, written into its ignore file, waive what it found there.
#[test]
fn the_real_gitleaks_fingerprints_waive_what_it_found() {
    if !need("gitleaks") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (password, id, secret) = (
        ["q7Zk2LxV9b", "T4mW8rY1"].concat(),
        ["AKIA", "QYLPMN5HHHFPZAM2"].concat(),
        ["wJalrXUtnFEMI7MDENG", "bPxRfiCYzq8Kd2hT3vLs"].concat(),
    );
    let code = format!("const dbPassword = \"{password}\";\n\nconst key = \"{id}\";\nconst secret = \"{secret}\";\n");
    write(folder.path(), "tree/src/app.js", code.as_bytes());
    tool("gitleaks", folder.path(), &["dir", "tree", "--exit-code", "0", "-r", "report.json"]);
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Vec<Value> = serde_json::from_str(&report).unwrap();
    let prints: Vec<&str> = report.iter().map(|one| one["Fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), 3, "{prints:?}");
    let arguments = ["scan", "tree", "--allow-seed", "--format", "json", "--fail-on", "low"];
    let scanned = || run(folder.path(), &[], &arguments).json();
    assert_eq!(violating(&scanned()).len(), 3);
    write(folder.path(), ".gitleaksignore", prints.join("\n").as_bytes());
    let json = scanned();
    assert_eq!(violating(&json), Vec::<&str>::new());
    assert_eq!(json["policy"]["waivers_unused"], json!([]));
}
