//! What AWS's command line prints, known by its content: the one reader of these shapes.
//!
//! Fields are those of AWS's interfaces (<https://docs.aws.amazon.com/lambda/latest/api/>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/>); the command line prints them unchanged. Fields of another
//! type than theirs are passed over, so that one of them spoils nothing. Values may be secrets: no error quotes one.

mod access;
mod calls;
mod function;
mod layer;
mod raw;

use serde::de::DeserializeSeed;
use serde_json::Deserializer;
use serde_json::value::RawValue;

pub(super) use access::Access;
pub(super) use calls::{Alias, Mapping, Provisioned, Url, resources, statements};
pub(super) use function::{Configuration, variables};
#[cfg(feature = "aws")]
pub(super) use function::{digest, image};
pub(super) use layer::LayerVersion;
#[cfg(feature = "aws")]
pub(super) use raw::policy;

use crate::formats::lenient::{self, Fill, Keys, Lenient, List};

/// One output of the command line.
pub(super) enum Document {
    /// `get-function`, `get-function-configuration`, and what creates, updates and publishes functions.
    Function(Box<Configuration>),
    /// `list-functions`, `list-versions-by-function`
    Functions(Page<Configuration>),
    /// `get-policy`: the resource policy of a function, a JSON document.
    Policy(String),
    /// `list-function-url-configs`, `get-function-url-config`
    Urls(Page<Url>),
    /// `list-event-source-mappings`, `get-event-source-mapping`
    Mappings(Page<Mapping>),
    /// `list-aliases`, `get-alias`
    Aliases(Page<Alias>),
    /// `list-provisioned-concurrency-configs`
    Provisioned(Page<Provisioned>),
    /// `get-function-concurrency`: calls that are kept for a function.
    Concurrency(u32),
    /// `list-tags`
    Tags(Vec<(String, String)>),
    /// `get-layer-version`
    Layer(LayerVersion),
    /// `iam get-account-authorization-details`
    Access(Page<Access>),
    /// JSON of no shape that says something of functions.
    Other,
}

/// A list, which the interface hands out in pages.
pub(super) struct Page<T> {
    /// Those of this page.
    pub items: Vec<T>,
    /// There are more, and they are not here.
    pub cut: bool,
}

/// Where a text is no JSON. The parser's own words could quote a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not valid JSON at line {line}, column {column}")]
pub(super) struct BadJson {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

impl From<serde_json::Error> for BadJson {
    fn from(error: serde_json::Error) -> BadJson {
        BadJson { line: error.line(), column: error.column() }
    }
}

/// Reads all outputs of a file: people append one to another, and `jq -s` makes an array of them.
///
/// # Errors
/// [`BadJson`] for the first place that is none.
pub(super) fn documents(text: &str) -> Result<Vec<Document>, BadJson> {
    let mut found = Vec::new();
    // Of what says nothing once is enough: a file may hold ten million of them.
    let mut add = |document| match (&document, found.last()) {
        (Document::Other, Some(Document::Other)) => {}
        _ => found.push(document),
    };
    for value in Deserializer::from_str(text).into_iter::<&RawValue>() {
        let value = value?.get();
        let inner: Vec<&RawValue> =
            if value.starts_with('[') { at(text, value, serde_json::from_str)? } else { vec![] };
        if inner.is_empty() {
            add(at(text, value, document)?);
        }
        for value in inner {
            add(at(text, value.get(), document)?);
        }
    }
    Ok(found)
}

/// Reads a part of a text; the place of an error is that in the whole.
fn at<'t, T>(
    text: &str,
    part: &'t str,
    read: impl FnOnce(&'t str) -> Result<T, serde_json::Error>,
) -> Result<T, BadJson> {
    read(part).map_err(|error| {
        let before = &text.as_bytes()[..part.as_ptr().addr() - text.as_ptr().addr()];
        let lines = memchr::memchr_iter(b'\n', before).count();
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        BadJson { line: lines + error.line(), column: error.column() + if error.line() > 1 { 0 } else { column } }
    })
}

/// Reads one output.
///
/// # Errors
/// Those of the syntax.
pub(super) fn document(text: &str) -> Result<Document, serde_json::Error> {
    let mut keys = Keys::default();
    let mut deserializer = Deserializer::from_str(text);
    Fill(&mut keys).deserialize(&mut deserializer)?;
    deserializer.end()?;
    let has = |key: &str| keys.0.iter().any(|known| known == key);

    // What tells more comes first: addresses and mappings name their function as well.
    if has("FunctionUrl") || has("FunctionUrlConfigs") {
        return Ok(Document::Urls(calls::urls(text)?));
    }
    if has("EventSourceMappings") || (has("UUID") && has("FunctionArn")) {
        return Ok(Document::Mappings(calls::mappings(text)?));
    }
    if ["Configuration", "FunctionName", "FunctionArn", "Environment"].into_iter().any(has)
        && let Some(function) = function::one(text)?
    {
        return Ok(Document::Function(Box::new(function)));
    }
    if has("Functions") || has("Versions") {
        return Ok(Document::Functions(function::many(text)?));
    }
    if has("LayerVersionArn") {
        return Ok(Document::Layer(layer::version(text)?));
    }
    if has("RoleDetailList") || has("Policies") {
        return Ok(Document::Access(access::account(text)?));
    }
    if has("Aliases") || has("AliasArn") {
        return Ok(Document::Aliases(calls::aliases(text)?));
    }
    if has("ProvisionedConcurrencyConfigs") {
        return Ok(Document::Provisioned(calls::provisioned(text)?));
    }
    Ok(calls::small(text)?.unwrap_or(Document::Other))
}

/// Fills a record from a text.
fn filled<'de, T: Lenient<'de> + Default>(text: &'de str) -> Result<T, serde_json::Error> {
    let mut value = T::default();
    lenient::json(text, &mut value)?;
    Ok(value)
}

impl<T> Page<T> {
    /// Takes over what is of use of a list. `more` are the marks of a page that others follow.
    fn of<V>(list: List<V>, more: &[&lenient::Text<'_>], make: impl FnMut(V) -> Option<T>) -> Page<T> {
        let cut = list.cut || more.iter().any(|mark| mark.as_deref().is_some_and(|mark| !mark.is_empty()));
        Page { items: list.items.into_iter().filter_map(make).collect(), cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        let documents = documents(text).map_err(|error| error.to_string()).unwrap();
        let kind = |document: &Document| match document {
            Document::Function(_) => "function",
            Document::Functions(_) => "functions",
            Document::Policy(_) => "policy",
            Document::Urls(_) => "urls",
            Document::Mappings(_) => "mappings",
            Document::Aliases(_) => "aliases",
            Document::Provisioned(_) => "provisioned",
            Document::Concurrency(_) => "concurrency",
            Document::Tags(_) => "tags",
            Document::Layer(_) => "layer",
            Document::Access(_) => "access",
            Document::Other => "other",
        };
        documents.iter().map(kind).collect()
    }

    #[test]
    fn outputs_are_known_by_their_content() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        for (text, kind) in [
            (r#"{"Configuration": {"FunctionName": "orders"}, "Code": {}}"#.to_owned(), "function"),
            (r#"{"FunctionName": "orders"}"#.to_owned(), "function"),
            (format!(r#"{{"FunctionArn": "{arn}", "Runtime": "nodejs22.x"}}"#), "function"),
            (r#"{"Functions": []}"#.to_owned(), "functions"),
            (r#"{"Versions": []}"#.to_owned(), "functions"),
            (r#"{"Policy": "{\"Statement\": []}", "RevisionId": "1"}"#.to_owned(), "policy"),
            (r#"{"Policy": {"PolicyName": "read", "Arn": "arn:p"}}"#.to_owned(), "other"),
            (format!(r#"{{"FunctionUrl": "https://x.example.com/", "FunctionArn": "{arn}"}}"#), "urls"),
            (r#"{"FunctionUrlConfigs": []}"#.to_owned(), "urls"),
            (format!(r#"{{"UUID": "1", "FunctionArn": "{arn}"}}"#), "mappings"),
            (r#"{"EventSourceMappings": []}"#.to_owned(), "mappings"),
            (r#"{"Aliases": []}"#.to_owned(), "aliases"),
            (r#"{"ProvisionedConcurrencyConfigs": []}"#.to_owned(), "provisioned"),
            (r#"{"ReservedConcurrentExecutions": 5}"#.to_owned(), "concurrency"),
            (r#"{"Tags": {"team": "shop"}}"#.to_owned(), "tags"),
            (r#"{"Content": {}, "LayerVersionArn": "a"}"#.to_owned(), "layer"),
            (r#"{"RoleDetailList": []}"#.to_owned(), "access"),
            (format!(r#"{{"FunctionArn": "{arn}", "MaximumRetryAttempts": 0}}"#), "other"),
            (r#"{"name": "left-pad", "version": "1.3.0"}"#.to_owned(), "other"),
            ("7".to_owned(), "other"),
        ] {
            assert_eq!(kinds(&text), [kind], "{text}");
        }
    }

    #[test]
    fn outputs_after_one_another_and_in_an_array() {
        let one = "{\"FunctionName\": \"a\"}";
        assert_eq!(kinds(&format!("{one}\n{one}\n{{\"Tags\": {{}}}}")), ["function", "function", "tags"]);
        assert_eq!(kinds(&format!("[{one},\n{one}]")), ["function", "function"]);
        assert_eq!(kinds("[{}, {}, {}]"), ["other"]);
        assert_eq!(kinds(""), [""; 0]);
    }

    #[test]
    fn an_error_tells_the_place_in_the_file_and_no_value() {
        for (text, line, column) in [
            ("{\"A\": hunter2}", 1, 7),
            ("{\"A\": 1}\n  {\"FunctionName\":\n \"hunter2", 3, 9),
            // A lone half of a pair, which is found only where the value is taken.
            ("[{},\n {\"FunctionName\": \"\\ud800hunter2\"}]", 2, 26),
        ] {
            let Err(error) = documents(text) else { panic!("{text} was read") };
            assert_eq!((error.line, error.column), (line, column), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{{\"FunctionName\": \"a\", \"x\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(kinds(&deep), ["function"]);
    }
}
