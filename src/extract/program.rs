//! Compiled programs and libraries, known by their first bytes: whatever they are called, and executable or not.
//!
//! Go's linker and `cargo auditable` leave a list of what they linked, Oracle's GraalVM can; a .NET assembly has at
//! least a name. Where a compiler is known that left no list, a note says how to get one. It cannot see what C and C++
//! link statically, nor what a packer has compressed.
//!
//! Only sections that hold such a list are read, and never all bytes. What is said of a program that an installed
//! package owns is left out, like the package's own lock files.

mod go_modules;
mod native_image;
mod rust_crates;

use super::{Entry, Extractor, Needs, Sink, file_name};
use crate::formats::program::{Program, is_program, programs};
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

/// Reads compiled programs.
pub struct Programs;

/// Packages that one program may list; large ones have a thousand.
const MOST_PACKAGES: usize = 20_000;
/// Bytes that the paths of one program's packages may take: each repeats the program's own, which a hostile archive can
/// make 64 KiB long.
const MOST_PATH_BYTES: usize = 64 << 20;
/// Where a packer writes its name: between the headers and the first compressed bytes.
const PACKER_HEAD: usize = 4 << 10;

impl Extractor for Programs {
    fn id(&self) -> &'static str {
        "program"
    }

    fn wants(&self, _path: &str, head: &[u8]) -> bool {
        is_program(head)
    }

    /// Ordinary libraries are larger than an entry may be to be whole. Which of them lost something by that is known here.
    fn needs(&self) -> Needs {
        Needs::Head
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let mut listing = Listing::new(entry, sink);
        for program in programs(entry.bytes) {
            listing.read(&program);
        }
    }
}

/// The way of one file's packages into the sink.
struct Listing<'a> {
    entry: &'a Entry<'a>,
    sink: &'a mut Sink,
    left: usize,
}

impl<'a> Listing<'a> {
    fn new(entry: &'a Entry<'a>, sink: &'a mut Sink) -> Listing<'a> {
        let path_bytes: usize = entry.location.path.iter().map(|part| 2 * part.len() + 64).sum();
        Listing { entry, sink, left: MOST_PACKAGES.min(MOST_PATH_BYTES / path_bytes.max(1)) + 1 }
    }

    fn read(&mut self, program: &Program<'_>) {
        // Every reader is asked: a Go program may hold a library in Rust.
        let known =
            [go_modules::read(program, self), rust_crates::read(program, self), native_image::read(program, self)];
        if program.is_managed() {
            return self.assembly();
        }
        if known.contains(&true) {
            return;
        }
        if is_packed(program) {
            self.note("is packed with UPX: what it holds is hidden until `upx -d` has unpacked it");
        } else if program.goes_on {
            self.gap(Gap::blocking(
                GapKind::OverLimit,
                self.entry.location.clone(),
                Programs.id(),
                "the program goes on behind what was read of it, where a list of its packages may be; unless the file \
                 is cut off, raise --max-entry-bytes",
            ));
        }
    }

    /// A package that is linked into the program.
    fn add(&mut self, package: Package) {
        if self.left == 1 {
            self.gap(Gap::blocking(
                GapKind::OverLimit,
                self.entry.location.clone(),
                Programs.id(),
                "the program lists more packages than are read; the rest is unknown",
            ));
        }
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.sink.installed(package, self.entry.location.innermost());
        }
    }

    fn package(&self, ecosystem: Ecosystem, name: impl Into<String>, version: Option<String>) -> Package {
        Package::new(ecosystem, name, version, Evidence::Binary, self.entry.location.clone())
    }

    /// An assembly's version is not that of the package it came in, so only its name counts.
    fn assembly(&mut self) {
        let name = file_name(self.entry.location.innermost());
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let place = self.entry.location.clone();
        self.sink.present(Package::new(Ecosystem::NuGet, stem, None, Evidence::Presence, place));
    }

    /// What part of the program has no name, and what would help.
    fn note(&mut self, detail: impl Into<String>) {
        self.gap(Gap::note(GapKind::Opaque, self.entry.location.clone(), Programs.id(), detail));
    }

    /// A listed package cannot be matched: no more of these than packages.
    fn unversioned(&mut self, detail: impl Into<String>) {
        if self.left == 0 {
            return;
        }
        self.gap(Gap::note(GapKind::Unversioned, self.entry.location.clone(), Programs.id(), detail));
    }

    fn malformed(&mut self, detail: impl Into<String>) {
        self.gap(Gap::blocking(GapKind::Malformed, self.entry.location.clone(), Programs.id(), detail));
    }

    fn gap(&mut self, gap: Gap) {
        self.sink.lock_gaps.push(gap);
    }
}

/// UPX leaves its name in front of what it packed, and no sections (ELF) or its own (PE).
fn is_packed(program: &Program<'_>) -> bool {
    let head = &program.bytes()[..program.bytes().len().min(PACKER_HEAD)];
    program.section(&["UPX0", "UPX1"]).is_some()
        || (program.sections().is_empty() && memchr::memmem::find(head, b"UPX!").is_some())
}

#[cfg(test)]
#[path = "program/tests.rs"]
mod tests;
