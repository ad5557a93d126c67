//! Live: compiled programs as Go's linker, `cargo auditable` and .NET's publishing really write them. Go programs are
//! built here for three systems; the others come from wheels of PyPI. What is listed equals what each ecosystem's own
//! tool, or its own list, says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Cli, Zip, need, write};

type Names = BTreeSet<(String, Option<String>)>;

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().expect("the tool starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A wheel from PyPI, and what is in it.
fn wheel(folder: &Path, name: &str, version: &str) -> (PathBuf, PathBuf) {
    let place = folder.join(name);
    fs::create_dir_all(&place).unwrap();
    let wanted = format!("{name}=={version}");
    let linux = ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any"];
    let more = ["--platform", "manylinux1_x86_64", "--only-binary", ":all:", "--no-deps", "-q", "-d"];
    output(Command::new("python3").args(["-m", "pip", "download"]).args(linux).args(more).arg(&place).arg(wanted));
    let wheel = fs::read_dir(&place).unwrap().next().expect("a wheel").unwrap().path();
    let inside = folder.join(format!("{name}-unpacked"));
    output(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&inside));
    (wheel, inside)
}

fn target(path: &Path) -> Value {
    let (run, json) = Cli::scan(path, &[]);
    assert!(!run.stderr.contains("internal error"), "{}", run.stderr);
    json["targets"][0].clone()
}

fn listed(target: &Value, ecosystem: &str, evidence: &str) -> Names {
    let packages = target["packages"].as_array().expect("a list").iter();
    let wanted = packages.filter(|package| package["ecosystem"] == ecosystem && package["evidence"] == evidence);
    wanted
        .map(|package| {
            (package["name"].as_str().expect("a name").to_owned(), package["version"].as_str().map(Into::into))
        })
        .collect()
}

fn gaps(target: &Value, kind: &str) -> Vec<String> {
    let gaps = target["coverage"]["gaps"].as_array().expect("a list").iter();
    gaps.filter(|gap| gap["kind"] == kind).map(|gap| gap["detail"].as_str().expect("text").to_owned()).collect()
}

/// What Go's own tool says of a program, as this program writes it: a folder that stands in for a module has no version.
fn go_says(program: &Path) -> Names {
    let text = String::from_utf8(output(Command::new("go").args(["version", "-m"]).arg(program))).unwrap();
    let mut names: Vec<(String, Option<String>)> = Vec::new();
    let go = text.lines().next().and_then(|line| line.rsplit_once(": go")).expect("a version").1;
    names.push(("stdlib".to_owned(), Some(go.split(' ').next().unwrap().to_owned())));
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.trim_start().split('\t').collect();
        let version = || fields.get(2).filter(|version| !matches!(**version, "" | "(devel)")).map(|v| (*v).to_owned());
        match fields[0] {
            "mod" | "dep" => names.push((fields[1].to_owned(), version())),
            "=>" if version().is_none() => names.last_mut().unwrap().1 = None,
            "=>" => *names.last_mut().unwrap() = (fields[1].to_owned(), version()),
            _ => {}
        }
    }
    names.into_iter().collect()
}

#[test]
fn go_programs_of_three_systems_list_what_go_lists() {
    if !need("go") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    write(
        root,
        "go.mod",
        b"module example.com/fn\n\ngo 1.18\n\nrequire example.com/dep v1.2.3\n\nreplace example.com/dep => ./dep\n",
    );
    write(root, "main.go", b"package main\n\nimport \"example.com/dep\"\n\nfunc main() { println(dep.Word) }\n");
    write(root, "dep/go.mod", b"module example.com/dep\n\ngo 1.18\n");
    write(root, "dep/dep.go", b"package dep\n\nconst Word = \"x\"\n");
    for system in ["linux", "windows", "darwin"] {
        let program = root.join(system);
        let mut build = Command::new("go");
        build.args(["build", "-buildvcs=false", "-ldflags=-s -w", "-o"]).arg(&program).current_dir(root);
        build.env("GOOS", system).env("GOARCH", "amd64").env("CGO_ENABLED", "0").env("GOPROXY", "off");
        build.env("GOTOOLCHAIN", "local").env("GOFLAGS", "-mod=mod").env("GOCACHE", root.join("cache"));
        output(&mut build);
        let expected = go_says(&program);
        assert_eq!(expected.len(), 3, "{expected:?}");
        // Packed on a system without permission bits, under the name that the runtime wants.
        let zip = Zip::new().file("bootstrap", fs::read(&program).unwrap()).mode(0).build();
        let target = target(&write(root, &format!("{system}.zip"), &zip));
        assert_eq!(listed(&target, "Go", "binary"), expected, "{system}");
        assert_eq!(gaps(&target, "opaque"), Vec::<String>::new(), "{system}: what has names is not opaque");
        assert_eq!(gaps(&target, "unversioned").len(), 1, "{system}: the folder that replaced a module");
    }
}

#[test]
fn a_wheel_with_programs_in_go_and_rust_lists_both() {
    if !need("go") || !need("python3") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (wheel, inside) = wheel(temporary.path(), "wandb", "0.31.0");
    let core = inside.join("wandb/bin/wandb-core");
    output(Command::new("chmod").arg("+x").arg(&core));
    let target = target(&wheel);
    let expected = go_says(&core);
    assert!(expected.len() > 100, "{expected:?}");
    assert_eq!(listed(&target, "Go", "binary"), expected);
    let path = regex::bytes::Regex::new(r"registry/src/[^/]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[^/]*)/").unwrap();
    let mut crates = Names::new();
    for name in ["wandb/bin/librust_parquet_ffi.so", "wandb/bin/wandb-symon"] {
        let bytes = fs::read(inside.join(name)).unwrap();
        let text = |group: &[u8]| String::from_utf8(group.to_vec()).unwrap();
        crates.extend(path.captures_iter(&bytes).map(|found| (text(&found[1]), Some(text(&found[2])))));
    }
    assert!(crates.len() > 50, "{crates:?}");
    assert_eq!(listed(&target, "crates.io", "binary"), crates);
    assert_eq!(target["coverage"]["grade"], "complete", "the wheel's own programs are the wheel");
}

#[test]
fn a_program_of_cargo_auditable_lists_its_own_list() {
    if !need("objcopy") || !need("python3") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (wheel, inside) = wheel(temporary.path(), "uv", "0.13.9");
    let program = inside.join("uv-0.13.9.data/scripts/uv");
    let section = temporary.path().join("section");
    let dump = format!(".dep-v0={}", section.display());
    output(Command::new("objcopy").arg("--dump-section").arg(dump).arg(&program).arg(temporary.path().join("copy")));
    let inflate = "import sys, zlib; sys.stdout.buffer.write(zlib.decompress(open(sys.argv[1], 'rb').read()))";
    let list: Value =
        serde_json::from_slice(&output(Command::new("python3").args(["-c", inflate]).arg(&section))).unwrap();
    let crates = list["packages"].as_array().expect("a list").iter();
    let linked = crates.filter(|one| one["kind"] != "build" && one["source"] != "local");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let expected: Names = linked.map(|one| (text(&one["name"]), Some(text(&one["version"])))).collect();
    assert!(expected.len() > 300, "{expected:?}");
    let target = target(&wheel);
    assert_eq!(listed(&target, "crates.io", "binary"), expected);
    assert_eq!(target["coverage"]["grade"], "complete");
}

#[test]
fn a_net_runtime_lists_what_its_list_says_and_what_is_there() {
    if !need("python3") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (_, inside) = wheel(temporary.path(), "dotnetcore2", "3.1.23");
    let runtime = inside.join("dotnetcore2/bin/shared/Microsoft.NETCore.App/3.1.23");
    let deps: Value =
        serde_json::from_slice(&fs::read(runtime.join("Microsoft.NETCore.App.deps.json")).unwrap()).unwrap();
    let assets = &deps["targets"][deps["runtimeTarget"]["name"].as_str().unwrap()];
    let mut expected: BTreeMap<&str, Names> = BTreeMap::new();
    for (key, _) in deps["libraries"].as_object().unwrap().iter().filter(|(_, library)| library["type"] != "project") {
        let files = |kind: &str| -> Vec<PathBuf> {
            let paths = assets[key][kind].as_object().into_iter().flat_map(|paths| paths.keys());
            paths.map(|path| runtime.join(path.rsplit('/').next().unwrap())).collect()
        };
        let (managed, native) = (files("runtime"), files("native"));
        let there = managed.iter().any(|file| file.is_file()) || (managed.is_empty() && !native.is_empty());
        let (name, version) = key.split_once('/').unwrap();
        let names = expected.entry(if there { "installed" } else { "locked" }).or_default();
        names.insert((name.to_owned(), Some(version.to_owned())));
    }
    let target = target(&runtime);
    assert!(
        expected["installed"].iter().any(|(name, _)| name == "runtime.linux-x64.Microsoft.NETCore.App"),
        "{expected:?}"
    );
    for (evidence, names) in expected {
        assert_eq!(listed(&target, "NuGet", evidence), names, "{evidence}");
    }
    assert_eq!(listed(&target, "NuGet", "presence"), Names::new(), "its assemblies belong to their packages");
}
