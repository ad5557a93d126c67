//! What a large cache costs a scan: it reads the records of its own packages and holds none of the others.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::cached::synced;
use crate::support::osv::{Bucket, record};
use crate::support::peak::peak_memory;
use crate::support::{Cli, Zip, write};

const DATE: &str = "2024-01-01T00:00:00Z";
/// Packages of the function. One in ten has records, as in a real one.
const PACKAGES: usize = 1000;
/// Records of the large cache, four a package. The versions that they list would fill one and a half times the limit.
const RECORDS: usize = 4000;
/// Versions that a record lists, and bytes of each.
const LISTED: usize = 100;
const LENGTH: usize = 80;
/// How much the peak may grow, in bytes.
const LIMIT: u64 = 20 << 20;

fn name(package: usize) -> String {
    format!("package-{package}")
}

/// Every package of the bucket is affected up to version 2.
fn large(number: usize) -> Value {
    let mut one = record(&format!("TEST-{number}"), DATE, "npm", &name(number / 4 * 10), "2.0.0");
    one["affected"][0]["versions"] = (0..LISTED).map(|patch| json!(format!("1.{number}.{patch:0LENGTH$}"))).collect();
    one["aliases"] = json!([format!("CVE-2024-{number}")]);
    one
}

/// The peak of a scan in one thread, in bytes, and the number of its findings.
fn scan(target: &Path, cache: &Path) -> (u64, usize) {
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).args(["scan", "--format", "json", "--threads", "1", "--cache"]).arg(cache).arg(target);
    // Through a file: a pipe that nobody empties would stop the program.
    let output = cache.with_extension("json");
    command.stdout(std::fs::File::create(&output).unwrap()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let peak = peak_memory(&mut child);
    let json: Value = serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap();
    (peak, json["targets"][0]["findings"].as_array().unwrap().len())
}

#[test]
fn a_large_cache_adds_little_to_the_peak_of_a_scan() {
    let (small_folder, large_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bucket = Bucket::default();
    bucket.put("npm", &record("TEST-X", DATE, "npm", "elsewhere", "2.0.0"));
    let small = synced(small_folder.path(), &bucket);
    (0..RECORDS).for_each(|number| bucket.put("npm", &large(number)));
    let large = synced(large_folder.path(), &bucket);

    let package = |code: Zip, package| {
        let (name, version) = (name(package), "1.0.0");
        code.file(format!("node_modules/{name}/package.json"), json!({"name": name, "version": version}).to_string())
            .file(format!("node_modules/{name}/index.js"), format!("exports.number = {package};\n"))
    };
    let code = (0..PACKAGES).fold(Zip::new().file("index.js", b"1"), package).build();
    let target = write(small_folder.path(), "function.zip", &code);

    let (without, none) = scan(&target, &small);
    let (with, findings) = scan(&target, &large);
    assert_eq!((none, findings), (0, PACKAGES / 10 * 4));
    assert!(without > 0 && with < without + LIMIT, "{with} bytes at the peak, {without} without records");
}
