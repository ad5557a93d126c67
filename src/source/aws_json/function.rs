//! Configurations of functions (<https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>), alone,
//! within what `get-function` prints, and in lists.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::MapAccess;

use super::raw::Texts;
use super::{Page, filled};
use crate::formats::lenient::{Fill, Key, Lenient, List, Object, Text, record};
use crate::model::{Cloud, EnvFile, FunctionConfig, Role, hex};
use crate::source::arn::FunctionArn;

/// A function version.
pub(in crate::source) struct Configuration {
    /// Its variables, and its configuration with what a configuration tells of [`Cloud`].
    pub environment: EnvFile,
    /// The number of a published version, `$LATEST`.
    pub version: Option<String>,
    /// It is a copy at the edge of the version with this ARN.
    pub master: Option<String>,
    /// When it was last changed, as the cloud writes it.
    pub modified: Option<String>,
    /// SHA-256 of its code, in hexadecimal.
    pub sha256: Option<String>,
    /// It is a container image: see [`image`]. Empty where nothing tells which one.
    pub image: Option<String>,
    /// Sizes of its layers in bytes, one for each of [`FunctionConfig::layers`].
    pub layer_bytes: Vec<Option<u64>>,
    /// Its tags, where they were printed along.
    pub tags: Option<Vec<(String, String)>>,
    /// What `get-function` says of concurrency: nothing where none is reserved.
    pub reserved: Option<u32>,
}

record! {
    /// What `get-function` prints.
    struct GetFunction<'de> {
        "Configuration" => configuration: Object<Printed<'de>>,
        "Code" => code: Place<'de>,
        "Tags" => tags: Object<Texts>,
        "Concurrency" => concurrency: Concurrency<'de>,
    }
}

record! {
    struct Place<'de> {
        "ImageUri" => uri: Text<'de>,
        "ResolvedImageUri" => resolved: Text<'de>,
    }
}

record! {
    struct Concurrency<'de> {
        "ReservedConcurrentExecutions" => reserved: Text<'de>,
    }
}

record! {
    struct Printed<'de> {
        "FunctionName" => name: Text<'de>,
        "FunctionArn" => arn: Text<'de>,
        "Runtime" => runtime: Text<'de>,
        "Handler" => handler: Text<'de>,
        "Role" => role: Text<'de>,
        "Version" => version: Text<'de>,
        "MasterArn" => master: Text<'de>,
        "LastModified" => modified: Text<'de>,
        "PackageType" => package: Text<'de>,
        "CodeSha256" => sha256: Text<'de>,
        "Layers" => layers: List<Layer<'de>>,
        "Environment" => environment: Object<Environment<'de>>,
    }
}

record! {
    struct Environment<'de> {
        "Variables" => variables: Texts,
        "Error" => error: Object<Failure<'de>>,
    }
}

record! {
    struct Failure<'de> {
        "ErrorCode" => code: Text<'de>,
        "Message" => message: Text<'de>,
    }
}

record! {
    struct Listed<'de> {
        "Functions" => functions: List<Printed<'de>>,
        "Versions" => versions: List<Printed<'de>>,
        "NextMarker" => marker: Text<'de>,
        "NextToken" => token: Text<'de>,
    }
}

/// A layer: printed with its size, asked for by its ARN alone.
#[derive(Debug, Default)]
struct Layer<'de> {
    arn: Text<'de>,
    bytes: Text<'de>,
}

impl<'de> Lenient<'de> for Layer<'de> {
    fn text(&mut self, text: Cow<'de, str>) {
        self.arn = Some(text);
    }

    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            match &*key {
                "Arn" => map.next_value_seed(Fill(&mut self.arn))?,
                "CodeSize" => map.next_value_seed(Fill(&mut self.bytes))?,
                _ => map.next_value_seed(Fill(&mut ()))?,
            }
        }
        Ok(())
    }
}

/// Reads a configuration by itself or below `Configuration`. `None` where it is something else with a key of the same
/// name: many outputs hold a function's ARN.
pub(super) fn one(text: &str) -> Result<Option<Configuration>, serde_json::Error> {
    let whole: GetFunction<'_> = filled(text)?;
    if let Some(printed) = whole.configuration.0 {
        return Ok(printed.is_function().then(|| Configuration {
            tags: whole.tags.0.map(|tags| tags.0),
            reserved: whole.concurrency.reserved.and_then(|count| count.parse().ok()),
            ..printed.taken(whole.code)
        }));
    }
    let printed: Printed<'_> = filled(text)?;
    Ok(printed.is_function().then(|| printed.taken(Place::default())))
}

/// Reads a list of configurations.
pub(super) fn many(text: &str) -> Result<Page<Configuration>, serde_json::Error> {
    let mut list: Listed<'_> = filled(text)?;
    list.functions.cut |= list.versions.cut;
    list.functions.items.append(&mut list.versions.items);
    Ok(Page::of(list.functions, &[&list.marker, &list.token], |printed| {
        printed.is_function().then(|| printed.taken(Place::default()))
    }))
}

/// Reads an object of variables, or `{"Variables": {...}}`, which is what `create-function --environment` takes.
pub(in crate::source) fn variables(text: &str) -> Result<Vec<(String, String)>, serde_json::Error> {
    record! {
        struct Wrapped {
            "Variables" => variables: Object<Texts>,
        }
    }
    let variables = filled::<Texts>(text)?.0;
    let wrapped = if variables.len() == 1 { filled::<Wrapped>(text)?.variables.0 } else { None };
    Ok(wrapped.map_or(variables, |inner| inner.0))
}

impl<'de> Printed<'de> {
    /// Variables may have any name, and so may what other outputs hold besides.
    fn is_function(&self) -> bool {
        let described = [&self.runtime, &self.handler, &self.package, &self.sha256, &self.role, &self.version];
        self.name.is_some()
            || self.environment.0.is_some()
            || (self.arn.is_some() && (described.iter().any(|one| one.is_some()) || !self.layers.items.is_empty()))
    }

    fn taken(self, code: Place<'de>) -> Configuration {
        let own = |text: Text<'de>| text.map(Cow::into_owned);
        let (modified, role) = (own(self.modified), own(self.role));
        let (version, arn) = (own(self.version), own(self.arn));
        let cloud = arn.as_deref().and_then(FunctionArn::parse).map(|parts| {
            Box::new(Cloud {
                provider: "aws".to_owned(),
                account: Some(parts.account.to_owned()),
                region: Some(parts.region.to_owned()),
                qualifier: version.clone().or_else(|| parts.qualifier.map(str::to_owned)),
                modified: modified.clone(),
                role: role.map(|arn| Role { arn, ..Role::default() }),
                ..Cloud::default()
            })
        });
        let is_image = self.package.as_deref() == Some("Image") || code.uri.is_some();
        let image = image(self.sha256.as_deref(), code.resolved.as_deref()).or_else(|| own(code.uri));
        let (layers, layer_bytes) = self.layers.items.into_iter().filter_map(Layer::taken).unzip();
        let (variables, error) = self.environment.0.map(Environment::taken).unwrap_or_default();
        Configuration {
            environment: EnvFile {
                variables,
                config: FunctionConfig {
                    name: own(self.name),
                    arn,
                    runtime: own(self.runtime),
                    handler: own(self.handler),
                    layers,
                    cloud,
                },
                error,
            },
            version,
            master: own(self.master),
            modified,
            sha256: self.sha256.as_deref().and_then(digest),
            image: is_image.then(|| image.unwrap_or_default()),
            layer_bytes,
            tags: None,
            reserved: None,
        }
    }
}

impl Layer<'_> {
    fn taken(self) -> Option<(String, Option<u64>)> {
        Some((self.arn?.into_owned(), self.bytes.and_then(|bytes| bytes.parse().ok())))
    }
}

impl Environment<'_> {
    /// Variables, and why there are none.
    fn taken(self) -> (Vec<(String, String)>, Option<String>) {
        let words = |failure: Failure<'_>| {
            let parts: Vec<_> = [failure.code, failure.message].into_iter().flatten().collect();
            parts.join(": ")
        };
        (self.variables.0, self.error.0.map(words))
    }
}

/// Which image a function runs: `sha256:` and the digest, by which lists and `get-function` tell the same one, and which
/// no other image has that is given its tag later. Of images `CodeSha256` is in hexadecimal; `resolved` ends in it.
pub(in crate::source) fn image(sha256: Option<&str>, resolved: Option<&str>) -> Option<String> {
    let digest = sha256.or_else(|| Some(resolved?.rsplit_once("@sha256:")?.1))?;
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| format!("sha256:{}", digest.to_ascii_lowercase()))
}

/// AWS writes digests in base64.
pub(in crate::source) fn digest(text: &str) -> Option<String> {
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32).map(|bytes| hex(&bytes))
}
