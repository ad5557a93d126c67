//! The one module that maps files, and so the one that holds `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use super::error::AdvisoryError;

/// Bytes that are read in place: a mapped file, or memory of our own.
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    pub(super) fn map(path: &Path) -> Result<Bytes, AdvisoryError> {
        let file = File::open(path).map_err(AdvisoryError::io(path))?;
        // SAFETY: a mapping is undefined behaviour if its file changes. Snapshots never do: they are written beside
        // their place, renamed there once complete, and removed by name only, which leaves a mapped file as it is.
        // Whoever truncates one by hand stops the program with SIGBUS, not with a wrong answer.
        unsafe { Mmap::map(&file) }.map(Bytes::Mapped).map_err(AdvisoryError::io(path))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }
}
