//! Packs the built-in advisories (`advisory-cache/seed/**/*.json`) into one file, a record a line, sorted by path.
#![allow(clippy::disallowed_macros, reason = "a build script talks to cargo by printing")]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const SEED: &str = "advisory-cache/seed";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SEED}");
    let mut files = Vec::new();
    collect(Path::new(SEED), &mut files)?;
    files.sort();
    let mut packed = Vec::new();
    for file in files {
        // JSON has line breaks between its tokens only, where a blank is as good.
        let record = fs::read(file)?.into_iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
        packed.extend(record);
        packed.push(b'\n');
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("seed.jsonl"), packed)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}
