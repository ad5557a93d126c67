//! What takes calls of its own for each function version: three, and one more for each alias that leads to it.

use std::collections::BTreeSet;

use chrono::{SecondsFormat, Utc};
use serde_json::Value;

use super::super::aws_json;
use super::archives::Address;
use super::failure::describe;
use super::pointers::{LATEST, split};
use super::region::Region;
use crate::model::{Details, FunctionUrl};

impl Region {
    /// Asks for the details of a version that these aliases lead to; its code's address comes along.
    ///
    /// # Errors
    /// What AWS said. There are no half details: a policy that was not told would look like one that is not there.
    pub(super) async fn details(
        &self,
        name: &str,
        version: &str,
        aliases: &BTreeSet<&str>,
    ) -> Result<(Details, Option<Address>), String> {
        self.paces.function.turn().await;
        let function = self.lambda.get_function().function_name(name).qualifier(version).send().await;
        let function = function.map_err(|error| describe("lambda:GetFunction", &error))?;
        if let Some(error) = function.tags_error() {
            return Err(format!("lambda:GetFunction: tags: {}: {}", error.error_code(), error.message()));
        }
        let reserved = function.concurrency().and_then(|concurrency| concurrency.reserved_concurrent_executions());
        let mut details = Details {
            asked: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            reserved_concurrency: reserved.and_then(|count| count.try_into().ok()),
            tags: function.tags().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect(),
            urls: self.urls(name).await?,
            policy: None,
        };
        // Addresses and policies belong to a qualifier: the unpublished version's to none.
        details.urls.retain(|url| match &url.qualifier {
            Some(alias) => aliases.contains(alias.as_str()),
            None => version == LATEST,
        });
        let own = (version != LATEST).then_some(version);
        let mut policies = Vec::from_iter(self.policy(name, own).await?);
        for alias in aliases {
            policies.extend(self.policy(name, Some(alias)).await?);
        }
        details.policy = join(policies)?;
        Ok((details, address(function.code().and_then(|code| code.location()), None)))
    }

    /// Where the code of a version is.
    pub(super) async fn code(&self, name: &str, version: &str) -> Result<Address, String> {
        self.paces.function.turn().await;
        let function = self.lambda.get_function().function_name(name).qualifier(version).send().await;
        let function = function.map_err(|error| describe("lambda:GetFunction", &error))?;
        let location = function.code().and_then(|code| code.location());
        address(location, None).ok_or_else(|| "lambda:GetFunction: no address of its code".to_owned())
    }

    /// Where a layer version is, of whatever account.
    pub(super) async fn layer(&self, arn: &str) -> Result<Address, String> {
        self.paces.other.turn().await;
        let layer = self.lambda.get_layer_version_by_arn().arn(arn).send().await;
        let layer = layer.map_err(|error| describe("lambda:GetLayerVersion", &error))?;
        let content = layer.content();
        let digest = content.and_then(|content| content.code_sha256());
        address(content.and_then(|content| content.location()), digest)
            .ok_or_else(|| "lambda:GetLayerVersion: no address of its content".to_owned())
    }

    async fn urls(&self, name: &str) -> Result<Vec<FunctionUrl>, String> {
        let (mut urls, mut marker) = (Vec::new(), None);
        loop {
            self.paces.other.turn().await;
            let page = self.lambda.list_function_url_configs().function_name(name).set_marker(marker).send().await;
            let page = page.map_err(|error| describe("lambda:ListFunctionUrlConfigs", &error))?;
            for config in page.function_url_configs() {
                let qualifier = split(config.function_arn()).map(|(_, qualifier)| qualifier);
                let origins =
                    config.cors().map_or_else(BTreeSet::new, |cors| cors.allow_origins().iter().cloned().collect());
                urls.push(FunctionUrl {
                    url: config.function_url().to_owned(),
                    auth: config.auth_type().as_str().to_owned(),
                    qualifier: qualifier.filter(|&qualifier| qualifier != LATEST).map(str::to_owned),
                    origins: origins.into_iter().collect(),
                });
            }
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                urls.sort();
                return Ok(urls);
            }
        }
    }

    /// The resource policy of a qualifier; most have none.
    async fn policy(&self, name: &str, qualifier: Option<&str>) -> Result<Option<String>, String> {
        self.paces.policy.turn().await;
        let call = self.lambda.get_policy().function_name(name).set_qualifier(qualifier.map(str::to_owned));
        match call.send().await {
            Ok(answer) => Ok(answer.policy().map(aws_json::policy)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(describe("lambda:GetPolicy", &error)),
        }
    }
}

fn address(location: Option<&str>, digest: Option<&str>) -> Option<Address> {
    Some(Address { url: location?.to_owned(), sha256: digest.and_then(aws_json::digest) })
}

/// One document with the statements of all: each names the qualifier that it is for.
fn join(mut policies: Vec<String>) -> Result<Option<String>, String> {
    if policies.len() < 2 {
        return Ok(policies.pop());
    }
    let mut statements = Vec::new();
    let mut whole = Value::Null;
    for policy in &policies {
        let one = serde_json::from_str::<Value>(policy).ok().filter(Value::is_object);
        let mut one = one.ok_or("lambda:GetPolicy: a policy that is no JSON object")?;
        match one["Statement"].take() {
            Value::Array(several) => statements.extend(several),
            single => statements.push(single),
        }
        whole = one;
    }
    whole["Statement"] = Value::Array(statements);
    Ok(Some(whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_several_qualifiers_become_one() {
        let policy =
            |sid: &str| format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{{"Sid":"{sid}"}}]}}"#);
        assert_eq!(join(vec![]), Ok(None));
        assert_eq!(join(vec![policy("a")]), Ok(Some(policy("a"))));
        assert!(join(vec![policy("a"), "[]".to_owned()]).is_err());
        let both = join(vec![policy("a"), policy("b")]).unwrap().unwrap();
        let both: Value = serde_json::from_str(&both).unwrap();
        assert_eq!(both["Version"], "2012-10-17");
        assert_eq!(both["Statement"][0]["Sid"], "a");
        assert_eq!(both["Statement"][1]["Sid"], "b");
    }
}
