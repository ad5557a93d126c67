//! Requests to a mirror: bounded in size and time, repeated where that may help, careful with credentials.
//!
//! Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), trusted certificates from
//! the system and from a file of the user's. TLS is rustls with `ring`.

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chrono::Utc;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{StatusCode, Url};
use rustls::CertificateError::{BadSignature, UnknownIssuer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::credentials::Credentials;
use super::error::AdvisoryError;
use super::mirror::{Fetched, Validator};
use super::patience::{Pace, Patience, retry_after};

/// Redirects that are followed for one request.
const REDIRECTS: usize = 5;

/// Is told an address and how many bytes of it have come; any thread may call it.
pub type Watch = Box<dyn Fn(&str, u64) + Send + Sync>;

/// Asks mirrors.
pub struct Http {
    client: Client,
    credentials: Credentials,
    named: Option<Url>,
    pub(super) patience: Patience,
    watch: Watch,
}

/// Why an attempt failed, and whether another one may help.
pub(super) struct Failure {
    pub(super) detail: String,
    pub(super) again: Again,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// After a pause of our own.
    Later,
    /// After the pause that the server asked for.
    After(Duration),
    /// A good deal came before it broke off, and stays: what follows counts as a first attempt.
    GoOn,
}

impl Failure {
    pub(super) fn never(detail: impl Display) -> Failure {
        Failure { detail: detail.to_string(), again: Again::Never }
    }

    pub(super) fn later(detail: impl Display) -> Failure {
        Failure { detail: detail.to_string(), again: Again::Later }
    }

    /// What came of a small body is thrown away, so that it broke off is one more failed attempt.
    fn restarted(self) -> Failure {
        Failure { again: if self.again == Again::GoOn { Again::Later } else { self.again }, ..self }
    }
}

impl Http {
    /// Connects to nothing yet. `named` is the mirror that the user named, which alone gets the credentials of the
    /// environment; `ca_cert` is a PEM file of certificates to trust besides the system's.
    ///
    /// # Errors
    /// [`AdvisoryError::Io`] for a file that cannot be read, [`AdvisoryError::Tls`] for one that holds no certificate.
    pub fn new(
        credentials: Credentials,
        named: Option<Url>,
        ca_cert: Option<&Path>,
        patience: Patience,
        watch: Watch,
    ) -> Result<Http, AdvisoryError> {
        let client = client(ca_cert, patience.connect, patience.idle, Policy::custom(follow))?;
        Ok(Http { client, credentials, named, patience, watch })
    }

    /// Sends one request. Gives what the caller has to tell apart: success, [`StatusCode::NOT_MODIFIED`],
    /// [`StatusCode::NOT_FOUND`], [`StatusCode::RANGE_NOT_SATISFIABLE`]; everything else is a failure.
    pub(super) fn send(&self, url: &Url, headers: HeaderMap) -> Result<Response, Failure> {
        self.exchange(url, self.client.get(url.clone()).headers(headers))
    }

    fn exchange(&self, url: &Url, request: RequestBuilder) -> Result<Response, Failure> {
        let mut request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(value) = self.credentials.for_url(url, self.named.as_ref()).map_err(Failure::never)? {
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.send().map_err(|error| {
            let error = error.without_url();
            match refused(&error) {
                Some(rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature)) => Failure::never(format_args!(
                    "{}: nobody whom this machine trusts vouches for the server; if its certificate is from an \
                     authority of your own, name that one's in PEM form with --ca-cert",
                    chain(&error)
                )),
                Some(_) => Failure::never(chain(&error)),
                None if error.is_builder() || error.is_redirect() => Failure::never(chain(&error)),
                None => Failure::later(chain(&error)),
            }
        })?;
        let status = response.status();
        match status {
            StatusCode::NOT_MODIFIED | StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => Ok(response),
            status if status.is_success() => Ok(response),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Err(Failure::never(format_args!("the server answers {status}: credentials are missing or wrong")))
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(self.wait(&response)),
            status if status.is_server_error() => Err(self.wait(&response)),
            status => Err(Failure::never(format_args!("the server answers {status}"))),
        }
    }

    fn wait(&self, response: &Response) -> Failure {
        let detail = format!("the server answers {}", response.status());
        let asked = text(response, RETRY_AFTER).and_then(|value| retry_after(&value, Utc::now()));
        match asked {
            Some(pause) if pause > self.patience.longest => {
                Failure::never(format_args!("{detail} and asks to come back in {} seconds", pause.as_secs()))
            }
            Some(pause) => Failure { detail, again: Again::After(pause) },
            None => Failure { detail, again: Again::Later },
        }
    }

    /// Repeats an attempt for as long as that may help.
    pub(super) fn insist<T>(
        &self,
        url: &Url,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, AdvisoryError> {
        let mut next = 2;
        loop {
            let failure = match attempt() {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if failure.again == Again::Never {
                return Err(AdvisoryError::mirror(url, failure.detail));
            }
            if failure.again == Again::GoOn {
                next = 2;
            }
            if next > self.patience.attempts {
                return Err(AdvisoryError::mirror(url, format_args!("{} (tried {} times)", failure.detail, next - 1)));
            }
            let pause = self.patience.pause_before(next);
            thread::sleep(if let Again::After(asked) = failure.again { asked.max(pause) } else { pause });
            next += 1;
        }
    }

    /// Fetches something small as a whole; [`Fetched::Unchanged`] if it is what `since` was given for.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`] where it cannot be had, or not completely, or has more than `limit` bytes.
    pub(super) fn get(
        &self,
        url: &Url,
        limit: u64,
        since: Option<&Validator>,
    ) -> Result<Fetched<Vec<u8>>, AdvisoryError> {
        let mut since = since;
        self.insist(url, || {
            let response = self.send(url, since.map(Validator::conditions).unwrap_or_default())?;
            match response.status() {
                StatusCode::NOT_FOUND => Ok(Fetched::Missing),
                StatusCode::NOT_MODIFIED if since.is_some_and(|since| since.is_denied_by(&response)) => {
                    since = None;
                    Err(Failure::later("'not modified', with another date than before"))
                }
                StatusCode::NOT_MODIFIED if since.is_some() => Ok(Fetched::Unchanged),
                StatusCode::OK => {
                    let validator = Validator::of(&response);
                    let mut bytes = Vec::new();
                    let received = self.receive(url, response, 0, limit, &mut |piece| {
                        bytes.extend_from_slice(piece);
                        Ok(())
                    });
                    received.map_err(Failure::restarted)?;
                    Ok(Fetched::New(bytes, Some(validator)))
                }
                status => Err(Failure::never(format_args!("the server answers {status}"))),
            }
        })
    }

    /// Sends some JSON and receives the answer as a whole.
    ///
    /// # Errors
    /// As [`Http::get`].
    pub(super) fn post(&self, url: &Url, body: &[u8], limit: u64) -> Result<Vec<u8>, AdvisoryError> {
        self.insist(url, || {
            let request = self.client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body.to_vec());
            let response = self.exchange(url, request)?;
            if response.status() != StatusCode::OK {
                return Err(Failure::never(format_args!("the server answers {}", response.status())));
            }
            let mut bytes = Vec::new();
            let received = self.receive(url, response, 0, limit, &mut |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            });
            received.map(|()| bytes).map_err(Failure::restarted)
        })
    }

    /// Whether the server has something under this address.
    pub(super) fn has(&self, url: &Url) -> Result<bool, AdvisoryError> {
        // The body is not read; the connection ends with the answer.
        self.insist(url, || Ok(self.send(url, HeaderMap::new())?.status() == StatusCode::OK))
    }

    /// Reads a body to its end, of which `before` bytes came earlier.
    pub(super) fn receive(
        &self,
        url: &Url,
        mut response: Response,
        before: u64,
        limit: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // Without either, the end of the connection is the end of the body, and half of one looks like a whole.
        if !response.headers().contains_key(CONTENT_LENGTH) && !response.headers().contains_key(TRANSFER_ENCODING) {
            return Err(Failure::never("the server does not say how long its answer is"));
        }
        let too_large = || Failure::never(format_args!("larger than {limit} bytes"));
        if response.content_length().is_some_and(|length| length.saturating_add(before) > limit) {
            return Err(too_large());
        }
        let mut pace = Pace::new(&self.patience);
        let mut total = before;
        let mut piece = vec![0; 64 << 10];
        let place = url.as_str();
        loop {
            let length = match response.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    // Only of a body that goes on where another broke off is anything kept.
                    let gained = before > 0 && total - before >= self.patience.least;
                    let again = if gained { Again::GoOn } else { Again::Later };
                    let detail = format!("broke off after {total} bytes: {}", chain(&error));
                    return Err(Failure { detail, again });
                }
            };
            total = total.saturating_add(length as u64);
            if total > limit {
                return Err(too_large());
            }
            take(&piece[..length])?;
            (self.watch)(place, total);
            if !pace.keeps(length) {
                let seconds = self.patience.window.as_secs_f32();
                return Err(Failure::never(format_args!("less than {} bytes in {seconds} s", self.patience.least)));
            }
        }
    }
}

impl Validator {
    pub(super) fn of(response: &Response) -> Validator {
        Validator { etag: text(response, ETAG), last_modified: text(response, LAST_MODIFIED) }
    }

    /// The headers that ask for the thing only if it is another one now.
    pub(super) fn conditions(&self) -> HeaderMap {
        let pairs = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?.parse().ok()?))).collect()
    }

    /// Whether an answer says "not modified" and, beside it, that it was. Some caches do.
    pub(super) fn is_denied_by(&self, response: &Response) -> bool {
        let now = text(response, LAST_MODIFIED);
        now.is_some() && self.last_modified.is_some() && now != self.last_modified
    }
}

pub(super) fn text(response: &Response, name: HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

/// A client with this program's ideas of trust: TLS by rustls, certificates of the system and of a file of the user's,
/// proxies of the environment. `whole` bounds a request where its body is not read piece by piece.
///
/// # Errors
/// As [`Http::new`].
pub fn client(
    ca_cert: Option<&Path>,
    connect: Duration,
    whole: Duration,
    redirects: Policy,
) -> Result<Client, AdvisoryError> {
    let builder = Client::builder();
    // `reqwest` takes the asterisk for any name, but not for an address.
    let builder = if nothing_is_proxied() { builder.no_proxy() } else { builder };
    builder
        .tls_backend_preconfigured(tls(ca_cert)?)
        .connect_timeout(connect)
        .timeout(whole)
        .redirect(redirects)
        .referer(false)
        .user_agent(concat!("tidewaiter/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| AdvisoryError::Tls(chain(&error)))
}

/// The one TLS stack: rustls with `ring`, certificates of the system and of a file of the user's.
///
/// # Errors
/// As [`Http::new`].
pub fn tls(ca_cert: Option<&Path>) -> Result<ClientConfig, AdvisoryError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| AdvisoryError::Tls(error.to_string()))?;
    Ok(config.with_root_certificates(roots(ca_cert)?).with_no_client_auth())
}

/// Credentials do not follow to another host, and nothing follows from TLS to plain text.
fn follow(attempt: Attempt) -> reqwest::redirect::Action {
    let was_tls = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if was_tls && attempt.url().scheme() != "https" {
        attempt.error("redirected from https to plain http")
    } else if attempt.previous().len() > REDIRECTS {
        attempt.error("redirected too often")
    } else {
        attempt.follow()
    }
}

/// Whether `NO_PROXY` excepts every host.
fn nothing_is_proxied() -> bool {
    ["NO_PROXY", "no_proxy"].into_iter().any(|name| env::var(name).is_ok_and(|hosts| hosts.trim() == "*"))
}

/// The system's certificates, as far as they can be read, and the user's. None at all is no error: a mirror in plain
/// text needs none, and with TLS the connection says it.
fn roots(ca_cert: Option<&Path>) -> Result<RootCertStore, AdvisoryError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_cert {
        let pem = fs::read(path).map_err(AdvisoryError::io(path))?;
        let failed = |detail: &dyn Display| AdvisoryError::Tls(format!("{}: {detail}", path.display()));
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| failed(&error))?;
            roots.add(certificate).map_err(|error| failed(&error))?;
            count += 1;
        }
        if count == 0 {
            return Err(failed(&"no certificate in PEM form"));
        }
    }
    Ok(roots)
}

/// An error and its causes, the first one last.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// The source of an [`io::Error`] is that of the error which it wraps, so the wrapped one, the only one that says
/// anything, would be passed over.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// What TLS refused. Another attempt would meet the same certificate.
fn refused<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// An error with its causes, each said once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for error in causes(error) {
        let word = error.to_string();
        if !words.iter().any(|said| said.contains(&word)) {
            words.push(word);
        }
    }
    words.join(": ")
}
