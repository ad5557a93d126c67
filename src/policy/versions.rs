//! Versions that a waiver speaks of: bounds in the ecosystem's own order.

use std::cmp::Ordering;

use crate::model::Ecosystem;
use crate::version::order;

/// Versions between bounds that must all hold; without any, every version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions(Vec<(Bound, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Bound {
    /// Longer signs first: `<=` begins with `<`.
    const SIGNS: [(&'static str, Bound); 5] =
        [("<=", Bound::AtMost), (">=", Bound::AtLeast), ("<", Bound::Less), (">", Bound::More), ("=", Bound::Equal)];

    fn admits(self, order: Ordering) -> bool {
        match self {
            Bound::Equal => order.is_eq(),
            Bound::Less => order.is_lt(),
            Bound::AtMost => order.is_le(),
            Bound::More => order.is_gt(),
            Bound::AtLeast => order.is_ge(),
        }
    }
}

impl Versions {
    /// Exactly one version.
    pub fn exactly(version: &str) -> Versions {
        Versions(vec![(Bound::Equal, version.to_owned())])
    }

    /// Reads `>=4.0.0, <4.17.21`: comparisons that must all hold. A version alone is that version.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Versions, String> {
        let bound = |part: &str| {
            let part = part.trim();
            let (bound, version) = Bound::SIGNS
                .into_iter()
                .find_map(|(sign, bound)| Some((bound, part.strip_prefix(sign)?.trim())))
                .unwrap_or((Bound::Equal, part));
            if version.is_empty() {
                return Err("versions are compared, as in \">=4.0.0, <4.17.21\"".to_owned());
            }
            let read = order(ecosystem).parse(version).map(|_| (bound, version.to_owned()));
            read.map_err(|error| format!("{error} ({ecosystem})"))
        };
        text.split(',').map(bound).collect::<Result<_, _>>().map(Versions)
    }

    /// Whether a version lies within. One that the ecosystem's order cannot read is only equal to the same text.
    pub fn contain(&self, ecosystem: Ecosystem, version: Option<&str>) -> bool {
        let Some(version) = version else { return self.0.is_empty() };
        self.0.iter().all(|(bound, other)| match order(ecosystem).compare(version, other) {
            Ok(order) => bound.admits(order),
            Err(_) => *bound == Bound::Equal && version == other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bounds_hold_in_the_ecosystems_own_order() {
        let within = |text: &str, version: &str| {
            Versions::parse(Ecosystem::PyPI, text).unwrap().contain(Ecosystem::PyPI, Some(version))
        };
        assert!(within(">=1.0, <2", "1.10"));
        assert!(within("<1.0", "1.0rc1"), "a release candidate comes before its release");
        assert!(!within(">=1.0,<2", "2.0"));
        assert!(within("1.0", "1.0.0") && within("=1.0", "1.0.0") && !within("1.0", "1.0.1"));
        assert!(within("<=1.0", "1.0") && within(">0.9", "1.0") && !within(">1.0", "1.0"));
    }

    #[test]
    fn what_cannot_be_read_is_not_within() {
        let range = Versions::parse(Ecosystem::Npm, "<2.0.0").unwrap();
        assert!(!range.contain(Ecosystem::Npm, Some("banana")));
        assert!(!range.contain(Ecosystem::Npm, None));
        assert!(Versions::default().contain(Ecosystem::Npm, None));
        assert!(Versions::exactly("banana").contain(Ecosystem::Npm, Some("banana")));
        for text in ["", "<", ">=1.0,", "banana"] {
            assert!(Versions::parse(Ecosystem::Npm, text).is_err(), "{text}");
        }
    }
}
