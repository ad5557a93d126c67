//! XML as a walk over its elements, for documents whose shape is known.
//!
//! There is no tree, so that a hostile document takes no more than its own size. Entities of the document's own are not
//! expanded: there is no bomb, and a value that uses one is not whole. Namespaces are cut, not resolved.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::text::decode;

/// The deepest nesting that is read.
const DEEPEST: usize = 100;

/// One step of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// An element begins.
    Open(&'a str),
    /// The innermost element ends; its own text, trimmed, without that of its children.
    Close(&'a str),
}

/// The document ended, or was left, before its elements did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Walks a document.
///
/// # Errors
/// [`Malformed`] where it is no well-formed XML or nested deeper than anybody writes; what came before was visited.
pub fn walk(bytes: &[u8], mut visit: impl FnMut(Step<'_>)) -> Result<(), Malformed> {
    let text = decode(bytes);
    let mut reader = Reader::from_str(&text);
    // One text for each open element.
    let mut texts: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|_| Malformed)? {
            Event::Start(start) => {
                if texts.len() >= DEEPEST {
                    return Err(Malformed);
                }
                visit(Step::Open(name(&start)));
                texts.push(String::new());
            }
            Event::Empty(start) => {
                visit(Step::Open(name(&start)));
                visit(Step::Close(""));
            }
            Event::End(_) => {
                let text = texts.pop().ok_or(Malformed)?;
                visit(Step::Close(text.trim()));
            }
            Event::Text(part) => push(&mut texts, &part),
            Event::CData(part) => push(&mut texts, &part),
            Event::GeneralRef(reference) => {
                let known = match &*reference {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                push(&mut texts, known.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]));
            }
            Event::Eof => return if texts.is_empty() { Ok(()) } else { Err(Malformed) },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn push(texts: &mut [String], part: &str) {
    if let Some(text) = texts.last_mut() {
        text.push_str(part);
    }
}

/// The name without its prefix.
fn name<'a>(start: &'a BytesStart<'_>) -> &'a str {
    start.local_name().into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> (String, bool) {
        let mut out = String::new();
        let ok = walk(text.as_bytes(), |step| match step {
            Step::Open(name) => out.push_str(&format!("<{name} ")),
            Step::Close(text) => out.push_str(&format!("{text}> ")),
        });
        (out, ok.is_ok())
    }

    #[test]
    fn elements_and_their_own_text() {
        let text = "<?xml version='1.0'?><!-- c --><p:a x='1'> one <b/>\n<c><![CDATA[<&]]></c> two &amp;&#65;</p:a>";
        let (out, ok) = steps(text);
        assert!(ok, "{out}");
        assert_eq!(out, "<a <b > <c <&> one \n two &A> ");
    }

    #[test]
    fn entities_of_its_own_are_not_expanded() {
        let (out, ok) = steps("<!DOCTYPE a [<!ENTITY e \"eeee\">]><a>&e;</a>");
        assert_eq!((out.as_str(), ok), ("<a \u{FFFD}> ", true));
    }

    #[test]
    fn what_came_before_an_error_was_visited() {
        assert_eq!(steps("<a><b>1</b><c>"), ("<a <b 1> <c ".to_owned(), false));
        assert!(!steps("<a></b>").1);
        assert!(!steps(&"<a>".repeat(1_000_000)).1);
        assert_eq!(steps(""), (String::new(), true));
    }
}
