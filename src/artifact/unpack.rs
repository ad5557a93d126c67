//! A compressed document inside a file of another format, as a compiler leaves it in a program.

use std::io;

use super::budget::{Budget, Decoder, End, OverLimit, Stop};
use super::bytes::Bytes;
use super::inflate::{Gzip, Inflate};

/// How it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1950. The sum behind it is not compared: a document that does not decode is found out by its reader.
    Zlib,
    /// RFC 1952.
    Gzip,
}

/// Decodes a document of at most `most` bytes. It has an account of its own, since its reader has no hand in the
/// target's: `most` is what bounds it.
///
/// # Errors
/// That it does not decode, or decodes to more.
pub fn unpack(packed: &[u8], packing: Packing, most: usize) -> Result<Vec<u8>, Stop> {
    let bytes = Bytes::Slice(packed);
    let mut decoder: Box<dyn Decoder + '_> = match packing {
        Packing::Gzip => Box::new(Gzip::new(bytes.reader(0, bytes.len()))),
        Packing::Zlib if is_zlib(packed) => Box::new(Inflate::new(&bytes, 2, bytes.len())),
        Packing::Zlib => return Err(io::Error::from(io::ErrorKind::InvalidData).into()),
    };
    let mut document = Vec::new();
    let filled = Budget::default().fill(&mut *decoder, &mut document, 0, most.saturating_add(1));
    match filled.end {
        End::Eof => {
            document.truncate(filled.bytes);
            Ok(document)
        }
        End::Full => Err(OverLimit::Entry(most as u64).into()),
        End::Stopped(stop) => Err(stop),
    }
}

/// Method 8, a multiple of 31, no preset dictionary.
fn is_zlib(packed: &[u8]) -> bool {
    matches!(packed, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0 && flags & 0x20 == 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_fits_is_decoded() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"document").unwrap();
        assert_eq!(unpack(&gzip.finish().unwrap(), Packing::Gzip, 8).unwrap(), b"document");
        assert_eq!(unpack(&zlib(b"document"), Packing::Zlib, 8).unwrap(), b"document");
    }

    #[test]
    fn the_rest_is_an_error() {
        assert!(matches!(unpack(&zlib(&[0; 1 << 20]), Packing::Zlib, 1000), Err(Stop::Limit(OverLimit::Entry(1000)))));
        let packed = zlib(b"document");
        for bad in [&b""[..], b"x", b"no zlib", &packed[..packed.len() / 2]] {
            assert!(matches!(unpack(bad, Packing::Zlib, 1000), Err(Stop::Io(_))), "{bad:?}");
        }
    }
}
