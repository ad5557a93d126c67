//! The examples of `docs/schedules`, each read by a parser of its own format and run as its scheduler would, as far as
//! that can be had here: what only a cluster, an account and a night show is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

use crate::cached::synced;
use crate::support::osv::{Bucket, record};
use crate::support::{Cli, Zip, need, write};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// All of them begin at 02:15.
const TIME: [&str; 2] = ["15", "2"];

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|one| one.as_str().expect("text")).collect()
}

/// Asserts that the program takes a command line, which runs nothing.
fn assert_taken(arguments: &[&str]) {
    // What only shows the configuration has looked at every option; commands that have no such show their help.
    let last = if arguments[0] == "sweep" { "--print-config" } else { "--help" };
    let run = Cli::run(arguments.iter().chain([&last]));
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
}

/// Words of a command line without quotes.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn the_job_of_kubernetes_is_whole() {
    let documents: Vec<Value> = text("docs/schedules/cronjob.yaml").split("\n---\n").map(yaml).collect();
    let of = |kind: &str| documents.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    let job = &of("CronJob")["spec"];
    assert_eq!(words(job["schedule"].as_str().unwrap())[..2], TIME);
    assert_eq!(job["concurrencyPolicy"], "Forbid");
    let pod = &job["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], of("ServiceAccount")["metadata"]["name"]);
    assert_eq!(
        pod["volumes"][0]["persistentVolumeClaim"]["claimName"],
        of("PersistentVolumeClaim")["metadata"]["name"]
    );
    let containers: Vec<&Value> =
        [&pod["initContainers"], &pod["containers"]].into_iter().flat_map(|all| all.as_array().unwrap()).collect();
    assert_eq!(containers.len(), 2);
    for container in &containers {
        assert_taken(&strings(&container["args"]));
        // Both see one cache, on the volume, and write nowhere else.
        assert_eq!(container["env"], json!([{"name": "TIDEWAITER_CACHE", "value": "/data/cache"}]));
        assert_eq!(container["volumeMounts"], json!([{"name": pod["volumes"][0]["name"], "mountPath": "/data"}]));
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!(container["image"], containers[0]["image"]);
    }
    let sweep = strings(&containers[1]["args"]);
    let places = sweep.iter().filter_map(|one| one.rsplit_once('=')).filter(|(_, value)| value.contains('/'));
    assert!(places.clone().count() == 3 && places.clone().all(|(_, path)| path.starts_with("/data/")), "{sweep:?}");
    // Every exit code that is a verdict ends the job.
    let rules = job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"].as_array().unwrap();
    let fails = rules.iter().find(|rule| rule["action"] == "FailJob").expect("a rule");
    assert_eq!(
        (&fails["onExitCodes"]["containerName"], &fails["onExitCodes"]["values"]),
        (&containers[1]["name"], &json!([1, 2, 3]))
    );
}

/// Sections of a unit with their settings; a setting may stand several times.
fn unit(name: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut sections: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut section = String::new();
    for line in text(name).replace("\\\n", " ").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.to_owned(),
            None => {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
                sections.entry(section.clone()).or_default().push((key.to_owned(), value.to_owned()));
            }
        }
    }
    sections
}

#[test]
fn the_unit_of_systemd_runs_what_the_program_takes() {
    let service = &unit("docs/schedules/tidewaiter.service")["Service"];
    let settings =
        |key: &str| service.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    let command = |key: &str| {
        settings(key)[0]
            .trim_start_matches('-')
            .strip_prefix("/usr/local/bin/tidewaiter ")
            .map(words)
            .expect("the program")
    };
    assert_taken(&command("ExecStartPre"));
    let sweep = command("ExecStart");
    assert_taken(&sweep);
    // Every folder that is written to is one that systemd makes.
    let mut made = vec![format!("/var/cache/{}", settings("CacheDirectory")[0])];
    made.extend(words(settings("StateDirectory")[0]).iter().map(|one| format!("/var/lib/{one}")));
    let written = sweep.iter().map(|one| one.rsplit('=').next().unwrap()).filter(|one| one.starts_with('/'));
    let cache = settings("Environment")[0].strip_prefix("TIDEWAITER_CACHE=").expect("the cache");
    for place in written.chain([cache]) {
        assert!(made.iter().any(|folder| place.starts_with(folder.as_str())), "{place} is not in {made:?}");
    }
    let timer = &unit("docs/schedules/tidewaiter.timer")["Timer"];
    assert!(timer.iter().any(|(key, value)| key == "OnCalendar" && value.ends_with(" 02:15:00")), "{timer:?}");

    // What systemd itself says, where it is: it looks for the program.
    let verifier = Path::new("/usr/bin/systemd-analyze");
    if !verifier.exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let units = ["service", "timer"].map(|kind| {
        let name = format!("tidewaiter.{kind}");
        let unit = text(&format!("docs/schedules/{name}")).replace("/usr/local/bin/tidewaiter", Cli::program());
        write(folder.path(), &name, unit.as_bytes())
    });
    let output = Command::new(verifier).arg("verify").args(units).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// A machine with folders that stay, and a `tidewaiter` that cannot sync.
struct Machine {
    folder: tempfile::TempDir,
    cache: PathBuf,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let mut bucket = Bucket::default();
        let mut flaw = record("TEST-left", "2024-01-01T00:00:00Z", "npm", "left", "2.0.0");
        flaw["severity"] = json!([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]);
        bucket.put("npm", &flaw);
        let cache = synced(folder.path(), &bucket);
        let machine = Machine { folder, cache };
        // The network is what the example may not reach here; everything else is the program's own.
        machine.script(
            "tidewaiter",
            &format!("case \"$1 $2\" in 'db sync') exit 1 ;; esac\nexec {} \"$@\"", Cli::program()),
        );
        std::fs::create_dir(machine.path("reports")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, lines: &str) {
        let file = write(&self.path("bin"), name, format!("#!/bin/sh\n{lines}\n").as_bytes());
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn command(&self, file: &str) -> Command {
        let mut command = Command::new(Path::new(ROOT).join(file));
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        Cli::scrub(&mut command).env("PATH", path).env("TIDEWAITER_CACHE", &self.cache);
        command.env("STATE", self.path("state")).env("REPORTS", self.path("reports"));
        command
    }

    fn night(&self, functions: &Path) -> (Option<i32>, String) {
        let Output { status, stderr, .. } =
            self.command("docs/schedules/nightly").arg("files").arg(functions).output().expect("sh starts");
        (status.code(), String::from_utf8(stderr).unwrap())
    }
}

#[test]
fn the_script_of_cron_goes_on_without_a_sync_and_ends_as_the_sweep_does() {
    let script = text("docs/schedules/nightly");
    let synced = script.lines().find_map(|line| line.strip_prefix("tidewaiter db sync ")).expect("a sync");
    assert_taken(&[&["db", "sync"], &words(synced.trim_end_matches(" ||"))[..]].concat());

    let machine = Machine::new();
    let flawed = json!({"lockfileVersion": 3, "packages": {"node_modules/left": {"version": "1.0.0"}}}).to_string();
    write(&machine.path("functions"), "orders.zip", &Zip::new().file("package-lock.json", flawed).build());
    let (code, said) = machine.night(&machine.path("functions"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the sync failed") && said.contains("something new violates the policy"), "{said}");
    for report in ["fleet.html", "fleet.json"] {
        assert!(std::fs::metadata(machine.path("reports").join(report)).unwrap().len() > 1_000, "{report}");
    }
    let (code, said) = machine.night(&machine.path("functions"));
    assert_eq!((code, said.contains("violates")), (Some(0), false), "{said}");
    write(&machine.path("functions"), "broken.zip", b"PK\x03\x04 and nothing more");
    let (code, said) = machine.night(&machine.path("functions"));
    assert!(code == Some(3) && said.contains("could not be seen"), "{code:?} {said}");
    let (code, said) = machine.night(&machine.path("nowhere"));
    assert!(code == Some(2) && said.contains("could not run"), "{code:?} {said}");

    // The table says who runs it when, and with what.
    let table = text("docs/schedules/crontab");
    let lines: Vec<&str> = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let (settings, jobs): (Vec<&str>, Vec<&str>) =
        lines.iter().partition(|line| line.split('=').next().is_some_and(|name| !name.contains(' ')));
    let settings: BTreeSet<&str> = settings.iter().filter_map(|line| line.split('=').next()).collect();
    assert!(["TIDEWAITER_CACHE", "STATE", "REPORTS"].iter().all(|name| settings.contains(name)), "{settings:?}");
    let job = words(jobs[0]);
    assert_eq!((jobs.len(), &job[..2], &job[2..5]), (1, &TIME[..], &["*", "*", "*"][..]));
    assert_taken(&[&["sweep"], &job[7..], &["--state", "/nowhere"]].concat());
}

/// Lambda's runtime interface for one call; says what the runtime answered, as path and body.
fn runtime_interface(listener: &TcpListener) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    for stream in listener.incoming().take(3).flatten() {
        let (path, body, out) = request(stream).expect("a request");
        let is_next = path.ends_with("/invocation/next");
        let (status, more) = match (is_next, answers.is_empty()) {
            (true, true) => ("200 OK", "Lambda-Runtime-Aws-Request-Id: call-1\r\n"),
            // Something is wrong: no call has come.
            (true, false) => ("500 Internal Server Error", ""),
            (false, _) => ("202 Accepted", ""),
        };
        answers.push((path, body));
        let mut out = out;
        write!(out, "HTTP/1.1 {status}\r\n{more}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}").unwrap();
    }
    answers
}

fn request(stream: TcpStream) -> std::io::Result<(String, String, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    for line in reader.by_ref().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok((path, String::from_utf8_lossy(&body).into_owned(), reader.into_inner()))
}

#[test]
fn the_function_tells_lambda_how_the_night_ended() {
    if !need("curl") {
        return;
    }
    let machine = Machine::new();
    machine.script("nightly", "[ \"$*\" = 'aws --region eu-west-1' ] || exit 9\nexit \"$NIGHT\"");
    for (code, path, body) in [
        ("0", "/2018-06-01/runtime/invocation/call-1/response", json!({"exit": 0})),
        (
            "3",
            "/2018-06-01/runtime/invocation/call-1/error",
            json!({"errorType": "Exit3", "errorMessage": "tidewaiter ended with 3"}),
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let interface = thread::spawn(move || runtime_interface(&listener));
        let mut command = machine.command("docs/schedules/lambda/bootstrap");
        command.env("AWS_LAMBDA_RUNTIME_API", address).env("ACCOUNTS", "--region eu-west-1").env("NIGHT", code);
        let output = command.output().expect("sh starts");
        assert_eq!(
            output.status.code(),
            Some(1),
            "an interface that fails is no call: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let answers = interface.join().expect("it ends");
        assert_eq!((answers[1].0.as_str(), serde_json::from_str::<Value>(&answers[1].1).expect("JSON")), (path, body));
    }
}

#[test]
fn the_template_allows_what_the_policy_does_and_sets_what_the_scripts_read() {
    let template = yaml(&text("docs/schedules/lambda/template.yaml"));
    let function = &template["Resources"]["Sweep"]["Properties"];
    let policy: Value = serde_json::from_str(&text("docs/aws-policy.json")).expect("JSON");
    assert_eq!(function["Policies"][0]["Statement"][1]["Action"], policy["Statement"][0]["Action"]);
    let variables = function["Environment"]["Variables"].as_object().expect("variables");
    let mount = function["FileSystemConfigs"][0]["LocalMountPath"].as_str().expect("a path");
    for name in ["TIDEWAITER_CACHE", "STATE", "REPORTS"] {
        assert!(variables[name].as_str().is_some_and(|path| path.starts_with(mount)), "{name}");
    }
    assert!(text("docs/schedules/lambda/bootstrap").contains("$ACCOUNTS") && variables.contains_key("ACCOUNTS"));
    let accounts = template["Parameters"]["Accounts"]["Default"].as_str().expect("text");
    assert_taken(&[&["sweep", "aws"], &words(accounts)[..], &["--state", "/nowhere"]].concat());
    let schedule = function["Events"]["Nightly"]["Properties"]["ScheduleExpression"].as_str().expect("text");
    let fields = words(schedule.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).expect("cron"));
    // EventBridge has a year, and one of the two days is left open (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
    assert_eq!((fields.len(), &fields[..2], fields[2] == "?" || fields[4] == "?"), (6, &TIME[..], true));
}

/// Images and documents name features that there are, and the images can ask AWS.
#[test]
fn images_are_built_with_features_that_there_are() {
    let manifest: toml::Value = toml::from_str(&text("Cargo.toml")).expect("TOML");
    let features = manifest["features"].as_table().expect("features");
    for file in
        ["Dockerfile", "docs/schedules/lambda/Dockerfile", "README.md", "docs/sweep-files.md", "src/cli/sweep/from.rs"]
    {
        let text = text(file);
        let named: Vec<&str> = text
            .split("--features ")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next())
            .collect();
        assert!(!named.is_empty(), "{file} names none");
        for feature in named {
            assert!(features.contains_key(feature), "{file}: {feature}");
        }
    }
    let image = text("Dockerfile");
    let build = image.lines().find_map(|line| line.strip_prefix("RUN cargo install ")).expect("a build");
    let build = words(build.split(" && ").next().unwrap_or_default());
    assert!(build.windows(2).any(|pair| pair == ["--features", "aws"]) && build.contains(&"--locked"), "{build:?}");
    for line in text("docs/schedules/lambda/Dockerfile").lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let from = words(line)[0];
        // What the line above it builds, with the linker's name of the target.
        assert!(
            from.starts_with("target/x86_64-unknown-linux-musl/release/") || Path::new(ROOT).join(from).exists(),
            "{from}"
        );
    }
}
