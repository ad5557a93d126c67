//! Where an archive's own bytes are: a file that is read by position, or memory.
//!
//! A file is never mapped: one that is cut short while it is read would end the process, whereas here it is a gap.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use memchr::memmem;
use rawzip::{FileReader, ReaderAt};

use super::budget::Decoder;

/// The most compressed bytes that are read from a file at once.
const CHUNK: usize = 256 << 10;
/// The most bytes that are compared at once.
const COMPARED: usize = 64 << 10;
/// What [`Peek`] reads at once: many small headers lie close together, and between large entries little is wasted.
const PEEK: usize = 32 << 10;

/// Bytes with random access.
#[derive(Clone, Debug)]
pub(crate) enum Bytes<'a> {
    /// A file and its size when it was opened.
    File(Arc<FileReader>, u64),
    /// Memory.
    Slice(&'a [u8]),
}

impl<'a> Bytes<'a> {
    /// Takes an open file.
    pub(crate) fn file(file: File) -> io::Result<Bytes<'static>> {
        let size = file.metadata()?.len();
        Ok(Bytes::File(Arc::new(FileReader::from(file)), size))
    }

    /// Size in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Bytes::File(_, size) => *size,
            Bytes::Slice(slice) => slice.len() as u64,
        }
    }

    /// Reads `from..to` from front to back. An end that comes before `to` is an `UnexpectedEof`.
    pub(crate) fn reader(&self, from: u64, to: u64) -> Reader<'a> {
        self.reader_with(from, to, Vec::new())
    }

    /// The same with a buffer from earlier.
    pub(crate) fn reader_with(&self, from: u64, to: u64, buffer: Vec<u8>) -> Reader<'a> {
        Reader { bytes: self.clone(), start: from, pos: from, to, buffer, next: 0, held: 0 }
    }

    /// Copies what is there at `offset`, as much of `buffer` as there is.
    pub(crate) fn copy_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read_at(&mut buffer[done..], offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Whether `len` bytes at two places are there and the same.
    pub(crate) fn are_equal(&self, one: u64, other: u64, len: u64) -> bool {
        let size = usize::try_from(len).map_or(COMPARED, |len| len.min(COMPARED));
        let (mut a, mut b) = (vec![0; size], vec![0; size]);
        (0..len).step_by(COMPARED).all(|at| {
            let size = usize::try_from(len - at).map_or(COMPARED, |left| left.min(COMPARED));
            let (a, b) = (&mut a[..size], &mut b[..size]);
            let is_there = |to: &mut [u8], from: u64| self.copy_at(to, from.saturating_add(at)).ok() == Some(size);
            is_there(a, one) && is_there(b, other) && a == b
        })
    }

    /// The first bytes, at most `len`.
    pub(crate) fn head(&self, len: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; len];
        let got = self.copy_at(&mut head, 0)?;
        head.truncate(got);
        Ok(head)
    }
}

impl ReaderAt for Bytes<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Bytes::File(file, _) => file.read_at(buf, offset),
            Bytes::Slice(slice) => (**slice).read_at(buf, offset),
        }
    }
}

/// A part of [`Bytes`], from front to back.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: Bytes<'a>,
    start: u64,
    pos: u64,
    to: u64,
    buffer: Vec<u8>,
    next: usize,
    held: usize,
}

impl Reader<'_> {
    /// Bytes taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.pos - self.start
    }

    /// Gives the buffer back for another reader.
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        (self.next, self.held) = (0, 0);
        std::mem::take(&mut self.buffer)
    }

    fn cut_short() -> io::Error {
        io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before the entry does")
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Bytes::File(file, _) = &self.bytes
            && self.next == self.held
        {
            // Stored bytes need no stop on the way.
            let want = usize::try_from(self.to - self.pos).unwrap_or(usize::MAX).min(buf.len());
            if want == 0 {
                return Ok(0);
            }
            let count = file.read_at(&mut buf[..want], self.pos)?;
            if count == 0 {
                return Err(Reader::cut_short());
            }
            self.pos += count as u64;
            return Ok(count);
        }
        let ready = self.fill_buf()?;
        let count = ready.len().min(buf.len());
        buf[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = usize::try_from(self.to - self.pos).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(&[]);
        }
        match &self.bytes {
            Bytes::Slice(slice) => {
                let from = usize::try_from(self.pos).unwrap_or(usize::MAX).min(slice.len());
                let ready = &slice[from..];
                if ready.is_empty() { Err(Reader::cut_short()) } else { Ok(&ready[..ready.len().min(left)]) }
            }
            Bytes::File(file, _) => {
                if self.next == self.held {
                    let want = left.min(CHUNK);
                    if self.buffer.len() < want {
                        self.buffer.resize(want, 0);
                    }
                    (self.next, self.held) = (0, file.read_at(&mut self.buffer[..want], self.pos)?);
                    if self.held == 0 {
                        return Err(Reader::cut_short());
                    }
                }
                Ok(&self.buffer[self.next..self.held])
            }
        }
    }

    fn consume(&mut self, count: usize) {
        self.pos += count as u64;
        if matches!(self.bytes, Bytes::File(..)) {
            self.next += count;
        }
    }
}

impl Decoder for Reader<'_> {
    fn consumed(&self) -> u64 {
        self.taken()
    }
    fn produced(&self) -> u64 {
        self.taken()
    }
}

/// Looks at places in rising order, with few reads.
#[derive(Debug)]
pub(crate) struct Peek<'b, 'a> {
    bytes: &'b Bytes<'a>,
    start: u64,
    buffer: Vec<u8>,
}

impl<'b, 'a> Peek<'b, 'a> {
    /// Looks at nothing yet.
    pub(crate) fn new(bytes: &'b Bytes<'a>) -> Peek<'b, 'a> {
        Peek { bytes, start: 0, buffer: Vec::new() }
    }

    /// `len` bytes at `offset`, fewer at the end of the file.
    pub(crate) fn at(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let end = offset.saturating_add(len as u64).min(self.bytes.len());
        let len = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Bytes::Slice(slice) = self.bytes {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(slice.len());
            return Ok(&slice[from..from + len]);
        }
        if offset < self.start || end > self.start.saturating_add(self.buffer.len() as u64) {
            let want = (len.max(PEEK) as u64).min(self.bytes.len().saturating_sub(offset));
            self.buffer.resize(usize::try_from(want).unwrap_or(0), 0);
            let got = self.bytes.copy_at(&mut self.buffer, offset)?;
            self.buffer.truncate(got);
            self.start = offset;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX).min(self.buffer.len());
        let to = from.saturating_add(len).min(self.buffer.len());
        Ok(&self.buffer[from..to])
    }

    /// The first place of `needle` that lies wholly in `from..to`.
    pub(crate) fn find(&mut self, finder: &memmem::Finder<'_>, from: u64, to: u64) -> io::Result<Option<u64>> {
        let keep = finder.needle().len() as u64;
        let mut pos = from;
        while pos.saturating_add(keep) <= to {
            let want = usize::try_from(to - pos).unwrap_or(usize::MAX).min(PEEK);
            // What is held already is searched before anything is read again: hits may lie densely.
            let held = self.start.saturating_add(self.buffer.len() as u64);
            let inside = self.start <= pos && held >= pos.saturating_add(keep);
            let want = match self.bytes {
                Bytes::File(..) if inside => want.min(usize::try_from(held - pos).unwrap_or(usize::MAX)),
                Bytes::File(..) => want,
                Bytes::Slice(_) => usize::try_from(to - pos).unwrap_or(usize::MAX),
            };
            let ready = self.at(pos, want)?;
            if let Some(hit) = finder.find(ready) {
                return Ok(Some(pos + hit as u64));
            }
            let got = ready.len() as u64;
            if got < keep {
                return Ok(None);
            }
            pos += got - (keep - 1);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn on_disk(bytes: &[u8]) -> Bytes<'static> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Bytes::file(file).unwrap()
    }

    #[test]
    fn a_needle_is_found_across_the_edge_of_two_reads() {
        let mut data = vec![b'P'; PEEK * 2 + 10];
        for at in [PEEK - 2, PEEK * 2 - 1] {
            data[at..at + 4].copy_from_slice(b"PK\x03\x04");
        }
        let finder = memmem::Finder::new(b"PK\x03\x04");
        for bytes in [on_disk(&data), Bytes::Slice(&data)] {
            let mut peek = Peek::new(&bytes);
            let first = peek.find(&finder, 0, bytes.len()).unwrap();
            assert_eq!(first, Some(PEEK as u64 - 2));
            let second = peek.find(&finder, PEEK as u64 - 1, bytes.len()).unwrap();
            assert_eq!(second, Some(PEEK as u64 * 2 - 1));
            assert_eq!(peek.find(&finder, PEEK as u64 * 2, bytes.len()).unwrap(), None);
        }
    }

    #[test]
    fn an_end_that_comes_too_soon_is_an_error_and_not_an_end() {
        let data = b"0123456789";
        for bytes in [on_disk(data), Bytes::Slice(data)] {
            let mut reader = bytes.reader(5, 20);
            let mut out = [0; 20];
            assert_eq!(reader.read(&mut out).unwrap(), 5);
            assert_eq!(&out[..5], b"56789");
            assert_eq!(reader.read(&mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
