//! The traps of matching OSV records, each with records made up for it: written as a copy of the bucket, synced by the
//! real program, and matched from the snapshot that it published.

mod orders;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidewaiter::advisory::Database;
use tidewaiter::matching::match_packages;
use tidewaiter::model::{Confidence, Ecosystem, Evidence, Finding, FindingKind, Gap, Location, Package, Severity};

use crate::support::osv::Bucket;
use crate::support::{Cli, Zip, write};

use Ecosystem::{CratesIo, Go, Maven, Npm, NuGet, Packagist, PyPI, RubyGems};

/// A cache that was synced from records.
struct Cache {
    folder: TempDir,
    database: Database,
}

impl Cache {
    fn of(records: &[Value]) -> Cache {
        let folder = tempfile::tempdir().unwrap();
        let mirror = folder.path().join("mirror");
        std::fs::create_dir(&mirror).unwrap();
        let mut bucket = Bucket::default();
        for record in records {
            // As in the bucket: a record lies in the folder of each of its ecosystems.
            let elements = record["affected"].as_array().into_iter().flatten();
            let ecosystems: BTreeSet<&str> =
                elements.filter_map(|element| element["package"]["ecosystem"].as_str()?.split(':').next()).collect();
            for ecosystem in ecosystems {
                bucket.put(ecosystem, record);
            }
        }
        bucket.write(&mirror);
        let cache = folder.path().join("cache");
        let run = Cli::run(["db", "sync", "--quiet", "--from", path(&mirror), "--cache", path(&cache)]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let database = Database::open_cache(&cache).unwrap().expect("a snapshot was published");
        Cache { folder, database }
    }

    fn matched(&self, package: &Package) -> (Vec<Finding>, Vec<Gap>) {
        let lookup = |ecosystem, name: &str| self.database.lookup(ecosystem, name);
        let matched = match_packages(std::slice::from_ref(package), lookup);
        (matched.findings, matched.gaps)
    }

    fn findings(&self, ecosystem: Ecosystem, name: &str, version: &str) -> Vec<Finding> {
        self.matched(&package(ecosystem, name, Some(version))).0
    }

    /// Every line says whether a version of the package is affected.
    fn says(&self, ecosystem: Ecosystem, name: &str, lines: &[(&str, bool)]) {
        for (version, expected) in lines {
            let found = self.findings(ecosystem, name, version);
            assert_eq!(!found.is_empty(), *expected, "{ecosystem} {name} {version}: {found:?}");
        }
    }

    fn cache(&self) -> String {
        path(&self.folder.path().join("cache")).to_owned()
    }
}

fn path(path: &std::path::Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

fn package(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Package {
    let place = Location::artifact(0).child("a/manifest");
    Package::new(ecosystem, name, version.map(str::to_owned), Evidence::Installed, place)
}

/// `introduced 1.0 fixed 2.0` and so on.
fn range(kind: &str, events: &str) -> Value {
    let words: Vec<&str> = events.split(' ').collect();
    let events: Vec<Value> = words.chunks(2).map(|pair| json!({ pair[0]: pair[1] })).collect();
    json!({"type": kind, "events": events})
}

fn affected(ecosystem: &str, name: &str, ranges: &[Value]) -> Value {
    json!({"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges})
}

fn record(id: &str, affected: &[Value]) -> Value {
    json!({
        "schema_version": "1.7.0", "id": id, "modified": "2024-06-01T00:00:00Z", "published": "2024-01-01T00:00:00Z",
        "summary": format!("About {id}"), "affected": affected
    })
}

/// One record of one package with one range of the ecosystem's own kind.
fn simple(id: &str, ecosystem: Ecosystem, name: &str, events: &str) -> Value {
    let kind = if matches!(ecosystem, Npm | CratesIo | Go) { "SEMVER" } else { "ECOSYSTEM" };
    record(id, &[affected(ecosystem.name(), name, &[range(kind, events)])])
}

fn with(mut record: Value, key: &str, value: Value) -> Value {
    record[key] = value;
    record
}

#[test]
fn listed_or_in_any_range() {
    let mut listed = affected("PyPI", "listed", &[range("ECOSYSTEM", "introduced 3 fixed 4")]);
    listed["versions"] = json!(["1.0", "2004d-final", "1.1rc1"]);
    let mut only = affected("npm", "only", &[]);
    only["versions"] = json!(["1.0.0", "v1.2.0"]);
    let cache = Cache::of(&[record("X-1", &[listed]), record("X-2", &[only])]);
    let lines =
        [("1.0", true), ("1.0.0", true), ("1.1.rc.1", true), ("2004d-final", true), ("3.5", true), ("2", false)];
    cache.says(PyPI, "listed", &lines);
    cache.says(Npm, "only", &[("1.0.0", true), ("1.0.0+build", true), ("1.2.0", true), ("1.1.0", false)]);
}

#[test]
fn a_git_range_before_the_others_hides_nothing() {
    let git = range("GIT", "introduced 0 fixed 8f8bbf0a1ab1ea6d76b4cb4d5d9d1cf2d2b4b2a1");
    let ranges = |kind: &str| vec![git.clone(), range(kind, "introduced 0 fixed 1.5.0"), git.clone()];
    let cache = Cache::of(&[
        record("X-1", &[affected("PyPI", "x", &ranges("ECOSYSTEM"))]),
        record("X-2", &[affected("crates.io", "x", &ranges("SEMVER"))]),
    ]);
    cache.says(PyPI, "x", &[("1.4.9", true), ("1.5.0", false)]);
    cache.says(CratesIo, "x", &[("1.4.9", true), ("1.5.0", false)]);
    assert_eq!(cache.database.skipped(), [], "a commit is known, and no version");
}

#[test]
fn events_stand_in_any_order_and_intervals_touch() {
    let mixed = "fixed 2.0.0 introduced 3.0.0 introduced 0 fixed 10.0.0";
    let touching = "introduced 1.0.0 introduced 2.0.0 fixed 2.0.0 fixed 3.0.0";
    for ecosystem in Ecosystem::ALL {
        let cache =
            Cache::of(&[simple("X-1", ecosystem, "v/mixed", mixed), simple("X-2", ecosystem, "v/touching", touching)]);
        let lines = [("1.9.9", true), ("2.0.0", false), ("2.5.0", false), ("3.0.0", true), ("10.0.0", false)];
        cache.says(ecosystem, "v/mixed", &lines);
        let lines = [("0.9.0", false), ("1.0.0", true), ("2.0.0", true), ("2.9.9", true), ("3.0.0", false)];
        cache.says(ecosystem, "v/touching", &lines);
    }
}

#[test]
fn zero_last_affected_and_limit_in_every_ecosystem() {
    for ecosystem in Ecosystem::ALL {
        let cache = Cache::of(&[
            simple("X-1", ecosystem, "v/all", "introduced 0"),
            simple("X-2", ecosystem, "v/last", "introduced 1.0.0 last_affected 1.2.0"),
            simple("X-3", ecosystem, "v/limit", "introduced 1.0.0 limit 2.0.0"),
        ]);
        cache.says(ecosystem, "v/all", &[("0.0.1", true), ("99999.0.0", true)]);
        cache.says(ecosystem, "v/last", &[("0.9.0", false), ("1.2.0", true), ("1.2.1", false)]);
        cache.says(ecosystem, "v/limit", &[("1.9.0", true), ("2.0.0", false)]);
        assert_eq!(
            cache.findings(ecosystem, "v/last", "1.1.0")[0].fixed,
            [""; 0],
            "the last bad one names no good one"
        );
        assert_eq!(cache.findings(ecosystem, "v/limit", "1.1.0")[0].fixed, [""; 0]);
    }
}

#[test]
fn go_modules_that_were_never_tagged() {
    let mut element = affected("Go", "example.com/m", &[range("SEMVER", "introduced 0")]);
    element["ecosystem_specific"] = json!({"custom_ranges": [range("ECOSYSTEM", "introduced 5.0.0 fixed 5.0.4")]});
    let cache = Cache::of(&[record("GO-1", &[element])]);
    let sure = |version: &str| cache.findings(Go, "example.com/m", version)[0].confidence;
    assert_eq!(sure("v5.0.3"), Confidence::High);
    assert_eq!(sure("v5.0.3+incompatible"), Confidence::High);
    assert_eq!((sure("v5.0.4"), sure("v1.0.0")), (Confidence::Low, Confidence::Low));
}

#[test]
fn a_package_without_a_version_is_no_finding() {
    let cache = Cache::of(&[simple("X-1", Npm, "x", "introduced 0")]);
    assert_eq!(cache.matched(&package(Npm, "x", None)), (Vec::new(), Vec::new()));
}

#[test]
fn a_suffix_of_the_ecosystem_is_a_registry() {
    let element =
        affected("Maven:https://repo.example.com/maven2", "g:a", &[range("ECOSYSTEM", "introduced 0 fixed 2")]);
    let cache = Cache::of(&[record("X-1", &[element])]);
    cache.says(Maven, "g:a", &[("1.9", true), ("2", false)]);
}

#[test]
fn a_withdrawn_record_leaves_a_stone_and_no_finding() {
    let record = with(simple("X-1", Npm, "x", "introduced 0"), "withdrawn", json!("2024-03-01T00:00:00Z"));
    let cache = Cache::of(&[record]);
    cache.says(Npm, "x", &[("1.0.0", false)]);
    assert_eq!(cache.database.by_id("X-1").unwrap().unwrap().withdrawn.as_deref(), Some("2024-03-01T00:00:00Z"));
}

#[test]
fn aliases_are_transitive_and_related_records_are_others() {
    let flaw =
        |id: &str, aliases: &[&str]| with(simple(id, Npm, "x", "introduced 0 fixed 2.0.0"), "aliases", json!(aliases));
    let mut neighbour = flaw("E-1", &[]);
    neighbour["related"] = json!(["A-1"]);
    neighbour["upstream"] = json!(["B-1", "CVE-2024-9"]);
    let cache = Cache::of(&[
        flaw("A-1", &["D-1"]),
        flaw("B-1", &["C-1"]),
        flaw("C-1", &["D-1"]),
        flaw("D-1", &[]),
        neighbour,
        flaw("CVE-2024-9", &[]),
    ]);
    let found = cache.findings(Npm, "x", "1.0.0");
    let groups: Vec<(usize, &str)> = found.iter().map(|f| (f.aliases.len(), f.id.as_str())).collect();
    assert_eq!(groups.len(), 3, "{groups:?}");
    assert!(groups.contains(&(0, "E-1")) && groups.contains(&(0, "CVE-2024-9")), "{groups:?}");
    assert!(groups.iter().any(|(aliases, _)| *aliases == 3), "{groups:?}");
}

#[test]
fn a_record_of_several_ecosystems_gives_each_its_own_fix() {
    let all = |ecosystem: Ecosystem, name: &str, fixed: &str| {
        affected(ecosystem.name(), name, &[range("ECOSYSTEM", &format!("introduced 0 fixed {fixed}"))])
    };
    let elements = [
        all(Npm, "same", "1.1.0"),
        all(PyPI, "same", "2.2.0"),
        all(RubyGems, "same", "3.3.0"),
        all(Maven, "g:same", "4.4.0"),
    ];
    let cache = Cache::of(&[record("X-1", &elements)]);
    for (ecosystem, name, fixed) in
        [(Npm, "same", "1.1.0"), (PyPI, "same", "2.2.0"), (RubyGems, "same", "3.3.0"), (Maven, "g:same", "4.4.0")]
    {
        let found = cache.findings(ecosystem, name, "1.0.0");
        assert_eq!((found.len(), &found[0].fixed[..]), (1, &[fixed.to_owned()][..]), "{ecosystem}");
        assert_eq!(found[0].remediation, format!("upgrade {name} to {fixed}"));
        assert_eq!(cache.findings(ecosystem, name, fixed), []);
    }
    assert_eq!(cache.findings(CratesIo, "same", "1.0.0"), []);
}

#[test]
fn severities_of_every_generation_and_none() {
    let rated = |id: &str, name: &str, vectors: &[(&str, &str)]| {
        let vectors: Vec<Value> = vectors.iter().map(|(kind, score)| json!({"type": kind, "score": score})).collect();
        with(simple(id, Npm, name, "introduced 0"), "severity", json!(vectors))
    };
    let (v2, v3) =
        (("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"), ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"));
    let v4 = ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N");
    let word = with(simple("X-5", Npm, "word", "introduced 0"), "database_specific", json!({"severity": "MODERATE"}));
    let cache = Cache::of(&[
        rated("X-1", "two", &[v2]),
        rated("X-2", "three", &[v2, v3]),
        rated("X-3", "four", &[v3, v4, v2]),
        rated("X-4", "none", &[]),
        word,
    ]);
    for (name, severity) in [
        ("two", Severity::Critical),
        ("three", Severity::Medium),
        ("four", Severity::Critical),
        ("none", Severity::Unknown),
        ("word", Severity::Medium),
    ] {
        assert_eq!(cache.findings(Npm, name, "1.0.0")[0].severity, severity, "{name}");
    }
}

#[test]
fn malware_and_notices_are_kinds_of_their_own() {
    let mut listed = affected("npm", "bad", &[]);
    listed["versions"] = json!(["1.0.1"]);
    let mut notice = affected("crates.io", "old", &[range("SEMVER", "introduced 0.0.0-0")]);
    notice["database_specific"] = json!({"informational": "unmaintained", "cvss": null, "categories": []});
    let cache = Cache::of(&[
        record("MAL-2024-1", &[listed]),
        simple("MAL-2024-2", PyPI, "worse", "introduced 0"),
        with(simple("GHSA-0000-0000-0000", RubyGems, "renamed", "introduced 0"), "aliases", json!(["MAL-2024-3"])),
        record("RUSTSEC-2024-0001", &[notice]),
    ]);
    cache.says(Npm, "bad", &[("1.0.1", true), ("1.0.0", false)]);
    for (ecosystem, name) in [(Npm, "bad"), (PyPI, "worse"), (RubyGems, "renamed")] {
        let found = cache.findings(ecosystem, name, "1.0.1");
        assert_eq!((found[0].kind, found[0].severity), (FindingKind::Malicious, Severity::Critical), "{name}");
    }
    let found = cache.findings(CratesIo, "old", "0.3.0");
    assert_eq!((found[0].kind, found[0].severity), (FindingKind::Informational, Severity::Low));
}

/// What no program of today knows: each word alone costs the record nothing but itself, and is shown.
#[test]
fn what_is_not_understood_is_counted_and_shown_and_costs_nothing_else() {
    let sound = || affected("npm", "x", &[range("SEMVER", "introduced 0 fixed 2.0.0")]);
    let mut strange = record(
        "X-1",
        &[
            affected("Moonbase", "x", &[range("SEMVER", "introduced 0")]),
            json!({"package": "no object"}),
            affected("npm", "y", &[range("LUNAR", "introduced 0"), range("SEMVER", "introduced 0 fixed 3.0.0")]),
            affected("npm", "z", &[json!({"type": "SEMVER", "events": "none"}), range("SEMVER", "introduced 0")]),
            affected(
                "npm",
                "w",
                &[json!({"type": "SEMVER", "events": [{"vanished": "1.0.0"}]}), range("SEMVER", "introduced 0")],
            ),
            sound(),
        ],
    );
    strange["severity"] = json!([{"type": "TIDES", "score": "high"}, {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]);
    strange["references"] =
        json!([{"type": "SHANTY", "url": "https://example.com"}, {"type": "WEB", "url": "https://example.com"}]);
    let cache = Cache::of(&[strange]);
    for (name, affected, not) in
        [("x", "1.0.0", Some("2.0.0")), ("y", "2.9.0", Some("3.0.0")), ("z", "9.0.0", None), ("w", "9.0.0", None)]
    {
        cache.says(Npm, name, &[(affected, true)]);
        not.into_iter().for_each(|version| cache.says(Npm, name, &[(version, false)]));
    }
    assert_eq!(
        cache.findings(Npm, "x", "1.0.0")[0].severity,
        Severity::Critical,
        "the vector beside the strange one counts"
    );
    let status = Cli::run(["db", "status", "--cache", &cache.cache()]);
    assert_eq!(status.code, 0, "{}", status.stderr);
    for (expected, count) in [
        ("ecosystem 'Moonbase' is not matched", 1),
        ("unknown range type 'LUNAR'", 1),
        ("unknown severity type 'TIDES'", 1),
        ("unknown reference type 'SHANTY'", 1),
        ("affected element without a readable package", 1),
        ("broken range", 2),
    ] {
        let line = format!("{expected}: {count} (such as X-1)");
        assert!(status.stdout.contains(&line), "{line} is not in\n{}", status.stdout);
    }
}

/// The whole way once: a folder of records, a sync, and a scan of an archive.
#[test]
fn a_scan_shows_the_traps_as_findings() {
    let git = range("GIT", "introduced 0 fixed 8f8bbf0a1ab1ea6d76b4cb4d5d9d1cf2d2b4b2a1");
    let cache = Cache::of(&[
        record("X-1", &[affected("npm", "first", &[git, range("SEMVER", "introduced 0 fixed 1.5.0")])]),
        record(
            "X-2",
            &[
                affected("PyPI", "shared", &[range("ECOSYSTEM", "introduced 0 fixed 7.7")]),
                affected("npm", "shared", &[range("SEMVER", "introduced 0 fixed 1.1.0")]),
            ],
        ),
        simple("MAL-2024-1", Npm, "bad", "introduced 0"),
        simple("X-3", Npm, "pre", "introduced 1.0.0 fixed 2.0.0"),
    ]);
    let package = |name: &str, version: &str| json!({"name": name, "version": version}).to_string();
    let zip = Zip::new()
        .file("node_modules/first/package.json", package("first", "1.4.0"))
        .file("node_modules/shared/package.json", package("shared", "1.0.0"))
        .file("node_modules/bad/package.json", package("bad", "0.0.1"))
        .file("node_modules/pre/package.json", package("pre", "2.0.0-rc.1"))
        .file("index.js", "exports.handler = () => {};\n");
    let target = write(cache.folder.path(), "function.zip", &zip.build());
    let run = Cli::run(["scan", path(&target), "--format", "json", "--cache", &cache.cache()]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let json = run.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<[String; 4]> = json["targets"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| [text(&f["kind"]), text(&f["id"]), text(&f["severity"]), text(&f["fixed"][0])])
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ["malicious", "MAL-2024-1", "critical", ""],
            ["vulnerability", "X-1", "unknown", "1.5.0"],
            ["vulnerability", "X-2", "unknown", "1.1.0"],
            ["vulnerability", "X-3", "unknown", "2.0.0"],
        ]
    );
}
