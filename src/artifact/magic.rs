//! What a file is, by its first bytes. Names lie.

use memchr::memmem;

use super::bytes::Bytes;

/// The bytes that [`Magic::of`] wants to see: a tar header.
pub const HEAD: usize = 512;

/// The size of a zip's end record without its comment.
const END_RECORD: usize = 22;
/// The size of what stands before it in a zip64 archive.
const LOCATOR: usize = 20;

/// Formats that hold other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// Zip, jar, war, wheel, egg.
    Zip,
    /// Gzip: a tar or a single file.
    Gzip,
    /// Zstandard: a tar or a single file.
    Zstd,
    /// Tar.
    Tar,
    /// Known, not supported.
    Xz,
    /// Known, not supported.
    Bzip2,
    /// Known, not supported.
    SevenZip,
    /// Known, not supported.
    Rar,
    /// Known, not supported.
    Lz4,
    /// Anything else.
    Other,
}

impl Magic {
    /// Whether it is one that holds other files.
    pub fn is_archive(self) -> bool {
        self != Magic::Other
    }

    /// Judges by the first [`HEAD`] bytes (fewer if there are no more).
    pub fn of(head: &[u8]) -> Magic {
        match head {
            // A local header, the end record of an empty archive, the marker of a split one.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Magic::Zip,
            // RFC 1952: method 8 is the only one, the upper flag bits must be zero.
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Magic::Gzip,
            // RFC 8878: a frame, or a skippable frame before one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Magic::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Magic::Xz,
            // The digits of pi begin a block, those of its root an empty file: `BZh` alone could be text.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Magic::Bzip2,
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Magic::SevenZip,
            [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Magic::Rar,
            [4, 0x22, 0x4d, 0x18, ..] => Magic::Lz4,
            _ if is_tar(head) => Magic::Tar,
            _ => Magic::Other,
        }
    }

    /// The name of a format that is known but not read.
    pub(crate) fn unsupported(self) -> Option<&'static str> {
        match self {
            Magic::Xz => Some("xz"),
            Magic::Bzip2 => Some("bzip2"),
            Magic::SevenZip => Some("7z"),
            Magic::Rar => Some("rar"),
            Magic::Lz4 => Some("lz4"),
            Magic::Zip | Magic::Gzip | Magic::Zstd | Magic::Tar | Magic::Other => None,
        }
    }
}

/// A header block whose checksum is right. `ustar` alone is not asked for, since the oldest tars lack it, and not
/// enough, since text may hold it.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    // An empty name is no reason to doubt: extension headers need none. A block of zeros has a sum other than its field.
    head.get(..512).is_some_and(checksum_holds)
}

/// Whether a tar header's sum is that of its bytes, its own field counted as spaces.
pub(crate) fn checksum_holds(block: &[u8]) -> bool {
    if !may_be_a_number(&block[148..156]) {
        return false;
    }
    let header = tar::Header::from_byte_slice(block);
    let Ok(declared) = header.cksum() else { return false };
    let sum = |value: fn(u8) -> i64| -> i64 {
        block[..148].iter().chain(&block[156..512]).map(|byte| value(*byte)).sum::<i64>() + 8 * 32
    };
    // Some old writers summed signed bytes.
    let declared = i64::from(declared);
    declared == sum(i64::from) || declared == sum(|byte| i64::from(byte.cast_signed()))
}

/// Whether the crate may read a field as a number: it says no slowly, and nearly every block that is no header has other
/// bytes there. What it reads are octal digits up to a NUL, between blanks of Unicode, behind a `+` if need be.
fn may_be_a_number(field: &[u8]) -> bool {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    text.iter().all(|byte| matches!(byte, b'0'..=b'7' | b'+' | b' ' | b'\t'..=b'\r' | 0x80..))
}

/// Whether bytes that do not begin like a zip end like one: a self-extracting program, a `.pyz` with its `#!` line.
///
/// The signature alone may stand in any file, so the end record must lead to a directory. Behind an executable's head,
/// and where the name is `promised` to be a zip's, a comment or what else may follow is looked for, up to a comment's
/// largest size; elsewhere only an end record without one counts, so that ordinary files cost one comparison.
pub(crate) fn ends_like_zip(bytes: &Bytes<'_>, head: &[u8], promised: bool) -> bool {
    let program = head.starts_with(b"#!") || head.starts_with(b"MZ") || head.starts_with(b"\x7fELF");
    let comment = if program || promised { usize::from(u16::MAX) } else { 0 };
    let size = usize::try_from(bytes.len().min((LOCATOR + END_RECORD + comment) as u64)).unwrap_or(0);
    if size < END_RECORD {
        return false;
    }
    let start = bytes.len() - size as u64;
    if let Bytes::Slice(slice) = bytes {
        return tail_leads_to_directory(bytes, &slice[slice.len() - size..], start);
    }
    let mut tail = vec![0; size];
    matches!(bytes.copy_at(&mut tail, start), Ok(got) if got == size) && tail_leads_to_directory(bytes, &tail, start)
}

fn tail_leads_to_directory(bytes: &Bytes<'_>, tail: &[u8], start: u64) -> bool {
    memmem::rfind_iter(tail, b"PK\x05\x06").take(16).any(|at| {
        let Some(record) = tail.get(at..at + END_RECORD) else { return false };
        let entries = u16::from_le_bytes([record[10], record[11]]);
        let size = u64::from(u32::from_le_bytes([record[12], record[13], record[14], record[15]]));
        // A wide archive says the size elsewhere; its locator stands right in front.
        if size == u64::from(u32::MAX) {
            return at >= LOCATOR && tail[at - LOCATOR..].starts_with(b"PK\x06\x07");
        }
        let Some(directory) = (start + at as u64).checked_sub(size) else { return false };
        let mut signature = [0; 4];
        entries > 0 && matches!(bytes.copy_at(&mut signature, directory), Ok(4)) && signature == *b"PK\x01\x02"
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_sum_that_the_crate_reads_is_passed_over(field in "[0-9+ \t\r\n\u{b}\u{c}\u{0}\u{85}\u{a0}\u{3000}a]{0,8}") {
            let mut block = [0; 512];
            for (to, from) in block[148..156].iter_mut().zip(field.bytes()) {
                *to = from;
            }
            if tar::Header::from_byte_slice(&block).cksum().is_ok() {
                prop_assert!(may_be_a_number(&block[148..156]));
            }
        }
    }

    #[test]
    fn formats_are_known_by_their_bytes() {
        let xz = [0xfd, b'7', b'z', b'X', b'Z', 0, 0];
        assert_eq!(Magic::of(b"PK\x03\x04rest"), Magic::Zip);
        assert_eq!(Magic::of(b"PK\x05\x06"), Magic::Zip);
        assert_eq!(Magic::of(&[0x1f, 0x8b, 8, 0]), Magic::Gzip);
        assert_eq!(Magic::of(&[0x28, 0xb5, 0x2f, 0xfd]), Magic::Zstd);
        assert_eq!(Magic::of(&xz), Magic::Xz);
        assert_eq!(Magic::of(b"BZh91AY&SY"), Magic::Bzip2);
        assert_eq!(Magic::of(b"Rar!\x1a\x07\x00"), Magic::Rar);
    }

    #[test]
    fn text_that_looks_a_little_like_an_archive_is_not_one() {
        let mut ustar = vec![b'x'; 600];
        ustar[257..262].copy_from_slice(b"ustar");
        for text in [&b"PK"[..], b"PK is a name", b"BZh1 is text", b"", &[0; 512], &ustar, b"Rar! it said"] {
            assert_eq!(Magic::of(text), Magic::Other, "{text:?}");
        }
    }

    #[test]
    fn tars_of_all_ages_are_known() {
        for mut header in [tar::Header::new_gnu(), tar::Header::new_ustar(), tar::Header::new_old()] {
            header.set_path("a.txt").unwrap();
            header.set_size(0);
            header.set_cksum();
            assert_eq!(Magic::of(header.as_bytes()), Magic::Tar);
        }
    }

    #[test]
    fn the_signature_of_an_end_record_is_not_enough() {
        let mut data = b"#!/bin/sh\nexit\n".to_vec();
        data.extend(b"PK\x05\x06");
        data.extend([0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(!ends_like_zip(&Bytes::Slice(&data), &data, true));
    }
}
