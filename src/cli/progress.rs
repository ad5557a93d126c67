//! A line that moves while long work runs: on a terminal only, never in CI, gone when the work is done.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::audit::Progress;
use crate::sweep::SweepProgress;

/// Whether a moving line would be seen, and by a person.
pub(super) fn wanted(quiet: bool) -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !quiet && !dumb && std::env::var_os("CI").is_none() && std::io::stderr().is_terminal()
}

/// A line with a message that the caller changes.
pub(super) fn spinner(quiet: bool) -> ProgressBar {
    if !wanted(quiet) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Runs `work` while a line shows how far `progress` has come.
pub(super) fn during<T>(name: &str, quiet: bool, progress: &Progress, work: impl FnOnce() -> T) -> T {
    let message = || {
        let [seen, read, bytes] = [&progress.seen, &progress.done, &progress.bytes].map(now);
        format!("{name}: {read} of {seen} entries, {}", HumanBytes(bytes))
    };
    while_telling(quiet, message, work)
}

/// Runs `work` while a line shows how far a sweep has come.
pub(super) fn during_sweep<T>(quiet: bool, progress: &SweepProgress, work: impl FnOnce() -> T) -> T {
    let message = || {
        let [functions, done, bytes] = [&progress.functions, &progress.done, &progress.bytes].map(now);
        match functions {
            0 => "listing functions".to_owned(),
            _ => format!("{done} of {functions} functions, {} fetched", HumanBytes(bytes)),
        }
    };
    while_telling(quiet, message, work)
}

fn now(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn while_telling<T>(quiet: bool, message: impl Fn() -> String + Sync, work: impl FnOnce() -> T) -> T {
    if !wanted(quiet) {
        return work();
    }
    let bar = spinner(quiet);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                bar.set_message(message());
                thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        // Set also when `work` panics: the scope would wait for the thread for ever.
        let _end = SetOnDrop(&done);
        work()
    })
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
