//! The inventory of real packages against what the package managers themselves say of the same folder.
//!
//! Needs npm and its registry. Without npm the test says so and passes, except where `CI` is set.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tidewaiter::extract::{ALL, Entry, Joined, Sink, join};
use tidewaiter::model::{Evidence, Level, Location};

/// Feeds every file of a folder to the extractors. Links are not followed, as in an archive.
fn scan(root: &Path) -> Joined {
    let mut sink = Sink::default();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that can be read") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a kind of file");
            if kind.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            let wanted: Vec<_> = ALL.iter().filter(|extractor| extractor.wants(&name, b"")).collect();
            if kind.is_symlink() || wanted.is_empty() {
                continue;
            }
            let bytes = fs::read(&path).expect("a file that can be read");
            let location = Location::artifact(0).child(&name);
            wanted
                .iter()
                .for_each(|extractor| extractor.extract(&Entry { location: &location, bytes: &bytes }, &mut sink));
        }
    }
    join(sink)
}

fn ids(joined: &Joined, evidence: Evidence) -> BTreeSet<String> {
    joined
        .packages
        .iter()
        .filter(|package| package.evidence == evidence)
        .map(|package| format!("{}@{}", package.name, package.version.as_deref().unwrap_or("?")))
        .collect()
}

fn blocking(joined: &Joined) -> Vec<&str> {
    joined.gaps.iter().filter(|gap| gap.level == Level::Blocking).map(|gap| gap.detail.as_str()).collect()
}

fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(program).current_dir(folder).args(arguments).output().expect("a program that starts");
    assert!(
        output.status.success(),
        "{program} {arguments:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
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
#[expect(clippy::disallowed_macros, reason = "a skipped comparison must be seen")]
fn package_managers_agree() {
    if Command::new("npm").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "npm is missing");
        eprintln!("SKIPPED: npm is missing, nothing was compared with it");
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
    let joined = scan(folder);
    assert_eq!(ids(&joined, Evidence::Installed), expected);
    assert_eq!(joined.packages.len(), expected.len(), "nothing but what is installed");
    assert_eq!(blocking(&joined), Vec::<&str>::new());
    let direct = |name: &str, version: &str| {
        let mut same = joined.packages.iter().filter(|p| p.name == name && p.version.as_deref() == Some(version));
        same.next().map(|package| (package.direct, package.dev))
    };
    assert_eq!(direct("ms", "2.1.3"), Some((Some(true), Some(false))));
    assert_eq!(direct("ms", "2.0.0"), Some((Some(false), Some(false))));
    assert_eq!(direct("lodash", "3.10.1"), Some((Some(true), Some(false))));
    assert_eq!(direct("once", "1.4.0"), Some((Some(true), Some(true))));
    assert_eq!(direct("wrappy", "1.0.2"), Some((Some(false), Some(true))));
    let names: BTreeSet<&str> = joined.packages.iter().map(|package| package.name.as_str()).collect();
    for package in &joined.packages {
        assert!(package.requires.iter().all(|name| names.contains(name.as_str())), "{package:?}");
        let own = package.locations.iter().find(|location| location.innermost().ends_with("/package.json"));
        let owner = own.and_then(|location| joined.owners.owner_of(location));
        assert_eq!(owner.map(|owner| owner.name.as_str()), Some(package.name.as_str()));
    }
}

fn locks_of_npm(folder: &Path) {
    let expected = npm_ls(folder);
    fs::remove_dir_all(folder.join("node_modules")).expect("a tree to remove");
    for version in ["3", "2", "1"] {
        let arguments = ["install", "--package-lock-only", "--lockfile-version", version];
        run("npm", folder, &[&arguments, &QUIET[..]].concat());
        let joined = scan(folder);
        assert_eq!(ids(&joined, Evidence::Locked), expected, "version {version}");
        assert_eq!(joined.packages.len(), expected.len());
        assert!(joined.packages.iter().all(|package| !package.beside_installed && package.direct.is_some()));
        assert_eq!(joined.packages.iter().filter(|package| package.dev == Some(true)).count(), 2);
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
    let joined = scan(folder);
    let installed = ids(&joined, Evidence::Installed);
    assert!(installed.len() > 25, "{folder:?}: {installed:?}");
    assert_eq!(joined.packages.len(), installed.len(), "{folder:?}: {:?}", ids(&joined, Evidence::Locked));
    assert_eq!(blocking(&joined), Vec::<&str>::new());
    fs::remove_dir_all(folder.join("node_modules")).expect("a tree to remove");
    let joined = scan(folder);
    assert_eq!(ids(&joined, Evidence::Locked), installed, "{folder:?}");
    assert_eq!(joined.packages.iter().filter(|package| package.direct == Some(true)).count(), 10, "{folder:?}");
}
