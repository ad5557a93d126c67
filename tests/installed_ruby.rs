//! What Bundler installs, and what Debian's Ruby packages install, is what a scan finds. The gems of the first test are
//! made here by the real `gem` and `bundle`, since no registry of gems is needed for what these tools write; those of
//! the second are real ones.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::planted::plant;
use crate::support::{Cli, Zip, need, write};

/// Runs a tool in a folder and returns what it prints.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = Cli::scrub(&mut command)
        .current_dir(folder)
        .envs([("BUNDLE_PATH", "vendor/bundle"), ("BUNDLE_SILENCE_ROOT_WARNING", "1"), ("LANG", "C.UTF-8")])
        .args(arguments)
        .output()
        .expect("the tool starts");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn bundle(folder: &Path, arguments: &[&str]) -> String {
    let load = ["-e", "load Gem.bin_path('bundler', 'bundle')"];
    run(folder, "ruby", &load.into_iter().chain(arguments.iter().copied()).collect::<Vec<_>>())
}

fn gemspec(name: &str, version: &str, more: &str) -> String {
    format!(
        "Gem::Specification.new do |s|\n  s.name = '{name}'\n  s.version = {version}\n  s.summary = 's'\n  \
         s.authors = ['a']\n  s.files = Dir['lib/*']\n  {more}\nend\n"
    )
}

/// `name version` of the gems with some evidence.
fn gems(json: &Value, evidence: &str) -> BTreeSet<String> {
    let packages = json["targets"][0]["packages"].as_array().expect("packages are a list").iter();
    let gems = packages.filter(|package| package["ecosystem"] == "RubyGems" && package["evidence"] == evidence);
    gems.map(|gem| format!("{} {}", gem["name"].as_str().unwrap(), gem["version"].as_str().unwrap_or("-"))).collect()
}

#[test]
fn what_bundler_installs_is_what_is_found() {
    if !need("ruby") || !need("gem") || !need("git") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("app/vendor/cache")).unwrap();
    // One with a platform in its name, one that another one needs, one of a repository whose version is computed.
    for (name, version, more) in [
        ("fat-gem", "'2.0.0.rc1'", "s.platform = Gem::Platform.local"),
        ("helper-gem", "'0.9'", ""),
        ("my-gem", "'1.2.3'", "s.add_runtime_dependency 'helper-gem', '>= 0.5'"),
    ] {
        write(&at(name), &format!("{name}.gemspec"), gemspec(name, version, more).as_bytes());
        let token = if name == "helper-gem" { plant("TOKEN = '@@github-token@@'\n") } else { String::new() };
        write(&at(name), "lib/code.rb", token.as_bytes());
        run(&at(name), "gem", &["build", &format!("{name}.gemspec")]);
        let files = std::fs::read_dir(at(name)).unwrap().map(|file| file.unwrap());
        let built = files.into_iter().find(|file| file.path().extension() == Some("gem".as_ref())).unwrap();
        std::fs::copy(built.path(), at("app/vendor/cache").join(built.file_name())).unwrap();
    }
    let computed = format!("require_relative 'lib/v'\n{}", gemspec("git-gem", "V::VERSION", ""));
    write(&at("repository"), "git-gem.gemspec", computed.as_bytes());
    write(&at("repository"), "lib/v.rb", b"module V; VERSION = '0.5.0'; end\n");
    for arguments in ["init -q -b main .", "add .", "-c user.name=a -c user.email=a@example.com commit -qm x"] {
        run(&at("repository"), "git", &arguments.split(' ').collect::<Vec<_>>());
    }
    let gemfile = format!(
        "source 'https://gems.example.com'\ngem 'my-gem', '~> 1.0'\ngem 'fat-gem', '>= 2.0.0.a'\n\
         gem 'git-gem', git: 'file://{}'\n",
        at("repository").display()
    );
    let app = at("app");
    write(&app, "Gemfile", gemfile.as_bytes());
    write(&app, "function.rb", plant("TOKEN = '@@stripe-live-key@@'\n").as_bytes());
    bundle(&app, &["install", "--local", "--quiet"]);
    std::fs::remove_dir_all(at("app/vendor/cache")).unwrap();

    // "  * my-gem (1.2.3)", "  * git-gem (0.5.0 0123abc)"
    let listed = bundle(&app, &["list"]);
    let listed: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  * ")?.split_once(" ("))
        .map(|(name, rest)| format!("{name} {}", rest.split([' ', ')']).next().unwrap()))
        .filter(|gem| !gem.starts_with("bundler "))
        .collect();
    assert_eq!(listed.len(), 4, "{listed:?}");

    let zip = write(folder.path(), "function.zip", &Zip::new().tree(&app).build());
    let (_, json) = Cli::scan(&zip, &[]);
    assert_eq!(gems(&json, "installed"), listed);
    assert_eq!(gems(&json, "locked"), BTreeSet::new(), "every entry of the lock file is installed");
    let target = &json["targets"][0];
    let packages = target["packages"].as_array().unwrap();
    let direct = |name: &str| packages.iter().find(|package| package["name"] == name).unwrap()["direct"].as_bool();
    assert_eq!([direct("my-gem"), direct("git-gem"), direct("helper-gem")], [Some(true), Some(true), Some(false)]);
    let mut owners: Vec<_> = target["findings"].as_array().unwrap().iter().map(|f| f["package"].as_str()).collect();
    owners.sort_unstable();
    assert_eq!(owners, [None, Some("pkg:gem/helper-gem@0.9")]);

    // The lock file alone names the same.
    let lock = at("app/Gemfile.lock");
    let (_, json) = Cli::scan(&lock, &[]);
    assert_eq!(gems(&json, "locked"), listed);
}

#[test]
fn the_gems_of_debian() {
    // Ruby 3.1 of Debian 12 has 79 of them before any other package is installed.
    let script = "files = Gem.path.flat_map { |path| Dir[\"#{path}/specifications/{,default/}*.gemspec\"] }\n\
                  files.each { |file| s = Gem::Specification.load(file); puts [file, s.name, s.version].join(\"\\t\") }";
    if !need("ruby") {
        return;
    }
    let listed = run(&std::env::temp_dir(), "ruby", &["-e", script]);
    let mut zip = Zip::new();
    let mut expected = BTreeSet::new();
    for row in listed.lines() {
        let [file, name, version] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        zip = zip.file(file.trim_start_matches('/'), std::fs::read(file).unwrap());
        expected.insert(format!("{name} {version}"));
    }
    assert!(expected.len() > 20, "{expected:?}");
    let folder = tempfile::tempdir().unwrap();
    let (_, json) = Cli::scan(&write(folder.path(), "layer.zip", &zip.build()), &[]);
    assert_eq!(gems(&json, "installed"), expected);
    assert_eq!(json["summary"]["gaps"]["blocking"], 0);
}
