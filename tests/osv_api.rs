//! `scan --osv-api` through the real program, against a service on the loopback.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::osv::{Bucket, record};
use crate::support::osv_service::{Fault, OsvService, Request};
use crate::support::{Cli, Zip, write};

const DATE: &str = "2024-06-01T00:00:00Z";

fn records() -> Vec<Value> {
    let mut many: Vec<Value> =
        (0..7).map(|n| record(&format!("T-{n}"), DATE, "npm", "left", &format!("{}.0.0", n + 1))).collect();
    many.push(record("T-10", DATE, "npm", "@scope/pair", "2.0.0"));
    many.push(record("T-11", DATE, "npm", "company-secret-tool", "9.0.0"));
    many.push(record("T-12", DATE, "PyPI", "some-thing", "2.0"));
    many.push(record("T-13", DATE, "npm", "elsewhere", "2.0.0"));
    many
}

/// A function with packages of two ecosystems, one of them the company's own.
fn function(folder: &Path) -> PathBuf {
    let package = |name: &str, version: &str| json!({"name": name, "version": version}).to_string();
    let zip = Zip::new()
        .file("node_modules/left/package.json", package("left", "3.5.0"))
        .file("node_modules/@scope/pair/package.json", package("@scope/pair", "1.0.0"))
        .file("node_modules/clean/package.json", package("clean", "1.0.0"))
        .file("node_modules/company-secret-tool/package.json", package("company-secret-tool", "1.0.0"))
        .file("Some_Thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Some_Thing\nVersion: 1.0\n")
        .file("index.js", "exports.handler = () => {};\n");
    write(folder, "function.zip", &zip.build())
}

struct Site {
    folder: TempDir,
    target: PathBuf,
    policy: PathBuf,
}

impl Site {
    fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let target = function(folder.path());
        let policy = write(folder.path(), "policy.toml", b"own = [\"company-*\"]\n");
        Site { folder, target, policy }
    }

    fn ask(&self, service: &OsvService) -> crate::support::cli::Run {
        let flags = ["--format", "json", "--osv-api", "--fail-on", "never", "--osv-api-url", &service.address];
        self.scan(&flags)
    }

    fn scan(&self, flags: &[&str]) -> crate::support::cli::Run {
        let (target, policy) = (self.target.to_str().unwrap(), self.policy.to_str().unwrap());
        Cli::run(["scan", target, "--policy", policy].iter().chain(flags))
    }
}

fn honest() -> Fault {
    Box::new(|_| None)
}

fn ids(json: &Value) -> Vec<&str> {
    json["targets"][0]["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

/// Level and detail of the gaps about advisories.
fn gaps(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gaps = json["targets"][0]["coverage"]["gaps"].as_array().unwrap().iter();
    gaps.filter(|gap| gap["kind"] == "advisories").map(|gap| (text(&gap["level"]), text(&gap["detail"]))).collect()
}

#[test]
fn the_answers_are_those_of_a_cache() {
    let site = Site::new();
    let service = OsvService::start(&records(), 3, honest());
    let asked = site.ask(&service);
    assert_eq!(asked.code, 0, "{}", asked.stderr);
    let asked = asked.json();

    let mut bucket = Bucket::default();
    for record in records() {
        bucket.put(record["affected"][0]["package"]["ecosystem"].as_str().unwrap(), &record);
    }
    let (mirror, cache) = (site.folder.path().join("mirror"), site.folder.path().join("cache"));
    std::fs::create_dir(&mirror).unwrap();
    bucket.write(&mirror);
    let cache = cache.to_str().unwrap();
    assert_eq!(Cli::run(["db", "sync", "--quiet", "--from", mirror.to_str().unwrap(), "--cache", cache]).code, 0);
    let cached = site.scan(&["--format", "json", "--fail-on", "never", "--cache", cache]).json();

    let own = |finding: &&Value| !finding["purl"].as_str().unwrap().contains("company-secret-tool");
    let of = |json: &Value| -> Vec<Value> {
        json["targets"][0]["findings"].as_array().unwrap().iter().filter(own).cloned().collect()
    };
    assert_eq!(of(&asked).len(), 6, "four of left, one each of the pair and of Some_Thing");
    assert_eq!(of(&asked), of(&cached));
    assert_eq!(
        cached["targets"][0]["findings"].as_array().unwrap().len(),
        7,
        "a cache is asked about own packages too"
    );
    assert_eq!(asked["targets"][0]["packages"], cached["targets"][0]["packages"]);

    assert_eq!(asked["advisories"]["origin"], "api");
    let ecosystems: Vec<&Value> =
        asked["advisories"]["ecosystems"].as_array().unwrap().iter().map(|e| &e["name"]).collect();
    assert_eq!(ecosystems, ["PyPI", "npm"]);
}

#[test]
fn names_and_versions_leave_the_machine_and_nothing_else() {
    let site = Site::new();
    let service = OsvService::start(&records(), 1000, honest());
    let run = site.ask(&service);
    let mut sent: Vec<String> = service.queries().iter().map(Value::to_string).collect();
    sent.sort();
    let query = |ecosystem: &str, name: &str, version: &str| {
        json!({"package": {"ecosystem": ecosystem, "name": name}, "version": version}).to_string()
    };
    let expected = [
        query("PyPI", "some-thing", "1.0"),
        query("npm", "@scope/pair", "1.0.0"),
        query("npm", "clean", "1.0.0"),
        query("npm", "left", "3.5.0"),
    ];
    assert_eq!(sent, expected);
    for request in service.requests() {
        assert!(!request.text.contains("company") && !request.line.contains("company"), "{request:?}");
        assert!(!request.text.contains("function.zip"), "{request:?}");
        let mut headers: Vec<String> = request
            .text
            .lines()
            .filter_map(|line| Some(line.split_once(": ")?.0.to_ascii_lowercase()))
            .filter(|name| !name.starts_with('{'))
            .collect();
        headers.retain(|name| name != "content-type" && name != "content-length");
        headers.sort();
        assert_eq!(headers, ["accept", "accept-encoding", "host", "user-agent"], "{request:?}");
    }
    let said = ("note".to_owned(), "1 package was not asked about: the policy calls it own".to_owned());
    assert_eq!(gaps(&run.json()), [said]);
}

#[test]
fn every_page_of_every_answer_is_read() {
    let site = Site::new();
    let service = OsvService::start(&records(), 1, honest());
    let json = site.ask(&service).json();
    assert_eq!(ids(&json).iter().filter(|id| id.len() == 3).count(), 4, "{:?}", ids(&json));
    let tokens: Vec<Value> = service.queries().iter().filter_map(|query| query.get("page_token").cloned()).collect();
    assert_eq!(tokens, ["1", "2", "3", "4", "5", "6"], "only the answer that goes on is asked for again");
}

#[test]
fn more_packages_than_a_batch_takes_are_asked_about_in_several() {
    let folder = tempfile::tempdir().unwrap();
    let mut packages = serde_json::Map::new();
    packages.insert(String::new(), json!({"name": "root", "version": "1.0.0"}));
    for n in 0..2300 {
        packages.insert(format!("node_modules/p{n}"), json!({"version": "1.0.0"}));
    }
    let lock = json!({"name": "root", "lockfileVersion": 3, "packages": packages}).to_string();
    let target = write(folder.path(), "package-lock.json", lock.as_bytes());
    let records: Vec<Value> =
        (0..2300).step_by(100).map(|n| record(&format!("T-{n}"), DATE, "npm", &format!("p{n}"), "2.0.0")).collect();
    let service = OsvService::start(&records, 1000, honest());
    let flags = ["--format", "json", "--osv-api", "--osv-api-url", &service.address, "--fail-on", "never"];
    let run = Cli::run(["scan", target.to_str().unwrap()].iter().chain(&flags));
    assert_eq!(ids(&run.json()).len(), 23, "{}", run.stderr);
    let batches = service.requests().iter().filter(|request| request.line.starts_with("POST")).count();
    assert_eq!(batches, 3);
}

/// The first request with this line is answered so, the rest rightly.
fn first(line: &'static str, status: u16, headers: &'static str, body: &'static str) -> Fault {
    Box::new(move |request: &Request| {
        (request.line == line && request.before == 0).then(|| (status, headers, body.as_bytes().to_vec()))
    })
}

/// Every request with this line is answered so.
fn always(line: &'static str, status: u16, body: &'static str) -> Fault {
    Box::new(move |request: &Request| (request.line == line).then(|| (status, "", body.as_bytes().to_vec())))
}

#[test]
fn a_service_that_is_busy_is_asked_again() {
    for fault in [
        first("POST /v1/querybatch", 429, "retry-after: 0\r\n", "{}"),
        first("POST /v1/querybatch", 503, "", "busy"),
        first("GET /v1/vulns/T-10", 500, "", ""),
    ] {
        let site = Site::new();
        let service = OsvService::start(&records(), 1000, fault);
        let run = site.ask(&service);
        assert_eq!((run.code, ids(&run.json()).len()), (0, 6), "{}", run.stderr);
    }
}

#[test]
fn an_answer_about_nothing_is_an_error() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let cases: [(Fault, &str); 4] = [
        (always("POST /v1/querybatch", 200, "{\"results\": [{\"vulns\""), "no answer"),
        (always("POST /v1/querybatch", 200, "{\"results\": []}"), "0 answers to 4 questions"),
        (always("POST /v1/querybatch", 400, "{}"), "400"),
        (always("POST /v1/querybatch", 403, "{}"), "403"),
    ];
    let site = Site::new();
    for (fault, expected) in cases {
        let service = OsvService::start(&records(), 1000, fault);
        let run = site.ask(&service);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{expected}: {}", run.stderr);
        assert!(run.stderr.contains(expected) && run.stderr.contains("v1/querybatch"), "{expected}: {}", run.stderr);
    }
    let run = site.scan(&["--osv-api", "--osv-api-url", &nobody]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("the OSV service gave no answer"), "{}", run.stderr);
}

#[test]
fn a_part_that_fails_blocks_for_its_packages_alone() {
    let odd = record("T-99", DATE, "npm", "left", "9.0.0").to_string();
    let other: Fault =
        Box::new(move |request| (request.line == "GET /v1/vulns/T-10").then(|| (200, "", odd.clone().into_bytes())));
    let cases: [(Fault, &str); 4] = [
        (always("GET /v1/vulns/T-10", 404, "{}"), "the service names it and does not have it"),
        (always("GET /v1/vulns/T-10", 200, "{\"id\": \"T-10\","), "broken record"),
        (always("GET /v1/vulns/T-10", 200, "{}"), "broken record"),
        (other, "the service gives another record"),
    ];
    for (fault, expected) in cases {
        let site = Site::new();
        let service = OsvService::start(&records(), 1000, fault);
        let run = site.ask(&service);
        assert_eq!(run.code, 3, "{}", run.stderr);
        let json = run.json();
        assert_eq!(ids(&json).len(), 5, "the others are known");
        let blocking: Vec<_> = gaps(&json).into_iter().filter(|(level, _)| level == "blocking").collect();
        let [(_, detail)] = blocking.as_slice() else { panic!("one package, one gap: {blocking:?}") };
        assert!(detail.contains("@scope/pair") && detail.contains("T-10") && detail.contains(expected), "{detail}");
    }
}

#[test]
fn a_page_that_fails_blocks_and_what_came_before_counts() {
    let site = Site::new();
    let fault: Fault = Box::new(|request| {
        let later = request.body["queries"][0].get("page_token").is_some();
        later.then(|| (200, "", b"<html>".to_vec()))
    });
    let run = site.ask(&OsvService::start(&records(), 2, fault));
    let json = run.json();
    assert_eq!((run.code, ids(&json).len()), (3, 2), "the first page of left holds none that affects it");
    assert!(gaps(&json).iter().any(|(level, detail)| level == "blocking" && detail.contains("left")), "{json}");
}

#[test]
fn a_record_that_does_not_affect_the_version_is_no_finding() {
    let site = Site::new();
    let stranger = record("T-50", DATE, "npm", "clean", "0.9.0");
    let run = site.ask(&OsvService::start(&[stranger], 1000, honest()));
    assert_eq!((run.code, ids(&run.json()).len()), (0, 0), "the service's word is a candidate, not a verdict");
}

#[test]
fn wishes_that_exclude_each_other_are_refused() {
    let site = Site::new();
    let run = site.scan(&["--osv-api", "--offline"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--offline"), "{}", run.stderr);
    assert_eq!(site.scan(&["--osv-api-url", "http://127.0.0.1:1"]).code, 2);
    for address in ["ftp://osv.example.com", "https://me:hunter2@osv.example.com", "osv.example.com", "https://x/?y"] {
        let run = site.scan(&["--osv-api", "--osv-api-url", address]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("--osv-api-url") && !run.stderr.contains("hunter2"), "{address}: {}", run.stderr);
    }
}
