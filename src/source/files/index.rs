//! Saved archives, and which of them is meant.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Name, layer_names};
use super::tree::Saved;
use crate::source::Archive;

/// An archive that was saved.
pub(super) struct Stored {
    /// The file.
    pub file: Saved,
    /// SHA-256 in hexadecimal, where it can be had without a download.
    pub sha256: Option<String>,
}

impl Stored {
    /// Equal only for equal bytes. A bucket tells no digest; what it tells changes with the bytes.
    pub fn identity(&self) -> String {
        let Saved { path, bytes, tag, at, .. } = &self.file;
        match (&self.sha256, tag) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, Some(tag)) => format!("file:{path}:{bytes}:{tag}"),
            (None, None) => format!("file:{path}:{bytes}:{at}"),
        }
    }

    /// As something to fetch; `announced` is the digest that its configuration tells.
    pub fn archive(&self, announced: Option<&str>) -> Archive {
        // Where only a download tells the digest, what was right for one configuration is not for the next one.
        let identity = match (&self.sha256, announced) {
            (None, Some(announced)) => format!("{}:{announced}", self.identity()),
            _ => self.identity(),
        };
        Archive {
            identity,
            name: self.file.path.clone(),
            sha256: announced.map(str::to_owned).or_else(|| self.sha256.clone()),
            bytes: Some(self.file.bytes),
        }
    }
}

/// All archives, to be found by digest, place and name.
pub(super) struct Index {
    pub all: Vec<Stored>,
    by_digest: BTreeMap<String, usize>,
    by_folder: BTreeMap<String, Vec<usize>>,
    /// By the whole folder and the stem.
    by_place: BTreeMap<(String, String), Vec<usize>>,
    by_stem: BTreeMap<String, Vec<usize>>,
    /// By the innermost folder's name and the stem: `base`, `7` for `layers/base/7.zip`.
    by_tail: BTreeMap<(String, String), Vec<usize>>,
}

/// What a search gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is this one.
    One(usize),
    /// It could be any of these two, and of more perhaps.
    Several(usize, usize),
    /// There is none.
    None,
}

impl Choice {
    /// Goes on searching where nothing was found yet.
    pub fn or_else(self, search: impl FnOnce() -> Choice) -> Choice {
        if self == Choice::None { search() } else { self }
    }
}

impl Index {
    /// `all` is sorted by path.
    pub fn new(all: Vec<Stored>) -> Index {
        let mut index = Index {
            all: Vec::new(),
            by_digest: BTreeMap::new(),
            by_folder: BTreeMap::new(),
            by_place: BTreeMap::new(),
            by_stem: BTreeMap::new(),
            by_tail: BTreeMap::new(),
        };
        for (at, stored) in all.iter().enumerate() {
            let name = Name::of(&stored.file.path);
            if let Some(digest) = &stored.sha256 {
                index.by_digest.entry(digest.clone()).or_insert(at);
            }
            index.by_folder.entry(name.folder.to_owned()).or_default().push(at);
            index.by_place.entry((name.folder.to_owned(), name.stem.to_owned())).or_default().push(at);
            index.by_stem.entry(name.stem.to_owned()).or_default().push(at);
            index.by_tail.entry((name.last_folder().to_owned(), name.stem.to_owned())).or_default().push(at);
        }
        index.all = all;
        index
    }

    /// The archive of these bytes.
    pub fn with_digest(&self, sha256: Option<&str>) -> Choice {
        sha256.and_then(|digest| self.by_digest.get(digest)).map_or(Choice::None, |&at| Choice::One(at))
    }

    /// Archives in a folder itself.
    pub fn in_folder(&self, folder: &str) -> impl Iterator<Item = usize> {
        self.by_folder.get(folder).into_iter().flatten().copied()
    }

    /// The archive of this name in a folder.
    pub fn beside(&self, folder: &str, stem: &str) -> Choice {
        let place = (folder.to_owned(), stem.to_owned());
        self.only(self.by_place.get(&place).into_iter().flatten().copied())
    }

    /// The archive of this name, wherever it lies.
    pub fn anywhere(&self, stem: &str) -> Choice {
        self.only(self.named(stem))
    }

    /// The archive of a layer version; `bytes` is its size as configurations tell it.
    pub fn layer(&self, arn: &str, bytes: Option<u64>) -> Choice {
        let Some(names) = layer_names(arn) else { return Choice::None };
        let fits = |at: &usize| bytes.is_none_or(|bytes| bytes == self.all[*at].file.bytes);
        let exact = names.exact.iter().flat_map(|stem| self.named(stem)).filter(fits);
        let tail = self.by_tail.get(&(names.name.to_owned(), names.version.to_owned())).into_iter().flatten().copied();
        let short: BTreeSet<usize> =
            names.short.iter().flat_map(|stem| self.named(stem)).chain(tail).filter(fits).collect();
        // Layers of several accounts may have one name; then folders are named after accounts.
        let own = short.iter().copied().filter(|&at| {
            let folder = Name::of(&self.all[at].file.path).folder;
            folder.split('/').any(|part| part == names.account)
        });
        self.only(exact).or_else(|| self.only(own)).or_else(|| self.only(short.iter().copied()))
    }

    fn named(&self, stem: &str) -> impl Iterator<Item = usize> {
        self.by_stem.get(stem).into_iter().flatten().copied()
    }

    /// Copies of the same bytes are no choice.
    pub fn only(&self, mut candidates: impl Iterator<Item = usize>) -> Choice {
        let Some(first) = candidates.next() else { return Choice::None };
        let identity = self.all[first].identity();
        let other = candidates.find(|&at| self.all[at].identity() != identity);
        other.map_or(Choice::One(first), |other| Choice::Several(first, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(files: &[(&str, &str, u64)]) -> Index {
        let stored = |&(path, digest, bytes): &(&str, &str, u64)| Stored {
            file: Saved { path: path.to_owned(), raw: path.into(), bytes, at: String::new(), tag: None },
            sha256: Some(digest.to_owned()),
        };
        Index::new(files.iter().map(stored).collect())
    }

    #[test]
    fn equal_bytes_are_no_choice() {
        let index = index(&[("a/orders.zip", "1", 1), ("b/orders.zip", "1", 1), ("c/stock.zip", "2", 2)]);
        assert_eq!(index.anywhere("orders"), Choice::One(0));
        assert_eq!(index.beside("b", "orders"), Choice::One(1));
        assert_eq!(index.anywhere("carts"), Choice::None);
        assert_eq!(index.with_digest(Some("2")), Choice::One(2));
    }

    #[test]
    fn without_a_digest_the_tag_and_what_was_announced_tell_bytes_apart() {
        let listed = |tag: &str, at: &str| Stored {
            file: Saved {
                path: "a.zip".to_owned(),
                raw: "a.zip".into(),
                bytes: 9,
                at: at.to_owned(),
                tag: Some(tag.to_owned()),
            },
            sha256: None,
        };
        let first = listed("\"1\"", "2026-11-01T00:00:00Z");
        assert_ne!(first.identity(), listed("\"2\"", "2026-11-01T00:00:00Z").identity(), "overwritten at once");
        assert_eq!(first.identity(), listed("\"1\"", "2026-11-02T00:00:00Z").identity(), "uploaded again");
        assert_ne!(first.archive(Some("ab")).identity, first.archive(Some("cd")).identity, "of another configuration");
    }

    #[test]
    fn layers_by_arn_account_name_and_size() {
        let arn = |account: &str| format!("arn:aws:lambda:eu-west-1:{account}:layer:base:7");
        let index = index(&[
            ("layers/111111111111/base-7.zip", "1", 10),
            ("layers/222222222222/base-7.zip", "2", 20),
            ("layers/tools/3.zip", "3", 30),
            ("x/arn_aws_lambda_eu-west-1_333333333333_layer_base_7.zip", "4", 40),
        ]);
        assert_eq!(index.layer(&arn("111111111111"), None), Choice::One(0));
        assert_eq!(index.layer(&arn("222222222222"), Some(20)), Choice::One(1));
        assert_eq!(index.layer(&arn("333333333333"), None), Choice::One(3));
        assert_eq!(index.layer(&arn("444444444444"), None), Choice::Several(0, 1));
        assert_eq!(index.layer(&arn("444444444444"), Some(20)), Choice::One(1));
        assert_eq!(index.layer(&arn("111111111111"), Some(11)), Choice::None);
        assert_eq!(index.layer("arn:aws:lambda:eu-west-1:1:layer:tools:3", None), Choice::One(2));
    }
}
