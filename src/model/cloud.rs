//! What a cloud says of a function that is deployed there, beside its code.
//!
//! The fields are those of AWS Lambda's interface
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>), named so that the other clouds' fit
//! in. Judging them is posture's; here they are only kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A function version where it is deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cloud {
    /// `aws`
    pub provider: String,
    /// The account that owns it.
    pub account: Option<String>,
    /// `eu-west-1`
    pub region: Option<String>,
    /// `$LATEST` or a version's number.
    pub qualifier: Option<String>,
    /// What points to this version, sorted: `alias live`, `event source`, `provisioned concurrency`, `edge`.
    pub used_by: Vec<String>,
    /// When somebody last changed it, as the cloud writes it.
    pub modified: Option<String>,
    /// The role that it runs under.
    pub role: Option<Role>,
    /// What calls it without being asked: ARNs of queues, streams, topics. Sorted.
    pub event_sources: Vec<String>,
    /// RFC 3339: when the function, whichever of its versions, was last called; `None` where no call is known.
    pub invoked: Option<String>,
    /// RFC 3339: from when on calls would be known. `None` where the cloud's metrics were not asked, or did not answer:
    /// then no call that is known does not mean that there was none.
    pub calls_known_since: Option<String>,
    /// What takes a call of its own for each function; `None` where it could not be had.
    pub details: Option<Details>,
}

/// A role with everything that it may do. Policies are JSON documents as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// Attached policies by ARN.
    pub attached: BTreeMap<String, String>,
    /// The permissions boundary's ARN.
    pub boundary: Option<String>,
    /// The policy that the boundary is; `None` without a boundary, or where its text was not told.
    pub boundary_policy: Option<String>,
    /// Who may take the role on.
    pub trust: Option<String>,
}

/// What is asked for each function by itself, and only where it may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// RFC 3339: when it was asked.
    pub asked: String,
    /// Addresses of its own, sorted.
    pub urls: Vec<FunctionUrl>,
    /// The resource policy: who may call it. A JSON document.
    pub policy: Option<String>,
    /// Calls that are kept for it at once.
    pub reserved_concurrency: Option<u32>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// An address of a function's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionUrl {
    /// `https://...`
    pub url: String,
    /// Who may call it: `NONE` for everybody, `AWS_IAM`.
    pub auth: String,
    /// The alias that it leads to.
    pub qualifier: Option<String>,
    /// Origins whose pages may call it, sorted.
    pub origins: Vec<String>,
}
