//! The decoded bytes of a stream, from front to back, and the part of them that is one entry's.

use std::io::{self, Read};

use super::budget::{Budget, Decoder, End};
use super::magic::HEAD;

/// The decoded bytes: those that were read to know what they are, then the decoder's.
pub(crate) struct Tape<'a> {
    head: Vec<u8>,
    next: usize,
    decoder: Box<dyn Decoder + Send + 'a>,
}

impl<'a> Tape<'a> {
    /// Winds it to its beginning.
    pub(crate) fn new(decoder: Box<dyn Decoder + Send + 'a>) -> Tape<'a> {
        Tape { head: Vec::new(), next: 0, decoder }
    }

    /// Reads the first bytes ahead; they will be read again.
    pub(crate) fn load_head(&mut self, budget: &Budget) -> End {
        let filled = budget.fill(&mut *self.decoder, &mut self.head, 0, HEAD);
        self.head.truncate(filled.bytes);
        filled.end
    }

    /// The bytes that were read ahead.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }
}

impl Read for Tape<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.next == self.head.len() {
            return self.decoder.read(buf);
        }
        let ready = &self.head[self.next..];
        let count = ready.len().min(buf.len());
        buf[..count].copy_from_slice(&ready[..count]);
        self.next += count;
        Ok(count)
    }
}

impl Decoder for Tape<'_> {
    fn consumed(&self) -> u64 {
        self.decoder.consumed()
    }
    fn produced(&self) -> u64 {
        self.decoder.produced()
    }
}

/// One entry's bytes of the tape.
pub(crate) struct Slot<'t, 'a> {
    pub(crate) tape: &'t mut Tape<'a>,
    pub(crate) left: &'t mut u64,
}

impl Read for Slot<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buf.len());
        if want == 0 {
            return Ok(0);
        }
        let count = self.tape.read(&mut buf[..want])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends before the entry does"));
        }
        *self.left -= count as u64;
        Ok(count)
    }
}

impl Decoder for Slot<'_, '_> {
    fn consumed(&self) -> u64 {
        self.tape.consumed()
    }
    fn produced(&self) -> u64 {
        self.tape.produced()
    }
}
