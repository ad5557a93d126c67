//! What telling a fleet anew from the state costs, in instructions, as the fleet grows.

use serde_json::json;

use crate::cached::synced;
use crate::growth::assert_proportional;
use crate::support::osv::{Bucket, record};
use crate::support::{Cli, Zip, instructions, write};

const DATE: &str = "2024-01-01T00:00:00Z";
/// Packages of a function: half of them all functions have, the others three do.
const PACKAGES: usize = 20;

/// Half of the functions' common packages are flawed, and one in ten of the others.
fn advisories(names: usize) -> Bucket {
    let mut bucket = Bucket::default();
    let common = (0..PACKAGES / 2).step_by(2).map(|number| format!("common-{number}"));
    let own = (0..names).step_by(10).map(|number| format!("own-{number}"));
    for (number, name) in common.chain(own).enumerate() {
        bucket.put("npm", &record(&format!("TEST-{number}"), DATE, "npm", &name, "2.0.0"));
    }
    bucket
}

fn function(number: usize) -> Zip {
    let own = (0..PACKAGES / 2).map(|at| format!("own-{}", number / 3 * PACKAGES / 2 + at));
    let names = (0..PACKAGES / 2).map(|at| format!("common-{at}")).chain(own);
    names.fold(Zip::new().file("index.js", format!("exports.number = {number};\n")), |zip, name| {
        let manifest = json!({"name": name, "version": "1.0.0"}).to_string();
        zip.file(format!("node_modules/{name}/package.json"), manifest)
    })
}

#[test]
fn the_cost_of_matching_a_fleet_again_grows_with_its_number() {
    let Some(program) = instructions::release() else { return };
    let cost = |functions: usize| {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("functions");
        (0..functions).for_each(|number| drop(write(&folder, &format!("f{number}.zip"), &function(number).build())));
        let cache = synced(root.path(), &advisories(functions * PACKAGES / 2));
        let state = root.path().join("state");
        let sweep = ["sweep".as_ref(), "files".as_ref(), folder.as_os_str(), "--state".as_ref(), state.as_os_str()];
        let more = ["--cache".as_ref(), cache.as_os_str(), "--format".as_ref(), "json".as_ref()];
        let run = Cli::run(sweep.iter().chain(&more));
        assert_eq!(run.code, 0, "no finding of these has a severity: {}", run.stderr);
        let again = ["--offline", "--reproducible", "--threads", "1"].map(AsRef::as_ref);
        (functions as u64, instructions::count(&program, sweep.iter().chain(&more).chain(&again)))
    };
    let [idle, rest @ ..] = [1, 50, 100, 200].map(cost);
    assert_proportional(idle.1, &rest);
}
