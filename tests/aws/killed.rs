//! Sweeps of a bucket that are killed in the middle, with every archive counted that they fetch.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tidewaiter::sweep::State;

use super::bucket::objects;
use crate::support::Cli;
use crate::support::moto::Moto;
use crate::sweep::{Fleet, number};

const FUNCTIONS: usize = 80;
/// Archives that are fetched at once.
const PARALLEL: usize = 4;
const KILLS: usize = 20;

/// Names of the archives that were read since the last time, as often as they were.
fn fetched(moto: &Moto) -> Vec<String> {
    moto.proxy.objects().iter().filter_map(|path| Some(path.rsplit_once('/')?.1.to_owned())).collect()
}

/// Functions that a killed sweep was done with.
fn finished(fleet: &Fleet) -> BTreeSet<String> {
    let state = State::open(&fleet.path("state"), || true).expect("a killed sweep leaves a state that opens");
    let done = |id: &String| state.head(id).unwrap().is_some_and(|head| head.trouble.is_empty());
    (0..FUNCTIONS).map(|number| format!("f{number}.zip")).filter(done).collect()
}

#[test]
fn nothing_is_lost_and_nothing_is_fetched_twice_but_what_was_in_flight() {
    let Some(moto) = Moto::start() else { return };
    let mut fleet = Fleet::new(FUNCTIONS);
    let cache = fleet.advisories(&["common"]);
    moto.put("copies", &objects(&fleet.path("functions"), ""));
    let parallel = PARALLEL.to_string();
    let arguments =
        fleet.arguments_of("s3://copies", &cache, &["--endpoint-url", moto.endpoint(), "--parallel", &parallel]);
    let start = || {
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).envs(moto.environment()).args(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts")
    };
    let whole = || -> Value {
        let output = start().wait_with_output().expect("the program ends");
        serde_json::from_slice(&output.stdout).expect("a report")
    };
    let expected = whole();
    assert_eq!(fetched(&moto).len(), FUNCTIONS);

    std::fs::remove_dir_all(fleet.path("state")).unwrap();
    let (mut known, mut asked) = (BTreeSet::new(), Vec::new());
    for round in 0..KILLS {
        let mut child = start();
        // After so many archives as in no order, and some time more: in the middle of whatever is done then.
        let more = 1 + round * 7 % 5;
        let mut seen = Vec::new();
        while seen.len() < more && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
            seen.extend(fetched(&moto));
        }
        sleep(Duration::from_micros(round as u64 * 13 % 20 * 500));
        child.kill().unwrap();
        child.wait().unwrap();
        seen.extend(fetched(&moto));
        let again: Vec<&String> = seen.iter().filter(|name| known.contains(*name)).collect();
        assert!(again.is_empty(), "finished before, and fetched again: {again:?}");
        asked.append(&mut seen);
        let now = finished(&fleet);
        assert!(now.is_superset(&known), "lost: {:?}", known.difference(&now));
        known = now;
    }
    assert!((1..FUNCTIONS).contains(&known.len()), "{} were done with by sweeps that were killed", known.len());
    let last = whole();
    assert_eq!(last["targets"], expected["targets"]);
    assert_eq!(number(&last, "reused") as usize, known.len());
    let rest = fetched(&moto);
    assert!(rest.iter().all(|name| !known.contains(name)));
    asked.extend(rest);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), FUNCTIONS);
    assert!(asked.len() <= FUNCTIONS + KILLS * PARALLEL, "{} were fetched", asked.len());
}
