//! What could not be seen, as figures by kind; the script lists each of them, as it lists the findings.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{GapKind, Level};
use crate::policy::{JudgedGap, Verdict};
use crate::report::words::count;

/// What a gap does to the verdict, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// No verdict without it.
    Blocking,
    /// It would block, but somebody answers for it.
    Accepted,
    /// Worth knowing.
    Note,
}

impl Standing {
    /// That of one gap.
    pub fn of(judged: &JudgedGap) -> Standing {
        match judged.gap.level {
            Level::Note => Standing::Note,
            Level::Blocking if judged.accepted.is_some() => Standing::Accepted,
            Level::Blocking => Standing::Blocking,
        }
    }

    /// The word of the page.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Blocking => "blocking",
            Standing::Accepted => "accepted",
            Standing::Note => "note",
        }
    }
}

/// Gaps by what they do and why they are there.
pub fn tally<'a>(gaps: impl IntoIterator<Item = &'a JudgedGap>) -> BTreeMap<(Standing, GapKind), u64> {
    let mut tally = BTreeMap::new();
    for judged in gaps {
        *tally.entry((Standing::of(judged), judged.gap.kind)).or_default() += 1;
    }
    tally
}

/// The section.
pub fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let tally = tally(verdict.targets.iter().flat_map(|target| &target.gaps));
    out.write_all(b"<section id=\"gaps\" aria-labelledby=\"gaps-title\">\n<h2 id=\"gaps-title\">Not seen</h2>\n")?;
    if tally.is_empty() {
        out.write_all(b"<p class=\"calm\">Nothing: no gap of any kind was met.</p>\n")?;
    } else {
        out.write_all(
            b"<p class=\"lead\">A finding can only come from what was seen. A <em>blocking</em> gap leaves bytes \
            unread that could hold a package or a secret; a <em>note</em> was read but not understood.</p>\n\
            <ul class=\"tiles\">\n",
        )?;
        for ((standing, kind), n) in tally {
            let (word, kind_word, n) = (standing.word(), kind.word(), count(n));
            let meaning = kind.meaning();
            writeln!(
                out,
                "<li class=\"tile {word}\"><span class=\"chip {word}\">{word}</span> <a href=\"#gaps\" \
                 data-list=\"gaps\" data-facet=\"kind\" data-value=\"{kind_word}\">{kind_word}</a> \
                 <span class=\"figure\">{n}</span><p>{meaning}</p></li>"
            )?;
        }
        out.write_all(b"</ul>\n<div id=\"gap-list\"></div>\n")?;
    }
    out.write_all(b"</section>\n")
}
