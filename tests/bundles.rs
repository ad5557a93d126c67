//! Functions that real bundlers built: what is named of them against what the bundler says it took.
//!
//! Needs npm and its registry. Kind of the input: real packages, bundled by esbuild and webpack in the test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::tool::run;
use crate::support::{Cli, need};

const DEPENDENCIES: [(&str, &str); 15] = [
    ("ajv", "8.12.0"),
    ("axios", "1.6.0"),
    ("dayjs", "1.11.10"),
    ("debug", "4.3.4"),
    ("express", "4.18.2"),
    ("form-data", "4.0.0"),
    ("handlebars", "4.7.8"),
    ("js-yaml", "4.1.0"),
    ("jsonwebtoken", "9.0.2"),
    ("lodash", "4.17.21"),
    ("moment", "2.29.4"),
    ("node-fetch", "2.7.0"),
    ("semver", "7.5.4"),
    ("uuid", "9.0.1"),
    ("validator", "13.11.0"),
];

/// A function that uses all dependencies and a file of its own.
fn install(folder: &Path) {
    let mut manifest = json!({
        "name": "function", "version": "1.0.0", "private": true,
        "dependencies": {}, "devDependencies": {"esbuild": "0.25.0", "webpack": "5.97.1", "webpack-cli": "5.1.4"}
    });
    let mut source = String::from("import { own } from './lib/own.mjs';\n");
    for (index, (name, version)) in DEPENDENCIES.iter().enumerate() {
        manifest["dependencies"][name] = json!(version);
        source += &format!("import * as d{index} from '{name}';\n");
    }
    let all: Vec<String> = (0..DEPENDENCIES.len()).map(|index| format!("d{index}")).collect();
    source += &format!("export const handler = async (event) => [own, {}].map((d) => d[event.key]);\n", all.join(", "));
    fs::create_dir_all(folder.join("src/lib")).expect("a folder");
    fs::write(folder.join("package.json"), manifest.to_string()).expect("a manifest");
    fs::write(folder.join("src/index.mjs"), source).expect("a source");
    fs::write(folder.join("src/lib/own.mjs"), "export const own = { key: 'own' };\n").expect("a source");
    run("npm", folder, &["install", "--no-audit", "--no-fund"]);
}

/// The packages behind paths, found in another way than the program does it.
fn packages_of<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let name = |path: &str| {
        let (_, rest) = path.rsplit_once("node_modules/")?;
        let parts: Vec<&str> = rest.split('/').collect();
        Some(parts[..if rest.starts_with('@') { 2 } else { 1 }].join("/"))
    };
    paths.filter_map(name).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file to read")).expect("JSON")
}

/// What a scan of a folder found: names, those without a version, those with one, grade.
struct Named {
    names: BTreeSet<String>,
    unversioned: BTreeSet<String>,
    versions: BTreeSet<(String, String)>,
    grade: String,
}

fn scan(folder: &Path, more: &[&str]) -> Named {
    let (run, mut json) = Cli::scan(folder, more);
    assert_ne!(run.code, 2, "{}", run.stderr);
    let target = json["targets"][0].take();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = target["packages"].as_array().expect("a list");
    let (versioned, unversioned): (Vec<_>, Vec<_>) =
        packages.iter().partition(|package| package["version"].is_string());
    assert!(packages.iter().all(|p| (p["evidence"] == "bundled") == p["version"].is_string()), "{packages:?}");
    Named {
        names: packages.iter().map(|package| text(&package["name"])).collect(),
        unversioned: unversioned.iter().map(|package| text(&package["name"])).collect(),
        versions: versioned.iter().map(|package| (text(&package["name"]), text(&package["version"]))).collect(),
        grade: text(&target["coverage"]["grade"]),
    }
}

/// Name and version of all that is installed.
fn installed(folder: &Path) -> BTreeSet<(String, String)> {
    let lock = read(&folder.join("package-lock.json"));
    let entries = lock["packages"].as_object().expect("packages");
    let pair = |(path, entry): (&String, &Value)| {
        let name = packages_of([path.as_str()].into_iter()).pop_first()?;
        Some((name, entry["version"].as_str()?.to_owned()))
    };
    entries.iter().filter_map(pair).collect()
}

#[test]
fn what_bundlers_took_is_named() {
    if !need("npm") || !need("node") {
        return;
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let root = temporary.path();
    install(root);
    let installed = installed(root);
    let lock = root.join("package-lock.json").to_string_lossy().into_owned();

    let bundle = |mode: &str, arguments: &[&str]| -> PathBuf {
        let folder = root.join("out").join(mode);
        let file = folder.join("index.js");
        let out = format!("--outfile={}", file.display());
        let base = ["src/index.mjs", "--bundle", "--platform=node", "--log-level=error", &out];
        run(root.join("node_modules/.bin/esbuild"), root, &[&base, arguments].concat());
        folder
    };
    let metafile = format!("--metafile={}", root.join("out/meta/meta.json").display());
    fs::create_dir_all(root.join("out/meta")).expect("a folder");
    let meta = bundle("meta", &["--minify", "--legal-comments=none", &metafile]);
    let outputs = read(&root.join("out/meta/meta.json"));
    let inputs = outputs["outputs"].as_object().expect("outputs").values().flat_map(|o| o["inputs"].as_object());
    let kept = inputs.flatten().filter(|(_, input)| input["bytesInOutput"] != 0).map(|(path, _)| path.as_str());
    let truth = packages_of(kept);
    assert!(truth.len() > 60, "{truth:?}");

    let named = |folder: &Path, truth: &BTreeSet<String>, least: usize| {
        let alone = scan(folder, &[]);
        let right = alone.names.intersection(truth).count();
        assert!(right * 100 >= truth.len() * least, "{folder:?}: {right} of {}", truth.len());
        assert!(alone.names.is_subset(truth), "{folder:?}: {:?}", alone.names.difference(truth));
        let locked = scan(folder, &["--lockfile", &lock]);
        for found in [&alone, &locked] {
            assert!(found.versions.is_subset(&installed), "{folder:?}: {:?}", found.versions.difference(&installed));
            let complete = least >= 95 && found.unversioned.is_empty();
            assert_eq!(
                found.grade,
                if complete { "complete" } else { "partial" },
                "{folder:?}: {:?}",
                found.unversioned
            );
        }
        assert_eq!(locked.names, alone.names, "{folder:?}: a lock file adds no names");
        let with_version: BTreeSet<&String> = locked.versions.iter().map(|(name, _)| name).collect();
        assert!(with_version.len() * 100 >= alone.names.len() * 90, "{folder:?}: {}", with_version.len());
    };
    named(&meta, &truth, 95);
    named(&bundle("plain", &[]), &truth, 95);
    // A map also names what a package's own bundle was made of: uri-js holds a copy of punycode.
    let with_copies: BTreeSet<String> = truth.iter().cloned().chain(["punycode".to_owned()]).collect();
    named(&bundle("map", &["--minify", "--sourcemap"]), &with_copies, 95);
    named(&bundle("inline", &["--minify", "--sourcemap=inline", "--sources-content=false"]), &with_copies, 95);
    named(&bundle("notices", &["--minify"]), &truth, 25);
    named(&bundle("nothing", &["--minify", "--legal-comments=none"]), &truth, 15);

    let webpack = |mode: &str, more: &str| -> PathBuf {
        let folder = root.join("out").join(mode);
        let config = format!(
            "module.exports = {{ entry: './src/index.mjs', target: 'node', context: {root:?}, stats: 'errors-only',\n\
             output: {{ path: {folder:?}, filename: 'index.js' }}, {more} }};\n"
        );
        let file = root.join(format!("{mode}.cjs"));
        fs::write(&file, config).expect("a configuration");
        run(root.join("node_modules/.bin/webpack"), root, &["--config", &file.to_string_lossy()]);
        folder
    };
    let map = webpack("webpack-map", "mode: 'production', devtool: 'source-map'");
    let sources = read(&map.join("index.js.map"));
    let truth = packages_of(sources["sources"].as_array().expect("sources").iter().filter_map(Value::as_str));
    named(&map, &truth, 95);
    fs::remove_file(map.join("index.js.map")).expect("a map to remove");
    named(&map, &truth, 25);
    let development = webpack("webpack-paths", "mode: 'development', devtool: false");
    let text = fs::read_to_string(development.join("index.js")).expect("a bundle");
    let banners = text.lines().filter_map(|line| line.trim().strip_prefix("!*** ")?.strip_suffix(" ***!"));
    named(&development, &packages_of(banners), 95);
}

#[test]
fn a_lock_file_belongs_to_one_target_and_must_be_one() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| crate::support::write(temporary.path(), name, text.as_bytes());
    let script = file("code/index.js", "// node_modules/a/i.js\nx();\n// node_modules/b/i.js\ny();\n");
    let lock = file("package-lock.json", r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.2.3"}}}"#);
    let wrong = file("lock.txt", "{}");
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();

    let (_, json) = Cli::scan(script.parent().expect("a folder"), &["--lockfile", &path(&lock)]);
    let rows = json["targets"][0]["packages"].as_array().expect("a list").iter();
    let rows: Vec<_> = rows.map(|p| (p["purl"].as_str(), p["evidence"].as_str())).collect();
    assert_eq!(rows, [(Some("pkg:npm/a@1.2.3"), Some("bundled")), (Some("pkg:npm/b"), Some("presence"))]);

    let run = Cli::run(["scan", &path(&script), "--lockfile", &path(&wrong)]);
    assert!(run.code == 2 && run.stderr.contains("its name is not one of"), "{}", run.stderr);
    let run = Cli::run(["scan", &path(&script), &path(&script), "--lockfile", &path(&lock)]);
    assert!(run.code == 2 && run.stderr.contains("--lockfile"), "{}", run.stderr);
}
