//! What `pip` installs is what a scan finds: no package more, none less. Needs `pip` and its registry; says so
//! and passes without them, except in CI.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::planted::plant;
use crate::support::tool::pip;
use crate::support::{Cli, Zip, write};

/// Small packages with all that is odd: capitals and dots in names, a name unlike its module, versions in four parts,
/// scripts, a namespace package, and one that carries dist-info folders of others.
const PACKAGES: [&str; 9] = [
    "Jinja2==2.10",
    "attrs==20.3.0",
    "backports.functools-lru-cache==1.6.4",
    "chardet==3.0.4",
    "python-dateutil==2.8.1",
    "requests==2.19.1",
    "setuptools==75.0.0",
    "six==1.15.0",
    "typing_extensions==3.7.4.3",
];

#[test]
fn the_inventory_equals_pip_list() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let install = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:", "--target", target];
    if pip(&[&install[..], &PACKAGES].concat()).is_none() {
        return;
    }
    // Nothing installs these any more, but what is deployed may be old.
    let old = folder.path().join("Old.Folder-1.0-py3.9.egg-info");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("PKG-INFO"), "Metadata-Version: 1.1\nName: Old.Folder\nVersion: 1.0\n").unwrap();
    std::fs::write(folder.path().join("flat-2.0.egg-info"), "Metadata-Version: 1.1\nName: flat\nVersion: 2.0\n")
        .unwrap();

    let listed = pip(&["list", "--path", target, "--format", "json"]).unwrap();
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let listed: BTreeSet<(String, String)> = listed
        .iter()
        .map(|package| (package["name"].as_str().unwrap().to_owned(), package["version"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(listed.len(), PACKAGES.len() + 2);

    // A secret in a file of a package that has another name, and one in first-party code.
    let line = |name: &str| plant(&format!("TOKEN = '@@{name}@@'\n"));
    let module = folder.path().join("dateutil/parser/_parser.py");
    let text = std::fs::read_to_string(&module).unwrap() + &line("github-token");
    std::fs::write(&module, text).unwrap();
    write(folder.path(), "app.py", line("stripe-live-key").as_bytes());

    let archives = tempfile::tempdir().unwrap();
    let zip = write(archives.path(), "function.zip", &Zip::new().tree(folder.path()).build());
    for target in [folder.path(), zip.as_path()] {
        let (_, json) = Cli::scan(target, &[]);
        assert_eq!(json["summary"]["gaps"]["blocking"], 0, "{:#}", json["targets"][0]["coverage"]);
        holds_what_is_listed(&json["targets"][0], &listed);
    }
}

fn holds_what_is_listed(target: &Value, listed: &BTreeSet<(String, String)>) {
    assert_eq!(&with_evidence(target, "installed"), listed);
    let embedded = with_evidence(target, "embedded");
    assert!(embedded.iter().any(|(name, _)| name == "packaging"), "setuptools carries packaging: {embedded:?}");
    let parents: BTreeSet<&str> = rows(target, "packages")
        .iter()
        .filter(|package| package["evidence"] == "embedded")
        .flat_map(|package| package["embedded_in"].as_array().expect("a list"))
        .map(|id| id.as_str().expect("an id").split('@').next().unwrap())
        .collect();
    assert!(parents.contains("pkg:pypi/setuptools"), "{parents:?}");
    let direct = |name: &str| &rows(target, "packages").iter().find(|p| p["name"] == name).unwrap()["direct"];
    assert_eq!((direct("six"), direct("flat")), (&Value::Bool(true), &Value::Null));
    let origin = |rule: &str| {
        let secret = rows(target, "findings").iter().find(|finding| finding["rule"] == rule).unwrap();
        (secret["origin"].as_str(), secret["package"].as_str())
    };
    assert_eq!(origin("github-personal-access-token"), (Some("dependency"), Some("pkg:pypi/python-dateutil@2.8.1")));
    assert_eq!(origin("stripe-secret-key"), (Some("own"), None));
}

fn rows<'a>(target: &'a Value, list: &str) -> &'a Vec<Value> {
    target[list].as_array().unwrap()
}

fn with_evidence(target: &Value, evidence: &str) -> BTreeSet<(String, String)> {
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    rows(target, "packages")
        .iter()
        .filter(|package| package["ecosystem"] == "PyPI" && package["evidence"] == evidence)
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}
