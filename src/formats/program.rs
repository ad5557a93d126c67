//! Compiled programs and libraries: the sections of ELF, PE and Mach-O files, and where their addresses lie in the file.
//!
//! Everything is a view of the file's own bytes. A program that is damaged or packed has no sections here; what they
//! mean is for the caller to know.

use object::pe::IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR;
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{File, FileKind, LittleEndian, Object, ObjectSection, ObjectSymbol, ReadRef};

/// Sections of one program that are looked at; linkers write some dozens.
const MOST_SECTIONS: usize = 4096;
/// Exported symbols that are looked at.
const MOST_SYMBOLS: usize = 1 << 20;
/// Architectures of a universal program that are looked at; there are about five.
const MOST_ARCHITECTURES: usize = 8;

/// The longest name of a section or a symbol.
const LONGEST_NAME: u64 = 4096;

/// A file whose names end somewhere. Each one is searched for its end, and a table of names without any would be gone
/// through for every symbol.
#[derive(Clone, Copy, Debug)]
struct Named<'a>(&'a [u8]);

impl<'a> ReadRef<'a> for Named<'a> {
    fn len(self) -> Result<u64, ()> {
        ReadRef::len(self.0)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        self.0.read_bytes_at(offset, size)
    }

    fn read_bytes_at_until(self, range: std::ops::Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        let end = range.end.min(range.start.saturating_add(LONGEST_NAME));
        self.0.read_bytes_at_until(range.start..end, delimiter)
    }
}

/// A compiled program or library for one architecture.
#[derive(Debug)]
pub struct Program<'a> {
    bytes: &'a [u8],
    file: Option<File<'a, Named<'a>>>,
    sections: Vec<Section<'a>>,
    /// The first byte of a number is its lowest.
    pub little_endian: bool,
    /// Addresses have 64 bits, not 32.
    pub wide: bool,
    /// Its own table says that it goes on behind these bytes.
    pub goes_on: bool,
}

/// A section with the bytes that the file holds of it.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// As the file spells it: `.rodata`, `__const`.
    pub name: &'a [u8],
    /// Where it is loaded to.
    pub address: u64,
    /// Its bytes; none for what the loader fills with zeros.
    pub bytes: &'a [u8],
}

/// Whether a file begins like a compiled program.
pub fn is_program(head: &[u8]) -> bool {
    match head {
        [0x7F, b'E', b'L', b'F', ..] | [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] => true,
        // Java's class files share it with universal Mach-O: their version is 45 or more.
        [0xCA, 0xFE, 0xBA, 0xBE | 0xBF, 0, 0, 0, count, ..] => *count < 45,
        [b'M', b'Z', ..] => head.len() > 64,
        _ => false,
    }
}

/// The program in a file, or one for each architecture of a universal one. None if it is no program after all.
pub fn programs(bytes: &[u8]) -> Vec<Program<'_>> {
    let parts: Vec<Option<&[u8]>> = match FileKind::parse(bytes) {
        Ok(FileKind::MachOFat32) => {
            MachOFatFile32::parse(bytes).map_or_else(|_| Vec::new(), |fat| slices(fat.arches(), bytes))
        }
        Ok(FileKind::MachOFat64) => {
            MachOFatFile64::parse(bytes).map_or_else(|_| Vec::new(), |fat| slices(fat.arches(), bytes))
        }
        _ => vec![Some(bytes)],
    };
    let cut = |part: &Option<&[u8]>| part.is_none();
    let goes_on = parts.iter().any(cut);
    let mut programs: Vec<Program<'_>> = parts.into_iter().flatten().filter_map(Program::new).collect();
    if let Some(first) = programs.first_mut() {
        first.goes_on |= goes_on;
    }
    programs
}

fn slices<'a, A: FatArch>(arches: &[A], bytes: &'a [u8]) -> Vec<Option<&'a [u8]>> {
    arches.iter().take(MOST_ARCHITECTURES).map(|arch| arch.data(bytes).ok()).collect()
}

impl<'a> Program<'a> {
    fn new(bytes: &'a [u8]) -> Option<Program<'a>> {
        let kind = FileKind::parse(bytes).ok()?;
        if !matches!(
            kind,
            FileKind::Elf32 | FileKind::Elf64 | FileKind::MachO32 | FileKind::MachO64 | FileKind::Pe32 | FileKind::Pe64
        ) {
            return None;
        }
        let file = File::parse(Named(bytes)).ok();
        let mut sections = Vec::new();
        let mut goes_on = section_table(bytes).is_some_and(|offset| offset > bytes.len() as u64);
        for section in file.iter().flat_map(|file| file.sections()).take(MOST_SECTIONS) {
            let in_file = section.file_range().filter(|(_, size)| *size > 0);
            goes_on |= in_file.is_some_and(|(offset, size)| offset.saturating_add(size) > bytes.len() as u64);
            sections.push(Section {
                name: section.name_bytes().unwrap_or_default(),
                address: section.address(),
                bytes: section.data().unwrap_or_default(),
            });
        }
        Some(Program {
            bytes,
            file,
            sections,
            little_endian: !matches!(bytes, [0x7F, _, _, _, _, 2, ..]),
            wide: matches!(kind, FileKind::Elf64 | FileKind::MachO64 | FileKind::Pe64),
            goes_on,
        })
    }

    /// All of its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its sections, in the order of the file.
    pub fn sections(&self) -> &[Section<'a>] {
        &self.sections
    }

    /// The first section that has one of these names.
    pub fn section(&self, names: &[&str]) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| names.iter().any(|name| name.as_bytes() == section.name))
    }

    /// The bytes from an address to the end of its section.
    pub fn at(&self, address: u64) -> Option<&'a [u8]> {
        self.sections.iter().find_map(|section| {
            let offset = usize::try_from(address.checked_sub(section.address)?).ok()?;
            // Debug sections are not loaded and have no address.
            section.bytes.get(offset..).filter(|rest| !rest.is_empty() && section.address > 0)
        })
    }

    /// The addresses of exported symbols.
    pub fn exported<const N: usize>(&self, names: [&str; N]) -> [Option<u64>; N] {
        let mut found = [None; N];
        for symbol in self.file.iter().flat_map(|file| file.dynamic_symbols()).take(MOST_SYMBOLS) {
            let Ok(name) = symbol.name_bytes() else { continue };
            if let Some(index) = names.iter().position(|wanted| wanted.as_bytes() == name) {
                found[index] = Some(symbol.address());
            }
        }
        found
    }

    /// Reads an unsigned number of 4 or 8 bytes, as wide as an address, from the front.
    pub fn word(&self, bytes: &[u8]) -> Option<u64> {
        let take = |count: usize| bytes.get(..count);
        match (self.wide, self.little_endian) {
            (true, true) => Some(u64::from_le_bytes(take(8)?.try_into().ok()?)),
            (true, false) => Some(u64::from_be_bytes(take(8)?.try_into().ok()?)),
            (false, true) => Some(u32::from_le_bytes(take(4)?.try_into().ok()?).into()),
            (false, false) => Some(u32::from_be_bytes(take(4)?.try_into().ok()?).into()),
        }
    }

    /// Whether it is a .NET assembly: a PE file with a header for the Common Language Runtime
    /// (ECMA-335, II.25.3.3).
    pub fn is_managed(&self) -> bool {
        let directory = match &self.file {
            Some(File::Pe32(file)) => file.data_directory(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR),
            Some(File::Pe64(file)) => file.data_directory(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR),
            _ => None,
        };
        directory.is_some_and(|directory| directory.virtual_address.get(LittleEndian) != 0)
    }
}

/// Where an ELF file says that its section table is: at its end, so that a file that was cut is known by it.
fn section_table(bytes: &[u8]) -> Option<u64> {
    let little = bytes.get(5) == Some(&1);
    match bytes {
        [0x7F, b'E', b'L', b'F', 2, ..] => {
            let field = bytes.get(0x28..0x30)?.try_into().ok()?;
            Some(if little { u64::from_le_bytes(field) } else { u64::from_be_bytes(field) })
        }
        [0x7F, b'E', b'L', b'F', 1, ..] => {
            let field = bytes.get(0x20..0x24)?.try_into().ok()?;
            Some(if little { u32::from_le_bytes(field) } else { u32::from_be_bytes(field) }.into())
        }
        _ => None,
    }
}
