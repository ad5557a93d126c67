//! One release in several variants, as projects of Maven publish it: `32.0.0-jre` beside `32.0.0-android`,
//! `12.2.0.jre8` beside `12.2.0.jre11`.
//!
//! A record names its fix in one variant, most often the least, and whoever runs another would be sent to what does not
//! run there. Nothing here knows that a variant was published: a project that did so up to the flaw is believed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::affects::Record;
use super::reading::Probe;
use super::remedies::is_preview;
use crate::model::{Affected, Ecosystem, Event};

/// A version of Maven that says which variant it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant<'a> {
    /// `32.0.0`.
    release: &'a str,
    /// `jre`.
    word: &'a str,
}

/// Words behind a version that tell no variant: of one release there is only one of them.
const PLAIN: [&str; 4] = ["final", "ga", "release", "sp"];

impl<'a> Variant<'a> {
    /// `None` for a version without one. More than two digits behind the word are a date or the number of a build.
    pub(super) fn read(version: &'a str) -> Option<Variant<'a>> {
        let (release, word) = version.split_at_checked(version.find(|c: char| c.is_ascii_alphabetic())?)?;
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let tells = letters.bytes().all(|b| b.is_ascii_alphabetic())
            && word.len() - letters.len() <= 2
            && !is_preview(letters)
            && !PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(letters));
        (tells && release.ends_with(['-', '.'])).then_some(Variant { release, word })
    }

    fn is_like(self, other: Variant<'_>) -> bool {
        self.word.eq_ignore_ascii_case(other.word)
    }

    /// The same variant of another release.
    fn of(self, other: Variant<'_>) -> String {
        format!("{}{}", other.release, self.word)
    }
}

/// Whether a release is of another variant than a version that says its own.
pub(super) fn is_other(version: &Probe, release: &str, ecosystem: Ecosystem) -> bool {
    let own = Variant::read(version.text).filter(|_| ecosystem == Ecosystem::Maven);
    own.is_some_and(|own| Variant::read(release).is_none_or(|other| !own.is_like(other)))
}

/// Whether a release ends in other letters than a version: `1.0.1.GA` for `1.0.0.Final`, which are of one rank.
pub(super) fn ends_otherwise(version: &Probe, release: &str) -> bool {
    let end = |text: &str| text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_lowercase();
    end(version.text) != end(release)
}

/// The fixed versions that records name for one package, and of those in another variant than `version` the one of its
/// own, if both variants of the newest listed version are listed.
pub(super) fn candidates<'a>(
    records: impl IntoIterator<Item = &'a Record<'a>>,
    version: &Probe,
) -> BTreeSet<Cow<'a, str>> {
    let mut named = BTreeSet::new();
    let own = Variant::read(version.text);
    for element in records.into_iter().flat_map(Record::elements) {
        for bound in fixed(element) {
            named.insert(Cow::Borrowed(bound));
            let pair = own.filter(|_| element.ecosystem == Ecosystem::Maven).zip(Variant::read(bound));
            let pair = pair.filter(|(own, other)| !own.is_like(*other));
            named.extend(
                pair.filter(|pair| are_listed(element, *pair, version)).map(|(own, other)| own.of(other).into()),
            );
        }
    }
    named
}

/// The fixed versions of an element.
fn fixed(element: &Affected) -> impl Iterator<Item = &str> {
    let ranges = element.ranges.iter().chain(&element.custom_ranges);
    ranges.flat_map(|range| &range.events).filter_map(|event| match event {
        Event::Fixed(bound) => Some(bound.as_str()),
        _ => None,
    })
}

/// Whether the newest listed version of the other variant is listed in this one, too.
fn are_listed(element: &Affected, (own, other): (Variant<'_>, Variant<'_>), version: &Probe) -> bool {
    let others = element.versions.iter().filter(|text| Variant::read(text).is_some_and(|one| one.is_like(other)));
    let newest = others.map(|text| version.sibling(text)).reduce(|newest, next| {
        if next.own.partial_cmp(&newest.own) == Some(Ordering::Greater) { next } else { newest }
    });
    let newest = newest.and_then(|newest| Variant::read(newest.text));
    newest.is_some_and(|newest| element.versions.contains(&own.of(newest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_numbers_is_a_variant_or_not() {
        for (version, expected) in [
            ("31.1-jre", Some(("31.1-", "jre"))),
            ("32.0.0-android", Some(("32.0.0-", "android"))),
            ("12.2.0.jre11", Some(("12.2.0.", "jre11"))),
            ("4.1.48.Final", None),
            ("5.0.1.SP1", None),
            ("2.0.0-M3", None),
            ("1.0-rc1", None),
            ("9.4.51.v20230217", None),
            ("1.0.0.Final-redhat-1", None),
            ("r07", None),
            ("1.0", None),
            ("", None),
        ] {
            let read = Variant::read(version).map(|variant| (variant.release, variant.word));
            assert_eq!(read, expected, "{version}");
        }
    }
}
