//! A frame: compressed bytes that know their own checksum and length.
//!
//! ```text
//! crc32 u32 | length u32 | zstd frame        crc32 over all that follows it; length before compression; little-endian
//! ```
//!
//! Records are small and alike, so frames share a dictionary that is trained from samples. A frame that was written
//! without one is read by an [`Unpacker`] with one too.

use std::sync::Mutex;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

/// Bytes before the compressed ones.
const HEAD: usize = 8;
/// No frame holds more than this, so that a damaged length cannot ask for all memory.
const MAX_LENGTH: usize = 1 << 30;
/// zstd trains poorly on less.
const MIN_SAMPLES: usize = 256;
/// zstd's own default for a dictionary's size.
const MAX_DICTIONARY: usize = 112 << 10;

/// A dictionary for frames like the samples, empty if they are too few. The same samples give the same dictionary.
pub(super) fn train<S: AsRef<[u8]>>(samples: &[S]) -> Vec<u8> {
    let total: usize = samples.iter().map(|sample| sample.as_ref().len()).sum();
    if samples.len() < MIN_SAMPLES {
        return Vec::new();
    }
    // Training fails on samples that have nothing in common; frames without a dictionary are right, only larger.
    zstd::dict::from_samples(samples, (total / 8).min(MAX_DICTIONARY)).unwrap_or_default()
}

/// Writes frames.
pub struct Packer(Compressor<'static>);

impl Packer {
    /// A writer with a dictionary, which may be empty, at a level of zstd.
    ///
    /// # Errors
    /// zstd's own.
    pub fn new(dictionary: &[u8], level: i32) -> std::io::Result<Packer> {
        let mut compressor = Compressor::with_dictionary(level, dictionary)?;
        // The head holds the length, and who opens a frame knows its dictionary.
        compressor.set_parameter(CParameter::ContentSizeFlag(false))?;
        compressor.set_parameter(CParameter::DictIdFlag(false))?;
        Ok(Packer(compressor))
    }

    /// Packs up to 1 GiB.
    ///
    /// # Errors
    /// More bytes than that; zstd's own.
    pub fn pack(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let length = u32::try_from(bytes.len()).ok().filter(|&length| length as usize <= MAX_LENGTH);
        let length = length.ok_or_else(|| std::io::Error::other("more than 1 GiB in one frame"))?;
        let mut frame = vec![0; 4];
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&self.0.compress(bytes)?);
        let checksum = crc32fast::hash(&frame[4..]);
        frame[..4].copy_from_slice(&checksum.to_le_bytes());
        Ok(frame)
    }
}

/// Reads frames, from any thread.
pub struct Unpacker {
    dictionary: Vec<u8>,
    /// Making a context means digesting the dictionary, which takes longer than a frame: one per thread is kept.
    idle: Mutex<Vec<Decompressor<'static>>>,
}

impl Unpacker {
    /// A reader of frames that were packed with this dictionary, or with none.
    pub fn new(dictionary: &[u8]) -> Unpacker {
        Unpacker { dictionary: dictionary.to_vec(), idle: Mutex::new(Vec::new()) }
    }

    /// The bytes that were packed.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    pub fn unpack(&self, frame: &[u8]) -> Result<Vec<u8>, String> {
        let word = |at: usize| frame.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let (Some(checksum), Some(length)) = (word(0), word(4)) else { return Err("frame cut short".to_owned()) };
        if crc32fast::hash(&frame[4..]) != checksum {
            return Err("wrong checksum of a frame".to_owned());
        }
        let length = length as usize;
        if length > MAX_LENGTH {
            return Err("frame of more than 1 GiB".to_owned());
        }
        let idle = || self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let kept = idle().pop();
        let mut context = match kept {
            Some(context) => context,
            None => Decompressor::with_dictionary(&self.dictionary).map_err(|error| error.to_string())?,
        };
        let mut bytes = Vec::with_capacity(length);
        context.decompress_to_buffer(&frame[HEAD..], &mut bytes).map_err(|error| error.to_string())?;
        idle().push(context);
        if bytes.len() == length { Ok(bytes) } else { Err("frame shorter than it says".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_returns_its_bytes_with_or_without_the_dictionary_it_was_made_with() {
        let samples: Vec<String> =
            (0..2000).map(|i| format!("a record like others, number {i}, {}", i * 7919)).collect();
        let dictionary = train(&samples);
        assert!(!dictionary.is_empty());
        assert_eq!(dictionary, train(&samples));
        for written_with in [&dictionary[..], &[]] {
            let frame = Packer::new(written_with, 9).unwrap().pack(samples[7].as_bytes()).unwrap();
            assert_eq!(Unpacker::new(&dictionary).unpack(&frame).unwrap(), samples[7].as_bytes());
        }
    }

    #[test]
    fn every_changed_bit_is_seen() {
        let frame = Packer::new(&[], 9).unwrap().pack(b"some bytes, some bytes, some bytes").unwrap();
        let unpacker = Unpacker::new(&[]);
        for bit in 0..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(unpacker.unpack(&changed).is_err(), "bit {bit}");
        }
        for length in 0..frame.len() {
            assert!(unpacker.unpack(&frame[..length]).is_err(), "cut at {length}");
        }
    }
}
