//! The engine: keywords first, then only what the hits ask for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::assignment::{self, Assignment, Style};
use super::checks::{Candidate, Proof};
use super::decode::{self, Mark, Marks, Work};
use super::judge::{is_reference, judge};
use super::keywords::Keywords;
use super::place::{ALLOW_COMMENTS, Places};
use super::redact::redact;
use super::rule::{self, Finder, Pattern, Reader, Rule};
use super::shape::{entropy, is_stand_in};
use super::surroundings;
use super::text::{self, Decoded, Kind};
use super::windows::{self, Regions};
use super::{RULE_FILES, named, url};
use crate::artifact::Piece;
use crate::model::{Confidence, Location, SecretMatch, SecretValue};

/// Matches kept of one piece. A file made of nothing but tokens would otherwise take many times its size in memory.
pub const MAX_MATCHES: usize = 4096;

/// What of a piece was not looked at, or not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Matches beyond [`MAX_MATCHES`].
    pub matches: usize,
    /// Encoded stretches that are larger than what may be decoded of the piece.
    pub encoded: usize,
}

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
    pub(super) rules: Vec<Rule>,
    keywords: Keywords,
    /// By keyword: who asked for it.
    owners: Vec<Owner>,
    max_len: usize,
}

/// What a keyword hit leads to.
struct Owner {
    /// The keyword as it must stand, where its case matters.
    exact: Option<String>,
    /// Rules, by index.
    rules: Vec<usize>,
    /// What it tells the decoder.
    mark: Option<Mark>,
    /// Whether it is an allow-comment.
    allows: bool,
}

/// A match before it has a place.
pub(super) struct Found {
    pub(super) rule: usize,
    pub(super) secret: Range<usize>,
    pub(super) confidence: Confidence,
    /// The value, where it was decoded and the text does not show it.
    pub(super) decoded: Option<SecretValue>,
}

impl Found {
    pub(super) fn value<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        self.decoded.as_ref().map_or(&text[self.secret.clone()], SecretValue::expose)
    }
}

/// What the keyword pass gathers.
#[derive(Default)]
pub(super) struct Hits {
    regions: BTreeMap<usize, Regions>,
    comments: Vec<usize>,
    pub(super) marks: Marks,
    pub(super) found: Vec<Found>,
    /// The last value that a reader judged, by rule and start: `secret_key` has two keywords and one value.
    judged: Option<(usize, usize)>,
}

impl Engine {
    /// The engine of the built-in rules, made once.
    pub fn builtin() -> &'static Engine {
        static BUILTIN: LazyLock<Engine> = LazyLock::new(|| {
            let files = RULE_FILES.iter().map(|(name, text)| rule::parse(name, text));
            let rules = files.collect::<Result<Vec<_>, _>>().expect("the tests read every built-in rule file");
            Engine::new(rules.into_iter().flatten().collect())
        });
        &BUILTIN
    }

    /// An engine of these rules.
    pub fn new(rules: Vec<Rule>) -> Engine {
        let exact = |keyword: &str| keyword.bytes().any(|b| b.is_ascii_uppercase()).then(|| keyword.to_owned());
        let owner = |keyword: &str| Owner { exact: exact(keyword), rules: Vec::new(), mark: None, allows: false };
        let marks = decode::keywords();
        let mut owners: BTreeMap<&str, Owner> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                owners.entry(keyword).or_insert_with(|| owner(keyword)).rules.push(index);
            }
        }
        for comment in ALLOW_COMMENTS {
            owners.entry(comment).or_insert_with(|| owner(comment)).allows = true;
        }
        for (keyword, mark) in &marks {
            owners.entry(keyword).or_insert_with(|| owner(keyword)).mark = Some(*mark);
        }
        let keywords = Keywords::new(owners.keys().copied());
        let owners = owners.into_values().collect();
        let max_len = rules.iter().map(|rule| rule.max_len).max().unwrap_or(0);
        Engine { rules, keywords, owners, max_len }
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
    /// matches get the exact place within it.
    pub fn scan(&self, place: &Location, piece: Piece<'_>, out: &mut Vec<SecretMatch>) -> LeftOut {
        let kind = text::kind(piece.bytes);
        let decoded = Decoded::new(piece.bytes, kind);
        let mut hits = self.hits(&decoded.bytes, kind);
        let comments = std::mem::take(&mut hits.comments);
        let mut work = Work::new(decoded.bytes.len());
        let mut found = self.rounds(&decoded.bytes, kind, hits, &mut work);
        let left_out = LeftOut { matches: found.len().saturating_sub(MAX_MATCHES), encoded: work.left_out };
        let mut places = Places::new(piece, &decoded, &comments);
        found.truncate(MAX_MATCHES);
        for mut found in found {
            // A vendor's format proves more than what stands around it.
            if self.rules[found.rule].vendor == "generic" && surroundings::demonstrate(&decoded.bytes, &found.secret) {
                found.confidence = Confidence::Low;
            }
            let (span, allowed_inline) = places.locate(found.secret.clone());
            out.push(self.report(&found, found.value(&decoded.bytes), place.at(span), allowed_inline));
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
        let hits = self.hits_of_variable(line.as_bytes(), name.len());
        let mut found = self.rounds(line.as_bytes(), Kind::Text, hits, &mut Work::new(line.len()));
        found.retain(|f| f.secret.start > name.len() && !(vendors_only && self.rules[f.rule].is_generic()));
        let shift = name.len() + 1;
        let piece = Piece::whole(value.as_bytes());
        let value_only = Decoded::new(value.as_bytes(), Kind::Text);
        let mut places = Places::new(piece, &value_only, &[]);
        for found in found {
            let (span, _) = places.locate(found.secret.start - shift..found.secret.end - shift);
            out.push(self.report(&found, found.value(line.as_bytes()), place.at(span), false));
        }
    }

    /// The hits of `name=value`, the value judged by what the name says.
    pub(super) fn hits_of_variable(&self, line: &[u8], name_len: usize) -> Hits {
        let mut hits = self.hits(line, Kind::Text);
        // What the name's own keywords say of the whole value wins over what a line of configuration would say.
        let whole = name_len + 1..line.len();
        hits.found.retain(|found| !(self.rules[found.rule].is_generic() && found.secret == whole));
        let found = &mut hits.found;
        self.keywords.find(&line[..name_len], |number, hit| {
            for &index in &self.owners[number].rules {
                if let Finder::Reader(reader @ (Reader::Password | Reader::Token)) = self.rules[index].finder
                    && assignment::read(line, hit.clone()).is_some_and(|read| read.value.start == whole.start)
                    && let Some(confidence) = judge(&line[whole.clone()], reader, Style::Variable)
                {
                    found.push(Found { rule: index, secret: whole.clone(), confidence, decoded: None });
                }
            }
        });
        hits
    }

    /// The one pass over all bytes. Readers answer at once, patterns look at regions after it.
    pub(super) fn hits(&self, text: &[u8], kind: Kind) -> Hits {
        let mut hits = Hits::default();
        self.keywords.find(text, |number, hit| {
            let owner = &self.owners[number];
            if owner.exact.as_ref().is_some_and(|keyword| text[hit.clone()] != *keyword.as_bytes()) {
                return;
            }
            if owner.allows {
                hits.comments.push(hit.start);
            }
            if let Some(mark) = owner.mark {
                hits.marks.add(mark, hit.clone(), text);
            }
            for &index in &owner.rules {
                let rule = &self.rules[index];
                match rule.finder {
                    Finder::Pattern(_) | Finder::Named(_) => {
                        hits.regions.entry(index).or_default().add(hit.clone(), rule.max_len, text.len());
                    }
                    Finder::Reader(_) if kind == Kind::Binary => {}
                    Finder::Reader(reader) => read(index, reader, text, hit.clone(), &mut hits),
                }
            }
        });
        for (index, regions) in std::mem::take(&mut hits.regions) {
            if let Finder::Pattern(pattern) | Finder::Named(pattern) = &self.rules[index].finder {
                self.search(index, pattern, text, &regions, &mut hits.found);
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
                    out.push(Found { rule: index, secret, confidence, decoded: None });
                }
            });
        }
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
    if entropy(value) < rule.entropy || !block && is_stand_in(value) {
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
        hits.found.push(Found { rule, secret: value, confidence, decoded: None });
    }
}
