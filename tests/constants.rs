//! Live: secrets in what compilers and databases really write. Each value is found where it is stored, by the names that
//! the source gave it; and no damage to such a file is more than a file with less in it.

use std::fs;
use std::path::Path;

use tidewaiter::artifact::Piece;
use tidewaiter::model::{Location, SecretMatch};
use tidewaiter::secret::Engine;

use crate::support::tool::run;
use crate::support::{Cli, Zip, need, write};

/// What is found in a file: the rule, and the bytes at the place that it tells.
fn found(bytes: &[u8]) -> Vec<(String, String)> {
    let mut out: Vec<SecretMatch> = Vec::new();
    Engine::builtin().scan(&Location::artifact(0), Piece::whole(bytes), &mut out);
    let place = |one: SecretMatch| {
        let span = one.location.span.expect("a match has a place");
        let start = usize::try_from(span.offset).unwrap();
        let stored = &bytes[start..start + usize::try_from(span.length).unwrap()];
        (one.rule, String::from_utf8_lossy(stored).into_owned())
    };
    out.into_iter().map(place).collect()
}

fn values(bytes: &[u8]) -> Vec<String> {
    let mut values: Vec<String> = found(bytes).into_iter().map(|(_, value)| value).collect();
    values.sort();
    values
}

fn sorted<const N: usize>(values: [&str; N]) -> Vec<String> {
    let mut values = values.map(str::to_owned).to_vec();
    values.sort();
    values
}

// Written in parts, so that no scanner trips on this file.
const SUMMER: &str = concat!("Summer", "2024!");
const WINTER: &str = concat!("Winter", "2023!");
const SPRING: &str = concat!("Spring", "2021?a");
const RANDOM: &str = concat!("q7Zk2LxV", "9bTn4RmWc3Ys");
const OTHER: &str = concat!("Jd83kLq0", "Zp5Xn7Bv2Mt6");
const URL_PASSWORD: &str = concat!("k7Hq", "92xVbT");
const AWS_ID: &str = concat!("AKIA", "Q7ZK2LXV3BTN4RMW");
const CONNECTION: &str = concat!("Wq8-", "zPx4Lm");

fn python(folder: &Path) -> Vec<u8> {
    let source = format!(
        "import os\n\
         password = '{SUMMER}'\n\
         settings = {{'host': os.environ.get('HOST'), 'api_key': '{RANDOM}'}}\n\
         def connect(host, passwd='{WINTER}'):\n    return make(host, secret='{OTHER}')\n\
         class Settings:\n    def __init__(self):\n        self.db_password = '{SPRING}'\n"
    );
    write(folder, "settings.py", source.as_bytes());
    run("python3", folder, &["-c", "import py_compile; py_compile.compile('settings.py', cfile='settings.pyc')"]);
    fs::read(folder.join("settings.pyc")).unwrap()
}

fn java(folder: &Path) -> Vec<u8> {
    let source = format!(
        "class Settings {{\n\
         static final String PASSWORD = \"{SUMMER}\";\n\
         String apiKey = \"{RANDOM}\";\n\
         void run(java.util.Properties p, int x) {{\n\
         switch (x) {{ case 1: x = 2; break; case 2: x = 3; break; case 3: x = 9; break; default: x = 4; }}\n\
         switch (x) {{ case 1: x = 2; break; case 70000: x = 3; break; default: x = 4; }}\n\
         String secret = \"{OTHER}\"; System.out.println(secret);\n\
         p.put(\"smtp_password\", \"{WINTER}\"); setPassword(\"{SPRING}\"); }}\n\
         void setPassword(String password) {{}} }}\n"
    );
    write(folder, "Settings.java", source.as_bytes());
    run("javac", folder, &["-g", "Settings.java"]);
    fs::read(folder.join("Settings.class")).unwrap()
}

fn database(folder: &Path) -> Vec<u8> {
    let filling = "z ".repeat(4000);
    let script = format!(
        "import sqlite3\n\
         c = sqlite3.connect('settings.db')\n\
         c.execute('create table settings (key text primary key, value text)')\n\
         c.execute('create table users (id integer primary key, name text, password text)')\n\
         c.execute('create table notes (body text)')\n\
         c.execute('insert into settings values (?, ?)', ('smtp_password', '{SUMMER}'))\n\
         c.executemany('insert into users (name, password) values (?, ?)', [('u%d' % i, '') for i in range(900)])\n\
         c.execute('insert into users (name, password) values (?, ?)', ('root', '{WINTER}'))\n\
         c.execute('insert into notes values (?)', ('{filling} api_key=\"{RANDOM}\" {filling}',))\n\
         c.commit()\n"
    );
    run("python3", folder, &["-c", &script]);
    fs::read(folder.join("settings.db")).unwrap()
}

#[test]
fn compiled_python_is_read_by_its_names() {
    if !need("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(values(&python(folder.path())), sorted([SUMMER, RANDOM, WINTER, OTHER, SPRING]));
}

#[test]
fn class_files_are_read_by_their_names() {
    if !need("javac") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(values(&java(folder.path())), sorted([SUMMER, RANDOM, OTHER, WINTER, SPRING]));
}

#[test]
fn databases_are_read_by_column_and_by_key() {
    if !need("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(values(&database(folder.path())), sorted([SUMMER, WINTER, RANDOM]));
}

#[test]
fn programs_of_go_keep_tokens_between_other_letters() {
    if !need("go") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = format!(
        "package main\n\
         import (\"fmt\"; \"os\")\n\
         const id = \"{AWS_ID}\"\n\
         var url = \"postgres://app:{URL_PASSWORD}@db.acme.io/x\"\n\
         type settings struct {{ connection string }}\n\
         func main() {{\n\
         s := settings{{connection: \"Server=db.acme.io;User Id=sa;Password={CONNECTION};Encrypt=yes\"}}\n\
         for _, a := range os.Args {{ fmt.Println(a, id, url, s.connection) }} }}\n"
    );
    write(folder.path(), "main.go", source.as_bytes());
    write(folder.path(), "go.mod", b"module acme.example/x\n\ngo 1.19\n");
    let cache = folder.path().join("cache");
    let environment = format!("GOCACHE={}", cache.display());
    run(
        "env",
        folder.path(),
        &[&environment, "GOFLAGS=-mod=mod", "GO111MODULE=on", "go", "build", "-o", "program", "."],
    );
    let program = fs::read(folder.path().join("program")).unwrap();
    let letters = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    let at = program.windows(AWS_ID.len()).position(|part| part == AWS_ID.as_bytes()).expect("the constant");
    assert!(letters(program.get(at - 1)) || letters(program.get(at + AWS_ID.len())), "Go's strings lie back to back");
    assert_eq!(values(&program), sorted([AWS_ID, URL_PASSWORD, CONNECTION]));
}

#[test]
fn programs_of_c_are_read_where_it_is_sure() {
    if !need("cc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = format!(
        "#include <stdio.h>\n\
         static const char *id = \"{AWS_ID}\";\n\
         struct s {{ const char *a, *b; }} s = {{ \"https://ci:{URL_PASSWORD}@git.acme.io/x\",\n\
         \"host=db user=app password={CONNECTION} dbname=x\" }};\n\
         int main(void) {{ printf(\"%s%s%s\", id, s.a, s.b); return puts(\"password={SPRING}\"); }}\n"
    );
    write(folder.path(), "main.c", source.as_bytes());
    run("cc", folder.path(), &["-o", "program", "main.c"]);
    let program = fs::read(folder.path().join("program")).unwrap();
    assert_eq!(values(&program), sorted([AWS_ID, URL_PASSWORD, CONNECTION]));
}

/// Lines of a notebook, as one long line and as many.
#[test]
fn notebooks_are_read_as_their_lines() {
    let minified = format!(
        "{{\"cells\":[{{\"cell_type\":\"code\",\"outputs\":[{{\"text\":[\"DB_PASSWORD={CONNECTION}\\n\",\"ok\\n\"]}}],\
         \"source\":[\"password = \\\"{SUMMER}\\\"\\n\",\"!export SMTP_PASS={WINTER}\\n\",\"token='{RANDOM}'\"]}}],\
         \"metadata\":{{}},\"nbformat\":4,\"nbformat_minor\":5}}"
    );
    let expected = sorted([CONNECTION, SUMMER, WINTER, RANDOM]);
    assert_eq!(values(minified.as_bytes()), expected);
    let pretty = minified.replace('[', "[\n  ").replace(",\"", ",\n   \"");
    assert_eq!(values(pretty.as_bytes()), expected);

    let folder = tempfile::tempdir().unwrap();
    let (_, json) = Cli::scan(&write(folder.path(), "a.ipynb", minified.as_bytes()), &[]);
    let findings = json["targets"][0]["findings"].as_array().unwrap();
    let mut columns: Vec<u64> =
        findings.iter().map(|finding| finding["locations"][0]["column"].as_u64().unwrap()).collect();
    columns.sort_unstable();
    let mut expected: Vec<u64> =
        [CONNECTION, SUMMER, WINTER, RANDOM].map(|value| minified.find(value).unwrap() as u64 + 1).to_vec();
    expected.sort_unstable();
    assert_eq!(columns, expected);
    assert!(findings.iter().all(|finding| finding["locations"][0]["line"] == 1));
}

#[test]
fn compressed_files_inside_are_searched_or_told() {
    let secret = format!("[default]\naws_access_key_id = {AWS_ID}\n");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, secret.as_bytes()).unwrap();
    let inner = Zip::new().file("word/document.xml", format!("<w:t>{AWS_ID}</w:t>")).build();
    let zip = Zip::new()
        .file("a.gz", gzip.finish().unwrap())
        .file("b.zst", zstd::encode_all(secret.as_bytes(), 3).unwrap())
        .file("c.docx", inner)
        .file("d.xz", b"\xFD7zXZ\0\0\x04\xE6\xD6\xB4F")
        .file("e.bz2", b"BZh91AY&SY\0\0\0\0")
        .file("f.pdf", b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>>\nstream\nx\nendstream\n")
        .file("g.pdf", format!("%PDF-1.7\n1 0 obj <</Length 9>>\nstream\n({AWS_ID}) Tj\nendstream\n"))
        .build();
    let folder = tempfile::tempdir().unwrap();
    let (_, json) = Cli::scan(&write(folder.path(), "a.zip", &zip), &[]);
    let target = &json["targets"][0];
    let findings = target["findings"].as_array().unwrap();
    let mut files: Vec<&str> = findings
        .iter()
        .flat_map(|finding| finding["locations"].as_array().unwrap())
        .map(|location| location["path"][0].as_str().unwrap())
        .collect();
    files.sort_unstable();
    // What is too short to be compressed stands in the file as it is, and is found there too.
    files.dedup();
    assert_eq!(files, ["a.gz", "b.zst", "c.docx", "g.pdf"]);
    let gap = |name: &str| {
        let gaps = target["coverage"]["gaps"].as_array().unwrap().iter();
        let mut levels = gaps.filter(|gap| gap["location"]["path"][0] == name && gap["kind"] == "unsupported");
        levels.next().map(|gap| gap["level"].as_str().unwrap().to_owned())
    };
    assert_eq!(gap("d.xz").as_deref(), Some("blocking"));
    assert_eq!(gap("e.bz2").as_deref(), Some("blocking"));
    let notes = target["coverage"]["gaps"].as_array().unwrap().iter();
    let pdf: Vec<&str> = notes.filter(|gap| gap["by"] == "secret").filter_map(|gap| gap["detail"].as_str()).collect();
    assert_eq!(pdf, ["1 file (f.pdf) of PDF: text in it is compressed or encrypted and was not searched for secrets"]);
}

#[test]
fn damage_to_real_files_is_survived() {
    if !need("python3") || !need("javac") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for sample in [python(folder.path()), java(folder.path()), database(folder.path())] {
        let whole = found(&sample).len();
        // The unit tests damage every byte of small files; these are real ones. A place outside of the file panics.
        let step = sample.len().div_ceil(200);
        for at in (0..sample.len()).step_by(step) {
            assert!(found(&sample[..at]).len() <= 2 * whole, "cut at {at}");
            for change in [0x01, 0x80] {
                let mut damaged = sample.clone();
                damaged[at] ^= change;
                assert!(found(&damaged).len() <= 2 * whole, "byte {at}");
            }
        }
    }
}
