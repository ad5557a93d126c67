//! Floor 2: posts a notice to a webhook. Only where the user names one.
//!
//! The address of a webhook is a secret: who has it can post. It is never shown, only its host; errors of the client,
//! which quote addresses, are told in words of our own. No redirect is followed: it would lead the notice, or a second
//! copy without its body, to where nobody wanted it.
//!
//! With a key every attempt is signed anew, with the time of the attempt: the receiver knows who sent it, that nobody
//! changed it, and that it is not an old one sent again. What this folder cannot know: whether anybody reads it.

use std::fmt;
use std::io::Read;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use ring::hmac;

use crate::advisory::{AdvisoryError, Patience, client, retry_after};
use crate::model::hex;

/// The header that holds the signature.
pub const SIGNATURE: &str = "X-Tidewaiter-Signature";
/// The variable that holds the key.
pub const KEY_VARIABLE: &str = "TIDEWAITER_NOTIFY_KEY";
/// Bytes of a key below which guessing it is no work: 16 random bytes are the least that HMAC should have
/// (<https://www.rfc-editor.org/rfc/rfc2104#section-3> asks for the digest's 32).
const LEAST_KEY: usize = 16;
/// Bytes of an answer that are read, so that the connection ends in order; nothing is made of them.
const ANSWER: u64 = 4 << 10;

/// Why a notice was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// What was named is no address of a webhook. It is not quoted.
    #[error("this is no address that can be notified: {0}")]
    Address(&'static str),
    /// The key is too short to protect anything.
    #[error("the key in {KEY_VARIABLE} has less than {LEAST_KEY} bytes: 'openssl rand -hex 32' makes a good one")]
    Key,
    /// No client can be made.
    #[error(transparent)]
    Client(#[from] AdvisoryError),
    /// The receiver did not take it.
    #[error("{host} did not take the notice: {detail}")]
    Refused {
        /// Host and port.
        host: String,
        /// What happened, without the address.
        detail: String,
    },
}

/// Where notices go.
pub struct Webhook {
    url: Url,
}

/// Only the host: all else of the address may be the secret.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.host())
    }
}

impl Webhook {
    /// Reads an address. Plain HTTP is for receivers of this machine only, since it shows the address to everybody on the
    /// way.
    ///
    /// # Errors
    /// [`NotifyError::Address`].
    pub fn parse(text: &str) -> Result<Webhook, NotifyError> {
        let url = Url::parse(text.trim()).map_err(|_| NotifyError::Address("it is no URL"))?;
        match (url.scheme(), url.host()) {
            (_, None) => Err(NotifyError::Address("it has no host")),
            ("https", Some(_)) => Ok(Webhook { url }),
            ("http", Some(host)) if is_local(&host.to_string()) => Ok(Webhook { url }),
            ("http", Some(_)) => Err(NotifyError::Address("plain http is for receivers on this machine; use https")),
            _ => Err(NotifyError::Address("use https")),
        }
    }

    /// Host and port, which may be shown.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What signs notices. The type has no `Debug`.
pub struct Key(hmac::Key);

impl Key {
    /// Of the bytes that both sides know.
    ///
    /// # Errors
    /// [`NotifyError::Key`].
    pub fn new(bytes: &[u8]) -> Result<Key, NotifyError> {
        if bytes.len() < LEAST_KEY {
            return Err(NotifyError::Key);
        }
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// `t=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hexadecimal>`.
    pub fn sign(&self, body: &[u8], now: DateTime<Utc>) -> String {
        let seconds = now.timestamp();
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{seconds}.").as_bytes());
        context.update(body);
        format!("t={seconds},v1={}", hex(context.sign().as_ref()))
    }
}

/// How long a receiver is waited for: a notice is small, and a sweep that is done should end.
pub fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(10),
        idle: Duration::from_secs(20),
        attempts: 4,
        pause: Duration::from_secs(1),
        longest: Duration::from_secs(30),
        ..Patience::default()
    }
}

/// Why an attempt failed.
enum Failure {
    /// Another attempt would fail as well.
    Final(String),
    /// Another one may not, after the pause that the receiver asks for.
    Passing(String, Option<Duration>),
}

/// Posts a JSON body, signed where there is a key, and repeats that where it may help: without an answer, or with one
/// that asks for patience (408, 429, 5xx). Proxies come from the environment.
///
/// # Errors
/// [`NotifyError::Refused`] after the last attempt, [`NotifyError::Client`] before the first one.
pub fn post(webhook: &Webhook, body: &[u8], key: Option<&Key>, patience: &Patience) -> Result<(), NotifyError> {
    let client = client(None, patience.connect, patience.idle, Policy::none())?;
    let refused = |detail: String| NotifyError::Refused { host: webhook.host(), detail };
    for attempt in 1.. {
        let (detail, asked) = match send(&client, webhook, body, key) {
            Ok(()) => return Ok(()),
            Err(Failure::Final(detail)) => return Err(refused(detail)),
            Err(Failure::Passing(detail, asked)) => (detail, asked),
        };
        if attempt >= patience.attempts {
            return Err(refused(format!("{detail} (tried {attempt} times)")));
        }
        if asked.is_some_and(|asked| asked > patience.longest) {
            return Err(refused(format!("{detail}, and asks to come back later than in {:?}", patience.longest)));
        }
        let pause = patience.pause_before(attempt + 1);
        thread::sleep(asked.map_or(pause, |asked| asked.max(pause)));
    }
    Ok(())
}

fn send(client: &Client, webhook: &Webhook, body: &[u8], key: Option<&Key>) -> Result<(), Failure> {
    let mut request = client.post(webhook.url.clone()).header(CONTENT_TYPE, "application/json").body(body.to_owned());
    if let Some(key) = key {
        request = request.header(SIGNATURE, key.sign(body, Utc::now()));
    }
    let response = request.send().map_err(|error| {
        // The error itself quotes the address.
        let detail = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else {
            "the connection broke off"
        };
        Failure::Passing(detail.to_owned(), None)
    })?;
    let status = response.status();
    let said = format!("it answers {status}");
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, Utc::now()));
    finish(response);
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Failure::Passing(said, asked)),
        status if status.is_server_error() => Err(Failure::Passing(said, asked)),
        status if status.is_redirection() => {
            Err(Failure::Final(format!("{said}, and redirects are not followed: name the address that it leads to")))
        }
        _ => Err(Failure::Final(said)),
    }
}

/// Reads what little a receiver says: one that is hung up on may take the notice for not sent.
#[allow(clippy::disallowed_methods, reason = "bounded, and no part of an artifact")]
fn finish(response: Response) {
    let mut rest = response.take(ANSWER);
    let mut scratch = [0; 1024];
    while rest.read(&mut scratch).is_ok_and(|count| count > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_never_shown() {
        for (text, host) in [
            ("https://hooks.example.com/services/T0/B0/geheim", Some("hooks.example.com")),
            ("https://user:geheim@hooks.example.com:8443/x?k=geheim", Some("hooks.example.com:8443")),
            ("http://127.0.0.1:9/geheim", Some("127.0.0.1:9")),
            ("http://[::1]/geheim", Some("[::1]")),
            ("http://localhost/geheim", Some("localhost")),
            ("http://hooks.example.com/geheim", None),
            ("http://localhost.example.com/geheim", None),
            ("ftp://hooks.example.com/geheim", None),
            ("file:///geheim", None),
            ("geheim", None),
        ] {
            let parsed = Webhook::parse(text);
            assert_eq!(parsed.as_ref().ok().map(Webhook::host).as_deref(), host, "{text}");
            let shown = match &parsed {
                Ok(webhook) => format!("{webhook:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("geheim"), "{shown}");
        }
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        assert!(matches!(Key::new(b"short"), Err(NotifyError::Key)));
        let key = Key::new(&[0x0b; 20]).unwrap();
        let now = DateTime::from_timestamp(1_795_305_600, 0).unwrap();
        // printf '1795305600.{}' | openssl dgst -sha256 -mac hmac -macopt hexkey:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
        let expected = "t=1795305600,v1=db1d1ddfaf20da11c7e0d20cce3ed2e1a5f6b00946ce5ec17c0acb1c436e9b27";
        assert_eq!(key.sign(b"{}", now), expected);
    }
}
