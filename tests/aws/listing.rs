//! What is listed, by how many calls, and how fast.

use std::thread;
use std::time::Instant;

use tidewaiter::artifact::Limits;
use tidewaiter::model::Level;
use tidewaiter::source::{Aws, AwsOptions, Code, Deployed, Source};

use super::{allowed, assert_allowed, fetch_code, named, options, source};
use crate::support::moto::{ACCOUNT, Moto, secrets};

#[test]
fn all_versions_in_use_are_listed_by_few_calls() {
    let Some(moto) = Moto::filled(300) else { return };
    let arn = |rest: &str| format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{rest}");
    moto.proxy.replicate(&arn("orders-029:2"));
    moto.proxy.provision("billing-004", "live");
    let source = source(&moto);
    let listing = source.list().expect("a listing");
    assert!(listing.unseen.is_empty(), "{:?}", listing.unseen);
    // Of the versions of twelve functions, an alias points to the first; the edge has one of the others.
    assert_eq!(listing.functions.len(), 300 + 12 + 1);
    assert!(listing.functions.is_sorted_by(|a, b| a.id < b.id));

    let calls = moto.proxy.calls();
    let count = |action: &str| calls.get(action).copied().unwrap_or(0);
    assert_eq!(count("lambda:ListFunctions"), (300usize + 24 + 1).div_ceil(50));
    assert_eq!((count("lambda:ListAliases"), count("lambda:ListProvisionedConcurrencyConfigs")), (12, 12));
    assert_eq!((count("lambda:ListEventSourceMappings"), count("cloudwatch:GetMetricData")), (1, 1));
    assert_eq!((count("iam:GetAccountAuthorizationDetails"), count("sts:GetCallerIdentity")), (1, 1));
    assert_eq!(calls.values().sum::<usize>(), 7 + 24 + 4, "{calls:?}");
    assert_allowed(&calls);
    assert!(moto.files.asked().is_empty(), "nothing is downloaded to list");

    let cloud = |name: &str| named(&listing, name).environment.config.cloud.clone().expect("what AWS says");
    assert_eq!(cloud("billing-004:1").used_by, ["alias live", "provisioned concurrency"]);
    assert_eq!(cloud("orders-029:2").used_by, ["edge"]);
    assert_eq!(cloud("orders-029:1").used_by, ["alias live"]);
    assert_eq!(cloud("billing-003").used_by, ["event source"]);
    assert_eq!(cloud("billing-003").event_sources, [format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:orders")]);
    let role = cloud("orders-000").role.expect("a role");
    assert_eq!(role.arn, format!("arn:aws:iam::{ACCOUNT}:role/function-0"));
    assert!(role.inline["inline"].contains("s3:GetObject"));
    assert!(role.trust.expect("it is told").contains("lambda.amazonaws.com"));
    let role = cloud("orders-001").role.expect("a role");
    // The version that counts, not the first one.
    assert!(role.attached[&format!("arn:aws:iam::{ACCOUNT}:policy/read-orders")].contains("dynamodb:Query"));
    let role = cloud("orders-002").role.expect("a role");
    assert_eq!(role.boundary, Some(format!("arn:aws:iam::{ACCOUNT}:policy/boundary")));
    assert!(role.boundary_policy.expect("its text").contains("s3:*"));
    let called = cloud("billing-003").invoked.expect("it was called");
    let today = chrono::Utc::now().date_naive();
    let days = |text: &str| (today - text[..10].parse::<chrono::NaiveDate>().unwrap()).num_days();
    assert!((3..=4).contains(&days(&called)), "{called}");
    // One that nobody called, which can be said of the last 90 days alone.
    let idle = cloud("billing-004");
    assert_eq!(idle.invoked, None);
    assert!((89..=91).contains(&days(&idle.calls_known_since.expect("the metrics were asked"))));

    let function = named(&listing, "orders-000");
    assert_eq!(function.environment.config.runtime.as_deref(), Some("nodejs22.x"));
    assert_eq!(function.environment.config.layers.len(), 2);
    assert!(function.gaps.is_empty(), "{:?}", function.gaps);
    let token = function.environment.variables.iter().find(|(name, _)| name == "GITHUB_TOKEN");
    assert!(token.is_some_and(|(_, value)| *value == secrets()["github-token"]), "the variable's own value");
    let Code::Archive(archive) = &function.code else { panic!("an archive") };
    assert!(archive.identity == format!("sha256:{}", archive.sha256.as_deref().unwrap()) && archive.bytes > Some(0));
    let Code::Archive(old) = &named(&listing, "billing-004:1").code else { panic!("an archive") };
    let Code::Archive(new) = &named(&listing, "billing-004").code else { panic!("an archive") };
    assert_ne!(old.identity, new.identity);
}

#[test]
fn details_and_downloads_keep_the_budget_and_the_rates() {
    let Some(moto) = Moto::filled(60) else { return };
    let source = source(&moto);
    let listing = source.list().expect("a listing");
    assert_eq!(listing.functions.len(), 60 + 3);
    drop(moto.proxy.calls());
    let started = Instant::now();
    thread::scope(|scope| {
        for some in listing.functions.chunks(8) {
            let source = &source;
            scope.spawn(move || {
                for function in some {
                    let (details, gaps) = source.details(function);
                    assert!(details.is_some() && gaps.is_empty(), "{}: {gaps:?}", function.id);
                    let code = fetch_code(source, function).expect("its code");
                    assert!(code.starts_with(b"PK"));
                    for layer in &function.layers {
                        let bytes = source.fetch(function, layer, &Limits::default()).expect("its layer");
                        assert_eq!(Some(bytes.len() as u64), layer.bytes);
                    }
                }
            });
        }
    });
    // 63 calls for addresses and 39 for layers share 13 a second.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let refused = moto.proxy.throttled();
    let mut calls = moto.proxy.calls();
    let layers: usize = listing.functions.iter().map(|function| function.layers.len()).sum();
    let wanted = [
        // The address of the code came with the details.
        ("lambda:GetFunction", 63),
        ("lambda:GetLayerVersionByArn", layers),
        ("lambda:GetPolicy", 63 + 3),
        ("lambda:ListFunctionUrlConfigs", 63),
    ];
    assert_allowed(&calls);
    // On a machine that is busy with other things, calls that left evenly may arrive in a bunch.
    assert!(refused <= 5, "{refused} calls came faster than AWS allows");
    for (action, count) in wanted {
        let more = calls.remove(action).unwrap_or(0).checked_sub(count);
        assert!(more.is_some_and(|more| more <= refused), "{action}: {count} and {more:?}");
    }
    assert!(calls.is_empty(), "{calls:?}");
    let asked = moto.files.asked();
    assert_eq!(asked.len(), 63 + layers);
    for request in asked {
        assert!(!request.headers.keys().any(|name| name == "authorization" || name.starts_with("x-amz")));
    }

    let details = |name: &str| source.details(named(&listing, name)).0.expect("details");
    let open = details("orders-001");
    assert_eq!((open.urls.len(), open.urls[0].auth.as_str()), (1, "NONE"));
    assert_eq!(open.urls[0].origins, ["https://shop.example.com"]);
    assert_eq!((open.tags["team"].as_str(), open.tags["stage"].as_str()), ("orders", "prod"));
    assert_eq!((open.policy, open.reserved_concurrency), (None, None));
    let limited = details("billing-005");
    assert_eq!(limited.reserved_concurrency, Some(2));
    assert!(limited.policy.expect("a policy").contains("s3.amazonaws.com"));
    assert_eq!(details("billing-004:1").urls, [], "its address leads to the unpublished version");
}

/// More functions than moto could be filled with in reasonable time, as the listing tells them.
#[test]
fn metrics_are_asked_for_five_hundred_functions_a_call() {
    let Some(moto) = Moto::filled(3) else { return };
    moto.proxy.patch(|action, _, value| {
        if let Some(functions) = value["Functions"].as_array_mut().filter(|_| action == "lambda:ListFunctions") {
            let one = functions[0].clone();
            functions.extend((0..1_000).map(|index| {
                let mut copy = one.clone();
                copy["FunctionName"] = format!("copy-{index:04}").into();
                copy
            }));
        }
        // An answer that is whole and yet has nothing to say of one function.
        for result in value["MetricDataResults"].as_array_mut().into_iter().flatten() {
            if result["Id"] == "f7" {
                result["StatusCode"] = "InternalError".into();
            }
        }
    });
    let listing = source(&moto).list().expect("a listing");
    assert_eq!(listing.functions.len(), 1_003);
    // The proxy refuses more than 500 metrics.
    assert_eq!(moto.proxy.calls()["cloudwatch:GetMetricData"], 3);
    let unknown = |one: &&Deployed| one.environment.config.cloud.as_ref().unwrap().calls_known_since.is_none();
    let unknown: Vec<&Deployed> = listing.functions.iter().filter(unknown).collect();
    // One of each call; the last one has three.
    assert_eq!(unknown.len(), 2);
    for one in unknown {
        assert_eq!(one.gaps.len(), 1, "{}: {:?}", one.id, one.gaps);
        assert_eq!(one.gaps[0].detail, "cloudwatch:GetMetricData: InternalError");
    }
}

#[test]
fn names_tags_and_regions_choose() {
    let Some(moto) = Moto::filled(30) else { return };
    moto.fill("us-east-1", 3);
    moto.proxy.regions(&["eu-west-1", "us-east-1"]);
    drop(moto.proxy.calls());
    let list = |options: AwsOptions| Aws::new(options).expect("a source").list().expect("a listing");
    let orders = list(AwsOptions { names: vec!["orders-*".to_owned()], ..options(&moto) });
    // The version that is in use counts too.
    assert!(
        orders.functions.len() == 12 + 1 && orders.functions.iter().all(|one| one.id.contains(":function:orders-"))
    );
    let calls = moto.proxy.calls();
    assert!(!calls.contains_key("lambda:GetFunction"));

    let tags = vec![("team".to_owned(), "orders".to_owned()), ("stage".to_owned(), "prod".to_owned())];
    let tagged = list(AwsOptions { tags, ..options(&moto) });
    assert_eq!(tagged.functions.len(), 6 + 1);
    assert_eq!(moto.proxy.calls()["lambda:GetFunction"], 30, "a call for each function, and none for its versions");

    let everywhere = list(AwsOptions { regions: Vec::new(), all_regions: true, ..options(&moto) });
    let regions: std::collections::BTreeSet<_> =
        everywhere.functions.iter().filter_map(|one| one.environment.config.cloud.as_ref()?.region.clone()).collect();
    assert_eq!(Vec::from_iter(regions), ["eu-west-1", "us-east-1"]);
    let calls = moto.proxy.calls();
    assert_eq!((calls["account:ListRegions"], calls["iam:GetAccountAuthorizationDetails"]), (1, 1));
    assert_allowed(&calls);
    // Nothing in the policy is for nothing.
    let mut left = allowed();
    let seen = ["lambda:GetLayerVersion", "lambda:GetPolicy", "lambda:ListFunctionUrlConfigs", "lambda:GetFunction"];
    left.retain(|action| !calls.contains_key(action) && !seen.contains(&action.as_str()));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn roles_of_other_accounts_are_taken_on() {
    let Some(moto) = Moto::filled(6) else { return };
    let role = |account: &str| format!("arn:aws:iam::{account}:role/audit");
    let roles = vec![role(ACCOUNT), role("222222222222"), role("333333333333")];
    let refused = role("333333333333").replace(':', "%3A").replace('/', "%2F");
    moto.proxy.fault("sts:AssumeRole", &refused, crate::support::moto::Fault::Denied, 9);
    let listing = Aws::new(AwsOptions { roles, ..options(&moto) }).expect("a source").list().expect("a listing");
    assert!(listing.functions.iter().all(|function| function.id.contains(ACCOUNT)));
    assert_eq!(listing.functions.len(), 6 + 1);
    assert_eq!(listing.unseen.len(), 1, "{:?}", listing.unseen);
    assert_eq!(listing.unseen[0].prefix, "arn:aws:lambda:eu-west-1:333333333333:");
    assert!(listing.unseen[0].detail.contains("AccessDenied"), "{}", listing.unseen[0].detail);
    assert_eq!(moto.proxy.calls()["sts:AssumeRole"], 3);
    assert!(listing.functions[0].gaps.iter().all(|gap| gap.level == Level::Note));
}
