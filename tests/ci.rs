//! The files for other people's pipelines, run as those would run them: their scripts by bash, with the real program.
//! What only GitHub and GitLab themselves can show (that caches come back, that reports are taken in) is not seen here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tidewaiter::secret::rules_with_examples;

use crate::support::osv::{Bucket, record};
use crate::support::{Cli, Zip, need, write};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// A machine of a pipeline: a folder of the user's, one of the project's with a vulnerable function, a bucket of
/// advisories, and a `cargo` that installs the program under test.
struct Runner {
    folder: TempDir,
}

impl Runner {
    fn new() -> Runner {
        let folder = tempfile::tempdir().unwrap();
        let lock = br#"{"lockfileVersion":3,"packages":{"node_modules/left":{"version":"1.0.0"}}}"#;
        write(folder.path(), "project/build/my function.zip", &Zip::new().file("package-lock.json", lock).build());
        write(folder.path(), "project/my layer.zip", &Zip::new().file("nodejs/a.js", b"1").build());
        let mut bucket = Bucket::default();
        bucket.put("npm", &record("GHSA-aaaa-bbbb-cccc", "2024-01-01T00:00:00Z", "npm", "left", "2.0.0"));
        fs::create_dir(folder.path().join("bucket")).unwrap();
        bucket.write(&folder.path().join("bucket"));
        for made in ["home", "temp"] {
            fs::create_dir(folder.path().join(made)).unwrap();
        }
        let cargo = format!(
            "#!/bin/sh\nset -eu\n[ \"$1\" = install ]\nwhile [ $# -gt 0 ]; do\n  case $1 in\n    --root) root=$2 ;;\n    \
             --path) [ -f \"$2/Cargo.toml\" ] ;;\n    --version) [ \"$2\" = {VERSION} ] ;;\n  esac\n  shift\ndone\nmkdir \
             -p \"$root/bin\"\nln -s {} \"$root/bin/tidewaiter\"\n",
            Cli::program()
        );
        let cargo = write(folder.path(), "bin/cargo", cargo.as_bytes());
        let mut executable = fs::metadata(&cargo).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut executable, 0o755);
        fs::set_permissions(&cargo, executable).unwrap();
        Runner { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs a script in the project's folder, as both systems call bash.
    fn bash(&self, script: &str, variables: &BTreeMap<String, String>) -> Output {
        let mut command = Command::new("bash");
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        Cli::scrub(&mut command)
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.path("project"))
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .envs(variables);
        command.output().expect("bash starts")
    }
}

/// Puts values in the places of `open NAME close`.
fn filled(text: &str, open: &str, close: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(open);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(close).expect("an expression that ends");
        out += &value(name.trim());
        out += rest;
    }
    out
}

/// What a run of the action gave.
struct Job {
    code: i32,
    said: String,
    outputs: String,
}

/// Runs the steps of `action.yml` one after another, as on a machine whose caches are empty.
fn action(runner: &Runner, given: &[(&str, &str)]) -> Job {
    let action = yaml(&text("action.yml"));
    let inputs = action["inputs"].as_object().expect("inputs");
    for (name, _) in given {
        assert!(inputs.contains_key(*name), "{name} is no input");
    }
    let input = |name: &str| {
        let set = given.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        set.or_else(|| inputs[name]["default"].as_str().map(str::to_owned))
            .unwrap_or_else(|| panic!("{name} is needed"))
    };
    let mut job = Job { code: 0, said: String::new(), outputs: String::new() };
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let Some(script) = step["run"].as_str() else { continue };
        assert!(!script.contains("${{"), "an expression in a script is run, whatever is in it: {script}");
        let mut variables = BTreeMap::from([
            ("GITHUB_ACTION_PATH".to_owned(), ROOT.to_owned()),
            ("GITHUB_OUTPUT".to_owned(), runner.path("output").display().to_string()),
            ("GITHUB_STEP_SUMMARY".to_owned(), runner.path("summary").display().to_string()),
            ("RUNNER_TEMP".to_owned(), runner.path("temp").display().to_string()),
        ]);
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = filled(value.as_str().expect("text"), "${{", "}}", |name| {
                input(name.strip_prefix("inputs.").expect("scripts are given inputs alone"))
            });
            variables.insert(name.clone(), value);
        }
        let output = runner.bash(script, &variables);
        job.code = output.status.code().expect("an exit code");
        job.said += &String::from_utf8_lossy(&[output.stdout, output.stderr].concat());
        if job.code != 0 {
            break;
        }
    }
    job.outputs = runner.read("output");
    job
}

#[test]
fn the_action_reports_and_fails_as_the_scan_does() {
    if !need("bash") {
        return;
    }
    let runner = Runner::new();
    let bucket = runner.path("bucket").display().to_string();
    let job = action(
        &runner,
        &[
            ("targets", "build/my function.zip\n"),
            ("layers", "\nmy layer.zip\n"),
            ("arguments", "--fail-on\nunknown"),
            ("advisories", &bucket),
        ],
    );
    assert_eq!(job.code, 1, "{}", job.said);
    assert!(job.outputs.contains("exit-code=1") && job.outputs.contains("day="), "{}", job.outputs);
    assert!(job.said.contains("GHSA-aaaa-bbbb-cccc") && job.said.contains("my layer.zip"), "{}", job.said);
    let sarif: Value = serde_json::from_str(&runner.read("project/tidewaiter.sarif")).expect("SARIF");
    assert_eq!(sarif["version"], "2.1.0");
    assert!(runner.read("summary").contains("GHSA-aaaa-bbbb-cccc"), "{}", runner.read("summary"));
}

#[test]
fn what_an_input_says_is_never_run() {
    if !need("bash") {
        return;
    }
    let runner = Runner::new();
    let bucket = runner.path("bucket").display().to_string();
    let hostile = "$(touch hit) `touch hit` \"; touch hit; '";
    let job = action(&runner, &[("targets", hostile), ("fail-on", "never"), ("sarif", ""), ("advisories", &bucket)]);
    assert_eq!(job.code, 2, "{}", job.said);
    assert!(job.outputs.contains("exit-code=2"), "{}", job.outputs);
    assert!(!runner.path("project/hit").exists() && !runner.path("project/tidewaiter.sarif").exists());
    // A target that looks like a flag is a target.
    let job = action(&Runner::new(), &[("targets", "--version"), ("advisories", &bucket)]);
    assert_eq!(job.code, 2, "{}", job.said);
}

#[test]
fn other_peoples_actions_are_pinned() {
    let action = yaml(&text("action.yml"));
    let mut used = 0;
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let Some(uses) = step["uses"].as_str() else { continue };
        let (_, commit) = uses.split_once('@').expect("a version");
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{uses}");
        used += 1;
    }
    assert_eq!(used, 2, "the caches of the program and of the advisories");
}

#[test]
fn the_template_for_gitlab_runs() {
    if !need("bash") {
        return;
    }
    let file = text("ci/gitlab.yml");
    let (head, body) = file.split_once("\n---\n").expect("two documents");
    let inputs = yaml(head)["spec"]["inputs"].clone();
    let runner = Runner::new();
    let bucket = runner.path("bucket").display().to_string();
    let body = filled(body, "$[[", "]]", |name| {
        let input = &inputs[name.strip_prefix("inputs.").expect("an input")];
        assert!(input.is_object(), "{name} is no input");
        match name {
            "inputs.targets" => "build/*.zip".to_owned(),
            "inputs.arguments" => "--fail-on unknown".to_owned(),
            "inputs.sync" => format!("--from {bucket}"),
            _ => input["default"].as_str().expect("a default").to_owned(),
        }
    });
    let job = &yaml(&body)["tidewaiter"];
    let project = runner.path("project").display().to_string();
    let variables: BTreeMap<String, String> = job["variables"]
        .as_object()
        .expect("variables")
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("text").replace("$CI_PROJECT_DIR", &project)))
        .collect();
    let lines: Vec<&str> = job["script"].as_array().expect("a script").iter().filter_map(Value::as_str).collect();
    // A second run finds what the first one left in the caches.
    for _ in 0..2 {
        let output = runner.bash(&lines.join("\n"), &variables);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("GHSA-aaaa-bbbb-cccc"), "{said}");
    }
    for report in job["artifacts"]["reports"].as_object().expect("reports").values().filter_map(Value::as_str) {
        let report: Value = serde_json::from_str(&runner.read(&format!("project/{report}"))).expect("a report");
        assert!(report["vulnerabilities"].is_array(), "{report}");
    }
    for cache in job["cache"].as_array().expect("caches") {
        let path = cache["paths"][0].as_str().expect("a path");
        assert!(runner.path("project").join(path).is_dir(), "{path} is cached but not made");
    }
}

#[test]
fn the_hooks_scan_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = write(folder.path(), "a.js", b"exports.a = 1;\n");
    let rules = rules_with_examples();
    let token = &rules.iter().find(|rule| rule.id == "github-personal-access-token").expect("the rule").examples[0];
    let leak = write(folder.path(), "b.js", token.as_bytes());
    let hooks = yaml(&text(".pre-commit-hooks.yaml"));
    let hooks = hooks.as_array().expect("hooks");
    assert_eq!(hooks.len(), 2);
    for hook in hooks {
        let mut entry = hook["entry"].as_str().expect("an entry").split(' ');
        assert_eq!(entry.next(), Some("tidewaiter"));
        let arguments: Vec<&str> = entry.chain(["--allow-seed"]).collect();
        let run = |file: &Path| Cli::run(arguments.iter().map(|a| a.as_ref()).chain([file.as_os_str()]));
        assert_eq!(run(&quiet).code, 0);
        assert_eq!(run(&leak).code, 1);
    }
}

#[test]
fn the_image_is_built_of_what_is_there() {
    let file = text("Dockerfile");
    let ignored = text(".dockerignore");
    for line in file.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let mut words: Vec<&str> = line.split(' ').skip(1).collect();
        words.pop();
        for source in words {
            assert!(Path::new(ROOT).join(source).exists(), "{source}");
            let top = source.split('/').next().unwrap_or_default();
            assert!(ignored.lines().any(|line| line == format!("!{top}")), "{source} is ignored");
        }
    }
    let program = file.lines().find_map(|line| line.strip_prefix("COPY --from=build /out/bin/tidewaiter "));
    assert!(file.contains(&format!("ENTRYPOINT [\"{}\"]", program.expect("the program is copied"))));
}

/// What the program is built of is in the crate, and little else.
#[test]
fn the_crate_holds_what_the_build_reads() {
    let list = ["package", "--list", "--offline", "--allow-dirty"];
    let output = Command::new(env!("CARGO")).args(list).current_dir(ROOT).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("UTF-8");
    let listed: BTreeSet<&str> = listed.lines().collect();
    let mut open = ["src", "advisory-cache/seed"].map(|folder| Path::new(ROOT).join(folder)).to_vec();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = path.strip_prefix(ROOT).expect("below the root").to_str().expect("UTF-8");
            match path.is_dir() {
                true => open.push(path),
                false => assert!(listed.contains(name), "{name} is not in the crate"),
            }
        }
    }
    for needed in ["build.rs", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.lock"] {
        assert!(listed.contains(needed), "{needed} is not in the crate");
    }
    assert!(!listed.iter().any(|name| name.starts_with("tests/") || name.starts_with("fixtures/")));
}

/// Wherever people copy from, the version is this one.
#[test]
fn versions_are_those_of_the_manifest() {
    let readme = text("README.md");
    for (file, text, before) in [
        ("README.md", &readme, "tidewaiter@v"),
        ("README.md", &readme, "rev: v"),
        ("ci/gitlab.yml", &text("ci/gitlab.yml"), "--version "),
        ("ci/gitlab.yml", &text("ci/gitlab.yml"), "key: tidewaiter-"),
    ] {
        let mut found = 0;
        for (at, _) in text.match_indices(before) {
            let rest = &text[at + before.len()..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            if end > 0 {
                assert_eq!(&rest[..end], VERSION, "{file}: {before}");
                found += 1;
            }
        }
        assert!(found > 0, "{file} says nothing of {before}");
    }
}
