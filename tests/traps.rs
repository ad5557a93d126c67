//! Archives that were made to fool or to exhaust a reader, through the real program: never a panic, never a silent
//! "clean", memory bounded.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::peak::peak_memory;
use crate::support::tar::Tar;
use crate::support::{Cli, Zip, write};

/// Exit code and the kinds of blocking and other gaps.
fn verdict(target: &Path, more: &[&str]) -> (i32, Vec<String>, Vec<String>, Value) {
    let (run, json) = Cli::scan(target, more);
    assert!(!run.stderr.contains("internal error"), "{}", run.stderr);
    let gaps = json["targets"][0]["coverage"]["gaps"].as_array().expect("gaps are a list").clone();
    let kinds = |level: &str| {
        gaps.iter()
            .filter(|gap| gap["level"] == level)
            .filter_map(|gap| gap["kind"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    (run.code, kinds("blocking"), kinds("note"), json)
}

#[test]
fn a_truncated_archive_blocks_and_what_is_intact_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let zip = Zip::new()
        .file("node_modules/lodash/package.json", br#"{"name":"lodash","version":"4.17.15"}"#)
        .file("index.js", b"let x = 1;\n".repeat(2000))
        .build();
    let target = write(folder.path(), "cut.zip", &zip[..zip.len() - 40]);
    let (code, blocking, _, json) = verdict(&target, &[]);
    assert_eq!(code, 1, "lodash 4.17.15 was found although the directory is gone");
    assert!(blocking.contains(&"truncated".to_owned()), "{blocking:?}");
    assert_eq!(json["targets"][0]["packages"][0]["name"], "lodash");
}

#[test]
fn an_encrypted_entry_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let zip = Zip::new().file("index.js", b"1").file("secret.js", b"let x = 1;").encrypted().build();
    let (code, blocking, _, _) = verdict(&write(folder.path(), "locked.zip", &zip), &[]);
    assert_eq!((code, blocking), (3, vec!["encrypted".to_owned()]));
}

/// A raw deflate stream of `blocks` times 64 MiB of zeros: blocks that end on a byte, one after the other.
fn zeros(blocks: usize) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 20);
    let chunk = vec![0u8; 1 << 20];
    for index in 0..64 {
        let flush = if index == 63 { FlushCompress::Full } else { FlushCompress::None };
        deflate.compress_vec(&chunk, &mut block, flush).expect("zeros can be deflated");
    }
    let mut stream = block.repeat(blocks);
    // A last, empty block with fixed codes.
    stream.extend([0x03, 0x00]);
    stream
}

#[test]
fn ten_gigabytes_in_ten_megabytes_are_refused_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = zeros(160);
    assert!(bomb.len() < 11 << 20, "{} bytes", bomb.len());
    let zip = Zip::new().file("index.js", b"1").packed("zeros.bin", bomb, 8, 160 * (64 << 20), 0).build();
    let target = write(folder.path(), "bomb.zip", &zip);
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).args(["scan", "--allow-seed", "--format", "json"]).arg(&target);
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let peak = peak_memory(&mut child);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\"over-limit\""), "{text}");
    assert!(peak < 300 << 20, "peak memory was {peak} bytes");
}

#[test]
fn an_archive_inside_itself_ends_at_the_depth_limit() {
    let folder = tempfile::tempdir().unwrap();
    // As deep as it takes: each archive holds the one before. A true quine would only be deeper.
    let mut zip = Zip::new().file("index.js", b"1").build();
    for _ in 0..12 {
        zip = Zip::new().file("self.zip", &zip).build();
    }
    let (code, blocking, _, json) = verdict(&write(folder.path(), "self.zip", &zip), &[]);
    assert_eq!((code, blocking), (3, vec!["over-limit".to_owned()]));
    let deepest = &json["targets"][0]["coverage"]["gaps"][0]["location"]["path"];
    assert_eq!(deepest.as_array().map(Vec::len), Some(9));
    let (code, blocking, _, _) = verdict(&write(folder.path(), "self.zip", &zip), &["--max-depth", "12"]);
    assert_eq!((code, blocking), (0, vec![]));
}

#[test]
fn names_that_could_do_harm_are_labels() {
    let folder = tempfile::tempdir().unwrap();
    let zip =
        Zip::new().file("../../etc/cron.d/x.js", b"1").file("a\u{1b}[2Jb\n.js", b"2").file("/abs.js", b"3").build();
    let target = write(folder.path(), "names.zip", &zip);
    let (code, blocking, notes, _) = verdict(&target, &[]);
    assert_eq!((code, blocking), (0, vec![]));
    assert_eq!(notes, ["unsafe-name"; 3]);
    let run = Cli::run(["scan".as_ref(), "--allow-seed".as_ref(), target.as_os_str()]);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("b\n.js"), "{:?}", run.stdout);
}

#[test]
fn a_wrong_checksum_blocks_and_the_bytes_are_searched_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let zip = Zip::new()
        .file("index.js", b"1")
        .file("node_modules/lodash/package.json", br#"{"name":"lodash","version":"4.17.15"}"#)
        .wrong_crc()
        .build();
    let (code, blocking, _, _) = verdict(&write(folder.path(), "crc.zip", &zip), &[]);
    assert_eq!((code, blocking), (1, vec!["checksum".to_owned()]));
}

#[test]
fn an_empty_archive_is_blind() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, _, json) = verdict(&write(folder.path(), "empty.zip", &Zip::new().build()), &[]);
    assert_eq!(code, 3);
    assert_eq!(json["targets"][0]["coverage"]["grade"], "blind");
    let (code, ..) = verdict(&write(folder.path(), "empty.zip", &Zip::new().build()), &["--require-coverage", "none"]);
    assert_eq!(code, 0);
}

#[test]
fn a_fake_archive_is_read_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (code, blocking, _, json) = verdict(&write(folder.path(), "fake.zip", b"just text\n"), &[]);
    assert_eq!((code, blocking), (3, vec!["malformed".to_owned()]));
    assert_eq!(json["targets"][0]["coverage"]["bytes_read"], 10);
}

#[test]
fn links_hide_neither_packages_nor_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "node_modules/lodash/package.json";
    let data = br#"{"name":"lodash","version":"4.17.15"}"#;
    let zip = Zip::new().file("index.js", b"1").file("x.bin", data).link(manifest, "../../x.bin").build();
    let tar = Tar::new().file("index.js", b"1").file("x.bin", data).hard_link(manifest, "x.bin").build();
    for bytes in [zip, tar] {
        let (code, blocking, _, _) = verdict(&write(folder.path(), "link", &bytes), &[]);
        assert_eq!((code, blocking), (3, vec!["link".to_owned()]));
    }
    // Copies of one package are packed as hard links of one another.
    let tar = Tar::new().file(manifest, data).hard_link("node_modules/b/node_modules/lodash/package.json", manifest);
    let (code, blocking, _, _) = verdict(&write(folder.path(), "copy", &tar.build()), &[]);
    assert_eq!((code, blocking), (1, vec![]));
    let target = format!("key={}{}", "AKIA", "Q3EGTP7XWRK2MZ5L");
    let zip = Zip::new().file("index.js", b"1").link("config.ini", &target).build();
    let (_, _, _, json) = verdict(&write(folder.path(), "secret", &zip), &[]);
    assert_eq!(json["targets"][0]["findings"][0]["id"], "aws-access-key-id");
    assert!(!json.to_string().contains("Q3EGTP7XWRK2MZ5L"));
}

#[test]
fn a_variable_with_a_harmless_name_may_hold_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let zip = write(folder.path(), "fn.zip", &Zip::new().file("index.js", b"1").build());
    let value = format!("{}{}", "AKIA", "Q3EGTP7XWRK2MZ5L");
    let line = format!("AWS_LAMBDA_EXEC_WRAPPER={value}\nAWS_REGION=eu-central-1\n");
    let variables = write(folder.path(), ".env", line.as_bytes());
    let (_, _, _, json) = verdict(&zip, &["--env-file", variables.to_str().unwrap()]);
    let findings = json["targets"][0]["findings"].as_array().unwrap();
    let secrets = findings.iter().filter(|finding| finding["kind"] == "secret").count();
    assert_eq!(secrets, 1, "{findings:?}");
    assert!(!json.to_string().contains(&value));
}
