//! A reverse proxy in front of moto's server: counts every call, keeps AWS's documented rates, and fails where told to.
//!
//! AWS's rates (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>): 100 `GetFunction`, 15
//! `GetPolicy`, and 15 of all other calls of Lambda's control plane together, a second, in each region.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::action::Request;
use super::{cbor, objects, repair};

/// What happens to a call instead of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, `TooManyRequestsException`.
    Throttled,
    /// 403, `AccessDeniedException`.
    Denied,
    /// This status, with a body that is no JSON.
    Status(u16),
    /// The connection ends.
    Reset,
    /// It ends after so many bytes of an object.
    Cut(usize),
}

/// Changes the answer to a call: its action, where it went, what moto said.
type Patch = Box<dyn Fn(&str, &str, &mut Value) + Send + Sync>;

#[derive(Default)]
pub(super) struct State {
    calls: Mutex<BTreeMap<String, usize>>,
    throttled: Mutex<usize>,
    /// When calls of a region and a class were let through within the last second.
    rates: Mutex<BTreeMap<(String, &'static str), VecDeque<Instant>>>,
    faults: Mutex<Vec<(String, String, Fault, usize)>>,
    patches: Mutex<Vec<Patch>>,
    pub(super) regions: Mutex<Vec<String>>,
    pub(super) replicas: Mutex<Vec<String>>,
    pub(super) provisioned: Mutex<Vec<(String, String)>>,
    pub(super) objects: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// What forwards one request.
pub(super) struct Upstream {
    pub(super) client: Client,
    pub(super) moto: String,
    /// Where archives are.
    pub(super) files: String,
    pub(super) state: Arc<State>,
}

/// The proxy; ends with the value.
pub struct Proxy {
    address: String,
    url: String,
    state: Arc<State>,
}

impl Proxy {
    /// Stands in front of the server at a port; `files` is where archives are.
    pub(super) fn start(port: u16, files: &str, tls: Option<Arc<ServerConfig>>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
        let state = Arc::new(State::default());
        let patience = Duration::from_secs(60);
        let client = tidewaiter::advisory::client(None, patience, patience, Policy::none()).unwrap();
        let moto = format!("http://127.0.0.1:{port}");
        let upstream = Arc::new(Upstream { client, moto, files: files.to_owned(), state: state.clone() });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if upstream.state.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (upstream, tls) = (upstream.clone(), tls.clone());
                thread::spawn(move || {
                    stream.set_nodelay(true)?;
                    match tls {
                        None => converse(stream, &upstream),
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            converse(StreamOwned::new(connection, stream), &upstream)
                        }
                    }
                });
            }
        });
        Proxy { address, url, state }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls since the last time that this was asked, by action; those that were refused count too.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut *self.state.calls.lock().unwrap())
    }

    /// Objects that were read since the last time, as paths with the bucket; reads that failed count too.
    pub fn objects(&self) -> Vec<String> {
        std::mem::take(&mut *self.state.objects.lock().unwrap())
    }

    /// Calls since the last time that came faster than AWS allows, and were refused.
    pub fn throttled(&self) -> usize {
        std::mem::take(&mut *self.state.throttled.lock().unwrap())
    }

    /// Misbehaves `times` times where an action's path, query, region or body holds a text: `("lambda:GetFunction",
    /// "orders-3")`.
    pub fn fault(&self, action: &str, text: &str, fault: Fault, times: usize) {
        self.state.faults.lock().unwrap().push((action.to_owned(), text.to_owned(), fault, times));
    }

    /// Behaves again.
    pub fn mend(&self) {
        self.state.faults.lock().unwrap().clear();
        self.state.patches.lock().unwrap().clear();
    }

    /// Changes what moto answers: what it cannot hold itself.
    pub fn patch(&self, patch: impl Fn(&str, &str, &mut Value) + Send + Sync + 'static) {
        self.state.patches.lock().unwrap().push(Box::new(patch));
    }

    /// The regions that the account may use.
    pub fn regions(&self, regions: &[&str]) {
        *self.state.regions.lock().unwrap() = regions.iter().map(|&region| region.to_owned()).collect();
    }

    /// Has Lambda@Edge use a version, given by its ARN: every region then has a copy of it.
    pub fn replicate(&self, arn: &str) {
        self.state.replicas.lock().unwrap().push(arn.to_owned());
    }

    /// Provisions concurrency for a function's version or alias.
    pub fn provision(&self, function: &str, qualifier: &str) {
        self.state.provisioned.lock().unwrap().push((function.to_owned(), qualifier.to_owned()));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

/// Answers the requests of one connection until one of them ends it.
fn converse<S: Read + Write>(stream: S, upstream: &Upstream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        if request.action().starts_with("s3:") {
            let (answer, goes_on) = objects::answer(&request, upstream);
            stream.get_mut().write_all(&answer)?;
            stream.get_mut().flush()?;
            if goes_on {
                continue;
            }
            return Ok(());
        }
        let Some((status, kind, body)) = answer(&request, upstream) else { return Ok(()) };
        let error = if status == 429 { "x-amzn-errortype: TooManyRequestsException\r\n" } else { "" };
        let error = if status == 403 { "x-amzn-errortype: AccessDeniedException\r\n" } else { error };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{error}");
        let protocol = if kind.ends_with("cbor") { "smithy-protocol: rpc-v2-cbor\r\n" } else { "" };
        let out = stream.get_mut();
        out.write_all(&[head.as_bytes(), protocol.as_bytes(), b"\r\n", &body].concat())?;
        out.flush()?;
    }
    Ok(())
}

fn read<S: Read>(stream: &mut BufReader<S>) -> std::io::Result<Option<Request>> {
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    for line in stream.by_ref().lines() {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(Request { method, target, headers, body }))
}

/// Status, type and body; nothing where the connection is to end.
fn answer(request: &Request, upstream: &Upstream) -> Option<(u16, String, Vec<u8>)> {
    let (action, state) = (request.action(), &upstream.state);
    let json =
        |status: u16, value: Value| Some((status, "application/json".to_owned(), value.to_string().into_bytes()));
    let slow = || json(429, json!({ "Reason": "CallerRateLimitExceeded", "Type": "User", "message": "Rate exceeded" }));
    match state.called(request) {
        Some(Fault::Reset | Fault::Cut(_)) => return None,
        Some(Fault::Throttled) => return slow(),
        Some(Fault::Status(status)) => return Some((status, "text/plain".to_owned(), b"out of order".to_vec())),
        Some(Fault::Denied) if action.starts_with("iam:") || action.starts_with("sts:") => {
            let text = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized\
                        </Message></Error><RequestId>0</RequestId></ErrorResponse>";
            return Some((403, "text/xml".to_owned(), text.into()));
        }
        Some(Fault::Denied) => {
            return json(
                403,
                json!({ "__type": "AccessDeniedException", "Message": format!("not authorized: {action}") }),
            );
        }
        None => {}
    }
    if !state.admits(&action, &request.scope().1) {
        *state.throttled.lock().unwrap() += 1;
        return slow();
    }
    let (status, kind, body) = match repair::instead(&action, request, upstream) {
        Some((status, value)) => (status, "application/json".to_owned(), value.to_string().into_bytes()),
        None if action.starts_with("cloudwatch:") => cbor::exchange(request, upstream),
        None => upstream.forward(request, &request.target),
    };
    let Ok(mut value) = serde_json::from_slice(&body) else { return Some((status, kind, body)) };
    repair::mend(&action, request, upstream, &mut value);
    state.patched(&action, &request.target, &mut value);
    json(status, value)
}

impl Upstream {
    /// What moto says.
    pub(super) fn forward(&self, request: &Request, target: &str) -> (u16, String, Vec<u8>) {
        let method = request.method.parse().expect("a method");
        let mut forwarded = self.client.request(method, format!("{}{target}", self.moto)).body(request.body.clone());
        for (name, value) in
            request.headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()))
        {
            forwarded = forwarded.header(name, value);
        }
        let response = forwarded.send().expect("moto answers");
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        (response.status().as_u16(), kind.to_owned(), response.bytes().expect("a whole answer").to_vec())
    }
}

impl State {
    /// Has the tests change an answer.
    pub(super) fn patched(&self, action: &str, target: &str, value: &mut Value) {
        self.patches.lock().unwrap().iter().for_each(|patch| patch(action, target, value));
    }

    /// Counts a call, and says what is to go wrong with it.
    pub(super) fn called(&self, request: &Request) -> Option<Fault> {
        let action = request.action();
        *self.calls.lock().unwrap().entry(action.clone()).or_default() += 1;
        let place = format!("{} {} {}", request.target, request.scope().1, String::from_utf8_lossy(&request.body));
        self.fault(&action, &place)
    }

    fn fault(&self, action: &str, place: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let fits =
            |fault: &&mut (String, String, Fault, usize)| fault.0 == action && place.contains(&fault.1) && fault.3 > 0;
        faults.iter_mut().find(fits).map(|fault| {
            fault.3 -= 1;
            fault.2.clone()
        })
    }

    /// Whether a call comes no faster than AWS allows.
    fn admits(&self, action: &str, region: &str) -> bool {
        let (class, rate) = match action {
            "lambda:GetFunction" => ("GetFunction", 100),
            "lambda:GetPolicy" => ("GetPolicy", 15),
            action if action.starts_with("lambda:") => ("other", 15),
            _ => return true,
        };
        let mut rates = self.rates.lock().unwrap();
        let (calls, now) = (rates.entry((region.to_owned(), class)).or_default(), Instant::now());
        while calls.front().is_some_and(|&first| now.duration_since(first) >= Duration::from_secs(1)) {
            calls.pop_front();
        }
        let free = calls.len() < rate;
        if free {
            calls.push_back(now);
        }
        free
    }
}
