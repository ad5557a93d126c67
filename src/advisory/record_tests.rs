use serde_json::{Value, json};

use super::*;

fn read(record: &Value) -> (Advisory, Vec<(String, u64)>) {
    let mut skips = Skips::default();
    let advisory = decode(&serde_json::to_vec(record).unwrap(), &mut skips).unwrap();
    (advisory, skips.list().into_iter().map(|s| (s.reason.to_string(), s.count)).collect())
}

fn with_affected(affected: Value) -> Value {
    json!({"id": "TEST-1", "modified": "2024-01-01T00:00:00Z", "affected": affected})
}

#[test]
fn a_plain_record_is_read_whole() {
    let (advisory, skips) = read(&json!({
        "id": "TEST-1", "modified": "2024-01-02T00:00:00Z", "published": "2024-01-01T00:00:00Z",
        "aliases": ["CVE-2024-1"], "related": ["CVE-2024-2"], "upstream": ["CVE-2024-3"],
        "summary": "A flaw", "details": "Longer.",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": "npm", "name": "left"},
            "ranges": [{"type": "SEMVER", "events": [
                {"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"last_affected": "2.1.0"},
                {"limit": "3.0.0"}]}],
            "versions": ["1.0.0"],
            "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
            "ecosystem_specific": {"severity": "MODERATE"}
        }],
        "references": [{"type": "WEB", "url": "https://example.com"}],
        "database_specific": {"severity": "HIGH"}
    }));
    assert_eq!(skips, []);
    assert_eq!(advisory.aliases, ["CVE-2024-1"]);
    assert_eq!(advisory.kind, AdvisoryKind::Vulnerability);
    assert_eq!((advisory.summary.as_str(), advisory.word), ("A flaw", Some(Severity::High)));
    assert_eq!(advisory.cvss[0].kind, "CVSS_V3");
    let affected = &advisory.affected[0];
    assert_eq!(affected.versions.iter().collect::<Vec<_>>(), ["1.0.0"]);
    assert_eq!(affected.word, Some(Severity::Medium));
    assert_eq!(affected.cvss[0].kind, "CVSS_V2");
    assert_eq!(affected.ranges[0].events[3], Event::LastAffected("2.1.0".to_owned()));
    assert_eq!(affected.ranges[0].events[4], Event::Limit("3.0.0".to_owned()));
}

#[test]
fn an_unknown_word_costs_its_element_alone() {
    let good = json!({"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]});
    let (advisory, skips) = read(&json!({
        "id": "TEST-1", "modified": "2024-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V9", "score": "x"}, {"type": "CVSS_V3", "score": "y"}, {"type": "CVSS_V3"}, 7],
        "references": [{"type": "HOLOGRAM", "url": "https://example.com"}, {"type": "WEB", "url": "x"}],
        "affected": [
            {"package": {"ecosystem": "Moonbase:4", "name": "a"}, "ranges": [good]},
            {"package": {"ecosystem": "PyPI", "name": "b"}, "ranges": [{"type": "LUNAR", "events": []}, good]},
            {"package": {"ecosystem": "PyPI", "name": "c"}, "ranges": [
                {"type": "ECOSYSTEM", "events": "none"},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"eclipsed": "3"}]},
                good]},
            {"versions": ["1"]},
            {"package": {"ecosystem": "PyPI", "name": "d"}, "ranges": "all", "versions": ["1", 2, "3"]},
        ]
    }));
    let names: Vec<&str> = advisory.affected.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "d"]);
    assert_eq!(advisory.affected[0].ranges.len(), 1);
    assert_eq!(advisory.affected[1].ranges.len(), 1);
    assert_eq!(advisory.affected[2].versions.iter().collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(advisory.cvss.len(), 1);
    let expected = [
        ("ecosystem 'Moonbase' is not matched", 1),
        ("unknown range type 'LUNAR'", 1),
        ("unknown severity type 'CVSS_V9'", 1),
        ("unknown reference type 'HOLOGRAM'", 1),
        ("affected element without a readable package", 1),
        ("broken range", 2),
        ("broken severity", 2),
        ("broken field 'ranges'", 1),
        ("broken field 'versions'", 1),
    ];
    assert_eq!(skips, expected.map(|(reason, count)| (reason.to_owned(), count)));
}

#[test]
fn a_git_range_is_passed_over_even_when_first() {
    let (advisory, skips) = read(&with_affected(json!([{
        "package": {"ecosystem": "PyPI", "name": "a"},
        "ranges": [
            {"type": "GIT", "repo": "https://example.com/a.git", "events": [{"introduced": "0"}, {"fixed": "abc"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]},
        ]
    }])));
    assert_eq!(skips, []);
    assert_eq!(advisory.affected[0].ranges.len(), 1);
    assert_eq!(advisory.affected[0].ranges[0].kind, RangeKind::Ecosystem);
}

#[test]
fn an_ecosystem_keeps_its_base_without_the_suffix() {
    let (advisory, _) = read(&with_affected(json!([
        {"package": {"ecosystem": "Maven:https://repo.example/", "name": "g:a"}, "versions": ["1"]}])));
    assert_eq!(advisory.affected[0].ecosystem, Ecosystem::Maven);
}

#[test]
fn kinds_come_from_the_id_an_alias_or_rustsec() {
    let malware = |id: &str, alias: &str| {
        read(&json!({"id": id, "modified": "2024-01-01T00:00:00Z", "aliases": [alias], "affected": [
            {"package": {"ecosystem": "crates.io", "name": "a"}, "database_specific": {"informational": "notice"}}]}))
        .0
        .kind
    };
    assert_eq!(malware("MAL-2024-1", "GHSA-1"), AdvisoryKind::Malicious);
    assert_eq!(malware("RUSTSEC-2024-1", "MAL-2024-1"), AdvisoryKind::Malicious);
    assert_eq!(malware("RUSTSEC-2024-1", "GHSA-1"), AdvisoryKind::Informational("notice".to_owned()));
}

#[test]
fn go_bounds_of_untagged_majors_are_kept_for_go_alone() {
    let custom = json!({"custom_ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.6.1"}]}]});
    let (advisory, _) = read(&with_affected(json!([
        {"package": {"ecosystem": "Go", "name": "m.example/a"}, "ecosystem_specific": custom},
        {"package": {"ecosystem": "npm", "name": "a"}, "ecosystem_specific": custom},
    ])));
    assert_eq!(advisory.affected[0].custom_ranges.len(), 1);
    assert_eq!(advisory.affected[1].custom_ranges, []);
}

#[test]
fn fields_of_another_shape_do_not_lose_the_record() {
    let (advisory, skips) = read(&json!({
        "id": "TEST-1", "modified": "2024-01-01T00:00:00Z", "published": 7, "withdrawn": null, "aliases": "CVE-1",
        "summary": [], "details": "\n  The first line.  \nThe second.", "database_specific": [1, 2],
        "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "database_specific": {"severity": {"x": 1}}}]
    }));
    assert_eq!(advisory.summary, "The first line.");
    assert_eq!((advisory.published, advisory.withdrawn), (None, None));
    assert_eq!(advisory.affected.len(), 1);
    assert_eq!(skips.len(), 3, "{skips:?}");
}

#[test]
fn what_is_no_record_is_an_error() {
    for raw in
        ["", "{", "[]", "{\"id\": \"A\"}", "{\"id\": 1, \"modified\": \"x\"}", "{\"id\":\"A\",\"modified\":\"x\"} x"]
    {
        assert!(decode(raw.as_bytes(), &mut Skips::default()).is_err(), "{raw}");
        assert!(identify(raw.as_bytes()).is_err(), "{raw}");
    }
    let deep = format!("{{\"id\":\"A\",\"modified\":\"x\",\"affected\":{}", "[".repeat(200_000));
    assert!(decode(deep.as_bytes(), &mut Skips::default()).is_err());
}
