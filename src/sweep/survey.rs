//! List, compare, fetch, read: brings the state up to what the source has.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::function::{Desk, Done};
use super::shelf::{Fetched, Shelf};
use super::state::State;
use super::workers::on_threads;
use super::{Reading, SweepError, SweepProgress, moment};
use crate::source::{Listing, Source, Unseen};

/// What there is, all of it in the state.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// RFC 3339: when the sweep began.
    pub at: String,
    /// Where the functions came from, for people.
    pub source: String,
    /// The source and every filter, in words. Only within one scope is a function gone that is not listed.
    pub scope: String,
    /// Sorted by id.
    pub functions: Vec<Surveyed>,
    /// Places that could not be listed.
    pub unseen: Vec<Unseen>,
    /// Archives that were fetched.
    pub downloaded: u64,
    /// Their bytes.
    pub downloaded_bytes: u64,
    /// Functions of which nothing had to be fetched.
    pub reused: u64,
    /// Functions of which something could not be had.
    pub failed: u64,
    /// Why stored contents were read again.
    pub rescanned: Option<String>,
    /// The sweep that this one tells again; `None` for one that asked its source.
    pub again: Option<u64>,
}

/// A function as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// Its id.
    pub id: String,
    /// See [`super::print()`].
    pub print: String,
}

/// Brings the state up to what the source has. `filters` are those of the source, in words.
///
/// # Errors
/// [`SweepError::Source`] where nothing could be listed; [`SweepError::State`].
pub fn survey(
    state: &State,
    source: &dyn Source,
    filters: &[String],
    reading: &Reading<'_>,
    progress: &SweepProgress,
) -> Result<Survey, SweepError> {
    let Listing { mut functions, unseen } = source.list()?;
    functions.sort_by(|a, b| a.id.cmp(&b.id));
    functions.dedup_by(|a, b| a.id == b.id);
    progress.functions.store(functions.len() as u64, Ordering::Relaxed);
    let stamp = reading.stamp();
    let shelf = Shelf::new(source, state, reading, &stamp, progress);
    let desk = Desk::new(source, state, reading, &stamp, &shelf);
    let done = on_threads(reading.parallel, &functions, |function| {
        let done = desk.function(function)?;
        progress.done.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    })?;
    let Fetched { archives, bytes, outdated } = shelf.end();
    state.flush()?;
    let count = |wanted: fn(&Done) -> bool| done.iter().filter(|one| wanted(one)).count() as u64;
    Ok(Survey {
        at: moment(reading.now),
        scope: [&[source.name()], filters].concat().join(", "),
        source: source.name(),
        unseen,
        downloaded: archives,
        downloaded_bytes: bytes,
        reused: count(|done| !done.fetched && !done.failed),
        failed: count(|done| done.failed),
        rescanned: (!outdated.is_empty()).then(|| Vec::from_iter(outdated).join("; ")),
        again: None,
        functions: functions
            .into_iter()
            .zip(done)
            .map(|(function, done)| Surveyed { id: function.id, print: done.print })
            .collect(),
    })
}

/// What the last sweep found, without asking anybody.
///
/// # Errors
/// [`SweepError::NoSweep`], [`SweepError::State`].
pub fn recall(state: &State) -> Result<Survey, SweepError> {
    let (number, last) = state.sweeps()?.pop_last().ok_or(SweepError::NoSweep)?;
    let mut history: BTreeMap<_, _> = state.history(number)?;
    let (mut functions, mut failed) = (Vec::new(), 0);
    for id in state.listed(&last.scope)? {
        failed += u64::from(state.head(&id)?.is_some_and(|head| !head.trouble.is_empty()));
        let print = history.remove(&id).map(|dated| dated.print).unwrap_or_default();
        functions.push(Surveyed { id, print });
    }
    Ok(Survey {
        at: last.at,
        source: last.source,
        scope: last.scope,
        unseen: last.unseen.into_iter().map(|(prefix, detail)| Unseen { prefix, detail }).collect(),
        reused: functions.len() as u64 - failed,
        failed,
        functions,
        again: Some(number),
        ..Survey::default()
    })
}
