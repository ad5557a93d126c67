//! Gitleaks configuration files (<https://github.com/gitleaks/gitleaks#configuration>) as rules of ours.
//!
//! What carries over finds the same as there. What cannot is said: commits (a deployed artifact has none), rules that
//! count only beside others, and Gitleaks' own rules, in whose place the built-in ones are always on.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use regex::bytes::Regex;
use toml::Spanned;
use toml::de::DeTable;

use super::allow::{Allowance, Target};
use super::fields::Fields;
use super::literals::Shape;
use super::{Custom, RuleFile, re2};
use crate::formats::complaint::{Complaint, Source};
use crate::model::{AllowedBy, Confidence, Severity};
use crate::secret::rule::{Finder, Group, Pattern, Rule, compile};

/// The longest match of a rule that comes from elsewhere, in bytes: longer ones are cut or missed.
pub const MAX_MATCH: usize = 4096;
/// Files that extend files, as in Gitleaks.
const MAX_DEPTH: usize = 2;
/// A keyword that a pattern gives must be this long to be worth a search of its own.
const LEAST_KEYWORD: usize = 3;

/// Reads another file that a configuration extends.
pub type Open<'a> = &'a dyn Fn(&str) -> io::Result<String>;

/// One rule before anything is concluded from it, so that a file can extend another one's.
#[derive(Clone)]
struct Draft {
    id: String,
    place: Complaint,
    description: String,
    regex: Option<(String, Complaint)>,
    path: Option<Regex>,
    group: Option<usize>,
    entropy: f64,
    keywords: Vec<String>,
    allow: Vec<Allowance>,
    /// It only serves other rules.
    silent: bool,
}

/// Reads a configuration. Broken rules are refused one by one.
pub fn read(source: Source<'_>, open: Open<'_>) -> Result<RuleFile, Complaint> {
    let mut file = RuleFile::default();
    let mut drafts = BTreeMap::new();
    gather(source, open, 0, &mut drafts, &mut file)?;
    for draft in drafts.into_values() {
        if draft.silent {
            let note =
                "the rule serves other rules alone (skipReport), which stand for themselves here: it is left out";
            file.notes.push(Complaint { message: format!("{}: {note}", draft.id), ..draft.place });
            continue;
        }
        match finish(draft, &mut file.notes) {
            Ok(rule) => file.rules.push(rule),
            Err(complaint) => file.refused.push(*complaint),
        }
    }
    Ok(file)
}

fn gather(
    source: Source<'_>,
    open: Open<'_>,
    depth: usize,
    drafts: &mut BTreeMap<String, Draft>,
    file: &mut RuleFile,
) -> Result<(), Complaint> {
    let parsed = DeTable::parse(source.text).map_err(|error| source.complain(error.span(), error.message()))?;
    let mut fields = Fields::new(source, parsed.get_ref(), parsed.span());
    fields.skip(&["title", "description", "minVersion"]);
    if let Some(extend) = fields.table("extend") {
        extended(source, extend, open, depth, drafts, file)?;
    }
    for table in fields.tables("rules") {
        if let Some(draft) = draft(source, table, drafts, file) {
            drafts.insert(draft.id.clone(), draft);
        }
    }
    for table in fields.tables("allowlist").into_iter().chain(fields.tables("allowlists")) {
        let allowance = allowance(source, table, file);
        file.allow.extend(allowance);
    }
    fields.finish(file);
    Ok(())
}

/// `[extend]`: what this file builds upon.
fn extended(
    source: Source<'_>,
    (table, span): (&DeTable<'_>, Range<usize>),
    open: Open<'_>,
    depth: usize,
    drafts: &mut BTreeMap<String, Draft>,
    file: &mut RuleFile,
) -> Result<(), Complaint> {
    let mut fields = Fields::new(source, table, span.clone());
    if fields.boolean("useDefault", file).unwrap_or(false) {
        let note = "useDefault: tidewaiter's built-in rules stand in for Gitleaks' own, and are always on";
        file.notes.push(source.complain(Some(span.clone()), note));
    }
    fields.skip(&["url"]);
    let path = fields.string("path", file);
    if let Some(path) = path {
        if depth >= MAX_DEPTH {
            return Err(source.complain(Some(span), "extends a file that extends a file that extends one: too deep"));
        }
        let text = open(&path).map_err(|error| {
            source.complain(Some(span.clone()), &format!("cannot read {path}, which it extends: {error}"))
        })?;
        gather(Source { file: &path, text: &text }, open, depth + 1, drafts, file)?;
    }
    for id in fields.strings("disabledRules", file) {
        if drafts.remove(&id).is_none() {
            let note = format!(
                "disabledRules: '{}' is no rule of an extended file; built-in rules stay on",
                id.escape_default()
            );
            file.notes.push(source.complain(Some(span.clone()), &note));
        }
    }
    fields.finish(file);
    Ok(())
}

/// One rule; what it leaves open it takes from the rule of that id in the file that it extends.
fn draft(
    source: Source<'_>,
    (table, span): (&DeTable<'_>, Range<usize>),
    drafts: &BTreeMap<String, Draft>,
    file: &mut RuleFile,
) -> Option<Draft> {
    let mut fields = Fields::new(source, table, span.clone());
    let Some(id) = fields.string("id", file).filter(|id| !id.is_empty()) else {
        file.refused.push(source.complain(Some(span), "the rule has no id"));
        return None;
    };
    let place = source.complain(Some(fields.span("id")), "");
    let mut draft = drafts.get(&id).cloned().unwrap_or_else(|| Draft {
        id: id.clone(),
        place: place.clone(),
        description: id,
        regex: None,
        path: None,
        group: None,
        entropy: 0.0,
        keywords: Vec::new(),
        allow: Vec::new(),
        silent: false,
    });
    draft.description = fields.string("description", file).unwrap_or(draft.description);
    if let Some(regex) = fields.string("regex", file) {
        draft.regex = Some((regex, source.complain(Some(fields.span("regex")), "")));
    }
    match fields.string("path", file).map(|path| pattern(&path)) {
        Some(Ok(path)) => draft.path = Some(path),
        Some(Err(reason)) => {
            file.refused.push(source.complain(Some(fields.span("path")), &reason));
            return None;
        }
        None => {}
    }
    draft.group = fields.count("secretGroup", file).filter(|group| *group > 0).or(draft.group);
    draft.entropy = fields.number("entropy", file).unwrap_or(draft.entropy);
    draft.keywords.extend(fields.strings("keywords", file).iter().map(|keyword| keyword.to_ascii_lowercase()));
    fields.skip(&["tags"]);
    draft.silent = fields.boolean("skipReport", file).unwrap_or(false);
    if !fields.tables("required").is_empty() {
        let note = "required: the rule counts by itself here, also where what it requires is not near";
        file.notes.push(source.complain(Some(fields.span("required")), note));
    }
    for table in fields.tables("allowlist").into_iter().chain(fields.tables("allowlists")) {
        draft.allow.extend(allowance(source, table, file));
    }
    fields.finish(file);
    Some(draft)
}

/// One allow-list.
fn allowance(
    source: Source<'_>,
    (table, span): (&DeTable<'_>, Range<usize>),
    file: &mut RuleFile,
) -> Option<Allowance> {
    let mut fields = Fields::new(source, table, span.clone());
    let reason = fields.string("description", file).filter(|text| !text.is_empty());
    let all = fields.string("condition", file).is_some_and(|word| matches!(word.to_uppercase().as_str(), "AND" | "&&"));
    let target = match fields.string("regexTarget", file).as_deref() {
        Some("match") => Target::Match,
        Some("line") => Target::Line,
        _ => Target::Secret,
    };
    let commits = !fields.strings("commits", file).is_empty();
    if commits {
        let note = "commits: a deployed artifact has none, so that nothing is allowed by them";
        file.notes.push(source.complain(Some(fields.span("commits")), note));
    }
    let mut compiled = |key: &'static str| -> Option<Vec<Regex>> {
        let texts = fields.strings(key, file);
        match texts.iter().map(|text| pattern(text)).collect() {
            Ok(all) => Some(all),
            Err(reason) => {
                file.refused.push(source.complain(Some(fields.span(key)), &reason));
                None
            }
        }
    };
    let (paths, regexes) = (compiled("paths")?, compiled("regexes")?);
    let stopwords = fields.strings("stopwords", file).iter().map(|word| word.to_ascii_lowercase()).collect();
    let rules = Some(fields.strings("targetRules", file)).filter(|ids| !ids.is_empty());
    fields.finish(file);
    let line = source.line(span);
    Some(Allowance {
        file: source.file.to_owned(),
        line,
        used: Arc::default(),
        source: AllowedBy {
            by: format!("{}:{line}", source.file),
            reason: reason.unwrap_or_else(|| "an allow-list covers it".to_owned()),
        },
        all,
        commits,
        target,
        paths,
        regexes,
        stopwords,
        rules: rules.map(|ids| ids.into_iter().collect()),
    })
}

fn pattern(go: &str) -> Result<Regex, String> {
    compile(&re2::translate(go)).map_err(|error| super::literals::last_line(&error.to_string()))
}

/// Makes a rule of ours. What the file does not say follows from the pattern.
fn finish(draft: Draft, notes: &mut Vec<Complaint>) -> Result<Rule, Box<Complaint>> {
    let Draft { id, place, description, regex, path, group, entropy, keywords, allow, .. } = draft;
    let refuse =
        |at: &Complaint, reason: String| Box::new(Complaint { message: format!("{id}: {reason}"), ..at.clone() });
    let custom = |group, wide| Custom { path: path.clone(), group, wide, file_alone: false, allow: allow.clone() };
    let (finder, keywords, max_len, custom) = match &regex {
        None if path.is_none() => return Err(refuse(&place, "the rule has neither a regex nor a path".to_owned())),
        None => {
            let custom = Custom { file_alone: true, ..custom(Group::Named, false) };
            (Finder::Pattern(Pattern::new(String::new())), Vec::new(), 1, custom)
        }
        Some((go, at)) => {
            let translated = re2::translate(go);
            let compiled = compile(&translated).map_err(|e| refuse(at, super::literals::last_line(&e.to_string())))?;
            let shape = Shape::of(&translated).map_err(|reason| refuse(at, reason))?;
            if shape.matches_nothing {
                return Err(refuse(at, "the regex matches the empty text, and with it everywhere".to_owned()));
            }
            if group.is_some_and(|group| group >= compiled.captures_len()) {
                return Err(refuse(at, "secretGroup names a group that the regex does not have".to_owned()));
            }
            let mut note = |text: &str| notes.push(Complaint { message: format!("{id}: {text}"), ..at.clone() });
            if shape.max_len.is_none_or(|len| len > MAX_MATCH) {
                note("a match may be longer than 4,096 bytes: one that is will be cut there or missed");
            }
            // The first pass finds no shorter ones, and those of three bytes only where more of the match follows.
            let shortest = keywords.iter().map(String::len).min().unwrap_or(0);
            let near = shortest >= LEAST_KEYWORD && shape.always_holds_one_of(&keywords);
            let given = near || shortest > LEAST_KEYWORD;
            let keywords = if given { keywords } else { Vec::new() };
            let derived = if given { None } else { shape.keywords(LEAST_KEYWORD) };
            let wide = !near && derived.is_none();
            if wide && !given {
                note("dear: without keywords, and without a literal in the regex, it is run over every byte");
            }
            let group = group.map_or(Group::FirstSet, Group::Number);
            let max_len = shape.max_len.unwrap_or(MAX_MATCH).clamp(1, MAX_MATCH);
            (Finder::Pattern(Pattern::new(translated)), derived.unwrap_or(keywords), max_len, custom(group, wide))
        }
    };
    Ok(Rule {
        vendor: "custom".to_owned(),
        title: description,
        description: None,
        finder,
        keywords,
        // Gitleaks wants more than this, where a rule of ours wants at least it.
        entropy: if entropy > 0.0 { entropy.next_up() } else { 0.0 },
        // It knows neither.
        severity: Severity::High,
        confidence: Confidence::Medium,
        max_len,
        check: None,
        pairs: Vec::new(),
        probe: None,
        revoke: "Revoke it where it was given out, and put a new one where only the function can read it.".to_owned(),
        source: place.file,
        examples: Vec::new(),
        non_examples: Vec::new(),
        custom: Some(Box::new(custom)),
        id,
    })
}

/// Whether a table is such a configuration, by its keys.
pub fn is_one(table: &Spanned<DeTable<'_>>) -> bool {
    ["rules", "extend", "allowlist", "allowlists"].iter().any(|key| table.get_ref().contains_key(*key))
}
