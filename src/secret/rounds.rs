//! The rules over a text and over what it holds once it is decoded, and which of their matches count.

use std::cmp::Reverse;

use super::decode::{self, Work};
use super::engine::Engine;
use super::named;
use super::redact::public_prefix;
use super::rule::Finder;
use super::search::{Found, Hits};
use super::surroundings;
use super::text::Kind;
use crate::model::{Location, SecretValue};

impl Engine {
    /// The matches of a text, those of its decoded stretches placed where these are encoded, in the order of their
    /// places. Of two at one place the more specific stays.
    pub(super) fn rounds(&self, place: &Location, text: &[u8], kind: Kind, hits: Hits, work: &mut Work) -> Vec<Found> {
        let own = self.most_specific(place, text, hits.found);
        let mut layers = Vec::new();
        decode::each(text, kind, hits.marks, work, &mut |layer, work| {
            let hits = match layer.name_len {
                Some(name_len) => self.hits_of_variable(place, &layer.text, name_len),
                None => self.hits(place, &layer.text, kind),
            };
            let mut found = self.rounds(place, &layer.text, kind, hits, work);
            found.retain_mut(|found| {
                let Some(stored) = layer.place(&found.secret) else { return false };
                if self.rules[found.rule].vendor == "generic" {
                    let shown = surroundings::shown(&layer.text, &found.secret);
                    let Some(confidence) = surroundings::weigh(shown, found.confidence) else { return false };
                    found.confidence = confidence;
                }
                found.shown.get_or_insert_with(|| SecretValue::new(&layer.text[found.secret.clone()]));
                found.whole = stored.clone();
                found.secret = stored;
                true
            });
            if !found.is_empty() {
                layers.push(found);
            }
        });
        if layers.is_empty() { own } else { self.merge(text, own, layers) }
    }

    /// How specific a match is: a vendor's over a generic one, then the one whose format shows in the value itself (a
    /// token with a prefix says more than the setting it stands in), then the decoded or transcribed, which knows where a
    /// string ends, a vendor's own way of writing it, the one whose vendor the setting names more plainly, the surer, the longer. The order of the
    /// rules says nothing. What an allow-list covers hides nothing that none covers.
    fn rank<'a>(&'a self, found: &Found, text: &[u8]) -> impl Ord + use<'a> {
        let rule = &self.rules[found.rule];
        let shows = !public_prefix(rule, found.value(text)).is_empty();
        let read = found.shown.is_some();
        let format = matches!(rule.finder, Finder::Pattern(_)) && rule.vendor != "generic";
        (
            found.allowed.is_none(),
            !rule.is_generic(),
            shows,
            read,
            format,
            named::claim(text, &found.secret, &rule.vendor, &rule.keywords),
            found.confidence,
            found.secret.len(),
            Reverse(rule.id.as_str()),
        )
    }

    /// Of overlapping matches the most specific one.
    fn most_specific(&self, place: &Location, text: &[u8], mut found: Vec<Found>) -> Vec<Found> {
        for one in &mut found {
            // A list is asked in the text that the match was found in; that of a transcript has answered already.
            if one.shown.is_none() {
                one.allowed = self.allowed_by(one, text, place).cloned();
            }
        }
        found.sort_by_key(|f| (f.secret.start, f.secret.end, f.rule));
        let mut kept: Vec<Found> = Vec::with_capacity(found.len());
        for next in found {
            match kept.last_mut() {
                Some(last) if next.secret.start < last.secret.end => {
                    if self.rank(&next, text) > self.rank(last, text) {
                        *last = next;
                    }
                }
                _ => kept.push(next),
            }
        }
        kept
    }

    /// Joins the matches of a text with those of the texts decoded from it. Those of one decoded text may share a place,
    /// where it has no places of its own; those of two are the same secret, read in two ways.
    fn merge(&self, text: &[u8], own: Vec<Found>, layers: Vec<Vec<Found>>) -> Vec<Found> {
        let all = std::iter::once(own).chain(layers).enumerate();
        let mut all: Vec<(usize, Found)> =
            all.flat_map(|(layer, found)| found.into_iter().map(move |f| (layer, f))).collect();
        all.sort_by_key(|(layer, f)| (f.secret.start, f.secret.end, *layer));
        let mut kept: Vec<(usize, Found)> = Vec::with_capacity(all.len());
        for (layer, next) in all {
            let mut wins = true;
            while let Some((other, last)) = kept.last()
                && next.secret.start < last.secret.end
                && *other != layer
            {
                wins = self.rank(&next, text) > self.rank(last, text);
                if !wins {
                    break;
                }
                kept.pop();
            }
            if wins {
                kept.push((layer, next));
            }
        }
        kept.into_iter().map(|(_, found)| found).collect()
    }
}
