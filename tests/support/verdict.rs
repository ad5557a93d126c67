//! A scan that holds every kind of finding and every kind of gap, built by hand.

use tidewaiter::model::*;
use tidewaiter::policy::{Run, Settings, Verdict, judge};

pub const FINDING_KINDS: [FindingKind; 8] = [
    FindingKind::Malicious,
    FindingKind::Vulnerability,
    FindingKind::Secret,
    FindingKind::Integrity,
    FindingKind::Runtime,
    FindingKind::Posture,
    FindingKind::Code,
    FindingKind::Informational,
];

pub const GAP_KINDS: [GapKind; 18] = GapKind::ALL;

/// A place in the code artifact.
pub fn place(path: &[&str]) -> Location {
    path.iter().fold(Location::artifact(0), |place, part| place.child(part))
}

pub fn package(ecosystem: Ecosystem, name: &str, version: &str, path: &[&str]) -> Package {
    Package::new(ecosystem, name, Some(version.to_owned()), Evidence::Installed, place(path))
}

/// A sure finding of severity high that gates, in own code.
pub fn finding(kind: FindingKind, id: &str) -> Finding {
    Finding {
        kind,
        id: id.to_owned(),
        aliases: Vec::new(),
        severity: Severity::High,
        title: format!("Title of {id}"),
        package: None,
        purl: None,
        fixed: Vec::new(),
        locations: vec![place(&["index.js"])],
        rule: None,
        confidence: Confidence::High,
        redacted: None,
        fingerprint: fingerprint(&[kind.word(), id]),
        origin: Origin::Own,
        cvss: None,
        exploitation: Exploitation::default(),
        gates: true,
        allowed_inline: false,
        verification: None,
        parts: Vec::new(),
        allowed_by: None,
        remediation: "Do something about it.".to_owned(),
    }
}

/// The same, about a package.
pub fn about(package: &Package, kind: FindingKind, id: &str, severity: Severity, fixed: &[&str]) -> Finding {
    Finding {
        severity,
        package: Some(package.id()),
        purl: Some(package.purl()),
        fixed: fixed.iter().map(|version| (*version).to_owned()).collect(),
        locations: package.locations.clone(),
        origin: Origin::Dependency,
        gates: !package.beside_installed,
        ..finding(kind, id)
    }
}

pub fn secret(title: &str, location: Location, origin: Origin, confidence: Confidence) -> Finding {
    let span = Span { offset: 120, length: 40, line: 12, column: 8 };
    Finding {
        title: title.to_owned(),
        severity: Severity::Critical,
        rule: Some("sample-token".to_owned()),
        redacted: Some("smp_...(40)".to_owned()),
        fingerprint: fingerprint(&[title, &location.display("")]),
        locations: vec![location.at(span)],
        confidence,
        origin,
        ..finding(FindingKind::Secret, "sample-token")
    }
}

/// A clean scan of one archive with one package.
pub fn clean_scan() -> Scan {
    Scan {
        id: "fn.zip".to_owned(),
        name: "fn.zip".to_owned(),
        kind: TargetKind::Artifact,
        config: FunctionConfig::default(),
        artifacts: vec![Artifact {
            role: ArtifactRole::Code,
            path: "build/fn.zip".to_owned(),
            sha256: Some("ab".repeat(32)),
            bytes: 1_234_567,
            entries: 412,
        }],
        coverage: Coverage {
            attributed: true,
            grade: Grade::Complete,
            tally: Tally { seen: 1_204, read: 1_204, gapped: 0, bytes: 18_230_000 },
            gaps: Vec::new(),
        },
        packages: vec![package(Ecosystem::Npm, "lodash", "4.17.21", &["node_modules/lodash/package.json"])],
        findings: Vec::new(),
        remedies: Vec::new(),
        hooks: Vec::new(),
    }
}

/// A function with every kind of finding and gap.
pub fn full_scan() -> Scan {
    let mut scan = clean_scan();
    scan.id = "arn:aws:lambda:eu-central-1:123456789012:function:checkout:7".to_owned();
    scan.name = "checkout".to_owned();
    scan.kind = TargetKind::Function;
    scan.config = FunctionConfig {
        name: Some("checkout".to_owned()),
        arn: Some(scan.id.clone()),
        runtime: Some("nodejs20.x".to_owned()),
        handler: Some("index.handler".to_owned()),
        ..FunctionConfig::default()
    };
    let artifact =
        |role, path: &str, entries| Artifact { role, path: path.to_owned(), sha256: None, bytes: 40_960, entries };
    scan.artifacts.push(artifact(ArtifactRole::Layer, "build/layer.zip", 17));
    scan.artifacts.push(artifact(ArtifactRole::Environment, "prod.env", 9));

    let mut lodash = package(Ecosystem::Npm, "lodash", "4.17.15", &["node_modules/lodash/package.json"]);
    lodash.locations.push(Location { artifact: 1, ..place(&["nodejs/node_modules/lodash/package.json"]) });
    lodash.direct = Some(true);
    let mut evil = package(Ecosystem::Npm, "evil-utils", "1.0.3", &["node_modules/evil-utils/package.json"]);
    evil.requires = vec!["lodash".to_owned()];
    let yaml = package(Ecosystem::PyPI, "PyYAML", "5.3", &["lib/tools.whl", "PyYAML-5.3.dist-info/METADATA"]);
    let mut locked = package(Ecosystem::Npm, "minimist", "1.2.0", &["package-lock.json"]);
    locked.evidence = Evidence::Locked;
    locked.dev = Some(true);
    locked.beside_installed = true;
    let mut nameless = package(Ecosystem::PyPI, "inhouse", "", &["inhouse/__init__.py"]);
    nameless.version = None;
    nameless.evidence = Evidence::Presence;

    let mut prototype = about(&lodash, FindingKind::Vulnerability, "GHSA-p6mc-m468-83gw", Severity::High, &["4.17.19"]);
    prototype.title = "Prototype pollution in zipObjectDeep and other functions that set by a path".to_owned();
    prototype.aliases = vec!["CVE-2020-8203".to_owned()];
    let vector = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H".to_owned();
    prototype.cvss = Some(Cvss { vector, score: 7.4 });
    prototype.exploitation = Exploitation {
        epss: Some(Epss { score: 0.1347, percentile: 0.94 }),
        kev: Some(Kev { added: Some("2026-09-01".to_owned()), due: None, ransomware: false }),
    };
    let mut allowed = secret("Sample token", place(&["test/mock.js"]), Origin::Own, Confidence::Medium);
    allowed.allowed_inline = true;
    let environment = Location { artifact: 2, ..place(&["DB_PASSWORD"]) };
    let mut leaked = secret("Sample token", place(&["src/config.js"]), Origin::Own, Confidence::High);
    leaked.locations.push(place(&["src/old.js"]));
    let vendored = place(&["node_modules/lodash/test.js"]);
    let mut theirs = secret("Password in an assignment", vendored, Origin::Dependency, Confidence::Low);
    theirs.purl = Some(lodash.purl());
    theirs.package = Some(lodash.id());
    scan.findings = vec![
        about(&evil, FindingKind::Malicious, "MAL-2024-0001", Severity::Unknown, &[]),
        prototype,
        about(&lodash, FindingKind::Vulnerability, "GHSA-29mw-wpgm-hmr9", Severity::Medium, &["4.17.21"]),
        about(&yaml, FindingKind::Vulnerability, "GHSA-8q59-q68h-6hv4", Severity::Critical, &["5.4"]),
        about(&yaml, FindingKind::Vulnerability, "PYSEC-2099-1", Severity::Unknown, &[]),
        about(&locked, FindingKind::Vulnerability, "GHSA-vh95-rmgr-6w4m", Severity::Critical, &["1.2.6"]),
        about(&lodash, FindingKind::Informational, "RUSTSEC-2099-0001", Severity::Unknown, &[]),
        leaked,
        secret("Database password", environment, Origin::Environment, Confidence::Medium),
        theirs,
        allowed,
        finding(FindingKind::Integrity, "record-mismatch"),
        finding(FindingKind::Runtime, "runtime-end-of-life"),
        finding(FindingKind::Posture, "public-url"),
        finding(FindingKind::Code, "shell-from-event"),
    ];
    let hook = |location, what: &str, expected| Hook { location, what: what.to_owned(), expected };
    scan.hooks = vec![
        hook(place(&["x.pth"]), "x.pth runs code when Python starts", false),
        hook(Location { artifact: 1, ..place(&["extensions/agent"]) }, "Lambda starts the extension", true),
    ];
    scan.packages = vec![evil, lodash, locked, nameless, yaml];
    scan.packages.sort_by_key(Package::id);
    let closes = |ids: &[&str]| {
        let closed = scan.findings.iter().filter(|finding| ids.contains(&finding.id.as_str()));
        let mut closes: Vec<String> = closed.map(|finding| finding.fingerprint.clone()).collect();
        closes.sort();
        closes
    };
    let remedy = |package: &str, version: &str, ids: &[&str]| Remedy {
        package: PackageId(package.to_owned()),
        version: version.to_owned(),
        closes: closes(ids),
    };
    scan.remedies = vec![
        remedy("pkg:npm/lodash@4.17.15", "4.17.19", &["GHSA-p6mc-m468-83gw"]),
        remedy("pkg:npm/lodash@4.17.15", "4.17.21", &["GHSA-p6mc-m468-83gw", "GHSA-29mw-wpgm-hmr9"]),
        remedy("pkg:npm/minimist@1.2.0", "1.2.6", &["GHSA-vh95-rmgr-6w4m"]),
        remedy("pkg:pypi/pyyaml@5.3", "6.0", &["GHSA-8q59-q68h-6hv4"]),
    ];
    scan.coverage = Coverage {
        attributed: true,
        grade: Grade::Partial,
        tally: Tally { seen: 1_204, read: 1_187, gapped: 17, bytes: 18_230_000 },
        gaps: GAP_KINDS.into_iter().enumerate().map(|(i, kind)| gap(i, kind)).collect(),
    };
    scan.coverage.gaps.sort();
    scan
}

/// Every third gap is a note, and of links there are several.
fn gap(i: usize, kind: GapKind) -> Gap {
    let location = if kind == GapKind::Advisories { Location::artifact(0) } else { place(&["lib/odd.bin"]) };
    let detail = format!("What happened to it ({}), and what would help.", kind.word());
    match i % 3 {
        0 => Gap::note(kind, location, "artifact", detail),
        _ => Gap::blocking(kind, location, "artifact", detail),
    }
}

pub fn settings() -> Settings {
    Settings::default()
}

pub fn database(origin: DatabaseOrigin) -> DatabaseInfo {
    let source = |name: &str, records| SourceInfo {
        name: name.to_owned(),
        records,
        newest: Some("2026-10-01T00:00:00Z".to_owned()),
        synced: None,
        from: None,
    };
    DatabaseInfo {
        origin,
        snapshot: "cd".repeat(32),
        built_at: "2026-10-02T03:04:05Z".to_owned(),
        records: 1_155,
        ecosystems: vec![source("PyPI", 60), source("npm", 1_100)],
        feeds: vec![source("EPSS", 300_000), source("KEV", 1_400)],
    }
}

pub fn run() -> Run {
    Run { started_at: "2026-11-01T00:00:00Z".to_owned(), seconds: 0.8125, advisories_age_days: Some(30), stale: true }
}

/// Every kind of everything, judged by the defaults on the seed.
pub fn full() -> Verdict {
    judge(vec![full_scan()], database(DatabaseOrigin::Seed), settings(), Some(run()))
}

/// Nothing to complain about.
pub fn clean() -> Verdict {
    judge(vec![clean_scan()], database(DatabaseOrigin::Cache), settings(), None)
}
