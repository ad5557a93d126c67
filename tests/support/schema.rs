//! As much of JSON Schema, draft 7 (<https://json-schema.org/draft-07>), as the published schemas use. A keyword that it
//! does not know is a panic, so that none is passed over.

use regex::Regex;
use serde_json::Value;

/// What is wrong with a value; empty if it conforms.
pub fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let conforms = |schema: &Value| {
        let mut inner = Vec::new();
        check(root, schema, value, at, &mut inner);
        inner.is_empty()
    };
    for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
        let ok = match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" => true,
            "$ref" => {
                let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference within");
                check(root, root.pointer(pointer).expect("it points at something"), value, at, found);
                true
            }
            "type" => match wanted.as_str().expect("one type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                other => panic!("type {other}"),
            },
            "enum" => wanted.as_array().expect("a list").contains(value),
            "pattern" => {
                let regex = Regex::new(wanted.as_str().expect("a pattern")).expect("a regular expression");
                value.as_str().is_none_or(|text| regex.is_match(text))
            }
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().expect("a length")),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().expect("a number")),
            "required" => strings(wanted).all(|key| value.get(key).is_some()),
            "dependencies" => {
                let all = wanted.as_object().expect("an object");
                all.iter()
                    .all(|(key, needs)| value.get(key).is_none() || strings(needs).all(|k| value.get(k).is_some()))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{index}"), found);
                }
                true
            }
            "properties" => {
                for (key, inner) in wanted.as_object().expect("an object") {
                    if let Some(value) = value.get(key) {
                        check(root, inner, value, &format!("{at}/{key}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                        continue;
                    }
                    match wanted {
                        Value::Bool(true) => {}
                        Value::Bool(false) => found.push(format!("{at}/{key} is unknown")),
                        schema => check(root, schema, value, &format!("{at}/{key}"), found),
                    }
                }
                true
            }
            "anyOf" => wanted.as_array().expect("a list").iter().any(conforms),
            "oneOf" => wanted.as_array().expect("a list").iter().filter(|schema| conforms(schema)).count() == 1,
            other => panic!("the keyword {other} is not checked yet"),
        };
        if !ok {
            found.push(format!("{at}: {keyword}"));
        }
    }
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
