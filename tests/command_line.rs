//! What a new user gets wrong on the command line, in its variables and in the policy, and what the program says then.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tidewaiter::model::GapKind;

use crate::support::{Cli, Zip, write};

/// What a run gave.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program in a folder with a variable for each pair.
fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).current_dir(folder).envs(variables.iter().copied()).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn scan(folder: &Path, variables: &[(&str, &str)], more: &[&str]) -> Ran {
    run(folder, variables, &[&["scan", "fn.zip", "--allow-seed"], more].concat())
}

/// A folder with a function that holds an old lodash, which the seed knows flaws of, and a password.
fn function() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lodash = json!({"name": "lodash", "version": "4.17.15"}).to_string();
    let password = ["Tr0ub4dor", "&3x9Q"].concat();
    let code = format!("const dbPassword = \"{password}\";\n");
    let zip = Zip::new().file("index.js", code).file("node_modules/lodash/package.json", lodash);
    write(folder.path(), "fn.zip", &zip.build());
    folder
}

fn notes(ran: &Ran) -> Vec<(u64, String)> {
    let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
    let notes = json["policy"]["waivers_unused"].as_array().unwrap();
    notes.iter().map(|note| (note["line"].as_u64().unwrap(), note["text"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_slip_in_an_id_of_the_policy_is_told_with_its_line() {
    let folder = function();
    let policy = "[checks]\n\"runtime-end-of-lfe\" = \"critical\"\n\"runtime-end-of-life\" = \"critical\"\n\
                  \"file-*\" = \"low\"\n\"generic-*\" = \"low\"\n\"GHSA-0000-0000-0000\" = \"never\"\n\
                  \"no\\u001bsuch\" = \"low\"\n\n\
                  [[allow-secrets]]\nrule = \"generic-pasword\"\nreason = \"r\"\n\n\
                  [[waivers]]\nid = \"file-chnaged\"\nreason = \"r\"\nowner = \"o\"\n";
    write(folder.path(), "tidewaiter.toml", policy.as_bytes());
    let told = notes(&scan(folder.path(), &[], &["--format", "json"]));
    let none = "no finding, no check and no built-in secret rule has this id";
    let of = |line: u64| told.iter().find(|(at, _)| *at == line).map(|(_, text)| text.clone()).unwrap_or_default();
    assert_eq!(of(2), format!("the threshold of 'runtime-end-of-lfe': {none}; did you mean 'runtime-end-of-life'?"));
    assert_eq!(of(6), format!("the threshold of 'GHSA-0000-0000-0000': {none}"));
    assert_eq!(of(7), format!("the threshold of 'no\\u{{1b}}such': {none}"));
    assert_eq!(of(11), "allowed secrets, generic-pasword: nothing matches; did you mean 'generic-password'?");
    assert_eq!(of(14), "file-chnaged: no finding matches; did you mean 'file-changed'?");
    assert_eq!(told.len(), 5, "{told:?}");
    let table = scan(folder.path(), &[], &[]).stdout;
    assert!(table.contains("did you mean 'runtime-end-of-life'?"), "{table}");
}

#[test]
fn a_variable_that_means_nothing_is_told() {
    let folder = function();
    let wrong = [("TIDEWAITER_FAIL_ONN", "never"), ("TIDEWAITER_LAYER", "x.zip")];
    let said = scan(folder.path(), &wrong, &[]).stderr;
    let first =
        "warning: the variable TIDEWAITER_FAIL_ONN means nothing to this program; did you mean 'TIDEWAITER_FAIL_ON'?\n";
    assert!(said.contains(first), "{said}");
    assert!(
        said.contains("warning: the variable TIDEWAITER_LAYER means nothing"),
        "a function's own are no variables: {said}"
    );
    assert_eq!(scan(folder.path(), &wrong, &["--quiet"]).stderr, "");
    assert!(run(folder.path(), &wrong, &["rules", "list", "npm"]).stderr.contains("TIDEWAITER_FAIL_ONN"));
    let known = [
        ("TIDEWAITER_SIGN_PASSWORD", "x"),
        ("TIDEWAITER_MIRROR_TOKEN", "x"),
        ("TIDEWAITER_MIRROR_USER", "x"),
        ("TIDEWAITER_MIRROR_PASSWORD", "x"),
        ("TIDEWAITER_FAIL_ON", "never"),
        ("TIDEWAITER_TYPO", ""),
    ];
    assert_eq!(scan(folder.path(), &known, &[]).stderr, "");
    let said = run(folder.path(), &[("TIDEWAITER_CACHE", "nowhere")], &["db", "status"]).stderr;
    assert!(said.starts_with("error: ") && said.contains("nowhere"), "{said}");
}

#[test]
fn one_variable_holds_the_values_of_a_repeatable_option() {
    let folder = function();
    let file = |name: &str| folder.path().join(name).is_file();
    let ran = scan(folder.path(), &[("TIDEWAITER_OUTPUT", "json=a,b.json; csv=c d.csv;")], &["--quiet"]);
    assert!(ran.code == 1 && file("a,b.json") && file("c d.csv"), "{}", ran.stderr);
    let ran = scan(folder.path(), &[], &["--output", "csv=typed;once.csv", "--quiet"]);
    assert!(ran.code == 1 && file("typed;once.csv"), "what is typed is taken as it is: {}", ran.stderr);

    let all = [
        ("TIDEWAITER_THRESHOLD", "cvss=9.5;kev=true"),
        ("TIDEWAITER_RULES", "one.toml;two.toml"),
        ("TIDEWAITER_IGNORE_FILE", "one.trivyignore;two.trivyignore"),
        ("TIDEWAITER_TRUST", "a;b"),
    ];
    for name in ["one.trivyignore", "two.trivyignore"] {
        write(folder.path(), name, b"CVE-1\n");
    }
    let shown = run(folder.path(), &all, &["scan", "--print-config"]).stdout;
    for line in [
        "thresholds.cvss = 9.5                        # TIDEWAITER_THRESHOLD",
        "thresholds.kev = true                        # TIDEWAITER_THRESHOLD",
        "ignore-files = [\"one.trivyignore\", \"two.trivyignore\"] # TIDEWAITER_IGNORE_FILE",
        "rules = [\"one.toml\", \"two.toml\"]             # TIDEWAITER_RULES",
        "trust = [\"a\", \"b\"]                           # TIDEWAITER_TRUST",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
}

#[test]
fn print_config_of_a_sweep_shows_what_a_sweep_has() {
    let folder = function();
    let variables =
        [("TIDEWAITER_STATE", "s"), ("TIDEWAITER_NOTIFY", "https://a.example.com/geheim;https://b.example.com/")];
    let shown = |path: &[&str]| {
        let ran = run(folder.path(), &variables, &[path, &["--parallel", "9", "--print-config"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stdout.contains("geheim"), "an address is a secret");
        ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let (files, aws) = (shown(&["sweep", "files", "."]), shown(&["sweep", "aws", "--region", "r1", "--region", "r2"]));
    for line in [
        "state = \"s\" # TIDEWAITER_STATE",
        "notify = [\"...\", \"...\"] # TIDEWAITER_NOTIFY",
        "parallel = 9 # --parallel",
        "details-every = 7 # default",
        "# since is not set # default",
    ] {
        assert!(files.iter().any(|one| one == line) && aws.iter().any(|one| one == line), "{line}: {files:#?}");
    }
    let has = |lines: &[String], name: &str| lines.iter().any(|line| line.trim_start_matches("# ").starts_with(name));
    assert!(aws.contains(&"region = [\"r1\", \"r2\"] # --region".to_owned()), "{aws:#?}");
    assert!(!has(&files, "region ") && !has(&aws, "verify ") && !has(&files, "handler "), "options of others");
}

#[test]
fn outputs_that_would_be_lost_end_the_run_before_its_work() {
    let folder = function();
    std::os::unix::fs::symlink("a.json", folder.path().join("link")).unwrap();
    write(folder.path(), "a.json", b"as before");
    for pair in [["json=a.json", "csv=a.json"], ["json=new", "csv=./new"], ["json=a.json", "csv=link"]] {
        let ran = scan(folder.path(), &[], &["--output", pair[0], "--output", pair[1]]);
        assert!(ran.code == 2 && ran.stderr.starts_with("error: two reports would be written to"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let ran = scan(folder.path(), &[], &["--output", "json=same", "--write-baseline", "same"]);
    assert!(ran.code == 2 && ran.stderr.contains("two reports"), "{}", ran.stderr);
    for arguments in [["--output", "table=-"], ["--write-baseline", "-"]] {
        let ran = scan(folder.path(), &[], &arguments);
        assert!(ran.code == 2 && ran.stderr.contains("standard output gets what --format names"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(folder.path().join("a.json")).unwrap(), b"as before");
    assert!(!folder.path().join("new").exists());
    let ran = scan(folder.path(), &[], &["--output", "json=/dev/null", "--output", "csv=/dev/null"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));

    scan(folder.path(), &[], &["--output", "json=result.json"]);
    let ran = run(folder.path(), &[], &["report", "result.json", "--output", "csv=x", "--output", "html=x"]);
    assert!(ran.code == 2 && ran.stderr.contains("two reports"), "{}", ran.stderr);
}

#[test]
fn none_of_the_other_tools_files_is_read_where_none_is_asked_for() {
    let folder = function();
    let text = "[allowlist]\ndescription = \"all of it\"\nregexes = ['''.*''']\n";
    write(folder.path(), ".gitleaks.toml", text.as_bytes());
    let origin = |more: &[&str]| {
        let shown = run(folder.path(), &[], &[&["scan", "--print-config"], more].concat()).stdout;
        shown.lines().find(|line| line.starts_with("rules = ")).unwrap().to_owned()
    };
    assert!(origin(&[]).ends_with("# found in this folder"));
    assert_eq!(origin(&["--ignore-file", "none"]), format!("{:44} # --ignore-file", "rules = []"));
    assert!(origin(&["--ignore-file", "none", "--rules", ".gitleaks.toml"]).ends_with("# --rules"));
    write(folder.path(), "tidewaiter.toml", b"ignore-files = []\n");
    assert_eq!(origin(&[]), format!("{:44} # tidewaiter.toml:1", "rules = []"));
}

#[test]
fn an_allow_list_that_covers_nothing_is_told_as_unused() {
    let folder = function();
    let text = "[[allowlists]]\ndescription = \"fixtures\"\npaths = ['''^fixtures/''']\n\n\
                [[allowlists]]\ndescription = \"the function\"\npaths = ['''index.js$''']\n";
    write(folder.path(), ".gitleaks.toml", text.as_bytes());
    let ran = scan(folder.path(), &[], &["--format", "json"]);
    assert_eq!(notes(&ran), [(1, "fixtures: no secret matches".to_owned())]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["policy"]["waivers_unused"][0]["file"], ".gitleaks.toml");
}

#[test]
fn a_baseline_says_what_it_holds_and_its_failure_loses_no_report() {
    let folder = function();
    let ran = scan(folder.path(), &[], &["--write-baseline", "base.json", "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let count = json["targets"][0]["findings"].as_array().unwrap().len();
    assert_eq!(ran.stderr, format!("note: the baseline base.json has {count} findings\n"));
    assert_eq!(scan(folder.path(), &[], &["--write-baseline", "base.json", "--quiet"]).stderr, "");
    if Path::new("/dev/full").exists() {
        let ran = scan(folder.path(), &[], &["--write-baseline", "/dev/full", "--output", "csv=kept.csv"]);
        assert!(ran.code == 2 && ran.stderr.contains("error: cannot write /dev/full"), "{}", ran.stderr);
        assert!(folder.path().join("kept.csv").is_file() && ran.stdout.contains("lodash"), "{}", ran.stdout);
    }
    write(folder.path(), "other.json", b"{\"password\": \"hunter2\"}");
    let ran = scan(folder.path(), &[], &["--baseline", "other.json"]);
    assert_eq!(ran.stderr, "error: other.json:1:1: this is no baseline as --write-baseline writes it\n");
}

#[test]
fn an_error_names_the_variable_that_a_value_came_from() {
    let folder = function();
    for (variable, value, more) in [
        ("TIDEWAITER_MAX_DEPTH", "abc", &[][..]),
        ("TIDEWAITER_COLOR", "loud", &[]),
        ("TIDEWAITER_FORMAT", "jsn", &[]),
        ("TIDEWAITER_OUTPUT", "json", &[]),
        ("TIDEWAITER_THRESHOLD", "epss", &[]),
        ("TIDEWAITER_FAIL_ON", "hgh", &[]),
        ("TIDEWAITER_RULES", "fn.zip", &[]),
        ("TIDEWAITER_THREADS", "0", &[]),
        ("TIDEWAITER_OSV_API", "1", &["--offline"]),
    ] {
        let ran = scan(folder.path(), &[(variable, value)], more);
        assert!(ran.code == 2 && ran.stderr.starts_with("error: "), "{variable}: {}", ran.stderr);
        let option = format!("--{}", variable.trim_start_matches("TIDEWAITER_").to_lowercase().replace('_', "-"));
        let first = ran.stderr.lines().next().unwrap();
        assert!(first.contains(variable) && !first.contains(&option), "{}", ran.stderr);
    }
    let typed = scan(folder.path(), &[("TIDEWAITER_MAX_DEPTH", "3")], &["--max-depth", "abc"]);
    assert!(typed.stderr.contains("--max-depth"), "{}", typed.stderr);
}

#[test]
fn a_waiver_is_told_all_that_it_lacks_and_a_slip_in_a_key_is_seen() {
    let folder = function();
    for (text, wanted) in [
        ("[[waivers]]\nid = \"CVE-1\"\n", "1:1: a waiver needs a reason, and an owner"),
        ("[[waivers]]\nid = \"CVE-1\"\nreason = \" \"\n", "3:10: a waiver needs a reason, and an owner"),
        ("[[waivers]]\nid = \"CVE-1\"\nowner = \"o\"\n", "1:1: a waiver needs a reason\n"),
        ("accept-gaps = [\n  { kind = \"opaque\", resaon = \"x\" },\n]\n", "  { kind = ********, resaon = *** **\n"),
    ] {
        write(folder.path(), "tidewaiter.toml", text.as_bytes());
        let ran = scan(folder.path(), &[], &[]);
        assert!(ran.code == 2 && ran.stderr.contains(wanted), "{}", ran.stderr);
    }
}

#[test]
fn every_kind_of_gap_is_explained_and_all_that_can_be_is_listed() {
    let list = Cli::run(["explain", "--list"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    for kind in GapKind::ALL {
        let explained = Cli::run(["explain", kind.word()]).stdout;
        assert!(explained.starts_with(kind.word()) && explained.contains(kind.meaning()), "{explained}");
        assert!(explained.contains("level      blocking") || explained.contains("level      note"), "{explained}");
        assert!(explained.contains("to do      "), "{explained}");
        assert!(list.stdout.lines().any(|line| line.trim().starts_with(kind.word())), "{}", list.stdout);
    }
    let checks = tidewaiter::integrity::CHECKS.iter().map(|check| check.id).chain(["runtime-end-of-life"]);
    checks.for_each(|id| assert!(list.stdout.contains(&format!("  {id} ")), "{id}"));
    let wrong = Cli::run(["explain", "opqaue"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean 'opaque'?"), "{}", wrong.stderr);
    assert_eq!(Cli::run(["explain"]).code, 2);
    let none = Cli::run(["rules", "list", "--vendor", "githb"]);
    assert!(none.code == 0 && none.stderr.contains("did you mean 'github'?"), "{}", none.stderr);
}

#[test]
fn somebody_who_comes_from_another_tool_is_told_the_way() {
    let folder = function();
    let help = run(folder.path(), &[], &["scan", "--help"]).stdout;
    let words: Vec<&str> = help.split([' ', '\n', ',', ']']).collect();
    for reporter in tidewaiter::report::ALL {
        assert!(words.contains(&reporter.id()), "{}: {help}", reporter.id());
    }
    assert!(help.contains("[default: high]"), "{help}");
    let short = run(folder.path(), &[], &["scan", "fn.zip", "--allow-seed", "-f", "json", "-o", "csv=out.csv"]);
    let report: Value = serde_json::from_str(&short.stdout).unwrap_or_else(|error| panic!("{error}: {}", short.stderr));
    assert_eq!(report["schema_version"], 1);
    assert!(folder.path().join("out.csv").is_file());
    for (arguments, wanted) in [
        (&["fn.zip"][..], "note: 'tidewaiter scan fn.zip' audits it\n"),
        (&["scan", "fn.zip", "--fail-on", "HIGH"], "did you mean 'high'?"),
        (&["scan", "fn.zip", "-f", "sarfi"], "did you mean 'sarif'?"),
        (&["scan", "fn.zip", "--threshold", "epps=0.5"], "did you mean 'epss'?"),
        (&["scan", "fn.zip", "--require-coverage", "complet"], "did you mean 'complete'?"),
    ] {
        let ran = run(folder.path(), &[], arguments);
        assert!(ran.code == 2 && ran.stderr.contains(wanted), "{arguments:?}: {}", ran.stderr);
    }
    assert!(!run(folder.path(), &[], &["no-such.zip"]).stderr.contains("note:"));
}
