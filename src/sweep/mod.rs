//! Floor 4: many functions, night after night.
//!
//! A sweep asks a [`Source`](crate::source::Source) what is deployed, fetches only what the [`State`] does not know, and
//! lays each function together from what it knows then ([`survey()`]). It holds all of them against the advisories,
//! those that did not change as well, and compares what it finds with an earlier sweep ([`judge()`]).
//!
//! - Each archive is fetched once, whoever uses it. It goes from the source to memory and is gone when it was read.
//! - What is new counts as told only when the reports are written and the notices sent ([`Ending`]).
//! - A function is in the state as soon as it is done: a sweep that was cut off goes on from there.
//! - What could not be had is a blocking gap of its function. If it is the code, the function is judged by the scan from
//!   before; in no case does anything count as fixed there.
//! - Where a place could not be listed, its functions are neither seen nor gone: the place is a target that nothing was
//!   seen of.
//!
//! It cannot know what ran between two sweeps.

mod compare;
mod function;
mod gate;
mod judge;
mod print;
mod shelf;
pub mod state;
mod survey;
mod workers;

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use globset::GlobSet;

use crate::artifact::Limits;
use crate::audit::{Options, Progress};
use crate::model::{AllowedBy, SecretMatch, fingerprint};
use crate::secret::Engine;
use crate::source::SourceError;
pub use judge::{Ending, Judging, judge};
pub use print::print;
pub use state::State;
use state::{Stamp, StateError};
pub use survey::{Survey, Surveyed, recall, survey};

/// Bytes of an archive that is fetched at all: what the largest function may have unpacked
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_ARCHIVE: u64 = 250 << 20;

/// How functions are read.
pub struct Reading<'a> {
    /// Bounds of one archive.
    pub limits: Limits,
    /// Rules for secrets.
    pub engine: &'a Engine,
    /// Package names that count as first-party, as globs.
    pub own: Vec<String>,
    /// The same, compiled.
    pub own_set: GlobSet,
    /// Who answers for a secret, if somebody does; in the place of values stand the state's seals.
    pub allow: &'a (dyn Fn(&SecretMatch) -> Option<AllowedBy> + Sync),
    /// What `allow` says, in words: another text makes every function be laid together again.
    pub allowed: Vec<String>,
    /// Where archives are read.
    pub pool: &'a rayon::ThreadPool,
    /// Archives that are fetched at once.
    pub parallel: usize,
    /// Days after which a function's details are asked anew although it did not change.
    pub details_every: u32,
    /// When the sweep began.
    pub now: DateTime<Utc>,
    /// How far reading has come.
    pub counters: Progress,
}

impl Reading<'_> {
    fn audit(&self) -> Options<'_> {
        Options {
            limits: self.limits.clone(),
            engine: self.engine,
            own: self.own_set.clone(),
            allow: self.allow,
            verifier: None,
            progress: &self.counters,
        }
    }

    /// What reads: see [`Stamp`].
    fn stamp(&self) -> Stamp {
        // How long reading may take decides nothing that is worth reading again.
        let limits = Limits { time: Limits::default().time, ..self.limits.clone() };
        Stamp {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            rules: self.engine.digest(),
            limits: fingerprint(&[&format!("{limits:?}")]),
        }
    }

    /// What of the policy decides how contents are laid together.
    fn policy_digest(&self) -> String {
        let lists = [&self.own, &self.allowed];
        let digests = lists.map(|list| fingerprint(&list.iter().map(String::as_str).collect::<Vec<_>>()));
        fingerprint(&digests.each_ref().map(String::as_str))
    }
}

/// How far a sweep has come. The library counts, the command line draws.
#[derive(Debug, Default)]
pub struct SweepProgress {
    /// Functions that the source listed.
    pub functions: AtomicU64,
    /// Functions that are done.
    pub done: AtomicU64,
    /// Bytes that were fetched.
    pub bytes: AtomicU64,
}

/// Why there is no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Nothing could be listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What is known cannot be read, or what was found cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The state holds no sweep that could be shown again.
    #[error("the state holds no sweep that came to its end")]
    NoSweep,
    /// What is known was read by another version of the program.
    #[error("tidewaiter {0} read what the state holds; sweep once with this version")]
    Outdated(String),
}

/// RFC 3339 in seconds, as all outputs write moments.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
