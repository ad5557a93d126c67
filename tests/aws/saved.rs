//! The same functions, asked of the account and saved as files, give the same report.

use serde_json::{Value, json};

use super::sweep::{advisories, run, sweep};
use crate::support::moto::Moto;

/// What both must say of a function. Not compared: names of files, and what only a cloud can tell (when a function was
/// last called, when it was asked).
fn told(target: &Value) -> Value {
    let cloud = &target["cloud"];
    let finding = |one: &Value| json!([one["id"], one["kind"], one["severity"], one["fingerprint"], one["origin"]]);
    let findings: Vec<Value> = target["findings"].as_array().unwrap().iter().map(finding).collect();
    let packages: Vec<&Value> = target["packages"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let digests: Vec<Value> = target["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            // Archives are called after their files; an image's name is all that is told of it.
            let image = one["path"].as_str().filter(|path| path.starts_with("sha256:"));
            json!([one["role"], one["sha256"], one["entries"], image])
        })
        .collect();
    json!({
        "id": target["id"], "name": target["name"], "runtime": target["runtime"], "handler": target["handler"],
        "cloud": [cloud["arn"], cloud["qualifier"], cloud["account"], cloud["region"], cloud["used_by"]],
        "access": [cloud["role"], cloud["event_sources"]],
        "details": [cloud["details"]["urls"], cloud["details"]["policy"], cloud["details"]["tags"],
            cloud["details"]["reserved_concurrency"]],
        "grade": target["coverage"]["grade"], "packages": packages, "findings": findings, "artifacts": digests,
    })
}

#[test]
fn an_account_and_its_copy_give_the_same_report() {
    let Some(moto) = Moto::filled(60) else { return };
    moto.image(&["reports"]);
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    for place in [&live, &copy] {
        std::fs::create_dir(place).unwrap();
        advisories(place);
    }
    let saved = folder.path().join("saved");
    moto.save(&saved);
    let asked = sweep(&moto, &live);
    let read = run(&moto, &copy, &["files", saved.to_str().unwrap()]);

    let targets = |report: &Value| -> Vec<Value> {
        let mut all: Vec<Value> = report["targets"].as_array().unwrap().iter().map(told).collect();
        all.sort_by_key(|target| target["id"].to_string());
        all
    };
    let (asked, read) = (targets(&asked), targets(&read));
    assert!(asked.len() > 60 && asked.iter().any(|target| !target["findings"].as_array().unwrap().is_empty()));
    let image = asked
        .iter()
        .find(|target| target["id"].as_str().is_some_and(|id| id.ends_with(":reports:$LATEST")))
        .expect("the image is listed");
    let name = image["artifacts"][0][3].as_str().expect("its digest");
    assert_eq!(name.len(), "sha256:".len() + 64, "{name}");
    for (asked, read) in asked.iter().zip(&read) {
        assert_eq!(read, asked);
    }
    assert_eq!(read.len(), asked.len());
}
