//! Nights of `sweep aws` through the real program: only what changed is asked for and fetched.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::assert_allowed;
use crate::cached::synced;
use crate::support::Cli;
use crate::support::moto::{Fault, Moto, REGION};
use crate::support::osv::{Bucket, record};

/// Calls of a night on which nothing changed: seven pages of versions, what points to those of twelve functions, event
/// sources, roles, metrics, and who we are.
const QUIET: usize = 7 + 2 * 12 + 4;
/// Calls for a version that is new or changed: its code and tags, its addresses, its policy.
const PER_VERSION: usize = 3;

/// A sweep of an account; `folder` holds its state and the advisories.
pub(super) fn sweep(moto: &Moto, folder: &Path) -> Value {
    run(moto, folder, &["aws", "--region", REGION, "--endpoint-url", moto.endpoint()])
}

/// A sweep of whatever the arguments name.
pub(super) fn run(moto: &Moto, folder: &Path, arguments: &[&str]) -> Value {
    night(moto, folder, &[], arguments).1
}

/// The same with variables (an empty one is taken away), and its exit code: findings decide nothing, so that it tells
/// whether all was seen.
pub(super) fn night(moto: &Moto, folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, Value) {
    let mut command = command(moto, folder, arguments);
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code().expect("no signal ended it"), report)
}

/// Advisories of every ecosystem that the functions have packages of.
pub(super) fn advisories(folder: &Path) {
    let mut bucket = Bucket::default();
    let date = "2024-01-01T00:00:00Z";
    bucket.put("npm", &record("TEST-lodash", date, "npm", "lodash", "4.17.21"));
    bucket.put("PyPI", &record("TEST-urllib3", date, "PyPI", "urllib3", "1.26.5"));
    bucket.put("Maven", &record("TEST-snakeyaml", date, "Maven", "org.yaml:snakeyaml", "2.0"));
    synced(folder, &bucket);
}

/// The function of that name, `orders-000`, or the version, `billing-004:1`.
pub(super) fn target<'a>(report: &'a Value, name: &str) -> &'a Value {
    let end = if name.contains(':') { format!(":function:{name}") } else { format!(":function:{name}:$LATEST") };
    let mut targets = report["targets"].as_array().expect("targets").iter();
    targets.find(|one| one["id"].as_str().is_some_and(|id| id.ends_with(&end))).unwrap_or_else(|| panic!("{name}"))
}

/// Details of a target's blocking gaps.
pub(super) fn blocking(target: &Value) -> Vec<&str> {
    let gaps = target["coverage"]["gaps"].as_array().expect("gaps").iter();
    gaps.filter(|gap| gap["level"] == "blocking").filter_map(|gap| gap["detail"].as_str()).collect()
}

/// What the program says where it cannot sweep.
pub(super) fn refused(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).expect("standard error is UTF-8")
}

pub(super) fn command(moto: &Moto, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).envs(moto.environment()).arg("sweep").args(arguments);
    command.args(["--format", "json", "--fail-on", "never"]);
    command.arg("--state").arg(folder.join("state")).arg("--cache").arg(folder.join("cache"));
    command
}

pub(super) fn number(json: &Value, key: &str) -> usize {
    json["sweep"][key].as_u64().unwrap_or_else(|| panic!("{key}: {}", json["sweep"])) as usize
}

#[test]
fn nights_ask_for_what_changed() {
    let Some(moto) = Moto::filled(300) else { return };
    let folder = tempfile::tempdir().unwrap();
    advisories(folder.path());

    let started = Instant::now();
    let first = sweep(&moto, folder.path());
    assert!(started.elapsed().as_secs() < 180, "{:?}", started.elapsed());
    assert_eq!((number(&first, "functions"), number(&first, "failed")), (312, 0));
    // The code of every version, and four layers.
    assert_eq!((number(&first, "downloaded"), moto.files.asked().len()), (316, 316));
    let calls = moto.proxy.calls();
    assert_allowed(&calls);
    // The README's budget: so many for each version, one more for each alias, one for each layer.
    let budget = format!("new or changed costs {PER_VERSION} calls and one more for each alias");
    assert!(include_str!("../../README.md").replace('\n', " ").contains(&budget), "{budget}");
    let wanted = QUIET + PER_VERSION * 312 + 12 + 4;
    let refused = moto.proxy.throttled();
    assert!((wanted..=wanted + refused).contains(&calls.values().sum()), "{wanted}, {refused} refused: {calls:?}");
    assert!(refused * 50 < wanted, "{refused} calls came faster than AWS allows");
    let flawed =
        first["targets"].as_array().unwrap().iter().filter(|target| {
            target["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == "TEST-lodash")
        });
    assert!(flawed.count() >= 50);

    let second = sweep(&moto, folder.path());
    assert_eq!((number(&second, "downloaded"), number(&second, "reused")), (0, 312));
    assert!(moto.files.asked().is_empty());
    let calls = moto.proxy.calls();
    assert_eq!(calls.values().sum::<usize>(), QUIET + moto.proxy.throttled(), "{calls:?}");

    moto.change(&["orders-000", "orders-001", "orders-002", "billing-003", "billing-005"]);
    let third = sweep(&moto, folder.path());
    assert_eq!((number(&third, "downloaded"), moto.files.asked().len()), (5, 5));
    let calls = moto.proxy.calls();
    assert_eq!(calls.values().sum::<usize>(), QUIET + PER_VERSION * 5 + moto.proxy.throttled(), "{calls:?}");

    // One of three cannot be had; the sweep goes on, and the next one makes up for it.
    moto.change(&["search-006", "search-007", "search-008"]);
    moto.proxy.fault("lambda:GetFunction", "search-006", Fault::Denied, 99);
    let fourth = sweep(&moto, folder.path());
    assert_eq!((number(&fourth, "functions"), number(&fourth, "downloaded"), number(&fourth, "failed")), (312, 2, 1));
    let gaps: Vec<&str> = fourth["targets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|target| target["name"].as_str().is_some_and(|name| name.contains("search-006")))
        .flat_map(|target| target["coverage"]["gaps"].as_array().unwrap())
        .filter_map(|gap| gap["detail"].as_str())
        .collect();
    assert!(gaps.iter().any(|gap| gap.contains("lambda:GetFunction: AccessDeniedException")), "{gaps:?}");
    moto.proxy.mend();
    let fifth = sweep(&moto, folder.path());
    assert_eq!((number(&fifth, "downloaded"), number(&fifth, "failed")), (1, 0));
}
