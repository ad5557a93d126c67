//! The built-in rules, as the build script packed `rules/*.toml`, one file per family of vendors.
//!
//! A scan has no use for examples, which are most of what is written there; so they are read apart, by who checks rules.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::DeflateDecoder;

use super::rule::{RawRule, Rule};

const RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));
const EXAMPLES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/examples.json.deflate"));

/// Examples and non-examples, each in parts.
type Examples = [Vec<Vec<String>>; 2];

/// All rules without their examples, in the order of their files. No pattern is compiled yet: few will be hit.
pub(super) fn rules() -> Vec<Rule> {
    made(raw())
}

/// All rules with their examples, in the order of their files.
pub fn rules_with_examples() -> Vec<Rule> {
    let mut examples = String::new();
    #[expect(clippy::disallowed_methods, reason = "of our own making, so its size is known")]
    DeflateDecoder::new(EXAMPLES).read_to_string(&mut examples).expect("build.rs packed text");
    let mut examples: BTreeMap<String, Examples> =
        serde_json::from_str(&examples).expect("the tests read every built-in rule");
    let mut raw = raw();
    for rule in &mut raw {
        [rule.examples, rule.non_examples] = examples.remove(&rule.id).unwrap_or_default();
    }
    made(raw)
}

fn raw() -> Vec<RawRule> {
    serde_json::from_str(RULES).expect("the tests read every built-in rule")
}

fn made(raw: Vec<RawRule>) -> Vec<Rule> {
    let rules = raw.into_iter().map(Rule::try_from);
    rules.collect::<Result<_, _>>().expect("the tests read every built-in rule")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::{fs, io};

    use super::super::custom;
    use super::*;

    /// The rules as the files write them; what is wrong with one is told with its line.
    fn written() -> Vec<Rule> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/secret/rules");
        let files = fs::read_dir(folder).expect("the rules folder");
        let paths: BTreeSet<_> = files.map(|entry| entry.expect("an entry").path()).collect();
        let open = |_: &str| Err(io::ErrorKind::NotFound.into());
        let read = paths.iter().map(|path| {
            let text = fs::read_to_string(path).expect("a rule file");
            let file =
                custom::read(&path.display().to_string(), &text, &open).unwrap_or_else(|error| panic!("{error}"));
            assert!(file.refused.is_empty(), "{}", file.refused[0]);
            file.rules
        });
        read.flatten().collect()
    }

    #[test]
    fn what_is_packed_is_what_is_written() {
        let (written, packed) = (written(), rules_with_examples());
        assert_eq!(written.len(), packed.len());
        for (written, packed) in written.iter().zip(&packed) {
            assert_eq!(format!("{packed:?}"), format!("{written:?}"));
        }
    }

    #[test]
    fn ids_are_unique_and_pairs_exist() {
        let rules = rules();
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.len(), rules.len());
        for rule in &rules {
            assert!(rule.pairs.iter().all(|id| ids.contains(id.as_str())), "{} pairs with no rule", rule.id);
        }
    }

    #[test]
    fn the_rules_cover_many_vendors() {
        let rules = rules();
        let vendors: BTreeSet<&str> = rules.iter().map(|rule| rule.vendor.as_str()).collect();
        assert!(rules.len() >= 850, "{} rules", rules.len());
        assert!(vendors.len() >= 600, "{} vendors", vendors.len());
    }
}
