//! How long a mirror is waited for, and how often it is asked again.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// The bounds of every request.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For a connection, and for TLS on it.
    pub connect: Duration,
    /// For the answer's head, and then for each next byte of its body.
    pub idle: Duration,
    /// In each such time at least [`Patience::least`] bytes of a body must come: a server that drips would otherwise
    /// hold a sync for days, and never be idle.
    pub window: Duration,
    /// Bytes a window.
    pub least: u64,
    /// Attempts in all that bring nothing.
    pub attempts: u32,
    /// Before the second attempt; doubled each time.
    pub pause: Duration,
    /// The longest pause, also where the server asks for one.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            window: Duration::from_secs(60),
            least: 64 << 10,
            attempts: 5,
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(120),
        }
    }
}

impl Patience {
    /// The pause before attempt `next` (the second is 2): exponential, and between half and all of that by chance, so
    /// that many clients that failed at one moment do not come back at one moment.
    pub fn pause_before(&self, next: u32) -> Duration {
        let doubled = self.pause.saturating_mul(1u32.checked_shl(next.saturating_sub(2)).unwrap_or(u32::MAX));
        let whole = doubled.min(self.longest);
        // The standard library seeds its hasher by chance; that is all the chance that is needed here.
        let chance = RandomState::new().hash_one(next) as f64 / u64::MAX as f64;
        whole.mul_f64(0.5 + chance / 2.0)
    }
}

/// `Retry-After`: seconds or a date (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>).
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

/// Watches that a body keeps coming.
pub(super) struct Pace<'a> {
    patience: &'a Patience,
    since: Instant,
    bytes: u64,
}

impl Pace<'_> {
    pub(super) fn new(patience: &Patience) -> Pace<'_> {
        Pace { patience, since: Instant::now(), bytes: 0 }
    }

    /// Counts what came; false where it is too little.
    pub(super) fn keeps(&mut self, bytes: usize) -> bool {
        self.bytes += bytes as u64;
        if self.since.elapsed() < self.patience.window {
            return true;
        }
        let enough = self.bytes >= self.patience.least;
        (self.since, self.bytes) = (Instant::now(), 0);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_differ() {
        let patience = Patience::default();
        for (next, whole) in [(2, 0.5), (3, 1.0), (4, 2.0), (5, 4.0), (40, 120.0), (u32::MAX, 120.0)] {
            let pause = patience.pause_before(next).as_secs_f64();
            assert!((whole / 2.0..=whole).contains(&pause), "{next}: {pause}");
        }
        let pauses: std::collections::BTreeSet<Duration> = (0..20).map(|_| patience.pause_before(5)).collect();
        assert!(pauses.len() > 1);
    }

    #[test]
    fn a_server_may_name_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap().to_utc();
        let seconds = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 7 "), Some(7));
        assert_eq!(seconds("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(seconds("Wed, 31 Dec 2025 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("soon"), None);
    }
}
