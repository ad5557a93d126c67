//! Runs the same network request for several items at once. Not for computing: that is `audit`'s alone.

use std::sync::{Mutex, PoisonError};
use std::thread;

use super::error::AdvisoryError;

/// Gives every item to `work`, on at most `workers` threads, and returns the results in the items' order. The first
/// error ends the run: what is under way ends, the rest is not begun.
pub(super) fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    workers: usize,
    work: impl Fn(T) -> Result<R, AdvisoryError> + Sync,
) -> Result<Vec<R>, AdvisoryError> {
    let count = items.len();
    let waiting = Mutex::new(items.into_iter().enumerate());
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(count));
    let failure: Mutex<Option<AdvisoryError>> = Mutex::new(None);
    // A lock is held for a moment only and never across `work`, so none is poisoned.
    let take = || waiting.lock().ok()?.next();
    let failed = || failure.lock().is_ok_and(|failure| failure.is_some());
    thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            scope.spawn(|| {
                while let Some((index, item)) = take().filter(|_| !failed()) {
                    match (work(item), done.lock(), failure.lock()) {
                        (Ok(result), Ok(mut done), _) => done.push((index, result)),
                        (Err(error), _, Ok(mut failure)) => *failure = failure.take().or(Some(error)),
                        _ => {}
                    }
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_keep_their_order_and_the_first_error_ends_it() {
        let squares = in_parallel((0..100).collect(), 8, |n: u32| Ok(n * n));
        assert_eq!(squares.unwrap(), (0..100).map(|n| n * n).collect::<Vec<_>>());
        let begun = AtomicUsize::new(0);
        let failed = in_parallel((0..1000).collect(), 4, |n: u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(1));
            if n == 3 { Err(AdvisoryError::mirror(n, "no")) } else { Ok(n) }
        });
        assert_eq!(failed.unwrap_err().to_string(), "3: no");
        assert!(begun.load(Ordering::SeqCst) < 500);
        assert!(in_parallel(Vec::<u8>::new(), 4, Ok).unwrap().is_empty());
    }
}
