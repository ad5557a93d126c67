//! The engine: keywords first, then only what the hits ask for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::assignment::{self, Assignment, Style};
use super::checks::{Candidate, Proof};
use super::judge::{is_reference, judge};
use super::place::{ALLOW_COMMENTS, Places};
use super::published::is_published;
use super::redact::{public_prefix, redact};
use super::rule::{self, Finder, Pattern, Reader, Rule, RuleError};
use super::shape::{entropy, is_stand_in};
use super::surroundings::{self, Fences, Shown};
use super::text::{self, Decoded, Kind};
use super::windows::{self, Regions};
use super::{RULE_FILES, named, url};
use crate::artifact::Piece;
use crate::model::{Confidence, Location, SecretMatch, SecretValue};

/// Matches kept of one piece. A file made of nothing but tokens would otherwise take many times its size in memory.
pub const MAX_MATCHES: usize = 4096;

/// Variables that the runtime sets itself, or that name a place and no secret
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>). The three
/// that hold credentials are reserved too, but found in saved environments, so they are not named here.
const RESERVED: [&str; 9] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_PROFILE",
    "_HANDLER",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    "_X_AMZN_TRACE_ID",
    "TZ",
];

/// Finds secrets by a set of rules. Cheap to share between threads.
pub struct Engine {
    rules: Vec<Rule>,
    keywords: AhoCorasick,
    /// By keyword: who asked for it.
    owners: Vec<Owner>,
    max_len: usize,
}

/// What a keyword hit leads to.
struct Owner {
    /// The keyword as it must stand, where its case matters.
    exact: Option<String>,
    /// Rules, by index; empty for an allow-comment.
    rules: Vec<usize>,
}

/// A match before it has a place.
struct Found {
    rule: usize,
    secret: Range<usize>,
    confidence: Confidence,
}

/// What the keyword pass gathers.
#[derive(Default)]
struct Hits {
    regions: BTreeMap<usize, Regions>,
    comments: Vec<usize>,
    found: Vec<Found>,
    /// The last value that a reader judged, by rule and start: `secret_key` has two keywords and one value.
    judged: Option<(usize, usize)>,
}

impl Engine {
    /// The engine of the built-in rules, made once.
    pub fn builtin() -> &'static Engine {
        static BUILTIN: LazyLock<Engine> = LazyLock::new(|| {
            let files = RULE_FILES.iter().map(|(name, text)| rule::parse(name, text));
            let rules = files.collect::<Result<Vec<_>, _>>().expect("the tests read every built-in rule file");
            Engine::new(rules.into_iter().flatten().collect()).expect("the tests build the built-in automaton")
        });
        &BUILTIN
    }

    /// An engine of these rules.
    ///
    /// # Errors
    /// The keywords are too many for one automaton.
    pub fn new(rules: Vec<Rule>) -> Result<Engine, RuleError> {
        let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                owners.entry(keyword).or_default().push(index);
            }
        }
        for comment in ALLOW_COMMENTS {
            owners.entry(comment).or_default();
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(owners.keys())
            .map_err(|error| RuleError::Rule { id: "keywords".to_owned(), reason: error.to_string() })?;
        let exact = |keyword: &str| keyword.bytes().any(|b| b.is_ascii_uppercase()).then(|| keyword.to_owned());
        let owners = owners.into_iter().map(|(keyword, rules)| Owner { exact: exact(keyword), rules }).collect();
        let max_len = rules.iter().map(|rule| rule.max_len).max().unwrap_or(0);
        Ok(Engine { rules, keywords, owners, max_len })
    }

    /// The rules, in the order of their files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The longest match of any rule, in bytes of decoded text: windows of one entry must overlap by twice as much,
    /// since UTF-16 takes two bytes for one.
    pub fn max_len(&self) -> usize {
        self.max_len
    }

    /// Finds the secrets of a piece and appends them to `out` in the order of their offsets. `place` is the entry;
    /// matches get the exact place within it. Returns how many matches beyond `MAX_MATCHES` were left out.
    pub fn scan(&self, place: &Location, piece: Piece<'_>, out: &mut Vec<SecretMatch>) -> usize {
        let kind = text::kind(piece.bytes);
        let decoded = Decoded::new(piece.bytes, kind);
        let mut hits = self.hits(&decoded.bytes, kind);
        for (&index, regions) in &hits.regions {
            let rule = &self.rules[index];
            if let Finder::Pattern(pattern) | Finder::Named(pattern) = &rule.finder {
                self.search(index, pattern, &decoded.bytes, regions, &mut hits.found);
            }
        }
        let mut found = self.most_specific(&decoded.bytes, hits.found);
        let left_out = found.len().saturating_sub(MAX_MATCHES);
        let mut places = Places::new(piece, &decoded, &hits.comments);
        let mut fences = Fences::default();
        found.truncate(MAX_MATCHES);
        for mut found in found {
            // A vendor's format proves more than what stands around it.
            if self.rules[found.rule].vendor == "generic" {
                let fenced = fences.hold(&decoded.bytes, found.secret.start);
                let shown = surroundings::shown(&decoded.bytes, &found.secret);
                match if fenced { Shown::Documented } else { shown } {
                    // A guess by a name is worth nothing where a document shows how to write it.
                    Shown::Documented if found.confidence < Confidence::High => continue,
                    Shown::Documented | Shown::Plainly if found.confidence == Confidence::Low => continue,
                    Shown::No => {}
                    _ => found.confidence = Confidence::Low,
                }
            }
            let (span, allowed_inline) = places.locate(found.secret.clone());
            out.push(self.report(&found, &decoded.bytes[found.secret.clone()], place.at(span), allowed_inline));
        }
        left_out
    }

    /// Finds the secrets of an environment variable: its value as a text of its own, and the value as what its name
    /// says. Offsets count from the value's first byte.
    pub fn scan_variable(&self, place: &Location, name: &str, value: &str, out: &mut Vec<SecretMatch>) {
        let reserved = RESERVED.contains(&name) || name.starts_with("AWS_LAMBDA_") || name.starts_with("AWS_XRAY_");
        // Whatever the name says, a vendor's token is one.
        let vendors_only = reserved || is_reference(value.as_bytes()) && !value.contains("://");
        let line = format!("{name}={value}");
        let mut found = self.hits_of_variable(line.as_bytes(), name.len());
        found.retain(|f| f.secret.start > name.len() && !(vendors_only && self.rules[f.rule].is_generic()));
        let found = self.most_specific(line.as_bytes(), found);
        let shift = name.len() + 1;
        let piece = Piece::whole(value.as_bytes());
        let value_only = Decoded::new(value.as_bytes(), Kind::Text);
        let mut places = Places::new(piece, &value_only, &[]);
        for found in found {
            let (span, _) = places.locate(found.secret.start - shift..found.secret.end - shift);
            out.push(self.report(&found, &line.as_bytes()[found.secret.clone()], place.at(span), false));
        }
    }

    fn hits_of_variable(&self, line: &[u8], name_len: usize) -> Vec<Found> {
        let mut hits = self.hits(line, Kind::Text);
        for (&index, regions) in &hits.regions {
            if let Finder::Pattern(pattern) | Finder::Named(pattern) = &self.rules[index].finder {
                self.search(index, pattern, line, regions, &mut hits.found);
            }
        }
        // What the name's own keywords say of the whole value wins over what a line of configuration would say.
        let whole = name_len + 1..line.len();
        hits.found.retain(|found| !(self.rules[found.rule].is_generic() && found.secret == whole));
        for hit in self.keywords.find_overlapping_iter(&line[..name_len]) {
            for &index in &self.owners[hit.pattern().as_usize()].rules {
                if let Finder::Reader(reader @ (Reader::Password | Reader::Token)) = self.rules[index].finder
                    && assignment::read(line, hit.range()).is_some_and(|read| read.value.start == whole.start)
                    && let Some(confidence) = judge(&line[whole.clone()], reader, Style::Variable)
                {
                    hits.found.push(Found { rule: index, secret: whole.clone(), confidence });
                }
            }
        }
        hits.found
    }

    /// The one pass over all bytes. Readers answer at once, patterns are given regions to look at.
    fn hits(&self, text: &[u8], kind: Kind) -> Hits {
        let mut hits = Hits::default();
        for hit in self.keywords.find_overlapping_iter(text) {
            let owner = &self.owners[hit.pattern().as_usize()];
            if owner.exact.as_ref().is_some_and(|keyword| &text[hit.range()] != keyword.as_bytes()) {
                continue;
            }
            if owner.rules.is_empty() {
                hits.comments.push(hit.start());
            }
            for &index in &owner.rules {
                let rule = &self.rules[index];
                match rule.finder {
                    Finder::Pattern(_) | Finder::Named(_) => {
                        hits.regions.entry(index).or_default().add(hit.range(), rule.max_len, text.len());
                    }
                    Finder::Reader(_) if kind == Kind::Binary => {}
                    Finder::Reader(reader) => read(index, reader, text, hit.range(), &mut hits),
                }
            }
        }
        hits
    }

    fn search(&self, index: usize, pattern: &Pattern, text: &[u8], regions: &Regions, out: &mut Vec<Found>) {
        let rule = &self.rules[index];
        let Some(regex) = pattern.regex() else { return };
        for region in regions.iter() {
            windows::search(regex, text, region, rule.max_len, |whole, secret| {
                let meant = !matches!(rule.finder, Finder::Named(_))
                    || named::is_named(text, &secret, &rule.keywords, rule.max_len);
                if meant && let Some(confidence) = confidence(rule, text, &whole, &secret) {
                    out.push(Found { rule: index, secret, confidence });
                }
            });
        }
    }

    /// Of overlapping matches the most specific one: a vendor's over a generic one, then the one whose format shows in
    /// the value itself (a token with a prefix says more than the setting it stands in), then the surer, then the
    /// longer.
    fn most_specific(&self, text: &[u8], mut found: Vec<Found>) -> Vec<Found> {
        let rank = |f: &Found| {
            let rule = &self.rules[f.rule];
            let shows = !public_prefix(rule, &text[f.secret.clone()]).is_empty();
            (!rule.is_generic(), shows, f.confidence, f.secret.len(), usize::MAX - f.rule)
        };
        found.sort_by_key(|f| (f.secret.start, f.secret.end, f.rule));
        let mut kept: Vec<Found> = Vec::with_capacity(found.len());
        for next in found {
            match kept.last_mut() {
                Some(last) if next.secret.start < last.secret.end => {
                    if rank(&next) > rank(last) {
                        *last = next;
                    }
                }
                _ => kept.push(next),
            }
        }
        kept
    }

    fn report(&self, found: &Found, secret: &[u8], location: Location, allowed_inline: bool) -> SecretMatch {
        let rule = &self.rules[found.rule];
        SecretMatch {
            rule: rule.id.clone(),
            generic: rule.is_generic(),
            title: rule.title.clone(),
            severity: rule.severity,
            confidence: found.confidence,
            redacted: redact(rule, secret),
            location,
            value: SecretValue::new(secret),
            remediation: rule.revoke.clone(),
            allowed_inline,
        }
    }
}

/// What a pattern's match is worth, `None` for nothing.
fn confidence(rule: &Rule, text: &[u8], whole: &Range<usize>, secret: &Range<usize>) -> Option<Confidence> {
    let value = &text[secret.clone()];
    // A key block holds long runs by nature (`AAAA` in OpenSSH's); its check looks at the body.
    let block = value.len() > 512;
    if entropy(value) < rule.entropy || !block && is_stand_in(value) || is_published(value) {
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
fn read(rule: usize, reader: Reader, text: &[u8], hit: Range<usize>, hits: &mut Hits) {
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
            let Some(Assignment { value, style }) = assignment::read(text, hit) else { return };
            if hits.judged == Some((rule, value.start)) {
                return;
            }
            hits.judged = Some((rule, value.start));
            let confidence = judge(&text[value.clone()], reader, style);
            (value, confidence)
        }
    };
    if let Some(confidence) = confidence {
        hits.found.push(Found { rule, secret: value, confidence });
    }
}
