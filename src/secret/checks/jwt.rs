//! JSON web tokens.

use base64::Engine as _;
use chrono::Utc;
use serde_json::{Map, Value};

use super::{BASE64_URL, Candidate, Proof};

/// A header that is JSON with `alg`, and a payload that is JSON (<https://www.rfc-editor.org/rfc/rfc7519>).
pub(super) fn jwt(candidate: Candidate<'_>) -> Proof {
    let mut parts = candidate.secret().split(|b| *b == b'.');
    let mut object = || match serde_json::from_slice(&BASE64_URL.decode(parts.next()?).ok()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    };
    let (Some(header), Some(payload)) = (object(), object()) else { return Proof::Broken };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else { return Proof::Broken };
    let text = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
    // The subject of the debugger at jwt.io and the users of the RFC's and of every tutorial's tokens.
    let documented = text("sub") == "1234567890"
        || ["John Doe", "Jane Doe"].contains(&text("name"))
        || ["joe", "me", "example"].contains(&text("iss"))
        || ["example.com", "example.org"]
            .iter()
            .any(|host| text("iss").ends_with(host) || text("iss").contains("//example"))
        || payload.contains_key("foo")
        || payload.is_empty();
    if documented {
        return Proof::Broken;
    }
    // Without a subject, issuer or expiry it says nothing about anyone: a sample.
    let claims = ["sub", "iss", "exp", "role", "aud", "jti", "client_id", "scope", "email", "user_id", "uid", "id"];
    // What has expired opens nothing; that it is there shows what is handed out, and to whom.
    let expired = payload.get("exp").and_then(Value::as_f64).is_some_and(|end| end < Utc::now().timestamp() as f64);
    if expired {
        return Proof::Doubtful;
    }
    if is_issued(algorithm, &payload, parts.next().unwrap_or_default()) {
        return Proof::Proven;
    }
    match algorithm {
        "none" | "None" | "NONE" => Proof::Doubtful,
        _ if claims.iter().any(|claim| payload.contains_key(*claim)) => Proof::Plausible,
        _ => Proof::Doubtful,
    }
}

/// Whether a service made it for someone, for a time: what samples leave out. The signature is as long as the algorithm
/// makes it (<https://www.rfc-editor.org/rfc/rfc7518#section-3.1>).
fn is_issued(algorithm: &str, payload: &Map<String, Value>, signature: &[u8]) -> bool {
    let long = BASE64_URL.decode(signature).is_ok_and(|signature| match algorithm {
        "HS256" => signature.len() == 32,
        "HS384" => signature.len() == 48,
        "HS512" | "ES256" | "EdDSA" => signature.len() == 64,
        "ES384" => signature.len() == 96,
        _ => signature.len() >= 256,
    });
    // Supabase gives a role to keys that a browser may hold.
    let public = payload.get("role").is_some_and(|role| role == "anon");
    let says = |keys: &[&str]| keys.iter().any(|key| payload.contains_key(*key));
    long && !public && says(&["iss"]) && says(&["exp", "iat"]) && says(&["sub", "jti", "client_id", "email"])
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn a_jwt_has_a_header_and_claims() {
        let token = |header: &str, payload: &str| {
            format!("{}.{}.c2lnbmF0dXJl", BASE64_URL.encode(header), BASE64_URL.encode(payload))
        };
        assert_eq!(run(jwt, &token(r#"{"alg":"HS256"}"#, r#"{"sub":"u-81","exp":9e9}"#)), Proof::Plausible);
        assert_eq!(run(jwt, &token(r#"{"alg":"HS256"}"#, r#"{"sub":"u-81","exp":1}"#)), Proof::Doubtful);
        let issued = token(r#"{"alg":"HS256"}"#, r#"{"sub":"u-81","iss":"https://auth.acme.io","exp":9e9}"#);
        assert_eq!(run(jwt, &issued), Proof::Plausible);
        assert_eq!(run(jwt, &issued.replace("c2lnbmF0dXJl", &BASE64_URL.encode([7; 32]))), Proof::Proven);
        assert_eq!(run(jwt, &token(r#"{"alg":"none"}"#, r#"{"sub":"u-81"}"#)), Proof::Doubtful);
        assert_eq!(run(jwt, &token(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890"}"#)), Proof::Broken);
        assert_eq!(run(jwt, &token(r#"{"typ":"JWT"}"#, r#"{"sub":"u-81"}"#)), Proof::Broken);
        assert_eq!(run(jwt, "a.b.c"), Proof::Broken);
    }
}
