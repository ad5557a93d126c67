//! Mirrors with certificates of an organisation's own, and proxies before them.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::support::authority::Authority;
use crate::support::http::{Fault, Server};
use crate::support::write;
use crate::sync::{bucket, run_with};

/// An authority that no machine trusts, and a mirror that it vouches for.
struct Organisation {
    folder: TempDir,
    authority: PathBuf,
    mirror: Server,
}

impl Organisation {
    /// The mirror's certificate bears this host.
    fn new(host: &str) -> Organisation {
        let folder = tempfile::tempdir().unwrap();
        let served = folder.path().join("bucket");
        std::fs::create_dir(&served).unwrap();
        bucket(50).write(&served);
        let Authority { file, server } = Authority::new(folder.path(), host);
        Organisation { authority: file, mirror: Server::start_tls(&served, server), folder }
    }

    /// Syncs into a new cache: whether that succeeds, and what is said.
    fn sync(&self, ca_cert: Option<&Path>, variables: &[(&str, &str)]) -> (bool, String) {
        let cache = tempfile::tempdir().unwrap();
        let more: Vec<&std::ffi::OsStr> =
            ca_cert.map(|path| ["--ca-cert".as_ref(), path.as_os_str()]).into_iter().flatten().collect();
        run_with(cache.path(), &self.mirror.url(""), &more, variables)
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let ours = Organisation::new("127.0.0.1");
    let (ok, said) = ours.sync(None, &[]);
    assert!(!ok && said.contains("UnknownIssuer") && said.contains("--ca-cert") && !said.contains("tried"), "{said}");
    assert!(ours.mirror.asked().is_empty(), "nothing is asked over a connection that is not trusted");

    let (ok, said) = ours.sync(Some(&ours.authority), &[]);
    assert!(ok, "{said}");
    assert!(ours.mirror.asked().iter().any(|asked| asked.path == "/npm/all.zip"));

    let theirs = Organisation::new("127.0.0.1");
    let (ok, said) = ours.sync(Some(&theirs.authority), &[]);
    assert!(!ok && said.contains("--ca-cert"), "another authority does not help: {said}");
}

#[test]
fn a_certificate_of_another_host_is_refused_whoever_signed_it() {
    let other = Organisation::new("mirror.example.com");
    let (ok, said) = other.sync(Some(&other.authority), &[]);
    assert!(!ok && said.contains("mirror.example.com") && !said.contains("--ca-cert"), "{said}");
}

#[test]
fn a_file_of_no_certificates_is_named() {
    let ours = Organisation::new("127.0.0.1");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for content in [&b""[..], b"no certificate", broken] {
        let file = write(ours.folder.path(), "wrong.pem", content);
        let (ok, said) = ours.sync(Some(&file), &[]);
        assert!(!ok && said.contains("wrong.pem"), "{said}");
    }
    let (ok, said) = ours.sync(Some(&ours.folder.path().join("missing.pem")), &[]);
    assert!(!ok && said.contains("missing.pem"), "{said}");
    assert!(ours.mirror.asked().is_empty());
}

#[test]
fn nothing_follows_from_tls_to_plain_text() {
    let ours = Organisation::new("127.0.0.1");
    let plain = tempfile::tempdir().unwrap();
    bucket(50).write(plain.path());
    let plain = Server::start(plain.path());
    ours.mirror.fault("/npm/all.zip", Fault::Redirect(plain.url("npm/all.zip")), usize::MAX);
    let (ok, said) = ours.sync(Some(&ours.authority), &[]);
    assert!(!ok && said.contains("plain http"), "{said}");
    assert!(plain.asked().is_empty());
}

/// A proxy that tunnels, and writes down where to.
struct Tunnel {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Lives as long as the tests do.
    fn start() -> Tunnel {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let seen = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                thread::spawn(move || drop(Tunnel::dig(&stream, &seen)));
            }
        });
        Tunnel { address, asked }
    }

    fn dig(client: &TcpStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
        let mut lines = BufReader::new(client).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        // The client says nothing more before it has an answer, so that the buffer holds no byte of the tunnel's.
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        seen.lock().unwrap().push(first.clone());
        let Some(to) = first.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { return Ok(()) };
        let server = TcpStream::connect(to)?;
        (&mut &*client).write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        let carry = |mut from: &TcpStream, mut to: &TcpStream| {
            let mut piece = [0; 8192];
            while let Ok(length @ 1..) = io::Read::read(&mut from, &mut piece) {
                if to.write_all(&piece[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Write);
        };
        thread::scope(|scope| {
            scope.spawn(|| carry(client, &server));
            carry(&server, client);
        });
        Ok(())
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[test]
fn tls_goes_through_the_proxy_unless_its_host_is_excepted() {
    let ours = Organisation::new("127.0.0.1");
    let tunnel = Tunnel::start();
    let proxy = format!("http://{}", tunnel.address);
    let connect = format!("CONNECT {} HTTP/1.1", ours.mirror.address());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let (ok, said) = ours.sync(Some(&ours.authority), &[(name, &proxy)]);
        let asked = tunnel.asked();
        assert!(ok && !asked.is_empty() && asked.iter().all(|line| *line == connect), "{name}: {asked:?}: {said}");
    }
    // The tunnel is no reason to trust what is at its end.
    let (ok, said) = ours.sync(None, &[("HTTPS_PROXY", &proxy)]);
    assert!(!ok && said.contains("--ca-cert"), "{said}");
    tunnel.asked();

    for excepted in ["127.0.0.1", "*", "mirror.example.com, 127.0.0.0/8"] {
        let (ok, said) = ours.sync(Some(&ours.authority), &[("HTTPS_PROXY", &proxy), ("NO_PROXY", excepted)]);
        assert!(ok, "{excepted}: {said}");
        assert_eq!(tunnel.asked(), [""; 0], "{excepted}");
    }
    let (ok, said) = ours.sync(Some(&ours.authority), &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "127.0.0.2")]);
    assert!(ok && !tunnel.asked().is_empty(), "{said}");
}
