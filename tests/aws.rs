//! Functions at AWS, as far as an emulator shows them: moto's server behind a proxy that keeps AWS's rates.
//!
//! Seen at the emulator only, since moto cannot do it: see `support/moto/repair.rs`. Not seen at all: permissions, real
//! signatures of addresses, answers in AWS's own time, regions that are off, keys that refuse to decrypt.

mod bucket;
mod failures;
mod killed;
mod listing;
mod misfortunes;
mod places;
mod saved;
mod sweep;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidewaiter::artifact::Limits;
use tidewaiter::source::{Aws, AwsOptions, Deployed, Listing, Source};

use crate::support::moto::{Moto, REGION};

/// Options for the one region of a filled account.
fn options(moto: &Moto) -> AwsOptions {
    AwsOptions {
        regions: vec![REGION.to_owned()],
        profiles: vec!["testing".to_owned()],
        endpoint_url: Some(moto.endpoint().to_owned()),
        config_file: Some(moto.profile()),
        ..AwsOptions::default()
    }
}

fn source(moto: &Moto) -> Aws {
    Aws::new(options(moto)).expect("a source")
}

fn named<'a>(listing: &'a Listing, name: &str) -> &'a Deployed {
    let end = if name.contains(':') { format!(":function:{name}") } else { format!(":function:{name}:$LATEST") };
    let found = listing.functions.iter().find(|function| function.id.ends_with(&end));
    found.unwrap_or_else(|| panic!("{name} is listed"))
}

/// The actions that `docs/aws-policy.json` allows.
fn allowed() -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(include_str!("../docs/aws-policy.json")).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Asserts that nothing was asked that the policy does not allow.
fn assert_allowed(calls: &BTreeMap<String, usize>) {
    let allowed = allowed();
    for action in calls.keys() {
        // Nobody needs a permission to ask who they are; the two calls for a layer have one permission.
        let free = action == "sts:GetCallerIdentity";
        let permission = if action == "lambda:GetLayerVersionByArn" { "lambda:GetLayerVersion" } else { action };
        assert!(free || allowed.contains(permission), "{action} is not in docs/aws-policy.json");
    }
}

/// Whether a download succeeds, for the tests that look at how it fails.
fn fetch_code(source: &Aws, function: &Deployed) -> Result<Vec<u8>, tidewaiter::source::FetchError> {
    let tidewaiter::source::Code::Archive(archive) = &function.code else { panic!("an archive") };
    source.fetch(function, archive, &Limits::default())
}
