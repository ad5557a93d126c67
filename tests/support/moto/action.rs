//! Which call of which service a request is, in the words of the service's reference.

use std::collections::BTreeMap;

/// A request as the proxy got it.
pub struct Request {
    /// `GET`
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(&format!("http://localhost{}", self.target)).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A part of the path, decoded: functions are named by name or by ARN.
    pub fn part(&self, index: usize) -> String {
        let part = self.path().split('/').nth(index + 1).unwrap_or_default();
        part.replace("%3A", ":").replace("%24", "$")
    }

    /// What the signature is for: the access key, the region, the service.
    pub fn scope(&self) -> (String, String, String) {
        let credential = self.headers.get("authorization").and_then(|text| text.split("Credential=").nth(1));
        let mut parts = credential.unwrap_or_default().split(['/', ',']).map(str::to_owned);
        let mut next = |skip| parts.nth(skip).unwrap_or_default();
        (next(0), next(1), next(0))
    }

    /// `lambda:GetFunction`; an unknown request is its method and path, which no policy allows.
    pub fn action(&self) -> String {
        let service = self.scope().2;
        let body = String::from_utf8_lossy(&self.body);
        let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let name = match service.as_str() {
            "lambda" => self.lambda(),
            // The binary protocol names the call in the path.
            "monitoring" => self.path().rsplit_once("/operation/").map(|(_, name)| name),
            "account" => (self.path() == "/listRegions").then_some("ListRegions"),
            "s3" => self.s3(),
            _ => form,
        };
        let service = if service == "monitoring" { "cloudwatch" } else { &service };
        name.map_or_else(|| format!("{} {}", self.method, self.path()), |name| format!("{service}:{name}"))
    }

    fn s3(&self) -> Option<&'static str> {
        let key = self.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
        (self.method == "GET").then_some(if key { "GetObject" } else { "ListBucket" })
    }

    fn lambda(&self) -> Option<&'static str> {
        let path = self.path().trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        if self.method != "GET" {
            return None;
        }
        Some(match parts[..] {
            ["functions"] => "ListFunctions",
            ["functions", _] => "GetFunction",
            ["functions", _, "policy"] => "GetPolicy",
            ["functions", _, "urls"] => "ListFunctionUrlConfigs",
            ["functions", _, "aliases"] => "ListAliases",
            ["functions", _, "provisioned-concurrency"] => "ListProvisionedConcurrencyConfigs",
            ["event-source-mappings"] => "ListEventSourceMappings",
            ["layers"] if self.parameter("find").as_deref() == Some("LayerVersion") => "GetLayerVersionByArn",
            _ => return None,
        })
    }
}
