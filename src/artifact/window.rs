//! From a decoder to pieces: one whole piece where the entry fits, overlapping windows where it does not.

use memchr::{memchr_iter, memrchr};

use super::Piece;
use super::budget::{Budget, Decoder, End, Stop};

/// The cut of one entry into pieces. Between two calls the buffer must be left alone: its front is carried over.
///
/// Whether an entry fits is found out by reading, not by its declared size: an archive that declares too much would
/// else hide a small file from every reader that needs it whole.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    /// Bytes at the front of the buffer that belong to this entry.
    held: usize,
    /// How many of them the next piece no longer needs.
    spent: usize,
    offset: u64,
    lines: u64,
    column: u64,
    begun: bool,
    handed: bool,
    ended: bool,
    stop: Option<Stop>,
}

impl Windows {
    /// The next piece, `None` after the last.
    ///
    /// # Errors
    /// What ended the entry early. All bytes that came before it were handed out, and no piece was marked as the last.
    pub(crate) fn next<'b>(
        &mut self,
        decoder: &mut dyn Decoder,
        budget: &Budget,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<Piece<'b>>, Stop> {
        if let Some(stop) = self.stop.take() {
            self.ended = true;
            return Err(stop);
        }
        if self.ended {
            return Ok(None);
        }
        self.drop_spent(buffer);
        let limits = budget.limits();
        let room = if self.begun {
            limits.window_overlap.saturating_add(limits.window_bytes.max(1))
        } else {
            usize::try_from(limits.entry_bytes).unwrap_or(usize::MAX - 1).max(1)
        };
        // One byte more than the piece holds: without it, an entry that just fits looks like one that goes on.
        let filled = budget.fill(decoder, buffer, self.held, room.saturating_add(1).saturating_sub(self.held));
        let first = !self.begun;
        self.begun = true;
        self.held += filled.bytes;
        let (len, last) = match filled.end {
            End::Full => {
                self.spent = room - limits.window_overlap.min(room - 1);
                (room, false)
            }
            End::Eof => {
                self.ended = true;
                (self.held, true)
            }
            End::Stopped(stop) if filled.bytes == 0 => {
                self.ended = true;
                return Err(stop);
            }
            End::Stopped(stop) => {
                self.stop = Some(stop);
                (self.held, false)
            }
        };
        self.handed = true;
        Ok(Some(Piece {
            bytes: &buffer[..len],
            offset: self.offset,
            lines_before: self.lines,
            column_before: self.column,
            first,
            last,
        }))
    }

    /// Whether any piece was handed out.
    pub(crate) fn handed(&self) -> bool {
        self.handed
    }

    /// Bytes of the entry that were read so far.
    pub(crate) fn read(&self) -> u64 {
        self.offset + self.held as u64
    }

    fn drop_spent(&mut self, buffer: &mut [u8]) {
        let gone = &buffer[..self.spent];
        self.lines += memchr_iter(b'\n', gone).count() as u64;
        self.column = match memrchr(b'\n', gone) {
            Some(at) => (gone.len() - at - 1) as u64,
            None => self.column + gone.len() as u64,
        };
        buffer.copy_within(self.spent..self.held, 0);
        self.offset += self.spent as u64;
        self.held -= self.spent;
        self.spent = 0;
    }
}

/// Hands out all pieces of an entry and returns its size.
///
/// # Errors
/// What ended the entry early, and the number of bytes before it.
pub(crate) fn visit_all(
    decoder: &mut dyn Decoder,
    budget: &Budget,
    scratch: &mut Vec<u8>,
    visit: &mut dyn FnMut(Piece<'_>),
) -> Result<u64, (Stop, u64)> {
    let mut windows = Windows::default();
    loop {
        match windows.next(decoder, budget, scratch) {
            Ok(Some(piece)) => visit(piece),
            Ok(None) => return Ok(windows.read()),
            Err(stop) => return Err((stop, windows.read())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::budget::{Limits, OverLimit};
    use crate::artifact::bytes::Bytes;

    fn pieces(data: &[u8], limits: Limits) -> (Vec<crate::artifact::OwnedPiece>, Result<u64, (Stop, u64)>) {
        let mut out = Vec::new();
        let mut scratch = vec![9; 3];
        let mut reader = Bytes::Slice(data).reader(0, data.len() as u64);
        let result =
            visit_all(&mut reader, &Budget::new(limits), &mut scratch, &mut |piece| out.push(piece.to_owned()));
        (out, result)
    }

    #[test]
    fn what_fits_is_one_piece_also_when_it_just_fits() {
        for len in [0usize, 1, 9, 10] {
            let data = vec![b'a'; len];
            let (out, result) = pieces(&data, Limits { entry_bytes: 10, ..Limits::default() });
            assert_eq!(out.len(), 1);
            assert!(out[0].borrow().is_whole());
            assert_eq!(out[0].bytes, data);
            assert_eq!(result.unwrap(), len as u64);
        }
    }

    #[test]
    fn windows_overlap_and_know_their_lines_whatever_the_sizes() {
        let data: Vec<u8> = (0..997u32).map(|i| if i % 13 == 5 { b'\n' } else { b'a' + (i % 26) as u8 }).collect();
        for (entry, window, overlap) in [(10, 7, 3), (100, 50, 50), (5, 1, 20), (996, 8, 2), (1, 1, 0)] {
            let limits =
                Limits { entry_bytes: entry, window_bytes: window, window_overlap: overlap, ..Limits::default() };
            let (out, result) = pieces(&data, limits);
            assert_eq!(result.unwrap(), data.len() as u64);
            let mut seen = 0;
            for (index, piece) in out.iter().enumerate() {
                let at = usize::try_from(piece.offset).unwrap();
                assert_eq!(piece.bytes, data[at..at + piece.bytes.len()]);
                let before = &data[..at];
                assert_eq!(piece.lines_before, before.iter().filter(|b| **b == b'\n').count() as u64);
                let column = before.iter().rev().take_while(|b| **b != b'\n').count();
                assert_eq!(piece.column_before, column as u64);
                assert_eq!(piece.first, index == 0);
                assert_eq!(piece.last, index + 1 == out.len());
                assert!(at <= seen, "no byte is left out");
                if index > 0 {
                    assert!(seen - at >= overlap.min(seen).min(entry as usize - 1), "windows share enough bytes");
                }
                assert!(at + piece.bytes.len() > seen || piece.last);
                seen = at + piece.bytes.len();
            }
            assert_eq!(seen, data.len());
        }
    }

    #[test]
    fn what_came_before_a_limit_is_handed_out_and_is_not_whole() {
        let limits = Limits { target_bytes: 5, ..Limits::default() };
        let (out, result) = pieces(b"0123456789", limits);
        assert!(matches!(result, Err((Stop::Limit(OverLimit::Target(5)), 10))));
        assert_eq!(out.len(), 1);
        assert!(out[0].first && !out[0].last);
    }
}
