//! Builds the archives of `fixtures/example` from the text beside them; its README describes the naming convention.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::planted;

/// The example's folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/example")
}

/// The archives by file name: the same bytes on every run.
pub fn build() -> BTreeMap<&'static str, Vec<u8>> {
    [("function.zip", "function"), ("layer.zip", "layer")]
        .into_iter()
        .map(|(archive, text)| (archive, zip(&entries(&folder().join(text)))))
        .collect()
}

/// What an archive holds under one name.
struct Entry {
    bytes: Vec<u8>,
    encrypted: bool,
}

/// The entries of the archive that a folder describes.
fn entries(folder: &Path) -> BTreeMap<String, Entry> {
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found);
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Entry>) {
    for item in fs::read_dir(folder).expect("a folder of the example") {
        let path = item.expect("an item of the example").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names of the example are UTF-8");
        let full = format!("{prefix}{name}");
        if path.is_dir() {
            match full.strip_suffix(".d").filter(|archive| archive.ends_with(".zip")) {
                Some(archive) => {
                    found.insert(archive.to_owned(), Entry { bytes: zip(&entries(&path)), encrypted: false });
                }
                None => collect(&path, &format!("{full}/"), found),
            }
            continue;
        }
        let text = planted::plant(&fs::read_to_string(&path).expect("files of the example are UTF-8"));
        let (name, entry) = if let Some(name) = full.strip_suffix(".utf16le.txt") {
            (name, Entry { bytes: utf16le(&text), encrypted: false })
        } else if let Some(name) = full.strip_suffix(".encrypted.txt") {
            (name, Entry { bytes: scramble(&text), encrypted: true })
        } else {
            (full.as_str(), Entry { bytes: text.into_bytes(), encrypted: false })
        };
        found.insert(name.to_owned(), entry);
    }
}

fn utf16le(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Not encryption: enough that nobody who ignores the entry's mark reads text.
fn scramble(text: &str) -> Vec<u8> {
    text.bytes().zip((0..=u8::MAX).cycle()).map(|(byte, at)| byte ^ at.wrapping_mul(151) ^ 0xA5).collect()
}

fn zip(entries: &BTreeMap<String, Entry>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    let date = UtcDateTime::from_components(1980, 1, 1, 0, 0, 0, 0).expect("the first date that a zip can hold");
    for (name, entry) in entries {
        let method = if entry.encrypted { CompressionMethod::STORE } else { CompressionMethod::DEFLATE };
        let (mut file, config) = archive
            .new_file(name.as_str())
            .compression_method(method)
            .last_modified(date)
            .unix_permissions(0o644)
            .encrypted(entry.encrypted)
            .start()
            .expect("a name that a zip can hold");
        let output = if entry.encrypted {
            let mut writer = config.wrap(&mut file);
            writer.write_all(&entry.bytes).expect("writing to memory");
            writer.finish().expect("writing to memory").1
        } else {
            let mut writer = config.wrap(DeflateEncoder::new(&mut file, Compression::default()));
            writer.write_all(&entry.bytes).expect("writing to memory");
            let (encoder, output) = writer.finish().expect("writing to memory");
            encoder.finish().expect("writing to memory");
            output
        };
        file.finish(output).expect("writing to memory");
    }
    archive.finish().expect("writing to memory");
    bytes
}
