//! RubyGems: the order of `Gem::Version`
//! (<https://docs.ruby-lang.org/en/3.4/Gem/Version.html>).
//!
//! A version is a row of numbers and words; a word makes it a pre-release, and a hyphen reads as `.pre.`. The platform
//! of a built gem (`1.16.0-x86_64-linux`) stands behind the version in file names and lock files and is no part of it.

use std::cmp::Ordering;

use super::{BadVersion, Order, digits};
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

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, BadVersion> {
        let (a, b) = (segments(a)?, segments(b)?);
        for i in 0..a.len().max(b.len()) {
            let decided = compare_segments(a.get(i).unwrap_or(&"0"), b.get(i).unwrap_or(&"0"));
            if decided != Ordering::Equal {
                return Ok(decided);
            }
        }
        Ok(Ordering::Equal)
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
    let bad = || BadVersion(text.to_owned());
    let version = without_platform(text.trim());
    let well_formed = version.split('-').enumerate().all(|(i, part)| {
        // An empty part between hyphens is allowed by the pattern, since it takes hyphens for letters.
        (i > 0 && part.is_empty())
            || part.split('.').all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric()))
    });
    if digits::split(version).0.is_empty() || !well_formed || version.ends_with('-') {
        return Err(bad());
    }
    let mut row: Vec<&str> = Vec::new();
    let mut in_words = false;
    for (i, part) in version.split('-').enumerate() {
        if i > 0 {
            push(&mut row, "pre", &mut in_words);
        }
        for dotted in part.split('.') {
            let mut rest = dotted;
            while !rest.is_empty() {
                let (number, behind) = digits::split(rest);
                let length = rest.bytes().take_while(|b| !b.is_ascii_digit()).count();
                let (segment, next) = if number.is_empty() { rest.split_at(length) } else { (number, behind) };
                push(&mut row, segment, &mut in_words);
                rest = next;
            }
        }
    }
    trim_zeros(&mut row);
    Ok(row)
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
        for text in ["", "a", "1..2", "1.2.", ".1", "1_0", "1.0-", "~> 1.0", "1.0 2", "1.0-a_b"] {
            assert_eq!(RubyGems.compare(text, "1"), Err(BadVersion(text.to_owned())), "{text}");
        }
    }
}
