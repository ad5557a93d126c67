//! What a function is, in one digest.

use ring::hmac;

use crate::model::{Cloud, FunctionConfig, hex};
use crate::source::{Code, Deployed};

/// Equal as long as code, layers, variables and configuration are. Made with the state's key, since variables are often
/// secrets that are short enough to be guessed.
///
/// Not in it is what changes by itself: when the function was last called and how far back that is known, and what takes
/// a call of its own to ask.
pub fn print(key: &[u8; 32], function: &Deployed) -> String {
    let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    let mut part = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    match &function.code {
        Code::Archive(archive) => part(archive.identity.as_bytes()),
        Code::Image(address) => {
            part(b"image");
            part(address.as_bytes());
        }
    }
    part(&function.layers.len().to_le_bytes());
    function.layers.iter().for_each(|layer| part(layer.identity.as_bytes()));
    let config = &function.environment.config;
    let steady = |cloud: &Cloud| Cloud {
        invoked: None,
        calls_known_since: None,
        details: None,
        modified: None,
        ..cloud.clone()
    };
    let config =
        FunctionConfig { cloud: config.cloud.as_deref().map(|cloud| Box::new(steady(cloud))), ..config.clone() };
    part(&postcard::to_stdvec(&config).unwrap_or_default());
    part(function.environment.error.as_deref().unwrap_or_default().as_bytes());
    // A cloud tells them in any order.
    let mut variables: Vec<&(String, String)> = function.environment.variables.iter().collect();
    variables.sort();
    for (name, value) in variables {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    hex(hash.sign().as_ref())
}
