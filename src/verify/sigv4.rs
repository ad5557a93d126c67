//! Signature Version 4 for the one question that is put to Amazon: whom do these keys belong to?
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>)

use chrono::{DateTime, Utc};
use ring::hmac;

use crate::model::{hex, sha256};

const REGION: &str = "us-east-1";
const SERVICE: &str = "sts";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The headers of a signed POST of `body` to the root of `host`.
pub(super) fn headers(
    id: &str,
    secret: &str,
    host: &str,
    body: &str,
    now: DateTime<Utc>,
) -> [(&'static str, String); 3] {
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    let signature = sign(id, secret, host, body, &time);
    [("content-type", FORM.to_owned()), ("x-amz-date", time), ("authorization", signature)]
}

fn sign(id: &str, secret: &str, host: &str, body: &str, time: &str) -> String {
    let date = &time[..8];
    let names = "content-type;host;x-amz-date";
    let canonical = format!(
        "POST\n/\n\ncontent-type:{FORM}\nhost:{host}\nx-amz-date:{time}\n\n{names}\n{}",
        sha256(body.as_bytes())
    );
    let scope = format!("{date}/{REGION}/{SERVICE}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let key = signing_key(secret, date, REGION, SERVICE);
    let signature = hex(mac(key.as_ref(), &text).as_ref());
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> hmac::Tag {
    let first = mac(format!("AWS4{secret}").as_bytes(), date);
    [region, service, "aws4_request"].into_iter().fold(first, |key, part| mac(key.as_ref(), part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Amazon's page on deriving a signing key.
    #[test]
    fn the_documented_key_is_derived() {
        let secret = ["wJalrXUtnFEMI/K7MDENG", "+bPxRfiCYEXAMPLEKEY"].concat();
        let key = signing_key(&secret, "20150830", "us-east-1", "iam");
        assert_eq!(hex(key.as_ref()), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }

    #[test]
    fn a_signature_depends_on_every_part() {
        let sign = |id, secret, host, body, time| sign(id, secret, host, body, time);
        let plain = sign("id", "secret", "sts.amazonaws.com", "a=b", "20261122T000000Z");
        assert!(plain.starts_with("AWS4-HMAC-SHA256 Credential=id/20261122/us-east-1/sts/aws4_request, "));
        for other in [
            sign("id", "Secret", "sts.amazonaws.com", "a=b", "20261122T000000Z"),
            sign("id", "secret", "sts.example.com", "a=b", "20261122T000000Z"),
            sign("id", "secret", "sts.amazonaws.com", "a=c", "20261122T000000Z"),
            sign("id", "secret", "sts.amazonaws.com", "a=b", "20261122T000001Z"),
        ] {
            assert_ne!(plain, other);
        }
    }
}
