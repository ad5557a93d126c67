//! Structure that a vendor puts into its tokens when it issues them.

use base64::Engine as _;
use chrono::{Days, NaiveDate, Utc};
use memchr::memmem;

use super::token::checksum_holds;
use super::{BASE64, Candidate, Proof};

/// Vercel's tokens of 2026 end with a checksum of what stands behind the prefix; Vercel says so without saying which, so
/// that one which fits proves, and one which does not says nothing
/// (<https://vercel.com/changelog/new-token-formats-and-secret-scanning>).
pub(super) fn vercel_token(candidate: Candidate<'_>) -> Proof {
    match candidate.secret().get(4..).and_then(checksum_holds) {
        Some(true) => Proof::Proven,
        _ => Proof::Plausible,
    }
}

/// Between prefix and signature stands JSON that says when and where the token was issued
/// (<https://github.com/getsentry/rfcs/blob/main/text/0091-ci-upload-tokens.md>).
pub(super) fn sentry_org_token(candidate: Candidate<'_>) -> Proof {
    let payload = candidate.secret().split(|b| *b == b'_').nth(1).and_then(|text| BASE64.decode(text).ok());
    match payload {
        Some(json) if memmem::find(&json, b"\"iat\":").is_some() => Proof::Proven,
        _ => Proof::Plausible,
    }
}

/// A session token begins with the name of the service that issued it, as a protocol buffer holds text; the rest is
/// sealed. Those of AWS' own documentation say EXAMPLE
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>).
pub(super) fn aws_session_token(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    let head = secret.get(..16).and_then(|text| BASE64.decode(text).ok()).unwrap_or_default();
    match head.as_slice() {
        _ if memmem::find(secret, b"EXAMPLE").is_some() => Proof::Broken,
        [_, b'\n', length, name @ ..]
            if name.len() >= usize::from(*length) && name[..usize::from(*length)].is_ascii() =>
        {
            Proof::Proven
        }
        _ => Proof::Plausible,
    }
}

/// A short-lived Bedrock key is a presigned request in base64, good for at most 12 hours from its `X-Amz-Date`
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html>).
pub(super) fn bedrock_session(candidate: Candidate<'_>) -> Proof {
    bedrock_session_on(candidate, Utc::now().date_naive())
}

fn bedrock_session_on(candidate: Candidate<'_>, today: NaiveDate) -> Proof {
    const DATE: &[u8] = b"X-Amz-Date=";
    let request = candidate.secret().strip_prefix(b"bedrock-api-key-").and_then(|text| BASE64.decode(text).ok());
    let Some(request) = request else { return Proof::Plausible };
    let date = memmem::find(&request, DATE).and_then(|at| request.get(at + DATE.len()..at + DATE.len() + 8));
    let Some(issued) = date.and_then(|digits| parse(digits, "%Y%m%d")) else { return Proof::Plausible };
    // A day more than the hours, since the zone of the clock does not matter then.
    match issued.checked_add_days(Days::new(1)) {
        Some(end) if end < today => Proof::Doubtful,
        _ => Proof::Proven,
    }
}

/// A shared access signature ends at its `se`: a time of ISO 8601, or seconds since 1970 with Service Bus and IoT Hub
/// (<https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas>,
/// <https://learn.microsoft.com/en-us/azure/service-bus-messaging/service-bus-sas>).
pub(super) fn azure_sas(candidate: Candidate<'_>) -> Proof {
    azure_sas_on(candidate, Utc::now().date_naive())
}

fn azure_sas_on(candidate: Candidate<'_>, today: NaiveDate) -> Proof {
    match expiry(query(candidate)) {
        Some(end) if end < today => Proof::Doubtful,
        Some(_) => Proof::Proven,
        None => Proof::Plausible,
    }
}

/// The parameters around the signature, on either side.
fn query<'a>(candidate: Candidate<'a>) -> &'a [u8] {
    const REACH: usize = 400;
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`');
    let (text, secret) = (candidate.text, candidate.secret);
    let (from, to) = (secret.start.saturating_sub(REACH), text.len().min(secret.end.saturating_add(REACH)));
    let start = text[from..secret.start].iter().rposition(ends).map_or(from, |at| from + at + 1);
    let end = text[secret.end..to].iter().position(ends).map_or(to, |at| secret.end + at);
    &text[start..end]
}

fn expiry(query: &[u8]) -> Option<NaiveDate> {
    let value = query.split(|b| matches!(b, b'&' | b'?' | b';')).find_map(|part| part.strip_prefix(b"se="))?;
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits >= 10 {
        let seconds = std::str::from_utf8(&value[..digits]).ok()?.parse().ok()?;
        return Some(chrono::DateTime::from_timestamp(seconds, 0)?.date_naive());
    }
    parse(value.get(..10)?, "%Y-%m-%d")
}

fn parse(text: &[u8], format: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(std::str::from_utf8(text).ok()?, format).ok()
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    fn at<'a>(text: &'a str, secret: &str, today: &str, check: fn(Candidate<'a>, NaiveDate) -> Proof) -> Proof {
        let start = text.find(secret).unwrap();
        let range = start..start + secret.len();
        let (whole, secret): (&'a _, &'a _) = (Box::leak(Box::new(range.clone())), Box::leak(Box::new(range)));
        check(Candidate { text: text.as_bytes(), whole, secret }, today.parse().unwrap())
    }

    #[test]
    fn the_checksum_of_vercel_counts_without_the_prefix() {
        let body = "q7Zk2LxV9bTn4RmWc3YsVb2nQ8xZr5Lk1Wp7Td3GyAq7Zk2LxV";
        let mut rest = crc32fast::hash(body.as_bytes());
        let mut sum = String::new();
        for _ in 0..6 {
            let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            sum.insert(0, char::from(digits[(rest % 62) as usize]));
            rest /= 62;
        }
        assert_eq!(run(vercel_token, &format!("{}_{body}{sum}", "vcp")), Proof::Proven);
        assert_eq!(run(vercel_token, &format!("{}_{body}000000", "vcp")), Proof::Plausible);
        assert_eq!(run(vercel_token, "vcp"), Proof::Plausible);
    }

    #[test]
    fn a_sentry_token_says_when_it_was_issued() {
        let payload = BASE64.encode(br#"{"iat":1690880000.1,"url":"https://sentry.io","org":"acme"}"#);
        assert_eq!(run(sentry_org_token, &format!("sntrys_{payload}_q7Zk2LxV9b")), Proof::Proven);
        assert_eq!(run(sentry_org_token, "sntrys_eyJhbGciOiJIUzI1NiJ9_q7Zk"), Proof::Plausible);
        assert_eq!(run(sentry_org_token, "sntrys"), Proof::Plausible);
    }

    #[test]
    fn a_session_token_names_its_issuer() {
        let long = "q7Zk2LxV9bTn4RmWc3YsVb2nQ8xZr5Lk1Wp7Td3GyA";
        assert_eq!(run(aws_session_token, &format!("{}X2VjEJr//////////{long}", "IQoJb3JpZ2lu")), Proof::Proven);
        assert_eq!(run(aws_session_token, &format!("{}EPT{long}", "FwoGZXIvYXdz")), Proof::Proven);
        assert_eq!(run(aws_session_token, &format!("{}X2VjEJr//EXAMPLE{long}", "IQoJb3JpZ2lu")), Proof::Broken);
        assert_eq!(run(aws_session_token, "IQr"), Proof::Plausible);
    }

    #[test]
    fn a_signature_ends() {
        let check = |text: &str| at(Box::leak(text.to_owned().into_boxed_str()), "SIG", "2026-06-15", azure_sas_on);
        assert_eq!(check("https://x/?sv=2&se=2026-06-14T00:00:00Z&sig=SIG"), Proof::Doubtful);
        assert_eq!(check("'?sig=SIG&se=2026-06-15T00%3A00Z&sv=2'"), Proof::Proven);
        assert_eq!(check("SharedAccessSignature sr=a&sig=SIG&se=1700000000&skn=k"), Proof::Doubtful);
        assert_eq!(check("SharedAccessSignature sr=a&sig=SIG&se=2000000000&skn=k"), Proof::Proven);
        assert_eq!(check("sv=2&sig=SIG"), Proof::Plausible);
        assert_eq!(check("se=2026-06-14&x\" ?sig=SIG"), Proof::Plausible);
        for odd in ["se=&sig=SIG", "se=2026-99-99T&sig=SIG", "se=99999999999999999999&sig=SIG"] {
            assert_eq!(check(odd), Proof::Plausible, "{odd}");
        }
    }

    #[test]
    fn a_bedrock_session_ends_within_a_day() {
        let request =
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Date=20260614T101500Z&X-Amz-Expires=43200";
        let key: &str = Box::leak(format!("bedrock-api-key-{}", BASE64.encode(request)).into_boxed_str());
        assert_eq!(at(key, key, "2026-06-15", bedrock_session_on), Proof::Proven);
        assert_eq!(at(key, key, "2026-06-16", bedrock_session_on), Proof::Doubtful);
        assert_eq!(run(bedrock_session, "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"), Proof::Plausible);
    }
}
