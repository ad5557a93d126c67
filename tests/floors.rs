//! The house has six floors (`src/lib.rs`): a file uses its own folder and lower floors, nothing above and nobody
//! beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The floor of every folder. `model` and `version` share the lowest one, and `version` may use `model`.
fn floors() -> BTreeMap<&'static str, u8> {
    BTreeMap::from([
        ("model", 0),
        ("version", 0),
        ("artifact", 1),
        ("formats", 1),
        ("advisory", 1),
        ("extract", 2),
        ("secret", 2),
        ("integrity", 2),
        ("matching", 2),
        ("runtime", 2),
        ("source", 2),
        ("verify", 2),
        ("notify", 2),
        ("audit", 3),
        ("policy", 3),
        ("report", 4),
        ("sweep", 4),
        ("cli", 5),
    ])
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|end| end == "rs") {
            out.push(path);
        }
    }
}

/// The folders that a source names through `crate::`: one by one, in a braced list, nested or over several lines.
fn used_folders(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut word = String::new();
            let mut at_name = true;
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 1 && at_name && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if !word.is_empty() {
                    used.push(std::mem::take(&mut word));
                    at_name = false;
                }
                if depth == 1 && c == ',' {
                    at_name = true;
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            used.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    used
}

fn breaks(folder: &str, used: &str) -> bool {
    let floors = floors();
    let (Some(own), Some(other)) = (floors.get(folder), floors.get(used)) else {
        return floors.contains_key(folder);
    };
    folder != used && (own < other || (own == other && used != "model"))
}

#[test]
fn no_file_uses_a_higher_floor_or_a_neighbour() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources were found");
    let mut wrong = Vec::new();
    for file in &files {
        let inner = file.strip_prefix(&root).expect("the file is below src");
        let Some(folder) = inner.components().next().and_then(|part| part.as_os_str().to_str()) else { continue };
        if inner.components().count() < 2 {
            continue;
        }
        assert!(floors().contains_key(folder), "{folder} has no floor: add it to this test and to src/lib.rs");
        let text = std::fs::read_to_string(file).expect("the file is readable");
        for used in used_folders(&text) {
            if breaks(folder, &used) {
                wrong.push(format!("{} uses crate::{used}", inner.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_sees_what_it_should() {
    assert_eq!(
        used_folders("use crate::{model::{Gap, x}, report};\nlet a = crate::cli::run();"),
        ["model", "report", "cli"]
    );
    assert!(breaks("model", "artifact"));
    assert!(breaks("secret", "extract"));
    assert!(breaks("audit", "report"));
    assert!(!breaks("version", "model"));
    assert!(!breaks("report", "policy"));
}

#[test]
fn the_picture_in_lib_rs_names_every_folder() {
    let text = include_str!("../src/lib.rs");
    for (folder, floor) in floors() {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("//! {floor}  {folder} "))),
            "src/lib.rs does not show {folder} on floor {floor}"
        );
    }
}

/// Every type that implements one of these traits is in its folder's table.
#[test]
fn every_implementation_is_in_its_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let count = |folder: &str, line: &str| -> usize {
        let mut files = Vec::new();
        sources(&root.join(folder), &mut files);
        files
            .iter()
            .map(|file| std::fs::read_to_string(file).expect("the file is readable").matches(line).count())
            .sum()
    };
    assert_eq!(count("extract", "\nimpl Extractor for "), tidewaiter::extract::ALL.len());
    assert_eq!(count("version", "\nimpl Order for "), tidewaiter::version::ALL.len());
    // One type writes CycloneDX in both of its versions.
    let formats = tidewaiter::report::ALL.iter().filter(|reporter| reporter.id() != "cyclonedx-1.7");
    assert_eq!(count("report", "\nimpl Reporter for "), formats.count());
    assert_eq!(count("policy", "\npub(super) const FORMAT: Format"), tidewaiter::policy::foreign::ALL.len());
}
