//! What looks at every byte of a text, as many at once as the processor can: 64 with AVX-512 (servers since 2017), 32 with
//! AVX2 (nearly every x86-64 since 2013). Everywhere else the callers do without.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod digits;

use std::ops::Range;

use super::keywords::sieve::Tables;

/// How wide a processor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Byte by byte.
    Plain,
    /// 32 bytes.
    Avx2,
    /// 64 bytes.
    Avx512,
}

impl Width {
    /// The widest of this processor.
    pub fn widest() -> Width {
        let widest = [Width::Avx512, Width::Avx2].into_iter().find(|width| width.is_here());
        widest.unwrap_or(Width::Plain)
    }

    /// Whether this processor can.
    pub fn is_here(self) -> bool {
        match self {
            Width::Plain => true,
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => avx2::is_able(),
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => avx512::is_able(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Sets that a sieve of this width asks at once.
    pub fn sets(self) -> usize {
        match self {
            Width::Plain | Width::Avx2 => 8,
            Width::Avx512 => 32,
        }
    }

    /// See [`Sieve::each`](super::keywords::sieve::Sieve::each).
    pub fn each_passing(self, tables: &Tables, open: u32, text: &[u8], visit: impl FnMut(&[u32])) -> usize {
        if u32::try_from(text.len()).is_err() {
            return 0;
        }
        #[cfg(target_arch = "x86_64")]
        match self {
            Width::Avx512 => return avx512::each_passing(tables, open, text, visit),
            Width::Avx2 => return avx2::each_passing(tables, open, text, visit),
            Width::Plain => {}
        }
        let _ = (tables, open, visit);
        0
    }

    /// The first run of at least [`LEAST_RUN`](super::decode::runs::LEAST_RUN) base64 digits of either alphabet, from a place
    /// on; `Err` has the place from which on nobody looked.
    pub fn run(self, text: &[u8], from: usize) -> Result<Range<usize>, usize> {
        #[cfg(target_arch = "x86_64")]
        match self {
            Width::Avx512 => return avx512::run(text, from),
            Width::Avx2 => return avx2::run(text, from),
            Width::Plain => {}
        }
        let _ = text;
        Err(from)
    }
}
