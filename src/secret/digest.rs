//! What the rules are, in one digest: whoever keeps what an engine found must know when another one would find more.

use super::engine::Engine;
use super::rule::{Finder, Rule};
use super::{checks, custom};
use crate::model::fingerprint;

impl Engine {
    /// Equal for engines that find and say the same, over runs and machines, as long as the program is the same.
    pub fn digest(&self) -> String {
        let rules = self.rules().iter().map(rule);
        let allow = self.allow.iter().map(|allowance| format!("{allowance:?}"));
        let parts: Vec<String> = rules.chain(allow).collect();
        fingerprint(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Everything that changes what a rule finds or what its findings say. Not the `Debug` of the whole: a pattern shows
/// there whether it was compiled already, and a check where it lies in memory.
fn rule(rule: &Rule) -> String {
    let (kind, pattern) = match &rule.finder {
        Finder::Pattern(pattern) => ("pattern", pattern.source().to_owned()),
        Finder::Named(pattern) => ("named", pattern.source().to_owned()),
        Finder::Reader(reader) => ("reader", format!("{reader:?}")),
    };
    let custom = rule.custom.as_deref().map(|custom: &custom::Custom| format!("{custom:?}"));
    let text = (&rule.id, &rule.vendor, &rule.title, &rule.description, &rule.revoke);
    let found = (kind, pattern, &rule.keywords, rule.entropy, rule.max_len, &rule.pairs);
    let said = (rule.severity, rule.confidence, rule.check.and_then(checks::name), custom);
    format!("{text:?} {found:?} {said:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Location, Severity};

    #[test]
    fn it_stays_while_patterns_compile_and_changes_with_a_rule() {
        let rules = super::super::rules_with_examples;
        let engine = Engine::new(rules());
        let before = engine.digest();
        let example = rules().into_iter().find_map(|rule| rule.examples.into_iter().next()).unwrap();
        engine.scan_variable(&Location::artifact(0), "A", &example, &mut Vec::new());
        assert_eq!(engine.digest(), before);
        let mut other = rules();
        other[0].severity = if other[0].severity == Severity::Low { Severity::High } else { Severity::Low };
        assert_ne!(Engine::new(other).digest(), before);
    }
}
