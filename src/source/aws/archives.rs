//! Archives from their pre-signed addresses: whoever has such an address needs no credentials, so none are sent.
//!
//! An address holds for ten minutes (<https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html>). Its
//! signature is a credential, so no message shows one.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;

use super::super::{FetchError, SourceError};
use crate::advisory::{chain, client};
use crate::artifact::{Budget, Decoder, End, Limits, OverLimit, Stop};
use crate::model::sha256;

/// What Lambda allows for a function with all its layers, unpacked; packed, one archive of it has less
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST: u64 = 250 << 20;
/// How long an address is used that was had on the way.
const FRESH: Duration = Duration::from_secs(8 * 60);
/// Attempts at one address.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// For the connection.
const CONNECT: Duration = Duration::from_secs(15);
/// For the answer's head, and then for each next byte of its body.
const IDLE: Duration = Duration::from_secs(30);

/// Where an archive is, and what AWS says of it.
pub(super) struct Address {
    pub url: String,
    /// In hexadecimal.
    pub sha256: Option<String>,
}

/// Addresses that were had on the way, by function version; each is used once.
#[derive(Default)]
pub(super) struct Addresses(Mutex<BTreeMap<String, (Address, Instant)>>);

impl Addresses {
    pub(super) fn keep(&self, id: &str, address: Address) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(id.to_owned(), (address, Instant::now()));
    }

    pub(super) fn take(&self, id: &str) -> Option<Address> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(id).filter(|(_, since)| since.elapsed() < FRESH).map(|(address, _)| address)
    }
}

/// Downloads archives.
pub(super) struct Download {
    client: Client,
    /// An endpoint of the user's own may speak plain text; AWS does not.
    plain: bool,
}

/// Why an attempt failed.
enum Failure {
    /// 403: the address is too old.
    Expired,
    /// Another attempt may help.
    Later(String),
    Never(FetchError),
}

impl Download {
    pub(super) fn new(ca_cert: Option<&Path>, plain: bool) -> Result<Download, SourceError> {
        let client = client(ca_cert, CONNECT, IDLE, Policy::none()).map_err(|error| SourceError(error.to_string()))?;
        Ok(Download { client, plain })
    }

    /// Fetches an archive whose address `ask` gives; it is asked a second time where the first address is too old.
    pub(super) fn fetch(
        &self,
        first: Option<Address>,
        ask: impl Fn() -> Result<Address, String>,
        announced: Option<&str>,
        limits: &Limits,
    ) -> Result<Vec<u8>, FetchError> {
        let ask = || ask().map_err(FetchError::Unavailable);
        let (mut address, mut renewed) = (first.map_or_else(ask, Ok)?, false);
        let mut attempt = 1;
        let bytes = loop {
            match self.attempt(&address.url, limits) {
                Ok(bytes) => break bytes,
                Err(Failure::Never(error)) => return Err(error),
                Err(Failure::Expired) if !renewed => (address, renewed) = (ask()?, true),
                Err(Failure::Expired) => return Err(unavailable("HTTP 403 from a fresh address")),
                Err(Failure::Later(detail)) if attempt == ATTEMPTS => {
                    return Err(unavailable(&format!("{detail} (tried {attempt} times)")));
                }
                Err(Failure::Later(_)) => {
                    thread::sleep(PAUSE * 2u32.pow(attempt - 1));
                    attempt += 1;
                }
            }
        };
        if let Some(announced) = announced.or(address.sha256.as_deref()) {
            let came = sha256(&bytes);
            if came != announced {
                return Err(FetchError::Digest { announced: announced.to_owned(), came });
            }
        }
        Ok(bytes)
    }

    fn attempt(&self, url: &str, limits: &Limits) -> Result<Vec<u8>, Failure> {
        if !self.plain && !url.starts_with("https://") {
            return Err(Failure::Never(unavailable("its address is not one of https")));
        }
        let response = self.client.get(url).send().map_err(|error| Failure::Later(chain(&error.without_url())))?;
        let status = response.status();
        match status {
            StatusCode::OK => read(response, limits),
            StatusCode::FORBIDDEN => Err(Failure::Expired),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(Failure::Later(format!("HTTP {status}")))
            }
            _ if status.is_server_error() => Err(Failure::Later(format!("HTTP {status}"))),
            _ => Err(Failure::Never(unavailable(&format!("HTTP {status}")))),
        }
    }
}

fn unavailable(detail: &str) -> FetchError {
    FetchError::Unavailable(format!("the download failed: {detail}"))
}

/// A body as the tap reads it.
struct Body {
    response: Response,
    bytes: u64,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.response.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl Decoder for Body {
    fn consumed(&self) -> u64 {
        self.bytes
    }

    fn produced(&self) -> u64 {
        self.bytes
    }
}

fn read(response: Response, limits: &Limits) -> Result<Vec<u8>, Failure> {
    let limit = LARGEST.min(limits.target_bytes);
    let too_large = || Failure::Never(FetchError::TooLarge(limit));
    let length = response.content_length();
    if length.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    // One byte more than there may be tells "fits" from "too large".
    let want = usize::try_from(length.unwrap_or(limit)).unwrap_or(usize::MAX - 1) + 1;
    // Room for all of it, where the length is told: a buffer that doubles holds the bytes twice while it does.
    let mut buffer = Vec::with_capacity(if length.is_some() { want } else { 0 });
    let filled = Budget::new(limits.clone()).fill(&mut Body { response, bytes: 0 }, &mut buffer, 0, want);
    match filled.end {
        End::Full | End::Stopped(Stop::Limit(OverLimit::Target(_))) => Err(too_large()),
        End::Stopped(Stop::Limit(limit)) => Err(Failure::Never(unavailable(&limit.to_string()))),
        End::Stopped(Stop::Io(error)) => Err(Failure::Later(chain(&error))),
        End::Eof => {
            buffer.truncate(filled.bytes);
            Ok(buffer)
        }
    }
}
