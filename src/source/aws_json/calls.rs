//! Who may call a function, where from, and how often: what is asked beside its configuration.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::raw::{Policy, Texts};
use super::{Document, Page, filled};
use crate::formats::lenient::{Entries, List, Object, Text, record};
use crate::model::FunctionUrl;

/// An address of a function
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_FunctionUrlConfig.html>).
pub(in crate::source) struct Url {
    /// ARN, with the alias that the address leads to.
    pub function: String,
    /// The address; its qualifier is not set.
    pub url: FunctionUrl,
}

/// Something that calls a function without being asked
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html>).
pub(in crate::source) struct Mapping {
    /// ARN, with the alias or version that is called.
    pub function: String,
    /// The queue's, stream's or topic's ARN, or `kafka:` and the server of a cluster outside of AWS, which has none.
    pub sources: Vec<String>,
}

/// A name that points to one version, or to two for a while
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_AliasConfiguration.html>).
pub(in crate::source) struct Alias {
    /// The function's ARN with the alias behind it.
    pub arn: String,
    /// `live`
    pub name: String,
    /// All that it points to.
    pub versions: Vec<String>,
}

/// Concurrency that is kept ready.
pub(in crate::source) struct Provisioned {
    /// ARN, with the alias or version.
    pub function: String,
}

record! {
    struct Urls<'de> {
        "FunctionUrlConfigs" => all: List<PrintedUrl<'de>>,
        "NextMarker" => marker: Text<'de>,
    }
}

record! {
    struct PrintedUrl<'de> {
        "FunctionUrl" => url: Text<'de>,
        "FunctionArn" => function: Text<'de>,
        "AuthType" => auth: Text<'de>,
        "Cors" => cors: Cors<'de>,
    }
}

record! {
    struct Cors<'de> {
        "AllowOrigins" => origins: List<Text<'de>>,
    }
}

record! {
    struct Mappings<'de> {
        "EventSourceMappings" => all: List<PrintedMapping<'de>>,
        "NextMarker" => marker: Text<'de>,
    }
}

record! {
    struct PrintedMapping<'de> {
        "FunctionArn" => function: Text<'de>,
        "EventSourceArn" => source: Text<'de>,
        "SelfManagedEventSource" => cluster: Cluster<'de>,
    }
}

record! {
    struct Cluster<'de> {
        "Endpoints" => endpoints: Entries<'de, List<Text<'de>>>,
    }
}

record! {
    struct Aliases<'de> {
        "Aliases" => all: List<PrintedAlias<'de>>,
        "NextMarker" => marker: Text<'de>,
    }
}

record! {
    struct PrintedAlias<'de> {
        "AliasArn" => arn: Text<'de>,
        "Name" => name: Text<'de>,
        "FunctionVersion" => version: Text<'de>,
        "RoutingConfig" => routing: Routing,
    }
}

record! {
    struct Routing {
        "AdditionalVersionWeights" => weights: Texts,
    }
}

record! {
    struct Provisions<'de> {
        "ProvisionedConcurrencyConfigs" => all: List<PrintedProvision<'de>>,
        "NextMarker" => marker: Text<'de>,
    }
}

record! {
    struct PrintedProvision<'de> {
        "FunctionArn" => function: Text<'de>,
    }
}

record! {
    /// Outputs that name no function.
    struct Small<'de> {
        "Policy" => policy: Policy,
        "ReservedConcurrentExecutions" => reserved: Text<'de>,
        "Tags" => tags: Object<Texts>,
    }
}

pub(super) fn urls(text: &str) -> Result<Page<Url>, serde_json::Error> {
    let mut printed: Urls<'_> = filled(text)?;
    let alone: PrintedUrl<'_> = filled(text)?;
    printed.all.items.extend(alone.url.is_some().then_some(alone));
    Ok(Page::of(printed.all, &[&printed.marker], |one| {
        let mut origins: Vec<String> =
            one.cors.origins.items.into_iter().flatten().map(|one| one.into_owned()).collect();
        origins.sort();
        let url = FunctionUrl {
            url: one.url?.into_owned(),
            auth: one.auth.unwrap_or_default().into_owned(),
            qualifier: None,
            origins,
        };
        Some(Url { function: one.function?.into_owned(), url })
    }))
}

pub(super) fn mappings(text: &str) -> Result<Page<Mapping>, serde_json::Error> {
    let mut printed: Mappings<'_> = filled(text)?;
    let alone: PrintedMapping<'_> = filled(text)?;
    printed.all.items.extend(alone.function.is_some().then_some(alone));
    Ok(Page::of(printed.all, &[&printed.marker], |one| {
        let servers = one.cluster.endpoints.into_iter().flat_map(|(_, servers)| servers.items).flatten();
        let servers = servers.map(|server| format!("kafka:{server}"));
        let sources = one.source.map(|source| source.into_owned()).into_iter().chain(servers).collect();
        Some(Mapping { function: one.function?.into_owned(), sources })
    }))
}

/// Versions that an alias leads to beside its own
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html>): whatever is said of the alias is
/// said of each of them.
const MOST_SHIFTED: usize = 1;

pub(super) fn aliases(text: &str) -> Result<Page<Alias>, serde_json::Error> {
    let mut printed: Aliases<'_> = filled(text)?;
    let alone: PrintedAlias<'_> = filled(text)?;
    printed.all.items.extend(alone.arn.is_some().then_some(alone));
    printed.all.cut |= printed.all.items.iter().any(|one| one.routing.weights.0.len() > MOST_SHIFTED);
    Ok(Page::of(printed.all, &[&printed.marker], |one| {
        let shifted = one.routing.weights.0.into_iter().take(MOST_SHIFTED).map(|(version, _)| version);
        let versions = one.version.map(|version| version.into_owned()).into_iter().chain(shifted).collect();
        Some(Alias { arn: one.arn?.into_owned(), name: one.name?.into_owned(), versions })
    }))
}

pub(super) fn provisioned(text: &str) -> Result<Page<Provisioned>, serde_json::Error> {
    let printed: Provisions<'_> = filled(text)?;
    Ok(Page::of(printed.all, &[&printed.marker], |one| Some(Provisioned { function: one.function?.into_owned() })))
}

/// ARNs that a resource policy speaks of: those of its function.
pub(in crate::source) fn resources(policy: &str) -> Vec<String> {
    record! {
        struct Statements<'de> {
            "Statement" => all: List<Statement<'de>>,
        }
    }
    record! {
        struct Statement<'de> {
            "Resource" => resource: Text<'de>,
        }
    }
    let statements = filled::<Statements<'_>>(policy).map(|policy| policy.all.items).unwrap_or_default();
    statements.into_iter().filter_map(|one| one.resource.map(|arn| arn.into_owned())).collect()
}

/// The statements of a policy, each as the JSON that it is.
pub(in crate::source) fn statements(policy: &str) -> Option<Vec<&str>> {
    #[derive(Deserialize)]
    struct Statements<'a> {
        #[serde(rename = "Statement", borrow)]
        all: Vec<&'a RawValue>,
    }
    let statements: Statements<'_> = serde_json::from_str(policy).ok()?;
    Some(statements.all.into_iter().map(RawValue::get).collect())
}

/// What says so little that its shape is hardly one.
pub(super) fn small(text: &str) -> Result<Option<Document>, serde_json::Error> {
    /// A policy has 20 KB at most, 50 tags have 77 KB
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Every version gets a copy.
    const MOST: usize = 256 << 10;
    if text.len() > MOST {
        return Ok(None);
    }
    let Small { policy, reserved, tags } = filled(text)?;
    let reserved = reserved.and_then(|count| count.parse().ok());
    // IAM's `get-policy` prints what is said of a policy under the same key.
    let policy = policy.0.filter(|policy| policy.starts_with('{') && policy.contains("\"Statement\":"));
    Ok(match (policy, reserved, tags.0) {
        (Some(policy), ..) => Some(Document::Policy(policy)),
        (None, Some(count), _) => Some(Document::Concurrency(count)),
        (None, None, Some(tags)) => Some(Document::Tags(tags.0)),
        (None, None, None) => None,
    })
}
