//! A file server on the loopback, in plain text or with TLS, that can be told to misbehave.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

/// What the server does to a path instead of serving it.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers.
    Status(u16, String),
    /// The connection ends after so many bytes of the body.
    Reset(usize),
    /// `Content-Length` says this.
    Length(usize),
    /// Neither a length nor chunks.
    NoLength,
    /// So many bytes, each after a pause.
    Drip(Duration),
    /// So many bytes of the body, and nothing more until the server is mended.
    Stall(usize),
    /// The whole, whatever part is asked for.
    NoRange,
    /// Somewhere else.
    Redirect(String),
    /// Every version has this entity tag.
    Tag(String),
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Without the query.
    pub path: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    /// By path: the fault, and how often it still happens.
    faults: Mutex<BTreeMap<String, (Fault, usize)>>,
    asked: Mutex<Vec<Asked>>,
    sent: AtomicU64,
    stop: AtomicBool,
}

/// The server; ends with the value.
pub struct Server {
    scheme: &'static str,
    address: String,
    state: Arc<State>,
}

impl Server {
    /// Serves a folder.
    pub fn start(root: &Path) -> Server {
        Server::serve(root, None)
    }

    /// Serves a folder with TLS.
    pub fn start_tls(root: &Path, config: Arc<ServerConfig>) -> Server {
        Server::serve(root, Some(config))
    }

    fn serve(root: &Path, tls: Option<Arc<ServerConfig>>) -> Server {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let (root, shared) = (root.to_owned(), state.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (root, state, tls) = (root.clone(), shared.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => drop(converse(stream, &root, &state)),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        drop(converse(StreamOwned::new(connection, stream), &root, &state));
                    }
                });
            }
        });
        Server { scheme, address, state }
    }

    /// Its address, with a path behind it.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}/{path}", self.scheme, self.address)
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Misbehaves `times` times at a path, such as `/npm/all.zip`.
    pub fn fault(&self, path: &str, fault: Fault, times: usize) {
        self.state.faults.lock().unwrap().insert(path.to_owned(), (fault, times));
    }

    /// Behaves again.
    pub fn mend(&self) {
        self.state.faults.lock().unwrap().clear();
    }

    /// Bytes sent since the last call, heads and bodies.
    pub fn sent(&self) -> u64 {
        self.state.sent.swap(0, Ordering::SeqCst)
    }

    /// Requests since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.state.asked.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

/// Answers the requests of one connection until one of them ends it.
fn converse<S: Read + Write>(stream: S, root: &Path, state: &State) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(first) = stream.by_ref().lines().next().transpose()? else { return Ok(()) };
        let path = first.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/").to_owned();
        let mut headers = BTreeMap::new();
        for line in stream.by_ref().lines() {
            let line = line?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let asked = Asked { path, headers };
        state.asked.lock().unwrap().push(asked.clone());
        let fault = {
            let mut faults = state.faults.lock().unwrap();
            let left = faults.get_mut(&asked.path).filter(|(_, times)| *times > 0);
            left.map(|(fault, times)| {
                *times -= 1;
                fault.clone()
            })
        };
        let (head, body) = answer(root, &asked, fault.as_ref());
        let out = stream.get_mut();
        out.write_all(head.as_bytes())?;
        let end = match &fault {
            Some(Fault::Reset(end)) => body.len().min(*end),
            Some(Fault::Length(end) | Fault::Stall(end)) => body.len().min(*end),
            _ => body.len(),
        };
        if let Some(Fault::Drip(pause)) = &fault {
            for byte in &body {
                out.write_all(std::slice::from_ref(byte))?;
                thread::sleep(*pause);
            }
        } else {
            out.write_all(&body[..end])?;
        }
        out.flush()?;
        state.sent.fetch_add((head.len() + end) as u64, Ordering::SeqCst);
        if matches!(fault, Some(Fault::Stall(_))) {
            while !state.stop.load(Ordering::SeqCst) && state.faults.lock().unwrap().contains_key(&asked.path) {
                thread::sleep(Duration::from_millis(5));
            }
        }
        // The connection ends with the value.
        if let Some(Fault::Reset(_) | Fault::Length(_) | Fault::NoLength | Fault::Drip(_) | Fault::Stall(_)) = fault {
            return Ok(());
        }
    }
}

fn answer(root: &Path, asked: &Asked, fault: Option<&Fault>) -> (String, Vec<u8>) {
    let plain =
        |status: &str, more: &str| (format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n{more}\r\n"), Vec::new());
    match fault {
        Some(Fault::Status(status, headers)) => return plain(&format!("{status} Fault"), headers),
        Some(Fault::Redirect(to)) => return plain("302 Found", &format!("Location: {to}\r\n")),
        _ => {}
    }
    let file: PathBuf = root.join(asked.path.trim_start_matches('/'));
    let (Ok(body), Ok(metadata)) = (fs::read(&file), fs::metadata(&file)) else { return plain("404 Not Found", "") };
    let digest: String = Sha256::digest(&body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = match fault {
        Some(Fault::Tag(tag)) => format!("\"{tag}\""),
        _ => format!("\"{digest}\""),
    };
    let modified = chrono::DateTime::<chrono::Utc>::from(metadata.modified().unwrap());
    let state = format!("ETag: {etag}\r\nLast-Modified: {}\r\n", modified.format("%a, %d %b %Y %H:%M:%S GMT"));
    if asked.headers.get("if-none-match") == Some(&etag) {
        return (format!("HTTP/1.1 304 Not Modified\r\n{state}\r\n"), Vec::new());
    }
    let may_go_on = asked.headers.get("if-range") == Some(&etag) && !matches!(fault, Some(Fault::NoRange));
    let range = asked.headers.get("range").filter(|_| may_go_on);
    if let Some(start) = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()) {
        let rest = body.get(start..).unwrap_or_default().to_vec();
        let place = format!("Content-Range: bytes {start}-{}/{}\r\n", body.len() - 1, body.len());
        let head = format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n{place}{state}\r\n", rest.len());
        return (head, rest);
    }
    let length = match fault {
        Some(Fault::Length(length)) => format!("Content-Length: {length}\r\n"),
        Some(Fault::NoLength) => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    (format!("HTTP/1.1 200 OK\r\n{length}{state}\r\n"), body)
}
