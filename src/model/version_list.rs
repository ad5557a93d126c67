//! Versions that stand one by one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Entries that are made room for before the first is read: how many there will be is a stranger's word.
const ROOM: usize = 256;
/// Bytes of a usual version.
const USUAL: usize = 8;

/// A list of versions, all in one text: a record may list hundreds, and a lookup would spend most of its time on as many
/// allocations. It is written and read as a sequence of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionList {
    text: String,
    /// Where each version ends in the text; it begins where the one before it ends.
    ends: Vec<usize>,
}

impl VersionList {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// In the order in which they were listed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.text[std::mem::replace(&mut start, end)..end])
    }

    /// Whether it holds this very text.
    pub fn contains(&self, version: &str) -> bool {
        let (text, version) = (self.text.as_bytes(), version.as_bytes());
        let mut start = 0;
        let mut texts = self.ends.iter().map(|&end| &text[std::mem::replace(&mut start, end)..end]);
        // Of equal length are most; the last byte tells nearly all of them apart without a call.
        texts.any(|text| text.last() == version.last() && text == version)
    }

    fn push(&mut self, version: &str) {
        self.text.push_str(version);
        self.ends.push(self.text.len());
    }
}

impl<S: AsRef<str>> FromIterator<S> for VersionList {
    fn from_iter<I: IntoIterator<Item = S>>(versions: I) -> VersionList {
        let mut list = VersionList::default();
        versions.into_iter().for_each(|version| list.push(version.as_ref()));
        list
    }
}

impl Serialize for VersionList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for VersionList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<VersionList, D::Error> {
        deserializer.deserialize_seq(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = VersionList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of versions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut versions: A) -> Result<VersionList, A::Error> {
        let room = versions.size_hint().unwrap_or(0).min(ROOM);
        let mut list = VersionList { text: String::with_capacity(room * USUAL), ends: Vec::with_capacity(room) };
        while versions.next_element_seed(Next(&mut list))?.is_some() {}
        Ok(list)
    }
}

/// Appends a version to the list.
struct Next<'a>(&'a mut VersionList);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Next<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version")
    }

    fn visit_str<E: Error>(self, version: &str) -> Result<(), E> {
        self.0.push(version);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_back_in_order_whatever_they_are() {
        let versions = ["1.0", "", "2.0-é", "", "1.0"];
        let list: VersionList = versions.into_iter().collect();
        assert!(versions.iter().all(|version| list.contains(version)) && !list.contains("1.02.0"));
        assert_eq!((list.len(), list.is_empty()), (5, false));
        assert_eq!(list.iter().collect::<Vec<_>>(), versions);
        assert_eq!(VersionList::default().iter().next(), None);
        let other: VersionList = ["1.0", "2.0-é", "", "", "1.0"].into_iter().collect();
        assert_ne!(list, other, "the same text, split elsewhere");
    }

    /// Snapshots hold it so.
    #[test]
    fn it_is_written_as_a_sequence_of_strings() {
        let strings: Vec<String> = (0..1000).map(|n| format!("1.{n}.0")).collect();
        let list: VersionList = strings.iter().collect();
        let bytes = postcard::to_stdvec(&list).unwrap();
        assert_eq!(bytes, postcard::to_stdvec(&strings).unwrap());
        assert_eq!(postcard::from_bytes::<VersionList>(&bytes).unwrap(), list);
        let json = r#"["1.0","2.0\n"]"#;
        let escaped: VersionList = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&escaped).unwrap(), json);
        assert!(postcard::from_bytes::<VersionList>(&[200, 1, b'1']).is_err(), "cut short");
    }
}
