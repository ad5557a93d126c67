//! Real packages from PyPI and npm: nothing is told of them until somebody touches them. Needs pip, npm, strip and the
//! registries; says so and passes without them, except in CI.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::integrity::told;
use crate::support::tool::{fetch, pip, run};
use crate::support::{Cli, Zip, need, write};

/// Compiled ones with libraries of their own (cryptography, lxml, Pillow), in Rust (pydantic-core), with a startup file
/// (setuptools), with scripts (requests' chardet), and plain ones.
const PYTHON: [&str; 10] = [
    "MarkupSafe==2.1.5",
    "PyYAML==6.0.2",
    "cffi==1.17.1",
    "chardet==5.2.0",
    "cryptography==43.0.3",
    "lxml==5.3.0",
    "pillow==11.0.0",
    "pydantic-core==2.27.1",
    "setuptools==75.6.0",
    "six==1.17.0",
];

/// With programs for one platform, scripts of installation, executables for Windows, much text.
const NODE: [&str; 10] = [
    "bcrypt@5.1.1",
    "core-js@3.39.0",
    "esbuild@0.24.0",
    "express@4.21.1",
    "lodash@4.17.21",
    "node-notifier@10.0.1",
    "sharp@0.33.5",
    "sqlite3@5.1.7",
    "ws@8.18.0",
    "zod@3.23.8",
];

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

fn scan(path: &Path) -> Value {
    Cli::scan(path, &[]).1["targets"][0].take()
}

#[test]
fn python_packages_are_untouched_until_somebody_touches_them() {
    if !need("python3") || !need("strip") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    let install = ["install", "--quiet", "--no-deps"];
    let wheels = ["--only-binary", ":all:", "--target", root.to_str().unwrap()];
    if pip(&[&install[..], &wheels, &PYTHON].concat()).is_none() {
        return;
    }
    let installed = scan(root);
    assert_eq!(told(&installed), []);
    let hooks = installed["hooks"].as_array().unwrap();
    assert!(hooks.len() == 1 && hooks[0]["expected"] == true, "setuptools lists its startup file: {hooks:?}");

    let site = usual_changes(root);
    let archives = tempfile::tempdir().unwrap();
    let zip = write(archives.path(), "function.zip", &Zip::new().tree(root).build());
    let changed = scan(&zip);
    assert_eq!(told(&changed), []);
    let notes = changed["coverage"]["gaps"].as_array().unwrap().iter().filter(|gap| gap["by"] == "integrity");
    assert!(notes.clone().count() > 2, "what was stripped is noted");
    assert!(notes.into_iter().all(|gap| gap["level"] == "note" && gap["detail"].as_str().unwrap().contains("strip")));

    let flip = |path: &str| {
        let path = site.join(path);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    flip("yaml/loader.py");
    flip("six-1.17.0.dist-info/METADATA");
    write(root, "evil.pth", b"import evil\n");
    write(root, "chardet/evil.py", b"");
    let row = |id: &str, severity: &str, place: &str| (id.to_owned(), severity.to_owned(), place.to_owned());
    let expected = [
        row("file-changed", "high", "yaml/loader.py"),
        row("file-changed", "medium", "six-1.17.0.dist-info/METADATA"),
        row("file-planted", "high", "chardet/evil.py"),
        row("startup-file", "high", "evil.pth"),
    ];
    assert_eq!(told(&scan(root)), expected);
}

/// What packagers do: strip libraries, compile modules, delete tests, write scripts and lines their own way.
fn usual_changes(root: &Path) -> PathBuf {
    let mut all = Vec::new();
    files(root, &mut all);
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let libraries: Vec<&str> =
        all.iter().filter(|path| name(path).contains(".so")).map(|path| path.to_str().unwrap()).collect();
    assert!(libraries.len() > 10, "{libraries:?}");
    run("strip", root, &libraries);
    run("python3", root, &["-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", "lxml", "yaml"]);
    run("python3", root, &["-m", "compileall", "-q", "-b", "markupsafe"]);
    fs::remove_file(root.join("markupsafe/_native.py")).unwrap();
    fs::remove_dir_all(root.join("setuptools/tests")).unwrap();
    fs::remove_file(root.join("six-1.17.0.dist-info/REQUESTED")).unwrap();
    fs::write(root.join("six-1.17.0.dist-info/INSTALLER"), "uv").unwrap();
    fs::write(root.join("six-1.17.0.dist-info/direct_url.json"), "{}").unwrap();
    let script = root.join("bin/chardetect");
    let text = fs::read_to_string(&script).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    fs::write(&script, format!("#!/var/lang/bin/python3.12\n{body}")).unwrap();
    let module = root.join("yaml/nodes.py");
    fs::write(&module, fs::read_to_string(&module).unwrap().replace('\n', "\r\n")).unwrap();
    root.to_owned()
}

#[test]
fn npm_packages_are_untouched() {
    if !need("npm") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    fs::write(root.join("package.json"), r#"{"name": "sample", "version": "1.0.0"}"#).unwrap();
    let npm = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    if fetch("npm", root, &[&npm[..], &NODE].concat()).is_none() {
        return;
    }
    let installed = scan(root);
    assert_eq!(told(&installed), []);
    let hooks = installed["hooks"].as_array().unwrap();
    let of = |package: &str| {
        hooks.iter().filter(|hook| hook["location"]["display"].as_str().unwrap().contains(package)).count()
    };
    assert_eq!((of("/bcrypt/"), of("/core-js/")), (1, 1), "{hooks:?}");
    assert!(hooks.iter().all(|hook| hook["expected"] == true), "{hooks:?}");
}
