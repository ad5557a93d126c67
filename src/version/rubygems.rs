//! RubyGems: the order of `Gem::Version`
//! (<https://docs.ruby-lang.org/en/3.4/Gem/Version.html>).
//!
//! A version is a row of numbers and words; a word makes it a pre-release, and a hyphen reads as `.pre.`. The platform
//! of a built gem (`1.16.0-x86_64-linux`) stands behind the version in file names and lock files and is no part of it.

use std::cmp::Ordering;

use super::{BadVersion, Form, Order, digits};
use crate::model::Ecosystem;

/// See the module.
pub struct RubyGems;

impl Order for RubyGems {
    fn id(&self) -> &'static str {
        "rubygems"
    }

    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::RubyGems]
    }

    fn parse<'a>(&self, text: &'a str) -> Result<super::Version<'a>, BadVersion> {
        Ok(super::Version(Form::RubyGems(Version { segments: segments(text)? })))
    }
}

/// A version taken apart, its zeros trimmed.
pub(super) struct Version<'a> {
    segments: Vec<&'a str>,
}

impl Version<'_> {
    pub(super) fn cmp(&self, other: &Version<'_>) -> Ordering {
        let (a, b) = (&self.segments, &other.segments);
        let decide = |i: usize| compare_segments(a.get(i).unwrap_or(&"0"), b.get(i).unwrap_or(&"0"));
        (0..a.len().max(b.len())).map(decide).find(|decided| decided.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Words stand below numbers.
fn compare_segments(a: &str, b: &str) -> Ordering {
    match (digits::is_number(a), digits::is_number(b)) {
        (true, true) => digits::compare(a, b),
        (false, false) => a.cmp(b),
        (a_is_number, b_is_number) => a_is_number.cmp(&b_is_number),
    }
}

/// The numbers before the first word without trailing zeros, then the rest without trailing zeros: `1.0.a` and `1.a`
/// are one version.
fn segments(text: &str) -> Result<Vec<&str>, BadVersion> {
    let version = without_platform(text.trim());
    if !is_well_formed(version) {
        return Err(BadVersion(text.to_owned()));
    }
    let (mut row, mut in_words) = (Vec::new(), false);
    let mut rest = version;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'.' | b'-' => 1,
            b'0'..=b'9' => digits::split(rest).0.len(),
            _ => rest.bytes().take_while(u8::is_ascii_alphabetic).count(),
        };
        let (run, next) = rest.split_at(length);
        match run {
            "." => {}
            "-" => push(&mut row, "pre", &mut in_words),
            segment => push(&mut row, segment, &mut in_words),
        }
        rest = next;
    }
    trim_zeros(&mut row);
    Ok(row)
}

/// A number, then parts of letters and digits; behind the first hyphen more hyphens may stand anywhere in a part.
fn is_well_formed(version: &str) -> bool {
    let (release, behind) = match version.split_once('-') {
        Some((release, behind)) => (release, Some(behind)),
        None => (version, None),
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let hyphened = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    digits::parts(release).next().is_some_and(digits::is_number)
        && digits::parts(release).all(plain)
        && behind.is_none_or(|behind| digits::parts(behind).all(hyphened))
}

fn push<'a>(row: &mut Vec<&'a str>, segment: &'a str, in_words: &mut bool) {
    if !*in_words && !digits::is_number(segment) {
        trim_zeros(row);
        *in_words = true;
    }
    row.push(segment);
}

fn trim_zeros(row: &mut Vec<&str>) {
    while row.last().is_some_and(|last| digits::is_number(last) && digits::is_zero(last)) {
        row.pop();
    }
}

/// Processors and systems that can begin a platform (<https://docs.ruby-lang.org/en/3.4/Gem/Platform.html>).
const PLATFORMS: [&str; 25] = [
    "aarch64",
    "amd64",
    "arm",
    "arm64",
    "darwin",
    "dalvik",
    "dotnet",
    "freebsd",
    "i386",
    "i486",
    "i586",
    "i686",
    "java",
    "jruby",
    "linux",
    "mingw32",
    "mswin32",
    "mswin64",
    "powerpc",
    "ppc64",
    "riscv64",
    "universal",
    "x64",
    "x86",
    "x86_64",
];

/// Cuts a platform: what stands behind the first hyphen, if its first word is one.
fn without_platform(text: &str) -> &str {
    match text.split_once('-') {
        Some((version, behind)) => {
            let word = behind.split('-').next().unwrap_or(behind);
            let known = PLATFORMS.contains(&word) || word.starts_with("armv");
            if known { version } else { text }
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_texts_are_no_versions() {
        for text in ["", "a", "1..2", "1.2.", ".1", "1_0", "1.0-", "~> 1.0", "1.0 2", "1.0-a_b", "1a", "1.0-a..b"] {
            assert_eq!(RubyGems.compare(text, "1"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
