//! Notices of the real program: what is new is told, once it was told it is old, and what could not be told stays new.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::receiver::{Answer, Got, KEY, Receiver, verified};
use crate::support::{Cli, need};
use crate::sweep::Fleet;

/// A night whose notices go to these addresses, as the variable has them.
fn night(fleet: &Fleet, cache: &std::path::Path, addresses: &str, more: &[&str]) -> Output {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).env("TIDEWAITER_NOTIFY", addresses).env("TIDEWAITER_NOTIFY_KEY", KEY);
    let output = command.args(fleet.arguments(cache, more)).output().expect("the program starts");
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(!said.contains("geheim") && !said.contains(KEY), "addresses and keys are secrets: {said}");
    output
}

fn body(got: &Got) -> Value {
    assert_eq!(got.content_type.as_deref(), Some("application/json"));
    serde_json::from_slice(&got.body).expect("JSON")
}

#[test]
fn only_what_is_new_and_breaks_the_policy_is_told() {
    let mut fleet = Fleet::new(3);
    let caches =
        [&["common"][..], &["common", "own-1"], &["common", "own-1", "own-2"]].map(|flawed| fleet.advisories(flawed));
    let receiver = Receiver::start(vec![Answer::status(200)]);
    let night = |cache: usize, more: &[&str]| {
        let before = receiver.got().len();
        let code = night(&fleet, &caches[cache], &receiver.url(), more).status.code();
        (code, receiver.got()[before..].to_vec())
    };

    let (code, got) = night(0, &[]);
    assert_eq!((code, got.len()), (Some(1), 1));
    let first = body(&got[0]);
    assert_eq!((&first["schema_version"], &first["type"]), (&json!(1), &json!("tidewaiter.sweep")));
    assert_eq!((&first["exit"], &first["since"], &first["new_left_out"]), (&json!(1), &Value::Null, &json!(0)));
    assert_eq!(
        first["functions"],
        json!({"total": 3, "new": 3, "changed": 0, "gone": 0, "failed": 0, "incomplete": 0})
    );
    let new = first["new"].as_array().expect("findings");
    let of = |kind: &str| new.iter().filter(|one| one["kind"] == kind).count();
    assert_eq!((of("vulnerability"), of("secret")), (3, 3));
    assert_eq!(first["findings"]["new"]["total"], json!(new.len()));
    let token = crate::support::planted::plant("@@github-token@@");
    assert!(!String::from_utf8_lossy(&got[0].body).contains(&token), "a secret's value is in no notice");
    if need("python3") {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(verified(folder.path(), &got[0], 0), "True");
        assert_eq!(verified(folder.path(), &got[0], 600), "False", "an old one sent again");
    }

    assert_eq!(night(0, &[]), (Some(0), vec![]), "nothing is new");
    assert_eq!(night(0, &["--fail-on-existing"]), (Some(1), vec![]), "what violates is not new");

    let (code, got) = night(1, &[]);
    assert_eq!((code, got.len()), (Some(1), 1));
    let second = body(&got[0]);
    let new = second["new"].as_array().expect("findings");
    assert_eq!((new.len(), &new[0]["name"], &new[0]["id"]), (1, &json!("f1.zip"), &json!("TEST-own-1")));
    assert_eq!(new[0]["violates"], true);
    assert!(second["since"].is_string() && second["id"] != first["id"]);

    assert_eq!(night(2, &["--fail-on", "never"]), (Some(0), vec![]), "what is new breaks nothing");

    deploy_one_more(&fleet);
    let (code, got) = night(2, &["--notify-format", "slack", "--notify-always", "--fail-on", "never"]);
    assert_eq!((code, got.len()), (Some(0), 1));
    let message = body(&got[0]);
    assert_eq!(message["text"], "Tidewaiter: 1 new finding in 1 function, 0 fixed");
    let blocks = message["blocks"].as_array().expect("blocks");
    let kinds: Vec<&str> = blocks.iter().filter_map(|block| block["type"].as_str()).collect();
    assert_eq!(kinds, ["header", "section", "context"]);
    let line = blocks[1]["text"]["text"].as_str().expect("a line");
    assert!(line.contains("`f9.zip`") && line.contains("`TEST-common`"), "{line}");
}

/// A function more, with the flawed package of all and without a secret.
fn deploy_one_more(fleet: &Fleet) {
    let zip = crate::support::Zip::new()
        .file("index.js", "exports.handler = async () => {};")
        .file("node_modules/common/package.json", json!({"name": "common", "version": "1.0.0"}).to_string());
    crate::support::write(&fleet.path("functions"), "f9.zip", &zip.build());
}

#[test]
fn a_receiver_that_fails_keeps_the_news_and_hides_none() {
    let mut fleet = Fleet::new(2);
    let cache = fleet.advisories(&["common"]);
    let report = fleet.path("report.json");
    let output = format!("json={}", report.display());

    // One of two takes it: the reports are there, and the night counts as not told.
    let (good, broken) = (Receiver::start(vec![Answer::status(204)]), Receiver::start(vec![Answer::status(500)]));
    let run = night(&fleet, &cache, &format!("{};{}", broken.url(), good.url()), &["--output", &output]);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.contains("1 of 2 notices could not be delivered"), "{said}");
    assert!(said.contains(&format!("{} did not take the notice", broken.address)) && said.contains("500"), "{said}");
    assert_eq!((good.got().len(), broken.got().len()), (1, 4));
    for written in [&std::fs::read(&report).unwrap(), &run.stdout] {
        let report: Value = serde_json::from_slice(written).expect("a whole report");
        assert_eq!(report["sweep"]["functions"], 2);
    }

    // One that never answers is left after 20 seconds, and asked again; the news is the same, and so is its id.
    let slow = Receiver::start(vec![Answer::Hang, Answer::status(200)]);
    let run = night(&fleet, &cache, &slow.url(), &[]);
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let got = slow.got();
    assert_eq!((got.len(), &body(&got[0])["id"]), (2, &body(&good.got()[0])["id"]));
    assert_ne!(got[0].signature, got[1].signature, "each attempt is signed with its own time");

    // Told.
    assert_eq!(night(&fleet, &cache, &slow.url(), &[]).status.code(), Some(0));
    assert_eq!(slow.got().len(), 2);
}

#[test]
fn what_is_wrong_with_notices_is_told_before_the_work() {
    let mut fleet = Fleet::new(1);
    let cache = fleet.advisories(&[]);
    for (more, words) in [
        (&["--notify", "http://hooks.example.com/geheim"][..], "plain http is for receivers on this machine"),
        (&["--notify", "geheim"], "it is no URL"),
        (&["--notify", "https://hooks.example.com/geheim", "--notify-format", "teams"], "json or slack, not 'teams'"),
        (&["--notify", "https://hooks.example.com/geheim", "--offline"], "cannot be used with"),
        (&["--notify-always"], "--notify-always needs --notify"),
    ] {
        let run = Cli::run(fleet.arguments(&cache, more));
        assert_eq!(run.code, 2, "{more:?}: {}", run.stderr);
        assert!(run.stderr.contains(words) && !run.stderr.contains("geheim"), "{more:?}: {}", run.stderr);
    }
    assert!(!fleet.path("state").exists());
}
