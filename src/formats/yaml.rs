//! YAML, read into [`Lenient`] values.

use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer};
use serde_saphyr::Options;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use super::lenient::{Fill, Lenient};

/// Levels of nesting. The reader recurses: 100 levels overflowed the 2 MiB stack of a thread in an unoptimized build.
/// Lock files need six.
const DEPTH: usize = 32;
/// Scalars, maps and sequences, those that aliases repeat included. The largest known lock files have 500,000.
const NODES: usize = 10_000_000;

/// Why a text is not YAML, or not YAML that we are ready to read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Reads every document of a text (they are separated by `---`). A plain scalar that looks like a number loses its
/// spelling (`1.10` becomes `1.1`).
///
/// # Errors
/// A syntax error, nesting deeper than `DEPTH`, more than `NODES` nodes, or aliases that multiply.
pub fn documents<'de, T: Lenient<'de> + Default>(text: &'de str) -> Result<Vec<T>, Error> {
    let documents: Vec<Document<T>> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| Error(error.to_string()))?;
    Ok(documents.into_iter().map(|document| document.0).collect())
}

/// A value with the line that it stands on.
pub use serde_saphyr::Spanned;

/// Reads the first document of a text into a type that says what it wants; no document gives the default.
///
/// # Errors
/// The line, from 1, on which the text is not YAML or not what is wanted, or where it goes beyond the bounds of
/// [`documents`].
pub fn strict<T: DeserializeOwned + Default>(text: &str) -> Result<T, u64> {
    let documents: Vec<T> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| error.location().map_or(1, |place| place.line()))?;
    Ok(documents.into_iter().next().unwrap_or_default())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH,
            max_nodes: NODES,
            max_events: NODES,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

struct Document<T>(T);

impl<'de, T: Lenient<'de> + Default> Deserialize<'de> for Document<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = T::default();
        Fill(&mut value).deserialize(deserializer)?;
        Ok(Document(value))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::formats::lenient::{Entries, Text, record};

    record! {
        struct Sample<'de> {
            "version" => version: Text<'de>,
            "packages" => packages: Entries<'de, Text<'de>>,
        }
    }

    fn read(text: &str) -> Result<Vec<Sample<'_>>, Error> {
        documents(text)
    }

    #[test]
    fn every_document_is_read_and_strings_are_borrowed() {
        let text = "version: '9.0'\n---\nversion: 2\npackages:\n  a: x\n  'b': {c: 1}\n  ? /d\n  : y\n";
        let all = read(text).expect("YAML");
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].version.as_deref(), Some("9.0"));
        let packages: Vec<_> = all[1].packages.iter().map(|(name, value)| (&**name, value.as_deref())).collect();
        assert_eq!(packages, [("a", Some("x")), ("b", None), ("/d", Some("y"))]);
        assert!(matches!(all[1].packages[0], (Cow::Borrowed(_), Some(Cow::Borrowed(_)))));
    }

    #[test]
    fn tags_repeated_keys_and_merge_keys_are_no_errors() {
        let all =
            read("x: !Sub 'a'\ny: !GetAtt [a, b]\nversion: !Ref v\nversion: w\n<<: {a: 1}\nn: .nan\n").expect("YAML");
        assert_eq!(all[0].version.as_deref(), Some("w"));
    }

    #[test]
    fn bombs_are_refused_in_time() {
        let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let previous = format!("*a{},", i - 1).repeat(9);
            laughs.push_str(&format!("a{i}: &a{i} [{}]\n", previous.trim_end_matches(',')));
        }
        let deep_flow = format!("a: {}", "[".repeat(200_000));
        let deep_block: String = (0..3_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        let dashes = format!("a:\n  {}x\n", "- ".repeat(100_000));
        let start = crate::formats::clock::spent();
        for (name, text) in [("laughs", laughs), ("flow", deep_flow), ("block", deep_block), ("dashes", dashes)] {
            assert!(read(&text).is_err(), "{name}");
        }
        assert!((crate::formats::clock::spent() - start).as_secs() < 20);
    }

    #[test]
    fn three_megabytes_are_read_in_time() {
        let mut text = String::from("packages:\n");
        for i in 0..12_000 {
            text.push_str(&format!(
                "  /@scope/package-{i}/1.0.{i}:\n    resolution: {{integrity: sha512-{i:088}}}\n    \
                 engines: {{node: '>=6'}}\n    dependencies:\n      left: 1.0.0\n      right: 2.0.0_peer@1.0.0\n    \
                 dev: true\n\n"
            ));
        }
        assert!(text.len() > 3_000_000);
        let start = crate::formats::clock::spent();
        assert_eq!(read(&text).expect("YAML")[0].packages.len(), 12_000);
        assert!((crate::formats::clock::spent() - start).as_secs() < 20);
    }
}
