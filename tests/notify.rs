//! `--notify`: what is posted, how it is signed, and what becomes of receivers that fail. The receiver is real and on the
//! loopback; what checks the signature is the example of `docs/notify.md`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tidewaiter::advisory::Patience;
use tidewaiter::notify::{Key, NotifyError, SIGNATURE, Webhook, post};

use crate::support::tool::{need, run};
use crate::support::write;

/// What came, with its signature.
#[derive(Clone, Debug, Default)]
struct Got {
    signature: Option<String>,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// A receiver that answers each connection with the next of these, and the last one ever after.
pub struct Receiver {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

/// What is answered.
#[derive(Clone)]
pub enum Answer {
    Status(u16, String),
    Hang,
    HangUp,
}

pub fn status(code: u16) -> Answer {
    Answer::Status(code, String::new())
}

impl Receiver {
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

    pub fn url(&self) -> String {
        format!("http://{}/services/geheim?token=geheim", self.address)
    }

    /// What was posted.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.got().into_iter().map(|got| got.body).collect()
    }

    fn webhook(&self) -> Webhook {
        Webhook::parse(&self.url()).unwrap()
    }

    fn got(&self) -> Vec<Got> {
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
            thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        Answer::Status(code, more) => {
            write!(stream.get_mut(), "HTTP/1.1 {code} X\r\nContent-Length: 2\r\nConnection: close\r\n{more}\r\nok")
        }
    }
}

fn quick() -> Patience {
    let (short, pause) = (Duration::from_millis(400), Duration::from_millis(10));
    Patience { connect: short, idle: short, attempts: 3, pause, longest: Duration::from_secs(1), ..Patience::default() }
}

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn key() -> Key {
    Key::new(KEY).unwrap()
}

/// The program of the documentation, as it stands there.
fn example() -> String {
    let text = include_str!("../docs/notify.md");
    let begin = text.find("```python\n").expect("an example") + "```python\n".len();
    let length = text[begin..].find("```").expect("its end");
    text[begin..begin + length].to_owned()
}

/// What the example says of a notice at a moment.
fn verified(folder: &Path, got: &Got, seconds_later: i64) -> String {
    let body = write(folder, "body", &got.body);
    let script = format!(
        "{}\nimport sys, time\nbody = open(sys.argv[1], 'rb').read()\n\
         print(verify(bytes.fromhex(sys.argv[2]), sys.argv[3], body, now=time.time() + {seconds_later}))",
        example()
    );
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let arguments = ["-c", &script, body.to_str().unwrap(), &hex, got.signature.as_deref().unwrap_or("")];
    String::from_utf8(run("python3", folder, &arguments).stdout).unwrap().trim().to_owned()
}

#[test]
fn a_receiver_can_check_who_sent_it_and_when() {
    let receiver = Receiver::start(vec![status(200)]);
    post(&receiver.webhook(), b"{\"a\":1}", Some(&key()), &quick()).unwrap();
    let got = receiver.got();
    assert_eq!((got.len(), got[0].body.as_slice()), (1, &b"{\"a\":1}"[..]));
    assert_eq!(got[0].content_type.as_deref(), Some("application/json"));
    if !need("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(verified(folder.path(), &got[0], 0), "True");
    assert_eq!(verified(folder.path(), &got[0], 600), "False", "an old one sent again");
    assert_eq!(verified(folder.path(), &got[0], -600), "False", "one of the future");
    let changed = Got { body: b"{\"a\":2}".to_vec(), ..got[0].clone() };
    assert_eq!(verified(folder.path(), &changed, 0), "False");
    for odd in ["", "t=x,v1=y", "t=1", "v1=00", "t=1,t=2,v1=00", "nonsense"] {
        let odd = Got { signature: Some(odd.to_owned()), ..got[0].clone() };
        assert_eq!(verified(folder.path(), &odd, 0), "False");
    }
}

#[test]
fn without_a_key_nothing_is_signed() {
    let receiver = Receiver::start(vec![status(204)]);
    post(&receiver.webhook(), b"{}", None, &quick()).unwrap();
    assert_eq!(receiver.got()[0].signature, None);
}

#[test]
fn passing_failures_are_tried_again() {
    let busy = Answer::Status(429, "Retry-After: 0\r\n".to_owned());
    for first in [status(500), busy, Answer::HangUp, Answer::Hang] {
        let receiver = Receiver::start(vec![first, status(200)]);
        post(&receiver.webhook(), b"{}", Some(&key()), &quick()).unwrap();
        let got = receiver.got();
        assert_eq!(got.len(), 2);
        assert!(got.iter().all(|one| one.signature.is_some() && one.body == b"{}"));
    }
}

#[test]
fn what_stays_broken_is_told_without_the_address() {
    let later = Answer::Status(503, "Retry-After: 9999\r\n".to_owned());
    let elsewhere = Receiver::start(vec![status(200)]);
    let redirect =
        Answer::Status(307, format!("Location: http://{}/services/geheim?token=geheim\r\n", elsewhere.address));
    for (answer, attempts, words) in [
        (status(500), 3, "it answers 500 Internal Server Error (tried 3 times)"),
        (Answer::HangUp, 3, "(tried 3 times)"),
        (Answer::Hang, 3, "no answer in time (tried 3 times)"),
        (status(404), 1, "it answers 404 Not Found"),
        (status(403), 1, "it answers 403 Forbidden"),
        (later, 1, "asks to come back later"),
        (redirect, 1, "redirects are not followed"),
    ] {
        let receiver = Receiver::start(vec![answer]);
        let clock = Instant::now();
        let error = post(&receiver.webhook(), b"{}", Some(&key()), &quick()).expect_err("it fails");
        assert!(matches!(error, NotifyError::Refused { .. }), "{error}");
        let said = format!("{error} {error:?}");
        assert!(said.contains(words) && said.contains("127.0.0.1"), "{said}");
        assert!(!said.contains("geheim") && !said.contains("0123456789abcdef"), "{said}");
        assert_eq!(receiver.got().len(), attempts, "{said}");
        assert!(clock.elapsed() < Duration::from_secs(4), "{said}");
    }
    assert!(elsewhere.got().is_empty(), "no notice goes where it was not sent");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let webhook = Webhook::parse(&format!("http://{nobody}/geheim")).unwrap();
    let error = post(&webhook, b"{}", None, &quick()).expect_err("nobody is there").to_string();
    assert!(error.contains("no connection") && !error.contains("geheim"), "{error}");
}
