//! Values without quotes: lines of configuration, fields of connection strings, options and variables of command lines.

use std::ops::Range;

use memchr::memrchr;

use super::literal::quoted;
use super::{Assignment, NAME, Style, VALUE, skip_blanks};

/// `--password value`, `-Password value`: the name is an option of a command line.
pub(super) fn is_option(text: &[u8], name: &Range<usize>) -> bool {
    let name = &text[name.clone()];
    name.starts_with(b"--") || name.starts_with(b"-") && name.len() >= 6 && name[1].is_ascii_alphabetic()
}

/// An option's argument.
pub(super) fn argument(text: &[u8], start: usize) -> Option<Assignment> {
    word(text, start, b" \t\r\n\"'`")
}

/// What a template falls back to: `${DB_PASSWORD:-value}`, `${db.password:value}`, `${env:DB_PASSWORD, 'value'}`.
pub(super) fn template_default(text: &[u8], name: &Range<usize>) -> Option<Assignment> {
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    let path = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"._-:".contains(b)).count();
    if !before[..before.len() - path].ends_with(b"${") {
        return None;
    }
    let rest = text.get(name.end..)?;
    if rest.starts_with(b",") {
        return quoted(text, skip_blanks(text, name.end + 1));
    }
    let skip = [b":-".as_slice(), b":=", b"-", b":"].iter().find(|mark| rest.starts_with(mark))?.len();
    word(text, name.end + skip, b"}\"'`\r\n")
}

/// `ENV NAME value` of a Dockerfile, `setx NAME value` of Windows.
pub(super) fn docker_variable(text: &[u8], name: &Range<usize>, start: usize) -> Option<Assignment> {
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    let line = memrchr(b'\n', before).map_or(before, |feed| &before[feed + 1..]);
    (matches!(line.trim_ascii(), b"ENV" | b"setx") && start > name.end)
        .then(|| quoted(text, start).or_else(|| argument(text, start)))
        .flatten()
}

/// `PASSWORD 'value'`: an instruction of its own line, or a clause of SQL that sets it.
pub(super) fn instruction(text: &[u8], name: &Range<usize>, start: usize) -> Option<Assignment> {
    const CLAUSES: [&[u8]; 3] = [b"with", b"encrypted", b"user"];
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    let last = before.trim_ascii_end();
    let clause = CLAUSES.iter().any(|word| {
        last.len() > word.len()
            && last[last.len() - word.len()..].eq_ignore_ascii_case(word)
            && last[last.len() - word.len() - 1].is_ascii_whitespace()
    });
    (start > name.end && (clause || leads_line(before, name.start <= NAME))).then(|| quoted(text, start)).flatten()
}

/// `CREATE USER name WITH PASSWORD 'value'`, in SQL.
pub(super) fn database_user(text: &[u8], name: &Range<usize>, start: usize) -> Option<Assignment> {
    if start <= name.end || text.get(start) != Some(&b'\'') {
        return None;
    }
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    let ends_with =
        |word: &[u8]| before.len().checked_sub(word.len()).is_some_and(|at| before[at..].eq_ignore_ascii_case(word));
    let spoken = [b"with ".as_slice(), b"encrypted ", b"login "].into_iter().any(ends_with);
    spoken.then(|| quoted(text, start)).flatten()
}

/// The next cell of a table's row in Markdown, as code or bare.
pub(super) fn cell(text: &[u8], start: usize) -> Option<Assignment> {
    quoted(text, start).or_else(|| word(text, start, b" \t|\r\n\"'`"))
}

/// Up to the end of a configuration line, or of a field in a connection string, query, header or command line.
pub(super) fn read(text: &[u8], name: &Range<usize>, quoted_name: bool, start: usize) -> Option<Assignment> {
    if quoted_name || matches!(text.get(start), None | Some(b'\n' | b'\r' | b'"' | b'\'' | b'`')) {
        return None;
    }
    if is_option(text, name) {
        return argument(text, start);
    }
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    // `spring.datasource.password=`: the last part of a dotted path.
    let path = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)).count();
    let before = if path < NAME { &before[..before.len() - path] } else { before };
    let tight = text[start - 1] == b'=' && name.end + 1 == start;
    if leads_line(before, name.start <= NAME) {
        return line(text, start, tight);
    }
    match before.trim_ascii_end().last() {
        Some(b'?' | b'&') if tight => return word(text, start, b"&#\"'`<> \t\r\n;)}\\"),
        Some(b';') if tight || before.ends_with(b";") => return word(text, start, b";\"'`\r\n\\<>"),
        _ => {}
    }
    match before.last() {
        // `"Password=value;Server=..."`, `-H "X-Api-Key: value"`.
        Some(&quote @ (b'"' | b'\'' | b'`')) => {
            return word(text, start, &[quote, b';', b'&', b'\r', b'\n', b'\\', b'<']);
        }
        // `host:6380,password=value,ssl=True`
        Some(b',') if tight && path == 0 => return word(text, start, b",;\"'`\r\n\\<>()"),
        _ => {}
    }
    let follows = matches!(before.last(), Some(b' ' | b'='));
    if tight && follows { word(text, start, b" \t\r\n;\"'`|&)<>,") } else { None }
}

fn line(text: &[u8], start: usize, tight: bool) -> Option<Assignment> {
    let line = &text[start..text.len().min(start + VALUE)];
    let end = memchr::memchr2(b'\n', b'\r', line).or((line.len() < VALUE).then_some(line.len()))?;
    let value = line[..end].trim_ascii_end();
    let value = value.windows(2).position(|w| w == b" #").map_or(value, |comment| value[..comment].trim_ascii_end());
    // `PASSWORD=value command`: a shell ends the value at the blank.
    let value = if tight { value.split(|b| *b == b' ').next().unwrap_or(value) } else { value };
    // Code ends its lines with these, configuration does not.
    let code = matches!(value.last(), Some(b';' | b',' | b'(' | b'{' | b'[' | b'\\' | b')'));
    (!code && !value.is_empty()).then(|| Assignment { value: start..start + value.len(), style: Style::Bare })
}

/// Whether `before` is what may stand before a name that begins a line of configuration. `whole`: nothing is cut off.
fn leads_line(before: &[u8], whole: bool) -> bool {
    const LEADS: [&[u8]; 14] = [
        b"",
        b"export",
        b"set",
        b"ENV",
        b"ARG",
        b"-",
        b"- name:",
        b"//",
        b"setx",
        b"#",
        b";",
        b"--",
        b"*",
        b"- export",
    ];
    let feed = memrchr(b'\n', before);
    let lead = before[feed.map_or(0, |feed| feed + 1)..].trim_ascii();
    (whole || feed.is_some()) && LEADS.contains(&lead)
}

/// Up to the first of `stops`.
fn word(text: &[u8], start: usize, stops: &[u8]) -> Option<Assignment> {
    let rest = text.get(start..text.len().min(start + VALUE))?;
    let len = rest.iter().position(|b| stops.contains(b)).or((rest.len() < VALUE).then_some(rest.len()))?;
    (len > 0).then(|| Assignment { value: start..start + len, style: Style::Bare })
}
