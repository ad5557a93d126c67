//! The metafile of esbuild, which lists what went into each of its outputs
//! (<https://esbuild.github.io/api/#metafile>).
//!
//! It is known by its first key, since every build names it differently. An output that is not in the archive, or an
//! input of which no byte was kept, names no package.

use super::bundle::{Member, Members, Module, Subject, Testimony};
use super::{Entry, Extractor, Sink};
use crate::formats::lenient::{Entries, Text, json, record};
use crate::formats::node_modules::in_modules;
use crate::formats::text::decode;

/// Reads esbuild's metafiles.
pub struct JsMetafile;

record! {
    struct Metafile<'de> {
        "outputs" => outputs: Entries<'de, Output<'de>>,
    }
}

record! {
    struct Output<'de> {
        "inputs" => inputs: Entries<'de, Input<'de>>,
    }
}

record! {
    struct Input<'de> {
        "bytesInOutput" => bytes: Text<'de>,
    }
}

impl Extractor for JsMetafile {
    fn id(&self) -> &'static str {
        "js-metafile"
    }

    fn wants(&self, path: &str, head: &[u8]) -> bool {
        let first_key = |head: &[u8]| {
            let rest = head.trim_ascii_start().strip_prefix(b"{")?;
            Some(rest.trim_ascii_start().starts_with(b"\"inputs\""))
        };
        path.ends_with(".json") && first_key(head) == Some(true) && !in_modules(path)
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let mut file = Metafile::default();
        let whole = json(&text, &mut file).is_ok();
        for (path, output) in file.outputs {
            let mut members = Members::default();
            for (path, _) in output.inputs.iter().filter(|(_, input)| input.bytes.as_deref() != Some("0")) {
                if let Some(module) = Module::of(path) {
                    members.add(Member::of(&module));
                }
            }
            sink.bundles.push(Testimony {
                location: entry.location.clone(),
                subject: Subject::Output(path.into_owned()),
                members: members.0,
                whole,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    #[test]
    fn outputs_have_the_inputs_that_were_kept() {
        let text = br#"{
  "inputs": {"node_modules/gone/i.js": {"bytes": 1}},
  "outputs": {"dist/index.js": {"bytes": 9, "inputs": {
    "node_modules/a/i.js": {"bytesInOutput": 7}, "node_modules/gone/i.js": {"bytesInOutput": 0}, "src/a.js": {}}}}}"#;
        assert!(JsMetafile.wants("build/meta.json", text));
        assert!(!JsMetafile.wants("build/meta.json", b"{\"outputs\":{}}"));
        let location = Location::artifact(0).child("meta.json");
        let mut sink = Sink::default();
        JsMetafile.extract(&Entry { location: &location, bytes: text }, &mut sink);
        let [found] = &sink.bundles[..] else { panic!("{:?}", sink.bundles) };
        assert!(found.whole && found.subject == Subject::Output("dist/index.js".to_owned()));
        assert_eq!(found.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
