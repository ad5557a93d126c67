//! Zips, honest and hostile, byte by byte.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// 1980-01-01, the first date that a zip can hold.
const DATE: u16 = 0x21;

/// An archive in the making. Methods after an entry change the entry that was added last.
#[derive(Clone, Default)]
pub struct Zip {
    entries: Vec<Entry>,
    prepend: Vec<u8>,
    before_directory: Vec<u8>,
    comment: Vec<u8>,
    keep: Option<usize>,
    end_record_counts: Option<u16>,
    no_end: bool,
    wide_end: bool,
}

#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    local_name: Vec<u8>,
    packed: Vec<u8>,
    method: u16,
    local_method: u16,
    flags: u16,
    crc: u32,
    size: u64,
    mode: u32,
    descriptor: bool,
    zip64: bool,
    hidden: bool,
    unicode_name: Vec<u8>,
    /// The directory points at the data of another entry.
    shares: Option<usize>,
}

/// Raw deflate, at the default level.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

impl Zip {
    /// An archive without entries.
    pub fn new() -> Zip {
        Zip::default()
    }

    /// Adds a deflated file.
    pub fn file(self, name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Zip {
        let data = data.as_ref();
        self.packed(name, deflate(data), 8, data.len() as u64, crc32fast::hash(data))
    }

    /// Adds a stored file.
    pub fn stored(self, name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Zip {
        let data = data.as_ref();
        self.packed(name, data.to_vec(), 0, data.len() as u64, crc32fast::hash(data))
    }

    /// Adds an entry from bytes that are compressed already.
    pub fn packed(mut self, name: impl AsRef<[u8]>, packed: Vec<u8>, method: u16, size: u64, crc: u32) -> Zip {
        let name = name.as_ref().to_vec();
        self.entries.push(Entry {
            local_name: name.clone(),
            name,
            packed,
            method,
            local_method: method,
            flags: 0,
            crc,
            size,
            mode: 0o100_644,
            descriptor: false,
            zip64: false,
            hidden: false,
            unicode_name: Vec::new(),
            shares: None,
        });
        self
    }

    /// Adds a folder.
    pub fn folder(self, name: impl AsRef<[u8]>) -> Zip {
        self.stored(name, b"").mode(0o040_755)
    }

    /// Adds a symbolic link.
    pub fn link(self, name: impl AsRef<[u8]>, target: &str) -> Zip {
        self.stored(name, target).mode(0o120_777)
    }

    /// Adds all that a folder holds, sorted by name; links stay links, as `zip -ry` packs them.
    pub fn tree(mut self, root: &Path) -> Zip {
        let mut folders = vec![root.to_owned()];
        let mut paths = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                let list = if entry.file_type().unwrap().is_dir() { &mut folders } else { &mut paths };
                list.push(entry.path());
            }
        }
        paths.sort();
        for path in paths {
            let name = path.strip_prefix(root).unwrap().to_str().expect("a name in UTF-8");
            self = match fs::read_link(&path) {
                Ok(target) => self.link(name, target.to_str().expect("a target in UTF-8")),
                Err(_) => self.file(name, fs::read(&path).unwrap()),
            };
        }
        self
    }

    /// Adds an entry to the directory whose data are those of entry `index`.
    pub fn sharing(mut self, name: impl AsRef<[u8]>, index: usize) -> Zip {
        let mut entry = self.entries[index].clone();
        entry.name = name.as_ref().to_vec();
        entry.shares = Some(index);
        self.entries.push(entry);
        self
    }

    fn change(mut self, change: impl FnOnce(&mut Entry)) -> Zip {
        change(self.entries.last_mut().expect("an entry was added before"));
        self
    }

    /// Unix mode with its type bits.
    pub fn mode(self, mode: u32) -> Zip {
        self.change(|entry| entry.mode = mode)
    }

    /// Marks the entry as encrypted.
    pub fn encrypted(self) -> Zip {
        self.change(|entry| entry.flags |= 1)
    }

    /// Claims a compression method, in both headers.
    pub fn method(self, method: u16) -> Zip {
        self.change(|entry| (entry.method, entry.local_method) = (method, method))
    }

    /// Claims a compression method in the local header alone.
    pub fn local_method(self, method: u16) -> Zip {
        self.change(|entry| entry.local_method = method)
    }

    /// Another name in the local header.
    pub fn local_name(self, name: impl AsRef<[u8]>) -> Zip {
        self.change(|entry| entry.local_name = name.as_ref().to_vec())
    }

    /// Sizes and checksum follow the data.
    pub fn descriptor(self) -> Zip {
        self.change(|entry| (entry.descriptor, entry.flags) = (true, entry.flags | 8))
    }

    /// Sizes stand in the extra field.
    pub fn zip64(self) -> Zip {
        self.change(|entry| entry.zip64 = true)
    }

    /// Claims another decoded size, in both headers.
    pub fn lie_about_size(self, size: u64) -> Zip {
        self.change(|entry| entry.size = size)
    }

    /// Claims a checksum that is wrong.
    pub fn wrong_crc(self) -> Zip {
        self.change(|entry| entry.crc ^= 0x5555_5555)
    }

    /// Another name, in the extra field for names in Unicode, in the directory alone.
    pub fn unicode_name(self, name: &str) -> Zip {
        self.change(|entry| entry.unicode_name = name.as_bytes().to_vec())
    }

    /// Leaves the entry out of the directory.
    pub fn hidden(self) -> Zip {
        self.change(|entry| entry.hidden = true)
    }

    /// Bytes in front of the archive; offsets do not count them, as with `cat stub archive`.
    pub fn prepend(mut self, bytes: impl AsRef<[u8]>) -> Zip {
        self.prepend = bytes.as_ref().to_vec();
        self
    }

    /// Bytes between the last entry and the directory.
    pub fn before_directory(mut self, bytes: impl AsRef<[u8]>) -> Zip {
        self.before_directory = bytes.as_ref().to_vec();
        self
    }

    /// The archive's comment.
    pub fn comment(mut self, comment: impl AsRef<[u8]>) -> Zip {
        self.comment = comment.as_ref().to_vec();
        self
    }

    /// Claims a number of entries.
    pub fn count(mut self, entries: u16) -> Zip {
        self.end_record_counts = Some(entries);
        self
    }

    /// Neither directory nor end record, as after a download that broke off.
    pub fn no_directory(mut self) -> Zip {
        self.no_end = true;
        self
    }

    /// The directory's place and size, and how many entries it has, stand in a zip64 end record.
    pub fn wide_end(mut self) -> Zip {
        self.wide_end = true;
        self
    }

    /// Only the first bytes.
    pub fn truncate(mut self, len: usize) -> Zip {
        self.keep = Some(len);
        self
    }

    /// The bytes.
    pub fn build(self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut offsets = Vec::new();
        for entry in &self.entries {
            if let Some(index) = entry.shares {
                offsets.push(offsets[index]);
                continue;
            }
            offsets.push(out.len());
            entry.write_local(&mut out);
        }
        out.extend(&self.before_directory);
        let start = out.len();
        let mut count = 0u64;
        for (entry, offset) in self.entries.iter().zip(&offsets).filter(|(entry, _)| !entry.hidden) {
            entry.write_central(*offset, &mut out);
            count += 1;
        }
        let size = out.len() - start;
        let count = self.end_record_counts.map_or(count, u64::from);
        let (mut short_count, mut short_size, mut short_start) = (count as u16, size as u32, start as u32);
        if self.wide_end {
            let end = out.len() as u64;
            out.extend(b"PK\x06\x06");
            out.extend(44u64.to_le_bytes());
            out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for wide in [count, count, size as u64, start as u64] {
                out.extend(wide.to_le_bytes());
            }
            out.extend(b"PK\x06\x07\0\0\0\0");
            out.extend(end.to_le_bytes());
            out.extend(1u32.to_le_bytes());
            (short_count, short_size, short_start) = (u16::MAX, u32::MAX, u32::MAX);
        }
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(short_count.to_le_bytes());
        out.extend(short_count.to_le_bytes());
        out.extend(short_size.to_le_bytes());
        out.extend(short_start.to_le_bytes());
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
        if self.no_end {
            out.truncate(start);
        }
        let mut all = self.prepend;
        all.append(&mut out);
        all.truncate(self.keep.unwrap_or(usize::MAX));
        all
    }
}

impl Entry {
    fn sizes(&self) -> (u32, u32, Vec<u8>) {
        if !self.zip64 {
            return (self.packed.len() as u32, self.size as u32, Vec::new());
        }
        let mut extra = vec![1, 0, 16, 0];
        extra.extend(self.size.to_le_bytes());
        extra.extend((self.packed.len() as u64).to_le_bytes());
        (u32::MAX, u32::MAX, extra)
    }

    fn write_local(&self, out: &mut Vec<u8>) {
        let (packed, size, extra) = if self.descriptor { (0, 0, Vec::new()) } else { self.sizes() };
        let crc = if self.descriptor { 0 } else { self.crc };
        out.extend(b"PK\x03\x04");
        for word in [20, self.flags, self.local_method, 0, DATE] {
            out.extend(word.to_le_bytes());
        }
        for long in [crc, packed, size] {
            out.extend(long.to_le_bytes());
        }
        out.extend((self.local_name.len() as u16).to_le_bytes());
        out.extend((extra.len() as u16).to_le_bytes());
        out.extend(&self.local_name);
        out.extend(extra);
        out.extend(&self.packed);
        if self.descriptor {
            out.extend(b"PK\x07\x08");
            for long in [self.crc, self.packed.len() as u32, self.size as u32] {
                out.extend(long.to_le_bytes());
            }
        }
    }

    fn write_central(&self, offset: usize, out: &mut Vec<u8>) {
        let (packed, size, mut extra) = self.sizes();
        if !self.unicode_name.is_empty() {
            extra.extend(b"\x75\x70");
            extra.extend((self.unicode_name.len() as u16 + 5).to_le_bytes());
            extra.push(1);
            extra.extend(crc32fast::hash(&self.name).to_le_bytes());
            extra.extend(&self.unicode_name);
        }
        out.extend(b"PK\x01\x02");
        // Made by Unix, so that the mode counts.
        for word in [3 << 8 | 20, 20, self.flags, self.method, 0, DATE] {
            out.extend(u16::to_le_bytes(word));
        }
        for long in [self.crc, packed, size] {
            out.extend(long.to_le_bytes());
        }
        for word in [self.name.len() as u16, extra.len() as u16, 0, 0, 0] {
            out.extend(word.to_le_bytes());
        }
        out.extend((self.mode << 16).to_le_bytes());
        out.extend((offset as u32).to_le_bytes());
        out.extend(&self.name);
        out.extend(extra);
    }
}
