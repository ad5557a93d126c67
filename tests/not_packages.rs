//! Files that look like packages and are none, and packages where providers put them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Cli, Zip, write};

/// `name version evidence` of all packages, and the exit code.
fn inventory(zip: Zip, folder: &Path) -> (BTreeSet<String>, i32) {
    let (run, json) = Cli::scan(&write(folder, "function.zip", &zip.build()), &[]);
    let row = |package: &Value| {
        let text = |key: &str| package[key].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("name"), text("version"), text("evidence"))
    };
    (json["targets"][0]["packages"].as_array().unwrap().iter().map(row).collect(), run.code)
}

fn rows(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|row| (*row).to_owned()).collect()
}

#[test]
fn test_data_and_other_manifests_are_no_packages() {
    let folder = tempfile::tempdir().unwrap();
    let evil = br#"{"name":"evil","version":"6.6.6","dependencies":{"worse":"6.6.6"}}"#;
    let gemspec = b"# stub: evil 6.6.6 ruby lib\n";
    let root = "vendor/bundle/ruby/3.2.0";
    let zip = Zip::new()
        .file("index.js", b"1\n")
        .file("node_modules/real/package.json", br#"{"name":"real","version":"1.0.0"}"#)
        .file("node_modules/real/test/fixtures/package.json", evil)
        .file("node_modules/real/test/resolver/node_modules/evil/package.json", evil)
        .file("node_modules/real/fixtures/a/node_modules/@evil/b/package.json", evil)
        .file("test/fixtures/node_modules/evil/package.json", evil)
        .file("node_modules/real/dist/node_modules/inner/package.json", br#"{"name":"inner","version":"2.0.0"}"#)
        .file("node_modules/real/esm/package.json", br#"{"type":"module"}"#)
        .file(
            "node_modules/real/package-lock.json",
            br#"{"lockfileVersion":3,"packages":{"node_modules/evil":{"version":"6.6.6"}}}"#,
        )
        .file("node_modules/real/Gemfile.lock", b"GEM\n  specs:\n    evil (6.6.6)\n")
        .file("node_modules/real/composer.json", br#"{"require":{"evil/evil":"6.6.6"}}"#)
        .file("esm/package.json", br#"{"type":"module"}"#)
        .file(
            "extension/package.json",
            br#"{"name":"evil","version":"6.6.6","engines":{"vscode":"^1.80.0"},"dependencies":{"evil":"6.6.6"}}"#,
        )
        .file(
            "unity/package.json",
            br#"{"name":"com.evil","version":"6.6.6","unity":"2021.3","dependencies":{"evil":"6.6.6"}}"#,
        )
        .file(format!("{root}/specifications/rack-99.0.gemspec"), b"# stub: rack 99.0 ruby lib\n")
        .file(format!("{root}/gems/rack-99.0/test/specifications/evil-6.6.6.gemspec"), gemspec)
        .file(format!("{root}/gems/rack-99.0/Gemfile.lock"), b"GEM\n  specs:\n    evil (6.6.6)\n")
        .file("mine.gemspec", gemspec);
    let (found, code) = inventory(zip, folder.path());
    assert_eq!(found, rows(&["inner 2.0.0 installed", "real 1.0.0 installed", "rack 99.0 installed"]));
    assert_eq!(code, 0);
}

#[test]
fn azure_keeps_python_packages_in_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let site = ".python_packages/lib/site-packages";
    let zip = Zip::new()
        .file("host.json", br#"{"version":"2.0"}"#)
        .file("hello/function.json", br#"{"bindings":[]}"#)
        .file("hello/__init__.py", b"import requests\n")
        .file("requirements.txt", b"azure-functions\nrequests==2.31.0\nidna>=2\n")
        .file(format!("{site}/requests-2.31.0.dist-info/METADATA"), b"Name: requests\nVersion: 2.31.0\n")
        .file(format!("{site}/azure_functions-1.17.0.dist-info/METADATA"), b"Name: azure-functions\nVersion: 1.17.0\n")
        .file(format!("{site}/six.py"), b"__version__ = '1.16.0'\n");
    let (found, _) = inventory(zip, folder.path());
    let expected =
        ["azure-functions 1.17.0 installed", "idna - declared", "requests 2.31.0 installed", "six 1.16.0 installed"];
    assert_eq!(found, rows(&expected));
}

#[test]
fn a_google_source_archive_only_declares() {
    let folder = tempfile::tempdir().unwrap();
    let zip = Zip::new()
        .file("main.py", b"import functions_framework\n")
        .file("requirements.txt", b"functions-framework==3.*\nrequests==2.19.1\n");
    let (found, code) = inventory(zip, folder.path());
    assert_eq!(found, rows(&["functions-framework - declared", "requests 2.19.1 declared"]));
    assert_eq!(code, 1, "a pinned version with known flaws gates: nothing better is known");
}
