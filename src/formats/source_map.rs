//! Source maps (ECMA-426, <https://tc39.es/ecma426/>): which sources a script was made of.
//!
//! Only the lists of sources are read; the mappings, which are most of a map, are walked over. Of a source's text its
//! beginning is kept, and the whole of what can be a small JSON document. It cannot know whether a map belongs to the
//! script beside it.

use std::borrow::Cow;

use serde::de::SeqAccess;

use super::lenient::{Fill, Lenient, Text, json, record};

/// Sources that are read of one map; the largest functions have some 20,000.
const MOST_SOURCES: usize = 200_000;
/// Bytes that the roots of one map may add to its sources: each source repeats its root.
const MOST_ROOT_BYTES: usize = 16 << 20;
/// Bytes kept of a source's text.
const BEGINNING: usize = 512;
/// A text that begins like a JSON object is kept up to this many bytes.
const LARGEST_OBJECT: usize = 64 << 10;

/// One source of a map.
#[derive(Debug)]
pub struct Source {
    /// Its path or address, behind the map's root.
    pub path: String,
    /// Its text, see the module; empty where the map has none.
    pub text: String,
}

/// What a map names.
#[derive(Debug, Default)]
pub struct Sources {
    /// In the order of the map.
    pub list: Vec<Source>,
    /// Whether the map has sources that are not in the list: it breaks off, or has more than are read.
    pub cut: bool,
}

/// Reads the sources of a map, those of an index map's sections included. `None` for what is no source map.
pub fn sources(text: &str) -> Option<Sources> {
    // A line in front keeps browsers from running the map as a script.
    let text = if text.starts_with(")]}") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let mut map = Map::default();
    let mut cut = json(text, &mut map).is_err();
    let (mut list, mut room) = (Vec::new(), MOST_ROOT_BYTES);
    for part in std::iter::once(map.own).chain(map.sections.list.into_iter().map(|section| section.map)) {
        cut |= part.sources.cut;
        let root = part.root.unwrap_or_default();
        let mut texts = part.contents.list.into_iter();
        for path in part.sources.list {
            let text = texts.next().unwrap_or_default();
            let Some(left) = room.checked_sub(root.len()).filter(|_| list.len() < MOST_SOURCES) else {
                cut = true;
                break;
            };
            room = left;
            list.push(Source { path: behind(&root, path), text });
        }
    }
    cut |= map.sections.cut;
    (map.version || !list.is_empty()).then_some(Sources { list, cut })
}

fn behind(root: &str, path: Cow<'_, str>) -> String {
    if root.is_empty() || path.starts_with('/') || path.contains("://") {
        return path.into_owned();
    }
    format!("{}/{path}", root.trim_end_matches('/'))
}

/// A map with its sections.
#[derive(Debug, Default)]
struct Map<'de> {
    own: Part<'de>,
    sections: List<Section<'de>>,
    version: bool,
}

impl<'de> Lenient<'de> for Map<'de> {
    fn map<A: serde::de::MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(super::lenient::Key)? {
            match &*key {
                "sections" => map.next_value_seed(Fill(&mut self.sections))?,
                key => {
                    self.version |= key == "mappings";
                    self.own.field(key, &mut map)?;
                }
            }
        }
        Ok(())
    }
}

/// What a map says by itself.
#[derive(Debug, Default)]
struct Part<'de> {
    root: Text<'de>,
    sources: List<Cow<'de, str>>,
    contents: List<String>,
}

impl<'de> Part<'de> {
    fn field<A: serde::de::MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "sourceRoot" => map.next_value_seed(Fill(&mut self.root)),
            "sources" => map.next_value_seed(Fill(&mut self.sources)),
            "sourcesContent" => map.next_value_seed(Fill(&mut self.contents)),
            _ => map.next_value::<serde::de::IgnoredAny>().map(drop),
        }
    }
}

impl<'de> Lenient<'de> for Part<'de> {
    fn map<A: serde::de::MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(super::lenient::Key)? {
            self.field(&key, &mut map)?;
        }
        Ok(())
    }
}

record! {
    struct Section<'de> {
        "map" => map: Part<'de>,
    }
}

/// A sequence of bounded length. An element that does not suit leaves an empty place, since lists stand side by side.
#[derive(Debug)]
struct List<T> {
    list: Vec<T>,
    cut: bool,
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List { list: Vec::new(), cut: false }
    }
}

impl<T> List<T> {
    fn read<'de, A: SeqAccess<'de>, E: Lenient<'de> + Default>(
        &mut self,
        mut seq: A,
        keep: impl Fn(E) -> T,
    ) -> Result<(), A::Error> {
        loop {
            let mut element = E::default();
            if seq.next_element_seed(Fill(&mut element))?.is_none() {
                return Ok(());
            }
            if self.list.len() < MOST_SOURCES {
                self.list.push(keep(element));
            } else {
                self.cut = true;
            }
        }
    }
}

impl<'de> Lenient<'de> for List<Cow<'de, str>> {
    fn seq<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.read(seq, |path: Text<'de>| path.unwrap_or_default())
    }
}

impl<'de> Lenient<'de> for List<String> {
    fn seq<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.read(seq, |text: Text<'de>| text.map_or_else(String::new, |text| beginning(&text).to_owned()))
    }
}

impl<'de> Lenient<'de> for List<Section<'de>> {
    fn seq<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.read(seq, |section| section)
    }
}

fn beginning(text: &str) -> &str {
    let object = text.len() <= LARGEST_OBJECT && text.trim_start().starts_with('{');
    let mut end = if object { text.len() } else { text.len().min(BEGINNING) };
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Option<(Vec<String>, bool)> {
        let sources = sources(text)?;
        Some((sources.list.into_iter().map(|source| source.path).collect(), sources.cut))
    }

    #[test]
    fn sources_stand_behind_the_root() {
        let map = r#"{"version":3,"sourceRoot":"../src/","sources":["a.js","/b.js","webpack://x/c.js",null],"mappings":"AAAA"}"#;
        let names = ["../src/a.js", "/b.js", "webpack://x/c.js", "../src/"].map(str::to_owned).to_vec();
        assert_eq!(paths(map), Some((names.clone(), false)));
        assert_eq!(paths(&format!(")]}}'\n{map}")), Some((names, false)));
    }

    #[test]
    fn sections_and_texts() {
        let map = r#"{"version":3,"sections":[{"offset":{},"map":{"sources":["a.js"],"sourcesContent":["é"]}},
            {"map":{"sourcesContent":[null,"{\"name\":1}"],"sources":["b.js","c.json"]}},{"url":"x"}]}"#;
        let sources = sources(map).expect("a map");
        let found: Vec<_> = sources.list.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
        assert_eq!(found, [("a.js", "é"), ("b.js", ""), ("c.json", "{\"name\":1}")]);
    }

    #[test]
    fn what_is_read_of_a_text_is_bounded() {
        assert_eq!(beginning(&"é".repeat(1000)).len(), BEGINNING);
        assert_eq!(beginning(&format!("{{{}", " ".repeat(2000))).len(), 2001);
        assert_eq!(beginning(&format!("{{{}", " ".repeat(LARGEST_OBJECT))).len(), BEGINNING);
    }

    #[test]
    fn no_map_and_a_broken_map() {
        for text in ["", "[]", "{}", "{\"sources\":7}", "null", "body { color: red }"] {
            assert!(sources(text).is_none(), "{text}");
        }
        assert_eq!(paths(r#"{"sources":["a.js","b"#), Some((vec!["a.js".to_owned()], true)));
        let deep = format!("{{\"sources\":[\"a\"],\"sections\":{}", "[{\"map\":{\"sections\":".repeat(100_000));
        assert!(sources(&deep).is_some_and(|sources| sources.cut && sources.list.len() == 1));
    }

    #[test]
    fn many_sources_are_cut() {
        let map = format!("{{\"sources\":[{}0]}}", "0,".repeat(MOST_SOURCES));
        let sources = sources(&map).expect("a map");
        assert!(sources.cut && sources.list.len() == MOST_SOURCES);
    }

    #[test]
    fn a_long_root_does_not_multiply_without_bound() {
        let map = format!("{{\"sourceRoot\":\"{}\",\"sources\":[{}0]}}", "r".repeat(1 << 20), "0,".repeat(1000));
        let sources = sources(&map).expect("a map");
        assert!(sources.cut && sources.list.len() <= MOST_ROOT_BYTES >> 20, "{}", sources.list.len());
    }
}
