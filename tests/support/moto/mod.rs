//! An account at AWS: moto's server, filled through boto3, behind a proxy that is stricter than moto.
//!
//! ```text
//! program -> Proxy -> moto's server        (counts every call, keeps AWS's rates, fails where told to)
//!         -> http::Server                  (the archives: where moto's addresses lead nowhere)
//! ```
//!
//! What moto cannot do, and [`Proxy`] does for it, stands in `proxy.rs`. What neither does: check permissions, and tell a
//! signature that is right from one that is wrong.

mod action;
mod cbor;
mod objects;
mod proxy;
mod repair;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use rustls::ServerConfig;
use tempfile::TempDir;

pub use self::proxy::{Fault, Proxy};
use super::http::Server;
use super::planted::plant;
use super::tool;

/// What is installed. The marker of a finished installation bears the same words.
const PACKAGES: [&str; 2] = ["moto[server]==5.2.5", "boto3==1.44.5"];
/// The account of credentials that no role gave.
pub const ACCOUNT: &str = "123456789012";
/// Where functions are unless a test says otherwise.
pub const REGION: &str = "eu-west-1";

/// A running account; ends with the value.
pub struct Moto {
    server: Child,
    port: u16,
    folder: TempDir,
    /// What the program talks to.
    pub proxy: Proxy,
    /// Where archives come from, at `/<sha256>.zip`.
    pub files: Server,
}

impl Moto {
    /// Starts an empty account; nothing where moto cannot be installed, which is told.
    pub fn start() -> Option<Moto> {
        let python = python()?;
        let mut server = Command::new(python)
            .args([&script(), Path::new("serve")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let mut lines = BufReader::new(server.stdout.take().expect("it is piped")).lines();
        let port = lines.find_map(|line| line.ok()?.parse().ok()).expect("the server prints its port");
        // Whatever it still says is of no use, but must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let folder = TempDir::new().unwrap();
        let files = Server::start(folder.path());
        let proxy = Proxy::start(port, &files.url(""), None);
        Some(Moto { server, port, folder, proxy, files })
    }

    /// An account with so many functions over three runtimes, and every kind of thing around them.
    pub fn filled(functions: usize) -> Option<Moto> {
        let moto = Moto::start()?;
        moto.fill(REGION, functions);
        Some(moto)
    }

    /// Adds functions to a region.
    pub fn fill(&self, region: &str, functions: usize) {
        self.script(region, "fill", &[&functions.to_string()]);
    }

    /// Gives functions other code.
    pub fn change(&self, functions: &[&str]) {
        self.script(REGION, "change", functions);
    }

    /// Adds functions that are container images.
    pub fn image(&self, functions: &[&str]) {
        self.script(REGION, "image", functions);
    }

    /// A second way to the account, through TLS; archives are at `files`.
    pub fn with_tls(&self, server: Arc<ServerConfig>, files: &Server) -> Proxy {
        Proxy::start(self.port, &files.url(""), Some(server))
    }

    /// Puts files into a bucket, by key; an empty bucket is made where there is none.
    pub fn put(&self, bucket: &str, objects: &BTreeMap<String, PathBuf>) {
        self.script_with(REGION, "put", &[bucket], &serde_json::to_vec(objects).unwrap());
    }

    /// Saves every function as AWS's command line prints it, with its archives.
    pub fn save(&self, folder: &Path) {
        let mut command = Command::new(python().expect("it was there at the start"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto/save.py"));
        command.arg(self.endpoint()).arg(self.folder.path()).arg(folder);
        assert!(command.envs(self.environment()).status().expect("Python starts").success(), "save.py");
    }

    fn script(&self, region: &str, command: &str, arguments: &[&str]) {
        self.script_with(region, command, arguments, &serde_json::to_vec(&secrets()).unwrap());
    }

    fn script_with(&self, region: &str, command: &str, arguments: &[&str], input: &[u8]) {
        let mut child = Command::new(python().expect("it was there at the start"))
            .args([&script(), Path::new(command)])
            .arg(format!("http://127.0.0.1:{}", self.port))
            .arg(self.folder.path())
            .args(arguments)
            .env("AWS_REGION", region)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .stdin(Stdio::piped())
            .spawn()
            .expect("Python starts");
        child.stdin.take().expect("it is piped").write_all(input).unwrap();
        assert!(child.wait().unwrap().success(), "emulator.py {command}");
    }

    /// The folder that [`Moto::files`] serves.
    pub fn archives(&self) -> &Path {
        self.folder.path()
    }

    /// The address of `--endpoint-url`.
    pub fn endpoint(&self) -> &str {
        self.proxy.url()
    }

    /// A configuration file of AWS's own shape, with one profile: `testing`.
    pub fn profile(&self) -> PathBuf {
        let path = self.folder.path().join("aws-config");
        let text =
            "[profile testing]\nregion = eu-west-1\naws_access_key_id = testing\naws_secret_access_key = testing\n";
        fs::write(&path, text).unwrap();
        path
    }

    /// Variables for a run of the program.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Its standard input ends with the value, too: a test that is killed leaves no server behind.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// The secrets in functions' variables, by name.
pub fn secrets() -> BTreeMap<String, String> {
    let names = ["github-token", "npm-token", "slack-bot-token", "stripe-live-key"];
    names.into_iter().map(|name| (name.to_owned(), plant(&format!("@@{name}@@")))).collect()
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto/emulator.py")
}

/// The Python of a virtual environment that has moto and boto3, made once and kept beside what the tests build.
pub fn python() -> Option<PathBuf> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(install).clone()
}

fn install() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
    let (python, marker) = (folder.join("bin/python"), folder.join("installed"));
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&marker).is_ok_and(|there| there == wanted) {
        return Some(python);
    }
    drop(fs::remove_dir_all(&folder));
    tool::fetch("python3", &std::env::temp_dir(), &["-m", "venv", folder.to_str()?])?;
    let pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"];
    tool::fetch(&python, &std::env::temp_dir(), &[&pip[..], &PACKAGES].concat())?;
    fs::write(marker, wanted).unwrap();
    Some(python)
}
