//! A clock for tests that bound how time grows with hostile input.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Time that this thread spent on a processor: unlike the clock on the wall it does not count what other programs of a
/// busy machine took. Linux tells it in nanoseconds; elsewhere the wall has to do.
pub fn spent() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next().and_then(|first| first.parse().ok()));
    nanos.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}
