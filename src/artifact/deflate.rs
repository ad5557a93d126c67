//! Whole deflate streams at once, by libdeflate (<https://github.com/ebiggers/libdeflate>): it needs all of the input
//! and room for all of the output, and takes three fifths of the time of a decoder that can stop anywhere.
//!
//! It is the quick way for the entry that is what it says. Whatever it refuses is read again by the streaming decoder,
//! which says how far it came and why no further.
#![allow(unsafe_code, reason = "the safe binding does not tell how much of the input was taken")]

use std::cell::RefCell;
use std::ptr::NonNull;

use libdeflate_sys as sys;

thread_local! {
    static DECODER: RefCell<Option<Decoder>> = RefCell::new(Decoder::new());
}

/// What a stream took and gave, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) taken: usize,
    pub(crate) given: usize,
}

/// Decodes the stream that `input` begins with; `None` unless it is sound, ends within `input` and fits `output`.
pub(crate) fn decode(input: &[u8], output: &mut [u8]) -> Option<Whole> {
    DECODER.with_borrow_mut(|decoder| decoder.as_mut()?.decode(input, output))
}

struct Decoder(NonNull<sys::libdeflate_decompressor>);

impl Decoder {
    fn new() -> Option<Decoder> {
        // SAFETY: the call has no conditions; it gives null where there is no memory.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Decoder)
    }

    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Option<Whole> {
        let (mut taken, mut given) = (0, 0);
        // SAFETY: the decompressor is alive until the drop below and used by one thread at a time; both buffers are
        // valid for the lengths that go with them, and the two counts are written before the call returns.
        let result = unsafe {
            sys::libdeflate_deflate_decompress_ex(
                self.0.as_ptr(),
                input.as_ptr().cast(),
                input.len(),
                output.as_mut_ptr().cast(),
                output.len(),
                &raw mut taken,
                &raw mut given,
            )
        };
        (result == sys::libdeflate_result_LIBDEFLATE_SUCCESS && taken <= input.len() && given <= output.len())
            .then_some(Whole { taken, given })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it came from the allocation above and is freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_stream_is_decoded_and_what_follows_is_left() {
        let data = b"tide ".repeat(1000);
        let mut input = packed(&data);
        let taken = input.len();
        input.extend_from_slice(b"rest");
        let mut output = vec![0; data.len() + 10];
        assert_eq!(decode(&input, &mut output), Some(Whole { taken, given: data.len() }));
        assert_eq!(&output[..data.len()], data);
    }

    #[test]
    fn what_is_cut_broken_or_too_long_is_refused() {
        let data: Vec<u8> = (0..20_000u32).map(|n| (n * n % 251) as u8).collect();
        let input = packed(&data);
        let mut output = vec![0; data.len()];
        assert!(decode(&input, &mut output).is_some());
        assert_eq!(decode(&input, &mut output[..data.len() - 1]), None);
        for cut in [0, 1, input.len() / 2, input.len() - 1] {
            assert_eq!(decode(&input[..cut], &mut output), None);
        }
        for at in (0..input.len()).step_by(7) {
            let mut broken = input.clone();
            broken[at] ^= 0x55;
            let _ = decode(&broken, &mut output);
        }
        assert_eq!(decode(&[7], &mut []), None);
    }
}
