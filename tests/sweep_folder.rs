//! What a folder may do to a sweep of it: change under the same name, hide something, be written over.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::planted::plant;
use crate::support::{Cli, Zip, write};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

/// A saved function, and the state of its sweeps beside the folder.
struct Saved(TempDir);

impl Saved {
    fn new() -> Saved {
        let saved = Saved(tempfile::tempdir().unwrap());
        saved.save("orders.json", &json!({"FunctionName": "orders", "FunctionArn": ARN, "Version": "$LATEST"}));
        saved.deploy(&plant("@@github-token@@"));
        saved
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn save(&self, name: &str, value: &Value) {
        write(&self.path("saved"), name, value.to_string().as_bytes());
    }

    fn deploy(&self, key: &str) {
        let code = Zip::new().file("index.js", format!("const key = '{key}'")).build();
        write(&self.path("saved"), "orders.zip", &code);
    }

    fn run(&self, place: &Path, more: &[&str]) -> crate::support::cli::Run {
        let state = self.path("state");
        let mut arguments = vec!["sweep", "files", place.to_str().unwrap(), "--state", state.to_str().unwrap()];
        arguments.extend(["--allow-seed", "--reproducible", "--quiet", "--format", "json"]);
        arguments.extend(more);
        Cli::run(arguments)
    }

    fn sweep(&self) -> Value {
        let run = self.run(&self.path("saved"), &[]);
        assert!([0, 1, 3].contains(&run.code), "exit {}: {}", run.code, run.stderr);
        run.json()
    }
}

fn changes(json: &Value, of: &str, what: &str) -> usize {
    json["sweep"]["changes"][of][what].as_array().unwrap().len()
}

#[test]
fn one_folder_has_many_names() {
    let saved = Saved::new();
    write(&saved.path("saved"), "stock.zip", &Zip::new().file("index.js", "").build());
    saved.sweep();
    fs::remove_file(saved.path("saved/stock.zip")).unwrap();
    let json = saved.run(&saved.path("saved/./"), &[]).json();
    assert_eq!(json["sweep"]["changes"]["functions"]["gone"], json!(["stock.zip"]));
}

#[test]
fn a_policy_that_was_saved_anew_is_read_anew() {
    let saved = Saved::new();
    let policy = |who: &str| {
        let statement =
            json!({"Effect": "Allow", "Principal": who, "Action": "lambda:InvokeFunction", "Resource": ARN});
        saved.save("orders.policy.json", &json!({"Policy": json!({"Statement": [statement]}).to_string()}));
        let json = saved.sweep();
        assert_eq!(json["sweep"]["functions"], 1);
        json["targets"][0]["cloud"]["details"]["policy"].clone()
    };
    assert!(policy("123456789012").as_str().unwrap().contains("123456789012\""));
    assert!(policy("*").as_str().unwrap().contains("\"*\""), "at once, though the function did not change");
    fs::remove_file(saved.path("saved/orders.policy.json")).unwrap();
    assert_eq!(saved.sweep()["targets"][0]["cloud"]["details"], Value::Null);
}

#[test]
fn a_second_gap_of_a_kind_hides_more_than_the_first() {
    let saved = Saved::new();
    write(&saved.path("saved"), "orders.policy.json", b"{");
    let first = saved.sweep();
    assert_eq!((changes(&first, "findings", "new"), changes(&first, "findings", "fixed")), (1, 0));
    saved.deploy("");
    write(&saved.path("saved"), "orders.urls.json", b"{");
    assert_eq!(changes(&saved.sweep(), "findings", "fixed"), 0, "what the second file says is not known");
    fs::remove_file(saved.path("saved/orders.urls.json")).unwrap();
    assert_eq!(changes(&saved.sweep(), "findings", "fixed"), 1, "as much is seen as before");
}

#[cfg(unix)]
#[test]
fn what_was_not_seen_of_a_folder_is_one_target_with_a_name() {
    let saved = Saved::new();
    std::os::unix::fs::symlink("/", saved.path("saved/root")).unwrap();
    std::os::unix::fs::symlink("nowhere", saved.path("saved/lost")).unwrap();
    let pipe = saved.path("saved/pipe.zip");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = saved.run(&saved.path("saved"), &[]);
    let json = run.json();
    let targets = json["targets"].as_array().unwrap();
    let place = targets.iter().find(|target| target["id"] == json["sweep"]["source"]).unwrap();
    assert_eq!((targets.len(), place["name"].as_str()), (2, place["id"].as_str()));
    let gaps = place["coverage"]["gaps"].as_array().unwrap();
    let details: Vec<&str> = gaps.iter().map(|gap| gap["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 3, "{details:?}");
    for name in ["`lost`", "`pipe.zip`", "`root`"] {
        assert!(details.iter().any(|detail| detail.contains(name)), "{details:?}");
    }
}

#[test]
fn no_report_takes_the_place_of_an_archive_or_of_the_state() {
    let saved = Saved::new();
    saved.sweep();
    let (code, key) = (fs::read(saved.path("saved/orders.zip")).unwrap(), fs::read(saved.path("state/key")).unwrap());
    for (file, why) in [("saved/orders.zip", "it is an archive"), ("state/key", "the state of sweeps alone")] {
        let output = format!("json={}", saved.path(file).display());
        let run = saved.run(&saved.path("saved"), &["--output", &output]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    assert!(fs::read(saved.path("saved/orders.zip")).unwrap() == code, "as it was");
    assert!(fs::read(saved.path("state/key")).unwrap() == key, "as it was");
    let output = format!("json={}", saved.path("saved/orders.zip").display());
    let scan = Cli::run(["scan", saved.path("saved/orders.zip").to_str().unwrap(), "--output", &output]);
    assert_eq!((scan.code, scan.stderr.contains("it is an archive")), (2, true), "{}", scan.stderr);
}
