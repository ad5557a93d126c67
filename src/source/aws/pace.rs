//! No faster than AWS allows.
//!
//! Lambda's control plane takes, in each region of an account, 100 `GetFunction` a second, 15 `GetPolicy`, and 15 of all
//! other calls together (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Whoever exceeds it
//! slows down everybody in that account, deployments too, so that answers of "too many requests" are no way to find the
//! right speed.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// The paces of one region of one account.
pub(super) struct Paces {
    /// `GetFunction`.
    pub function: Pace,
    /// `GetPolicy`.
    pub policy: Pace,
    /// Every other call.
    pub other: Pace,
}

impl Default for Paces {
    /// A little below the limits: what leaves evenly does not arrive so.
    fn default() -> Paces {
        Paces { function: Pace::per_second(90), policy: Pace::per_second(13), other: Pace::per_second(13) }
    }
}

/// Gives turns, evenly.
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn per_second(calls: u32) -> Pace {
        Pace { interval: Duration::from_secs(1) / calls, next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn. Time in which nobody asked is not made up for, and neither is that of a machine that was busy:
    /// the lock is held while waiting, so that the next turn counts from when this one really came.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_evenly_and_pauses_are_not_made_up_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let pace = Pace::per_second(100);
            tokio::time::sleep(Duration::from_millis(100)).await;
            let start = Instant::now();
            for _ in 0..11 {
                pace.turn().await;
            }
            assert!(start.elapsed() >= Duration::from_millis(100));
        });
    }
}
