//! The inventory of real packages against what the package managers themselves say of the same folder.
//!
//! Needs npm and its registry. Without npm the test says so and passes, except where `CI` is set.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::planted::plant;
use crate::support::tool::run;
use crate::support::{Cli, Zip, need, write};

/// The target of a scan through the real program.
fn scan(target: &Path) -> Value {
    let (run, mut json) = Cli::scan(target, &[]);
    assert!(run.code <= 1, "{target:?}: {} {:#}", run.code, json["targets"][0]["coverage"]);
    json["targets"][0].take()
}

/// Scans a folder, and as a zip whose links stay links: they hold the same packages.
fn scan_both(folder: &Path) -> Value {
    let target = scan(folder);
    let archives = tempfile::tempdir().expect("a temporary folder");
    let zip = scan(&write(archives.path(), "function.zip", &Zip::new().tree(folder).build()));
    let rows = |target: &Value| packages(target).iter().map(|p| (row(p), p["direct"].clone())).collect::<Vec<_>>();
    assert_eq!(rows(&target), rows(&zip), "{folder:?}");
    target
}

fn packages(target: &Value) -> &Vec<Value> {
    target["packages"].as_array().expect("packages are a list")
}

fn row(package: &Value) -> String {
    format!("{}@{}", package["name"].as_str().unwrap_or("?"), package["version"].as_str().unwrap_or("?"))
}

fn ids(target: &Value, evidence: &str) -> BTreeSet<String> {
    packages(target).iter().filter(|package| package["evidence"] == evidence).map(row).collect()
}

/// Name and version of all that `npm ls --all --json` lists. It knows an aliased package by its alias alone.
fn npm_ls(folder: &Path) -> BTreeSet<String> {
    fn collect(node: &Value, all: &mut BTreeSet<String>) {
        for (name, child) in node["dependencies"].as_object().into_iter().flatten() {
            let name = if name == "old-lodash" { "lodash" } else { name };
            all.extend(child["version"].as_str().map(|version| format!("{name}@{version}")));
            collect(child, all);
        }
    }
    let output = run("npm", folder, &["ls", "--all", "--json"]);
    let mut all = BTreeSet::new();
    collect(&serde_json::from_slice(&output.stdout).expect("JSON"), &mut all);
    all
}

fn project(folder: &Path) {
    let manifest = json!({
        "name": "sample", "version": "1.0.0", "private": true,
        "dependencies": {
            "lodash": "4.17.15", "old-lodash": "npm:lodash@3.10.1", "minimist": "1.2.0", "mkdirp": "0.5.5",
            "debug": "2.6.9", "ms": "2.1.3", "@sindresorhus/is": "4.6.0", "body-parser": "1.18.3", "chalk": "^4.1.0"
        },
        "devDependencies": {"once": "1.4.0"}
    });
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("package.json"), manifest.to_string()).expect("a manifest");
}

const QUIET: [&str; 3] = ["--ignore-scripts", "--no-audit", "--no-fund"];

#[test]
fn package_managers_agree() {
    if !need("npm") {
        return;
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let root = temporary.path();
    let with_npm = root.join("npm");
    project(&with_npm);
    run("npm", &with_npm, &[&["install"], &QUIET[..]].concat());
    installed_tree(&with_npm);
    locks_of_npm(&with_npm);
    other_managers(root);
}

fn installed_tree(folder: &Path) {
    let expected = npm_ls(folder);
    assert!(expected.len() > 25, "{expected:?}");
    let target = scan_both(folder);
    assert_eq!(ids(&target, "installed"), expected);
    assert_eq!(packages(&target).len(), expected.len(), "nothing but what is installed");
    let direct = |id: &str| {
        let package = packages(&target).iter().find(|package| row(package) == id).expect("it is installed");
        (package["direct"].as_bool(), package["dev"].as_bool())
    };
    assert_eq!(direct("ms@2.1.3"), (Some(true), Some(false)));
    assert_eq!(direct("ms@2.0.0"), (Some(false), Some(false)));
    assert_eq!(direct("lodash@3.10.1"), (Some(true), Some(false)));
    assert_eq!(direct("once@1.4.0"), (Some(true), Some(true)));
    assert_eq!(direct("wrappy@1.0.2"), (Some(false), Some(true)));
    let known: BTreeSet<Option<&str>> = packages(&target).iter().map(|package| package["id"].as_str()).collect();
    for package in packages(&target) {
        let requires = package["requires"].as_array().expect("a list");
        assert!(requires.iter().all(|id| known.contains(&id.as_str())), "{package:#}");
    }
    secrets_have_owners(folder);
}

/// One secret in the alias's folder, one in first-party code.
fn secrets_have_owners(folder: &Path) {
    let line = |name: &str| plant(&format!("const token = '@@{name}@@';\n"));
    write(folder, "node_modules/old-lodash/lib/planted.js", line("github-token").as_bytes());
    write(folder, "index.js", line("stripe-live-key").as_bytes());
    let target = scan(folder);
    let origin = |rule: &str| {
        let findings = target["findings"].as_array().expect("findings are a list");
        let secret = findings.iter().find(|finding| finding["rule"] == rule).expect("it is found");
        (secret["origin"].as_str(), secret["package"].as_str())
    };
    assert_eq!(origin("github-personal-access-token"), (Some("dependency"), Some("pkg:npm/lodash@3.10.1")));
    assert_eq!(origin("stripe-secret-key"), (Some("own"), None));
    fs::remove_file(folder.join("index.js")).expect("a file to remove");
}

fn locks_of_npm(folder: &Path) {
    let expected = npm_ls(folder);
    fs::remove_dir_all(folder.join("node_modules")).expect("a tree to remove");
    for version in ["3", "2", "1"] {
        let arguments = ["install", "--package-lock-only", "--lockfile-version", version];
        run("npm", folder, &[&arguments, &QUIET[..]].concat());
        for target in [scan_both(folder), scan(&folder.join("package-lock.json"))] {
            assert_eq!(ids(&target, "locked"), expected, "version {version}");
            assert_eq!(packages(&target).len(), expected.len());
            assert_eq!(packages(&target).iter().filter(|package| package["dev"] == true).count(), 2);
        }
        let target = scan(folder);
        assert!(packages(&target).iter().all(|package| package["direct"].is_boolean()));
    }
}

/// What the other package managers lock is what they install.
fn other_managers(root: &Path) {
    let tools = root.join("tools");
    fs::create_dir_all(&tools).expect("a folder");
    let mut packages = vec!["install", "--prefix", ".", "yarn@1.22.22", "@yarnpkg/cli-dist@4.9.2", "pnpm@9.15.0"];
    // Bun's own package downloads it after installation; this one holds it.
    let bun = cfg!(all(target_os = "linux", target_arch = "x86_64")).then_some("@oven/bun-linux-x64@1.2.20");
    packages.extend(bun);
    run("npm", &tools, &[&packages, &QUIET[..]].concat());
    let tool = |path: &str| tools.join("node_modules").join(path).to_string_lossy().into_owned();
    let store = root.join("store").to_string_lossy().into_owned();
    let yarn = ["install", "--ignore-scripts", "--cache-folder", &store];
    let pnpm = ["install", "--ignore-scripts", "--store-dir", &store];
    locks_what_it_installs(&root.join("yarn"), &tool("yarn/bin/yarn"), &yarn);
    locks_what_it_installs(&root.join("pnpm"), &tool(".bin/pnpm"), &pnpm);
    let berry = tool("@yarnpkg/cli-dist/bin/yarn.js");
    let folder = root.join("berry");
    fs::create_dir_all(&folder).expect("a folder");
    let settings = format!(
        "nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\nglobalFolder: {store}\n\
         enableImmutableInstalls: false\n"
    );
    fs::write(folder.join(".yarnrc.yml"), settings).expect("settings");
    fs::write(folder.join("yarn.lock"), "").expect("a lock file that ends the search for a project");
    locks_what_it_installs(&folder, "node", &[&berry, "install"]);
    if bun.is_some() {
        let program = tool("@oven/bun-linux-x64/bin/bun");
        let arguments = ["install", "--ignore-scripts", "--save-text-lockfile", "--cache-dir", &store];
        locks_what_it_installs(&root.join("bun"), &program, &arguments);
    }
}

fn locks_what_it_installs(folder: &Path, program: &str, arguments: &[&str]) {
    project(folder);
    run(program, folder, arguments);
    let target = scan_both(folder);
    let installed = ids(&target, "installed");
    assert!(installed.len() > 25, "{folder:?}: {installed:?}");
    assert_eq!(packages(&target).len(), installed.len(), "{folder:?}: {:?}", ids(&target, "locked"));
    fs::remove_dir_all(folder.join("node_modules")).expect("a tree to remove");
    let target = scan(folder);
    assert_eq!(ids(&target, "locked"), installed, "{folder:?}");
    assert_eq!(packages(&target).iter().filter(|package| package["direct"] == true).count(), 10, "{folder:?}");
}
