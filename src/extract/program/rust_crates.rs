//! The crates of a Rust program. `cargo auditable` leaves their list in a section of its own
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>). Without it, the messages of panics
//! hold the paths of the sources they stand in, with the crate's name and version: what they name was linked, but crates
//! that cannot panic, or whose paths were remapped, stay unnamed.

use std::collections::{BTreeSet, HashSet};

use memchr::memmem;

use super::Listing;
use crate::artifact::{Packing, unpack};
use crate::formats::lenient::{Lenient, List, Text, json, record};
use crate::formats::program::Program;
use crate::model::Ecosystem;

/// The most that the list may inflate to; real ones have some 100 KiB.
const MOST_BYTES: usize = 8 << 20;
/// Bytes of the names in the edges of one list: places in the list may stand for long names many times.
const MOST_REQUIRED_BYTES: usize = 16 << 20;
/// Where paths are looked for.
const MOST_SEARCHED: usize = 64 << 20;
/// Crates that are named by paths.
const MOST_CRATES: usize = 5_000;
/// The longest name of a registry's folder, or of a crate with its version.
const LONGEST_PART: usize = 160;

record! {
    struct Auditable<'de> {
        "packages" => packages: List<Crate<'de>>,
    }
}

record! {
    struct Crate<'de> {
        "name" => name: Text<'de>,
        "version" => version: Text<'de>,
        "source" => source: Text<'de>,
        "kind" => kind: Text<'de>,
        "dependencies" => dependencies: Indices,
        "root" => root: bool,
    }
}

/// Places in the list.
#[derive(Debug, Default)]
struct Indices(Vec<u32>);

impl<'de> Lenient<'de> for Indices {
    fn seq<A: serde::de::SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(index) = seq.next_element()? {
            self.0.push(index);
        }
        Ok(())
    }
}

/// Lists the crates of a Rust program. Whether it is one.
pub(super) fn read(program: &Program<'_>, listing: &mut Listing<'_>) -> bool {
    match program.section(&[".dep-v0"]) {
        Some(section) => auditable(section.bytes, listing),
        None => return is_rust(program) && by_paths(program, listing),
    }
    true
}

fn auditable(packed: &[u8], listing: &mut Listing<'_>) {
    let document = match unpack(packed, Packing::Zlib, MOST_BYTES) {
        Ok(document) => document,
        Err(stop) => return listing.malformed(format!("the list of its crates does not unpack: {stop}")),
    };
    let text = String::from_utf8_lossy(&document);
    let mut list = Auditable::default();
    if let Err(error) = json(&text, &mut list) {
        listing.malformed(format!("the list of its crates cannot be read to its end: {error}"));
    }
    let crates = &list.packages.items;
    let fits = fits_together(crates);
    if !fits {
        listing.malformed("the list of its crates contradicts itself: who needs whom is left out");
    }
    let root = crates.iter().find(|one| one.root).filter(|_| fits);
    let asked_for: Option<HashSet<u32>> = root.map(|root| root.dependencies.0.iter().copied().collect());
    let mut room = MOST_REQUIRED_BYTES;
    for (index, one) in crates.iter().enumerate() {
        let Some(name) = one.name.as_deref() else { continue };
        // What only built it is not in it; what comes from the builder's own folders is first-party.
        if one.kind.as_deref() == Some("build") || one.source.as_deref() == Some("local") {
            continue;
        }
        let mut package = listing.package(Ecosystem::CratesIo, name, one.version.as_deref().map(str::to_owned));
        if let Some(asked_for) = asked_for.as_ref().filter(|_| !one.root) {
            package.direct = Some(u32::try_from(index).is_ok_and(|index| asked_for.contains(&index)));
        }
        let needs = one.dependencies.0.iter().filter(|_| fits).filter_map(|at| crates.get(*at as usize));
        let fitting = needs.filter_map(|needed| needed.name.as_deref()).filter(|name| {
            let left = room.checked_sub(name.len() + size_of::<String>());
            room = left.unwrap_or(room);
            left.is_some()
        });
        package.requires = fitting.map(str::to_owned).collect();
        listing.add(package);
    }
    if list.packages.cut {
        listing.malformed("lists more crates than any program has; the rest is unknown");
    }
}

/// Whether there is one root, every place in the list exists, and nothing needs itself, as the format promises.
fn fits_together(crates: &[Crate<'_>]) -> bool {
    if crates.iter().filter(|one| one.root).count() != 1 {
        return false;
    }
    // Crates whose users are all done are done; what remains needs itself.
    let mut users = vec![0usize; crates.len()];
    for at in crates.iter().flat_map(|one| &one.dependencies.0) {
        match users.get_mut(*at as usize) {
            Some(count) => *count += 1,
            None => return false,
        }
    }
    let mut ready: Vec<usize> = (0..crates.len()).filter(|at| users[*at] == 0).collect();
    let mut done = 0;
    while let Some(at) = ready.pop() {
        done += 1;
        for needed in &crates[at].dependencies.0 {
            let needed = *needed as usize;
            users[needed] -= 1;
            if users[needed] == 0 {
                ready.push(needed);
            }
        }
    }
    done == crates.len()
}

/// Whether paths are worth looking for. On Linux the compiler signs what it links; elsewhere there is no sign, but also
/// seldom another compiled program in an archive.
fn is_rust(program: &Program<'_>) -> bool {
    match program.section(&[".comment"]) {
        Some(comment) => memmem::find(comment.bytes, b"rustc version").is_some(),
        None => !program.bytes().starts_with(b"\x7fELF") && !program.is_managed(),
    }
}

fn by_paths(program: &Program<'_>, listing: &mut Listing<'_>) -> bool {
    let mut crates = BTreeSet::new();
    let mut left = MOST_SEARCHED;
    let mut has_paths = false;
    for section in program.sections() {
        if !matches!(section.name, b".rodata" | b".rdata" | b"__const" | b"__cstring" | b".data.rel.ro") {
            continue;
        }
        let searched = &section.bytes[..section.bytes.len().min(left)];
        left -= searched.len();
        has_paths |= memmem::find(searched, b"/rustc/").is_some();
        for at in memmem::find_iter(searched, b"registry") {
            if let Some(found) = crate_of(&searched[at..]) {
                crates.insert(found);
            }
            if crates.len() == MOST_CRATES {
                break;
            }
        }
    }
    if crates.is_empty() && !has_paths {
        return false;
    }
    let (count, word) = (crates.len(), if crates.len() == 1 { "crate is" } else { "crates are" });
    for (name, version) in crates {
        let package = listing.package(Ecosystem::CratesIo, name, Some(version.to_owned()));
        listing.add(package);
    }
    listing.note(format!(
        "is Rust without a list of its crates: {count} {word} named by the messages of their panics, others are not; \
         build it with `cargo auditable`"
    ));
    true
}

/// Name and version of `registry/src/<registry>/<name>-<version>/`, with either kind of slash.
fn crate_of(bytes: &[u8]) -> Option<(&str, &str)> {
    let (slash, rest) = match bytes.strip_prefix(b"registry")? {
        [slash @ (b'/' | b'\\'), b's', b'r', b'c', rest @ ..] => (*slash, rest.strip_prefix(&[*slash])?),
        _ => return None,
    };
    let part = |bytes: &'_ [u8]| memchr::memchr(slash, &bytes[..bytes.len().min(LONGEST_PART)]);
    let registry = part(rest)?;
    let rest = &rest[registry + 1..];
    let folder = std::str::from_utf8(&rest[..part(rest)?]).ok()?;
    // No crate's name holds a dot, every version does: the first hyphen before `digits.digits.` parts them.
    let (name, version) =
        folder.match_indices('-').map(|(at, _)| (&folder[..at], &folder[at + 1..])).find(|(_, version)| {
            let mut numbers = version.splitn(3, '.');
            let digits = |part: Option<&str>| {
                part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
            };
            digits(numbers.next())
                && digits(numbers.next())
                && numbers.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        })?;
    let plain = |text: &str, more: &[char]| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c));
    (!name.is_empty() && plain(name, &['-', '_']) && plain(version, &['.', '-', '+'])).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_crates() {
        for (path, expected) in [
            ("registry/src/index.crates.io-6f17d22bba15001f/serde-1.0.200/src/lib.rs", Some(("serde", "1.0.200"))),
            ("registry/src/github.com-1ecc6299db9ec823/md-5-0.10.6/src/x.rs", Some(("md-5", "0.10.6"))),
            ("registry\\src\\index.crates.io-1\\a_b-1.0.0-rc.1+x\\src\\lib.rs", Some(("a_b", "1.0.0-rc.1+x"))),
            ("registry/src/index.crates.io-1/serde/src/lib.rs", None),
            ("registry/src/index.crates.io-1/serde-1.0/src/lib.rs", None),
            ("registry/src/index.crates.io-1/-1.0.0/src/lib.rs", None),
            ("registry/src/index.crates.io-1/a b-1.0.0/src/lib.rs", None),
            ("registry/src/index.crates.io-1/serde-1.0.200", None),
            ("registry/src/", None),
            ("registry", None),
        ] {
            assert_eq!(crate_of(path.as_bytes()), expected, "{path}");
        }
    }

    fn fits(text: &str) -> bool {
        let mut list = Auditable::default();
        json(text, &mut list).unwrap();
        fits_together(&list.packages.items)
    }

    #[test]
    fn lists_that_contradict_themselves_are_known() {
        assert!(fits(r#"{"packages":[{"name":"a"},{"name":"b","root":true,"dependencies":[0]}]}"#));
        for text in [
            r#"{"packages":[{"name":"a"}]}"#,
            r#"{"packages":[{"root":true},{"root":true}]}"#,
            r#"{"packages":[{"root":true,"dependencies":[1]}]}"#,
            r#"{"packages":[{"root":true},{"dependencies":[2]},{"dependencies":[1]}]}"#,
            r#"{"packages":[{"root":true,"dependencies":[0]}]}"#,
        ] {
            assert!(!fits(text), "{text}");
        }
    }
}
