//! A folder in the layout of the OSV bucket, with records made up for the test.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

/// A record of one package, affected below `fixed`.
pub fn record(id: &str, modified: &str, ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({
        "schema_version": "1.6.0", "id": id, "modified": modified, "published": "2024-01-01T00:00:00Z",
        "summary": format!("A flaw in {name}, fixed in {fixed}"),
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
        }]
    })
}

/// What a bucket holds, by ecosystem and id.
#[derive(Clone, Default)]
pub struct Bucket {
    ecosystems: BTreeMap<String, BTreeMap<String, (String, Vec<u8>)>>,
}

impl Bucket {
    /// Adds or replaces a record.
    pub fn put(&mut self, ecosystem: &str, record: &Value) {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        self.put_raw(ecosystem, &text("id"), &text("modified"), &serde_json::to_vec(record).unwrap());
    }

    /// Adds or replaces what is listed as a record.
    pub fn put_raw(&mut self, ecosystem: &str, id: &str, modified: &str, raw: &[u8]) {
        let records = self.ecosystems.entry(ecosystem.to_owned()).or_default();
        records.insert(id.to_owned(), (modified.to_owned(), raw.to_owned()));
    }

    /// Removes a record.
    pub fn remove(&mut self, ecosystem: &str, id: &str) {
        self.ecosystems.get_mut(ecosystem).unwrap().remove(id).unwrap();
    }

    /// Writes one record beside its ecosystem's archive.
    pub fn write_single(&self, root: &Path, ecosystem: &str, id: &str) {
        fs::write(root.join(ecosystem).join(format!("{id}.json")), &self.ecosystems[ecosystem][id].1).unwrap();
    }

    /// Writes everything, in place of what was there.
    pub fn write(&self, root: &Path) {
        let names: Vec<&str> = self.ecosystems.keys().map(String::as_str).collect();
        fs::write(root.join("ecosystems.txt"), names.join("\n")).unwrap();
        for (ecosystem, records) in &self.ecosystems {
            let folder = root.join(ecosystem);
            fs::create_dir_all(&folder).unwrap();
            let entries = records.iter().map(|(id, (_, raw))| (format!("{id}.json"), raw.as_slice()));
            fs::write(folder.join("all.zip"), zip(entries)).unwrap();
            let mut lines: Vec<String> = records.iter().map(|(id, (date, _))| format!("{date},{id}\n")).collect();
            lines.sort_by(|a, b| b.cmp(a));
            fs::write(folder.join("modified_id.csv"), lines.concat()).unwrap();
        }
    }
}

/// A deflated zip of these files.
pub fn zip<'a>(entries: impl Iterator<Item = (String, &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, bytes) in entries {
        let file = archive.new_file(&name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}
