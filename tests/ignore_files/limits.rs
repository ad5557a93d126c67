//! Ignore files that are broken, hostile or very long: a clear error, or an answer in time.

use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::support::verdict::*;

#[test]
fn a_file_that_cannot_be_read_is_pointed_at_and_not_quoted() {
    let deep = format!("ignore: {}", "[".repeat(100_000));
    let dotted = format!("{}a = 1", "a.".repeat(1 << 20));
    let nested = format!("{{\"statements\": [{}", "{\"products\":[".repeat(100_000));
    let many = "CVE-2020-1\n".repeat(100_001);
    let laughs = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, i| {
        let again = format!("*a{},", i - 1).repeat(9);
        format!("{text}a{i}: &a{i} [{}]\n", again.trim_end_matches(','))
    });
    for (file, text, wanted) in [
        (".trivyignore", "CVE-2020-1\nAWS_SECRET=hunter2\n", ".trivyignore:2:1: this is no id"),
        (".trivyignore", "CVE-2020-1 exp:soon\n", ".trivyignore:1:1: a day is written as exp:2027-01-31"),
        (".trivyignore", many.as_str(), ".trivyignore has 100001 entries, and at most 100000 are read"),
        (".trivyignore.yaml", "vulnerabilities:\n  - hunter2\n", ".trivyignore.yaml:2:"),
        (".trivyignore.yaml", "vulnerabilities:\n  - id: a\n    expired_at: hunter2\n", ".trivyignore.yaml:2:"),
        (".trivyignore.yaml", "vulnerabilities:\n  - id: a\n    paths: ['[']\n", ".trivyignore.yaml:2:"),
        (".grype.yaml", "ignore:\n  - hunter2\n", ".grype.yaml:2:"),
        (".grype.yaml", deep.as_str(), ".grype.yaml:1:"),
        ("osv-scanner.toml", dotted.as_str(), "osv-scanner.toml:1:1: the file has keys too deep"),
        ("openvex.json", nested.as_str(), "openvex.json:1:"),
        (".grype.yaml", laughs.as_str(), ".grype.yaml:"),
        ("osv-scanner.toml", "[[IgnoredVulns]]\nid = hunter2\n", "osv-scanner.toml:2:"),
        ("osv-scanner.toml", "[[IgnoredVulns]]\nid = \"x\"\nignoreUntil = \"hunter2\"\n", "osv-scanner.toml:3:"),
        (
            ".gitleaksignore",
            "a.js:rule:1\nhunter2\n",
            ".gitleaksignore:2:1: a fingerprint of Gitleaks is file:rule:line",
        ),
        (".gitleaksignore", "postgres://admin:hunter2@db.example.com:5432", ".gitleaksignore:1:1:"),
        ("openvex.json", "{\n\"statements\": [{\"vulnerability\": 7}]}", "openvex.json:2:"),
        ("openvex.json", "{\n\"hunter2", "openvex.json:2:"),
        ("vex.cdx.json", "{\"vulnerabilities\": 7}", "vex.cdx.json:1:"),
        ("notes.md", "hunter2", "notes.md is neither an ignore file that tidewaiter knows"),
        ("secrets.json", "{\"password\": \"hunter2\"}", "secrets.json is neither"),
    ] {
        let error = foreign::parse(file, text).expect_err(text.get(..40).unwrap_or(text)).to_string();
        assert!(error.starts_with(wanted), "{error}\nwanted: {wanted}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert_eq!(foreign::parse(".trivyignore", "\u{feff}# nothing\n\n").unwrap().len(), 0);
    assert_eq!(foreign::parse(".grype.yaml", "").unwrap().len(), 0);
}

/// Thousands of entries against thousands of findings: time grows with their sum.
#[test]
fn a_long_list_is_judged_in_time() {
    let text: String = (0..90_000).map(|number| format!("CVE-2020-{number}\n")).collect();
    let waivers = foreign::parse(".trivyignore", &text).unwrap();
    let findings =
        (0..20_000).map(|number| finding(FindingKind::Vulnerability, &format!("CVE-2020-{}", number * 3))).collect();
    let started = std::time::Instant::now();
    let scan = Scan { findings, ..clean_scan() };
    let verdict = judge(vec![scan], database(DatabaseOrigin::Cache), Settings { waivers, ..settings() }, None);
    assert_eq!(verdict.exit, Exit::Clean);
    assert_eq!(verdict.waivers_unused.len(), 70_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// A vendor's statements about a thousand products: every entry has its line, found once.
#[test]
fn a_long_document_is_read_in_time() {
    let statement = |number: usize| {
        format!(
            "{{\"vulnerability\":{{\"name\":\"CVE-2020-{number}\"}},\"products\":[{{\"@id\":\"pkg:npm/p{number}\"}}],\n\
             \"status\":\"not_affected\",\"impact_statement\":\"{}\"}}",
            "x".repeat(100)
        )
    };
    let statements: Vec<String> = (0..50_000).map(statement).collect();
    let text = format!("{{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{}]}}", statements.join(",\n"));
    let started = std::time::Instant::now();
    let waivers = foreign::parse("vendor.json", &text).unwrap();
    assert_eq!((waivers.len(), waivers.last().unwrap().basis.line), (50_000, 99_999));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
