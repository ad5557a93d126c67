//! `tidewaiter db sync --epss --kev`: what is asked for, and what comes of it.

use std::io::Write;

use anyhow::{Context, Result};
use indicatif::HumanCount;

use super::super::args::SyncArgs;
use super::output;
use crate::advisory::{self, AdvisoryError, FeedSource, FeedSync, Http, Place, Store};
use crate::model::Feed;
use crate::report::escape;

/// Instead of a place: the cache is to forget the feed.
const NONE: &str = "none";

/// What the arguments say of a feed.
pub(super) enum Wish {
    /// Nothing: what the cache holds is renewed from where it came.
    Unsaid,
    /// It comes from here.
    From(Place),
    /// It goes.
    Nowhere,
}

/// What the arguments say of each feed. Nothing is asked yet, so that a wrong word is told before the cache is touched.
pub(super) fn wishes(args: &SyncArgs) -> Result<Vec<(Feed, Wish)>> {
    let wish = |flag: &'static str, value: &Option<String>| -> Result<Wish> {
        Ok(match value.as_deref() {
            None => Wish::Unsaid,
            Some(NONE) => Wish::Nowhere,
            Some(text) => Wish::From(match Place::parse(text).context(flag)? {
                // The next sync may run in another folder.
                Place::Local(path) => Place::Local(path.canonicalize().with_context(|| format!("{flag} {text}"))?),
                remote => remote,
            }),
        })
    };
    Ok(vec![(Feed::Epss, wish("--epss", &args.epss)?), (Feed::Kev, wish("--kev", &args.kev)?)])
}

/// What came of the feeds.
pub(super) struct Outcome {
    /// In the order of the feeds.
    lines: Vec<String>,
    /// Of those that were asked for.
    pub failed: Vec<AdvisoryError>,
}

impl Outcome {
    pub(super) fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// Fetches each feed into the store. One that fails stays as it was; one that was not asked for is only complained of.
/// Without `network`, an address that no argument names is not asked.
pub(super) fn sync(
    store: &Store,
    wishes: Vec<(Feed, Wish)>,
    network: bool,
    http: impl Fn() -> Result<Http>,
) -> Result<Outcome> {
    let known = store.feeds()?;
    let mut outcome = Outcome { lines: Vec::new(), failed: Vec::new() };
    for (feed, wish) in wishes {
        let (place, asked) = match (wish, known.get(&feed)) {
            (Wish::From(place), _) => (place, true),
            (Wish::Unsaid, Some(cursor)) => (Place::parse(&cursor.from)?, false),
            (Wish::Unsaid, None) => continue,
            (Wish::Nowhere, _) => {
                if store.remove_feed(feed)? {
                    outcome.lines.push(format!("{:<10} removed", feed.name()));
                }
                continue;
            }
        };
        let source = match place {
            Place::Local(path) => FeedSource::File(path),
            Place::Remote(_) if !asked && !network => {
                let why = "as before: with --from a folder, no address is asked that is not named";
                outcome.lines.push(format!("{:<10} {why}", feed.name()));
                continue;
            }
            Place::Remote(url) => FeedSource::Http(url, Box::new(http()?)),
        };
        match advisory::sync_feed(store, feed, &source) {
            Ok(done) => outcome.lines.push(line(&done)),
            Err(error @ AdvisoryError::Store(_)) => return Err(error.into()),
            Err(error) if asked => outcome.failed.push(error),
            Err(error) => output::warn(&format!("{} stays as it was: {}", feed.name(), escape(&error.to_string()))),
        }
    }
    Ok(outcome)
}

fn line(done: &FeedSync) -> String {
    let records = HumanCount(done.records).to_string();
    let newest = done.newest.as_deref().unwrap_or("an unknown date");
    let unchanged = if done.changed { "" } else { ", unchanged" };
    format!("{:<10} {records:>8} CVEs, of {newest}{unchanged}", done.feed.name())
}
