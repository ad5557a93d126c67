//! Packages that cost about what published ones cost: code of made-up words in which the words of the secret rules stand
//! about as often as in real code, but no secret. All of it follows from a seed.

use std::fmt::Write as _;

use super::Zip;

/// Words that rules look for, as code has them: nothing that follows them is a secret.
const LOADED: [&str; 16] = [
    "token",
    "password",
    "secretKey",
    "apiKey",
    "auth",
    "client_id",
    "accessKeyId",
    "https://docs.example.com/",
    "credential",
    "session",
    "private",
    "bearer",
    "signature",
    "account",
    "endpoint",
    "region",
];
/// One word in so many is one of [`LOADED`].
const RARITY: u64 = 40;
/// Bytes of an ordinary source file.
const FILE: usize = 16 << 10;

/// A source of made-up files.
pub struct Synthetic(u64);

impl Synthetic {
    /// The same seed gives the same files.
    pub fn new(seed: u64) -> Synthetic {
        Synthetic(seed)
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// A name of two to four syllables, or now and then a word that rules look for.
    fn word(&mut self) -> String {
        if self.below(RARITY) == 0 {
            return LOADED[self.below(LOADED.len() as u64) as usize].to_owned();
        }
        let mut word = String::new();
        for _ in 0..2 + self.below(3) {
            word.push(b"bcdfghjklmnprstvwz"[self.below(18) as usize].into());
            word.push(b"aeiou"[self.below(5) as usize].into());
        }
        word
    }

    /// JavaScript of at least so many bytes.
    pub fn script(&mut self, len: usize) -> Vec<u8> {
        let mut text = String::from("'use strict';\n");
        while text.len() < len {
            let [a, b, c, d] = std::array::from_fn(|_| self.word().replace("://", "_").replace(['/', '.'], "_"));
            let number = self.below(10_000);
            let _ = match self.below(6) {
                0 => writeln!(text, "const {a} = require('./{b}');"),
                1 => writeln!(text, "  if ({a}.{b} === undefined) return {c}({d}, {number});"),
                2 => writeln!(text, "// The {a} of the {b} is what {c} gave, unless {d} is set."),
                3 => writeln!(text, "exports.{a} = function ({b}, {c}) {{\n  return {c}.{d} || null;\n}};"),
                4 => writeln!(text, "  {a}: {{ {b}: '{c}', {d}: {number} }},"),
                _ => writeln!(text, "  this.{a} = options.{b} ? options.{b}.{c}() : {number};"),
            };
        }
        text.into_bytes()
    }

    /// Python of at least so many bytes.
    pub fn module(&mut self, len: usize) -> Vec<u8> {
        let mut text = String::from("\"\"\"A module.\"\"\"\n");
        while text.len() < len {
            let [a, b, c, d] = std::array::from_fn(|_| self.word().replace("://", "_").replace(['/', '.'], "_"));
            let number = self.below(10_000);
            let _ = match self.below(5) {
                0 => writeln!(text, "from .{a} import {b}, {c}"),
                1 => writeln!(text, "def {a}({b}, {c}=None):\n    \"\"\"Gives the {d} of {b}.\"\"\""),
                2 => writeln!(text, "    if {a} is None and {b}.{c} > {number}:\n        raise ValueError('{d}')"),
                3 => writeln!(text, "    self.{a} = kwargs.pop('{b}', {c})"),
                _ => writeln!(text, "    # {a} and {b} of the {c} are {d}."),
            };
        }
        text.into_bytes()
    }

    /// A program for Linux (ELF) with so many bytes of code and a quarter as many of strings.
    pub fn program(&mut self, len: usize) -> Vec<u8> {
        const HEADER: usize = 64;
        let code: Vec<u8> = (0..len / 8)
            .flat_map(|_| {
                // Few different bytes, as instructions have: random ones would not deflate at all.
                let number = self.number();
                if number & 3 == 0 { number.to_le_bytes() } else { (number & 0x0f00_ff0f_0048_8b0f).to_le_bytes() }
            })
            .collect();
        let mut strings = Vec::new();
        while strings.len() < len / 4 {
            strings.extend(self.word().bytes());
            strings.push(b"\0 :/"[self.below(4) as usize]);
        }
        let names = b"\0.text\0.rodata\0.shstrtab\0";
        let [text, rodata, shstrtab] = [HEADER, HEADER + code.len(), HEADER + code.len() + strings.len()];
        let table = (shstrtab + names.len()).next_multiple_of(8);
        let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        for wide in [0, 0, table as u64] {
            out.extend(wide.to_le_bytes());
        }
        out.extend([0; 4]);
        for short in [HEADER as u16, 56, 0, 64, 4, 3] {
            out.extend(short.to_le_bytes());
        }
        out.extend(code);
        out.extend(strings);
        out.extend(names);
        out.resize(table, 0);
        // Name, type, flags, offset, size; a first section of zeros.
        let sections = [
            [0; 5],
            [1, 1, 6, text, rodata - text],
            [7, 1, 2, rodata, shstrtab - rodata],
            [15, 3, 0, shstrtab, names.len()],
        ];
        for [name, kind, flags, offset, size] in sections {
            out.extend((name as u32).to_le_bytes());
            out.extend((kind as u32).to_le_bytes());
            for wide in [flags, 0, offset, size, 0, 1, 0] {
                out.extend((wide as u64).to_le_bytes());
            }
        }
        out
    }

    /// A Node package of so many source files, as an archive has it below `node_modules`.
    pub fn node_package(&mut self, zip: Zip, name: &str, files: usize) -> Zip {
        let manifest = format!("{{\"name\": \"{name}\", \"version\": \"1.{}.0\", \"main\": \"0.js\"}}", self.below(9));
        (0..files).fold(zip.file(format!("node_modules/{name}/package.json"), manifest), |zip, number| {
            zip.file(format!("node_modules/{name}/{number}.js"), self.script(FILE))
        })
    }

    /// A Python distribution of so many modules, as pip installs it.
    pub fn distribution(&mut self, zip: Zip, name: &str, files: usize) -> Zip {
        let info = format!("{name}-1.{}.0.dist-info", self.below(9));
        let version = info.trim_start_matches(&format!("{name}-")).trim_end_matches(".dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n");
        let mut zip = zip.file(format!("{info}/METADATA"), metadata + &String::from_utf8_lossy(&self.module(4 << 10)));
        let mut record = format!("{info}/METADATA,,\n{info}/RECORD,,\n");
        for number in 0..files {
            let path = format!("{name}/m{number}.py");
            let _ = writeln!(record, "{path},,");
            zip = zip.file(path, self.module(FILE));
        }
        zip.file(format!("{info}/RECORD"), record)
    }
}

/// Node packages of six files, about 100 KB each.
pub fn node_archive(seed: u64, packages: usize) -> Zip {
    let mut made = Synthetic::new(seed);
    let zip = Zip::new().file("index.js", "exports.handler = async () => 1;\n");
    (0..packages).fold(zip, |zip, number| made.node_package(zip, &format!("made-up-{seed}-{number}"), 6))
}

/// Python distributions of six modules, about 100 KB each.
pub fn python_archive(seed: u64, distributions: usize) -> Zip {
    let mut made = Synthetic::new(seed);
    let zip = Zip::new().file("lambda_function.py", "def handler(event, context):\n    return 1\n");
    (0..distributions).fold(zip, |zip, number| made.distribution(zip, &format!("made_up_{seed}_{number}"), 6))
}
