//! Reads numbers and stretches of hostile bytes one after the other; `None` is the end, and never a panic.

use std::ops::Range;

/// A place in some bytes.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Begins at `at`, which may lie behind the end.
    pub fn new(bytes: &'a [u8], at: usize) -> Cursor<'a> {
        Cursor { bytes, at }
    }

    /// The bytes that are read.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the next read begins.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The place of the next `len` bytes.
    pub fn range(&mut self, len: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    /// Passes over `len` bytes.
    pub fn skip(&mut self, len: usize) -> Option<()> {
        self.range(len).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let range = self.range(N)?;
        self.bytes[range].try_into().ok()
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    /// Four bytes, low one first, as Python writes, with a sign.
    pub fn i32_le(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    /// Four bytes, low one first, as Python writes; as a length or an index.
    pub fn u32_le(&mut self) -> Option<usize> {
        self.array().map(u32::from_le_bytes).and_then(|n| usize::try_from(n).ok())
    }

    /// Two bytes, high one first, as Java and SQLite write.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, high one first, as Java and SQLite write; as a length or an index.
    pub fn u32(&mut self) -> Option<usize> {
        self.array().map(u32::from_be_bytes).and_then(|n| usize::try_from(n).ok())
    }
}
