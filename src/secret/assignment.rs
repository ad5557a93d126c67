//! Reads `name = value` around a keyword, by hand: names such as `token` stand in minified code so often that a regular
//! expression around each would cost more than all other rules together.
//!
//! The keyword must be the last word of the name but for harmless ones (`password`, `DB_PASSWORD_PROD`, `apiKey`), since
//! `passwordField` and `tokenType` hold none. What follows decides the style: quotes, a bare value to the end of a
//! configuration line, an element or attribute of XML, a command line's option, a connection string.

use std::ops::Range;

use memchr::{memchr, memrchr};

/// Bytes read on either side of the keyword for the rest of the name.
const NAME: usize = 48;
/// Bytes of white space tolerated around a separator.
const GAP: usize = 24;
/// The longest value, in bytes.
pub const VALUE: usize = 512;

/// How the value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Between quotes.
    Quoted,
    /// To the end of the line, of the element or of the option.
    Bare,
    /// An environment variable: the whole value.
    Variable,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Where the value stands.
    pub value: Range<usize>,
    /// How it is written.
    pub style: Style,
}

/// Words that may follow the keyword inside a name without changing what it holds.
const HARMLESS_AFTER: [&[u8]; 42] = [
    b"key",
    b"keys",
    b"value",
    b"val",
    b"str",
    b"string",
    b"text",
    b"plain",
    b"plaintext",
    b"data",
    b"prod",
    b"production",
    b"dev",
    b"development",
    b"staging",
    b"stage",
    b"live",
    b"test",
    b"testing",
    b"qa",
    b"uat",
    b"local",
    b"env",
    b"default",
    b"primary",
    b"secondary",
    b"old",
    b"new",
    b"current",
    b"base64",
    b"b64",
    b"hex",
    b"base",
    b"access",
    b"api",
    b"token",
    b"secret",
    b"password",
    b"s",
    b"db",
    b"main",
    b"master",
];

/// Words before the keyword that make a name speak of something else.
const TELLING_BEFORE: [&[u8]; 42] = [
    b"public",
    b"csrf",
    b"xsrf",
    b"page",
    b"next",
    b"previous",
    b"max",
    b"min",
    b"no",
    b"is",
    b"has",
    b"invalid",
    b"missing",
    b"cancel",
    b"forgot",
    b"reset",
    b"show",
    b"hide",
    b"design",
    b"continuation",
    b"sync",
    b"type",
    b"syntax",
    b"parse",
    b"sha1",
    b"sha256",
    b"sha512",
    b"md5",
    b"hash",
    b"digest",
    b"integrity",
    b"checksum",
    b"hashed",
    b"encrypted",
    b"count",
    b"num",
    b"eof",
    b"end",
    b"start",
    b"css",
    b"punctuator",
    b"expected",
];

/// Reads the assignment whose name holds the keyword at `hit`.
pub fn read(text: &[u8], hit: Range<usize>) -> Option<Assignment> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let after = &text[hit.end..text.len().min(hit.end + NAME)];
    let before = &text[hit.start.saturating_sub(NAME)..hit.start];
    let end = hit.end + after.iter().take_while(|b| part(b)).count();
    let start = hit.start - before.iter().rev().take_while(|b| part(b)).count();
    // Most hits assign nothing; the words of the name are weighed last.
    let found = value(text, start..end)?;
    keeps_its_meaning(&text[start..hit.start], &text[hit.end..end]).then_some(found)
}

fn value(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    let mut at = name.end;
    let closing = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\');
    while at < name.end + 4 && text.get(at).copied().is_some_and(closing) {
        at += 1;
    }
    let quoted_name = at > name.end;
    if text.get(at) == Some(&b'>') && !quoted_name {
        return element(text, &name, at + 1);
    }
    let spaced = skip_blanks(text, at);
    if is_option(text, &name) && spaced > at {
        return quoted(text, spaced).or_else(|| word(text, spaced, b" \t\r\n\"'`"));
    }
    if quoted_name && spaced > at && text[spaced..].starts_with(b"value=") {
        return quoted(text, spaced + 6);
    }
    let after = separator(text, spaced, quoted_name)?;
    let start = skip_blanks(text, after);
    let start = annotation(text, start, after).unwrap_or(start);
    quoted(text, start).or_else(|| bare(text, &name, quoted_name, start))
}

/// Whether the words around the keyword leave it its meaning: `DB_PASSWORD_PROD` does, `passwordField` does not.
fn keeps_its_meaning(before: &[u8], after: &[u8]) -> bool {
    let known = |words: &[&[u8]], word: &[u8]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut kept = true;
    for_words(before, |word| kept &= !known(&TELLING_BEFORE, word));
    for_words(after, |word| {
        let stem_len = word.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |last| last + 1);
        kept &= stem_len == 0 || known(&HARMLESS_AFTER, &word[..stem_len]) || known(&HARMLESS_AFTER, word);
    });
    kept
}

/// Splits at `_`, `-` and before capitals.
fn for_words(name: &[u8], mut visit: impl FnMut(&[u8])) {
    let mut start = 0;
    for at in 0..name.len() {
        let hump = at > start && name[at].is_ascii_uppercase() && !name[at - 1].is_ascii_uppercase();
        if matches!(name[at], b'_' | b'-') {
            if at > start {
                visit(&name[start..at]);
            }
            start = at + 1;
        } else if hump {
            visit(&name[start..at]);
            start = at;
        }
    }
    if start < name.len() {
        visit(&name[start..]);
    }
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take(GAP).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// `--password value`: the name is an option of a command line.
fn is_option(text: &[u8], name: &Range<usize>) -> bool {
    text[name.clone()].starts_with(b"--")
}

/// Just behind `=`, `:`, `:=`, `=>`, `?=`; behind `(` or `,` where only a quoted value can follow.
fn separator(text: &[u8], at: usize, quoted_name: bool) -> Option<usize> {
    let rest = text.get(at..)?;
    let two = |bytes: &[u8]| rest.starts_with(bytes);
    if two(b"==") || two(b"=~") || two(b"::") || two(b"=\"\"") {
        return None;
    }
    if two(b":=") || two(b"=>") || two(b"?=") {
        return Some(at + 2);
    }
    match rest.first()? {
        b'=' | b':' => Some(at + 1),
        b'(' if !quoted_name => quote_ahead(text, at + 1),
        b',' if quoted_name => quote_ahead(text, skip_blanks(text, at + 1)),
        _ => None,
    }
}

fn quote_ahead(text: &[u8], at: usize) -> Option<usize> {
    matches!(text.get(at), Some(b'"' | b'\'')).then_some(at)
}

/// `password: str = "..."`: behind the `=`, if a type stands between.
fn annotation(text: &[u8], start: usize, after: usize) -> Option<usize> {
    if text.get(after.checked_sub(1)?) != Some(&b':') {
        return None;
    }
    let rest = text.get(start..)?;
    let kind = rest.iter().take(24).take_while(|b| b.is_ascii_alphabetic()).count();
    let equals = skip_blanks(text, start + kind);
    let assigns = kind > 0 && text.get(equals) == Some(&b'=') && text.get(equals + 1) != Some(&b'=');
    assigns.then(|| skip_blanks(text, equals + 1))
}

/// A string literal, also one with a prefix (`b"`, `r'`, `@"`) or inside an escaped string (`\"`).
fn quoted(text: &[u8], at: usize) -> Option<Assignment> {
    let mut start = at;
    if matches!(text.get(start), Some(b'b' | b'r' | b'u' | b'@')) && matches!(text.get(start + 1), Some(b'"' | b'\'')) {
        start += 1;
    }
    let escaped = text.get(start) == Some(&b'\\');
    start += usize::from(escaped);
    let quote = *text.get(start)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let start = start + 1;
    let limit = text.len().min(start + VALUE);
    let mut end = start;
    while end < limit {
        match text[end] {
            b'\n' | b'\r' => return None,
            b'\\' if escaped => break,
            b'\\' => end += 2,
            byte if byte == quote => break,
            _ => end += 1,
        }
    }
    if end >= limit || end == start {
        return None;
    }
    let behind = skip_blanks(text, end + 1 + usize::from(escaped));
    // A call on the literal, or a piece of a longer one: what is stored is not what is used.
    if matches!(text.get(behind), Some(b'.' | b'+' | b'%' | b'?')) {
        return None;
    }
    Some(Assignment { value: start..end, style: Style::Quoted })
}

/// `<password>value</password>`.
fn element(text: &[u8], name: &Range<usize>, at: usize) -> Option<Assignment> {
    let open = name.start.checked_sub(1).and_then(|i| text.get(i));
    let end = at + memchr(b'<', text.get(at..text.len().min(at + VALUE))?)?;
    let closes = text.get(end..end + 2) == Some(b"</");
    (matches!(open, Some(b'<' | b':')) && closes && end > at)
        .then_some(Assignment { value: at..end, style: Style::Bare })
}

/// A value without quotes: up to the end of a configuration line, or of a field in a connection string or query.
fn bare(text: &[u8], name: &Range<usize>, quoted_name: bool, start: usize) -> Option<Assignment> {
    if quoted_name || matches!(text.get(start), None | Some(b'\n' | b'\r' | b'"' | b'\'' | b'`')) {
        return None;
    }
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    match before.last() {
        Some(b'?' | b'&') => return word(text, start, b"&#\"'`<> \t\r\n;)}\\"),
        Some(b';') => return word(text, start, b";\"'`\r\n\\<>"),
        _ if is_option(text, name) => return word(text, start, b" \t\r\n\"'`"),
        _ => {}
    }
    let line_start = memrchr(b'\n', before).map_or(0, |feed| feed + 1);
    let whole_line = name.start <= NAME || line_start > 0;
    if !whole_line || !leads_line(&before[line_start..]) {
        return None;
    }
    let line = &text[start..text.len().min(start + VALUE)];
    let end = memchr::memchr2(b'\n', b'\r', line).or((line.len() < VALUE).then_some(line.len()))?;
    let value = line[..end].trim_ascii_end();
    let value = value.windows(2).position(|w| w == b" #").map_or(value, |comment| value[..comment].trim_ascii_end());
    // Code ends its lines with these, configuration does not.
    let code = matches!(value.last(), Some(b';' | b',' | b'(' | b'{' | b'[' | b'\\' | b')'));
    (!code && !value.is_empty()).then(|| Assignment { value: start..start + value.len(), style: Style::Bare })
}

/// What may stand before a name that begins a line of configuration.
fn leads_line(lead: &[u8]) -> bool {
    const LEADS: [&[u8]; 9] = [b"", b"export", b"set", b"ENV", b"ARG", b"-", b"- name:", b"//", b"setx"];
    let lead = lead.trim_ascii();
    // `spring.datasource.password=`, `//registry.example/:_authToken=`: dotted and quoted paths of the same name.
    let dotted = lead.ends_with(b".") && lead.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
    dotted || LEADS.contains(&lead)
}

/// Up to the first of `stops`.
fn word(text: &[u8], start: usize, stops: &[u8]) -> Option<Assignment> {
    let rest = &text[start..text.len().min(start + VALUE)];
    let len = rest.iter().position(|b| stops.contains(b)).or((rest.len() < VALUE).then_some(rest.len()))?;
    (len > 0).then(|| Assignment { value: start..start + len, style: Style::Bare })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
        let at = text.to_ascii_lowercase().find(keyword)?;
        let found = read(text.as_bytes(), at..at + keyword.len())?;
        Some(&text[found.value])
    }

    #[test]
    fn the_ways_to_write_an_assignment() {
        for (text, keyword) in [
            ("password = \"v-1\"", "password"),
            ("const dbPassword='v-1';", "password"),
            ("{\"db_password\": \"v-1\"}", "password"),
            ("{\\\"password\\\":\\\"v-1\\\"}", "password"),
            ("config['password'] = 'v-1'", "password"),
            ("password: str = 'v-1'", "password"),
            ("let password: String=\"v-1\"", "password"),
            ("PASSWORD := `v-1`", "password"),
            (":password => 'v-1'", "password"),
            ("DB_PASSWORD_PROD=v-1\n", "password"),
            ("export DB_PASSWORD=v-1 # why\n", "password"),
            ("  password: v-1\r\n", "password"),
            ("spring.datasource.password=v-1", "password"),
            ("<password>v-1</password>", "password"),
            ("<add key=\"Password\" value=\"v-1\"/>", "password"),
            ("Server=x;User Id=sa;Password=v-1;Encrypt=yes", "password"),
            ("curl --password v-1 --url", "password"),
            ("tool --api-key=v-1 run", "api-key"),
            ("setPassword(\"v-1\")", "password"),
            ("put(\"password\", \"v-1\")", "password"),
            ("GET /x?token=v-1&y=2", "token"),
            ("apiKey2: 'v-1'", "apikey"),
        ] {
            assert_eq!(value(text, keyword), Some("v-1"), "{text}");
        }
    }

    #[test]
    fn names_that_speak_of_something_else() {
        for (text, keyword) in [
            ("passwordField = 'v-1'", "password"),
            ("tokenType: 'v-1'", "token"),
            ("secret_id = 'v-1'", "secret"),
            ("PublicKeyToken=v-1\n", "token"),
            ("next_token = 'v-1'", "token"),
            ("if (password == 'v-1')", "password"),
            ("password = 'v-1' + salt", "password"),
            ("password = 'v-1'.trim()", "password"),
            ("x = token;\n", "token"),
            ("token = lexer.next();\n", "token"),
            ("<password>", "password"),
            ("a = cond ? password : other", "password"),
        ] {
            assert_eq!(value(text, keyword), None, "{text}");
        }
    }

    #[test]
    fn any_cut_is_survived() {
        let text = b"{\"db_password\": \"v\\\\1\", password: str = 'x' <password>a</password> --token=b";
        for from in 0..text.len() {
            for to in from..=text.len() {
                let part = &text[from..to];
                for at in 0..part.len() {
                    read(part, at..(at + 3).min(part.len()));
                }
            }
        }
    }
}
