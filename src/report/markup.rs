//! Hostile text in documents that are rendered: Markdown and XML.

use super::escape::escape;

/// Text that Markdown shows as it is: no emphasis, link, image, HTML, cell border, mention or automatic link. Line
/// breaks become visible, so it stays where it is put (GitHub Flavored Markdown, sections 2.4 and 6.9).
pub fn markdown(text: &str) -> String {
    let text = escape(text);
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        // Only behind `www` does a dot begin an address.
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '@' | ':' | '$')
            || (c == '.' && previous == 'w')
        {
            out.push('\\');
        }
        out.push(c);
        previous = c;
    }
    out
}

/// A span of code in a cell of a table. Within code nothing but the border of the cell means anything.
pub fn markdown_code(text: &str) -> String {
    let text = escape(text).replace('|', "\\|");
    if text.trim().is_empty() {
        return String::new();
    }
    // The fence is longer than every run of back ticks inside (section 6.3).
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text within an element or an attribute of XML 1.0, without characters that no document may hold
/// (<https://www.w3.org/TR/xml/#charsets>).
pub fn xml(text: &str) -> String {
    let text = escape(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_shows_what_is_written() {
        for (raw, shown) in [
            ("plain words, 1.2.3 (x) - y", "plain words, 1.2.3 (x) - y"),
            ("[a](javascript:b)", "\\[a\\](javascript\\:b)"),
            ("<img src=x>|**b**", "\\<img src=x\\>\\|\\*\\*b\\*\\*"),
            ("www.evil.example @me", "www\\.evil.example \\@me"),
            ("a\n# b", "a\\\\u{a}\\# b"),
        ] {
            assert_eq!(markdown(raw), shown);
        }
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(markdown_code("a|b"), "`a\\|b`");
        assert_eq!(markdown_code("a``b"), "```a``b```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code(""), "");
    }

    #[test]
    fn xml_holds_only_its_characters() {
        assert_eq!(xml("a\0<b> \"&\u{FFFF}"), "a\\u{0}&lt;b&gt; &quot;&amp;\\u{ffff}");
    }
}
