//! The engine: keywords first, then only what the hits ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Instant;

use super::assignment::{self, Assignment, Style};
use super::checks::{Candidate, Proof};
use super::cost::{Cost, Meter};
use super::custom::RuleFile;
use super::custom::allow::{Allowance, Question};
use super::judge::{is_reference, judge};
use super::keywords::Keywords;
use super::place::{ALLOW_COMMENTS, Places};
use super::published::is_published;
use super::redact::{public_prefix, redact};
use super::rule::{self, Finder, Group, Pattern, Reader, Rule, RuleError};
use super::shape::{entropy, is_stand_in};
use super::surroundings::{self, Fences, Shown};
use super::text::{self, Decoded, Kind};
use super::windows::{self, Regions};
use super::{RULE_FILES, named, url};
use crate::artifact::Piece;
use crate::model::{AllowedBy, Confidence, Location, SecretMatch, SecretValue};

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
    keywords: Keywords,
    /// By keyword: who asked for it.
    owners: Vec<Owner>,
    /// Rules without keywords: they search every text.
    always: Vec<usize>,
    /// Allow-lists for all rules.
    allow: Vec<Allowance>,
    max_len: usize,
    meter: Option<Meter>,
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
    /// All of the match; what stands around the secret.
    whole: Range<usize>,
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
        static BUILTIN: LazyLock<Engine> = LazyLock::new(|| Engine::new(builtin_rules()));
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
        let mut rules = builtin_rules();
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
            return Err(RuleError::Rule {
                id: twice.id.clone(),
                key: "id",
                reason: "two rules have this id".to_owned(),
            });
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
        let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                owners.entry(keyword).or_default().push(index);
            }
        }
        for comment in ALLOW_COMMENTS {
            owners.entry(comment).or_default();
        }
        let keywords = Keywords::new(owners.keys().copied());
        let exact = |keyword: &str| keyword.bytes().any(|b| b.is_ascii_uppercase()).then(|| keyword.to_owned());
        let owners = owners.into_iter().map(|(keyword, rules)| Owner { exact: exact(keyword), rules }).collect();
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
    /// matches get the exact place within it. Returns how many matches beyond `MAX_MATCHES` were left out.
    pub fn scan(&self, place: &Location, piece: Piece<'_>, out: &mut Vec<SecretMatch>) -> usize {
        let kind = text::kind(piece.bytes);
        let decoded = Decoded::new(piece.bytes, kind);
        let mut hits = self.hits(&decoded.bytes, kind);
        self.search_all(place, &decoded.bytes, &mut hits);
        let mut found = self.most_specific(place, &decoded.bytes, hits.found);
        if piece.first {
            self.files_alone(place, out);
        }
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
            out.push(self.report(&found, &decoded.bytes, place.at(span), allowed_inline));
        }
        left_out
    }

    /// Rules that a file's being there is enough for.
    fn files_alone(&self, place: &Location, out: &mut Vec<SecretMatch>) {
        for &index in &self.always {
            let rule = &self.rules[index];
            if !rule.custom.as_ref().is_some_and(|custom| custom.file_alone) || !self.is_in_scope(rule, place) {
                continue;
            }
            let path = place.path.join("!");
            let found = Found { rule: index, whole: 0..0, secret: 0..0, confidence: rule.confidence };
            out.push(SecretMatch {
                redacted: "a whole file".to_owned(),
                // Different files are different findings.
                value: SecretValue::new(path.as_bytes()),
                ..self.report(&found, b"", place.clone(), false)
            });
        }
    }

    /// Whether a rule looks at files of that place at all.
    fn is_in_scope(&self, rule: &Rule, place: &Location) -> bool {
        let path = rule.custom.as_ref().and_then(|custom| custom.path.as_ref());
        path.is_none_or(|path| path.is_match(place.path.join("!").as_bytes()))
    }

    /// The allow-list that covers a match, if one does.
    fn allowed_by(&self, found: &Found, text: &[u8], place: &Location) -> Option<&AllowedBy> {
        let rule = &self.rules[found.rule];
        let own = rule.custom.iter().flat_map(|custom| &custom.allow);
        let mut lists = own.chain(&self.allow).peekable();
        lists.peek()?;
        let path = place.path.join("!");
        let asked = Question { rule: &rule.id, path: &path, text, whole: &found.whole, secret: &found.secret };
        lists.find(|list| list.allows(&asked)).map(|list| &list.source)
    }

    /// Finds the secrets of an environment variable: its value as a text of its own, and the value as what its name
    /// says. Offsets count from the value's first byte.
    pub fn scan_variable(&self, place: &Location, name: &str, value: &str, out: &mut Vec<SecretMatch>) {
        let reserved = RESERVED.contains(&name) || name.starts_with("AWS_LAMBDA_") || name.starts_with("AWS_XRAY_");
        // Whatever the name says, a vendor's token is one.
        let vendors_only = reserved || is_reference(value.as_bytes()) && !value.contains("://");
        let line = format!("{name}={value}");
        let mut found = self.hits_of_variable(place, line.as_bytes(), name.len());
        found.retain(|f| f.secret.start > name.len() && !(vendors_only && self.rules[f.rule].is_generic()));
        let found = self.most_specific(place, line.as_bytes(), found);
        let shift = name.len() + 1;
        let piece = Piece::whole(value.as_bytes());
        let value_only = Decoded::new(value.as_bytes(), Kind::Text);
        let mut places = Places::new(piece, &value_only, &[]);
        for found in found {
            let (span, _) = places.locate(found.secret.start - shift..found.secret.end - shift);
            out.push(self.report(&found, line.as_bytes(), place.at(span), false));
        }
    }

    fn hits_of_variable(&self, place: &Location, line: &[u8], name_len: usize) -> Vec<Found> {
        let mut hits = self.hits(line, Kind::Text);
        self.search_all(place, line, &mut hits);
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
                    found.push(Found { rule: index, whole: whole.clone(), secret: whole.clone(), confidence });
                }
            }
        });
        hits.found
    }

    /// The one pass over all bytes. Readers answer at once, patterns are given regions to look at.
    fn hits(&self, text: &[u8], kind: Kind) -> Hits {
        let mut hits = Hits::default();
        self.keywords.find(text, |number, hit| {
            let owner = &self.owners[number];
            if owner.exact.as_ref().is_some_and(|keyword| text[hit.clone()] != *keyword.as_bytes()) {
                return;
            }
            if owner.rules.is_empty() {
                hits.comments.push(hit.start);
            }
            for &index in &owner.rules {
                let rule = &self.rules[index];
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
                    Finder::Reader(_) if kind == Kind::Binary => {}
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
        let Some(regex) = pattern.regex() else { return 0 };
        let group = rule.custom.as_ref().map_or(Group::Named, |custom| custom.group);
        let search = |region| {
            windows::search(regex, group, text, region, rule.max_len, |whole, secret| {
                let meant = !matches!(rule.finder, Finder::Named(_))
                    || named::is_named(text, &secret, &rule.keywords, rule.max_len);
                if meant && let Some(confidence) = confidence(rule, text, &whole, &secret) {
                    out.push(Found { rule: index, whole, secret, confidence });
                }
            })
        };
        regions.iter().map(search).sum()
    }

    /// Of overlapping matches the most specific one: a vendor's over a generic one, then the one whose format shows in
    /// the value itself (a token with a prefix says more than the setting it stands in), then the surer, then the
    /// longer. What an allow-list covers hides nothing that none covers.
    fn most_specific(&self, place: &Location, text: &[u8], mut found: Vec<Found>) -> Vec<Found> {
        let rank = |f: &Found| {
            let rule = &self.rules[f.rule];
            let shows = !public_prefix(rule, &text[f.secret.clone()]).is_empty();
            let counts = self.allowed_by(f, text, place).is_none();
            (counts, !rule.is_generic(), shows, f.confidence, f.secret.len(), usize::MAX - f.rule)
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

    fn report(&self, found: &Found, text: &[u8], location: Location, allowed_inline: bool) -> SecretMatch {
        let rule = &self.rules[found.rule];
        let secret = &text[found.secret.clone()];
        let allowed_by = self.allowed_by(found, text, &location).cloned();
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
            allowed_by,
        }
    }
}

fn builtin_rules() -> Vec<Rule> {
    let files = RULE_FILES.iter().map(|(name, text)| rule::parse(name, text));
    let rules = files.collect::<Result<Vec<_>, _>>().expect("the tests read every built-in rule file");
    rules.into_iter().flatten().collect()
}

/// What a pattern's match is worth, `None` for nothing.
fn confidence(rule: &Rule, text: &[u8], whole: &Range<usize>, secret: &Range<usize>) -> Option<Confidence> {
    let value = &text[secret.clone()];
    // A long value holds runs by nature (`AAAA` in OpenSSH's keys, `////` in AWS session tokens).
    let block = value.len() > 200;
    // A rule of elsewhere finds what it finds there: its own allow-lists say what is a placeholder.
    let stand_in = || rule.custom.is_none() && !block && is_stand_in(value);
    if entropy(value) < rule.entropy || stand_in() || is_published(value) {
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
        hits.found.push(Found { rule, whole: value.clone(), secret: value, confidence });
    }
}
