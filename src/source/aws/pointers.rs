//! What points to the versions of a function: only those that something points to can be called other than by number.
//!
//! Versions that another service names by number, an integration of API Gateway say, are not known from Lambda's side.

use std::collections::{BTreeMap, BTreeSet};

use super::super::arn::FunctionArn;

/// The unpublished version.
pub(super) const LATEST: &str = "$LATEST";

/// What points to the versions of one function.
#[derive(Default)]
pub(super) struct Pointers {
    /// Versions by alias: two while a deployment shifts calls from one to the other.
    pub aliases: BTreeMap<String, BTreeSet<String>>,
    /// Versions and aliases with provisioned concurrency.
    pub provisioned: BTreeSet<String>,
    /// Event sources, by the version or alias that they call.
    pub sources: BTreeMap<String, BTreeSet<String>>,
    /// Versions that Lambda@Edge has copies of.
    pub edge: BTreeSet<String>,
}

impl Pointers {
    /// The words of `used_by`, sorted.
    pub(super) fn used_by(&self, version: &str) -> Vec<String> {
        let mut words: Vec<String> = self.aliases_of(version).map(|alias| format!("alias {alias}")).collect();
        if self.edge.contains(version) {
            words.push("edge".to_owned());
        }
        if !self.sources_of(version).is_empty() {
            words.push("event source".to_owned());
        }
        if self.provisioned.iter().any(|qualifier| self.leads(qualifier, version)) {
            words.push("provisioned concurrency".to_owned());
        }
        words
    }

    /// What calls a version without being asked, sorted.
    pub(super) fn sources_of(&self, version: &str) -> Vec<String> {
        let own = self.sources.iter().filter(|(qualifier, _)| self.leads(qualifier, version));
        own.flat_map(|(_, sources)| sources).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    fn aliases_of(&self, version: &str) -> impl Iterator<Item = &String> {
        self.aliases.iter().filter(move |(_, versions)| versions.contains(version)).map(|(alias, _)| alias)
    }

    fn leads(&self, qualifier: &str, version: &str) -> bool {
        qualifier == version || self.aliases.get(qualifier).is_some_and(|versions| versions.contains(version))
    }
}

/// The aliases among the words of `used_by`.
pub(super) fn aliases(used_by: &[String]) -> impl Iterator<Item = &str> {
    used_by.iter().filter_map(|word| word.strip_prefix("alias "))
}

/// Name and qualifier of a function's ARN; without one it means the unpublished version.
pub(super) fn split(arn: &str) -> Option<(&str, &str)> {
    FunctionArn::parse(arn).map(|arn| (arn.name, arn.qualifier.unwrap_or(LATEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn aliases_are_followed_to_every_version() {
        let pointers = Pointers {
            aliases: BTreeMap::from([("live".to_owned(), set(&["3", "4"])), ("next".to_owned(), set(&[LATEST]))]),
            provisioned: set(&["live"]),
            sources: BTreeMap::from([
                ("4".to_owned(), set(&["queue"])),
                ("live".to_owned(), set(&["stream", "queue"])),
            ]),
            edge: set(&["2"]),
        };
        assert_eq!(pointers.used_by("4"), ["alias live", "event source", "provisioned concurrency"]);
        assert_eq!(pointers.sources_of("4"), ["queue", "stream"]);
        assert_eq!(pointers.sources_of("3"), ["queue", "stream"]);
        assert_eq!(pointers.used_by("2"), ["edge"]);
        assert_eq!(pointers.used_by(LATEST), ["alias next"]);
        assert!(pointers.used_by("1").is_empty());
        assert_eq!(aliases(&pointers.used_by("4")).collect::<Vec<_>>(), ["live"]);
    }

    #[test]
    fn an_arn_without_a_qualifier_means_the_unpublished_version() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        assert_eq!(split(arn), Some(("orders", LATEST)));
        assert_eq!(split(&format!("{arn}:7")), Some(("orders", "7")));
        assert_eq!(split("orders"), None);
    }
}
