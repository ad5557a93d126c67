//! Go's notation of regular expressions in that of the `regex` crate.
//!
//! Both come from RE2 and agree on nearly everything (<https://pkg.go.dev/regexp/syntax>,
//! <https://docs.rs/regex/latest/regex/#syntax>). They differ in what is literal: `{` that begins no repetition, `[`,
//! `&&`, `--` and `~~` in a class, escapes of punctuation (`\<`, `\_`), `\Q...\E` and octal escapes. Go's Perl classes
//! are ASCII, as those of a pattern over bytes; only a class that names a character beyond ASCII needs Unicode.

use std::iter::Peekable;
use std::str::Chars;

/// The pattern as the `regex` crate reads it with Unicode off. What is no pattern in Go may still come out as one that
/// the crate refuses.
pub fn translate(go: &str) -> String {
    let mut out = String::with_capacity(go.len() + 16);
    let mut rest = go.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out),
            '[' => class(&mut rest, &mut out),
            '{' if !is_repetition(rest.clone()) => out.push_str(r"\{"),
            _ => out.push(c),
        }
    }
    out
}

/// What follows a backslash outside of a class.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    match rest.next() {
        None => out.push('\\'),
        Some('Q') => quoted(rest, out),
        Some('E') => {}
        Some(p @ ('p' | 'P')) => {
            out.push_str(r"(?u:\");
            out.push(p);
            property(rest, out);
            out.push(')');
        }
        Some('x') => hexadecimal(rest, out),
        Some(c) => literal(c, rest, out),
    }
}

/// `\Q...\E`: all of it is literal.
fn quoted(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut text = String::new();
    for c in rest.by_ref() {
        text.push(c);
        if text.ends_with(r"\E") {
            text.truncate(text.len() - 2);
            break;
        }
    }
    out.push_str(&regex::escape(&text));
}

/// An escape that means the same in a class and outside.
fn literal(c: char, rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    match c {
        '0'..='7' if c == '0' || rest.peek().is_some_and(|next| matches!(next, '0'..='7')) => {
            let mut code = c.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = rest.peek().and_then(|next| next.to_digit(8)) else { break };
                code = code * 8 + digit;
                rest.next();
            }
            out.push_str(&format!(r"\x{{{code:X}}}"));
        }
        // The crate gives `\<` and `\>` a meaning and refuses others that Go takes.
        '<' | '>' | '_' | '"' | '\'' | '`' | ',' | ';' | ':' | '=' | '!' | '@' | '%' | '/' | ' ' => out.push(c),
        _ => out.extend(['\\', c]),
    }
}

/// `\x7F` and `\x{10FFFF}`.
fn hexadecimal(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push_str(r"\x");
    if rest.peek() == Some(&'{') {
        for c in rest.by_ref() {
            out.push(c);
            if c == '}' {
                break;
            }
        }
    }
}

/// What follows `\p`.
fn property(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let Some(c) = rest.next() else { return };
    out.push(c);
    if c == '{' {
        for c in rest.by_ref() {
            out.push(c);
            if c == '}' {
                break;
            }
        }
    }
}

/// A class, from behind its bracket.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut inner = String::from("[");
    let mut unicode = false;
    if rest.next_if_eq(&'^').is_some() {
        inner.push('^');
    }
    let mut first = true;
    while let Some(c) = rest.next() {
        match c {
            ']' if !first => {
                inner.push(']');
                break;
            }
            ']' => inner.push_str(r"\]"),
            '[' if rest.peek() == Some(&':') => named_class(rest, &mut inner),
            // In the crate these open a class in the class, or join two.
            '[' => inner.push_str(r"\["),
            '&' | '~' => inner.extend(['\\', c]),
            // Two in a row would subtract a class: the first is a range's beginning, or between its ends.
            '-' if first && rest.peek() == Some(&'-') => inner.push_str(r"\-"),
            '-' if rest.next_if_eq(&'-').is_some() => inner.push_str(r"-\-"),
            '\\' => match rest.next() {
                Some(p @ ('p' | 'P')) => {
                    unicode = true;
                    inner.extend(['\\', p]);
                    property(rest, &mut inner);
                }
                Some('x') => hexadecimal(rest, &mut inner),
                // A class that is Unicode for another reason must not make these so.
                Some('d') => inner.push_str("0-9"),
                Some('w') => inner.push_str("0-9A-Za-z_"),
                Some('s') => inner.push_str(r"\t\n\f\r "),
                Some('-') => inner.push_str(r"\-"),
                Some(c) => literal(c, rest, &mut inner),
                None => inner.push('\\'),
            },
            _ => {
                unicode |= !c.is_ascii();
                inner.push(c);
            }
        }
        first = false;
    }
    if unicode {
        out.push_str(&format!("(?u:{inner})"));
    } else {
        out.push_str(&inner);
    }
}

/// `[:alpha:]`, or a bracket that begins no such name.
fn named_class(rest: &mut Peekable<Chars<'_>>, inner: &mut String) {
    let name: String = rest.clone().take_while(|&c| c != ']').take(12).collect();
    let word = name.strip_prefix(':').map(|name| name.trim_start_matches('^'));
    if word.and_then(|name| name.strip_suffix(':')).is_some_and(|n| n.chars().all(|c| c.is_ascii_alphabetic())) {
        inner.push('[');
        inner.push_str(&name);
        inner.push(']');
        rest.by_ref().nth(name.chars().count());
    } else {
        inner.push_str(r"\[");
    }
}

/// Whether `{` is followed by `n}`, `n,}` or `n,m}`.
fn is_repetition(mut rest: Peekable<Chars<'_>>) -> bool {
    let mut digits = 0;
    let mut comma = false;
    loop {
        match rest.next() {
            Some(c) if c.is_ascii_digit() => digits += 1,
            Some(',') if !comma && digits > 0 => comma = true,
            Some('}') => return digits > 0,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(go: &str, text: &str) -> bool {
        let pattern = translate(go);
        let built = regex::bytes::RegexBuilder::new(&pattern).unicode(false).build();
        built.unwrap_or_else(|error| panic!("{go}: {error}")).is_match(text.as_bytes())
    }

    #[test]
    fn what_go_takes_literally_stays_literal() {
        for (go, text) in [
            (r"^a{b}$", "a{b}"),
            (r"^\$\{[A-Z]{2,}}$", "${AB}"),
            (r"^x{,5}$", "x{,5}"),
            (r"^[a[b]+$", "[ab"),
            (r"^[a&&b]+$", "&a"),
            (r"^[+--]+$", "+,-"),
            (r"^[a~~]+$", "~"),
            (r"^[]a]+$", "]a"),
            (r"^[^]a]$", "b"),
            (r"^\<\_\>\'$", "<_>'"),
            (r"^\Qa.b(\E+$", "a.b((("),
            (r"^\x60[\x60'\x22]\101\0$", "`\"A\0"),
            (r"^[[:alnum:]_[:^digit:]]+$", "a_0"),
            (r"^[\w.-]{3}[\s\d]$", "a.-7"),
            (r"(?i)^(?:KEY|tok)\b[^\x{7f}]$", "key="),
        ] {
            assert!(matches(go, text), "{go} as {}", translate(go));
        }
        assert!(!matches(r"^x{,5}$", "xx"));
        assert!(!matches(r"^[a&&b]+$", "c"));
    }

    #[test]
    fn classes_beyond_ascii_read_characters() {
        assert!(matches(r"^[“”\d]+x$", "“1”x"));
        assert!(!matches(r"^[“”\d]+$", "٣"), "digits stay ASCII");
        assert!(matches(r"^\p{Greek}\pL$", "αb"));
        assert!(matches("^é$", "é"));
    }

    #[test]
    fn any_cut_is_survived() {
        let go = r"[[:alpha:]\x{41}\p{L}\07-]{1,2}\Qx\E\p{Greek}\123\";
        for end in (0..=go.len()).filter(|&end| go.is_char_boundary(end)) {
            translate(&go[..end]);
        }
    }
}
