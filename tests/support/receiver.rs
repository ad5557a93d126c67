//! A receiver of notices on the loopback, and the documentation's way to check who sent them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tidewaiter::notify::SIGNATURE;

use super::tool::run;
use super::write;

/// What both sides know.
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What came, with its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Got {
    /// The header.
    pub signature: Option<String>,
    /// The header.
    pub content_type: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
}

/// A receiver that answers each connection with the next of these, and the last one ever after.
pub struct Receiver {
    /// Host and port.
    pub address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

/// What is answered.
#[derive(Clone)]
pub enum Answer {
    /// This status, with these headers.
    Status(u16, String),
    /// Nothing, for longer than anybody waits.
    Hang,
    /// The connection ends.
    HangUp,
}

impl Answer {
    /// This status alone.
    pub fn status(code: u16) -> Answer {
        Answer::Status(code, String::new())
    }
}

impl Receiver {
    /// Starts to listen.
    pub fn start(answers: Vec<Answer>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = got.clone();
        thread::spawn(move || {
            for (at, stream) in listener.incoming().flatten().enumerate() {
                let answer = answers.get(at).or(answers.last()).unwrap().clone();
                let seen = seen.clone();
                thread::spawn(move || drop(converse(stream, &answer, &seen)));
            }
        });
        Receiver { address, got }
    }

    /// The address of the webhook. `geheim` in it is what no output may show.
    pub fn url(&self) -> String {
        format!("http://{}/services/geheim?token=geheim", self.address)
    }

    /// What was posted.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.got().into_iter().map(|got| got.body).collect()
    }

    /// Everything that came.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn converse(stream: TcpStream, answer: &Answer, seen: &Mutex<Vec<Got>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut got, mut length) = (Got::default(), 0);
    for line in stream.by_ref().lines() {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else {
            if line.is_empty() {
                break;
            }
            assert!(line.starts_with("POST /services/geheim?token=geheim "), "{line}");
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "content-type" => got.content_type = Some(value.to_owned()),
            name if name == SIGNATURE.to_ascii_lowercase() => got.signature = Some(value.to_owned()),
            _ => {}
        }
    }
    got.body.resize(length, 0);
    stream.read_exact(&mut got.body)?;
    seen.lock().unwrap().push(got);
    match answer {
        Answer::HangUp => Ok(()),
        Answer::Hang => {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Answer::Status(code, more) => {
            write!(stream.get_mut(), "HTTP/1.1 {code} X\r\nContent-Length: 2\r\nConnection: close\r\n{more}\r\nok")
        }
    }
}

/// The program of the documentation, as it stands there.
fn example() -> String {
    let text = include_str!("../../docs/notify.md");
    let begin = text.find("```python\n").expect("an example") + "```python\n".len();
    let length = text[begin..].find("```").expect("its end");
    text[begin..begin + length].to_owned()
}

/// What the example says of a notice at a moment.
pub fn verified(folder: &Path, got: &Got, seconds_later: i64) -> String {
    let body = write(folder, "body", &got.body);
    let script = format!(
        "{}\nimport sys, time\nbody = open(sys.argv[1], 'rb').read()\n\
         print(verify(bytes.fromhex(sys.argv[2]), sys.argv[3], body, now=time.time() + {seconds_later}))",
        example()
    );
    let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let arguments = ["-c", &script, body.to_str().unwrap(), &hex, got.signature.as_deref().unwrap_or("")];
    String::from_utf8(run("python3", folder, &arguments).stdout).unwrap().trim().to_owned()
}
