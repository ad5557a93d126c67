//! A sorted index from keys to blocks, read in place.
//!
//! ```text
//! pages u32 | start of each page u32 | pages        a start counts from the first page's
//! page        up to 32 entries, the keys ascending
//! entry       shared | length | bytes | count | { offset | length } x count
//! ```
//!
//! The first four bytes and the starts are little-endian, an entry's numbers are LEB128. `shared` counts the bytes that
//! a key has in common with the one before it in its page, which is where almost all of a key is.
//!
//! A bundle's index comes from a stranger, so every step is bounded by the section's length and every read is checked:
//! whatever the bytes are, an answer or [`Broken`] comes back, after at most one walk over a page. General automata for
//! string keys are smaller by a little, and trust their input.

use std::cmp::Ordering;

use super::snapshot::BlockRef;

/// Entries of a page. A lookup reads half of one on average; twice as many save 2 % of the index.
const PAGE: usize = 32;
/// Bytes of a start.
const START: usize = 4;
/// The longest number: 64 bits in groups of seven.
const MAX_NUMBER: usize = 10;

/// The bytes are no index, or no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an index is broken")]
pub(super) struct Broken;

/// Makes an index.
#[derive(Default)]
pub(super) struct IndexWriter {
    starts: Vec<u32>,
    pages: Vec<u8>,
    in_page: usize,
    last: Vec<u8>,
}

impl IndexWriter {
    /// Adds a key, which must sort after all before it. `None` where the index outgrows its format.
    pub(super) fn insert(&mut self, key: &[u8], blocks: &[BlockRef]) -> Option<()> {
        debug_assert!(self.starts.is_empty() || self.last.as_slice() < key, "keys come in order, and once");
        let shared = if self.in_page == 0 {
            self.starts.push(u32::try_from(self.pages.len()).ok()?);
            0
        } else {
            self.last.iter().zip(key).take_while(|(a, b)| a == b).count()
        };
        self.in_page = (self.in_page + 1) % PAGE;
        self.number(shared as u64);
        self.number((key.len() - shared) as u64);
        self.pages.extend_from_slice(&key[shared..]);
        self.number(blocks.len() as u64);
        for block in blocks {
            self.number(block.offset);
            self.number(block.length);
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        Some(())
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.pages.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.pages.push(value as u8);
    }

    /// The bytes of the section.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        let mut out = u32::try_from(self.starts.len()).ok()?.to_le_bytes().to_vec();
        self.starts.iter().for_each(|start| out.extend_from_slice(&start.to_le_bytes()));
        out.extend_from_slice(&self.pages);
        Some(out)
    }
}

/// An index in place.
#[derive(Clone, Copy)]
pub(super) struct Index<'a> {
    starts: &'a [u8],
    pages: &'a [u8],
}

impl<'a> Index<'a> {
    /// Reads no more than the number of pages.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Index<'a>, Broken> {
        let (count, rest) = bytes.split_first_chunk().ok_or(Broken)?;
        let count = u32::from_le_bytes(*count) as usize;
        let (starts, pages) = count.checked_mul(START).and_then(|at| rest.split_at_checked(at)).ok_or(Broken)?;
        Ok(Index { starts, pages })
    }

    /// The blocks of a key; none if the key is not there.
    pub(super) fn get(&self, key: &[u8]) -> Result<Vec<BlockRef>, Broken> {
        // The last page that begins at or before the key.
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.page(middle)?.first_key()? <= key { from = middle + 1 } else { to = middle }
        }
        let Some(page) = from.checked_sub(1) else { return Ok(Vec::new()) };
        let mut entries = self.page(page)?;
        while entries.more()? {
            match entries.next_key()?.cmp(key) {
                Ordering::Less => entries.skip_blocks()?,
                Ordering::Equal => return entries.blocks(),
                Ordering::Greater => break,
            }
        }
        Ok(Vec::new())
    }

    /// Hands every key with its blocks to `visit`, in order.
    pub(super) fn each(&self, mut visit: impl FnMut(&[u8], Vec<BlockRef>)) -> Result<(), Broken> {
        for page in 0..self.len() {
            let mut entries = self.page(page)?;
            while entries.more()? {
                entries.next_key()?;
                let blocks = entries.blocks()?;
                visit(&entries.key, blocks);
            }
        }
        Ok(())
    }

    /// Pages.
    fn len(&self) -> usize {
        self.starts.len() / START
    }

    fn start(&self, page: usize) -> Option<usize> {
        let bytes = self.starts.get(page * START..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }

    fn page(&self, page: usize) -> Result<Entries<'a>, Broken> {
        let start = self.start(page).ok_or(Broken)?;
        // Starts that do not ascend would make the walk over all pages quadratic.
        let end = self.start(page + 1).unwrap_or(self.pages.len());
        if start >= end {
            return Err(Broken);
        }
        let rest = self.pages.get(start..end).ok_or(Broken)?;
        Ok(Entries { rest, key: Vec::new(), left: PAGE })
    }
}

/// What is left of a page, and the key that was read last.
struct Entries<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    left: usize,
}

impl<'a> Entries<'a> {
    /// Whether another entry follows. A longer page than any writer's would make the walk quadratic: its keys could
    /// grow without end.
    fn more(&mut self) -> Result<bool, Broken> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        self.left = self.left.checked_sub(1).ok_or(Broken)?;
        Ok(true)
    }

    fn next_key(&mut self) -> Result<&[u8], Broken> {
        let shared = self.size()?;
        let length = self.size()?;
        let (own, rest) = self.rest.split_at_checked(length).ok_or(Broken)?;
        if shared > self.key.len() {
            return Err(Broken);
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.rest = rest;
        Ok(&self.key)
    }

    /// The key that a page begins with, in place: the search among pages would else copy one for each step.
    fn first_key(mut self) -> Result<&'a [u8], Broken> {
        let (shared, length) = (self.size()?, self.size()?);
        if shared == 0 { self.rest.get(..length).ok_or(Broken) } else { Err(Broken) }
    }

    fn skip_blocks(&mut self) -> Result<(), Broken> {
        for _ in 0..self.size()? {
            self.number()?;
            self.number()?;
        }
        Ok(())
    }

    fn blocks(&mut self) -> Result<Vec<BlockRef>, Broken> {
        // Grown as it is read: the count is a stranger's word.
        let mut blocks = Vec::new();
        for _ in 0..self.size()? {
            blocks.push(BlockRef { offset: self.number()?, length: self.number()? });
        }
        Ok(blocks)
    }

    fn size(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.number()?).map_err(|_| Broken)
    }

    fn number(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().take(MAX_NUMBER).enumerate() {
            let group = u64::from(byte & 0x7f);
            // The last group has room for one bit.
            if at == MAX_NUMBER - 1 && group > 1 {
                return Err(Broken);
            }
            value |= group << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(Broken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn write(keys: &[String]) -> Vec<u8> {
        let mut writer = IndexWriter::default();
        for (at, key) in (0u64..).zip(keys) {
            let block = BlockRef { offset: at * 1_000_003, length: at };
            writer.insert(key.as_bytes(), &vec![block; at as usize % 3 + 1]).unwrap();
        }
        writer.finish().unwrap()
    }

    fn some(count: usize) -> Vec<String> {
        let mut keys: Vec<String> = (0..count).map(|n| format!("npm/package-{}", n * 7919 % 10_007)).collect();
        keys.sort();
        keys
    }

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [0, 1, 31, 32, 33, 64, 1000] {
            let keys = some(count);
            let bytes = write(&keys);
            let index = Index::open(&bytes).unwrap();
            for (at, key) in keys.iter().enumerate() {
                let found = index.get(key.as_bytes()).unwrap();
                assert_eq!(found.len(), at % 3 + 1, "{key}");
                assert_eq!(found[0], BlockRef { offset: at as u64 * 1_000_003, length: at as u64 });
                assert_eq!(index.get(format!("{key}!").as_bytes()).unwrap(), []);
                assert_eq!(index.get(&key.as_bytes()[..4]).unwrap(), []);
            }
            assert_eq!(index.get(b"").unwrap(), []);
            assert_eq!(index.get(b"\xff").unwrap(), []);
            let mut seen = Vec::new();
            index.each(|key, _| seen.push(String::from_utf8(key.to_vec()).unwrap())).unwrap();
            assert_eq!(seen, keys);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400), pages in 0u32..20) {
            for bytes in [bytes.clone(), [&pages.to_le_bytes()[..], &bytes].concat()] {
                if let Ok(index) = Index::open(&bytes) {
                    let _ = index.get(b"npm/package-1");
                    let _ = index.each(|_, _| {});
                }
            }
        }

        #[test]
        fn a_changed_index_gives_an_answer(at in 0usize..4000, change in 1u8..) {
            let mut bytes = write(&some(200));
            let at = at % bytes.len();
            bytes[at] ^= change;
            if let Ok(index) = Index::open(&bytes) {
                for key in some(200) {
                    let _ = index.get(key.as_bytes());
                }
                let _ = index.each(|_, _| {});
            }
        }
    }
}
