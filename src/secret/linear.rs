//! Every rule's work grows with the text and with nothing else. Work is counted in bytes that an automaton of the
//! rule's pattern reads, attempt by attempt: bytes covered by windows would not show attempts that read a window again
//! and again, and seconds depend on the machine.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Input, nfa::thompson};

use super::rule::{Finder, Rule};
use super::rules_with_examples;
use super::windows::{Regions, attempts};

/// How often a byte may be read: each lies in two windows, and an attempt may read on behind its match.
const READS: usize = 24;

struct Counted<'a> {
    rule: &'a Rule,
    dfa: DFA,
    cache: Cache,
}

impl Counted<'_> {
    /// Bytes read while the rule searches a text, as the engine does.
    fn work(&mut self, text: &[u8]) -> usize {
        let (Finder::Pattern(pattern) | Finder::Named(pattern)) = &self.rule.finder else { return 0 };
        let regex = pattern.regex().unwrap();
        let lower = text.to_ascii_lowercase();
        let mut hits: Vec<_> = self
            .rule
            .keywords
            .iter()
            .flat_map(|keyword| {
                let folded = keyword.to_ascii_lowercase();
                let ends = memchr::memmem::find_iter(&lower, folded.as_bytes()).map(move |at| at..at + keyword.len());
                ends.collect::<Vec<_>>()
            })
            .collect();
        hits.sort_by_key(|hit| hit.end);
        let mut regions = Regions::default();
        hits.into_iter().for_each(|hit| regions.add(hit, self.rule.max_len, text.len()));
        let named = matches!(self.rule.finder, Finder::Named(_));
        let (mut read, mut matches) = (0, 0);
        for region in regions.iter() {
            let attempt = |visible: &[u8], at: usize| {
                read += reads(&self.dfa, &mut self.cache, visible, at);
                regex.find_at(visible, at).map(|found| found.range())
            };
            attempts(attempt, text, region, self.rule.max_len, |_, _| matches += 1);
        }
        // The name of a value is looked for in what stands before it.
        read + if named { matches * self.rule.max_len } else { 0 }
    }
}

/// Bytes read by one attempt, until the automaton knows its first match.
fn reads(dfa: &DFA, cache: &mut Cache, text: &[u8], at: usize) -> usize {
    let input = Input::new(text).range(at..);
    let mut state = dfa.start_state_forward(cache, &input).unwrap();
    for (count, byte) in text[at..].iter().enumerate() {
        state = dfa.next_state(cache, state, *byte).unwrap();
        if state.is_dead() {
            return count + 1;
        }
    }
    text.len() - at
}

/// Texts that make a rule try hard: its keyword over and over, its examples over and over, whole and cut short, and its
/// keyword before one byte of the secret without end.
fn hostile(rule: &Rule) -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = Vec::new();
    for keyword in rule.keywords.iter().take(2) {
        units.push(keyword.as_bytes().to_vec());
        units.push(format!("{keyword} ").into_bytes());
    }
    for example in rule.examples.iter().take(2).map(String::as_bytes) {
        units.extend([example, &example[..example.len() * 2 / 3], &example[..example.len() - 1]].map(<[u8]>::to_vec));
        let filler = example[example.len() * 2 / 3];
        units.push([rule.keywords[0].as_bytes(), &vec![filler; rule.max_len / 2]].concat());
        units.push([&example[..example.len() / 2], &[filler; 3]].concat());
    }
    units
}

fn repeated(unit: &[u8], len: usize) -> Vec<u8> {
    unit.iter().copied().cycle().take(len).collect()
}

#[test]
fn the_work_of_every_rule_is_linear() {
    let mut wrong = Vec::new();
    for rule in &rules_with_examples() {
        let (Finder::Pattern(pattern) | Finder::Named(pattern)) = &rule.finder else { continue };
        let dfa = DFA::builder()
            .configure(DFA::config().skip_cache_capacity_check(true))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build(pattern.source())
            .unwrap();
        let mut counted = Counted { rule, cache: dfa.create_cache(), dfa };
        let len = 4 * rule.max_len.max(2048);
        for (number, unit) in hostile(rule).iter().enumerate() {
            let (once, twice) = (counted.work(&repeated(unit, len)), counted.work(&repeated(unit, 2 * len)));
            // Where the windows begin and end differs by a window.
            let allowance = 2 * READS * rule.max_len;
            if twice > 2 * once + allowance || twice > 2 * READS * len {
                wrong.push(format!("{}: text {number}: {once} bytes read of {len}, {twice} of {}", rule.id, 2 * len));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
