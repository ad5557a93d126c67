//! Foreign text in a page: the only two ways by which it gets there.

use std::fmt;
use std::io::{self, Write};

use crate::report::escape;

/// Text between tags or within a quoted attribute. What would deceive a reader is visible, what would be markup is text.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visible = escape(self.0);
        let mut rest = visible.as_ref();
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// JSON within a script element. Neither `</script>` can end the element nor `<!--` change how the parser reads it, since
/// no `<` is left: in JSON one stands within strings only, where an escape means the same
/// (<https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements>).
pub struct Inert<'a>(pub &'a mut dyn Write);

impl Write for Inert<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (i, piece) in bytes.split(|byte| *byte == b'<').enumerate() {
            if i > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(piece)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup_and_hides_nothing() {
        assert_eq!(
            Text("a<b title=\"x\" y='z'>&amp;").to_string(),
            "a&lt;b title=&quot;x&quot; y=&#39;z&#39;&gt;&amp;amp;"
        );
        assert_eq!(Text("exe\u{202e}gpj\n").to_string(), "exe\\u{202e}gpj\\u{a}");
        assert_eq!(Text("naïve").to_string(), "naïve");
    }

    #[test]
    fn json_ends_no_script() {
        let value = ["</script><!--<script>", "<", "plain"];
        let mut out = Vec::new();
        serde_json::to_writer(Inert(&mut out), &value).unwrap();
        assert!(!out.contains(&b'<'));
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), value);
    }
}
