//! Saved functions: which archive is whose, what the JSON beside it says, and what is told where something is missing.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tidewaiter::artifact::Limits;
use tidewaiter::model::{GapKind, Level};
use tidewaiter::source::{Archive, BucketOptions, Code, Deployed, FetchError, Files, Listing, Source};

use crate::support::{Zip, write};

mod trouble;

const ACCOUNT: &str = "arn:aws:lambda:eu-west-1:123456789012";

/// What a function of this name is, in bytes that no other one has.
fn archive(name: &str) -> Vec<u8> {
    Zip::new().file("index.js", format!("exports.handler = () => '{name}'")).build()
}

fn digest(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// What `get-function-configuration` prints.
fn configuration(name: &str, code: Option<&[u8]>) -> Value {
    json!({
        "FunctionName": name,
        "FunctionArn": format!("{ACCOUNT}:function:{name}"),
        "Runtime": "nodejs22.x",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::123456789012:role/shop",
        "Version": "$LATEST",
        "LastModified": "2026-11-01T08:00:00.000+0000",
        "PackageType": "Zip",
        "CodeSha256": code.map(digest),
        "Environment": {"Variables": {"STAGE": "prod"}},
    })
}

/// A configuration with more in it.
fn with(mut value: Value, more: Value) -> Value {
    let fields = more.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(fields);
    value
}

fn save(root: &Path, path: &str, value: &Value) {
    write(root, path, serde_json::to_string_pretty(value).unwrap().as_bytes());
}

struct Tree(TempDir, Files);

impl Tree {
    fn new(fill: impl FnOnce(&Path)) -> Tree {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        let files = Files::open(folder.path().to_str().unwrap(), &BucketOptions::default()).unwrap();
        Tree(folder, files)
    }

    fn list(&self) -> Listing {
        self.1.list().unwrap()
    }

    /// The only function.
    fn one(&self) -> Deployed {
        let mut listing = self.list();
        assert_eq!((ids(&listing).len(), listing.unseen.len()), (1, 0), "{:?} {:?}", ids(&listing), listing.unseen);
        listing.functions.remove(0)
    }

    fn fetch(&self, function: &Deployed, archive: &Archive) -> Result<Vec<u8>, FetchError> {
        self.1.fetch(function, archive, &Limits::default())
    }

    fn code(&self, function: &Deployed) -> Result<Vec<u8>, FetchError> {
        self.fetch(function, code(function))
    }
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.functions.iter().map(|function| function.id.as_str()).collect()
}

fn code(function: &Deployed) -> &Archive {
    match &function.code {
        Code::Archive(archive) => archive,
        Code::Image(image) => panic!("{} is the image {image}", function.id),
    }
}

fn latest(name: &str) -> String {
    format!("{ACCOUNT}:function:{name}:$LATEST")
}

#[test]
fn an_archive_and_its_configuration_are_one_function() {
    let bytes = archive("orders");
    for (path, json) in [
        ("orders.zip", "orders.json"),
        ("orders.zip", "orders.get-function.json"),
        ("code/orders.zip", "configurations/anything.json"),
        ("orders/code.zip", "orders/function.json"),
        ("orders/build-51.zip", "orders/configuration.json"),
    ] {
        // Without a digest only names and folders tell.
        for announced in [None, Some(&bytes[..])] {
            let get = json!({
                "Configuration": configuration("orders", announced),
                "Code": {"RepositoryType": "S3", "Location": "https://s3.example.com/?X-Amz-Signature=0"},
                "Tags": {"team": "shop"},
                "Concurrency": {"ReservedConcurrentExecutions": 5},
            });
            let tree = Tree::new(|root| {
                write(root, path, &bytes);
                save(root, json, &get);
            });
            let function = tree.one();
            assert_eq!(function.id, latest("orders"), "{path} {json}");
            assert_eq!(function.environment.variables, [("STAGE".to_owned(), "prod".to_owned())]);
            assert_eq!(function.environment.config.runtime.as_deref(), Some("nodejs22.x"));
            assert!(function.gaps.is_empty());
            assert_eq!(tree.code(&function), Ok(bytes.clone()), "{path} {json}");
            assert_eq!(code(&function).name, path);
            let cloud = function.environment.config.cloud.as_deref().unwrap();
            assert_eq!((cloud.account.as_deref(), cloud.region.as_deref()), (Some("123456789012"), Some("eu-west-1")));
            assert_eq!(cloud.qualifier.as_deref(), Some("$LATEST"));
            assert_eq!(cloud.role.as_ref().unwrap().arn, "arn:aws:iam::123456789012:role/shop");
            let (details, gaps) = tree.1.details(&function);
            let details = details.unwrap();
            assert_eq!((details.tags["team"].as_str(), details.reserved_concurrency), ("shop", Some(5)));
            assert!(gaps.is_empty());
        }
    }
}

#[test]
fn an_archive_alone_is_a_function_of_its_own() {
    let bytes = archive("orders");
    let tree = Tree::new(|root| {
        write(root, "a/orders", &bytes);
        write(root, "README.md", b"# Not one");
        write(root, "broken.zip", b"no zip");
        write(root, "package.json", b"{\"name\": \"left-pad\"}");
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), ["a/orders", "broken.zip"]);
    assert!(listing.unseen.is_empty());
    let orders = &listing.functions[0];
    assert_eq!(orders.environment.config, tidewaiter::model::FunctionConfig::default());
    assert_eq!(tree.code(orders), Ok(bytes.clone()));
    let archive = code(orders);
    assert_eq!(archive.identity, format!("sha256:{}", archive.sha256.as_deref().unwrap()));
    assert_eq!(archive.bytes, Some(bytes.len() as u64));
}

#[test]
fn a_digest_finds_its_archive_under_any_name() {
    let (orders, stock) = (archive("orders"), archive("stock"));
    let tree = Tree::new(|root| {
        write(root, "1.zip", &orders);
        write(root, "2.zip", &stock);
        let both = [configuration("orders", Some(&orders)), configuration("stock", Some(&stock))];
        save(root, "list.json", &json!({"Functions": both}));
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("orders"), latest("stock")]);
    assert_eq!(tree.code(&listing.functions[0]), Ok(orders));
    assert_eq!(tree.code(&listing.functions[1]), Ok(stock));
}

#[test]
fn a_copy_of_what_is_claimed_is_no_function_of_its_own() {
    let bytes = archive("orders");
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &bytes);
        write(root, "a-copy.zip", &bytes);
        save(root, "orders.json", &configuration("orders", Some(&bytes)));
    });
    let function = tree.one();
    assert_eq!((function.id.as_str(), code(&function).name.as_str()), (&*latest("orders"), "orders.zip"));
}

#[test]
fn a_function_called_like_an_archive_does_not_hide_it() {
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        write(root, "stock.zip", &archive("stock"));
        save(root, "x.json", &json!({"FunctionName": "orders.zip"}));
    });
    assert_eq!(ids(&tree.list()), ["./orders.zip", "orders.zip", "stock.zip"]);
}

/// Each of these takes seconds. They would take hours where one part of a file is held against all others.
#[test]
fn files_that_say_the_same_over_and_over_are_read_once() {
    let arn = format!("{ACCOUNT}:function:f0");
    let policy = |n: usize| {
        let statement = json!({"Sid": format!("s{n}"), "Resource": arn, "Condition": "x".repeat(1_000)});
        json!({"Policy": json!({"Statement": [statement]}).to_string()})
    };
    let functions = 3_000;
    let tree = Tree::new(|root| {
        let own = (0..functions)
            .map(|n| json!({"FunctionName": format!("f{n}"), "FunctionArn": format!("{ACCOUNT}:function:f{n}")}));
        let company = (0..functions).flat_map(|n| [json!({"Tags": {"n": n.to_string()}}), json!({})]);
        save(root, "all.json", &own.chain(company).collect());
        save(root, "policies.json", &(0..functions).map(policy).collect());
        let routing = json!({"AdditionalVersionWeights": {"$LATEST": 0.1, "2": 0.1}});
        save(
            root,
            "alias.json",
            &json!({"AliasArn": format!("{arn}:live"), "Name": "live", "FunctionVersion": "1", "RoutingConfig": routing}),
        );
    });
    let listing = tree.list();
    assert_eq!(listing.functions.len(), functions);
    let cloud = listing.functions[0].environment.config.cloud.as_ref().unwrap();
    let details = cloud.details.as_ref().unwrap();
    assert_eq!(details.policy.as_ref().unwrap().matches("Sid").count(), functions);
    assert_eq!(details.tags["n"], (functions - 1).to_string());
    assert!(listing.unseen.iter().any(|place| place.detail.contains("one page of a list")), "no alias leads to three");
}

#[test]
fn another_digest_than_announced_is_told_and_never_taken_for_either() {
    let (announced, came) = (archive("orders"), archive("evil"));
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &came);
        save(root, "orders.json", &configuration("orders", Some(&announced)));
    });
    let function = tree.one();
    assert!(matches!(tree.code(&function), Err(FetchError::Digest { .. })));
    assert!(!code(&function).identity.starts_with("sha256:"));
}

#[test]
fn what_changes_after_the_listing_is_told() {
    let tree = Tree::new(|root| drop(write(root, "orders.zip", &archive("orders"))));
    let function = tree.one();
    write(tree.0.path(), "orders.zip", &archive("others"));
    assert!(matches!(tree.code(&function), Err(FetchError::Digest { .. })));
    fs::remove_file(tree.0.path().join("orders.zip")).unwrap();
    assert!(matches!(tree.code(&function), Err(FetchError::Unavailable(_))));
}

#[test]
fn a_configuration_without_archive_is_a_function_without_code() {
    let tree = Tree::new(|root| {
        save(root, "orders.json", &configuration("orders", None));
        save(root, "image.json", &with(configuration("image", None), json!({"PackageType": "Image"})));
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("image"), latest("orders")]);
    assert_eq!(listing.functions[0].code, Code::Image(String::new()));
    let Err(FetchError::Unavailable(why)) = tree.code(&listing.functions[1]) else { panic!("there is no archive") };
    assert!(why.contains("orders.zip"), "{why}");
}

#[test]
fn an_image_is_named_by_its_digest_however_it_was_saved() {
    let digest = "ab".repeat(32);
    let image = |sha256: Option<&str>| {
        with(configuration("image", None), json!({"PackageType": "Image", "CodeSha256": sha256}))
    };
    let tag = "registry.example.com/image:latest";
    let resolved = format!("registry.example.com/image@sha256:{digest}");
    for output in [
        image(Some(&digest)),
        json!({"Functions": [image(Some(&digest))]}),
        json!({"Configuration": image(Some(&digest)), "Code": {"ImageUri": tag}}),
        json!({"Configuration": image(None), "Code": {"ImageUri": tag, "ResolvedImageUri": resolved}}),
    ] {
        let function = Tree::new(|root| save(root, "image.json", &output)).one();
        assert_eq!(function.code, Code::Image(format!("sha256:{digest}")), "{output}");
    }
    let output = json!({"Configuration": image(None), "Code": {"ImageUri": tag}});
    assert_eq!(Tree::new(|root| save(root, "image.json", &output)).one().code, Code::Image(tag.to_owned()));
}

#[test]
fn two_archives_that_could_be_meant_are_none() {
    let tree = Tree::new(|root| {
        write(root, "a/orders.zip", &archive("1"));
        write(root, "b/orders.zip", &archive("2"));
        save(root, "list.json", &json!({"Functions": [configuration("orders", None)]}));
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), ["a/orders.zip", &latest("orders"), "b/orders.zip"]);
    let Err(FetchError::Unavailable(why)) = tree.code(&listing.functions[1]) else { panic!("one was taken") };
    assert!(why.contains("a/orders.zip") && why.contains("b/orders.zip"), "{why}");
}

#[test]
fn layers_are_found_by_digest_and_by_name() {
    let (base, tools) = (archive("base"), archive("tools"));
    let [first, second, third] = ["base:7", "tools:2", "lost:1"].map(|layer| format!("{ACCOUNT}:layer:{layer}"));
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        write(root, "layers/base-7.zip", &base);
        write(root, "layers/x.zip", &tools);
        let layers = json!({"Layers": [{"Arn": first, "CodeSize": base.len()}, {"Arn": second}, {"Arn": third}]});
        save(root, "orders.json", &with(configuration("orders", None), layers));
        let content = json!({"Location": "https://s3.example.com/", "CodeSha256": digest(&tools)});
        save(root, "layers/tools.json", &json!({"LayerVersionArn": second, "Content": content}));
    });
    let function = tree.one();
    assert_eq!(function.environment.config.layers, [first, second, third.clone()]);
    assert_eq!(tree.fetch(&function, &function.layers[0]), Ok(base));
    assert_eq!(tree.fetch(&function, &function.layers[1]), Ok(tools));
    assert_eq!((&function.layers[2].identity, &function.layers[2].name), (&third, &third));
    let Err(FetchError::Unavailable(why)) = tree.fetch(&function, &function.layers[2]) else { panic!("it is lost") };
    assert!(why.contains("layers/lost-1.zip"), "{why}");
}

#[test]
fn what_is_said_of_the_whole_account_reaches_its_functions() {
    let arn = format!("{ACCOUNT}:function:orders");
    let version = |number: &str| {
        with(configuration("orders", None), json!({"FunctionArn": format!("{arn}:{number}"), "Version": number}))
    };
    let policy = |sid: &str, resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow", "Resource": resource}]})
            .to_string()
    };
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        write(root, "orders-3.zip", &archive("orders 3"));
        save(root, "orders.json", &configuration("orders", None));
        save(root, "x/versions.json", &json!({"Versions": [version("$LATEST"), version("2"), version("3")]}));
        save(
            root,
            "x/aliases.json",
            &json!({"Aliases": [
            {"AliasArn": format!("{arn}:live"), "Name": "live", "FunctionVersion": "3"}]}),
        );
        save(
            root,
            "x/mappings.json",
            &json!({"EventSourceMappings": [
            {"UUID": "1", "FunctionArn": arn, "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q"}]}),
        );
        save(
            root,
            "x/urls.json",
            &json!({"FunctionUrlConfigs": [{"FunctionUrl": "https://x.example.com/",
            "FunctionArn": format!("{arn}:live"), "AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}}]}),
        );
        save(root, "x/policy.json", &json!({"Policy": policy("a", &arn), "RevisionId": "1"}));
        save(
            root,
            "x/iam.json",
            &json!({
                "RoleDetailList": [{
                    "Arn": "arn:aws:iam::123456789012:role/shop",
                    "AssumeRolePolicyDocument": {"Statement": []},
                    "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": [{"Action": "*"}]}}],
                    "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:p"}],
                    "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"},
                }],
                "Policies": [{"Arn": "arn:p", "DefaultVersionId": "v2", "PolicyVersionList": [
                    {"VersionId": "v1", "Document": {"Statement": ["old"]}, "IsDefaultVersion": false},
                    {"VersionId": "v2", "Document": {"Statement": ["new"]}, "IsDefaultVersion": true}]}],
            }),
        );
        save(root, "orders.tags.json", &json!({"Tags": {"team": "shop"}}));
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("orders"), format!("{arn}:3")].map(|id| id), "version 2 is not called");
    let [cloud, live] = [0, 1].map(|at| listing.functions[at].environment.config.cloud.as_deref().unwrap());
    assert_eq!(
        (cloud.used_by.as_slice(), live.used_by.as_slice()),
        (&["event source".to_owned()][..], &["alias live".to_owned()][..])
    );
    assert_eq!(cloud.event_sources, ["arn:aws:sqs:eu-west-1:123456789012:q"]);
    let details = cloud.details.as_ref().unwrap();
    assert_eq!(details.policy.as_deref(), Some(&*policy("a", &arn)));
    assert_eq!(details.tags["team"], "shop");
    let url = &live.details.as_ref().unwrap().urls[0];
    assert_eq!(
        (url.auth.as_str(), url.qualifier.as_deref(), url.origins.as_slice()),
        ("NONE", Some("live"), &["*".to_owned()][..])
    );
    let role = cloud.role.as_ref().unwrap();
    assert_eq!(role.inline["own"], r#"{"Statement":[{"Action":"*"}]}"#);
    assert_eq!(role.attached["arn:p"], r#"{"Statement":["new"]}"#);
    assert_eq!((role.boundary.as_deref(), role.trust.as_deref()), (Some("arn:b"), Some(r#"{"Statement":[]}"#)));
    assert_eq!(tree.code(&listing.functions[1]), Ok(archive("orders 3")));
}

#[test]
fn of_two_configurations_the_later_one_counts() {
    let later =
        json!({"LastModified": "2026-11-02T08:00:00.000+0000", "Environment": {"Variables": {"STAGE": "test"}}});
    let (early, late) = (configuration("orders", None), with(configuration("orders", None), later));
    for (first, second) in [(&early, &late), (&late, &early)] {
        let tree = Tree::new(|root| {
            write(root, "orders.zip", &archive("orders"));
            save(root, "a.json", first);
            save(root, "orders.json", second);
        });
        let function = tree.one();
        assert_eq!(function.environment.variables, [("STAGE".to_owned(), "test".to_owned())]);
        let [gap] = &function.gaps[..] else { panic!("{:?}", function.gaps) };
        assert_eq!((gap.level, gap.kind), (Level::Note, GapKind::Mismatch));
    }
    let same = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        save(root, "orders.json", &early);
        save(root, "list.json", &json!({"Functions": [early]}));
    });
    assert!(same.one().gaps.is_empty());
}
