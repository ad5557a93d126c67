//! What may happen to a state: two sweeps at a time, other clocks, other machines, other accounts; and damage, in
//! [`damage`].

mod damage;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Cli, Zip, write};
use crate::sweep::{Fleet, named, number};

fn sweep_at(epoch: u64, arguments: Vec<String>) -> (i32, Value) {
    let run = Cli::run_at(epoch, arguments);
    (run.code, run.json())
}

/// Findings that are new: each function of a [`Fleet`] has a flawed package and a secret.
fn news(json: &Value) -> usize {
    json["sweep"]["changes"]["findings"]["new"].as_array().unwrap().len()
}

#[test]
fn a_second_sweep_waits_or_gives_up_and_a_killed_one_lets_go() {
    let mut fleet = Fleet::new(2);
    let cache = fleet.advisories(&["common"]);
    // Whoever listens never answers: the sweep keeps the state until it is killed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let webhook = format!("http://{}/", listener.local_addr().unwrap());
    let spawn = |more: &[&str]| {
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).args(fleet.arguments(&cache, more));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut holder = spawn(&["--notify", &webhook]);
    let _posting = listener.accept().unwrap();

    let begun = Instant::now();
    let run = Cli::run(fleet.arguments(&cache, &["--no-wait"]));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("another sweep is using the state") && run.stderr.lines().count() == 1,
        "{}",
        run.stderr
    );
    assert!(begun.elapsed() < Duration::from_secs(20), "it does not wait");

    let mut waiting = spawn(&[]);
    let mut said = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("waiting for its end"), "{said}");
    assert!(waiting.try_wait().unwrap().is_none(), "it waits");
    holder.kill().unwrap();
    holder.wait().unwrap();
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((number(&json, "downloaded"), news(&json)), (0, 4), "what the killed one read, and did not tell");
}

#[test]
fn clocks_that_go_back_lose_nothing() {
    const DAY: u64 = 24 * 3600;
    let mut fleet = Fleet::new(3);
    let cache = fleet.advisories(&["common"]);
    let noon = 1_800_000_000;
    assert_eq!(sweep_at(noon, fleet.arguments(&cache, &[])).0, 1);
    for day in [noon - DAY, noon - 400 * DAY, noon + 400 * DAY, noon] {
        let (code, json) = sweep_at(day, fleet.arguments(&cache, &[]));
        assert_eq!((code, number(&json, "downloaded"), news(&json)), (0, 0, 0));
    }
    fleet.deploy(7, "1.0.0");
    let (code, json) = sweep_at(noon - DAY, fleet.arguments(&cache, &[]));
    assert_eq!((code, number(&json, "downloaded"), news(&json)), (1, 1, 2));
    let trend = json["sweep"]["trend"].as_array().unwrap();
    let functions: Vec<u64> = trend.iter().map(|point| point["functions"].as_u64().unwrap()).collect();
    assert_eq!(functions, [3, 3, 3, 3, 3, 4], "in the order in which they were");
}

#[test]
fn before_the_first_sweep_nothing_is_known() {
    let mut fleet = Fleet::new(2);
    let cache = fleet.advisories(&["common"]);
    for more in [&["--since", "2001-01-01"][..], &["--since", "2001-01-01T00:00:00Z", "--offline"]] {
        for _ in 0..2 {
            let (code, json) = fleet.sweep(&cache, more);
            assert_eq!((code, news(&json), &json["sweep"]["since"]), (1, 4, &Value::Null));
            assert_eq!(named(&json["sweep"]["changes"]["functions"]["new"]).len(), 2);
        }
    }
    assert_eq!(fleet.sweep(&cache, &["--since", "2999-01-01"]).0, 0, "the last one is before that");
    let run = Cli::run(fleet.arguments(&cache, &["--since", "yesterday"]));
    assert!(run.code == 2 && run.stderr.contains("--since wants a day"), "{}", run.stderr);
}

#[test]
fn a_state_goes_on_where_it_is_copied_to() {
    let mut fleet = Fleet::new(2);
    let cache = fleet.advisories(&["common"]);
    fleet.sweep(&cache, &[]);
    let there = tempfile::tempdir().unwrap();
    copy(&fleet.path("state"), &there.path().join("state"));
    let mut arguments = fleet.arguments(&cache, &[]);
    let state = arguments.iter().position(|one| one == "--state").unwrap() + 1;
    arguments[state] = there.path().join("state").to_str().unwrap().to_owned();
    std::fs::remove_dir_all(fleet.path("state")).unwrap();
    let run = Cli::run(arguments);
    assert_eq!((run.code, number(&run.json(), "reused"), news(&run.json())), (0, 2, 0), "{}", run.stderr);
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn accounts_in_one_state_leave_each_other_alone() {
    let mut fleet = Fleet::new(0);
    let cache = fleet.advisories(&["common"]);
    let deploy = |account: &str, name: &str| {
        let package = json!({"name": "common", "version": "1.0.0"}).to_string();
        let zip =
            Zip::new().file("node_modules/common/package.json", package).file("index.js", format!("{account} {name}"));
        let configuration = json!({
            "FunctionName": name, "Version": "$LATEST",
            "FunctionArn": format!("arn:aws:lambda:eu-west-1:{account}:function:{name}"),
        });
        write(&fleet.path(account), &format!("{name}.zip"), &zip.build());
        write(&fleet.path(account), &format!("{name}.json"), configuration.to_string().as_bytes());
    };
    let sweep = |account: &str| {
        let mut arguments = fleet.arguments(&cache, &[]);
        arguments[2] = fleet.path(account).to_str().unwrap().to_owned();
        let json = Cli::run(arguments).json();
        let changes = &json["sweep"]["changes"];
        let gone = named(&changes["functions"]["gone"]).len();
        (
            number(&json, "functions"),
            number(&json, "downloaded"),
            news(&json),
            gone,
            changes["findings"]["fixed"].as_array().unwrap().len(),
        )
    };
    let (one, two) = ("111111111111", "222222222222");
    ["a", "b"].iter().for_each(|name| deploy(one, name));
    deploy(two, "a");
    assert_eq!(sweep(one), (2, 2, 2, 0, 0));
    assert_eq!(sweep(two), (1, 1, 1, 0, 0), "of equal name, and not the same");
    assert_eq!(sweep(one), (2, 0, 0, 0, 0), "nothing is new, gone or fixed for having looked elsewhere");
    assert_eq!(sweep(two), (1, 0, 0, 0, 0));
    ["zip", "json"].iter().for_each(|end| std::fs::remove_file(fleet.path(one).join(format!("b.{end}"))).unwrap());
    assert_eq!(sweep(one), (1, 0, 0, 1, 0), "gone since the last sweep of this account");
    assert_eq!(sweep(one), (1, 0, 0, 0, 0), "told once");
}
