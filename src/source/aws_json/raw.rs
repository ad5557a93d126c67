//! Parts of a document that are kept as the text they are: to make a tree of them would take many times their size.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use crate::formats::lenient::{Key, Lenient};
use crate::model::percent_decoded;

/// Names and texts, in the document's order, repeated names included. A value that is no text is kept in its JSON form.
#[derive(Debug, Default)]
pub(super) struct Texts(pub Vec<(String, String)>);

impl<'de> Lenient<'de> for Texts {
    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Key)? {
            let value: Box<RawValue> = map.next_value()?;
            let text = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
            self.0.push((name.into_owned(), text));
        }
        Ok(())
    }
}

/// A policy: a JSON document without blanks. The interface hands it out as a text, percent-encoded by IAM; the command
/// line decodes IAM's and prints them as objects.
#[derive(Debug, Default)]
pub(super) struct Policy(pub Option<String>);

impl<'de> Lenient<'de> for Policy {
    fn text(&mut self, text: Cow<'de, str>) {
        self.0 = Some(policy(&text));
    }

    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let mut parts = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            let value: Box<RawValue> = map.next_value()?;
            parts.push(format!("{}:{}", serde_json::Value::from(key.into_owned()), without_blanks(value.get())));
        }
        self.0 = Some(format!("{{{}}}", parts.join(",")));
        Ok(())
    }
}

/// A policy as the interface hands it out, as it is kept.
pub(in crate::source) fn policy(text: &str) -> String {
    if text.starts_with('%') { without_blanks(&percent_decoded(text)) } else { without_blanks(text) }
}

/// White space between the tokens of JSON means nothing; the same policy is the same text without it.
fn without_blanks(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let was = quoted;
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
            was || !matches!(c, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::lenient::json;

    #[test]
    fn one_policy_in_three_spellings() {
        for text in [
            r#"{ "Version" : "2012-10-17",  "Statement": [ { "Sid": "a \" b" } ] }"#,
            r#""{ \"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"a \\\" b\"}]}""#,
            r#""%7B%22Version%22%3A%20%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Sid%22%3A%22a%20%5C%22%20b%22%7D%5D%7D""#,
        ] {
            let mut policy = Policy::default();
            json(text, &mut policy).unwrap();
            assert_eq!(
                policy.0.as_deref(),
                Some(r#"{"Version":"2012-10-17","Statement":[{"Sid":"a \" b"}]}"#),
                "{text}"
            );
        }
    }

    #[test]
    fn values_that_are_no_texts_keep_their_form() {
        let mut texts = Texts::default();
        json(r#"{"a": "x\ny", "b": 2, "a": {"c": [null, 1.50]}}"#, &mut texts).unwrap();
        let pairs: Vec<_> = texts.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "x\ny"), ("b", "2"), ("a", r#"{"c": [null, 1.50]}"#)]);
    }
}
