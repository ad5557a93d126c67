//! ASFF, OCSF and Slack's messages, read by what reads them: the service model of AWS's own client, the framework's
//! published schemas, Slack's own library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tidewaiter::model::*;
use tidewaiter::policy::{Verdict, judge};
use tidewaiter::report::{NoticeFormat, notice};

use crate::formats::sample;
use crate::formats_limits::two_targets;
use crate::reporters::{PLAIN, hostile, rendered};
use crate::support::swept::*;
use crate::support::tool::{run, skip};
use crate::support::verdict::*;
use crate::support::write;

fn verdicts() -> [(&'static str, Verdict); 5] {
    [("full", sample()), ("clean", clean()), ("two", two_targets()), ("hostile", hostile()), ("swept", swept())]
}

fn lines(format: &str, verdict: &Verdict) -> Vec<Value> {
    rendered(format, verdict, PLAIN).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The findings of all calls.
fn findings(verdict: &Verdict) -> Vec<Value> {
    lines("asff", verdict).iter().flat_map(|call| call["Findings"].as_array().unwrap().clone()).collect()
}

/// A Python that has what reads the formats, if there is one.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("TIDEWAITER_LIVE_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let packages = "import botocore, jsonschema, ocsf_json_schema, slack_sdk";
    let found = Command::new(&python).args(["-c", packages]).output().is_ok_and(|output| output.status.success());
    if !found {
        skip("no Python with botocore, jsonschema, ocsf-json-schema and slack_sdk");
    }
    found.then_some(python)
}

#[test]
fn a_place_that_could_not_be_listed_is_told_where_it_is() {
    let verdict = judge(
        vec![deployed("checkout"), unlisted()],
        database(DatabaseOrigin::Cache),
        settings(),
        Some(crate::support::verdict::run()),
    );
    let calls = lines("asff", &verdict);
    assert_eq!(calls.len(), 2, "a call for each region");
    let north = calls.iter().flat_map(|call| call["Findings"].as_array().unwrap());
    let north: Vec<&Value> = north.filter(|one| one["Region"] == "eu-north-1").collect();
    assert_eq!((north.len(), &north[0]["AwsAccountId"]), (1, &json!("123456789012")));
    assert_eq!((&north[0]["Resources"][0]["Type"], &north[0]["RecordState"]), (&json!("Other"), &json!("ACTIVE")));
    let all = lines("ocsf", &verdict);
    let resource = all.iter().map(|one| &one["resources"][0]).find(|one| one["region"] == "eu-north-1");
    assert_eq!(resource.expect("the place")["type"], "place");
}

#[test]
fn security_hub_is_told_what_is_open_and_what_no_longer() {
    let verdict = swept();
    let all = findings(&verdict);
    let ids: BTreeSet<&str> = all.iter().map(|one| one["Id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len(), "an id each");
    let state = |generator: &str| -> Vec<&str> {
        let of = all.iter().filter(|one| one["GeneratorId"] == format!("tidewaiter/{generator}"));
        of.map(|one| one["RecordState"].as_str().unwrap()).collect()
    };
    assert_eq!(state("MAL-2024-0001"), ["ACTIVE"]);
    assert_eq!(state("GHSA-35jh-r3h4-6jhm"), ["ARCHIVED"], "fixed");
    assert_eq!(state("coverage"), ["ACTIVE", "ACTIVE", "ARCHIVED"], "of checkout, photos, billing");
    let waived = all.iter().filter(|one| one["ProductFields"]["tidewaiter/waived"].is_string());
    assert_eq!(waived.map(|one| one["RecordState"].as_str().unwrap()).collect::<Vec<_>>(), ["ARCHIVED"]);

    let flaw = all.iter().find(|one| one["GeneratorId"] == "tidewaiter/GHSA-p6mc-m468-83gw").unwrap();
    assert_eq!(flaw["AwsAccountId"], "123456789012");
    let product = "arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default";
    assert_eq!(flaw["ProductArn"], product);
    assert_eq!(flaw["FindingProviderFields"]["Severity"], json!({"Label": "HIGH", "Original": "high"}));
    assert_eq!(
        flaw["FindingProviderFields"]["Types"],
        json!(["Software and Configuration Checks/Vulnerabilities/CVE"])
    );
    let function = &flaw["Resources"][0];
    assert_eq!(function["Type"], "AwsLambdaFunction");
    assert_eq!(function["Id"], "arn:aws:lambda:eu-central-1:123456789012:function:checkout:7");
    assert_eq!(function["Details"]["AwsLambdaFunction"]["Role"], "arn:aws:iam::123456789012:role/checkout");
    assert_eq!(function["Tags"], json!({"team": "shop"}), "a value may not be empty");
    assert_eq!(flaw["Vulnerabilities"][0]["RelatedVulnerabilities"], json!(["CVE-2020-8203"]));
    // The same id in the next sweep, another one for the same flaw in another function.
    assert_eq!(findings(&swept()).len(), all.len());
    let (one, other) = (deployed("a"), deployed("b"));
    let flawed = |scan: Scan| Scan { findings: vec![finding(FindingKind::Posture, "public-url")], ..scan };
    let both = judge(vec![flawed(one), flawed(other)], database(DatabaseOrigin::Cache), settings(), None);
    let both = findings(&both);
    let ids: BTreeSet<&str> = both.iter().map(|one| one["Id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn calls_hold_a_hundred_findings_of_one_account_and_region() {
    let place = |n: usize| ["eu-west-1", "us-east-1"][n % 2];
    let scans = (0..250).map(|n| {
        let mut scan = deployed(&format!("function-{n}"));
        let account = format!("{:012}", n % 3 + 1);
        let cloud = scan.config.cloud.as_mut().unwrap();
        (cloud.account, cloud.region) = (Some(account), Some(place(n).to_owned()));
        let lodash = scan.packages[0].clone();
        let flaw = |i: usize| {
            let flaw = about(&lodash, FindingKind::Vulnerability, &format!("GHSA-{i}"), Severity::Low, &[]);
            Finding { title: "x".repeat(5_000), fingerprint: fingerprint(&[&i.to_string()]), ..flaw }
        };
        scan.findings = (0..3).map(flaw).collect();
        scan
    });
    let verdict = judge(scans.collect(), database(DatabaseOrigin::Cache), settings(), None);
    let text = rendered("asff", &verdict, PLAIN);
    assert!(text.lines().all(|line| line.len() < 6_000_000));
    let mut homes: BTreeMap<String, usize> = BTreeMap::new();
    for call in lines("asff", &verdict) {
        let all = call["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&all.len()));
        let home: BTreeSet<String> =
            all.iter().map(|one| format!("{} {}", one["AwsAccountId"], one["Region"])).collect();
        assert_eq!(home.len(), 1);
        *homes.entry(home.into_iter().next().unwrap()).or_default() += all.len();
    }
    assert_eq!((homes.len(), homes.values().sum::<usize>()), (6, 1_000));
}

/// Lengths and numbers that the service's reference states and its model does not.
#[test]
fn no_field_of_a_finding_is_too_long() {
    let mut long = full_scan();
    for finding in &mut long.findings {
        [&mut finding.title, &mut finding.remediation, &mut finding.id]
            .into_iter()
            .for_each(|text| *text = "é".repeat(9_000));
        finding.aliases = (0..100).map(|n| format!("CVE-{n}-{}", "9".repeat(400))).collect();
    }
    let blank = Gap::blocking(GapKind::Internal, place(&[" "]), " ", " ");
    long.coverage.gaps.extend((0..500).map(|n| Gap { detail: format!("{n}{}", "z".repeat(9_000)), ..blank.clone() }));
    let judged = judge(vec![long], database(DatabaseOrigin::Cache), settings(), None);
    for verdict in [judged, hostile(), swept()] {
        for one in findings(&verdict) {
            let length = |pointer: &str| one.pointer(pointer).map_or(1, |text| text.as_str().unwrap().chars().count());
            for (pointer, most) in [
                ("/Id", 512),
                ("/GeneratorId", 512),
                ("/Title", 256),
                ("/Description", 1_024),
                ("/Remediation/Recommendation/Text", 512),
                ("/Malware/0/Name", 64),
                ("/Malware/0/Path", 512),
                ("/AwsAccountId", 12),
                ("/Region", 16),
            ] {
                assert!((1..=most).contains(&length(pointer)), "{pointer}: {}", length(pointer));
            }
            let fields = one["ProductFields"].as_object().unwrap();
            assert!(fields.len() <= 50);
            assert!(
                fields.iter().all(|(name, text)| name.len() <= 128 && text.as_str().unwrap().chars().count() <= 2_048)
            );
            assert!(one.to_string().len() < 240_000);
        }
    }
}

/// botocore refuses what the service's model does not know, which the service would pass over, and what it demands.
#[test]
fn asff_is_what_the_client_of_aws_takes() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = "\
import json, re, sys
import botocore.session
from botocore.validate import ParamValidator
service = botocore.session.get_session().get_service_model('securityhub')
shape = service.operation_model('BatchImportFindings').input_shape
def patterns(shape, value, at):
    if shape.type_name == 'structure':
        for name, inner in value.items():
            patterns(shape.members[name], inner, f'{at}/{name}')
    elif shape.type_name == 'list':
        for inner in value:
            patterns(shape.member, inner, at)
    elif shape.type_name == 'map':
        for inner in value.values():
            patterns(shape.value, inner, at)
    elif shape.type_name == 'string':
        assert re.fullmatch(shape.metadata.get('pattern', '(?s).*'), value, re.S), f'{at}: {value!r}'
        assert value in (shape.enum or [value]), f'{at}: {value!r}'
calls = 0
for name in sys.argv[1:]:
    for line in open(name, encoding='utf-8'):
        call = json.loads(line)
        report = ParamValidator().validate(call, shape)
        assert not report.has_errors(), f'{name}: {report.generate_report()}'
        patterns(shape, call, '')
        calls += 1
print('valid', calls)
";
    let files = files(folder.path(), "asff");
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = run(python, folder.path(), &[&["-c", script], &names[..]].concat());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "valid 5");
}

fn files(folder: &std::path::Path, format: &str) -> Vec<PathBuf> {
    let write =
        |(name, verdict)| write(folder, &format!("{name}.{format}"), rendered(format, &verdict, PLAIN).as_bytes());
    verdicts().into_iter().map(write).collect()
}

#[test]
fn events_open_repeat_and_close_findings() {
    let verdict = swept();
    let events = lines("ocsf", &verdict);
    let of = |rule: &str| {
        let of = events.iter().filter(|event| event["finding_info"]["analytic"]["uid"] == rule);
        of.map(|event| (event["class_uid"].as_u64().unwrap(), event["activity_id"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("MAL-2024-0001"), [(2004, 1)]);
    assert_eq!(of("GHSA-p6mc-m468-83gw"), [(2002, 1)]);
    assert_eq!(of("runtime-end-of-life"), [(2003, 1)]);
    assert_eq!(of("shell-from-event"), [(2007, 1)]);
    assert_eq!(of("record-mismatch"), [(2004, 1)]);
    assert_eq!(of("GHSA-35jh-r3h4-6jhm"), [(2002, 3)], "fixed");
    assert_eq!(of("coverage"), [(2003, 2); 3]);
    let flaw = events.iter().find(|event| event["finding_info"]["analytic"]["uid"] == "GHSA-p6mc-m468-83gw").unwrap();
    assert_eq!(flaw["vulnerabilities"][0]["cve"]["uid"], "CVE-2020-8203");
    assert_eq!(flaw["vulnerabilities"][0]["affected_packages"][0]["name"], "lodash");
    assert_eq!(flaw["cloud"]["account"]["uid"], "123456789012");
    assert_eq!(flaw["time"], 1_793_491_200_000_u64, "in milliseconds");
    let statuses: BTreeSet<u64> = events.iter().map(|event| event["status_id"].as_u64().unwrap()).collect();
    assert_eq!(statuses, BTreeSet::from([1, 3, 4]), "new, suppressed, resolved");
}

#[test]
fn ocsf_passes_the_published_schemas() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = "\
import json, sys
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
schemas, validators, events = OcsfJsonSchemaEmbedded(get_ocsf_schema(version='1.5.0')), {}, 0
for name in sys.argv[1:]:
    for line in open(name, encoding='utf-8'):
        event = json.loads(line)
        key = (event['class_uid'], tuple(event['metadata'].get('profiles', [])))
        if key not in validators:
            schema = schemas.get_class_schema(class_name=schemas.lookup_class_name_from_uid(key[0]), profiles=list(key[1]))
            validators[key] = Draft202012Validator(schema)
        errors = [f'{list(error.path)}: {error.message}'[:300] for error in validators[key].iter_errors(event)]
        assert not errors, f'{name}: {event[\"message\"]}: {errors}'
        events += 1
print('valid', events > 60, sorted({key[0] for key in validators}))
";
    let files = files(folder.path(), "ocsf");
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = run(python, folder.path(), &[&["-c", script], &names[..]].concat());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "valid True [2002, 2003, 2004, 2007]");
}

#[test]
fn slack_takes_the_message() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = "\
import json, sys
from slack_sdk.models.blocks import Block
message = json.load(open(sys.argv[1], encoding='utf-8'))
blocks = Block.parse_all(message['blocks'])
assert len(blocks) == len(message['blocks']) <= 50 and message['text']
for block, plain in zip(blocks, message['blocks']):
    block.validate_json()
    assert set(plain) == set(block.to_dict()), (plain, block.to_dict())
print('valid', len(blocks))
";
    let message = write(folder.path(), "message.json", &notice(&swept(), NoticeFormat::Slack).unwrap());
    let output = run(python, folder.path(), &["-c", script, message.to_str().unwrap()]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "valid 12");
}
