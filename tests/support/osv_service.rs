//! The OSV service on the loopback: answers from records that a test gives it, badly where the test wants it so.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// Gives the status, more headers and the body in place of the right ones; `None` leaves them.
pub type Fault = Box<dyn Fn(&Request) -> Option<(u16, &'static str, Vec<u8>)> + Send + Sync>;

/// What came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /v1/querybatch`, `GET /v1/vulns/X-1`.
    pub line: String,
    /// Everything else that was sent, headers too.
    pub text: String,
    /// The body as JSON, null if there is none.
    pub body: Value,
    /// How many requests with this line came before.
    pub before: usize,
}

/// The running service. Its thread ends with the test process.
pub struct OsvService {
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl OsvService {
    /// Serves these records; an answer has at most `page` ids.
    pub fn start(records: &[Value], page: usize, fault: Fault) -> OsvService {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let shared = Arc::new((records.to_vec(), page, fault, seen.clone()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared.0, shared.1, &shared.2, &shared.3));
            }
        });
        OsvService { address, seen }
    }

    /// Everything that came, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("no thread panicked").clone()
    }

    /// Every query of every batch.
    pub fn queries(&self) -> Vec<Value> {
        let batches = self.requests().into_iter().filter(|request| request.line.starts_with("POST"));
        batches.flat_map(|request| request.body["queries"].as_array().expect("queries").clone()).collect()
    }
}

/// One request a connection.
fn serve(mut stream: TcpStream, records: &[Value], page: usize, fault: &Fault, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut line, mut text, mut length) = (String::new(), String::new(), 0);
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        text.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    text.push_str(&String::from_utf8_lossy(&body));
    let line = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
    let request = {
        let mut seen = seen.lock().expect("no thread panicked");
        let before = seen.iter().filter(|request| request.line == line).count();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        seen.push(Request { line, text, body, before });
        seen.last().expect("just pushed").clone()
    };
    let (status, headers, body) = fault(&request).unwrap_or_else(|| answer(&request, records, page));
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}\r\n",
        body.len()
    );
    // The client may be gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn answer(request: &Request, records: &[Value], page: usize) -> (u16, &'static str, Vec<u8>) {
    if let Some(id) = request.line.strip_prefix("GET /v1/vulns/") {
        return match records.iter().find(|record| record["id"] == id) {
            Some(record) => (200, "", record.to_string().into_bytes()),
            None => (404, "", br#"{"code":5,"message":"Bug not found."}"#.to_vec()),
        };
    }
    if request.line != "POST /v1/querybatch" {
        return (404, "", Vec::new());
    }
    let queries = request.body["queries"].as_array().expect("queries");
    assert!(queries.len() <= 1000, "the service takes no more");
    let results: Vec<Value> = queries.iter().map(|query| result(query, records, page)).collect();
    (200, "", json!({ "results": results }).to_string().into_bytes())
}

/// Every record of the package, whatever the version: what is sent back are candidates.
fn result(query: &Value, records: &[Value], page: usize) -> Value {
    let speaks = |record: &&Value| {
        let elements = record["affected"].as_array().expect("affected");
        elements.iter().any(|element| element["package"] == query["package"])
    };
    let ids: BTreeMap<&str, &Value> =
        records.iter().filter(speaks).map(|r| (r["id"].as_str().expect("an id"), &r["modified"])).collect();
    let first = query["page_token"].as_str().map_or(0, |token| token.parse().expect("a token of ours"));
    let vulns: Vec<Value> =
        ids.iter().skip(first).take(page).map(|(id, modified)| json!({"id": id, "modified": modified})).collect();
    match (vulns.is_empty(), first + page < ids.len()) {
        (true, _) => json!({}),
        (_, true) => json!({"vulns": vulns, "next_page_token": (first + page).to_string()}),
        (_, false) => json!({ "vulns": vulns }),
    }
}
