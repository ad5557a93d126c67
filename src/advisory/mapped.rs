//! The one module that maps files. Besides `artifact::deflate` nothing else holds `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};
use rawzip::{FileReader, ReaderAt};

/// Bytes that are read in place where that is worth it. Of a file the head is mapped, which holds what every lookup
/// walks through; the rest is read by position, since each page of a mapping brings in sixteen of its neighbours.
pub(super) enum Bytes {
    File { head: Mmap, file: FileReader },
    Memory(Vec<u8>),
}

impl Bytes {
    /// Maps the first `head` bytes. The file must be longer.
    pub(super) fn map(file: File, head: usize) -> io::Result<Bytes> {
        // SAFETY: a mapping is undefined behaviour if its file changes. Snapshots never do: they are written beside
        // their place, renamed there once complete, and removed by name only, which leaves a mapped file as it is.
        // Whoever truncates one by hand stops the program with SIGBUS, not with a wrong answer.
        let map = unsafe { MmapOptions::new().len(head).map(&file) }?;
        Ok(Bytes::File { head: map, file: file.into() })
    }

    /// The head of a file, or all that is in memory.
    pub(super) fn head(&self) -> &[u8] {
        match self {
            Bytes::File { head, .. } => head,
            Bytes::Memory(bytes) => bytes,
        }
    }

    /// Exactly `length` bytes from `offset` on, wherever they are.
    pub(super) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match self {
            Bytes::File { file, .. } => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes)
            }
            Bytes::Memory(bytes) => {
                let start = usize::try_from(offset).ok();
                let found = start.and_then(|start| bytes.get(start..start.checked_add(length)?));
                Ok(found.ok_or(io::ErrorKind::UnexpectedEof)?.to_vec())
            }
        }
    }
}
