//! Single-file programs of .NET: a host with all other files behind it, and a list of them at the end
//! (<https://github.com/dotnet/designs/blob/main/accepted/2020/single-file/bundler.md>; versions and fields as in
//! dotnet/runtime, `src/native/corehost/bundle`).
//!
//! The host's data section holds the list's place beside a signature, so that no other bytes are searched for it.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;
use object::read::ReadCache;
use object::{File, Object, ObjectSection};

use crate::model::{Gap, GapKind};

use super::budget::{Budget, Decoder};
use super::bytes::Bytes;
use super::inflate::Inflate;
use super::window::visit_all;
use super::{EntryKind, Indexed, Meta, Piece, gaps, names};

/// The SHA-256 of `.net core bundle`.
const SIGNATURE: [u8; 32] = [
    0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13, 0xf5, 0xb9,
    0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
];
/// Sections of a host that are looked at, and the size of the largest data section that is searched.
const MOST_SECTIONS: usize = 4096;
const MOST_DATA: u64 = 16 << 20;
/// Bytes of the list that are read; an entry takes about 60.
const MOST_LIST: u64 = 16 << 20;

/// A bundle, opened.
#[derive(Debug)]
pub(crate) struct Bundle<'a> {
    bytes: Bytes<'a>,
    records: Vec<Record>,
    gaps: Vec<Gap>,
}

#[derive(Debug)]
struct Record {
    meta: Meta,
    from: u64,
    /// Size in the bundle.
    stored: u64,
    packed: bool,
}

impl<'a> Bundle<'a> {
    /// Lists the files of a bundle, with the host in front if it has a name here: inside an archive the host was an
    /// entry already. `None` for what is no bundle.
    pub(crate) fn open(bytes: Bytes<'a>, head: &[u8], host: Option<&str>, budget: &Budget) -> Option<Bundle<'a>> {
        let start = list_offset(&bytes, head).filter(|start| *start < bytes.len())?;
        let size = usize::try_from((bytes.len() - start).min(MOST_LIST)).ok()?;
        let mut list = vec![0; size];
        let got = bytes.copy_at(&mut list, start).ok()?;
        let mut fields = Fields(&list[..got]);
        let (version, count) = fields.header()?;
        let mut bundle = Bundle { bytes, records: Vec::new(), gaps: Vec::new() };
        if !matches!(version, 1 | 2 | 6) {
            let detail =
                format!("a single-file program of .NET in version {version} of its format, which is not known");
            bundle.gaps.push(gaps::blocking(GapKind::Unsupported, None, detail));
        } else {
            bundle.list(&mut fields, version, count, budget);
        }
        if let Some(name) = host {
            let end = bundle.records.iter().map(|record| record.from).min().unwrap_or(start).min(start);
            let meta = Meta { name: name.to_owned(), kind: EntryKind::File, size_hint: end, mode: None, link: None };
            bundle.records.insert(0, Record { meta, from: 0, stored: end, packed: false });
        }
        Some(bundle)
    }

    fn list(&mut self, fields: &mut Fields<'_>, version: u32, count: u32, budget: &Budget) {
        for _ in 0..count {
            let Some((record, raw)) = fields.record(version) else {
                let detail = "the list of a single-file program ends too soon: what follows is unknown";
                self.gaps.push(gaps::blocking(GapKind::Malformed, None, detail));
                return;
            };
            if let Err(limit) = budget.charge_entry() {
                self.gaps.push(gaps::blocking(GapKind::OverLimit, None, limit.to_string()));
                return;
            }
            self.gaps.extend(names::unsafe_name(raw, &record.meta.name));
            self.records.push(record);
        }
    }
}

impl Indexed for Bundle<'_> {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn meta(&self, index: usize) -> &Meta {
        &self.records[index].meta
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn read(
        &self,
        index: usize,
        budget: &Budget,
        scratch: &mut Vec<u8>,
        visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>> {
        let Record { meta, from, stored, packed } = &self.records[index];
        let name = Some(meta.name.as_str());
        let to = from.saturating_add(*stored);
        let mut decoder: Box<dyn Decoder + '_> = if *packed {
            Box::new(Inflate::new(&self.bytes, *from, to))
        } else {
            Box::new(self.bytes.reader(*from, to))
        };
        let size = visit_all(&mut *decoder, budget, scratch, visit)
            .map_err(|(stop, read)| Box::new(gaps::stopped(&stop, name, read)))?;
        if size != meta.size_hint {
            let detail = format!("it holds {size} bytes, the list says {}", meta.size_hint);
            return Err(Box::new(gaps::blocking(GapKind::Mismatch, name, detail)));
        }
        Ok(())
    }
}

/// Whether a program, of which these are the first bytes, has other files behind it.
pub fn is_dotnet_bundle(bytes: &[u8]) -> bool {
    list_offset(&Bytes::Slice(bytes), bytes).is_some()
}

/// Where the list begins. A host without files has a zero there.
fn list_offset(bytes: &Bytes<'_>, head: &[u8]) -> Option<u64> {
    if !matches!(head, [0x7F, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] | [0xCF, 0xFA, 0xED, 0xFE, ..]) {
        return None;
    }
    let cache = ReadCache::new(Cursor { bytes, at: 0 });
    let file = File::parse(&cache).ok()?;
    let sections = file.sections().take(MOST_SECTIONS);
    let data = sections.filter(|section| {
        section.size() <= MOST_DATA && section.name_bytes().is_ok_and(|name| matches!(name, b".data" | b"__data"))
    });
    // There is one; a hostile file may have thousands over the same bytes.
    data.take(2).find_map(|section| {
        let data = section.data().ok()?;
        let at = memmem::find(data, &SIGNATURE)?;
        let offset = u64::from_le_bytes(data.get(at.checked_sub(8)?..at)?.try_into().ok()?);
        Some(offset).filter(|offset| *offset > 0)
    })
}

/// The fields of the list, little-endian.
struct Fields<'l>(&'l [u8]);

impl<'l> Fields<'l> {
    fn take(&mut self, count: usize) -> Option<&'l [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A length in groups of seven bits, and so many bytes.
    fn text(&mut self) -> Option<&'l [u8]> {
        let mut length = 0usize;
        for shift in [0, 7, 14] {
            let byte = self.take(1)?[0];
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return self.take(length);
            }
        }
        None
    }

    /// The version, and the number of files.
    fn header(&mut self) -> Option<(u32, u32)> {
        let (version, _, count, _) = (self.u32()?, self.u32()?, self.u32()?, self.text()?);
        if version >= 2 {
            // Where the two JSON files are, which are in the list as well, and flags.
            self.take(5 * 8)?;
        }
        Some((version, count))
    }

    /// A file, and its name as written.
    fn record(&mut self, version: u32) -> Option<(Record, &'l [u8])> {
        let (from, size) = (self.u64()?, self.u64()?);
        let packed = if version >= 6 { self.u64()? } else { 0 };
        self.take(1)?;
        let raw = self.text()?;
        let meta = Meta { name: names::clean_zip(raw), kind: EntryKind::File, size_hint: size, mode: None, link: None };
        Some((Record { meta, from, stored: if packed > 0 { packed } else { size }, packed: packed > 0 }, raw))
    }
}

/// [`Bytes`] as the reader of programs wants them.
struct Cursor<'b, 'a> {
    bytes: &'b Bytes<'a>,
    at: u64,
}

impl Read for Cursor<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.copy_at(buf, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Cursor<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(back) => self.bytes.len().checked_add_signed(back),
            SeekFrom::Current(on) => self.at.checked_add_signed(on),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Level;

    /// A host with one data section, and files behind it: name, bytes, whether to compress them.
    fn bundle(version: u32, files: &[(&str, &[u8], bool)]) -> Vec<u8> {
        let names = b"\0.data\0.shstrtab\0";
        let mut host = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        host.extend([2u16, 62].map(u16::to_le_bytes).concat());
        host.extend(1u32.to_le_bytes());
        host.extend([0u64, 0, 128].map(u64::to_le_bytes).concat());
        host.extend(0u32.to_le_bytes());
        host.extend([64u16, 56, 0, 64, 3, 2].map(u16::to_le_bytes).concat());
        host.extend([0; 8]);
        host.extend(SIGNATURE);
        host.extend(names);
        host.resize(128 + 64, 0);
        for (name, kind, from, size) in [(1u32, 1u32, 64u64, 40u64), (7, 3, 104, names.len() as u64)] {
            host.extend([name, kind].map(u32::to_le_bytes).concat());
            host.extend([3, 0x1000, from, size].map(u64::to_le_bytes).concat());
            host.extend([0u32, 0].map(u32::to_le_bytes).concat());
            host.extend([8u64, 0].map(u64::to_le_bytes).concat());
        }
        let text = |text: &str| [vec![u8::try_from(text.len()).unwrap()], text.as_bytes().to_vec()].concat();
        let mut list = [version, 0, u32::try_from(files.len()).unwrap()].map(u32::to_le_bytes).concat();
        list.extend(text("id"));
        list.extend(vec![0; if version >= 2 { 40 } else { 0 }]);
        for (name, bytes, pack) in files {
            let mut engine = flate2::Compress::new(flate2::Compression::default(), false);
            let mut packed = Vec::with_capacity(bytes.len() + 64);
            engine.compress_vec(bytes, &mut packed, flate2::FlushCompress::Finish).unwrap();
            list.extend([host.len() as u64, bytes.len() as u64].map(u64::to_le_bytes).concat());
            if version >= 6 {
                list.extend((if *pack { packed.len() as u64 } else { 0 }).to_le_bytes());
            }
            list.push(1);
            list.extend(text(name));
            host.extend_from_slice(if *pack { &packed } else { bytes });
        }
        let start = host.len() as u64;
        host[64..72].copy_from_slice(&start.to_le_bytes());
        host.extend(list);
        host
    }

    fn open<'a>(bytes: &'a [u8], host: Option<&str>) -> Option<Bundle<'a>> {
        Bundle::open(Bytes::Slice(bytes), bytes, host, &Budget::default())
    }

    fn contents(bundle: &Bundle<'_>) -> Vec<(String, Result<Vec<u8>, GapKind>)> {
        let read = |index: usize| {
            let mut out = Vec::new();
            let visit = &mut |piece: Piece<'_>| out.extend_from_slice(piece.bytes);
            let end = bundle.read(index, &Budget::default(), &mut Vec::new(), visit);
            (bundle.meta(index).name.clone(), end.map(|()| out).map_err(|gap| gap.kind))
        };
        (0..bundle.len()).map(read).collect()
    }

    #[test]
    fn files_of_every_version_are_read() {
        for version in [1, 2, 6] {
            let packed = version == 6;
            let program = bundle(version, &[("App.dll", b"assembly", packed), ("de\\App.json", b"{}", false)]);
            let opened = open(&program, None).unwrap();
            assert_eq!(
                contents(&opened),
                [("App.dll".to_owned(), Ok(b"assembly".to_vec())), ("de/App.json".to_owned(), Ok(b"{}".to_vec()))]
            );
            assert_eq!(opened.gaps().iter().filter(|gap| gap.level == Level::Blocking).count(), 0);
        }
    }

    #[test]
    fn the_host_comes_first_where_nobody_else_reads_it() {
        let program = bundle(6, &[("App.dll", b"assembly", false)]);
        let opened = open(&program, Some("app")).unwrap();
        let (name, host) = contents(&opened).remove(0);
        assert_eq!((name.as_str(), opened.len()), ("app", 2));
        let host = host.unwrap();
        assert!(host.len() < program.len() && open(&host, None).is_none(), "no bundle in its own host");
        assert!(is_dotnet_bundle(&host));
    }

    #[test]
    fn what_is_broken_is_a_gap() {
        let whole = bundle(6, &[("App.dll", b"assembly", true), ("Other.dll", b"other", false)]);
        let cut = open(&whole[..whole.len() - 4], None).unwrap();
        assert_eq!((cut.len(), cut.gaps()[0].kind), (1, GapKind::Malformed));
        let future = open(&bundle(7, &[]), None).map(|bundle| bundle.gaps()[0].kind);
        assert_eq!(future, Some(GapKind::Unsupported));
        let mut lying = bundle(2, &[("App.dll", b"assembly", false)]);
        let at = lying.len() - 8 - 1 - 8;
        lying[at..at + 8].fill(0xFF);
        let opened = open(&lying, None).unwrap();
        assert_eq!(contents(&opened)[0].1, Err(GapKind::Truncated));
        for end in 0..whole.len() {
            if let Some(bundle) = open(&whole[..end], Some("app")) {
                contents(&bundle);
            }
        }
    }

    #[test]
    fn other_programs_are_no_bundles() {
        let mut template = bundle(6, &[]);
        template[64..72].fill(0);
        for bytes in [&b""[..], b"MZ", b"\x7fELF", &template] {
            assert!(open(bytes, None).is_none() && !is_dotnet_bundle(bytes));
        }
    }
}
