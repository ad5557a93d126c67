//! Tars, honest and hostile, block by block.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// An archive in the making.
#[derive(Clone, Default)]
pub struct Tar {
    bytes: Vec<u8>,
    open: bool,
}

impl Tar {
    /// An archive without entries.
    pub fn new() -> Tar {
        Tar::default()
    }

    /// Adds a file.
    pub fn file(self, name: &str, data: impl AsRef<[u8]>) -> Tar {
        self.entry(EntryType::Regular, name, None, data.as_ref())
    }

    /// Adds a folder.
    pub fn folder(self, name: &str) -> Tar {
        self.entry(EntryType::Directory, name, None, b"")
    }

    /// Adds a symbolic link.
    pub fn link(self, name: &str, target: &str) -> Tar {
        self.entry(EntryType::Symlink, name, Some(target), b"")
    }

    /// Adds a hard link.
    pub fn hard_link(self, name: &str, target: &str) -> Tar {
        self.entry(EntryType::Link, name, Some(target), b"")
    }

    /// Adds a file whose name stands in a header of its own, as GNU tar writes long ones.
    pub fn gnu_long(self, name: &str, data: impl AsRef<[u8]>) -> Tar {
        let mut body = name.as_bytes().to_vec();
        body.push(0);
        self.entry(EntryType::GNULongName, "././@LongLink", None, &body).file("cut off", data)
    }

    /// Adds PAX records for the next entry.
    pub fn pax(self, records: &[(&str, &str)]) -> Tar {
        let mut body = Vec::new();
        for (key, value) in records {
            // The length counts itself.
            let rest = key.len() + value.len() + 3;
            let mut len = rest + 1;
            while len != rest + len.to_string().len() {
                len = rest + len.to_string().len();
            }
            body.extend(format!("{len} {key}={value}\n").into_bytes());
        }
        self.entry(EntryType::XHeader, "pax", None, &body)
    }

    /// Adds any entry.
    pub fn entry(mut self, kind: EntryType, name: &str, link: Option<&str>, data: &[u8]) -> Tar {
        let mut header = Header::new_gnu();
        let field = &mut header.as_old_mut().name;
        let raw = &name.as_bytes()[..name.len().min(100)];
        field[..raw.len()].copy_from_slice(raw);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(data.len() as u64);
        if let Some(target) = link {
            header.set_link_name_literal(target).unwrap();
        }
        header.set_cksum();
        self.bytes.extend(header.as_bytes());
        self.bytes.extend(data);
        self.pad();
        self
    }

    /// Adds bytes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Tar {
        self.bytes.extend(bytes);
        self
    }

    /// No end marker.
    pub fn open(mut self) -> Tar {
        self.open = true;
        self
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
    }

    /// The bytes.
    pub fn build(mut self) -> Vec<u8> {
        if !self.open {
            self.bytes.extend([0; 1024]);
        }
        self.bytes
    }

    /// The bytes, compressed with gzip.
    pub fn gzip(self) -> Vec<u8> {
        gzip(&self.build())
    }

    /// The bytes, compressed with zstd.
    pub fn zstd(self) -> Vec<u8> {
        zstd::bulk::compress(&self.build(), 3).unwrap()
    }
}

/// Gzip without a time or a name.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
