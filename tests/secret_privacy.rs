//! No byte that the program writes holds a secret: reports in every format, errors, explanations and the cache folder of
//! runs over all rules' examples and over the published corpus, looked through for every value, plain and encoded.

mod sweeps;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use aho_corasick::AhoCorasick;
use serde_json::Value;
use tidewaiter::model::GapKind;
use tidewaiter::report;
use tidewaiter::secret::{Engine, Finder, rules_with_examples};

use crate::cached::synced;
use crate::secret_corpus::generate;
use crate::support::osv::{Bucket, record};
use crate::support::{Cli, Zip, need, planted, write};

/// This much of a secret, in a row, is a leak; twice as much of hexadecimal digits.
const PIECE: usize = 8;

/// What is looked for, and where the values are.
struct Planted {
    folder: tempfile::TempDir,
    values: BTreeSet<Vec<u8>>,
    needles: AhoCorasick,
}

impl Planted {
    /// The corpus, the README's secrets, and one file for every example of every rule.
    fn new() -> Planted {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), 1);
        let tree = folder.path().join("tree");
        for rule in rules_with_examples() {
            for (number, example) in rule.examples.iter().enumerate() {
                write(&tree, &format!("examples/{}-{number}.txt", rule.id), example.as_bytes());
            }
        }
        write(&tree, "examples/planted.txt", planted::all().collect::<Vec<_>>().join("\n").as_bytes());
        let mut values = planted_in(folder.path());
        let found = found_in(&tree);
        assert!(found.len() > Engine::builtin().rules().len(), "the examples are found");
        values.extend(found);
        let mut known = public(&tree);
        // What values of another seed hold too is their format. A value that is the same has no such part: people chose it.
        let other = tempfile::tempdir().unwrap();
        generate(other.path(), 2);
        known.extend(planted_in(other.path()).into_iter().filter(|value| !values.contains(value)));
        Planted { needles: AhoCorasick::new(needles(&values, &known)).unwrap(), values, folder }
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// Fails if the bytes hold a piece of a secret. The message does not quote it either.
    fn assert_absent(&self, bytes: &[u8], from: &str) {
        if let Some(hit) = self.needles.find(bytes) {
            let before = String::from_utf8_lossy(&bytes[hit.start().saturating_sub(40)..hit.start()]);
            panic!("{from} holds {} bytes of a secret, behind {before:?}", hit.len());
        }
    }

    /// Runs the program with all that could make it talk, and looks through what it writes.
    fn run(&self, arguments: &[OsString], from: &str) -> usize {
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).envs([("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace")]).args(arguments);
        let output = command.output().expect("the program starts");
        assert!(output.status.code().is_some(), "{from}");
        self.assert_absent(&output.stdout, from);
        self.assert_absent(&output.stderr, from);
        output.stdout.len() + output.stderr.len()
    }
}

/// The values at the places that a scan reports.
fn found_in(tree: &Path) -> BTreeSet<Vec<u8>> {
    let (_, json) = Cli::scan(tree, &[]);
    let mut values = BTreeSet::new();
    for finding in json["targets"][0]["findings"].as_array().unwrap().iter().filter(|f| f["kind"] == "secret") {
        for place in finding["locations"].as_array().unwrap() {
            let path: Vec<&str> = place["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let bytes = std::fs::read(tree.join(path.join("/"))).unwrap();
            let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
            values.insert(bytes[number("offset")..number("offset") + number("length")].to_vec());
        }
    }
    values
}

/// The values that the generator planted.
fn planted_in(folder: &Path) -> BTreeSet<Vec<u8>> {
    let file = std::fs::read(folder.join("values.json")).unwrap();
    let values: Vec<String> = serde_json::from_slice(&file).unwrap();
    values.into_iter().map(String::into_bytes).collect()
}

/// What the program may say without having seen any secret: the rules' own words and those of gaps, and the files' names.
fn public(tree: &Path) -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = vec![b"-----BEGIN PGP PRIVATE KEY BLOCK-----".to_vec()];
    for rule in Engine::builtin().rules() {
        let words = [&rule.id, &rule.vendor, &rule.title, &rule.revoke, &rule.source].map(String::as_bytes);
        texts.extend(words.into_iter().map(<[u8]>::to_vec));
        texts.extend(rule.description.iter().chain(&rule.keywords).map(|text| text.as_bytes().to_vec()));
        if let Finder::Pattern(pattern) | Finder::Named(pattern) = &rule.finder {
            texts.push(pattern.source().as_bytes().to_vec());
        }
    }
    texts.extend(GapKind::ALL.iter().map(|kind| kind.meaning().as_bytes().to_vec()));
    texts.extend(files(tree).into_keys().map(|path| path.to_str().unwrap().as_bytes().to_vec()));
    texts
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    files
}

/// Every piece of every value that is not known anyway, and each of them encoded.
fn needles(values: &BTreeSet<Vec<u8>>, known: &[Vec<u8>]) -> BTreeSet<Vec<u8>> {
    let known: HashSet<&[u8]> = known.iter().flat_map(|text| text.windows(PIECE)).collect();
    let is_hex = |piece: &[u8]| piece.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let mut needles = BTreeSet::new();
    for value in values {
        let told = |piece: &&[u8]| !known.contains(piece);
        needles.extend(value.windows(PIECE).filter(told).map(<[u8]>::to_vec));
        needles.extend(value.windows(2 * PIECE).filter(|piece| is_hex(piece)).map(<[u8]>::to_vec));
        needles.extend(value.chunks_exact(PIECE).filter(told).flat_map(encoded));
    }
    // Reports are full of digests and UUIDs, which hold any eight digits by chance.
    needles.retain(|needle| needle.len() >= 2 * PIECE || !is_hex(needle));
    needles
}

/// A piece as programs write bytes. Of base64 the digits that only the piece decides, at each of its three alignments.
fn encoded(piece: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    let each = |write: fn(&u8) -> String| piece.iter().map(write).collect::<String>().into_bytes();
    let swapped =
        |byte: &u8| if byte.is_ascii_uppercase() { byte.to_ascii_lowercase() } else { byte.to_ascii_uppercase() };
    let mut forms = vec![
        piece.iter().rev().copied().collect(),
        piece.iter().map(swapped).collect(),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("\\u{byte:04x}")),
        each(|byte| format!("\\x{byte:02x}")),
        piece.iter().flat_map(|byte| [*byte, 0]).collect(),
        piece.iter().flat_map(|byte| [0, *byte]).collect(),
        piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes(),
    ];
    for skipped in 0..3 {
        let shifted = [&b"\0\0"[..skipped], piece].concat();
        let whole = shifted.len() / 3 * 3;
        for digits in [STANDARD.encode(&shifted[..whole]), URL_SAFE.encode(&shifted[..whole])] {
            forms.push(digits.as_bytes()[if skipped == 0 { 0 } else { 4 }..].to_vec());
        }
    }
    forms
}

fn scan(target: &Path, more: &[&str]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["scan".into(), target.into(), "--allow-seed".into()];
    arguments.extend(more.iter().map(Into::into));
    arguments
}

#[test]
fn no_report_error_or_file_holds_a_secret() {
    if !need("python3") {
        return;
    }
    let planted = Planted::new();
    let mut bucket = Bucket::default();
    bucket.put("npm", &record("OSV-1", "2024-01-01T00:00:00Z", "npm", "left-pad", "1.3.0"));
    let (tree, cache) = (planted.tree(), synced(planted.folder.path(), &bucket));
    let (cache_name, before) = (cache.to_str().unwrap(), files(&cache));
    // Both ways of the table, and with each run every format in a file.
    for color in ["always", "never"] {
        let mut arguments = scan(&tree, &["--color", color, "--cache", cache_name]);
        let file = |id: &str| planted.folder.path().join(format!("report.{id}"));
        for reporter in report::ALL {
            arguments
                .extend(["--output".into(), format!("{0}={1}", reporter.id(), file(reporter.id()).display()).into()]);
        }
        assert!(planted.run(&arguments, color) > 1000, "the table says something");
        for id in report::ALL.iter().map(|reporter| reporter.id()) {
            let report = std::fs::read(file(id)).unwrap();
            assert!(report.len() > 200, "{id} says something");
            planted.assert_absent(&report, id);
        }
    }
    let mut archive = Zip::new();
    for entry in ["config/production.json", ".env", "src/api.js", "keys/rsa.pem"] {
        archive = archive.file(entry, std::fs::read(tree.join(entry)).unwrap());
    }
    let archive = archive.build();
    for (name, bytes) in [("whole.zip", archive.as_slice()), ("cut.zip", &archive[..archive.len() / 2])] {
        let file = write(planted.folder.path(), name, bytes);
        planted.run(&scan(&file, &["--format", "json"]), name);
    }
    planted.run(&scan(&tree, &["--format", "json", "--max-target-bytes", "20000"]), "a limit");
    assert!(files(&cache) == before, "a scan writes nothing into the cache");
}

/// Files that a flag names and that are not what it expects: the error must not quote them.
#[test]
fn no_complaint_about_a_wrong_file_holds_a_secret() {
    if !need("python3") {
        return;
    }
    let planted = Planted::new();
    let tree = planted.tree();
    let target = write(planted.folder.path(), "index.js", b"exports.handler = async () => 1;\n");
    for wrong in [".env", "config/production.json", "config/service.toml", "config/app.yml", "README.md", "src/api.js"]
    {
        let wrong = tree.join(wrong);
        let name = wrong.to_str().unwrap();
        for flag in ["--policy", "--env-file", "--lockfile", "--advisories", "--trust"] {
            planted.run(&scan(&target, &[flag, name, "--format", "json"]), &format!("{flag} {name}"));
        }
        let import = ["db", "import", name, "--trust", name].map(OsString::from);
        planted.run(&import, &format!("import of {name}"));
    }
}

#[test]
fn no_explanation_holds_a_secret_of_the_rule() {
    if !need("python3") {
        return;
    }
    let planted = Planted::new();
    for rule in Engine::builtin().rules() {
        let said = planted.run(&["explain".into(), OsString::from(&rule.id)], &rule.id);
        assert!(said > 100, "{}", rule.id);
    }
}

/// A core dump would hold the artifact's bytes as they were read, so none is written, whatever the shell allows.
#[cfg(unix)]
#[test]
fn no_core_is_dumped() {
    use std::io::Write as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;

    use crate::support::tool::skip;

    let folder = tempfile::tempdir().unwrap();
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        Cli::scrub(&mut command).current_dir(folder.path()).stdin(Stdio::piped()).args(["-c", script, Cli::program()]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let control = shell("ulimit -c unlimited && kill -ABRT $$").wait().unwrap();
    if !control.core_dumped() {
        return skip("this machine dumps no core of any program");
    }
    let mut child = shell("ulimit -c unlimited && exec \"$0\" scan - --allow-seed");
    // More than a pipe holds: when this returns, the program is reading.
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&vec![b'x'; 1 << 20]).unwrap();
    let kill = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "the program was still reading");
    assert!(!status.core_dumped());
    drop(pipe);
}
