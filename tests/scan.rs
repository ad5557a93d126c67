//! The main job, end to end, through the real program: archives in, JSON out.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Cli, Zip, write};

fn npm(name: &str, version: &str) -> Vec<u8> {
    json!({"name": name, "version": version}).to_string().into_bytes()
}

fn metadata(name: &str, version: &str) -> Vec<u8> {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not-this\n").into_bytes()
}

/// Scans a function with layers; the files are written into `folder`.
fn scan_function(folder: &Path, code: &[u8], layers: &[Vec<u8>], more: &[&str]) -> (i32, Value) {
    let target = write(folder, "function.zip", code);
    let mut arguments: Vec<String> = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let path = write(folder, &format!("layer{index}.zip"), layer);
        arguments.extend(["--layer".to_owned(), path.display().to_string()]);
    }
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (run, json) = Cli::scan(&target, &words);
    (run.code, json)
}

fn rows<'a>(json: &'a Value, list: &str) -> &'a Vec<Value> {
    json["targets"][0][list].as_array().expect("the list is there")
}

fn package<'a>(json: &'a Value, name: &str, version: &str) -> &'a Value {
    rows(json, "packages")
        .iter()
        .find(|p| p["name"] == name && p["version"] == version)
        .unwrap_or_else(|| panic!("{name} {version} is not among {:#}", json["targets"][0]["packages"]))
}

fn gaps(json: &Value) -> &Vec<Value> {
    json["targets"][0]["coverage"]["gaps"].as_array().expect("gaps are a list")
}

fn vulnerable(json: &Value, id: &Value) -> usize {
    rows(json, "findings").iter().filter(|f| f["kind"] == "vulnerability" && &f["package"] == id).count()
}

#[test]
fn a_layers_own_lodash_is_matched_beside_the_functions() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new()
        .file("index.js", b"require('lodash')")
        .file("node_modules/lodash/package.json", npm("lodash", "4.17.15"))
        .build();
    let layer = Zip::new().file("nodejs/node_modules/lodash/package.json", npm("lodash", "4.17.11")).build();
    let (exit, json) = scan_function(folder.path(), &code, &[layer], &[]);
    assert_eq!(exit, 1);
    for version in ["4.17.15", "4.17.11"] {
        let lodash = package(&json, "lodash", version);
        assert_eq!(lodash["shadowed"], false);
        assert_eq!(lodash["evidence"], "installed");
        assert!(vulnerable(&json, &lodash["id"]) > 0, "lodash {version}");
    }
    assert_eq!(json["targets"][0]["kind"], "function");
}

#[test]
fn a_functions_manifest_means_what_lies_in_its_layer() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new()
        .file("index.js", b"require('lodash')")
        .file("package.json", br#"{"name": "fn", "dependencies": {"lodash": "^4.17.0", "express": "^4.0.0"}}"#)
        .build();
    let layer = Zip::new().file("nodejs/node_modules/lodash/package.json", npm("lodash", "4.17.21")).build();
    let (_, json) = scan_function(folder.path(), &code, &[layer], &[]);
    let installed = package(&json, "lodash", "4.17.21");
    assert_eq!((&installed["direct"], &installed["evidence"]), (&json!(true), &json!("installed")));
    assert_eq!(installed["locations"].as_array().map(Vec::len), Some(1), "the manifest is no place of it");
    let declared: Vec<_> = rows(&json, "packages").iter().filter(|p| p["evidence"] == "declared").collect();
    assert_eq!(declared.iter().map(|p| &p["name"]).collect::<Vec<_>>(), ["express"]);
    let missing: Vec<_> = gaps(&json).iter().filter(|gap| gap["kind"] == "unversioned").collect();
    assert_eq!(missing.len(), 1);
    assert!(missing[0]["detail"].as_str().is_some_and(|detail| detail.starts_with("express is declared")));
}

#[test]
fn the_later_layers_file_counts_and_the_hidden_one_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new().file("index.js", b"1").build();
    let path = "nodejs/node_modules/lodash/package.json";
    let below = Zip::new().file(path, npm("lodash", "4.17.11")).build();
    let above = Zip::new().file(path, npm("lodash", "4.17.21")).build();
    let (_, json) = scan_function(folder.path(), &code, &[below, above], &[]);
    assert_eq!(package(&json, "lodash", "4.17.21")["shadowed"], false);
    let hidden = package(&json, "lodash", "4.17.11");
    assert_eq!(hidden["shadowed"], true);
    assert!(vulnerable(&json, &hidden["id"]) > 0, "a hidden copy is matched all the same");
    let said: Vec<_> = gaps(&json).iter().filter(|g| g["by"] == "layers").collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["level"], "note");
    assert_eq!(said[0]["location"]["artifact"], 1);
}

#[test]
fn a_layers_python_package_is_shadowed_by_the_functions() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new()
        .file("app.py", b"import requests")
        .file("requests-2.31.0.dist-info/METADATA", metadata("requests", "2.31.0"))
        .build();
    let layer = Zip::new().file("python/requests-2.19.1.dist-info/METADATA", metadata("requests", "2.19.1")).build();
    let (_, json) = scan_function(folder.path(), &code, &[layer], &[]);
    assert_eq!(package(&json, "requests", "2.31.0")["shadowed"], false);
    let layers = package(&json, "requests", "2.19.1");
    assert_eq!(layers["shadowed"], true);
    assert!(vulnerable(&json, &layers["id"]) > 0);
}

#[test]
fn lock_only_packages_beside_an_installed_tree_do_not_gate() {
    let folder = tempfile::tempdir().unwrap();
    let lock = json!({"lockfileVersion": 3, "packages": {
        "": {"name": "app", "dependencies": {"left-pad": "1.3.0", "lodash": "4.17.15"}},
        "node_modules/left-pad": {"version": "1.3.0"},
        "node_modules/lodash": {"version": "4.17.15"},
    }})
    .to_string();
    let installed = npm("left-pad", "1.3.0");
    let code = Zip::new()
        .file("index.js", b"1")
        .file("package-lock.json", lock.as_bytes())
        .file("node_modules/left-pad/package.json", &installed)
        .build();
    let (exit, json) = scan_function(folder.path(), &code, &[], &[]);
    let lodash = package(&json, "lodash", "4.17.15");
    assert_eq!(lodash["evidence"], "locked");
    assert!(vulnerable(&json, &lodash["id"]) > 0);
    assert_eq!(exit, 0, "nothing that is installed is vulnerable");
    assert_eq!(package(&json, "left-pad", "1.3.0")["locations"].as_array().unwrap().len(), 2);

    // The lock file alone is all there is: then it gates.
    let alone = write(folder.path(), "package-lock.json", lock.as_bytes());
    let (run, _) = Cli::scan(&alone, &[]);
    assert_eq!(run.code, 1);
}

#[test]
fn workspaces_and_linked_trees_hold_each_package_once() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = |name: &str, wants: Value| {
        json!({"name": name, "version": "1.0.0", "dependencies": wants}).to_string().into_bytes()
    };
    let code = Zip::new()
        .file("package.json", br#"{"name":"app","workspaces":["packages/*"]}"#)
        .file("packages/a/package.json", workspace("@acme/a", json!({"@acme/b": "*", "left-pad": "^1.0.0"})))
        .file("packages/b/package.json", workspace("@acme/b", json!({"gone": "^1.0.0"})))
        .link("node_modules/@acme/a", "../../packages/a")
        .link("node_modules/@acme/b", "../../packages/b")
        .link("node_modules/left-pad", ".pnpm/left-pad@1.3.0/node_modules/left-pad")
        .file("node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad/package.json", npm("left-pad", "1.3.0"))
        .build();
    let (exit, json) = scan_function(folder.path(), &code, &[], &[]);
    assert_eq!(exit, 0);
    let listed: Vec<_> = rows(&json, "packages").iter().map(|p| (p["name"].as_str(), p["evidence"].as_str())).collect();
    assert_eq!(listed, [(Some("gone"), Some("declared")), (Some("left-pad"), Some("installed"))]);
    assert_eq!(package(&json, "left-pad", "1.3.0")["direct"], true);
}

#[test]
fn lock_files_inside_installed_packages_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let lock = json!({"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.15"}}}).to_string();
    let code = Zip::new()
        .file("index.js", b"1")
        .file("node_modules/left-pad/package.json", npm("left-pad", "1.3.0"))
        .file("node_modules/left-pad/test/package-lock.json", lock.as_bytes())
        .file("node_modules/left-pad/test/fixtures/package.json", npm("lodash", "4.17.11"))
        .build();
    let (_, json) = scan_function(folder.path(), &code, &[], &[]);
    assert_eq!(rows(&json, "packages").len(), 1);
}

#[test]
fn of_two_entries_with_one_name_both_are_scanned() {
    let folder = tempfile::tempdir().unwrap();
    let path = "node_modules/lodash/package.json";
    let code = Zip::new()
        .file("index.js", b"1")
        .file(path, npm("lodash", "4.17.11"))
        .file(path, npm("lodash", "4.17.15"))
        .build();
    let (_, json) = scan_function(folder.path(), &code, &[], &[]);
    package(&json, "lodash", "4.17.11");
    package(&json, "lodash", "4.17.15");
    assert!(gaps(&json).iter().any(|gap| gap["kind"] == "duplicate"));
}

#[test]
fn a_package_without_a_version_is_listed_and_not_called_vulnerable() {
    let folder = tempfile::tempdir().unwrap();
    let code =
        Zip::new().file("index.js", b"1").file("node_modules/lodash/package.json", br#"{"name": "lodash"}"#).build();
    let (_, json) = scan_function(folder.path(), &code, &[], &[]);
    let packages = rows(&json, "packages");
    assert_eq!(packages.len(), 1);
    assert_eq!(packages[0]["version"], Value::Null);
    assert!(rows(&json, "findings").is_empty());
    assert!(gaps(&json).iter().any(|gap| gap["kind"] == "unversioned"));
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    let mut example = Cli::example();
    example.extend(["--format", "json", "--reproducible", "--threads"].map(Into::into));
    let run = |threads: &str| {
        let mut arguments = example.clone();
        arguments.push(threads.into());
        Cli::run(arguments).stdout
    };
    let one = run("1");
    assert!(one.len() > 1000);
    assert!(one == run("2"), "two threads give other bytes than one");
    assert!(one == run("8"), "eight threads give other bytes than one");
    assert!(!one.contains("\"run\""));
}

#[test]
fn standard_input_is_scanned_like_a_file() {
    let code =
        Zip::new().file("index.js", b"1").file("node_modules/lodash/package.json", npm("lodash", "4.17.15")).build();
    let run = Cli::run_with_input(["scan", "-", "--allow-seed", "--format", "json"], &code);
    assert_eq!(run.code, 1);
    package(&run.json(), "lodash", "4.17.15");
}

#[test]
fn a_lock_file_without_its_name_is_not_called_clean() {
    let lock = br#"{"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.15"}}}"#;
    let run = Cli::run_with_input(["scan", "-", "--allow-seed", "--format", "json"], lock);
    assert_eq!(run.code, 3);
    let gaps = &run.json()["targets"][0]["coverage"]["gaps"];
    assert_eq!((&gaps[0]["level"], &gaps[0]["kind"]), (&"blocking".into(), &"unsupported".into()));
    assert!(gaps[0]["detail"].as_str().unwrap().contains("known by its name"), "{gaps}");
}

#[test]
fn a_folder_and_its_archive_hold_the_same_packages() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    write(&tree, "node_modules/lodash/package.json", &npm("lodash", "4.17.15"));
    write(&tree, "yaml-5.3.dist-info/METADATA", &metadata("PyYAML", "5.3"));
    let (run, json) = Cli::scan(&tree, &[]);
    assert_eq!(run.code, 1);
    assert_eq!(json["targets"][0]["kind"], "folder");
    let names: Vec<&str> = rows(&json, "packages").iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names, ["lodash", "PyYAML"]);
}

#[test]
fn what_cannot_run_is_exit_code_2_and_says_what_to_do() {
    for (arguments, said) in [
        (vec!["scan", "/nonexistent.zip"], "/nonexistent.zip"),
        (vec!["scan"], "TARGET"),
        (vec!["scan", ".", "--format", "xml"], "use one of"),
        (vec!["scan", ".", "--output", "json"], "FORMAT=FILE"),
        (vec!["scan", ".", "--fail-on", "bad"], "--fail-on"),
        (vec!["scan", ".", "--cache", "/nonexistent"], "db sync"),
        (vec!["scan", ".", ".", "--runtime", "nodejs22.x"], "one function"),
        (vec!["scan", ".", "--policy", "/nonexistent.toml"], "/nonexistent.toml"),
        (vec!["scan", ".", "--layer", "/nonexistent.zip"], "/nonexistent.zip"),
        (vec!["scan", ".", "--osv-api", "--advisories", "x.twb"], "cannot be used with"),
        (vec!["scan", ".", "--osv-api", "--offline"], "cannot be used with"),
    ] {
        let run = Cli::run(&arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.matches("os error").count() <= 1, "said twice: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn explain_knows_advisories_and_secret_rules() {
    for (id, said) in [("GHSA-35jh-r3h4-6jhm", "fixed in 4.17.21"), ("stripe-secret-key", "Developers, API keys")] {
        let run = Cli::run(["explain", id]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.starts_with(id) && run.stdout.contains(said), "{}", run.stdout);
    }
    assert_eq!(Cli::run(["explain", "no-such-thing"]).code, 2);
}

#[test]
fn the_seed_blocks_a_verdict_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let code =
        Zip::new().file("index.js", b"1").file("node_modules/left-pad/package.json", npm("left-pad", "1.3.0")).build();
    let target = write(folder.path(), "function.zip", &code);
    let run = Cli::run(["scan".as_ref(), target.as_os_str()]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("seed") && run.stdout.contains("tidewaiter db sync"), "{}", run.stdout);
    let (run, json) = Cli::scan(&target, &[]);
    assert_eq!(run.code, 0);
    assert_eq!(json["advisories"]["origin"], "seed");
}

#[test]
fn reports_go_to_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new().file("index.js", b"1").build();
    let target = write(folder.path(), "function.zip", &code);
    let report = folder.path().join("report.json");
    let output = format!("json={}", report.display());
    let (run, json) = Cli::scan(&target, &["--reproducible", "--output", &output]);
    assert_eq!(run.code, 0);
    let written: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(written, json);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file is left");
}

#[test]
fn a_missing_layer_and_locked_variables_block() {
    let folder = tempfile::tempdir().unwrap();
    let code = Zip::new().file("index.js", b"1").build();
    let config = json!({
        "FunctionName": "orders", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "Runtime": "nodejs22.x", "Handler": "index.handler",
        "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:123456789012:layer:base:7"}],
        "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no key"}},
    });
    let env = write(folder.path(), "config.json", config.to_string().as_bytes());
    let (exit, json) = scan_function(folder.path(), &code, &[], &["--env-file", env.to_str().unwrap()]);
    assert_eq!(exit, 3);
    let target = &json["targets"][0];
    assert_eq!(target["name"], "orders");
    assert_eq!(target["runtime"], "nodejs22.x");
    assert_eq!(target["handler"], "index.handler");
    let blocking: Vec<&str> = gaps(&json)
        .iter()
        .filter(|gap| gap["level"] == "blocking" && gap["kind"] == "unavailable")
        .filter_map(|gap| gap["detail"].as_str())
        .collect();
    assert_eq!(blocking.len(), 2, "{blocking:?}");
}
