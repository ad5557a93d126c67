//! `--notify`: what is posted, how it is signed, and what becomes of receivers that fail. The receiver is real and on the
//! loopback; what checks the signature is the example of `docs/notify.md`.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tidewaiter::advisory::Patience;
use tidewaiter::notify::{Key, NotifyError, Webhook, post};

use crate::support::need;
use crate::support::receiver::{Answer, Got, KEY, Receiver, verified};

fn quick() -> Patience {
    let (short, pause) = (Duration::from_millis(400), Duration::from_millis(10));
    Patience { connect: short, idle: short, attempts: 3, pause, longest: Duration::from_secs(1), ..Patience::default() }
}

fn webhook(receiver: &Receiver) -> Webhook {
    Webhook::parse(&receiver.url()).unwrap()
}

fn key() -> Key {
    Key::new(KEY.as_bytes()).unwrap()
}

#[test]
fn a_receiver_can_check_who_sent_it_and_when() {
    let receiver = Receiver::start(vec![Answer::status(200)]);
    post(&webhook(&receiver), b"{\"a\":1}", Some(&key()), &quick()).unwrap();
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
    let receiver = Receiver::start(vec![Answer::status(204)]);
    post(&webhook(&receiver), b"{}", None, &quick()).unwrap();
    assert_eq!(receiver.got()[0].signature, None);
}

#[test]
fn passing_failures_are_tried_again() {
    let busy = Answer::Status(429, "Retry-After: 0\r\n".to_owned());
    for first in [Answer::status(500), busy, Answer::HangUp, Answer::Hang] {
        let receiver = Receiver::start(vec![first, Answer::status(200)]);
        post(&webhook(&receiver), b"{}", Some(&key()), &quick()).unwrap();
        let got = receiver.got();
        assert_eq!(got.len(), 2);
        assert!(got.iter().all(|one| one.signature.is_some() && one.body == b"{}"));
    }
}

#[test]
fn what_stays_broken_is_told_without_the_address() {
    let later = Answer::Status(503, "Retry-After: 9999\r\n".to_owned());
    let elsewhere = Receiver::start(vec![Answer::status(200)]);
    let redirect =
        Answer::Status(307, format!("Location: http://{}/services/geheim?token=geheim\r\n", elsewhere.address));
    for (answer, attempts, words) in [
        (Answer::status(500), 3, "it answers 500 Internal Server Error (tried 3 times)"),
        (Answer::HangUp, 3, "(tried 3 times)"),
        (Answer::Hang, 3, "no answer in time (tried 3 times)"),
        (Answer::status(404), 1, "it answers 404 Not Found"),
        (Answer::status(403), 1, "it answers 403 Forbidden"),
        (later, 1, "asks to come back later"),
        (redirect, 1, "redirects are not followed"),
    ] {
        let receiver = Receiver::start(vec![answer]);
        let clock = Instant::now();
        let error = post(&webhook(&receiver), b"{}", Some(&key()), &quick()).expect_err("it fails");
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
