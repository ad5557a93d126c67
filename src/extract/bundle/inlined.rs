//! Manifests that were merged into a bundle: `require('./package.json')` leaves the whole `package.json` as an object.
//!
//! Without the path of its module such an object could be anybody's, the function's own included. It counts where it has
//! what npm's manifests have and no other object does: name and version, a repository or a homepage, and three more of
//! their keys.

use super::path::is_name;
use super::{Member, Members};
use crate::extract::npm_spec::is_version;

/// A manifest is not longer.
const LONGEST: usize = 64 << 10;
/// Objects within objects that are walked over.
const DEEPEST: usize = 64;

/// Keys that tell a manifest from other objects with a name and a version.
const KEYS: [&str; 18] = [
    "author",
    "bin",
    "browser",
    "dependencies",
    "description",
    "devDependencies",
    "engines",
    "exports",
    "files",
    "keywords",
    "license",
    "main",
    "maintainers",
    "module",
    "scripts",
    "sideEffects",
    "types",
    "contributors",
];
/// Keys of which it has one.
const PUBLIC: [&str; 3] = ["bugs", "homepage", "repository"];

/// What a manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Manifest {
    pub name: String,
    pub version: String,
    keys: usize,
    public: bool,
    private: bool,
}

/// Reads the text of a `package.json`.
pub(in super::super) fn manifest_of(text: &str) -> Option<Manifest> {
    Walker { bytes: text.trim_start().as_bytes(), at: 0 }.manifest()
}

/// Finds inlined manifests. Each byte is walked over a bounded number of times.
pub(super) fn look(bytes: &[u8], members: &mut Members) {
    let mut budget = bytes.len().saturating_mul(4);
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, b"name") {
        if at < from || !bytes[at + 4..].iter().take(3).any(|&b| b == b':') {
            continue;
        }
        let before = &bytes[at.saturating_sub(16)..at];
        let before =
            before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before).trim_ascii_end();
        if before.last() != Some(&b'{') {
            continue;
        }
        let start = at.saturating_sub(16) + before.len() - 1;
        let mut walker = Walker { bytes: &bytes[start..bytes.len().min(start + LONGEST)], at: 0 };
        let found = walker.manifest();
        match budget.checked_sub(walker.at) {
            Some(left) => budget = left,
            None => return,
        }
        let Some(found) = found else { continue };
        from = start + walker.at;
        if found.keys >= 3 && found.public && !found.private {
            let member = Member::new(&found.name, Some(&found.version));
            members.add(Member { by_manifest: true, ..member });
        }
    }
}

/// Walks over an object as JSON or minified JavaScript writes it.
struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walker<'a> {
    /// The object that begins here, if it has a name and a version.
    fn manifest(&mut self) -> Option<Manifest> {
        let mut manifest = Manifest::default();
        self.take(b'{')?;
        while self.peek()? != b'}' {
            let key = self.key()?;
            self.take(b':')?;
            if matches!(self.peek()?, b'"' | b'\'') {
                let value = self.string()?;
                match key {
                    "name" if is_name(value) => manifest.name = value.to_owned(),
                    "version" if is_version(value) => manifest.version = value.to_owned(),
                    _ => {}
                }
            } else {
                let start = self.at;
                self.value(0)?;
                let value = self.bytes[start..self.at].trim_ascii();
                manifest.private |= key == "private" && matches!(value, b"true" | b"!0");
            }
            manifest.keys += usize::from(KEYS.contains(&key));
            manifest.public |= PUBLIC.contains(&key);
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        (!manifest.name.is_empty() && !manifest.version.is_empty()).then_some(manifest)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn key(&mut self) -> Option<&'a str> {
        if matches!(self.peek()?, b'"' | b'\'') { self.string() } else { self.word() }
    }

    fn word(&mut self) -> Option<&'a str> {
        let rest = &self.bytes[self.at..];
        let len =
            rest.iter().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'$' | b'.' | b'-' | b'+'));
        let word = &rest[..len.unwrap_or(rest.len())];
        self.at += word.len();
        std::str::from_utf8(word).ok().filter(|word| !word.is_empty())
    }

    /// The text between two quotes, as it is written.
    fn string(&mut self) -> Option<&'a str> {
        let quote = self.peek()?;
        let start = self.at + 1;
        self.at = start;
        loop {
            self.at += memchr::memchr3(quote, b'\\', b'\n', &self.bytes[self.at..])?;
            match self.bytes[self.at] {
                b'\\' => self.at = (self.at + 2).min(self.bytes.len()),
                b'\n' => return None,
                _ => break,
            }
        }
        self.at += 1;
        std::str::from_utf8(&self.bytes[start..self.at - 1]).ok()
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'"' | b'\'' => self.string().map(drop),
            open @ (b'{' | b'[') => {
                self.at += 1;
                let close = if open == b'{' { b'}' } else { b']' };
                while self.peek()? != close {
                    if open == b'{' {
                        self.key()?;
                        self.take(b':')?;
                    }
                    self.value(depth + 1)?;
                    if self.peek()? == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Some(())
            }
            // Minifiers write `!0` for `true`.
            b'!' => {
                self.at += 1;
                self.word().map(drop)
            }
            _ => self.word().map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        let mut members = Members::default();
        look(text.as_bytes(), &mut members);
        members.0.into_iter().map(|member| (member.name, member.version)).collect()
    }

    const REST: &str =
        "main:'i.js',license:\"MIT\",scripts:{a:\"b\"},sideEffects:!1,files:[\"x\"],repository:{url:'y'}";

    #[test]
    fn manifests_as_bundlers_write_them() {
        let one = [("a".to_owned(), Some("1.2.3".to_owned()))];
        assert_eq!(found(&format!("e.exports={{name:\"a\",version:\"1.2.3\",{REST}}}}})")), one);
        assert_eq!(found(&format!("{{\n  name: \"a\",\n  version: '1.2.3',\n{REST}\n}}")), one);
        let json = r#"{"name":"a","version":"1.2.3","main":"i","author":{"name":"\"x"},"license":"MIT","bugs":null}"#;
        assert_eq!(found(&format!("JSON.parse('{json}')")), one);
        assert_eq!(manifest_of(" {\"name\":\"a\",\"version\":\"1.2.3\"}").map(|m| m.version).as_deref(), Some("1.2.3"));
    }

    #[test]
    fn other_objects_are_none() {
        for text in [
            "{name:\"a\",version:\"1.2.3\"}".to_owned(),
            format!("{{name:\"a\",version:\"^1.2.3\",{REST}}}"),
            format!("{{name:\"a b\",version:\"1.2.3\",{REST}}}"),
            format!("{{name:\"a\",version:\"1.2.3\",private:!0,{REST}}}"),
            format!("{{name:\"a\",version:v,{REST}}}").replace("v,", "v(),"),
            "{name:\"chart\",version:\"1.2.3\",main:\"a\",license:\"b\",author:\"c\"}".to_owned(),
            "{name:".to_owned(),
        ] {
            assert!(found(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn hostile_objects_end() {
        let start = crate::formats::clock::spent();
        assert!(found(&"{name:\"a\",b:".repeat(1 << 18)).is_empty());
        assert!(found(&format!("{{name:\"a\",b:{}", "[".repeat(1 << 18))).is_empty());
        assert!(found(&"{name:\"a\",b:[\"".repeat(1 << 18)).is_empty());
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }
}
