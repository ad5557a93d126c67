//! Zip: every entry that the directory lists, every copy of a name, and what the directory leaves out.
//!
//! Tools disagree about zips: some trust the directory at the end, some walk the local headers from the front. What a
//! deployed function sees depends on the tool that unpacked it, so both views are read, and where they differ that is
//! said. Fields and signatures are those of PKWARE's APPNOTE 6.3.10
//! (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).
//!
//! What it cannot know: which of two copies a runtime would load, and what encrypted bytes hold.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{self, Read};

use crc32fast::Hasher;
use rawzip::CompressionMethod;

use crate::model::{Gap, GapKind, escape_path_bytes};

use super::budget::{Budget, Decoder, End, OverLimit};
use super::bytes::{Bytes, Reader};
use super::inflate::Inflate;
use super::window::visit_all;
use super::{EntryKind, Indexed, Meta, Piece, deflate, gaps, names, zip_directory, zip_salvage};

/// Longest link target that is taken for one. Some tools write a link's target to a file, so anything that does not look
/// like a path is read as the file it may become.
const LINK_MAX: u64 = 1024;

/// The largest compressed entry that is decoded in one go: above it, the memory for it is not worth the time.
const AT_ONCE: u64 = 16 << 20;

/// The most packed bytes whose room is kept for the next entry.
const PACKED_KEPT: usize = 4 << 20;

thread_local! {
    /// The compressed bytes of the entry that this thread decodes.
    static PACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const TYPE_BITS: u32 = 0o170_000;
const TYPE_LINK: u32 = 0o120_000;
const TYPE_FILE: u32 = 0o100_000;

/// An entry and where its bytes are.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) meta: Meta,
    pub(crate) flags: u16,
    pub(crate) method: CompressionMethod,
    /// Of the decoded bytes, where it is known.
    pub(crate) crc: Option<u32>,
    /// Where the local header begins.
    pub(crate) header: u64,
    /// Where the data begin, `None` where there is no local header.
    pub(crate) data: Option<u64>,
    /// Bytes as stored.
    pub(crate) packed: u64,
    /// Whether `meta.size_hint` is a statement that can be wrong.
    pub(crate) sized: bool,
}

/// What a record is made of, from whichever header it was read.
pub(crate) struct Draft<'n> {
    pub(crate) name: &'n [u8],
    /// Unix mode with its type bits, where the archive has it.
    pub(crate) mode: Option<u32>,
    pub(crate) flags: u16,
    pub(crate) method: CompressionMethod,
    pub(crate) crc: Option<u32>,
    pub(crate) header: u64,
    pub(crate) data: Option<u64>,
    pub(crate) packed: u64,
    pub(crate) size: Option<u64>,
}

impl Draft<'_> {
    pub(crate) fn finish(self) -> Record {
        let size = self.size.unwrap_or(self.packed);
        // A "folder", link or device with data is read as a file: nothing may hide behind a type. Some writers
        // deflate nothing into two bytes.
        let bare = size == 0 && self.packed <= 2;
        let kind = match self.mode.map_or(0, |mode| mode & TYPE_BITS) {
            TYPE_LINK if size <= LINK_MAX => EntryKind::Link,
            _ if bare && self.name.ends_with(b"/") => EntryKind::Folder,
            0o040_000 if bare => EntryKind::Folder,
            0 | TYPE_FILE | TYPE_LINK => EntryKind::File,
            _ if bare => EntryKind::Other,
            _ => EntryKind::File,
        };
        Record {
            meta: Meta {
                name: names::clean_zip(self.name),
                kind,
                size_hint: size,
                mode: self.mode.map(|mode| mode & 0o7777),
                link: None,
            },
            flags: self.flags,
            method: self.method,
            crc: self.crc,
            header: self.header,
            data: self.data,
            packed: self.packed,
            sized: self.size.is_some(),
        }
    }
}

impl Record {
    /// Whether this is its name.
    pub(crate) fn is_named(&self, raw: &[u8]) -> bool {
        // A name with `%` is another one when it is cleaned.
        let as_it_stands = raw == self.meta.name.as_bytes() && !raw.contains(&b'%');
        as_it_stands || names::clean_zip(raw) == self.meta.name
    }

    fn is_encrypted(&self) -> bool {
        self.flags & 0x41 != 0 || self.method == CompressionMethod::AES
    }

    /// Where the entry's bytes end in the archive.
    pub(crate) fn end(&self) -> u64 {
        self.data.unwrap_or(self.header).saturating_add(self.packed)
    }

    /// Whether the sizes follow the data instead of preceding them.
    pub(crate) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    fn decoder<'a>(&self, bytes: &Bytes<'a>) -> Result<Data<'a>, Box<Gap>> {
        let name = Some(self.meta.name.as_str());
        if self.is_encrypted() {
            return Err(Box::new(gaps::blocking(GapKind::Encrypted, name, "the entry is encrypted")));
        }
        let Some(data) = self.data else {
            let detail = format!("there is no local header at byte {}, where the directory puts it", self.header);
            return Err(Box::new(gaps::blocking(GapKind::Unreadable, name, detail)));
        };
        match self.method {
            CompressionMethod::STORE => Ok(Data::Stored(bytes.reader(data, self.end()))),
            CompressionMethod::DEFLATE => Ok(Data::Deflated(Box::new(Inflate::new(bytes, data, self.end())))),
            method => {
                let detail = format!("compression method {method} is not supported; stored and deflate are");
                Err(Box::new(gaps::blocking(GapKind::Unsupported, name, detail)))
            }
        }
    }
}

/// The data of an entry.
enum Data<'a> {
    Stored(Reader<'a>),
    Deflated(Box<Inflate<'a>>),
}

impl Data<'_> {
    fn decoder(&mut self) -> &mut dyn Decoder {
        match self {
            Data::Stored(reader) => reader,
            Data::Deflated(inflate) => &mut **inflate,
        }
    }
}

/// Sums what passes.
struct Summed<'d> {
    inner: &'d mut dyn Decoder,
    crc: Hasher,
}

impl Read for Summed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.crc.update(&buf[..count]);
        Ok(count)
    }
}

impl Decoder for Summed<'_> {
    fn consumed(&self) -> u64 {
        self.inner.consumed()
    }
    fn produced(&self) -> u64 {
        self.inner.produced()
    }
}

/// A zip archive, opened.
#[derive(Debug)]
pub(crate) struct Zip<'a> {
    bytes: Bytes<'a>,
    records: Vec<Record>,
    gaps: Vec<Gap>,
}

impl<'a> Zip<'a> {
    /// Lists the entries. Whatever is wrong becomes a gap; an archive of which nothing can be made is one gap and no
    /// entry.
    pub(crate) fn open(bytes: Bytes<'a>, budget: &Budget) -> Zip<'a> {
        let mut listing = Listing { budget, records: Vec::new(), gaps: Vec::new(), refused: 0, counted: true };
        if let Err(error) = zip_directory::list(&bytes, &mut listing) {
            zip_salvage::whole(&bytes, &error, &mut listing);
        }
        let (records, gaps) = listing.finish();
        let mut zip = Zip { bytes, records, gaps };
        zip.name_copies();
        zip.read_links(budget);
        zip
    }

    /// Decodes an entry that is what it says into `scratch` in one go; bytes taken and given. Of a small archive within
    /// an archive the compressed bytes are there already, of a file they are read first.
    fn at_once(&self, record: &Record, budget: &Budget, scratch: &mut Vec<u8>) -> Option<(usize, usize)> {
        let plain = record.method == CompressionMethod::DEFLATE && !record.is_encrypted() && record.sized;
        let from = record.data.filter(|_| plain && record.packed <= AT_ONCE)?;
        // An entry that declares far more than deflate can give does not get the room for it.
        let size = usize::try_from(record.meta.size_hint).ok()?;
        if size as u64 > record.packed.saturating_mul(1032).saturating_add(64) {
            return None;
        }
        let decode = |packed: &[u8], out: &mut [u8]| {
            let whole = deflate::decode(packed, out)?;
            // Too few bytes are as wrong as too many.
            (whole.given == out.len()).then_some((whole.taken, whole.given))
        };
        let len = usize::try_from(record.packed).ok()?;
        match &self.bytes {
            Bytes::Slice(slice) => {
                let from = usize::try_from(from).ok()?;
                let packed = slice.get(from..from.checked_add(len)?)?;
                budget.fill_at_once(scratch, record.packed, size, |out| decode(packed, out))
            }
            Bytes::File(..) => PACKED.with_borrow_mut(|buffer| {
                if buffer.len() < len {
                    buffer.resize(len, 0);
                }
                let packed = &mut buffer[..len];
                let is_there = self.bytes.copy_at(packed, from).ok() == Some(len);
                let fill = || budget.fill_at_once(scratch, record.packed, size, |out| decode(packed, out));
                let filled = is_there.then(fill).flatten();
                if buffer.len() > PACKED_KEPT {
                    *buffer = Vec::new();
                }
                filled
            }),
        }
    }

    fn name_copies(&mut self) {
        let mut seen = HashSet::with_capacity(self.records.len());
        for record in self.records.iter().filter(|record| record.meta.kind != EntryKind::Folder) {
            if !seen.insert(record.meta.name.as_str()) {
                let detail = format!("another entry has the same name; this copy begins at byte {}", record.header);
                self.gaps.push(gaps::note(GapKind::Duplicate, Some(&record.meta.name), detail));
            }
        }
    }

    /// A link's target is its data. One that cannot be read, or is no path, is left a file: reading it says why.
    fn read_links(&mut self, budget: &Budget) {
        let mut buffer = Vec::new();
        for record in self.records.iter_mut().filter(|record| record.meta.kind == EntryKind::Link) {
            record.meta.kind = EntryKind::File;
            let Ok(mut data) = record.decoder(&self.bytes) else { continue };
            let want = usize::try_from(LINK_MAX).unwrap_or(usize::MAX).saturating_add(1);
            let filled = budget.fill(data.decoder(), &mut buffer, 0, want);
            let target = &buffer[..filled.bytes];
            let is_path = !target.is_empty() && !target.iter().any(|byte| byte.is_ascii_control() || *byte == b'"');
            if is_path && matches!(filled.end, End::Eof) {
                record.meta.kind = EntryKind::Link;
                record.meta.link = Some(escape_path_bytes(target));
            }
        }
    }
}

impl Indexed for Zip<'_> {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn meta(&self, index: usize) -> &Meta {
        &self.records[index].meta
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn likeness(&self, index: usize) -> Option<u32> {
        let record = &self.records[index];
        let told = record.meta.kind == EntryKind::File && record.sized && record.meta.size_hint > 0;
        record.crc.filter(|_| told && record.data.is_some() && !record.is_encrypted())
    }

    fn is_copy(&self, index: usize, of: usize, budget: &Budget) -> bool {
        let (one, other) = (&self.records[index], &self.records[of]);
        let alike = |record: &Record| (record.crc, record.method, record.packed, record.meta.size_hint);
        let (Some(from), Some(to)) = (one.data, other.data) else { return false };
        self.likeness(index).is_some()
            && self.likeness(of).is_some()
            && alike(one) == alike(other)
            && budget.take_copy(one.packed, one.meta.size_hint, || self.bytes.are_equal(from, to, one.packed))
    }

    fn read(
        &self,
        index: usize,
        budget: &Budget,
        scratch: &mut Vec<u8>,
        visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>> {
        let record = &self.records[index];
        if record.meta.kind != EntryKind::File {
            return Ok(());
        }
        let name = Some(record.meta.name.as_str());
        let (size, taken, crc) = if let Some((taken, given)) = self.at_once(record, budget, scratch) {
            let whole = &scratch[..given];
            visit(Piece::whole(whole));
            (given as u64, taken as u64, crc32fast::hash(whole))
        } else {
            let mut data = record.decoder(&self.bytes)?;
            let mut summed = Summed { inner: data.decoder(), crc: Hasher::new() };
            let size = visit_all(&mut summed, budget, scratch, visit)
                .map_err(|(stop, read)| Box::new(gaps::stopped(&stop, name, read)))?;
            (size, summed.inner.consumed(), summed.crc.finalize())
        };
        if let Some(expected) = record.crc.filter(|expected| *expected != crc) {
            let detail = format!("its bytes have the checksum {crc:08x}, the archive says {expected:08x}");
            return Err(Box::new(gaps::blocking(GapKind::Checksum, name, detail)));
        }
        if record.sized && size != record.meta.size_hint {
            let detail = format!("it holds {size} bytes, the archive says {}", record.meta.size_hint);
            return Err(Box::new(gaps::blocking(GapKind::Mismatch, name, detail)));
        }
        if taken < record.packed {
            let detail = format!("{} bytes after the end of its compressed data were not read", record.packed - taken);
            return Err(Box::new(gaps::blocking(GapKind::Mismatch, name, detail)));
        }
        Ok(())
    }
}

/// A list of entries in the making.
pub(crate) struct Listing<'b> {
    pub(crate) budget: &'b Budget,
    pub(crate) records: Vec<Record>,
    pub(crate) gaps: Vec<Gap>,
    /// Entries over the limit.
    refused: u64,
    /// Whether `refused` is the whole number.
    pub(crate) counted: bool,
}

impl Listing<'_> {
    /// Adds an entry. `false` where the limit does not allow it.
    pub(crate) fn add(&mut self, draft: Draft<'_>) -> bool {
        if self.refused > 0 || self.budget.charge_entry().is_err() {
            self.refused += 1;
            return false;
        }
        let raw = draft.name;
        let record = draft.finish();
        self.gaps.extend(names::unsafe_name(raw, &record.meta.name));
        self.records.push(record);
        true
    }

    /// Lists an entry once more under another name that the archive gives it: which one counts depends on the tool.
    pub(crate) fn add_name(&mut self, index: usize, raw: &[u8]) {
        if self.refused > 0 || self.budget.charge_entry().is_err() {
            self.refused += 1;
            return;
        }
        let mut copy = self.records[index].clone();
        copy.meta.name = names::clean_zip(raw);
        self.gaps.extend(names::unsafe_name(raw, &copy.meta.name));
        self.records.push(copy);
    }

    /// Closes the list: says how many entries are over the limit, if any are.
    fn finish(mut self) -> (Vec<Record>, Vec<Gap>) {
        if self.refused > 0 {
            let limit = OverLimit::Entries(self.budget.limits().entries);
            let least = if self.counted { "" } else { "at least " };
            let detail = format!("{limit}; {least}{} entries of this archive were not read", self.refused);
            self.gaps.push(gaps::blocking(GapKind::OverLimit, None, detail));
        }
        (self.records, self.gaps)
    }

    /// Whether the limit was met.
    pub(crate) fn is_full(&self) -> bool {
        self.refused > 0
    }

    /// A note on the archive.
    pub(crate) fn note(&mut self, kind: GapKind, name: Option<&str>, detail: impl Into<String>) {
        self.gaps.push(gaps::note(kind, name, detail));
    }
}
