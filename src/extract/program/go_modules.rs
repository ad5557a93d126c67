//! The build information that Go's linker leaves in every program: its own version, the main module, and every module
//! that was linked, with what replaced it (<https://pkg.go.dev/debug/buildinfo>, `src/debug/buildinfo/buildinfo.go`).

use memchr::memmem;

use super::Listing;
use crate::formats::program::Program;
use crate::model::{Ecosystem, Package};

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The header is this long, and begins at a multiple of [`ALIGN`].
const HEADER: usize = 32;
const ALIGN: u64 = 16;
/// Bytes that the module list has before and behind it, for those who look for it in a running program.
const SENTINEL: usize = 16;
/// Where the header is looked for in a data section that does not carry its name (PE).
const SEARCHED: usize = 1 << 20;
/// What a module's version is that was never fetched from anywhere.
const NO_VERSION: &str = "v0.0.0-00010101000000-000000000000";

/// Characters that are shown of what is no release.
const LONGEST_RELEASE: usize = 100;

/// What a program says of itself.
struct BuildInfo<'a> {
    /// `go1.26.5`, sometimes with more behind a space.
    go: &'a [u8],
    /// Lines of `word TAB path TAB version TAB sum`.
    modules: &'a [u8],
}

/// One line of the list, after replacement.
#[derive(Default)]
struct Module {
    main: bool,
    path: String,
    version: String,
    /// What a local folder replaced.
    replaced: bool,
}

/// Lists the modules of a Go program. Whether it is one.
pub(super) fn read(program: &Program<'_>, listing: &mut Listing<'_>) -> bool {
    let Some(info) = build_info(program) else {
        let is_go = program.section(&[".gopclntab", "__gopclntab", ".note.go.buildid"]).is_some();
        // The build information stands at the end of the file.
        if is_go && !program.goes_on {
            listing.note("is a Go program without its build information, so neither its modules nor Go's own version are known; build it without a step that strips the section");
        }
        return is_go && !program.goes_on;
    };
    standard_library(&String::from_utf8_lossy(info.go), listing);
    let text = String::from_utf8_lossy(info.modules);
    let mut main_package = None;
    let mut module: Option<Module> = None;
    let mut modules = 0;
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (word, path, version) = (fields.next(), fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        match word {
            Some("path") => main_package = Some(path),
            Some(word @ ("mod" | "dep")) => {
                modules += 1;
                let next = Module { main: word == "mod", path: path.into(), version: version.into(), replaced: false };
                flush(module.replace(next), listing);
            }
            Some("=>") => {
                if let Some(module) = &mut module {
                    replace(module, path, version);
                }
            }
            _ => {}
        }
    }
    flush(module, listing);
    // A program that is built from files alone has no module of its own, and none at all if it needs none.
    if modules == 0 && main_package != Some("command-line-arguments") {
        listing.note("is a Go program that was built without modules (by another build system, from a GOPATH, or garbled), so its packages are not listed; build it with `go build` in its module");
    }
    true
}

fn build_info<'a>(program: &Program<'a>) -> Option<BuildInfo<'a>> {
    let own =
        program.section(&[".go.buildinfo", "__go_buildinfo"]).and_then(|section| find(section.bytes, section.address));
    let at = own.or_else(|| {
        let named = program.sections().iter().filter(|section| matches!(section.name, b".data" | b"__data"));
        // There is one; a hostile file may have thousands over the same bytes.
        named.take(2).find_map(|section| find(&section.bytes[..section.bytes.len().min(SEARCHED)], section.address))
    })?;
    const INLINE: u8 = 2;
    if at.get(15)? & INLINE != 0 {
        let (go, rest) = counted(at.get(HEADER..)?)?;
        let (modules, _) = counted(rest)?;
        return Some(BuildInfo { go, modules: without_sentinels(modules) });
    }
    // Up to Go 1.17: the addresses of two strings, each an address and a length.
    let string = |at: &[u8]| {
        let header = program.at(program.word(at)?)?;
        let width = if program.wide { 8 } else { 4 };
        let length = usize::try_from(program.word(header.get(width..)?)?).ok()?;
        program.at(program.word(header)?)?.get(..length)
    };
    let width = usize::from(*at.get(14)?);
    let go = string(at.get(16..)?)?;
    let modules = string(at.get(16 + width..)?).unwrap_or_default();
    Some(BuildInfo { go, modules: without_sentinels(modules) })
}

/// The header, at an aligned address as the linker writes it: elsewhere it is the text of a program that reads such.
fn find(bytes: &[u8], address: u64) -> Option<&[u8]> {
    let mut hits = memmem::find_iter(bytes, MAGIC);
    let at = hits.find(|at| address.wrapping_add(*at as u64).is_multiple_of(ALIGN))?;
    bytes.get(at..)
}

/// A length as a varint, and so many bytes.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return bytes.get(index + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

fn without_sentinels(modules: &[u8]) -> &[u8] {
    match modules.len().checked_sub(SENTINEL) {
        Some(end) if end > SENTINEL && modules[end - 1] == b'\n' => &modules[SENTINEL..end],
        _ => b"",
    }
}

/// Go's own packages, under the name that its vulnerability database has for them.
fn standard_library(go: &str, listing: &mut Listing<'_>) {
    let version = release(go);
    if version.is_none() {
        let go: String = go.chars().take(LONGEST_RELEASE).collect();
        listing
            .unversioned(format!("was built with Go '{go}', which is no release: its standard library is not matched"));
    }
    let package = listing.package(Ecosystem::Go, "stdlib", version);
    listing.add(package);
}

/// `1.26.5` of `go1.26.5 (vendor) X:experiment`.
fn release(go: &str) -> Option<String> {
    let word = go.split_whitespace().next()?.strip_prefix("go")?;
    let version = word.split_once("-X:").map_or(word, |(version, _)| version);
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

fn replace(module: &mut Module, path: &str, version: &str) {
    if version.is_empty() || version == "(devel)" {
        module.replaced = true;
    } else {
        (module.path, module.version) = (path.to_owned(), version.to_owned());
    }
}

fn flush(module: Option<Module>, listing: &mut Listing<'_>) {
    let Some(Module { main, path, version, replaced }) = module.filter(|module| !module.path.is_empty()) else {
        return;
    };
    let unknown = replaced || version.is_empty() || version == "(devel)" || (main && is_pseudo(&version));
    // A module in the same repository that never had a version is the program's own.
    if unknown && !main && version != NO_VERSION {
        let instead =
            if replaced { "a folder on the machine that built it stood in for it" } else { "it has no version" };
        let said = if version.is_empty() { "none" } else { &version };
        listing.unversioned(format!("the module {path} is not matched: {instead} (the version asked for: {said})"));
    }
    let package = listing.package(Ecosystem::Go, path, (!unknown).then_some(version));
    listing.add(Package { direct: main.then_some(true), ..package });
}

/// Whether a version only names a commit (<https://go.dev/ref/mod#pseudo-versions>): `v1.2.4-0.20240102030405-0123456789ab`.
/// That of a main module has no tag to count from, and would be older than every fix.
fn is_pseudo(version: &str) -> bool {
    let version = version.split('+').next().unwrap_or(version);
    let Some((rest, revision)) = version.rsplit_once('-') else { return false };
    let Some(date) = rest.len().checked_sub(14).and_then(|at| rest.get(at..)) else { return false };
    revision.len() == 12
        && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
        && date.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_lose_what_vendors_and_experiments_add() {
        for (go, version) in [
            ("go1.26.5", Some("1.26.5")),
            ("go1.26.5 X:boringcrypto", Some("1.26.5")),
            ("go1.22.5 (Red Hat 1.22.5-1.el9)", Some("1.22.5")),
            ("go1.20-X:exp", Some("1.20")),
            ("go1.21rc1", Some("1.21rc1")),
            ("devel go1.22-abcdef Thu Jan 1", None),
            ("devel +abcdef", None),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(release(go).as_deref(), version, "{go}");
        }
    }

    #[test]
    fn pseudo_versions_are_known() {
        for version in [
            "v0.0.0-20240102030405-0123456789ab",
            "v1.2.4-0.20240102030405-0123456789ab",
            "v2.0.0-rc.1.0.20240102030405-0123456789ab+incompatible",
            "v0.0.0-20240102030405-0123456789ab+dirty",
        ] {
            assert!(is_pseudo(version), "{version}");
        }
        for version in ["v1.2.3", "v1.2.3-rc.1", "v1.2.3+dirty", "v1.2.3-20240102030405", "-0123456789ab", ""] {
            assert!(!is_pseudo(version), "{version}");
        }
    }

    #[test]
    fn lengths_that_lie_end() {
        assert_eq!(counted(b"\x02abc"), Some((&b"ab"[..], &b"c"[..])));
        for bytes in [&b""[..], b"\x05ab", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x80"] {
            assert_eq!(counted(bytes), None);
        }
    }
}
