//! Floor 2: asks vendors whether a secret still works. Only where the user asks for it.
//!
//! A question is the vendor's own read-only one ("who am I?"), and data of the secret's rule. It goes to the vendor's
//! address and nowhere else: no redirect is followed. One vendor is asked about few secrets, and slowly. The answer
//! tells what the vendor says now; a secret that is refused may still open something at another vendor.

mod sigv4;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};

use crate::advisory::{AdvisoryError, client};
use crate::model::{Answer, Probe, SecretValue, Verification};

/// Secrets that one vendor is asked about in one run.
const QUESTIONS: usize = 50;
/// The pause between two questions to one host.
const PAUSE: Duration = Duration::from_millis(500);
/// What one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are looked at.
const ANSWER: u64 = 64 << 10;

/// Asks vendors.
pub struct Verifier {
    client: Client,
    /// Takes all questions in the vendors' place, for tests: the host becomes the first part of the path.
    endpoint: Option<Url>,
    hosts: Mutex<BTreeMap<String, Asked>>,
}

#[derive(Default)]
struct Asked {
    count: usize,
    last: Option<Instant>,
}

/// Why there is no answer.
enum Silence {
    Probe,
    Often,
    Network,
}

impl Verifier {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`AdvisoryError::Tls`] where no client can be made.
    pub fn new(endpoint: Option<Url>) -> Result<Verifier, AdvisoryError> {
        let client = client(None, PATIENCE, PATIENCE, Policy::none())?;
        Ok(Verifier { client, endpoint, hosts: Mutex::default() })
    }

    /// Asks about one secret; `id` is the other half of its pair.
    pub fn ask(
        &self,
        probe: &Probe,
        id: Option<&SecretValue>,
        secret: &SecretValue,
        now: DateTime<Utc>,
    ) -> Verification {
        let host = Url::parse(&probe.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let answered = self.request(probe, &host, id, secret, now).and_then(|request| {
            self.wait(&host)?;
            // The error is not shown: it may quote the address, and the address may hold the secret.
            request.send().map_err(|_| Silence::Network)
        });
        let (answer, detail) = match answered {
            Ok(response) => read(probe, response),
            Err(Silence::Probe) => (Answer::Unknown, "the question cannot be put with this secret".to_owned()),
            Err(Silence::Often) => {
                (Answer::Unknown, format!("not asked: {QUESTIONS} questions were, the most for one vendor"))
            }
            Err(Silence::Network) => (Answer::Unknown, "no answer: the host cannot be reached".to_owned()),
        };
        Verification { answer, asked: host, detail }
    }

    fn request(
        &self,
        probe: &Probe,
        host: &str,
        id: Option<&SecretValue>,
        secret: &SecretValue,
        now: DateTime<Utc>,
    ) -> Result<RequestBuilder, Silence> {
        let text = std::str::from_utf8(secret.expose()).map_err(|_| Silence::Probe)?;
        let fill = |template: &str| template.replace("{secret}", text);
        let url = Url::parse(&fill(&probe.url)).map_err(|_| Silence::Probe)?;
        // A secret that changes whom the question goes to is no secret of this vendor.
        if url.host_str() != Some(host) || url.scheme() != "https" {
            return Err(Silence::Probe);
        }
        let url = self.instead_of(&url)?;
        let mut request = match &probe.post {
            Some(body) => self.client.post(url).body(fill(body)),
            None => self.client.get(url),
        };
        for (name, value) in &probe.headers {
            request = request.header(name, fill(value));
        }
        if let Some((user, password)) = probe.basic.as_deref().and_then(|pair| pair.split_once(':')) {
            request = request.basic_auth(fill(user), Some(fill(password)).filter(|password| !password.is_empty()));
        }
        if probe.sigv4 {
            let id = id.and_then(|id| std::str::from_utf8(id.expose()).ok()).ok_or(Silence::Probe)?;
            let body = probe.post.as_deref().unwrap_or_default();
            for (name, value) in sigv4::headers(id, text, host, body, now) {
                request = request.header(name, value);
            }
        }
        Ok(request)
    }

    /// The address that takes the question in the vendor's place.
    fn instead_of(&self, url: &Url) -> Result<Url, Silence> {
        let Some(endpoint) = &self.endpoint else { return Ok(url.clone()) };
        let mut other = endpoint.clone();
        other.set_path(&format!("/{}{}", url.host_str().unwrap_or_default(), url.path()));
        other.set_query(url.query());
        Ok(other)
    }

    /// Waits until the host may be asked again.
    fn wait(&self, host: &str) -> Result<(), Silence> {
        // Held while waiting: two threads must not ask one host at once, and nothing else is to be done meanwhile.
        let Ok(mut hosts) = self.hosts.lock() else { return Err(Silence::Often) };
        let asked = hosts.entry(host.to_owned()).or_default();
        if asked.count >= QUESTIONS {
            return Err(Silence::Often);
        }
        if let Some(left) = asked.last.and_then(|last| PAUSE.checked_sub(last.elapsed())) {
            thread::sleep(left);
        }
        asked.count += 1;
        asked.last = Some(Instant::now());
        Ok(())
    }
}

fn read(probe: &Probe, response: Response) -> (Answer, String) {
    let status = response.status();
    let said = |word: &str| format!("HTTP {}{word}", status.as_u16());
    if probe.live.contains(&status.as_u16()) {
        let Some(wanted) = &probe.live_text else { return (Answer::Live, said("")) };
        return match body(response) {
            Some(body) if memchr::memmem::find(&body, wanted.as_bytes()).is_some() => (Answer::Live, said("")),
            Some(_) => (Answer::Dead, said(", and a refusal in its text")),
            None => (Answer::Unknown, said(", and the text broke off")),
        };
    }
    if probe.dead.contains(&status.as_u16()) {
        return (Answer::Dead, said(""));
    }
    let word = if status == StatusCode::TOO_MANY_REQUESTS { ": too many questions" } else { "" };
    (Answer::Unknown, said(word))
}

#[allow(clippy::disallowed_methods, reason = "bounded, and no part of an artifact")]
fn body(response: Response) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(response, ANSWER), &mut bytes).ok()?;
    Some(bytes)
}
