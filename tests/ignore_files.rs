//! Ignore files of other tools and VEX documents: in the forms that their documentation describes they waive the same
//! findings here.

mod limits;

use std::collections::BTreeSet;

use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::reporters::{PLAIN, rendered};
use crate::support::verdict::*;

/// What a scanner of packages and one of secrets would both see: four packages with flaws or malware, three secrets.
fn scan() -> Scan {
    let mut scan = clean_scan();
    let lodash = package(Ecosystem::Npm, "lodash", "4.17.15", &["node_modules/lodash/package.json"]);
    let mut dev = package(Ecosystem::Npm, "minimist", "1.2.0", &["package-lock.json"]);
    dev.dev = Some(true);
    let evil = package(Ecosystem::Npm, "evil-package", "1.0.1", &["node_modules/evil-package/package.json"]);
    let yaml = package(Ecosystem::PyPI, "PyYAML", "5.3", &["python/PyYAML-5.3.dist-info/METADATA"]);
    let log4j =
        package(Ecosystem::Maven, "org.apache.logging.log4j:log4j-core", "2.14.1", &["lib/app.jar", "log4j-core.jar"]);
    let flaw = |package: &Package, id: &str, cve: &str, fixed: &[&str]| Finding {
        aliases: vec![cve.to_owned()],
        ..about(package, FindingKind::Vulnerability, id, Severity::Critical, fixed)
    };
    let leaked = |rule: &str, file: &str, line, confidence| {
        let locations = vec![place(&[file]).at(Span { offset: 0, length: 20, line, column: 1 })];
        let secret = secret(rule, place(&[file]), Origin::Own, confidence);
        Finding { id: rule.to_owned(), rule: Some(rule.to_owned()), locations, ..secret }
    };
    scan.findings = vec![
        flaw(&lodash, "GHSA-p6mc-m468-83gw", "CVE-2020-8203", &["4.17.19"]),
        flaw(&dev, "GHSA-vh95-rmgr-6w4m", "CVE-2020-7598", &["1.2.2"]),
        about(&evil, FindingKind::Malicious, "MAL-2024-0001", Severity::Critical, &[]),
        flaw(&yaml, "GHSA-8q59-q68h-6hv4", "CVE-2020-14343", &[]),
        flaw(&log4j, "GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228", &["2.15.0"]),
        leaked("aws-access-key-id", "src/config.js", 12, Confidence::High),
        leaked("github-personal-access-token", "src/config.js", 12, Confidence::High),
        leaked("generic-password", "src/settings.py", 3, Confidence::Medium),
    ];
    scan.packages = vec![lodash, dev, evil, yaml, log4j];
    scan
}

/// What a file waives, on 22 November 2026, and the lines of its waivers that are unused and expired.
struct Effect {
    waived: BTreeSet<String>,
    unused: Vec<(usize, String)>,
    expired: Vec<usize>,
    findings: Vec<Judged>,
}

fn effect(file: &str, text: &str) -> Effect {
    let waivers = foreign::parse(file, text).unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings { waivers, today: "2026-11-22".parse().unwrap(), ..settings() };
    let verdict = judge(vec![scan()], database(DatabaseOrigin::Cache), settings, None);
    let findings = verdict.targets[0].findings.clone();
    assert_eq!(findings.len(), scan().findings.len(), "nothing is dropped");
    let waived = findings.iter().filter(|judged| judged.waived.is_some());
    assert!(verdict.waivers_unused.iter().chain(&verdict.waivers_expired).all(|note| note.file == file));
    Effect {
        waived: waived.map(|judged| judged.finding.id.clone()).collect(),
        unused: verdict.waivers_unused.iter().map(|note| (note.line, note.text.clone())).collect(),
        expired: verdict.waivers_expired.iter().map(|note| note.line).collect(),
        findings,
    }
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn lines(notes: &[(usize, String)]) -> Vec<usize> {
    notes.iter().map(|(line, _)| *line).collect()
}

const LODASH: &str = "GHSA-p6mc-m468-83gw";
const MINIMIST: &str = "GHSA-vh95-rmgr-6w4m";
const YAML: &str = "GHSA-8q59-q68h-6hv4";
const LOG4J: &str = "GHSA-jfh8-c2jp-5v3q";

#[test]
fn trivyignore() {
    let text = "\
# Nobody merges what users send
CVE-2020-8203

CVE-2021-44228 exp:2027-01-31 # until the vendor's jar is out
CVE-2020-14343 exp:2026-11-22
generic-password
AVD-AWS-0104
CVE-2019-0001 exp:2020-01-01
github-pat
gitlab-pat
";
    let effect = effect(".trivyignore", text);
    assert_eq!(effect.waived, ids(&[LODASH, LOG4J, "generic-password", "github-personal-access-token"]));
    assert_eq!(lines(&effect.unused), [7, 10], "GitHub's token has another name here");
    assert_eq!(effect.expired, [5, 8]);
    let reason = |id: &str| {
        let judged = effect.findings.iter().find(|judged| judged.finding.id == id).unwrap();
        judged.waived.clone().unwrap()
    };
    assert_eq!(reason(LODASH).reason, "Nobody merges what users send");
    assert_eq!(reason(LOG4J).reason, "until the vendor's jar is out");
    assert_eq!(reason(LOG4J).expires, Some("2027-01-31".parse().unwrap()));
    assert_eq!(reason("generic-password").reason, "listed in .trivyignore");
    assert_eq!(reason("generic-password").by, ".trivyignore:6");
}

#[test]
fn trivyignore_yaml() {
    let text = "\
vulnerabilities:
  - id: CVE-2020-8203
    paths:
      - \"node_modules/lodash/package.json\"
    statement: Nobody merges what users send
  - id: CVE-2020-14343
    paths:
      - \"other/**\"
  - id: CVE-2021-44228
    expired_at: 2026-09-01
  - id: CVE-2020-7598
    purls:
      - \"pkg:deb/debian/libssl1.1\"
      - \"pkg:npm/minimist\"

misconfigurations:
  - id: AVD-DS-0001

secrets:
  - id: generic-password
  - id: aws-access-key-id
    paths:
      - \"test/**\"
  - id: github-pat

licenses:
  - id: GPL-3.0
";
    let effect = effect(".trivyignore.yaml", text);
    assert_eq!(effect.waived, ids(&[LODASH, MINIMIST, "generic-password", "github-personal-access-token"]));
    assert_eq!(lines(&effect.unused), [6, 11, 17, 21, 27]);
    assert_eq!(effect.unused[1].1, "CVE-2020-7598, pkg:deb/debian/libssl1.1: packages of that kind are not listed");
    assert_eq!(effect.unused[4].1, "GPL-3.0: licences are not judged");
    assert_eq!(effect.expired, [9]);
}

#[test]
fn osv_scanner() {
    let text = "\
[[IgnoredVulns]]
id = \"CVE-2020-8203\"
# ignoreUntil = 2022-11-09
reason = \"Nobody merges what users send\"

[[IgnoredVulns]]
id = \"GHSA-jfh8-c2jp-5v3q\"
ignoreUntil = 2026-11-22T00:00:00Z

[[IgnoredVulns]]
id = \"GO-2022-0968\"

[[PackageOverrides]]
name = \"PyYAML\"
version = \"5.3\"
ecosystem = \"PyPI\"
ignore = true
effectiveUntil = 2027-11-09
reason = \"loads our own files only\"

[[PackageOverrides]]
group = \"dev\"
vulnerability.ignore = true

[[PackageOverrides]]
name = \"lodash\"
ecosystem = \"Debian:12\"
ignore = true

[[PackageOverrides]]
name = \"lodash\"
license.override = [\"MIT\"]

[[PackageOverrides]]
name = \"evil-.*\"
nameIsRegex = true
ecosystem = \"npm\"
ignore = true
";
    let effect = effect("osv-scanner.toml", text);
    assert_eq!(effect.waived, ids(&[LODASH, YAML, MINIMIST, "MAL-2024-0001"]));
    assert_eq!(lines(&effect.unused), [11, 25]);
    assert_eq!(effect.expired, [7]);
    let waived = effect.findings.iter().find(|judged| judged.finding.id == YAML).unwrap().waived.clone().unwrap();
    assert_eq!((waived.reason.as_str(), waived.expires), ("loads our own files only", "2027-11-09".parse().ok()));
}

#[test]
fn grype() {
    let text = "\
check-for-app-update: false
fail-on-severity: high

ignore:
  - vulnerability: CVE-2020-8203
    include-aliases: true
    reason: Nobody merges what users send
    package:
      name: lodash
      version: 4.17.15
      type: npm
      location: \"/node_modules/**\"
  - fix-state: unknown
    package:
      language: python
  - package:
      name: log4j-.*
      type: java-archive
  - vulnerability: CVE-2020-7598
    package:
      type: gem
  - vulnerability: CVE-2014-54321
  - vulnerability: CVE-2020-7598
    namespace: debian:distro:debian:12
  - vex-status: not_affected
  - package:
      type: deb
  - fix-state: wont-fix
";
    let effect = effect(".grype.yaml", text);
    assert_eq!(effect.waived, ids(&[LODASH, YAML, LOG4J]));
    assert_eq!(lines(&effect.unused), [19, 22, 23, 25, 26, 28]);
    assert_eq!(effect.unused[2].1, "CVE-2020-7598: namespaces are Grype's own");
}

#[test]
fn gitleaksignore() {
    let text = "\
# accepted 2026-11
src/config.js:aws-access-token:12
0123456789abcdef0123456789abcdef01234567:src/settings.py:generic-api-key:3
src/config.js:github-pat:13
other.js:private-key:1
";
    let effect = effect(".gitleaksignore", text);
    assert_eq!(
        effect.waived,
        ids(&["aws-access-key-id", "generic-password"]),
        "of the line, the vendor's secret alone"
    );
    assert_eq!(lines(&effect.unused), [4, 5]);
}

#[test]
fn openvex() {
    let text = r#"{
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://example.com/vex/1",
  "author": "security@example.com",
  "timestamp": "2026-11-01T00:00:00Z",
  "version": 1,
  "statements": [
    {
      "vulnerability": { "name": "CVE-2020-8203" },
      "products": [{ "@id": "pkg:npm/lodash@4.17.15" }],
      "status": "not_affected",
      "justification": "vulnerable_code_not_in_execute_path"
    },
    {
      "vulnerability": { "@id": "https://nvd.nist.gov/vuln/detail/CVE-2021-44228", "name": "CVE-2021-44228" },
      "products": [{ "@id": "fn.zip", "subcomponents": [{ "@id": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1" }] }],
      "status": "fixed"
    },
    {
      "vulnerability": { "name": "CVE-2020-14343" },
      "products": [{ "@id": "pkg:oci/other", "subcomponents": [{ "@id": "pkg:pypi/pyyaml@5.3" }] }],
      "status": "not_affected",
      "impact_statement": "another product's"
    },
    {
      "vulnerability": { "name": "CVE-2020-7598" },
      "products": [{ "@id": "pkg:npm/minimist" }],
      "status": "not_affected",
      "timestamp": "2026-11-02T00:00:00Z"
    },
    {
      "vulnerability": { "name": "CVE-2020-7598" },
      "products": [{ "@id": "pkg:npm/minimist" }],
      "status": "affected",
      "timestamp": "2026-11-03T00:00:00Z"
    }
  ]
}"#;
    let effect = effect("openvex.json", text);
    assert_eq!(effect.waived, ids(&[LODASH, LOG4J]));
    assert_eq!(lines(&effect.unused), [19]);
    let waived = effect.findings.iter().find(|judged| judged.finding.id == LODASH).unwrap().waived.clone().unwrap();
    assert_eq!(waived.reason, "not_affected: vulnerable_code_not_in_execute_path");
    assert_eq!((waived.by.as_str(), waived.owner.as_deref()), ("openvex.json:8", Some("security@example.com")));

    let old = r#"{"@context":"https://openvex.dev/ns","author":"a","statements":[{"vulnerability":"CVE-2020-8203",
        "products":["pkg:npm/lodash@4.17.15"],"status":"not_affected","justification":"component_not_present"}]}"#;
    assert_eq!(self::effect("old.vex.json", old).waived, ids(&[LODASH]));

    let digest = "ab".repeat(32);
    let nulls = format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{{"vulnerability":{{"name":"CVE-2020-8203","aliases":null}},
        "products":[{{"@id":"pkg:generic/renamed.zip","identifiers":null,"hashes":{{"sha-256":"{digest}"}},
        "subcomponents":null}}],"status":"not_affected"}}]}}"#
    );
    assert_eq!(self::effect("vex.json", &nulls).waived, ids(&[LODASH]), "the function, by its digest");
}

#[test]
fn cyclonedx_vex() {
    let text = r#"{
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "version": 1,
  "components": [
    { "type": "library", "bom-ref": "one", "name": "lodash", "purl": "pkg:npm/lodash@4.17.15" },
    { "type": "library", "bom-ref": "deb", "name": "zlib", "purl": "pkg:deb/debian/zlib@1" }
  ],
  "vulnerabilities": [
    { "id": "CVE-2020-8203", "analysis": { "state": "not_affected", "justification": "code_not_reachable", "detail": "unused" },
      "affects": [{ "ref": "one" }] },
    { "id": "CVE-2020-14343", "analysis": { "state": "exploitable" }, "affects": [{ "ref": "pkg:pypi/pyyaml@5.3" }] },
    { "id": "CVE-2020-7598", "analysis": { "state": "false_positive" },
      "affects": [{ "ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Fminimist%401.2.0" }] },
    { "id": "CVE-2021-44228", "analysis": { "state": "resolved" },
      "affects": [{ "ref": "pkg:maven/org.apache.logging.log4j/log4j-core", "versions": [{ "version": "2.14.0" }, { "version": "2.14.1" }] }] },
    { "id": "CVE-2018-1", "analysis": { "state": "resolved" }, "affects": [{ "ref": "deb" }] },
    { "id": "CVE-2018-2", "analysis": { "state": "resolved" } },
    { "id": "CVE-2018-3" }
  ]
}"#;
    let effect = effect("app.cdx.json", text);
    assert_eq!(effect.waived, ids(&[LODASH, MINIMIST, LOG4J]));
    assert_eq!(lines(&effect.unused), [15, 17, 18], "of two versions, the one that is not there");
    let waived = effect.findings.iter().find(|judged| judged.finding.id == LODASH).unwrap().waived.clone().unwrap();
    assert_eq!(waived.reason, "not_affected: code_not_reachable: unused");
}

/// What one run waived, written as VEX, is waived in the next.
#[test]
fn our_own_vex_documents_are_read_back() {
    let policy = "[[waivers]]\nid = \"CVE-2020-8203\"\nreason = \"not reachable\"\nowner = \"o\"\n\n\
                  [[waivers]]\npackage = \"pkg:maven/org.apache.logging.log4j/log4j-core\"\nreason = \"patched\"\nowner = \"o\"\n\n\
                  [[waivers]]\npath = \"src/settings.py\"\nreason = \"made up\"\nowner = \"o\"\n";
    let waivers = Policy::parse("tidewaiter.toml", policy).unwrap().waivers;
    let verdict = judge(vec![scan()], database(DatabaseOrigin::Cache), Settings { waivers, ..settings() }, None);
    for (format, file) in [("openvex", "openvex.json"), ("cyclonedx", "bom.cdx.json")] {
        let text = rendered(format, &verdict, PLAIN);
        let effect = effect(file, &text);
        assert_eq!(effect.waived, ids(&[LODASH, LOG4J]), "{format}");
        let waived = effect.findings.iter().find(|judged| judged.finding.id == LODASH).unwrap().waived.clone().unwrap();
        assert!(
            waived.reason.starts_with("not_affected") && waived.reason.contains("not reachable"),
            "{}",
            waived.reason
        );
    }
}

/// A file that is found by its name is read by its format, also where it ignores nothing.
#[test]
fn what_is_looked_for_can_be_read() {
    for (format, file) in foreign::ALL.iter().flat_map(|format| format.files.iter().map(move |file| (format, file))) {
        let text = match file.ends_with(".json") {
            true if format.name.contains("CycloneDX") => "{\"bomFormat\": \"CycloneDX\"}",
            true => "{\"@context\": \"https://openvex.dev/ns\", \"statements\": []}",
            false => "# nothing yet\n",
        };
        assert_eq!(foreign::parse(file, text).unwrap_or_else(|error| panic!("{file}: {error}")).len(), 0);
    }
}
