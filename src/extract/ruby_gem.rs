//! Installed Ruby gems: the gemspecs that RubyGems and Bundler write beside them.
//!
//! A gem root (`vendor/bundle/ruby/3.2.0`, `/opt/ruby/gems/3.2.0`, a `GEM_HOME`) has `specifications/NAME-VERSION.gemspec`
//! for the code in `gems/NAME-VERSION`, and `specifications/default` for the gems that come with Ruby. Bundler checks out
//! gems of a repository to `bundler/gems/NAME-COMMIT` and writes the evaluated gemspec there. What these tools write is
//! plain (<https://github.com/rubygems/rubygems>, `Gem::Specification#to_ruby`): a `# stub:` line, literals. A gemspec by
//! hand is a program; where it is not plain, the name of its file tells.
//!
//! It cannot know whether the code beside a gemspec is still there.

use super::{Claim, Entry, Extractor, Owns, Sink, file_name, folder_of, join_path};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

const ID: &str = "ruby-gem";

/// The extractor.
pub struct RubyGem;

/// What a file is to a gem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role<'a> {
    /// `ROOT/specifications/STEM.gemspec`, or in `default` below.
    Installed { root: &'a str, stem: &'a str },
    /// `ROOT/bundler/gems/CHECKOUT/STEM.gemspec`, or one folder further down.
    Checkout { stem: &'a str },
    /// `ROOT/extensions/PLATFORM/RUBY/STEM/gem.build_complete`: marks the folder of the compiled part.
    Extension { root: &'a str, stem: &'a str },
}

fn role(path: &str) -> Option<Role<'_>> {
    let folder = folder_of(path);
    if file_name(path) == "gem.build_complete" {
        let extensions = folder_of(folder_of(folder_of(folder)));
        let found = Role::Extension { root: folder_of(extensions), stem: file_name(folder) };
        return (file_name(extensions) == "extensions").then_some(found);
    }
    let stem = file_name(path).strip_suffix(".gemspec")?;
    let specifications = if file_name(folder) == "default" { folder_of(folder) } else { folder };
    if file_name(specifications) == "specifications" {
        let root = folder_of(specifications);
        return (split_stem(stem).is_some() && !in_gem(root)).then_some(Role::Installed { root, stem });
    }
    let is_checkout = |folder: &str| {
        let gems = folder_of(folder);
        file_name(gems) == "gems" && file_name(folder_of(gems)) == "bundler"
    };
    (is_checkout(folder) || is_checkout(folder_of(folder))).then_some(Role::Checkout { stem })
}

/// Whether a folder lies in an installed gem: what it holds is that gem's test data.
fn in_gem(folder: &str) -> bool {
    let mut parts = folder.split('/').peekable();
    while let Some(part) = parts.next() {
        if part == "gems" && parts.peek().is_some_and(|name| split_stem(name).is_some()) {
            return true;
        }
    }
    false
}

impl Extractor for RubyGem {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        (path.ends_with(".gemspec") || path.ends_with("/gem.build_complete")) && role(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let folder = folder_of(path);
        match role(path) {
            Some(Role::Installed { root, stem }) => {
                let (name, version) = split_stem(stem).unwrap_or((stem, ""));
                let unit = unit(root, stem);
                gem(entry, name, Some(version), &unit, sink);
                claim(entry, &unit, &unit, sink);
                // The archive that the gem was installed from; its lock file and test data are not the function's.
                claim(entry, &join_path(root, &format!("cache/{stem}.gem")), &unit, sink);
            }
            Some(Role::Checkout { stem }) => {
                gem(entry, stem, None, folder, sink);
                claim(entry, folder, folder, sink);
            }
            Some(Role::Extension { root, stem }) => claim(entry, folder, &unit(root, stem), sink),
            None => {}
        }
    }
}

/// The folder of a gem's code.
fn unit(root: &str, stem: &str) -> String {
    join_path(root, &format!("gems/{stem}"))
}

fn claim(entry: &Entry<'_>, folder: &str, unit: &str, sink: &mut Sink) {
    let owns = Owns::Folder(folder.to_owned());
    sink.claims.push(Claim { location: entry.location.clone(), unit: unit.to_owned(), owns });
}

/// Adds the gem that a gemspec describes; `name` and `version` are what its file's name says.
fn gem(entry: &Entry<'_>, name: &str, version: Option<&str>, unit: &str, sink: &mut Sink) {
    let text = decode(entry.bytes);
    let spec = Gemspec::read(&text);
    let version = spec.version.or(version);
    if version.is_none() {
        let detail = "a gemspec that computes its version: the lock file would tell";
        sink.gaps.push(Gap::note(GapKind::Unversioned, entry.location.clone(), ID, detail));
    }
    let name = spec.name.unwrap_or(name);
    let version = version.map(str::to_owned);
    let package = Package::new(Ecosystem::RubyGems, name, version, Evidence::Installed, entry.location.clone());
    sink.installed(Package { requires: spec.requires.into_iter().map(str::to_owned).collect(), ..package }, unit);
}

/// What the literals of a gemspec say.
#[derive(Debug, Default)]
struct Gemspec<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    requires: Vec<&'a str>,
}

impl<'a> Gemspec<'a> {
    fn read(text: &'a str) -> Gemspec<'a> {
        let mut spec = Gemspec::default();
        for line in text.lines().map(str::trim) {
            if let Some(stub) = line.strip_prefix("# stub: ") {
                let mut fields = stub.split(' ');
                let (name, version) = (fields.next(), fields.next());
                // A second line of this kind lists extensions.
                if let (Some(name), Some(version)) = (name.filter(|n| is_name(n)), version.filter(|v| is_version(v))) {
                    spec.name.get_or_insert(name);
                    spec.version.get_or_insert(version);
                }
            } else if let Some(value) = assigned(line, "name").filter(|name| is_name(name)) {
                spec.name.get_or_insert(value);
            } else if let Some(value) = assigned(line, "version").filter(|version| is_version(version)) {
                spec.version.get_or_insert(value);
            } else if let Some(name) = required(line).filter(|name| is_name(name)) {
                spec.requires.push(name);
            }
        }
        spec
    }
}

/// The literal of `s.FIELD = LITERAL`, whatever the variable is called.
fn assigned<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let (variable, rest) = line.split_once('.')?;
    let identifier = !variable.is_empty() && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let value = rest.strip_prefix(field).filter(|_| identifier)?.trim_start().strip_prefix('=')?.trim_start();
    let value = value.strip_prefix("Gem::Version.new(").unwrap_or(value);
    literal(value)
}

/// The name in `s.add_dependency(NAME, ..)`; what only development needs has a method of its own.
fn required(line: &str) -> Option<&str> {
    let (_, call) = line.split_once(".add_")?;
    let arguments = call.strip_prefix("runtime_").unwrap_or(call).strip_prefix("dependency")?;
    literal(arguments.trim_start_matches(['(', ' ']))
}

/// A quoted text that is no expression: without interpolation and escapes, and with nothing added to it.
fn literal(text: &str) -> Option<&str> {
    let (close, rest) = match text.as_bytes() {
        [b'"', ..] => ('"', &text[1..]),
        [b'\'', ..] => ('\'', &text[1..]),
        [b'%', b'q' | b'Q', b'<', ..] => ('>', &text[3..]),
        _ => return None,
    };
    let (value, after) = rest.split_once(close)?;
    let after = after.strip_prefix(".freeze").unwrap_or(after).trim_start();
    let ends = after.is_empty() || after.starts_with([')', ',', '#', ';']);
    (ends && !value.contains(['\\', '#'])).then_some(value)
}

/// Name and version of `NAME-VERSION` or `NAME-VERSION-PLATFORM`. Names may hold a dash and a digit (`x-509`): of
/// several parts that could be the version the first with a dot is it.
fn split_stem(stem: &str) -> Option<(&str, &str)> {
    let mut first = None;
    for (dash, _) in stem.match_indices('-').skip_while(|(dash, _)| *dash == 0) {
        let version = stem[dash + 1..].split('-').next().unwrap_or_default();
        if is_version(version) {
            let found = (&stem[..dash], version);
            if version.contains('.') {
                return Some(found);
            }
            first.get_or_insert(found);
        }
    }
    first
}

/// What RubyGems lets a gem be called.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// What `Gem::Version` takes, as far as it appears in files that tools write.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{claimed, names, sink_of};

    const PLAIN: &[u8] = b"# -*- encoding: utf-8 -*-
# stub: rack-session 2.0.0 ruby lib
# stub: ext/extconf.rb

Gem::Specification.new do |s|
  s.name = \"rack-session\".freeze
  s.version = \"2.0.0\"
  s.add_runtime_dependency(%q<rack>.freeze, [\">= 3.0.0\"])
  s.add_dependency 'base64', '>= 0.1'
  s.add_development_dependency(%q<minitest>.freeze, [\"~> 5.0\"])
end
";

    #[test]
    fn what_tools_write_is_plain() {
        let path = "vendor/bundle/ruby/3.2.0/specifications/rack-session-2.0.0.gemspec";
        let sink = sink_of(&RubyGem, path, PLAIN);
        assert_eq!(names(&sink), ["rack-session 2.0.0 installed"]);
        assert_eq!(sink.found[0].package.requires, ["rack", "base64"]);
        let root = "vendor/bundle/ruby/3.2.0";
        let [cache, code] = ["cache/rack-session-2.0.0.gem/", "gems/rack-session-2.0.0/"];
        assert_eq!(claimed(&sink), [format!("{root}/{cache}"), format!("{root}/{code}")]);
        assert_eq!(sink.found[0].unit, sink.claims[0].unit);
    }

    #[test]
    fn a_gemspec_by_hand_is_known_by_its_name_and_its_literals() {
        for (stem, text, expected) in [
            ("a-1.0", "Gem::Specification.new do |x|\n x.name = 'A'\n x.version = A::VERSION\nend", "A 1.0"),
            ("a-1.0", "s.name=\"b-c\" # name\ns.version = Gem::Version.new(\"2.0.rc1\")", "b-c 2.0.rc1"),
            ("a-1.0", "s.name = \"a#{x}\"\ns.version = \"1.\" + patch", "a 1.0"),
            ("a-1.0", "s.name = \"a\\nb\"\ns.version = 'soon'", "a 1.0"),
            ("a-1.0", "# stub: ../x 9\ns.namespace = 'n'\ns.name == 'n'", "a 1.0"),
            ("nokogiri-1.13.10-x86_64-linux", "", "nokogiri 1.13.10"),
            ("x-509-1.2.0-universal-java-1.8", "", "x-509 1.2.0"),
            ("net-http2-7", "", "net-http2 7"),
            ("a-1.0", "\u{FFFD}\0", "a 1.0"),
        ] {
            let sink = sink_of(&RubyGem, &format!("specifications/{stem}.gemspec"), text.as_bytes());
            assert_eq!(names(&sink), [format!("{expected} installed")], "{text}");
        }
    }

    #[test]
    fn a_checkout_of_bundler() {
        let sink = sink_of(&RubyGem, "ruby/3.2.0/bundler/gems/rails-0123456789ab/rails.gemspec", PLAIN);
        assert_eq!(names(&sink), ["rack-session 2.0.0 installed"]);
        let path = "bundler/gems/rails-0123456789ab/activerecord/activerecord.gemspec";
        let sink = sink_of(&RubyGem, path, b"version = File.read('V')\ns.version = version");
        assert_eq!(names(&sink), ["activerecord - installed"]);
        assert_eq!(sink.gaps[0].kind, GapKind::Unversioned);
        assert_eq!(claimed(&sink), ["bundler/gems/rails-0123456789ab/activerecord/"]);
    }

    #[test]
    fn compiled_parts_belong_to_their_gem() {
        let path = "r/extensions/x86_64-linux/3.2.0/json-2.7.1/gem.build_complete";
        let sink = sink_of(&RubyGem, path, b"");
        assert_eq!((sink.claims[0].unit.as_str(), sink.found.len()), ("r/gems/json-2.7.1", 0));
        assert_eq!(claimed(&sink), ["r/extensions/x86_64-linux/3.2.0/json-2.7.1/"]);
    }

    #[test]
    fn test_data_and_sources_are_not_wanted() {
        for path in [
            "mine.gemspec",
            "docs/specifications/mine.gemspec",
            "ruby/gems/3.2.0/gems/rack-2.0.0/rack.gemspec",
            "ruby/gems/3.2.0/gems/rack-2.0.0/test/specifications/evil-1.0.gemspec",
            "bundler/gems/a-0123/test/fixtures/evil.gemspec",
            "specifications/-1.0.gemspec",
            "gem.build_complete",
        ] {
            assert!(!RubyGem.wants(path, b""), "{path}");
        }
        for path in ["ruby/gems/3.2.0/specifications/a-1.0.gemspec", "x/specifications/default/json-2.6.1.gemspec"] {
            assert!(RubyGem.wants(path, b""), "{path}");
        }
    }
}
