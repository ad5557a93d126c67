//! Rules that a user brings: files of ours, and Gitleaks configurations. Told apart by what is in them.

pub mod allow;
pub mod check;
mod fields;
mod gitleaks;
mod literals;
mod ours;
mod re2;

use regex::bytes::Regex;
use toml::de::DeTable;

use self::allow::Allowance;
use super::rule::{Group, Rule};
use crate::formats::complaint::{Complaint, Source};
pub use gitleaks::{MAX_MATCH, Open};

/// What a rule from elsewhere has beyond one of ours.
#[derive(Clone, Debug)]
pub struct Custom {
    /// Only in files of such a place, inner archives joined by `!`.
    pub(super) path: Option<Regex>,
    /// Which group is the secret.
    pub(super) group: Group,
    /// A keyword may be far from the match: it opens the whole text. Without keywords every text is searched.
    pub(super) wide: bool,
    /// The file's being there is the finding; there is no pattern.
    pub(super) file_alone: bool,
    /// The rule's own allow-lists.
    pub(super) allow: Vec<Allowance>,
}

/// What a file of rules holds.
#[derive(Debug, Default)]
pub struct RuleFile {
    /// Rules that can be used.
    pub rules: Vec<Rule>,
    /// Allow-lists for these rules and for the built-in ones.
    pub allow: Vec<Allowance>,
    /// What cannot be used, and why. A scan without it would look clean where it is not.
    pub refused: Vec<Complaint>,
    /// What is used otherwise than the file says, and what has no effect.
    pub notes: Vec<Complaint>,
}

/// Reads a file of rules; `name` is the file as the user named it, `open` reads another one that it extends.
///
/// # Errors
/// It is no TOML, or neither kind of file. What is wrong with single rules is in the result.
pub fn read(name: &str, text: &str, open: Open<'_>) -> Result<RuleFile, Complaint> {
    let source = Source { file: name, text };
    let table = DeTable::parse(text).map_err(|error| source.complain(error.span(), error.message()))?;
    if table.get_ref().contains_key("rule") {
        ours::read(source)
    } else if gitleaks::is_one(&table) {
        gitleaks::read(source, open)
    } else {
        Err(source
            .complain(None, "neither a rule file ([[rule]]) nor a Gitleaks configuration ([[rules]], [allowlist])"))
    }
}
