//! Decoders: deflate as zip entries have it, gzip with all its members, zstd.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::budget::Decoder;
use super::bytes::{Bytes, Reader};

thread_local! {
    /// The engine that this thread used last. A decoder takes it and puts it back when it is dropped, so that an
    /// archive of small files does not pay for a fresh window with each; a decoder inside a decoder finds none and
    /// makes its own.
    static SPARE: Cell<Option<(Decompress, Vec<u8>)>> = const { Cell::new(None) };
}

/// Raw deflate over a part of [`Bytes`].
pub(crate) struct Inflate<'a> {
    reader: Reader<'a>,
    engine: Option<Decompress>,
    ended: bool,
}

impl<'a> Inflate<'a> {
    /// Decodes what lies in `from..to`.
    pub(crate) fn new(bytes: &Bytes<'a>, from: u64, to: u64) -> Inflate<'a> {
        let (mut engine, buffer) = SPARE.take().unwrap_or_else(|| (Decompress::new(false), Vec::new()));
        engine.reset(false);
        Inflate { reader: bytes.reader_with(from, to, buffer), engine: Some(engine), ended: false }
    }
}

impl Drop for Inflate<'_> {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            let buffer = self.reader.take_buffer();
            // The thread may be ending: then the engine is dropped with it.
            let _ = SPARE.try_with(|spare| spare.set(Some((engine, buffer))));
        }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(engine) = self.engine.as_mut() else { return Ok(0) };
        while !self.ended && !buf.is_empty() {
            let input = self.reader.fill_buf()?;
            let dry = input.is_empty();
            let (taken, given) = (engine.total_in(), engine.total_out());
            let status = engine
                .decompress(input, buf, FlushDecompress::None)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let count = usize::try_from(engine.total_out() - given).unwrap_or(0);
            self.reader.consume(usize::try_from(engine.total_in() - taken).unwrap_or(0));
            self.ended = status == Status::StreamEnd;
            if count > 0 {
                return Ok(count);
            }
            if dry && !self.ended {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed data end too soon"));
            }
        }
        Ok(0)
    }
}

impl Decoder for Inflate<'_> {
    fn consumed(&self) -> u64 {
        self.reader.taken()
    }
    fn produced(&self) -> u64 {
        self.engine.as_ref().map_or(0, Decompress::total_out)
    }
}

/// Gzip: all members, one after the other. Zeros after the last one are padding, as `gzip` has it.
pub(crate) struct Gzip<'a> {
    member: Option<GzDecoder<Reader<'a>>>,
    produced: u64,
    consumed: u64,
}

impl<'a> Gzip<'a> {
    /// Decodes all of it.
    pub(crate) fn new(reader: Reader<'a>) -> Gzip<'a> {
        Gzip { member: Some(GzDecoder::new(reader)), produced: 0, consumed: 0 }
    }

    /// Whether another member follows.
    fn turn(&mut self) -> io::Result<bool> {
        let Some(member) = self.member.take() else { return Ok(false) };
        let mut reader = member.into_inner();
        loop {
            let ready = reader.fill_buf()?;
            if ready.is_empty() {
                self.consumed = reader.taken();
                return Ok(false);
            }
            let zeros = ready.iter().take_while(|byte| **byte == 0).count();
            let (all, next) = (zeros == ready.len(), ready.get(zeros).copied());
            reader.consume(zeros);
            if all {
                continue;
            }
            self.consumed = reader.taken();
            if next == Some(0x1f) {
                self.member = Some(GzDecoder::new(reader));
                return Ok(true);
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes that are not gzip follow the last member"));
        }
    }
}

impl Read for Gzip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(member) = self.member.as_mut() {
            let count = member.read(buf).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput => io::Error::new(io::ErrorKind::InvalidData, error),
                _ => error,
            })?;
            self.produced += count as u64;
            self.consumed = member.get_ref().taken();
            if count > 0 {
                return Ok(count);
            }
            self.turn()?;
        }
        Ok(0)
    }
}

impl Decoder for Gzip<'_> {
    fn consumed(&self) -> u64 {
        self.consumed
    }
    fn produced(&self) -> u64 {
        self.produced
    }
}

/// Zstandard: all frames, skippable ones skipped. Its window is at most 128 MiB, the library's own default.
pub(crate) struct Zstd<'a> {
    decoder: zstd::Decoder<'static, Reader<'a>>,
    produced: u64,
}

impl<'a> Zstd<'a> {
    /// Decodes all of it.
    pub(crate) fn new(reader: Reader<'a>) -> io::Result<Zstd<'a>> {
        Ok(Zstd { decoder: zstd::Decoder::with_buffer(reader)?, produced: 0 })
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buf).map_err(|error| match error.kind() {
            // The library's own errors carry no kind.
            io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })?;
        self.produced += count as u64;
        Ok(count)
    }
}

impl Decoder for Zstd<'_> {
    fn consumed(&self) -> u64 {
        self.decoder.get_ref().taken()
    }
    fn produced(&self) -> u64 {
        self.produced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::budget::{Budget, End};
    use flate2::Compression;
    use std::io::Write;

    fn gz(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn all(decoder: &mut dyn Decoder) -> (Vec<u8>, End) {
        let mut buffer = Vec::new();
        let filled = Budget::default().fill(decoder, &mut buffer, 0, 1 << 20);
        buffer.truncate(filled.bytes);
        (buffer, filled.end)
    }

    #[test]
    fn gzip_reads_all_members_and_ignores_padding() {
        let mut data = [gz(b"one "), gz(b"two")].concat();
        data.extend([0; 700]);
        let (out, end) = all(&mut Gzip::new(Bytes::Slice(&data).reader(0, data.len() as u64)));
        assert_eq!(out, b"one two");
        assert!(matches!(end, End::Eof));
    }

    #[test]
    fn gzip_says_what_follows_the_last_member() {
        let data = [gz(b"one"), b"junk".to_vec()].concat();
        let (out, end) = all(&mut Gzip::new(Bytes::Slice(&data).reader(0, data.len() as u64)));
        assert_eq!(out, b"one");
        assert!(matches!(end, End::Stopped(_)));
    }

    #[test]
    fn cut_streams_are_truncated_and_not_ended() {
        let gz = gz(&[b'x'; 5000]);
        let zst = zstd::bulk::compress(&[b'x'; 5000], 1).unwrap();
        for cut in 1..gz.len() {
            let (_, end) = all(&mut Gzip::new(Bytes::Slice(&gz[..cut]).reader(0, cut as u64)));
            assert!(matches!(end, End::Stopped(_)), "gzip cut at {cut}");
        }
        for cut in 1..zst.len() {
            let (_, end) = all(&mut Zstd::new(Bytes::Slice(&zst[..cut]).reader(0, cut as u64)).unwrap());
            assert!(matches!(end, End::Stopped(_)), "zstd cut at {cut}");
        }
    }

    #[test]
    fn an_engine_is_used_again_after_a_failure() {
        let bad = [0xffu8; 40];
        let (_, end) = all(&mut Inflate::new(&Bytes::Slice(&bad), 0, 40));
        assert!(matches!(end, End::Stopped(_)));
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"fine").unwrap();
        let good = encoder.finish().unwrap();
        let (out, end) = all(&mut Inflate::new(&Bytes::Slice(&good), 0, good.len() as u64));
        assert_eq!(out, b"fine");
        assert!(matches!(end, End::Eof));
    }
}
