//! Strings that are written in pieces: `"ab" + "cd"` (JavaScript, Python, Java, C#, Go), `"ab" . "cd"` (PHP), literals that
//! only follow one another (Python, C), `["ab", "cd"].join("")`.
//!
//! A joint inside a sentence is of no interest: a blank stands on one side of it. It cannot see through a variable
//! between two pieces.

use std::ops::Range;

use memchr::memmem;

use super::layer::Layer;

/// Bytes between two pieces.
const GAP: usize = 160;
/// Bytes of one piece.
const PIECE: usize = 4096;
/// Pieces of one string. A key block has some 50 lines.
const PIECES: usize = 512;
/// The fewest bytes of a word that a joint cuts.
const WORD: usize = 10;
/// Bytes before the first piece, for the name that it is assigned to; and behind a joint, for what it gives a meaning:
/// of `"postgres://app:" + "..."` the password is in one piece.
const BEFORE: usize = 160;

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// A byte of a token or password.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'`\\()[]{}<>,;".contains(&byte)
}

/// Whether the quote at `quote` ends a piece that another one goes on with, without a blank between them.
pub fn is_joint(text: &[u8], quote: usize) -> bool {
    let goes_on = |next: usize| text.get(next).copied().is_some_and(is_word);
    quote > 0 && is_word(text[quote - 1]) && next_piece(text, quote).is_some_and(goes_on)
}

/// Where the next piece's content begins, if the literal that ends with the quote at `quote` is joined with one.
pub fn next_piece(text: &[u8], quote: usize) -> Option<usize> {
    let rest = text.get(quote + 1..text.len().min(quote + 1 + GAP))?;
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == b'\\';
    let mut at = rest.iter().take_while(|b| blank(b)).count();
    let new_line = rest[..at].contains(&b'\n');
    let operator = matches!(rest.get(at), Some(b'+' | b'.' | b'&'));
    if operator {
        at += 1;
        at += rest[at..].iter().take_while(|b| blank(b)).count();
    }
    let prefixed = matches!(rest.get(at), Some(b'b' | b'r' | b'u' | b'f' | b'@' | b'$'));
    at += usize::from(prefixed);
    let opens = rest.get(at).copied().is_some_and(is_quote);
    (opens && (operator || new_line)).then_some(quote + 1 + at + 1)
}

/// The string whose first piece ends with the quote at `quote`, put together if a joint cuts a word; and where its last
/// piece ends. `floor` is where the string before it ended.
pub fn joined(text: &[u8], quote: usize, floor: usize) -> Option<(Option<Layer>, usize)> {
    let first = start_of(text, quote, floor)?;
    let pieces = gather(text, first..quote, next_piece(text, quote)?);
    let end = pieces.last().filter(|_| pieces.len() > 1)?.end;
    let mut layer = Layer::reaching(BEFORE);
    layer.copy(text, first.saturating_sub(BEFORE)..first);
    let mut cuts_word = false;
    for piece in &pieces {
        let joint = layer.text.len();
        layer.copy(text, piece.clone());
        cuts_word |= piece.start > first && cut_word(&layer.text, joint) >= WORD;
    }
    layer.copy(text, end..text.len().min(end + 2));
    // The rule for key blocks reads through joints itself.
    let is_block = memmem::find(&layer.text, b"-----BEGIN").is_some();
    Some(((cuts_word && !is_block).then_some(layer), end))
}

/// The length of the word around `joint`; 0 if it ends or begins there.
fn cut_word(text: &[u8], joint: usize) -> usize {
    let before = text[..joint].iter().rev().take(WORD).take_while(|b| is_word(**b)).count();
    let after = text[joint..].iter().take(WORD).take_while(|b| is_word(**b)).count();
    if before == 0 || after == 0 { 0 } else { before + after }
}

/// The content's start of the literal that ends with the quote at `quote`.
fn start_of(text: &[u8], quote: usize, floor: usize) -> Option<usize> {
    let from = quote.saturating_sub(PIECE).max(floor).min(quote);
    let open = from + memchr::memrchr(text[quote], &text[from..quote])?;
    (!text[open..quote].contains(&b'\n')).then_some(open + 1)
}

/// The content's end of the literal whose content begins at `start`.
fn end_of(text: &[u8], start: usize) -> Option<usize> {
    let quote = *text.get(start.checked_sub(1)?)?;
    let rest = &text[start..text.len().min(start + PIECE)];
    let end = memchr::memchr2(quote, b'\n', rest)?;
    (rest[end] == quote).then_some(start + end)
}

fn gather(text: &[u8], first: Range<usize>, next: usize) -> Vec<Range<usize>> {
    let mut pieces = vec![first];
    let mut next = Some(next);
    while let Some(start) = next
        && let Some(end) = end_of(text, start)
        && pieces.len() < PIECES
    {
        pieces.push(start..end);
        next = next_piece(text, end);
    }
    pieces
}

/// The list of literals that is joined at `mark`: before `].join(""`, or behind `"".join(`. `floor` is where the list
/// before it ended.
pub fn listed(text: &[u8], mark: Range<usize>, floor: usize) -> Option<(Layer, usize)> {
    let from = if text[mark.start] == b']' {
        let reach = mark.start.saturating_sub(PIECE).max(floor).min(mark.start);
        reach + memchr::memrchr(b'[', &text[reach..mark.start])? + 1
    } else {
        mark.end
    };
    let mut pieces = Vec::new();
    let mut at = from;
    while pieces.len() < PIECES {
        let rest = &text[at..text.len().min(at + GAP)];
        at += rest.iter().take_while(|b| b.is_ascii_whitespace() || b"([,".contains(b)).count();
        if !text.get(at).copied().is_some_and(is_quote) {
            break;
        }
        let Some(end) = end_of(text, at + 1) else { break };
        pieces.push(at + 1..end);
        at = end + 1;
    }
    if pieces.len() < 2 {
        return None;
    }
    // The quote that opens the first piece opens the whole; what stands between the name and it would hide the name.
    let name_end = if text[mark.start] == b']' { from - 1 } else { mark.start };
    let mut layer = Layer::default();
    layer.copy(text, name_end.saturating_sub(BEFORE)..name_end);
    layer.copy(text, pieces[0].start - 1..pieces[0].start);
    for piece in &pieces {
        layer.copy(text, piece.clone());
    }
    let end = pieces.last().map_or(from, |piece| piece.end);
    layer.copy(text, end..end + 1);
    Some((layer, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> Option<String> {
        let quote = text.find("_1")? + 2;
        let (layer, _) = joined(text.as_bytes(), quote, 0)?;
        layer.map(|layer| String::from_utf8(layer.text).unwrap())
    }

    #[test]
    fn pieces_become_one_string() {
        for (text, whole) in [
            ("k = \"key_1\" + \"23456789\";", "k = \"key_123456789\";"),
            ("k='key_1'+'23456789'", "k='key_123456789'"),
            ("k = 'key_1' .\n  '23456789';", "k = 'key_123456789';"),
            ("k = (\"key_1\"\n     \"2345678\"\r\n     \"9\")", "k = (\"key_123456789\")"),
            ("k = \"key_1\" \\\n  \"23456789\"\n", "k = \"key_123456789\"\n"),
            ("k = \"key_1\" +\n  \"2345\" +\n  '6789';", "k = \"key_123456789';"),
            ("k = b'key_1' + b'23456789'\n", "k = b'key_123456789'\n"),
        ] {
            assert_eq!(text_of(text).as_deref(), Some(whole), "{text}");
        }
    }

    #[test]
    fn joints_of_no_interest() {
        for text in [
            "\"key_1\", \"23456789\"",
            "\"key_1\" + \" 3456789\"",
            "\"key_1\" + value",
            "\"key_1\" + \"2\"",
            "\"key_1\" \"23456789\"",
            "{\"key_1\":\n\"23456789\"}",
        ] {
            assert_eq!(text_of(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_joined() {
        for text in ["k = ['key_', \"12\", '3'].join('')", "k = \"\".join(['key_', '12', '3'])"] {
            let mark = text.find("].join('").or(text.find("\"\".join(")).unwrap();
            let (layer, _) = listed(text.as_bytes(), mark..mark + 8, 0).unwrap();
            assert!(layer.text.starts_with(b"k = 'key_123'"), "{text}");
        }
        assert!(listed(b"x['a'].join('')", 5..13, 0).is_none());
        assert!(listed(b"].join('')", 0..8, 0).is_none());
    }

    #[test]
    fn any_cut_is_survived() {
        let text = b"k = [\"a\", 'b'].join(\"\") + 'c_1' +\n \"d\" \\";
        for from in 0..text.len() {
            for to in from + 1..=text.len() {
                let part = &text[from..to];
                for at in 0..part.len() {
                    if is_quote(part[at]) {
                        joined(part, at, 0);
                    }
                    listed(part, at..(at + 8).min(part.len()), 0);
                }
            }
        }
    }
}
