//! The version orders: the tables of `fixtures/versions`, the laws of an order, and the ecosystems' own tools.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tidewaiter::model::Ecosystem;
use tidewaiter::version::{self, Glance, Order};

/// Lines `a < b` and `a = b`.
pub fn table(id: &str) -> Vec<(String, Ordering, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/versions/{id}.txt"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            // `= 1.2.3` is itself a spelling, so the last sign with spaces around it is the relation.
            let at = line.rfind(" < ").or_else(|| line.rfind(" = ")).unwrap_or_else(|| panic!("no relation: {line}"));
            let ordering = if &line[at..at + 3] == " < " { Ordering::Less } else { Ordering::Equal };
            (line[..at].to_owned(), ordering, line[at + 3..].to_owned())
        })
        .collect()
}

#[test]
fn every_line_of_every_table_holds() {
    for order in version::ALL {
        let lines = table(order.id());
        assert!(lines.len() > 10, "{} has a table worth the name", order.id());
        for (a, expected, b) in lines {
            assert_eq!(order.compare(&a, &b), Ok(expected), "{}: {a} against {b}", order.id());
            assert_eq!(order.compare(&b, &a), Ok(expected.reverse()), "{}: {b} against {a}", order.id());
        }
    }
}

/// Any three versions of a table obey the laws, not only those that stand on one line.
#[test]
fn the_tables_are_transitive() {
    for order in version::ALL {
        let all: BTreeSet<String> = table(order.id()).into_iter().flat_map(|(a, _, b)| [a, b]).collect();
        let all: Vec<String> = all.into_iter().collect();
        let compare = |a: &String, b: &String| order.compare(a, b).expect("tables hold versions");
        let matrix: Vec<Vec<Ordering>> = all.iter().map(|a| all.iter().map(|b| compare(a, b)).collect()).collect();
        for (a, row) in matrix.iter().enumerate() {
            for (b, ab) in row.iter().enumerate() {
                for (c, ac) in row.iter().enumerate() {
                    let lawful =
                        *ab == Ordering::Greater || matrix[b][c] == Ordering::Greater || *ac == ab.then(matrix[b][c]);
                    assert!(lawful, "{}: {}, {}, {}", order.id(), all[a], all[b], all[c]);
                }
            }
        }
    }
}

#[test]
fn every_ecosystem_has_one_order_and_every_file_is_registered() {
    for ecosystem in Ecosystem::ALL {
        let serving = version::ALL.iter().filter(|order| order.ecosystems().contains(&ecosystem)).count();
        assert_eq!(serving, 1, "{ecosystem}");
    }
    let helpers = BTreeSet::from(["mod", "digits", "range"].map(str::to_owned));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/version");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path().file_stem().expect("named").to_string_lossy().into_owned())
        .collect();
    let orders: BTreeSet<String> = version::ALL.iter().map(|order| order.id().to_owned()).collect();
    assert_eq!(files.difference(&helpers).cloned().collect::<BTreeSet<_>>(), orders);
}

fn assert_lawful(order: &dyn Order, a: &str, b: &str, c: &str) {
    let Ok(ab) = order.compare(a, b) else { return };
    assert_eq!(order.compare(a, a), Ok(Ordering::Equal), "{}: reflexive: {a}", order.id());
    assert_eq!(order.compare(b, a), Ok(ab.reverse()), "{}: antisymmetric: {a} and {b}", order.id());
    let (Ok(bc), Ok(ac)) = (order.compare(b, c), order.compare(a, c)) else { return };
    if order.id() == "maven"
        && [a, b, c].into_iter().any(|v| has_word_between_dots(v) || has_null_behind_a_word_or_hyphen(v))
    {
        return;
    }
    if ab != Ordering::Greater && bc != Ordering::Greater {
        assert_eq!(ac, ab.then(bc), "{}: transitive: {a}, {b}, {c}", order.id());
    }
}

/// Maven's own program goes in circles there, and ours follows it.
fn has_word_between_dots(version: &str) -> bool {
    let parts = version.split(['.', '-']);
    let last = parts.clone().count() - 1;
    parts.take(last).any(|part| part.ends_with(|c: char| !c.is_ascii_digit()))
}

/// There too: the null is trimmed, so that a list holds nothing but a list, which stands above any word though what is
/// in it may stand below nothing: `0-0alpha` is `[[[alpha]]]`, below `0`, which is below `0+10`, and yet above that.
fn has_null_behind_a_word_or_hyphen(version: &str) -> bool {
    let lower = version.to_lowercase();
    let nested = lower.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_null = |run: &[u8]| run.iter().all(|b| *b == b'0') || [b"ga" as &[u8], b"final", b"release"].contains(&run);
    let runs = nested
        .split(['.', '-'])
        .flat_map(|part| part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()));
    runs.into_iter().any(is_null)
}

/// Texts that look like versions of some ecosystem, close to one another so that ties and near-ties are common.
fn version_like() -> impl Strategy<Value = String> {
    let number = prop_oneof![Just("0"), Just("1"), Just("2"), Just("10"), Just("00"), Just("99999999999999999999")];
    let word = prop_oneof![
        Just("a"),
        Just("b"),
        Just("alpha"),
        Just("beta"),
        Just("rc"),
        Just("RC"),
        Just("cr"),
        Just("m"),
        Just("ga"),
        Just("final"),
        Just("sp"),
        Just("SNAPSHOT"),
        Just("dev"),
        Just("post"),
        Just("pre"),
        Just("pl"),
        Just("x"),
        Just("foo"),
        Just("jre"),
        Just("incompatible"),
    ];
    let separator = prop_oneof![Just("."), Just("."), Just("-"), Just("+"), Just("_"), Just("")];
    let part = prop_oneof![3 => number.clone().boxed(), 2 => word.boxed()];
    (number, prop::collection::vec((separator, part), 0..6)).prop_map(|(first, rest)| {
        rest.into_iter().fold(first.to_owned(), |text, (separator, part)| text + separator + part)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_is_total(a in version_like(), b in version_like(), c in version_like()) {
        for order in version::ALL {
            assert_lawful(*order, &a, &b, &c);
        }
    }

    #[test]
    fn what_differs_at_a_glance_is_equal_in_no_order(a in version_like(), b in version_like()) {
        let differ = Glance::at(&a).is_some_and(|glance| glance.differs_from(&b));
        for order in version::ALL {
            prop_assert!(!(differ && order.compare(&a, &b) == Ok(Ordering::Equal)), "{}: {a} and {b}", order.id());
        }
    }

    #[test]
    fn no_text_makes_an_order_panic(a in "\\PC{0,24}", b in "[0-9a-zA-Z.+_v!-]{0,24}") {
        for order in version::ALL {
            for (x, y) in [(&a, &b), (&b, &a), (&a, &a), (&b, &b)] {
                if let Err(bad) = order.compare(x, y) {
                    prop_assert!(bad.0 == *x || bad.0 == *y, "{}: names the text at fault", order.id());
                }
            }
        }
    }

    #[test]
    fn semver_agrees_with_the_crate(a in strict_semver(), b in strict_semver()) {
        let parse = |text: &str| semver::Version::parse(text).expect("the generator is strict");
        let expected = parse(&a).cmp_precedence(&parse(&b));
        prop_assert_eq!(version::order(Ecosystem::CratesIo).compare(&a, &b), Ok(expected));
        prop_assert_eq!(version::order(Ecosystem::Go).compare(&a, &format!("v{b}")), Ok(expected));
        prop_assert_eq!(version::order(Ecosystem::NuGet).compare(&a.to_lowercase(), &b.to_lowercase()),
            Ok(parse(&a.to_lowercase()).cmp_precedence(&parse(&b.to_lowercase()))));
    }

    #[test]
    fn pep440_agrees_with_the_crate(a in pep440(), b in pep440()) {
        let parse = |text: &str| text.parse::<pep440_rs::Version>().ok();
        let ours = version::order(Ecosystem::PyPI).compare(&a, &b);
        prop_assert_eq!(ours.ok(), parse(&a).zip(parse(&b)).map(|(a, b)| a.cmp(&b)), "{} against {}", a, b);
    }
}

fn strict_semver() -> impl Strategy<Value = String> {
    // No leading zero in front of a number, and no hyphen first: NuGet orders hyphens by upper case.
    "(0|[1-9][0-9]?)\\.(0|[1-9])\\.(0|[1-9])(-(0|[1-9][0-9]?|[a-z][a-z0-9]{0,2}|rc)(\\.(0|[1-9]|b|rc1)){0,2})?(\\+[a-z0-9]{1,3})?"
}

fn pep440() -> impl Strategy<Value = String> {
    "v?([0-2]!)?[0-9]{1,2}(\\.[0-9]{1,2}){0,3}([-_.]?(a|b|c|rc|alpha|beta|pre|preview|x)[-_.]?[0-9]{0,2})?(-[0-9]|[-_.]?(post|rev|r)[-_.]?[0-9]{0,2})?([-_.]?dev[-_.]?[0-9]{0,2})?(\\+[a-z0-9]{1,3}([-_.][a-z0-9]{1,3}){0,2})?"
}
