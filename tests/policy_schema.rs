//! The published schema of `tidewaiter.toml` against what the parser takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidewaiter::model::{Ecosystem, Feed};
use tidewaiter::policy::{Policy, TERMS, THRESHOLDS};

use crate::support::schema::complaints;
use crate::support::verdict::GAP_KINDS;

fn schema() -> Value {
    serde_json::from_str(include_str!("../docs/tidewaiter.schema.json")).unwrap()
}

/// TOML as an editor's validator sees it: a date is text.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(moment) => json!(moment.to_string()),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

const WAIVER: &str = "[[waivers]]\nid = \"CVE-1\"\nreason = \"r\"\nowner = \"o\"\n";
const PACKAGE: &str = "[[waivers]]\npackage = \"pkg:npm/lodash\"\nreason = \"r\"\nowner = \"o\"\n";

#[test]
fn the_schema_and_the_parser_agree() {
    let digest = "ab".repeat(32);
    let good = [
        String::new(),
        "fail-on = \"high,unknown\"\nrequire-coverage = \"none\"\nown = [\"@acme/*\"]\nmax-db-age = 7".to_owned(),
        "fail-on = \"never\"\nbaseline = \"b.json\"\nfail-on-existing = true\nignore-files = [\".trivyignore\"]".to_owned(),
        "[max-db-age]\ndefault = 7\nnpm = { warn = 1, fail = 3 }\nEPSS = 2".to_owned(),
        "[thresholds]\nvulnerability = \"critical\"\nruntime = \"never\"\ncvss = 9\nepss = 0.5\nkev = true\nmalicious = false\n\
         secret-confidence = \"low\""
            .to_owned(),
        "[risk]\nsecrets = 100\nknown-exploited = 0".to_owned(),
        "[checks]\npublic-url = \"low\"\n\"runtime-*\" = \"never\"".to_owned(),
        format!("{WAIVER}expires = 2027-01-31"),
        format!("{WAIVER}expires = \"2027-01-31\"\npath = \"a/**\"\nfunction = \"pay-*\""),
        format!("{WAIVER}expires = 2027-01-31T00:00:00Z\nfingerprint = \"0123456789abcdef0123456789abcdef\""),
        format!("{PACKAGE}versions = \">=4.0.0, <4.17.21\""),
        "[[accept-gaps]]\nkind = \"encrypted\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-01-31".to_owned(),
        format!("[[allow-secrets]]\nvalue = \"sha256:{digest}\"\nreason = \"r\"\nexpires = 2027-01-31"),
        "[[allow-secrets]]\nrule = \"generic-*\"\npath = \"a/**\"\nreason = \"r\"\nowner = \"o\"".to_owned(),
    ];
    let bad = [
        "fail-on = \"hgh\"".to_owned(),
        "fail-on = \"high,\"".to_owned(),
        "fail-on = 7".to_owned(),
        "require-coverage = \"blind\"".to_owned(),
        "max-db-age = -1".to_owned(),
        "max-db-age = \"7\"".to_owned(),
        "own = [\"\"]".to_owned(),
        "own = \"a\"".to_owned(),
        "baseline = \" \"".to_owned(),
        "fail-on-existing = 1".to_owned(),
        "ignore-files = \"a\"".to_owned(),
        "unknown-key = 1".to_owned(),
        "[max-db-age]\nmoonbase = 3".to_owned(),
        "[max-db-age]\nnpm = { fails = 3 }".to_owned(),
        "[thresholds]\ncvss = 11".to_owned(),
        "[thresholds]\nepss = 1.5".to_owned(),
        "[thresholds]\nepss = -0.5".to_owned(),
        "[thresholds]\nkev = \"often\"".to_owned(),
        "[thresholds]\nmood = \"high\"".to_owned(),
        "[thresholds]\nsecret-confidence = \"sure\"".to_owned(),
        "[thresholds]\nmalicious = \"high\"".to_owned(),
        "[checks]\npublic-url = \"loud\"".to_owned(),
        "[risk]\nsecrets = 101".to_owned(),
        "[risk]\nweather = 1".to_owned(),
        "[[waivers]]\nid = \"CVE-1\"\nreason = \"r\"".to_owned(),
        "[[waivers]]\nid = \"CVE-1\"\nowner = \"o\"".to_owned(),
        "[[waivers]]\nid = \"CVE-1\"\nreason = \" \"\nowner = \"o\"".to_owned(),
        "[[waivers]]\nreason = \"r\"\nowner = \"o\"".to_owned(),
        format!("{WAIVER}expires = \"soon\""),
        format!("{WAIVER}expires = 2027"),
        format!("{WAIVER}fingerprint = \"abc\""),
        format!("{WAIVER}versions = \"<2\""),
        format!("{WAIVER}until = 2027-01-31"),
        "[[waivers]]\npackage = \"lodash\"\nreason = \"r\"\nowner = \"o\"".to_owned(),
        "[[accept-gaps]]\nkind = \"opaqe\"\nreason = \"r\"".to_owned(),
        "[[accept-gaps]]\nkind = \"opaque\"".to_owned(),
        "[[allow-secrets]]\nreason = \"r\"".to_owned(),
        "[[allow-secrets]]\nvalue = \"hunter2\"\nreason = \"r\"".to_owned(),
    ];
    let schema = schema();
    let verdicts = |text: &String| {
        let document: toml::Value = toml::from_str(text).unwrap();
        (complaints(&schema, &json(&document)), Policy::parse("tidewaiter.toml", text))
    };
    for text in &good {
        let (complaints, policy) = verdicts(text);
        assert!(complaints.is_empty(), "{text}\n{complaints:?}");
        policy.unwrap_or_else(|error| panic!("{text}\n{error}"));
    }
    for text in &bad {
        let (complaints, policy) = verdicts(text);
        assert!(!complaints.is_empty(), "the schema takes this, the parser says: {:?}\n{text}", policy.err());
        assert!(policy.is_err(), "the parser takes this, the schema says: {complaints:?}\n{text}");
    }
}

/// The keys of a table, as the parser names them when it meets one that it does not know.
fn parsers_keys(text: &str) -> BTreeSet<String> {
    let error = Policy::parse("p", text).unwrap_err().to_string();
    let list = error.split("expected").nth(1).unwrap_or_else(|| panic!("{error}")).lines().next().unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_names_every_key() {
    let schema = schema();
    let keys = |pointer: &str| -> BTreeSet<String> {
        schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys("/properties"), parsers_keys("x = 1"));
    for table in ["waivers", "accept-gaps", "allow-secrets"] {
        let pointer = format!("/properties/{table}/items/properties");
        assert_eq!(keys(&pointer), parsers_keys(&format!("[[{table}]]\nx = 1")), "{table}");
    }
    assert_eq!(keys("/properties/thresholds/properties"), THRESHOLDS.map(str::to_owned).into());
    assert_eq!(keys("/properties/risk/properties"), TERMS.iter().map(|term| term.name.to_owned()).collect());
    let sources = Ecosystem::ALL.map(Ecosystem::name).into_iter().chain(Feed::ALL.map(Feed::name)).chain(["default"]);
    assert_eq!(keys("/properties/max-db-age/oneOf/1/properties"), sources.map(str::to_owned).collect());
    let kinds = &schema["properties"]["accept-gaps"]["items"]["properties"]["kind"]["enum"];
    let kinds: BTreeSet<&str> = kinds.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(GAP_KINDS.iter().all(|kind| kinds.contains(kind.word())));
    for kind in kinds {
        Policy::parse("p", &format!("[[accept-gaps]]\nkind = \"{kind}\"\nreason = \"r\"")).unwrap();
    }
}

/// Every policy that the README shows can be used as it is.
#[test]
fn the_readmes_policies_are_valid() {
    let readme = include_str!("../README.md");
    let blocks = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut seen = 0;
    for block in blocks {
        let block = block.replace("sha256:...", &format!("sha256:{}", "ab".repeat(32)));
        Policy::parse("README.md", &block).unwrap_or_else(|error| panic!("{error}"));
        let document: toml::Value = toml::from_str(&block).unwrap();
        assert_eq!(complaints(&schema(), &json(&document)), Vec::<String>::new());
        seen += 1;
    }
    assert!(seen >= 2);
}
