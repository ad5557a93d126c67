//! Whether an ELF file looks as `strip` leaves one.
//!
//! `strip` (of GNU binutils and of LLVM) takes symbols and debugging data away and writes the table of sections anew, at
//! the end. Files get smaller by it, except where `patchelf` had moved parts of them: there alignment adds up to a few
//! pages. What the file was before cannot be seen, so that this tells the usual from the unusual, not good from bad.
//! Layout: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>.

/// The most bytes that a file without symbols grows by.
const GROWTH: u64 = 8 << 10;
/// More sections than any linker writes for a library.
const MOST_SECTIONS: u64 = 10_000;
const SYMBOL_TABLE: u64 = 2;

/// Whether the file begins like an ELF file.
pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7FELF")
}

/// What a file has of what `strip` takes away; `None` for what is no ELF file as `strip` writes one. Goes through all
/// sections, so that it is asked once for a file, however many sizes were recorded of it.
pub(super) fn stripped(bytes: &[u8]) -> Option<Stripped> {
    sections(bytes).filter(|sections| !sections.debug).map(|sections| Stripped { size: bytes.len() as u64, sections })
}

/// A file without debugging data.
#[derive(Debug)]
pub(super) struct Stripped {
    size: u64,
    sections: Sections,
}

impl Stripped {
    /// Whether it may be the file that was recorded with another size.
    pub fn was(&self, recorded: u64) -> bool {
        // `strip --strip-debug` keeps the symbols.
        if self.sections.symbols {
            return self.size < recorded;
        }
        self.size != recorded && self.size <= recorded.saturating_add(GROWTH)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Sections {
    symbols: bool,
    debug: bool,
}

/// A field of a header: its place in 32-bit and in 64-bit files, with its width in bytes.
type Field = ((usize, usize), (usize, usize));
const TABLE: Field = ((0x20, 4), (0x28, 8));
const ENTRY_SIZE: Field = ((0x2E, 2), (0x3A, 2));
const ENTRIES: Field = ((0x30, 2), (0x3C, 2));
const NAMES: Field = ((0x32, 2), (0x3E, 2));
const SECTION_NAME: Field = ((0, 4), (0, 4));
const SECTION_KIND: Field = ((4, 4), (4, 4));
const SECTION_OFFSET: Field = ((0x10, 4), (0x18, 8));
const SECTION_SIZE: Field = ((0x14, 4), (0x20, 8));

struct Reader<'a> {
    bytes: &'a [u8],
    wide: bool,
    little: bool,
}

impl Reader<'_> {
    fn field(&self, base: u64, field: Field) -> Option<u64> {
        let (at, width) = if self.wide { field.1 } else { field.0 };
        let start = usize::try_from(base).ok()?.checked_add(at)?;
        let bytes = self.bytes.get(start..start.checked_add(width)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    }
}

/// What an ELF file has whose table of sections is its end; `None` for every other file.
fn sections(bytes: &[u8]) -> Option<Sections> {
    if !is_elf(bytes) {
        return None;
    }
    let reader = Reader { bytes, wide: *bytes.get(4)? == 2, little: *bytes.get(5)? == 1 };
    let header = |field| reader.field(0, field);
    let (table, each, count) = (header(TABLE)?, header(ENTRY_SIZE)?, header(ENTRIES)?);
    // Shorter headers would overlap: a small file could have thousands.
    let least = if reader.wide { 64 } else { 40 };
    if count == 0
        || count > MOST_SECTIONS
        || each < least
        || table.checked_add(each.checked_mul(count)?)? != bytes.len() as u64
    {
        return None;
    }
    let section = |index: u64| table + index * each;
    let names = section(header(NAMES).filter(|index| *index < count)?);
    let from = usize::try_from(reader.field(names, SECTION_OFFSET)?).ok()?;
    let size = usize::try_from(reader.field(names, SECTION_SIZE)?).ok()?;
    let names = bytes.get(from..from.checked_add(size)?)?;
    let mut found = Sections { symbols: false, debug: false };
    for index in 0..count {
        found.symbols |= reader.field(section(index), SECTION_KIND)? == SYMBOL_TABLE;
        let name = usize::try_from(reader.field(section(index), SECTION_NAME)?).ok()?;
        let name = names.get(name..)?;
        found.debug |= name.starts_with(b".debug_") || name.starts_with(b".zdebug_");
    }
    Some(found)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn is_stripped(bytes: &[u8], recorded: u64) -> bool {
        stripped(bytes).is_some_and(|file| file.was(recorded))
    }

    /// A little-endian 64-bit file with sections of these names and kinds, its table at the end.
    pub fn elf(sections: &[(&str, u32)]) -> Vec<u8> {
        let mut names = vec![0];
        let offsets: Vec<u32> = sections
            .iter()
            .map(|(name, _)| {
                let at = names.len() as u32;
                names.extend(name.as_bytes());
                names.push(0);
                at
            })
            .collect();
        let mut out = vec![0; 64];
        out[..6].copy_from_slice(b"\x7FELF\x02\x01");
        out.extend(&names);
        let table = out.len() as u64;
        out[0x28..0x30].copy_from_slice(&table.to_le_bytes());
        out[0x3A..0x3C].copy_from_slice(&64_u16.to_le_bytes());
        out[0x3C..0x3E].copy_from_slice(&(sections.len() as u16).to_le_bytes());
        for (offset, (_, kind)) in offsets.iter().zip(sections) {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&offset.to_le_bytes());
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            header[0x18..0x20].copy_from_slice(&64_u64.to_le_bytes());
            header[0x20..0x28].copy_from_slice(&(names.len() as u64).to_le_bytes());
            out.extend(header);
        }
        out
    }

    #[test]
    fn stripped_files_have_no_symbols_and_another_size() {
        let bare = elf(&[(".shstrtab", 3), (".text", 1)]);
        let size = bare.len() as u64;
        assert!(is_stripped(&bare, size + 1000));
        assert!(is_stripped(&bare, size - 100), "patchelf's files grow");
        assert!(!is_stripped(&bare, size), "one changed byte leaves the size");
        assert!(!is_stripped(&[bare.clone(), vec![0]].concat(), size + 1000), "something was put behind");
        let symbols = elf(&[(".shstrtab", 3), (".symtab", 2)]);
        assert!(is_stripped(&symbols, symbols.len() as u64 + 1), "strip --strip-debug");
        assert!(!is_stripped(&symbols, symbols.len() as u64 - 1));
        let debug = elf(&[(".shstrtab", 3), (".debug_info", 1)]);
        assert!(!is_stripped(&debug, debug.len() as u64 + 1000));
        assert!(!is_stripped(b"import os", 1000));
    }

    #[test]
    fn every_truncation_and_every_byte_is_survived() {
        let whole = elf(&[(".shstrtab", 3), (".symtab", 2), (".debug_line", 1)]);
        for end in 0..whole.len() {
            assert!(!is_stripped(&whole[..end], 1 << 20), "{end}");
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7F, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                is_stripped(&bytes, 1 << 20);
            }
        }
    }
}
