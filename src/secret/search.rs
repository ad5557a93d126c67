//! What the rules find in one text: the pass over its bytes, and what each hit leads to.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use super::assignment::Style;
use super::assignment::{self, Assignment};
use super::checks::{Candidate, Proof};
use super::decode::Marks;
use super::engine::Engine;
use super::judge::{judge, judge_uuid};
use super::published::is_published;
use super::rule::{Finder, Group, Pattern, Reader, Rule};
use super::shape::{entropy, is_identifier, is_stand_in};
use super::surroundings::is_cut_out;
use super::text::Kind;
use super::windows::{self, Regions};
use super::{constants, named, url};
use crate::model::{AllowedBy, Confidence, Location, SecretValue};

/// A match before it has a place.
pub(super) struct Found {
    pub(super) rule: usize,
    /// All of the match; what stands around the secret.
    pub(super) whole: Range<usize>,
    pub(super) secret: Range<usize>,
    pub(super) confidence: Confidence,
    /// The value, where it was found in a transcript or a decoded text and the bytes at its place do not show it.
    pub(super) shown: Option<SecretValue>,
    /// The allow-list that covers it, asked in the text that it was found in.
    pub(super) allowed: Option<AllowedBy>,
}

impl Found {
    /// A match in the text itself.
    pub(super) fn new(rule: usize, whole: Range<usize>, secret: Range<usize>, confidence: Confidence) -> Found {
        Found { rule, whole, secret, confidence, shown: None, allowed: None }
    }

    pub(super) fn value<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        self.shown.as_ref().map_or(&text[self.secret.clone()], SecretValue::expose)
    }
}

/// What the keyword pass gathers.
#[derive(Default)]
pub(super) struct Hits {
    regions: BTreeMap<usize, Regions>,
    pub(super) comments: Vec<usize>,
    pub(super) marks: Marks,
    pub(super) found: Vec<Found>,
    /// Whether any rule's keyword was hit.
    pub(super) any: bool,
    /// The last value that a reader judged, by rule and start: `secret_key` has two keywords and one value.
    judged: Option<(usize, usize)>,
}

impl Engine {
    /// The one pass over all bytes. Readers answer at once, patterns look at regions after it.
    pub(super) fn hits(&self, place: &Location, text: &[u8], kind: Kind) -> Hits {
        let mut hits = Hits::default();
        self.keywords.find(text, |number, hit| {
            let owner = &self.owners[number];
            if owner.exact.as_ref().is_some_and(|keyword| text[hit.clone()] != *keyword.as_bytes()) {
                return;
            }
            if owner.allows {
                hits.comments.push(hit.start);
            }
            hits.any |= !owner.rules.is_empty();
            if let Some(mark) = owner.mark {
                hits.marks.add(mark, hit.clone(), text);
            }
            for &index in &owner.rules {
                let rule = &self.rules[index];
                if kind == Kind::Program {
                    constants::read_program(index, rule, text, &hit, &mut hits);
                }
                if let Some(meter) = &self.meter {
                    meter.hit(index);
                }
                match rule.finder {
                    Finder::Pattern(_) | Finder::Named(_) if rule.is_wide() => {
                        hits.regions.entry(index).or_insert_with(|| Regions::whole(text.len()));
                    }
                    Finder::Pattern(_) | Finder::Named(_) => {
                        hits.regions.entry(index).or_default().add(hit.clone(), rule.max_len, text.len());
                    }
                    Finder::Reader(_) if matches!(kind, Kind::Binary | Kind::Program) => {}
                    Finder::Reader(reader) => {
                        let (begun, before) = (self.meter.is_some().then(Instant::now), hits.found.len());
                        read(index, reader, text, hit.clone(), &mut hits);
                        if let (Some(meter), Some(begun)) = (&self.meter, begun) {
                            meter.work(index, 0, hits.found.len() - before, begun);
                        }
                    }
                }
            }
        });
        for &index in &self.always {
            hits.regions.insert(index, Regions::whole(text.len()));
        }
        self.search_all(place, text, &mut hits);
        hits
    }

    /// Has every pattern search its regions.
    fn search_all(&self, place: &Location, text: &[u8], hits: &mut Hits) {
        for (&index, regions) in &hits.regions {
            let rule = &self.rules[index];
            let (Finder::Pattern(pattern) | Finder::Named(pattern)) = &rule.finder else { continue };
            if !self.is_in_scope(rule, place) || rule.custom.as_ref().is_some_and(|custom| custom.file_alone) {
                continue;
            }
            let (begun, before) = (self.meter.is_some().then(Instant::now), hits.found.len());
            let covered = self.search(index, pattern, text, regions, &mut hits.found);
            if let (Some(meter), Some(begun)) = (&self.meter, begun) {
                meter.work(index, covered, hits.found.len() - before, begun);
            }
        }
    }

    /// Returns how many bytes it covered.
    fn search(&self, index: usize, pattern: &Pattern, text: &[u8], regions: &Regions, out: &mut Vec<Found>) -> usize {
        let rule = &self.rules[index];
        let mut regions = regions.iter().filter(|region| pattern.may_match(&text[region.clone()])).peekable();
        let Some(regex) = regions.peek().and_then(|_| pattern.regex()) else { return 0 };
        let group = rule.custom.as_ref().map_or(Group::Named, |custom| custom.group);
        let search = |region| {
            windows::search(regex, group, text, region, rule.max_len, |whole, secret| {
                let meant = !matches!(rule.finder, Finder::Named(_))
                    || named::is_named(text, &secret, &rule.keywords, rule.max_len);
                if meant && let Some(confidence) = confidence(rule, text, &whole, &secret) {
                    out.push(Found::new(index, whole, secret, confidence));
                }
            })
        };
        regions.map(search).sum()
    }
}

/// What a pattern's match is worth, `None` for nothing.
pub(super) fn confidence(rule: &Rule, text: &[u8], whole: &Range<usize>, secret: &Range<usize>) -> Option<Confidence> {
    let value = &text[secret.clone()];
    // A long value holds runs by nature (`AAAA` in OpenSSH's keys, `////` in AWS session tokens).
    let block = value.len() > 200;
    // A rule of elsewhere finds what it finds there: its own allow-lists say what is a placeholder.
    let stand_in = || rule.custom.is_none() && !block && is_stand_in(value);
    if entropy(value) < rule.entropy || stand_in() || is_published(value) {
        return None;
    }
    let named = matches!(rule.finder, Finder::Named(_));
    if rule.custom.is_none() && (is_cut_out(text, whole) || named && is_identifier(value)) {
        return None;
    }
    let proof = rule.check.map_or(Proof::Plausible, |check| check(Candidate { text, whole, secret }));
    match proof {
        Proof::Proven => Some(Confidence::High),
        Proof::Plausible => Some(rule.confidence),
        Proof::Doubtful => Some(Confidence::Low),
        Proof::Broken => None,
    }
}

/// Runs a hand-written reader at a hit.
pub(super) fn read(rule: usize, reader: Reader, text: &[u8], hit: Range<usize>, hits: &mut Hits) {
    let (value, confidence) = match reader {
        Reader::Url => {
            let Some(parts) = url::read(text, hit.end) else { return };
            let password = &text[parts.password.clone()];
            if !url::is_real(&text[parts.user], password, &text[parts.host]) {
                return;
            }
            (parts.password.clone(), judge(password, reader, Style::Quoted))
        }
        Reader::Password | Reader::Token => {
            let Some(Assignment { value, style }) = assignment::read(text, hit.clone()) else { return };
            if hits.judged == Some((rule, value.start)) {
                return;
            }
            hits.judged = Some((rule, value.start));
            let judged = judge(&text[value.clone()], reader, style);
            let called = || assignment::name(text, hit).and_then(|name| judge_uuid(&text[value.clone()], &text[name]));
            let confidence = judged.or_else(called);
            (value, confidence)
        }
    };
    if let Some(confidence) = confidence {
        hits.found.push(Found::new(rule, value.clone(), value, confidence));
    }
}
