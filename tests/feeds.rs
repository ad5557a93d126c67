//! EPSS scores and the KEV catalog, from a server on the loopback or a file to a verdict, through the real program.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tidewaiter::advisory::{Database, read_current};

use crate::support::http::{Fault, Server};
use crate::support::osv::{Bucket, record};
use crate::support::{Cli, cli::Run, write};

const DATE: &str = "2024-01-01T00:00:00Z";

/// A folder with a bucket, the two feeds beside it and a cache; a server of the former.
struct Site {
    folder: TempDir,
    server: Server,
}

impl Site {
    fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let mut bucket = Bucket::default();
        for (id, name, cves) in [
            ("GHSA-a", "quiet", vec!["CVE-2024-0001"]),
            ("GHSA-b", "exploited", vec!["CVE-2024-0002", "CVE-2024-0003"]),
            ("GHSA-c", "unscored", vec![]),
        ] {
            let mut one = record(id, DATE, "npm", name, "2.0.0");
            one["aliases"] = json!(cves);
            bucket.put("npm", &one);
        }
        bucket.write(&root);
        let site = Site { server: Server::start(&root), folder };
        site.epss(&[("CVE-2024-0001", "0.00043"), ("CVE-2024-0002", "0.12"), ("CVE-2024-0003", "0.94358")]);
        site.kev(&["CVE-2024-0003", "CVE-2021-44228"]);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a daily file with these scores.
    fn epss(&self, scores: &[(&str, &str)]) {
        let rows: Vec<String> = scores.iter().map(|(cve, score)| format!("{cve},{score},0.5\n")).collect();
        let head = "#model_version:v2025.03.14,score_date:2026-03-01T12:55:00Z\ncve,epss,percentile\n";
        fs::write(self.path("root/epss.csv.gz"), gzip(&[head.as_bytes(), rows.concat().as_bytes()].concat())).unwrap();
    }

    /// Writes a catalog of these entries.
    fn kev(&self, cves: &[&str]) {
        let entry = |cve: &&str| {
            json!({"cveID": cve, "dateAdded": "2024-02-01", "dueDate": "2024-02-22",
                   "knownRansomwareCampaignUse": "Known"})
        };
        let entries: Vec<Value> = cves.iter().map(entry).collect();
        let catalog = json!({"catalogVersion": "2026.03.01", "dateReleased": "2026-03-01T18:00:05.1Z",
                             "count": cves.len(), "vulnerabilities": entries});
        fs::write(self.path("root/kev.json"), catalog.to_string()).unwrap();
    }

    fn run(&self, words: &[&str]) -> Run {
        let mut arguments: Vec<OsString> = words.iter().map(Into::into).collect();
        arguments.extend(["--cache".into(), self.path("cache").into_os_string()]);
        Cli::run(arguments)
    }

    /// Syncs from the server, with these flags.
    fn sync(&self, more: &[&str]) -> Run {
        self.run(&[&["db", "sync", "--from", &self.server.url("")], more].concat())
    }

    /// Syncs the records and both feeds.
    fn sync_all(&self) -> Run {
        let flags = [("epss", "epss.csv.gz"), ("kev", "kev.json")];
        let flags = flags.map(|(flag, file)| format!("--{flag}={}", self.server.url(file)));
        self.sync(&[&flags[0], &flags[1]])
    }

    fn scan(&self, more: &[&str]) -> Run {
        let packages = ["quiet", "exploited", "unscored"].map(|name| (format!("node_modules/{name}"), "1.0.0"));
        let packages: Value = packages.into_iter().map(|(path, version)| (path, json!({"version": version}))).collect();
        let lock = json!({"lockfileVersion": 3, "packages": packages});
        let target = write(self.folder.path(), "package-lock.json", lock.to_string().as_bytes());
        self.run(&[&["scan", target.to_str().unwrap(), "--fail-on", "never"], more].concat())
    }

    /// Id, score and catalog of every finding, in the report's order.
    fn found(&self) -> Vec<(String, Value, bool)> {
        let json = self.scan(&["--format", "json"]).json();
        let findings = json["targets"][0]["findings"].as_array().unwrap().clone();
        let read = |one: &Value| (one["id"].as_str().unwrap().to_owned(), one["epss"].clone(), one["kev"] == true);
        findings.iter().map(read).collect()
    }

    fn snapshot(&self) -> String {
        read_current(&self.path("cache")).unwrap().unwrap().snapshot
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn all() -> Vec<(String, Value, bool)> {
    [("GHSA-b", json!(0.94358), true), ("GHSA-a", json!(0.00043), false), ("GHSA-c", Value::Null, false)]
        .map(|(id, epss, kev)| (id.to_owned(), epss, kev))
        .to_vec()
}

#[test]
fn findings_bear_the_highest_score_of_their_cves_and_known_exploited_ones_come_first() {
    let site = Site::new();
    assert_eq!(site.sync(&[]).code, 0);
    assert!(site.found().iter().all(|(_, epss, kev)| epss.is_null() && !kev), "nobody asked for feeds");
    assert_eq!(site.scan(&["--format", "json"]).json()["advisories"]["sources"], json!([]));
    let without = site.snapshot();

    let run = site.sync_all();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("EPSS") && run.stdout.contains("3 CVEs, of 2026-03-01T12:55:00Z"), "{}", run.stdout);
    assert_eq!(site.found(), all());
    let json = site.scan(&["--format", "json"]).json();
    let sources = json["advisories"]["sources"].as_array().unwrap();
    assert_eq!((&sources[0]["name"], &sources[0]["records"]), (&json!("EPSS"), &json!(3)));
    assert_eq!((&sources[1]["name"], &sources[1]["newest"]), (&json!("KEV"), &json!("2026-03-01T18:00:05Z")));
    assert!(sources.iter().chain([&json["advisories"]["ecosystems"][0]]).all(|one| one["synced"].is_string()));
    let terms = json["targets"][0]["risk"]["terms"].as_array().unwrap();
    assert!(terms.iter().any(|term| term["name"] == "known-exploited" && term["points"] == 20), "{terms:?}");
    let table = site.scan(&[]).stdout;
    let row = table.lines().rfind(|line| line.contains("GHSA-b")).unwrap();
    assert!(row.contains("known exploited") && table.matches("known exploited").count() == 1, "{table}");

    let explained = site.run(&["explain", "CVE-2024-0002"]).stdout;
    assert!(explained.contains("exploited") && explained.contains("since 2024-02-01"), "{explained}");
    assert!(explained.contains("by 2024-02-22, used by ransomware") && explained.contains("94.36 %"), "{explained}");
    let status = site.run(&["db", "status"]).stdout;
    for (name, file) in [("npm", ""), ("EPSS", "epss.csv.gz"), ("KEV", "kev.json")] {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let from = format!("from {}", site.server.url(file));
        assert!(line.contains(", today") && line.ends_with(&from) && line.contains("synced 2"), "{status}");
    }

    // Without them the snapshot is what it was before them.
    let run = site.sync(&["--epss=none", "--kev=none"]);
    assert_eq!((run.code, site.snapshot()), (0, without), "{}", run.stdout);
    assert!(site.found().iter().all(|(_, epss, kev)| epss.is_null() && !kev));
}

#[test]
fn later_syncs_renew_them_unasked_and_send_nothing_that_did_not_change() {
    let site = Site::new();
    site.sync_all();
    let first = site.snapshot();
    site.server.asked();
    let run = site.sync(&[]);
    assert_eq!((run.code, site.snapshot()), (0, first), "{}", run.stderr);
    assert_eq!(run.stdout.matches(", unchanged").count(), 3, "two feeds and the snapshot: {}", run.stdout);
    let asked = site.server.asked();
    for path in ["/epss.csv.gz", "/kev.json"] {
        let conditional = |asked: &&crate::support::http::Asked| asked.headers.contains_key("if-none-match");
        assert_eq!(asked.iter().filter(|asked| asked.path == path).filter(conditional).count(), 1, "{path}");
    }
    // One that left the catalog is no longer known to be exploited.
    site.kev(&["CVE-2021-44228"]);
    site.epss(&[("CVE-2024-0001", "0.5")]);
    assert_eq!(site.sync(&[]).code, 0);
    let expected = [("GHSA-a", json!(0.5), false), ("GHSA-b", Value::Null, false), ("GHSA-c", Value::Null, false)];
    assert_eq!(site.found(), expected.map(|(id, epss, kev)| (id.to_owned(), epss, kev)));
}

#[test]
fn one_that_fails_stays_as_it_was_and_spoils_nothing_else() {
    let site = Site::new();
    site.sync_all();
    let good: Vec<Vec<u8>> =
        ["epss.csv.gz", "kev.json"].map(|file| fs::read(site.path("root").join(file)).unwrap()).into();
    let bomb = gzip(&vec![b'a'; 100 << 20]);
    let half_of = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let cases: [(usize, Vec<u8>, &str); 9] = [
        (0, bomb, "more than"),
        (0, half_of(&good[0]), "gzip"),
        (0, b"<html>not today</html>".to_vec(), "first line"),
        (0, gzip(b"cve,score\nCVE-2024-0001,0.1\n"), "first line"),
        (0, gzip(b"cve,epss,percentile\nCVE-2024-0001,1e999,0.1\n"), "no row"),
        (0, Vec::new(), "first line"),
        (1, half_of(&good[1]), "no KEV catalog"),
        (1, b"{\"count\": 7, \"vulnerabilities\": [{\"cveID\": \"CVE-2024-0001\"}]}".to_vec(), "7 entries"),
        (1, vec![b'['; 1 << 20], "no KEV catalog"),
    ];
    for (at, bad, word) in cases {
        let (flag, file) = [("--epss", "epss.csv.gz"), ("--kev", "kev.json")][at];
        fs::write(site.path("root").join(file), bad).unwrap();
        let url = site.server.url(file);
        let asked = site.sync(&[&format!("{flag}={url}")]);
        assert_eq!(asked.code, 2, "{word}");
        assert!(asked.stderr.contains(word) && asked.stderr.contains(&url), "{word}: {}", asked.stderr);
        assert!(
            asked.stdout.contains("npm") && asked.stdout.contains("snapshot"),
            "the rest is synced: {}",
            asked.stdout
        );
        let unasked = site.sync(&[]);
        assert_eq!(unasked.code, 0, "{word}");
        assert!(unasked.stderr.contains(word) && unasked.stderr.contains("stays as it was"), "{}", unasked.stderr);
        assert_eq!(site.found(), all(), "{word}");
        fs::write(site.path("root").join(file), &good[at]).unwrap();
    }
    for (fault, word) in [(Fault::Status(403, String::new()), "credentials"), (Fault::Length(1 << 40), "larger than")] {
        site.server.fault("/kev.json", fault, usize::MAX);
        let run = site.sync(&[&format!("--kev={}", site.server.url("kev.json"))]);
        assert!(run.code == 2 && run.stderr.contains(word), "{}", run.stderr);
        site.server.mend();
    }
    let gone = site.sync(&[&format!("--epss={}", site.server.url("nothing.csv"))]);
    assert!(gone.code == 2 && gone.stderr.contains("nothing.csv: there is no such file"), "{}", gone.stderr);
    let run = site.sync(&["--epss=https://ann:hunter2@127.0.0.1/epss.csv"]);
    assert!(run.code == 2 && !run.stderr.contains("hunter2"), "{}", run.stderr);
    assert_eq!(site.found(), all());
}

#[test]
fn rows_that_cannot_be_read_are_counted_with_their_reasons() {
    let site = Site::new();
    site.epss(&[("CVE-2024-0001", "0.1"), ("CVE-2024-0002", "2.0"), ("CVE-2024-0003", "0.5"), ("\u{1b}[2Jx", "0.5")]);
    assert_eq!(site.sync_all().code, 0);
    let status = site.run(&["db", "status"]).stdout;
    assert!(status.contains("EPSS: score or percentile not between 0 and 1: 1 (such as CVE-2024-0002)"), "{status}");
    assert!(status.contains("EPSS: not the id of a CVE: 1") && !status.contains('\u{1b}'), "{status}");
    assert!(site.scan(&["--format", "json"]).json()["advisories"]["sources"][0]["records"] == 2);
}

#[test]
fn files_serve_as_well_and_from_a_folder_no_address_is_asked_unnamed() {
    let site = Site::new();
    let root = site.path("root");
    let address = format!("file://{}", root.display());
    let from_folder = |more: &[&str]| site.run(&[&["db", "sync", "--from", &address], more].concat());
    let flags = [format!("--epss={address}/epss.csv.gz"), format!("--kev={}", root.join("kev.json").display())];
    let run = from_folder(&[&flags[0], &flags[1]]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(site.found(), all());
    site.kev(&["CVE-2024-0001"]);
    assert_eq!(from_folder(&[]).code, 0);
    assert!(site.found().iter().any(|(id, _, kev)| id == "GHSA-a" && *kev), "files are renewed");
    assert!(site.server.asked().is_empty());

    assert_eq!(site.sync_all().code, 0);
    site.server.asked();
    let run = from_folder(&[]);
    assert!(run.code == 0 && run.stdout.matches("no address is asked").count() == 2, "{}", run.stdout);
    assert!(site.server.asked().is_empty());
    let missing = site.sync(&["--epss=no/such/file"]);
    assert!(missing.code == 2 && missing.stderr.contains("no/such/file"), "{}", missing.stderr);
    let nowhere = site.run(&["db", "sync", "--from", "file://elsewhere.example.com/srv"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("three slashes"), "{}", nowhere.stderr);
}

#[test]
fn a_bundle_carries_them_and_a_scan_beyond_the_gap_says_the_same() {
    let site = Site::new();
    site.sync_all();
    let here = site.scan(&["--format", "json", "--reproducible"]).json();
    let bundle = site.path("all.twb");
    let bundle = bundle.to_str().unwrap();
    assert_eq!(site.run(&["db", "export", bundle, "--unsigned"]).code, 0);
    let beyond = site.path("beyond");
    let import = ["db", "import", bundle, "--allow-unsigned", "--cache", beyond.to_str().unwrap()];
    let run = Cli::run(import);
    assert!(run.code == 0 && run.stdout.contains("EPSS") && run.stdout.contains("KEV"), "{}{}", run.stdout, run.stderr);
    let target = site.path("package-lock.json");
    let scan = |more: [&str; 3]| {
        let common = ["scan", target.to_str().unwrap(), "--fail-on", "never", "--format", "json", "--reproducible"];
        Cli::run(common.into_iter().chain(more.into_iter().filter(|word| !word.is_empty()))).json()
    };
    for (there, origin) in [
        (scan(["--cache", beyond.to_str().unwrap(), "--offline"]), "cache"),
        (scan(["--advisories", bundle, "--allow-unsigned"]), "bundle"),
    ] {
        assert_eq!(there["advisories"]["origin"], origin);
        assert_eq!(there["advisories"]["sources"], here["advisories"]["sources"]);
        assert_eq!(there["targets"], here["targets"]);
    }
    let bytes = fs::read(bundle).unwrap();
    let manifest: Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').nth(2).unwrap()).unwrap();
    let names: Vec<&Value> = manifest["sources"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["npm", "EPSS", "KEV"]);
    assert_eq!(manifest["sources"][1]["newest"], "2026-03-01T12:55:00Z");
}

/// Makes a cache whose feeds were synced long ago.
fn age(cache: &Path) {
    let path = cache.join("current.json");
    let mut current: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for feed in ["EPSS", "KEV"] {
        current["synced"][feed] = json!("2020-01-01T00:00:00Z");
    }
    fs::write(path, current.to_string()).unwrap();
}

#[test]
fn old_feeds_are_a_note_unless_the_policy_fails_on_them() {
    let site = Site::new();
    site.sync_all();
    age(&site.path("cache"));
    let levels = |run: &Run| -> Vec<Value> {
        let gaps = run.json()["targets"][0]["coverage"]["gaps"].as_array().unwrap().clone();
        gaps.into_iter().filter(|gap| gap["kind"] == "advisories").map(|gap| gap["level"].clone()).collect()
    };
    let run = site.scan(&["--format", "json"]);
    assert_eq!((run.code, levels(&run)), (0, vec![]));
    let run = site.scan(&["--format", "json", "--max-db-age", "7"]);
    assert_eq!((run.code, levels(&run)), (0, vec![json!("note"), json!("note")]));
    assert_eq!(run.json()["run"]["stale"], true);
    let policy = write(site.folder.path(), "policy.toml", b"[max-db-age]\nKEV = { fail = 30 }\n");
    let run = site.scan(&["--format", "json", "--policy", policy.to_str().unwrap()]);
    assert_eq!((run.code, levels(&run)), (3, vec![json!("blocking")]));
}

#[test]
fn a_damaged_table_is_told_and_costs_no_finding() {
    let site = Site::new();
    site.sync_all();
    let path = site.path("cache").join(format!("snapshots/{}.twsnap", site.snapshot()));
    let mut bytes = fs::read(&path).unwrap();
    // The table's pages are the end of the file.
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = site.scan(&["--format", "json"]);
    let gaps = run.json()["targets"][0]["coverage"]["gaps"].to_string();
    assert!(run.code == 0 && gaps.contains("KEV catalog could not be read"), "{gaps}");
    assert_eq!(site.found().len(), 3);
    assert!(Database::open_cache(&site.path("cache")).unwrap().unwrap().verify().is_err());
}
