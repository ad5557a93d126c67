//! What AWS and the network can do wrong: each is told for the function or the place that it is about, and nothing else
//! is lost.

use std::fs::{self, File};
use std::time::Instant;

use serde_json::json;
use tidewaiter::artifact::Limits;
use tidewaiter::model::Level;
use tidewaiter::source::{Archive, Aws, AwsOptions, Code, Deployed, FetchError, Source};

use super::{fetch_code, named, options, source};
use crate::support::http;
use crate::support::moto::{Fault, Moto, secrets};

/// Where the file server has a function's code.
pub(super) fn path(function: &Deployed) -> String {
    let Code::Archive(archive) = &function.code else { panic!("an archive") };
    format!("/{}.zip", archive.sha256.as_deref().expect("a digest"))
}

#[test]
fn downloads_fail_one_by_one_with_their_reasons() {
    let Some(moto) = Moto::filled(12) else { return };
    let source = source(&moto);
    let listing = source.list().expect("a listing");
    let function =
        |index: usize| named(&listing, &format!("{}-{index:03}", ["orders", "billing", "search"][index / 3 % 3]));
    drop(moto.proxy.calls());

    // The address expired: it is asked for anew, once.
    moto.files.fault(&path(function(0)), http::Fault::Status(403, String::new()), 1);
    assert!(fetch_code(&source, function(0)).is_ok());
    assert_eq!(moto.proxy.calls()["lambda:GetFunction"], 2);
    moto.files.fault(&path(function(0)), http::Fault::Status(403, String::new()), 2);
    let error = fetch_code(&source, function(0)).unwrap_err().to_string();
    assert_eq!(error, "the download failed: HTTP 403 from a fresh address");

    // The server is out of order, or the connection ends: again, and again.
    moto.files.fault(&path(function(1)), http::Fault::Status(500, String::new()), 2);
    assert!(fetch_code(&source, function(1)).is_ok());
    moto.files.fault(&path(function(1)), http::Fault::Reset(100), 2);
    assert!(fetch_code(&source, function(1)).is_ok());
    moto.files.fault(&path(function(1)), http::Fault::Reset(100), 99);
    let error = fetch_code(&source, function(1)).unwrap_err().to_string();
    assert!(error.contains("(tried 4 times)"), "{error}");
    assert!(!error.contains("Signature") && !error.contains("127.0.0.1"), "an address is a credential: {error}");

    // Other bytes than were announced.
    fs::write(moto.archives().join(&path(function(2))[1..]), "PK something else").unwrap();
    assert!(matches!(fetch_code(&source, function(2)), Err(FetchError::Digest { .. })));

    // More than there may be, told or not.
    let large = File::create(moto.archives().join(&path(function(3))[1..])).unwrap();
    large.set_len(300 << 20).unwrap();
    assert_eq!(fetch_code(&source, function(3)), Err(FetchError::TooLarge(250 << 20)));
    moto.files.fault(&path(function(3)), http::Fault::NoLength, 1);
    assert_eq!(fetch_code(&source, function(3)), Err(FetchError::TooLarge(250 << 20)));
    let Code::Archive(archive) = &function(4).code else { panic!("an archive") };
    let limits = Limits { target_bytes: 100, ..Limits::default() };
    assert_eq!(source.fetch(function(4), archive, &limits), Err(FetchError::TooLarge(100)));

    // It is not there.
    fs::remove_file(moto.archives().join(&path(function(5))[1..])).unwrap();
    let error = fetch_code(&source, function(5)).unwrap_err().to_string();
    assert_eq!(error, "the download failed: HTTP 404 Not Found");
    // It changed since it was listed.
    moto.change(&["search-007"]);
    assert!(matches!(fetch_code(&source, function(7)), Err(FetchError::Digest { .. })));
    let again = source.list().expect("a listing");
    assert_ne!(named(&again, "search-007").code, function(7).code);
    assert!(fetch_code(&source, named(&again, "search-007")).is_ok());
    // The others are as they were.
    assert!(fetch_code(&source, function(6)).is_ok());
}

#[test]
fn calls_are_repeated_and_then_told() {
    let Some(moto) = Moto::filled(6) else { return };
    let source = source(&moto);
    moto.proxy.fault("lambda:ListFunctions", "", Fault::Throttled, 1);
    moto.proxy.fault("lambda:ListEventSourceMappings", "", Fault::Reset, 1);
    moto.proxy.fault("iam:GetAccountAuthorizationDetails", "", Fault::Status(500), 1);
    let listing = source.list().expect("a listing");
    let gaps: Vec<_> = listing.functions.iter().flat_map(|one| &one.gaps).map(|gap| &gap.detail).collect();
    assert!(listing.unseen.is_empty() && gaps.is_empty(), "{:?} {gaps:?}", listing.unseen);
    let calls = moto.proxy.calls();
    for action in ["lambda:ListFunctions", "lambda:ListEventSourceMappings", "iam:GetAccountAuthorizationDetails"] {
        assert_eq!(calls[action], 2, "{action}");
    }

    let function = named(&listing, "orders-001");
    moto.proxy.fault("lambda:GetPolicy", "orders-001", Fault::Denied, 9);
    let (details, gaps) = source.details(function);
    assert!(details.is_none() && gaps.len() == 1);
    assert_eq!(gaps[0].level, Level::Note);
    assert!(gaps[0].detail.contains("lambda:GetPolicy: AccessDeniedException: "), "{}", gaps[0].detail);
    moto.proxy.fault("lambda:GetFunction", "orders-001", Fault::Denied, 9);
    // An address that came with details before is used once.
    drop(fetch_code(&source, function));
    let error = fetch_code(&source, function).unwrap_err().to_string();
    assert!(error.contains("lambda:GetFunction: AccessDeniedException: "), "{error}");
    assert!(source.details(named(&listing, "orders-002")).0.is_some());
}

#[test]
fn what_is_refused_for_a_whole_place_is_unseen_or_a_gap_of_its_functions() {
    let Some(moto) = Moto::filled(6) else { return };
    moto.fill("us-east-1", 2);
    let both = || AwsOptions { regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()], ..options(&moto) };
    let list = || Aws::new(both()).expect("a source").list();

    // A page of the second region alone.
    moto.proxy.patch(|action, _, value| {
        let functions = value["Functions"].as_array();
        if action == "lambda:ListFunctions" && functions.is_some_and(|all| all.len() == 2) {
            *value = json!({ "Functions": "none" });
        }
    });
    let listing = list().expect("a listing");
    assert_eq!(listing.unseen.len(), 1);
    assert_eq!(listing.unseen[0].prefix, "arn:aws:lambda:us-east-1:123456789012:");
    assert_eq!(listing.unseen[0].detail, "lambda:ListFunctions: an answer that cannot be read (HTTP 200)");
    assert!(listing.functions.iter().all(|one| one.id.contains("eu-west-1")) && listing.functions.len() == 7);
    moto.proxy.mend();

    moto.proxy.fault("iam:GetAccountAuthorizationDetails", "", Fault::Denied, 1);
    moto.proxy.fault("cloudwatch:GetMetricData", "", Fault::Denied, 2);
    let listing = list().expect("a listing");
    for function in &listing.functions {
        let details: Vec<&str> = function.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert!(details.len() == 2 && details[0].starts_with("cloudwatch:GetMetricData: "), "{details:?}");
        let cloud = function.environment.config.cloud.as_ref().expect("what AWS says");
        assert_eq!((&cloud.invoked, &cloud.calls_known_since), (&None, &None), "not known is not never");
        assert!(details[1].starts_with("what its role may do is not known: iam:"), "{details:?}");
        let role = function.environment.config.cloud.as_ref().and_then(|cloud| cloud.role.as_ref());
        assert!(role.is_some_and(|role| role.arn.contains("role/function-")), "its name is known all the same");
    }

    // Nothing at all.
    moto.proxy.fault("lambda:ListFunctions", "", Fault::Denied, 9);
    let error = list().map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("lambda:ListFunctions: AccessDeniedException: not authorized"), "{error}");
    moto.proxy.mend();
    let nobody = AwsOptions { profiles: vec!["nobody".to_owned()], ..both() };
    let error = Aws::new(nobody).expect("a source").list().map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("profile nobody: sts:GetCallerIdentity: "), "{error}");
    let roles = AwsOptions { roles: vec!["audit".to_owned()], ..both() };
    let error = Aws::new(roles).expect("a source").list().map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "\"audit\" is no role's ARN");
}

/// What moto cannot hold, as AWS tells it.
#[test]
fn images_foreign_layers_and_locked_variables_are_told() {
    let Some(moto) = Moto::filled(4) else { return };
    let foreign = "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53";
    moto.proxy.patch(move |action, _, value| {
        let Some(functions) = value["Functions"].as_array_mut().filter(|_| action == "lambda:ListFunctions") else {
            return;
        };
        for function in functions {
            match function["FunctionName"].as_str().unwrap() {
                "orders-000" => {
                    let error = json!({ "ErrorCode": "AccessDeniedException", "Message": "the key does not open" });
                    function["Environment"] = json!({ "Error": error });
                }
                "orders-001" => function["Layers"] = json!([{ "Arn": foreign, "CodeSize": 100 }]),
                "orders-002" => {
                    function["PackageType"] = json!("Image");
                    function["CodeSha256"] = json!("ab".repeat(32));
                }
                _ => {}
            }
        }
    });
    let source = source(&moto);
    let listing = source.list().expect("a listing");
    let locked = named(&listing, "orders-000");
    assert!(locked.environment.variables.is_empty());
    assert_eq!(locked.environment.error.as_deref(), Some("AccessDeniedException the key does not open"));
    let layered = named(&listing, "orders-001");
    let layer = Archive { identity: foreign.to_owned(), name: foreign.to_owned(), sha256: None, bytes: Some(100) };
    assert_eq!(layered.layers.as_slice(), std::slice::from_ref(&layer));
    let error = source.fetch(layered, &layer, &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("lambda:GetLayerVersion: AccessDeniedException: "), "{error}");
    assert_eq!(named(&listing, "orders-002").code, Code::Image(format!("sha256:{}", "ab".repeat(32))));
}

/// Answers hold variables; what is said of them must not.
#[test]
fn no_message_holds_a_variable() {
    let Some(moto) = Moto::filled(8) else { return };
    let planted: Vec<String> = secrets().into_values().collect();
    let started = Instant::now();
    for broken in [json!(["x"]), json!("x"), json!({ "Variables": ["x"] })] {
        let broken = broken.clone();
        let secret = planted.clone();
        moto.proxy.patch(move |action, _, value| {
            if action == "lambda:ListFunctions" {
                value["Functions"][1]["Environment"] = broken.clone();
                value["Functions"][0]["Environment"]["Variables"]["PLANTED"] = json!(secret);
            }
        });
        let error = source(&moto).list().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
        assert!(planted.iter().all(|value| !error.contains(value.as_str())), "a message quotes an answer");
        moto.proxy.mend();
    }
    assert!(started.elapsed().as_secs() < 120);
}
