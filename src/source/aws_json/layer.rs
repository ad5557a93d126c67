//! Versions of layers (<https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html>).

use super::filled;
use super::function::digest;
use crate::formats::lenient::{Text, record};

/// What `get-layer-version` prints.
pub(in crate::source) struct LayerVersion {
    /// The ARN of the version.
    pub arn: String,
    /// SHA-256 of the archive in hexadecimal.
    pub sha256: Option<String>,
}

record! {
    struct Printed<'de> {
        "LayerVersionArn" => arn: Text<'de>,
        "Content" => content: Content<'de>,
    }
}

record! {
    struct Content<'de> {
        "CodeSha256" => sha256: Text<'de>,
    }
}

pub(super) fn version(text: &str) -> Result<LayerVersion, serde_json::Error> {
    let printed: Printed<'_> = filled(text)?;
    Ok(LayerVersion {
        arn: printed.arn.unwrap_or_default().into_owned(),
        sha256: printed.content.sha256.as_deref().and_then(digest),
    })
}
