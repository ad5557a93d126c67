//! Whether the rules of a file keep the laws: what whoever writes one wants to be told.

use std::ops::Range;

use toml::de::DeTable;

use super::ours::{self, Entry};
use super::{Open, RuleFile, read};
use crate::artifact::Piece;
use crate::formats::complaint::{Complaint, Source};
use crate::model::{Location, SecretMatch};
use crate::secret::{Engine, RuleError};

/// What was found out about a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// Ids of the rules that keep the laws.
    pub good: Vec<String>,
    /// What breaks one.
    pub broken: Vec<Complaint>,
    /// What is used otherwise than the file says.
    pub notes: Vec<Complaint>,
    /// Allow-lists.
    pub allow: usize,
}

/// Checks a file of rules. Rules of ours must find their examples and leave their non-examples; Gitleaks' have none.
///
/// # Errors
/// The file is no file of rules.
pub fn check(name: &str, text: &str, open: Open<'_>) -> Result<Checked, Complaint> {
    let source = Source { file: name, text };
    let is_ours = DeTable::parse(text).is_ok_and(|table| table.get_ref().contains_key("rule"));
    if is_ours {
        return check_ours(source);
    }
    let file = read(name, text, open)?;
    let good = file.rules.iter().map(|rule| rule.id.clone()).collect();
    Ok(Checked { good, broken: file.refused, notes: file.notes, allow: file.allow.len() })
}

fn check_ours(source: Source<'_>) -> Result<Checked, Complaint> {
    let mut checked = Checked::default();
    let mut file = RuleFile::default();
    let mut kept: Vec<Entry> = Vec::new();
    for mut entry in ours::entries(source)? {
        match entry.rule {
            Err(complaint) => checked.broken.push(complaint),
            Ok(rule) if file.rules.iter().any(|other| other.id == rule.id) => {
                let message = format!("rule {}: another rule of the file has that id", rule.id);
                checked.broken.push(source.complain(entry.spans.remove("id"), &message));
            }
            Ok(rule) => {
                // Its place in the engine is found again by its id.
                let id = rule.id.clone();
                file.rules.push(rule);
                entry.rule = Err(source.complain(None, &id));
                kept.push(entry);
            }
        }
    }
    let ids: Vec<String> = file.rules.iter().map(|rule| rule.id.clone()).collect();
    let engine = Engine::with(vec![file]).map_err(|error: RuleError| source.complain(None, &error.to_string()))?;
    let itself = found(&engine, source.text);
    for (id, entry) in ids.into_iter().zip(kept) {
        let before = checked.broken.len();
        examples(&engine, &id, &entry, source, &mut checked.broken);
        let shown = itself.iter().filter(|one| one.rule == id).filter_map(|one| one.location.span);
        for span in shown {
            let start = usize::try_from(span.offset).unwrap_or_default();
            let message =
                format!("rule {id}: finds a secret in the file itself; write it in parts, so that no scanner does");
            let complaint = source.complain(Some(start..start), &message);
            let text = "(not shown: it holds what is taken for a secret)".to_owned();
            checked.broken.push(Complaint { column: 1, text, ..complaint });
        }
        if checked.broken.len() == before {
            checked.good.push(id);
        }
    }
    Ok(checked)
}

fn examples(engine: &Engine, id: &str, entry: &Entry, source: Source<'_>, broken: &mut Vec<Complaint>) {
    let Some(rule) = engine.rules().iter().find(|rule| rule.id == id) else { return };
    let mut say = |span: Option<&Range<usize>>, message: String| {
        broken.push(source.complain(span.cloned(), &format!("rule {id}: {message}")));
    };
    for (text, span) in rule.examples.iter().zip(&entry.examples) {
        let found = found(engine, text);
        if !found.iter().any(|one| one.rule == id) {
            let others: Vec<&str> = found.iter().map(|one| one.rule.as_str()).collect();
            let why = match others.as_slice() {
                [] if !rule.has_keyword_in(text) => "none of its keywords is in it".to_owned(),
                [] => "its pattern, its entropy, its check or the rules of placeholders speak against it".to_owned(),
                others => format!("{} is more specific there", others.join(", ")),
            };
            say(Some(span), format!("does not find this example: {why}"));
        }
    }
    for (text, span) in rule.non_examples.iter().zip(&entry.non_examples) {
        if found(engine, text).iter().any(|one| one.rule == id) {
            say(Some(span), "finds this non-example".to_owned());
        }
    }
}

fn found(engine: &Engine, text: &str) -> Vec<SecretMatch> {
    let mut out = Vec::new();
    engine.scan(&Location::artifact(0), Piece::whole(text.as_bytes()), &mut out);
    out
}
