//! What moto cannot do and AWS does.
//!
//! - Addresses of archives lead to a server of AWS's that does not have them.
//! - `ListFunctions` gives all at once (AWS: 50 a page), and no copies of Lambda@Edge.
//! - `ListFunctionUrlConfigs`, `ListProvisionedConcurrencyConfigs`, `GetLayerVersionByArn` and `ListRegions` are not there;
//!   the first and the third are made of the calls that are.
//! - CloudWatch speaks CBOR (`cbor.rs`).
//! - A layer of another account is not found, where AWS refuses it.
//!
//! Not made up for: `Environment.Error`, layers of other accounts and images are put into answers by the tests that need
//! them ([`super::Proxy::patch`]).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ACCOUNT;
use super::action::Request;
use super::proxy::Upstream;

/// Functions on one page.
const PAGE: usize = 50;

/// The answer to calls that moto does not know.
pub(super) fn instead(action: &str, request: &Request, upstream: &Upstream) -> Option<(u16, Value)> {
    match action {
        "account:ListRegions" => {
            let regions = upstream.state.regions.lock().unwrap();
            let enabled = |name: &String| json!({ "RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT" });
            Some((200, json!({ "Regions": regions.iter().map(enabled).collect::<Vec<_>>() })))
        }
        "lambda:ListFunctionUrlConfigs" => {
            let (status, _, body) = upstream.forward(request, &request.path().replace("/urls", "/url"));
            let one = serde_json::from_slice::<Value>(&body).ok().filter(|_| status < 300);
            Some((200, json!({ "FunctionUrlConfigs": one.into_iter().collect::<Vec<_>>() })))
        }
        "lambda:ListProvisionedConcurrencyConfigs" => {
            let (name, region) = (request.part(2), request.scope().1);
            let provisioned = upstream.state.provisioned.lock().unwrap();
            let own = provisioned.iter().filter(|(function, _)| *function == name);
            let config = |(function, qualifier): &(String, String)| {
                json!({ "FunctionArn": format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{function}:{qualifier}"),
                        "RequestedProvisionedConcurrentExecutions": 1, "Status": "READY" })
            };
            Some((200, json!({ "ProvisionedConcurrencyConfigs": own.map(config).collect::<Vec<_>>() })))
        }
        "lambda:GetLayerVersionByArn" => {
            let arn = request.parameter("Arn")?;
            let parts: Vec<&str> = arn.split(':').collect();
            let [_, _, _, _, account, "layer", name, version] = parts[..] else { return None };
            if account != ACCOUNT {
                return Some((
                    403,
                    json!({ "Message": format!("not authorized to perform lambda:GetLayerVersion on {arn}") }),
                ));
            }
            let (status, _, body) = upstream.forward(request, &format!("/2018-10-31/layers/{name}/versions/{version}"));
            Some((status, serde_json::from_slice(&body).ok()?))
        }
        _ => None,
    }
}

/// Puts right what moto answers.
pub(super) fn mend(action: &str, request: &Request, upstream: &Upstream, value: &mut Value) {
    match action {
        "lambda:GetFunction" if value["Code"]["Location"].is_string() => {
            value["Code"]["Location"] = location(&value["Configuration"]["CodeSha256"], upstream);
        }
        "lambda:GetLayerVersionByArn" if value["Content"].is_object() => {
            value["Content"]["Location"] = location(&value["Content"]["CodeSha256"], upstream);
        }
        "lambda:ListFunctions" => list(request, upstream, value),
        _ => {}
    }
}

/// An address like a pre-signed one: whoever has it needs nothing else.
fn location(digest: &Value, upstream: &Upstream) -> Value {
    let digest = STANDARD.decode(digest.as_str().unwrap_or_default()).unwrap();
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!(format!("{}{name}.zip?X-Amz-Expires=600&X-Amz-Signature=00", upstream.files))
}

/// Adds the edge's copies where they are asked for, and cuts a page.
fn list(request: &Request, upstream: &Upstream, value: &mut Value) {
    let Some(functions) = value["Functions"].as_array_mut() else { return };
    if request.parameter("MasterRegion").as_deref() == Some("ALL") {
        let region = request.scope().1;
        for master in upstream.state.replicas.lock().unwrap().iter() {
            let parts: Vec<&str> = master.split(':').collect();
            let (from, name, version) = (parts[3], parts[6], parts[7]);
            let arn = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{from}.{name}:{version}");
            functions.push(json!({ "FunctionName": format!("{from}.{name}"), "FunctionArn": arn, "Version": version,
                                   "MasterArn": master, "PackageType": "Zip" }));
        }
    }
    let start = request.parameter("Marker").and_then(|marker| marker.parse().ok()).unwrap_or(0).min(functions.len());
    let end = (start + PAGE).min(functions.len());
    let more = end < functions.len();
    *functions = functions[start..end].to_vec();
    if more {
        value["NextMarker"] = json!(end.to_string());
    }
}
