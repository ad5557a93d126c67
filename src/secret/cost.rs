//! What each rule costs: counted while the engine works, for whoever asks it to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one rule has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often a keyword of the rule was hit.
    pub hits: u64,
    /// Bytes that the rule's windows covered; 0 for a rule that is read by hand.
    pub covered: u64,
    /// Matches, before rules that say more took their place.
    pub found: u64,
    /// Time in the rule's pattern, checks and readers, over all threads.
    pub time: Duration,
}

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    covered: AtomicU64,
    found: AtomicU64,
    nanoseconds: AtomicU64,
}

/// Counters by rule.
#[derive(Debug)]
pub struct Meter(Vec<Counters>);

impl Meter {
    /// For so many rules.
    pub fn new(rules: usize) -> Meter {
        Meter((0..rules).map(|_| Counters::default()).collect())
    }

    /// A keyword of the rule was hit.
    pub fn hit(&self, rule: usize) {
        self.0[rule].hits.fetch_add(1, Ordering::Relaxed);
    }

    /// The rule looked closer, since `begun`.
    pub fn work(&self, rule: usize, covered: usize, found: usize, begun: Instant) {
        let counters = &self.0[rule];
        counters.covered.fetch_add(covered as u64, Ordering::Relaxed);
        counters.found.fetch_add(found as u64, Ordering::Relaxed);
        let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counters.nanoseconds.fetch_add(spent, Ordering::Relaxed);
    }

    /// What was counted, by rule.
    pub fn costs(&self) -> Vec<Cost> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let cost = |counters: &Counters| Cost {
            hits: read(&counters.hits),
            covered: read(&counters.covered),
            found: read(&counters.found),
            time: Duration::from_nanos(read(&counters.nanoseconds)),
        };
        self.0.iter().map(cost).collect()
    }
}
