//! What a bundled script says of its modules by itself.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

use super::{Member, Members, Module, fact, inlined};

/// Fewer bytes than these can be read by a person, whoever wrote them.
const LEAST: usize = 48 << 10;
/// Bytes of a line that nobody writes by hand, as a mean over a file.
const MEAN_LINE: usize = 400;
/// What bundlers leave in a script that was not minified: esbuild's helpers, webpack's, ncc's, Parcel's, Rollup's, and
/// the lines that point at notices.
const MARKS: [&[u8]; 8] = [
    b"__commonJS",
    b"__toESM",
    b"__webpack_require__",
    b"__nccwpck_require__",
    b"parcelRequire",
    b"getDefaultExportFromCjs",
    LICENCES,
    b"For license information please see ",
];
/// The line before esbuild's notices.
const LICENCES: &[u8] = b"Bundled license information:";
/// What stands in front of a path in a line of its own is not longer.
const LONGEST_MARK: usize = 64;
/// A path of a module is not longer.
const LONGEST_PATH: usize = 1024;

/// What a script names.
#[derive(Debug, Default)]
pub(in super::super) struct Read {
    /// The packages.
    pub members: Members,
    /// Whether every module of it has a name.
    pub whole: bool,
}

/// Whether a script is a bundle that holds code of third parties, as far as its look tells.
pub fn is_bundle(path: &str, bytes: &[u8]) -> bool {
    super::super::js_bundle::is_script(path) && bytes.len() >= LEAST && is_generated(bytes)
}

fn is_generated(bytes: &[u8]) -> bool {
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    // All marks in one pass. The automaton is not meant: it takes longer than a pass for each.
    static MARKED: LazyLock<Option<Searcher>> = LazyLock::new(|| Searcher::new(MARKS));
    bytes.len() / lines > MEAN_LINE
        || match &*MARKED {
            Some(marked) => marked.find(bytes).is_some(),
            None => MARKS.iter().any(|mark| memchr::memmem::find(bytes, mark).is_some()),
        }
}

/// Reads a script, in passes of linear time.
pub(in super::super) fn read(bytes: &[u8]) -> Read {
    let mut read = modules(bytes);
    // A text that proves a package in a bundle may be quoted in what a person wrote.
    if is_generated(bytes) {
        licences(bytes, &mut read.members);
        fact::look(bytes, &mut read.members);
        inlined::look(bytes, &mut read.members);
    }
    read
}

/// How a bundler wrote the path of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    /// `// node_modules/a/i.js`, a line of its own: esbuild, Bun, webpack where it joins modules.
    Line,
    /// `!*** ./node_modules/a/i.js ***!`: webpack, before every module.
    Banner,
    /// `"node_modules/a/i.js"(exports) {`, `"./node_modules/a/i.js": function`: the name of a module.
    Key,
}

/// The packages whose paths stand where a bundler writes those of modules.
fn modules(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    let (mut lines, mut banners, mut every) = (0, 0, 0);
    let mut first_line = None;
    let mut end = 0;
    for at in Finder::new("node_modules/").find_iter(bytes) {
        if at < end {
            continue;
        }
        let token = token(bytes, at, end);
        end = token.end.max(at + 1);
        let Some(spot) = spot(bytes, &token) else { continue };
        // webpack, whose paths begin so, joins some modules under such lines and leaves the others with a number.
        let joined = bytes[token.clone()].starts_with(b"./");
        let Some(module) = std::str::from_utf8(&bytes[token]).ok().and_then(Module::of) else { continue };
        if !is_code(module.file) {
            continue;
        }
        match spot {
            // One such line alone may be what a person wrote.
            Spot::Line if lines == 0 => first_line = Some(Member::of(&module)),
            _ => read.members.add(Member::of(&module)),
        }
        lines += usize::from(spot == Spot::Line);
        every += usize::from(spot == Spot::Line && !joined);
        banners += usize::from(spot == Spot::Banner);
    }
    if lines > 1 || (lines == 1 && is_generated(bytes)) {
        first_line.into_iter().for_each(|member| read.members.add(member));
    }
    read.whole = banners > 0 || every > 1;
    read
}

/// The word around a place: no white space, no quotes, no backslashes. Looks back no further than `from`.
fn token(bytes: &[u8], at: usize, from: usize) -> Range<usize> {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'\\');
    let from = from.max(at.saturating_sub(LONGEST_PATH));
    let start = bytes[from..at].iter().rposition(ends).map_or(from, |found| from + found + 1);
    let rest = &bytes[at..bytes.len().min(at + LONGEST_PATH)];
    start..at + rest.iter().position(ends).unwrap_or(rest.len())
}

fn spot(bytes: &[u8], token: &Range<usize>) -> Option<Spot> {
    let (before, after) = (&bytes[..token.start], &bytes[token.end..]);
    if let Some(before) = before.strip_suffix(b"// ").or_else(|| before.strip_suffix(b"MODULE: ")) {
        // What stands further in front is no such line, and looking at all of it each time would be quadratic.
        let near = &before[before.len().saturating_sub(LONGEST_MARK)..];
        let line = match memchr::memrchr(b'\n', near) {
            Some(at) => &near[at + 1..],
            None if near.len() < LONGEST_MARK => near,
            None => return None,
        };
        let begins =
            matches!(line.trim_ascii(), b"" | b";" | b"// EXTERNAL" | b"// CONCATENATED" | b";// CONCATENATED");
        let ends = after.is_empty() || after.starts_with(b"\n") || after.starts_with(b"\r");
        return (begins && ends).then_some(Spot::Line);
    }
    if before.ends_with(b"!*** ") {
        return after.starts_with(b" ***!").then_some(Spot::Banner);
    }
    let quote = *before.last().filter(|b| matches!(b, b'"' | b'\''))?;
    let after = after.strip_prefix(&[quote])?;
    let after = &after[..after.len().min(16)];
    matches!(after.trim_ascii_start().first(), Some(b'(' | b':')).then_some(Spot::Key)
}

fn is_code(file: &str) -> bool {
    const ENDS: [&str; 9] = ["js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "json"];
    file.rsplit_once('.').is_some_and(|(_, end)| ENDS.contains(&end) || matches!(end, "node" | "wasm" | "css"))
}

/// esbuild's notices: each stands under the path of its file, from the package's name on
/// (<https://esbuild.github.io/api/#legal-comments>).
pub(in super::super) fn licences(bytes: &[u8], members: &mut Members) {
    let Some(at) = memchr::memmem::rfind(bytes, LICENCES) else { return };
    for line in bytes[at + LICENCES.len()..].split(|&b| b == b'\n') {
        let Some(path) = line.strip_suffix(b":").and_then(|path| std::str::from_utf8(path).ok()) else {
            if line.starts_with(b"*/") {
                return;
            }
            continue;
        };
        if let Some((name, file)) = super::path::split_name(path)
            && is_code(file)
        {
            members.add(Member::new(name, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        read(text.as_bytes()).members.0.into_iter().map(|member| member.name).collect()
    }

    #[test]
    fn bundlers_name_their_modules() {
        let esbuild = "var x = __commonJS({\n  \"node_modules/a/i.js\"(exports) {\n  }\n});\n\n// node_modules/b/i.mjs\n\
            var b = 1;\n// src/index.js\n";
        assert_eq!(names(esbuild), ["a", "b"]);
        let two = "// node_modules/a/i.js\nx();\n\n// ../node_modules/.pnpm/b@1.0.0/node_modules/b/i.js\n";
        assert_eq!(names(two), ["a", "b"]);
        assert!(read(two.as_bytes()).whole);
        let webpack = "/***/ \"./node_modules/@s/a/i.js\":\n/*!****!*\\\n  !*** ./node_modules/@s/a/i.js ***!\n  \\****/\n\
            /***/ ((module, __unused, __webpack_require__) => {\nvar b = __webpack_require__(/*! b */ \"./node_modules/b/i.js\");";
        assert_eq!(names(webpack), ["@s/a"], "what is required may be external");
        assert!(read(webpack.as_bytes()).whole);
        let numbers = "/***/ 12:\n;// ./node_modules/a/i.js\nx\n// EXTERNAL MODULE: ./node_modules/b/i.js\n\
            ;// CONCATENATED MODULE: ./node_modules/c/i.js\n__webpack_require__(1);";
        assert_eq!(names(numbers), ["a", "b", "c"]);
        assert!(!read(numbers.as_bytes()).whole);
        assert_eq!(names("x={\"./node_modules/a/i.js\":(e,t)=>{},'./node_modules/b/i.js':function(){}}"), ["a", "b"]);
    }

    #[test]
    fn what_a_person_writes_names_nothing() {
        for text in [
            "// node_modules/a/i.js\nconst a = require('a');\n",
            "// see node_modules/a/i.js for the reason\n// see node_modules/b/i.js\n",
            "const a = require('./node_modules/a/i.js'); const b = ['node_modules/b/i.js', \"node_modules/c/i.js\"];",
            "throw new Error('node_modules/a/i.js');",
            "const ignored = { 'node_modules/': true, './node_modules/a': 1 };",
        ] {
            assert!(names(text).is_empty() && !read(text.as_bytes()).whole, "{text}: {:?}", names(text));
        }
    }

    #[test]
    fn notices_stand_under_paths() {
        let text = "x();\n/*! Bundled license information:\n\na/i.js:\n  (*! note: *)\n\n@s/b/lib/i.mjs:\n  (** x *)\n*/\nz/i.js:\n";
        assert_eq!(names(text), ["@s/b", "a"]);
    }

    #[test]
    fn a_long_hand_written_script_is_no_bundle() {
        let text = "const a = require('a');\n".repeat(5000);
        assert!(!is_bundle("index.js", text.as_bytes()));
        assert!(is_bundle("index.js", &vec![b'x'; 60 << 10]));
        assert!(!is_bundle("index.js", b"x") && !is_bundle("index.css", &vec![b'x'; 60 << 10]));
    }

    #[test]
    fn hostile_paths_take_linear_time() {
        let start = crate::formats::clock::spent();
        let text = "node_modules/".repeat(1 << 20) + &"\"node_modules/a/i.js".repeat(1 << 20);
        assert!(names(&text).is_empty());
        let blank = " ".repeat(1 << 22) + &"x// node_modules/a/i.js ".repeat(1 << 16);
        assert!(names(&blank).is_empty());
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }
}
