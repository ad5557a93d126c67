//! How many bytes a document has in gzip, counted while it is made.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Compresses and keeps only the count.
pub(super) struct Meter(GzEncoder<Count>);

impl Meter {
    /// Nothing was added yet. The fastest level: what GitHub's upload makes of it is smaller, never larger.
    pub(super) fn new() -> Meter {
        Meter(GzEncoder::new(Count(0), Compression::fast()))
    }

    /// Adds text; the bytes so far, but for what the encoder still holds (some ten thousand).
    pub(super) fn add(&mut self, text: &[u8]) -> io::Result<u64> {
        self.0.write_all(text)?;
        Ok(self.0.get_ref().0)
    }
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
