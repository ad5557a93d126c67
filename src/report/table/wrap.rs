//! A text over several lines, of which none is a command to a CI system.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// GitHub Actions takes a line that begins with `::`, blanks aside, for a command. In the middle of a line the two
/// colons are harmless, and common in the names of functions.
pub fn tame(text: &str) -> Cow<'_, str> {
    match text.trim_start().strip_prefix("::") {
        Some(rest) => Cow::Owned(format!("\\u{{3a}}:{rest}")),
        None => Cow::Borrowed(text),
    }
}

/// The longest beginning that fits into so many columns, and the rest.
pub fn head(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// The beginning of a word that is too wide for a line, and the rest: cut behind a separator of paths, unless that would
/// leave half of the line empty.
fn part(word: &str, columns: usize) -> (&str, &str) {
    let (first, rest) = head(word, columns);
    match first.rfind(['/', '!']) {
        Some(at) if 2 * at > first.len() => word.split_at(at + 1),
        _ => (first, rest),
    }
}

/// The longest end that fits into so many columns.
pub fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    start.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}

/// Breaks an escaped text at blanks, and within a word only where the word alone is too wide.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    // A wide character needs two columns: with less, breaking would never come to an end.
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = tame(word);
        let (mut width, mut from) = (word.width(), 0);
        if used > 0 && used + 1 + width <= columns {
            line.push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while width > columns && from < word.len() {
            let first = part(&word[from..], columns).0;
            lines.push(first.to_owned());
            from += first.len();
            // Counted down: to copy and measure the rest each time would take the square of a name's length.
            width = width.saturating_sub(first.width());
            let tamed = match tame(&word[from..]) {
                Cow::Owned(tamed) => tamed,
                Cow::Borrowed(_) => continue,
            };
            (width, from, word) = (tamed.width(), 0, Cow::Owned(tamed));
        }
        line.push_str(&word[from..]);
        used += width;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_character_and_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a/very/long/path to", 6), ["a/very", "/long/", "path", "to"]);
        assert_eq!(wrap("META-INF/maven/pom.properties", 20), ["META-INF/maven/", "pom.properties"]);
        assert_eq!(wrap("日本語日本語", 5), ["日本", "語日", "本語"]);
        assert_eq!(wrap("", 5), Vec::<String>::new());
        assert_eq!(wrap("日本", 0), ["日", "本"]);
        assert_eq!(wrap("abcd::efgh", 4), ["abcd", "\\u{3", "a}:e", "fgh"]);
        // Seconds, or hours where each line costs as much as all that follow.
        assert_eq!(wrap(&"n".repeat(4_000_000), 100).len(), 40_000);
    }
}
