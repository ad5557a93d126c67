//! A value with a head of its own: the head tells whether the body is worth unpacking.
//!
//! ```text
//! length u32 | frame of the head | frame of the body        length of the head's frame; little-endian
//! ```
//!
//! Heads are JSON, which names its fields: another version of the program reads them, and learns from them that it must
//! not read the body. Bodies are `postcard`, half the size and ten times as quick.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StateError;
use crate::advisory::{Packer, Unpacker};

/// Beyond 3 zstd takes twice the time for a tenth of the size.
const LEVEL: i32 = 3;

/// Packs and unpacks heads and bodies, from any thread.
pub(super) struct Cells {
    packer: Mutex<Packer>,
    unpacker: Unpacker,
}

impl Cells {
    pub fn new() -> Result<Cells, StateError> {
        let packer = Packer::new(&[], LEVEL).map_err(|error| StateError::Store(error.to_string()))?;
        Ok(Cells { packer: Mutex::new(packer), unpacker: Unpacker::new(&[]) })
    }

    fn pack(&self, bytes: &[u8]) -> Result<Vec<u8>, StateError> {
        let mut packer = self.packer.lock().unwrap_or_else(PoisonError::into_inner);
        packer.pack(bytes).map_err(|error| StateError::Store(error.to_string()))
    }

    /// A head by itself.
    pub fn head(&self, head: &impl Serialize) -> Result<Vec<u8>, StateError> {
        self.pack(&serde_json::to_vec(head).map_err(|error| StateError::Store(error.to_string()))?)
    }

    /// Reads a head by itself; `what` names it in errors.
    pub fn read_head<T: DeserializeOwned>(&self, frame: &[u8], what: &str) -> Result<T, StateError> {
        let bytes = self.unpacker.unpack(frame).map_err(|error| StateError::damaged(what, error))?;
        // Not serde's words: they may quote what is there.
        serde_json::from_slice(&bytes).map_err(|error| {
            StateError::damaged(what, format!("not as it was written, line {} column {}", error.line(), error.column()))
        })
    }

    /// A head and a body.
    pub fn both(&self, head: &impl Serialize, body: &impl Serialize) -> Result<Vec<u8>, StateError> {
        let body = postcard::to_stdvec(body).map_err(|error| StateError::Store(error.to_string()))?;
        self.joined(head, &self.pack(&body)?)
    }

    /// The same body behind another head.
    pub fn with_head(&self, cell: &[u8], head: &impl Serialize, what: &str) -> Result<Vec<u8>, StateError> {
        self.joined(head, split(cell, what)?.1)
    }

    fn joined(&self, head: &impl Serialize, body: &[u8]) -> Result<Vec<u8>, StateError> {
        let head = self.head(head)?;
        let length = u32::try_from(head.len()).map_err(|_| StateError::Store("a head of 4 GiB".to_owned()))?;
        Ok([&length.to_le_bytes()[..], &head, body].concat())
    }

    /// The head of a cell.
    pub fn head_of<T: DeserializeOwned>(&self, cell: &[u8], what: &str) -> Result<T, StateError> {
        self.read_head(split(cell, what)?.0, what)
    }

    /// The body of a cell, which the same version of the program wrote.
    pub fn body_of<T: DeserializeOwned>(&self, cell: &[u8], what: &str) -> Result<T, StateError> {
        let bytes = self.unpacker.unpack(split(cell, what)?.1).map_err(|error| StateError::damaged(what, error))?;
        postcard::from_bytes(&bytes)
            .map_err(|_| StateError::damaged(what, "not as this version of the program writes it"))
    }
}

fn split<'a>(cell: &'a [u8], what: &str) -> Result<(&'a [u8], &'a [u8]), StateError> {
    let cut = || StateError::damaged(what, "cut short");
    let (length, rest) = cell.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    rest.split_at_checked(length).ok_or_else(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_changed_is_damaged_and_never_a_panic() {
        let cells = Cells::new().unwrap();
        let cell = cells.both(&"head", &vec![7u32; 100]).unwrap();
        assert_eq!(cells.head_of::<String>(&cell, "it").unwrap(), "head");
        assert_eq!(cells.body_of::<Vec<u32>>(&cell, "it").unwrap(), [7; 100]);
        let other = cells.with_head(&cell, &"another", "it").unwrap();
        assert_eq!(cells.head_of::<String>(&other, "it").unwrap(), "another");
        assert_eq!(cells.body_of::<Vec<u32>>(&other, "it").unwrap(), [7; 100]);
        let broken = |cell: &[u8]| {
            matches!(cells.head_of::<String>(cell, "it"), Err(StateError::Damaged(_)))
                || matches!(cells.body_of::<Vec<u32>>(cell, "it"), Err(StateError::Damaged(_)))
        };
        assert!((0..cell.len()).all(|length| broken(&cell[..length])));
        for bit in 0..cell.len() * 8 {
            let mut changed = cell.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(broken(&changed), "bit {bit}");
        }
    }
}
