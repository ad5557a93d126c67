//! The engine: keywords first, then only what the hits ask for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use super::assignment::{self, Style};
use super::builtin;
use super::constants::{self, Transcript};
use super::cost::{Cost, Meter};
use super::custom::RuleFile;
use super::custom::allow::{Allowance, Question};
use super::decode::{self, Mark, Work};
use super::judge::{is_reference, judge};
use super::keywords::Keywords;
use super::place::{ALLOW_COMMENTS, Places};
use super::redact::redact;
use super::rule::{Finder, Reader, Rule, RuleError};
use super::search::{Found, Hits};
use super::surroundings::{self, Fences, Shown};
use super::text::{self, Decoded, Kind};
use crate::artifact::Piece;
use crate::formats::program::is_program;
use crate::model::{AllowedBy, Confidence, Location, SecretMatch, SecretValue};

/// Matches kept of one piece. A file made of nothing but tokens would otherwise take many times its size in memory.
pub const MAX_MATCHES: usize = 4096;

/// What of a piece was not looked at, or not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Matches beyond the 4,096 that are kept of one piece.
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
    pub(super) keywords: Keywords,
    /// By keyword: who asked for it.
    pub(super) owners: Vec<Owner>,
    /// Rules without keywords: they search every text.
    pub(super) always: Vec<usize>,
    /// Allow-lists for all rules.
    pub(super) allow: Vec<Allowance>,
    max_len: usize,
    pub(super) meter: Option<Meter>,
}

/// What a keyword hit leads to.
pub(super) struct Owner {
    /// The keyword as it must stand, where its case matters.
    pub(super) exact: Option<String>,
    /// Rules, by index.
    pub(super) rules: Vec<usize>,
    /// What it tells the decoder.
    pub(super) mark: Option<Mark>,
    /// Whether it is an allow-comment.
    pub(super) allows: bool,
}

impl Engine {
    /// The engine of the built-in rules, made once.
    pub fn builtin() -> &'static Engine {
        static BUILTIN: LazyLock<Engine> = LazyLock::new(|| Engine::new(builtin::rules()));
        &BUILTIN
    }

    /// An engine of the built-in rules and those of these files.
    ///
    /// A rule in our own notation takes the place of a built-in one of the same id: whoever brings it knows it. A rule
    /// of elsewhere may have such an id by chance, so both stay and the newcomer is called `custom-ID`.
    ///
    /// # Errors
    /// Two of the files' rules have one id.
    pub fn with(files: Vec<RuleFile>) -> Result<Engine, RuleError> {
        let mut rules = builtin::rules();
        let mut allow = Vec::new();
        let mut brought: Vec<Rule> = Vec::new();
        for file in files {
            allow.extend(file.allow);
            brought.extend(file.rules);
        }
        for rule in &mut brought {
            if rule.custom.is_none() {
                rules.retain(|other| other.id != rule.id);
            } else if rules.iter().any(|other| other.id == rule.id) {
                rule.id = format!("custom-{}", rule.id);
            }
        }
        rules.extend(brought);
        let mut ids = BTreeSet::new();
        if let Some(twice) = rules.iter().find(|rule| !ids.insert(&rule.id)) {
            return Err(RuleError { id: twice.id.clone(), key: "id", reason: "two rules have this id".to_owned() });
        }
        Ok(Engine { allow, ..Engine::new(rules) })
    }

    /// The engine, counting what each rule costs.
    pub fn metered(self) -> Engine {
        Engine { meter: Some(Meter::new(self.rules.len())), ..self }
    }

    /// What each rule has cost, in the order of the rules; empty unless the engine is [`metered`](Engine::metered).
    pub fn costs(&self) -> Vec<Cost> {
        self.meter.as_ref().map(Meter::costs).unwrap_or_default()
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
        let always = (0..rules.len()).filter(|&index| rules[index].keywords.is_empty()).collect();
        Engine { rules, keywords, owners, always, allow: Vec::new(), max_len, meter: None }
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
        // Only the first piece says what the others belong to; of what is so large, programs are all that is binary.
        let compiled = kind == Kind::Binary && (is_program(piece.bytes) || !piece.first);
        let kind = if compiled { Kind::Program } else { kind };
        let mut hits = self.hits(place, &decoded.bytes, kind);
        let comments = std::mem::take(&mut hits.comments);
        let transcribable = hits.any && piece.is_whole() && matches!(decoded.bytes, Cow::Borrowed(_));
        let transcript = transcribable.then(|| constants::transcript(piece.bytes)).flatten();
        let mut work = Work::new(decoded.bytes.len());
        if let Some(transcript) = &transcript {
            hits.found.extend(self.transcribed(place, transcript, &mut work));
        }
        let mut found = self.rounds(place, &decoded.bytes, kind, hits, &mut work);
        if piece.first {
            self.files_alone(place, out);
        }
        let unseen = transcript.as_ref().map_or(0, Transcript::left_out);
        let left_out = LeftOut { matches: found.len().saturating_sub(MAX_MATCHES) + unseen, encoded: work.left_out };
        let mut places = Places::new(piece, &decoded, &comments);
        let mut fences = Fences::default();
        found.truncate(MAX_MATCHES);
        for mut found in found {
            let rule = &self.rules[found.rule];
            // Where only a name tells the vendor, documentation names it too.
            if matches!(rule.finder, Finder::Named(_))
                && surroundings::is_documented(&decoded.bytes, found.secret.start)
            {
                continue;
            }
            // A vendor's format proves more than what stands around it, unless the format itself leaves doubt.
            if rule.vendor == "generic" || found.confidence == Confidence::Low {
                let fenced = fences.hold(&decoded.bytes, found.secret.start);
                let shown = surroundings::shown(&decoded.bytes, &found.secret);
                let shown = if fenced { Shown::Documented } else { shown };
                let Some(confidence) = surroundings::weigh(shown, found.confidence) else { continue };
                found.confidence = confidence;
            }
            let (span, allowed_inline) = places.locate(found.secret.clone());
            out.push(self.report(&found, &decoded.bytes, place.at(span), allowed_inline));
        }
        left_out
    }

    /// Whether a short text surely holds nothing that counts in a name: no keyword of a vendor's rule, and nothing encoded.
    /// Where the user has allow-lists it is never sure, since what they cover is kept.
    pub fn is_plain(&self, text: &[u8]) -> bool {
        let mut is_plain = self.always.is_empty() && self.allow.is_empty();
        if !is_plain {
            return false;
        }
        self.keywords.find(text, |number, hit| {
            let Owner { exact, rules, mark, .. } = &self.owners[number];
            let is_meant = exact.as_ref().is_none_or(|keyword| text[hit] == *keyword.as_bytes());
            is_plain &= !is_meant || mark.is_none() && rules.iter().all(|index| self.rules[*index].is_generic());
        });
        is_plain && decode::is_plain(text)
    }

    /// Rules that a file's being there is enough for.
    fn files_alone(&self, place: &Location, out: &mut Vec<SecretMatch>) {
        for &index in &self.always {
            let rule = &self.rules[index];
            if !rule.custom.as_ref().is_some_and(|custom| custom.file_alone) || !self.is_in_scope(rule, place) {
                continue;
            }
            let path = place.path.join("!");
            let found = Found::new(index, 0..0, 0..0, rule.confidence);
            out.push(SecretMatch {
                redacted: "a whole file".to_owned(),
                // Different files are different findings.
                value: SecretValue::new(path.as_bytes()),
                ..self.report(&found, b"", place.clone(), false)
            });
        }
    }

    /// Whether what is found depends on more than the bytes: rules and allow-lists of elsewhere may name files.
    pub fn asks_for_places(&self) -> bool {
        !self.allow.is_empty() || self.rules.iter().any(|rule| rule.custom.is_some())
    }

    /// Whether a rule looks at files of that place at all.
    pub(super) fn is_in_scope(&self, rule: &Rule, place: &Location) -> bool {
        let path = rule.custom.as_ref().and_then(|custom| custom.path.as_ref());
        path.is_none_or(|path| path.is_match(place.path.join("!").as_bytes()))
    }

    /// The allow-list that covers a match, if one does.
    pub(super) fn allowed_by(&self, found: &Found, text: &[u8], place: &Location) -> Option<&AllowedBy> {
        let rule = &self.rules[found.rule];
        let own = rule.custom.iter().flat_map(|custom| &custom.allow);
        let mut lists = own.chain(&self.allow).peekable();
        lists.peek()?;
        let path = place.path.join("!");
        let asked = Question { rule: &rule.id, path: &path, text, whole: &found.whole, secret: &found.secret };
        let list = lists.find(|list| list.allows(&asked))?;
        list.used.store(true, Ordering::Relaxed);
        Some(&list.source)
    }

    /// Allow-lists for all rules that have covered nothing so far. A rule's own are left out: they belong to what the
    /// rule finds.
    pub fn idle_allow_lists(&self) -> impl Iterator<Item = &Allowance> {
        self.allow.iter().filter(|list| !list.used.load(Ordering::Relaxed))
    }

    /// Finds the secrets of an environment variable: its value as a text of its own, and the value as what its name
    /// says. Offsets count from the value's first byte.
    pub fn scan_variable(&self, place: &Location, name: &str, value: &str, out: &mut Vec<SecretMatch>) {
        let reserved = RESERVED.contains(&name) || name.starts_with("AWS_LAMBDA_") || name.starts_with("AWS_XRAY_");
        // Whatever the name says, a vendor's token is one.
        let vendors_only = reserved || is_reference(value.as_bytes()) && !value.contains("://");
        let line = format!("{name}={value}");
        let hits = self.hits_of_variable(place, line.as_bytes(), name.len());
        let mut found = self.rounds(place, line.as_bytes(), Kind::Text, hits, &mut Work::new(line.len()));
        found.retain(|f| f.secret.start > name.len() && !(vendors_only && self.rules[f.rule].is_generic()));
        let shift = name.len() + 1;
        let piece = Piece::whole(value.as_bytes());
        let value_only = Decoded::new(value.as_bytes(), Kind::Text);
        let mut places = Places::new(piece, &value_only, &[]);
        for found in found {
            let (span, _) = places.locate(found.secret.start - shift..found.secret.end - shift);
            out.push(self.report(&found, line.as_bytes(), place.at(span), false));
        }
    }

    /// The hits of `name=value`, the value judged by what the name says.
    pub(super) fn hits_of_variable(&self, place: &Location, line: &[u8], name_len: usize) -> Hits {
        let mut hits = self.hits(place, line, Kind::Text);
        // What the name's own keywords say of the whole value wins over what a line of configuration would say.
        let whole = name_len + 1..line.len();
        let found = &mut hits.found;
        found.retain(|found| !(self.rules[found.rule].is_generic() && found.secret == whole));
        self.keywords.find(&line[..name_len], |number, hit| {
            for &index in &self.owners[number].rules {
                if let Finder::Reader(reader @ (Reader::Password | Reader::Token)) = self.rules[index].finder
                    && assignment::read(line, hit.clone()).is_some_and(|read| read.value.start == whole.start)
                    && let Some(confidence) = judge(&line[whole.clone()], reader, Style::Variable)
                {
                    found.push(Found::new(index, whole.clone(), whole.clone(), confidence));
                }
            }
        });
        hits
    }

    fn report(&self, found: &Found, text: &[u8], location: Location, allowed_inline: bool) -> SecretMatch {
        let rule = &self.rules[found.rule];
        let secret = found.value(text);
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
            allowed_by: found.allowed.clone(),
        }
    }
}
