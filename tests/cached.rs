//! From a copy of the OSV bucket to a verdict, through the real program: `db sync --from`, then `scan --cache`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::osv::{Bucket, record};
use crate::support::{Cli, Zip, write};

const DATE: &str = "2024-01-01T00:00:00Z";

/// Syncs a bucket into a cache of its own.
pub fn synced(folder: &Path, bucket: &Bucket) -> PathBuf {
    let (from, cache) = (folder.join("bucket"), folder.join("cache"));
    std::fs::create_dir(&from).unwrap();
    bucket.write(&from);
    let run = Cli::run([
        "db".as_ref(),
        "sync".as_ref(),
        "--from".as_ref(),
        from.as_os_str(),
        "--cache".as_ref(),
        cache.as_os_str(),
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    cache
}

fn scan(folder: &Path, cache: &Path) -> (i32, Value) {
    let code = Zip::new()
        .file("index.js", b"1")
        .file("node_modules/left-pad/package.json", br#"{"name":"left-pad","version":"1.2.0"}"#)
        .file("node_modules/no-version/package.json", br#"{"name":"no-version"}"#)
        .file("Sample_Thing-2.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: Sample_Thing\nVersion: 2.0\n")
        .build();
    let target = write(folder, "function.zip", &code);
    let run = Cli::run([
        "scan".as_ref(),
        target.as_os_str(),
        "--format".as_ref(),
        "json".as_ref(),
        "--cache".as_ref(),
        cache.as_os_str(),
    ]);
    (run.code, run.json())
}

/// Id, other ids and fixed versions of every finding.
fn found(json: &Value) -> Vec<(&str, Vec<&str>, Vec<&str>)> {
    fn words(list: &Value) -> Vec<&str> {
        list.as_array().unwrap().iter().filter_map(Value::as_str).collect()
    }
    let findings = json["targets"][0]["findings"].as_array().unwrap();
    findings.iter().map(|f| (f["id"].as_str().unwrap(), words(&f["aliases"]), words(&f["fixed"]))).collect()
}

#[test]
fn records_of_a_synced_bucket_are_reported_once_each_with_their_fixes() {
    let folder = tempfile::tempdir().unwrap();
    let mut bucket = Bucket::default();
    let mut git_first = record("GHSA-git", DATE, "npm", "left-pad", "1.3.0");
    let git =
        json!({"type": "GIT", "repo": "https://git.example.com/a", "events": [{"introduced": "0"}, {"fixed": "abc"}]});
    git_first["affected"][0]["ranges"].as_array_mut().unwrap().insert(0, git);
    bucket.put("npm", &git_first);
    let mut withdrawn = record("GHSA-withdrawn", DATE, "npm", "left-pad", "1.3.0");
    withdrawn["withdrawn"] = json!("2024-02-01T00:00:00Z");
    bucket.put("npm", &withdrawn);
    bucket.put("npm", &record("GHSA-fixed", DATE, "npm", "left-pad", "1.2.0"));
    bucket.put("npm", &record("GHSA-other", DATE, "npm", "no-version", "9.0.0"));
    let alias = |id: &str, fixed: &str| {
        let mut record = record(id, DATE, "PyPI", "sample-thing", fixed);
        record["aliases"] = json!(["CVE-2024-1"]);
        record
    };
    bucket.put("PyPI", &alias("PYSEC-1", "2.1"));
    bucket.put("PyPI", &alias("GHSA-py", "2.0.5"));
    let cache = synced(folder.path(), &bucket);

    let (exit, json) = scan(folder.path(), &cache);
    assert_eq!(exit, 0, "they are of unknown severity, which gates only where it is asked for");
    assert_eq!(json["advisories"]["origin"], "cache");
    assert_eq!(json["summary"]["gaps"]["blocking"], 0, "a cache is no gap");
    assert_eq!(
        found(&json),
        [("GHSA-git", vec![], vec!["1.3.0"]), ("GHSA-py", vec!["CVE-2024-1", "PYSEC-1"], vec!["2.1"])]
    );
    let packages = json["targets"][0]["packages"].as_array().unwrap();
    let unversioned = packages.iter().find(|package| package["name"] == "no-version").unwrap();
    assert_eq!(unversioned["version"], Value::Null);
}

#[test]
fn an_ecosystem_that_the_cache_lacks_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let mut bucket = Bucket::default();
    bucket.put("npm", &record("GHSA-a", DATE, "npm", "other", "1.0.0"));
    let cache = synced(folder.path(), &bucket);
    let (exit, json) = scan(folder.path(), &cache);
    assert_eq!(exit, 3);
    let gaps = json["targets"][0]["coverage"]["gaps"].as_array().unwrap();
    let lacking: Vec<&str> =
        gaps.iter().filter(|gap| gap["kind"] == "advisories").filter_map(|gap| gap["detail"].as_str()).collect();
    assert!(matches!(lacking[..], [detail] if detail.contains("PyPI")), "{lacking:?}");
}
