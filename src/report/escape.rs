//! Names inside an artifact are hostile text. A terminal obeys escape sequences, a reader believes what bidi controls
//! turn around and zero-width characters hide, and a CI log runs lines that look like its own commands.
//!
//! What is escaped becomes visible as `\u{202e}`. A plain backslash stays one (Windows paths are full of them), so the
//! result is for eyes, not for parsing; whoever needs the exact name takes it from the JSON.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Marks over one letter that are still somebody's language; more of them climb over the neighbouring lines.
const MAX_MARKS: usize = 2;

/// Makes artifact-derived text safe to show within one line of a terminal or a CI log.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'#') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut previous = '\0';
    for c in text.chars() {
        let width = c.width();
        marks = if width == Some(0) { marks + 1 } else { 0 };
        if is_deceptive(c) || width.is_none() || marks > MAX_MARKS || begins_command(previous, c) {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            out.push(c);
        }
        previous = c;
    }
    Cow::Owned(out)
}

/// Azure Pipelines, TeamCity and older GitHub runners take `##vso[`, `##teamcity[` and `##[` for commands, wherever they
/// stand in a line.
pub fn begins_command(previous: char, c: char) -> bool {
    (previous, c) == ('#', '#')
}

/// Characters that change how others are read, or that nobody sees
/// (<https://www.unicode.org/reports/tr36/>, <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, combining grapheme joiner, Arabic letter mark.
            '\u{AD}' | '\u{34F}' | '\u{61C}'
            // Fillers that look like nothing, and other spaces.
            | '\u{A0}' | '\u{115F}' | '\u{1160}' | '\u{1680}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3000}'
            | '\u{3164}' | '\u{FFA0}'
            // Mongolian selectors and vowel separator.
            | '\u{180B}'..='\u{180F}'
            // Typographic spaces, zero-width characters, direction marks, line and paragraph separators, embeddings,
            // narrow space, word joiner, invisible operators, isolates, deprecated format characters.
            | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}' | '\u{205F}'..='\u{206F}'
            // Variation selectors, byte order mark, interlinear annotation.
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            // Musical format characters, tags, more variation selectors.
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn honest_names_stay_as_they_are() {
        for name in ["@acme/tool", "naïve.py", "cafe\u{301}.txt", "日本語.js", "C:\\dir\\a.dll", "a # b", "ไม้เอก"]
        {
            assert_eq!(escape(name), name);
        }
    }

    #[test]
    fn hostile_characters_become_visible() {
        for (raw, shown) in [
            ("\x1b[2Jx", "\\u{1b}[2Jx"),
            ("a\nb\rc\td", "a\\u{a}b\\u{d}c\\u{9}d"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("lod\u{200b}ash", "lod\\u{200b}ash"),
            ("\u{feff}a\u{7f}", "\\u{feff}a\\u{7f}"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
            ("##vso[task]", "#\\u{23}vso[task]"),
            ("###[x", "#\\u{23}\\u{23}[x"),
            ("z\u{301}\u{302}\u{303}", "z\u{301}\u{302}\\u{303}"),
        ] {
            assert_eq!(escape(raw), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            let shown = escape(&text);
            prop_assert!(!shown.chars().any(is_deceptive));
            prop_assert!(!shown.contains("##"));
            prop_assert_eq!(escape(&shown), shown.as_ref());
        }
    }
}
