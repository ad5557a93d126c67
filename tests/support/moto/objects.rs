//! Calls of S3, whose answers are bytes and headers rather than documents.

use super::action::Request;
use super::proxy::{Fault, Upstream};

/// An access key that nobody has. Moto looks at no key; S3 repeats the wrong one in its answer.
const NOBODY: &str = "nobody";
/// Headers that say something of an object.
const TOLD: [&str; 6] =
    ["content-type", "content-range", "etag", "last-modified", "accept-ranges", "x-amz-bucket-region"];

/// The whole answer, and whether the connection goes on.
pub(super) fn answer(request: &Request, upstream: &Upstream) -> (Vec<u8>, bool) {
    if request.action() == "s3:GetObject" {
        upstream.state.objects.lock().unwrap().push(request.path().to_owned());
    }
    let cut = match upstream.state.called(request) {
        Some(Fault::Reset) => return (Vec::new(), false),
        Some(Fault::Throttled) => return (refusal(503, "SlowDown", "Please reduce your request rate."), true),
        Some(Fault::Denied) => return (refusal(403, "AccessDenied", "Access Denied"), true),
        Some(Fault::Status(status)) => return (refusal(status, "OutOfOrder", "This is a fault."), true),
        Some(Fault::Cut(bytes)) => Some(bytes),
        None => None,
    };
    if request.scope().0 == NOBODY {
        let message = "The AWS Access Key Id you provided does not exist in our records.";
        return (refusal(403, "InvalidAccessKeyId", message), true);
    }
    let mut forwarded = upstream.client.get(format!("{}{}", upstream.moto, request.target));
    for (name, value) in request.headers.iter().filter(|(name, _)| *name != "host") {
        forwarded = forwarded.header(name, value);
    }
    let response = forwarded.send().expect("moto answers");
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for name in TOLD {
        if let Some(value) = response.headers().get(name).and_then(|value| value.to_str().ok()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let body = response.bytes().expect("a whole answer");
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let end = cut.map_or(body.len(), |bytes| bytes.min(body.len()));
    ([head.as_bytes(), &body[..end]].concat(), cut.is_none())
}

fn refusal(status: u16, code: &str, message: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <AWSAccessKeyId>{NOBODY}</AWSAccessKeyId><RequestId>0</RequestId></Error>"
    );
    let length = body.len();
    format!("HTTP/1.1 {status} Fault\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n\r\n{body}").into()
}
