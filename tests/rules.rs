//! Secret rules as a user meets them: listed, checked, measured, and brought along.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::tool::run as tool;
use crate::support::{Cli, need, write};

/// A token that no built-in rule knows; assembled, since a whole one would trip scanners of this repository.
fn token(tail: &str) -> String {
    ["zq", "9_", tail].concat()
}

const CONFIG: &str = r#"
title = "ours"
[extend]
useDefault = true
[[rules]]
id = "zq-token"
description = "A token of ours"
regex = '''\bzq9_([a-z0-9]{12})\b'''
entropy = 2.5
keywords = ["ZQ9_"]
[[rules.allowlists]]
description = "what the manual shows"
stopwords = ["manual"]
[[rules]]
id = "far-key"
regex = '''(?i)[a-z]+ := ([0-9a-f]{16});'''
secretGroup = 1
path = '''\.zq$'''
keywords = ["kept far away"]
[[rules]]
id = "no-keyword"
regex = '''<<(\d{4})-([^]{>]{4})>>'''
secretGroup = 2
[[rules]]
id = "key-file"
path = '''\.zqkey$'''
[[allowlists]]
description = "fixtures are made up"
paths = ['''fixtures/''']
[[allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''# sample$''']
paths = ['''\.py$''']
"#;

/// A tree with something for every rule and allow-list of [`CONFIG`].
fn tree(folder: &Path) {
    std::fs::create_dir_all(folder.join("fixtures")).unwrap();
    let lines = [
        format!("a = '{}'", token("q1w2e3r4t5y6")),
        format!("b = '{}'  # sample", token("p0o9i8u7y6t5")),
        format!("c = '{}'", token("manual3r4t5y")),
        format!("d = '{}'", token("aaaaaaaaaaaa")),
        format!("e = '{}'", token("tooshort")),
    ];
    write(folder, "app.py", lines.join("\n").as_bytes());
    write(folder, "fixtures/app.txt", format!("x {}\n", token("m1n2b3v4c5x6")).as_bytes());
    let far = format!("kept far away\n{}alpha := 0f1e2d3c4b5a6978;\n", "\n".repeat(9000));
    write(folder, "far.zq", far.as_bytes());
    write(folder, "far.txt", far.as_bytes());
    write(folder, "near.zq", b"beta := 1f1e2d3c4b5a6978;\n");
    write(folder, "codes.txt", b"<<1234-ab!d>> <<1234-a]!d>> <<5678-x{yz>> <<1-abcd>>\n");
    write(folder, "my.zqkey", b"anything\n");
}

/// Rule, file and line of what was found, waived or not.
fn ours(json: &Value, waived: bool) -> BTreeSet<(String, String, u64)> {
    let findings = json["targets"][0]["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["kind"] == "secret" && finding["waived"].is_null() != waived)
        .flat_map(|finding| {
            let rule = finding["rule"].as_str().unwrap().to_owned();
            finding["locations"].as_array().unwrap().iter().map(move |place| {
                let file = place["path"].as_array().unwrap().last().unwrap().as_str().unwrap();
                (rule.clone(), file.to_owned(), place["line"].as_u64().unwrap_or(1))
            })
        })
        .collect()
}

fn found(rule: &str, file: &str, line: u64) -> (String, String, u64) {
    (rule.to_owned(), file.to_owned(), line)
}

fn scan(folder: &Path, config: &Path) -> Value {
    let (_, json) = Cli::scan(folder, &["--rules", config.to_str().unwrap(), "--quiet"]);
    json
}

#[test]
fn a_gitleaks_configuration_finds_and_allows() {
    let folder = tempfile::tempdir().unwrap();
    tree(&folder.path().join("tree"));
    let config = write(folder.path(), "rules.toml", CONFIG.as_bytes());
    let json = scan(&folder.path().join("tree"), &config);
    let expected = [
        found("far-key", "far.zq", 9002),
        found("key-file", "my.zqkey", 1),
        found("no-keyword", "codes.txt", 1),
        found("zq-token", "app.py", 1),
    ];
    assert_eq!(ours(&json, false), expected.into());
    let waived =
        [found("zq-token", "app.py", 2), found("zq-token", "app.py", 3), found("zq-token", "fixtures/app.txt", 1)];
    assert_eq!(ours(&json, true), waived.into());
    let text = json.to_string();
    assert!(text.contains("fixtures are made up") && text.contains("what the manual shows"), "reasons are told");
    assert!(!text.contains("q1w2e3r4t5y6") && !text.contains("zq9_"), "no value and no prefix is shown");
}

#[test]
fn an_allow_list_quiets_built_in_rules_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let url = ["post", "gres://app:", "q7Zk2LxV9b", "@db.acme.io/app\n"].concat();
    std::fs::create_dir_all(folder.path().join("tree/docs")).unwrap();
    write(&folder.path().join("tree"), "docs/guide.txt", url.as_bytes());
    let config = write(folder.path(), "allow.toml", b"[allowlist]\ndescription = 'only docs'\npaths = ['^docs/']\n");
    let json = scan(&folder.path().join("tree"), &config);
    assert_eq!(ours(&json, true), [found("database-url", "docs/guide.txt", 1)].into());
    let by = json["targets"][0]["findings"][0]["waived"].clone();
    assert!(by.to_string().contains("only docs"), "{by}");
    assert!(by.to_string().contains("allow.toml:1"), "{by}");
}

#[test]
fn the_real_gitleaks_finds_the_same() {
    if !need("gitleaks") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    tree(&folder.path().join("tree"));
    // Without the default rules, which are not compared, and without the path beside an expression: Gitleaks 8.30 skips
    // a file for its path before it asks whether all criteria hold.
    let text = CONFIG.replace("useDefault = true", "").replace("paths = ['''\\.py$''']", "");
    let config = write(folder.path(), "rules.toml", text.as_bytes());
    let report = folder.path().join("report.json");
    let arguments = ["dir", "-c", config.to_str().unwrap(), "--exit-code", "0", "-r", report.to_str().unwrap(), "tree"];
    tool("gitleaks", folder.path(), &arguments);
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let theirs: BTreeSet<(String, String, u64)> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let file = one["File"].as_str().unwrap().trim_start_matches("tree/");
            found(one["RuleID"].as_str().unwrap(), file, one["StartLine"].as_u64().unwrap().max(1))
        })
        .collect();
    let mine = ours(&scan(&folder.path().join("tree"), &config), false);
    assert_eq!(mine, theirs);
}

#[test]
fn a_rule_that_cannot_be_used_stops_the_scan_and_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[rules]]\nid = 'look'\nregex = '''ab(?=c)'''\n[[rules]]\nid = 'fine'\nregex = 'abcd[0-9]+'\nodd = 1\n";
    let config = write(folder.path(), "r.toml", text.as_bytes());
    let run = Cli::run([Path::new("scan"), folder.path(), Path::new("--rules"), &config]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("1 rule cannot be used") && run.stderr.contains("r.toml:3:9: look: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("3 | regex = '''ab(?=c)'''"), "{}", run.stderr);

    let run = Cli::run([Path::new("rules"), Path::new("check"), &config]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("ok       fine"), "{}", run.stdout);
    assert!(run.stdout.contains("the key 'odd' is unknown"), "{}", run.stdout);
}

fn rule_of_ours(more: &str, example: &str) -> String {
    format!(
        "[[rule]]\nid = 'zq-key'\nvendor = 'Zq'\ntitle = 'Zq key'\npattern = '''\\b(?P<secret>zq9_[a-z0-9]{{12}})\\b'''\n\
         keywords = ['zq9_']\nseverity = 'high'\nconfidence = 'high'\nmax_len = 18\nrevoke = 'Ask Zq for it.'\n\
         source = 'https://zq.example.com/keys'\nexamples = [\n  ['k=zq', '9_q1w2e3r4t5y6'],\n  {example},\n]\n\
         non_examples = [['zq', '9_short'], ['zq', '9_xxxxxxxxxxxx']]\n{more}"
    )
}

#[test]
fn a_rule_of_ours_is_checked_against_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let path = write(folder.path(), "zq.toml", text.as_bytes());
        let run = Cli::run([Path::new("rules"), Path::new("check"), &path]);
        (run.code, run.stdout)
    };
    let good = rule_of_ours("", "['zq', '9_p0o9i8u7y6t5']");
    let (code, out) = check(&good);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("ok       zq-key"), "{out}");

    let (code, out) = check(&rule_of_ours("", "['nothing']"));
    assert_eq!(code, 1);
    assert!(
        out.contains("zq.toml:14:3: rule zq-key: does not find this example: none of its keywords is in it"),
        "{out}"
    );
    let (_, out) = check(&rule_of_ours("", &format!("['{}']", token("p0o9i8u7y6t5"))));
    assert!(out.contains("finds a secret in the file itself") && !out.contains("p0o9i8u7"), "{out}");
    let (_, out) = check(&rule_of_ours("odd = 1\n", "['zq', '9_p0o9i8u7y6t5']"));
    assert!(out.contains("unknown field `odd`") && out.contains("17 | odd = 1"), "{out}");
    let (_, out) = check(&good.replace("max_len = 18", "max_len = 0"));
    assert!(out.contains("zq.toml:9:11: rule zq-key: max_len must be between"), "{out}");

    let path = write(folder.path(), "zq.toml", good.as_bytes());
    write(folder.path(), "tree.txt", format!("k = {}\n", token("m1n2b3v4c5x6")).as_bytes());
    let json = scan(&folder.path().join("tree.txt"), &path);
    assert_eq!(ours(&json, false), [found("zq-key", "tree.txt", 1)].into());
    assert!(json.to_string().contains("zq9_…(16)"), "the prefix of a rule of ours is public");
}

#[test]
fn rules_are_listed() {
    let all = Cli::run(["rules", "list"]);
    let last = all.stdout.lines().last().unwrap().to_owned();
    let count = all.stdout.lines().count() - 1;
    assert!(last.starts_with(&format!("{count} rules, ")) && last.ends_with(" vendors"), "{last}");

    let github = Cli::run(["rules", "list", "--vendor", "github", "--format", "json", "CLASSIC"]).json();
    let ids: Vec<&str> = github["rules"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["github-personal-access-token"]);
    assert_eq!(github["vendors"], 1);
}

#[test]
fn the_profile_tells_what_rules_cost() {
    let folder = tempfile::tempdir().unwrap();
    // Two digits too many; with too few, the pattern would not even be compiled.
    write(folder.path(), "a.txt", format!("ghp_{} ", "x".repeat(38)).repeat(100).as_bytes());
    let run = Cli::run(["rules", "check", &format!("--profile={}", folder.path().display())]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let line = run.stdout.lines().find(|line| line.ends_with("  github-personal-access-token")).expect(&run.stdout);
    let numbers: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(numbers[1], "100", "hits");
    assert!((4300..=8700).contains(&numbers[2].parse::<u32>().unwrap()), "windows overlap by half: {line}");
    let sample = Cli::run(["rules", "check", "--profile"]);
    assert!(sample.stdout.starts_with("the rules' own examples: "), "{}", sample.stdout);
}
