//! Programs written by hand from the formats' specifications; `tests/native.rs` has real ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::extract::python_dist::tests::{names, sink_of};
use crate::model::{Level, Location};

const PROGBITS: u32 = 1;
const STRTAB: u32 = 3;
const DYNSYM: u32 = 11;

/// A 64-bit little-endian ELF file of sections: name, type, link, address, bytes.
fn elf(sections: &[(&str, u32, u32, u64, &[u8])]) -> Vec<u8> {
    let mut names = vec![0u8];
    let mut body = Vec::new();
    let mut table = vec![0u8; 64];
    let named: Vec<_> = sections.iter().copied().chain([(".shstrtab", STRTAB, 0, 0, &b""[..])]).collect();
    let offsets: Vec<u32> = named
        .iter()
        .map(|(name, ..)| {
            let at = names.len();
            names.extend(name.bytes().chain([0]));
            u32::try_from(at).unwrap()
        })
        .collect();
    for ((name, kind, link, address, bytes), offset) in named.iter().zip(offsets) {
        let bytes = if *name == ".shstrtab" { names.as_slice() } else { bytes };
        while body.len() % 16 != 0 {
            body.push(0);
        }
        let entry: u64 = if *kind == DYNSYM { 24 } else { 0 };
        table.extend([offset.to_le_bytes(), kind.to_le_bytes()].concat());
        let start = 64 + body.len() as u64;
        table.extend([2, *address, start, bytes.len() as u64].map(u64::to_le_bytes).concat());
        table.extend([*link, 0].map(u32::to_le_bytes).concat());
        table.extend([16u64, entry].map(u64::to_le_bytes).concat());
        body.extend_from_slice(bytes);
    }
    while body.len() % 16 != 0 {
        body.push(0);
    }
    let count = u16::try_from(named.len() + 1).unwrap();
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([2u16, 62].map(u16::to_le_bytes).concat());
    file.extend(1u32.to_le_bytes());
    file.extend([0u64, 0, 64 + body.len() as u64].map(u64::to_le_bytes).concat());
    file.extend(0u32.to_le_bytes());
    file.extend([64u16, 56, 0, 64, count, count - 1].map(u16::to_le_bytes).concat());
    file.extend(body);
    file.extend(table);
    file
}

fn section<'a>(name: &'a str, bytes: &'a [u8]) -> (&'a str, u32, u32, u64, &'a [u8]) {
    (name, PROGBITS, 0, 0x1000, bytes)
}

/// The information as Go 1.18 and later write it.
fn go_inline(go: &str, modules: &str) -> Vec<u8> {
    let mut blob = b"\xff Go buildinf:\x08\x02".to_vec();
    blob.resize(32, 0);
    let modules = format!("{}{modules}{}", "0".repeat(16), "1".repeat(16));
    for text in [go, &modules] {
        let mut length = text.len();
        while length > 0x7f {
            blob.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        blob.push(u8::try_from(length).unwrap());
        blob.extend(text.bytes());
    }
    blob
}

fn go_program(go: &str, modules: &str) -> Vec<u8> {
    elf(&[section(".text", b"code"), section(".go.buildinfo", &go_inline(go, modules))])
}

fn read(bytes: &[u8]) -> Sink {
    sink_of(&Programs, "bootstrap", bytes)
}

fn details(sink: &Sink) -> Vec<(Level, GapKind, &str)> {
    sink.lock_gaps.iter().map(|gap| (gap.level, gap.kind, gap.detail.as_str())).collect()
}

const MODULES: &str = "path\texample.com/fn/cmd\n\
mod\texample.com/fn\tv0.0.0-20240102030405-0123456789ab+dirty\t\n\
dep\texample.com/a\tv1.2.3\th1:x=\n\
dep\texample.com/b/v2\tv2.0.0+incompatible\n=>\texample.com/fork\tv2.0.1\th1:y=\n\
dep\texample.com/c\tv1.0.0\n=>\t../c\t(devel)\t\n\
dep\texample.com/d\tv0.0.0-00010101000000-000000000000\n=>\t./d\t(devel)\t\n\
build\t-compiler=gc\nbuild\tvcs.modified=true\n";

#[test]
fn modules_are_listed_with_what_replaced_them() {
    let sink = read(&go_program("go1.21.3 X:boringcrypto", MODULES));
    assert_eq!(
        names(&sink),
        [
            "stdlib 1.21.3 binary",
            "example.com/fn - binary",
            "example.com/a v1.2.3 binary",
            "example.com/fork v2.0.1 binary",
            "example.com/c - binary",
            "example.com/d - binary"
        ]
    );
    assert_eq!((sink.found[1].package.direct, sink.found[2].package.direct), (Some(true), None));
    let gaps = details(&sink);
    assert_eq!((gaps.len(), gaps[0].1), (1, GapKind::Unversioned));
    assert!(gaps[0].2.contains("example.com/c") && gaps[0].2.contains("v1.0.0"), "{gaps:?}");
    assert!(sink.explains());
}

#[test]
fn a_tagged_main_module_has_its_version() {
    let sink = read(&go_program("go1.24.0", "path\ta\nmod\texample.com/tool\tv1.4.0\th1:x=\n"));
    assert_eq!(names(&sink), ["stdlib 1.24.0 binary", "example.com/tool v1.4.0 binary"]);
}

#[test]
fn what_go_leaves_out_is_said() {
    let sink = read(&go_program("devel go1.24-abc", "path\tgithub.com/x/y\nbuild\t-compiler=gc\n"));
    assert_eq!(names(&sink), ["stdlib - binary"]);
    let gaps: Vec<_> = details(&sink).into_iter().map(|gap| gap.1).collect();
    assert_eq!(gaps, [GapKind::Unversioned, GapKind::Opaque]);
    assert_eq!(details(&read(&go_program("go1.21.0", "path\tcommand-line-arguments\nbuild\tx=y\n"))), []);
    let stripped = read(&elf(&[section(".gopclntab", b"x")]));
    assert_eq!((stripped.found.len(), details(&stripped)[0].1), (0, GapKind::Opaque));
}

#[test]
fn addresses_of_the_old_format_are_followed() {
    for wide in [true, false] {
        let modules = format!("{}path\ta\ndep\texample.com/a\tv1.0.0\n{}", "0".repeat(16), "1".repeat(16));
        let text = format!("go1.17.1{modules}");
        let word = |number: u64| if wide { number.to_le_bytes().to_vec() } else { number.to_le_bytes()[..4].to_vec() };
        let width = if wide { 8 } else { 4 };
        let headers = [word(0x3000), word(8), word(0x3008), word(modules.len() as u64)].concat();
        let mut blob = b"\xff Go buildinf:".to_vec();
        blob.extend([width, 0]);
        blob.extend([word(0x2000), word(0x2000 + 2 * u64::from(width))].concat());
        blob.resize(32, 0);
        let mut file = elf(&[
            (".rodata", PROGBITS, 0, 0x3000, text.as_bytes()),
            (".data", PROGBITS, 0, 0x2000, &headers),
            (".go.buildinfo", PROGBITS, 0, 0x4000, &blob),
        ]);
        if wide {
            assert_eq!(names(&read(&file)), ["stdlib 1.17.1 binary", "example.com/a v1.0.0 binary"]);
        }
        // Pointers into nowhere.
        let at = memchr::memmem::find(&file, b"\xff Go buildinf:").unwrap();
        file[at + 16..at + 32].fill(0xFF);
        assert_eq!(read(&file).found.len(), 0);
    }
}

fn auditable(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    elf(&[section(".dep-v0", &encoder.finish().unwrap())])
}

#[test]
fn crates_are_listed_without_what_only_built_them() {
    let sink = read(&auditable(
        r#"{"packages":[
          {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1,3,4]},
          {"name":"serde","version":"1.0.200","source":"crates.io","dependencies":[2]},
          {"name":"itoa","version":"1.0.0","source":"crates.io"},
          {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
          {"name":"member","version":"0.1.0","source":"local"}]}"#,
    ));
    assert_eq!(names(&sink), ["serde 1.0.200 binary", "itoa 1.0.0 binary"]);
    let direct: Vec<_> = sink.found.iter().map(|found| found.package.direct).collect();
    assert_eq!(
        (direct, sink.found[0].package.requires.as_slice()),
        (vec![Some(true), Some(false)], &["itoa".into()][..])
    );
    assert_eq!(details(&sink), []);
}

#[test]
fn a_list_of_crates_that_is_broken_blocks() {
    let bomb = auditable(&" ".repeat(9 << 20));
    let garbage = elf(&[section(".dep-v0", b"no zlib")]);
    let cyclic = auditable(r#"{"packages":[{"name":"a","version":"1.0.0","dependencies":[0],"root":true}]}"#);
    for (file, found) in [(bomb, 0), (garbage, 0), (auditable("{\"packages\":[{"), 0), (cyclic, 1)] {
        let sink = read(&file);
        assert_eq!((sink.found.len(), sink.lock_gaps[0].level), (found, Level::Blocking), "{:?}", details(&sink));
    }
}

#[test]
fn paths_of_panics_name_crates_and_leave_a_note() {
    let rodata = b"x/rustc/0/library/std/src/io.rs /c/registry/src/index.crates.io-1/serde-1.0.200/src/lib.rs\
        /c/registry/src/index.crates.io-1/serde-1.0.200/src/de.rs";
    let sink = read(&elf(&[section(".rodata", rodata), section(".comment", b"rustc version 1.90.0 (x)")]));
    assert_eq!(names(&sink), ["serde 1.0.200 binary"]);
    let gaps = details(&sink);
    assert!(gaps.len() == 1 && gaps[0].2.contains("1 crate is named"), "{gaps:?}");
    let without_mark = read(&elf(&[section(".rodata", rodata), section(".comment", b"GCC: (GNU) 14")]));
    assert!(!without_mark.explains(), "no compiler of Rust, no search");
}

fn native_image(document: &[u8], sbom: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(document).unwrap();
    let packed = encoder.finish().unwrap();
    let strings = format!("\0{sbom}\0sbom_length\0");
    let symbol = |name: usize, address: u64| {
        let mut entry = u32::try_from(name).unwrap().to_le_bytes().to_vec();
        entry.extend([0x11, 0, 1, 0]);
        entry.extend([address, 8].map(u64::to_le_bytes).concat());
        entry
    };
    let symbols = [vec![0; 24], symbol(1, 0x5000), symbol(sbom.len() + 2, 0x6000)].concat();
    elf(&[
        (".dynstr", STRTAB, 0, 0x1000, strings.as_bytes()),
        (".dynsym", DYNSYM, 1, 0x2000, &symbols),
        (".svm_heap", PROGBITS, 0, 0x3000, b"heap"),
        (".rodata", PROGBITS, 0, 0x5000, &packed),
        (".data", PROGBITS, 0, 0x6000, &(packed.len() as u64).to_le_bytes()),
    ])
}

#[test]
fn a_native_image_lists_its_jars() {
    let document = br#"{"bomFormat":"CycloneDX","components":[
        {"type":"library","name":"x","purl":"pkg:maven/io.netty/netty-codec-http2@4.1.76.Final"},
        {"purl":"pkg:maven/org.example/b","version":"2"}, {"name":"no purl"}, 7]}"#;
    let sink = read(&native_image(document, "sbom"));
    assert_eq!(names(&sink), ["io.netty:netty-codec-http2 4.1.76.Final binary", "org.example:b 2 binary"]);
    assert_eq!(details(&sink), []);
    let without = read(&native_image(document, "other"));
    assert_eq!((without.found.len(), details(&without)[0].1), (0, GapKind::Opaque));
}

#[test]
fn programs_that_hide_their_parts_are_told() {
    let mut packed = elf(&[]);
    packed.truncate(64);
    packed[0x28..0x30].fill(0);
    packed[0x3a..0x40].fill(0);
    packed.extend(b"....UPX!....");
    assert!(details(&read(&packed))[0].2.contains("UPX"));
    let whole = go_program("go1.21.3", MODULES);
    let cut = read(&whole[..whole.len() - 400]);
    assert_eq!((cut.lock_gaps[0].level, cut.lock_gaps[0].kind), (Level::Blocking, GapKind::OverLimit));
}

#[test]
fn other_files_are_not_wanted() {
    for head in [&b"#!/bin/sh\n"[..], b"MZ is a text", b"\xCA\xFE\xBA\xBE\0\0\0\x3D", b"", b"\x7fEL"] {
        assert!(!Programs.wants("bootstrap", head), "{head:?}");
    }
}

#[test]
fn many_modules_under_a_long_path_are_bounded() {
    let modules: String = (0..100_000).map(|index| format!("dep\tm{index}\tv1.0.0\n")).collect();
    let location = Location::artifact(0).child(&"a".repeat(60_000));
    let mut sink = Sink::default();
    let file = go_program("go1.21.3", &format!("path\ta\n{modules}"));
    Programs.extract(&Entry { location: &location, bytes: &file }, &mut sink);
    assert!(sink.found.len() < 1000, "{}", sink.found.len());
    assert_eq!(details(&sink).last().map(|gap| (gap.0, gap.1)), Some((Level::Blocking, GapKind::OverLimit)));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_program_reading_it_ends(at in 0usize..2000, byte: u8, cut in 0usize..2000) {
        let rich = native_image(b"{\"components\":[{\"purl\":\"pkg:maven/a/b@1\"}]}", "sbom");
        for mut file in [go_program("go1.21.3", MODULES), auditable(r#"{"packages":[{"name":"a","root":true}]}"#), rich] {
            let at = 4 + at % (file.len() - 4);
            file[at] = byte;
            file.truncate((4 + cut).min(file.len()));
            let mut sink = Sink::default();
            let location = Location::artifact(0).child("x");
            Programs.extract(&Entry { location: &location, bytes: &file }, &mut sink);
        }
    }
}

#[test]
fn names_without_an_end_are_not_searched_for_each_symbol() {
    let start = crate::formats::clock::spent();
    let symbols: Vec<u8> =
        (0..200_000u32).flat_map(|at| [&at.to_le_bytes()[..], &[0x12, 0, 1, 0], &[0; 16]].concat()).collect();
    let strings = vec![b'a'; 16 << 20];
    let file =
        elf(&[section(".svm_heap", b"x"), (".dynsym", DYNSYM, 3, 0, &symbols), (".dynstr", STRTAB, 0, 0, &strings)]);
    assert!(details(&read(&file))[0].2.contains("without a list of its jars"));
    assert!((crate::formats::clock::spent() - start).as_secs() < 10);
}

#[test]
fn modules_without_a_version_have_no_more_notes_than_packages() {
    let sink = read(&go_program(&"x".repeat(1 << 20), &"dep\tm\n".repeat(200_000)));
    assert!(sink.found.len() <= MOST_PACKAGES && sink.lock_gaps.len() <= MOST_PACKAGES + 3, "{}", sink.lock_gaps.len());
    assert!(sink.lock_gaps.iter().all(|gap| gap.detail.len() < 1000));
}

#[test]
fn crates_that_are_asked_for_many_times_take_linear_time_and_room() {
    let start = crate::formats::clock::spent();
    let long = "n".repeat(1 << 20);
    let wants = format!("1{}", ",1".repeat(1 << 20));
    let others = ",{\"name\":\"a\"}".repeat(50_000);
    let sink = read(&auditable(&format!(
        "{{\"packages\":[{{\"name\":\"r\",\"root\":true,\"dependencies\":[{wants}]}},{{\"name\":\"{long}\"}}{others}]}}"
    )));
    let required: usize = sink.found.iter().flat_map(|found| &found.package.requires).map(String::len).sum();
    assert!(required <= 16 << 20, "{required}");
    assert!((crate::formats::clock::spent() - start).as_secs() < 10);
}
