//! What S3 said, in one line.
//!
//! Never the whole answer: to a signature that is wrong it repeats the access key and what was signed.

use std::error::Error;

use object_store::Error as StoreError;

use crate::advisory::{causes, chain};

/// The name under which errors of the chain of credentials come.
pub(super) const CREDENTIALS: &str = "credentials";
/// What stands before a status in the words of `object_store`.
const STATUS: &str = "status code: ";

/// `AccessDenied: Access Denied`; without the address and the times of `object_store`'s own words.
pub(super) fn describe(error: &StoreError) -> String {
    if let StoreError::Generic { store: CREDENTIALS, source } = error {
        return format!("no credentials: {}", chain(source.as_ref()));
    }
    let error: &(dyn Error + 'static) = error;
    let said = causes(error).last().unwrap_or(error).to_string();
    let told = match (element(&said, "Code"), element(&said, "Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => match said.split_once(STATUS) {
            Some((_, rest)) => format!("HTTP {}", rest.split(':').next().unwrap_or(rest).trim()),
            None => said,
        },
    };
    let hint = if told.contains("UnknownIssuer") {
        "; if the certificate is from an authority of your own, name that one's in PEM form with --ca-cert"
    } else if ["redirect", "Redirect", "HTTP 30", "AuthorizationHeaderMalformed"].iter().any(|word| told.contains(word))
    {
        "; AWS_REGION names the bucket's region"
    } else {
        ""
    };
    // Lines of an answer would be lines of a log.
    format!("{}{hint}", told.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text of an element without attributes and children.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    (!text.is_empty() && !text.contains('<')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &str) -> String {
        describe(&StoreError::Generic { store: "S3", source: said.into() })
    }

    #[test]
    fn answers_are_cut_to_what_they_say() {
        let denied = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?>\n<Error><Code>\
                      SignatureDoesNotMatch</Code><Message>The signature\nis another.</Message><AWSAccessKeyId>AKIA\
                      </AWSAccessKeyId><StringToSign>AWS4</StringToSign></Error>";
        assert_eq!(told(denied), "SignatureDoesNotMatch: The signature is another.");
        assert_eq!(
            told("Server returned non-2xx status code: 500 Internal Server Error: <html>x: y"),
            "HTTP 500 Internal Server Error"
        );
        assert_eq!(told("Server returned non-2xx status code: 403 Forbidden: <Code><b>"), "HTTP 403 Forbidden");
        assert_eq!(told("connection refused"), "connection refused");
        let moved =
            told("Received redirect without LOCATION, this normally indicates an incorrectly configured region");
        assert!(moved.ends_with("; AWS_REGION names the bucket's region"), "{moved}");
    }
}
