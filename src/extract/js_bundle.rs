//! Bundled JavaScript: what esbuild, webpack, Rollup, ncc, Parcel and their like leave of the packages in a script.
//!
//! Only scripts outside of `node_modules` are read: what an installed package ships is its own affair, and a copy in its
//! bundle has no version in nearly all cases. It cannot name the modules of a minified script without a map, but for
//! those with a notice, an inlined manifest or a text that is theirs alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::bundle::{Subject, Testimony, read_script};
use super::{Entry, Extractor, Sink, folder_of, join_path, js_map};
use crate::formats::node_modules::in_modules;
use crate::formats::source_map::sources;

/// Reads bundled scripts.
pub struct JsBundle;

impl Extractor for JsBundle {
    fn id(&self) -> &'static str {
        "js-bundle"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        is_script(path) && !in_modules(path)
    }

    fn goes_by_name(&self) -> bool {
        false
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let mut read = read_script(entry.bytes);
        let mut map = None;
        match map_address(entry.bytes) {
            Some(address) if address.starts_with(b"data:") => {
                if let Some(sources) = inline(address).as_deref().and_then(sources) {
                    read.whole |= !sources.cut && !sources.list.is_empty();
                    js_map::members(&sources).0.into_iter().for_each(|member| read.members.add(member));
                }
            }
            Some(address) => {
                let name = std::str::from_utf8(address).ok().filter(|name| !name.contains(['/', '\\', ':']));
                map = name.map(|name| join_path(folder_of(path), name));
            }
            None => {}
        }
        sink.bundles.push(Testimony {
            location: entry.location.clone(),
            subject: Subject::Script(map),
            members: read.members.0,
            whole: read.whole,
        });
    }
}

/// Whether a file is a script by its name.
pub(super) fn is_script(path: &str) -> bool {
    [".js", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end))
}

/// The address of the map in the `sourceMappingURL` at a script's end; webpack's modules in `eval` have some of their own.
fn map_address(bytes: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b"# sourceMappingURL=";
    let at = memchr::memmem::rfind(bytes, MARK)? + MARK.len();
    let rest = &bytes[at..];
    let (address, after) = rest.split_at(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()));
    after.iter().all(u8::is_ascii_whitespace).then_some(address)
}

/// The map in a `data:` address (RFC 2397).
fn inline(address: &[u8]) -> Option<String> {
    let comma = memchr::memchr(b',', &address[..address.len().min(256)])?;
    let (kind, data) = (&address[..comma], &address[comma + 1..]);
    kind.ends_with(b";base64").then(|| STANDARD.decode(data).ok()).flatten().and_then(|map| String::from_utf8(map).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    fn read(text: &str) -> Testimony {
        let location = Location::artifact(0).child("dist/index.js");
        let mut sink = Sink::default();
        JsBundle.extract(&Entry { location: &location, bytes: text.as_bytes() }, &mut sink);
        sink.bundles.pop().expect("every script is told")
    }

    #[test]
    fn an_inline_map_names_everything() {
        let map = STANDARD.encode(r#"{"version":3,"sources":["../node_modules/a/i.js","../src/b.js"],"mappings":"A"}"#);
        let found = read(&format!("x();\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{map}\n"));
        assert!(found.whole);
        assert_eq!(found.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert!(!read("x();\n//# sourceMappingURL=data:application/json;base64,@@@\n").whole);
    }

    #[test]
    fn a_script_names_its_map() {
        let map = |text: &str| read(text).subject;
        assert_eq!(map("x()\n//# sourceMappingURL=a.js.map"), Subject::Script(Some("dist/a.js.map".to_owned())));
        assert_eq!(map("x()\n//# sourceMappingURL=https://cdn.example.com/a.js.map"), Subject::Script(None));
        assert_eq!(map("x()"), Subject::Script(None));
    }

    #[test]
    fn installed_packages_are_left_alone() {
        assert!(JsBundle.wants("dist/index.mjs", b""));
        assert!(!JsBundle.wants("node_modules/a/dist/index.js", b"") && !JsBundle.wants("index.ts", b""));
    }
}
