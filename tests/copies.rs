//! Entries that are stored as the same bytes are decoded and searched once, and nobody can tell.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};
use tidewaiter::artifact::{Budget, Limits, Opened, open_input};

use crate::support::{Cli, Zip, write};

/// Deflated at another level than [`Zip::file`] does: the same file, not the same bytes.
fn other(zip: Zip, name: &str, data: &[u8]) -> Zip {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(data).unwrap();
    zip.packed(name, encoder.finish().unwrap(), 8, data.len() as u64, crc32fast::hash(data))
}

fn token() -> String {
    ["q7Zk2LxV9b", "Tn4RmWc3Ys"].concat()
}

/// The target of a report, without what tells the archives apart.
fn target(zip: Zip, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut json) = Cli::scan(&write(folder.path(), "function.zip", &zip.build()), more);
    let mut target = json["targets"][0].take();
    target["artifacts"] = Value::Null;
    target
}

/// Every kind of file that is read for something, each in two places.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let secret = format!("const apiKey = '{}';\n", token()).repeat(3).into_bytes();
    let manifest = json!({"name": "lodash", "version": "4.17.20"}).to_string().into_bytes();
    let nested = Zip::new().file("inner.env", format!("DB_PASSWORD={}\n", token())).build();
    let requirements = b"requests==2.19.1\n".to_vec();
    vec![
        ("src/a.js", secret.clone()),
        ("src/b.js", secret.clone()),
        ("src/notes.txt", secret),
        ("node_modules/lodash/package.json", manifest.clone()),
        ("lib/node_modules/lodash/package.json", manifest.clone()),
        ("lib/lodash.json", manifest),
        ("one.zip", nested.clone()),
        ("two.zip", nested),
        ("requirements.txt", requirements.clone()),
        ("notes.txt", requirements),
        ("empty", Vec::new()),
        ("empty-too", Vec::new()),
    ]
}

#[test]
fn copies_give_what_files_give_that_are_packed_in_different_ways() {
    let copies = files().iter().fold(Zip::new(), |zip, (name, data)| zip.file(name, data));
    let apart = files().iter().enumerate().fold(Zip::new(), |zip, (at, (name, data))| match at % 3 {
        0 => zip.file(name, data),
        1 => zip.stored(name, data),
        _ => other(zip, name, data),
    });
    let (copies, apart) = (target(copies, &[]), target(apart, &[]));
    assert_eq!(copies, apart);
    let places = |name: &str| copies.to_string().matches(name).count();
    for (name, _) in files().iter().filter(|(name, _)| name.starts_with("src/") || name.ends_with(".zip")) {
        assert!(places(name) > 0, "{name}");
    }
    let coverage = &copies["coverage"];
    assert!(coverage["entries_seen"].as_u64() > Some(12), "those of the inner archives too");
    assert_eq!(coverage["entries_seen"], coverage["entries_read"]);
}

#[test]
fn a_rule_for_one_place_finds_nothing_in_a_copy_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "[[rules]]\nid = 'ticket'\nregex = 'TICKET-[0-9]{8}'\nkeywords = ['ticket-']\npath = '^kept/'\n";
    let rules = write(folder.path(), "rules.toml", rule.as_bytes());
    let text = "id TICKET-20417733\n";
    // Whichever is read first.
    for names in [["kept/a.txt", "left/a.txt"], ["left/a.txt", "kept/a.txt"]] {
        let zip = names.iter().fold(Zip::new(), |zip, name| zip.file(name, text));
        let found = target(zip, &["--rules", rules.to_str().unwrap()]);
        let places = found["findings"][0]["locations"].to_string();
        assert!(places.contains("kept/a.txt") && !places.contains("left/a.txt"), "{found}");
    }
}

/// Whether the second of two entries is a copy of the first.
fn is_copy(zip: Zip, limits: Limits) -> bool {
    let bytes = zip.build();
    let budget = Budget::new(limits);
    let Opened::Indexed(archive) = open_input(&bytes, "a.zip", &budget) else { panic!("a zip") };
    archive.likeness(0).is_some() && archive.likeness(0) == archive.likeness(1) && archive.is_copy(1, 0, &budget)
}

#[test]
fn what_an_archive_says_of_two_entries_makes_no_copies_of_them() {
    let (one, two) = (b"const a = 1;\n".as_slice(), b"const b = 2;\n".as_slice());
    let said = crc32fast::hash(one);
    let copy = || Zip::new().stored("a", one).stored("b", one);
    assert!(is_copy(copy(), Limits::default()));
    assert!(is_copy(Zip::new().file("a", one).file("b", one), Limits::default()));
    assert!(is_copy(Zip::new().file("a", one).sharing("b", 0), Limits::default()));
    assert!(!is_copy(copy(), Limits { target_bytes: 10, ..Limits::default() }), "the budget has no room for it");
    // The same checksum and sizes, and other bytes.
    let lie = || Zip::new().stored("a", one).packed("b", two.to_vec(), 0, two.len() as u64, said);
    assert!(!is_copy(lie(), Limits::default()));
    assert!(!is_copy(other(Zip::new().file("a", one), "b", one), Limits::default()));
    assert!(!is_copy(Zip::new().stored("a", one).stored("b", one).encrypted(), Limits::default()));
    assert!(!is_copy(Zip::new().stored("a", b"").stored("b", b""), Limits::default()));
}

#[test]
fn a_file_that_hides_behind_the_checksum_of_another_is_searched() {
    let harmless = b"x".repeat(64);
    let mut secret = format!("const apiKey = '{}';", token()).into_bytes();
    secret.resize(harmless.len(), b' ');
    let said = crc32fast::hash(&harmless);
    let zip = Zip::new().stored("a.js", &harmless).packed("b.js", secret.clone(), 0, secret.len() as u64, said);
    let found = target(zip, &[]);
    assert_eq!(found["findings"][0]["locations"][0]["path"], json!(["b.js"]), "{found}");
    assert!(found["coverage"]["gaps"].to_string().contains("checksum"), "{found}");
}

#[test]
fn copies_of_a_broken_file_are_broken_each() {
    let data = b"const a = 1;\n".repeat(10);
    let zip = Zip::new().file("a.js", &data).wrong_crc().file("b.js", &data).wrong_crc();
    let found = target(zip, &[]);
    let gaps = found["coverage"]["gaps"].to_string();
    assert!(gaps.contains("a.js") && gaps.contains("b.js"), "{gaps}");
}

/// Which of two files of one name comes first must not depend on who reads it.
#[test]
fn two_files_of_one_name_give_the_same_report_every_time() {
    let version = |version: &str| format!("__version__ = \"{version}\"\n").into_bytes();
    let mut zip = Zip::new().file("requests/__version__.py", version("2.19.1"));
    for at in 0..40 {
        zip = zip.file(format!("requests/part{at}.py"), format!("x = {at}\n").repeat(at + 1));
    }
    let zip = zip
        .file("requests/__version__.py", version("2.32.0"))
        .file("a.env", format!("API_TOKEN={}\n", token()))
        .file("a.env", format!("DB_PASSWORD={}\n", token()));
    let with = |threads: &str| target(zip.clone(), &["--reproducible", "--threads", threads]);
    let first = with("1");
    assert!(first["coverage"]["gaps"].to_string().contains("another entry has the same name"), "{first}");
    for _ in 0..5 {
        for threads in ["1", "2", "4"] {
            assert_eq!(with(threads), first, "{threads}");
        }
    }
}

#[test]
fn what_only_looks_like_copies_is_read_by_all_threads() {
    // Sixty files of one checksum and size, no two of them equal: all but the first have a wrong one.
    let files: Vec<Vec<u8>> = (0..60).map(|at| format!("const a{at:02} = {at:02};\n").into_bytes()).collect();
    let said = crc32fast::hash(&files[0]);
    let zip = files.iter().enumerate().fold(Zip::new(), |zip, (at, file)| {
        zip.packed(format!("{at:02}.js"), file.clone(), 0, files[0].len() as u64, said)
    });
    let found = target(zip, &["--threads", "4"]);
    let gaps = found["coverage"]["gaps"].as_array().unwrap();
    assert_eq!(gaps.iter().filter(|gap| gap.to_string().contains("checksum")).count(), 59, "{found}");
}
