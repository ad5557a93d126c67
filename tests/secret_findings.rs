//! From matches to findings: equal values, pairs, whose a secret is, and what repetition says.

use serde_json::{Value, json};

use crate::support::{Cli, Zip, write};

/// An AWS key id and a secret key, in parts.
fn aws_pair() -> (String, String) {
    (["AKIA", "QYLPMN5HFIQR", "7XYA"].concat(), ["kWn4tVb7Zp0Lr9Xc", "Q2hYs6MdUe1Ja3Gf", "5TiBoRxN"].concat())
}

/// A token that only its name tells.
fn token() -> String {
    ["q7Zk2LxV9b", "Tn4RmWc3Ys"].concat()
}

fn scan(entries: &[(&str, String)], more: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = entries.iter().fold(Zip::new(), |zip, (name, text)| zip.file(name, text.as_bytes()));
    let target = write(folder.path(), "function.zip", &zip.build());
    let (_, json) = Cli::scan(&target, more);
    let findings = json["targets"][0]["findings"].as_array().expect("findings").clone();
    findings.into_iter().filter(|finding| finding["kind"] == "secret").collect()
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().filter_map(|finding| finding["id"].as_str()).collect()
}

fn manifest(name: &str) -> String {
    json!({"name": name, "version": "1.0.0"}).to_string()
}

#[test]
fn an_id_and_its_secret_are_one_finding() {
    let (id, secret) = aws_pair();
    let apart = "\n".repeat(60);
    let found = scan(&[("a.env", format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n"))], &[]);
    assert_eq!(ids(&found), ["aws-key-pair"], "the id before it tells as much as a name");
    assert_eq!(found[0]["title"], "AWS secret access key, with its AWS access key id");
    assert_eq!(found[0]["confidence"], "high", "the id's account number proves the pair");
    let lines: Vec<_> = found[0]["locations"].as_array().unwrap().iter().map(|place| &place["line"]).collect();
    assert_eq!(lines, [2, 1]);

    let found = scan(&[("a.env", format!("AWS_ACCESS_KEY_ID={id}\n{apart}AWS_SECRET_ACCESS_KEY={secret}\n"))], &[]);
    assert_eq!(ids(&found), ["aws-secret-access-key", "aws-access-key-id"], "too far apart to belong together");
    let found = scan(&[("a.env", format!("KEY={id}\n")), ("b.env", format!("AWS_SECRET_ACCESS_KEY={secret}\n"))], &[]);
    assert_eq!(found.len(), 2, "different files");
}

#[test]
fn the_halves_of_a_pair_meet_in_the_environment() {
    let (id, secret) = aws_pair();
    let folder = tempfile::tempdir().unwrap();
    let variables = json!({"A_KEY": id, "B": "x", "AWS_SECRET_ACCESS_KEY": secret}).to_string();
    let file = write(folder.path(), "env.json", variables.as_bytes());
    let found = scan(&[("index.js", String::new())], &["--env-file", file.to_str().unwrap()]);
    assert_eq!(ids(&found), ["aws-secret-access-key"]);
    assert_eq!((&found[0]["origin"], found[0]["locations"].as_array().unwrap().len()), (&json!("environment"), 2));
}

#[test]
fn one_value_is_one_finding_under_the_rule_that_knows_it_best() {
    let (_, secret) = aws_pair();
    let files = [
        ("a.js", format!("const apiToken = \"{secret}\";\n")),
        ("b.env", format!("AWS_SECRET_ACCESS_KEY={secret}\n")),
        ("node_modules/x/package.json", manifest("x")),
        ("node_modules/x/c.js", format!("aws_secret_access_key = '{secret}'\n")),
    ];
    let found = scan(&files, &[]);
    assert_eq!(ids(&found), ["aws-secret-access-key"]);
    assert_eq!(found[0]["locations"].as_array().unwrap().len(), 3);
    assert_eq!((&found[0]["origin"], &found[0]["package"]), (&json!("own"), &Value::Null), "the function holds it too");
}

#[test]
fn the_policy_says_which_packages_are_ones_own() {
    let files = [
        ("node_modules/@acme/db/package.json", manifest("@acme/db")),
        ("node_modules/@acme/db/index.js", format!("exports.apiToken = \"{}\";\n", token())),
    ];
    let found = scan(&files, &[]);
    assert_eq!((&found[0]["origin"], &found[0]["purl"]), (&json!("dependency"), &json!("pkg:npm/%40acme/db@1.0.0")));

    let folder = tempfile::tempdir().unwrap();
    let policy = write(folder.path(), "tidewaiter.toml", b"own = [\"@acme/*\"]\n");
    let found = scan(&files, &["--policy", policy.to_str().unwrap()]);
    assert_eq!(found[0]["origin"], "own");
}

#[test]
fn a_private_key_that_a_package_brings_along_is_known_to_all() {
    let rules = tidewaiter::secret::rules_with_examples();
    let key = rules.iter().find(|rule| rule.id == "private-key").expect("the rule").examples[0].clone();
    let (_, token) = aws_pair();
    let files = |name: &str| {
        vec![
            ("node_modules/x/package.json", manifest(name)),
            ("node_modules/x/test.pem", key.clone()),
            ("node_modules/x/c.js", format!("aws_secret_access_key = '{token}'\n")),
        ]
    };
    let told = |found: &[Value]| -> Vec<String> {
        found.iter().map(|f| format!("{} {} {}", f["id"], f["severity"], f["violates"]).replace('"', "")).collect()
    };
    let found = scan(&files("x"), &[]);
    assert_eq!(told(&found), ["aws-secret-access-key critical true", "private-key low false"], "a token still works");
    assert!(found[1]["remediation"].as_str().unwrap().contains("pkg:npm/x@1.0.0"), "{}", found[1]);

    let folder = tempfile::tempdir().unwrap();
    let policy = write(folder.path(), "tidewaiter.toml", b"own = [\"@acme/*\"]\n");
    let own = scan(&files("@acme/x"), &["--policy", policy.to_str().unwrap()]);
    assert!(told(&own).contains(&"private-key critical true".to_owned()), "{:?}", told(&own));
    let mut both = files("x");
    both.push(("server.pem", key.clone()));
    assert!(told(&scan(&both, &[])).contains(&"private-key critical true".to_owned()), "the function has it, too");
}

#[test]
fn a_guess_that_recurs_over_published_files_is_documentation() {
    let weak = ["Summer", "2024!"].concat();
    let text = format!("password = \"{weak}\"\n");
    let names: Vec<String> = (0..6).map(|n| format!("node_modules/x/lib/{n}.js")).collect();
    let files = |count: usize| {
        let mut files = vec![("node_modules/x/package.json", manifest("x"))];
        files.extend(names.iter().take(count).map(|name| (name.as_str(), text.clone())));
        files
    };
    assert_eq!(ids(&scan(&files(4), &[])), ["generic-password"]);
    assert!(scan(&files(6), &[]).is_empty());
    let mut with_own = files(6);
    with_own.push(("config.js", text.clone()));
    assert_eq!(ids(&scan(&with_own, &[])), ["generic-password"], "nothing silences what the function itself holds");
}

/// A baseline names the secrets of a joined finding one by one.
#[test]
fn of_joined_secrets_one_more_is_new_and_one_less_is_not() {
    let line = |value: &str| format!("exports.apiToken = \"{value}\";\n");
    let files = |values: &[&str]| {
        let mut files = vec![("node_modules/x/package.json", manifest("x"))];
        let names = ["node_modules/x/a.js", "node_modules/x/b.js", "node_modules/x/c.js"];
        files.extend(names.into_iter().zip(values).filter(|(_, v)| !v.is_empty()).map(|(name, v)| (name, line(v))));
        files
    };
    let (one, two, three) = (token(), other_token(), token().to_ascii_lowercase());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.json");
    let path = path.to_str().unwrap();
    scan(&files(&[&one, &two]), &["--write-baseline", path]);
    let state = |values: &[&str]| {
        let found = scan(&files(values), &["--baseline", path]);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&[&one, &two]), "existing");
    assert_eq!(state(&[&one, "", ""]), "existing");
    assert_eq!(state(&["", &two]), "existing");
    assert_eq!(state(&[&one, &two, &three]), "new");
    assert_eq!(state(&["", &two, &three]), "new", "as many as before, and one of them another");
}

/// Another token that only its name tells.
fn other_token() -> String {
    ["Hx4Pd9Lq2Z", "vB7nTc5RkW"].concat()
}

#[test]
fn what_one_rule_finds_in_one_dependency_is_one_finding() {
    let line = |value: &str| format!("exports.apiToken = \"{value}\";\n");
    let files = |name: &str| {
        vec![
            ("node_modules/x/package.json", manifest(name)),
            ("node_modules/x/a.js", line(&token())),
            ("node_modules/x/b.js", line(&other_token())),
        ]
    };
    let found = scan(&files("x"), &[]);
    assert_eq!(ids(&found), ["generic-secret"]);
    assert_eq!(found[0]["title"], "token or key set in plain text (2 different ones)");
    assert_eq!((&found[0]["purl"], &found[0]["redacted"]), (&json!("pkg:npm/x@1.0.0"), &Value::Null));
    let places: Vec<_> = found[0]["locations"].as_array().unwrap().iter().map(|place| &place["path"][0]).collect();
    assert_eq!(places, ["node_modules/x/a.js", "node_modules/x/b.js"]);

    // One more value is news to whoever accepted the two.
    let mut more = files("x");
    more.push(("node_modules/x/c.js", line(&token().to_ascii_lowercase())));
    let fingerprints = |found: &[Value]| found[0]["fingerprint"].as_str().map(str::to_owned);
    assert_eq!(fingerprints(&scan(&files("x"), &[])), fingerprints(&found));
    assert_ne!(fingerprints(&scan(&more, &[])), fingerprints(&found));

    let mut two = files("x");
    two.extend([("node_modules/y/package.json", manifest("y")), ("node_modules/y/a.js", line(&token().repeat(2)))]);
    assert_eq!(scan(&two, &[]).len(), 2, "another package is another finding");
}

#[test]
fn ones_own_secrets_stay_apart() {
    let lines = [token(), other_token()].map(|value| format!("exports.apiToken = \"{value}\";\n"));
    let [a, b] = lines.clone();
    assert_eq!(scan(&[("a.js", a), ("b.js", b)], &[]).len(), 2);

    let folder = tempfile::tempdir().unwrap();
    let policy = write(folder.path(), "tidewaiter.toml", b"own = [\"@acme/*\"]\n");
    let [a, b] = lines;
    let files = [
        ("node_modules/@acme/db/package.json", manifest("@acme/db")),
        ("node_modules/@acme/db/a.js", a),
        ("node_modules/@acme/db/b.js", b),
    ];
    assert_eq!(scan(&files, &["--policy", policy.to_str().unwrap()]).len(), 2);
    assert_eq!(scan(&files, &[]).len(), 1);
}

#[test]
fn the_policy_allows_secrets_by_rule_place_and_value_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let digest = tidewaiter::model::sha256(token().as_bytes());
    let files = [
        ("src/a.js", format!("const apiToken = \"{}\";\n", token())),
        ("fixtures/b.js", format!("const apiToken = \"{}\";\n", token().replace('q', "w"))),
    ];
    let scan_with = |policy: &str| {
        let file = write(folder.path(), "tidewaiter.toml", policy.as_bytes());
        scan(&files, &["--policy", file.to_str().unwrap()])
    };
    let waived = |found: &[Value]| -> Vec<(String, bool)> {
        let place = |finding: &Value| finding["locations"][0]["path"][0].as_str().unwrap().to_owned();
        let mut list: Vec<_> = found.iter().map(|f| (place(f), !f["waived"].is_null())).collect();
        list.sort();
        list
    };
    let both = |fixtures, src| [("fixtures/b.js".to_owned(), fixtures), ("src/a.js".to_owned(), src)];
    assert_eq!(waived(&scan_with("")), both(false, false));
    let found = scan_with("[[allow-secrets]]\npath = \"fixtures/**\"\nreason = \"made up\"\n");
    assert_eq!(waived(&found), both(true, false));
    let allowed = found.iter().find(|finding| !finding["waived"].is_null()).expect("one is allowed");
    assert_eq!(allowed["waived"]["reason"], "made up");
    assert!(allowed["waived"]["by"].as_str().unwrap().ends_with("tidewaiter.toml:3"), "{}", allowed["waived"]);
    let value = format!("[[allow-secrets]]\nvalue = \"sha256:{digest}\"\nreason = \"public\"\n");
    assert_eq!(waived(&scan_with(&value)), both(false, true));
    let rule = "[[allow-secrets]]\nrule = \"generic-*\"\npath = \"src/*\"\nreason = \"rotated\"\n";
    assert_eq!(waived(&scan_with(rule)), both(false, true), "all that is given must hold");
}

#[test]
fn a_policy_that_allows_everything_or_shows_a_value_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = write(folder.path(), "a.js", b"1");
    for (policy, said) in [
        ("[[allow-secrets]]\nreason = \"because\"\n".to_owned(), "would allow every secret"),
        ("[[allow-secrets]]\npath = \"a\"\nreason = \" \"\n".to_owned(), "only with a reason"),
        (format!("[[allow-secrets]]\nvalue = \"{}\"\nreason = \"x\"\n", token()), "never write the value itself"),
    ] {
        let file = write(folder.path(), "p.toml", policy.as_bytes());
        let run = Cli::run(["scan".as_ref(), target.as_os_str(), "--policy".as_ref(), file.as_os_str()]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said) && !run.stderr.contains(&token()), "{}", run.stderr);
    }
}

#[test]
fn a_client_and_its_secret_are_one_finding() {
    let rules = tidewaiter::secret::rules_with_examples();
    let example = |id: &str| rules.iter().find(|rule| rule.id == id).expect("a rule").examples[0].clone();
    for (secret, id) in [("ramp-client-secret", "ramp-client-id"), ("tencent-secret-key", "tencent-secret-id")] {
        let found = scan(&[("a.txt", format!("{}\n{}\n", example(id), example(secret)))], &[]);
        assert_eq!(ids(&found), [secret], "{found:#?}");
        assert!(found[0]["title"].as_str().unwrap().contains(", with its "), "{}", found[0]["title"]);
    }
}
