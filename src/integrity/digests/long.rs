//! The digest of a message that is longer than the others: it is read a stretch at a time, and goes on in one lane while
//! messages come and go in the rest.

use std::io::{self, Read};

use super::Digest;
use super::lanes::{BLOCK, LANES, START, State, compress, digest, end, is_quick};

/// Bytes that are read at once.
const STRETCH: usize = 256 << 10;

/// A message on its way, on a processor that computes several digests side by side.
pub struct Long {
    source: Box<dyn Read + Send>,
    /// Bytes of the whole message, as far as is known.
    len: u64,
    /// Bytes read.
    read: u64,
    /// Whether that is all of them, or what kept the rest from being read.
    end: Option<io::Result<()>>,
    /// Of the last stretch, and at last with what ends a message.
    blocks: Vec<[u8; BLOCK]>,
    /// How many of them are done.
    done: usize,
    /// What everything that is done was worked into, in the last lane.
    state: State,
}

impl Long {
    /// Whether a message had better go on beside others than alone.
    pub fn pays() -> bool {
        is_quick()
    }

    /// A message of about `len` bytes.
    pub fn new(source: impl Read + Send + 'static, len: u64) -> Long {
        let (source, state) = (Box::new(source), START.map(|word| [word; LANES]));
        Long { source, len, read: 0, end: None, blocks: Vec::new(), done: 0, state }
    }

    /// Bytes of the whole message, as far as is known.
    pub fn expected(&self) -> u64 {
        self.len
    }

    /// Bytes that are done.
    pub fn done(&self) -> u64 {
        self.read.saturating_sub((BLOCK * (self.blocks.len() - self.done)) as u64)
    }

    /// Bytes that are left.
    pub fn left(&self) -> u64 {
        if self.end.is_some() { 0 } else { self.len.saturating_sub(self.done()) }
    }

    /// Goes on by itself until so many bytes are done, or all.
    pub fn go_on(&mut self, until: u64) {
        while self.done() < until {
            let mut state = self.state;
            let blocks = self.next();
            if blocks.is_empty() {
                break;
            }
            let count = blocks.len();
            compress(&mut state, [blocks; LANES], count);
            self.took(count, &state);
        }
    }

    /// The digest, when all of it is done.
    ///
    /// # Errors
    /// It could not be read to its end.
    pub fn finish(mut self) -> io::Result<Digest> {
        self.go_on(u64::MAX);
        self.end.unwrap_or(Ok(())).map(|()| digest(&self.state, LANES - 1))
    }

    /// Takes its place among eight chains.
    pub(super) fn enter(&self, state: &mut State) {
        for (words, own) in state.iter_mut().zip(&self.state) {
            words[LANES - 1] = own[LANES - 1];
        }
    }

    /// The blocks that come next, none at the end.
    pub(super) fn next(&mut self) -> &[[u8; BLOCK]] {
        if self.done == self.blocks.len() && self.end.is_none() {
            self.read_on();
        }
        &self.blocks[self.done..]
    }

    /// So many of them are done.
    pub(super) fn took(&mut self, count: usize, state: &State) {
        // At the end its lane does what another does.
        if self.done < self.blocks.len() {
            self.done += count;
            self.state = *state;
        }
    }

    fn read_on(&mut self) {
        self.blocks.resize(STRETCH / BLOCK, [0; BLOCK]);
        self.done = 0;
        let stretch = self.blocks.as_flattened_mut();
        let mut held = 0;
        while held < stretch.len() && self.end.is_none() {
            match self.source.read(&mut stretch[held..]) {
                Ok(0) => self.end = Some(Ok(())),
                Ok(count) => held += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.end = Some(Err(error)),
            }
        }
        self.read += held as u64;
        if self.end.is_some() {
            let whole = held / BLOCK;
            let (end, spare) = end(&stretch[whole * BLOCK..held], self.read);
            self.blocks.truncate(whole);
            self.blocks.extend_from_slice(&end[spare..]);
        }
    }
}
