//! Packs what is written for people into what a program reads quickly: the built-in advisories
//! (`advisory-cache/seed/**/*.json`) into one file, a record a line, and the secret rules (`src/secret/rules/*.toml`)
//! into JSON, their examples apart: reading them as they are written would take longer than to scan a function. What few
//! runs need is compressed, or it would be a twentieth of the program.
#![allow(clippy::disallowed_macros, reason = "a build script talks to cargo by printing")]

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Map, Value};

const SEED: &str = "advisory-cache/seed";
const RULES: &str = "src/secret/rules";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SEED}");
    println!("cargo::rerun-if-changed={RULES}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("seed.jsonl.deflate"), deflated(&seed()?)?)?;
    let (rules, examples) = rules()?;
    fs::write(out.join("rules.json"), serde_json::to_vec(&rules)?)?;
    fs::write(out.join("examples.json.deflate"), deflated(&serde_json::to_vec(&examples)?)?)?;
    Ok(())
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// All records, a line each, sorted by path.
fn seed() -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    for file in files(Path::new(SEED), "json")? {
        // JSON has line breaks between its tokens only, where a blank is as good.
        let record = fs::read(file)?.into_iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
        packed.extend(record);
        packed.push(b'\n');
    }
    Ok(packed)
}

/// All rules in the order of their files, with empty lists of examples; and by id the two lists that were there. Whether
/// a rule keeps the laws, the library's tests tell: the types are its own.
fn rules() -> io::Result<(Vec<Value>, Map<String, Value>)> {
    let (mut rules, mut examples) = (Vec::new(), Map::new());
    for file in files(Path::new(RULES), "toml")? {
        let text = fs::read_to_string(&file)?;
        match toml::from_str::<Map<String, Value>>(&text) {
            Ok(mut table) => {
                let Some(Value::Array(tables)) = table.remove("rule") else {
                    println!("cargo::error={}: no [[rule]]", file.display());
                    continue;
                };
                for mut rule in tables {
                    let empty = || Value::Array(Vec::new());
                    let lists = ["examples", "non_examples"].map(|key| std::mem::replace(&mut rule[key], empty()));
                    if let Some(id) = rule["id"].as_str() {
                        examples.insert(id.to_owned(), lists.into());
                    }
                    rules.push(rule);
                }
            }
            Err(error) => {
                let line = 1 + text[..error.span().map_or(0, |span| span.start)].matches('\n').count();
                println!("cargo::error={}:{line}: {}", file.display(), error.message());
            }
        }
    }
    Ok((rules, examples))
}

/// The files of a folder and of those in it, sorted by path.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
