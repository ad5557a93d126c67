//! What is left of real packages once a tool has deleted their metadata is still named: with a version where the code
//! says one, and never by a wrong name. Needs `pip` and its registry; says so and passes without them, except in CI.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::tool::pip;
use crate::support::{Cli, Zip, write};

/// Packages that say their version in their code, as serverless functions use them.
const VERSIONED: [&str; 22] = [
    "Flask==2.2.5",
    "Jinja2==2.10",
    "PyJWT==2.4.0",
    "PyYAML==6.0.1",
    "attrs==20.3.0",
    "beautifulsoup4==4.12.2",
    "cachetools==5.3.1",
    "certifi==2023.7.22",
    "chardet==3.0.4",
    "click==8.1.7",
    "google-auth==2.23.0",
    "idna==2.7",
    "jmespath==1.0.1",
    "packaging==23.1",
    "pip==23.2.1",
    "protobuf==4.24.0",
    "pyasn1==0.5.0",
    "python-dateutil==2.8.2",
    "requests==2.19.1",
    "six==1.15.0",
    "soupsieve==2.5",
    "urllib3==1.23",
];

/// Packages whose code takes its version from the metadata that is gone.
const UNVERSIONED: [&str; 4] = ["Werkzeug==3.0.1", "itsdangerous==2.2.0", "redis==5.0.0", "typing_extensions==4.12.2"];

/// A package that is not well known.
const UNKNOWN: &str = "ipython-genutils==0.2.0";

/// `name==version` of the packages with some evidence.
fn named(json: &Value, evidence: &str) -> BTreeSet<String> {
    let packages = json["targets"][0]["packages"].as_array().unwrap().iter().filter(|p| p["evidence"] == evidence);
    packages
        .map(|package| {
            assert_eq!(package["ecosystem"], "PyPI");
            let name = package["name"].as_str().unwrap().to_lowercase();
            package["version"].as_str().map_or(name.clone(), |version| normal(&format!("{name}=={version}")))
        })
        .collect()
}

/// PEP 440 says that `2023.07.22` is `2023.7.22`, and `2.5.0` is `2.5`.
fn normal(package: &str) -> String {
    let (name, version) = package.split_once("==").unwrap();
    let parts = version.split('.').map(|part| if part.len() > 1 { part.trim_start_matches('0') } else { part });
    let joined = parts.collect::<Vec<_>>().join(".");
    format!("{}=={}", name.to_lowercase(), joined.trim_end_matches(".0"))
}

/// The deletions of serverless-python-requirements with `slim: true`: its documented default patterns.
fn slim(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.contains(".dist-info") || name.starts_with("__pycache__") {
            fs::remove_dir_all(entry.path()).unwrap();
        } else if entry.path().is_dir() {
            slim(&entry.path());
        } else if name.ends_with(".pyc") || name.ends_with(".pyo") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn packages_without_metadata_are_named_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("function");
    let target = site.to_str().unwrap();
    let install = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:", "--target", target];
    let all = install.iter().chain(&VERSIONED).chain(&UNVERSIONED).chain([&UNKNOWN]).copied();
    if pip(&all.collect::<Vec<_>>()).is_none() {
        return;
    }
    // First-party code that looks like packages: an unknown name, a known one that is no package.
    write(&site, "billing/__init__.py", b"__version__ = '9.9'\n");
    write(&site, "click_tracking/version.py", b"__version__ = '8.8'\n");
    write(&site, "stripe/__init__.py", b"from .webhook import handler\n");
    write(&site, "src/billing/redis/__init__.py", b"__version__ = '7.7'\n");
    write(&site, "handler.py", b"import requests\n");
    let lower = |list: &[&str]| list.iter().map(|package| normal(package)).collect::<BTreeSet<_>>();
    let versioned = lower(&VERSIONED);
    let names: BTreeSet<String> =
        lower(&UNVERSIONED).iter().map(|package| package.split("==").next().unwrap().to_owned()).collect();

    // With the metadata the code adds nothing.
    let (_, whole) = Cli::scan(&site, &[]);
    let installed: BTreeSet<String> =
        versioned.iter().cloned().chain(lower(&UNVERSIONED)).chain(lower(&[UNKNOWN])).collect();
    assert_eq!(named(&whole, "installed"), installed);
    assert_eq!(named(&whole, "presence"), BTreeSet::new());
    let copies = named(&whole, "embedded");
    // pip's own list of what it vendors, and a module of urllib3's.
    for copy in ["requests==2.31", "urllib3==1.26.16", "cachecontrol==0.12.11", "six==1.10"] {
        assert!(copies.contains(copy), "{copy} in {copies:?}");
    }

    let six = whole["targets"][0]["packages"].as_array().unwrap().iter().find(|p| p["id"] == "pkg:pypi/six@1.10.0");
    let parents = six.expect("urllib3 carries it")["embedded_in"].to_string();
    assert!(parents.contains("pkg:pypi/urllib3@"), "{parents}");

    slim(&site);
    for target in [site.clone(), write(folder.path(), "function.zip", &Zip::new().tree(&site).build())] {
        let (_, json) = Cli::scan(&target, &[]);
        assert_eq!(named(&json, "installed"), versioned);
        assert_eq!(named(&json, "presence"), names);
        assert_eq!(named(&json, "embedded"), copies);
        assert_eq!(json["targets"][0]["coverage"]["grade"], "partial", "four versions are not known");
    }
    // `zip: true` of the same tool packs them into an archive of its own.
    let inner = Zip::new().tree(&site).build();
    let outer =
        Zip::new().file("handler.py", b"import unzip_requirements\n").stored(".requirements.zip", inner).build();
    let (_, json) = Cli::scan(&write(folder.path(), "nested.zip", &outer), &[]);
    assert_eq!(named(&json, "installed"), versioned);
}
