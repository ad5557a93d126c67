//! Writes the entries of one lock file in JSON or a notation of its own into the sink: npm's, unless it says otherwise.

use super::{Entry, Sink};
use crate::formats::lenient::Keys;
use crate::formats::lines::Lines;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Location, Package};

/// Entries that one lock file may have; the largest known ones have some 10,000. Each entry repeats the lock file's own
/// path, which a hostile archive can make 64 KiB long, so that the bound is on what they take together as well.
const MOST_ENTRIES: usize = 200_000;
/// Bytes that the paths of one lock file's entries may take.
const MOST_PATH_BYTES: usize = 256 << 20;

/// An entry of a lock file.
#[derive(Debug, Default)]
pub(super) struct Locked<'a> {
    /// The key that names it, as a piece of the text: gives the entry its line.
    pub key: Option<&'a str>,
    /// The package's name.
    pub name: &'a str,
    /// Its version; without one the entry is listed and a note says so.
    pub version: Option<&'a str>,
    /// See [`Package::direct`].
    pub direct: Option<bool>,
    /// See [`Package::dev`].
    pub dev: Option<bool>,
    /// See [`Package::requires`].
    pub requires: Vec<String>,
    /// See [`super::Found::install_path`].
    pub install_path: Option<String>,
}

/// The way of the entries into the sink.
pub(super) struct LockWriter<'a> {
    entry: &'a Entry<'a>,
    by: &'static str,
    ecosystem: Ecosystem,
    text: &'a str,
    sink: &'a mut Sink,
    left: usize,
    lines: Lines,
}

impl<'a> LockWriter<'a> {
    /// `text` is what the keys of the entries are pieces of.
    pub fn new(entry: &'a Entry<'a>, by: &'static str, text: &'a str, sink: &'a mut Sink) -> LockWriter<'a> {
        let left = room(entry.location) + 1;
        // Replaced bytes shift what follows: then no entry has a line, rather than a wrong one.
        let text = if std::str::from_utf8(entry.bytes).is_ok() { text } else { "" };
        LockWriter { entry, by, ecosystem: Ecosystem::Npm, text, sink, left, lines: Lines::new(entry.bytes) }
    }

    /// Writes packages of another ecosystem.
    pub fn of(self, ecosystem: Ecosystem) -> LockWriter<'a> {
        LockWriter { ecosystem, ..self }
    }

    /// Adds an entry.
    pub fn add(&mut self, locked: Locked<'_>) {
        if !self.take() {
            return;
        }
        let location = self.location(locked.key);
        if locked.version.is_none() {
            self.gap(Gap::note(
                GapKind::Unversioned,
                location.clone(),
                self.by,
                format!("the entry of {} has no version", locked.name),
            ));
        }
        let version = locked.version.map(str::to_owned);
        let mut package = Package::new(self.ecosystem, locked.name, version, Evidence::Locked, location);
        package.direct = locked.direct;
        package.dev = locked.dev;
        package.requires = locked.requires;
        self.sink.locked(package, locked.install_path);
    }

    /// Notes an entry that the format does not explain.
    pub fn odd(&mut self, key: &str) {
        if self.take() {
            let location = self.location(Some(key));
            self.gap(Gap::note(
                GapKind::Malformed,
                location,
                self.by,
                format!("the entry '{}' names no package", shorten(key)),
            ));
        }
    }

    /// The file, or what follows in it, could not be read.
    pub fn malformed(&mut self, error: &dyn std::fmt::Display) {
        let detail = format!("the lock file cannot be read to its end: {error}");
        self.gap(Gap::blocking(GapKind::Malformed, self.entry.location.clone(), self.by, detail));
    }

    /// Whether there is room for one entry more; says once that there is none.
    fn take(&mut self) -> bool {
        if self.left == 1 {
            self.gap(Gap::blocking(
                GapKind::OverLimit,
                self.entry.location.clone(),
                self.by,
                "the lock file has more entries than are read; the rest is unknown",
            ));
        }
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// The place of a key, if it is a piece of the text and not a copy of one.
    fn location(&self, key: Option<&str>) -> Location {
        let mark = if self.entry.bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let range = key.and_then(|key| {
            let start = (key.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
            let end = start.checked_add(key.len())?;
            (end <= self.text.len()).then_some(start + mark..end + mark)
        });
        match range {
            Some(range) => self.entry.location.at(self.lines.span(range)),
            None => self.entry.location.clone(),
        }
    }

    fn gap(&mut self, gap: Gap) {
        self.sink.lock_gaps.push(gap);
    }
}

/// The number of packages that one file may list.
pub(super) fn room(location: &Location) -> usize {
    let path_bytes: usize = location.path.iter().map(|part| part.len() + 64).sum();
    MOST_ENTRIES.min(MOST_PATH_BYTES / path_bytes.max(1))
}

/// The names that a map of dependencies has as keys.
pub(super) fn names(maps: &[&Keys<'_>]) -> Vec<String> {
    maps.iter().flat_map(|keys| &keys.0).map(|name| name.to_string()).collect()
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_lines_and_strangers_have_none() {
        let location = Location::artifact(0).child("yarn.lock");
        let entry = Entry { location: &location, bytes: b"\xEF\xBB\xBFab\ncd ef\n\ng" };
        let text = crate::formats::text::decode(entry.bytes);
        let mut sink = Sink::default();
        let writer = LockWriter::new(&entry, "yarn-lock", &text, &mut sink);
        let place = |key: &str| writer.location(Some(key)).span.map(|span| (span.offset, span.line, span.column));
        assert_eq!(place(&text[6..8]), Some((9, 2, 4)));
        assert_eq!(place(&text[0..2]), Some((3, 1, 4)));
        assert_eq!(place(&String::from("g")), None);
    }

    #[test]
    fn a_long_path_bounds_the_entries() {
        let location = Location::artifact(0).child(&format!("{}/yarn.lock", "a".repeat(60_000)));
        let entry = Entry { location: &location, bytes: b"" };
        let mut sink = Sink::default();
        let mut writer = LockWriter::new(&entry, "yarn-lock", "", &mut sink);
        for _ in 0..10_000 {
            writer.add(Locked { name: "a", version: Some("1.0.0"), ..Locked::default() });
        }
        assert!(sink.found.len() < 5_000, "{}", sink.found.len());
        assert_eq!(sink.lock_gaps.iter().filter(|gap| gap.kind == GapKind::OverLimit).count(), 1);
    }
}
