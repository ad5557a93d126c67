//! CloudWatch speaks CBOR (<https://www.rfc-editor.org/rfc/rfc8949>) with the SDK and JSON with moto: as much of the one
//! as becomes the other.

use serde_json::{Map, Value, json};

use super::action::Request;
use super::proxy::Upstream;

/// What one call may ask for
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const MOST_METRICS: usize = 500;

/// Puts a call to moto in JSON, and gives its answer in CBOR.
pub(super) fn exchange(request: &Request, upstream: &Upstream) -> (u16, String, Vec<u8>) {
    let (name, kind) = (request.path().rsplit('/').next().unwrap_or_default(), "application/x-amz-json-1.0");
    let mut headers = request.headers.clone();
    headers.remove("smithy-protocol");
    headers.insert("content-type".to_owned(), kind.to_owned());
    headers.insert("x-amz-target".to_owned(), format!("GraniteServiceVersion20100801.{name}"));
    let asked = decode(&mut &request.body[..]);
    let queries = asked["MetricDataQueries"].as_array().map_or(0, Vec::len);
    if queries > MOST_METRICS {
        return (400, "application/cbor".to_owned(), Vec::new());
    }
    let body = asked.to_string().into_bytes();
    let translated = Request { method: request.method.clone(), target: "/".to_owned(), headers, body };
    let (status, _, body) = upstream.forward(&translated, "/");
    let mut answer = serde_json::from_slice(&body).unwrap_or_default();
    upstream.state.patched(&request.action(), &request.target, &mut answer);
    let mut bytes = Vec::new();
    encode("", &answer, &mut bytes);
    (status, "application/cbor".to_owned(), bytes)
}

/// The next item; nothing at the end of one whose length is not told.
fn next(input: &mut &[u8]) -> Option<Value> {
    let (&first, rest) = input.split_first()?;
    *input = rest;
    let size = match first & 31 {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    };
    let (number, rest) = input.split_at(size);
    *input = rest;
    let number = number.iter().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    let number = if size == 0 { u64::from(first & 31) } else { number };
    let open = first & 31 == 31;
    let count = if open { usize::MAX } else { number as usize };
    Some(match first >> 5 {
        0 => json!(number),
        1 => json!(-1 - number as i64),
        3 => {
            let (text, rest) = input.split_at(count);
            *input = rest;
            json!(String::from_utf8_lossy(text))
        }
        4 => Value::Array((0..count).map_while(|_| next(input)).collect()),
        5 => {
            let pairs = (0..count).map_while(|_| Some((next(input)?.as_str()?.to_owned(), next(input)?)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        // A time: what stands in it.
        6 => return next(input),
        7 if open => return None,
        7 if size == 8 => json!(f64::from_bits(number)),
        7 if size == 4 => json!(f32::from_bits(number as u32)),
        7 if number == 20 || number == 21 => json!(number == 21),
        _ => Value::Null,
    })
}

fn decode(input: &mut &[u8]) -> Value {
    next(input).unwrap_or_default()
}

fn head(kind: u8, count: usize, out: &mut Vec<u8>) {
    out.push(kind << 5 | 26);
    out.extend((count as u32).to_be_bytes());
}

fn encode(key: &str, value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xF6),
        Value::Bool(one) => out.push(if *one { 0xF5 } else { 0xF4 }),
        Value::Number(number) => {
            if key == "Timestamps" {
                out.push(0xC1);
            }
            out.push(0xFB);
            out.extend(number.as_f64().unwrap_or_default().to_be_bytes());
        }
        Value::String(text) => {
            head(3, text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::Array(all) => {
            head(4, all.len(), out);
            all.iter().for_each(|one| encode(key, one, out));
        }
        Value::Object(pairs) => {
            head(5, pairs.len(), out);
            for (key, value) in pairs {
                encode("", &json!(key), out);
                encode(key, value, out);
            }
        }
    }
}
