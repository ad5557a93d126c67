//! Allow-lists that a user brings with his rules. What one allows is still reported, as waived and with its reason: an
//! artifact cannot bring one, so the finding of a dependency may be allowed as well.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use regex::bytes::Regex;

use crate::model::AllowedBy;

/// Bytes of a line that are looked at to either side of a secret: a bundle may be one line of megabytes.
const LINE: usize = 4096;

/// What the expressions of an allow-list are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The secret itself.
    #[default]
    Secret,
    /// All that the rule matched.
    Match,
    /// The line that the secret begins on.
    Line,
}

/// One allow-list.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// Where it is written, and why.
    pub source: AllowedBy,
    /// The file that it is written in.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// It covered a secret. Shared by all copies, since many threads ask.
    pub used: Arc<AtomicBool>,
    /// Whether all of its kinds of criteria must hold; else any is enough.
    pub all: bool,
    /// It also names commits, which no deployed artifact has: with `all` it can never hold.
    pub commits: bool,
    /// What `regexes` are held against.
    pub target: Target,
    /// Places, inner archives joined by `!`.
    pub paths: Vec<Regex>,
    /// Texts.
    pub regexes: Vec<Regex>,
    /// Words in the secret, in lower case.
    pub stopwords: Vec<String>,
    /// Ids of the rules that it speaks of; `None` for all.
    pub rules: Option<BTreeSet<String>>,
}

/// What an allow-list is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The place, inner archives joined by `!`.
    pub path: &'a str,
    /// The text around.
    pub text: &'a [u8],
    /// The whole match in `text`.
    pub whole: &'a Range<usize>,
    /// The secret in `text`.
    pub secret: &'a Range<usize>,
}

impl Question<'_> {
    fn aimed(&self, target: Target) -> &[u8] {
        match target {
            Target::Secret => &self.text[self.secret.clone()],
            Target::Match => &self.text[self.whole.clone()],
            Target::Line => {
                let at = self.secret.start;
                let before = &self.text[at.saturating_sub(LINE)..at];
                let start = at - before.len() + memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1);
                let after = &self.text[at..at.saturating_add(LINE).min(self.text.len())];
                &self.text[start..at + memchr::memchr(b'\n', after).unwrap_or(after.len())]
            }
        }
    }
}

impl Allowance {
    /// Whether it allows a match.
    pub fn allows(&self, asked: &Question<'_>) -> bool {
        if self.rules.as_ref().is_some_and(|rules| !rules.contains(asked.rule)) {
            return false;
        }
        let path = || self.paths.iter().any(|regex| regex.is_match(asked.path.as_bytes()));
        let aimed = asked.aimed(self.target);
        let text = || self.regexes.iter().any(|regex| regex.is_match(aimed));
        let word = || {
            let secret = asked.aimed(Target::Secret).to_ascii_lowercase();
            self.stopwords.iter().any(|word| memchr::memmem::find(&secret, word.as_bytes()).is_some())
        };
        if !self.all {
            return path() || text() || word();
        }
        let none = self.paths.is_empty() && self.regexes.is_empty() && self.stopwords.is_empty();
        !none
            && !self.commits
            && (self.paths.is_empty() || path())
            && (self.regexes.is_empty() || text())
            && (self.stopwords.is_empty() || word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(path: &str, regex: &str, word: &str) -> Allowance {
        let regexes = |text: &str| (!text.is_empty()).then(|| Regex::new(text).unwrap()).into_iter().collect();
        Allowance {
            paths: regexes(path),
            regexes: regexes(regex),
            stopwords: (!word.is_empty()).then(|| word.to_owned()).into_iter().collect(),
            ..Allowance::default()
        }
    }

    fn allows(list: &Allowance) -> bool {
        let text = b"first\nkey = aCmE123 # sample\nlast";
        list.allows(&Question { rule: "r", path: "a/b.zip!c/d.py", text, whole: &(6..19), secret: &(12..19) })
    }

    #[test]
    fn any_criterion_is_enough_unless_all_must_hold() {
        assert!(allows(&list("", "", "acme")));
        assert!(allows(&list(r"zip!c/.*\.py$", "", "")));
        assert!(allows(&list("nowhere", "^aCmE", "")));
        let both = |path, regex| allows(&Allowance { all: true, ..list(path, regex, "") });
        assert!(both("b.zip", "123$"));
        assert!(!both("nowhere", "123$"));
        assert!(!both("b.zip", "124$"));
        assert!(!both("", ""), "nothing said allows nothing");
        assert!(!allows(&Allowance { all: true, commits: true, ..list("b.zip", "", "") }));
    }

    #[test]
    fn the_target_says_what_is_read() {
        let aimed = |target, regex| allows(&Allowance { target, ..list("", regex, "") });
        assert!(aimed(Target::Line, "^key = aCmE123 # sample$"));
        assert!(aimed(Target::Match, "^key = aCmE123$"));
        assert!(!aimed(Target::Secret, "key"));
    }

    #[test]
    fn other_rules_are_not_its_business() {
        let only = |id: &str| allows(&Allowance { rules: Some([id.to_owned()].into()), ..list("", "", "acme") });
        assert!(only("r"));
        assert!(!only("s"));
    }
}
