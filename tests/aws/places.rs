//! Accounts, regions and filters through the real program: where nobody can look, nothing is gone and nothing is fixed.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::sweep::{advisories, blocking, night, number, target};
use crate::support::moto::{ACCOUNT, Fault, Moto, REGION};

/// Ids of the targets, without what all have in common.
fn ids(report: &Value) -> BTreeSet<String> {
    let targets = report["targets"].as_array().expect("targets").iter();
    targets.map(|one| one["id"].as_str().expect("an id").replace("arn:aws:lambda:", "")).collect()
}

/// Asserts that a night tells of nothing that came or went.
fn assert_quiet(report: &Value) {
    let changes = &report["sweep"]["changes"];
    for (of, kinds) in [("functions", &["new", "changed", "gone"][..]), ("findings", &["new", "fixed"])] {
        for kind in kinds {
            assert_eq!(changes[of][kind].as_array().map(Vec::len), Some(0), "{of} {kind}: {changes}");
        }
    }
}

/// An account with so many functions in its region and in another, and a folder with advisories.
fn two_regions(here: usize, there: usize) -> Option<(Moto, TempDir)> {
    let moto = Moto::filled(here)?;
    moto.fill("us-east-1", there);
    moto.proxy.regions(&[REGION, "us-east-1"]);
    let folder = tempfile::tempdir().unwrap();
    advisories(folder.path());
    Some((moto, folder))
}

#[test]
fn what_nobody_could_list_is_neither_gone_nor_fixed() {
    let Some((moto, folder)) = two_regions(6, 3) else { return };
    let night = || night(&moto, folder.path(), &[], &["aws", "--all-regions", "--endpoint-url", moto.endpoint()]);

    let (code, first) = night();
    // A version of one of them is in use as well.
    assert_eq!((code, number(&first, "functions"), number(&first, "failed")), (0, 6 + 1 + 3, 0));
    let findings = first["sweep"]["changes"]["findings"]["new"].as_array().map_or(0, Vec::len);
    assert!(findings > 3, "{findings}");
    // What has one name is told apart by what differs.
    let names = first["targets"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str());
    let in_both = ["orders-000", "orders-001", "orders-002"];
    let in_both = in_both.iter().flat_map(|name| [REGION, "us-east-1"].map(|region| format!("{name} {region}")));
    let wanted = ["billing-003", "billing-004", "billing-004:1", "billing-005"].map(str::to_owned);
    assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), wanted.into_iter().chain(in_both).collect());

    moto.proxy.fault("lambda:ListFunctions", "us-east-1", Fault::Denied, 99);
    let (code, second) = night();
    assert_eq!((code, number(&second, "functions"), number(&second, "downloaded")), (3, 7, 0));
    assert_quiet(&second);
    let place =
        second["targets"].as_array().unwrap().iter().find(|one| one["id"] == "arn:aws:lambda:us-east-1:123456789012:");
    let place = place.expect("the place is a target");
    assert_eq!((&place["kind"], &place["coverage"]["grade"]), (&json!("place"), &json!("blind")));
    assert!(blocking(place)[0].contains("lambda:ListFunctions: AccessDeniedException"), "{:?}", blocking(place));

    // Which versions are in use is not known: those that were are not gone.
    moto.proxy.mend();
    moto.proxy.fault("lambda:ListAliases", "billing-004", Fault::Denied, 99);
    // Meanwhile one went where nobody could look.
    let lost = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders-002:$LATEST");
    let whose = lost.trim_end_matches(":$LATEST").to_owned();
    moto.proxy.patch(move |action, _, value| {
        if let Some(functions) = value["Functions"].as_array_mut().filter(|_| action == "lambda:ListFunctions") {
            functions.retain(|one| !one["FunctionArn"].as_str().is_some_and(|arn| arn.starts_with(&whose)));
        }
    });
    let (code, third) = night();
    assert_eq!((code, number(&third, "functions")), (3, 6 + 2));
    assert_eq!(third["sweep"]["changes"]["functions"], json!({"new": [], "changed": [], "gone": [lost]}));
    assert_eq!(third["sweep"]["changes"]["findings"], json!({"new": [], "fixed": []}));
    let doubt = third["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"].as_str().is_some_and(|id| id.ends_with(":function:billing-004:")));
    let gaps = blocking(doubt.expect("the function's versions are a target"));
    assert!(gaps[0].contains("published versions") && gaps[0].contains("lambda:ListAliases"), "{gaps:?}");

    moto.proxy.mend();
    let (code, fourth) = night();
    assert_eq!((code, number(&fourth, "functions"), number(&fourth, "downloaded")), (0, 10, 0));
    assert_eq!(fourth["sweep"]["changes"]["functions"], json!({"new": [lost], "changed": [], "gone": []}));
}

#[test]
fn accounts_profiles_and_filters_choose_what_is_swept() {
    let Some((moto, folder)) = two_regions(12, 1) else { return };
    let sweep = |state: &str, variables: &[(&str, &str)], more: &[&str]| {
        // Only the state differs: the advisories are those of all.
        let place = folder.path().join(state);
        fs::create_dir_all(&place).unwrap();
        if !place.join("cache").exists() {
            std::os::unix::fs::symlink(folder.path().join("cache"), place.join("cache")).unwrap();
        }
        night(&moto, &place, variables, &[&["aws", "--endpoint-url", moto.endpoint()], more].concat())
    };

    // A list of accounts, of which one does not let us in and one has nothing.
    let role = |account: &str| format!("arn:aws:iam::{account}:role/audit");
    let list = folder.path().join("roles");
    let text =
        format!("# all accounts\n{}\n\n{} # empty\n{}\n", role(ACCOUNT), role("222222222222"), role("333333333333"));
    fs::write(&list, text).unwrap();
    let refused = role("333333333333").replace(':', "%3A").replace('/', "%2F");
    moto.proxy.fault("sts:AssumeRole", &refused, Fault::Denied, 99);
    let listed = format!("@{}", list.display());
    let (code, report) = sweep("accounts", &[], &["--role-arn", &listed, "--all-regions"]);
    assert_eq!((code, number(&report, "functions")), (3, 12 + 1 + 1));
    let unknown =
        report["targets"].as_array().unwrap().iter().find(|one| one["id"] == "arn:aws:lambda:*:333333333333:");
    assert!(blocking(unknown.expect("an account of which nothing is known"))[0].contains("AccessDenied"));
    assert!(report["sweep"]["source"].as_str().is_some_and(|source| source.contains(&role("222222222222"))));
    moto.proxy.mend();

    // Names and tags, and a profile whose file says the region.
    let config = moto.profile();
    let profile = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("AWS_REGION", ""), ("AWS_ACCESS_KEY_ID", "")];
    let more = ["--profile", "testing", "--name", "orders-*", "--tag", "stage=prod", "--tag", "team=orders"];
    let (code, report) = sweep("filters", &profile, &more);
    let wanted =
        ["orders-001", "orders-009", "orders-011"].map(|name| format!("{REGION}:{ACCOUNT}:function:{name}:$LATEST"));
    assert_eq!((code, ids(&report)), (0, wanted.into()));
    // Who looks for more next time is told of more, and of nothing that is gone.
    let (_, report) = sweep("filters", &profile, &["--profile", "testing", "--name", "billing-*"]);
    assert_eq!(number(&report, "functions"), 3 + 1);
    assert_eq!(report["sweep"]["changes"]["functions"]["gone"], json!([]));

    // The environment chooses another region: what was seen in the first one is not gone.
    let (_, report) = sweep("regions", &[], &[]);
    assert_eq!(report["sweep"]["source"], json!(format!("aws {ACCOUNT} {REGION}")));
    let (code, report) = sweep("regions", &[("AWS_REGION", "us-east-1")], &[]);
    assert_eq!((code, number(&report, "functions")), (0, 1));
    assert_eq!(report["sweep"]["source"], json!(format!("aws {ACCOUNT} us-east-1")));
    assert_eq!(report["sweep"]["changes"]["functions"]["gone"], json!([]));
}

/// What moto cannot hold, as AWS tells it.
#[test]
fn versions_in_use_are_swept_and_what_cannot_be_read_is_told() {
    let Some(moto) = Moto::filled(6) else { return };
    let folder = tempfile::tempdir().unwrap();
    advisories(folder.path());
    let arguments = ["aws", "--region", REGION, "--endpoint-url", moto.endpoint()];
    let night = || night(&moto, folder.path(), &[], &arguments);
    let arn = |rest: &str| format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{rest}");
    let (_, plain) = night();
    let versions = |report: &Value| ids(report).into_iter().filter(|id| !id.ends_with("$LATEST")).collect::<Vec<_>>();
    assert_eq!(versions(&plain), [format!("{REGION}:{ACCOUNT}:function:billing-004:1")]);

    // The second version, that nothing pointed to, by each way that there is.
    let second = arn("billing-004:2");
    let mapped = second.clone();
    moto.proxy.patch(move |action, _, value| {
        if let Some(all) =
            value["EventSourceMappings"].as_array_mut().filter(|_| action.ends_with("EventSourceMappings"))
        {
            let queue = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:late");
            all.push(json!({"UUID": "1", "FunctionArn": mapped, "EventSourceArn": queue}));
        }
    });
    let (_, report) = night();
    let cloud = &target(&report, "billing-004:2")["cloud"];
    assert_eq!((&cloud["used_by"], &cloud["arn"]), (&json!(["event source"]), &json!(second)));
    assert_eq!(report["sweep"]["changes"]["functions"]["new"], json!([second]));
    moto.proxy.mend();
    moto.proxy.provision("billing-004", "2");
    moto.proxy.replicate(&second);
    let (code, report) = night();
    assert_eq!(target(&report, "billing-004:2")["cloud"]["used_by"], json!(["edge", "provisioned concurrency"]));
    assert_eq!(target(&report, "billing-004:1")["cloud"]["used_by"], json!(["alias live"]));
    assert_eq!((code, number(&report, "downloaded")), (0, 0));

    let foreign = "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53";
    moto.proxy.patch(move |action, _, value| {
        let Some(functions) = value["Functions"].as_array_mut().filter(|_| action == "lambda:ListFunctions") else {
            return;
        };
        for function in functions {
            match function["FunctionName"].as_str().unwrap_or_default() {
                "orders-000" => {
                    function["Environment"] =
                        json!({"Error": {"ErrorCode": "AccessDeniedException", "Message": "no key"}})
                }
                "orders-001" => function["Layers"] = json!([{"Arn": foreign, "CodeSize": 100}]),
                "orders-002" => {
                    function["PackageType"] = json!("Image");
                    function["Layers"] = json!([]);
                    function["CodeSha256"] = json!("ab".repeat(32));
                }
                _ => {}
            }
        }
    });
    let (code, report) = night();
    assert_eq!(code, 3);
    let gaps = blocking(target(&report, "orders-000"));
    assert!(gaps.iter().any(|gap| gap.contains("AccessDeniedException no key")), "{gaps:?}");
    let layered = target(&report, "orders-001");
    let gaps = blocking(layered);
    assert!(
        gaps.iter().any(|gap| gap.contains(foreign) && gap.contains("lambda:GetLayerVersion: AccessDenied")),
        "{gaps:?}"
    );
    assert_eq!(layered["coverage"]["grade"], "partial");
    let image = target(&report, "orders-002");
    assert_eq!(image["coverage"]["grade"], "blind");
    assert!(blocking(image).iter().any(|gap| gap.contains("container image")), "{:?}", blocking(image));
    assert_eq!(report["sweep"]["changes"]["findings"]["fixed"], json!([]), "nothing that is hidden counts as fixed");
}
