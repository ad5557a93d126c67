//! Bytes in flight: archives wait at the gate until those before them are read.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many bytes may be held at once.
pub(super) struct Gate {
    most: u64,
    held: Mutex<u64>,
    freed: Condvar,
}

/// The right to hold some bytes; ends with the value.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    pub fn new(most: u64) -> Gate {
        Gate { most, held: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until there is room. What is larger than all of it, or of unknown size, goes alone.
    pub fn enter(&self, bytes: Option<u64>) -> Pass<'_> {
        let bytes = bytes.unwrap_or(self.most).min(self.most);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |held: &mut u64| *held > self.most - bytes;
        let mut held = self.freed.wait_while(held, full).unwrap_or_else(PoisonError::into_inner);
        *held += bytes;
        Pass { gate: self, bytes }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.gate.held.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.gate.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_than_the_most_are_held_and_nobody_waits_for_ever() {
        let gate = Gate::new(10);
        let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for worker in 0..8u64 {
                let (gate, held, most) = (&gate, &held, &most);
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = [Some(3), Some(7), Some(99), None][(worker + round) as usize % 4];
                        let pass = gate.enter(bytes);
                        most.fetch_max(held.fetch_add(pass.bytes, Ordering::SeqCst) + pass.bytes, Ordering::SeqCst);
                        std::thread::yield_now();
                        held.fetch_sub(pass.bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 10);
        assert_eq!(*gate.held.lock().unwrap(), 0);
    }
}
