//! The one tap: how much may be read, and the only functions that read a decoder.
//!
//! Every limit counts bytes that really came out, never a size that an archive only declares. Limits for one entry decide
//! in normal use, so that the same input gives the same result on any number of threads; the limits for a whole target
//! (bytes, entries, time) are the backstop, and which entry meets them first may differ between runs.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

/// The most that one `read` asks for: time, total and ratio are looked at between two of them.
const STEP: usize = 1 << 20;
/// What a fresh buffer starts with. It doubles from here, whatever size an entry declares.
const FIRST: usize = 16 << 10;

/// The limits of one target.
#[derive(Clone, Debug)]
pub struct Limits {
    /// An entry up to this many bytes is handed out whole, a larger one in windows. `--max-entry-bytes`.
    pub entry_bytes: u64,
    /// Bytes that may come out of decoders over the whole target, and as many may go in: entries can share their
    /// compressed bytes, and blocks of deflate can decode to nothing. `--max-target-bytes`.
    pub target_bytes: u64,
    /// Bytes out per compressed byte in. Deflate cannot exceed 1032, so only a bomb comes near. `--max-ratio`.
    pub ratio: u64,
    /// The ratio is not looked at below this many bytes of output: small files of zeros are ordinary.
    pub ratio_floor: u64,
    /// Entries over all nestings. `--max-entries`.
    pub entries: u64,
    /// Packages, paths that packages list, and whatever else package files say one by one, over the whole target: each
    /// takes some hundred bytes of memory, of a file as few as two, and there may be thousands of such files.
    pub facts: u64,
    /// Archives within archives. `--max-depth`.
    pub depth: u32,
    /// Wall time. `--max-seconds`.
    pub time: Duration,
    /// New bytes per window of an entry that is too large to be whole.
    pub window_bytes: usize,
    /// Bytes that two neighbouring windows share: at least the length of the longest thing to be found.
    pub window_overlap: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            entry_bytes: 64 << 20,
            target_bytes: 2 << 30,
            ratio: 1000,
            ratio_floor: 16 << 20,
            entries: 200_000,
            facts: 2_000_000,
            depth: 8,
            time: Duration::from_secs(600),
            window_bytes: 8 << 20,
            window_overlap: 64 << 10,
        }
    }
}

/// A limit that was reached: which one, its number, and the flag that raises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OverLimit {
    /// An entry that had to be whole is larger than an entry may be.
    #[error("larger than {0} bytes, the limit for one entry (--max-entry-bytes)")]
    Entry(u64),
    /// The target gave all the bytes it may give.
    #[error("reading the target takes more than {0} bytes (--max-target-bytes)")]
    Target(u64),
    /// Too much came out of too little.
    #[error("it decodes to more than {0} times its compressed size (--max-ratio)")]
    Ratio(u64),
    /// Too many entries.
    #[error("the target holds more than {0} entries (--max-entries)")]
    Entries(u64),
    /// Package files say too much.
    #[error("the target's package files list more than {0} packages and files")]
    Facts(u64),
    /// Too many archives inside one another.
    #[error("archives are nested more than {0} deep (--max-depth)")]
    Depth(u32),
    /// Out of time.
    #[error("the time limit of {0} seconds is over (--max-seconds)")]
    Time(u64),
}

/// Something that gives decoded bytes and knows what it has cost so far.
pub trait Decoder: Read {
    /// Compressed bytes taken in since the compressed stream began.
    fn consumed(&self) -> u64;
    /// Bytes given out since the compressed stream began.
    fn produced(&self) -> u64;
}

/// Why a decoder was left before its end.
#[derive(Debug, Error)]
pub enum Stop {
    /// It failed. `UnexpectedEof` means that its input ends too soon, `InvalidData` that it does not decode.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A limit was reached.
    #[error(transparent)]
    Limit(#[from] OverLimit),
}

/// How a [`Budget::fill`] ended.
#[derive(Debug)]
pub enum End {
    /// All that was asked for is there; there may be more.
    Full,
    /// The decoder has no more.
    Eof,
    /// It was left early.
    Stopped(Stop),
}

/// What a [`Budget::fill`] did.
#[derive(Debug)]
pub struct Filled {
    /// Bytes written to the buffer. They are good even where the decoder failed after them.
    pub bytes: usize,
    /// Why there are not more.
    pub end: End,
}

/// The account of one target, shared by all its threads.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    bytes: AtomicU64,
    consumed: AtomicU64,
    entries: AtomicU64,
    facts: AtomicU64,
    started: Instant,
}

impl Budget {
    /// Opens the account; time runs from now.
    pub fn new(limits: Limits) -> Budget {
        Budget {
            limits,
            bytes: AtomicU64::new(0),
            consumed: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            facts: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Bytes that came out of decoders so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Reads up to `want` bytes from a decoder into `buffer[at..]`.
    ///
    /// The buffer grows with what really comes and never shrinks, so that a buffer which is used again is not zeroed
    /// again; bytes behind what was filled are left over from earlier and mean nothing. To tell "fits" from "too big",
    /// ask for one byte more than the limit.
    #[allow(clippy::disallowed_methods, reason = "this is the tap")]
    pub fn fill(&self, decoder: &mut dyn Decoder, buffer: &mut Vec<u8>, at: usize, want: usize) -> Filled {
        let (goal, before) = (at.saturating_add(want), decoder.consumed());
        let mut done = at;
        let end = loop {
            if done == goal {
                break End::Full;
            }
            if let Err(limit) = self.check_time().and_then(|()| self.check_input()) {
                break End::Stopped(limit.into());
            }
            if done >= buffer.len() {
                let size = buffer.len().saturating_mul(2).max(done.saturating_add(FIRST)).min(goal);
                // Room that the caller made for all of it is not doubled.
                let room = Some(buffer.capacity()).filter(|room| *room > done);
                buffer.resize(size.min(room.unwrap_or(size)), 0);
            }
            let stop = buffer.len().min(goal).min(done.saturating_add(STEP));
            match decoder.read(&mut buffer[done..stop]) {
                Ok(0) => break End::Eof,
                Ok(count) => {
                    done += count;
                    if let Err(limit) = self.charge(count as u64, decoder) {
                        break End::Stopped(limit.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break End::Stopped(error.into()),
            }
        };
        self.consumed.fetch_add(decoder.consumed().saturating_sub(before), Ordering::Relaxed);
        Filled { bytes: done - at, end }
    }

    /// Decodes a whole entry of `size` bytes out of `packed` in one go into the front of `buffer`, where the limits allow
    /// for all of it and `decode` can; it answers with the number of bytes that it took and gave. `None` leaves the
    /// account as it was: the entry is then to be read step by step, which finds out what is wrong with it.
    pub(super) fn fill_at_once(
        &self,
        buffer: &mut Vec<u8>,
        packed: u64,
        size: usize,
        decode: impl FnOnce(&mut [u8]) -> Option<(usize, usize)>,
    ) -> Option<(usize, usize)> {
        let bytes = size as u64;
        let fits = bytes <= self.limits.entry_bytes
            && self.bytes().saturating_add(bytes) <= self.limits.target_bytes
            && (bytes <= self.limits.ratio_floor || bytes <= packed.saturating_mul(self.limits.ratio));
        if !fits || self.check_time().and_then(|()| self.check_input()).is_err() {
            return None;
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let (taken, given) = decode(&mut buffer[..size])?;
        self.charge_whole(taken as u64, given as u64).then_some((taken, given))
    }

    /// Charges an entry that is not decoded, since `is_equal` finds its `packed` bytes to be those of an entry that gave
    /// `size` bytes: as much as if it were, for its bytes are read by everyone but the secret engine. Where they are not, or
    /// there is no room for them, the account is as it was.
    pub(super) fn take_copy(&self, packed: u64, size: u64, is_equal: impl FnOnce() -> bool) -> bool {
        let goes_on = self.check_time().and_then(|()| self.check_input()).is_ok();
        goes_on && is_equal() && self.charge_whole(packed, size)
    }

    /// Charges a whole entry, which took so many bytes and gave so many. Where there is no room for them, the account is as
    /// it was.
    fn charge_whole(&self, taken: u64, given: u64) -> bool {
        let fits = self.bytes.fetch_add(given, Ordering::Relaxed).saturating_add(given) <= self.limits.target_bytes;
        match fits {
            true => self.consumed.fetch_add(taken, Ordering::Relaxed),
            false => self.bytes.fetch_sub(given, Ordering::Relaxed),
        };
        fits
    }

    fn charge(&self, count: u64, decoder: &dyn Decoder) -> Result<(), OverLimit> {
        let total = self.bytes.fetch_add(count, Ordering::Relaxed).saturating_add(count);
        if total > self.limits.target_bytes {
            return Err(OverLimit::Target(self.limits.target_bytes));
        }
        let produced = decoder.produced();
        if produced > self.limits.ratio_floor && produced > decoder.consumed().saturating_mul(self.limits.ratio) {
            return Err(OverLimit::Ratio(self.limits.ratio));
        }
        Ok(())
    }

    fn check_input(&self) -> Result<(), OverLimit> {
        let over = self.consumed.load(Ordering::Relaxed) > self.limits.target_bytes;
        if over { Err(OverLimit::Target(self.limits.target_bytes)) } else { Ok(()) }
    }

    /// Counts one entry.
    ///
    /// # Errors
    /// [`OverLimit::Entries`] where there are too many.
    pub fn charge_entry(&self) -> Result<(), OverLimit> {
        if self.entries.fetch_add(1, Ordering::Relaxed) >= self.limits.entries {
            return Err(OverLimit::Entries(self.limits.entries));
        }
        Ok(())
    }

    /// Counts what was read of a package file.
    ///
    /// # Errors
    /// [`OverLimit::Facts`] where the target has no room for it: it is to be dropped.
    pub fn charge_facts(&self, count: usize) -> Result<(), OverLimit> {
        let count = count as u64;
        if self.facts.fetch_add(count, Ordering::Relaxed).saturating_add(count) > self.limits.facts {
            self.facts.fetch_sub(count, Ordering::Relaxed);
            return Err(OverLimit::Facts(self.limits.facts));
        }
        Ok(())
    }

    /// Whether an archive may be opened that lies within `depth` others.
    ///
    /// # Errors
    /// [`OverLimit::Depth`] where it may not.
    pub fn check_depth(&self, depth: u32) -> Result<(), OverLimit> {
        if depth > self.limits.depth { Err(OverLimit::Depth(self.limits.depth)) } else { Ok(()) }
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// [`OverLimit::Time`] where there is not.
    pub fn check_time(&self) -> Result<(), OverLimit> {
        if self.started.elapsed() > self.limits.time {
            return Err(OverLimit::Time(self.limits.time.as_secs()));
        }
        Ok(())
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::new(Limits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives zeros for ever, one compressed byte per `gain` bytes.
    struct Zeros {
        out: u64,
        gain: u64,
    }

    impl Read for Zeros {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            buf.fill(0);
            self.out += buf.len() as u64;
            Ok(buf.len())
        }
    }

    impl Decoder for Zeros {
        fn consumed(&self) -> u64 {
            self.out / self.gain
        }
        fn produced(&self) -> u64 {
            self.out
        }
    }

    #[test]
    fn a_bomb_ends_at_the_ratio_soon_after_the_floor() {
        let budget = Budget::default();
        let mut buffer = Vec::new();
        let filled = budget.fill(&mut Zeros { out: 0, gain: 1030 }, &mut buffer, 0, 64 << 20);
        assert!(matches!(filled.end, End::Stopped(Stop::Limit(OverLimit::Ratio(1000)))));
        assert!(filled.bytes <= (16 << 20) + STEP);
        assert!(buffer.len() <= 64 << 20);
    }

    #[test]
    fn the_total_ends_every_later_read() {
        let budget = Budget::new(Limits { target_bytes: 100, ..Limits::default() });
        let mut buffer = Vec::new();
        let mut zeros = Zeros { out: 0, gain: 1 };
        assert!(matches!(budget.fill(&mut zeros, &mut buffer, 0, 100).end, End::Full));
        let filled = budget.fill(&mut zeros, &mut buffer, 0, 1);
        assert!(matches!(filled.end, End::Stopped(Stop::Limit(OverLimit::Target(100)))));
        assert_eq!(filled.bytes, 1);
    }

    #[test]
    fn a_buffer_grows_with_what_comes_and_not_with_what_is_asked_for() {
        let mut buffer = Vec::new();
        let input = [7u8; 10];
        let mut reader = super::super::bytes::Bytes::Slice(&input).reader(0, 10);
        let filled = Budget::default().fill(&mut reader, &mut buffer, 0, usize::MAX);
        assert!(matches!(filled.end, End::Eof));
        assert_eq!((filled.bytes, &buffer[..10]), (10, &input[..]));
        assert!(buffer.len() <= FIRST);
    }

    #[test]
    fn time_entries_and_depth_end() {
        let budget = Budget::new(Limits { time: Duration::ZERO, entries: 1, depth: 2, ..Limits::default() });
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(budget.check_time(), Err(OverLimit::Time(0)));
        assert_eq!(budget.charge_entry(), Ok(()));
        assert_eq!(budget.charge_entry(), Err(OverLimit::Entries(1)));
        let small = Budget::new(Limits { facts: 10, ..Limits::default() });
        let counts = [8, 8, 2, 1].map(|count| small.charge_facts(count).is_ok());
        assert_eq!(counts, [true, false, true, false], "what is dropped takes no room");
        assert_eq!(budget.check_depth(2), Ok(()));
        assert_eq!(budget.check_depth(3), Err(OverLimit::Depth(2)));
    }

    #[test]
    fn a_limit_names_its_number_and_its_flag() {
        assert_eq!(
            OverLimit::Ratio(1000).to_string(),
            "it decodes to more than 1000 times its compressed size (--max-ratio)"
        );
    }
}
