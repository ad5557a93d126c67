//! Ids that findings have without an advisory: those of checks and of the built-in secret rules. They are known, so that
//! a slip in one can be told; any other id may be an advisory's or a brought rule's.

use super::thresholds::Check;
use crate::formats::nearest;
use crate::integrity::CHECKS;
use crate::runtime::END_OF_LIFE;
use crate::secret::Engine;

fn known() -> impl Iterator<Item = &'static str> {
    let rules = Engine::builtin().rules().iter().map(|rule| rule.id.as_str());
    CHECKS.iter().map(|check| check.id).chain([END_OF_LIFE]).chain(rules)
}

/// Whether a finding of some scan could have an id that a threshold speaks of.
pub(super) fn matches(check: &Check) -> bool {
    known().any(|id| check.covers(id))
}

/// `; did you mean 'this'?` where that may be, or nothing.
pub fn did_you_mean(id: &str) -> String {
    // Ids of advisories have digits or capitals, and a list of ignored ones may have thousands.
    let is_word = !id.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !is_word || known().any(|known| known == id) {
        return String::new();
    }
    nearest::did_you_mean(id, known())
}
