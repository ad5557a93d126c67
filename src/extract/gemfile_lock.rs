//! Bundler's `Gemfile.lock`, also called `gems.locked`.
//!
//! The file has no published specification; Bundler's own reader (`bundler/lockfile_parser.rb` in
//! <https://github.com/rubygems/rubygems>) tells its parts by their indentation: sources (`GEM`, `GIT`, `PATH`) with their
//! gems four spaces in and what those require six, then what the `Gemfile` asks for. It does not say which groups ask.

use std::collections::HashSet;

use super::lock_writer::{LockWriter, Locked};
use super::{Entry, Extractor, Sink, file_name};
use crate::formats::text::decode;
use crate::model::Ecosystem;

const ID: &str = "gemfile-lock";

/// The extractor.
pub struct GemfileLock;

impl Extractor for GemfileLock {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        matches!(file_name(path), "Gemfile.lock" | "gems.locked")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let lock = LockFile::read(&text);
        let mut writer = LockWriter::new(entry, ID, &text, sink).of(Ecosystem::RubyGems);
        if lock.conflict {
            writer.malformed(&"it holds the marks of an unresolved merge");
        } else if lock.sources == 0 {
            writer.malformed(&"it has no GEM, GIT or PATH section");
        }
        for odd in lock.odd {
            writer.odd(odd);
        }
        for gem in lock.gems {
            writer.add(Locked {
                key: Some(gem.name),
                name: gem.name,
                version: Some(gem.version),
                direct: Some(lock.direct.contains(gem.name)),
                requires: gem.requires.into_iter().map(str::to_owned).collect(),
                ..Locked::default()
            });
        }
    }
}

/// What a lock file says.
#[derive(Debug, Default)]
struct LockFile<'a> {
    gems: Vec<Gem<'a>>,
    direct: HashSet<&'a str>,
    odd: Vec<&'a str>,
    sources: usize,
    conflict: bool,
}

#[derive(Debug)]
struct Gem<'a> {
    name: &'a str,
    version: &'a str,
    requires: Vec<&'a str>,
}

impl<'a> LockFile<'a> {
    fn read(text: &'a str) -> LockFile<'a> {
        let mut lock = LockFile::default();
        let mut section = "";
        for line in text.lines() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let content = line.trim();
            match (section, indent) {
                _ if content.is_empty() => {}
                _ if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) => {
                    lock.conflict = true
                }
                (_, 0) => {
                    section = content;
                    lock.sources += usize::from(is_source(section) || section == "PATH");
                }
                (section, 4) if is_source(section) => match named(content) {
                    (name, Some(version)) => lock.gems.push(Gem { name, version, requires: Vec::new() }),
                    _ => lock.odd.push(content),
                },
                (section, 6) if is_source(section) => {
                    if let Some(gem) = lock.gems.last_mut() {
                        gem.requires.push(named(content).0);
                    }
                }
                ("DEPENDENCIES", 2) => {
                    lock.direct.insert(named(content).0);
                }
                _ => {}
            }
        }
        lock
    }
}

/// Whether a section lists gems of others; those of `PATH` are folders beside the lock file, first-party code.
fn is_source(section: &str) -> bool {
    matches!(section, "GEM" | "GIT" | "PLUGIN SOURCE")
}

/// `name`, `name (1.0.0)`, `name (1.0.0-x86_64-linux)`, `name (~> 1.0)!`: the name, and the version without a platform.
fn named(text: &str) -> (&str, Option<&str>) {
    let text = text.strip_suffix('!').unwrap_or(text);
    let Some((name, rest)) = text.split_once(" (") else { return (text, None) };
    let version = rest.split([')', '-']).next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    (name, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{names, sink_of};
    use crate::model::{GapKind, Level};

    const LOCK: &[u8] = b"GIT
  remote: https://git.example.com/forked.git
  revision: 0123456789abcdef
  branch: main
  specs:
    forked (0.3.0)
      rack (>= 2)

PATH
  remote: lib/own
  specs:
    own (0.1.0)
      sinatra

GEM
  remote: https://gems.example.com/
  specs:
    nokogiri (1.13.10)
      mini_portile2 (~> 2.8.0)
      racc (~> 1.4)
    nokogiri (1.13.10-x86_64-linux)
      racc (~> 1.4)
    rack (2.2.4.rc1)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  forked!
  nokogiri (~> 1.13)
  own!

CHECKSUMS
  rack (2.2.4.rc1) sha256=00

RUBY VERSION
   ruby 3.2.0p0

BUNDLED WITH
   2.3.7
";

    #[test]
    fn every_section() {
        let sink = sink_of(&GemfileLock, "app/Gemfile.lock", LOCK);
        assert_eq!(
            names(&sink),
            ["forked 0.3.0 locked", "nokogiri 1.13.10 locked", "nokogiri 1.13.10 locked", "rack 2.2.4.rc1 locked"]
        );
        let direct: Vec<_> = sink.found.iter().map(|found| found.package.direct).collect();
        assert_eq!(direct, [Some(true), Some(true), Some(true), Some(false)]);
        let nokogiri = &sink.found[1].package;
        assert_eq!(nokogiri.requires, ["mini_portile2", "racc"]);
        assert_eq!(nokogiri.locations[0].span.map(|span| (span.line, span.column)), Some((18, 5)));
        assert_eq!(sink.lock_gaps, []);
    }

    #[test]
    fn windows_lines_are_lines() {
        let text = String::from_utf8_lossy(LOCK).replace('\n', "\r\n");
        assert_eq!(names(&sink_of(&GemfileLock, "gems.locked", text.as_bytes())).len(), 4);
    }

    #[test]
    fn an_unresolved_merge_keeps_both_sides_and_blocks() {
        let text = b"GEM\n  specs:\n<<<<<<< HEAD\n    a (1.0)\n=======\n    a (1.1)\n>>>>>>> x\n    b\n";
        let sink = sink_of(&GemfileLock, "Gemfile.lock", text);
        assert_eq!(names(&sink), ["a 1.0 locked", "a 1.1 locked"]);
        let gaps: Vec<_> = sink.lock_gaps.iter().map(|gap| (gap.level, gap.kind)).collect();
        assert_eq!(gaps, [(Level::Blocking, GapKind::Malformed), (Level::Note, GapKind::Malformed)]);
    }

    #[test]
    fn what_is_no_lock_file_blocks() {
        for text in ["", "{}", "source 'https://gems.example.com'"] {
            let sink = sink_of(&GemfileLock, "Gemfile.lock", text.as_bytes());
            assert_eq!((sink.found.len(), sink.lock_gaps[0].level), (0, Level::Blocking), "{text}");
        }
    }
}
