//! `*.LICENSE.txt` and `*.LEGAL.txt`: the notices that webpack and esbuild take out of a bundle.
//!
//! esbuild writes the path of the file before each notice; webpack's are told apart by their texts. A package without a
//! notice is not in it.

use super::bundle::{Members, Subject, Testimony, licences, look_for_facts};
use super::{Entry, Extractor, Sink};
use crate::formats::node_modules::in_modules;

/// Reads the notices of a bundle.
pub struct JsNotice;

const ENDS: [&str; 2] = [".LICENSE.txt", ".LEGAL.txt"];

impl Extractor for JsNotice {
    fn id(&self) -> &'static str {
        "js-notice"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        script_of(path).is_some() && !in_modules(path)
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let Some(script) = script_of(entry.location.innermost()) else { return };
        let mut members = Members::default();
        licences(entry.bytes, &mut members);
        look_for_facts(entry.bytes, &mut members);
        sink.bundles.push(Testimony {
            location: entry.location.clone(),
            subject: Subject::Beside(script.to_owned()),
            members: members.0,
            whole: false,
        });
    }
}

fn script_of(path: &str) -> Option<&str> {
    let script = ENDS.iter().find_map(|end| path.strip_suffix(end))?;
    super::js_bundle::is_script(script).then_some(script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    #[test]
    fn notices_name_packages_by_path_and_by_text() {
        let location = Location::artifact(0).child("dist/index.js.LICENSE.txt");
        let text =
            b"Bundled license information:\n\na/lib/i.js:\n  /*! a note */\n\n/*!\n * depd\n * Copyright(c) 2014-2018 \
            Douglas Christopher Wilson\n */\n/*! js-yaml 4.1.0 https://github.com/nodeca/js-yaml @license MIT */\n";
        let mut sink = Sink::default();
        assert!(JsNotice.wants(location.innermost(), b"") && !JsNotice.wants("LICENSE.txt", b""));
        JsNotice.extract(&Entry { location: &location, bytes: text }, &mut sink);
        let [found] = &sink.bundles[..] else { panic!("{:?}", sink.bundles) };
        assert_eq!(found.subject, Subject::Beside("dist/index.js".to_owned()));
        let members: Vec<_> = found.members.iter().map(|m| (m.name.as_str(), m.version.as_deref())).collect();
        assert_eq!(members, [("a", None), ("depd", None), ("js-yaml", Some("4.1.0"))]);
    }
}
